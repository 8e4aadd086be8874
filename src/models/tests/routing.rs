//! Chains over what is known of models, on a clock that the test moves.

use super::*;
use crate::notifications::{NoticeFilter, Notifications};
use crate::protocol::ids::AssistantId;

const MINUTE_MS: i64 = 60_000;

fn routing(fallbacks: &[&str]) -> Routing {
    Routing { fallbacks: fallbacks.iter().map(|line| line.parse().unwrap()).collect(), ..Routing::default() }
}

async fn two(store: &Store) -> Models {
    let lists = |name| Fake::new(name, "compatible", vec![list(&["m"])]);
    let (a, b) = (lists("a"), lists("b"));
    store.open(&[&a, &b]).await
}

#[tokio::test]
async fn a_model_that_is_well_again_is_first_again() {
    let store = Store::new();
    let models = two(&store).await;
    let routing = routing(&["b/m"]);
    let chain = routing.chain("a", "m");
    let order = || {
        let candidates = models.candidates(&routing, &chain, &Need::default()).unwrap();
        candidates.iter().map(|candidate| candidate.place).collect::<Vec<_>>()
    };
    let network = ModelError::new(ModelErrorKind::Network, "nobody is there");
    assert_eq!(order(), [0, 1]);
    for _ in 0..3 {
        models.begun("a", "m");
        models.ended(("a", "m"), Err(&network), None);
    }
    assert_eq!((order(), models.breaker("a", "m")), (vec![1, 0], "open"));
    store.later(14_999);
    assert_eq!(order(), [1, 0]);
    store.later(1);
    assert_eq!((order(), models.breaker("a", "m")), (vec![0, 1], "half_open"));
    models.begun("a", "m");
    assert_eq!(order(), [1, 0], "one call tries it, the others do not wait for that");
    models.ended(("a", "m"), Err(&network), None);
    store.later(29_999);
    assert_eq!(order(), [1, 0]);
    store.later(1);
    models.begun("a", "m");
    models.ended(("a", "m"), Ok(()), Some(Duration::from_millis(7)));
    assert_eq!((order(), models.breaker("a", "m")), (vec![0, 1], "closed"));
    assert_eq!(models.health("a").first_token, Some(Duration::from_millis(7)));
}

#[tokio::test]
async fn nobody_to_ask_says_why_and_one_model_without_conditions_is_always_asked() {
    let store = Store::new();
    let models = two(&store).await;
    let kind = |routing: &Routing, need: Need| {
        let asked = models.candidates(routing, &routing.chain("a", "m"), &need);
        asked.map(|asked| asked.len()).map_err(|error| error.kind)
    };
    let dear = |more: &str| Routing { when: more.parse().unwrap(), ..Routing::default() };
    let need = Need { prompt_tokens: 100, ..Need::default() };
    assert_eq!(kind(&dear("output<=1"), need), Err(ModelErrorKind::Denied), "nobody knows what it costs");
    assert_eq!(kind(&dear("prompt<=99"), need), Err(ModelErrorKind::TooLarge));
    let left = Need { nano_left: Some(1), ..need };
    assert_eq!(kind(&dear("prompt<=100"), left), Err(ModelErrorKind::BudgetExceeded));
    assert_eq!(kind(&dear("prompt<=100"), need), Ok(1));
    assert_eq!(kind(&Routing { local_only: true, ..Routing::default() }, need), Ok(1), "it is here");
    assert_eq!(kind(&routing(&["gone/m", "b"]), need), Ok(2), "a backend that is not there is passed over");
    assert_eq!(kind(&Routing::default(), left), Ok(1), "the budget itself refuses it, in its own words");
    let missing = models.candidates(&Routing::default(), &Routing::default().chain("gone", "m"), &need);
    assert_eq!(missing.err().map(|error| error.kind), Some(ModelErrorKind::Configuration));
    assert_eq!(models.context_tokens(&routing(&["b/m prompt<=50"]).chain("a", "m"), 1_000), 1_000);
}

#[tokio::test]
async fn people_are_told_of_a_fallback_that_answers_for_long_and_of_its_end() {
    let store = Store::new();
    let models = two(&store).await;
    let now_ms = Arc::clone(&store.now_ms);
    let notices =
        Notifications::with_clock(store.db.clone(), Arc::new(move || now_ms.load(Ordering::Relaxed)));
    models.tell(notices.clone());
    let (tenant, assistant, chain) =
        (TenantId::home(), AssistantId::new(), routing(&["b/m"]).chain("a", "m"));
    for (place, later) in [(1, 9 * MINUTE_MS), (1, MINUTE_MS), (1, MINUTE_MS), (1, MINUTE_MS), (0, 0)] {
        models.answered(&tenant, assistant, &chain, place);
        notices.flush().await.unwrap();
        store.later(later);
    }
    let shown = notices.list(&tenant, NoticeFilter::default(), None, 10).await.unwrap();
    let titles: Vec<&str> = shown.iter().map(|notice| notice.title.as_str()).collect();
    assert_eq!(titles, ["a/m answers again", "b/m has answered instead of a/m for 10 minutes"]);
}
