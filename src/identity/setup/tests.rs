//! The setup token works once, for a while, and survives few tries.

use super::*;

#[test]
fn the_right_token_is_accepted_until_its_time_is_over() {
    let (mut desk, now) = (SetupDesk::default(), Instant::now());
    let token = desk.open(now).unwrap();
    let last = now + SETUP_LIFETIME - Duration::from_millis(1);
    assert_eq!(desk.check(token.expose(), last), Ok(()));
    assert_eq!(desk.check(token.expose(), now + SETUP_LIFETIME), Err(SetupRefused::Closed));
    assert_eq!(desk.check(token.expose(), now), Err(SetupRefused::Closed), "it does not come back");
}

#[test]
fn five_wrong_tries_void_it() {
    let (mut desk, now) = (SetupDesk::default(), Instant::now());
    let token = desk.open(now).unwrap();
    for tries_left in (0..SETUP_TRIES_MAX).rev() {
        assert_eq!(desk.check("guess", now), Err(SetupRefused::Wrong { tries_left }));
    }
    assert_eq!(desk.check(token.expose(), now), Err(SetupRefused::Closed));
}

#[test]
fn a_new_link_voids_the_older_one() {
    let (mut desk, now) = (SetupDesk::default(), Instant::now());
    let old = desk.open(now).unwrap();
    let new = desk.open(now).unwrap();
    assert!(desk.check(old.expose(), now).is_err());
    assert_eq!(desk.check(new.expose(), now), Ok(()));
    desk.close();
    assert_eq!(desk.check(new.expose(), now), Err(SetupRefused::Closed));
}
