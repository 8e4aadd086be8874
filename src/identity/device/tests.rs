//! A device waits, asks at its pace, and is answered once.

use super::*;

fn wish() -> DeviceWish {
    DeviceWish { name: "laptop".into(), scopes: "chat,read".parse().unwrap(), address: "10.0.0.9".into() }
}

fn token() -> SecretText {
    SecretText::random("cap_").unwrap()
}

#[test]
fn an_approved_device_gets_its_token_once() {
    let (mut desk, now) = (DeviceDesk::default(), Instant::now());
    let begun = desk.begin(wish(), now).unwrap();
    assert!(matches!(desk.ask(begun.device_code.expose(), now), Err(DeviceError::Pending)));
    let typed = format!(" {} ", begun.user_code.to_lowercase().replace('-', " "));
    assert_eq!(*desk.wish(&typed, now).unwrap(), wish());
    let token = token();
    assert!(desk.decide(&typed, Some(token.clone()), now));
    assert!(!desk.decide(&typed, None, now), "decided once");
    assert!(desk.wish(&typed, now).is_none());
    let later = now + DEVICE_INTERVAL;
    assert_eq!(desk.ask(begun.device_code.expose(), later).unwrap().expose(), token.expose());
    assert!(matches!(
        desk.ask(begun.device_code.expose(), later + DEVICE_INTERVAL),
        Err(DeviceError::Expired)
    ));
}

#[test]
fn a_denied_device_hears_it_once() {
    let (mut desk, now) = (DeviceDesk::default(), Instant::now());
    let begun = desk.begin(wish(), now).unwrap();
    assert!(desk.decide(&begun.user_code, None, now));
    assert!(matches!(desk.ask(begun.device_code.expose(), now), Err(DeviceError::Denied)));
    assert!(matches!(desk.ask(begun.device_code.expose(), now), Err(DeviceError::Expired)));
}

#[test]
fn a_device_that_asks_too_often_has_to_wait_longer() {
    let (mut desk, now) = (DeviceDesk::default(), Instant::now());
    let begun = desk.begin(wish(), now).unwrap();
    let code = begun.device_code.expose();
    assert!(matches!(desk.ask(code, now), Err(DeviceError::Pending)));
    assert!(matches!(desk.ask(code, now + DEVICE_INTERVAL / 2), Err(DeviceError::SlowDown)));
    let again = now + DEVICE_INTERVAL / 2 + DEVICE_INTERVAL;
    assert!(matches!(desk.ask(code, again), Err(DeviceError::SlowDown)), "ten seconds now");
    assert!(matches!(desk.ask(code, again + DEVICE_INTERVAL * 3), Err(DeviceError::Pending)));
}

#[test]
fn codes_end_after_ten_minutes_and_a_bounded_number_waits() {
    let (mut desk, now) = (DeviceDesk::default(), Instant::now());
    let first = desk.begin(wish(), now).unwrap();
    for _ in 1..DEVICES_MAX {
        desk.begin(wish(), now).unwrap();
    }
    assert!(matches!(desk.begin(wish(), now), Err(DeviceError::TooMany)));
    let late = now + DEVICE_LIFETIME;
    assert!(desk.wish(&first.user_code, late).is_none());
    assert!(!desk.decide(&first.user_code, Some(token()), late));
    assert!(matches!(desk.ask(first.device_code.expose(), late), Err(DeviceError::Expired)));
    assert!(desk.begin(wish(), late).is_ok());
    assert_eq!(desk.waiting.len(), 1);
}

#[test]
fn codes_are_two_groups_of_four_plain_letters() {
    for _ in 0..200 {
        let code = new_code().unwrap();
        let groups: Vec<&str> = code.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4], "{code}");
        assert!(groups.concat().bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
    }
}
