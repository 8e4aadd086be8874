//! Codes: the vectors of RFC 6238, the slack, and what waits for them.

use super::*;

fn rfc_seed() -> Seed {
    Zeroizing::new(b"12345678901234567890".to_vec())
}

/// The codes of RFC 6238, appendix B, cut to six digits.
#[test]
fn the_codes_of_the_rfc_are_accepted_in_their_step_and_one_to_each_side() {
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let step = u64::try_from(seconds / 30).unwrap();
        for near in [-30, 0, 30] {
            assert_eq!(step_of(&rfc_seed(), code, (seconds + near) * 1_000), Some(step), "{code} {near}");
        }
        for far in [-60, 60] {
            assert_eq!(step_of(&rfc_seed(), code, (seconds + far) * 1_000), None, "{code} {far}");
        }
    }
}

#[test]
fn what_is_no_code_is_refused_and_spaces_are_not_minded() {
    for odd in ["", "28708", "2870822", "28708x", "287 083", "０００００0", "-1"] {
        assert_eq!(step_of(&rfc_seed(), odd, 59_000), None, "{odd:?}");
    }
    assert_eq!(step_of(&rfc_seed(), " 287 082\n", 59_000), Some(1));
    assert_eq!(step_of(&rfc_seed(), "287082", -1_000_000), None, "a clock before 1970");
}

#[test]
fn an_enrolment_tells_the_app_what_it_needs() {
    let told = enrolment(&rfc_seed(), "Robin: home").unwrap();
    assert_eq!(told.secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    let uri = told.uri.expose();
    assert!(uri.starts_with("otpauth://totp/Capuchin:Robin"), "{uri}");
    assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") && uri.contains("issuer=Capuchin"));
}

#[test]
fn an_enrolment_waits_ten_minutes_and_a_newer_one_replaces_it() {
    let (mut desk, now, person) = (CodeDesk::default(), Instant::now(), MemberId::new());
    desk.enrol(person, rfc_seed(), now);
    desk.enrol(person, Zeroizing::new(vec![7; SEED_BYTES]), now);
    assert_eq!(desk.enrolling(person, now).unwrap()[0], 7);
    assert!(desk.enrolling(person, now + ENROLMENT_LIFETIME).is_none());
    desk.enrolled(person);
    assert!(desk.enrolling(person, now).is_none());
}

#[test]
fn a_sign_in_waits_for_five_codes_and_five_minutes() {
    let (mut desk, now, person) = (CodeDesk::default(), Instant::now(), MemberId::new());
    let name = desk.wait(person, now).unwrap();
    for _ in 0..CODE_TRIES_MAX {
        assert_eq!(desk.try_waiting(name.expose(), now), Some(person));
    }
    assert_eq!(desk.try_waiting(name.expose(), now), None);
    let late = desk.wait(person, now).unwrap();
    assert_eq!(desk.try_waiting(late.expose(), now + PENDING_LIFETIME), None);
    let done = desk.wait(person, now).unwrap();
    desk.done(done.expose());
    assert_eq!(desk.try_waiting(done.expose(), now), None);
    for _ in 0..PENDING_MAX + 10 {
        desk.wait(person, now).unwrap();
    }
    assert_eq!(desk.sign_ins.len(), PENDING_MAX);
}
