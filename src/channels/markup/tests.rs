//! What each platform gets for the same Markdown, and where long texts are cut.

use proptest::prelude::*;

use super::super::{Platform, TextUnit};
use super::cut::Budget;
use super::dialect::Dialect;
use super::{Part, cut_into, draft, plain, preview, question};

fn parts(platform: Platform, markdown: &str) -> Vec<Part> {
    super::parts(platform, markdown, 0)
}

fn one(platform: Platform, markdown: &str) -> String {
    let parts = parts(platform, markdown);
    assert!(parts.len() <= 1, "{} parts", parts.len());
    parts.into_iter().next().map(|part| part.markup).unwrap_or_default()
}

fn small(dialect: Dialect, units_max: usize) -> Budget {
    Budget {
        unit: if dialect == Dialect::Html { TextUnit::Utf16 } else { TextUnit::Chars },
        units_max,
        bytes_max: (dialect == Dialect::Html).then_some(units_max * 4),
        counts_markup: dialect != Dialect::Html,
    }
}

fn texts(parts: &[Part]) -> Vec<&str> {
    parts.iter().map(|part| part.markup.as_str()).collect()
}

/// Markdown, Telegram, Slack, Discord, WhatsApp, plain.
const WRITTEN: &[[&str; 6]] = &[
    [
        "[`a`](https://e.x)",
        "<a href=\"https://e.x\">a</a>",
        "<https://e.x|a>",
        "[`a`](https://e.x)",
        "`a` (https://e.x)",
        "a (https://e.x)",
    ],
    [
        "[**a** b\\]](https://e.x)",
        "<a href=\"https://e.x\"><b>a</b> b]</a>",
        "*<https://e.x|a>* <https://e.x|b]>",
        "[**a** b\\]](https://e.x)",
        "*a* b] (https://e.x)",
        "a b] (https://e.x)",
    ],
    [
        "a **b** *c* ~~d~~",
        "a <b>b</b> <i>c</i> <s>d</s>",
        "a *b* _c_ ~d~",
        "a **b** *c* ~~d~~",
        "a *b* _c_ ~d~",
        "a b c d",
    ],
    ["***x***", "<i><b>x</b></i>", "_*x*_", "***x***", "_*x*_", "x"],
    ["**a `b` c**", "<b>a</b> <code>b</code> <b>c</b>", "*a `b` c*", "**a `b` c**", "*a `b` c*", "a b c"],
    [
        "x < y && y > \"z\"",
        "x &lt; y &amp;&amp; y &gt; \"z\"",
        "x &lt; y &amp;&amp; y &gt; \"z\"",
        "x \\< y && y > \"z\"",
        "x < y && y > \"z\"",
        "x < y && y > \"z\"",
    ],
    [
        "[t](https://e.x/?a=1&b=2)",
        "<a href=\"https://e.x/?a=1&amp;b=2\">t</a>",
        "<https://e.x/?a=1&amp;b=2|t>",
        "[t](https://e.x/?a=1&b=2)",
        "t (https://e.x/?a=1&b=2)",
        "t (https://e.x/?a=1&b=2)",
    ],
    [
        "see https://e.x/a_b_c now",
        "see https://e.x/a_b_c now",
        "see https://e.x/a_b_c now",
        "see https://e.x/a_b_c now",
        "see https://e.x/a_b_c now",
        "see https://e.x/a_b_c now",
    ],
    ["# T\n\nb", "<b>T</b>\n\nb", "*T*\n\nb", "# T\n\nb", "*T*\n\nb", "T\n\nb"],
    [
        "```Rust\nlet a = \"<b>\";\n```",
        "<pre><code class=\"language-rust\">let a = \"&lt;b&gt;\";</code></pre>",
        "```\nlet a = \"&lt;b&gt;\";\n```",
        "```rust\nlet a = \"<b>\";\n```",
        "```let a = \"<b>\";```",
        "let a = \"<b>\";",
    ],
    [
        "> q\n> r\n\nz",
        "<blockquote>q\nr</blockquote>\n\nz",
        "> q\n> r\n\nz",
        "> q\n> r\n\nz",
        "> q\n> r\n\nz",
        "> q\n> r\n\nz",
    ],
    [
        "- a\n- b\n  - c\n  - d\n- e",
        "• a\n• b\n  • c\n  • d\n• e",
        "• a\n• b\n  • c\n  • d\n• e",
        "- a\n- b\n  - c\n  - d\n- e",
        "• a\n• b\n  • c\n  • d\n• e",
        "- a\n- b\n  - c\n  - d\n- e",
    ],
    ["3. a\n4. b", "3. a\n4. b", "3. a\n4. b", "3. a\n4. b", "3. a\n4. b", "3. a\n4. b"],
    ["- [x] a\n- [ ] b", "☑ a\n☐ b", "☑ a\n☐ b", "☑ a\n☐ b", "☑ a\n☐ b", "☑ a\n☐ b"],
    [
        "![cat](https://e.x/c.png)",
        "<a href=\"https://e.x/c.png\">cat</a>",
        "<https://e.x/c.png|cat>",
        "[cat](https://e.x/c.png)",
        "cat (https://e.x/c.png)",
        "cat (https://e.x/c.png)",
    ],
    ["a\n\n---\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb"],
    ["un**bold**ly", "un<b>bold</b>ly", "unboldly", "un**bold**ly", "unboldly", "unboldly"],
    [
        "2 \\* 3 \\_x\\_ snake_case",
        "2 * 3 _x_ snake_case",
        "2 * 3 _x_ snake_case",
        "2 \\* 3 \\_x\\_ snake_case",
        "2 * 3 _x_ snake_case",
        "2 * 3 _x_ snake_case",
    ],
    ["`` a`b ``", "<code>a`b</code>", "a`b", "a\\`b", "a`b", "a`b"],
    [
        "<script>x</script>",
        "&lt;script&gt;x&lt;/script&gt;",
        "&lt;script&gt;x&lt;/script&gt;",
        "\\<script>x\\</script>",
        "<script>x</script>",
        "<script>x</script>",
    ],
    [
        "line<br>next  \nlast",
        "line\nnext\nlast",
        "line\nnext\nlast",
        "line\nnext\nlast",
        "line\nnext\nlast",
        "line\nnext\nlast",
    ],
    [
        "**two\nlines**",
        "<b>two\nlines</b>",
        "*two*\n*lines*",
        "**two**\n**lines**",
        "*two*\n*lines*",
        "two\nlines",
    ],
];

#[test]
fn each_platform_gets_its_own_markup() {
    for [markdown, telegram, slack, discord, whatsapp, mail] in WRITTEN {
        assert_eq!(one(Platform::Telegram, markdown), *telegram, "Telegram: {markdown}");
        assert_eq!(one(Platform::Slack, markdown), *slack, "Slack: {markdown}");
        assert_eq!(one(Platform::Discord, markdown), *discord, "Discord: {markdown}");
        assert_eq!(one(Platform::Whatsapp, markdown), *whatsapp, "WhatsApp: {markdown}");
        assert_eq!(one(Platform::Email, markdown), *mail, "mail: {markdown}");
    }
}

#[test]
fn a_table_is_a_block_of_aligned_columns() {
    let table = "| name | n |\n|:--|--:|\n| 猫 | 1 |\n| [x](https://e.x) `y` | 20 |";
    let aligned =
        "name                n\n-----------------  --\n猫                  1\nx y (https://e.x)  20";
    assert_eq!(one(Platform::Telegram, table), format!("<pre>{aligned}</pre>"));
    assert_eq!(one(Platform::Slack, table), format!("```\n{aligned}\n```"));
    assert_eq!(one(Platform::Discord, table), format!("```\n{aligned}\n```"));
    assert_eq!(one(Platform::Whatsapp, table), format!("```{aligned}```"));
}

#[test]
fn two_blocks_of_code_stay_two_and_one_in_a_list_begins_its_line() {
    assert_eq!(one(Platform::Discord, "```\na\n```\n\n```\nb\n```"), "```\na\n```\n\n```\nb\n```");
    assert_eq!(
        one(Platform::Discord, "- x\n\n  ```sh\n  a\n   b\n  ```\n- y"),
        "- x\n\n```sh\na\n b\n```\n\n- y"
    );
    assert_eq!(one(Platform::Telegram, "> ```\n> a\n> ```"), "<pre>a</pre>");
}

#[test]
fn a_link_never_hides_behind_another_address() {
    for (markdown, wanted) in [
        ("[https://bank.example](https://evil.example)", "https://bank.example (https://evil.example)"),
        ("[www.bank.example](https://evil.example)", "www.bank.example (https://evil.example)"),
        ("[x](javascript:alert(1))", "x (javascript:alert(1))"),
        ("[x](/etc/passwd)", "x (/etc/passwd)"),
        ("[e.x](https://e.x)", "e.x"),
        ("<a@b.example>", "a@b.example"),
    ] {
        assert_eq!(one(Platform::Telegram, markdown), wanted, "{markdown}");
    }
}

#[test]
fn backticks_inside_code_do_not_end_it() {
    let text = one(Platform::Discord, "````\n```\nx\n```\n````");
    assert_eq!(text.matches("```").count(), 2, "{text}");
}

#[test]
fn nothing_to_show_gives_no_part() {
    for markdown in ["", "  \n\n ", "```\n\n```", "\0", "[](<>)"] {
        assert_eq!(parts(Platform::Telegram, markdown), [], "{markdown:?}");
    }
    assert_eq!(question(Platform::Slack, "").markup, "…");
}

#[test]
fn long_texts_are_cut_at_the_best_place() {
    let table: &[(&str, usize, &[&str])] = &[
        ("aaa bbb\n\nccc ddd eee", 14, &["aaa bbb", "ccc ddd eee"]),
        ("aaa bbb\nccc ddd eee", 14, &["aaa bbb", "ccc ddd eee"]),
        ("aa bb cc dd\n\n# H\n\nee ff", 18, &["aa bb cc dd", "*H*\n\nee ff"]),
        ("aa bb cc dd\n\nThese:\n\n- ee ff", 21, &["aa bb cc dd", "These:\n\n• ee ff"]),
        ("One two. Three four five", 16, &["One two.", "Three four five"]),
        ("one two three four", 10, &["one two", "three four"]),
        ("aaaaaaaaaaaaaaa", 6, &["aaaaaa", "aaaaaa", "aaa"]),
        ("**aaa bbb ccc**", 8, &["*aaa*", "*bbb*", "*ccc*"]),
        ("```\nab\n  cd\nef\n```", 15, &["```\nab\n  cd\n```", "```\nef\n```"]),
        ("[aa bb](https://e.x) cc dd", 100, &["<https://e.x|aa bb> cc dd"]),
        ("e\u{301}e\u{301}e\u{301}", 3, &["e\u{301}", "e\u{301}", "e\u{301}"]),
        ("句子一。句子二。句子三", 6, &["句子一。", "句子二。", "句子三"]),
    ];
    for (markdown, max, wanted) in table {
        let parts = cut_into(Dialect::Mrkdwn, small(Dialect::Mrkdwn, *max), markdown);
        assert_eq!(texts(&parts), *wanted, "{markdown} at {max}");
    }
}

#[test]
fn a_block_of_code_is_opened_again_with_its_language() {
    let code = format!("```rust\n{}```", "let x = 1;\n".repeat(400));
    for part in parts(Platform::Discord, &code) {
        assert!(
            part.markup.starts_with("```rust\nlet") && part.markup.ends_with(";\n```"),
            "{}",
            part.markup
        );
    }
    for part in parts(Platform::Telegram, &code) {
        assert!(part.markup.starts_with("<pre><code class=\"language-rust\">let"), "{}", part.markup);
        assert!(part.markup.ends_with(";</code></pre>"), "{}", part.markup);
    }
}

#[test]
fn a_text_at_the_limit_is_one_part_and_one_over_is_two() {
    for (platform, letter, letters_max) in [
        (Platform::Telegram, "a", 4_096),
        (Platform::Telegram, "é", 4_000),
        (Platform::Telegram, "😀", 2_000),
        (Platform::Discord, "😀", 2_000),
        (Platform::Slack, "é", 3_900),
        (Platform::Whatsapp, "a", 4_096),
    ] {
        assert_eq!(parts(platform, &letter.repeat(letters_max)).len(), 1, "{platform:?} {letter}");
        assert_eq!(parts(platform, &letter.repeat(letters_max + 1)).len(), 2, "{platform:?} {letter}");
    }
    // What is escaped counts where markup counts, and in the bytes of Telegram.
    assert_eq!(parts(Platform::Slack, &"&".repeat(780)).len(), 1);
    assert_eq!(parts(Platform::Slack, &"&".repeat(781)).len(), 2);
    assert_eq!(parts(Platform::Telegram, &"<".repeat(2_000)).len(), 1);
    assert_eq!(parts(Platform::Telegram, &"<".repeat(2_001)).len(), 2);
}

#[test]
fn a_question_is_one_part_and_says_when_there_is_more() {
    let long = "word ".repeat(600);
    let asked = question(Platform::Whatsapp, &long);
    assert!(asked.markup.ends_with("word…") && asked.markup.chars().count() <= 1_024);
    assert_eq!(question(Platform::Whatsapp, "**Run** `ls`?").markup, "*Run* `ls`?");
}

#[test]
fn a_preview_is_one_line_without_marks() {
    assert_eq!(preview("# A\n\n**b** `c`\n\n- d", 20), "A b c - d");
    assert_eq!(preview("abcdef", 4), "abc…");
    assert_eq!(plain("# A\n\n**b** [c](https://e.x)"), "A\n\nb c (https://e.x)");
}

#[test]
fn hostile_nesting_is_answered_quickly() {
    for markdown in [
        ">".repeat(20_000) + "x",
        "- ".repeat(5_000) + "x",
        "*a **b ".repeat(3_000),
        "[".repeat(20_000),
        "a".to_owned() + &"\u{301}".repeat(20_000),
        "|a".repeat(2_000) + "|\n" + &"|-".repeat(2_000) + "|\n",
        "x".repeat(300_000),
    ] {
        for platform in Platform::ALL {
            assert!(!parts(platform, &markdown).is_empty());
        }
    }
}

/// The visible text of Telegram's HTML; panics where tags do not nest.
fn seen(html: &str) -> String {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "in {html}"),
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?} stays open in {html}");
    text.push_str(rest);
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn solid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Markdown as models write it, and worse.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Zäé猫😀 .,]{1,30}",
        "[<>&\"`*_~|\\\\\\[\\]()#!-]{1,6}",
        Just("**bold words**".to_owned()),
        Just("*it*".to_owned()),
        Just("`code <x>`".to_owned()),
        Just("[a link of words](https://e.x/?a&b)".to_owned()),
        Just("https://example.com/a_b?c=d".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\n- item\n  - nested\n".to_owned()),
        Just("\n> quoted\n> more\n\n".to_owned()),
        Just("\n```rust\nfn a() {\n    b();\n}\n\n// <end>\n```\n".to_owned()),
        Just("\n| a | b |\n|---|---|\n| **c** | d |\n\n".to_owned()),
        Just("\n## Heading `x`\n".to_owned()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_within_limits_balanced_and_say_everything_once(text in markdown(), max in 80_usize..400) {
        for dialect in [Dialect::Html, Dialect::Mrkdwn, Dialect::Discord, Dialect::Whatsapp, Dialect::Plain] {
            let budget = small(dialect, max);
            let parts = cut_into(dialect, budget, &text);
            let whole = cut_into(dialect, Budget { units_max: max * 1_000, bytes_max: None, ..budget }, &text);
            let url_rule_is_same = !text.contains("](") || max / 8 >= 18;
            for part in &parts {
                let count = if dialect == Dialect::Html { seen(&part.markup) } else { part.markup.clone() };
                prop_assert!(budget.unit.count(&count) <= max, "{} of {max}: {}", budget.unit.count(&count), part.markup);
                prop_assert!(budget.bytes_max.is_none_or(|bytes| part.markup.len() <= bytes));
                prop_assert!(!part.plain.trim().is_empty());
            }
            let said = |parts: &[Part]| solid(&parts.iter().map(|part| part.plain.as_str()).collect::<String>());
            if url_rule_is_same {
                prop_assert_eq!(said(&parts), said(&whole));
            }
            if dialect == Dialect::Html && url_rule_is_same {
                let shown = |parts: &[Part]| solid(&parts.iter().map(|part| seen(&part.markup)).collect::<String>());
                prop_assert_eq!(shown(&parts), shown(&whole));
                prop_assert_eq!(shown(&parts), said(&parts));
            }
            prop_assert_eq!(&parts, &cut_into(dialect, budget, &text), "the same text, the same parts");
        }
    }

    #[test]
    fn fences_come_in_pairs(code in "[a-z` \n]{1,400}", max in 40_usize..200) {
        let text = format!("~~~~sh\n{code}\n~~~~");
        for part in cut_into(Dialect::Discord, small(Dialect::Discord, max), &text) {
            prop_assert_eq!(part.markup.matches("```").count(), 2, "{}", part.markup);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}") {
        for platform in Platform::ALL {
            for part in parts(platform, &text) {
                prop_assert!(!part.markup.trim().is_empty());
            }
        }
    }
}

#[test]
fn a_draft_is_one_message_that_goes_on() {
    assert_eq!(draft(Platform::Telegram, "  \n"), None);
    let short = draft(Platform::Telegram, "half **a th").unwrap();
    assert_eq!(short.plain, "half **a th…");
    for platform in [Platform::Telegram, Platform::Slack, Platform::Discord] {
        let long = draft(platform, &"word ".repeat(5_000)).unwrap();
        let limits = platform.limits();
        assert!(limits.unit.count(&long.markup) <= limits.text_units_max, "{platform:?}");
        assert!(long.plain.ends_with('…'));
        let spared = super::parts(platform, &"word ".repeat(5_000), 100);
        assert!(spared.iter().all(|part| limits.unit.count(&part.markup) + 100 <= limits.text_units_max));
    }
}
