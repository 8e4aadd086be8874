//! What values look like.

use super::{KNOWN, Kind};

#[test]
fn a_value_is_recognised_by_its_beginning() {
    for (value, kind) in [
        ("sk-ant-api03-x", Kind::Anthropic),
        ("sk-or-v1-x", Kind::Openrouter),
        ("sk-proj-x", Kind::Openai),
        ("sk-x", Kind::Openai),
        ("AIzaSyX", Kind::Google),
        ("ghp_x", Kind::Github),
        ("github_pat_x", Kind::Github),
        ("xoxb-1", Kind::Slack),
        ("hunter2", Kind::Generic),
        ("", Kind::Generic),
    ] {
        assert_eq!(Kind::of_value(value), kind, "{value}");
    }
}

#[test]
fn every_kind_has_one_word_and_hosts_that_are_hosts() {
    for known in KNOWN {
        assert_eq!(known.word.parse(), Ok(known.kind));
        assert_eq!(known.kind.as_str(), known.word);
        assert_eq!(known.kind.default_hosts().iter().collect::<Vec<_>>(), known.hosts, "{}", known.word);
        assert_eq!(serde_json::to_value(known.kind).unwrap(), known.word);
    }
    assert_eq!("generic".parse(), Ok(Kind::Generic));
    assert!("nobody".parse::<Kind>().is_err());
}
