//! Where an address that no setting names may lead. Pure: names are judged when they are looked up.

use reqwest::Url;

use super::EgressError;
use super::address::AddressClass;
use super::clients::{Clients, Reach};

/// Ports below 1024 that the web uses; no other one of them is reached.
const LOW_PORTS: [u16; 2] = [80, 443];
/// Ports above that speak something else, to which a request could be a command: those that browsers refuse,
/// and stores that take text.
const OTHER_PROTOCOLS: [u16; 21] = [
    1719, 1720, 1723, 2049, 2379, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667,
    6697, 10080, 11211, 27017,
];

/// A judged address.
#[derive(Debug)]
pub(super) struct Place {
    /// Without its fragment.
    pub(super) url: Url,
    pub(super) reach: Reach,
    pub(super) tls: bool,
}

impl Place {
    /// Judges an address by what is written in it. The URL standard's parser has turned every spelling of an
    /// IPv4 address (decimal, octal, hexadecimal, short, full-width, with a trailing dot) into the same one.
    pub(super) fn judge(mut url: Url, clients: &Clients) -> Result<Self, EgressError> {
        let (tls, host) = check_form(&url)?;
        let port = url.port_or_known_default().unwrap_or_default();
        if (port < 1024 && !LOW_PORTS.contains(&port)) || OTHER_PROTOCOLS.contains(&port) {
            return Err(EgressError::BadUrl { why: "its port is not one that web servers use" });
        }
        let listed = clients.config.allow_private_hosts.iter().any(|entry| is_listed(entry, host, port));
        let private = names_private_place(host, clients)?;
        if private && !listed {
            return Err(EgressError::Refused { host: host.to_owned() });
        }
        url.set_fragment(None);
        Ok(Self { tls, reach: if listed { Reach::Private } else { Reach::Public }, url })
    }
}

/// What every address must be: `http` or `https`, a host, and no credentials. Says whether it is TLS.
pub(super) fn check_form(url: &Url) -> Result<(bool, &str), EgressError> {
    let bad = |why| EgressError::BadUrl { why };
    let tls = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(bad("only http and https are spoken")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("a user name or password does not belong in it"));
    }
    let host = url.host_str().filter(|host| !host.trim_matches('.').is_empty());
    Ok((tls, host.ok_or_else(|| bad("it has no host"))?))
}

/// Whether the host is itself the name of a private place: an address, or `localhost`.
pub(super) fn names_private_place(host: &str, clients: &Clients) -> Result<bool, EgressError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let Ok(address) = bare.parse() else {
        let name = host.trim_end_matches('.');
        return Ok(name == "localhost" || name.ends_with(".localhost"));
    };
    match (clients.classify)(address) {
        AddressClass::Public => Ok(false),
        AddressClass::Private => Ok(true),
        AddressClass::Forbidden => Err(EgressError::Refused { host: host.to_owned() }),
    }
}

/// Whether an entry of `allow_private_hosts` means this host and port.
fn is_listed(entry: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.');
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_host = |name: &str| name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(bare);
    is_host(entry)
        || entry.rsplit_once(':').is_some_and(|(name, text)| text.parse() == Ok(port) && is_host(name))
}

#[cfg(test)]
mod tests;
