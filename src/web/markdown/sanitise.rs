//! The second wall: an allow-list over the HTML that the formatter wrote.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// What the formatter writes.
const TAGS: &[&str] = &[
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h3",
    "hr",
    "img",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
const DIV_CLASSES: &[&str] = &[
    "scroll",
    "markdown-alert",
    "markdown-alert-note",
    "markdown-alert-tip",
    "markdown-alert-important",
    "markdown-alert-warning",
    "markdown-alert-caution",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(builder);

/// Keeps what the allow-list names, removes everything else.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

fn builder() -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.iter().copied().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(collect(&[
            ("a", &["href", "title"]),
            ("code", &["class"]),
            ("img", &["src", "alt"]),
            ("ol", &["start"]),
        ]))
        .tag_attribute_values(attribute_values())
        .allowed_classes(collect(&[
            ("a", &["picture"]),
            ("div", DIV_CLASSES),
            ("h3", &["small"]),
            ("p", &["markdown-alert-title"]),
            ("pre", &["plain"]),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "data"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(filter);
    builder
}

/// Attributes that may have these values only.
fn attribute_values() -> HashMap<&'static str, HashMap<&'static str, HashSet<&'static str>>> {
    let one = |name, values: &[&'static str]| HashMap::from([(name, values.iter().copied().collect())]);
    let sides = ["left", "center", "right"];
    HashMap::from([
        ("div", one("tabindex", &["0"])),
        ("pre", one("tabindex", &["0"])),
        ("td", one("align", &sides)),
        ("th", one("align", &sides)),
        ("input", collect(&[("type", &["checkbox"]), ("checked", &[""]), ("disabled", &[""])])),
    ])
}

fn collect(list: &[(&'static str, &[&'static str])]) -> HashMap<&'static str, HashSet<&'static str>> {
    list.iter().map(|(name, values)| (*name, values.iter().copied().collect())).collect()
}

/// `data:` only for pictures, and of `code`'s classes only the language.
fn filter<'v>(tag: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    match (tag, attribute) {
        ("img", "src") => is_inline_picture(value).then_some(Cow::Borrowed(value)),
        ("a", "href") => {
            (!value.trim_start().to_ascii_lowercase().starts_with("data:")).then_some(Cow::Borrowed(value))
        }
        ("code", "class") => value.starts_with("language-").then_some(Cow::Borrowed(value)),
        ("ol", "start") => value.parse::<u32>().is_ok().then_some(Cow::Borrowed(value)),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// SVG is left out: it is a document, not a picture.
fn is_inline_picture(url: &str) -> bool {
    ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"]
        .iter()
        .any(|prefix| url.starts_with(prefix))
}
