//! The library as people use it.

use serde_json::json;

use super::chrome::Chrome;
use super::ready;

/// Puts something into every tab; the pages of a file and of a skill.
pub(crate) async fn fill(chrome: &Chrome) -> (String, String) {
    for (key, category, text) in [
        ("birthday", "core", "Robin was born on 3 May."),
        ("tea", "custom", "Earl Grey, without milk.\nNever after six."),
    ] {
        let fact = json!({ "key": key, "category": category, "text": text, "tags": ["robin"] });
        chrome.api("POST", "/api/v1/memory", Some(&fact)).await;
    }
    let text = "---\nname: brew-tea\ndescription: How tea is made here. Use it when somebody wants tea.\n---\nBoil water.\n";
    let skill = json!({ "text": text, "files": [{ "path": "notes/cups.md", "text": "The blue ones." }] });
    chrome.api("POST", "/api/v1/skills", Some(&skill)).await;
    let assistants = chrome.api("GET", "/api/v1/assistants", None).await;
    let id = assistants["items"][0]["id"].as_str().unwrap();
    (format!("/library/files/{id}/SOUL.md"), "/library/skills/brew-tea".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_assistant_knows_is_read_changed_and_removed() {
    let Some((site, chrome)) = ready().await else { return };
    let (file, skill) = fill(&chrome).await;

    chrome.go(&format!("{}/library", site.url)).await;
    chrome.click("main a[href$='/SOUL.md']").await;
    chrome.until("location.pathname.endsWith('/SOUL.md')").await;
    chrome.fill("#text", "Be brief.").await;
    chrome.click("form button.primary").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('Written')").await;
    // Another browser was faster: what was typed is still there.
    chrome.eval("document.querySelector('[name=version]').value = '7'").await;
    chrome.fill("#text", "Be verbose.").await;
    chrome.click("form button.primary").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('changed')").await;
    assert_eq!(chrome.text("document.getElementById('text').value").await, "Be verbose.");
    chrome.go(&format!("{}{file}", site.url)).await;
    assert_eq!(chrome.text("document.getElementById('text').value").await, "Be brief.");

    chrome.go(&format!("{}/library?tab=memory&q=earl", site.url)).await;
    let body = chrome.text("document.querySelector('main').innerText").await;
    assert!(body.contains("without milk") && !body.contains("3 May"), "{body}");
    chrome.go(&format!("{}/library?tab=memory", site.url)).await;
    chrome.fill("#key", "Not a key").await;
    chrome.eval("document.getElementById('key').removeAttribute('pattern')").await;
    chrome.fill("#text", "Likes music").await;
    chrome.click("form[action='/library/memory'] button").await;
    chrome.until("document.querySelector('[role=alert]')").await;
    assert_eq!(chrome.text("document.getElementById('text').value").await, "Likes music");
    chrome.fill("#key", "music").await;
    chrome.click("form[action='/library/memory'] button").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('Kept')").await;
    chrome.click(".fact summary").await;
    chrome.click(".fact [name=sure]").await;
    chrome.click(".fact button.bad").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('Forgotten')").await;

    chrome.go(&format!("{}{skill}", site.url)).await;
    chrome.click("form[action$=enable] button").await;
    chrome.until("document.querySelector('.page-head .chip')?.innerText === 'Off'").await;
    chrome.click("[name=sure]").await;
    chrome.click("form[action$=remove] button").await;
    chrome.until("document.querySelector('.banner')?.innerText.includes('Removed')").await;
    chrome.fill("#skill-text", "no front matter").await;
    chrome.click("form[action='/library/skills'] button").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('front matter')").await;
    assert_eq!(chrome.text("document.getElementById('skill-text').value").await, "no front matter");
}
