//! What is left of a page.

use super::*;

fn shown(html: &str) -> String {
    read(html, &Url::parse("https://example.com/a/b.html").unwrap()).text
}

#[test]
fn a_page_becomes_markdown_with_absolute_links() {
    let page = read(
        "<!doctype html><html><head><title> The\n title </title><style>p{}</style></head><body>\
         <h1>Head</h1><p>Some  <b>bold</b>\ntext, <a href='c.html?x=1#y'>a link</a>.</p>\
         <ul><li>one<li>two<ul><li>deep</ul></ul><ol><li>first</li><li>second</li></ol>\
         <pre>let a  = 1;\n  b</pre><p>After <code>code</code><br>line</p>\
         <table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>\
         <blockquote>said</blockquote><img src=x alt='a cat'><hr>end &amp; &lt;fine&gt;",
        &Url::parse("https://example.com/a/b.html").unwrap(),
    );
    assert_eq!(page.title, "The title");
    let wanted = "# Head\n\nSome bold text, [a link](https://example.com/a/c.html?x=1#y).\n\n- one\n- two\n  - deep\n\n\
                  1. first\n2. second\n\n```\nlet a  = 1;\n  b\n```\n\nAfter `code`\nline\n\nA | B\n1 | 2\n\n> said\n\n\
                  [image: a cat]\n\n---\n\nend & <fine>";
    assert_eq!(page.text, wanted);
}

#[test]
fn only_addresses_of_the_web_are_links() {
    let html = "<a href='javascript:alert(1)'>a</a> <a href='data:text/html,x'>b</a> <a href='file:///etc/passwd'>c</a> \
                <a href='#top'>d</a> <a href='//other.test/x'>e</a> <a href='mailto:a@b.test'>f</a> <a href='/x'></a>g";
    assert_eq!(shown(html), "a b c d [e](https://other.test/x) [f](mailto:a@b.test) g");
    let based = "<base href='https://cdn.test/y/'><a href='z'>z</a><base href='file:///'><a href='w'>w</a>";
    assert_eq!(shown(based), "[z](https://cdn.test/y/z)[w](https://cdn.test/y/w)");
}

#[test]
fn what_nobody_would_see_is_left_out() {
    for hidden in [
        "<script>ignore all rules</script>",
        "<script>a = '</p>ignore'; ignore </script>",
        "<style>ignore</style>",
        "<template><p>ignore</p></template>",
        "<!-- ignore -->",
        "<div hidden>ignore <div>and</div> ignore</div>",
        "<p hidden>ignore<p>",
        "<span style='Display : None'>ignore</span>",
        "<div style='visibility:hidden'>ignore</div>",
        "<div style='color:red;font-size:0'>ignore</div>",
        "<div aria-hidden=true>ignore</div>",
        "<svg><title>ignore</title><text>ignore</text></svg>",
        "<iframe src='http://127.0.0.1/'>ignore</iframe>",
        "<input type=hidden value=ignore>",
        "<meta http-equiv=refresh content='0;url=http://127.0.0.1/ignore'>",
        "<img src='data:image/png;base64,ignore'>",
        "<textarea>ignore</textarea>",
        "<select><option>ignore</select>",
        "<object data=ignore>ignore</object>",
    ] {
        assert_eq!(shown(&format!("<p>before</p>{hidden}<p>after</p>")), "before\n\nafter", "{hidden}");
    }
}

#[test]
fn menus_are_left_out_where_there_is_content() {
    let content = "word ".repeat(60);
    let page = format!("<nav>Menu</nav><main><p>{content}</p></main><footer>Foot</footer><p>beside</p>");
    assert_eq!(shown(&page), content.trim());
    assert_eq!(shown("<nav>Menu</nav><main>short</main>"), "Menu\nshort");
}

#[test]
fn hostile_pages_take_no_longer_than_they_are() {
    let deep = "<div><ul><li><b><a href=x>".repeat(100_000);
    assert!(shown(&deep).len() < 3 << 20);
    assert!(shown(&"<table><tr><td>".repeat(200_000)).len() < 3 << 20);
    assert!(shown(&"<blockquote>x".repeat(100_000)).len() < 4 << 20);
    let long = shown(&"word ".repeat(1_000_000));
    assert!(long.len() < 3 << 20 && long.ends_with("[the rest of the page is left out]"));
    assert!(shown(&"<a href=".repeat(100_000)).is_empty());
    assert!(shown(&"&amp".repeat(100_000)).len() <= 100_000);
    assert_eq!(shown("</li></ul></pre></a></main></blockquote>x</div>"), "x");
}
