//! Who is found by which name, and what roles may.

use super::*;

fn people() -> People {
    let mut owner = Member::new("Robin", Role::Owner, MemberState::Active, 0);
    owner.passkeys = 1;
    let sam = Member::new("Sam", Role::Member, MemberState::Active, 1);
    let out = Member::new("Out", Role::Member, MemberState::Disabled, 2);
    People::new(vec![owner, sam, out]).unwrap()
}

#[test]
fn no_name_is_the_owners_and_case_does_not_matter() {
    let people = people();
    assert_eq!(people.named("").unwrap().name, "Robin");
    assert_eq!(people.named(" sAM ").unwrap().name, "Sam");
    assert_eq!(people.named("somebody"), None);
    assert_eq!(people.named("out"), None, "disabled");
}

#[test]
fn a_passkey_alone_is_enough_to_be_set_up() {
    assert!(people().is_set_up());
    let bare = People::new(vec![Member::new("o", Role::Owner, MemberState::Active, 0)]).unwrap();
    assert!(!bare.is_set_up());
}

#[test]
fn a_member_may_neither_administrate_nor_operate() {
    let member = Role::Member.scopes();
    assert!(member.allows(Scope::Chat) && member.allows(Scope::Read));
    assert!(!member.allows(Scope::Admin) && !member.allows(Scope::Operate) && !member.allows(Scope::Metrics));
    assert!(Role::Owner.scopes().covers(member));
}
