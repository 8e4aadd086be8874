//! Places of paths.

use super::*;

fn inside(path: &str) -> Option<String> {
    Place::of(path, Some("/w/x")).unwrap().inside.map(|segments| segments.join("/"))
}

#[test]
fn a_path_is_inside_by_whole_segments_only() {
    for (path, wanted) in [
        ("a", Some("a")),
        ("./a/./b", Some("a/b")),
        ("a/../b", Some("b")),
        ("", None),
        (".", Some("")),
        ("/w/x", Some("")),
        ("/w/x/", Some("")),
        ("/w//x///a", Some("a")),
        ("/w/x/a/../../x/b", Some("b")),
        ("/w/xy/a", None),
        ("/w/x/../y", None),
        ("../x/a", Some("a")),
        ("../y", None),
        ("../../../../../etc", None),
        ("a/../../y", None),
        ("/", None),
    ] {
        if path.is_empty() {
            assert_eq!(Place::of(path, Some("/w/x")), Err(Malformed::Path));
            continue;
        }
        assert_eq!(inside(path).as_deref(), wanted, "{path}");
    }
}

#[test]
fn without_a_root_a_relative_path_stays_below_it_or_is_refused() {
    assert_eq!(Place::of("a/../..", None), Err(Malformed::Escapes));
    let place = Place::of("a/b", None).unwrap();
    assert!(place.is_inside() && place.absolute.is_none());
    assert!(!Place::of("/a/b", None).unwrap().is_inside());
}

#[test]
fn what_different_readers_read_differently_is_refused() {
    for path in ["~", "~/x", "~root", "a\0b", "a\nb", "\u{7f}"] {
        assert!(Place::of(path, Some("/w")).is_err(), "{path:?}");
    }
    assert!(Place::of(&"a".repeat(4_096), None).is_ok());
    assert!(Place::of(&"a".repeat(4_097), None).is_err());
    assert!(Place::of("a", Some("relative")).is_err());
}
