//! Trees as data.

use capuchin_actors::supervision::parse::parse;
use capuchin_actors::supervision::{NodeState, NodeView};
use serde_json::json;

use super::{count_in, of_supervisor};

#[test]
fn a_live_tree_is_read_and_its_trouble_counted() {
    let node = |id: &str, state: &str| {
        json!({
            "path": format!("root/{id}"), "id": id, "kind": "worker", "state": state,
            "restarts_in_window": 0, "restarts_total": 0, "since_ms": 1,
        })
    };
    let mut root = node("root", "running");
    root["children"] = json!([node("a", "quarantined"), node("b", "running"), node("c", "quarantined")]);
    let root: NodeView = serde_json::from_value(root).unwrap();
    assert_eq!(count_in(&root, NodeState::Quarantined), 2);
    assert_eq!(count_in(&root, NodeState::Backoff), 0);
}

#[test]
fn the_built_in_tree_is_shown_with_its_terms() {
    let declared = parse(crate::daemon::built_in_supervision()).unwrap();
    let tree = of_supervisor(&declared.root);
    assert_eq!(tree["id"], "root");
    assert_eq!(tree["strategy"], "rest_for_one");
    assert_eq!(tree["children"][0]["id"], "substrate");
    assert_eq!(tree["children"][0]["children"][0]["restart"], "permanent");
}
