//! Pages at their limits.

use super::*;

fn paging(limit: Option<usize>, after: Option<&str>) -> Result<Paging<u32>, Problem> {
    Paging::new(limit, after)
}

#[test]
fn limits_outside_one_to_two_hundred_and_foreign_cursors_are_refused() {
    assert_eq!(paging(None, None).unwrap().limit, LIMIT_DEFAULT);
    assert_eq!(paging(Some(LIMIT_MAX), Some("7")).unwrap().after, Some(7));
    assert!(paging(Some(0), None).is_err());
    assert!(paging(Some(LIMIT_MAX + 1), None).is_err());
    assert!(paging(None, Some("seven")).is_err());
}

#[test]
fn the_cursor_is_the_last_item_of_the_page_and_only_there_when_more_follows() {
    let two = paging(Some(2), None).unwrap();
    let page = two.page(vec![1, 2, 3], ToString::to_string, |n| n);
    assert_eq!((page.items, page.next), (vec![1, 2], Some("2".to_owned())));
    let last = two.page(vec![3, 4], ToString::to_string, |n| n);
    assert_eq!((last.items, last.next), (vec![3, 4], None));
}
