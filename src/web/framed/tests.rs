//! Where people are sent.

use super::*;

fn headers(host: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, host.parse().unwrap());
    headers
}

#[test]
fn the_numbers_of_this_machine_lead_to_its_name() {
    let uri: Uri = "/setup?a=b".parse().unwrap();
    let canonical = |method, host: &str| canonical(&method, &headers(host), &uri);
    assert_eq!(canonical(Method::GET, "127.0.0.1:7717").as_deref(), Some("http://localhost:7717/setup?a=b"));
    assert_eq!(canonical(Method::POST, "127.0.0.1:7717"), None);
    assert_eq!(canonical(Method::GET, "localhost:7717"), None);
    assert_eq!(canonical(Method::GET, "capuchin.example.org"), None);
}

#[test]
fn whoever_has_no_session_goes_to_the_right_door() {
    let uri: Uri = "/c/019a?before=1".parse().unwrap();
    assert_eq!(entrance(false, &Method::GET, &uri), "/setup");
    assert_eq!(entrance(true, &Method::GET, &uri), "/login?next=/c/019a%3Fbefore%3D1");
    assert_eq!(entrance(true, &Method::POST, &uri), "/login");
    assert_eq!(entrance(true, &Method::GET, &"/".parse().unwrap()), "/login");
}

#[test]
fn details_become_sentences() {
    assert_eq!(sentence("too many; try again in 2 s"), "Too many; try again in 2 s.");
    assert_eq!(sentence(""), ".");
}

#[test]
fn a_sign_in_leads_to_our_own_pages_only() {
    for own in ["/", "/chat", "/c/019a?before=1"] {
        assert_eq!(local_path(own), own);
    }
    for other in [
        "",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "chat",
    ] {
        assert_eq!(local_path(other), "/", "{other:?}");
    }
}

#[test]
fn a_proof_leads_back_to_the_page_of_the_button() {
    let uri: Uri = "/settings/security/tokens".parse().unwrap();
    let own = Some("http://localhost:7717/settings/security?x=1");
    assert_eq!(proof(&Method::POST, &uri, own), "/step-up?next=/settings/security%3Fx%3D1");
    assert_eq!(proof(&Method::POST, &uri, None), "/step-up?next=/");
    assert_eq!(proof(&Method::GET, &uri, own), "/step-up?next=/settings/security/tokens");
}
