//! Transcripts as files.

use super::*;
use crate::protocol::ids::TenantId;
use crate::protocol::process::ProcessId;

fn key() -> ProcessKey {
    ProcessKey { tenant: TenantId::home(), id: ProcessId::from_number(0x0a1b_2c3d) }
}

#[test]
fn a_transcript_is_read_from_any_byte_and_never_within_a_character() {
    let folder = tempfile::tempdir().unwrap();
    let all = Transcripts::new(folder.path().to_owned(), 1 << 20);
    let mut writer = all.begin(&key(), "say hällo").unwrap();
    let head = writer.bytes();
    assert_eq!(writer.append(OutputStream::Stdout, "aä\n").unwrap(), 0);
    assert_eq!(writer.append(OutputStream::Stderr, "ö").unwrap(), 9);
    let whole = all.read(&key(), 0).unwrap();
    assert!(whole.text.starts_with("# Session 0a1b2c3d\n\n## Task\n\nsay hällo\n\n---\n"), "{}", whole.text);
    assert!(whole.text.ends_with("aä\n[stderr] ö"));
    assert_eq!((whole.offset, whole.next, whole.total), (0, writer.bytes(), writer.bytes()));
    let middle = all.read(&key(), head + 2).unwrap();
    assert_eq!((middle.text.as_str(), middle.offset), ("\n[stderr] ö", head + 3));
    let beyond = all.read(&key(), 1 << 40).unwrap();
    assert_eq!((beyond.text.as_str(), beyond.next), ("", beyond.total));
    assert_eq!(all.tail(&key(), "say hällo", 3).unwrap().text, " ö");
    assert_eq!(all.tail(&key(), "say hällo", 1 << 20).unwrap().text, "aä\n[stderr] ö", "not its head");
    all.remove(&key()).unwrap();
    all.remove(&key()).unwrap();
    assert_eq!(all.read(&key(), 5).unwrap().total, 0);
}

#[test]
fn a_full_transcript_says_so_once_and_stays_within_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let all = Transcripts::new(folder.path().to_owned(), 1_000);
    let mut writer = all.begin(&key(), "flood").unwrap();
    for _ in 0..1_000 {
        writer.append(OutputStream::Stdout, "ääääääääää\n").unwrap();
    }
    let whole = all.read(&key(), 0).unwrap();
    assert!(whole.total < 1_100, "{}", whole.total);
    assert_eq!(whole.text.matches("the transcript is full").count(), 1);
    assert!(!whole.text.contains('\u{fffd}'));
}
