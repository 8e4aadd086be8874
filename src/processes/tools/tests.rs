//! What the tools plan. What they do is shown on a real daemon.

use super::*;
use crate::policy::{Ask, Effect, Policy, SourceKind, Subject, judge};
use crate::processes::tests::World;

fn place() -> Place {
    Place::somewhere("/srv/work")
}

fn arguments(value: &Value) -> Arguments {
    value.as_object().unwrap().clone()
}

fn named(all: &[Arc<dyn Tool>], name: &str) -> Arc<dyn Tool> {
    all.iter().find(|tool| tool.spec().name == name).cloned().unwrap()
}

#[tokio::test]
async fn what_starts_a_program_or_types_into_one_is_a_command_and_is_asked_by_default() {
    let world = World::new(9).await;
    let all = tools(&world.processes);
    assert_eq!(all.len(), 6);
    let id = "0123abcd";
    for (name, wish, asked) in [
        ("process_start", json!({ "command": "make" }), true),
        ("process_input", json!({ "id": id, "input": "rm -r x\n" }), true),
        ("terminal", json!({ "command": "top" }), true),
        ("terminal", json!({ "id": id, "input": "q" }), true),
        ("terminal", json!({ "id": id }), false),
        ("process_input", json!({ "id": id, "end": true }), false),
        ("process_list", json!({}), false),
        ("process_tail", json!({ "id": id }), false),
        ("process_kill", json!({ "id": id }), false),
    ] {
        let plan = named(&all, name).plan(&arguments(&wish), &place()).unwrap();
        assert_eq!(plan.actions.len(), usize::from(asked), "{name}");
        let subject = Subject { assistant: None, workspace: None, thread: None, source: SourceKind::Owner };
        for action in plan.actions {
            let ask = Ask::plain(action, subject);
            assert_eq!(judge(&Policy::default(), &ask, 0).effect, Effect::Ask, "{name}");
        }
    }
    for (name, wish) in [
        ("process_start", json!({})),
        ("process_input", json!({ "id": id })),
        ("process_tail", json!({ "id": "nonsense" })),
        ("terminal", json!({})),
        ("terminal", json!({ "command": "x", "id": id })),
    ] {
        assert!(named(&all, name).plan(&arguments(&wish), &place()).is_err(), "{name} {wish}");
    }
}

#[tokio::test]
async fn a_thread_sees_and_ends_its_own_processes_and_no_others() {
    let world = World::new(9).await;
    let all = tools(&world.processes);
    let (ours, theirs) = (place(), place());
    let run = async |name: &str, place: &Place, wish: Value| {
        let call = ToolCallRun { arguments: arguments(&wish), place: place.clone() };
        named(&all, name).run(call).await
    };
    let started = run("process_start", &ours, json!({ "command": "sleep 9" })).await.unwrap();
    let id = started.text.split(' ').nth(1).unwrap().to_owned();
    assert!(run("process_list", &ours, json!({})).await.unwrap().text.contains("sleep 9"));
    assert!(!run("process_list", &theirs, json!({})).await.unwrap().text.contains("sleep 9"));
    for name in ["process_tail", "process_kill"] {
        let refused = run(name, &theirs, json!({ "id": id })).await.unwrap_err();
        assert!(refused.to_string().contains("no process of this conversation"), "{refused}");
        run(name, &ours, json!({ "id": id })).await.unwrap();
    }
    // A person's own is nobody's.
    let own =
        world.processes.start(&World::owner(), Wish { task: "x".into(), ..Wish::default() }, None).await;
    let id = own.unwrap().thing.id.to_string();
    assert!(run("process_tail", &ours, json!({ "id": id })).await.is_err());
}
