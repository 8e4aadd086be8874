//! The built-in backend: a script that streams like a model, offline, the same for the same conversation.
//!
//! It is the first thing that a new user meets, so it is honest about what it is, and it can be asked for
//! everything that an interface has to show: Markdown, reasoning, tool calls, errors, slow and long answers.

mod memory;
mod script;
mod texts;
mod tools;

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::{Backend, ModelInfo};
use crate::protocol::chat::{Part, StopReason, ToolCall, Usage};
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};

/// The only model of the only built-in backend.
pub(super) const MODEL: &str = "demo";
/// How many characters stand for a token, as a rule of thumb says.
const CHARS_PER_TOKEN: usize = 4;

/// See the module.
pub(super) struct Demo {
    pub(super) name: String,
    /// Between two pieces of a streamed answer.
    pub(super) pace: Duration,
}

/// One thing that an answer does.
#[derive(Clone, Debug)]
enum Beat {
    /// Says a text, word by word.
    Say(String),
    /// Thinks a text, word by word.
    Think(String),
    /// Asks for a tool.
    Call(ToolCall),
    /// Waits, also when nothing is streamed.
    Wait(Duration),
    /// Ends in an error.
    Fail(ModelError),
    /// Panics, to show what a crash costs.
    Crash,
    /// Ends well.
    Stop(StopReason),
}

impl Backend for Demo {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &'static str {
        "demo"
    }

    fn default_model(&self) -> Option<&str> {
        Some(MODEL)
    }

    fn is_local(&self) -> bool {
        true
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let input_tokens = prompt_tokens(&request);
        let pace = if request.stream { self.pace } else { Duration::ZERO };
        let player = Player {
            beats: script::beats(&request).into(),
            ready: VecDeque::new(),
            pace,
            usage: Usage { input_tokens, ..Usage::default() },
        };
        stream::unfold(player, Player::next).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        let model =
            ModelInfo { display_name: "Demo (built in, offline)".to_owned(), ..ModelInfo::named(MODEL) };
        Box::pin(std::future::ready(Ok(vec![model])))
    }
}

/// Plays beats: the words of one are cut only when the one before it was said.
struct Player {
    beats: VecDeque<Beat>,
    ready: VecDeque<Result<ModelEvent, ModelError>>,
    pace: Duration,
    usage: Usage,
}

impl Player {
    async fn next(mut self) -> Option<(Result<ModelEvent, ModelError>, Self)> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                if !self.pace.is_zero() && matches!(item, Ok(ModelEvent::Text(_) | ModelEvent::Thinking(_))) {
                    tokio::time::sleep(self.pace).await;
                }
                if item.is_err() {
                    self.beats.clear();
                }
                return Some((item, self));
            }
            self.prepare().await?;
        }
    }

    /// Makes the next beat ready; `None` after the last one.
    async fn prepare(&mut self) -> Option<()> {
        match self.beats.pop_front()? {
            Beat::Say(text) => {
                self.usage.output_tokens += tokens(&text);
                self.ready.extend(words(&text).map(|word| Ok(ModelEvent::Text(word.to_owned()))));
            }
            Beat::Think(text) => {
                self.usage.output_tokens += tokens(&text);
                self.usage.reasoning_tokens += tokens(&text);
                self.ready.extend(words(&text).map(|word| Ok(ModelEvent::Thinking(word.to_owned()))));
            }
            Beat::Call(call) => {
                self.usage.output_tokens += tokens(&call.arguments);
                self.ready.push_back(Ok(ModelEvent::ToolCall(call)));
            }
            Beat::Wait(duration) => tokio::time::sleep(duration).await,
            Beat::Fail(error) => self.ready.push_back(Err(error)),
            Beat::Crash => crash(),
            Beat::Stop(reason) => {
                self.ready.push_back(Ok(ModelEvent::Usage(self.usage)));
                self.ready.push_back(Ok(ModelEvent::Stop(reason)));
            }
        }
        Some(())
    }
}

#[expect(clippy::panic, reason = "the demo shows what a crash costs: this turn, and nothing else")]
fn crash() -> ! {
    panic!("crashed on request, to show what supervision does")
}

/// A text in pieces that end after a space or a line feed; joined they are the text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '\n'])
}

fn tokens(text: &str) -> u64 {
    u64::try_from(text.chars().count().div_ceil(CHARS_PER_TOKEN)).unwrap_or(u64::MAX)
}

fn prompt_tokens(request: &ModelRequest) -> u64 {
    let parts = request.messages.iter().flat_map(|message| &message.parts).map(|part| match part {
        Part::Text { text } => tokens(text),
        Part::ToolResult { content, .. } => tokens(content),
        Part::Image { .. } | Part::Thinking { .. } | Part::ToolCall(_) => 0,
    });
    tokens(&request.system) + parts.sum::<u64>()
}

#[cfg(test)]
mod tests;
