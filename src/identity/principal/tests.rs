//! What principals may.

use super::*;

fn token(scopes: &str) -> Principal {
    Principal {
        who: Who::Token(TokenId::new()),
        scopes: scopes.parse().unwrap(),
        ..Principal::owner(TenantId::home())
    }
}

#[test]
fn one_of_the_named_scopes_is_enough_and_the_first_is_named_when_none_is_there() {
    assert_eq!(token("chat").authorize(&[Scope::Read, Scope::Chat]), Ok(()));
    let denied = token("metrics").authorize(&[Scope::Read, Scope::Chat]);
    assert_eq!(denied, Err(Forbidden { needed: Scope::Read }));
}

#[test]
fn an_empty_list_of_scopes_allows_nobody() {
    assert!(Principal::owner(TenantId::home()).authorize(&[]).is_err());
}

#[test]
fn a_restricted_token_may_use_its_own_assistant_only() {
    let own = AssistantId::new();
    let restricted = Principal { assistant: Some(own), ..token("chat") };
    assert!(restricted.may_use(own) && !restricted.may_use(AssistantId::new()));
    assert!(token("chat").may_use(own));
}

#[test]
fn a_token_is_never_taken_for_the_owner() {
    let token = token("admin");
    assert_ne!(token.source(), Principal::owner(TenantId::home()).source());
    assert_eq!(token.provenance(), Provenance::Token);
}
