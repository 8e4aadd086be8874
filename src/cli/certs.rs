//! `certs …`: the home's own certificates, with or without a daemon. A running one takes new files in by itself.

mod wishes;

use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::certificates::{Certificates, Held, Kind, Pkcs12Style, write_private};
use crate::identity::SecretText;

use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
pub use wishes::CertsCommand;
use wishes::{ExportArgs, Pkcs12Args};

/// Characters of a password that we choose: 120 bits.
const PASSWORD_CHARS: usize = 20;

pub(super) fn run(place: &Place, command: CertsCommand) -> Outcome {
    let certificates = Certificates::of(&place.home);
    let now = Timestamp::now();
    match command {
        CertsCommand::Ca { permit } => {
            place.prepare()?;
            let permit = permit.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()?;
            let ca = match certificates.ca()? {
                Some(ca) if permit.is_empty() => ca,
                _ => certificates.make_ca(&permit, now)?,
            };
            show_ca(&ca);
        }
        CertsCommand::Server { name, san } => {
            place.prepare()?;
            let held = certificates.make_server(&name, &san, now)?;
            show_server(&held);
        }
        CertsCommand::Client { name, pkcs12 } => {
            place.prepare()?;
            let held = certificates.make_client(&name, now)?;
            output::line(&held.facts.fingerprint);
            match &pkcs12.p12 {
                Some(file) => hand_out(&certificates, &name, file, &pkcs12)?,
                None => {
                    output::talk(format_args!("certificate  {}", held.cert.display()));
                    held.key
                        .iter()
                        .for_each(|key| output::talk(format_args!("key          {}", key.display())));
                    output::talk(format_args!(
                        "for a browser: capuchin certs export {name} --p12 {name}.p12"
                    ));
                }
            }
        }
        CertsCommand::List(args) => show_list(&certificates.list()?, args.json, now),
        CertsCommand::Renew { names, due } => renew(&certificates, names, due, now)?,
        CertsCommand::Revoke { name } => {
            let count = certificates.revoke(&name, now)?;
            output::talk(format_args!(
                "revoked {count} certificate{} of {name}; a running daemon refuses and disconnects within seconds",
                if count == 1 { "" } else { "s" }
            ));
        }
        CertsCommand::Export(args) => export(&certificates, &args)?,
    }
    Ok(Exit::Done)
}

fn renew(certificates: &Certificates, names: Vec<String>, due: bool, now: Timestamp) -> Result<(), Failure> {
    let names = if due { certificates.due(now)?.into_iter().map(|held| held.name).collect() } else { names };
    if names.is_empty() {
        output::talk("nothing is due: every listener's certificate has more than a third of its life left");
    }
    for name in names {
        let held = certificates.renew(&name, now)?;
        output::line(format_args!("{name} {}", held.facts.fingerprint));
        output::talk(format_args!(
            "good until {}; a running daemon takes it in by itself",
            day(held.facts.not_after)
        ));
    }
    Ok(())
}

fn export(certificates: &Certificates, args: &ExportArgs) -> Result<(), Failure> {
    if let Some(file) = &args.pkcs12.p12 {
        return hand_out(certificates, &args.name, file, &args.pkcs12);
    }
    let held = certificates.find(&args.name)?;
    output::piece(&std::fs::read_to_string(&held.cert)?);
    Ok(())
}

/// Writes the PKCS#12 file. The key is not kept here then: it belongs to the device.
fn hand_out(certificates: &Certificates, name: &str, file: &Path, args: &Pkcs12Args) -> Result<(), Failure> {
    if file.exists() {
        return Err(Failure::text(Exit::Failed, format_args!("{} is there already", file.display()))
            .hint("move it away or choose another file"));
    }
    let style = if args.legacy { Pkcs12Style::Legacy } else { Pkcs12Style::Modern };
    let (password, chosen) =
        if args.password_stdin { (password_from_stdin()?, false) } else { (own_password()?, true) };
    write_private(file, &certificates.pkcs12(name, &password, style)?)?;
    certificates.forget_key(name)?;
    output::talk(format_args!("wrote {}; its key is nowhere else now", file.display()));
    if chosen {
        output::line(format_args!("password {}", password.as_str()));
        output::talk(
            "keep the password until the file is imported: it is not stored and cannot be shown again",
        );
    }
    output::talk("import it: Firefox: Settings > Privacy > Certificates > Your Certificates; Chromium:");
    output::talk(
        "chrome://certificate-manager; macOS, iOS, Android, Windows: open the file. Then delete the file.",
    );
    Ok(())
}

fn own_password() -> Result<Zeroizing<String>, Failure> {
    let random = SecretText::random("")?;
    Ok(Zeroizing::new(random.expose().chars().take(PASSWORD_CHARS).collect()))
}

fn password_from_stdin() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().take(4_096).read_to_string(&mut text)?;
    let password = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if password.chars().count() < 8 {
        return Err(Failure::text(Exit::Failed, "the password from stdin has fewer than 8 characters"));
    }
    Ok(password)
}

// === Output ===

fn show_ca(ca: &Held) {
    output::line(&ca.facts.fingerprint);
    output::talk(format_args!("{}, good until {}", ca.facts.subject, day(ca.facts.not_after)));
    output::talk(format_args!("certificate  {}   import this one on every device", ca.cert.display()));
    if let Some(key) = &ca.key {
        output::talk(format_args!("key          {}   never leaves this machine", key.display()));
    }
    output::talk("compare the SHA-256 fingerprint above when the device shows it. Where to import it:");
    output::talk("  Firefox   Settings > Privacy & Security > Certificates > Authorities");
    output::talk("  Chromium  chrome://certificate-manager > Custom > Trusted certificates");
    output::talk(
        "  Debian    copy to /usr/local/share/ca-certificates/capuchin.crt, run update-ca-certificates",
    );
    output::talk(
        "  macOS     open the file, then trust it in Keychain Access; iOS: also in Certificate Trust Settings",
    );
    output::talk("next: capuchin certs server --san NAME-OR-ADDRESS");
}

fn show_server(held: &Held) {
    output::line(&held.facts.fingerprint);
    output::talk(format_args!("for {}", held.facts.sans.join(", ")));
    output::talk(format_args!("good until {}; the daemon renews it in time", day(held.facts.not_after)));
    output::talk("to use it, put this into the settings:\n");
    output::talk(format_args!("[console]\ntls_cert = \"{}\"", held.cert.display()));
    if let Some(key) = &held.key {
        output::talk(format_args!("tls_key = \"{}\"", key.display()));
    }
    let names: Vec<_> = held
        .facts
        .sans
        .iter()
        .filter(|san| san.as_str() != "localhost" && san.parse::<std::net::IpAddr>().is_err())
        .map(|san| format!("\"{san}\""))
        .collect();
    if !names.is_empty() {
        output::talk(format_args!("allowed_hosts = [{}]", names.join(", ")));
    }
}

fn show_list(all: &[Held], json: bool, now: Timestamp) {
    if json {
        let items: Vec<Value> = all.iter().map(|held| record(held, now)).collect();
        output::json(&json!({ "items": items, "next": null }));
        return;
    }
    if all.is_empty() {
        output::talk("there are no certificates; `capuchin certs ca` makes an authority for more");
        return;
    }
    let rows: Vec<_> = all
        .iter()
        .map(|held| {
            [
                held.name.clone(),
                held.kind.to_string(),
                state(held, now).to_owned(),
                day(held.facts.not_after),
                held.facts.sans.join(","),
                held.facts.fingerprint.chars().take(23).collect(),
            ]
        })
        .collect();
    output::table(["NAME", "KIND", "STATE", "UNTIL", "FOR", "SHA-256 BEGINS"], &rows);
}

fn record(held: &Held, now: Timestamp) -> Value {
    json!({
        "name": held.name,
        "kind": held.kind,
        "state": state(held, now),
        "subject": held.facts.subject,
        "sans": held.facts.sans,
        "serial": held.facts.serial,
        "fingerprint": held.facts.fingerprint,
        "not_before": held.facts.not_before,
        "not_after": held.facts.not_after,
        "certificate": held.cert,
        "key": held.key,
    })
}

fn state(held: &Held, now: Timestamp) -> &'static str {
    match () {
        () if held.revoked => "revoked",
        () if held.facts.days_left(now) < 0 => "expired",
        () if held.kind != Kind::Ca && held.facts.is_due(now) => "due",
        () => "good",
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
