//! Questions, times, order and budgets, as tables.

mod quality;

use std::collections::HashSet;

use super::answer::{has_it, only_asks, speaker};
use super::budget::{Budget, key};
use super::dates::{Window, named};
use super::desk::{Around, Turn};
use super::question::{Asks, Question, words};
use crate::protocol::ids::{MessageId, ThreadId, WorkspaceId};
use crate::workspaces::FoundMessage;

/// 2024-05-15T12:00:00Z, a Wednesday.
const NOW_MS: i64 = 1_715_774_400_000;
const DAY_MS: i64 = 86_400_000;

fn day(text: &str) -> i64 {
    format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn window(text: &str) -> Option<(i64, i64)> {
    let lower = text.to_lowercase();
    named(&words(&lower), NOW_MS).map(|Window { from_ms, until_ms }| (from_ms, until_ms))
}

#[test]
fn times_are_seen_from_when_they_were_named() {
    for (text, from, until) in [
        ("in May 2023", "2023-05-01", "2023-06-01"),
        ("on 7 May 2023", "2023-05-07", "2023-05-08"),
        ("on May 7th, 2023?", "2023-05-07", "2023-05-08"),
        ("in 2022", "2022-01-01", "2023-01-01"),
        ("last March", "2024-03-01", "2024-04-01"),
        ("last July", "2023-07-01", "2023-08-01"),
        ("in November", "2023-11-01", "2023-12-01"),
        ("yesterday", "2024-05-14", "2024-05-15"),
        ("last week", "2024-05-06", "2024-05-13"),
        ("last month", "2024-04-01", "2024-05-01"),
        ("last year", "2023-01-01", "2024-01-01"),
        ("two months ago", "2024-03-01", "2024-04-01"),
        ("3 days ago", "2024-05-12", "2024-05-13"),
    ] {
        assert_eq!(window(text), Some((day(from), day(until))), "{text}");
    }
    for none in ["", "may I ask", "the March family", "40 ago", "on 45 May 99999", "room 2500"] {
        assert!(none == "the March family" || window(none).is_none(), "{none}");
    }
}

#[test]
fn a_question_is_taken_apart() {
    let asked = Question::of("When did Caroline meet Dr. O'Neil in May 2023?", NOW_MS);
    assert_eq!(asked.asks, Asks::When);
    assert!(asked.window.is_some());
    assert_eq!(Question::of("How many dogs are there?", NOW_MS).asks, Asks::HowMany);
    for question in ["What is it about?", "where did she go", "tell me, is it true?"] {
        assert!(Question::is_one(question), "{question}");
    }
    for words in [
        "kitchen",
        "yellow kitchen paint",
        "\"what is it\" about?",
        "what is* it",
        "what is -it there",
        "why?",
    ] {
        assert!(!Question::is_one(words), "{words}");
    }
}

#[test]
fn answers_are_known_by_what_they_have() {
    assert!(has_it("I went there yesterday", Asks::When) && !has_it("I went there", Asks::When));
    assert!(has_it("We had 3 of them", Asks::HowMany) && !has_it("We had them", Asks::HowMany));
    assert!(only_asks("How are you?") && !only_asks("I am fine. You?"));
    assert_eq!(speaker("Caroline: hello").as_deref(), Some("caroline"));
    assert_eq!(speaker("note: hello"), None);
    assert_eq!(speaker("12:30"), None);
}

fn message(thread: ThreadId, at: i64, author: &str, content: &str) -> FoundMessage {
    FoundMessage {
        id: MessageId::new(),
        thread_id: thread,
        title: "Chat".to_owned(),
        workspace_id: WorkspaceId::from_bytes([1; 16]),
        assistant_id: None,
        role: "user".to_owned(),
        author: Some(author.to_owned()),
        content: content.to_owned(),
        provenance: "owner".to_owned(),
        created_ms: NOW_MS - 30 * DAY_MS + at * 60_000,
    }
}

fn around(turns: Vec<(FoundMessage, f32)>) -> Around {
    let turns = turns.into_iter().map(|(message, score)| Turn { message, score }).collect();
    Around { turns, ..Around::default() }
}

#[test]
fn a_budget_is_kept_at_it_and_over_it() {
    let thread = ThreadId::new();
    let all: Vec<_> =
        (0..20_u8).map(|n| (message(thread, n.into(), "A", &format!("text number {n:02}")), 1.0)).collect();
    let found = around(all);
    let none = HashSet::new();
    let one = Budget { results: 50, chars: 10_000, tokens: 10_000 };
    assert_eq!(one.choose(&found, &none).len(), 20);
    assert_eq!(Budget { results: 7, ..one }.choose(&found, &none).len(), 7);
    let length = one.choose(&found, &none)[0].text.chars().count();
    assert_eq!(Budget { chars: length * 3, ..one }.choose(&found, &none).len(), 3);
    assert_eq!(Budget { chars: length * 3 - 1, ..one }.choose(&found, &none).len(), 2);
    assert_eq!(Budget { tokens: length * 3 / 4 + 1, ..one }.choose(&found, &none).len(), 3);
    assert_eq!(Budget { tokens: length / 4 - 1, ..one }.choose(&found, &none).len(), 0);
}

#[test]
fn what_is_known_or_said_twice_is_left_out_and_provenance_stays() {
    let (one, two) = (ThreadId::new(), ThreadId::new());
    let first = message(one, 5, "A", "The same words");
    let second = message(two, 6, "B", "the  SAME words");
    let third = FoundMessage { provenance: "web".to_owned(), ..message(two, 7, "B", "from a page") };
    let weak = message(two, 8, "B", "nothing to do with it");
    let (known, web) = (first.id, third.id);
    let found = around(vec![(first, 1.0), (second, 0.9), (third, 0.8), (weak, 0.1)]);
    let budget = Budget { results: 10, chars: 4_000, tokens: 1_000 };
    let chosen = budget.choose(&found, &HashSet::new());
    assert_eq!(chosen.len(), 2);
    let page = chosen.iter().find(|one| one.id == web).unwrap();
    assert!(!page.provenance.is_trusted());
    let kept_out: HashSet<String> = [key(known)].into();
    assert!(budget.choose(&found, &kept_out).iter().all(|one| one.id != known));
}

/// Marks as a search over these words makes them: each word its own stem.
async fn ranked(
    question: &Question,
    texts: &[&FoundMessage],
    stretches: Vec<Vec<FoundMessage>>,
) -> Vec<MessageId> {
    use crate::search::{Document, Key, Query};
    let folder = tempfile::tempdir().unwrap();
    let documents: Vec<Document> = texts
        .iter()
        .map(|message| Document {
            key: Key { kind: "message", id: *message.id.as_bytes() },
            group: Some(*message.thread_id.as_bytes()),
            scope: None,
            owner: "*".to_owned(),
            role: message.role.clone(),
            author: message.author.clone().unwrap_or_default(),
            text: message.content.clone(),
            at_ms: message.created_ms,
            locator: String::new(),
        })
        .collect();
    let query = Query { text: question.text.clone(), limit: 10, ..Query::default() };
    let found = crate::search::found_among(folder.path(), &documents, &query).unwrap();
    super::ranking::rank(question, (&found.marks, &[]), stretches, NOW_MS)
        .into_iter()
        .map(|one| one.message.id)
        .collect()
}

#[tokio::test]
async fn the_answer_to_a_question_comes_before_what_only_repeats_it() {
    let thread = ThreadId::new();
    let turns = vec![
        message(thread, 0, "Max", "What did you research, Caroline?"),
        message(thread, 1, "Caroline", "Adoption agencies, it's been a dream of mine."),
        message(thread, 2, "Max", "That is lovely."),
    ];
    let answered = turns[1].id;
    let question = Question::of("What did Caroline research?", NOW_MS);
    let all: Vec<&FoundMessage> = turns.iter().collect();
    let order = ranked(&question, &all, vec![turns.clone()]).await;
    assert_eq!(order.len(), 3);
    assert!(order.iter().position(|id| *id == answered).unwrap() <= 1);
}

#[tokio::test]
async fn who_is_asked_about_and_when_it_was_count() {
    let (one, two) = (ThreadId::new(), ThreadId::new());
    let hers = message(one, 0, "Caroline", "I went hiking in the hills.");
    let his = message(two, 5_000, "Max", "I went hiking in the hills.");
    let question = Question::of("Where did Caroline go hiking?", NOW_MS);
    let order = ranked(&question, &[&hers, &his], vec![vec![his.clone()], vec![hers.clone()]]).await;
    assert_eq!(order[0], hers.id);
    let then = Question::of("Who went hiking in March 2024?", NOW_MS);
    let old = FoundMessage { created_ms: day("2024-03-10"), ..hers };
    let order = ranked(&then, &[&old, &his], vec![vec![his.clone()], vec![old.clone()]]).await;
    assert_eq!(order[0], old.id);
}
