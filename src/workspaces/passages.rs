//! A long text as passages of a few hundred words, so that what is found of it can be shown. Pure.

/// Words of a passage, about; it ends with a line.
const WORDS: usize = 200;
/// Most characters of one: a line may be the whole file.
const CHARS_MAX: usize = 4_000;

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passage {
    /// The number of its first line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// A text in passages, in order: all of it, each line once. One ends sooner at an empty line or a heading.
#[must_use]
pub fn passages(text: &str) -> Vec<Passage> {
    let (mut done, mut open) = (Vec::new(), Passage { line: 1, text: String::new() });
    let (mut words, mut chars) = (0, 0);
    for (line, number) in text.lines().zip(1..) {
        for (at, piece) in pieces(line).into_iter().enumerate() {
            let (own_words, own_chars) = (piece.split_whitespace().count(), piece.chars().count());
            let is_break = at == 0 && (piece.trim().is_empty() || piece.starts_with('#'));
            let is_full = words + own_words > WORDS
                || chars + own_chars > CHARS_MAX
                || (is_break && words * 2 >= WORDS);
            if is_full && words > 0 {
                done.push(std::mem::replace(&mut open, Passage { line: number, text: String::new() }));
                (words, chars) = (0, 0);
            }
            if open.text.is_empty() {
                open.line = number;
            } else {
                open.text.push('\n');
            }
            open.text.push_str(piece);
            (words, chars) = (words + own_words, chars + own_chars + 1);
        }
    }
    done.push(open);
    done.retain(|passage| !passage.text.trim().is_empty());
    done
}

/// A line in parts that are not too long.
fn pieces(line: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), line);
    while let Some((end, _)) = rest.char_indices().nth(CHARS_MAX) {
        let head = rest.get(..end).unwrap_or_default();
        // A word stays whole where there are words.
        let cut = head.rfind(char::is_whitespace).filter(|cut| *cut > 0).unwrap_or(end);
        pieces.push(rest.get(..cut).unwrap_or_default());
        rest = rest.get(cut..).unwrap_or_default();
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests;
