//! Codes of six digits (RFC 6238: SHA-1, 30 seconds), one step of slack to each side, each step once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::protocol::ids::MemberId;

use super::secret::{NoRandomness, SecretHash, SecretText};

/// Length of a seed in bytes, as RFC 4226 recommends.
pub(super) const SEED_BYTES: usize = 20;
/// How long an enrolment waits for its first code.
pub(super) const ENROLMENT_LIFETIME: Duration = Duration::from_secs(600);
/// How long a sign-in waits for its code.
pub(super) const PENDING_LIFETIME: Duration = Duration::from_secs(300);
/// Wrong codes after which the password is asked again.
pub(super) const CODE_TRIES_MAX: u32 = 5;
/// Most sign-ins that wait for a code; the oldest makes room.
pub(super) const PENDING_MAX: usize = 1_024;

/// A seed in memory.
pub(super) type Seed = Zeroizing<Vec<u8>>;

/// What an authenticator app needs, shown while a person enrols and never again.
pub struct Enrolment {
    /// The seed in base 32, for typing.
    pub secret: SecretText,
    /// The `otpauth://` address, for a QR code.
    pub uri: SecretText,
}

/// A new seed.
///
/// # Errors
/// [`NoRandomness`].
pub(super) fn new_seed() -> Result<Seed, NoRandomness> {
    let mut seed = Zeroizing::new(vec![0_u8; SEED_BYTES]);
    getrandom::fill(&mut seed).map_err(|_| NoRandomness)?;
    Ok(seed)
}

/// The step whose code this is, if it is near `now_ms`.
pub(super) fn step_of(seed: &Seed, code: &str, now_ms: i64) -> Option<u64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    totp(seed, "")?.check(&digits, u64::try_from(now_ms / 1_000).ok()?)
}

/// What the app needs for this account.
pub(super) fn enrolment(seed: &Seed, account: &str) -> Option<Enrolment> {
    let totp = totp(seed, account)?;
    Some(Enrolment {
        secret: SecretText::of(totp.secret().to_base32()),
        uri: SecretText::of(totp.to_url().ok()?),
    })
}

fn totp(seed: &Seed, account: &str) -> Option<Totp> {
    // A colon parts issuer and account.
    let account = if account.is_empty() { "capuchin".to_owned() } else { account.replace(':', " ") };
    let secret = Secret::from(seed.to_vec());
    Builder::new()
        .with_secret(secret)
        .with_skew(1)
        .with_account_name(account)
        .with_issuer(Some("Capuchin"))
        .build()
        .ok()
}

// === what waits for a code ===

struct Pending {
    member: MemberId,
    tries_left: u32,
    until: Instant,
}

/// Seeds that are not confirmed yet, and sign-ins whose password was right. Kept in memory only.
#[derive(Default)]
pub(super) struct CodeDesk {
    enrolments: HashMap<MemberId, (Seed, Instant)>,
    sign_ins: HashMap<SecretHash, Pending>,
}

impl CodeDesk {
    /// Keeps a new seed until its first code comes. An older one of the person is void.
    pub(super) fn enrol(&mut self, member: MemberId, seed: Seed, now: Instant) {
        self.enrolments.retain(|_, (_, until)| now < *until);
        self.enrolments.insert(member, (seed, now + ENROLMENT_LIFETIME));
    }

    /// The seed that waits for a first code.
    pub(super) fn enrolling(&self, member: MemberId, now: Instant) -> Option<Seed> {
        self.enrolments.get(&member).filter(|(_, until)| now < *until).map(|(seed, _)| seed.clone())
    }

    /// The enrolment is over.
    pub(super) fn enrolled(&mut self, member: MemberId) {
        self.enrolments.remove(&member);
    }

    /// Keeps a sign-in until its code comes.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(super) fn wait(&mut self, member: MemberId, now: Instant) -> Result<SecretText, NoRandomness> {
        let name = SecretText::random("")?;
        self.sign_ins.retain(|_, pending| now < pending.until);
        if self.sign_ins.len() >= PENDING_MAX
            && let Some(oldest) = self.sign_ins.iter().min_by_key(|(_, p)| p.until).map(|(hash, _)| *hash)
        {
            self.sign_ins.remove(&oldest);
        }
        let until = now + PENDING_LIFETIME;
        self.sign_ins.insert(name.hash(), Pending { member, tries_left: CODE_TRIES_MAX, until });
        Ok(name)
    }

    /// Whose sign-in waits under this name. Each look costs a try; the last one ends it.
    pub(super) fn try_waiting(&mut self, name: &str, now: Instant) -> Option<MemberId> {
        let hash = SecretHash::of(name);
        let pending = self.sign_ins.get_mut(&hash)?;
        let (member, in_time) = (pending.member, now < pending.until);
        pending.tries_left = pending.tries_left.saturating_sub(1);
        if pending.tries_left == 0 || !in_time {
            self.sign_ins.remove(&hash);
        }
        in_time.then_some(member)
    }

    /// The sign-in is over.
    pub(super) fn done(&mut self, name: &str) {
        self.sign_ins.remove(&SecretHash::of(name));
    }
}

#[cfg(test)]
mod tests;
