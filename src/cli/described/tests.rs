//! Typed actions.

use serde_json::json;

use super::*;

fn of(line: &str) -> Value {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    described(&words).unwrap()
}

#[test]
fn fields_and_lists_become_json() {
    assert_eq!(of("any"), json!({ "kind": "any" }));
    let command = json!({ "kind": "run_command", "program": "git", "args": ["push", "a=b"] });
    assert_eq!(of("run_command program=git arg=push arg=a=b"), command);
    let reach = json!({ "kind": "reach_host", "host": "a.b", "port": 443 });
    assert_eq!(of("reach_host host=a.b port=443"), reach);
    assert_eq!(described(&[reach.to_string()]).unwrap(), reach);
    assert!(described(&["any".into(), "loose".into()]).is_err());
    assert!(described(&["{".into()]).is_err());
}
