//! Markdown as a flow of runs: text, and what it is shown as.

use std::rc::Rc;

use comrak::nodes::{ListType, Node, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::dialect::Dialect;
use super::table;

/// Longest address behind a link; a longer one is written out.
pub(super) const URL_BYTES_MAX: usize = 512;
/// Nesting beyond which only the text counts.
const DEPTH_MAX: usize = 24;
/// Markers at the beginning of a line from which on the text is shown as it is written: parsers get slow.
const MARKERS_MAX: usize = 48;
/// Longest name of a code block's language.
const LANGUAGE_BYTES_MAX: usize = 24;

/// What a run is shown as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Quote,
    Heading(u8),
    Bold,
    Italic,
    Strike,
    Link(Rc<str>),
    Code,
    /// A block of code. The number tells two neighbours apart.
    Block {
        language: Rc<str>,
        number: usize,
    },
    /// Text that is markup or an address itself: not escaped as Markdown.
    Verbatim,
}

/// How good a place for a cut is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Inside a word.
    Hard,
    /// Between words of a link, of code, of a line of code.
    Span,
    Word,
    Sentence,
    Line,
    Block,
}

/// Text with what it is shown as, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) tags: Rc<[Tag]>,
    /// Of white space between lines and blocks: how good a cut is there.
    pub(super) gap: Option<Rank>,
}

struct Flow {
    dialect: Dialect,
    url_bytes_max: usize,
    runs: Vec<Run>,
    tags: Vec<Tag>,
    /// What lines of the open list item begin with.
    indent: usize,
    /// Whether the next block stands on a line that was begun for it.
    begun: bool,
    /// Whether the last block was a heading, which belongs to what follows.
    headed: bool,
    blocks: usize,
}

/// The flow of `markdown`.
pub(super) fn of(markdown: &str, dialect: Dialect, url_bytes_max: usize) -> Vec<Run> {
    let mut flow = Flow {
        dialect,
        url_bytes_max,
        runs: Vec::new(),
        tags: Vec::new(),
        indent: 0,
        begun: true,
        headed: false,
        blocks: 0,
    };
    // NUL and carriage returns mean nothing to anybody, and some platforms refuse them.
    let text: String = markdown.replace("\r\n", "\n").replace(['\0', '\r'], "");
    if nests_too_deep(&text) {
        flow.text(&text);
        return flow.runs;
    }
    let arena = Arena::new();
    let root = parse_document(&arena, &text, &options());
    flow.children(root, 0, true);
    flow.runs
}

// === impl Flow ===

impl Flow {
    fn children(&mut self, node: Node<'_>, depth: usize, loose: bool) {
        for child in node.children() {
            self.node(child, depth + 1, loose);
        }
    }

    fn node(&mut self, node: Node<'_>, depth: usize, loose: bool) {
        if depth > DEPTH_MAX {
            let text = text_of(node);
            return self.text(&text);
        }
        let value = node.data().value.clone();
        match value {
            NodeValue::Paragraph => {
                self.block(loose);
                self.children(node, depth, loose);
            }
            NodeValue::Heading(heading) => {
                self.block(true);
                self.tagged(Tag::Heading(heading.level), node, depth);
                self.headed = true;
            }
            NodeValue::BlockQuote => {
                self.block(true);
                self.begun = true;
                self.tagged(Tag::Quote, node, depth);
            }
            NodeValue::CodeBlock(block) => self.code_block(&block.info, &block.literal),
            NodeValue::HtmlBlock(block) => {
                self.block(true);
                self.text(block.literal.trim_end());
            }
            NodeValue::ThematicBreak => {
                self.block(true);
                self.tags.push(Tag::Verbatim);
                self.text("———");
                self.tags.pop();
            }
            NodeValue::List(list) => self.list(node, depth, list.tight && !has_long_items(node)),
            NodeValue::Table(_) => {
                let text = table::text_of(node);
                self.code_block("", &text);
            }
            NodeValue::Text(text) => self.text(&text),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.gap(Rank::Line, 1),
            NodeValue::HtmlInline(html) => {
                if matches!(html.as_str(), "<br>" | "<br/>" | "<br />") {
                    self.gap(Rank::Line, 1);
                } else {
                    self.text(&html);
                }
            }
            NodeValue::Code(code) => {
                self.tags.push(Tag::Code);
                self.text(&code.literal);
                self.tags.pop();
            }
            NodeValue::Strong => self.tagged(Tag::Bold, node, depth),
            NodeValue::Emph => self.tagged(Tag::Italic, node, depth),
            NodeValue::Strikethrough => self.tagged(Tag::Strike, node, depth),
            NodeValue::Link(link) => self.link(node, &link.url, depth),
            NodeValue::Image(link) => self.picture(node, &link.url),
            _ => self.children(node, depth, loose),
        }
    }

    fn tagged(&mut self, tag: Tag, node: Node<'_>, depth: usize) {
        self.tags.push(tag);
        self.children(node, depth, true);
        self.tags.pop();
    }

    /// Begins a block: leaves a line free where blocks stand loose.
    fn block(&mut self, loose: bool) {
        if std::mem::take(&mut self.begun) {
            return;
        }
        let (rank, lines) = if loose { (Rank::Block, 2) } else { (Rank::Line, 1) };
        let rank = if std::mem::take(&mut self.headed) { Rank::Span } else { rank };
        self.gap(rank, lines);
    }

    fn gap(&mut self, rank: Rank, lines: usize) {
        if self.runs.is_empty() {
            return;
        }
        let text = format!("{}{}", "\n".repeat(lines), " ".repeat(self.indent));
        let outer = self.tags.iter().filter(|tag| matches!(tag, Tag::Quote)).cloned().collect();
        self.runs.push(Run { text, tags: outer, gap: Some(rank) });
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.runs.push(Run { text: text.to_owned(), tags: self.tags.as_slice().into(), gap: None });
        }
    }

    fn verbatim(&mut self, text: &str) {
        self.tags.push(Tag::Verbatim);
        self.text(text);
        self.tags.pop();
    }

    fn code_block(&mut self, info: &str, literal: &str) {
        let literal = literal.trim_end_matches('\n');
        if literal.trim().is_empty() {
            return;
        }
        let indent = std::mem::take(&mut self.indent);
        // Fences stand at the beginning of a line.
        self.begun &= self.runs.is_empty();
        self.block(true);
        self.blocks += 1;
        self.tags.push(Tag::Block { language: language_of(info).into(), number: self.blocks });
        self.text(literal);
        self.tags.pop();
        self.indent = indent;
    }

    fn list(&mut self, list: Node<'_>, depth: usize, tight: bool) {
        let outer = self.indent;
        for (at, item) in list.children().enumerate() {
            let marker = self.marker(item, at);
            if at == 0 {
                self.block(outer == 0);
            } else {
                self.block(!tight);
            }
            self.verbatim(&marker);
            self.indent = outer + marker.chars().count();
            self.begun = true;
            self.children(item, depth + 1, !tight);
            self.indent = outer;
            self.begun = false;
        }
    }

    fn marker(&self, item: Node<'_>, at: usize) -> String {
        match &item.data().value {
            NodeValue::TaskItem(task) if task.symbol.is_some() => "☑ ".to_owned(),
            NodeValue::TaskItem(_) => "☐ ".to_owned(),
            NodeValue::Item(list) if list.list_type == ListType::Ordered => {
                let start = item.parent().map_or(1, |parent| match &parent.data().value {
                    NodeValue::List(list) => list.start,
                    _ => 1,
                });
                format!("{}. ", start.saturating_add(at))
            }
            _ => self.dialect.bullet().to_owned(),
        }
    }

    fn link(&mut self, node: Node<'_>, url: &str, depth: usize) {
        let shown = text_of(node);
        let bare = url.strip_prefix("mailto:").unwrap_or(url);
        if shown == bare || shown == url || shown.is_empty() {
            return self.verbatim(bare);
        }
        if format!("http://{shown}") == url || format!("https://{shown}") == url {
            return self.verbatim(&shown);
        }
        if self.dialect.has_links() && can_hide(url, &shown) && url.len() <= self.url_bytes_max {
            return self.tagged(Tag::Link(url.into()), node, depth);
        }
        self.children(node, depth, true);
        self.text(" (");
        self.verbatim(url);
        self.text(")");
    }

    fn picture(&mut self, node: Node<'_>, url: &str) {
        let shown = text_of(node);
        let shown = if shown.is_empty() { "picture" } else { shown.as_str() };
        let reachable = url.starts_with("https://") || url.starts_with("http://");
        if reachable && self.dialect.has_links() && can_hide(url, shown) && url.len() <= self.url_bytes_max {
            self.tags.push(Tag::Link(url.into()));
            self.text(shown);
            self.tags.pop();
            return;
        }
        self.text(shown);
        if reachable {
            self.text(" (");
            self.verbatim(url);
            self.text(")");
        }
    }
}

/// Whether a link may show another text than its address: not when that text is an address too.
fn can_hide(url: &str, shown: &str) -> bool {
    let known = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    let plain = !url.contains(|c: char| c.is_whitespace() || c.is_control());
    known && plain && !shown.contains("://") && !shown.starts_with("www.")
}

/// All text below `node`.
pub(super) fn text_of(node: Node<'_>) -> String {
    let mut text = String::new();
    for inner in node.descendants() {
        match &inner.data().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::HtmlInline(html) => text.push_str(html),
            NodeValue::CodeBlock(block) => text.push_str(&block.literal),
            NodeValue::HtmlBlock(block) => text.push_str(&block.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak | NodeValue::Paragraph if !text.is_empty() => {
                text.push(' ');
            }
            _ => {}
        }
    }
    text
}

/// Whether items hold more than a line and a list: those read better apart.
fn has_long_items(list: Node<'_>) -> bool {
    list.children().any(|item| {
        item.children()
            .any(|block| matches!(block.data().value, NodeValue::CodeBlock(_) | NodeValue::Table(_)))
    })
}

fn language_of(info: &str) -> String {
    let word = info.split([' ', '\t', ',', '{']).next().unwrap_or_default();
    let fits = word.len() <= LANGUAGE_BYTES_MAX
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'#' | b'.' | b'_'));
    if fits { word.to_ascii_lowercase() } else { String::new() }
}

fn nests_too_deep(markdown: &str) -> bool {
    markdown.lines().any(|line| {
        let markers = line.chars().take_while(|c| matches!(c, '>' | ' ' | '\t' | '-' | '*' | '+'));
        line.contains('>') && markers.filter(|c| !c.is_whitespace()).count() > MARKERS_MAX
    })
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.parse.relaxed_tasklist_matching = true;
    options
}
