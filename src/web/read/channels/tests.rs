//! The heartbeat, and labels of places.

use super::*;

fn beats(good: &[bool]) -> Vec<Beat> {
    good.iter().enumerate().map(|(at, good)| Beat { at_ms: at as i64, good: *good }).collect()
}

#[test]
fn a_heartbeat_has_one_length_and_says_the_same_in_words() {
    let many = vec![true; BEATS + 5];
    let table: [(&[bool], usize, &str); 4] = [
        (&[], 0, "Nobody has looked at the platform yet."),
        (&[true], 1, "Of the last 1 looks at the platform 1 were good; the last one was good."),
        (&[true, false], 2, "Of the last 2 looks at the platform 1 were good; the last one was bad."),
        (&many, BEATS, "Of the last 40 looks at the platform 40 were good; the last one was good."),
    ];
    for (looks, shown, text) in table {
        let (bar, words) = heartbeat(&beats(looks));
        assert_eq!(bar.len(), BEATS);
        assert_eq!(bar.iter().filter(|beat| **beat != "none").count(), shown);
        assert_eq!(words, text);
    }
    assert_eq!(heartbeat(&beats(&[true, false])).0.last(), Some(&"bad"), "the newest is at the end");
}

#[test]
fn a_place_is_called_by_its_thread_then_by_who_talks_there_then_by_its_address() {
    let known =
        |address: &str, title: &str| KnownConversation { address: address.into(), title: title.into() };
    let ada = Person {
        channel: ChannelId::new(),
        sender: "7".into(),
        name: "Ada".into(),
        standing: Standing::Approved,
        decides: false,
        code: None,
        code_until_ms: 0,
        created_ms: 0,
    };
    let places = vec![known("1", "family: Ada"), known("7", ""), known("8", "")];
    let labels: Vec<_> = labelled(places, &[ada]).into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, ["family: Ada", "Ada", "8"]);
}
