//! The vault as people use it.

use serde_json::json;

use super::ready;
use crate::support::upstream::{self, Upstream};

/// A key that opens nothing.
const KEY: &str = "sk-ant-api03-bm90LWEta2V5LWF0LWFsbA-AAAAAAAA";
/// A token of the fake provider.
const ACCESS: &str = "access-of-the-fake-provider";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_recognised_stored_and_never_shown_again() {
    let Some((site, chrome)) = ready().await else { return };
    chrome.go(&format!("{}/vault", site.url)).await;
    chrome.until("document.documentElement.hasAttribute('data-js')").await;
    chrome.until("document.getElementById('connection-hint').innerText.includes('encrypted')").await;
    chrome.fill("#value", KEY).await;
    chrome.until("document.getElementById('recognised').innerText.includes('Anthropic')").await;
    assert_eq!(chrome.text("document.getElementById('name').value").await, "anthropic");
    chrome.click("#add-secret button.primary").await;
    chrome.until("location.pathname === '/vault/secrets/anthropic'").await;
    assert!(chrome.text("document.body.innerText").await.contains("api.anthropic.com"));

    // The same name again: refused, with everything but the value still there.
    chrome.go(&format!("{}/vault", site.url)).await;
    chrome.fill("#value", KEY).await;
    chrome.fill("#hosts", "example.com").await;
    chrome.fill("#name", "anthropic").await;
    chrome.click("#add-secret button.primary").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('taken')").await;
    assert_eq!(chrome.text("document.getElementById('hosts').value").await, "example.com");
    for page in ["/vault", "/vault/secrets/anthropic", "/vault?tab=access", "/vault?tab=keys", "/audit"] {
        chrome.go(&format!("{}{page}", site.url)).await;
        let source = chrome.driver.source().await.unwrap();
        assert!(!source.contains("bm90LWEta2V5"), "{page} shows the value");
    }

    chrome.go(&format!("{}/vault/secrets/anthropic", site.url)).await;
    chrome.fill("#grant", "proxy.example.com").await;
    chrome.click("form[action$=hosts].fields button").await;
    chrome.until("document.body.innerText.includes('proxy.example.com')").await;
    chrome.click("form[action$=hosts] button.small").await;
    chrome.until("!document.body.innerText.includes('api.anthropic.com')").await;
    chrome.fill("#value", "another value").await;
    chrome.click("form[action$=value] button").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('Replaced')").await;

    chrome.go(&format!("{}/vault?tab=keys", site.url)).await;
    chrome.click("form[action='/vault/rotate'].spaced button").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('rotated')").await;
    chrome.click("form[action='/vault/seal'] button").await;
    chrome.until("document.querySelector('.banner.warn')?.innerText.includes('sealed')").await;
    chrome.click("form[action='/vault/unseal'] button").await;
    chrome.until("document.querySelector('.page-head .chip').dataset.state === 'open'").await;

    chrome.go(&format!("{}/vault/secrets/anthropic", site.url)).await;
    chrome.click("input[name=sure]").await;
    chrome.click("form[action$=delete] button").await;
    chrome.until("document.body.innerText.includes('Add your first key')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_described_connected_by_a_code_taken_back_and_forgotten() {
    let Some((site, chrome)) = ready().await else { return };
    let begun = json!({ "device_code": "device-1", "user_code": "ABCD-EFGH", "interval": 1, "expires_in": 600,
        "verification_uri": "https://provider.example/device" });
    let tokens = json!({ "access_token": ACCESS, "token_type": "bearer", "expires_in": 3_600 });
    let provider = Upstream::start(vec![
        upstream::json(200, &begun),
        upstream::json(400, &json!({ "error": "authorization_pending" })),
        upstream::json(200, &tokens),
        upstream::json(200, &json!({})),
    ])
    .await;
    chrome.go(&format!("{}/vault?tab=tokens", site.url)).await;
    chrome.fill("#name", "calendar").await;
    chrome.fill("#client_id", "capuchin-at-home").await;
    chrome.fill("#token_url", &format!("{}/token", provider.url())).await;
    chrome.fill("#device_url", "ftp://nowhere").await;
    chrome.fill("#revoke_url", &format!("{}/revoke", provider.url())).await;
    chrome.fill("#hosts", "api.provider.example").await;
    chrome.click("#add-token button.primary").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('Device address is')").await;
    assert_eq!(chrome.text("document.getElementById('client_id').value").await, "capuchin-at-home");
    chrome.fill("#device_url", &format!("{}/device", provider.url())).await;
    chrome.click("#add-token button.primary").await;
    chrome.until("document.querySelector('[role=status]')?.innerText.includes('Now connect it')").await;

    chrome.click("form[action='/vault/tokens/calendar/connect'] button").await;
    chrome.until("document.querySelector('.banner code')?.innerText === 'ABCD-EFGH'").await;
    let ready = "document.querySelector('table .chip').dataset.state === 'ready'";
    while chrome.eval(ready).await != json!(true) {
        chrome.go(&format!("{}/vault?tab=tokens", site.url)).await;
    }
    chrome.assert_accessible("connected accounts").await;
    let source = chrome.driver.source().await.unwrap();
    assert!(!source.contains(ACCESS), "the page shows the token");

    chrome.click("form[action='/vault/tokens/calendar/refresh'] button").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('refresh token')").await;
    chrome.click("form[action='/vault/tokens/calendar/revoke'] button").await;
    chrome.until("document.querySelector('table .chip')?.dataset.state === 'revoked'").await;
    assert!(provider.received().iter().any(|request| request.target.ends_with("/revoke")));
    chrome.click("td details summary").await;
    chrome.click("input[name=sure]").await;
    chrome.click("form[action$=delete] button").await;
    chrome.until("document.body.innerText.includes('Accounts at providers that you agree to')").await;
}
