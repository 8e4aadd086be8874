//! Backends as people use them: who answers, a try, and who answers where another does not.

use super::chrome::{LOOKS, Look};
use super::ready;

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_is_tried_and_a_chain_is_written_where_mistakes_keep_what_was_typed() {
    let Some((site, chrome)) = ready().await else { return };
    let page = format!("{}/settings/backends", site.url);
    chrome.go(&page).await;
    assert_eq!(chrome.text("document.querySelector('[data-key=backend-demo] h2').innerText").await, "demo");
    chrome.click("form[action='/settings/backends/demo/test'] button").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('demo answers')").await;
    let card = chrome.text("document.querySelector('[data-key=backend-demo]').innerText").await;
    assert!(
        card.contains("Answers") && card.contains("First token after") && card.contains("no key"),
        "{card}"
    );

    chrome.fill("textarea[name=fallbacks]", "nobody/m").await;
    chrome.click("form[action$=routing] button").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('no backend `nobody`')").await;
    assert_eq!(chrome.text("document.querySelector('textarea[name=fallbacks]').value").await, "nobody/m");
    chrome.fill("textarea[name=fallbacks]", "demo/other output<=2.50 prompt<=8000").await;
    chrome.click("form[action$=routing] button").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('Saved')").await;
    let kept = chrome.text("document.querySelector('textarea[name=fallbacks]').value").await;
    assert_eq!(kept, "demo/other output<=2.5 prompt<=8000");
    let smallest = [false, true].map(|dark| Look { width: 320, height: 640, dark });
    for look in LOOKS.into_iter().chain(smallest) {
        chrome.look(look).await;
        chrome.go(&page).await;
        chrome.assert_sound(look.width).await;
    }
    chrome.assert_accessible("backends").await;
}
