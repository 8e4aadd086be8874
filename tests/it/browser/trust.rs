//! Questions, rules, the kill switch and the vault, as people use them.

use serde_json::{Value, json};
use thirtyfour::By;

use super::chrome::{Chrome, chrome};
use super::site::PASSWORD;
use super::{LIVE, ready};

/// Asks as a program would; answers the question's id.
pub(crate) async fn ask(chrome: &Chrome, program: &str, args: &[&str]) -> String {
    let body = json!({
        "actions": [{ "kind": "run_command", "program": program, "args": args }],
        "why": "the nightly job wants to clean up",
    });
    let made = chrome.api("POST", "/api/v1/approvals", Some(&body)).await;
    made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

async fn state_of(chrome: &Chrome, id: &str) -> Value {
    chrome.api("GET", &format!("/api/v1/approvals/{id}"), None).await["state"].clone()
}

fn button(id: &str, choice: &str) -> String {
    format!("#ask-{id} button[data-choice='{choice}']")
}

const SAID: &str = "document.getElementById('announcer').textContent";

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_decide_one_question_one_wins_and_the_other_sees_who() {
    let Some((site, first)) = ready().await else { return };
    let Some(second) = chrome().await else { return };
    second.go(&format!("{}/login?next=/inbox", site.url)).await;
    second.fill("#password", PASSWORD).await;
    second.click("#with-password").await;
    second.until("location.pathname === '/inbox'").await;
    first.go(&format!("{}/inbox", site.url)).await;
    first.until("document.body.innerText.includes('Nothing waits for you')").await;
    first.until(LIVE).await;
    second.until(LIVE).await;

    let id = ask(&first, "rm", &["-r", "cache"]).await;
    let (mut buttons, both) = (Vec::new(), [&first, &second]);
    for browser in both {
        browser.until(&format!("document.querySelector(\"{}\")", button(&id, "allow"))).await;
        browser.until("document.querySelector('.nav .count')?.innerText.startsWith('1')").await;
        // What has just appeared takes no click yet.
        browser.until("Date.now() - (window.__seen ??= Date.now()) > 600").await;
        buttons.push(browser.driver.find(By::Css(button(&id, "allow"))).await.unwrap());
    }
    let (one, two) = tokio::join!(buttons[0].click(), buttons[1].click());
    one.unwrap();
    two.unwrap();
    for browser in both {
        browser.until(&format!("{SAID} !== '' && !document.querySelector('#ask-{id}')")).await;
        browser
            .until("document.querySelector('.decided li')?.innerText.includes('Allowed once by owner')")
            .await;
        browser.until("!document.querySelector('.nav .count')").await;
    }
    let said = [first.text(SAID).await, second.text(SAID).await];
    assert_eq!(said.iter().filter(|text| *text == "Allowed.").count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|text| text.contains("allowed by owner already")).count(), 1, "{said:?}");
    let told = first.api("GET", "/api/v1/audit?action=approval.decided", None).await;
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_alone_never_allows_anything() {
    let Some((site, chrome)) = ready().await else { return };
    let id = ask(&chrome, "rm", &["-r", "cache"]).await;
    for page in ["/inbox".to_owned(), format!("/a/{id}")] {
        chrome.go(&format!("{}{page}", site.url)).await;
        chrome.until(LIVE).await;
        let focused = "document.activeElement.dataset?.choice ?? ''";
        assert_eq!(chrome.text(focused).await, "", "nothing that allows has the focus");
        for choice in ["allow", "allow_always"] {
            let allow = chrome.driver.find(By::Css(button(&id, choice))).await.unwrap();
            for keys in ["\u{e007}", "\u{e007}", " "] {
                allow.send_keys(keys).await.unwrap();
            }
            chrome.until("document.querySelector('.ask .sure')?.innerText.includes('Press Y')").await;
            assert_eq!(state_of(&chrome, &id).await, "pending", "{page} {choice}");
        }
        // Escape takes it back; the other key alone does nothing.
        let body = chrome.driver.find(By::Css("body")).await.unwrap();
        body.send_keys("\u{e00c}y").await.unwrap();
        chrome.until("!document.querySelector('.ask .sure')").await;
        assert_eq!(state_of(&chrome, &id).await, "pending");
    }
    // Without scripts it takes a tick, which Enter does not make.
    chrome.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    chrome.go(&format!("{}/a/{id}", site.url)).await;
    chrome.click(&format!("a[href='/a/{id}/decide?choice=allow']")).await;
    chrome.at(&format!("/a/{id}/decide?choice=allow")).await;
    let tick = chrome.driver.find(By::Css("input[name=sure]")).await.unwrap();
    tick.send_keys("\u{e007}").await.unwrap();
    chrome.at(&format!("/a/{id}/decide?choice=allow")).await;
    chrome.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": false })).await;
    chrome.go(&format!("{}/inbox", site.url)).await;
    chrome.until(LIVE).await;
    assert_eq!(state_of(&chrome, &id).await, "pending");
    // Two different keys do it.
    let allow = chrome.driver.find(By::Css(button(&id, "allow"))).await.unwrap();
    allow.send_keys("\u{e007}y").await.unwrap();
    chrome.until(&format!("{SAID} === 'Allowed.'")).await;
    assert_eq!(state_of(&chrome, &id).await, "allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_denied_with_a_reason_one_by_one_and_in_bulk_and_without_scripts() {
    let Some((site, chrome)) = ready().await else { return };
    let hidden = ask(&chrome, "echo", &["a\u{202e}b\u{200b}c"]).await;
    let (two, three, four) = (
        ask(&chrome, "ls", &["2"]).await,
        ask(&chrome, "ls", &["3"]).await,
        ask(&chrome, "ls", &["4"]).await,
    );
    chrome.go(&format!("{}/inbox", site.url)).await;
    chrome.until(LIVE).await;
    let shown = chrome.text(&format!("document.querySelector('#ask-{hidden} pre').innerText")).await;
    assert!(shown.contains("\\u{202e}") && shown.contains("\\u{200b}"), "{shown}");

    chrome.click(&button(&hidden, "deny")).await;
    let reason = chrome.driver.find(By::Css(".sure input")).await.unwrap();
    // The question stays as it is while another one comes in.
    let five = ask(&chrome, "ls", &["5"]).await;
    chrome.until(&format!("document.getElementById('ask-{five}')")).await;
    reason.send_keys("it hides something\u{e007}").await.unwrap();
    chrome.until("document.querySelector('.decided')?.innerText.includes('it hides something')").await;

    for id in [&two, &three] {
        chrome.click(&format!("input[value='{id}']")).await;
    }
    chrome.fill("#bulk-reason", "not today").await;
    chrome.click("#bulk button.bad").await;
    chrome.until("document.querySelector('[role=status].banner')?.innerText.includes('2 denied')").await;
    assert_eq!(state_of(&chrome, &two).await, "denied");
    assert_eq!(state_of(&chrome, &five).await, "pending");

    chrome.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    chrome.go(&format!("{}/a/{four}/decide?choice=allow", site.url)).await;
    chrome.click("input[name=sure]").await;
    chrome.click("form[action$=decide] button").await;
    chrome.at(&format!("/a/{four}")).await;
    let text = chrome.driver.find(By::Css(".ask")).await.unwrap().text().await.unwrap();
    assert!(text.contains("Allowed once by owner"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_stops_everything_and_every_page_says_so() {
    let Some((site, chrome)) = ready().await else { return };
    site.chat(&chrome, "/slow 60").await;
    chrome.until(super::RUNNING).await;
    let chat = chrome.driver.window().await.unwrap();
    let safety = chrome.driver.new_tab().await.unwrap();
    chrome.driver.switch_to_window(safety).await.unwrap();
    chrome.go(&format!("{}/settings/safety", site.url)).await;
    chrome.fill("#kill-reason", "it writes nonsense").await;
    chrome.click(".kill button.bad").await;
    chrome.until("document.querySelector('h1').innerText === 'Stop everything?'").await;
    chrome.click("button.bad").await;
    chrome.until("document.querySelector('.halt')?.innerText.includes('it writes nonsense')").await;
    chrome.driver.switch_to_window(chat).await.unwrap();
    chrome.until("document.querySelector('.halt')").await;
    chrome.until("document.querySelector('.turn').dataset.state !== 'running'").await;
    chrome.go(&format!("{}/settings/safety", site.url)).await;
    chrome.click("#kill-switch input[name=sure]").await;
    chrome.click("#kill-switch button").await;
    chrome.until("!document.querySelector('.halt') && document.body.innerText.includes('Released')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_made_tested_and_removed() {
    let Some((site, chrome)) = ready().await else { return };
    let test = "/settings/safety?kind=run_command&first=rm&second=-r%20cache&source=owner";
    let verdict = "document.querySelector('#test .banner .chip').dataset.state";
    chrome.go(&format!("{}{test}", site.url)).await;
    assert_eq!(chrome.text(verdict).await, "ask");
    chrome.click("#rules summary").await;
    chrome.eval("(document.getElementById('rule-effect').value = 'deny', 1)").await;
    chrome
        .eval(
            "(document.getElementById('rule-kind').value = 'run_command', \
             document.getElementById('rule-kind').dispatchEvent(new Event('change')), 1)",
        )
        .await;
    assert_eq!(chrome.text("document.querySelector('label[for=rule-first]').innerText").await, "Program");
    chrome.fill("#rule-first", "rm").await;
    chrome.fill("#rule-standing", "never delete anything").await;
    chrome.click("#rules form[data-action-form] button").await;
    chrome.until("document.querySelector('#rules tbody')?.innerText.includes('never delete anything')").await;
    chrome.go(&format!("{}{test}", site.url)).await;
    assert_eq!(chrome.text(verdict).await, "deny");
    chrome.click("#rules .row-actions button").await;
    chrome.until("document.querySelector('#rules').innerText.includes('No rules yet')").await;

    // A mode that asks nobody is not overlooked.
    chrome
        .eval("(document.querySelector('#assistants select[name=mode]').value = 'bypass_permissions', 1)")
        .await;
    chrome.click("#assistants button").await;
    chrome.until("document.querySelector('.banner.bad')?.innerText.includes('asks nobody')").await;
    chrome.click("input[value=careful]").await;
    chrome.click("form[action$=policy] button").await;
    chrome
        .until("document.querySelector('input[value=careful]').checked && location.search.includes('policy')")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_waits_asks_in_the_chat_and_goes_on_with_the_answer() {
    let Some((site, chrome)) = ready().await else { return };
    let rule = json!({ "effect": "ask", "action": { "kind": "use_model" } });
    chrome.api("POST", "/api/v1/policy/rules", Some(&rule)).await;
    site.chat(&chrome, "my name is Robin").await;
    chrome.until("document.querySelector('.turn .ask[data-state=pending]')").await;
    chrome.until("document.querySelector('.working')?.innerText.includes('Waiting for your answer')").await;
    chrome.assert_accessible("a chat that asks").await;
    chrome.picture("chat-asks").await;
    // A lasting answer would change nothing: a rule that asks wins over one that allows.
    assert_eq!(chrome.eval("document.querySelectorAll('.turn button[data-choice]').length").await, 2);
    // It is still there, and still asks, after a reload.
    chrome.driver.refresh().await.unwrap();
    chrome.until(LIVE).await;
    chrome.click(".turn .ask button[data-choice=allow]").await;
    chrome.until(super::ENDED).await;
    assert!(chrome.text(super::ANSWER).await.contains("Robin"));
    chrome.until("document.querySelector('.turn .asked')?.innerText.includes('Allowed')").await;

    // Denied, the turn ends and says so.
    chrome.fill("#content", "and now?\u{e007}").await;
    chrome.until("document.querySelector('.turn .ask[data-state=pending]')").await;
    chrome.until("Date.now() - (window.__seen ??= Date.now()) > 600").await;
    chrome.click(".turn .ask[data-state=pending] button[data-choice=deny]").await;
    chrome.fill(".ask .sure input", "not now\u{e007}").await;
    chrome.until("[...document.querySelectorAll('.turn')].at(-1).dataset.state !== 'running'").await;
    chrome
        .until("[...document.querySelectorAll('.turn .asked')].at(-1)?.textContent.includes('not now')")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_for_a_chat_becomes_a_rule_that_can_be_removed() {
    let Some((site, chrome)) = ready().await else { return };
    site.chat(&chrome, "hello").await;
    chrome.until(super::ENDED).await;
    let thread = chrome.text("location.pathname.slice(3)").await;
    let body = json!({ "actions": [{ "kind": "run_command", "program": "ls" }], "thread_id": thread });
    let id = chrome.api("POST", "/api/v1/approvals", Some(&body)).await["id"].as_str().unwrap().to_owned();
    chrome.go(&format!("{}/a/{id}", site.url)).await;
    chrome.until(LIVE).await;
    chrome.click(&button(&id, "allow_thread")).await;
    chrome.until("document.querySelector('.ask .sure')?.innerText.includes('writes a rule')").await;
    assert_eq!(state_of(&chrome, &id).await, "pending");
    chrome.click(".ask .sure button[data-sure]").await;
    chrome.until("document.querySelector('.ask')?.innerText.includes('Allowed for the chat by owner')").await;
    chrome.go(&format!("{}/settings/safety", site.url)).await;
    let rules = chrome.text("document.querySelector('#rules tbody').innerText").await;
    assert!(rules.contains("program=ls") && rules.contains("in one chat"), "{rules}");
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_are_set_changed_and_removed() {
    let Some((site, chrome)) = ready().await else { return };
    chrome.go(&format!("{}/settings/budgets", site.url)).await;
    let form = "form[action='/settings/budgets']";
    chrome.fill(&format!("{form} [name=name]"), "House").await;
    chrome.fill(&format!("{form} [name=turns]"), "many").await;
    chrome.click(&format!("{form} button.primary")).await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('whole number')").await;
    assert_eq!(chrome.text(&format!("document.querySelector(\"{form} [name=name]\").value")).await, "House");
    chrome.fill(&format!("{form} [name=turns]"), "2").await;
    chrome.click(&format!("{form} button.primary")).await;
    let house = "document.querySelector('.budget:has(details)')?.innerText";
    chrome.until(&format!("{house}.includes('0 turns of 2 turns')")).await;
    chrome.assert_accessible("budgets").await;
    chrome.picture("budgets-set").await;
    chrome.click(".budget summary").await;
    chrome.fill(".budget [name=turns]", "5").await;
    chrome.click(".budget form:first-of-type button").await;
    chrome.until(&format!("{house}.includes('of 5 turns')")).await;
    chrome.click(".budget summary").await;
    chrome.click(".budget input[name=sure]").await;
    chrome.click(".budget button.bad").await;
    chrome
        .until("document.body.innerText.includes('Removed') && !document.querySelector('.budget details')")
        .await;
}
