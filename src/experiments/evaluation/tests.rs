//! What was measured, and what is no measurement.

use serde_json::{Value, json};

use super::measure::{asked, fits, judge_tests};
use super::{Cited, Evaluation, Evidence, TAIL_BYTES_MAX, Unmeasured, judged, shown};
use crate::experiments::results::{Counts, Format};
use crate::experiments::settings::{Case, Check, StrategyComponent};

fn verdict(format: Format, well: bool, report: &str, before: Option<Counts>) -> bool {
    judge_tests(format, well, ("exit".to_owned(), report), before).passed
}

#[test]
fn counts_can_only_make_a_result_worse() {
    let good = "test result: ok. 3 passed; 0 failed; 0 ignored";
    assert!(verdict(Format::Libtest, true, good, None));
    assert!(!verdict(Format::Libtest, false, good, None), "the exit code says no, so it is no");
    let bad = "test result: FAILED. 3 passed; 1 failed; 0 ignored";
    assert!(!verdict(Format::Libtest, true, bad, None), "a failure is one, whatever the exit code");
    assert!(!verdict(Format::Libtest, true, "all good, I promise", None), "no report is no result");
    let three = Some(Counts { passed: 3, ..Counts::default() });
    let four = Some(Counts { passed: 4, ..Counts::default() });
    assert!(verdict(Format::Libtest, true, good, three));
    assert!(!verdict(Format::Libtest, true, good, four), "a test that is gone did not pass");
    assert!(verdict(Format::Exit, true, "anything", None));
}

#[test]
fn a_judge_has_to_give_a_number_between_nothing_and_one() {
    assert_eq!(judged("{\"score\": 0.7, \"why\": \"short\"}", "b").unwrap().score, 0.7);
    assert_eq!(judged("Sure! ```json\n{\"score\": 1}\n```", "b").unwrap().score, 1.0);
    for bad in ["looks great", "{\"score\": 1.1}", "{\"score\": -0.1}", "{\"score\": \"high\"}", "{}"] {
        assert_eq!(judged(bad, "b"), None, "{bad}");
    }
}

#[test]
fn a_citation_holds_only_if_its_source_was_read_and_says_so() {
    let evidence = [Evidence {
        name: "notes/a.md".to_owned(),
        text: "| The bridge was built\n| in 1932, of steel.".to_owned(),
    }];
    let check = |answer: &str| {
        let cited = Cited::check(answer, &evidence);
        (cited.held, cited.false_ones.len())
    };
    assert_eq!(check("It is of steel: \"built in 1932, of steel\" [notes/a.md]."), (1, 0));
    assert_eq!(check("\"built in 1933\" [notes/a.md]"), (0, 1));
    assert_eq!(check("\"built in 1932\" [notes/b.md]"), (0, 1), "a source that nobody read");
    assert_eq!(check("See [the notes](./notes/a.md)."), (1, 0));
    assert_eq!(check("[1](https://example.org/made-up)"), (0, 1));
    assert_eq!(check("I just know it."), (0, 0));
    assert_eq!(Cited::default().share(), 0.0, "an answer without a source has none that holds");
}

#[test]
fn cases_are_compared_as_they_say() {
    let case = |expect: &str, check| Case { input: String::new(), expect: expect.to_owned(), check };
    assert!(fits(&case("b", Check::Contains), "abc"));
    assert!(fits(&case("abc", Check::Equals), " abc\n") && !fits(&case("ab", Check::Equals), "abc"));
    assert!(fits(&case("^a.c$", Check::Matches), "abc"));
    assert!(fits(&case("{\"a\": 1}", Check::Json), "{ \"a\":1 }") && !fits(&case("x", Check::Json), "x"));
}

#[test]
fn a_flood_of_output_is_kept_to_its_end() {
    let mut evaluation = Evaluation::default();
    evaluation.keep(&"ä".repeat(TAIL_BYTES_MAX));
    evaluation.keep("the end");
    assert!(evaluation.output.len() <= TAIL_BYTES_MAX && evaluation.output.ends_with("the end"));
}

#[test]
fn numbers_are_shown_as_people_read_them() {
    for (number, text) in
        [(1234.56, "1235"), (12.34, "12.3"), (0.5, "0.5"), (0.001_234, "0.001234"), (100.0, "100")]
    {
        assert_eq!(shown(number), text);
    }
}

/// A component whose `call` runs `body` and then answers with nothing that is an object.
fn component(body: &str) -> Vec<u8> {
    let example = include_str!("../../../examples/plugs/tea.wat");
    let answer = "(i32.store (i32.const 2052) (i32.const 4096))";
    wat::parse_str(example.replace(answer, &format!("{body} {answer}"))).unwrap()
}

async fn answer(body: &str, timeout_s: u64) -> Result<Value, Unmeasured> {
    let settings = json!({ "file": "strategy.wasm", "timeout_s": timeout_s });
    let settings: StrategyComponent = serde_json::from_value(settings).unwrap();
    asked(&settings, component(body), ("evaluate", json!({ "patch": "+good" }))).await
}

#[tokio::test]
async fn a_component_is_told_the_same_as_a_program_and_is_held_within_its_bounds() {
    // It answers with what it was asked.
    let echo = "(i32.store (i32.const 2052) (local.get 0)) (i32.store (i32.const 2056) (local.get 1)) (return (i32.const 2048))";
    let said = answer(echo, 60).await.unwrap();
    assert_eq!(said, json!({ "call": "evaluate", "data": { "patch": "+good" } }));
    let fails = async |body: &str| answer(body, 600).await.unwrap_err().to_string();
    assert!(fails("(loop $on (br $on))").await.contains("of fuel"));
    assert!(fails("(loop $on (drop (memory.grow (i32.const 16))) (br $on))").await.contains("of memory"));
    assert!(fails("unreachable").await.contains("it trapped"));
    let settings: StrategyComponent = serde_json::from_value(json!({ "file": "x" })).unwrap();
    let garbage = asked(&settings, b"garbage".to_vec(), ("evaluate", json!({}))).await.unwrap_err();
    assert!(garbage.to_string().contains("the strategy failed at evaluate"), "{garbage}");
}
