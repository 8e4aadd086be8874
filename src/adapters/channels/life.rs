//! One life of a channel: who we are, what comes, what goes.

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::courier::carry_on;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ChannelParts;
use super::line::{Line, SHOWN};
use super::mailbox::Mailbox;
use super::payer::Payer;
use super::showing::Showing;
use crate::channels::codec;
use crate::channels::{
    CannotSay, Channel, ChannelError, ChannelState, Channels, Credentials, Mode, Outcome, Outgoing, Platform,
    Us, discord, slack, telegram, whatsapp,
};
use crate::protocol::ids::{ChannelId, TenantId};

/// How often a platform that sends by itself is asked whether it still knows us.
const BEAT: Duration = Duration::from_secs(300);
/// Shortest and longest wait while the platform cannot be reached.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What a life has in common.
pub(super) struct Life {
    pub(super) parts: Arc<ChannelParts>,
    pub(super) tenant: TenantId,
    pub(super) channel: Channel,
    pub(super) us: Us,
    pub(super) line: Line,
    /// Answers that are being written.
    pub(super) showing: Showing,
    /// When the channel takes the next message, whatever the conversation.
    next_at: Mutex<Instant>,
}

/// Runs until `stop`, or until the channel cannot go on; then why.
pub(super) async fn run(
    parts: &Arc<ChannelParts>,
    tenant: &TenantId,
    id: ChannelId,
    stop: CancellationToken,
) -> Result<(), String> {
    let channels = &parts.channels;
    let text = |error: ChannelError| error.to_string();
    let channel = channels.get(tenant, id).await.map_err(text)?.channel;
    let credentials = channels.credentials(tenant, &channel).await.map_err(text)?;
    let way = (&parts.egress, parts.call_time);
    let line = Line::new(way, (tenant, &channel), &credentials).map_err(|error| error.to_string())?;
    channels.enter(id, ChannelState::Connecting);
    let us = tokio::select! {
        us = acquainted(channels, &line, &channel) => us?,
        () = stop.cancelled() => return Ok(()),
    };
    channels.known_as(id, us.clone());
    let (showing, begun) = Showing::new();
    let life = Arc::new(Life {
        parts: Arc::clone(parts),
        tenant: tenant.clone(),
        channel,
        us,
        line,
        showing,
        next_at: Mutex::new(Instant::now()),
    });
    life.prepare(&credentials).await?;
    // A socket and a mailbox say themselves when they are ready.
    if life.channel.mode() != Mode::Socket && !matches!(life.line, Line::Letters(_)) {
        channels.enter(id, ChannelState::Live);
    }
    let (mailbox, payer) = (Mailbox(Arc::clone(&life)), Payer(Arc::clone(&life)));
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        why = life.receive(&credentials) => Err(why),
        () = carry_on(&mailbox) => Ok(()),
        () = carry_on(&payer) => Ok(()),
        () = life.show_answers(begun) => Ok(()),
    }
}

/// Asks the platform who we are until it answers; why the channel cannot go on, if it says no.
async fn acquainted(channels: &Channels, line: &Line, channel: &Channel) -> Result<Us, String> {
    let mut pause = AGAIN.0;
    loop {
        let outcome = match introduced(line, channel).await {
            Ok(us) => return Ok(us),
            Err(outcome) => outcome,
        };
        let Some(wait) = passing(&outcome, pause) else { return Err(outcome.to_string()) };
        channels.enter(channel.id, ChannelState::Troubled(outcome.to_string()));
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(AGAIN.1);
    }
}

/// How long to wait before something is asked again, where the trouble may pass by itself.
fn passing(outcome: &Outcome, pause: Duration) -> Option<Duration> {
    match outcome {
        Outcome::Wait { after_ms } => Some(Duration::from_millis(*after_ms).max(pause)),
        Outcome::Again { .. } | Outcome::Unknown { .. } => Some(pause),
        _ => None,
    }
}

/// Asks the platform who we are, which also tells whether the credential is good.
async fn introduced(line: &Line, channel: &Channel) -> Result<Us, Outcome> {
    let calls = match line {
        Line::Letters(letters) => return letters.introduced().await,
        Line::Calls(calls) => calls,
    };
    let number = channel.settings.phone_number_id.as_deref().unwrap_or_default();
    let call = match channel.platform {
        Platform::Telegram => telegram::get_me(),
        Platform::Slack => slack::auth_test(),
        Platform::Whatsapp => whatsapp::get_number(number).map_err(|error| Outcome::Refused {
            why: error.to_string(),
            fix: "check the phone number's id",
        })?,
        Platform::Discord => discord::get_me(),
        Platform::Email => {
            let why = "this platform has no line of this kind".to_owned();
            return Err(Outcome::Refused { why, fix: "remove the channel" });
        }
    };
    let said = calls.ask(&call, Duration::ZERO).await?;
    match channel.platform {
        Platform::Telegram => telegram::us(&said.answer()),
        Platform::Slack => slack::us(&said.answer()),
        Platform::Discord => discord::us(&said.answer()),
        _ => whatsapp::us(&said.answer()),
    }
}

// === impl Life ===

impl Life {
    /// Says at the platform how its messages reach us.
    async fn prepare(&self, credentials: &Credentials) -> Result<(), String> {
        let Line::Calls(calls) = &self.line else { return Ok(()) };
        if self.channel.platform != Platform::Telegram {
            return Ok(());
        }
        // Menus are a comfort: without them everything works.
        calls.say(&telegram::set_commands()).await;
        if !self.channel.is_sent_to() {
            return Ok(());
        }
        let url = format!("{}{}", self.parts.webhooks.address(), self.channel.path());
        let Some(shown) = &credentials.shown else {
            return Err("the channel has no secret token".to_owned());
        };
        match calls.say_showing(&telegram::set_webhook(&url, SHOWN), shown).await {
            Outcome::Done | Outcome::Sent { .. } => Ok(()),
            outcome => Err(format!("the webhook {url} could not be set: {outcome}")),
        }
    }

    /// Takes what comes, as long as the channel can go on; then why it cannot.
    async fn receive(&self, credentials: &Credentials) -> String {
        let calls = match &self.line {
            Line::Letters(letters) => {
                return Box::pin(self.read_mailbox(&letters.settings, &letters.password)).await;
            }
            Line::Calls(calls) => calls,
        };
        match (self.channel.mode(), self.channel.platform) {
            (Mode::Poll, _) => Box::pin(self.poll(calls)).await,
            (Mode::Socket, Platform::Slack) => {
                Box::pin(self.socket_mode(credentials.app_token.as_ref())).await
            }
            (Mode::Socket, _) => Box::pin(self.gateway(calls)).await,
            (Mode::Webhook, _) => self.watch().await,
        }
    }

    /// The ingress stores what is sent; here it is only seen whether the platform still knows us.
    async fn watch(&self) -> String {
        loop {
            tokio::time::sleep(BEAT).await;
            match acquainted(&self.parts.channels, &self.line, &self.channel).await {
                Ok(_) => self.parts.channels.enter(self.channel.id, ChannelState::Live),
                Err(why) => return why,
            }
        }
    }

    /// Waits until the channel takes another message.
    pub(super) async fn wait_for_room(&self) {
        let gap = Duration::from_millis(self.channel.platform.limits().channel_gap_ms);
        let mut next_at = self.next_at.lock().await;
        tokio::time::sleep_until(*next_at).await;
        *next_at = Instant::now() + gap;
    }

    /// Tells a conversation something, and says what the platform's answer means.
    pub(super) async fn tell(&self, conversation: &str, out: &Outgoing<'_>) -> Result<Outcome, CannotSay> {
        match &self.line {
            Line::Letters(letters) => self.write_letter(letters, conversation, out).await,
            Line::Calls(calls) => {
                let call = codec::call(self.channel.platform, &self.us, conversation, out)?;
                Ok(calls.say(&call).await)
            }
        }
    }

    /// Tells a conversation what is only a comfort: what becomes of it does not matter.
    pub(super) async fn comfort(&self, conversation: &str, out: &Outgoing<'_>) {
        if let Ok(outcome) = self.tell(conversation, out).await {
            tracing::debug!(?outcome, channel = %self.channel.id, "a sign of a channel");
        }
    }
}
