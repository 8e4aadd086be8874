//! Whatever is done to the trail in a copy, the verifier names the entry.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use super::support::{Copy, Trail, verify};
use crate::audit::{Broken, Expectations};

/// The entry that a verdict names.
fn named(broken: &Broken) -> Option<i64> {
    match broken {
        Broken::Changed { seq, .. }
        | Broken::Misplaced { seq, .. }
        | Broken::Unlinked { seq, .. }
        | Broken::Unreadable { seq, .. } => Some(*seq),
        _ => None,
    }
}

#[track_caller]
fn assert_names(copy: &Copy, seq: i64, what: &str) {
    let broken = copy.verdict().broken.unwrap_or_else(|| panic!("{what} was not found"));
    assert_eq!(named(&broken), Some(seq), "{what}: {broken:?}");
}

#[tokio::test]
async fn every_column_of_every_entry_is_under_the_hash() {
    let copy = Trail::of(6).await.into_copy().await;
    assert_eq!(copy.verdict().broken, None);
    let original = std::fs::read(&copy.path).unwrap();
    for seq in 1..=6 {
        for change in [
            "tenant = 'other'",
            "seq = seq + 100",
            "version = 2",
            "at_ms = at_ms + 1",
            "actor = actor || ' '",
            "principal = 'owner'",
            "action = 'secret.set'",
            "target = ''",
            "outcome = 'done'",
            "reason = upper(reason)",
            "detail = '{}'",
            "prev = zeroblob(32) || ''",
            "prev = randomblob(32)",
            "hash = randomblob(32)",
            // A byte over the boundary of two columns.
            "actor = actor || substr(principal, 1, 1), principal = substr(principal, 2)",
        ] {
            let sql = format!("UPDATE audit SET {change} WHERE seq = {seq}");
            if Connection::open(&copy.path).unwrap().prepare(&sql).is_err() || change.contains("|| ''") {
                continue;
            }
            assert_eq!(copy.change(&sql), 1, "{sql}");
            // A moved entry leaves its place empty: that is what is found first.
            let last_moved = seq == 6 && (change.starts_with("seq") || change.starts_with("tenant"));
            if last_moved {
                assert!(copy.verdict().broken.is_some(), "{sql}");
            } else {
                let broken = copy.verdict().broken.unwrap_or_else(|| panic!("{sql} was not found"));
                assert_eq!(named(&broken), Some(seq), "{sql}: {broken:?}");
            }
            std::fs::write(&copy.path, &original).unwrap();
        }
    }
}

#[tokio::test]
async fn deleted_doubled_and_swapped_entries_are_found() {
    let copy = Trail::of(9).await.into_copy().await;
    let original = std::fs::read(&copy.path).unwrap();
    let again = || std::fs::write(&copy.path, &original).unwrap();
    for seq in 1..9 {
        copy.change(&format!("DELETE FROM audit WHERE seq = {seq}"));
        assert_names(&copy, seq, "a deletion in the middle");
        again();
    }
    copy.change("UPDATE audit SET seq = CASE seq WHEN 4 THEN 50 ELSE 4 END WHERE seq IN (4, 7)");
    assert_names(&copy, 4, "a swap");
    again();
    copy.change("DELETE FROM audit WHERE seq = 9");
    assert!(matches!(copy.verdict().broken, Some(Broken::End { seq: 8, head: 9, .. })));
    again();
    copy.change("DELETE FROM audit");
    assert!(matches!(copy.verdict().broken, Some(Broken::End { seq: 0, head: 9, .. })));
    again();
    copy.change("DELETE FROM audit_heads");
    assert!(matches!(copy.verdict().broken, Some(Broken::Head { seq: 9, .. })));
    again();
    copy.change("UPDATE audit_heads SET hash = randomblob(32)");
    assert!(matches!(copy.verdict().broken, Some(Broken::Head { seq: 9, .. })));
    again();
    copy.change("DROP TABLE audit");
    assert!(matches!(copy.verdict().broken, Some(Broken::NoTrail)));
}

/// Where the cells of a table without row ids are in the file, in the order of its keys.
fn cells(path: &Path) -> Vec<(u64, u64)> {
    let conn = Connection::open(path).unwrap();
    let root: i64 = conn
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'", (), |row| row.get(0))
        .unwrap();
    let size: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let mut found = Vec::new();
    walk(&bytes, size as u64, root as u64, &mut found);
    found
}

fn walk(bytes: &[u8], size: u64, page: u64, found: &mut Vec<(u64, u64)>) {
    let start = ((page - 1) * size) as usize;
    let u16_at = |at: usize| usize::from(u16::from_be_bytes([bytes[start + at], bytes[start + at + 1]]));
    let u32_at = |at: usize| u32::from_be_bytes(bytes[start + at..start + at + 4].try_into().unwrap());
    let interior = match bytes[start] {
        2 => true,
        10 => false,
        other => panic!("page {page} is of type {other}"),
    };
    let header = if interior { 12 } else { 8 };
    for index in 0..u16_at(3) {
        let mut at = u16_at(header + 2 * index);
        if interior {
            walk(bytes, size, u64::from(u32_at(at)), found);
            at += 4;
        }
        let (payload, length) = varint(&bytes[start + at..]);
        found.push(((start + at) as u64, length + payload));
    }
    if interior {
        walk(bytes, size, u64::from(u32_at(8)), found);
    }
}

fn varint(bytes: &[u8]) -> (u64, u64) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return (value, index as u64 + 1);
        }
    }
    panic!("no varint");
}

/// Flips bits of these bytes in the file, and back; each time the entry must be named.
fn flip_each(copy: &Copy, cells: &[(u64, u64)], step: usize, bits: std::ops::Range<u32>) -> usize {
    let file = OpenOptions::new().read(true).write(true).open(&copy.path).unwrap();
    let bytes = cells
        .iter()
        .zip(1..)
        .flat_map(|((start, length), seq)| (*start..start + length).map(move |at| (at, seq)));
    let mut flipped = 0;
    for (at, seq) in bytes.step_by(step) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        for bit in bits.clone() {
            file.write_all_at(&[byte[0] ^ 1 << bit], at).unwrap();
            let broken = verify(&copy.path, &Expectations::default()).broken;
            let broken =
                broken.unwrap_or_else(|| panic!("bit {bit} of byte {at}, entry {seq}, was not found"));
            assert!(names_it(&broken, seq), "bit {bit} of byte {at}, entry {seq}: {broken:?}");
            flipped += 1;
        }
        file.write_all_at(&byte, at).unwrap();
    }
    assert_eq!(copy.verdict().broken, None, "it is as it was");
    flipped
}

fn names_it(broken: &Broken, seq: i64) -> bool {
    named(broken) == Some(seq)
}

#[tokio::test]
async fn every_flipped_bit_of_the_table_is_found_and_its_entry_named() {
    let copy = Trail::of(5).await.into_copy().await;
    let cells = cells(&copy.path);
    assert_eq!(cells.len(), 5);
    assert!(flip_each(&copy, &cells, 1, 0..8) > 5 * 150 * 8);
}

#[tokio::test]
async fn flipped_bytes_are_found_in_a_table_of_many_pages() {
    let copy = Trail::of(600).await.into_copy().await;
    let cells = cells(&copy.path);
    assert_eq!(cells.len(), 600);
    assert!(flip_each(&copy, &cells, 211, 3..4) > 500);
}
