//! What a change makes of a file, and how a person sees it before they allow it. Pure.

use memchr::memmem;
use similar::TextDiff;

/// Largest content of which a difference is made; a larger one is shown whole.
const DIFF_BYTES_MAX: usize = 256 << 10;
/// Unchanged lines around a change.
const CONTEXT_LINES: usize = 3;

/// One replacement of an exact text by another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Replacement<'a> {
    pub(super) old: &'a str,
    pub(super) new: &'a str,
    /// Every place, not the only one.
    pub(super) all: bool,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Replaced {
    pub(super) content: Vec<u8>,
    pub(super) places: usize,
}

/// Why nothing came of it, in words from which a model can do better.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NotReplaced {
    #[error("`old` is empty; write_file makes a file")]
    Empty,
    #[error("`old` and `new` are the same")]
    Same,
    #[error("`old` is not in the file{hint}")]
    Absent { hint: String },
    #[error(
        "`old` is in the file {places} times (lines {lines}); give more of the text around the place that you \
         mean, or set `all`"
    )]
    Several { places: usize, lines: String },
}

// === impl Replacement ===

impl Replacement<'_> {
    /// Replaces it. Bytes outside the places stay as they are. Lines of `old` and `new` end as those of the file do.
    pub(super) fn apply(self, content: &[u8]) -> Result<Replaced, NotReplaced> {
        if self.old.is_empty() {
            return Err(NotReplaced::Empty);
        }
        if self.old == self.new {
            return Err(NotReplaced::Same);
        }
        let found = places(content, self.old.as_bytes());
        if !found.is_empty() {
            return self.at(content, &found, self.old.as_bytes(), self.new.as_bytes());
        }
        if let Some((old, new)) = self.with_carriage_returns(content) {
            let found = places(content, old.as_bytes());
            if !found.is_empty() {
                return self.at(content, &found, old.as_bytes(), new.as_bytes());
            }
        }
        Err(NotReplaced::Absent { hint: hint(content, self.old) })
    }

    fn at(self, content: &[u8], found: &[usize], old: &[u8], new: &[u8]) -> Result<Replaced, NotReplaced> {
        if found.len() > 1 && !self.all {
            let lines: Vec<String> =
                found.iter().take(8).map(|at| line_of(content, *at).to_string()).collect();
            return Err(NotReplaced::Several { places: found.len(), lines: lines.join(", ") });
        }
        let mut made = Vec::with_capacity(content.len() + new.len());
        let mut from = 0;
        for at in found {
            made.extend_from_slice(content.get(from..*at).unwrap_or_default());
            made.extend_from_slice(new);
            from = at + old.len();
        }
        made.extend_from_slice(content.get(from..).unwrap_or_default());
        Ok(Replaced { content: made, places: found.len() })
    }

    /// Both texts with the line ends of a file from Windows, if the file has them and the texts do not.
    fn with_carriage_returns(self, content: &[u8]) -> Option<(String, String)> {
        let fits = self.old.contains('\n') && !self.old.contains('\r');
        (fits && memmem::find(content, b"\r\n").is_some()).then(|| {
            let ends = |text: &str| text.replace("\r\n", "\n").replace('\n', "\r\n");
            (ends(self.old), ends(self.new))
        })
    }
}

/// How a person sees that `new` takes the place of `old`: the difference, or all of it where there was no text.
pub(super) fn shown(path: &str, old: Option<&[u8]>, new: &[u8]) -> String {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
    let small = new.len() <= DIFF_BYTES_MAX;
    match (old.filter(|old| small && old.len() <= DIFF_BYTES_MAX).and_then(text), text(new)) {
        (Some(old), Some(new)) if old == new => String::new(),
        (Some(old), Some(new)) => TextDiff::from_lines(&old, &new)
            .unified_diff()
            .context_radius(CONTEXT_LINES)
            .header(path, path)
            .to_string(),
        _ => String::from_utf8_lossy(new).into_owned(),
    }
}

fn places(content: &[u8], old: &[u8]) -> Vec<usize> {
    memmem::find_iter(content, old).collect()
}

fn line_of(content: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', content.get(..at).unwrap_or_default()).count() + 1
}

/// Where the first line of `old` is, but for white space.
fn hint(content: &[u8], old: &str) -> String {
    let plain = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = String::from_utf8_lossy(content);
    let near = old.lines().map(plain).find(|line| !line.is_empty());
    let line = near.and_then(|wanted| text.lines().position(|line| plain(line) == wanted));
    match line {
        Some(line) => {
            format!("; line {} begins like it, but spaces or what follows differ: read it again", line + 1)
        }
        None => "; read it again and take the text exactly as it is there, without line numbers".to_owned(),
    }
}

#[cfg(test)]
mod tests;
