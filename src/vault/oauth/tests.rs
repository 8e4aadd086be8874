//! Consent, device flow, refresh and revocation against a scripted provider on loopback.

use serde_json::{Value, json};

use super::{DeviceState, NewOauthToken, Oauth, OauthError, OauthRecord, OauthSettings, OauthState};
use crate::config::EgressConfig;
use crate::egress::upstream::{Act, Upstream, answer as plain, json as answer};
use crate::egress::{Egress, SecretSource as _};
use crate::vault::tests::support::{House, gives, home, owner, set};
use crate::vault::{Hosts, SecretChange, Vault, VaultError, Which};
use std::sync::Arc;

const REDIRECT: &str = "http://localhost:7717/api/v1/oauth/callback";

fn given(access: &str, refresh: Option<&str>, expires_in: u64) -> Vec<Act> {
    let mut body = json!({ "access_token": access, "token_type": "Bearer", "expires_in": expires_in });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    answer(200, &body)
}

fn refusal(status: u16, error: &str) -> Vec<Act> {
    answer(status, &json!({ "error": error }))
}

struct World {
    house: House,
    vault: Vault,
    oauth: Oauth,
    upstream: Upstream,
    token: OauthRecord,
}

impl World {
    async fn new(script: Vec<Vec<Act>>) -> Self {
        let house = House::new();
        let vault = house.vault().await;
        let upstream = Upstream::start(script).await;
        set(&vault, "client", "the-client-secret").await;
        let change =
            SecretChange { hosts: Some(Hosts::new(["127.0.0.1"]).unwrap()), ..SecretChange::default() };
        vault.change_secret(&owner(), Which::Name("client".to_owned()), change, None).await.unwrap();
        let egress = Egress::new(&EgressConfig::default());
        egress.set_source(Arc::new(vault.clone()));
        let oauth = Oauth::new(vault.clone(), egress);
        let url = |path: &str| format!("{}{path}", upstream.url());
        let settings = OauthSettings {
            client_id: "capuchin".to_owned(),
            client_secret: Some("client".to_owned()),
            auth_url: Some(url("/authorize")),
            token_url: url("/token"),
            device_url: Some(url("/device")),
            revoke_url: Some(url("/revoke")),
            issuer: Some("https://issuer.example".to_owned()),
            scopes: vec!["mail.read".to_owned(), "offline".to_owned()],
        };
        let new = NewOauthToken {
            name: "mail".to_owned(),
            settings,
            hosts: Hosts::new(["api.example.com"]).unwrap(),
        };
        let token = oauth.create(&owner(), new, None).await.unwrap().thing;
        Self { house, vault, oauth, upstream, token }
    }

    fn which(&self) -> Which<crate::protocol::ids::OauthTokenId> {
        Which::Id(self.token.id)
    }

    fn later(&self, ms: i64) {
        *self.house.clock.lock() += ms;
    }

    async fn now(&self) -> OauthRecord {
        self.oauth.get(&home(), self.which()).await.unwrap()
    }

    /// Consents; the first answer of the script is the token.
    async fn connected(&self) -> OauthRecord {
        let url = self.oauth.begin(&owner(), self.which(), REDIRECT).await.unwrap();
        self.oauth.complete(&parameter(&url, "state"), Some("code-1".to_owned()), None, None).await.unwrap()
    }

    /// The form of a request.
    fn form(&self, nth: usize) -> String {
        String::from_utf8(self.upstream.received()[nth].body.clone()).unwrap()
    }
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    pair.unwrap_or_else(|| panic!("no {name} in {url}")).to_owned()
}

#[track_caller]
fn oauth_error<T>(outcome: Result<T, VaultError>) -> OauthError {
    match outcome {
        Err(VaultError::Oauth(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it worked"),
    }
}

#[tokio::test]
async fn a_consent_gives_a_token_that_requests_can_name() {
    let world = World::new(vec![given("access-token-1", Some("refresh-token-1"), 3_600)]).await;
    let url = world.oauth.begin(&owner(), world.which(), REDIRECT).await.unwrap();
    assert_eq!(parameter(&url, "code_challenge_method"), "S256");
    assert_eq!(parameter(&url, "client_id"), "capuchin");
    assert_eq!(parameter(&url, "scope"), "mail.read+offline");
    assert_eq!(parameter(&url, "state").len(), 64);
    assert!(!url.contains("the-client-secret"));
    let state = parameter(&url, "state");
    let issuer = Some("https://issuer.example");
    let token = world.oauth.complete(&state, Some("code-1".to_owned()), issuer, None).await.unwrap();
    assert_eq!((token.state, token.scopes.as_str()), (OauthState::Ready, "mail.read offline"));
    let form = world.form(0);
    assert!(form.contains("grant_type=authorization_code") && form.contains("code=code-1"), "{form}");
    assert!(form.contains("code_verifier=") && form.contains("client_secret=the-client-secret"), "{form}");
    assert!(gives(&world.vault, "mail", "access-token-1").await);
    for value in ["access-token-1", "refresh-token-1"] {
        assert!(!world.vault.inner.redactor.redact(value).text.contains(value), "{value}");
    }
    let again = world.oauth.complete(&state, Some("code-1".to_owned()), issuer, None).await;
    assert_eq!(oauth_error(again), OauthError::UnknownState, "a state works once");
    let vault = world.house.vault().await;
    assert!(gives(&vault, "mail", "access-token-1").await, "it survives a restart");
    let named =
        vault.delete_secret(&owner(), Which::Name("client".to_owned()), None, false).await.unwrap_err();
    assert!(named.to_string().contains("oauth mail"), "{named}");
}

#[tokio::test]
async fn a_consent_ends_after_ten_minutes_with_a_refusal_or_with_another_issuer() {
    let world = World::new(vec![given("access-token-1", None, 60)]).await;
    let begin =
        async || parameter(&world.oauth.begin(&owner(), world.which(), REDIRECT).await.unwrap(), "state");
    let complete = async |state: String, code: Option<&str>, issuer: Option<&str>, error: Option<&str>| {
        oauth_error(world.oauth.complete(&state, code.map(str::to_owned), issuer, error).await)
    };
    let state = begin().await;
    world.later(super::CONSENT_LIFE_MS);
    assert_eq!(complete(state, Some("c"), None, None).await, OauthError::UnknownState);
    let refused = complete(begin().await, None, None, Some("access_denied")).await;
    assert!(matches!(refused, OauthError::Refused { error, .. } if error == "access_denied"));
    let foreign = complete(begin().await, Some("c"), Some("https://evil.example"), None).await;
    assert_eq!(foreign, OauthError::WrongIssuer);
    assert_eq!(complete("guess".to_owned(), Some("c"), None, None).await, OauthError::UnknownState);
    let smuggled = complete(begin().await, Some("@secret:client"), None, None).await;
    assert!(matches!(smuggled, OauthError::Refused { .. }));
    assert!(world.upstream.received().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn a_device_flow_waits_slows_down_and_ends_with_a_token() {
    let begun = json!({ "device_code": "device-1", "user_code": "ABCD-EFGH", "interval": 5, "expires_in": 600,
        "verification_uri": "https://issuer.example/device" });
    let script = vec![
        answer(200, &begun),
        refusal(400, "authorization_pending"),
        refusal(400, "slow_down"),
        given("access-token-1", None, 3_600),
    ];
    let world = World::new(script).await;
    let prompt = world.oauth.begin_device(&owner(), world.which()).await.unwrap();
    assert_eq!((prompt.user_code.as_str(), prompt.expires_ms), ("ABCD-EFGH", 1_600_000));
    let poll = async || world.oauth.poll_device(&home(), world.token.id).await;
    assert_eq!(poll().await.unwrap(), DeviceState::Pending { next_ms: 1_005_000 });
    assert_eq!(world.upstream.received().len(), 1, "not before the interval");
    world.later(5_000);
    assert_eq!(poll().await.unwrap(), DeviceState::Pending { next_ms: 1_010_000 });
    world.later(5_000);
    assert_eq!(poll().await.unwrap(), DeviceState::Pending { next_ms: 1_020_000 }, "five seconds more");
    world.later(9_999);
    world.oauth.poll_devices().await;
    assert_eq!(world.upstream.received().len(), 3);
    world.later(1);
    world.oauth.poll_devices().await;
    assert!(world.form(3).contains("device_code=device-1"));
    assert!(gives(&world.vault, "mail", "access-token-1").await);
    assert_eq!(oauth_error(poll().await), OauthError::NoDevice);
}

#[tokio::test]
async fn a_device_flow_that_is_denied_or_expires_is_over() {
    let begun = json!({ "device_code": "d", "user_code": "U", "expires_in": 60, "verification_uri": "https://i.example" });
    let script = vec![answer(200, &begun), refusal(400, "access_denied"), answer(200, &begun)];
    let world = World::new(script).await;
    for wait_ms in [5_000, 60_000] {
        world.oauth.begin_device(&owner(), world.which()).await.unwrap();
        world.later(wait_ms);
        let over = oauth_error(world.oauth.poll_device(&home(), world.token.id).await);
        assert!(matches!(over, OauthError::Refused { .. }), "{over}");
        assert_eq!(oauth_error(world.oauth.poll_device(&home(), world.token.id).await), OauthError::NoDevice);
    }
    assert_eq!(world.now().await.state, OauthState::New);
}

#[tokio::test]
async fn a_token_is_refreshed_ahead_of_its_end_once_and_keeps_what_the_provider_rotates() {
    let script = vec![
        given("access-token-1", Some("refresh-token-1"), 3_600),
        given("access-token-2", Some("refresh-token-2"), 3_600),
        given("access-token-3", None, 3_600),
    ];
    let world = World::new(script).await;
    world.connected().await;
    world.oauth.refresh_due().await.unwrap();
    assert_eq!(world.upstream.received().len(), 1, "not due");
    world.later(3_300_000);
    let due = async || world.oauth.refresh_due().await.unwrap();
    tokio::join!(due(), due(), due());
    assert_eq!(world.upstream.received().len(), 2, "one of three asked");
    assert!(world.form(1).contains("refresh_token=refresh-token-1"));
    assert!(gives(&world.vault, "mail", "access-token-2").await);
    world.oauth.refresh(&owner(), world.which()).await.unwrap();
    assert!(world.form(2).contains("refresh_token=refresh-token-2"), "the rotated one");
    let refreshed = world.now().await;
    assert_eq!((refreshed.state, refreshed.failures), (OauthState::Ready, 0));
    world.later(3_600_001);
    let expired = world.vault.resolve(&home(), "mail", "api.example.com", "a test").await.err().unwrap();
    assert!(expired.to_string().contains("expired"), "{expired}");
}

#[tokio::test]
async fn a_refresh_that_fails_is_seen_waits_longer_each_time_and_stops_when_it_is_for_good() {
    let script = vec![
        given("access-token-1", Some("refresh-token-1"), 3_600),
        refusal(503, "temporarily_unavailable"),
        answer(500, &Value::Null),
        refusal(400, "invalid_grant"),
    ];
    let world = World::new(script).await;
    world.connected().await;
    world.later(3_300_000);
    for (pause_ms, requests) in [(60_000, 2), (120_000, 3)] {
        world.oauth.refresh_due().await.unwrap();
        let failed = world.now().await;
        assert_eq!(failed.state, OauthState::Ready);
        assert!(failed.failure.is_some());
        assert_eq!(failed.retry_ms, Some(*world.house.clock.lock() + pause_ms));
        world.later(pause_ms - 1);
        world.oauth.refresh_due().await.unwrap();
        assert_eq!(world.upstream.received().len(), requests, "not before its time");
        world.later(1);
    }
    world.oauth.refresh_due().await.unwrap();
    let failed = world.now().await;
    assert_eq!(failed.state, OauthState::Failed);
    assert!(failed.failure.unwrap().contains("invalid_grant"));
    world.later(10_000_000);
    world.oauth.refresh_due().await.unwrap();
    assert_eq!(world.upstream.received().len(), 4, "asking again is of no use");
}

#[tokio::test]
async fn a_revoked_token_is_given_to_nobody() {
    let script = vec![
        given("access-token-1", Some("refresh-token-1"), 3_600),
        answer(400, &json!({ "error": "unsupported_token_type" })),
        plain(503, "", "later"),
        plain(200, "", ""),
    ];
    let world = World::new(script).await;
    world.connected().await;
    let refused = oauth_error(world.oauth.revoke(&owner(), world.which()).await);
    assert!(matches!(refused, OauthError::Refused { error, .. } if error == "unsupported_token_type"));
    let away = oauth_error(world.oauth.revoke(&owner(), world.which()).await);
    assert!(matches!(away, OauthError::Unreachable { why } if why.contains("503")));
    assert!(
        gives(&world.vault, "mail", "access-token-1").await,
        "nothing is changed before the provider agreed"
    );
    let revoked = world.oauth.revoke(&owner(), world.which()).await.unwrap();
    assert_eq!(revoked.state, OauthState::Revoked);
    let told = world.upstream.received().pop().unwrap();
    assert!(told.target.ends_with("/revoke"), "{}", told.target);
    let form = String::from_utf8(told.body).unwrap();
    assert_eq!(
        form,
        "token=refresh-token-1&token_type_hint=refresh_token&client_id=capuchin&client_secret=the-client-secret"
    );
    assert!(!gives(&world.vault, "mail", "access-token-1").await);
    assert_eq!(oauth_error(world.oauth.refresh(&owner(), world.which()).await), OauthError::NoRefreshToken);
}

#[tokio::test]
async fn names_are_shared_with_secrets_and_rotations_visit_tokens() {
    let world = World::new(vec![given("access-token-1", Some("refresh-token-1"), 3_600)]).await;
    world.connected().await;
    let taken =
        world.vault.create_secret(&owner(), crate::vault::tests::support::secret("mail", "x"), None).await;
    assert!(matches!(taken, Err(VaultError::NameTaken)));
    world.vault.rotate_data_keys(&owner()).await.unwrap();
    world.vault.rotate_root(&owner(), None).await.unwrap();
    let vault = world.house.vault().await;
    assert!(gives(&vault, "mail", "access-token-1").await);
    assert!(vault.keys(&home()).await.unwrap().iter().all(|key| key.generation == 2));
}
