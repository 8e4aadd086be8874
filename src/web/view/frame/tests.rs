//! The theme cookie.

use super::*;

#[test]
fn the_theme_comes_from_its_cookie_and_from_nothing_else() {
    for (cookie, theme) in [
        ("theme=dark", Theme::Dark),
        ("a=b; theme=light", Theme::Light),
        ("theme=\"><script>", Theme::System),
        ("xtheme=dark", Theme::System),
        ("", Theme::System),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().unwrap());
        assert_eq!(Theme::of(&headers), theme, "{cookie}");
    }
}
