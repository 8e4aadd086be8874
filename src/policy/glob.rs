//! Patterns of text and of paths. Linear in their subject for practical sizes, and total.
//!
//! In a **text** pattern `*` is any run of characters, `?` is one character, and `\` makes the next
//! character stand for itself. In a **path** pattern the same holds inside a segment, and a segment `**` is
//! any number of segments, none included: `notes/**` is the folder and all below it. A relative pattern is
//! about paths inside the workspace, an absolute one about the whole machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::BadPattern;
use super::path::Place;

/// Most characters of a pattern.
pub const PATTERN_CHARS_MAX: usize = 1_024;

/// A pattern of text. See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob {
    source: String,
    tokens: Vec<Token>,
}

/// A pattern of paths. See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathGlob {
    source: String,
    absolute: bool,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token {
    Many,
    One,
    Char(char),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Segment {
    Many,
    One(Vec<Token>),
}

/// How a rule is read: what allows is read as written, what restricts is read widely, so that a spelling
/// that a rule's author did not think of is restricted and not allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading {
    Narrow,
    Wide,
}

// === impl Glob ===

impl Glob {
    /// The pattern that only this text matches.
    #[must_use]
    pub fn exactly(text: &str) -> Self {
        Self { source: escape(text), tokens: text.chars().map(Token::Char).collect() }
    }

    /// Whether the whole text matches. Read widely, letters match in either case.
    pub(super) fn matches(&self, text: &str, reading: Reading) -> bool {
        matches_text(&self.tokens, text, reading)
    }
}

impl TryFrom<String> for Glob {
    type Error = BadPattern;

    fn try_from(source: String) -> Result<Self, BadPattern> {
        check(&source)?;
        Ok(Self { tokens: tokens(&source)?, source })
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.source
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

// === impl PathGlob ===

impl PathGlob {
    /// The pattern that only this path matches, as it is written.
    ///
    /// # Errors
    /// [`BadPattern`] when it is not written in its plain form, for instance with `..`.
    pub fn exactly(path: &str) -> Result<Self, BadPattern> {
        Self::try_from(escape(path))
    }

    pub(super) fn matches(&self, place: &Place, reading: Reading) -> bool {
        if self.absolute {
            if let Some(segments) = &place.absolute {
                return self.covers(segments, reading);
            }
            // Where the workspace is, is not known; a restriction of `/**/…` means paths in it too.
            let anywhere = self.segments.first() == Some(&Segment::Many);
            return reading == Reading::Wide
                && anywhere
                && place.inside.as_ref().is_some_and(|segments| self.covers(segments, reading));
        }
        place.inside.as_ref().is_some_and(|segments| self.covers(segments, reading))
    }

    fn covers(&self, path: &[String], reading: Reading) -> bool {
        wild(
            &self.segments,
            path,
            |segment| *segment == Segment::Many,
            |segment, name| match segment {
                Segment::Many => false,
                Segment::One(tokens) => matches_text(tokens, name, reading),
            },
        )
    }
}

impl TryFrom<String> for PathGlob {
    type Error = BadPattern;

    fn try_from(source: String) -> Result<Self, BadPattern> {
        check(&source)?;
        if source.starts_with('~') {
            return Err(BadPattern::Home);
        }
        let mut segments = Vec::new();
        for name in source.split('/').filter(|name| !name.is_empty()) {
            match name {
                "." | ".." => return Err(BadPattern::Dots),
                "**" if segments.last() == Some(&Segment::Many) => {}
                "**" => segments.push(Segment::Many),
                name => segments.push(Segment::One(tokens(name)?)),
            }
        }
        Ok(Self { absolute: source.starts_with('/'), segments, source })
    }
}

impl From<PathGlob> for String {
    fn from(glob: PathGlob) -> Self {
        glob.source
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

// === matching ===

fn check(source: &str) -> Result<(), BadPattern> {
    if source.is_empty() {
        return Err(BadPattern::Empty);
    }
    if source.chars().count() > PATTERN_CHARS_MAX {
        return Err(BadPattern::Long);
    }
    if source.chars().any(char::is_control) { Err(BadPattern::Control) } else { Ok(()) }
}

fn tokens(source: &str) -> Result<Vec<Token>, BadPattern> {
    let mut tokens = Vec::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(next) = chars.next() {
        match next {
            '*' if tokens.last() == Some(&Token::Many) => {}
            '*' => tokens.push(Token::Many),
            '?' => tokens.push(Token::One),
            '\\' => tokens.push(Token::Char(chars.next().ok_or(BadPattern::Escape)?)),
            other => tokens.push(Token::Char(other)),
        }
    }
    Ok(tokens)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for next in text.chars() {
        if matches!(next, '*' | '?' | '\\') {
            escaped.push('\\');
        }
        escaped.push(next);
    }
    escaped
}

fn matches_text(pattern: &[Token], text: &str, reading: Reading) -> bool {
    let text: Vec<char> = text.chars().collect();
    wild(
        pattern,
        &text,
        |token| *token == Token::Many,
        |token, found| match (token, reading) {
            (Token::Many, _) => false,
            (Token::One, _) => true,
            (Token::Char(wanted), Reading::Narrow) => wanted == found,
            (Token::Char(wanted), Reading::Wide) => {
                wanted == found || wanted.to_lowercase().eq(found.to_lowercase())
            }
        },
    )
}

/// Whether the pattern covers all of `text`: `many` stands for any number of items, `one` for one.
/// The last `many` alone is tried again, which is enough because it can take whatever an earlier one could.
fn wild<P, T>(pattern: &[P], text: &[T], many: impl Fn(&P) -> bool, one: impl Fn(&P, &T) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(token), _) if many(token) => {
                p += 1;
                retry = Some((p, t));
            }
            (Some(token), Some(item)) if one(token, item) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, from)) if from < text.len() => {
                    retry = Some((after, from + 1));
                    p = after;
                    t = from + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests;
