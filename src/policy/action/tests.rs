//! Actions.

use super::*;

#[test]
fn an_unknown_kind_is_read_as_unknown_and_a_known_one_must_be_whole() {
    let read = |json: &str| serde_json::from_str::<Action>(json);
    assert_eq!(read(r#"{"kind":"teleport","to":1}"#).unwrap(), Action::Unknown { word: "teleport".into() });
    assert!(read(r#"{"kind":"run_command","program":"ls","args":[],"shell":true}"#).is_err());
    assert!(read(r#"{"kind":"reach_host","host":"a"}"#).is_err());
    assert!(read(r#"{"path":"a"}"#).is_err() && read("7").is_err());
    let ls = Action::RunCommand { program: "ls".into(), args: vec![] };
    assert_eq!(read(r#"{"kind":"run_command","program":"ls"}"#).unwrap(), ls);
}

#[test]
fn the_digest_is_of_every_byte() {
    let run = |args: &[&str]| Action::RunCommand {
        program: "rm".into(),
        args: args.iter().map(ToString::to_string).collect(),
    };
    let digest = |action: Action, payload: &str| Action::digest(&[action], payload);
    let own = digest(run(&["a", "b"]), "p");
    assert_eq!(own, digest(run(&["a", "b"]), "p"));
    for other in [digest(run(&["a b"]), "p"), digest(run(&["a", "b"]), "p "), digest(run(&["a", "b"]), "")] {
        assert_ne!(own, other);
    }
    assert_ne!(
        Action::digest(&[run(&["a"]), run(&["b"])], ""),
        Action::digest(&[run(&["b"]), run(&["a"])], "")
    );
}

#[test]
fn argument_lists_that_differ_never_look_alike() {
    let shown = |args: &[&str]| {
        Action::RunCommand { program: "rm".into(), args: args.iter().map(ToString::to_string).collect() }
            .to_string()
    };
    let all =
        [shown(&["a b"]), shown(&["a", "b"]), shown(&["'a", "b'"]), shown(&["a'b"]), shown(&["a", "b", ""])];
    for (at, one) in all.iter().enumerate() {
        assert!(all[at + 1..].iter().all(|other| other != one), "{one}");
    }
    assert_eq!(all[0], "run rm 'a b'");
}
