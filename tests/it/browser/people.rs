//! People and their credentials in a real browser, with Chromium's virtual authenticator.

use capuchin::db::DbError;
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::chrome::{Chrome, chrome};
use super::site::{PASSWORD, Site};

/// A device that says yes to everything that is asked of its person.
async fn plug_in_authenticator(chrome: &Chrome) {
    chrome.cdp("WebAuthn.enable", json!({ "enableUI": false })).await;
    let options = json!({
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
        "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
    });
    chrome.cdp("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
}

/// Presses a button of the page, whatever else may happen to it at the same moment.
async fn press(chrome: &Chrome, selector: &str) {
    chrome.until(&format!("document.documentElement.hasAttribute('data-js') && !!document.querySelector(\"{selector}\")?.checkVisibility()")).await;
    chrome.click(selector).await;
}

/// Lets the proofs of all sessions become old.
async fn forget_proofs(site: &mut Site) {
    let db = site.daemon.as_ref().unwrap().state().db.clone();
    let write = db.write_system(|tx| {
        tx.execute("UPDATE web_sessions SET proved_ms = 0", &[])?;
        Ok::<_, DbError>(())
    });
    write.await.unwrap();
    site.shut().await;
    site.launch().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_alone_sets_up_signs_in_and_proves_again() {
    let Some(chrome) = chrome().await else { return };
    let mut site = Site::start().await;
    plug_in_authenticator(&chrome).await;
    // This authenticator would answer the list of the name field by itself; here a person uses the button.
    let source = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;";
    chrome.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    chrome.go(&site.setup_link()).await;
    press(&chrome, "#passkey").await;
    let key = Site::keep_key(&chrome).await;
    assert_eq!(key.split('-').count(), 8, "{key}");
    chrome.until("location.pathname === '/chat'").await;

    chrome.click("form[action='/logout'] button").await;
    press(&chrome, "#passkey").await;
    chrome.until("location.pathname === '/'").await;

    chrome.go(&format!("{}/settings/security", site.url)).await;
    chrome.until("document.querySelectorAll('#h-passkeys ~ table tbody tr').length === 1").await;
    assert!(chrome.text("document.querySelector('main').innerText").await.contains("localhost"));
    chrome.picture("security-passkey").await;

    // An hour later: what matters wants another proof, and the person comes back to where they were.
    forget_proofs(&mut site).await;
    chrome.go(&format!("{}/settings/security", site.url)).await;
    press(&chrome, "form[action$='recovery-key'] button").await;
    chrome.until("location.pathname === '/step-up'").await;
    chrome.picture("step-up-passkey").await;
    press(&chrome, "#passkey").await;
    chrome.until("location.pathname === '/settings/security'").await;
    press(&chrome, "form[action$='recovery-key'] button").await;
    chrome.until("document.getElementById('once')?.textContent.split('-').length === 8").await;
    assert_ne!(chrome.text("document.getElementById('once').textContent").await, key);

    // The only thing that opens the door stays.
    press(&chrome, "form[action$='/remove'] button").await;
    chrome
        .until("document.querySelector('[role=alert]')?.innerText.includes('nothing would let you in')")
        .await;
    chrome.assert_sound(chrome.eval("innerWidth").await.as_u64().unwrap() as u32).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_the_name_field_signs_in_without_a_button() {
    let Some(chrome) = chrome().await else { return };
    let site = Site::start().await;
    plug_in_authenticator(&chrome).await;
    chrome.go(&site.setup_link()).await;
    press(&chrome, "#passkey").await;
    Site::keep_key(&chrome).await;
    chrome.until("location.pathname === '/chat'").await;
    chrome.click("form[action='/logout'] button").await;
    chrome.until("location.pathname === '/'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_stands_beside_the_password_and_works_once() {
    let Some(chrome) = chrome().await else { return };
    let site = Site::start().await;
    site.set_up(&chrome).await;
    chrome.go(&format!("{}/settings/security", site.url)).await;
    press(&chrome, "form[action$='/codes'] button").await;
    chrome.until("!!document.querySelector('.qr svg path')").await;
    chrome.picture("security-codes").await;
    let seed = chrome.text("document.querySelector('.enrol .verbatim').textContent.trim()").await;
    let app = Builder::new().with_secret(Secret::try_from_base32(&seed).unwrap());
    let app = app.with_account_name("owner").with_issuer(Some("Capuchin")).build().unwrap();
    let now = jiff::Timestamp::now().as_second() as u64;
    let first = app.generate(now).to_string();
    chrome.fill("#first-code", &first).await;
    press(&chrome, ".enrol button.primary").await;
    chrome.until("document.querySelector('[role=status].banner')?.innerText.includes('needs a code')").await;

    chrome.click("form[action='/logout'] button").await;
    chrome.until("location.pathname === '/login'").await;
    chrome.fill("#password", PASSWORD).await;
    press(&chrome, "#with-password").await;
    chrome.until("!!document.getElementById('code')").await;
    chrome.picture("login-code").await;
    chrome.fill("#code", &first).await;
    press(&chrome, "form button.primary").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('used before')").await;
    chrome.fill("#code", &app.generate(now + 30).to_string()).await;
    press(&chrome, "form button.primary").await;
    chrome.until("location.pathname === '/'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_ends_in_the_other_browser_and_a_member_sees_no_tokens() {
    let (Some(mine), Some(theirs)) = (chrome().await, chrome().await) else { return };
    let site = Site::start().await;
    site.set_up(&mine).await;
    mine.go(&format!("{}/settings/security", site.url)).await;
    mine.fill("#member-name", "Sam").await;
    press(&mine, "form[action$='/members'] button").await;
    mine.until("document.getElementById('once')?.textContent.includes('/join#')").await;
    let link = mine.text("document.getElementById('once').textContent").await;
    mine.picture("security-members").await;

    theirs.go(&link).await;
    theirs.until("document.getElementById('token').value.length > 20").await;
    theirs.fill("#password", PASSWORD).await;
    theirs.fill("#repeat", PASSWORD).await;
    press(&theirs, "#with-password").await;
    Site::keep_key(&theirs).await;
    theirs.until("location.pathname === '/chat'").await;
    theirs.go(&format!("{}/settings/security", site.url)).await;
    theirs.until("!!document.getElementById('h-sessions') && !document.getElementById('h-tokens')").await;

    mine.go(&format!("{}/settings/security", site.url)).await;
    press(&mine, "form[action^='/settings/security/sessions/'][action$='/end'] button").await;
    mine.until("document.querySelector('[role=status].banner')?.innerText.includes('Signed out there')")
        .await;
    theirs.go(&format!("{}/settings/security", site.url)).await;
    theirs.until("location.pathname === '/login'").await;
}
