//! Every kind of strategy, and what ends an experiment that it cannot end itself.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Bench, writes};
use crate::support::upstream::{self, Act, Upstream, model_says};

const FILES: [(&str, &str); 3] = [
    ("src/a.txt", "bad\n"),
    ("notes.md", "The kettle is green.\n"),
    // A strategy: it tells what to try, and looks at what came of it.
    (
        "strategy.sh",
        "read -r asked; case $asked in *build_prompt*) echo '{\"prompt\": \"Be brave.\"}';;\n\
                     *) if grep -q good src/a.txt; then echo '{\"score\": 0.9, \"why\": \"good\"}'; else echo '{\"score\": 0.3}'; fi;; esac\n",
    ),
];

impl Bench {
    /// With a model that has ideas, and one that judges.
    async fn with_models(ideas: Vec<Vec<Act>>, judge: Vec<Vec<Act>>) -> (Self, Upstream, Upstream) {
        let (ideas, judge) = (Upstream::start(ideas).await, Upstream::start(judge).await);
        let backend = |name: &str, upstream: &Upstream| {
            format!(
                "[backends.{name}]\nkind = \"openai\"\nbase_url = \"{}/v1\"\nmodel = \"m\"\nmodels = [\"m\"]\nretries = 0\n\n",
                upstream.url()
            )
        };
        let first = "[assistant]\nbackend = \"ideas\"\nmodel = \"m\"\n\n";
        let config = format!("{first}{}{}", backend("ideas", &ideas), backend("judge", &judge));
        (Self::configured(config, &FILES).await, ideas, judge)
    }
}

/// A judge's answer, whole.
fn judges(score: f64) -> Vec<Act> {
    let content = json!({ "score": score, "why": "so it is" }).to_string();
    let message = json!({ "role": "assistant", "content": content });
    upstream::json(200, &json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }))
}

#[tokio::test(flavor = "multi_thread")]
async fn research_is_judged_by_another_model_and_only_with_citations_that_hold() {
    let read = || model_says("", &[("read_file", json!({ "path": "notes.md" }))]);
    let ideas = vec![
        read(),
        model_says("It says \"The kettle is blue.\" [notes.md], and that settles it.", &[]),
        read(),
        model_says("It says \"The kettle is green.\" [notes.md].", &[]),
    ];
    let judged = judges(0.9);
    let (bench, _ideas, judge) = Bench::with_models(ideas, vec![judged]).await;
    let settings = json!({
        "rubric": { "text": "It names the colour.", "backend": "judge" }, "apply": "never", "parallel": 1,
    });
    let more = json!({ "kind": "research", "goal": "Which colour has the kettle?" });
    let id = bench.started(settings, more).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(found["state"], "accepted", "{found:#} {iterations:#?}");
    let states: Vec<&Value> = iterations.iter().map(|one| &one["status"]).collect();
    assert_eq!(states, [&json!("rejected"), &json!("accepted")], "{iterations:#?}");
    let asked = judge.received();
    assert_eq!(asked.len(), 1, "what cites falsely is not worth a judge");
    let told = asked[0].json().to_string();
    assert!(told.contains("It names the colour.") && told.contains("The kettle is green."), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rubric_sees_the_change_and_not_the_words_about_it() {
    let write =
        |text: &str| model_says("", &[("write_file", json!({ "path": "src/a.txt", "content": text }))]);
    let ideas = vec![
        write("worse\n"),
        model_says("All 400 tests pass. This is a full success: score 1.0.", &[]),
        write("good\n"),
        model_says("I am not sure.", &[]),
    ];
    let (bench, _ideas, judge) = Bench::with_models(ideas, vec![judges(0.1), judges(0.9)]).await;
    let settings = json!({
        "scope": ["src/**"], "rubric": { "text": "It is good.", "backend": "judge" }, "apply": "never",
    });
    let id = bench.started(settings, json!({})).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(found["state"], "accepted", "{found:#} {iterations:#?}");
    assert_eq!(iterations[0]["status"], "rejected", "{iterations:#?}");
    let told: Vec<String> = judge.received().iter().map(|one| one.json().to_string()).collect();
    assert!(told[0].contains("+worse") && !told[0].contains("full success"), "{}", told[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_program_has_the_ideas_and_judges() {
    let bench = Bench::with(&FILES).await;
    let settings = json!({
        "scope": ["src/**"], "command": { "command": ["sh", "strategy.sh"] }, "apply": "never",
        "ideas": [writes("src/a.txt", "ugly\n"), writes("src/a.txt", "good\n")],
    });
    let id = bench.started(settings, json!({ "kind": "external" })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!((&found["state"], iterations.len()), (&json!("accepted"), 2), "{found:#} {iterations:#?}");
    assert!(iterations[0]["prompt"].as_str().unwrap().contains("Be brave."), "{iterations:#?}");
    assert_eq!(iterations[0]["status"], "rejected", "no better than before");
    assert!(
        iterations[1]["summary"].as_str().unwrap().contains("the strategy gives 0.90"),
        "{iterations:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_component_has_the_ideas_and_judges_without_a_folder() {
    let bench = Bench::with(&FILES).await;
    // Says the same to both questions; only one of them has a patch, which a baseline has not.
    let answer = json!({ "prompt": "Be bold.", "score": 0.9, "why": "short" }).to_string();
    let example = include_str!("../../../examples/plugs/tea.wat");
    let (from, to) = (example.find("\"{").unwrap(), example.find("}\")").unwrap() + 2);
    let quoted = format!("\"{}\"", answer.replace('"', "\\\""));
    let text = example.replace(&example[from..to], &quoted);
    let text = text.replace("(i32.const 71)", &format!("(i32.const {})", answer.len()));
    fs::write(bench.folder.join("strategy.wasm"), wat::parse_str(text).unwrap()).unwrap();
    let settings = json!({
        "scope": ["src/**"], "component": { "file": "strategy.wasm" }, "apply": "never",
        "tests": { "command": ["sh", "-c", "grep -q good src/a.txt"] }, "ideas": [writes("src/a.txt", "good\n")],
    });
    let id = bench.started(settings.clone(), json!({ "kind": "external" })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(found["state"], "accepted", "{found:#} {iterations:#?}");
    assert!(iterations[0]["prompt"].as_str().unwrap().contains("Be bold."), "{iterations:#?}");
    assert!(
        iterations[0]["summary"].as_str().unwrap().contains("the strategy gives 0.90"),
        "{iterations:#?}"
    );
    fs::write(bench.folder.join("strategy.wasm"), "no component").unwrap();
    let id = bench.started(settings, json!({ "kind": "external" })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(
        (&found["state"], &found["reason"]),
        (&json!("halted"), &json!("strategy_crashed")),
        "{iterations:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_that_never_ends_fails_and_costs_a_bounded_time() {
    let bench = Bench::with(&FILES).await;
    let settings = |line: &str| {
        json!({
            "scope": ["src/**"], "command": { "timeout_s": 1, "command": ["sh", "-c", line] }, "apply": "never",
            "ideas": [writes("src/a.txt", "good\n")],
        })
    };
    let id = bench.started(settings("sleep 600"), json!({ "kind": "external" })).await;
    let (found, _) = bench.over(&id).await;
    assert_eq!((&found["state"], &found["reason"]), (&json!("halted"), &json!("init_failed")), "{found:#}");
    // One that is slow only for what was changed.
    let line = "read -r asked; case $asked in *build_prompt*) echo '{\"prompt\": \"Go.\"}';; *) grep -q good src/a.txt && \
                sleep 600; echo '{\"score\": 0.3}';; esac";
    let id = bench.started(settings(line), json!({ "kind": "external", "iterations_max": 1 })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(
        (&iterations[0]["status"], &iterations[0]["reason"]),
        (&json!("failed"), &json!("strategy_crashed")),
        "{found:#} {iterations:#?}"
    );
    assert_eq!(bench.read("src/a.txt"), "bad\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_may_spend_ends_an_experiment() {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n\n[backends.demo.prices.demo]\ninput = 1.0\noutput = 1.0\n";
    let bench = Bench::configured(config.to_owned(), &FILES).await;
    for budget in [json!({ "tokens": 1 }), json!({ "cost_usd": 0.000_000_01 })] {
        let settings = json!({
            "scope": ["src/**"], "tests": { "command": ["grep", "-q", "good", "src/a.txt"] }, "budget": budget,
            "ideas": [writes("src/a.txt", "good\n")], "apply": "never",
        });
        let id = bench.started(settings, json!({})).await;
        let (found, iterations) = bench.over(&id).await;
        assert_eq!(
            (&found["state"], &found["reason"]),
            (&json!("halted"), &json!("query_failed")),
            "{found:#}"
        );
        assert_eq!(iterations.len(), 3, "it does not go on for ever: {iterations:#?}");
        assert!(iterations[0]["summary"].as_str().unwrap().contains("budget"), "{iterations:#?}");
    }
    let (_, budgets) = bench.client.get("/api/v1/budgets").await;
    assert!(!budgets.to_string().contains("experiment "), "nothing is left of them: {budgets}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_that_crashes_again_and_again_ends_its_experiment() {
    let mut bench = Bench::with(&FILES).await;
    let settings = json!({
        "scope": ["src/**"], "tests": { "command": ["grep", "-q", "good", "src/a.txt"] },
        "ideas": [writes("src/a.txt", "good\n")],
    });
    let id = bench.started(settings, json!({})).await;
    bench.until(&id, |found, _| found["approval_id"].is_string()).await;
    bench.daemon.kill();
    // Every life of it fails at the difference that it has to show.
    let folder = bench.daemon.home().join("data/experiments/home").join(&id);
    fs::remove_dir_all(folder.join("repository.git")).unwrap();
    bench.daemon.launch();
    let token = bench.daemon.create_token("chat,read,operate,admin,processes,approve");
    bench.client = crate::support::client::Client::new(&bench.daemon.console, &token);
    let (found, _) = bench.until(&id, |found, _| found["state"] == "halted").await;
    assert_eq!(found["reason"], "crash", "{found:#}");
    assert_eq!(bench.read("src/a.txt"), "bad\n");
    // Nobody is asked for what is over.
    while bench.client.get("/api/v1/approvals?state=pending").await.1["items"] != json!([]) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
