//! What the pages load besides themselves, compiled in and addressed by its content.
//!
//! All files share one folder name, a hash over all of them, so that modules import
//! each other by relative names and every answer can be cached for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::headers::PAGE_POLICY;

macro_rules! files {
    ($($name:literal: $kind:literal),+ $(,)?) => {
        static FILES: &[File] = &[$(File {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("assets/", $name)),
        }),+];
    };
}

struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

files! {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "palette.js": "text/javascript; charset=utf-8",
    "search.js": "text/javascript; charset=utf-8",
    "code.js": "text/javascript; charset=utf-8",
    "copy.js": "text/javascript; charset=utf-8",
    "composer.js": "text/javascript; charset=utf-8",
    "decide.js": "text/javascript; charset=utf-8",
    "notify.js": "text/javascript; charset=utf-8",
    "drawer.js": "text/javascript; charset=utf-8",
    "look.js": "text/javascript; charset=utf-8",
    "process.js": "text/javascript; charset=utf-8",
    "inbox.js": "text/javascript; charset=utf-8",
    "entrance.js": "text/javascript; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "live-worker.js": "text/javascript; charset=utf-8",
    "outbox.js": "text/javascript; charset=utf-8",
    "runtime.js": "text/javascript; charset=utf-8",
    "schedules.js": "text/javascript; charset=utf-8",
    "safety.js": "text/javascript; charset=utf-8",
    "push-worker.js": "text/javascript; charset=utf-8",
    "passkey.js": "text/javascript; charset=utf-8",
    "security.js": "text/javascript; charset=utf-8",
    "sign-in.js": "text/javascript; charset=utf-8",
    "stream.js": "text/javascript; charset=utf-8",
    "swap.js": "text/javascript; charset=utf-8",
    "time.js": "text/javascript; charset=utf-8",
    "trusted.js": "text/javascript; charset=utf-8",
    "vault.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "manifest.webmanifest": "application/manifest+json",
}

/// The folder of this build's assets: sixteen hexadecimal digits.
#[must_use]
pub fn build() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| format!("{:016x}", digest()));
    &BUILD
}

/// FNV-1a over all names and contents. It tells builds apart; it protects nothing.
fn digest() -> u64 {
    FILES
        .iter()
        .flat_map(|file| file.name.as_bytes().iter().chain(file.bytes))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The address of an asset.
#[must_use]
pub fn url(name: &str) -> String {
    debug_assert!(FILES.iter().any(|file| file.name == name), "no asset is called {name}");
    format!("/assets/{}/{name}", build())
}

/// `GET /assets/{build}/{name}`. Another build's name gets nothing, so that builds never mix.
pub(super) async fn serve(Path((folder, name)): Path<(String, String)>) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name).filter(|_| folder == build()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        // A worker has the policy of its own answer.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
    ];
    (headers, file.bytes).into_response()
}

/// `GET /push-worker.js`: its address is the same in every build, because browsers ask for it again under that one.
pub(super) async fn push_worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
    ];
    (headers, include_bytes!("assets/push-worker.js").as_slice()).into_response()
}

#[cfg(test)]
mod tests;
