//! Channels: from the choice of a platform to the first stranger, and what a platform refused.

use serde_json::{Value, json};

use super::chrome::Chrome;
use super::site::Site;
use super::{LIVE, ready};
use crate::support::telegram::{Fault, NAME, TOKEN, Telegram};

const ADA: i64 = 7;
const BO: i64 = 8;

/// Waits for what the API says of something.
async fn until(chrome: &Chrome, path: &str, is_there: impl Fn(&Value) -> bool) {
    loop {
        if is_there(&chrome.api("GET", path, None).await) {
            return;
        }
    }
}

/// A Telegram with somebody who talks, a stranger, and a message that it refused; a Slack that is out of reach.
pub(super) async fn fill(site: &Site, chrome: &Chrome) -> Vec<(&'static str, String)> {
    chrome.go(&format!("{}/channels", site.url)).await;
    chrome.picture("channels-none").await;
    let platform = Telegram::start().await;
    let body = json!({
        "name": "Family", "platform": "telegram", "credentials": { "bot_token": TOKEN },
        "settings": { "base_url": platform.url(), "ceiling": "supervised", "whole_answers": true },
    });
    let made = chrome.api("POST", "/api/v1/channels", Some(&body)).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let ada = json!({ "sender": ADA.to_string(), "state": "approved", "decides": true });
    chrome.api("POST", &format!("/api/v1/channels/{id}/senders"), Some(&ada)).await;
    platform.write(BO, BO, "hello, who is this?");
    platform.until(BO, 1).await;
    platform.write(ADA, ADA, "my name is Ada");
    platform.until(ADA, 1).await;
    platform.fail_next(&[Fault::Blocked]);
    platform.write(ADA, ADA, "are you still there?");
    until(chrome, "/api/v1/obligations?state=dead", |found| {
        found["items"].as_array().is_some_and(|all| !all.is_empty())
    })
    .await;
    let work = json!({
        "name": "Work", "platform": "slack", "settings": { "mode": "webhook", "base_url": "http://127.0.0.1:9" },
        "credentials": { "bot_token": "xoxb-1", "signing_secret": "0123456789abcdef0123456789abcdef" },
    });
    let work = chrome.api("POST", "/api/v1/channels", Some(&work)).await;
    let work = work["id"].as_str().unwrap();
    // It goes on answering while the pages are looked at, and ends with the runtime of the test.
    std::mem::forget(platform);
    let pages = [
        ("channels", "/channels".to_owned()),
        ("channels-new", "/channels/new".to_owned()),
        ("channels-new-telegram", "/channels/new?platform=telegram".to_owned()),
        ("channels-new-slack", "/channels/new?platform=slack&mode=webhook".to_owned()),
        ("channels-new-whatsapp", "/channels/new?platform=whatsapp".to_owned()),
        ("channel", format!("/channels/{id}")),
        ("channel-waits", format!("/channels/{work}")),
        ("channel-credentials", format!("/channels/{work}/credentials?mode=socket")),
        ("outbox", "/inbox/outbox".to_owned()),
    ];
    pages.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_made_and_its_first_stranger_approved_without_a_reload() {
    let Some((site, chrome)) = ready().await else { return };
    let platform = Telegram::start().await;
    chrome.go(&format!("{}/channels", site.url)).await;
    chrome.click("main a[href='/channels/new']").await;
    chrome.click("a[href='/channels/new?platform=telegram']").await;
    chrome.fill("#name", "Family").await;
    chrome.fill("[name='credential.bot_token']", TOKEN).await;
    chrome.click("form details summary").await;
    chrome.fill("[name='setting.base_url']", "telegram.example").await;
    chrome.click("form[action='/channels'] button.primary").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('starts with https')").await;
    assert_eq!(chrome.text("document.getElementById('name').value").await, "Family", "what was typed stays");
    let shown = chrome.text("document.querySelector('[name=\"credential.bot_token\"]').value").await;
    assert_eq!(shown, "", "except what is a secret");
    chrome.fill("[name='credential.bot_token']", TOKEN).await;
    chrome.click("form details summary").await;
    chrome.fill("[name='setting.base_url']", platform.url()).await;
    chrome.eval("document.querySelector('[name=\"setting.whole_answers\"]').value = 'yes'").await;
    chrome.click("form[action='/channels'] button.primary").await;

    chrome
        .until(&format!("document.getElementById('h-first') && document.body.innerText.includes('@{NAME}')"))
        .await;
    chrome.until(LIVE).await;
    platform.write(ADA, ADA, "hello");
    let told = platform.until(ADA, 1).await.remove(0);
    chrome.until("document.getElementById('h-strangers') && !document.getElementById('h-first')").await;
    let code = chrome.text("document.querySelector('.people .key').innerText").await;
    assert!(code.len() == 9 && told.contains(&code), "{code}: {told}");
    chrome.click("[id='approve-7']").await;
    chrome.until("!document.getElementById('h-strangers') && document.querySelector('.people')?.innerText.includes('talks')").await;

    platform.fail_next(&[Fault::Blocked]);
    platform.write(ADA, ADA, "my name is Ada");
    let refused = "[...document.querySelectorAll('[data-fragment^=\"channel:\"] .chip')].some(c => c.innerText === 'Not delivered')";
    chrome.until(refused).await;
    chrome.go(&format!("{}/inbox", site.url)).await;
    chrome.until("document.querySelector('.tabs .count')?.innerText.startsWith('1')").await;
    chrome.click(".tabs a[href='/inbox/outbox']").await;
    chrome.until(LIVE).await;
    chrome.click("form[action$='/retry'] button").await;
    assert!(platform.until(ADA, 2).await[1].contains("Ada"));
    chrome.until("document.body.innerText.includes('Everything reached its place')").await;
}
