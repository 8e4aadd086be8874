//! One turn, from its text to its reason to stop, and what was said before.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::line::{Editor, Wrong};
use super::update;
use crate::cli::client::{Client, ClientError, Events};
use crate::cli::sse::SseEvent;

/// How long a daemon that went away may take to come back.
const AWAY_MAX: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
/// Messages that are shown of a session that is loaded; the last ones.
const MESSAGES_SHOWN_MAX: usize = 2_000;

/// A turn of a session.
pub(super) struct Turn {
    client: Client,
    editor: Editor,
    session: String,
    cancelled: CancellationToken,
    /// The model's round that speaks; between two of them is a blank line.
    round: u64,
    /// The last event that was seen.
    last: i64,
    /// Questions that wait for the person at the editor.
    asking: FuturesUnordered<BoxFuture<'static, ()>>,
}

/// The text of a prompt: texts, and resources that the editor puts into it or names.
pub(super) fn text(blocks: &Value) -> Result<String, Wrong> {
    let mut texts = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        let text = |path: &str| block.pointer(path).and_then(Value::as_str);
        texts.push(match text("/type") {
            Some("text") => text("/text").unwrap_or_default().to_owned(),
            Some("resource_link") => format!("[{}]", text("/uri").unwrap_or_default()),
            Some("resource") => {
                let content = text("/resource/text");
                let content = content.ok_or_else(|| Wrong::invalid("of resources only text is taken"))?;
                format!("{}:\n```\n{content}\n```", text("/resource/uri").unwrap_or_default())
            }
            other => {
                return Err(Wrong::invalid(format!(
                    "a prompt has no `{}` here",
                    other.unwrap_or("block without a type")
                )));
            }
        });
    }
    let text = texts.join("\n\n");
    if text.trim().is_empty() { Err(Wrong::invalid("`prompt` is empty")) } else { Ok(text) }
}

/// Shows what was said in a session.
pub(super) async fn load(client: Client, editor: Editor, session: String) -> Result<Value, Wrong> {
    let messages = client.list(&format!("/api/v1/threads/{session}/messages")).await?;
    let hidden = messages.len().saturating_sub(MESSAGES_SHOWN_MAX);
    for said in messages.iter().skip(hidden).filter_map(update::said) {
        editor.update(&session, said).await;
    }
    Ok(Value::Null)
}

// === impl Turn ===

impl Turn {
    pub(super) fn new(client: Client, editor: Editor, session: String, cancelled: CancellationToken) -> Self {
        Self { client, editor, session, cancelled, round: 1, last: 0, asking: FuturesUnordered::new() }
    }

    /// Sends the message and shows the answer until the turn has ended.
    pub(super) async fn run(mut self, content: String) -> Result<&'static str, Wrong> {
        let path = format!("/api/v1/threads/{}/messages", self.session);
        let key = Uuid::new_v4().to_string();
        let accepted = self.client.post(&path, &json!({ "content": content }), Some(&key)).await?;
        let turn = accepted.get("turn_id").and_then(Value::as_str).ok_or(ClientError::Strange)?.to_owned();
        self.last = accepted.get("after").and_then(Value::as_i64).ok_or(ClientError::Strange)?;
        let cancelled = self.cancelled.clone();
        let mut told = false;
        loop {
            let mut events = connect(&self.client, &self.session, self.last).await?;
            loop {
                tokio::select! {
                    event = events.next() => {
                        let Some(event) = event else { break };
                        if let Some(ended) = self.show(&turn, &event).await {
                            return ended;
                        }
                    }
                    Some(()) = self.asking.next() => {}
                    () = cancelled.cancelled(), if !told => {
                        told = true;
                        // silent-ok: the turn may just have ended; the stream says how.
                        let _ = self.client.post(&format!("/api/v1/turns/{turn}/stop"), &json!({}), None).await;
                    }
                }
            }
        }
    }

    /// Shows one event; the last one of the turn is its end.
    async fn show(&mut self, turn: &str, event: &SseEvent) -> Option<Result<&'static str, Wrong>> {
        if let Some(id) = event.id.as_deref().and_then(|id| id.parse().ok()) {
            self.last = id;
        }
        let data: Value = serde_json::from_str(&event.data).ok()?;
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("turn_id") != turn {
            return None;
        }
        match event.name.as_str() {
            "delta" => {
                let round = data.get("round").and_then(Value::as_u64).unwrap_or(1);
                let gap = if std::mem::replace(&mut self.round, round) == round { "" } else { "\n\n" };
                let said = update::chunk("agent_message_chunk", &[gap, text("text")].concat());
                self.editor.update(&self.session, said).await;
            }
            "thinking" => {
                let thought = update::chunk("agent_thought_chunk", text("text"));
                self.editor.update(&self.session, thought).await;
            }
            "tool" => self.editor.update(&self.session, update::call(&data)).await,
            "approval" if text("state") == "pending" => self.ask(text("approval_id")),
            "done" => return Some(Ok(update::stop_reason(text("stop_reason")))),
            "error" if self.cancelled.is_cancelled() || text("code") == "stopped" => {
                return Some(Ok("cancelled"));
            }
            "error" => return Some(Err(Wrong::failed(text("message"), Some(text("code").to_owned())))),
            _ => {}
        }
        None
    }

    /// Asks the person at the editor. Without an answer the question stays in the inbox, where anybody may answer it.
    fn ask(&mut self, approval: &str) {
        let (client, editor, session) = (self.client.clone(), self.editor.clone(), self.session.clone());
        let path = format!("/api/v1/approvals/{approval}");
        self.asking.push(Box::pin(async move {
            // silent-ok: a question that cannot be read is in the inbox
            let Ok(approval) = client.get(&path).await else { return };
            let answer =
                editor.ask("session/request_permission", update::permission(&session, &approval)).await;
            if let Some(decision) = answer.as_ref().and_then(update::decision) {
                // silent-ok: it may have been decided elsewhere; the turn's events say how
                let _ = client.post(&path, &json!({ "decision": decision, "reason": "" }), None).await;
            }
        }));
    }
}

async fn connect(client: &Client, session: &str, last: i64) -> Result<Events, Wrong> {
    let deadline = Instant::now() + AWAY_MAX;
    loop {
        match client.events(session, last).await {
            Ok(events) => return Ok(events),
            Err(ClientError::Refused(problem)) if problem.status < 500 => {
                return Err(ClientError::Refused(problem).into());
            }
            Err(_) if Instant::now() < deadline => sleep(BETWEEN_TRIES).await,
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
