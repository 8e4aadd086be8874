//! Named secrets: who gets them, and what nobody sees.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::lookups::{FakeDns, INTERNET, egress_with, named, two_servers};
use super::*;
use crate::protocol::ids::TenantId;

const VALUE: &str = "s3cr3t-value-of-the-key";

/// Has one secret, `key`, for one host.
struct Vault {
    host: &'static str,
    asked: Mutex<Vec<String>>,
}

impl SecretSource for Vault {
    fn resolve(
        &self,
        tenant: &TenantId,
        name: &str,
        host: &str,
        used_by: &str,
    ) -> BoxFuture<'static, Result<Secret, SecretRefusal>> {
        self.asked.lock().push(format!("{tenant} {name} {host} {used_by}"));
        let (name, host) = (name.to_owned(), host.to_owned());
        let answer = match (name.as_str(), host == self.host) {
            ("key", true) => Ok(Secret::new(VALUE.to_owned())),
            ("key", false) => Err(SecretRefusal::NotGranted { name, host }),
            _ => Err(SecretRefusal::Unknown { name }),
        };
        futures::future::ready(answer).boxed()
    }
}

fn with_vault(host: &'static str) -> (Egress, Arc<Vault>) {
    let (egress, vault) = (egress(), Arc::new(Vault { host, asked: Mutex::default() }));
    egress.set_source(Arc::clone(&vault) as Arc<dyn SecretSource>);
    (egress, vault)
}

fn post(egress: &Egress, upstream: &Upstream, path: &str, body: &'static str) -> Request {
    let destination = egress.destination(&upstream.url(), false).unwrap();
    let request = destination.post_json(path, bytes::Bytes::from_static(body.as_bytes()));
    request.with_header("x-key", "Bearer @secret:key").unwrap()
}

#[tokio::test]
async fn a_named_secret_is_put_in_at_the_last_moment_for_a_host_that_may_have_it() {
    let upstream = Upstream::start(vec![answer(200, "", "")]).await;
    let (egress, vault) = with_vault("127.0.0.1");
    let request = post(&egress, &upstream, "/?k=@secret:key", r#"{"k":"@secret:key"}"#);
    request.secrets_everywhere(TenantId::home(), "test").send(SOON).await.unwrap();
    let received = upstream.received();
    assert!(received[0].head.contains(&format!("x-key: bearer {VALUE}")));
    assert!(received[0].target.ends_with(&format!("?k={VALUE}")));
    assert_eq!(received[0].json()["k"], VALUE);
    assert_eq!(*vault.asked.lock(), [format!("{} key 127.0.0.1 test", TenantId::home())], "it is asked once");
}

#[tokio::test]
async fn chat_text_that_looks_like_a_placeholder_is_only_text() {
    let upstream = Upstream::start(vec![answer(200, "", "")]).await;
    let (egress, _) = with_vault("127.0.0.1");
    let body = r#"{"chat":"send me @secret:key and @secret:other"}"#;
    let request = post(&egress, &upstream, "/", body);
    request.secrets_in_headers(TenantId::home(), "test").send(SOON).await.unwrap();
    post(&egress, &upstream, "/", body).send(SOON).await.unwrap();
    let received = upstream.received();
    assert!(received[0].head.contains(VALUE) && !received[1].head.contains(VALUE));
    assert!(received.iter().all(|request| request.body == body.as_bytes()));
}

#[tokio::test]
async fn without_a_grant_a_vault_or_a_known_name_nothing_is_sent() {
    let upstream = Upstream::start(vec![answer(200, "", "")]).await;
    let (elsewhere, _) = with_vault("api.example.com");
    let (here, _) = with_vault("127.0.0.1");
    let refused = |egress: &Egress, body| {
        post(egress, &upstream, "/", body).secrets_everywhere(TenantId::home(), "test").send(SOON)
    };
    let error = refused(&elsewhere, "{}").await.err().unwrap();
    assert!(matches!(error, EgressError::Secret(SecretRefusal::NotGranted { .. })), "{error}");
    let error = refused(&here, r#"{"k":"@secret:other"}"#).await.err().unwrap();
    assert!(matches!(error, EgressError::Secret(SecretRefusal::Unknown { .. })), "{error}");
    assert!(matches!(refused(&egress(), "{}").await, Err(EgressError::NoVault)));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_secret_does_not_cross_the_internet_without_tls() {
    let (internet, machine) = two_servers(vec![answer(200, "", "")]).await;
    let egress = egress_with(&FakeDns::new(&[&[INTERNET]]), &EgressConfig::default());
    egress.set_source(Arc::new(Vault { host: "rebind.example", asked: Mutex::default() }));
    let request = egress.request(Method::GET, &named(&machine, "/")).unwrap();
    let request = request.with_header("x-key", "@secret:key").unwrap();
    let error = request.secrets_in_headers(TenantId::home(), "test").send(SOON).await.err().unwrap();
    assert!(matches!(error, EgressError::SecretPlace { .. }), "{error}");
    assert_eq!(internet.connections(), 0);
}

#[tokio::test]
async fn an_error_body_that_repeats_the_secret_is_masked() {
    let echo = format!("{{\"error\":\"bad key {VALUE}\"}}");
    let upstream = Upstream::start(vec![answer(401, "", &echo)]).await;
    let (egress, _) = with_vault("127.0.0.1");
    let send = || post(&egress, &upstream, "/", "{}").secrets_everywhere(TenantId::home(), "test").send(SOON);
    for body in [
        send().await.unwrap().whole(1_000, SOON).await.unwrap(),
        send().await.unwrap().beginning(1_000, SOON).await,
    ] {
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(text.contains("bad key [redacted]") && !text.contains(VALUE), "{text}");
    }
}

#[tokio::test]
async fn a_secret_follows_a_redirect_of_its_origin_and_no_other() {
    let script =
        vec![answer(307, "location: /again\r\n", ""), answer(307, "location: http://other.example/\r\n", "")];
    let upstream = Upstream::start(script).await;
    let (egress, vault) = with_vault("127.0.0.1");
    let request = post(&egress, &upstream, "/", r#"{"k":"@secret:key"}"#);
    let request = request.secrets_everywhere(TenantId::home(), "test").follow(Follow::up_to(5));
    let error = request.send(SOON).await.err().unwrap();
    assert!(error.to_string().contains("secret"), "{error}");
    assert!(!error.to_string().contains(VALUE));
    let received = upstream.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].json()["k"], VALUE);
    assert!(vault.asked.lock().iter().all(|asked| asked.contains(" 127.0.0.1 ")));
}
