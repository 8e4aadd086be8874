//! The vault as people use it.

use super::ready;

/// A key that opens nothing.
const KEY: &str = "sk-ant-api03-bm90LWEta2V5LWF0LWFsbA-AAAAAAAA";

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
