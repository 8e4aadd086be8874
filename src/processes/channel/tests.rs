//! Bytes on their way to text.

use super::*;
use crate::processes::transcript::Transcripts;
use crate::protocol::process::{ProcessId, ProcessKey};

fn channel(folder: &std::path::Path) -> Channel {
    let key = ProcessKey { tenant: TenantId::home(), id: ProcessId::from_number(1) };
    let writer = Transcripts::new(folder.to_owned(), 1 << 20).begin(&key, "x").unwrap();
    Channel::new(writer, &Redactor::new())
}

fn text(said: Vec<(OutputStream, String)>) -> String {
    said.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn characters_are_never_cut_however_bytes_come_and_whatever_rests_between() {
    let folder = tempfile::tempdir().unwrap();
    let sent = "aä漢字🐒 \u{1b}[31m ende\n";
    for rests in [false, true] {
        let (mut channel, mut shown) = (channel(folder.path()), String::new());
        for byte in sent.bytes() {
            shown += &text(channel.push(OutputStream::Stdout, &[byte]));
            if rests {
                shown += &text(channel.rest(&Redactor::new()));
            }
        }
        shown += &text(channel.finish(&Redactor::new()));
        assert_eq!(shown, sent, "rests: {rests}");
    }
}

#[test]
fn what_is_no_text_is_marked_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut channel = channel(folder.path());
    let mut shown = text(channel.push(OutputStream::Stdout, b"a\xff\xfeb\n\xe6\xbc"));
    shown += &text(channel.finish(&Redactor::new()));
    assert_eq!(shown, "a\u{fffd}\u{fffd}b\n\u{fffd}");
}

#[test]
fn a_secret_is_taken_out_wherever_its_pieces_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let secret = format!("ghp_{}", "a1B2c3D4e5".repeat(4).split_at(36).0);
    let sent = format!("token: {secret}\n");
    for at in 0..sent.len() {
        let mut channel = channel(folder.path());
        let (one, two) = sent.as_bytes().split_at(at);
        let mut shown = text(channel.push(OutputStream::Stderr, one));
        shown += &text(channel.push(OutputStream::Stderr, two));
        shown += &text(channel.finish(&Redactor::new()));
        assert!(!shown.contains("a1B2c3D4e5") && shown.contains("REDACTED"), "{at}: {shown}");
    }
}
