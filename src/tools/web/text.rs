//! Tags and characters of a page, written as Markdown. White space is what a browser would show.

use html5ever::tokenizer::{Tag, TagKind};

use crate::egress::Url;

/// Longest text of a page, in bytes; the rest is left out with a mark.
const TEXT_BYTES_MAX: usize = 2 << 20;
/// Lists inside each other that are shown as such.
const LISTS_MAX: usize = 16;
/// Longest address of a link that is shown.
const HREF_BYTES_MAX: usize = 500;

/// See the module.
pub(super) struct Text {
    out: String,
    /// What relative links are relative to.
    base: Url,
    /// Line ends that come before the next word.
    breaks: usize,
    /// A space comes before the next word.
    space: bool,
    /// The next items' numbers; `None` for a list without.
    lists: Vec<Option<usize>>,
    pre: usize,
    quotes: usize,
    link: Option<(String, usize)>,
    full: bool,
}

// === impl Text ===

impl Text {
    pub(super) fn new(base: Url) -> Self {
        Self {
            out: String::new(),
            base,
            breaks: 0,
            space: false,
            lists: Vec::new(),
            pre: 0,
            quotes: 0,
            link: None,
            full: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn ended(mut self) -> String {
        self.link_ends();
        if self.full {
            self.out.push_str("\n\n[the rest of the page is left out]");
        }
        self.out
    }

    pub(super) fn characters(&mut self, text: &str) {
        if self.pre > 0 {
            self.verbatim(text);
            return;
        }
        for piece in text.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            if !word.is_empty() {
                self.word(word);
            }
            self.space |= word.len() < piece.len();
        }
    }

    pub(super) fn tag(&mut self, tag: &Tag) {
        let starts = tag.kind == TagKind::StartTag;
        match &*tag.name {
            "base" if starts => self.rebase(tag),
            "a" => self.anchor(tag, starts),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(&tag.name, starts),
            "ul" | "menu" => self.list(starts, None),
            "ol" => self.list(starts, Some(1)),
            "li" if starts => self.item(),
            "pre" => self.preformatted(starts),
            "code" | "kbd" | "samp" if self.pre == 0 => self.mark("`", starts),
            "blockquote" => {
                self.part(2);
                self.quotes = if starts { self.quotes + 1 } else { self.quotes.saturating_sub(1) };
            }
            "img" if starts => self.image(tag),
            "td" | "th" if starts => self.cell(),
            "br" => self.part(1),
            "hr" => self.rule(),
            "p" | "table" | "dl" => self.part(2),
            "div" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside" | "form"
            | "tr" | "dt" | "dd" | "li" | "figure" | "figcaption" | "summary" | "details" | "address"
            | "fieldset" | "legend" | "option" | "body" => self.part(1),
            _ => {}
        }
    }

    /// The next word begins a line, or a paragraph.
    fn part(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
        self.space = false;
    }

    fn word(&mut self, word: &str) {
        if self.out.len() + word.len() > TEXT_BYTES_MAX {
            self.full = true;
            return;
        }
        self.before_word();
        self.out.push_str(word);
    }

    fn before_word(&mut self) {
        let at_start = self.out.is_empty();
        let breaks = std::mem::take(&mut self.breaks);
        if !at_start && breaks > 0 {
            (0..breaks.min(2)).for_each(|_| self.out.push('\n'));
        } else if !at_start && self.space && !self.out.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
        if breaks > 0 || at_start {
            self.out.push_str(&"> ".repeat(self.quotes.min(8)));
        }
        self.space = false;
    }

    /// Something that stands before words without a space.
    fn mark(&mut self, mark: &str, starts: bool) {
        if starts {
            self.word(mark);
        } else if !self.full {
            self.out.push_str(mark);
        }
    }

    fn heading(&mut self, name: &str, starts: bool) {
        self.part(2);
        if starts {
            let level = name.bytes().last().map_or(1, |digit| usize::from(digit.saturating_sub(b'0')));
            self.word(&"#".repeat(level.clamp(1, 6)));
            self.space = true;
        }
    }

    fn list(&mut self, starts: bool, first: Option<usize>) {
        self.part(if self.lists.is_empty() || (!starts && self.lists.len() == 1) { 2 } else { 1 });
        if starts {
            if self.lists.len() < LISTS_MAX {
                self.lists.push(first);
            }
        } else {
            self.lists.pop();
        }
    }

    fn item(&mut self) {
        self.part(1);
        let depth = self.lists.len().saturating_sub(1);
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}.", *number - 1)
            }
            _ => "-".to_owned(),
        };
        self.word(&format!("{}{sign}", "  ".repeat(depth)));
        self.space = true;
    }

    fn preformatted(&mut self, starts: bool) {
        if starts {
            if self.pre == 0 {
                self.part(2);
                self.word("```");
                self.verbatim("\n");
            }
            self.pre += 1;
        } else if self.pre > 0 {
            self.pre -= 1;
            if self.pre == 0 {
                self.verbatim(if self.out.ends_with('\n') { "```" } else { "\n```" });
                self.part(2);
            }
        }
    }

    fn verbatim(&mut self, text: &str) {
        if self.out.len() + text.len() > TEXT_BYTES_MAX {
            self.full = true;
        } else {
            self.out.push_str(text);
        }
    }

    fn image(&mut self, tag: &Tag) {
        if let Some(alt) = attribute(tag, "alt").map(str::trim).filter(|alt| !alt.is_empty()) {
            self.space = true;
            let alt: String = alt.chars().take(200).collect();
            self.characters(&format!("[image: {alt}] "));
        }
    }

    fn cell(&mut self) {
        if self.breaks == 0 && !self.out.is_empty() {
            self.space = true;
            self.word("|");
        }
        self.space = true;
    }

    fn rule(&mut self) {
        self.part(2);
        self.word("---");
        self.part(2);
    }

    fn rebase(&mut self, tag: &Tag) {
        if let Some(base) = attribute(tag, "href").and_then(|href| self.base.join(href).ok())
            && is_web(&base)
        {
            self.base = base;
        }
    }

    fn anchor(&mut self, tag: &Tag, starts: bool) {
        self.link_ends();
        if starts
            && self.pre == 0
            && let Some(href) = attribute(tag, "href").and_then(|href| self.target(href))
        {
            if self.space || self.breaks > 0 {
                self.before_word();
            }
            self.link = Some((href, self.out.len()));
        }
    }

    /// The absolute address of a link to another page.
    fn target(&self, href: &str) -> Option<String> {
        let href = href.trim();
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let target = self.base.join(href).ok().filter(|url| is_web(url) || url.scheme() == "mailto")?;
        (target.as_str().len() <= HREF_BYTES_MAX).then(|| target.to_string())
    }

    /// Puts the address behind the words of a link. A link without words is none.
    fn link_ends(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        let words = self.out.get(from..).unwrap_or_default();
        let start = from + (words.len() - words.trim_start().len());
        if words.trim().is_empty() || self.out.len() + href.len() > TEXT_BYTES_MAX {
            return;
        }
        self.out.insert(start, '[');
        let end = self.out.trim_end().len();
        self.out.insert_str(end, &format!("]({href})"));
    }
}

/// Whether somebody would see this element. What is hidden is a place for words that only a model reads.
pub(super) fn is_shown(tag: &Tag) -> bool {
    let is =
        |name: &str, value: &str| attribute(tag, name).is_some_and(|v| v.trim().eq_ignore_ascii_case(value));
    let style: String =
        attribute(tag, "style").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    let hides = ["display:none", "visibility:hidden", "opacity:0;", "font-size:0"];
    attribute(tag, "hidden").is_none()
        && !is("aria-hidden", "true")
        && !hides.iter().any(|how| format!("{style};").contains(how))
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
