//! What people ask of a channel itself: a new conversation, a stop, how it stands, another model, and decisions.

use super::life::Life;
use crate::approvals::{Approval, ApprovalError, ApprovalFilter, ApprovalState, Choice, DecisionScope};
use crate::channels::command::{Command, Verdict};
use crate::channels::{ChannelError, Letter};
use crate::identity::Principal;
use crate::protocol::ids::{ApprovalId, ThreadId};

/// Questions that one conversation may have open here.
const QUESTIONS_MAX: usize = 20;
/// Characters of an id that are enough to name a question.
const SHORT_ID: usize = 8;

impl Life {
    /// Does what a command asks, and answers it.
    pub(super) async fn command(
        &self,
        letter: &Letter,
        command: Command,
        decides: bool,
    ) -> Result<(), ChannelError> {
        let channels = &self.parts.channels;
        let words = match command {
            Command::New => {
                let words = "A new conversation begins. I do not remember the old one here.".to_owned();
                return channels.turn_over(letter, None, words).await;
            }
            Command::Model { name: Some(name) } => return self.choose_model(letter, name).await,
            Command::Model { name: None } => self.model_words(letter).await?,
            Command::Stop => self.stop(letter).await?,
            Command::Status => self.status(letter).await?,
            Command::Help => Command::help(),
            Command::Decide { verdict, id } => self.decide(letter, verdict, id.as_deref(), decides).await?,
        };
        channels.settle(letter, "command", Some(words)).await
    }

    /// A press of one of our buttons: `yes:ID`. What is shown to who pressed.
    pub(super) async fn pressed(
        &self,
        letter: &Letter,
        data: &str,
        decides: bool,
    ) -> Result<Option<String>, ChannelError> {
        let verdict = |word: &str| match word {
            "yes" => Some(Verdict::Yes),
            "no" => Some(Verdict::No),
            "always" => Some(Verdict::Always),
            _ => None,
        };
        let named = data.split_once(':').and_then(|(word, id)| Some((verdict(word)?, id)));
        match named {
            Some((verdict, id)) => Ok(Some(self.decide(letter, verdict, Some(id), decides).await?)),
            None => Ok(None),
        }
    }

    async fn choose_model(&self, letter: &Letter, name: String) -> Result<(), ChannelError> {
        let (backend, model) = name.split_once('/').unwrap_or((name.as_str(), ""));
        let channels = &self.parts.channels;
        if name == "default" {
            let words = "From now on the assistant's own model answers here.".to_owned();
            return channels.turn_over(letter, Some(None), words).await;
        }
        if self.parts.backends.get(backend).is_none() {
            let known: Vec<_> = self.parts.backends.names().collect();
            let words = format!(
                "There is no backend `{backend}`. There are: {}. `/model default` goes back.",
                known.join(", ")
            );
            return channels.settle(letter, "command", Some(words)).await;
        }
        let words = format!("From now on `{name}` answers here.");
        channels.turn_over(letter, Some(Some(format!("{backend}/{model}"))), words).await
    }

    async fn model_words(&self, letter: &Letter) -> Result<String, ChannelError> {
        let chosen = self.parts.channels.thread_of(letter).await?.and_then(|bound| bound.model);
        Ok(match chosen {
            Some(model) => {
                format!("`{}` answers here. `/model default` goes back.", model.trim_end_matches('/'))
            }
            None => {
                "The assistant's own model answers here. `/model BACKEND/MODEL` chooses another.".to_owned()
            }
        })
    }

    async fn stop(&self, letter: &Letter) -> Result<String, ChannelError> {
        let Some(thread) = self.parts.channels.thread_of(letter).await?.map(|bound| bound.thread) else {
            return Ok("Nothing runs here.".to_owned());
        };
        let pending = self.parts.turns.pending(&self.tenant, thread).await.unwrap_or_default();
        for turn in &pending {
            // Whether it had ended just now shows in what it says.
            let _outcome = self.parts.sessions.stop(thread, turn.turn_id);
        }
        Ok(match pending.len() {
            0 => "Nothing runs here.".to_owned(),
            1 => "Stopping.".to_owned(),
            more => format!("Stopping {more} things."),
        })
    }

    async fn status(&self, letter: &Letter) -> Result<String, ChannelError> {
        let bound = self.parts.channels.thread_of(letter).await?;
        let mut lines = vec![self.model_words(letter).await?];
        if let Some(thread) = bound.map(|bound| bound.thread) {
            let waiting = self.parts.sessions.view(thread).map_or(0, |view| view.waiting);
            lines.push(match waiting {
                0 => "Nothing runs.".to_owned(),
                1 => "I am working on an answer.".to_owned(),
                more => format!("I am working on an answer; {} more messages wait.", more - 1),
            });
            let open = self.open_questions(thread).await;
            lines.extend(
                open.iter().map(|asked| format!("Waits for a decision: `{}` {}", short(asked), asked.shown)),
            );
        }
        Ok(lines.join("\n\n"))
    }

    async fn open_questions(&self, thread: ThreadId) -> Vec<Approval> {
        let filter =
            ApprovalFilter { state: Some(ApprovalState::Pending), thread: Some(thread), after: None };
        let owner = Principal::owner(self.tenant.clone());
        self.parts.approvals.list(&owner, filter, QUESTIONS_MAX).await.unwrap_or_default()
    }

    /// Decides a question, if this person may. What they are told.
    async fn decide(
        &self,
        letter: &Letter,
        verdict: Verdict,
        id: Option<&str>,
        decides: bool,
    ) -> Result<String, ChannelError> {
        if !decides {
            return Ok(
                "You may not decide that. Whoever runs me can let you, on the page Channels.".to_owned()
            );
        }
        let thread = self.parts.channels.thread_of(letter).await?.map(|bound| bound.thread);
        let open = match thread {
            Some(thread) => self.open_questions(thread).await,
            None => Vec::new(),
        };
        let fits = |asked: &&Approval| id.is_none_or(|id| asked.id.to_string().ends_with(&id.to_lowercase()));
        let mut named = open.iter().filter(fits);
        let asked: ApprovalId = match (named.next(), named.next(), id.and_then(|id| id.parse().ok())) {
            (Some(only), None, _) => only.id,
            // A button of a question that is over, or of another conversation.
            (None, _, Some(whole)) => whole,
            (None, _, None) => return Ok("Nothing waits for a decision here.".to_owned()),
            (Some(_), Some(_), _) => {
                let ids: Vec<_> =
                    open.iter().map(|asked| format!("`{}` {}", short(asked), asked.shown)).collect();
                return Ok(format!(
                    "Several things wait; say which, like `/yes {}`:\n\n{}",
                    short_of(&open),
                    ids.join("\n\n")
                ));
            }
        };
        let choice = match verdict {
            Verdict::Yes => Choice::Allow(DecisionScope::Once),
            Verdict::Always => Choice::Allow(DecisionScope::Always),
            Verdict::No => Choice::Deny,
        };
        let reason = format!("by {} over {}", letter.incoming.sender.name, self.channel.name);
        let owner = Principal::owner(self.tenant.clone());
        Ok(match self.parts.approvals.decide(&owner, asked, choice, &reason).await {
            Ok(_) if choice == Choice::Deny => "Denied.".to_owned(),
            Ok(_) => "Allowed.".to_owned(),
            Err(ApprovalError::Decided(decided)) => {
                format!("It was {} already.", decided.state.as_str())
            }
            Err(error) => format!("That did not work: {error}."),
        })
    }
}

/// The end of an id: ids of one minute begin alike.
fn short(asked: &Approval) -> String {
    let id = asked.id.to_string();
    id.get(id.len().saturating_sub(SHORT_ID)..).unwrap_or_default().to_owned()
}

fn short_of(open: &[Approval]) -> String {
    open.first().map(short).unwrap_or_default()
}
