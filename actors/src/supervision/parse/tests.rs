//! Declarations, good and bad. Every bad one is reported with its line, all at once.

use std::time::Duration;

use super::super::declaration::Terms;
use super::super::spec::{AutoShutdown, Restart, Shutdown};
use super::*;

const ROOT_OF_A: &str = "[supervisor.root]\nstrategy = \"one_for_one\"\nchildren = [\"a\"]\n";

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn the_smallest_declaration_has_otps_defaults() {
    let declared = parse(&format!("{ROOT_OF_A}[worker.a]\nfactory = \"f\"\n")).unwrap();
    assert_eq!(declared.root.intensity.restarts, 1);
    assert_eq!(declared.root.intensity.within, Duration::from_secs(5));
    assert_eq!(declared.root.auto_shutdown, AutoShutdown::Never);
    let DeclaredChild::Worker(a) = &declared.root.children[0] else { panic!("a worker") };
    assert_eq!(a.shutdown, Shutdown::After(Duration::from_secs(5)));
    assert_eq!(a.start_timeout, Duration::from_secs(30));
    assert_eq!(a.terms, Terms { restart: Restart::Permanent, significant: false, budget: None });
    assert_eq!(declared.factories().into_iter().collect::<Vec<_>>(), ["f"]);
}

#[test]
fn every_setting_is_read() {
    let text = r#"
[supervisor.root]
strategy = "rest_for_one"
intensity = { restarts = 0, within = "2m" }
auto_shutdown = "all_significant"
children = ["pool", "b"]
[supervisor.pool]
strategy = "simple_one_for_one"
template = "a"
max_children = 7
[worker.a]
factory = "f"
restart = "transient"
shutdown = "infinity"
start_timeout = "250ms"
[worker.a.budget]
restarts = 4
within = "1h"
backoff = { first = "1s", max = "8s", jitter_percent = 5, healthy_after = "1m" }
release_after = "3m"
[worker.b]
factory = "g"
restart = "temporary"
shutdown = "brutal_kill"
significant = true
"#;
    let declared = parse(text).unwrap();
    assert_eq!(declared.root.auto_shutdown, AutoShutdown::AllSignificant);
    assert_eq!(declared.root.intensity.restarts, 0);
    let DeclaredChild::Supervisor(pool) = &declared.root.children[0] else { panic!("a supervisor") };
    assert_eq!((pool.strategy, pool.max_children), (Strategy::SimpleOneForOne, 7));
    let DeclaredChild::Worker(a) = &pool.children[0] else { panic!("a worker") };
    assert_eq!((a.shutdown, a.start_timeout), (Shutdown::Infinity, Duration::from_millis(250)));
    let budget = a.terms.budget.as_ref().unwrap();
    assert_eq!((budget.limit.restarts, budget.limit.within), (4, Duration::from_secs(3600)));
    assert_eq!(budget.release_after, Some(Duration::from_secs(180)));
    let backoff = budget.backoff.unwrap();
    assert_eq!((backoff.first.as_secs(), backoff.max.as_secs(), backoff.jitter_percent), (1, 8, 5));
    let DeclaredChild::Worker(b) = &declared.root.children[1] else { panic!("a worker") };
    assert_eq!((b.shutdown, b.terms.significant), (Shutdown::Brutal, true));
}

#[test]
fn syntax_errors_and_unknown_tables_have_their_line() {
    assert!(problems("[supervisor.root\n")[0].starts_with("line 1: "));
    let unknown = problems(&format!("{ROOT_OF_A}\n[workers.a]\n"));
    assert!(unknown[0].contains("unknown field `workers`"), "{unknown:?}");
    assert_eq!(problems(""), ["there is no supervisor `root`"]);
}

#[test]
fn all_broken_tables_are_reported_together() {
    let text = r#"[supervisor.root]
strategy = "two_for_one"
children = ["a", "b", "c"]
[worker.a]
factory = "f"
shutdown = "soon"
[worker.b]
factory = "f"
colour = "red"
[worker.c]
factory = "f"
restart = "sometimes"
"#;
    let found = problems(text);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_eq!(found[0], "line 1: supervisor `root`: invalid strategy `two_for_one`");
    assert!(found[1].starts_with("line 4: worker `a`: `soon` is neither a duration"));
    assert!(found[2].starts_with("line 7: worker `b`: unknown field `colour`"));
    assert_eq!(found[3], "line 10: worker `c`: invalid restart type `sometimes`");
}

#[test]
fn names_must_exist_and_be_used_exactly_once() {
    let text = r#"[supervisor.root]
strategy = "one_for_one"
children = ["a", "a", "nobody", "s"]
[supervisor.s]
strategy = "one_for_all"
children = ["a", "root"]
[supervisor.lost]
strategy = "one_for_one"
children = []
[worker.a]
factory = "f"
[worker.idle]
factory = "f"
"#;
    assert_eq!(
        problems(text),
        [
            "line 1: supervisor `root`: duplicate child name `a`",
            "line 1: supervisor `root`: no such child `nobody`",
            "line 4: supervisor `s`: `a` already is a child of another",
            "line 4: supervisor `s`: `root` would supervise itself",
            "line 7: supervisor `lost` is no child of any supervisor below `root`",
            "line 12: worker `idle` is no child of any supervisor below `root`",
        ]
    );
}

#[test]
fn templates_belong_to_dynamic_supervisors_only() {
    for (settings, said) in [
        ("strategy = \"simple_one_for_one\"", "has a `template` and no `children`"),
        ("strategy = \"simple_one_for_one\"\ntemplate = \"a\"\nchildren = [\"a\"]", "no `children`"),
        ("strategy = \"one_for_one\"\ntemplate = \"a\"", "only simple_one_for_one has a `template`"),
    ] {
        let found = problems(&format!("[supervisor.root]\n{settings}\n[worker.a]\nfactory = \"f\"\n"));
        assert!(found[0].contains(said), "{found:?}");
    }
}

#[test]
fn what_otp_refuses_is_refused() {
    for (table, said) in [
        ("significant = true", "significant, but permanent"),
        ("[worker.a.budget]\nrestarts = -1\nwithin = \"1s\"", "invalid intensity -1"),
        ("[worker.a.budget]\nrestarts = 1\nwithin = \"0s\"", "invalid period 0"),
        (
            "[worker.a.budget]\nrestarts = 1\nwithin = \"1s\"\n\
             backoff = { first = \"2s\", max = \"1s\", healthy_after = \"1s\" }",
            "`first` must be longer than 0 and at most `max`",
        ),
    ] {
        let found = problems(&format!("{ROOT_OF_A}[worker.a]\nfactory = \"f\"\n{table}\n"));
        assert!(found.len() == 1 && found[0].contains(said), "{table}: {found:?}");
    }
    let together = ROOT_OF_A.replace("one_for_one", "one_for_all");
    let budget = "[worker.a]\nfactory = \"f\"\n[worker.a.budget]\nrestarts = 1\nwithin = \"1s\"\n";
    assert!(problems(&format!("{together}{budget}"))[0].contains("restarts children together"));
}
