//! Lists of topics, good and bad.

use super::*;

#[test]
fn a_list_names_what_is_watched() {
    let id = ThreadId::new();
    assert_eq!(
        parse(&format!("home,thread:{id}@7,runtime,thread:{id},rail")).unwrap(),
        [
            Topic::Home,
            Topic::Thread { id, after: 7 },
            Topic::Runtime,
            Topic::Thread { id, after: 0 },
            Topic::Rail
        ]
    );
    assert!(parse("").unwrap().is_empty());
    let channel = ChannelId::new();
    let channels = parse(&format!("channels,channel:{channel},outbox")).unwrap();
    assert_eq!(channels, [Topic::Channels, Topic::Channel(channel), Topic::Outbox]);
}

#[test]
fn what_is_no_topic_is_refused() {
    let id = ThreadId::new();
    for bad in [
        "house",
        "thread:x",
        &format!("thread:{id}@-1"),
        &format!("thread:{id}@x"),
        "home;rail",
        "channel:",
        "channel:x",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_stream_watches_so_much_and_no_more() {
    let list = |n: usize| vec!["home"; n].join(",");
    assert!(parse(&list(TOPICS_MAX)).is_ok());
    assert!(parse(&list(TOPICS_MAX + 1)).is_err());
}
