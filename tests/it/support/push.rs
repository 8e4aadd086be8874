//! A push service (RFC 8030) with one browser behind it, which opens what it gets (RFC 8291) and checks who signed
//! (RFC 8292).

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};
use sha2::Sha256;

/// Longest wait for a push.
const PATIENCE: Duration = Duration::from_secs(30);

/// A push as the browser reads it.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// What the page's worker is given.
    pub told: Value,
    /// The claims of whoever signed.
    pub claims: Value,
    /// The key that signed, base64url.
    pub key: String,
    /// The headers.
    pub headers: HashMap<String, String>,
}

#[derive(Clone)]
struct Shared {
    secret: SecretKey,
    auth: [u8; 16],
    pushed: Arc<Mutex<Vec<Pushed>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// See the module.
pub struct PushService {
    address: SocketAddr,
    shared: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PushService {
    /// Listens on a port of its own; the first pushes get these answers, the others 201.
    pub async fn start(answers: &[u16]) -> Self {
        let shared = Shared {
            secret: SecretKey::from_slice(&[7; 32]).unwrap(),
            auth: [9; 16],
            pushed: Arc::default(),
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
        };
        let router = Router::new().route("/push/browser", post(take)).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    /// Where it listens.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What the browser gives out when it subscribes.
    pub fn subscription(&self) -> Value {
        let point = self.shared.secret.public_key().to_sec1_bytes();
        json!({
            "endpoint": format!("http://{}/push/browser", self.address),
            "keys": { "p256dh": URL_SAFE_NO_PAD.encode(point), "auth": URL_SAFE_NO_PAD.encode(self.shared.auth) },
            "label": "Firefox on a phone",
        })
    }

    /// Waits until there are so many pushes; all of them.
    pub async fn pushes(&self, count: usize) -> Vec<Pushed> {
        let wait = async {
            loop {
                let pushed = self.shared.pushed.lock().unwrap().clone();
                if pushed.len() >= count {
                    return pushed;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("a push")
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(pushed) = open(&shared, &headers, &body) else { return StatusCode::BAD_REQUEST };
    shared.pushed.lock().unwrap().push(pushed);
    let answer = shared.answers.lock().unwrap().pop_front().unwrap_or(201);
    StatusCode::from_u16(answer).unwrap()
}

fn open(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Option<Pushed> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    if text("content-encoding")? != "aes128gcm" || text("ttl")?.parse::<u32>().is_err() || body.len() > 4_096
    {
        return None;
    }
    let authorization = text("authorization")?;
    let (token, key) = authorization.strip_prefix("vapid t=")?.split_once(", k=")?;
    let (signed, signature) = token.rsplit_once('.')?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let verifying = VerifyingKey::from_sec1_bytes(&decoded(key)?).ok()?;
    verifying.verify(signed.as_bytes(), &Signature::from_slice(&decoded(signature)?).ok()?).ok()?;
    let (head, claims) = signed.split_once('.')?;
    let head: Value = serde_json::from_slice(&decoded(head)?).ok()?;
    if head != json!({ "typ": "JWT", "alg": "ES256" }) {
        return None;
    }
    let (salt, rest) = body.split_at_checked(16)?;
    let (sizes, rest) = rest.split_at_checked(5)?;
    if sizes != [0, 0, 16, 0, 65] {
        return None;
    }
    let (point, record) = rest.split_at_checked(65)?;
    let sender = PublicKey::from_sec1_bytes(point).ok()?;
    let ours = shared.secret.public_key().to_sec1_bytes();
    let agreed = shared.secret.diffie_hellman(&sender);
    let info = [b"WebPush: info\0".as_slice(), &ours, point].concat();
    let secret: [u8; 32] = expand(&shared.auth, agreed.raw_secret_bytes(), &info);
    let content: [u8; 16] = expand(salt, &secret, b"Content-Encoding: aes128gcm\0");
    let nonce: [u8; 12] = expand(salt, &secret, b"Content-Encoding: nonce\0");
    let cipher = Aes128Gcm::new(&Key::<Aes128Gcm>::from(content));
    let mut plain = cipher.decrypt(&Nonce::from(nonce), record).ok()?;
    if plain.pop()? != 2 {
        return None;
    }
    let headers =
        headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    Some(Pushed {
        told: serde_json::from_slice(&plain).ok()?,
        claims: serde_json::from_slice(&decoded(claims)?).ok()?,
        key: key.to_owned(),
        headers: headers.collect(),
    })
}

fn expand<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out).unwrap();
    out
}
