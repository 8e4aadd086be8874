//! Where a sign-in leads.

use super::local_path;

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
