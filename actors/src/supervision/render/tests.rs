//! Both pictures, character by character.

use super::super::parse::parse;
use super::*;

fn node(path: &str, state: NodeState) -> NodeView {
    NodeView { since_ms: 5000, ..NodeView::worker(path.into(), state) }
}

#[test]
fn a_live_tree_shows_states_troubles_and_what_is_not_listed() {
    let quarantined = NodeView {
        last_exit: Some("failed: boom\nmore".into()),
        restarts_total: 3,
        next_try_in_ms: Some(60_000),
        ..node("root/pool/x", NodeState::Quarantined)
    };
    let pool = NodeView {
        strategy: Some("simple_one_for_one".into()),
        children: vec![quarantined],
        children_total: 1001,
        ..node("root/pool", NodeState::Running)
    };
    let root = NodeView {
        strategy: Some("rest_for_one".into()),
        restarts_in_window: 1,
        restarts_limit: Some(3),
        children: vec![pool, node("root/door", NodeState::Stopped)],
        children_total: 2,
        ..node("root", NodeState::Running)
    };
    let expected = "\
root (rest_for_one)  running 5s, window 1/3
├── pool (simple_one_for_one)  running 5s
│   ├── x  quarantined 5s, next try in 1m 0s, restarts 3, reason: failed: boom
│   └── … and 1000 more
└── door  stopped 5s
";
    assert_eq!(render_tree(&root), expected);
}

#[test]
fn a_declaration_shows_terms_and_limits() {
    let declared = parse(
        r#"
[supervisor.root]
strategy = "one_for_one"
children = ["pool", "door"]
[supervisor.pool]
strategy = "simple_one_for_one"
template = "x"
max_children = 9
[worker.x]
factory = "f"
restart = "transient"
budget = { restarts = 4, within = "1m" }
[worker.door]
factory = "g"
shutdown = "1500ms"
"#,
    )
    .unwrap();
    let expected = "\
root (one_for_one), gives up after 1 restarts in 5s
├── pool (simple_one_for_one)  permanent, at most 9 children, gives up after 1 restarts in 5s
│   └── x  transient, quarantined after 4 restarts in 1m, stopped within 5s
└── door  permanent, stopped within 1500ms
";
    assert_eq!(render_declaration(&declared), expected);
}
