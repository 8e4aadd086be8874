//! Which encoding counts.

use super::*;

#[test]
fn marks_count_more_than_headers_and_headers_more_than_pages() {
    assert_eq!(decoded("ü".as_bytes(), ""), "ü");
    assert_eq!(decoded(b"\xfc", ""), "ü");
    assert_eq!(decoded(b"\xfc", "text/html; charset=ISO-8859-1"), "ü");
    assert_eq!(decoded(b"\x8a\xbf", "text/plain;charset=\"Shift_JIS\""), "漢");
    assert_eq!(decoded(b"\xef\xbb\xbf\xc3\xbc", "text/html; charset=latin1"), "ü");
    assert_eq!(decoded(b"<meta charset=windows-1251>\xcf", ""), "<meta charset=windows-1251>П");
    assert_eq!(
        decoded(b"<meta charset=windows-1251>\xfc", "text/html; charset=latin1").chars().last(),
        Some('ü')
    );
    assert_eq!(decoded(b"a\xff", "text/html; charset=utf-8"), "a\u{fffd}");
    assert_eq!(decoded(b"a", "text/html; charset=nonsense"), "a");
}
