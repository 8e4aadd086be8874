//! Building: factories by name.

use futures::future::BoxFuture;

use super::super::child::{StartContext, StartError, StartOutcome};
use super::super::parse::parse;
use super::*;

struct Nothing;

impl StartChild for Nothing {
    fn start(&self, _: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        Box::pin(async { Ok(StartOutcome::Ignored) })
    }
}

const TREE: &str = r#"
[supervisor.root]
strategy = "one_for_one"
children = ["a", "pool"]
[worker.a]
factory = "first"
[supervisor.pool]
strategy = "simple_one_for_one"
template = "b"
[worker.b]
factory = "second"
"#;

#[test]
fn unknown_factories_are_all_named() {
    let declared = parse(TREE).unwrap();
    let error = declared.build(&Factories::new()).unwrap_err();
    assert_eq!(error, BuildError::UnknownFactories(vec!["first".into(), "second".into()]));
    assert_eq!(error.to_string(), "unknown factories: first, second");
}

#[test]
fn a_declaration_with_its_factories_is_a_specification() {
    let nothing: Arc<dyn StartChild> = Arc::new(Nothing);
    let factories = Factories::from([("first", nothing.clone()), ("second", nothing)]);
    let spec = parse(TREE).unwrap().build(&factories).unwrap();
    let kinds: Vec<_> = spec.children.iter().map(|child| (&*child.id, child.kind)).collect();
    assert_eq!(kinds, [("a", ChildKind::Worker), ("pool", ChildKind::Supervisor)]);
    assert_eq!(spec.children[1].shutdown, Shutdown::Infinity);
    assert_eq!(spec.children[0].start_timeout, Some(Duration::from_secs(30)));
}
