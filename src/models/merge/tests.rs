//! Who may say what about a model that is known already.

use super::*;
use crate::backends::Price;

fn report(source: Source, at_ms: i64, models: Vec<ModelInfo>) -> Report {
    Report { backend: "b".to_owned(), provider: "p".to_owned(), source, models, at_ms }.checked()
}

fn sized(id: &str, tokens: u64) -> ModelInfo {
    ModelInfo { context_tokens: Some(tokens), ..ModelInfo::named(id) }
}

fn after(known: &Known, report: &Report) -> Known {
    let mut known = known.clone();
    known.extend(merge(&known, report).into_iter().map(|model| (model.key.model.clone(), model)));
    known
}

fn said(source: Source, at_ms: i64, models: Vec<ModelInfo>) -> Known {
    after(&Known::new(), &report(source, at_ms, models))
}

const ALL: [Source; 4] = [Source::Baseline, Source::Session, Source::Probe, Source::Refresh];

#[test]
fn the_stronger_word_replaces_and_the_weaker_fills_gaps() {
    use Source::{Baseline, Probe, Refresh, Session};
    let replaces = [
        (Baseline, vec![Baseline, Session, Probe, Refresh]),
        (Session, vec![Session, Probe, Refresh]),
        (Probe, vec![Probe, Refresh]),
        (Refresh, vec![Probe, Refresh]),
    ];
    for (first, stronger) in replaces {
        for second in ALL {
            let known = said(first, 1, vec![sized("m", 10)]);
            let whole = ModelInfo { output_tokens: Some(5), ..sized("m", 20) };
            let model = after(&known, &report(second, 2, vec![whole])).remove("m").unwrap();
            let wins = stronger.contains(&second);
            assert_eq!(model.context_tokens, Some(if wins { 20 } else { 10 }), "{first:?} {second:?}");
            assert_eq!(model.source, if wins { second } else { first }, "{first:?} {second:?}");
            assert_eq!(model.output_tokens, Some(5), "a gap is filled by anybody");
        }
    }
}

#[test]
fn what_is_not_said_takes_nothing_away() {
    let rich = ModelInfo {
        display_name: "M".to_owned(),
        price: Price::per_token(0.000_001, 0.000_002, None),
        created_s: 9,
        capabilities: Capabilities { tools: Some(true), images: Some(false), thinking: None },
        ..sized("m", 10)
    };
    for first in ALL {
        for second in ALL {
            let known = said(first, 1, vec![rich.clone()]);
            let model = after(&known, &report(second, 2, vec![ModelInfo::named("m")])).remove("m").unwrap();
            let mut expected = known["m"].clone();
            (expected.source, expected.seen_ms) = (model.source, model.seen_ms);
            assert_eq!(model, expected, "{first:?} {second:?}");
        }
    }
}

#[test]
fn only_a_whole_list_takes_a_model_away_and_only_a_word_of_now_brings_it_back() {
    for source in ALL {
        let known = said(Source::Probe, 1, vec![sized("a", 1), sized("b", 1)]);
        let known = after(&known, &report(source, 2, vec![sized("b", 1)]));
        let gone = known["a"].state == ModelState::Gone;
        assert_eq!(gone, source.is_whole(), "{source:?}");
    }
    for source in ALL {
        let known = said(Source::Probe, 1, vec![sized("a", 1), sized("b", 1)]);
        let known = after(&known, &report(Source::Refresh, 2, vec![sized("b", 1)]));
        let known = after(&known, &report(source, 3, vec![sized("a", 1)]));
        let back = known["a"].state == ModelState::Available;
        assert_eq!(back, source != Source::Baseline, "{source:?}");
    }
}

#[test]
fn an_empty_list_is_a_failure_and_not_the_end_of_all_models() {
    let known = said(Source::Probe, 1, vec![sized("a", 1)]);
    assert_eq!(merge(&known, &report(Source::Refresh, 2, Vec::new())), []);
    let rubbish =
        vec![ModelInfo::named(""), ModelInfo::named("two words"), ModelInfo::named("x".repeat(201))];
    assert_eq!(merge(&known, &report(Source::Refresh, 2, rubbish)), []);
}

#[test]
fn a_short_name_lives_while_a_dated_one_of_it_is_listed() {
    let known = said(Source::Baseline, 1, vec![sized("claude-x", 1), sized("claude-y", 1)]);
    let known = after(&known, &report(Source::Probe, 2, vec![sized("claude-x-20250929", 1)]));
    assert_eq!(known["claude-x"].state, ModelState::Available);
    assert_eq!(known["claude-y"].state, ModelState::Gone);
}

#[test]
fn a_deprecated_model_is_offered_and_says_so() {
    let old = ModelInfo { deprecated: true, ..sized("m", 1) };
    let known = said(Source::Probe, 1, vec![old]);
    assert_eq!(known["m"].state, ModelState::Deprecated);
    let known = after(&known, &report(Source::Session, 2, vec![ModelInfo::named("m")]));
    assert_eq!(known["m"].state, ModelState::Deprecated, "a call does not know that");
    let known = after(&known, &report(Source::Probe, 3, vec![sized("m", 1)]));
    assert_eq!(known["m"].state, ModelState::Available);
}

#[test]
fn the_same_again_changes_nothing_but_when_it_was_seen() {
    let known = said(Source::Probe, 1, vec![sized("m", 1)]);
    assert_eq!(merge(&known, &report(Source::Probe, 1, vec![sized("m", 1)])), []);
    let changed = merge(&known, &report(Source::Probe, 2, vec![sized("m", 1)]));
    assert_eq!((changed.len(), changed[0].seen_ms), (1, 2));
}

#[test]
fn a_report_is_bounded_and_cleaned() {
    let many = (0..=MODELS_MAX).map(|n| ModelInfo::named(format!("m{n}"))).collect();
    assert_eq!(report(Source::Probe, 1, many).models.len(), MODELS_MAX);
    let odd = ModelInfo {
        display_name: format!(" a\u{7}b{}", "c".repeat(200)),
        output_tokens: Some(0),
        created_s: -4,
        ..sized("m", u64::MAX)
    };
    let twice = report(Source::Probe, 1, vec![odd, ModelInfo::named("m")]);
    let [model] = &twice.models[..] else { panic!("each model once") };
    assert_eq!((model.context_tokens, model.output_tokens, model.created_s), (None, None, 0));
    assert!(model.display_name.starts_with("abc") && model.display_name.chars().count() == NAME_CHARS_MAX);
}
