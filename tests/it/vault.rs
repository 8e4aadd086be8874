//! The vault of a real daemon: a root key that changes under load while the process is killed, rows that are
//! swapped in a copy, and a value that is found nowhere but in the request that carries it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::{Setup, TestDaemon};
use crate::support::upstream::{Upstream, answer, json as json_answer};

const SECRETS: usize = 20;

fn value(n: usize) -> String {
    format!("planted-vault-value-{n:03}-{}", "x".repeat(n))
}

/// A daemon with a model that answers, whose key is the first secret, and one backend per secret.
async fn daemon(upstream: &Upstream) -> TestDaemon {
    let config: String = (0..SECRETS)
        .map(|n| {
            format!(
                "[backends.b{n}]\nkind = \"openai\"\nbase_url = \"{}/v1\"\nmodel = \"m\"\nmodels = [\"m\"]\nretries = 0\n\
                 api_key = \"@secret:key-{n}\"\n",
                upstream.url()
            )
        })
        .collect();
    TestDaemon::with(Setup { config, ..Setup::default() })
}

async fn model() -> Upstream {
    let text = json!({ "choices": [{ "index": 0, "finish_reason": "stop",
        "message": { "role": "assistant", "content": "hello" } }] });
    Upstream::start(vec![json_answer(200, &text)]).await
}

async fn store(daemon: &TestDaemon) {
    for n in 0..SECRETS {
        let body = json!({ "name": format!("key-{n}"), "value": value(n), "hosts": ["127.0.0.1"] });
        let (status, made) = daemon.client().post("/api/v1/secrets", &body).await;
        assert_eq!(status, 201, "{made}");
    }
}

async fn ask(daemon: &TestDaemon, n: usize) -> (u16, Value) {
    let body = json!({ "model": format!("b{n}/m"), "messages": [{ "role": "user", "content": "hi" }] });
    let (status, said) = daemon.client().post("/v1/chat/completions", &body).await;
    (status.as_u16(), said)
}

/// Every secret opens: its backend's request carries the value that was stored.
async fn all_open(daemon: &TestDaemon, upstream: &Upstream) {
    for n in 0..SECRETS {
        let (status, said) = ask(daemon, n).await;
        assert_eq!(status, 200, "key-{n}: {said}");
        let request = upstream.received().pop().unwrap();
        assert!(request.head.contains(&format!("authorization: bearer {}\r\n", value(n))), "key-{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_of_the_root_key_under_load_with_a_kill_in_the_middle_ten_times_keeps_every_secret() {
    let upstream = model().await;
    let mut daemon = daemon(&upstream).await;
    store(&daemon).await;
    for round in 0..10_u64 {
        let client = daemon.client();
        let rotating = tokio::spawn(async move {
            loop {
                let rotate =
                    client.request(Method::POST, "/api/v1/vault/rotate").json(&json!({ "keys": "root" }));
                if rotate.send().await.is_err() {
                    return;
                }
            }
        });
        let client = daemon.client();
        let writing = tokio::spawn(async move {
            for n in 0.. {
                let body = json!({ "name": format!("load-{round}-{n}"), "value": "loaded" });
                if client.request(Method::POST, "/api/v1/secrets").json(&body).send().await.is_err() {
                    return;
                }
            }
        });
        // Long enough for some rotations, and never at the same place in one.
        tokio::time::timeout(Duration::from_millis(40 + 13 * round), std::future::pending::<()>())
            .await
            .unwrap_err();
        daemon.kill();
        rotating.await.unwrap();
        writing.await.unwrap();
        daemon.launch();
        all_open(&daemon, &upstream).await;
    }
    let keys: Vec<_> =
        fs::read_dir(daemon.home().join("keys")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(keys, ["vault.key"], "former keys are gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swapped_rows_of_a_copied_database_both_refuse_and_a_copy_alone_is_sealed() {
    let upstream = model().await;
    let mut first = daemon(&upstream).await;
    store(&first).await;
    assert_eq!(first.terminate(), 0);
    let copied = |with_key: bool| {
        let temp = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
        let home = temp.path().join("home");
        for folder in ["config", "data", "keys"] {
            if folder != "keys" || with_key {
                copy(&first.home().join(folder), &home.join(folder));
            }
        }
        (temp, home)
    };
    let (_temp, home) = copied(true);
    let database = rusqlite::Connection::open(home.join("data/capuchin.db")).unwrap();
    database
        .execute_batch(
            "CREATE TEMP TABLE two AS SELECT name, sealed FROM secrets WHERE name IN ('key-0', 'key-1');
             UPDATE secrets SET sealed = (SELECT sealed FROM two WHERE name = 'key-1') WHERE name = 'key-0';
             UPDATE secrets SET sealed = (SELECT sealed FROM two WHERE name = 'key-0') WHERE name = 'key-1';",
        )
        .unwrap();
    drop(database);
    let swapped = TestDaemon::with(Setup { home: Some(home), ..Setup::default() });
    let before = upstream.received().len();
    for n in [0, 1] {
        let (status, said) = ask(&swapped, n).await;
        assert!(status >= 400 && said.to_string().contains("cannot be opened"), "key-{n}: {status} {said}");
    }
    assert_eq!(upstream.received().len(), before, "nothing was sent");
    assert_eq!(ask(&swapped, 2).await.0, 200, "the others open");
    drop(swapped);

    let (_temp, home) = copied(false);
    let alone = TestDaemon::with(Setup { home: Some(home.clone()), ..Setup::default() });
    let (status, said) = ask(&alone, 0).await;
    assert!(status >= 400 && said.to_string().contains("the vault is sealed"), "{status} {said}");
    let (_, vault) = alone.client().get("/api/v1/vault").await;
    assert!(vault.to_string().contains("not on this machine"), "{vault}");
    assert!(!home.join("keys/vault.key").exists(), "no new key for an old vault");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_nowhere_in_the_home_and_works_at_the_next_call_without_a_restart() {
    let upstream = Upstream::start(vec![answer(500, "", "broken")]).await;
    let mut daemon = daemon(&upstream).await;
    let (status, said) = ask(&daemon, 7).await;
    assert!(status >= 400 && said.to_string().contains("capuchin vault set key-7"), "{said}");
    assert!(upstream.received().is_empty());
    store(&daemon).await;
    ask(&daemon, 7).await;
    assert!(upstream.received()[0].head.contains(&value(7)));
    daemon.kill();
    let mut seen = 0;
    walk(daemon.home(), &mut |path, bytes| {
        seen += 1;
        for n in 0..SECRETS {
            let value = value(n);
            assert!(
                !bytes.windows(value.len()).any(|window| window == value.as_bytes()),
                "{}",
                path.display()
            );
        }
    });
    assert!(seen > 3 && !daemon.log().contains("planted-vault-value"));
    daemon.launch();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for folder in [to, to.parent().unwrap()] {
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn walk(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, look);
        } else if path.is_file() {
            look(&path, &fs::read(&path).unwrap());
        }
    }
}
