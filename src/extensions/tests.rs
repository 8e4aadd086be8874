//! Pipelines: their order, halts, plugs that misbehave, swaps, and what is told in the background.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::context::EFFECTIVE_PROMPT_BYTES_MAX;
use super::desk::NOBODY_REBUILDS;
use super::station::{ADDED_BYTES_MAX, FAILURES_IN_ROW, INJECTIONS_MAX, REST};
use super::*;
use crate::protocol::ids::TenantId;
use crate::protocol::turn::Provenance;

type Act = Box<dyn Fn(Context) -> Result<Context, PlugError> + Send + Sync>;

/// A plug of a test.
struct Scripted {
    name: &'static str,
    guards: bool,
    act: Act,
    hangs: bool,
}

impl Plug for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            (self.act)(context)
        }
        .boxed()
    }

    fn guards(&self) -> bool {
        self.guards
    }
}

fn plug(
    name: &'static str,
    act: impl Fn(Context) -> Result<Context, PlugError> + Send + Sync + 'static,
) -> Placed {
    placed(Scripted { name, guards: false, act: Box::new(act), hangs: false })
}

fn placed(plug: Scripted) -> Placed {
    Placed { plug: Arc::new(plug), within: Duration::from_secs(1) }
}

/// A plug that adds its name to a list.
fn named(name: &'static str) -> Placed {
    plug(name, move |mut context| {
        let said = context.assigns.entry("said").or_insert_with(|| json!([]));
        said.as_array_mut().unwrap().push(name.into());
        Ok(context)
    })
}

fn said(context: &Context) -> Vec<&str> {
    let said = context.assigns.get("said").and_then(Value::as_array);
    said.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn at(hook: Hook, plugs: Vec<Placed>) -> Extensions {
    let at: Vec<_> = plugs.into_iter().map(|placed| (hook, placed)).collect();
    Extensions::new(Pipelines::compile(&[], &at))
}

async fn run(extensions: &Extensions, hook: Hook) -> Context {
    extensions.run(hook, &TenantId::home(), json!({ "prompt": "hello" })).await
}

#[test]
fn there_are_sixteen_points_and_each_has_its_own_name() {
    let names: std::collections::BTreeSet<_> = Hook::ALL.iter().map(|hook| hook.as_str()).collect();
    assert_eq!(names.len(), 16);
    for hook in Hook::ALL {
        assert_eq!(Hook::named(hook.as_str()), Some(hook));
        assert_eq!(json!(hook), json!(hook.as_str()));
    }
    assert_eq!(Hook::named("query"), None);
}

#[tokio::test]
async fn plugs_for_every_point_come_first_and_each_kind_in_its_order() {
    let at = [(Hook::QueryPre, named("c")), (Hook::QueryPost, named("x")), (Hook::QueryPre, named("d"))];
    let extensions = Extensions::new(Pipelines::compile(&[named("a"), named("b")], &at));
    assert_eq!(said(&run(&extensions, Hook::QueryPre).await), ["a", "b", "c", "d"]);
    assert_eq!(said(&run(&extensions, Hook::QueryPost).await), ["a", "b", "x"]);
    assert_eq!(said(&run(&extensions, Hook::SessionStopped).await), ["a", "b"]);
}

#[tokio::test]
async fn a_halt_ends_the_pipeline_and_says_who_and_why() {
    let stop = plug("guard", |context| Ok(context.halt("guard", "not today")));
    let extensions = at(Hook::QueryPre, vec![named("a"), stop, named("b")]);
    let context = run(&extensions, Hook::QueryPre).await;
    assert_eq!(said(&context), ["a"]);
    assert_eq!(context.halted, Some(Halt { by: "guard".into(), reason: "not today".into() }));
    let counts: Vec<_> = extensions.reports(Hook::QueryPre).into_iter().map(|(_, one)| one.runs).collect();
    assert_eq!(counts, [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_plug_that_fails_panics_hangs_or_grows_changes_nothing_but_its_report() {
    let fails = plug("fails", |_| Err(PlugError::Unavailable("no".into())));
    let panics = plug("panics", |_| panic!("a plug of a test"));
    let grows = plug("grows", |mut context| {
        context.private.insert("big".into(), "x".repeat(ADDED_BYTES_MAX).into());
        Ok(context)
    });
    let hangs = placed(Scripted { name: "hangs", guards: false, act: Box::new(Ok), hangs: true });
    let extensions = at(Hook::QueryPre, vec![named("a"), fails, panics, grows, hangs, named("b")]);
    let context = run(&extensions, Hook::QueryPre).await;
    assert_eq!(said(&context), ["a", "b"]);
    assert_eq!(context.halted, None);
    let troubles: Vec<_> = extensions
        .reports(Hook::QueryPre)
        .into_iter()
        .filter_map(|(name, report)| Some((name, report.failures, report.trouble?.what)))
        .collect();
    let wanted = [
        ("fails", "no"),
        ("panics", "it panicked"),
        ("grows", "it takes more than 1024 KiB in a context"),
        ("hangs", "it takes more than 1000 ms"),
    ];
    let wanted: Vec<_> = wanted.map(|(name, what)| (name.to_owned(), 1, what.to_owned())).into();
    assert_eq!(troubles, wanted);
}

#[tokio::test]
async fn a_context_of_the_greatest_weight_passes() {
    let full = plug("full", |mut context| {
        // {"x":""} and the empty map of assigns are ten bytes.
        context.private.insert("x".into(), "x".repeat(ADDED_BYTES_MAX - 10).into());
        Ok(context)
    });
    let context = run(&at(Hook::QueryPre, vec![full]), Hook::QueryPre).await;
    assert!(context.private.contains_key("x"));
}

#[tokio::test]
async fn a_guard_that_fails_halts() {
    let act: Act = Box::new(|_| panic!("a plug of a test"));
    let guard = placed(Scripted { name: "scanner", guards: true, act, hangs: false });
    let context = run(&at(Hook::QueryPre, vec![guard, named("b")]), Hook::QueryPre).await;
    let halt = context.halted.clone().unwrap();
    assert_eq!((halt.by.as_str(), said(&context).len()), ("scanner", 0));
    assert!(halt.reason.contains("failed: it panicked"), "{halt:?}");
}

#[tokio::test]
async fn a_plug_cannot_move_the_context_elsewhere() {
    let mover = plug("mover", |mut context| {
        context.hook = Hook::WorkspaceDeleted;
        context.tenant = "other".parse().unwrap();
        context.at_ms = 1;
        Ok(context)
    });
    let context = run(&at(Hook::QueryPre, vec![mover]), Hook::QueryPre).await;
    assert_eq!((context.hook, context.tenant), (Hook::QueryPre, TenantId::home()));
    assert!(context.at_ms > 1);
}

#[tokio::test]
async fn another_prompt_counts_when_it_is_neither_empty_nor_too_long() {
    let long = "x".repeat(EFFECTIVE_PROMPT_BYTES_MAX);
    let cases =
        [("Hi", true), ("", false), (" \n", false), (long.as_str(), true), (&format!("{long}x"), false)];
    for (prompt, counts) in cases {
        let mut context = Context::new(Hook::QueryPre, TenantId::home(), json!({}));
        context.assigns.insert("effective_prompt".into(), prompt.into());
        assert_eq!(context.effective_prompt().is_some(), counts, "{} bytes", prompt.len());
    }
}

#[tokio::test]
async fn other_pipelines_take_their_place_at_once() {
    let extensions = at(Hook::QueryPre, vec![named("old")]);
    assert!(extensions.wants(Hook::QueryPre) && !extensions.wants(Hook::QueryPost));
    extensions.install(Pipelines::compile(&[], &[(Hook::QueryPost, named("new"))]));
    assert!(!extensions.wants(Hook::QueryPre) && extensions.wants(Hook::QueryPost));
    assert_eq!(said(&run(&extensions, Hook::QueryPost).await), ["new"]);
}

#[tokio::test]
async fn what_nobody_waits_for_is_told_in_order_and_over_a_restart_of_the_teller() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (all, hears) = (Arc::clone(&heard), CancellationToken::new());
    let (first, done) = (hears.clone(), CancellationToken::new());
    let last = done.clone();
    let ear = plug("ear", move |context| {
        all.lock().push(context.data["n"].as_u64().unwrap());
        if all.lock().len() == 2 {
            first.cancel();
        }
        if all.lock().len() == 4 {
            last.cancel();
        }
        Ok(context)
    });
    let extensions = at(Hook::WorkspaceCreated, vec![ear]);
    let tell = |n: u64| extensions.tell(Hook::WorkspaceCreated, &TenantId::home(), json!({ "n": n }));
    tell(1);
    tell(2);
    extensions.tell(Hook::WorkspaceDeleted, &TenantId::home(), json!({ "n": 9 }));
    extensions.clone().tell_on(hears).await;
    tell(3);
    extensions.tell_what(Hook::WorkspaceCreated, &TenantId::home(), async { None });
    tell(4);
    extensions.clone().tell_on(done).await;
    assert_eq!(*heard.lock(), [1, 2, 3, 4]);
    assert_eq!(extensions.untold(), 0);
}

#[tokio::test]
async fn what_is_too_much_to_tell_is_counted() {
    let extensions = at(Hook::WorkspaceCreated, vec![named("slow")]);
    for n in 0..1_030 {
        extensions.tell(Hook::WorkspaceCreated, &TenantId::home(), json!({ "n": n }));
    }
    assert_eq!(extensions.untold(), 6);
}

#[test]
fn injections_are_read_as_they_are_written() {
    let one = Injection {
        plug: "recall".into(),
        key: "message:1".into(),
        title: "Tea".into(),
        text: "At nine.".into(),
        provenance: Provenance::Owner,
        sources: vec![Source { kind: "message".into(), id: "1".into() }],
    };
    assert_eq!(serde_json::from_value::<Injection>(json!(one)).unwrap(), one);
}

#[tokio::test(start_paused = true)]
async fn a_plug_that_only_fails_is_left_out_for_a_while_and_then_tried_once() {
    let fails = plug("fails", |_| Err(PlugError::Unavailable("no".into())));
    let extensions = at(Hook::QueryPre, vec![fails, named("b")]);
    let counts = || {
        let view = extensions.views(Hook::QueryPre).remove(0);
        (view.state, view.report.failures, view.report.left_out)
    };
    assert_eq!(counts(), (PlugState::Unused, 0, 0));
    for _ in 0..FAILURES_IN_ROW {
        assert_ne!(counts().0, PlugState::Resting);
        run(&extensions, Hook::QueryPre).await;
    }
    let failures = u64::from(FAILURES_IN_ROW);
    assert_eq!(counts(), (PlugState::Resting, failures, 0));
    assert_eq!(said(&run(&extensions, Hook::QueryPre).await), ["b"]);
    assert_eq!(counts(), (PlugState::Resting, failures, 1));
    tokio::time::advance(REST).await;
    assert_eq!(counts().0, PlugState::Failing);
    run(&extensions, Hook::QueryPre).await;
    assert_eq!(counts(), (PlugState::Resting, failures + 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_is_left_out_halts_still() {
    let act: Act = Box::new(|_| Err(PlugError::Unavailable("no".into())));
    let guard = placed(Scripted { name: "guard", guards: true, act, hangs: false });
    let extensions = at(Hook::QueryPre, vec![guard]);
    for _ in 0..=FAILURES_IN_ROW {
        let halt = run(&extensions, Hook::QueryPre).await.halted.unwrap();
        assert_eq!(halt.by, "guard");
    }
    assert_eq!(extensions.reports(Hook::QueryPre)[0].1.left_out, 1);
}

#[tokio::test(start_paused = true)]
async fn the_plugs_of_a_point_have_a_time_together() {
    let slow = || placed(Scripted { name: "slow", guards: false, act: Box::new(Ok), hangs: true });
    let at: Vec<_> = (0..3).map(|_| (Hook::QueryPre, slow())).chain([(Hook::QueryPre, named("b"))]).collect();
    let extensions = Extensions::new(Pipelines::compile(&[], &at).within(Duration::from_millis(1_500)));
    let began = tokio::time::Instant::now();
    assert!(said(&run(&extensions, Hook::QueryPre).await).is_empty());
    assert_eq!(began.elapsed(), Duration::from_millis(1_500));
    let left_out: Vec<_> =
        extensions.reports(Hook::QueryPre).into_iter().map(|(_, report)| report.left_out).collect();
    assert_eq!(left_out, [0, 0, 1, 1]);
}

#[tokio::test]
async fn as_many_injections_as_a_turn_keeps_pass_and_no_more() {
    let injects = |count: usize| {
        plug("injects", move |mut context| {
            let one = |number: usize| Injection {
                plug: "injects".into(),
                key: format!("{number}"),
                title: String::new(),
                text: "x".into(),
                provenance: Provenance::Tool,
                sources: Vec::new(),
            };
            context.injections.extend((0..count).map(one));
            Ok(context)
        })
    };
    let full = run(&at(Hook::QueryPre, vec![injects(INJECTIONS_MAX)]), Hook::QueryPre).await;
    assert_eq!(full.injections.len(), INJECTIONS_MAX);
    let over = run(&at(Hook::QueryPre, vec![injects(INJECTIONS_MAX + 1)]), Hook::QueryPre).await;
    assert!(over.injections.is_empty());
}

#[tokio::test]
async fn a_plug_is_tried_by_its_name_and_counts_nothing() {
    let extensions = at(Hook::QueryPre, vec![named("a")]);
    let tried = extensions.try_plug("a", Hook::SessionStopped, &TenantId::home(), json!({})).await.unwrap();
    assert_eq!(said(&tried.outcome.unwrap()), ["a"]);
    assert_eq!(extensions.reports(Hook::QueryPre)[0].1.runs, 0);
    assert!(extensions.try_plug("b", Hook::QueryPre, &TenantId::home(), json!({})).await.is_none());
}

struct Other(Mutex<Option<Vec<String>>>);

impl Rebuild for Other {
    fn rebuild(&self) -> BoxFuture<'static, Result<Pipelines, Vec<String>>> {
        let made = match self.0.lock().clone() {
            Some(problems) => Err(problems),
            None => Ok(Pipelines::compile(&[named("new")], &[])),
        };
        std::future::ready(made).boxed()
    }
}

#[tokio::test]
async fn a_reload_puts_all_in_place_or_nothing() {
    let extensions = at(Hook::QueryPre, vec![named("old")]);
    assert_eq!(extensions.reload().await, Err(vec![NOBODY_REBUILDS.to_owned()]));
    let other = Arc::new(Other(Mutex::new(Some(vec!["no".to_owned()]))));
    extensions.rebuilt_by(Arc::clone(&other) as _);
    assert_eq!(extensions.reload().await, Err(vec!["no".to_owned()]));
    assert_eq!(said(&run(&extensions, Hook::QueryPre).await), ["old"]);
    *other.0.lock() = None;
    assert_eq!(extensions.reload().await, Ok(()));
    assert_eq!(said(&run(&extensions, Hook::QueryPre).await), ["new"]);
}

fn scanned(context: Context) -> impl Future<Output = Context> {
    let scanner = SecretScanner::new(crate::redaction::Redactor::new());
    async move { scanner.call(context).await.unwrap() }
}

#[tokio::test]
async fn the_scanner_takes_secrets_out_of_what_plugs_see_and_counts_them() {
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let data =
        json!({ "prompt": format!("use {secret}"), "messages": [{ "role": "user", "content": secret }] });
    let context = scanned(Context::new(Hook::QueryPre, TenantId::home(), data)).await;
    assert!(!format!("{context:?}").contains(secret));
    assert_eq!(context.assigns["secrets_redacted"], 2);
    assert!(context.effective_prompt().unwrap().starts_with("use [REDACTED"));
    assert_eq!(context.halted, None);
    let clean = Context::new(Hook::QueryPre, TenantId::home(), json!({ "prompt": "hello" }));
    let context = scanned(clean).await;
    assert_eq!((context.effective_prompt(), &context.assigns["secrets_redacted"]), (None, &json!(0)));
    let scanner = SecretScanner::new(crate::redaction::Redactor::new());
    assert!(scanner.guards());
}
