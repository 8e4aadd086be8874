//! Where passkeys work, and how long a ceremony waits. The ceremonies themselves run in a real browser.

use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn prove() -> Ceremony {
    let site = Box::new(Site::of("http://localhost:7717").unwrap());
    let (_, state) = site.prove().unwrap();
    Ceremony::Prove { site, state: Box::new(state) }
}

#[test]
fn passkeys_are_made_for_names_and_not_for_addresses() {
    for good in ["http://localhost:7717", "https://capuchin.example.org", "https://capuchin.example.org:8443"]
    {
        assert!(Site::of(good).is_ok(), "{good}");
    }
    for bad in ["http://127.0.0.1:7717", "http://[::1]:7717", "null", "", "localhost"] {
        assert!(matches!(Site::of(bad), Err(PasskeyError::NoHost)), "{bad}");
    }
}

#[test]
fn a_passkey_must_be_discoverable_and_verify_its_person() {
    let site = Site::of("http://localhost:7717").unwrap();
    let (options, _) = site.make(MemberId::new(), "Robin", vec![vec![1, 2, 3]]).unwrap();
    assert_eq!(options["rp"]["id"], "localhost");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["excludeCredentials"][0]["id"], "AQID");
    let (options, _) = site.prove().unwrap();
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], serde_json::json!([]));
}

#[test]
fn a_ceremony_works_once_for_five_minutes() {
    let (mut desk, now) = (CeremonyDesk::default(), Instant::now());
    let name = desk.begin(prove(), HERE, now).unwrap();
    assert!(desk.take(name.expose(), now).is_some());
    assert!(desk.take(name.expose(), now).is_none());
    let late = desk.begin(prove(), HERE, now).unwrap();
    assert!(desk.take(late.expose(), now + CEREMONY_LIFETIME).is_none());
}

#[test]
fn one_address_cannot_push_out_the_ceremonies_of_others() {
    let (mut desk, now) = (CeremonyDesk::default(), Instant::now());
    let mine = desk.begin(prove(), IpAddr::from([10, 0, 0, 1]), now).unwrap();
    for _ in 0..CEREMONIES_PER_ADDRESS_MAX + 5 {
        desk.begin(prove(), HERE, now).unwrap();
    }
    assert_eq!(desk.open.len(), CEREMONIES_PER_ADDRESS_MAX + 1);
    assert!(desk.take(mine.expose(), now).is_some());
}
