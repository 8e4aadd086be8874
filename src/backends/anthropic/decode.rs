//! A Messages answer as events.

use super::blocks::{OpenBlock, whole_block};
use super::wire::{Counts, Event, Message, WireUsage};
use crate::backends::answer::{Decoder, Events, truncated};
use crate::backends::failure::{self, Failure};
use crate::backends::sse::SseEvent;
use crate::egress::Secret;
use crate::protocol::chat::StopReason;
use crate::protocol::model::ModelEvent;

/// What is known of one answer so far.
#[derive(Default)]
pub(super) struct MessageDecoder {
    counts: Counts,
    /// The block that is being written, and its index. Blocks do not overlap.
    open: Option<(u32, OpenBlock)>,
    stop: Option<StopReason>,
}

impl Decoder for MessageDecoder {
    fn event(
        &mut self,
        event: SseEvent<'_>,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<bool, Failure> {
        let event: Event = serde_json::from_str(event.data)
            .map_err(|_| failure::protocol("the provider sent an event that is none of the Messages API"))?;
        match event {
            Event::MessageStart { message } => self.count(message.usage, out),
            Event::ContentBlockStart { index, content_block } => {
                self.open = OpenBlock::begin(content_block, out).map(|block| (index, block));
            }
            Event::ContentBlockDelta { index, delta } => {
                let open = self.open.as_mut().filter(|(open, _)| *open == index);
                if let Some((_, block)) = open {
                    block.extend(delta, out)?;
                }
            }
            Event::ContentBlockStop { index } => {
                if let Some((_, block)) = self.open.take_if(|(open, _)| *open == index) {
                    block.finish(out);
                }
            }
            Event::MessageDelta { delta, usage } => {
                self.count(usage, out);
                self.stop = delta.stop_reason.as_deref().map(stop_reason).or(self.stop);
            }
            Event::MessageStop => return self.end(out).map(|()| true),
            Event::Error(error) => return Err(failure::of_error_object(&error, key)),
            Event::Ping | Event::Unknown => {}
        }
        Ok(false)
    }

    fn end(&mut self, out: &mut Events) -> Result<(), Failure> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        out.push_back(ModelEvent::Stop(stop));
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn whole(&mut self, body: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        let not_one = || failure::protocol("the provider's answer is not a message; is base_url right?");
        let value: serde_json::Value = serde_json::from_slice(body).map_err(|_| not_one())?;
        if value.get("error").is_some() {
            return Err(failure::of_error_object(&value, key));
        }
        let message: Message = serde_json::from_value(value).map_err(|_| not_one())?;
        let stop = message.stop_reason.as_deref().map(stop_reason);
        for block in message.content {
            whole_block(block, out);
        }
        self.count(message.usage, out);
        self.stop = stop;
        self.end(out)
    }
}

impl MessageDecoder {
    fn count(&mut self, usage: Option<WireUsage>, out: &mut Events) {
        if let Some(usage) = usage {
            out.push_back(ModelEvent::Usage(self.counts.update(usage)));
        }
    }
}

fn stop_reason(word: &str) -> StopReason {
    match word {
        "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "tool_use" => StopReason::ToolUse,
        "refusal" => StopReason::Refusal,
        // `end_turn`; `pause_turn` comes only with tools that the provider itself runs.
        _ => StopReason::EndTurn,
    }
}
