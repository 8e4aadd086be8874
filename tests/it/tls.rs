//! The daemon behind its own certificates: who comes in, what changes while it runs, and what testssl.sh says.
//!
//! `testssl.sh` is Debian's package; without it its test says so and passes, in CI it fails.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, Identity};
use serde_json::Value;

use crate::support::daemon::{Setup, TestDaemon};

/// Longest wait for a change to be seen; the daemon looks every two seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// What testssl.sh asks of public sites and a private authority does not have: lists of revoked certificates
/// at a public address, and a record in the public DNS.
const OF_PUBLIC_SITES: [&str; 2] = ["cert_revocation", "DNS_CAArecord"];

/// A home with an authority and a certificate for the listeners.
fn home(folder: &Path) -> PathBuf {
    let home = folder.join("home");
    certs(&home, &["ca"]);
    certs(&home, &["server", "--san", "attic.local"]);
    home
}

fn certs(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capuchin"));
    let output = command.env_clear().arg("--home").arg(home).arg("certs").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn daemon(home: &Path, more: &str) -> TestDaemon {
    let folder = home.join("config/certificates");
    let pair = format!(
        "tls_cert = {0:?}\ntls_key = {1:?}\n",
        folder.join("server/console.pem"),
        folder.join("server/console.key")
    );
    let config = format!(
        "[ingress]\n{pair}[console]\n{pair}{}",
        more.replace("CA", &format!("{:?}", folder.join("ca/ca.pem")))
    );
    TestDaemon::with(Setup { config, home: Some(home.to_owned()), ..Setup::default() })
}

fn read(home: &Path, file: &str) -> Vec<u8> {
    std::fs::read(home.join("config/certificates").join(file)).unwrap()
}

/// A client of the console that trusts the authority and has this identity; every request connects anew.
fn client(home: &Path, identity: Option<&[u8]>) -> Client {
    let client = Client::builder()
        .tls_certs_only([Certificate::from_pem(&read(home, "ca/ca.pem")).unwrap()])
        .pool_max_idle_per_host(0);
    match identity {
        Some(pem) => client.identity(Identity::from_pem(pem).unwrap()).build().unwrap(),
        None => client.build().unwrap(),
    }
}

fn port(url: &str) -> &str {
    url.rsplit_once(':').unwrap().1
}

#[tokio::test]
async fn a_console_behind_client_certificates_lets_devices_in_until_they_are_revoked() {
    let folder = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
    let home = home(folder.path());
    certs(&home, &["client", "phone"]);
    let identity = [read(&home, "client/phone.pem"), read(&home, "client/phone.key")].concat();
    let daemon = daemon(&home, "tls_client_ca = CA\n");
    assert!(daemon.console.starts_with("https://") && daemon.ingress.starts_with("https://"));
    let health = format!("https://localhost:{}/health", port(&daemon.console));

    let phone = client(&home, Some(&identity));
    let answer = phone.get(&health).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));
    let whoami = format!("https://localhost:{}/api/v1/tokens", port(&daemon.console));
    assert_eq!(phone.get(&whoami).send().await.unwrap().status(), 401, "a certificate is no login");
    assert!(client(&home, None).get(&health).send().await.is_err());
    let ingress = format!("https://localhost:{}/", port(&daemon.ingress));
    assert!(client(&home, None).get(&ingress).send().await.is_ok(), "senders need no certificate");

    certs(&home, &["revoke", "phone"]);
    let began = Instant::now();
    while phone.get(&health).send().await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "a revoked certificate still opens the door");
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_in_while_the_daemon_runs_and_a_broken_one_is_not() {
    let folder = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
    let home = home(folder.path());
    let daemon = daemon(&home, "");
    let health = format!("https://localhost:{}/health", port(&daemon.console));
    certs(&home, &["renew", "console"]);
    let began = Instant::now();
    let told = loop {
        let (_, told, _) = daemon.cli(&["audit", "list", "--action", "certificate", "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        if told["items"].as_array().unwrap().len() >= 2 {
            break told;
        }
        assert!(began.elapsed() < PATIENCE, "the reload is not told: {told}");
    };
    assert_eq!(told["items"][0]["action"], "certificate.reloaded");
    assert_eq!(client(&home, None).get(&health).send().await.unwrap().status(), 200);
    std::fs::write(home.join("config/certificates/server/console.pem"), "rubbish").unwrap();
    while !daemon.log().contains("new certificate files do not work") {
        assert!(began.elapsed() < PATIENCE * 2, "the bad file is not reported");
    }
    assert_eq!(client(&home, None).get(&health).send().await.unwrap().status(), 200);
}

#[test]
fn testssl_finds_nothing_below_grade_a_on_either_listener() {
    let Some(testssl) =
        ["/usr/bin/testssl", "/usr/bin/testssl.sh"].into_iter().find(|path| Path::new(path).exists())
    else {
        assert!(std::env::var_os("CI").is_none(), "testssl.sh is missing");
        eprintln!("SKIPPED: install testssl.sh to test the TLS listeners with it");
        return;
    };
    let folder = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
    let home = home(folder.path());
    let daemon = daemon(&home, "");
    let start = |url: &str| {
        let report = folder.path().join(format!("{}.json", port(url)));
        let mut command = Command::new(testssl);
        command
            .args(["--quiet", "--color", "0", "--warnings", "off", "-p", "-s", "-f", "-S", "-U"])
            .args(["--openssl", "/usr/bin/openssl", "--ip", "one", "--add-ca"])
            .arg(home.join("config/certificates/ca/ca.pem"))
            .arg("--jsonfile")
            .arg(&report)
            .arg(format!("localhost:{}", port(url)))
            .stdout(std::process::Stdio::null());
        (report, command.spawn().unwrap())
    };
    for (name, (report, mut scan)) in
        [("console", start(&daemon.console)), ("ingress", start(&daemon.ingress))]
    {
        scan.wait().unwrap();
        let found: Vec<Value> = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        let says = |id: &str| found.iter().find(|line| line["id"] == id).map(|line| line["finding"].clone());
        assert!(found.len() > 60, "{name}: the scan is whole: {}", found.len());
        assert!(says("TLS1_3").unwrap().as_str().unwrap().starts_with("offered"), "{name}");
        assert!(says("TLS1_1").unwrap().as_str().unwrap().starts_with("not offered"), "{name}");
        let bad: Vec<_> = found
            .iter()
            .filter(|line| {
                ["LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(&line["severity"].as_str().unwrap())
            })
            .filter(|line| !OF_PUBLIC_SITES.contains(&line["id"].as_str().unwrap()))
            .collect();
        assert!(bad.is_empty(), "{name}: {bad:#?}");
    }
}
