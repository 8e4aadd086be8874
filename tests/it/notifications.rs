//! Notifications on a real daemon: what fails is told, and what is told leaves the machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::mail::{Encryption, MailServer, Manner, acceptor};
use crate::support::push::PushService;

/// Longest wait for a notification.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home with an authority and a certificate for `localhost`.
fn home(folder: &Path) -> PathBuf {
    let home = folder.join("home");
    for arguments in [&["ca"][..], &["server", "--san", "localhost"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_capuchin"));
        let made =
            command.env_clear().arg("--home").arg(&home).arg("certs").args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    home
}

fn tls(home: &Path) -> tokio_rustls::TlsAcceptor {
    let folder = home.join("config/certificates/server");
    acceptor(&folder.join("console.pem"), &folder.join("console.key"))
}

fn settings(server: &MailServer, tls: &str, more: &str) -> String {
    let port = server.address.port();
    format!(
        "[notifications.email]\nhost = \"localhost\"\nport = {port}\ntls = \"{tls}\"\nfrom = \"Capuchin <monkey@example.org>\"\n\
         to = [\"one@example.org\", \"two@example.org\"]\n{more}"
    )
}

fn trusted(home: &Path) -> String {
    let file = home.join("config/certificates/ca/ca.pem");
    format!("ca_file = {file:?}\nuser = \"monkey\"\npassword = \"@secret:mail\"\n")
}

async fn keep_password(client: &Client) {
    let secret = json!({ "name": "mail", "value": "banana-banana-7", "hosts": ["localhost"] });
    let (status, made) = client.post("/api/v1/secrets", &secret).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
}

/// Waits for a notification that fits.
async fn told(client: &Client, query: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let (status, page) = client.get(&format!("/api/v1/notifications?{query}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            if let Some(found) = page["items"].as_array().unwrap().iter().find(|item| fits(item)) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("nothing fits {query}"))
}

fn pattern(word: &'static str) -> impl Fn(&Value) -> bool {
    move |item| item["pattern"] == word
}

/// Engages or releases the kill switch: something that happens and is told.
async fn switch(client: &Client, engaged: bool, reason: &str) {
    let body = json!({ "engaged": engaged, "reason": reason });
    let answer = client.request(Method::PUT, "/api/v1/kill-switch").json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

async fn test_mail(client: &Client) {
    let (status, promised) = client.post("/api/v1/notifications/test", &json!({ "way": "email" })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{promised}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_names_arrives_by_mail_encrypted_and_signed_in_with_the_vaults_password() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    for (mode, encryption) in
        [("starttls", Encryption::Starttls(tls(&home))), ("tls", Encryption::Tls(tls(&home)))]
    {
        let server = MailServer::start(encryption, &[]).await;
        let config = settings(&server, mode, &trusted(&home));
        let mut daemon = TestDaemon::with(Setup { config, home: Some(home.clone()), ..Setup::default() });
        let client = daemon.client();
        if mode == "starttls" {
            keep_password(&client).await;
            let rule = json!({ "pattern": "capuchin.kill_switch.*", "delivery": "email" });
            assert_eq!(client.post("/api/v1/notification-rules", &rule).await.0, StatusCode::CREATED);
        }
        switch(&client, true, "Zu viele Bananen: 🍌").await;
        let mail = server.mails(1).await.remove(0);
        assert_eq!(mail.login, Some(("monkey".to_owned(), "banana-banana-7".to_owned())));
        assert!(mail.encrypted);
        assert_eq!(
            (mail.from.as_str(), &mail.to[..]),
            ("monkey@example.org", &["one@example.org".to_owned(), "two@example.org".to_owned()][..])
        );
        assert_eq!(mail.header("Subject"), "[Capuchin] warning: The kill switch is engaged");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("X-Capuchin-Pattern"), "capuchin.kill_switch.engaged");
        assert!(mail.header("Message-ID").ends_with("@example.org>"), "{}", mail.text);
        assert!(
            mail.text.is_ascii() && mail.text.contains("capuchin.kill_switch.engaged (warning)"),
            "{}",
            mail.text
        );
        assert!(!mail.text.contains("duplicate"));
        switch(&client, false, "").await;
        client.post("/api/v1/notifications/read-all", &json!({})).await;
        assert_eq!(daemon.terminate(), 0);
        assert!(!daemon.log().contains("banana-banana-7"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_cut_off_by_a_kill_is_sent_again_as_the_same_and_says_so() {
    let server = MailServer::start(Encryption::None, &[Manner::Hang]).await;
    let config = settings(&server, "none", "");
    let mut daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    test_mail(&daemon.client()).await;
    let first = server.mails(1).await.remove(0);
    daemon.kill();
    daemon.launch();
    let mails = server.mails(2).await;
    assert_eq!(mails[1].header("Message-ID"), first.header("Message-ID"));
    assert!(mails[1].text.contains("This may be a duplicate") && !first.text.contains("duplicate"));
    // It is over: another life sends nothing more.
    assert_eq!(daemon.terminate(), 0);
    daemon.launch();
    test_mail(&daemon.client()).await;
    let mails = server.mails(3).await;
    assert_ne!(mails[2].header("Message-ID"), first.header("Message-ID"));
    assert_eq!(mails.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_or_does_not_encrypt_or_is_not_trusted_is_told_and_hears_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let made = home(folder.path());
    let cases = [
        ("none", Encryption::None, vec![Manner::Refuse], String::new(), "no such mailbox here"),
        ("starttls", Encryption::None, vec![], trusted(&made), "does not encrypt"),
        ("starttls", Encryption::Starttls(tls(&made)), vec![], String::new(), "certificate"),
        ("tls", Encryption::Tls(tls(&made)), vec![], String::new(), "certificate"),
    ];
    for (mode, encryption, manners, more, expected) in cases {
        let server = MailServer::start(encryption, &manners).await;
        let config = settings(&server, mode, &more);
        let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
        let client = daemon.client();
        if more.contains("@secret") {
            keep_password(&client).await;
        }
        test_mail(&client).await;
        let failed = told(&client, "severity=error", pattern("capuchin.notification.delivery_failed")).await;
        assert!(failed["body"].as_str().unwrap().to_lowercase().contains(expected), "{failed}");
        assert_eq!(failed["count"], 1);
        assert!(
            !server.commands().iter().any(|said| said == "AUTH" || said == "DATA"),
            "{:?}",
            server.commands()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_the_background_is_in_the_inbox_and_stays_there_over_a_restart() {
    let mut daemon = TestDaemon::start();
    let client = daemon.client();
    // A turn that fails, of a workspace.
    let thread = client.thread("chat").await;
    client.say(&thread, "/error overloaded").await;
    let failed = told(&client, "category=session", pattern("capuchin.turn.failed")).await;
    assert_eq!(failed["source"], json!({ "type": "session", "id": thread }));
    let workspace = failed["workspace_id"].as_str().unwrap().to_owned();
    let (_, list) = client.get(&format!("/api/workspaces/{workspace}/notifications")).await;
    assert_eq!(list["unread_count"], 1, "{list}");
    // An MCP server that is not there.
    let server = json!({ "name": "weather", "transport": { "type": "http", "url": "http://127.0.0.1:9/mcp", "headers": {} } });
    assert_eq!(client.post("/api/v1/mcp-servers", &server).await.0, StatusCode::CREATED);
    told(&client, "category=system", pattern("capuchin.mcp.down")).await;
    // A wrong password is a line of the log, and a notice all the same.
    let body = json!({ "password": "not the one" });
    let refused = reqwest::Client::new()
        .post(format!("{}/api/v1/session", daemon.console))
        .header("origin", &daemon.console)
        .json(&body)
        .send();
    assert!(!refused.await.unwrap().status().is_success());
    let (code, said, _) = daemon.cli(&["notification", "list", "--json"]);
    assert_eq!(code, 0);
    assert!(said.contains("capuchin.turn.failed"), "{said}");
    daemon.kill();
    daemon.launch();
    let client = daemon.client();
    told(&client, "", pattern("capuchin.turn.failed")).await;
    let (code, _, said) = daemon.cli(&["notification", "rules", "set", "capuchin.mcp.*", "--off"]);
    assert_eq!((code, said.trim()), (0, "capuchin.mcp.*: info, muted"));
    let when =
        ["notification", "settings", "--quiet", "22:00-07:00", "--away", "3d", "--zone", "Europe/Berlin"];
    let (code, said, error) = daemon.cli(&when);
    assert!(
        code == 0 && said.contains("22:00-07:00") && said.contains("away         until"),
        "{said}{error}"
    );
    let (code, said, _) = daemon.cli(&["notification", "settings", "--quiet", "off", "--away", "off"]);
    assert!(code == 0 && said.contains("quiet hours  none") && said.contains("away         no"), "{said}");
    let (code, _, said) = daemon.cli(&["notification", "read", "--all"]);
    assert_eq!(code, 0, "{said}");
    let (_, unread) = client.get("/api/v1/notifications?status=unread&category=session").await;
    assert_eq!(unread["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_what_is_pushed_sealed_and_signed_and_is_forgotten_when_it_is_gone() {
    let service = PushService::start(&[201, 201, 410]).await;
    let config = format!("[egress]\nallow_private_hosts = [{:?}]\n", service.host());
    let mut daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let client = daemon.client();
    let (status, key) = client.get("/api/v1/push-key").await;
    assert_eq!(status, StatusCode::OK, "{key}");
    let (status, browser) = client.post("/api/v1/push-subscriptions", &service.subscription()).await;
    assert_eq!((status, &browser["service"]), (StatusCode::CREATED, &json!("127.0.0.1")), "{browser}");
    // The same browser again is the same.
    let (_, again) = client.post("/api/v1/push-subscriptions", &service.subscription()).await;
    assert_eq!(again["id"], browser["id"]);
    let test = json!({ "way": "push", "subscription_id": browser["id"] });
    assert_eq!(client.post("/api/v1/notifications/test", &test).await.0, StatusCode::ACCEPTED);
    let first = service.pushes(1).await.remove(0);
    assert_eq!(first.told["title"], "A test from Capuchin");
    assert_eq!(first.key, key["application_server_key"].as_str().unwrap());
    assert_eq!(first.claims["aud"], format!("http://{}", service.host()));
    assert!(first.claims["sub"].as_str().unwrap().starts_with("mailto:"));
    // Another life has the same key, or no browser would listen to it.
    assert_eq!(daemon.terminate(), 0);
    daemon.launch();
    let client = daemon.client();
    let rule = json!({ "pattern": "capuchin.kill_switch.engaged", "delivery": "push" });
    assert_eq!(client.post("/api/v1/notification-rules", &rule).await.0, StatusCode::CREATED);
    switch(&client, true, "enough").await;
    let second = service.pushes(2).await.remove(1);
    assert_eq!((&second.key, &second.told["title"]), (&first.key, &json!("The kill switch is engaged")));
    assert!(second.told["body"].as_str().unwrap().contains("enough"));
    assert_eq!(second.headers["urgency"], "normal");
    assert!(second.headers["topic"].len() <= 32);
    // The service says that the browser is gone.
    client.post("/api/v1/notifications/read-all", &json!({})).await;
    switch(&client, false, "").await;
    switch(&client, true, "again").await;
    service.pushes(3).await;
    told(&client, "severity=error", pattern("capuchin.notification.delivery_failed")).await;
    let (_, left) = client.get("/api/v1/push-subscriptions").await;
    assert_eq!(left["items"], json!([]));
    for (field, value) in [("endpoint", json!("http://192.0.2.1/x")), ("endpoint", json!("not an address"))] {
        let mut wrong = service.subscription();
        wrong[field] = value;
        assert_eq!(
            client.post("/api/v1/push-subscriptions", &wrong).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    let mut wrong = service.subscription();
    wrong["keys"]["p256dh"] = json!("AAAA");
    assert_eq!(client.post("/api/v1/push-subscriptions", &wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}
