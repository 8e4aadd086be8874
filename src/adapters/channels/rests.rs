//! What a platform wants to be left alone for a while, as its answers say.
//!
//! Discord counts by method, kind of call and channel, says in every answer how many calls are left, and blocks an address
//! for an hour after 10,000 refused calls in 10 minutes (<https://docs.discord.com/developers/topics/rate-limits>). Slack
//! counts by method and workspace (<https://docs.slack.dev/apis/web-api/rate-limits>). Others say it of one conversation
//! only, which its obligations remember.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::line::Said;
use crate::channels::{Call, Outcome, Platform, codec, discord};

/// The route of all calls together.
const ALL: &str = "";

/// See the module. Bounded by the routes that rest at a time.
#[derive(Default)]
pub(super) struct Rests(Mutex<HashMap<String, Instant>>);

// === impl Rests ===

impl Rests {
    /// Whether a call may be made now, or how long it has to wait.
    pub(super) fn check(&self, platform: Platform, call: &Call) -> Result<(), Outcome> {
        let Some(route) = route(platform, call) else { return Ok(()) };
        let (now, resting) = (Instant::now(), self.0.lock());
        let until = [ALL, route.as_str()].into_iter().filter_map(|route| resting.get(route)).max();
        match until.map(|until| until.saturating_duration_since(now)) {
            Some(left) if !left.is_zero() => {
                // Rounded up: a moment too early is refused.
                Err(Outcome::Wait {
                    after_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX).saturating_add(1),
                })
            }
            _ => Ok(()),
        }
    }

    /// Remembers what an answer says of the next calls.
    pub(super) fn note(&self, platform: Platform, call: &Call, said: &Said) {
        let Some(route) = route(platform, call) else { return };
        let limits = &said.limits;
        let refused = match codec::outcome(platform, &said.answer()) {
            Outcome::Wait { after_ms } => Some(after_ms),
            _ => None,
        };
        let used_up = discord::pause_ms(limits.remaining.as_deref(), limits.reset_after.as_deref());
        let Some(rest_ms) = refused.max(used_up) else { return };
        let route = if refused.is_some() && limits.is_global { ALL.to_owned() } else { route };
        let now = Instant::now();
        let mut resting = self.0.lock();
        resting.retain(|_, until| *until > now);
        resting.insert(route, now + Duration::from_millis(rest_ms));
    }
}

/// What is counted together with a call; none for what is not counted.
fn route(platform: Platform, call: &Call) -> Option<String> {
    let path = call.path.split('?').next().unwrap_or_default();
    match platform {
        Platform::Slack => Some(path.to_owned()),
        // Answers to presses have no limit of the bot's.
        Platform::Discord if path.starts_with("/interactions/") => None,
        Platform::Discord => {
            // /channels/CHANNEL/messages/MESSAGE: the channel is told apart, the message is not.
            let is_id = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let parts = path.split('/').enumerate();
            let kept: Vec<_> =
                parts.map(|(at, part)| if at > 2 && is_id(part) { "*" } else { part }).collect();
            Some(format!("{:?} {}", call.method, kept.join("/")))
        }
        Platform::Telegram | Platform::Whatsapp | Platform::Email => None,
    }
}

#[cfg(test)]
mod tests;
