//! Plays one recorded case on our supervisor: setup, steps, and what was seen.
//!
//! Shared by the example and the test. A case runs on a runtime of its own, with one thread and
//! virtual time, so that what is told first happens first and waits cost nothing.

#![allow(clippy::indexing_slicing, reason = "reading a missing key of a JSON value gives null")]

mod kid;
mod specs;
mod world;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::supervision::handle::{ChildInfo, ChildProcess};
use capuchin_actors::supervision::report::ReportKind;
use capuchin_actors::supervision::spec::{ChildKind, SpecError};
use capuchin_actors::supervision::{
    Args, CallError, RunningTree, StartError, SupervisorHandle, SupervisorSpec,
};
use ractor::{ActorCell, ActorStatus};
use serde::Serialize;
use serde_json::{Value, json};

use self::kid::Term;
use self::specs::Refused;
use self::world::World;

/// How long, in virtual time, the tree gets to come to rest after a child was told to die.
const SETTLE: Duration = Duration::from_millis(50);

/// The name of the supervisor under test in traces, and the id of the root.
const SUP: &str = "SUP";

/// What one case showed.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) id: String,
    trace: Vec<Value>,
    results: Vec<Value>,
    sup_alive: bool,
}

impl Outcome {
    /// Whether the case says what should have been seen, and this is not it.
    pub(crate) fn differs_from(&self, case: &Value) -> bool {
        let expect = &case["expect"];
        let seen = json!({ "trace": self.trace, "results": self.results, "sup_alive": self.sup_alive });
        let wanted = |key: &str| expect.get(key).is_some_and(|wanted| Some(wanted) != seen.get(key));
        ["trace", "results", "sup_alive"].into_iter().any(wanted)
    }
}

/// The cases of a file: a list, or an object with a list named `cases`.
pub(crate) fn cases(text: &str) -> io::Result<Vec<Value>> {
    let file: Value = serde_json::from_str(text)?;
    let list = file.get("cases").unwrap_or(&file).as_array().cloned();
    list.ok_or_else(|| io::Error::other("the file holds no list of cases"))
}

/// Plays a case.
pub(crate) fn run(case: &Value) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(runtime.block_on(play(case)))
}

async fn play(case: &Value) -> Outcome {
    let world = Arc::new(World::default());
    let mut results = Vec::new();
    let started = start(&world, &case["sup"]).await;
    let result = match &started {
        Ok(_) => json!("ok"),
        Err(refused) => refused.clone(),
    };
    results.push(json!({ "op": "start_link", "result": result }));
    let tree = started.ok();
    if let Some(tree) = &tree {
        let stage = Stage { world: world.clone(), sup: tree.handle().supervisor(&SUP.into()), tree };
        for step in case["steps"].as_array().into_iter().flatten() {
            results.push(stage.perform(step).await);
        }
        tokio::time::sleep(SETTLE).await;
    }
    let outcome = Outcome {
        id: case["id"].as_str().unwrap_or_default().to_owned(),
        trace: world.trace(),
        results,
        sup_alive: tree.as_ref().is_some_and(|tree| tree.root().get_status() != ActorStatus::Stopped),
    };
    if let Some(tree) = tree {
        tree.root().kill();
        tree.ended().await;
    }
    outcome
}

/// Starts the supervisor under test, or says in OTP's terms why it did not start.
async fn start(world: &Arc<World>, sup: &Value) -> Result<RunningTree, Value> {
    let spec = match specs::supervisor(world, sup) {
        Ok(spec) => spec,
        Err(Refused(term)) => return Err(term),
    };
    let told = world.clone();
    let hear = move |report: &capuchin_actors::supervision::report::Report| {
        if report.kind == ReportKind::SupervisorEnded {
            told.supervisor_ended(report.path.id());
        }
    };
    world.born(SUP, 0, None);
    let tree = RunningTree::start(SUP, spec, vec![Box::new(hear)]).await;
    let tree = tree.map_err(|error| json!(["error", start_term(&error)]))?;
    world.born(SUP, 0, Some(tree.root().clone()));
    Ok(tree)
}

/// A running case.
struct Stage<'a> {
    world: Arc<World>,
    sup: SupervisorHandle,
    tree: &'a RunningTree,
}

impl Stage<'_> {
    async fn perform(&self, step: &Value) -> Value {
        let op = step[0].as_str().unwrap_or_default();
        let arg = &step[1];
        let id = arg.as_str().unwrap_or_default();
        match op {
            "die" | "die_async" => {
                self.die(id, &step[2], op == "die").await;
                json!({ "id": id, "op": op, "reason": step[2] })
            }
            "wait" => {
                tokio::time::sleep(Duration::from_millis(arg.as_u64().unwrap_or(0))).await;
                json!({ "ms": arg, "op": op })
            }
            "stop_sup" => {
                self.stop_sup(arg).await;
                json!({ "op": op, "reason": arg })
            }
            "which_children" => json!({ "op": op, "result": self.which_children().await }),
            "count_children" => json!({ "op": op, "result": self.count_children().await }),
            "start_child" => {
                json!({ "id": arg["id"], "op": op, "result": self.start_child(arg).await })
            }
            "start_dyn" => {
                let args: Args = Arc::new(step[2].clone());
                let started = self.sup.start_child(id, Some(args)).await;
                json!({ "id": id, "op": "start_child", "result": self.started(started, &step[2]) })
            }
            "terminate_child" | "terminate_dyn" => {
                let result = done(self.sup.terminate_child(id).await);
                json!({ "id": id, "op": "terminate_child", "result": result })
            }
            "restart_child" => {
                let result = self.started(self.sup.restart_child(id).await, &Value::Null);
                json!({ "id": id, "op": op, "result": result })
            }
            "delete_child" => {
                json!({ "id": id, "op": op, "result": done(self.sup.delete_child(id).await) })
            }
            _ => json!({ "op": op, "result": ["error", "unknown_step"] }),
        }
    }

    /// Makes a child end by itself, and waits until the tree has come to rest if `settle`.
    async fn die(&self, id: &str, reason: &Value, settle: bool) {
        if let Some(cell) = self.world.kill_or_ask(id, reason) {
            // silent-ok: a child that ignores the request is what the case is about.
            let _ = cell.wait(Some(Duration::from_secs(10))).await;
        }
        if settle {
            tokio::time::sleep(SETTLE).await;
        }
    }

    async fn stop_sup(&self, reason: &Value) {
        self.world.sup_ends_with(reason.clone());
        if reason == "kill" {
            self.world.epitaph(SUP, &json!("killed"));
            self.tree.root().kill();
        } else {
            self.tree.root().stop(Some("shutdown".to_owned()));
        }
        self.tree.ended().await;
    }

    async fn which_children(&self) -> Value {
        match self.sup.which_children().await {
            Ok(children) => children.iter().map(|child| self.child(child)).collect(),
            Err(error) => json!(["error", call_term(&error, &self.world)]),
        }
    }

    fn child(&self, child: &ChildInfo) -> Value {
        let process = match &child.process {
            ChildProcess::Running(cell) => json!(self.world.label(cell)),
            ChildProcess::Restarting => json!("restarting"),
            ChildProcess::None => Value::Null,
        };
        let kind = match child.kind {
            ChildKind::Worker => "worker",
            ChildKind::Supervisor => "supervisor",
        };
        // OTP does not keep ids of dynamic children.
        let id = if self.world.is_dynamic() { Value::Null } else { json!(child.id) };
        json!([id, process, kind])
    }

    async fn count_children(&self) -> Value {
        match self.sup.count_children().await {
            Ok(count) => json!({
                "active": count.active,
                "specs": count.specs,
                "supervisors": count.supervisors,
                "workers": count.workers,
            }),
            Err(error) => json!(["error", call_term(&error, &self.world)]),
        }
    }

    async fn start_child(&self, child: &Value) -> Value {
        match specs::child(&self.world, child, self.world.auto_shutdown()) {
            Ok(spec) => self.started(self.sup.start_child_spec(spec).await, &child["opts"]),
            Err(Refused(term)) => json!(["error", term]),
        }
    }

    fn started(&self, started: Result<Option<ActorCell>, CallError>, opts: &Value) -> Value {
        match started {
            Ok(Some(cell)) => match opts["start"][0].as_array().map(Vec::as_slice) {
                Some([kind, info]) if kind == "extra" => json!(["ok", self.world.label(&cell), info]),
                _ => json!(["ok", self.world.label(&cell)]),
            },
            Ok(None) => json!(["ok", null]),
            Err(error) => json!(["error", call_term(&error, &self.world)]),
        }
    }
}

fn done(result: Result<(), CallError>) -> Value {
    match result {
        Ok(()) => json!("ok"),
        Err(error) => json!(["error", call_term(&error, &World::default())]),
    }
}

/// OTP's term for a refused call.
fn call_term(error: &CallError, world: &World) -> Value {
    match error {
        CallError::NotFound if world.sup_has_ended() => json!("noproc"),
        CallError::NotFound => json!("not_found"),
        CallError::AlreadyStarted(cell) => json!(["already_started", world.label(cell)]),
        CallError::AlreadyPresent => json!("already_present"),
        CallError::Running => json!("running"),
        CallError::Restarting => json!("restarting"),
        CallError::SimpleOneForOne => json!("simple_one_for_one"),
        CallError::Start(error) => start_term(error),
        CallError::Spec(error) => spec_term(error),
        CallError::Gone => json!("noproc"),
        other => json!(other.to_string()),
    }
}

/// OTP's term for a start that failed.
fn start_term(error: &StartError) -> Value {
    match error {
        StartError::Failed(error) => match error.downcast_ref::<Term>() {
            Some(Term(term)) => term.clone(),
            None => json!(error.to_string()),
        },
        StartError::Panicked(text) => json!(["EXIT", text]),
        StartError::Child { id, source } => {
            json!(["shutdown", ["failed_to_start_child", id, start_term(source)]])
        }
        StartError::Spec(SpecError::BadStartSpec(_)) => json!("bad_start_spec"),
        StartError::Spec(error) => json!(["start_spec", spec_term(error)]),
        StartError::TimedOut(_) => json!("timeout"),
    }
}

/// OTP's term for a specification that is refused.
fn spec_term(error: &SpecError) -> Value {
    match error {
        SpecError::InvalidStrategy(text) => json!(["invalid_strategy", text]),
        SpecError::InvalidIntensity(number) => json!(["invalid_intensity", number]),
        SpecError::InvalidAutoShutdown(text) => json!(["invalid_auto_shutdown", text]),
        SpecError::InvalidRestartType(text) => json!(["invalid_restart_type", text]),
        SpecError::InvalidShutdown(text) => json!(["invalid_shutdown", text]),
        SpecError::DuplicateChildName(id) => json!(["duplicate_child_name", id]),
        SpecError::BadCombination(_) => json!("bad_combination"),
        other => json!(other.to_string()),
    }
}

/// Whether a specification asks for children on demand.
fn is_dynamic(spec: &SupervisorSpec) -> bool {
    spec.is_dynamic()
}
