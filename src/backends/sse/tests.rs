//! The event stream format, whole and in every cut.

use proptest::prelude::*;

use super::*;

type Events = Vec<(String, String)>;

fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Events, SseError> {
    let mut parser = SseParser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece, |event| {
            events.push((event.name.to_owned(), event.data.to_owned()));
            Ok::<_, SseError>(())
        })?;
    }
    Ok(events)
}

fn data_of(text: &str) -> Vec<String> {
    parse([text.as_bytes()]).unwrap().into_iter().map(|(_, data)| data).collect()
}

#[test]
fn every_line_ending_ends_a_line() {
    for text in ["data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r"] {
        assert_eq!(data_of(text), ["a", "b"], "{text:?}");
    }
}

#[test]
fn data_lines_are_joined_and_one_space_is_dropped() {
    assert_eq!(data_of("data: a\ndata:b\ndata:  c\ndata\n\n"), ["a\nb\n c\n"]);
}

#[test]
fn comments_ids_and_unknown_fields_mean_nothing() {
    assert_eq!(data_of(": OPENROUTER PROCESSING\n\nid: 4\nretry: 9\nx: y\nonly\ndata: a\n\n"), ["a"]);
}

#[test]
fn a_name_belongs_to_its_event_alone() {
    let events = parse([&b"event: ping\ndata: a\n\nevent: lost\n\ndata: b\n\n"[..]]).unwrap();
    assert_eq!(events, [("ping".to_owned(), "a".to_owned()), (String::new(), "b".to_owned())]);
}

#[test]
fn an_event_without_its_empty_line_is_not_dispatched() {
    assert_eq!(data_of("data: a\n\ndata: b\n"), ["a"]);
    assert_eq!(data_of("data: a"), Vec::<String>::new());
}

#[test]
fn a_byte_order_mark_counts_only_at_the_start() {
    assert_eq!(data_of("\u{feff}data: a\n\n\u{feff}data: b\n\n"), ["a"]);
}

#[test]
fn what_is_not_utf8_is_an_error() {
    assert!(matches!(parse([&b"data: \xff\n\n"[..]]), Err(SseError::Encoding(_))));
}

#[test]
fn a_line_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let line = |length: usize| [b"data:".as_slice(), &vec![b'x'; length - 5], b"\n\n"].concat();
    let halves = |bytes: &[u8]| {
        let (a, b) = bytes.split_at(bytes.len() / 2);
        parse([a, b]).map(|events| events.len())
    };
    assert_eq!(halves(&line(BYTES_MAX)), Ok(1));
    assert_eq!(halves(&line(BYTES_MAX + 1)), Err(SseError::TooLong));
}

#[test]
fn an_endless_line_and_an_endless_event_are_cut_off() {
    let endless = std::iter::repeat_n(&[b'x'; 65_536][..], 10_000);
    assert_eq!(parse(endless), Err(SseError::TooLong));
    let endless = std::iter::repeat_n(&b"data: 0123456789\n"[..], 1_000_000);
    assert_eq!(parse(endless), Err(SseError::TooLong));
}

#[test]
fn an_error_of_the_sink_ends_the_feeding() {
    let mut seen = 0;
    let result = SseParser::default().feed(b"data: a\n\ndata: b\n\n", |_| {
        seen += 1;
        Err(SseError::TooLong)
    });
    assert_eq!((result, seen), (Err(SseError::TooLong), 1));
}

proptest! {
    #[test]
    fn where_the_bytes_are_cut_never_matters(
        lines in prop::collection::vec("(data|event|id|)(: ?)?[a-zé🦀:]{0,6}(\r\n|\n|\r)(\r\n|\n|\r)?", 0..20),
        cuts in prop::collection::vec(0..400_usize, 0..30),
    ) {
        let text = lines.concat();
        let whole = parse([text.as_bytes()]).unwrap();
        let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        prop_assert_eq!(&whole, &parse(single).unwrap());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&whole, &parse(pieces).unwrap());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(bytes.chunks(3));
    }
}
