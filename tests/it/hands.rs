//! Turns with tools: what is read, asked, written, denied and handed on, and what a crash leaves of it.

mod injection;

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::{Client, Event};
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::mcp_program;
use crate::support::upstream::{Act, Upstream, model_says};

/// The demo speaks at once.
fn quick() -> TestDaemon {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n".to_owned();
    TestDaemon::with(Setup { config, ..Setup::default() })
}

async fn rule(client: &Client, effect: &str, action: Value) {
    let rule = json!({ "effect": effect, "action": action, "even_untrusted": effect == "allow" });
    let (status, made) = client.post("/api/v1/policy/rules", &rule).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
}

/// Decides the questions of a turn one after the other, and answers its events.
async fn deciding(client: &Client, thread: &str, turn: &str, decisions: &[(&str, &str)]) -> Vec<Event> {
    let mut events = Vec::new();
    for (count, (decision, reason)) in decisions.iter().enumerate() {
        let asked = |events: &[Event]| {
            let questions = events.iter().filter(|event| event.kind == "approval");
            questions.filter(|event| event.data["state"] == "pending").count() > count
                || events.iter().any(|event| event.kind == "error" || event.kind == "done")
        };
        events = client.events_until(thread, 0, asked).await;
        let question = events.last().unwrap();
        assert_eq!(question.kind, "approval", "the turn ended: {events:#?}");
        let path = format!("/api/v1/approvals/{}", question.data["approval_id"].as_str().unwrap());
        let answer = json!({ "decision": decision, "reason": reason });
        let (status, told) = client.post(&path, &answer).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }
    events.clear();
    events.extend(client.turn_events(thread, turn).await);
    events
}

/// What tools answered in a thread: their outcome and text.
async fn answers(client: &Client, thread: &str) -> Vec<(String, String)> {
    let messages = client.messages(thread).await;
    let tools = messages.iter().filter(|message| message["role"] == "tool");
    let text = |message: &Value, field: &str| message[field].as_str().unwrap_or_default().to_owned();
    tools.map(|message| (text(message, "outcome"), text(message, "content"))).collect()
}

/// Lets assistants use a server that is a program; where it is.
fn notes(daemon: &TestDaemon) -> tempfile::TempDir {
    let programs = tempfile::tempdir().unwrap();
    add_notes(daemon, programs.path(), "Reads notes.");
    programs
}

fn add_notes(daemon: &TestDaemon, folder: &Path, description: &str) {
    let program = mcp_program::write(folder, description);
    let folder = folder.display().to_string();
    let added = daemon.cli(&["mcp", "add", "notes", "--write", &folder, "--", "bash", &program]);
    assert!(added.0 == 0 && added.1.contains("notes: ready"), "{added:?}");
}

/// Where the default workspace has its files.
async fn folder(daemon: &TestDaemon, client: &Client) -> std::path::PathBuf {
    let (_, workspaces) = client.get("/api/v1/workspaces").await;
    let id = workspaces["items"][0]["id"].as_str().unwrap();
    daemon.home().join("data/files/home").join(id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_reads_is_asked_writes_is_denied_recovers_and_hands_on() {
    let daemon = quick();
    let client = daemon.client();
    let programs = notes(&daemon);
    let thread = client.thread("hands").await;
    let script = "use write_file {\"path\": \"notes.md\", \"content\": \"one\"}\n\
                  use read_file {\"path\": \"notes.md\"}\nand list_files {}\n\
                  use write_file {\"path\": \"other.md\", \"content\": \"two\"}\n\
                  use read_file {\"path\": \"../../../../etc/passwd\"}\n\
                  use nonsense {}\n\
                  use find_tools {\"query\": \"list_files\"}\n\
                  use spawn_agent {\"task\": \"use read_file {\\\"path\\\": \\\"notes.md\\\"}\"}\n\
                  use notes__read {\"n\": 1}\n\
                  use ask_person {\"question\": \"Which colour?\"}";
    let turn = client.say(&thread, script).await;
    let decisions =
        [("allow", ""), ("deny", "not that one"), ("allow", ""), ("allow", ""), ("allow", "blue")];
    let events = deciding(&client, &thread, &turn, &decisions).await;
    let last = events.last().unwrap();
    assert_eq!(last.kind, "done", "{last:?}");
    let told = answers(&client, &thread).await;
    let outcomes: Vec<_> = told.iter().map(|(outcome, _)| outcome.as_str()).collect();
    let wanted = ["done", "done", "done", "denied", "failed", "failed", "done", "done", "done", "done"];
    assert_eq!(outcomes, wanted, "{told:#?}");
    assert!(told[1].1.contains("one") && told[2].1.contains("notes.md"), "{told:#?}");
    assert!(told[3].1.contains("not that one"), "{told:#?}");
    assert!(told[5].1.contains("find_tools"), "{told:#?}");
    assert!(told[7].1.contains("one"), "{told:#?}");
    assert_eq!(told[8].1, "the notes say: tea");
    assert_eq!(mcp_program::calls(programs.path()), [1]);
    assert_eq!(told[9].1, "The person answered: blue");
    let folder = folder(&daemon, &client).await;
    assert_eq!(std::fs::read_to_string(folder.join("notes.md")).unwrap(), "one");
    assert!(!folder.join("other.md").exists());
    // What the sub-agent did is in the journal of the turn, below its call.
    let (_, steps) = client.get(&format!("/api/v1/turns/{turn}/steps")).await;
    let steps = steps["items"].as_array().unwrap();
    let of = |kind: &str| steps.iter().filter(|step| step["kind"] == kind).count();
    assert_eq!((of("tool_call"), of("approval")), (11, 5), "{steps:#?}");
    assert!(steps.iter().all(|step| step["state"] != "started"), "{steps:#?}");
    assert!(steps.iter().any(|step| step["subject"].as_str().unwrap().contains('/')), "{steps:#?}");
    let states: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "tool" && event.data["name"] == "write_file")
        .map(|event| event.data["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["requested", "running", "done", "requested", "denied"]);
}

/// The same turn is killed after each of its events, and goes on each time: nothing is done twice, and what is unknown
/// is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_killed_after_any_of_its_steps_goes_on_and_does_nothing_twice() {
    let mut daemon = quick();
    let client = daemon.client();
    rule(&client, "allow", json!({ "kind": "write_path" })).await;
    rule(&client, "allow", json!({ "kind": "call_tool" })).await;
    let folder = folder(&daemon, &client).await;
    let programs = notes(&daemon);
    let (mut at, mut unknown) = (1, 0);
    loop {
        let client = daemon.client();
        let thread = client.thread("killed").await;
        let path = format!("log-{at}.txt");
        let script = format!(
            "use write_file {{\"path\": \"{path}\", \"content\": \"x.\"}}\n\
             use edit {{\"path\": \"{path}\", \"old\": \"x.\", \"new\": \"xx.\"}}\n\
             use notes__read {{\"n\": {at}}}\n\
             use read_file {{\"path\": \"{path}\"}}\nand list_files {{}}"
        );
        let turn = client.say(&thread, &script).await;
        let ended = |events: &[Event]| events.last().is_some_and(|event| event.kind == "done");
        let seen = client.events_until(&thread, 0, |events| events.len() >= at || ended(events)).await;
        daemon.kill();
        daemon.launch();
        let client = daemon.client();
        let last = client.turn_events(&thread, &turn).await.pop().unwrap();
        let told = answers(&client, &thread).await;
        let content = std::fs::read_to_string(folder.join(&path)).unwrap();
        let outcomes: Vec<_> = told.iter().map(|(outcome, _)| outcome.as_str()).collect();
        match last.kind.as_str() {
            "done" => {
                let noted = mcp_program::calls(programs.path()).iter().filter(|n| **n == at).count();
                match outcomes[2] {
                    "unknown" => {
                        unknown += 1;
                        assert!(noted <= 1, "{at}: called {noted} times");
                    }
                    outcome => assert_eq!((outcome, noted), ("done", 1), "{at}: {told:#?}"),
                }
                match outcomes[1] {
                    "unknown" => {
                        unknown += 1;
                        assert!(["x.", "xx."].contains(&content.as_str()), "{at}: {content}");
                    }
                    outcome => assert_eq!((outcome, content.as_str()), ("done", "xx."), "{at}: {told:#?}"),
                }
            }
            // Only when the answer itself was seen in part.
            _ => assert_eq!(
                (last.data["state"].as_str(), content.as_str()),
                (Some("interrupted"), "xx."),
                "{at}: {last:?}"
            ),
        }
        let (_, steps) = client.get(&format!("/api/v1/turns/{turn}/steps")).await;
        let open =
            steps["items"].as_array().unwrap().iter().filter(|step| step["state"] == "started").count();
        assert_eq!(open, 0, "{at}: {steps:#?}");
        if ended(&seen) {
            break;
        }
        at += 1;
    }
    assert!(at > 10, "the turn has many steps: {at}");
    eprintln!("killed after each of {at} events; {unknown} calls were unknown and named");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_of_the_openai_face_is_told_the_answer_and_not_the_calls() {
    let script =
        || vec![model_says("I look.", &[("list_files", json!({}))]), model_says("There is nothing.", &[])];
    for stream in [false, true] {
        let (daemon, _upstream) = mocked(script()).await;
        let body = json!({
            "model": "mock/m", "session_id": "a", "stream": stream,
            "messages": [{ "role": "user", "content": "what is there?" }],
        });
        let answer = daemon.client().request(Method::POST, "/v1/chat/completions").json(&body).send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let text = answer.text().await.unwrap();
        assert!(!text.contains("tool_calls") && text.contains("There is nothing."), "{text}");
        if !stream {
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(answer["choices"][0]["message"]["content"], "I look.\n\nThere is nothing.");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_turn_with_tools_has_an_end_for_every_step() {
    let daemon = quick();
    let client = daemon.client();
    let thread = client.thread("stopped").await;
    let turn = client.say(&thread, "use write_file {\"path\": \"a\", \"content\": \"b\"}").await;
    let asked = |events: &[Event]| events.iter().any(|event| event.kind == "approval");
    client.events_until(&thread, 0, asked).await;
    let stop = client.request(Method::POST, &format!("/api/v1/turns/{turn}/stop")).send().await.unwrap();
    assert!(stop.status().is_success(), "{stop:?}");
    let last = client.turn_events(&thread, &turn).await.pop().unwrap();
    assert_eq!((last.kind.as_str(), last.data["state"].as_str()), ("error", Some("stopped")));
    let (_, steps) = client.get(&format!("/api/v1/turns/{turn}/steps")).await;
    assert!(steps["items"].as_array().unwrap().iter().all(|step| step["state"] != "started"), "{steps:#?}");
    // The conversation goes on: the call without an answer has got one for the model.
    assert_eq!(client.ask(&thread, "hello").await.kind, "done");
}

/// A daemon whose assistant is a mock model that plays these answers.
async fn mocked(script: Vec<Vec<Act>>) -> (TestDaemon, Upstream) {
    let upstream = Upstream::start(script).await;
    let config = format!(
        "[assistant]\nbackend = \"mock\"\nmodel = \"m\"\n\n[backends.mock]\nkind = \"openai\"\nbase_url = \"{}/v1\"\n\
         model = \"m\"\nmodels = [\"m\"]\nretries = 0\n",
        upstream.url()
    );
    (TestDaemon::with(Setup { config, ..Setup::default() }), upstream)
}

/// Bytes of the request for a bare greeting: instructions, the schemas that are always there, names of the others.
const PING_BYTES_MAX: usize = 2_560;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_greeting_stays_small_however_many_tools_there_are() {
    let (daemon, upstream) = mocked(vec![model_says("pong", &[])]).await;
    let client = daemon.client();
    let thread = client.thread("small").await;
    assert_eq!(client.ask(&thread, "ping").await.data["content"], "pong");
    let request = &upstream.received()[0];
    let tools: Vec<Value> = request.json()["tools"].as_array().unwrap().clone();
    let names: Vec<&str> = tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap()).collect();
    eprintln!("a bare ping is {} bytes, {} tools: {names:?}", request.body.len(), tools.len());
    assert!(request.body.len() <= PING_BYTES_MAX, "{} bytes", request.body.len());
    assert!(names.contains(&"read_file") && names.contains(&"find_tools") && names.len() <= 5, "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_reads_and_goes_on_with_what_it_was_told_in_pairs() {
    let script = vec![
        model_says("I look.", &[("list_files", json!({})), ("find_tools", json!({ "query": "jq" }))]),
        model_says("", &[("list_files", json!({ "path": 7 }))]),
        model_says("There is nothing.", &[]),
    ];
    let (daemon, upstream) = mocked(script).await;
    let client = daemon.client();
    let thread = client.thread("pairs").await;
    let last = client.ask(&thread, "what is there?").await;
    assert_eq!(
        (last.kind.as_str(), &last.data["content"]),
        ("done", &json!("There is nothing.")),
        "{last:?}"
    );
    let bodies: Vec<Value> = upstream.received().iter().map(|request| request.json()).collect();
    assert_eq!(bodies.len(), 3);
    let messages = bodies[2]["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(
        roles,
        ["system", "user", "assistant", "tool", "tool", "assistant", "tool"][7 - roles.len()..]
    );
    let asked: Vec<_> = messages
        .iter()
        .flat_map(|message| message["tool_calls"].as_array().cloned().unwrap_or_default())
        .map(|call| call["id"].as_str().unwrap().to_owned())
        .collect();
    let answered: Vec<_> =
        messages.iter().filter_map(|message| message["tool_call_id"].as_str()).map(str::to_owned).collect();
    assert_eq!(asked, answered, "every call has its answer, under an id of its own");
    assert_eq!(asked.iter().collect::<std::collections::HashSet<_>>().len(), 3);
    assert!(messages.last().unwrap()["content"].as_str().unwrap().contains("schema"), "{messages:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_conversation_is_shortened_for_the_model_and_stays_whole_for_people() {
    let upstream = Upstream::start(vec![model_says("It was about pebbles.", &[])]).await;
    let config = format!(
        "[assistant]\nbackend = \"mock\"\nmodel = \"m\"\n\n[sessions]\ncontext_tokens = 2500\n\n[backends.mock]\n\
         kind = \"openai\"\nbase_url = \"{}/v1\"\nmodel = \"m\"\nmodels = [\"m\"]\nretries = 0\n",
        upstream.url()
    );
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let client = daemon.client();
    let thread = client.thread("long").await;
    for count in 0..5 {
        let message = format!("number {count}: {}", "pebble ".repeat(250));
        assert_eq!(client.ask(&thread, &message).await.kind, "done");
    }
    let (_, made) = client.get(&format!("/api/v1/threads/{thread}/compactions")).await;
    let newest = &made["items"][0];
    assert_eq!((&newest["summary"], &newest["made_by"]), (&json!("It was about pebbles."), &json!("mock/m")));
    let last = upstream.received().pop().unwrap().json();
    let texts: Vec<_> =
        last["messages"].as_array().unwrap().iter().map(|m| m["content"].to_string()).collect();
    assert!(texts.iter().any(|text| text.contains("[Summary of the conversation so far")), "{texts:#?}");
    assert!(texts.iter().all(|text| !text.contains("number 0")), "{texts:#?}");
    assert!(texts.last().unwrap().contains("number 4"), "{texts:#?}");
    assert_eq!(client.messages(&thread).await.len(), 10, "nothing is lost");
    let path = format!("/api/v1/threads/{thread}/compactions/{}", newest["id"].as_str().unwrap());
    let undone = client.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(undone.status(), StatusCode::NO_CONTENT);
    let again = client.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let (_, made) = client.get(&format!("/api/v1/threads/{thread}/compactions")).await;
    assert!(made["items"][0]["undone_at"].is_string(), "{made}");
}
