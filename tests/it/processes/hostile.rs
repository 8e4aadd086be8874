//! Processes that mean harm, and clients that do.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn garbage_becomes_text_and_harms_nothing() {
    let Some((_daemon, client, _)) = ready("").await else { return };
    for kind in ["exec", "interactive"] {
        let task =
            "head -c 1000000 /dev/urandom; head -c 100000 /dev/urandom >&2; printf '\\0\\377\\303'; exit 3";
        let id = start(&client, json!({ "task": task, "type": kind })).await;
        let found = ended(&client, &id).await;
        assert_eq!(
            (found["status"].as_str(), found["exitCode"].as_i64()),
            (Some("exited"), Some(3)),
            "{kind}"
        );
        let (_, next, total) = transcript(&client, &id, 0).await;
        assert!(next == total && total > 1_000_000, "{kind}: {next} of {total}");
        for since in [total - 1, total - 2, total - 3, total, total + 1, u64::MAX] {
            assert_eq!(transcript(&client, &id, since).await.1, total, "{kind}: {since}");
        }
    }
    let id = start(&client, json!({ "task": "od -An -tx1 | head -n 1" })).await;
    let input = json!({ "input": "\u{0}\u{1}\u{1b}ä\u{1F600}\n", "end": true });
    assert_eq!(client.post(&format!("/sessions/{id}/input"), &input).await.0, StatusCode::OK);
    let said = ended(&client, &id).await;
    assert_eq!(said["recentOutput"], " 00 01 1b c3 a4 f0 9f 98 80 0a\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hears_no_signal_is_killed_all_the_same_and_so_is_who_was_just_started() {
    let Some((_daemon, client, _)) = ready("").await else { return };
    let marker = format!("84{:06}", std::process::id() % 1_000_000);
    for kind in ["exec", "interactive"] {
        let deaf =
            format!("trap '' TERM HUP INT; (setsid sh -c \"trap '' TERM HUP; sleep {marker}\" &); echo up");
        let id =
            start(&client, json!({ "task": format!("{deaf}; while :; do sleep 1; done"), "type": kind }))
                .await;
        until(&client, &id, |found| found["recentOutput"].as_str().unwrap().contains("up")).await;
        while running(&marker) == 0 {
            tokio::task::yield_now().await;
        }
        kill(&client, &id).await;
        assert_eq!(ended(&client, &id).await["reason"], "killed", "{kind}");
        assert_eq!(running(&marker), 0, "{kind}");
    }
    for _ in 0..5 {
        let id = start(&client, json!({ "task": "sleep 86400" })).await;
        kill(&client, &id).await;
        assert_eq!(ended(&client, &id).await["status"], "killed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_others_are_refused_by_words_and_by_where_links_lead() {
    let Some((daemon, client, _)) = ready("").await else { return };
    let secret = daemon.home().display().to_string();
    for cwd in ["/etc", "..", "a/../../b", "/", secret.as_str(), "a\u{0}b"] {
        let (status, refused) = client.post("/sessions", &json!({ "task": "pwd", "cwd": cwd })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{cwd:?}: {refused}");
    }
    for env in [json!({ "A=B": "x" }), json!({ "": "x" }), json!({ "A": "\u{0}" }), json!({ "A B": "x" })] {
        let (status, refused) = client.post("/sessions", &json!({ "task": "env", "env": env })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{env}: {refused}");
    }
    let links = format!("ln -s / root; ln -s {secret} home; mkdir -p own/'a b'");
    let id = start(&client, json!({ "task": links })).await;
    assert_eq!(ended(&client, &id).await["exitCode"], 0);
    for (cwd, code, said) in [
        ("root/etc", 126, "is not among the folders"),
        ("home", 126, "is not among the folders"),
        ("missing", 126, "No such file"),
        ("own/a b", 0, "own/a b\n"),
    ] {
        let id = start(&client, json!({ "task": "pwd", "cwd": cwd })).await;
        let found = ended(&client, &id).await;
        assert_eq!(found["exitCode"], code, "{cwd}: {found}");
        assert!(found["recentOutput"].as_str().unwrap().contains(said), "{cwd}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_start_at_once_get_as_many_as_may_run() {
    let Some((_daemon, client, _)) = ready("[processes]\nrunning_max = 3\n").await else { return };
    let wish = json!({ "task": "sleep 86400" });
    let answers = futures::future::join_all((0..60).map(|_| client.post("/sessions", &wish))).await;
    let made: Vec<_> = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).collect();
    assert_eq!(made.len(), 3);
    assert!(answers.iter().all(|(status, _)| matches!(status.as_u16(), 201 | 400)), "{answers:?}");
    for (_, one) in made {
        kill(&client, one["id"].as_str().unwrap()).await;
    }
}
