//! Implements `Carry` for obligations: what is owed to a conversation is sent, part by part, as the platform takes it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::carry::{Carry, CarryError, Due};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::life::Life;
use crate::approvals::{Approval, ApprovalState};
use crate::channels::outbox::{DUPLICATE, Kind, Obligation};
use crate::channels::{
    Button, CannotSay, ChannelError, ChannelState, Draft, Limits, Outcome, Outgoing, Part, Platform, Post,
    Style, dead_letter, markup,
};
use crate::identity::Principal;
use crate::notifications::{Happening, Pattern, SourceType};

/// Tries of one part before it is given up: about a day.
const TRIES_MAX: u32 = 40;
/// Shortest and longest wait before a part is tried again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3_600));
/// Wait while the credential is refused: a person has to act.
const UNAUTHORIZED: Duration = Duration::from_secs(300);

/// See the module.
pub(super) struct Payer(pub(super) Arc<Life>);

/// What is sent for an obligation.
struct Words {
    parts: Vec<Part>,
    buttons: Vec<Button>,
}

/// How a part is handed over.
struct Way<'w> {
    draft: Draft,
    reply_to: Option<&'w str>,
    buttons: &'w [Button],
    plain: bool,
}

impl Carry for Payer {
    type Lane = String;
    type Job = Obligation;

    fn due(&self, busy: &HashSet<String>) -> BoxFuture<'static, Result<Due<Self>, CarryError>> {
        let (life, busy) = (Arc::clone(&self.0), busy.clone());
        async move {
            let found = life.parts.channels.due(&life.tenant, life.channel.id, &busy).await;
            let found = found.map_err(|error| CarryError(error.to_string()))?;
            let jobs = found.due.into_iter().map(|owed| (owed.conversation.clone(), owed)).collect();
            Ok(Due { jobs, next: found.next_ms.map(time_until) })
        }
        .boxed()
    }

    fn carry(&self, owed: Obligation) -> BoxFuture<'static, ()> {
        let paying = Self(Arc::clone(&self.0));
        async move {
            if let Err(error) = paying.pay(&owed).await {
                tracing::warn!(%error, obligation = %owed.id, "a message of a channel could not be sent");
                tokio::time::sleep(AGAIN.0).await;
            }
        }
        .boxed()
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let life = Arc::clone(&self.0);
        async move { life.parts.channels.outbox_changed(life.channel.id).await }.boxed()
    }
}

/// Time until a moment in milliseconds since 1970.
pub(super) fn time_until(moment_ms: i64) -> Duration {
    let left_ms = moment_ms - jiff::Timestamp::now().as_millisecond();
    Duration::from_millis(u64::try_from(left_ms).unwrap_or_default())
}

// === impl Payer ===

impl Payer {
    fn limits(&self) -> Limits {
        self.0.channel.platform.limits()
    }

    async fn pay(&self, owed: &Obligation) -> Result<(), ChannelError> {
        let life = &self.0;
        if owed.kind == Kind::Close {
            return self.close(owed).await;
        }
        let Some(words) = self.words(owed).await? else {
            return life.parts.channels.bury(&life.tenant, owed.id, "what it asked is gone".to_owned()).await;
        };
        let answered = life.parts.channels.answered_by(&life.tenant, owed).await?;
        let reply_to = answered.filter(|incoming| !incoming.direct).and_then(|incoming| incoming.message);
        let last = words.parts.len().saturating_sub(1);
        for (place, part) in words.parts.iter().enumerate().skip(owed.sent_parts) {
            let is_last = place == last;
            let way = Way {
                draft: if place == 0 { self.draft(owed).await? } else { Draft::None },
                reply_to: reply_to.as_deref().filter(|_| place == 0),
                buttons: if is_last { words.buttons.as_slice() } else { &[] },
                plain: false,
            };
            if !self.part(owed, (part, is_last), way).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What stands there already of the answer, and stays as it is from now on.
    async fn draft(&self, owed: &Obligation) -> Result<Draft, ChannelError> {
        let Some(turn) = owed.turn.filter(|_| owed.kind == Kind::Say) else { return Ok(Draft::None) };
        // Whoever changes it sees that the turn has ended.
        drop(self.0.showing.hold(turn).await);
        self.0.parts.channels.draft(&self.0.tenant, turn).await
    }

    /// Sends one part; whether the next one follows.
    async fn part(
        &self,
        owed: &Obligation,
        (part, is_last): (&Part, bool),
        mut way: Way<'_>,
    ) -> Result<bool, ChannelError> {
        let life = &self.0;
        loop {
            life.wait_for_room().await;
            let now = life.parts.channels.hand_over(&life.tenant, owed.id).await?;
            let outcome = match self.hand_over(&now, part, &way).await {
                Ok(outcome) => outcome,
                Err(error) => return self.give_up(owed, error.to_string()).await,
            };
            let is_edit = matches!(way.draft, Draft::Stands(_));
            match outcome {
                Outcome::Sent { message } => {
                    self.sent(owed, Some(message), is_last).await?;
                    return Ok(true);
                }
                Outcome::Done => {
                    let message = if let Draft::Stands(place) = way.draft { Some(place) } else { None };
                    self.sent(owed, message, is_last).await?;
                    return Ok(true);
                }
                // Nothing of it stands there yet: the plain words at once, or a new message where the draft is gone.
                Outcome::Markup if !way.plain => way.plain = true,
                Outcome::Refused { .. } if is_edit => way.draft = Draft::None,
                // The same change twice is one.
                Outcome::Unknown { why } if is_edit => {
                    return self.not_sent(owed, &now, Outcome::Again { why }).await;
                }
                outcome => return self.not_sent(owed, &now, outcome).await,
            }
            let at_once = (false, Duration::ZERO);
            life.parts.channels.owe_later(&life.tenant, owed.id, at_once, String::new()).await?;
        }
    }

    /// Hands a part to the platform: into the place of its draft, or as a message. What may stand there already says so.
    async fn hand_over(&self, now: &Obligation, part: &Part, way: &Way<'_>) -> Result<Outcome, CannotSay> {
        let life = &self.0;
        if let Draft::Stands(message) = &way.draft {
            let edit = Outgoing::Edit { message, part, plain: way.plain };
            return life.tell(&now.conversation, &edit).await;
        }
        let is_doubtful = way.draft == Draft::Unknown || (now.doubtful && !self.limits().detects_repeats);
        let (marked, key) = (marked(part, is_doubtful), format!("{}-{}", now.id, now.sent_parts));
        let post =
            Post { part: &marked, plain: way.plain, reply_to: way.reply_to, buttons: way.buttons, key: &key };
        life.tell(&now.conversation, &Outgoing::Say(post)).await
    }

    async fn sent(
        &self,
        owed: &Obligation,
        message: Option<String>,
        is_last: bool,
    ) -> Result<(), ChannelError> {
        let life = &self.0;
        life.parts.channels.part_sent(&life.tenant, owed.id, message, is_last).await?;
        if is_last {
            let title = format!("A message went out on {}", life.channel.name);
            let happening = Happening::new(Pattern::ChannelOutbound, title).within(life.channel.workspace_id);
            life.parts.notices.raise(&life.tenant, happening.to(SourceType::Channel, life.channel.id));
        }
        // The next part of the same conversation waits as long as the platform wants.
        tokio::time::sleep(Duration::from_millis(self.limits().conversation_gap_ms)).await;
        Ok(())
    }

    async fn not_sent(
        &self,
        owed: &Obligation,
        now: &Obligation,
        outcome: Outcome,
    ) -> Result<bool, ChannelError> {
        let (life, why) = (&self.0, outcome.to_string());
        let channels = &life.parts.channels;
        let (unknown, wait) = match outcome {
            Outcome::Wait { after_ms } => (false, Duration::from_millis(after_ms)),
            Outcome::Unauthorized { .. } => {
                channels.enter(life.channel.id, ChannelState::Troubled(why.clone()));
                (false, UNAUTHORIZED)
            }
            Outcome::Moved { conversation } => {
                let id = life.channel.id;
                channels.owe_later(&life.tenant, owed.id, (false, Duration::ZERO), String::new()).await?;
                channels.moved(&life.tenant, id, (owed.conversation.clone(), conversation)).await?;
                return Ok(false);
            }
            Outcome::Again { .. } | Outcome::Conflict { .. } => (false, pause(now.attempts)),
            Outcome::Unknown { .. } => (true, pause(now.attempts)),
            _ => return self.give_up(owed, why).await,
        };
        if now.attempts >= TRIES_MAX {
            return self.give_up(owed, format!("given up after {TRIES_MAX} tries: {why}")).await;
        }
        channels.owe_later(&life.tenant, owed.id, (unknown, wait), why).await?;
        Ok(false)
    }

    /// A dead letter: it is in the outbox with its reason, and somebody is told.
    async fn give_up(&self, owed: &Obligation, why: String) -> Result<bool, ChannelError> {
        let life = &self.0;
        life.parts.notices.raise(&life.tenant, dead_letter(&life.channel, why.clone()));
        life.parts.channels.bury(&life.tenant, owed.id, why).await?;
        Ok(false)
    }

    /// What is sent; nothing for a question that is gone.
    async fn words(&self, owed: &Obligation) -> Result<Option<Words>, ChannelError> {
        let platform = self.0.channel.platform;
        let (Kind::Question, Some(id)) = (owed.kind, owed.approval) else {
            return Ok(Some(Words {
                parts: markup::parts(platform, &owed.body, spare()),
                buttons: Vec::new(),
            }));
        };
        let owner = Principal::owner(self.0.tenant.clone());
        let Ok(asked) = self.0.parts.approvals.get(&owner, id).await else { return Ok(None) };
        let part = markup::question(platform, &question(&asked));
        let buttons =
            if asked.state == ApprovalState::Pending { buttons(platform, &asked) } else { Vec::new() };
        Ok(Some(Words { parts: vec![part], buttons }))
    }

    /// Puts what was decided in the place of a question; where nothing can be changed it is said below.
    async fn close(&self, owed: &Obligation) -> Result<(), ChannelError> {
        let (life, Some(id)) = (&self.0, owed.approval) else { return Ok(()) };
        let channels = &life.parts.channels;
        let owner = Principal::owner(life.tenant.clone());
        let (asked, question_of) =
            (life.parts.approvals.get(&owner, id).await, channels.question(&life.tenant, id).await?);
        let (Ok(asked), Some(place)) = (asked, question_of.and_then(|of| of.messages.first().cloned()))
        else {
            return channels.bury(&life.tenant, owed.id, "its question was never sent".to_owned()).await;
        };
        let part = markup::question(life.channel.platform, &decided(&asked));
        channels.hand_over(&life.tenant, owed.id).await?;
        let edit = Outgoing::Edit { message: &place, part: &part, plain: false };
        let outcome = life.tell(&owed.conversation, &edit).await.unwrap_or(Outcome::Done);
        match outcome {
            Outcome::Wait { .. } | Outcome::Again { .. } | Outcome::Unknown { .. } if owed.attempts < 5 => {
                let wait = pause(owed.attempts);
                channels.owe_later(&life.tenant, owed.id, (false, wait), outcome.to_string()).await
            }
            // What was decided counts; how its question looks does not.
            _ => channels.part_sent(&life.tenant, owed.id, None, true).await,
        }
    }
}

fn pause(attempts: u32) -> Duration {
    (AGAIN.0 * 2_u32.saturating_pow(attempts.min(12))).min(AGAIN.1)
}

/// Room in every message for the words that it may be a duplicate.
fn spare() -> usize {
    DUPLICATE.chars().count() + 1
}

/// A part that may stand there already says so.
fn marked(part: &Part, doubtful: bool) -> Part {
    if !doubtful {
        return part.clone();
    }
    Part { markup: format!("{DUPLICATE} {}", part.markup), plain: format!("{DUPLICATE} {}", part.plain) }
}

fn question(asked: &Approval) -> String {
    let tainted = if asked.tainted { "\n\nThis conversation has read untrusted text." } else { "" };
    format!(
        "**May I?** {}\n\n```\n{}\n```{tainted}\n\n/yes, /no or /always; without an answer it is *no*.",
        asked.why, asked.shown
    )
}

fn decided(asked: &Approval) -> String {
    let word = match asked.state {
        ApprovalState::Allowed => "Allowed",
        ApprovalState::Denied => "Denied",
        ApprovalState::Expired => "Nobody answered in time",
        ApprovalState::Pending => "Open",
    };
    format!("**{word}.**\n\n```\n{}\n```", asked.shown)
}

/// The buttons of a question, where the platform has any.
fn buttons(platform: Platform, asked: &Approval) -> Vec<Button> {
    if platform.limits().buttons_max == 0 {
        return Vec::new();
    }
    let button = |label: &str, verdict: &str, style| Button {
        label: label.to_owned(),
        data: format!("{verdict}:{}", asked.id),
        style,
    };
    vec![
        button("Allow", "yes", Style::Good),
        button("Deny", "no", Style::Bad),
        button("Always", "always", Style::Plain),
    ]
}
