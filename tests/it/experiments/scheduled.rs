//! Experiments that schedules run: nobody attends, so nothing reaches the workspace without a person.

use std::fs;

use reqwest::StatusCode;
use serde_json::json;

use super::{Bench, EXPERIMENTS, writes};
use crate::schedules::{SCHEDULES, once_it_is, run_now, schedule};

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_runs_an_experiment_and_waits_with_it_for_a_person() {
    let bench = Bench::with(&[("src/a.txt", "bad\n"), ("check.sh", "grep -q good src/a.txt\n")]).await;
    let experiment = json!({
        "kind": "code", "goal": "make it good",
        "settings": {
            "scope": ["src/**"], "tests": { "command": ["sh", "check.sh"] }, "apply": "auto",
            "ideas": [writes("src/a.txt", "good\n")],
        },
    });
    let wanted = json!({ "name": "nightly", "workspace_id": bench.workspace, "experiment": experiment });
    let id = schedule(&bench.client, wanted.clone()).await;
    run_now(&bench.client, &id).await;
    let run = once_it_is(&bench.client, &id, "parked").await;
    assert_eq!((&run["turn_id"], &run["thread_id"]), (&json!(null), &json!(null)), "{run}");
    let tried = run["experiment_id"].as_str().unwrap().to_owned();
    let (found, iterations) = bench.until(&tried, |found, _| found["approval_id"].is_string()).await;
    assert_eq!(
        (&found["state"], &found["title"]),
        (&json!("awaiting_human"), &json!("nightly")),
        "{found:#}"
    );
    assert_eq!(found["source"], format!("schedule:{id}"));
    assert_eq!(iterations.len(), 1, "writing in its private copy was not asked: {iterations:#?}");
    assert_eq!(bench.read("src/a.txt"), "bad\n", "auto holds only where somebody attends");
    bench.act(&tried, "decide", json!({ "decision": "accept" })).await;
    let run = once_it_is(&bench.client, &id, "done").await;
    assert!(run["reason"].as_str().unwrap().contains("accepted"), "{run}");
    assert_eq!(bench.read("src/a.txt"), "good\n");

    let body = json!({ "name": "other", "every": "1h", "experiment": experiment });
    let mut wrong = body.clone();
    wrong["experiment"]["settings"]["scope"] = json!([]);
    let (status, refused) = bench.client.post(SCHEDULES, &wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    assert!(refused.to_string().contains("scope"), "{refused}");

    // What a run has begun ends with it.
    let mut slow = wanted;
    slow["name"] = json!("slow");
    slow["experiment"]["settings"]["tests"] = json!({ "command": ["sh", "-c", "sleep 600"] });
    let slow = schedule(&bench.client, slow).await;
    run_now(&bench.client, &slow).await;
    let run = loop {
        let run = once_it_is(&bench.client, &slow, "running").await;
        if run["experiment_id"].is_string() {
            break run;
        }
    };
    let path = format!("/api/v1/schedule-runs/{}/cancel", run["id"].as_str().unwrap());
    let (status, cancelled) = bench.client.post(&path, &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{cancelled}");
    once_it_is(&bench.client, &slow, "cancelled").await;
    let (_, found) =
        bench.client.get(&format!("{EXPERIMENTS}/{}", run["experiment_id"].as_str().unwrap())).await;
    assert_eq!(found["state"], "cancelled");

    let file = bench.folder.join("experiment.json");
    fs::write(&file, experiment.to_string()).unwrap();
    let file = file.to_string_lossy().into_owned();
    let (code, _, err) =
        bench.daemon.cli(&["schedule", "add", "again", "--every", "1d", "--experiment", &file]);
    assert_eq!(code, 0, "{err}");
    let (_, shown, _) = bench.daemon.cli(&["schedule", "show", "again"]);
    assert!(shown.contains("make it good"), "{shown}");
}
