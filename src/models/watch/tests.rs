//! What is news.

use super::*;

#[test]
fn a_fallback_is_news_after_ten_minutes_and_once_and_so_is_the_return() {
    let mut away = None;
    let mut news = Vec::new();
    for (place, now_ms) in [
        (0, 0),
        (1, 1_000),
        (2, 600_999),
        (1, 601_000),
        (1, 900_000),
        (0, 901_000),
        (0, 902_000),
        (1, 903_000),
        (0, 904_000),
    ] {
        let (after, told) = answered(away, place, now_ms);
        away = after;
        news.extend(told.map(|told| (now_ms, told)));
    }
    assert_eq!(news, [(601_000, News::Away), (901_000, News::Back)]);
    assert_eq!(away, None);
}
