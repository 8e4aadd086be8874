//! Whether an answer's citations hold: the source was really read in that turn, and what is quoted is in it.
//!
//! A citation is a link or a name in square brackets behind a quotation: `"the words" [notes/a.md]`,
//! `"the words" [title](https://example.org/page)`. A source without a quotation only has to have been read.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// What a tool read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The address or the path that it was told to read.
    pub name: String,
    /// What it answered.
    pub text: String,
}

/// How the citations of an answer did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cited {
    /// Those that hold.
    pub held: usize,
    /// Those that do not, with why.
    pub false_ones: Vec<String>,
}

static CITATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?s)(?:["“]([^"“”]{3,2000})["”]\s*)?\[([^\]\n]{1,500})\](?:\(([^)\s]{1,2000})\))?"#).ok()
});

// === impl Cited ===

impl Cited {
    /// Looks at every citation of an answer.
    #[must_use]
    pub fn check(answer: &str, evidence: &[Evidence]) -> Self {
        let mut cited = Self::default();
        let Some(citation) = CITATION.as_ref() else { return cited };
        for found in citation.captures_iter(answer) {
            let name = found.get(3).or_else(|| found.get(2)).map_or("", |text| text.as_str());
            let read: Vec<&Evidence> = evidence.iter().filter(|one| is_same(&one.name, name)).collect();
            let quote = found.get(1).map(|text| plain(text.as_str()));
            if read.is_empty() {
                cited.false_ones.push(format!("{name} was not read"));
            } else if quote.is_some_and(|quote| !read.iter().any(|one| plain(&one.text).contains(&quote))) {
                cited.false_ones.push(format!("what is quoted is not in {name}"));
            } else {
                cited.held += 1;
            }
        }
        cited
    }

    /// The share that holds; nothing without a citation.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share of a few")]
    pub fn share(&self) -> f64 {
        let all = self.held + self.false_ones.len();
        if all == 0 { 0.0 } else { self.held as f64 / all as f64 }
    }
}

fn is_same(read: &str, named: &str) -> bool {
    let bare = |name: &str| name.trim().trim_start_matches("./").trim_end_matches('/').to_owned();
    !bare(named).is_empty() && bare(read) == bare(named)
}

/// Without differences in blanks, in quotation marks and in size.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start_matches("| "));
    let words: Vec<String> = lines.flat_map(str::split_whitespace).map(str::to_lowercase).collect();
    words.join(" ").replace(['’', '‘'], "'")
}
