//! The self-test, and what happens where a layer is missing.

use std::path::PathBuf;

use capuchin::sandbox::{Command, Layer, Sandbox, SandboxError};

use super::{Range, options};

#[tokio::test]
async fn the_self_test_proves_every_layer() {
    let Some(range) = Range::new().await else { return };
    let layers = range.sandbox.layers().await;
    for state in &layers.states {
        eprintln!("{}: {} ({})", state.layer, state.active, state.evidence);
    }
    assert_eq!(layers.states.iter().map(|state| state.layer).collect::<Vec<_>>(), Layer::ALL);
    assert!(layers.states.iter().all(|state| state.active) && layers.usable());
}

#[tokio::test]
async fn where_a_layer_is_missing_nothing_is_run_and_the_message_says_how_to_allow_it() {
    let temp = tempfile::tempdir().unwrap();
    let mut options = options(temp.path());
    options.without = vec![Layer::Landlock];
    let sandbox = Sandbox::new(options.clone());
    let refused = sandbox.spawn(Command::new("true", [""; 0]), &Default::default()).await.unwrap_err();
    assert!(matches!(refused, SandboxError::Missing { layer: Layer::Landlock, .. }));
    let text = refused.to_string();
    assert!(
        text.contains("lacks a layer of the sandbox, landlock") && text.contains("sandbox.allow_without"),
        "{text}"
    );
    options.allow_without = vec![Layer::Landlock];
    let Some(_) = Range::without(&[Layer::Landlock]).await else { return };
    let finished = Sandbox::new(options).run(Command::new("true", [""; 0]), &Default::default(), 100).await;
    assert!(finished.unwrap().ended.success());
}

#[tokio::test]
async fn a_launcher_that_is_none_runs_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let mut options = options(temp.path());
    options.launcher = PathBuf::from("/bin/true");
    let sandbox = Sandbox::new(options);
    let layers = sandbox.layers().await;
    assert!(layers.states.iter().all(|state| !state.active), "{layers:?}");
    assert!(sandbox.spawn(Command::new("true", [""; 0]), &Default::default()).await.is_err());
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let Some(range) = Range::new().await else { return };
    let refused = range.sandbox.spawn(Command::new("no-such-program", [""; 0]), &range.profile()).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.starts_with("no-such-program cannot be run: No such file or directory"), "{text}");
}
