//! Words of the index that are like a word: those that begin so, and those that differ by a slip of a finger.
//!
//! Both walk the index's sorted words from the first letter on, and not further than a bound: the answer to a very short
//! beginning has its most frequent words, not all.

use std::collections::HashMap;
use std::time::Instant;

use tantivy::Searcher;
use tantivy::schema::Field;

use super::error::SearchError;

/// Words that stand for a beginning.
const BEGINNING_MAX: usize = 40;
/// Words that stand for a misspelt one.
const LIKE_MAX: usize = 4;
/// Words that are looked at, over all segments.
const LOOKED_AT_MAX: usize = 120_000;
/// Words between two looks at the clock.
const LOOK_EVERY: usize = 2_048;
/// A shorter word has too many neighbours.
const TYPO_CHARS_MIN: usize = 4;
/// From here on two slips are forgiven.
const TWO_TYPOS_CHARS_MIN: usize = 8;

/// The most frequent words that begin with this.
pub(super) fn beginning(
    searcher: &Searcher,
    field: Field,
    prefix: &str,
    until: Instant,
) -> Result<Vec<String>, SearchError> {
    let mut found: HashMap<String, u64> = HashMap::new();
    walk(searcher, field, prefix, until, |word, count| *found.entry(word.to_owned()).or_default() += count)?;
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(BEGINNING_MAX);
    Ok(found.into_iter().map(|(word, _)| word).collect())
}

/// Words that a misspelt word may stand for: nearest first, then the most frequent.
pub(super) fn like(
    searcher: &Searcher,
    field: Field,
    word: &str,
    until: Instant,
) -> Result<Vec<String>, SearchError> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < TYPO_CHARS_MIN || letters.iter().any(char::is_ascii_digit) {
        return Ok(Vec::new());
    }
    let far = if letters.len() >= TWO_TYPOS_CHARS_MIN { 2 } else { 1 };
    let first: String = letters.iter().take(1).collect();
    let mut found: HashMap<String, (usize, u64)> = HashMap::new();
    walk(searcher, field, &first, until, |other, count| {
        let near = other.len().abs_diff(word.len()) <= far * 2;
        if let Some(distance) = near.then(|| distance(&letters, other, far)).flatten() {
            let entry = found.entry(other.to_owned()).or_insert((distance, 0));
            entry.1 += count;
        }
    })?;
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable_by(|a, b| {
        a.1.0.cmp(&b.1.0).then_with(|| b.1.1.cmp(&a.1.1)).then_with(|| a.0.cmp(&b.0))
    });
    found.truncate(LIKE_MAX);
    Ok(found.into_iter().map(|(word, _)| word).collect())
}

fn walk(
    searcher: &Searcher,
    field: Field,
    prefix: &str,
    until: Instant,
    mut each: impl FnMut(&str, u64),
) -> Result<(), SearchError> {
    let after = format!("{prefix}\u{10ffff}");
    let mut looked_at = 0_usize;
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut stream =
            index.terms().range().ge(prefix.as_bytes()).lt(after.as_bytes()).into_stream().map_err(io)?;
        while let Some((word, info)) = stream.next() {
            looked_at += 1;
            if looked_at > LOOKED_AT_MAX || looked_at.is_multiple_of(LOOK_EVERY) && Instant::now() > until {
                return Ok(());
            }
            if let Ok(word) = std::str::from_utf8(word) {
                each(word, u64::from(info.doc_freq));
            }
        }
    }
    Ok(())
}

fn io(error: std::io::Error) -> SearchError {
    SearchError::Index(error.into())
}

/// Slips between two words (a letter more, less or other, two letters swapped), unless they are more than `far`.
fn distance(word: &[char], other: &str, far: usize) -> Option<usize> {
    let other: Vec<char> = other.chars().collect();
    if other.len().abs_diff(word.len()) > far {
        return None;
    }
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=other.len()).collect());
    for (i, a) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best =
                (at(&last, j) + usize::from(a != b)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && word.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        if row.iter().min().is_some_and(|best| *best > far) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|slips| *slips <= far)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_slip_of_a_finger_is_one_step_and_more_than_allowed_is_none() {
        let slips = |a: &str, b: &str, far| distance(&a.chars().collect::<Vec<_>>(), b, far);
        assert_eq!(slips("kitchen", "kitchen", 1), Some(0));
        assert_eq!(slips("ktichen", "kitchen", 1), Some(1));
        assert_eq!(slips("kichen", "kitchen", 1), Some(1));
        assert_eq!(slips("kitchenn", "kitchen", 1), Some(1));
        assert_eq!(slips("kichn", "kitchen", 1), None);
        assert_eq!(slips("kichn", "kitchen", 2), Some(2));
    }
}
