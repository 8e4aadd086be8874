//! Whether the conversation fits into the model, and what is done when it does not.

use std::time::Duration;

use futures::StreamExt;

use super::run::Run;
use crate::budgets::Estimate;
use crate::protocol::chat::{Role, Usage};
use crate::protocol::journal::{Compacted, JournalEntry};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};
use crate::workflows::compaction::{FULL_PERCENT, KEPT_PERCENT, bounded, cut, fallback, request, weight};

/// How long a model may take for a summary.
const SUMMARY_WITHIN: Duration = Duration::from_secs(90);
/// Bytes for which a token is counted, as in estimates.
const BYTES_PER_TOKEN: u64 = 3;

// === impl Run ===

impl Run {
    /// Shortens the conversation when it fills too much of the model's context.
    pub(super) async fn fit(&mut self) -> Result<(), ModelError> {
        if self.coding.is_some() {
            // A program shortens its own conversation.
            return Ok(());
        }
        // A token is a byte at least: most conversations fit whatever they say.
        let most = self.context_tokens().saturating_mul(FULL_PERCENT) / 100;
        if u64::try_from(self.bytes()).unwrap_or(u64::MAX) < most / 2 {
            return Ok(());
        }
        let needed = Estimate::of(&self.request(true).await?).input_tokens;
        if needed > most {
            self.shorten().await?;
        }
        Ok(())
    }

    /// Bytes of the conversation with its instructions.
    fn bytes(&self) -> usize {
        let said = self.history.said.iter().map(weight).sum::<usize>();
        let summary = self.history.summary.as_ref().map_or(0, String::len);
        self.task.persona.system_prompt.len() + summary + said
    }

    /// Lets a summary stand for all but the newest messages. Whether there was anything to shorten.
    pub(super) async fn shorten(&mut self) -> Result<bool, ModelError> {
        let kept = self.context_tokens().saturating_mul(KEPT_PERCENT) / 100 * BYTES_PER_TOKEN;
        let Some(cut) = cut(&self.history.said, usize::try_from(kept).unwrap_or(usize::MAX)) else {
            return Ok(false);
        };
        if self.task.below.is_some() || self.coding.is_some() {
            return Ok(false);
        }
        self.reporter.keep(JournalEntry::CompactionBegun).await?;
        let own = self.history.said.iter().rposition(|said| said.message.role == Role::User);
        let older = self.history.said.get(..cut.count).unwrap_or_default().to_vec();
        let earlier = self.history.summary.take();
        let made = match self.turn_to_any().await {
            Ok(()) => self.summarise(earlier.as_deref(), &older).await,
            Err(error) => Err(error),
        };
        let (summary, made_by) = match made {
            Ok(summary) => (summary, format!("{}/{}", self.task.call.backend, self.task.call.model)),
            Err(error) if error.kind == ModelErrorKind::Halted => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "no model made a summary, so a plain one is used");
                (fallback(earlier.as_deref(), &older), "fallback".to_owned())
            }
        };
        let messages = u64::try_from(older.len()).unwrap_or(u64::MAX);
        let entry = Compacted { upto: cut.upto, summary: summary.clone(), made_by, messages };
        self.reporter.keep(JournalEntry::Compacted(entry)).await?;
        let asked = own.filter(|own| *own < cut.count).and_then(|own| older.get(own).cloned());
        self.history.said.drain(..cut.count);
        if let Some(asked) = asked {
            self.history.said.insert(0, asked);
        }
        self.history.summary = Some(summary);
        Ok(true)
    }

    async fn summarise(
        &self,
        earlier: Option<&str>,
        older: &[crate::turns::Said],
    ) -> Result<String, ModelError> {
        let call = &self.task.call;
        let mut request = request(&call.model, earlier, older);
        let admitted = self.turns.parts.guard.admit(call.clone(), &mut request).await?;
        let mut answer = admitted.answer(self.task.backend.stream(request));
        let gathered = async {
            let (mut text, mut usage, mut whole) = (String::new(), Usage::default(), false);
            while let Some(event) = answer.next().await {
                match event? {
                    ModelEvent::Text(piece) => text.push_str(&piece),
                    ModelEvent::Usage(used) => usage = used,
                    ModelEvent::Stop(_) => whole = true,
                    ModelEvent::Thinking(_) | ModelEvent::ThinkingSignature(_) | ModelEvent::ToolCall(_) => {}
                }
            }
            if whole { Ok((text, usage)) } else { Err(unfinished()) }
        };
        let (text, usage) =
            tokio::time::timeout(SUMMARY_WITHIN, gathered).await.unwrap_or_else(|_| Err(unfinished()))?;
        let (backend, model) = (call.backend.clone(), call.model.clone());
        self.reporter.keep(JournalEntry::Spent { backend, model, usage }).await?;
        let summary = bounded(&text);
        if summary.is_empty() { Err(unfinished()) } else { Ok(summary) }
    }

    pub(super) fn context_tokens(&self) -> u64 {
        let otherwise = self.turns.parts.context_tokens;
        match self.task.chain.links.as_slice() {
            [_] | [] => self.task.backend.context_tokens().unwrap_or(otherwise),
            chain => self.turns.parts.models.context_tokens(chain, otherwise),
        }
    }
}

fn unfinished() -> ModelError {
    ModelError::new(ModelErrorKind::Truncated, "the summary did not come in time, or not whole")
}
