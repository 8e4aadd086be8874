//! What is refused, in OTP's terms.

use futures::future::BoxFuture;

use super::super::child::{StartContext, StartError, StartOutcome};
use super::*;

struct Never;

impl StartChild for Never {
    fn start(&self, _: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        Box::pin(async { Ok(StartOutcome::Ignored) })
    }
}

fn child(id: &str) -> ChildSpec {
    ChildSpec::worker(id, Arc::new(Never))
}

#[test]
fn duplicate_and_invalid_names_are_refused() {
    let twice = SupervisorSpec::new(Strategy::OneForOne, vec![child("a"), child("a")]);
    assert_eq!(twice.check(), Err(SpecError::DuplicateChildName("a".into())));
    let slash = SupervisorSpec::new(Strategy::OneForOne, vec![child("a/b")]);
    assert_eq!(slash.check(), Err(SpecError::InvalidId("a/b".into())));
}

#[test]
fn a_significant_child_needs_a_supervisor_that_listens_and_must_be_able_to_end() {
    use AutoShutdown::{AllSignificant, AnySignificant, Never};
    use Restart::{Permanent, Temporary, Transient};
    let bad = Err(SpecError::BadCombination("a".into()));
    for (auto, restart, expected) in [
        (Never, Transient, bad.clone()),
        (AnySignificant, Permanent, bad),
        (AnySignificant, Transient, Ok(())),
        (AllSignificant, Temporary, Ok(())),
    ] {
        let a = ChildSpec { significant: true, restart, ..child("a") };
        let spec =
            SupervisorSpec { auto_shutdown: auto, ..SupervisorSpec::new(Strategy::OneForOne, vec![a]) };
        assert_eq!(spec.check(), expected, "{auto:?} {restart:?}");
    }
}

#[test]
fn a_dynamic_supervisor_has_exactly_one_template() {
    assert_eq!(SupervisorSpec::dynamic(child("k")).check(), Ok(()));
    for (children, n) in [(vec![], 0), (vec![child("k"), child("j")], 2)] {
        let spec = SupervisorSpec::new(Strategy::SimpleOneForOne, children);
        assert_eq!(spec.check(), Err(SpecError::BadStartSpec(n)));
    }
}

#[test]
fn a_budget_needs_a_strategy_that_leaves_siblings_alone() {
    let budget = Budget { limit: Intensity::DEFAULT, backoff: None, release_after: None };
    for (strategy, allowed) in [
        (Strategy::OneForOne, true),
        (Strategy::SimpleOneForOne, true),
        (Strategy::OneForAll, false),
        (Strategy::RestForOne, false),
    ] {
        let a = ChildSpec { budget: Some(budget.clone()), ..child("a") };
        assert_eq!(SupervisorSpec::new(strategy, vec![a]).check().is_ok(), allowed, "{strategy:?}");
    }
}

#[test]
fn more_children_than_accepted_are_refused() {
    let mut spec = SupervisorSpec::new(Strategy::OneForOne, vec![child("a"), child("b")]);
    spec.max_children = 2;
    assert_eq!(spec.check(), Ok(()));
    spec.max_children = 1;
    assert_eq!(spec.check(), Err(SpecError::TooManyChildren(2, 1)));
}

#[test]
fn words_are_otps_words() {
    for strategy in ["one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"] {
        assert_eq!(strategy.parse::<Strategy>().map(Strategy::as_str), Ok(strategy));
    }
    for restart in ["permanent", "transient", "temporary"] {
        assert_eq!(restart.parse::<Restart>().map(Restart::as_str), Ok(restart));
    }
    let strategy = "two_for_one".parse::<Strategy>();
    assert_eq!(strategy, Err(SpecError::InvalidStrategy("two_for_one".into())));
    assert_eq!("sometimes".parse::<Restart>(), Err(SpecError::InvalidRestartType("sometimes".into())));
    assert_eq!("maybe".parse::<AutoShutdown>(), Err(SpecError::InvalidAutoShutdown("maybe".into())));
}
