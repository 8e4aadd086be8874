//! Where a request comes from, as far as the listener knows, for lists of devices and for counting failures.

use std::net::IpAddr;
use std::sync::Arc;

/// Most bytes of a header that are looked at.
const AGENT_BYTES_MAX: usize = 512;

/// See the module. Made from the connection; headers that a client writes are only its name.
#[derive(Clone, Debug)]
pub struct Client {
    /// The other end of the connection.
    pub address: IpAddr,
    /// Whether it is on this machine.
    pub local: bool,
    /// Whether it came over the control socket, from a process of the same user.
    pub control: bool,
    /// Browser and system in a few words, such as `Firefox on Linux`.
    pub agent: Arc<str>,
}

impl Client {
    /// The other end of a connection that calls itself `user_agent`.
    #[must_use]
    pub fn new(address: IpAddr, control: bool, user_agent: &str) -> Self {
        Self { address, local: address.is_loopback(), control, agent: Arc::from(summary(user_agent)) }
    }
}

/// What of a `User-Agent` a person recognises. Nothing of the header itself is kept.
fn summary(user_agent: &str) -> String {
    let end = (0..=AGENT_BYTES_MAX.min(user_agent.len())).rev().find(|end| user_agent.is_char_boundary(*end));
    let text = user_agent.get(..end.unwrap_or(0)).unwrap_or_default();
    // The order matters: browsers name those before them.
    let browser = [
        ("capuchin/", "capuchin"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&browser), find(&system)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("a program on {system}"),
        (None, None) => "an unknown program".to_owned(),
    }
}

#[cfg(test)]
mod tests;
