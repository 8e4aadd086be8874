//! How each Markdown node is written, where comrak's own way does not fit a chat page.
//!
//! Headings start below the page's own, wide things scroll by themselves, links tell
//! their host, and a picture is shown only when it is inside the text (`data:`).

use std::fmt::Write;

use comrak::create_formatter;
use comrak::html::{ChildRendering, dangerous_url, format_node_default};
use comrak::nodes::NodeValue;

/// Headings from this level on are small ones.
const SMALL_FROM: u8 = 3;

create_formatter!(Formatter, {
    NodeValue::Heading(ref heading) => |context, entering| {
        // One level below the turn's own: models begin with any level and skip some, and a reader who
        // goes by headings must not fall through the gaps.
        let open = if heading.level < SMALL_FROM { "<h3>" } else { "<h3 class=\"small\">" };
        context.write_str(if entering { open } else { "</h3>\n" })?;
    },
    NodeValue::Table(_) => |context, node, entering| {
        if entering {
            context.write_str("<div class=\"scroll\" tabindex=\"0\">")?;
        }
        format_node_default(context, node, entering)?;
        if !entering {
            context.write_str("</div>\n")?;
        }
    },
    NodeValue::CodeBlock(ref block) => |context, entering| {
        if entering {
            let language = language_of(&block.info);
            context.write_str("<pre tabindex=\"0\"><code")?;
            if !language.is_empty() {
                write!(context, " class=\"language-{language}\"")?;
            }
            context.write_str(">")?;
            context.escape(&block.literal)?;
            context.write_str("</code></pre>\n")?;
        }
    },
    NodeValue::Link(ref link) => |context, node, entering| {
        if node.parent().is_some_and(|p| matches!(p.data().value, NodeValue::Link(_))) {
            return Ok(ChildRendering::HTML);
        }
        if entering {
            context.write_str("<a href=\"")?;
            if !dangerous_url(&link.url) {
                context.escape_href(&link.url)?;
            }
            context.write_str("\"")?;
            if let Some(host) = host_of(&link.url) {
                context.write_str(" title=\"")?;
                context.escape(host)?;
                context.write_str("\"")?;
            }
            context.write_str(">")?;
        } else {
            context.write_str("</a>")?;
        }
    },
    NodeValue::Image(ref image) => |context, node, entering| {
        if image.url.starts_with("data:image/") {
            return format_node_default(context, node, entering);
        }
        if entering {
            context.write_str("<a class=\"picture\" href=\"")?;
            if !dangerous_url(&image.url) {
                context.escape_href(&image.url)?;
            }
            context.write_str("\">Picture")?;
            if let Some(host) = host_of(&image.url) {
                context.write_str(" on ")?;
                context.escape(host)?;
            }
            context.write_str(": ")?;
            return Ok(ChildRendering::Plain);
        }
        context.write_str("</a>")?;
    },
});

/// The first word after a fence, if it can be a class name.
fn language_of(info: &str) -> &str {
    let word = info.split([' ', '\t', ',', '{']).next().unwrap_or_default();
    let fits = word.len() <= 24
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'#' | b'.' | b'_'));
    if fits { word } else { "" }
}

/// The host that a link leads to.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    // What stands before an @ is a name to sign in with, and a favourite disguise.
    authority.rsplit('@').next().filter(|host| !host.is_empty())
}
