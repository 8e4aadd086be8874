//! The tree that the product declares: every leaf is killed, and the declared outcome follows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::supervision::declaration::DeclaredChild;
use capuchin_actors::supervision::parse::parse;
use capuchin_actors::supervision::{
    Args, Declaration, Factories, RunningTree, SelfEnd, StartChild, TreeEnd, render_declaration,
};

use crate::support::*;

const DECLARED: &str = include_str!("../../../supervision.toml");

/// Children of a tenant that are always there, and those that somebody asks for.
const KEPT: &[&str] = &["mcp-keeper", "channel-keeper", "experiment-keeper", "coder-keeper", "sweeper"];
const ASKED_FOR: &[&str] = &[
    "root/tenants/home/sessions/s1",
    "root/tenants/home/processes/p1",
    "root/tenants/home/mcp-servers/m1",
    "root/tenants/home/channels/c1",
    "root/tenants/home/experiments/e1",
    "root/tenants/home/coders/k1",
];

/// What follows the kill of a leaf: who starts again, and who is gone until somebody asks for it.
const OUTCOMES: [(&str, &[&str], &[&str]); 27] = [
    ("root/substrate/store-writer", &["store-writer", "usage", "search-indexer"], &[]),
    ("root/substrate/usage", &["usage", "search-indexer"], &[]),
    ("root/substrate/search-indexer", &["search-indexer"], &[]),
    ("root/mind/observer", &["observer"], &[]),
    ("root/mind/embedder", &["embedder"], &[]),
    ("root/mind/plugs", &["plugs"], &[]),
    ("root/mind/models/probers/b1", &["b1"], &[]),
    ("root/mind/models/model-registry", &["model-registry"], &[]),
    ("root/tenants/home/sessions/s1", &["s1"], &[]),
    ("root/tenants/home/processes/p1", &["p1"], &[]),
    ("root/tenants/home/mcp-servers/m1", &["m1"], &[]),
    ("root/tenants/home/channels/c1", &["c1"], &[]),
    ("root/tenants/home/experiments/e1", &["e1"], &[]),
    ("root/tenants/home/coders/k1", &["k1"], &[]),
    ("root/tenants/home/mcp-keeper", KEPT, ASKED_FOR),
    ("root/tenants/home/channel-keeper", KEPT, ASKED_FOR),
    ("root/tenants/home/experiment-keeper", KEPT, ASKED_FOR),
    ("root/tenants/home/coder-keeper", KEPT, ASKED_FOR),
    ("root/tenants/home/sweeper", KEPT, ASKED_FOR),
    ("root/edge/notifier", &["notifier"], &[]),
    ("root/edge/dispatcher", &["dispatcher"], &[]),
    ("root/edge/scheduler", &["scheduler"], &[]),
    ("root/edge/console", &["console"], &[]),
    ("root/edge/ingress", &["ingress"], &[]),
    ("root/edge/passages", &["passages"], &[]),
    ("root/edge/control", &["control"], &[]),
    ("root/edge/housekeeper", &["housekeeper"], &[]),
];

fn declared() -> Declaration {
    parse(DECLARED).unwrap()
}

async fn running(workers: &Workers) -> RunningTree {
    let factory: Arc<dyn StartChild> = workers.factory();
    let declared = declared();
    let names = declared.factories().into_iter().map(|name| &*String::leak(name.to_owned()));
    let factories: Factories = names.map(|name| (name, factory.clone())).collect();
    let tree = start(declared.build(&factories).unwrap()).await;
    let tenants = tree.handle().supervisor(&"root/tenants".into());
    let tenant: Args = Arc::new("home");
    tenants.start_child("home", Some(tenant)).await.unwrap();
    let probers = tree.handle().supervisor(&"root/mind/models/probers".into());
    probers.start_child("b1", None).await.unwrap();
    let sessions = tree.handle().supervisor(&"root/tenants/home/sessions".into());
    sessions.start_child("s1", None).await.unwrap();
    let processes = tree.handle().supervisor(&"root/tenants/home/processes".into());
    processes.start_child("p1", None).await.unwrap();
    let servers = tree.handle().supervisor(&"root/tenants/home/mcp-servers".into());
    servers.start_child("m1", None).await.unwrap();
    let channels = tree.handle().supervisor(&"root/tenants/home/channels".into());
    channels.start_child("c1", None).await.unwrap();
    let experiments = tree.handle().supervisor(&"root/tenants/home/experiments".into());
    experiments.start_child("e1", None).await.unwrap();
    let coders = tree.handle().supervisor(&"root/tenants/home/coders".into());
    coders.start_child("k1", None).await.unwrap();
    workers.log.take();
    tree
}

fn leaves(child: &DeclaredChild, found: &mut BTreeSet<String>) {
    match child {
        DeclaredChild::Worker(worker) => {
            found.insert(worker.name.clone());
        }
        DeclaredChild::Supervisor(below) => {
            below.children.iter().for_each(|child| leaves(child, found));
        }
    }
}

#[test]
fn every_declared_leaf_has_its_outcome_below() {
    let mut found = BTreeSet::new();
    declared().root.children.iter().for_each(|child| leaves(child, &mut found));
    let last = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let templates = [
            ("s1", "session"),
            ("p1", "process"),
            ("m1", "mcp-server"),
            ("c1", "channel"),
            ("e1", "experiment"),
            ("k1", "coder"),
            ("b1", "prober"),
        ];
        templates.iter().find(|(id, _)| *id == name).map_or(name, |(_, template)| template).to_owned()
    };
    let listed: BTreeSet<String> = OUTCOMES.iter().map(|(path, ..)| last(path)).collect();
    assert_eq!(found, listed);
}

#[tokio::test(start_paused = true)]
async fn killing_any_leaf_has_the_declared_outcome() {
    for (path, restarted, gone) in OUTCOMES {
        let workers = Workers::default();
        let tree = running(&workers).await;
        let alive = workers.alive();
        cell(tree.handle(), path).unwrap().kill();
        settle().await;
        let log = workers.log.take();
        let started: Vec<_> = log.iter().filter_map(|entry| entry.strip_prefix('+')).collect();
        assert_eq!(started, restarted, "{path}");
        for lost in gone {
            assert!(cell(tree.handle(), lost).is_none(), "{path}: {lost}");
        }
        assert_eq!(workers.alive(), alive - gone.len(), "{path}");
        if gone.is_empty() {
            assert!(ping(&cell(tree.handle(), path).unwrap()).await.is_some_and(|n| n == 2), "{path}");
        }
        tree.shutdown(Duration::from_secs(60)).await;
        assert_eq!(workers.alive(), 0, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_keeps_failing_ends_the_root() {
    let workers = Workers::default();
    let tree = running(&workers).await;
    let kill = async || {
        if let Some(writer) = cell(tree.handle(), "root/substrate/store-writer") {
            writer.kill();
        }
        settle().await;
    };
    for _ in 0..3 {
        kill().await;
    }
    // The third was too many for the substrate: everything after it started again, in order.
    let log = workers.log.take();
    let started: Vec<_> = log.iter().filter_map(|entry| entry.strip_prefix('+')).collect();
    let substrate = ["store-writer", "usage", "search-indexer"];
    let edge = [
        "observer",
        "embedder",
        "plugs",
        "model-registry",
        "notifier",
        "dispatcher",
        "scheduler",
        "console",
        "ingress",
        "passages",
        "control",
        "housekeeper",
    ];
    assert_eq!(started, [&substrate[..], &substrate, &substrate, &edge].concat());
    for _ in 0..9 {
        kill().await;
    }
    let TreeEnd::Itself(SelfEnd::GaveUp { child, .. }) = tree.ended().await else { panic!("gave up") };
    assert_eq!(&*child, "substrate");
    assert_eq!(workers.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tenants_argument_reaches_the_factories_below_it() {
    use capuchin_actors::supervision::{StartContext, StartError, StartOutcome};
    use futures::future::BoxFuture;
    use std::sync::Mutex;

    type Seen = Arc<Mutex<Vec<(String, Option<&'static str>, Option<&'static str>)>>>;
    #[derive(Clone, Default)]
    struct Noting(Seen);
    impl StartChild for Noting {
        fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
            let text = |args: &Option<Args>| args.as_ref().and_then(|a| a.downcast_ref::<&str>().copied());
            self.0.lock().unwrap().push((ctx.path.to_string(), text(&ctx.args), text(&ctx.scope)));
            Box::pin(async { Ok(StartOutcome::Ignored) })
        }
    }

    let noting = Noting::default();
    let text = r#"
[supervisor.root]
strategy = "simple_one_for_one"
template = "part"
[supervisor.part]
strategy = "one_for_all"
children = ["fixed", "many"]
[supervisor.many]
strategy = "simple_one_for_one"
template = "one"
[worker.fixed]
factory = "f"
[worker.one]
factory = "f"
"#;
    let factories = Factories::from([("f", Arc::new(noting.clone()) as Arc<dyn StartChild>)]);
    let tree = start(parse(text).unwrap().build(&factories).unwrap()).await;
    let arg = |text: &'static str| -> Option<Args> { Some(Arc::new(text)) };
    tree.handle().supervisor(&"root".into()).start_child("p", arg("P")).await.unwrap();
    tree.handle().supervisor(&"root/p/many".into()).start_child("x", arg("X")).await.unwrap();
    let seen = noting.0.lock().unwrap().clone();
    let expected = [("root/p/fixed", Some("P"), Some("P")), ("root/p/many/x", Some("X"), Some("P"))];
    assert_eq!(seen, expected.map(|(path, args, scope)| (path.to_owned(), args, scope)));
}

#[test]
fn the_declared_tree_reads_like_this() {
    let picture = render_declaration(&declared());
    let expected = "\
root
├── substrate
│   ├── store-writer
│   ├── usage
│   └── search-indexer
├── mind
│   ├── observer
│   ├── embedder
│   ├── plugs
│   └── models
│       ├── probers
│       │   └── prober
│       └── model-registry
├── tenants
│   └── tenant
│       ├── sessions
│       │   └── session
│       ├── processes
│       │   └── process
│       ├── mcp-servers
│       │   └── mcp-server
│       ├── mcp-keeper
│       ├── channels
│       │   └── channel
│       ├── channel-keeper
│       ├── experiments
│       │   └── experiment
│       ├── experiment-keeper
│       ├── coders
│       │   └── coder
│       ├── coder-keeper
│       └── sweeper
└── edge
    ├── notifier
    ├── dispatcher
    ├── scheduler
    ├── console
    ├── ingress
    ├── passages
    ├── control
    └── housekeeper";
    let bare: Vec<String> = picture.lines().map(bare_name).collect();
    assert_eq!(bare.join("\n"), expected);
}

/// A line up to the end of its name.
fn bare_name(line: &str) -> String {
    let start = line.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
    let (branch, rest) = line.split_at(start);
    let end = rest.find(' ').unwrap_or(rest.len());
    format!("{branch}{}", &rest[..end])
}
