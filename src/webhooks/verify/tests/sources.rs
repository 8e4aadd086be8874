//! The list of sources and what people read about them.

use std::collections::HashSet;

use http::{HeaderMap, HeaderValue};

use super::super::Source;
use super::schemes::SCHEMES;

#[test]
fn every_word_means_one_source() {
    let words: HashSet<_> = Source::ALL.iter().map(|source| source.as_str()).collect();
    assert_eq!(words.len(), 17);
    for source in Source::ALL {
        assert_eq!(Source::parse(source.as_str()), Some(source));
        assert_eq!(
            Source::parse(&format!(" {} ", source.name().to_uppercase().replace(' ', "-"))),
            Some(source)
        );
    }
    for (word, source) in [
        ("gitea", Some(Source::Forgejo)),
        ("Codeberg", Some(Source::Forgejo)),
        ("svix", Some(Source::Standard)),
        ("standard-webhooks", Some(Source::Standard)),
        ("", None),
        ("git", None),
        ("telegram", None),
    ] {
        assert_eq!(Source::parse(word), source, "{word}");
    }
}

#[test]
fn json_is_taken_by_all_and_forms_by_those_that_send_them() {
    let form = "application/x-www-form-urlencoded";
    for source in Source::ALL {
        let forms = matches!(source, Source::Slack | Source::Twilio | Source::Mattermost);
        for (content_type, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.pagerduty+json;version=2", true),
            (form, forms),
            ("application/x-www-form-urlencoded;charset=UTF-8", forms),
            ("text/plain", false),
            ("text/json", false),
            ("multipart/form-data; boundary=x", false),
            ("application/jsonx", false),
            ("application/+json", false),
            ("/x+json", false),
            ("json", false),
            ("", false),
            ("application/json, text/plain", false),
        ] {
            assert_eq!(source.takes(Some(content_type)), taken, "{} {content_type}", source.name());
        }
        assert!(!source.takes(None), "{}", source.name());
    }
}

#[test]
fn two_content_types_are_none() {
    let mut headers = HeaderMap::new();
    assert!(!Source::Github.takes_content_of(&headers));
    headers.append("content-type", HeaderValue::from_static("application/json"));
    assert!(Source::Github.takes_content_of(&headers));
    headers.append("content-type", HeaderValue::from_static("application/json"));
    assert!(!Source::Github.takes_content_of(&headers));
}

#[test]
fn the_sample_of_every_source_has_a_content_type_that_it_takes() {
    for scheme in SCHEMES {
        if let Some(source) = Source::parse(scheme.name) {
            assert!(source.takes_content_of(&scheme.request(0).headers), "{}", scheme.name);
        }
    }
}

#[test]
fn people_are_told_where_the_secret_is_and_which_header_counts() {
    for source in Source::ALL {
        let help = source.secret_help();
        assert!(help.len() > 30 && help.ends_with('.') && !help.contains("  "), "{help}");
        assert!(!source.headers().is_empty());
        let scheme = SCHEMES.iter().find(|scheme| scheme.name == source.as_str()).unwrap();
        let named = source.headers().iter().chain(&["X-Gitlab-Token"]).any(|name| *name == scheme.proof());
        assert!(named, "{} does not name {}", source.name(), scheme.proof());
    }
}
