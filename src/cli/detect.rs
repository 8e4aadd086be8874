//! What is on this machine that could answer: local model servers, coding CLIs, keys in the
//! environment. Only looks: no program is run, no key is read, nothing leaves the machine.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wire::Wire;

const OLLAMA_PORT: u16 = 11_434;
const OLLAMA_TIMEOUT: Duration = Duration::from_millis(300);
const OLLAMA_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Coding assistants that are known to be usable as backends.
const CLIS: [&str; 5] = ["claude", "codex", "gemini", "opencode", "aider"];
/// Ends of variable names that hold keys.
const KEY_ENDINGS: [&str; 3] = ["_API_KEY", "_API_TOKEN", "_ACCESS_TOKEN"];

/// A local model server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Ollama {
    /// It answered.
    Here {
        /// `host:port`.
        address: String,
        /// How many models it has.
        models: usize,
    },
    /// The environment names one on another machine, which is not asked.
    Elsewhere(String),
    /// Nobody answered.
    Absent,
}

/// Looks for Ollama where the environment says, or at its usual address.
pub(super) async fn ollama(setting: Option<&str>) -> Ollama {
    let (host, port) = ollama_address(setting.unwrap_or_default());
    let address = format!("{host}:{port}");
    if !is_this_machine(&host) {
        return Ollama::Elsewhere(address);
    }
    match timeout(OLLAMA_TIMEOUT, tags(&address)).await {
        Ok(Some(models)) => Ollama::Here { address, models },
        Ok(None) | Err(_) => Ollama::Absent,
    }
}

/// Host and port of `OLLAMA_HOST`, which people write with and without a scheme, a port and a path.
fn ollama_address(setting: &str) -> (String, u16) {
    let setting = setting.trim();
    let bare = setting.split_once("://").map_or(setting, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default();
    let (host, port) = match bare.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => match port.parse() {
            Ok(port) => (host, port),
            Err(_) => (bare, OLLAMA_PORT),
        },
        _ => (bare, OLLAMA_PORT),
    };
    // 0.0.0.0 tells a server to listen everywhere; a client reaches it on loopback.
    let host = if host.is_empty() || host == "0.0.0.0" { "127.0.0.1" } else { host };
    (host.to_owned(), port)
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn tags(address: &str) -> Option<usize> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, mut wire) = Wire::over(stream).await.ok()?;
    let request = Request::get("/api/tags").header("host", address).body(Full::default()).ok()?;
    let response = wire.carry(sender.send_request(request)).await.ok()?;
    let body = Limited::new(response.into_body(), OLLAMA_BYTES_MAX).collect();
    let body = wire.carry(body).await.ok()?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).ok()?;
    answer.get("models")?.as_array().map(Vec::len)
}

/// Coding CLIs on this search path.
pub(super) fn clis(path: &std::ffi::OsStr) -> Vec<&'static str> {
    let folders: Vec<_> = std::env::split_paths(path).collect();
    CLIS.into_iter().filter(|name| folders.iter().any(|folder| is_program(&folder.join(name)))).collect()
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Names that look as if they held a key for a model provider. Values are not looked at.
pub(super) fn key_names(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> =
        names.filter(|name| KEY_ENDINGS.iter().any(|ending| name.ends_with(ending))).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests;
