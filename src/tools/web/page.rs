//! HTML as readable text: Markdown with links, without menus, scripts, styles and what nobody would see.
//!
//! The tokens of a page are written out as they come. There is no tree, so a page that nests a million elements
//! costs no more than its length, and nothing of it is followed or fetched.

use std::cell::RefCell;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::text::{Text, is_shown};
use crate::egress::Url;

/// Fewer characters than this are no content: then the menus are shown too.
const CONTENT_BYTES_MIN: usize = 200;

/// What a page says.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) text: String,
}

/// The page with this text, which came from this address.
pub(super) fn read(html: &str, address: &Url) -> Page {
    let page = render(html, address, true);
    if page.text.len() >= CONTENT_BYTES_MIN { page } else { render(html, address, false) }
}

fn render(html: &str, address: &Url, content_only: bool) -> Page {
    let sink = Sink(RefCell::new(Reader {
        text: Text::new(address.clone()),
        title: String::new(),
        in_title: false,
        skipping: None,
        content_only,
        main: Main::default(),
    }));
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.0.into_inner().ended()
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => reader.characters(&text),
            Token::TagToken(tag) => return reader.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

struct Reader {
    text: Text,
    title: String,
    in_title: bool,
    /// The element whose content is left out, and how many of its name are open.
    skipping: Option<(String, usize)>,
    content_only: bool,
    main: Main,
}

/// The part of the page that is its content by its own words.
#[derive(Default)]
struct Main {
    open: usize,
    from: Option<usize>,
    upto: Option<usize>,
}

// === impl Reader ===

impl Reader {
    fn characters(&mut self, text: &str) {
        if self.in_title {
            self.title.push_str(text);
        } else if self.skipping.is_none() {
            self.text.characters(text);
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let (name, starts) = (&*tag.name, tag.kind == TagKind::StartTag);
        if name == "title" {
            // A drawing has titles of its own.
            self.in_title = starts && self.skipping.is_none() && self.title.is_empty();
        }
        if !self.skips(tag) {
            if starts && self.is_left_out(tag) {
                if !is_void(name) {
                    self.skipping = Some((name.to_owned(), 1));
                }
            } else {
                self.note_main(name, starts);
                self.text.tag(tag);
            }
        }
        if starts { raw(name) } else { TokenSinkResult::Continue }
    }

    /// Whether this tag is inside of what is left out, or its end.
    fn skips(&mut self, tag: &Tag) -> bool {
        let Some((skipped, open)) = &mut self.skipping else { return false };
        let same = *skipped == *tag.name;
        match tag.kind {
            // Another one of these ends the one before it without a word.
            TagKind::StartTag if ends_unsaid(skipped) && (same || skipped == "p" && is_block(&tag.name)) => {
                self.skipping = None;
                return false;
            }
            TagKind::StartTag => *open += usize::from(same && !tag.self_closing),
            TagKind::EndTag => *open -= usize::from(same),
        }
        if *open == 0 {
            self.skipping = None;
        }
        true
    }

    fn is_left_out(&self, tag: &Tag) -> bool {
        const NEVER: [&str; 15] = [
            "script", "style", "template", "svg", "iframe", "object", "embed", "canvas", "select",
            "datalist", "textarea", "title", "audio", "video", "noembed",
        ];
        const MENUS: [&str; 5] = ["nav", "footer", "aside", "button", "dialog"];
        let name = &*tag.name;
        NEVER.contains(&name) || !is_shown(tag) || (self.content_only && MENUS.contains(&name))
    }

    fn note_main(&mut self, name: &str, starts: bool) {
        if name != "main" {
            return;
        }
        if starts {
            self.main.open += 1;
            let here = self.text.len();
            self.main.from.get_or_insert(here);
        } else if self.main.open > 0 {
            self.main.open -= 1;
            self.main.upto = Some(self.text.len());
        }
    }

    fn ended(self) -> Page {
        let title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = self.text.ended();
        let main = self.main.from.and_then(|from| text.get(from..self.main.upto.unwrap_or(text.len())));
        let text = match main {
            Some(main) if self.content_only && main.len() >= CONTENT_BYTES_MIN => main.to_owned(),
            _ => text,
        };
        Page { title, text: text.trim().to_owned() }
    }
}

/// How the tokenizer reads on after this tag.
fn raw(name: &str) -> TokenSinkResult<()> {
    match name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        "plaintext" => TokenSinkResult::Plaintext,
        _ => TokenSinkResult::Continue,
    }
}

fn is_void(name: &str) -> bool {
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
        .contains(&name)
}

fn ends_unsaid(name: &str) -> bool {
    ["p", "li", "dt", "dd", "tr", "td", "th", "option"].contains(&name)
}

fn is_block(name: &str) -> bool {
    [
        "address",
        "article",
        "blockquote",
        "div",
        "dl",
        "fieldset",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "ol",
        "pre",
        "section",
        "table",
        "ul",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests;
