//! Core facts as a part of the system prompt.

use super::Fact;

const HEAD: &str = "[Memory]";
/// What stands for facts that did not fit. Its number has at most five digits.
const LEFT_OUT_BYTES: usize = "\n… and 00000 more: memory_recall".len();

/// The part of the system prompt, at most `bytes_max` long; empty without facts. Facts are whole: the newest that
/// fit, then a line that says how many are left out.
pub(super) fn core(mut facts: Vec<Fact>, bytes_max: usize) -> String {
    facts.retain(Fact::is_trusted);
    facts.sort_by(|a, b| (b.updated_ms, &a.key).cmp(&(a.updated_ms, &b.key)));
    let mut text = HEAD.to_owned();
    let mut left_out = 0_usize;
    let whole: usize = HEAD.len() + facts.iter().map(|fact| line(fact).len()).sum::<usize>();
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
    format!("\n- {}: {}", fact.key, fact.text.replace('\n', "\n  "))
}
