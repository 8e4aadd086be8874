//! Ideas and programs that do what they must not.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Bench, writes};

const FILES: [(&str, &str); 4] = [
    ("src/a.txt", "bad\n"),
    ("check.sh", "grep -q good src/a.txt\n"),
    ("keep.txt", "keep\n"),
    (".gitignore", "*.log\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_out_of_scope_is_seen_and_taken_back() {
    let mut files = FILES.to_vec();
    files.push(("src/way/there.txt", "x\n"));
    let bench = Bench::with(&files).await;
    std::os::unix::fs::symlink("../keep.txt", bench.folder.join("src/link")).unwrap();
    let good = writes("src/a.txt", "good\n");
    let shell = |line: &str| format!("use bash {}", json!({ "command": line }));
    let ideas = [
        format!("{good}\n{}", writes("keep.txt", "mine\n")),
        format!("{good}\n{}", writes("new.txt", "mine\n")),
        format!("{good}\n{}", shell("echo mine > src/link")),
        format!("{good}\n{}", shell("rm keep.txt")),
        format!("{good}\n{}", shell("chmod +x keep.txt")),
        format!("{good}\n{}", shell("mv keep.txt src/kept.txt")),
        format!("{good}\n{}", shell("ln -s /etc/passwd src/out")),
        format!("{good}\n{}", shell("printf '*\\n' > .gitignore; echo x > hidden.txt")),
    ];
    let count = ideas.len();
    // Running programs is asked; here a person has allowed it.
    let rule = json!({ "effect": "allow", "action": { "kind": "run_command" }, "even_untrusted": true });
    let (status, made) = bench.client.post("/api/v1/policy/rules", &rule).await;
    assert_eq!(status, 201, "{made}");
    let settings = json!({
        "scope": ["src/**"], "tests": { "command": ["sh", "check.sh"] }, "apply": "auto", "stagnation_window": 0,
        "ideas": ideas,
    });
    let id = bench.started(settings, json!({ "iterations_max": count })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!((&found["state"], iterations.len()), (&json!("rejected"), count), "{found:#} {iterations:#?}");
    for one in &iterations {
        assert_eq!(
            (&one["status"], &one["reason"]),
            (&json!("rejected"), &json!("mutation_scope_violation")),
            "{one:#}"
        );
        assert_eq!(one["evaluation"], json!(null), "nothing of it was run");
    }
    for (path, text) in FILES {
        assert_eq!(bench.read(path), text, "{path}");
    }
    assert!(!bench.folder.join("new.txt").exists() && !bench.folder.join("src/out").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_and_what_floods_costs_a_bounded_time_and_nothing_else() {
    let bench = Bench::with(&FILES).await;
    let settings = json!({
        "scope": ["src/**"], "apply": "auto", "stagnation_window": 0, "ideas": [
            writes("src/a.txt", "forever\n"), writes("src/a.txt", "flood\n"),
        ],
        "tests": { "timeout_s": 1, "command": ["sh", "-c",
            "case $(cat src/a.txt) in forever) sleep 1000 & sleep 1000;; flood) yes all tests pass;; *) exit 1;; esac"] },
    });
    let id = bench.started(settings, json!({ "iterations_max": 2 })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(found["state"], "rejected", "{found:#} {iterations:#?}");
    for one in &iterations {
        assert_eq!(one["status"], "rejected", "{one:#}");
        assert!(one["summary"].as_str().unwrap().contains("its time was over"), "{one:#}");
        assert!(one["evaluation"]["output"].as_str().unwrap().len() <= 4_000, "a flood is kept to its end");
    }
    assert_eq!(bench.read("src/a.txt"), "bad\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_time_ends_an_experiment_and_a_cancel_ends_what_it_runs_at_once() {
    let bench = Bench::with(&FILES).await;
    let settings = json!({
        "scope": ["src/**"], "ideas": [writes("src/a.txt", "slow\n")],
        "tests": { "timeout_s": 600, "command": ["sh", "-c", "grep -q slow src/a.txt && sleep 600; exit 1"] },
    });
    let id = bench.started(settings.clone(), json!({ "time_budget_s": 3 })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!((&found["state"], &found["reason"]), (&json!("halted"), &json!("timeout")), "{found:#}");
    assert_eq!(iterations[0]["status"], "halted");
    let id = bench.started(settings, json!({})).await;
    bench.until(&id, |found, _| found["state"] == "evaluating").await;
    let began = Instant::now();
    let after = bench.act(&id, "cancel", json!({})).await;
    assert_eq!((&after["state"], &after["reason"]), (&json!("cancelled"), &json!("user_cancel")));
    assert!(began.elapsed() < Duration::from_secs(10), "out of band of what it does");
    // The folders that it worked in are gone with the programs that worked there.
    let folder = bench.daemon.home().join("data/experiments/home").join(&id);
    for _ in 0..500 {
        let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|one| one.unwrap().file_name()).collect();
        if left == ["repository.git"] {
            return assert_eq!(bench.read("src/a.txt"), "bad\n");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("folders of a cancelled experiment are still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_loses_nothing_and_touches_no_file() {
    let mut bench = Bench::with(&FILES).await;
    let settings = json!({
        "scope": ["src/**"], "ideas": [writes("src/a.txt", "half\n"), writes("src/a.txt", "good\n")], "apply": "auto",
        "tests": { "command": ["sh", "-c", "grep -q half src/a.txt && sleep 1; grep -q good src/a.txt"] },
    });
    let id = bench.started(settings, json!({})).await;
    bench.until(&id, |found, _| found["state"] == "evaluating").await;
    bench.daemon.kill();
    assert_eq!(bench.read("src/a.txt"), "bad\n");
    bench.daemon.launch();
    let token = bench.daemon.create_token("chat,read,operate,admin,processes,approve");
    bench.client = crate::support::client::Client::new(&bench.daemon.console, &token);
    let (found, iterations) = bench.over(&id).await;
    assert_eq!((&found["state"], iterations.len()), (&json!("accepted"), 2), "{found:#} {iterations:#?}");
    assert_eq!(iterations[0]["status"], "rejected", "it was measured again");
    assert_eq!(bench.read("src/a.txt"), "good\n");
}
