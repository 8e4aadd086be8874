//! What hostile and half-written Markdown becomes.

use super::*;

/// No tag of ours carries any of these, whatever the text says.
fn assert_harmless(markdown: &str, html: &str) {
    let lower = html.to_ascii_lowercase();
    for tag in lower.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        for bad in ["script", "iframe", "object", "svg", "style", "form", "math", "noscript"] {
            assert_ne!(name, bad, "<{tag}> came through from {markdown:?}");
        }
        for bad in [" on", " style=", "href=\"javascript", "href=\"data:", "href=\"vbscript"] {
            assert!(!tag.contains(bad), "{bad} came through from {markdown:?}: <{tag}>");
        }
    }
}

#[test]
fn hostile_markdown_becomes_text() {
    let table = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <b onclick=alert(1)>bold</b>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](  javascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](vbscript:msgbox)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "![\" onerror=\"alert(1)](https://a.example/x.png)",
        "[x](https://a.example/\"onmouseover=\"alert(1))",
        "<https://a.example/\"onmouseover=\"alert(1)>",
        "[x](https://a.example \"t\" onclick=\"alert(1)\")",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext></math><img src=x onerror=alert(1)>",
        "```\"><script>alert(1)</script>\nx\n```",
        "```x\" onclick=\"alert(1)\nx\n```",
        "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
        "<!-- --!><img src=x onerror=alert(1)> -->",
        "<style>*{display:none}</style>",
        "<a href=\"https://a.example\" style=\"position:fixed\">x</a>",
        "[^1]\n\n[^1]: <script>alert(1)</script>",
        "> [!NOTE]\n> <script>alert(1)</script>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    ];
    for markdown in table {
        assert_harmless(markdown, &render(markdown));
        for html in blocks(markdown) {
            assert_harmless(markdown, &html);
        }
        let mut growing = AnswerBlocks::new();
        for end in markdown.char_indices().map(|(at, c)| (at, at + c.len_utf8())) {
            growing.push(&markdown[end.0..end.1]);
            for change in growing.grow().changes {
                assert_harmless(markdown, &change.html);
            }
        }
    }
}

#[test]
fn raw_html_is_shown_as_it_was_written() {
    assert_eq!(render("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
}

#[test]
fn a_picture_of_another_host_is_a_link_that_names_the_host() {
    let html = render("![a cat](https://pics.example/cat.png)");
    assert!(!html.contains("<img"), "{html}");
    assert!(html.contains("Picture on pics.example: a cat"), "{html}");
}

#[test]
fn a_picture_inside_the_text_is_shown() {
    let html = render("![dot](data:image/png;base64,iVBORw0KGgo=)");
    assert!(html.contains("<img src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"dot\""), "{html}");
}

#[test]
fn a_link_tells_its_host_and_keeps_the_page_to_itself() {
    let html = render("[docs](https://user:pw@evil.example/docs)");
    assert!(html.contains("title=\"evil.example\""), "{html}");
    assert!(html.contains("rel=\"noopener noreferrer\""), "{html}");
}

#[test]
fn relative_links_lead_nowhere() {
    assert!(!render("[x](/login)").contains("href"), "a model must not link into the console");
}

#[test]
fn headings_start_below_the_page() {
    assert_eq!(render("# One"), "<h3>One</h3>\n");
    assert_eq!(render("##### Five"), "<h3 class=\"small\">Five</h3>\n");
}

#[test]
fn tables_and_code_can_be_scrolled_with_the_keyboard() {
    let table = render("| a |\n|---|\n| b |");
    assert!(
        table.contains("<div tabindex=\"0\" class=\"scroll\">")
            || table.contains("<div class=\"scroll\" tabindex=\"0\">"),
        "{table}"
    );
    assert!(table.contains("<tbody>") && table.contains("</table>"), "{table}");
    assert!(render("```rust\nfn x() {}\n```").contains("<code class=\"language-rust\">"));
}

#[test]
fn gfm_is_understood() {
    for (markdown, part) in [
        ("~~gone~~", "<del>gone</del>"),
        ("- [x] done", "checked"),
        ("https://a.example", "<a href=\"https://a.example\""),
        ("> [!WARNING]\n> hot", "markdown-alert-warning"),
        ("3. three\n4. four", "<ol start=\"3\">"),
    ] {
        let html = render(markdown);
        assert!(html.contains(part), "{markdown:?} gave {html}");
    }
}

#[test]
fn a_tower_of_quotes_is_shown_as_text() {
    let html = render(&">".repeat(20_000));
    assert!(html.starts_with("<pre class=\"plain\""), "{}", &html[..60.min(html.len())]);
}

const ANSWER: &str = "# Plan\n\nFirst *think*, then `act`.\n\n1. one\n2. two\n   - deep\n\n```rust\nfn main() {\n\n    println!(\"<b>\");\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n> more\n\nLast words with **strength**.\n";

/// What a page shows after all changes of a stream.
fn shown(answer: &str, piece: usize) -> Vec<String> {
    let mut growing = AnswerBlocks::new();
    let mut page: Vec<String> = Vec::new();
    let chars: Vec<char> = answer.chars().collect();
    for chunk in chars.chunks(piece) {
        growing.push(&chunk.iter().collect::<String>());
        let growth = growing.grow();
        if growth.reset {
            page.clear();
        }
        for change in growth.changes {
            page.truncate(change.index);
            page.push(change.html);
        }
    }
    page
}

#[test]
fn a_streamed_answer_ends_as_the_whole_answer_however_it_was_cut() {
    let whole = blocks(ANSWER);
    assert!(whole.len() > 4, "{whole:#?}");
    for piece in [1, 2, 3, 7, 50, 10_000] {
        assert_eq!(shown(ANSWER, piece), whole, "pieces of {piece}");
    }
}

#[test]
fn committed_blocks_never_change_again() {
    let mut growing = AnswerBlocks::new();
    let mut committed: Vec<String> = Vec::new();
    for c in ANSWER.chars() {
        growing.push(&c.to_string());
        let growth = growing.grow();
        assert!(!growth.reset);
        for change in growth.changes {
            assert!(change.index >= committed.len(), "block {} was committed before", change.index);
            if !change.pending {
                committed.push(change.html);
            }
        }
    }
    assert!(committed.len() > 3);
}

#[test]
fn a_view_that_joins_late_sees_what_the_others_see() {
    let mut early = AnswerBlocks::new();
    let mut page: Vec<String> = Vec::new();
    for c in ANSWER.chars().take(120) {
        early.push(&c.to_string());
        for change in early.grow().changes {
            page.truncate(change.index);
            page.push(change.html);
        }
    }
    let mut late = AnswerBlocks::new();
    late.push(&ANSWER.chars().take(120).collect::<String>());
    let joined: Vec<String> = late.all().into_iter().map(|change| change.html).collect();
    assert_eq!(joined, page);
    // And it goes on from there with the same positions.
    late.push(&ANSWER.chars().skip(120).collect::<String>());
    for change in late.grow().changes {
        page.truncate(change.index);
        page.push(change.html);
    }
    assert_eq!(page, blocks(ANSWER));
}

#[test]
fn footnotes_and_references_work_over_the_whole_answer() {
    let html = blocks("See [the page][p].\n\nMore.\n\n[p]: https://a.example/p").concat();
    assert!(html.contains("href=\"https://a.example/p\""), "{html}");
}

#[test]
fn nothing_gives_no_block() {
    assert!(blocks("").is_empty());
    assert!(blocks(" \n ").is_empty());
    assert!(AnswerBlocks::new().all().is_empty());
}
