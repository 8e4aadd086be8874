//! A server of embeddings on a loopback port, whose model knows a few words: those of one class point in one direction.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// Figures of a vector.
const FIGURES: usize = 64;
/// Words that mean the same.
const CLASSES: &[&[&str]] = &[
    &["afraid", "terrified", "scared", "fear"],
    &["moths", "moth"],
    &["physician", "doctor"],
    &["bread", "loaf", "bakery"],
    &["car", "automobile"],
];

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Manner {
    /// Answers.
    #[default]
    Good,
    /// Says nothing for ever.
    Silent,
    /// Answers something that is no vector.
    Garbage,
    /// Has failed.
    Broken,
    /// Refuses texts with this word in them.
    Picky(&'static str),
}

#[derive(Default)]
struct Inner {
    manner: Manner,
    texts: Vec<String>,
}

/// See the module. Stops when dropped.
pub struct Embeddings {
    url: String,
    inner: Arc<Mutex<Inner>>,
    server: tokio::task::JoinHandle<()>,
}

impl Embeddings {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let inner: Arc<Mutex<Inner>> = Arc::default();
        let router = Router::new().route("/v1/embeddings", post(asked)).with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, server }
    }

    /// Settings of a daemon that uses it.
    pub fn settings(&self) -> String {
        format!(
            "[backends.vectors]\nkind = \"openai\"\nbase_url = \"{}\"\n\
             [search.semantic]\nbackend = \"vectors\"\nmodel = \"classes\"\n",
            self.url
        )
    }

    pub fn manner(&self, manner: Manner) {
        self.inner.lock().manner = manner;
    }

    /// Every text that it was asked about so far.
    pub fn texts(&self) -> Vec<String> {
        self.inner.lock().texts.clone()
    }
}

impl Drop for Embeddings {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn asked(State(inner): State<Arc<Mutex<Inner>>>, Json(body): Json<Value>) -> Response {
    assert_eq!(body["model"], "classes");
    let texts: Vec<String> =
        body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    let manner = {
        let mut inner = inner.lock();
        inner.texts.extend(texts.clone());
        inner.manner
    };
    match manner {
        Manner::Silent => std::future::pending().await,
        Manner::Garbage => Json(json!({ "data": [{ "embedding": ["moths"] }] })).into_response(),
        Manner::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manner::Picky(word) if texts.iter().any(|text| text.contains(word)) => {
            (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": "too much" } }))).into_response()
        }
        Manner::Picky(_) | Manner::Good => {
            let one = |(index, text): (usize, &String)| json!({ "index": index, "embedding": vector(text) });
            let data: Vec<Value> = texts.iter().enumerate().map(one).collect();
            Json(json!({ "data": data, "usage": { "prompt_tokens": texts.len() } })).into_response()
        }
    }
}

/// The sum of the directions of its words, as far as they are known; else a direction of its own.
fn vector(text: &str) -> Vec<f32> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let known = words.filter_map(|word| CLASSES.iter().position(|class| class.contains(&word)));
    let mut known: Vec<u64> = known.map(|class| class as u64).collect();
    if known.is_empty() {
        known.push(lower.bytes().fold(1_000, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte)));
    }
    let mut sum = vec![0.0; FIGURES];
    for class in known {
        let mut random = fastrand::Rng::with_seed(class);
        sum.iter_mut().for_each(|x| *x += random.f32() - 0.5);
    }
    sum
}
