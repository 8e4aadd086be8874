//! The sixteen points, on a daemon of this process: each is reached, and its plugs are told what the documentation says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use capuchin::config::{Config, Home};
use capuchin::daemon::{self, RunningDaemon, StartOptions};
use capuchin::extensions::{Context, Hook, Plug, PlugError};
use capuchin::identity::{NewToken, Principal};
use capuchin::protocol::ids::TenantId;
use capuchin::skills::{NewSkill, SkillPlace, SkillState};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Writes down everything that it is told; at `session_starting` it halts while it has a reason.
#[derive(Default)]
struct Recorder {
    heard: Mutex<Vec<(Hook, Value)>>,
    more: Notify,
    against: Mutex<Option<String>>,
}

impl Plug for Recorder {
    fn name(&self) -> &str {
        "recorder"
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            self.heard.lock().push((context.hook, context.data.clone()));
            self.more.notify_waiters();
            let against = self.against.lock().clone().filter(|_| context.hook == Hook::SessionStarting);
            Ok(match against {
                Some(reason) => context.halt("recorder", reason),
                None => context,
            })
        }
        .boxed()
    }
}

impl Recorder {
    fn at(&self, hook: Hook) -> Vec<Value> {
        let heard = self.heard.lock();
        heard.iter().filter(|(of, _)| *of == hook).map(|(_, data)| data.clone()).collect()
    }

    /// What is heard at a point for the `nth` time. A test that waits for ever is ended by its runner.
    async fn hears(&self, hook: Hook, nth: usize) -> Value {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if let Some(data) = self.at(hook).into_iter().nth(nth - 1) {
                return data;
            }
            more.await;
        }
    }
}

/// A daemon with a recorder at every point.
struct Stage {
    daemon: RunningDaemon,
    recorder: Arc<Recorder>,
    token: String,
    _home: tempfile::TempDir,
}

impl Stage {
    async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("cap").tempdir().unwrap();
        let home = Home::locate(Some(&folder.path().join("home"))).unwrap();
        home.prepare().unwrap();
        let mut config = Config::default();
        config.console.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.ingress.listen = config.console.listen;
        let recorder = Arc::new(Recorder::default());
        let plugs: Vec<(Option<Hook>, Arc<dyn Plug>)> = vec![(None, Arc::clone(&recorder) as _)];
        let options = StartOptions { plugs, ..StartOptions::default() };
        let daemon = daemon::start(config, home, options).await.unwrap();
        let new = NewToken {
            name: "test".into(),
            scopes: "chat,read,operate,admin,processes".parse().unwrap(),
            assistant: None,
            budget_usd: None,
            expires_ms: None,
        };
        let owner = Principal::owner(TenantId::home());
        let made = daemon.state().identity.create_token(&owner, new, None).await.unwrap().thing;
        let token = made.value.unwrap().expose().to_owned();
        Self { daemon, recorder, token, _home: folder }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/api/v1{path}", self.daemon.console_url().trim_end_matches('/'));
        let request = reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.send("POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {made}");
        made
    }
}

/// The names of everything in a tree, so that two of a shape are equal.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name, shape(value))).collect();
            json!(fields)
        }
        Value::Array(items) => items.iter().map(shape).take(1).collect(),
        _ => Value::Null,
    }
}

/// What was heard at a point has the shape of its example.
fn as_documented(hook: Hook, data: &Value) {
    let (wanted, got) = (hook.sample(), data.clone());
    let names = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&got), names(&wanted), "{hook}");
    for name in ["experiment", "iteration", "result"] {
        if let (Some(got), Some(wanted)) = (got.get(name), wanted.get(name)) {
            assert_eq!(names(got), names(wanted), "{hook}: {name}");
        }
    }
    for name in ["workspace", "channel", "config", "usage", "messages"] {
        if let (Some(got), Some(wanted)) = (got.get(name), wanted.get(name)) {
            assert_eq!(shape(got), shape(wanted), "{hook}: {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugs_are_told_of_workspaces_threads_turns_and_sessions() {
    let stage = Stage::start().await;
    let heard = &stage.recorder;
    let workspace = stage.make("/workspaces", json!({ "name": "Garden" })).await;
    let id = workspace["id"].as_str().unwrap().to_owned();
    let thread = stage.make("/threads", json!({ "workspace_id": id, "title": "" })).await;
    let thread = thread["id"].as_str().unwrap().to_owned();
    let sent = stage.make(&format!("/threads/{thread}/messages"), json!({ "content": "hello there" })).await;

    // The first workspace of a home is told of too.
    assert_eq!(heard.hears(Hook::WorkspaceCreated, 1).await["workspace"]["is_default"], true);
    assert_eq!(heard.hears(Hook::WorkspaceCreated, 2).await["workspace"]["id"], json!(id));
    let made = heard.hears(Hook::ChannelCreated, 1).await;
    assert_eq!((&made["kind"], &made["channel"]["id"]), (&json!("thread"), &json!(thread)));
    assert_eq!(heard.hears(Hook::SessionStarting, 1).await["session_id"], json!(thread));
    assert_eq!(heard.hears(Hook::SessionStarted, 1).await["workspace_id"], json!(id));
    assert_eq!(heard.hears(Hook::QueryPre, 1).await["prompt"], "hello there");
    let ended = heard.hears(Hook::QueryPost, 1).await;
    assert_eq!((&ended["turn_id"], &ended["state"]), (&sent["turn_id"], &json!("done")));
    assert_eq!(ended["messages"][0]["role"], "user");
    // Its title comes from the first message.
    assert_eq!(heard.hears(Hook::ChannelUpdated, 1).await["channel"]["title"], "hello there");

    let (status, _) =
        stage.send("PATCH", &format!("/threads/{thread}"), Some(json!({ "title": "Trees" }))).await;
    assert_eq!(status, 200);
    assert_eq!(heard.hears(Hook::ChannelUpdated, 2).await["channel"]["title"], "Trees");
    let (status, _) =
        stage.send("PATCH", &format!("/workspaces/{id}"), Some(json!({ "name": "Yard" }))).await;
    assert_eq!(status, 200);
    assert_eq!(heard.hears(Hook::WorkspaceUpdated, 1).await["workspace"]["name"], "Yard");

    let other = stage.make("/threads", json!({ "workspace_id": id, "title": "Other" })).await;
    let (status, _) =
        stage.send("DELETE", &format!("/threads/{}", other["id"].as_str().unwrap()), None).await;
    assert_eq!(status, 204);
    assert_eq!(heard.hears(Hook::ChannelDeleted, 1).await["channel"]["title"], "Other");
    let (status, _) = stage.send("DELETE", &format!("/workspaces/{id}"), None).await;
    assert_eq!(status, 204);
    assert_eq!(heard.hears(Hook::WorkspaceDeleted, 1).await["workspace"]["name"], "Yard");

    // A session in another workspace, whose thread is still there when the daemon ends.
    let thread = stage.make("/threads", json!({ "title": "Stays" })).await["id"].as_str().unwrap().to_owned();
    stage.make(&format!("/threads/{thread}/messages"), json!({ "content": "hello again" })).await;
    heard.hears(Hook::QueryPost, 2).await;
    stage.daemon.shutdown().await;
    let rests = heard.at(Hook::SessionStopping);
    let rests =
        rests.iter().find(|data| data["session_id"] == json!(thread)).expect("it is told before it rests");
    assert_eq!(rests["reason"], "stopped");
    let gone = heard.at(Hook::SessionStopped);
    let gone = gone.iter().find(|data| data["session_id"] == json!(thread)).expect("and after it");
    for (hook, data) in heard.heard.lock().iter() {
        // Of a session whose thread is gone only its id is left.
        if data.get("config").is_none_or(|config| !config.is_null()) {
            as_documented(*hook, data);
        }
    }
    as_documented(Hook::SessionStopped, gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugs_are_told_of_chat_channels() {
    let stage = Stage::start().await;
    let new = json!({
        "name": "team", "platform": "slack", "settings": { "base_url": "http://127.0.0.1:9" },
        "credentials": { "bot_token": "xoxb-1", "app_token": "xapp-1" },
    });
    let made = stage.make("/channels", new).await;
    let path = format!("/channels/{}", made["id"].as_str().unwrap());
    let (status, changed) = stage.send("PATCH", &path, Some(json!({ "enabled": false }))).await;
    assert_eq!(status, 200, "{changed}");
    let (status, _) = stage.send("DELETE", &path, None).await;
    assert_eq!(status, 204);
    for hook in [Hook::ChannelCreated, Hook::ChannelUpdated, Hook::ChannelDeleted] {
        let data = stage.recorder.hears(hook, 1).await;
        assert_eq!((&data["kind"], &data["channel"]["name"]), (&json!("platform"), &json!("team")), "{hook}");
        assert!(!data.to_string().contains("xoxb-1"), "credentials are not told");
    }
    assert_eq!(stage.recorder.at(Hook::ChannelCreated).len(), 1);
    assert_eq!(stage.recorder.hears(Hook::ChannelDeleted, 1).await["channel"]["enabled"], false);
    stage.daemon.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_halt_of_session_starting_refuses_the_message_and_the_next_one_asks_again() {
    let stage = Stage::start().await;
    let thread = stage.make("/threads", json!({ "title": "t" })).await["id"].as_str().unwrap().to_owned();
    let path = format!("/threads/{thread}/messages");
    *stage.recorder.against.lock() = Some("it is night".to_owned());
    let (status, problem) = stage.send("POST", &path, Some(json!({ "content": "hello" }))).await;
    assert_eq!((status, &problem["code"]), (403, &json!("halted")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("it is night"), "{problem}");
    let (_, kept) = stage.send("GET", &path, None).await;
    assert_eq!(kept["items"], json!([]), "nothing was taken in");
    *stage.recorder.against.lock() = None;
    stage.make(&path, json!({ "content": "hello" })).await;
    stage.recorder.hears(Hook::QueryPost, 1).await;
    assert_eq!(stage.recorder.at(Hook::SessionStarting).len(), 2);
    assert_eq!(stage.recorder.at(Hook::SessionStarted).len(), 1);
    stage.daemon.shutdown().await;
}

/// A skill of the home, as it is and as what came of it says.
async fn skill(stage: &Stage, name: &str) -> Option<(SkillState, f64, usize)> {
    let skills = &stage.daemon.state().knowledge.skills;
    let (tenant, place) = (TenantId::home(), SkillPlace::Home);
    let found = skills.get(&tenant, place, name).await.ok()?;
    let known = skills.estimates(&tenant, place).await.unwrap().get(name).copied();
    let known = known.unwrap_or_else(|| skills.unproven());
    Some((found.state, known.mean, known.evidence))
}

/// A skill once it has so many outcomes; plugs that nobody waits for take their time.
async fn weighed(stage: &Stage, name: &str, evidence: usize) -> (SkillState, f64) {
    loop {
        if let Some((state, mean, count)) = skill(stage, name).await
            && count >= evidence
        {
            return (state, mean);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Starts an experiment; its id.
async fn tried(stage: &Stage, body: Value) -> Value {
    let id = stage.make("/experiments", body).await["id"].clone();
    stage.make(&format!("/experiments/{}/start", id.as_str().unwrap()), json!({})).await;
    id
}

/// A workspace whose folder has a prompt; its id, and the folder.
async fn with_prompt(stage: &Stage) -> (Value, tempfile::TempDir) {
    let workspace = stage.make("/workspaces", json!({ "name": "project" })).await["id"].clone();
    let folder = tempfile::Builder::new().prefix("work").tempdir().unwrap();
    fs::write(folder.path().join("prompt.txt"), "Hello {{input}}\n").unwrap();
    let path = format!("/workspaces/{}/folder", workspace.as_str().unwrap());
    let (status, _) = stage.send("PUT", &path, Some(json!({ "path": folder.path() }))).await;
    assert_eq!(status, 200);
    (workspace, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugs_are_told_of_experiments_and_skills_learn_from_them() {
    let stage = Stage::start().await;
    let heard = &stage.recorder;
    let text =
        "---\nname: greeting\ndescription: How people are greeted by their name.\n---\n\nSay the name.\n";
    let new = NewSkill { text: text.to_owned(), files: Vec::new() };
    let owner = Principal::owner(TenantId::home());
    stage.daemon.state().knowledge.skills.create(&owner, new, None).await.unwrap();
    let (workspace, _folder) = with_prompt(&stage).await;
    let writes =
        format!("use write_file {}", json!({ "path": "prompt.txt", "content": "My name is {{input}}\n" }));
    let experiment = |title: &str, idea: &str| {
        json!({
            "title": title, "kind": "prompt", "goal": "people are greeted by their name", "workspace_id": workspace,
            "iterations_max": 1,
            "settings": {
                "prompt": { "file": "prompt.txt", "cases": [{ "input": "Ada", "expect": "Nice to meet you, **Ada**" }] },
                "apply": "never", "ideas": [idea],
            },
        })
    };
    let id = tried(&stage, experiment("Greeter", &writes)).await;
    let ended = heard.hears(Hook::ExperimentCompleted, 1).await;
    assert_eq!(ended["result"]["decision"], "accepted", "{ended:#}");
    assert_eq!((&ended["experiment"]["id"], &ended["experiment"]["tainted"]), (&id, &json!(false)));
    assert_eq!(ended["experiment"]["config"]["skills"], json!(["greeting"]));
    let began = heard.hears(Hook::ExperimentStarted, 1).await;
    assert_eq!(
        (&began["experiment"]["state"], &began["experiment"]["tainted"]),
        (&json!("running"), &json!(false))
    );
    let first = heard.hears(Hook::IterationStarted, 1).await;
    assert_eq!((&first["iteration"]["number"], &first["iteration"]["skills"]), (&json!(1), &json!([])));
    let judged = heard.hears(Hook::IterationCompleted, 1).await;
    assert_eq!(
        (&judged["experiment_id"], &judged["iteration"]["status"], &judged["iteration"]["tainted"]),
        (&id, &json!("accepted"), &json!(false))
    );
    assert_eq!(judged["iteration"]["skills"], json!(["greeting"]));
    for (hook, data) in heard.heard.lock().iter() {
        as_documented(*hook, data);
    }
    // The iteration and the experiment speak for the skill that was in the prompt, and a new one is learnt and on.
    let (_, liked) = weighed(&stage, "greeting", 2).await;
    assert!(liked > 0.55, "{liked}");
    assert_eq!(weighed(&stage, "greeter", 1).await.0, SkillState::On);

    // What a stranger may have written teaches nothing by itself, and what is rejected speaks against it.
    let reads = format!("use read_file {}\n{writes}", json!({ "path": "prompt.txt" }));
    tried(&stage, experiment("Reader", &reads)).await;
    assert_eq!(heard.hears(Hook::ExperimentCompleted, 2).await["experiment"]["tainted"], true);
    assert_eq!(weighed(&stage, "reader", 1).await.0, SkillState::Off);
    let (_, best) = weighed(&stage, "greeting", 4).await;
    let worse =
        format!("use write_file {}", json!({ "path": "prompt.txt", "content": "Go away {{input}}\n" }));
    tried(&stage, experiment("Worse", &worse)).await;
    assert_eq!(heard.hears(Hook::ExperimentCompleted, 3).await["result"]["decision"], "rejected");
    assert!(weighed(&stage, "greeting", 6).await.1 < best);
    stage.daemon.shutdown().await;
}
