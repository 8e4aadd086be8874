//! How each platform writes what a run is shown as.
//!
//! Telegram: the HTML style of the Bot API ("Formatting options"). Slack: mrkdwn ("Formatting text for app
//! surfaces"). Discord: "Markdown Text 101". WhatsApp: "How to format your messages".

use std::rc::Rc;

use super::super::Platform;
use super::flow::{Run, Tag};

/// A platform's own markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Telegram.
    Html,
    /// Slack.
    Mrkdwn,
    Discord,
    Whatsapp,
    Plain,
}

impl Dialect {
    pub(super) const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Telegram => Self::Html,
            Platform::Slack => Self::Mrkdwn,
            Platform::Discord => Self::Discord,
            Platform::Whatsapp => Self::Whatsapp,
            Platform::Email => Self::Plain,
        }
    }

    /// Whether a text can carry an address.
    pub(super) const fn has_links(self) -> bool {
        matches!(self, Self::Html | Self::Mrkdwn | Self::Discord)
    }

    /// What items of a list begin with.
    pub(super) const fn bullet(self) -> &'static str {
        match self {
            Self::Discord | Self::Plain => "- ",
            _ => "• ",
        }
    }

    /// Whether styles end with their line, and quotes are written before each line.
    pub(super) const fn is_by_line(self) -> bool {
        !matches!(self, Self::Html)
    }

    /// Whether a marker counts only beside a space or a mark.
    const fn needs_word_edges(self) -> bool {
        matches!(self, Self::Mrkdwn | Self::Whatsapp)
    }

    /// What is written before text of `tag`.
    pub(super) fn open(self, tag: &Tag) -> String {
        let fixed = match (self, tag) {
            (Self::Html, Tag::Quote) => "<blockquote>",
            (Self::Html, Tag::Bold) => "<b>",
            (Self::Html, Tag::Italic) => "<i>",
            (Self::Html, Tag::Strike) => "<s>",
            (Self::Html, Tag::Code) => "<code>",
            (Self::Html, Tag::Link(url)) => return format!("<a href=\"{}\">", self.escaped(url, true)),
            (Self::Html, Tag::Block { language, .. }) if language.is_empty() => "<pre>",
            (Self::Html, Tag::Block { language, .. }) => {
                return format!("<pre><code class=\"language-{language}\">");
            }
            (Self::Mrkdwn, Tag::Link(url)) => {
                return format!("<{}|", self.escaped(url, true).replace('|', "%7C"));
            }
            (Self::Discord, Tag::Link(_)) => "[",
            (Self::Discord, Tag::Block { language, .. }) => return format!("```{language}\n"),
            (Self::Mrkdwn, Tag::Block { .. }) => "```\n",
            (Self::Whatsapp, Tag::Block { .. }) => "```",
            _ => self.marker(tag),
        };
        fixed.to_owned()
    }

    /// What is written after it.
    pub(super) fn close(self, tag: &Tag) -> String {
        let fixed = match (self, tag) {
            (Self::Html, Tag::Quote) => "</blockquote>",
            (Self::Html, Tag::Bold) => "</b>",
            (Self::Html, Tag::Italic) => "</i>",
            (Self::Html, Tag::Strike) => "</s>",
            (Self::Html, Tag::Code) => "</code>",
            (Self::Html, Tag::Link(_)) => "</a>",
            (Self::Html, Tag::Block { language, .. }) if language.is_empty() => "</pre>",
            (Self::Html, Tag::Block { .. }) => "</code></pre>",
            (Self::Mrkdwn, Tag::Link(_)) => ">",
            (Self::Discord, Tag::Link(url)) => {
                return format!("]({})", url.replace('(', "%28").replace(')', "%29"));
            }
            (Self::Mrkdwn | Self::Discord, Tag::Block { .. }) => "\n```",
            (Self::Whatsapp, Tag::Block { .. }) => "```",
            _ => self.marker(tag),
        };
        fixed.to_owned()
    }

    /// The same before and after.
    const fn marker(self, tag: &Tag) -> &'static str {
        match (self, tag) {
            (Self::Mrkdwn | Self::Whatsapp, Tag::Bold) => "*",
            (Self::Mrkdwn | Self::Whatsapp, Tag::Italic) => "_",
            (Self::Mrkdwn | Self::Whatsapp, Tag::Strike) => "~",
            (Self::Discord, Tag::Bold) => "**",
            (Self::Discord, Tag::Italic) => "*",
            (Self::Discord, Tag::Strike) => "~~",
            (Self::Mrkdwn | Self::Whatsapp | Self::Discord, Tag::Code) => "`",
            _ => "",
        }
    }

    /// What a line of these tags begins with.
    pub(super) fn line_prefix(self, tags: &[Tag]) -> &'static str {
        if self.is_by_line() && tags.contains(&Tag::Quote) { "> " } else { "" }
    }

    /// What the first line of a heading begins with.
    pub(super) fn heading_prefix(self, tags: &[Tag]) -> &'static str {
        let level =
            tags.iter().find_map(|tag| if let Tag::Heading(level) = tag { Some(*level) } else { None });
        match (self, level) {
            (Self::Discord, Some(1)) => "# ",
            (Self::Discord, Some(2)) => "## ",
            (Self::Discord, Some(_)) => "### ",
            _ => "",
        }
    }

    /// `text` of `tags`, so that the platform shows just that.
    pub(super) fn written(self, text: &str, tags: &[Tag], line_start: bool) -> String {
        let code = tags.iter().any(|tag| matches!(tag, Tag::Code | Tag::Block { .. }));
        match self {
            Self::Html => self.escaped(text, false),
            Self::Plain => text.to_owned(),
            // An invisible space keeps backticks of the text from ending the block.
            _ if code => self.escaped(text, false).replace("```", "`\u{200b}`\u{200b}`"),
            Self::Mrkdwn => self.escaped(text, false),
            Self::Whatsapp => text.to_owned(),
            Self::Discord if tags.contains(&Tag::Verbatim) => text.to_owned(),
            Self::Discord => {
                markdown_escaped(text, line_start, tags.iter().any(|tag| matches!(tag, Tag::Link(_))))
            }
        }
    }

    fn escaped(self, text: &str, attribute: bool) -> String {
        if !matches!(self, Self::Html | Self::Mrkdwn) {
            return text.to_owned();
        }
        let mut written = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => written.push_str("&amp;"),
                '<' => written.push_str("&lt;"),
                '>' => written.push_str("&gt;"),
                '"' if attribute && self == Self::Html => written.push_str("&quot;"),
                c => written.push(c),
            }
        }
        written
    }
}

/// Text whose marks Discord would take for its own.
fn markdown_escaped(text: &str, line_start: bool, link: bool) -> String {
    let mut written = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied();
        let inside_word =
            before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        let first = before.map_or(line_start, |before| before == '\n');
        let mark = match c {
            '\\' | '*' | '~' | '`' | '|' | '<' => true,
            '_' => !inside_word,
            '#' | '>' | '-' | '+' => first,
            '[' => link,
            ']' => link || after == Some('('),
            _ => false,
        };
        if mark {
            written.push('\\');
        }
        written.push(c);
        before = Some(c);
    }
    written
}

/// The runs with the tags that `dialect` can write around them.
pub(super) fn fitted(dialect: Dialect, mut runs: Vec<Run>) -> Vec<Run> {
    for run in &mut runs {
        let tags = fitting(dialect, &run.tags, &run.text);
        run.tags = tags.into();
    }
    if dialect.needs_word_edges() {
        at_word_edges(&mut runs);
    }
    runs
}

fn fitting(dialect: Dialect, tags: &[Tag], text: &str) -> Vec<Tag> {
    let block = tags.iter().any(|tag| matches!(tag, Tag::Block { .. }));
    let link = tags.iter().any(|tag| matches!(tag, Tag::Link(_)));
    // Telegram and Slack show no code in the text of a link; the address counts more than the looks.
    let code = tags.contains(&Tag::Code) && (!link || dialect == Dialect::Discord);
    let mut fitting: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = match tag {
            Tag::Heading(_) if dialect != Dialect::Discord => Tag::Bold,
            tag => tag.clone(),
        };
        let wanted = match &tag {
            // Blocks of code stand alone everywhere.
            tag if block => matches!(tag, Tag::Block { .. }),
            // Telegram allows no style around code; the others have one kind of backtick.
            Tag::Bold | Tag::Italic | Tag::Strike if code => dialect != Dialect::Html,
            Tag::Code => code && (dialect == Dialect::Html || !text.contains('`')),
            Tag::Link(_) => !fitting.iter().any(|outer| matches!(outer, Tag::Link(_))),
            _ => true,
        };
        if wanted && !fitting.contains(&tag) {
            fitting.push(tag);
        }
    }
    if dialect == Dialect::Mrkdwn {
        // Marks inside a link's text would be shown as they are.
        fitting.sort_by_key(|tag| matches!(tag, Tag::Link(_)));
    }
    fitting
}

/// Takes away markers that would stand inside a word, where the platform shows them as they are.
fn at_word_edges(runs: &mut [Run]) {
    let is_marker = |tag: &Tag| matches!(tag, Tag::Bold | Tag::Italic | Tag::Strike | Tag::Code);
    for at in 1..runs.len() {
        let Some([left, right]) = runs.get_mut(at - 1..=at) else { continue };
        let touch = left.text.chars().next_back().is_some_and(char::is_alphanumeric)
            && right.text.chars().next().is_some_and(char::is_alphanumeric);
        if !touch || left.tags == right.tags {
            continue;
        }
        let only = |own: &Rc<[Tag]>, other: &Rc<[Tag]>| -> Rc<[Tag]> {
            own.iter().filter(|tag| !is_marker(tag) || other.contains(tag)).cloned().collect()
        };
        let (left_tags, right_tags) = (only(&left.tags, &right.tags), only(&right.tags, &left.tags));
        left.tags = left_tags;
        right.tags = right_tags;
    }
}
