//! What scopes allow.

use super::*;

#[test]
fn admin_allows_everything_and_nothing_else_does() {
    for scope in Scope::ALL {
        assert!(Scopes::all().allows(scope));
        let alone: Scopes = [scope].into_iter().collect();
        for other in Scope::ALL {
            assert_eq!(alone.allows(other), scope == other || scope == Scope::Admin, "{scope} {other}");
        }
    }
}

#[test]
fn words_come_back_as_they_were_given() {
    let scopes: Scopes = "read, chat".parse().unwrap();
    assert_eq!(scopes.to_string(), "chat,read");
    assert_eq!("".parse::<Scopes>(), Err(BadScopes::Empty));
    assert_eq!(" , ".parse::<Scopes>(), Err(BadScopes::Empty));
    assert_eq!("chat,root".parse::<Scopes>(), Err(BadScopes::Unknown("root".into())));
    assert_eq!("Admin".parse::<Scopes>(), Err(BadScopes::Unknown("Admin".into())));
}

#[test]
fn a_smaller_set_does_not_cover_a_larger_one() {
    let read: Scopes = "read".parse().unwrap();
    let both: Scopes = "read,chat".parse().unwrap();
    assert!(both.covers(read) && Scopes::all().covers(both) && !read.covers(both));
    assert!(!both.covers(Scopes::all()));
}
