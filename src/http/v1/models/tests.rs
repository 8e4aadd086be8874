//! Pages in Anthropic's shape.

use super::*;

fn named(count: usize) -> Vec<Named> {
    let one = |n: usize| Named {
        id: format!("m{n}"),
        display_name: String::new(),
        created_s: 0,
        owner: String::new(),
    };
    (0..count).map(one).collect()
}

fn page(limit: Option<usize>, after: &str, before: &str) -> (Vec<String>, bool) {
    let id = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let window = Window { limit, after_id: id(after), before_id: id(before) };
    let page = window.page(named(5)).unwrap();
    assert_eq!(page.first_id, page.data.first().map(|model| model.id.clone()));
    assert_eq!(page.last_id, page.data.last().map(|model| model.id.clone()));
    (page.data.into_iter().map(|model| model.id).collect(), page.has_more)
}

#[test]
fn pages_go_forwards_and_backwards_and_end() {
    for (limit, after, before, expected, more) in [
        (None, "", "", vec!["m0", "m1", "m2", "m3", "m4"], false),
        (Some(2), "", "", vec!["m0", "m1"], true),
        (Some(2), "m1", "", vec!["m2", "m3"], true),
        (Some(2), "m3", "", vec!["m4"], false),
        (Some(2), "m4", "", vec![], false),
        (Some(2), "", "m4", vec!["m2", "m3"], true),
        (Some(2), "", "m1", vec!["m0"], false),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(page(limit, after, before), (expected, more), "{limit:?} {after} {before}");
    }
}

#[test]
fn a_page_has_1_to_1000_models() {
    let of = |limit| Window { limit: Some(limit), after_id: None, before_id: None }.page(named(2));
    assert!(of(1).is_ok() && of(PAGE_MAX).is_ok());
    for limit in [0, PAGE_MAX + 1] {
        assert_eq!(of(limit).err().and_then(|error| error.param).as_deref(), Some("limit"));
    }
}
