//! One question and its answer, over crashes of the connection and restarts of the daemon.
//!
//! The message has an idempotency key, so sending it again stores it once; the stream resumes after
//! the last event that was shown, so nothing is missed and nothing is shown twice.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::super::client::{Client, ClientError, Events};
use super::super::exit::{Exit, Failure};
use super::super::sse::SseEvent;
use super::screen::Screen;

/// How long a daemon that went away may take to come back.
const AWAY_MAX: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// What is asked.
pub(super) struct Question {
    pub(super) content: String,
    pub(super) backend: Option<String>,
    pub(super) model: Option<String>,
}

/// How a turn ended: the data of its last event, and its usage.
pub(super) struct Ending {
    turn: String,
    done: bool,
    data: Value,
    usage: Value,
}

/// Asks and shows the answer until the turn has ended. The first Ctrl-C stops the turn; a second one
/// leaves at once, and the turn ends by itself.
pub(super) async fn ask(
    client: &Client,
    thread: &str,
    question: &Question,
    screen: &mut Screen,
) -> Result<Ending, Failure> {
    let accepted = send(client, thread, question).await?;
    let Some(turn) = accepted.get("turn_id").and_then(Value::as_str) else {
        return Err(ClientError::Strange.into());
    };
    let Some(last) = accepted.get("after").and_then(Value::as_i64) else {
        return Err(ClientError::Strange.into());
    };
    let mut follow = Follow { client, thread, turn, last, usage: Value::Null };
    tokio::select! {
        ending = follow.until_its_end(screen) => ending,
        left = stop_on_interrupt(client, turn) => Err(left),
    }
}

async fn send(client: &Client, thread: &str, question: &Question) -> Result<Value, Failure> {
    let mut body = Map::from_iter([("content".to_owned(), json!(question.content))]);
    for (key, value) in [("backend", &question.backend), ("model", &question.model)] {
        if let Some(value) = value {
            body.insert(key.to_owned(), json!(value));
        }
    }
    let (path, body) = (format!("/api/v1/threads/{thread}/messages"), Value::Object(body));
    let key = Uuid::new_v4().to_string();
    let deadline = Instant::now() + AWAY_MAX;
    loop {
        match client.post(&path, &body, Some(&key)).await {
            Err(ClientError::Unreachable(_)) if Instant::now() < deadline => sleep(BETWEEN_TRIES).await,
            answer => return Ok(answer?),
        }
    }
}

/// Never ends while nobody interrupts.
async fn stop_on_interrupt(client: &Client, turn: &str) -> Failure {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the system ends the process by itself.
            std::future::pending::<()>().await;
        }
    };
    interrupted.await;
    // silent-ok: the turn may just have ended; the stream says how.
    let _ = client.post(&format!("/api/v1/turns/{turn}/stop"), &json!({}), None).await;
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    Failure::text(Exit::Failed, "left; the turn is being stopped")
}

/// The events of one turn, as they are shown.
struct Follow<'a> {
    client: &'a Client,
    thread: &'a str,
    turn: &'a str,
    /// The last event that was seen.
    last: i64,
    usage: Value,
}

impl Follow<'_> {
    async fn until_its_end(&mut self, screen: &mut Screen) -> Result<Ending, Failure> {
        loop {
            let mut events = self.connect().await?;
            while let Some(event) = events.next().await {
                if let Some(ending) = self.show(&event, screen) {
                    return Ok(ending);
                }
                if !screen.is_open() {
                    return Err(Failure::text(Exit::Failed, "nobody reads the answer any more"));
                }
            }
        }
    }

    async fn connect(&self) -> Result<Events, Failure> {
        let deadline = Instant::now() + AWAY_MAX;
        loop {
            match self.client.events(self.thread, self.last).await {
                Ok(events) => return Ok(events),
                Err(ClientError::Refused(problem)) if problem.status < 500 => {
                    return Err(ClientError::Refused(problem).into());
                }
                Err(_) if Instant::now() < deadline => sleep(BETWEEN_TRIES).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Shows one event; the last one of the turn is its ending.
    fn show(&mut self, event: &SseEvent, screen: &mut Screen) -> Option<Ending> {
        if let Some(id) = event.id.as_deref().and_then(|id| id.parse().ok()) {
            self.last = id;
        }
        let data: Value = serde_json::from_str(&event.data).ok()?;
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("turn_id") != self.turn {
            return None;
        }
        match event.name.as_str() {
            "delta" => screen.text(text("text")),
            "thinking" => screen.thinking(text("text")),
            "tool" => screen.note(&format!("[{} {}]", text("name"), text("state"))),
            "usage" => self.usage = data,
            "done" => return Some(self.ending(true, data, screen)),
            "error" => return Some(self.ending(false, data, screen)),
            _ => {}
        }
        None
    }

    fn ending(&mut self, done: bool, data: Value, screen: &mut Screen) -> Ending {
        screen.end_line();
        let ending =
            Ending { turn: self.turn.to_owned(), done, data, usage: std::mem::take(&mut self.usage) };
        if let Some(trouble) = ending.trouble() {
            screen.trouble(&trouble);
        }
        ending
    }
}

// === impl Ending ===

impl Ending {
    pub(super) const fn exit(&self) -> Exit {
        if self.done { Exit::Done } else { Exit::Failed }
    }

    /// The whole answer as data.
    pub(super) fn report(&self, thread: &str) -> Value {
        let mut report = json!({ "thread_id": thread, "turn_id": self.turn });
        let numbers = |value: &Value| -> Map<String, Value> {
            let fields = value.as_object().into_iter().flatten();
            fields.filter(|(_, v)| v.is_number()).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let fields = if self.done {
            ["message_id", "content", "stop_reason", "backend", "model", "usage"].as_slice()
        } else {
            ["message_id", "content", "state", "code", "message", "retryable", "retry_after_s"].as_slice()
        };
        if let Some(report) = report.as_object_mut() {
            for key in fields {
                if let Some(value) = self.data.get(key) {
                    report.insert((*key).to_owned(), value.clone());
                }
            }
            if !self.usage.is_null() {
                report.insert("usage".to_owned(), Value::Object(numbers(&self.usage)));
            }
        }
        report
    }

    /// Why there is no whole answer, for people.
    fn trouble(&self) -> Option<String> {
        if self.done {
            return None;
        }
        let text = |key: &str| self.data.get(key).and_then(Value::as_str);
        let message = text("message").unwrap_or("the turn failed");
        let code = text("code").unwrap_or("failed");
        let again = match self.data.get("retry_after_s").and_then(Value::as_u64) {
            Some(seconds) => format!("; try again in {seconds} s"),
            None if self.data.get("retryable").and_then(Value::as_bool) == Some(true) => {
                "; trying again may help".to_owned()
            }
            None => String::new(),
        };
        Some(format!("{code}: {message}{again}"))
    }
}

#[cfg(test)]
mod tests;
