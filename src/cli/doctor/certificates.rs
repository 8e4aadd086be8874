//! The checks of certificates: that they work, who can read their keys, and how long they last.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;

use super::finding::Finding;
use crate::certificates::{Certificates, Kind, facts_of};
use crate::config::{Config, Home};
use crate::http::{BindError, console_tls, ingress_tls};

/// Days before its end from which a certificate is worth a warning.
const ENDS_SOON_DAYS: i64 = 30;

/// The files that the settings name.
pub(super) fn of_listeners(config: &Config, home: &Home) -> Vec<Finding> {
    let revoked = Certificates::of(home).revoked_file();
    let (console, ingress) = (&config.console, &config.ingress);
    let mut findings = Vec::new();
    if let (Some(cert), Some(key)) = (&console.tls_cert, &console.tls_key) {
        findings.extend(listener("console", cert, key, console_tls(console, revoked.clone()).map(drop)));
    }
    if let (Some(cert), Some(key)) = (&ingress.tls_cert, &ingress.tls_key) {
        findings.extend(listener("ingress", cert, key, ingress_tls(ingress, revoked).map(drop)));
    }
    findings
}

fn listener(name: &str, cert: &Path, key: &Path, opened: Result<(), BindError>) -> Vec<Finding> {
    let id = format!("tls.{name}");
    if let Err(error) = opened {
        return vec![Finding::fail(id, error.to_string())];
    }
    let mut findings = vec![life(&id, cert)];
    findings.extend(readable_by_others(&id, key));
    findings
}

/// Our own certificates: those of devices that end soon, and files that others can read.
pub(super) fn of_home(home: &Home) -> Vec<Finding> {
    let id = "certificates";
    let held = match Certificates::of(home).list() {
        Ok(held) => held,
        Err(error) => return vec![Finding::fail(id, error.to_string())],
    };
    let mut findings = Vec::new();
    for held in &held {
        findings.extend(held.key.as_deref().and_then(|key| readable_by_others(id, key)));
        let days = held.facts.days_left(Timestamp::now());
        if held.kind == Kind::Client && !held.revoked && days < ENDS_SOON_DAYS {
            let evidence = format!("`{}` ends in {days} days", held.name);
            findings.push(Finding::warn(id, evidence).fix(format!(
                "capuchin certs renew {0}, then capuchin certs export {0} --p12 {0}.p12",
                held.name
            )));
        }
    }
    if findings.is_empty() && !held.is_empty() {
        findings.push(Finding::ok(id, format!("{} are private and last", held.len())));
    }
    findings
}

fn life(id: &str, cert: &Path) -> Finding {
    let facts = match facts_of(cert) {
        Ok(facts) => facts,
        Err(error) => return Finding::fail(id, error.to_string()),
    };
    let renew = "renew it; one of our own: capuchin certs renew --due";
    let path = cert.display();
    match facts.days_left(Timestamp::now()) {
        ..0 => Finding::fail(id, format!("{path} has ended on {}", facts.not_after)).fix(renew),
        days @ 0..ENDS_SOON_DAYS => Finding::warn(id, format!("{path} ends in {days} days")).fix(renew),
        days => Finding::ok(id, format!("works, and {path} is good for {days} days")),
    }
}

fn readable_by_others(id: &str, path: &Path) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        Finding::warn(id, format!("{} can be read by other users", path.display()))
            .fix(format!("chmod 600 {}", path.display()))
    })
}
