//! What a query finds.

use super::support::{World, ask, home, id, said};
use crate::search::{Order, Query, SearchError, TEXT_CHARS_MAX};

async fn world() -> (World, super::support::Life) {
    let world = World::new();
    let texts = [
        (1, "We painted the kitchen yellow last weekend, it took two days"),
        (2, "The dentist moved my appointment to Tuesday at nine"),
        (3, "Our kitchen is small, but painting it was fun"),
        (4, "Wir haben am Wochenende die Wände in der Küche gestrichen"),
        (5, "私は東京に住んでいます"),
        (6, "to be or not to be"),
        (7, "The project meeting is about the budget of the project"),
    ];
    for (n, text) in texts {
        world.say(n, text).await;
    }
    let life = world.live();
    world.settled(7).await;
    (world, life)
}

#[tokio::test(flavor = "multi_thread")]
async fn words_stems_phrases_beginnings_and_slips_are_found() {
    let (world, _life) = world().await;
    assert_eq!(world.numbers("dentist").await, [2]);
    // Another form of the word, and two languages.
    assert_eq!(world.numbers("appointments").await, [2]);
    assert_eq!(world.numbers("Wand").await, [4]);
    assert_eq!(world.numbers("kuche").await, [4]);
    // The more of the words the better; none of them is needed.
    assert_eq!(world.numbers("kitchen yellow banana").await, [1, 3]);
    assert_eq!(world.numbers("\"project meeting\"").await, [7]);
    assert_eq!(world.numbers("\"meeting project\"").await, [] as [u8; 0]);
    assert_eq!(world.numbers("\"the budget of the project\"").await, [7]);
    assert_eq!(world.numbers("dent*").await, [2]);
    assert_eq!(world.numbers("ktichen").await, [3, 1]);
    assert_eq!(world.numbers("appoitnment").await, [2]);
    assert_eq!(world.numbers("kitchen -yellow").await, [3]);
    assert_eq!(world.numbers("東京").await, [5]);
    assert_eq!(world.numbers("東").await, [5]);
    // Nothing but words that say nothing.
    assert_eq!(world.numbers("to be or not to be").await.first(), Some(&6));
    assert_eq!(world.numbers("\"to be or not\"").await, [6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_in_words_finds_its_answer_first() {
    let (world, _life) = world().await;
    assert_eq!(world.numbers("When is my appointment at the dentist?").await.first(), Some(&2));
    assert_eq!(world.numbers("What colour did we paint the kitchen, yellow?").await.first(), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn snippets_are_plain_text_with_the_places_that_fit() {
    let (world, _life) = world().await;
    let found = world.find(ask("painting kitchens")).await;
    let snippet = found.marks.snippet("Our kitchen is small,\n\nbut <b>painting</b> it was fun");
    assert_eq!(snippet.text, "Our kitchen is small, but <b>painting</b> it was fun");
    let marked = |(start, end): &(usize, usize)| -> String {
        snippet.text.chars().skip(*start).take(end - start).collect()
    };
    let marked: Vec<String> = snippet.highlights.iter().map(marked).collect();
    assert_eq!(marked, ["kitchen", "painting"]);
    let long = format!("{} kitchen {}", "word ".repeat(500), "other ".repeat(500));
    let snippet = found.marks.snippet(&long);
    assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…') && snippet.text.contains("kitchen"));
    assert!(snippet.text.chars().count() < 400, "{}", snippet.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_the_order_of_time() {
    let world = World::new();
    for n in 1..=6 {
        let mut one = said(n, "the same words about bread");
        one.role = if n % 2 == 0 { "user" } else { "assistant" }.to_owned();
        one.scope = Some(id(if n <= 3 { 100 } else { 101 }));
        one.group = Some(id(if n <= 2 { 200 } else { 201 }));
        one.owner = if n == 6 { "a:x" } else { "*" }.to_owned();
        world.put(&home(), one).await;
    }
    let _life = world.live();
    world.settled(6).await;
    let newest = || Query { order: Order::Newest, ..ask("bread") };
    assert_eq!(world.found(newest()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(world.found(Query { limit: 2, ..newest() }).await, [6, 5]);
    assert_eq!(world.found(Query { roles: vec!["user".to_owned()], ..newest() }).await, [6, 4, 2]);
    assert_eq!(world.found(Query { scope: Some(id(100)), ..newest() }).await, [3, 2, 1]);
    assert_eq!(world.found(Query { group: Some(id(200)), ..newest() }).await, [2, 1]);
    assert_eq!(world.found(Query { not_group: Some(id(200)), ..newest() }).await, [6, 5, 4, 3]);
    assert_eq!(world.found(Query { owners: Some(vec!["*".to_owned()]), ..newest() }).await, [5, 4, 3, 2, 1]);
    assert_eq!(world.found(Query { owners: Some(Vec::new()), ..newest() }).await, [] as [u8; 0]);
    let within = Query { from_ms: Some(2_000), until_ms: Some(4_000), ..newest() };
    assert_eq!(world.found(within).await, [3, 2]);
    assert_eq!(world.found(Query { kinds: vec!["message"], ..newest() }).await.len(), 6);
    assert_eq!(world.found(Query { kinds: vec!["skill"], ..newest() }).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_it_is_found_by_name() {
    let world = World::new();
    world
        .put(&home(), crate::search::Document { author: "Caroline".to_owned(), ..said(1, "I went hiking") })
        .await;
    world
        .put(&home(), crate::search::Document { author: "Melanie".to_owned(), ..said(2, "I went hiking") })
        .await;
    let _life = world.live();
    world.settled(2).await;
    assert_eq!(world.numbers("Where did Caroline go hiking?").await, [1, 2]);
    assert_eq!(world.numbers("melanie").await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_typed_breaks_it() {
    let (world, _life) = world().await;
    let deep = "(".repeat(900) + &")".repeat(900);
    let many = (0..300).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
    let hostile = [
        "",
        " ",
        "\"",
        "\"\"",
        "* ** -",
        "-kitchen",
        "AND OR NOT",
        "text:kitchen",
        "kitchen~2^9",
        "[a TO b]",
        ".*",
        "(a+)+$",
        "\\",
        "\u{0}",
        "🙂",
        "\u{202e}nehctik",
        "İ",
        "ﬁ",
        "a\u{301}\u{301}\u{301}",
        "'; DROP TABLE messages; --",
        "\"unclosed phrase kitchen",
        "the of and",
        &deep,
        &many,
        "е\u{fe0f}",
        "x*",
        "1*",
    ];
    for text in hostile {
        let found = world.search.find(&home(), ask(text)).await;
        assert!(found.is_ok(), "{text:?}: {found:?}");
    }
    let at = "a".repeat(TEXT_CHARS_MAX);
    assert!(world.search.find(&home(), ask(&at)).await.is_ok());
    let over = world.search.find(&home(), ask(&(at + "a"))).await;
    assert!(matches!(over, Err(SearchError::TooLong { .. })));
    // An exclusion alone asks for nothing.
    assert_eq!(world.numbers("-kitchen").await, [] as [u8; 0]);
}
