//! Pinned and core facts as a part of the system prompt.

use super::Fact;

const HEAD: &str = "[Memory]";
const PINNED_HEAD: &str = "[Pinned memory]";
/// What stands for facts that did not fit. Its number has at most five digits.
const LEFT_OUT_BYTES: usize = "\n… and 00000 more: memory_recall".len();

/// The part of the system prompt that pinned facts make.
pub(super) fn pinned(facts: Vec<Fact>, bytes_max: usize) -> String {
    listed(PINNED_HEAD, facts, bytes_max)
}

/// The part of the system prompt that core facts make.
pub(super) fn core(facts: Vec<Fact>, bytes_max: usize) -> String {
    listed(HEAD, facts, bytes_max)
}

/// Bytes that pinned facts need to be in a prompt as a whole.
pub(super) fn pinned_bytes<'f>(facts: impl Iterator<Item = &'f Fact>) -> usize {
    PINNED_HEAD.len() + facts.map(|fact| line(fact).len()).sum::<usize>()
}

/// At most `bytes_max` long; empty without facts. Facts are whole: the newest that fit, then a line that says how many are
/// left out.
fn listed(head: &str, mut facts: Vec<Fact>, bytes_max: usize) -> String {
    facts.retain(Fact::is_trusted);
    facts.sort_by(|a, b| (b.updated_ms, &a.key).cmp(&(a.updated_ms, &b.key)));
    let mut text = head.to_owned();
    let mut left_out = 0_usize;
    let whole: usize = head.len() + facts.iter().map(|fact| line(fact).len()).sum::<usize>();
    let room = if whole <= bytes_max { bytes_max } else { bytes_max.saturating_sub(LEFT_OUT_BYTES) };
    for fact in &facts {
        let line = line(fact);
        if text.len() + line.len() <= room {
            text.push_str(&line);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n… and {left_out} more: memory_recall"));
    }
    if facts.is_empty() || text.len() > bytes_max { String::new() } else { text }
}

fn line(fact: &Fact) -> String {
    let doubt = if fact.confidence.is_doubted() { fact.confidence.word() } else { "" };
    let mark = if doubt.is_empty() { String::new() } else { format!(" ({doubt})") };
    format!("\n- {}{mark}: {}", fact.key, fact.text.replace('\n', "\n  "))
}
