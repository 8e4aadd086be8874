//! Tests of the verifiers. `schemes` signs as the sources do, with code of its own; `every` holds all of
//! them to the same rules.

mod bodies;
mod channels;
mod every;
mod garbage;
mod generic;
mod gitlab;
mod handshakes;
mod keys;
mod labels;
mod mattermost;
mod netlify;
mod schemes;
mod shown;
mod sources;
mod timed;
mod twilio;
mod vectors;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Key, Received, Refusal, Verified};

/// When tests take place.
const NOW: i64 = 1_800_000_000;

/// A request that owns its parts.
#[derive(Clone)]
struct Request {
    headers: HeaderMap,
    body: Vec<u8>,
    url: String,
    now_s: i64,
}

impl Request {
    fn new(headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let url = "https://hooks.example.com/api/webhooks/7?x=1".to_owned();
        let mut request = Self { headers: HeaderMap::new(), body: body.into(), url, now_s: NOW };
        headers.iter().for_each(|(name, value)| request.set(name, value.as_bytes()));
        request
    }

    fn set(&mut self, name: &str, value: &[u8]) {
        self.headers.insert(named(name), HeaderValue::from_bytes(value).unwrap());
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        self.headers.append(named(name), HeaderValue::from_bytes(value).unwrap());
    }

    fn without(mut self, name: &str) -> Self {
        assert!(self.headers.remove(named(name)).is_some(), "{name} was not there");
        self
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value.as_bytes());
        self
    }

    fn at(mut self, now_s: i64) -> Self {
        self.now_s = now_s;
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn received(&self) -> Received<'_> {
        Received { headers: &self.headers, body: &self.body, url: &self.url, now_s: self.now_s }
    }

    fn judge(&self, source: super::Source, keys: &[Key]) -> Result<Verified, Refusal> {
        super::verify(source, &self.received(), keys)
    }
}

fn named(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap()
}

fn key(source: super::Source, secret: &str) -> Key {
    source.key(secret).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
