//! Certificates as files, and what OpenSSL's reader would say about them.

use std::os::unix::fs::PermissionsExt as _;

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

use super::*;

const DAY: i64 = 86_400;

fn home() -> (tempfile::TempDir, Certificates) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(folder.path())).unwrap();
    home.prepare().unwrap();
    (folder, Certificates::of(&home))
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn later(days: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + days * DAY).unwrap()
}

fn sans(sans: &[&str]) -> Vec<String> {
    sans.iter().map(|&san| san.to_owned()).collect()
}

#[test]
fn an_authority_is_made_once_and_lives_ten_years() {
    let (_folder, certificates) = home();
    assert!(certificates.ca().unwrap().is_none());
    assert!(matches!(certificates.make_client("x", now()), Err(CertificateError::NoCa)));
    let ca = certificates.make_ca(&[], now()).unwrap();
    assert!(ca.facts.subject.starts_with("Capuchin CA "), "{}", ca.facts.subject);
    assert_eq!(ca.facts.days_left(now()), 3_649);
    assert!(matches!(certificates.make_ca(&[], now()), Err(CertificateError::CaExists)));
    assert_eq!(certificates.ca().unwrap().unwrap().facts, ca.facts);
    assert_eq!(ca.facts.fingerprint.len(), 32 * 3 - 1);
}

#[test]
fn files_are_private_in_private_folders() {
    let (folder, certificates) = home();
    certificates.make_ca(&[], now()).unwrap();
    certificates.make_server("console", &sans(&["attic.local"]), now()).unwrap();
    certificates.make_client("phone", now()).unwrap();
    certificates.revoke("phone", now()).unwrap();
    let mut open = vec![folder.path().join("config/certificates")];
    let mut files = 0;
    while let Some(path) = open.pop() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files += 1;
        }
    }
    assert_eq!(files, 6, "two for the authority, two for the listener, two lists");
}

#[test]
fn a_server_certificate_is_for_its_names_and_this_machine() {
    let (_folder, certificates) = home();
    certificates.make_ca(&[], now()).unwrap();
    let made = certificates
        .make_server("console", &sans(&["Attic.local", "192.168.1.5", "[fd00::5]"]), now())
        .unwrap();
    assert_eq!(made.facts.sans, ["localhost", "127.0.0.1", "::1", "attic.local", "192.168.1.5", "fd00::5"]);
    assert_eq!(made.facts.days_left(now()), 396, "397 days from five minutes ago");
    for bad in ["", "a b", "http://x", "-x.y", "1.2.3", "a..b", "x/y", "ä.local"] {
        let refused = certificates.make_server("other", &sans(&[bad]), now());
        assert!(matches!(refused, Err(CertificateError::BadSan { .. })), "{bad}");
    }
}

#[test]
fn names_are_file_names_and_belong_to_one_kind() {
    let (_folder, certificates) = home();
    certificates.make_ca(&[], now()).unwrap();
    for bad in ["", "ca", "../x", "a/b", ".x", "a b", &"x".repeat(65)] {
        assert!(
            matches!(certificates.make_client(bad, now()), Err(CertificateError::BadName { .. })),
            "{bad}"
        );
    }
    certificates.make_client("phone", now()).unwrap();
    let taken = certificates.make_server("phone", &[], now());
    assert!(matches!(taken, Err(CertificateError::NameTaken { by: Kind::Client, .. })));
    assert!(certificates.make_client(&"x".repeat(64), now()).is_ok());
}

#[test]
fn a_certificate_is_due_in_the_last_third_of_its_life_and_renewed_for_the_same_names() {
    let (_folder, certificates) = home();
    certificates.make_ca(&[], now()).unwrap();
    let made = certificates.make_server("console", &sans(&["attic.local"]), now()).unwrap();
    certificates.make_client("phone", now()).unwrap();
    assert!(certificates.due(later(264)).unwrap().is_empty());
    let due = certificates.due(later(265)).unwrap();
    assert_eq!(due.iter().map(|held| held.name.as_str()).collect::<Vec<_>>(), ["console"]);
    let renewed = certificates.renew("console", later(265)).unwrap();
    assert_eq!(renewed.facts.sans, made.facts.sans);
    assert_ne!(renewed.facts.serial, made.facts.serial);
    assert!(certificates.due(later(265)).unwrap().is_empty());
    assert!(matches!(certificates.renew("ca", now()), Err(CertificateError::NotRenewable)));
    assert!(matches!(certificates.renew("nobody", now()), Err(CertificateError::Unknown { .. })));
}

#[test]
fn every_certificate_of_a_name_is_revoked_and_only_once() {
    let (_folder, certificates) = home();
    certificates.make_ca(&[], now()).unwrap();
    let first = certificates.make_client("phone", now()).unwrap().facts.serial;
    let second = certificates.renew("phone", now()).unwrap().facts.serial;
    certificates.make_client("tablet", now()).unwrap();
    assert_eq!(certificates.revoke("phone", now()).unwrap(), 2);
    assert_eq!(revoked_serials(&certificates.revoked_file()).unwrap(), [first, second]);
    let again = certificates.revoke("phone", now());
    assert!(matches!(again, Err(CertificateError::NothingToRevoke { .. })));
    let names: Vec<_> = certificates.list().unwrap().into_iter().map(|held| held.name).collect();
    assert_eq!(names, ["ca", "tablet"]);
    assert!(matches!(certificates.revoke("ca", now()), Err(CertificateError::NothingToRevoke { .. })));
}

#[test]
fn a_broken_list_of_revoked_certificates_is_an_error_and_not_an_empty_list() {
    let (_folder, certificates) = home();
    std::fs::create_dir_all(certificates.revoked_file().parent().unwrap()).unwrap();
    std::fs::write(certificates.revoked_file(), "{\"serial\":\"0a\"").unwrap();
    let broken = revoked_serials(&certificates.revoked_file());
    assert!(matches!(broken, Err(CertificateError::Unreadable { .. })));
}

#[test]
fn pkcs12_opens_with_its_password_only_and_holds_the_chain() {
    let (_folder, certificates) = home();
    let ca = certificates.make_ca(&[], now()).unwrap();
    certificates.make_client("phone", now()).unwrap();
    for style in [Pkcs12Style::Modern, Pkcs12Style::Legacy] {
        let file = certificates.pkcs12("phone", "correct horse", style).unwrap();
        assert!(KeyStore::from_pkcs12(&file, "wrong horse", Pkcs12ImportPolicy::Strict).is_err());
        let opened = KeyStore::from_pkcs12(&file, "correct horse", Pkcs12ImportPolicy::Strict).unwrap();
        let (alias, chain) = opened.private_key_chain().unwrap();
        assert_eq!(alias, "phone");
        assert_eq!(chain.certs().len(), 2);
        assert!(chain.certs()[1].subject().contains(&ca.facts.subject));
    }
    certificates.forget_key("phone").unwrap();
    let gone = certificates.pkcs12("phone", "correct horse", Pkcs12Style::Modern);
    assert!(matches!(gone, Err(CertificateError::KeyGone { .. })));
    let ca = certificates.pkcs12("ca", "correct horse", Pkcs12Style::Modern);
    assert!(matches!(ca, Err(CertificateError::NotAClient { .. })), "the authority's key is not handed out");
}

#[test]
fn without_the_authoritys_key_nothing_new_is_made_and_the_rest_stays() {
    let (_folder, certificates) = home();
    let ca = certificates.make_ca(&[], now()).unwrap();
    certificates.make_server("console", &sans(&["a.local"]), now()).unwrap();
    std::fs::remove_file(ca.key.unwrap()).unwrap();
    assert!(matches!(certificates.renew("console", now()), Err(CertificateError::NoCaKey { .. })));
    assert_eq!(certificates.list().unwrap().len(), 2);
}

#[test]
fn constraints_are_domains_and_networks() {
    for (text, is_one) in [
        ("home.arpa", true),
        ("192.168.0.0/16", true),
        ("10.1.2.3", true),
        ("fd00::/8", true),
        ("192.168.0.0/33", false),
        ("fd00::/129", false),
        ("a b", false),
        ("", false),
        ("https://x", false),
    ] {
        assert_eq!(text.parse::<Permitted>().is_ok(), is_one, "{text}");
    }
}
