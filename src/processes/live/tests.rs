//! Peers: each at its own pace, none with a queue.

use super::*;
use crate::processes::tests::process;

fn texts(frame: &Frame) -> String {
    match frame {
        Frame::Pieces(pieces) => pieces.iter().map(|piece| &*piece.text).collect(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn two_peers_get_the_same_and_the_end_after_it() {
    let live = Live::new(64 << 10, 7, None);
    let (mut one, mut two) = (live.follow(None, false), live.follow(None, false));
    assert_eq!(live.peers(), 2);
    live.push(OutputStream::Stdout, "a\n", 0);
    live.push(OutputStream::Stderr, "b\n", 9);
    live.end(process());
    for peer in [&mut one, &mut two] {
        let Frame::Pieces(pieces) = peer.next().await else { panic!("output first") };
        let seen: Vec<_> = pieces.iter().map(|piece| (piece.stream, &*piece.text, piece.end)).collect();
        assert_eq!(seen, [(OutputStream::Stdout, "a\n", 9), (OutputStream::Stderr, "b\n", 20)]);
        assert!(matches!(peer.next().await, Frame::Ended(_)));
    }
    assert_eq!(live.lines(), 2);
    drop((one, two));
    assert_eq!(live.peers(), 0);
}

#[tokio::test]
async fn a_peer_that_falls_behind_is_told_where_to_go_on_and_nothing_waits_for_it() {
    let live = Live::new(4 << 10, 0, None);
    let mut slow = live.follow(None, false);
    for n in 0..5_000 {
        live.push(OutputStream::Stdout, &format!("line {n}\n"), 0);
    }
    let Frame::Behind { resume } = slow.next().await else { panic!("it is behind") };
    let mut again = live.follow(Some(resume), false);
    let text = texts(&again.next().await);
    assert!(text.ends_with("line 4999\n") && text.len() <= 4 << 10, "{}", text.len());
}

#[tokio::test]
async fn a_peer_catches_up_from_its_place() {
    let live = Live::new(4 << 10, 10, None);
    live.push(OutputStream::Stdout, "hello", 0);
    let mut peer = live.follow(Some(12), false);
    assert_eq!(peer.catch_up(), ("llo".to_owned(), 12));
    assert_eq!(peer.catch_up(), (String::new(), 15));
    assert_eq!(live.follow(Some(3), false).catch_up(), ("hello".to_owned(), 10));
    assert_eq!(live.follow(Some(99), false).catch_up(), (String::new(), 15));
}

#[tokio::test(start_paused = true)]
async fn pictures_are_the_newest_only_and_not_more_than_eyes_see() {
    let size = TerminalSize { rows: 3, cols: 10 };
    let live = Live::new(4 << 10, 0, Some(size));
    let mut peer = live.follow(None, true);
    let Frame::Screen(first) = peer.next().await else { panic!("a picture first") };
    assert_eq!((first.size, first.cursor), (size, Some((0, 0))));
    let before = Instant::now();
    for n in 0..100 {
        live.push(OutputStream::Stdout, &format!("\rn {n}"), 0);
    }
    let Frame::Screen(next) = peer.next().await else { panic!("a picture") };
    assert_eq!(next.lines[0].0[0].text, "n 99");
    assert!(before.elapsed() >= GLANCE_EVERY);
    live.resize(TerminalSize { rows: 5, cols: 5 });
    let Frame::Screen(next) = peer.next().await else { panic!("a picture") };
    assert_eq!(next.size.rows, 5);
    live.end(process());
    assert!(matches!(peer.next().await, Frame::Screen(_)));
    assert!(matches!(peer.next().await, Frame::Ended(_)));
}
