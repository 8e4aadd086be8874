//! What may be bound where.

use super::*;

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn loopback_needs_nothing_and_everything_else_needs_credentials_and_tls() {
    for loopback in ["127.0.0.1:0", "127.8.8.8:1", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        assert!(check_exposure(addr(loopback), false, false).is_ok(), "{loopback}");
    }
    for exposed in ["0.0.0.0:0", "[::]:0", "192.168.1.5:7717", "[::ffff:10.0.0.1]:0"] {
        for (credentials, tls) in [(false, false), (true, false), (false, true)] {
            assert!(check_exposure(addr(exposed), credentials, tls).is_err(), "{exposed}");
        }
        assert!(check_exposure(addr(exposed), true, true).is_ok(), "{exposed}");
    }
}

#[test]
fn the_refusal_names_both_fixes() {
    let text = check_exposure(addr("0.0.0.0:7717"), false, false).unwrap_err().to_string();
    assert!(text.starts_with("refusing to bind 0.0.0.0:7717"), "{text}");
    for fix in ["console.tls_cert", "console.tls_key", "capuchin token create", "setup page"] {
        assert!(text.contains(fix), "{text}");
    }
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let first = bind_ingress(addr("127.0.0.1:0"), None).await.unwrap();
    let taken = first.local_addr().unwrap();
    let Err(error) = bind_ingress(taken, None).await else { panic!("bound twice") };
    assert!(error.to_string().starts_with(&taken.to_string()), "{error}");
}

#[tokio::test]
async fn the_control_socket_is_private_and_replaces_what_an_earlier_life_left() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("control.sock");
    std::fs::write(&path, "left behind").unwrap();
    let listener = bind_control(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(listener);
    assert!(!path.exists(), "it goes with its listener");
}
