//! How many well-formed secrets are found in chat, beside what the seeds' own fourteen patterns find.
#![expect(clippy::print_stdout, reason = "the table of the README")]

use regex::Regex;

use super::generator::{ANNOUNCED, CHAT, Dice, SHAPED, Sort, survives};
use crate::redaction::Redactor;

/// The fourteen patterns of MonkeyClaw's `vault/secret_scanner.ex`, as its documentation describes them.
const SEEDS: [&str; 14] = [
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r#"(?i)aws[_a-z ]*secret[_a-z ]*[\s"'=:]+([A-Za-z0-9/+=]{40})"#,
    r"gh[pocs]_[A-Za-z0-9]{20,80}",
    r"github_pat_[A-Za-z0-9_]{20,120}",
    r"xox[bpas]-[A-Za-z0-9-]{10,64}",
    r"sk_(?:live|test)_[A-Za-z0-9]{24,64}",
    r"-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----",
    r"sk-[A-Za-z0-9]{32,}",
    r"sk-ant-[A-Za-z0-9_-]{32,}",
    r#"(?i)api_?key["']?\s*[:=]\s*["']?([A-Za-z0-9_-]{20,})"#,
    r"(?i)(?:authorization|bearer)[:\s]+(?:bearer\s+)?([A-Za-z0-9._-]{20,})",
    r"://[^:/\s]+:([^@\s]{8,})@",
    r"AIza[A-Za-z0-9_-]{35}",
    r"hooks\.slack\.com/services/(T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+)",
];

struct Score {
    tried: usize,
    ours: usize,
    seeds: usize,
    missed: Vec<String>,
}

fn score<'s>(sorts: impl Iterator<Item = &'s Sort>, templates: &[&str], rounds: u64) -> Score {
    let redactor = Redactor::new();
    let seeds: Vec<Regex> = SEEDS.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
    let mut score = Score { tried: 0, ours: 0, seeds: 0, missed: Vec::new() };
    for (number, sort) in sorts.enumerate() {
        for round in 0..rounds {
            let mut dice = Dice::new(number as u64 * 1_000 + round + 1);
            for template in templates {
                let sample = sort.in_chat(template, &mut dice);
                score.tried += 1;
                let shown = redactor.redact(&sample.text).text.into_owned();
                if survives(&sample.secret, &shown) {
                    score.missed.push(format!("{}: {} -> {shown}", sort.name, sample.text));
                } else {
                    score.ours += 1;
                }
                let mut text = sample.text.clone();
                for seed in &seeds {
                    text = seed
                        .replace_all(&text, |groups: &regex::Captures<'_>| {
                            let whole = groups[0].to_owned();
                            groups
                                .get(1)
                                .map_or_else(|| "#".to_owned(), |group| whole.replace(group.as_str(), "#"))
                        })
                        .into_owned();
                }
                score.seeds += usize::from(!survives(&sample.secret, &text));
            }
        }
    }
    score
}

impl Score {
    fn print(&self, what: &str) {
        let share = |found: usize| 100.0 * found as f64 / self.tried as f64;
        println!("| {what} | {} | {:.1} % | {:.1} % |", self.tried, share(self.ours), share(self.seeds));
        for missed in &self.missed {
            println!("missed: {missed}");
        }
    }

    #[track_caller]
    fn at_least(&self, per_mille: usize) {
        assert!(
            self.ours * 1_000 >= self.tried * per_mille,
            "{} of {}: {:#?}",
            self.ours,
            self.tried,
            self.missed
        );
    }
}

#[test]
fn secrets_of_more_than_a_hundred_kinds_are_found_in_chat() {
    assert!(SHAPED.len() >= 100, "{}", SHAPED.len());
    let whole = score(SHAPED.iter(), CHAT, 1);
    whole.print("all kinds, in chat");
    whole.at_least(990);
    assert!(whole.seeds * 2 < whole.ours, "the seeds found {}", whole.seeds);
    let core = score(SHAPED.iter().filter(|sort| sort.core), CHAT, 2);
    core.print("core kinds, in chat");
    core.at_least(995);
}

#[test]
fn secrets_that_are_only_announced_are_found_where_they_are_announced() {
    let alone = score(
        ANNOUNCED.iter(),
        &["{}", "{}.", "{}, right?", "```\n{}\n```", "hey, {} thanks", "x\n{}\ny"],
        4,
    );
    alone.print("announced secrets");
    alone.at_least(950);
}
