//! Paths: joining, splitting, and which ids are refused.

use super::*;

#[test]
fn a_path_knows_its_parent_its_id_and_its_siblings() {
    let path = ActorPath::root("root").child("edge").child("console");
    assert_eq!(path.as_str(), "root/edge/console");
    assert_eq!(path.id(), "console");
    assert_eq!(path.parent(), Some("root/edge".into()));
    assert_eq!(path.sibling("ingress"), "root/edge/ingress".into());
    assert_eq!(path.segments().collect::<Vec<_>>(), ["root", "edge", "console"]);
    assert_eq!(ActorPath::root("root").parent(), None);
    assert_eq!(ActorPath::root("root").sibling("other"), "root".into());
}

#[test]
fn ids_that_would_break_a_path_are_refused() {
    for good in ["a", "0191f8a2-77aa", "store-writer", "\u{e4}", &"x".repeat(ID_BYTES_MAX)] {
        assert_eq!(check_id(good), Ok(()), "{good}");
    }
    for bad in ["", "a/b", "a\nb", "\u{7}", &"x".repeat(ID_BYTES_MAX + 1)] {
        assert!(matches!(check_id(bad), Err(SpecError::InvalidId(_))), "{bad:?}");
    }
}
