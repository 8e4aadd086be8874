//! What the policy forbids.

use super::PAGE_POLICY;

#[test]
fn the_policy_allows_nothing_inline_and_nobody_else() {
    for word in ["unsafe", "http:", "https:", "*", "blob:", "nonce"] {
        assert!(!PAGE_POLICY.contains(word), "{word}");
    }
    let directives: Vec<&str> = PAGE_POLICY.split(';').map(str::trim).collect();
    for needed in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types capuchin",
    ] {
        assert!(directives.contains(&needed), "{needed}");
    }
}
