//! Components that help, and components that do not: written as text, run for real.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::extensions::{Hook, Pipelines, Placed};
use crate::protocol::ids::TenantId;
use crate::protocol::turn::Provenance;

const LIMITS: ComponentLimits = ComponentLimits { fuel: 50_000_000, memory_bytes: 4 << 20 };

/// An answer that injects a fact.
const FACT: &str = r#"{"injections":[{"key":"k","title":"A fact","text":"It rains."}]}"#;

/// A component whose `call` runs `body` and then answers with `answer`; `more` stands beside it in its module.
fn text(body: &str, answer: &str, more: &str) -> String {
    let (escaped, length) = (answer.replace('\\', "\\\\").replace('"', "\\\""), answer.len());
    format!(
        r#"(component
  (import "log" (func $log (param "message" string)))
  (core module $libc
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get 3) (i32.const 65536)))))))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (core func $log (canon lower (func $log) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $main
    (import "libc" "memory" (memory 2))
    (import "host" "log" (func $log (param i32 i32)))
    (data (i32.const 4096) "{escaped}")
    (global $calls (mut i32) (i32.const 0))
    {more}
    (func (export "init") (param i32 i32) (result i32) (i32.const 1024))
    (func (export "call") (param i32 i32) (result i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      {body}
      (i32.store (i32.const 2052) (i32.const 4096))
      (i32.store (i32.const 2056) (i32.const {length}))
      (i32.const 2048)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc)) (with "host" (instance (export "log" (func $log))))))
  (func (export "init") (param "options" string) (result (result (error string)))
    (canon lift (core func $main "init") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (func (export "call") (param "context" string) (result (result string (error string)))
    (canon lift (core func $main "call") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))"#
    )
}

async fn load(text: &str) -> Result<ComponentPlug, PlugError> {
    load_within(text, LIMITS).await
}

async fn load_within(text: &str, limits: ComponentLimits) -> Result<ComponentPlug, PlugError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plug.wasm");
    std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    ComponentPlug::load(("rain", &path), &Map::new(), (false, false), limits).await
}

async fn says(body: &str, answer: &str, more: &str) -> Result<Context, PlugError> {
    let plug = load(&text(body, answer, more)).await.unwrap();
    let context = Context::new(Hook::QueryPre, TenantId::home(), json!({ "prompt": "hello" }));
    plug.call(context).await
}

/// The words of a failure.
async fn fails(body: &str, answer: &str, more: &str) -> String {
    says(body, answer, more).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_component_says_something_and_it_is_a_tools_word() {
    let context = says("", FACT, "").await.unwrap();
    let injection = &context.injections[0];
    assert_eq!((injection.plug.as_str(), injection.text.as_str()), ("rain", "It rains."));
    assert_eq!(injection.provenance, Provenance::Tool);
}

#[tokio::test]
async fn every_call_has_a_fresh_instance() {
    // A second call in the same instance would trap.
    let body = "(if (i32.gt_u (global.get $calls) (i32.const 1)) (then unreachable))";
    let plug = load(&text(body, "{}", "")).await.unwrap();
    for _ in 0..3 {
        let context = Context::new(Hook::QueryPre, TenantId::home(), json!({}));
        assert!(plug.call(context).await.is_ok());
    }
}

#[tokio::test]
async fn what_traps_recurses_or_reaches_outside_of_itself_is_a_failure() {
    assert!(fails("unreachable", "{}", "").await.contains("it trapped"));
    let recursion =
        "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    assert!(fails("(drop (call $deep (i32.const 1)))", "{}", recursion).await.contains("stack"));
    assert!(fails("(drop (i32.load (i32.const -8)))", "{}", "").await.contains("out of bounds"));
    // An answer of four gigabytes that are not there.
    let lie = "(i32.store (i32.const 2052) (i32.const 16)) (i32.store (i32.const 2056) (i32.const -32)) \
               (return (i32.const 2048))";
    assert!(fails(lie, "{}", "").await.contains("it failed"));
}

#[tokio::test]
async fn what_computes_for_ever_runs_out_of_fuel() {
    let error = says("(loop $on (br $on))", "{}", "").await.unwrap_err();
    assert_eq!(error, PlugError::TooMuch("50000000 of fuel in a call".to_owned()));
}

#[tokio::test]
async fn what_has_fuel_for_ever_is_interrupted_when_nobody_waits_any_more() {
    let plenty = ComponentLimits { fuel: u64::MAX, ..LIMITS };
    let plug = Arc::new(load_within(&text("(loop $on (br $on))", "{}", ""), plenty).await.unwrap());
    let placed = Placed { plug: Arc::clone(&plug) as _, within: Duration::from_millis(5) };
    let pipelines = Pipelines::compile(&[], &[(Hook::QueryPre, placed)]);
    for _ in 0..PLACES {
        pipelines.run(Context::new(Hook::QueryPre, TenantId::home(), json!({}))).await;
    }
    let (_, report) = pipelines.reports(Hook::QueryPre).remove(0);
    assert_eq!(report.trouble.unwrap().what, "it takes more than 5 ms");
    // Every place becomes free again, though nothing else would have ended the calls.
    let all = u32::try_from(PLACES).unwrap();
    assert!(plug.answerer.places.acquire_many(all).await.is_ok());
}

#[tokio::test]
async fn what_grows_is_stopped_at_its_memory() {
    let grows = "(loop $on (drop (memory.grow (i32.const 16))) (br $on))";
    let error = says(grows, "{}", "").await.unwrap_err();
    assert_eq!(error, PlugError::TooMuch("4096 KiB of memory".to_owned()));
    // At the limit: two memories of its own have two pages each... the second is none, so 62 more pages fit.
    let fits = "(if (i32.eq (memory.grow (i32.const 61)) (i32.const -1)) (then unreachable))";
    assert!(says(fits, "{}", "").await.is_ok());
    let over = "(drop (memory.grow (i32.const 63)))";
    assert!(matches!(says(over, "{}", "").await, Err(PlugError::TooMuch(_))));
}

#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    assert!(fails("", "hello", "").await.contains("not what was agreed"));
    let error = "(i32.store8 (i32.const 2048) (i32.const 1))";
    assert_eq!(fails(error, "the sky is empty", "").await, "the sky is empty");
}

#[tokio::test]
async fn a_log_is_bounded() {
    let flood = "(loop $on (call $log (i32.const 4096) (i32.const 2)) \
                 (global.set $left (i32.sub (global.get $left) (i32.const 1))) (br_if $on (global.get $left)))";
    let left = "(global $left (mut i32) (i32.const 10000))";
    assert!(says(flood, "{}", left).await.is_ok());
}

#[tokio::test]
async fn what_wants_more_than_a_log_is_refused_before_it_runs() {
    let wasi = r#"(component (import "wasi:cli/environment@0.2.0" (instance
        (export "get-arguments" (func (result (list string)))))))"#;
    let refused = load(wasi).await.err().unwrap().to_string();
    assert!(refused.contains("it is no component that can be a plug"), "{refused}");
    let bare = "(component)";
    assert!(load(bare).await.is_err());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plug.wasm");
    for bytes in [&b"garbage"[..], b"\0asm\x01\0\0\0"] {
        std::fs::write(&path, bytes).unwrap();
        assert!(ComponentPlug::load(("x", &path), &Map::new(), (false, false), LIMITS).await.is_err());
    }
    let (path, options) = (folder.path().join("no"), Map::new());
    let missing = ComponentPlug::load(("x", &path), &options, (false, false), LIMITS);
    assert!(missing.await.err().unwrap().to_string().contains("No such file"));
}

#[tokio::test]
async fn one_that_does_not_take_its_options_is_refused_before_it_is_called() {
    let text = text("", "no such option", "").replace(
        "(func (export \"init\") (param i32 i32) (result i32) (i32.const 1024))",
        "(func (export \"init\") (param i32 i32) (result i32) (i32.store8 (i32.const 1024) (i32.const 1)) \
         (i32.store (i32.const 1028) (i32.const 4096)) (i32.store (i32.const 1032) (i32.const 14)) (i32.const 1024))",
    );
    let refused = load(&text).await.err().unwrap();
    assert_eq!(refused.to_string(), "it does not take its options: no such option");
}

#[tokio::test]
async fn the_example_works() {
    let plug = load(include_str!("../../../examples/plugs/tea.wat")).await.unwrap();
    let context = plug.call(Context::new(Hook::QueryPre, TenantId::home(), json!({}))).await.unwrap();
    assert_eq!(context.injections[0].title, "Tea");
}
