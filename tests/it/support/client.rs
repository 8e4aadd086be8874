//! A client of the console API as a person's program would be.

use std::time::Duration;

use futures::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// One server-sent event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Position in the log.
    pub id: i64,
    /// `accepted`, `delta`, …
    pub kind: String,
    /// The data.
    pub data: Value,
}

impl Event {
    /// The turn that it belongs to.
    pub fn turn(&self) -> &str {
        self.data["turn_id"].as_str().unwrap_or_default()
    }
}

/// See the module.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// A client with a bearer token.
    pub fn new(base: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { http, base: base.to_owned(), token: token.to_owned() }
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// GET, its status and JSON.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        status_and_json(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// POST of JSON, its status and JSON.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        status_and_json(self.request(Method::POST, path).json(body).send().await.unwrap()).await
    }

    /// A new thread in the default workspace.
    pub async fn thread(&self, title: &str) -> String {
        let (status, thread) = self.post("/api/v1/threads", &json!({ "title": title })).await;
        assert_eq!(status, StatusCode::CREATED, "{thread}");
        thread["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message and returns the turn.
    pub async fn say(&self, thread: &str, content: &str) -> String {
        let path = format!("/api/v1/threads/{thread}/messages");
        let (status, accepted) = self.post(&path, &json!({ "content": content })).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{accepted}");
        accepted["turn_id"].as_str().unwrap().to_owned()
    }

    /// All messages of a thread, oldest first.
    pub async fn messages(&self, thread: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let (status, page) =
                self.get(&format!("/api/v1/threads/{thread}/messages?limit=200{after}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return all,
            }
        }
    }

    /// The events of a thread after a position, until `enough` or the stream ends.
    pub async fn events_until(
        &self,
        thread: &str,
        after: i64,
        enough: impl Fn(&[Event]) -> bool,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        self.read_events(thread, after, &mut events, enough).await;
        events
    }

    /// Adds events to `events` as they come, also when the daemon goes away in the middle.
    pub async fn read_events(
        &self,
        thread: &str,
        after: i64,
        events: &mut Vec<Event>,
        enough: impl Fn(&[Event]) -> bool,
    ) {
        let path = format!("/api/v1/threads/{thread}/events?after={after}");
        let Ok(response) =
            self.request(Method::GET, &path).header("accept", "text/event-stream").send().await
        else {
            return;
        };
        assert_eq!(response.status(), StatusCode::OK);
        let mut body = response.bytes_stream();
        let mut buffer = Vec::new();
        while let Some(Ok(bytes)) = body.next().await {
            buffer.extend_from_slice(&bytes);
            while let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = buffer.drain(..end + 2).collect();
                events.extend(parse(std::str::from_utf8(&block).unwrap()));
                if enough(events) {
                    return;
                }
            }
        }
    }

    /// All events up to the end of this turn.
    pub async fn turn_events(&self, thread: &str, turn: &str) -> Vec<Event> {
        let ended = |events: &[Event]| {
            events.iter().any(|event| event.turn() == turn && matches!(event.kind.as_str(), "done" | "error"))
        };
        self.events_until(thread, 0, ended).await
    }

    /// Sends a message and waits for its last event.
    pub async fn ask(&self, thread: &str, content: &str) -> Event {
        let turn = self.say(thread, content).await;
        self.turn_events(thread, &turn).await.pop().expect("the turn has a last event")
    }
}

fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let data = serde_json::from_str(field("data:")?).unwrap();
    Some(Event { id: field("id:")?.parse().unwrap(), kind: field("event:")?.to_owned(), data })
}

async fn status_and_json(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
