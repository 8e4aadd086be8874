//! Chains, needs, and who is asked.

use super::super::chain::Conditions;
use super::*;

fn link(backend: &str) -> Link {
    Link { backend: backend.to_owned(), model: String::new(), when: Conditions::default() }
}

/// A model that can everything, costs 1 and 10 a token, and takes a thousand.
fn able() -> Facts {
    let capabilities = Capabilities { tools: Some(true), images: Some(true), thinking: None };
    Facts {
        local: false,
        state: ModelState::Available,
        context_tokens: Some(1_000),
        capabilities,
        price: Some(Price { input_nano: 1, output_nano: 10, cached_nano: 1 }),
        admitted: true,
    }
}

fn why(link: &Link, need: &Need, facts: Option<Facts>) -> Option<Passed> {
    route(std::slice::from_ref(link), need, |_| facts).passed.first().map(|(_, why)| *why)
}

#[test]
fn the_chain_is_the_order_and_an_open_breaker_is_the_last_resort() {
    let chain = [link("a"), link("b"), link("c")];
    let asked = |open: &[&str]| {
        let facts = |link: &Link| Some(Facts { admitted: !open.contains(&link.backend.as_str()), ..able() });
        route(&chain, &Need::default(), facts).asked
    };
    assert_eq!(asked(&[]), [0, 1, 2]);
    assert_eq!(asked(&["a"]), [1, 2, 0]);
    assert_eq!(asked(&["a", "b"]), [2, 0, 1]);
    assert_eq!(asked(&["a", "b", "c"]), [0, 1, 2], "better than nobody");
    assert_eq!(route(&[], &Need::default(), |_| None), Route::default());
}

#[test]
fn what_cannot_or_may_not_answer_is_passed_over_with_the_reason() {
    let need = Need { prompt_tokens: 100, output_tokens: 50, ..Need::default() };
    let with = |change: fn(&mut Facts)| {
        let mut facts = able();
        change(&mut facts);
        Some(facts)
    };
    for (facts, need, expected) in [
        (with(|_| ()), need, None),
        (with(|facts| facts.state = ModelState::Gone), need, Some(Passed::Gone)),
        (with(|facts| facts.state = ModelState::Deprecated), need, None),
        (with(|_| ()), Need { local_only: true, ..need }, Some(Passed::NotLocal)),
        (with(|facts| facts.local = true), Need { local_only: true, ..need }, None),
        (with(|facts| facts.context_tokens = Some(150)), need, None),
        (with(|facts| facts.context_tokens = Some(149)), need, Some(Passed::TooSmall)),
        (
            with(|facts| facts.capabilities.tools = Some(false)),
            Need { tools: true, ..need },
            Some(Passed::NoTools),
        ),
        (with(|facts| facts.capabilities.tools = None), Need { tools: true, ..need }, None),
        (
            with(|facts| facts.capabilities.images = Some(false)),
            Need { images: true, ..need },
            Some(Passed::NoImages),
        ),
        (with(|facts| facts.capabilities.images = Some(false)), need, None),
        (with(|_| ()), Need { nano_left: Some(600), ..need }, None),
        (with(|_| ()), Need { nano_left: Some(599), ..need }, Some(Passed::OverBudget)),
        (
            with(|facts| facts.price = None),
            Need { nano_left: Some(u64::MAX), ..need },
            Some(Passed::OverBudget),
        ),
        (with(|facts| facts.price = None), need, None),
    ] {
        assert_eq!(why(&link("a"), &need, facts), expected, "{facts:?} {need:?}");
    }
}

#[test]
fn conditions_are_the_links_own() {
    let need = Need { prompt_tokens: 100, ..Need::default() };
    let when = |when: Conditions| Link { when, ..link("a") };
    let limited = |min, max| {
        when(Conditions { prompt_tokens_min: min, prompt_tokens_max: max, ..Conditions::default() })
    };
    for (min, max, passed) in
        [(None, Some(100), false), (None, Some(99), true), (Some(100), None, false), (Some(101), None, true)]
    {
        let expected = passed.then_some(Passed::OtherLength);
        assert_eq!(why(&limited(min, max), &need, Some(able())), expected, "{min:?} {max:?}");
    }
    let cheap = |most| when(Conditions { output_nano_max: Some(most), ..Conditions::default() });
    assert_eq!(why(&cheap(10), &need, Some(able())), None);
    assert_eq!(why(&cheap(9), &need, Some(able())), Some(Passed::TooDear));
    let input = |most| when(Conditions { input_nano_max: Some(most), ..Conditions::default() });
    assert_eq!(why(&input(1), &need, Some(able())), None);
    assert_eq!(why(&input(0), &need, Some(able())), Some(Passed::TooDear));
    let call = |most| when(Conditions { call_nano_max: Some(most), ..Conditions::default() });
    let need_both = Need { output_tokens: 50, ..need };
    assert_eq!(why(&call(600), &need_both, Some(able())), None);
    assert_eq!(why(&call(599), &need_both, Some(able())), Some(Passed::TooDear));
    assert_eq!(why(&cheap(u64::MAX), &need, Some(Facts { price: None, ..able() })), Some(Passed::TooDear));
}

#[test]
fn a_model_that_nobody_knows_is_asked_where_nothing_has_to_be_known() {
    assert_eq!(why(&link("a"), &Need { tools: true, ..Need::default() }, None), None);
    assert_eq!(why(&link("a"), &Need { local_only: true, ..Need::default() }, None), Some(Passed::NotLocal));
    assert_eq!(
        why(&link("a"), &Need { nano_left: Some(1), ..Need::default() }, None),
        Some(Passed::OverBudget)
    );
}
