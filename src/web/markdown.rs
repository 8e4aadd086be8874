//! Markdown of models and people to HTML that is safe to put into a page.
//!
//! Two walls: the formatter escapes raw HTML, turns pictures of other hosts into
//! links and writes only tags that we chose; then the sanitiser keeps an allow-list.
//! An answer is cut into blocks, so that a growing answer re-renders only its last
//! block; a finished answer is cut in the same way, so that both look the same.
//! Markdown is what is stored: HTML is made for each page.

mod answer;
mod formatter;
mod sanitise;
#[cfg(test)]
mod tests;

use comrak::{Arena, Options, parse_document};

pub use self::answer::{AnswerBlocks, BlockChange, Growth, blocks};

/// Nesting of quotes and lists beyond which text is shown as it is written.
const NESTING_MAX: usize = 48;

/// The HTML of one piece of Markdown.
#[must_use]
pub fn render(markdown: &str) -> String {
    if nests_too_deep(markdown) {
        return plain(markdown);
    }
    let options = options();
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    let mut html = String::with_capacity(markdown.len() * 2);
    match formatter::Formatter::format_document(root, &options, &mut html) {
        Ok(()) => sanitise::clean(&html),
        // silent-ok: a String never refuses a write; the text itself is always a valid answer.
        Err(std::fmt::Error) => plain(markdown),
    }
}

/// Text shown as it is, in one preformatted block.
fn plain(text: &str) -> String {
    let mut html = String::from("<pre class=\"plain\" tabindex=\"0\"><code>");
    // silent-ok: a String never refuses a write.
    let _ = comrak::html::escape(&mut html, text);
    html.push_str("</code></pre>");
    html
}

/// Hostile nesting makes parsers and browsers slow long before it is readable.
fn nests_too_deep(markdown: &str) -> bool {
    markdown.lines().any(|line| {
        let depth = line
            .chars()
            .take_while(|c| matches!(c, '>' | ' ' | '\t' | '-' | '*' | '+'))
            .filter(|c| !c.is_whitespace())
            .count();
        // A rule of dashes or stars is long and flat.
        depth > NESTING_MAX && line.contains('>')
    })
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    options.parse.relaxed_tasklist_matching = true;
    options.render.escape = true;
    options.render.hardbreaks = false;
    options
}
