//! Sign-in of programs on other machines (RFC 8628): a short code that a person types in a signed-in
//! browser, and the desk that keeps both until somebody decides.
//!
//! Pure and bounded; the caller brings the time. A code works once, for ten minutes. Kept in memory only:
//! after a restart the device begins again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::DeviceError;
use super::scope::Scopes;
use super::secret::{NoRandomness, SecretHash, SecretText};

/// How long a code works.
pub const DEVICE_LIFETIME: Duration = Duration::from_secs(600);
/// How long a device waits between two questions.
pub const DEVICE_INTERVAL: Duration = Duration::from_secs(5);
/// Most devices that wait for a decision.
pub const DEVICES_MAX: usize = 100;
/// Letters of a code: no vowels, so that no words come out, and none that look alike.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code, about 34 bits: enough against guessing within [`DEVICE_LIFETIME`] by somebody signed in.
const CODE_CHARS: usize = 8;

/// What a device asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceWish {
    /// What it calls itself.
    pub name: String,
    /// What it wants to do.
    pub scopes: Scopes,
    /// Where it is, as far as the listener knows.
    pub address: String,
}

/// A device that waits.
#[derive(Debug)]
pub struct DeviceBegun {
    /// With this it asks whether somebody decided.
    pub device_code: SecretText,
    /// This a person types.
    pub user_code: String,
}

/// What somebody decided.
#[derive(Clone)]
enum Decision {
    None,
    Denied,
    /// The token, until it is fetched.
    Approved(SecretText),
}

struct Waiting {
    code: String,
    wish: Arc<DeviceWish>,
    decision: Decision,
    until: Instant,
    asked: Option<Instant>,
    interval: Duration,
}

/// See the module.
#[derive(Default)]
pub(super) struct DeviceDesk {
    waiting: HashMap<SecretHash, Waiting>,
}

impl DeviceDesk {
    /// Lets a device wait.
    ///
    /// # Errors
    /// [`DeviceError::TooMany`], or no randomness.
    pub(super) fn begin(&mut self, wish: DeviceWish, now: Instant) -> Result<DeviceBegun, DeviceError> {
        self.waiting.retain(|_, waiting| now < waiting.until);
        if self.waiting.len() >= DEVICES_MAX {
            return Err(DeviceError::TooMany);
        }
        let device_code = SecretText::random("").map_err(super::TokenError::from)?;
        let code = new_code().map_err(super::TokenError::from)?;
        let waiting = Waiting {
            code: code.clone(),
            wish: Arc::new(wish),
            decision: Decision::None,
            until: now + DEVICE_LIFETIME,
            asked: None,
            interval: DEVICE_INTERVAL,
        };
        self.waiting.insert(device_code.hash(), waiting);
        Ok(DeviceBegun { device_code, user_code: code })
    }

    /// What the device with this code asks for, while nobody has decided.
    pub(super) fn wish(&self, typed: &str, now: Instant) -> Option<Arc<DeviceWish>> {
        let typed = plain(typed);
        let undecided =
            |waiting: &&Waiting| matches!(waiting.decision, Decision::None) && now < waiting.until;
        let found = self.waiting.values().filter(undecided).find(|waiting| plain(&waiting.code) == typed)?;
        Some(Arc::clone(&found.wish))
    }

    /// Decides; `false` when it was decided before, or the code is unknown or too old.
    pub(super) fn decide(&mut self, typed: &str, token: Option<SecretText>, now: Instant) -> bool {
        let typed = plain(typed);
        let found = self.waiting.values_mut().find(|waiting| {
            plain(&waiting.code) == typed && matches!(waiting.decision, Decision::None) && now < waiting.until
        });
        let Some(waiting) = found else { return false };
        waiting.decision = token.map_or(Decision::Denied, Decision::Approved);
        true
    }

    /// Answers a device. A decision is told once.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub(super) fn ask(&mut self, device_code: &str, now: Instant) -> Result<SecretText, DeviceError> {
        let hash = SecretHash::of(device_code);
        let waiting = self.waiting.get_mut(&hash).ok_or(DeviceError::Expired)?;
        if now >= waiting.until {
            self.waiting.remove(&hash);
            return Err(DeviceError::Expired);
        }
        let early = waiting.asked.is_some_and(|asked| now < asked + waiting.interval);
        waiting.asked = Some(now);
        if early {
            waiting.interval += DEVICE_INTERVAL;
            return Err(DeviceError::SlowDown);
        }
        match waiting.decision.clone() {
            Decision::None => Err(DeviceError::Pending),
            Decision::Denied => {
                self.waiting.remove(&hash);
                Err(DeviceError::Denied)
            }
            Decision::Approved(token) => {
                self.waiting.remove(&hash);
                Ok(token)
            }
        }
    }
}

/// A code as people type it: case, spaces and dashes do not matter.
fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase())
        .take(CODE_CHARS + 1)
        .collect()
}

fn new_code() -> Result<String, NoRandomness> {
    let mut code = String::with_capacity(CODE_CHARS + 1);
    while code.len() < CODE_CHARS + 1 {
        let mut byte = [0_u8];
        getrandom::fill(&mut byte).map_err(|_| NoRandomness)?;
        // 240 is the largest multiple of 20 in a byte: every letter is as likely.
        if let Some(letter) =
            byte.first().filter(|b| **b < 240).and_then(|b| ALPHABET.get(usize::from(b % 20)))
        {
            code.push(char::from(*letter));
            if code.len() == CODE_CHARS / 2 {
                code.push('-');
            }
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests;
