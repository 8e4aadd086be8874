//! The sender's own words: without what they answer, and without a signature.

/// What stands at the end of the line that says whose words follow.
const WROTE: &[&str] = &[
    "wrote:",
    "schrieb:",
    "a écrit :",
    "a écrit\u{a0}:",
    "a écrit:",
    "escribió:",
    "ha scritto:",
    "schreef:",
    "skrev:",
    "escreveu:",
    "napisał:",
    "написал:",
];
/// How it begins, where it is broken into several lines.
const BEGINS: &[&str] = &["On ", "Am ", "Le ", "El ", "Il ", "Op ", "Den ", "Em ", "W dniu "];
/// Such a line may be broken into this many.
const WROTE_LINES_MAX: usize = 3;
/// What stands at the beginning of lines of a forwarded or answered mail in the manner of Outlook.
const HEADERS: &[&str] =
    &["sent:", "to:", "subject:", "date:", "gesendet:", "an:", "betreff:", "envoyé", "objet"];

/// The words of a mail that are the sender's own; all of it when nothing else is left.
pub(super) fn own_words(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let mut own: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let rest = lines.get(at..).unwrap_or_default();
        if *line == "-- " || is_separator(rest) {
            break;
        }
        if let Some(length) = attribution(rest) {
            let after = rest.get(length..).unwrap_or_default();
            let next = after.iter().find(|line| !line.trim().is_empty());
            if !next.is_some_and(|line| is_quoted(line)) {
                // Quoted without marks, as HTML has it: no telling where it ends.
                break;
            }
            at += length;
            continue;
        }
        if !is_quoted(line) {
            own.push(line.trim_end());
        }
        at += 1;
    }
    let own = squeezed(&own);
    if own.is_empty() {
        squeezed(
            &lines.iter().map(|line| line.trim_end()).filter(|line| !is_quoted(line)).collect::<Vec<_>>(),
        )
    } else {
        own
    }
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// How many lines say whose words follow; none when these do not.
fn attribution(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim();
    if first.is_empty() || is_quoted(first) {
        return None;
    }
    let mut joined = String::new();
    for (at, line) in lines.iter().take(WROTE_LINES_MAX).enumerate() {
        let line = line.trim();
        if line.is_empty() || is_quoted(line) {
            return None;
        }
        joined.push_str(line);
        if WROTE.iter().any(|wrote| joined.ends_with(wrote)) {
            // A date or an address: "as she wrote:" is a sentence.
            let named = joined.contains('@') || joined.chars().any(|c| c.is_ascii_digit());
            return (named && joined.len() <= 400).then_some(at + 1);
        }
        // Else the words before it would be taken for a part of it.
        if !BEGINS.iter().any(|begin| joined.starts_with(begin)) {
            return None;
        }
        joined.push(' ');
    }
    None
}

fn is_separator(lines: &[&str]) -> bool {
    let Some(first) = lines.first().map(|line| line.trim()) else { return false };
    let dashes =
        first.starts_with("-----") && first.ends_with("-----") && first.to_lowercase().contains(" message");
    let rule = first.len() >= 30 && first.bytes().all(|b| b == b'_');
    let from = ["from:", "von:", "de :"].iter().any(|word| first.to_lowercase().starts_with(word));
    let headers = lines.iter().skip(1).take(4).filter(|line| {
        let line = line.trim().to_lowercase();
        HEADERS.iter().any(|header| line.starts_with(header))
    });
    dashes || rule || from && headers.count() >= 2
}

/// The lines as one text, never more than one of them empty in a row.
fn squeezed(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        if line.trim().is_empty() && (text.is_empty() || text.ends_with("\n\n")) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
    }
    text.trim().to_owned()
}
