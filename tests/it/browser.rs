//! The pages in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what helps tests may fail like tests, and says so when it skips"
)]

mod backends;
mod channels;
mod chrome;
mod furnished;
mod library;
mod people;
mod processes;
mod site;
mod trust;
mod vault;

use thirtyfour::By;

use self::chrome::{Chrome, LOOKS, chrome};
use self::site::{PASSWORD, Site};

macro_rules! browser_or_skip {
    () => {
        match chrome().await {
            Some(chrome) => chrome,
            None => return,
        }
    };
}

/// The text of the newest answer without its buttons.
const ANSWER: &str = "[...document.querySelectorAll('.turn')].at(-1).querySelector('.body').innerText";
/// Whether the newest turn has ended well.
const ENDED: &str = "[...document.querySelectorAll('.turn')].at(-1).dataset.state === 'done'";
const LIVE: &str = "document.getElementById('connection').dataset.state === 'live'";
const RUNNING: &str = "document.querySelector('.turn[data-state=running] .block')";

async fn ready() -> Option<(Site, Chrome)> {
    let chrome = chrome().await?;
    let site = Site::start().await;
    site.set_up(&chrome).await;
    Some((site, chrome))
}

macro_rules! ready_or_skip {
    () => {
        match ready().await {
            Some(both) => both,
            None => return,
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_link_leads_to_a_first_message() {
    let chrome = browser_or_skip!();
    let site = Site::start().await;
    chrome.go(&format!("{}/runtime", site.url)).await;
    chrome.until("location.pathname === '/setup'").await;

    // A wrong code counts down and says where the right one is.
    chrome.fill("#token", "wrong").await;
    chrome.fill("#password", PASSWORD).await;
    chrome.fill("#repeat", "something else entirely").await;
    chrome.click("#with-password").await;
    chrome.until("document.getElementById('setup-problem').textContent.includes('differ')").await;
    chrome.fill("#repeat", PASSWORD).await;
    chrome.click("#with-password").await;
    chrome.until("document.querySelector('.banner.bad')?.innerText.includes('4 tries left')").await;

    site.set_up(&chrome).await;
    assert!(!chrome.text("location.href").await.contains('#'), "the code stays in no history");
    let draft = chrome.text("document.getElementById('content').value").await;
    assert!(draft.contains("/tour"), "{draft}");
    chrome.click("#composer button[type=submit]").await;
    chrome.until(&format!("location.pathname.startsWith('/c/') && {ENDED}")).await;

    // The link worked once.
    chrome.go(&format!("{}/setup", site.url)).await;
    chrome.until("location.pathname === '/login' || location.pathname === '/'").await;
    chrome.assert_sound(chrome.eval("innerWidth").await.as_u64().unwrap() as u32).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_and_in_again_leads_back() {
    let (site, chrome) = ready_or_skip!();
    chrome.click("form[action='/logout'] button").await;
    chrome.until("location.pathname === '/login'").await;
    chrome.go(&format!("{}/runtime", site.url)).await;
    chrome.until("location.pathname === '/login' && location.search.includes('runtime')").await;
    chrome.fill("#password", "not the password").await;
    chrome.click("#with-password").await;
    chrome.until("document.querySelector('[role=alert]')?.innerText.includes('wrong')").await;
    chrome.fill("#password", PASSWORD).await;
    chrome.click("#with-password").await;
    chrome.until("location.pathname === '/runtime'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_in_and_is_the_same_after_a_reload() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/long 300").await;
    chrome.until(RUNNING).await;
    chrome.until(ENDED).await;
    assert_eq!(
        chrome.text("document.getElementById('announcer').textContent").await,
        "The answer is finished."
    );
    let streamed = chrome.text(ANSWER).await;
    assert!(streamed.split_whitespace().count() >= 300, "{streamed}");
    chrome.driver.refresh().await.unwrap();
    chrome.until(ENDED).await;
    let weight = "[...performance.getEntriesByType('resource'), performance.getEntriesByType('navigation')[0]]\
                  .reduce((sum, entry) => sum + (entry.encodedBodySize ?? 0), 0)";
    let weight = chrome.eval(weight).await.as_f64().unwrap();
    assert!((5_000.0..60_000.0).contains(&weight), "the chat page weighs {weight} bytes");
    assert_eq!(chrome.text(ANSWER).await, streamed);
    // Enter sends; Shift and Enter make a line.
    chrome.fill("#content", "first\u{e008}\u{e007}\u{e000}second\u{e007}").await;
    chrome.until("document.querySelectorAll('.turn').length === 2").await;
    chrome.until(ENDED).await;
    assert_eq!(
        chrome.text("[...document.querySelectorAll('.bubble')].at(-1).innerText").await,
        "first\nsecond"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_in_the_middle_loses_and_doubles_nothing() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/slow 3").await;
    for _ in 0..3 {
        chrome.until(RUNNING).await;
        chrome.driver.refresh().await.unwrap();
    }
    chrome.until(ENDED).await;
    assert_counted(&chrome, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_connections_lose_and_double_nothing() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/slow 4").await;
    for n in 1..=3 {
        chrome.until(LIVE).await;
        chrome.until(&format!("{ANSWER}.includes('{n} ')")).await;
        site.cut();
        chrome.until("document.getElementById('connection').dataset.state !== 'live'").await;
    }
    chrome.until(ENDED).await;
    assert_counted(&chrome, 4).await;
    chrome.until(LIVE).await;
}

/// The demo has counted to `n`, each number once.
async fn assert_counted(chrome: &Chrome, n: usize) {
    let answer = chrome.text(ANSWER).await;
    let counted: Vec<usize> = answer.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let mut wanted: Vec<usize> = vec![];
    wanted.extend(1..=n);
    let counted: Vec<usize> = counted.into_iter().filter(|number| *number <= n).collect();
    assert!(counted.ends_with(&wanted), "{answer}");
    assert_eq!(answer.matches("nothing was lost on the way").count(), 1, "{answer}");
    assert_eq!(chrome.eval("document.querySelectorAll('.turn').length").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_shows_the_same_over_the_same_stream() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/slow 3").await;
    let url = chrome.text("location.href").await;
    let first = chrome.driver.window().await.unwrap();
    let second = chrome.driver.new_tab().await.unwrap();
    chrome.driver.switch_to_window(second).await.unwrap();
    chrome.go(&url).await;
    chrome.until(LIVE).await;
    chrome.until(ENDED).await;
    assert_counted(&chrome, 3).await;
    let shown = chrome.text(ANSWER).await;
    chrome.driver.switch_to_window(first).await.unwrap();
    chrome.until(ENDED).await;
    assert_eq!(chrome.text(ANSWER).await, shown);
    let streams = site.daemon.as_ref().unwrap().state().metrics.http.streams.get();
    assert_eq!(streams, 1, "all tabs share one stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn escape_stops_and_what_was_written_stays() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/slow 30").await;
    chrome.until(&format!("{ANSWER}.includes('1 ')")).await;
    chrome.until("!document.getElementById('stop').hidden").await;
    chrome.fill("#content", "\u{e00c}").await;
    chrome.until("document.querySelector('.turn').dataset.state === 'stopped'").await;
    assert!(chrome.text(ANSWER).await.contains("I will count"));
    assert_eq!(chrome.eval("document.getElementById('stop').hidden").await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_wait_in_line_and_can_be_taken_back() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/slow 30").await;
    chrome.until(LIVE).await;
    for text in ["second", "third"] {
        chrome.fill("#content", &format!("{text}\u{e007}")).await;
    }
    chrome.until("document.querySelectorAll('.turn[data-state=queued]').length === 2").await;
    chrome.click(".turn[data-state=queued] button.link").await;
    chrome.until("document.querySelectorAll('.turn[data-state=queued]').length === 1").await;
    chrome.click("#stop").await;
    chrome.until(ENDED).await;
    let states = chrome.eval("[...document.querySelectorAll('.turn')].map(t => t.dataset.state)").await;
    assert_eq!(states, serde_json::json!(["stopped", "stopped", "done"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_behind_an_answer_opens_beside_it_and_without_scripts_as_a_page() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "use list_files {}").await;
    chrome.until(ENDED).await;
    chrome.click(".turn a[data-drawer]").await;
    chrome.until("document.querySelector('dialog.drawer[open] .steps')").await;
    let steps = chrome.text("document.querySelector('dialog.drawer .steps').innerText").await;
    assert!(steps.contains("Asked the model") && steps.contains("Called list_files"), "{steps}");
    chrome.assert_accessible("the drawer").await;
    chrome.picture("drawer-run").await;
    chrome.click("dialog.drawer > button").await;
    chrome.until("!document.querySelector('dialog[open]')").await;
    chrome.click(".thread-head a[data-drawer]").await;
    chrome.until("document.querySelector('dialog.drawer[open] meter')").await;
    let context = chrome.text("document.querySelector('dialog.drawer').innerText").await;
    assert!(context.contains("demo/demo") && context.contains("read_file"), "{context}");
    chrome.picture("drawer-context").await;
    let page = chrome.text("document.querySelector('.thread-head a[data-drawer]').href").await;
    chrome.go(&page).await;
    chrome.until("document.querySelector('main meter')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_says_why_and_can_be_tried_again() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "/error rate_limited").await;
    chrome.until("document.querySelector('.turn .banner')").await;
    assert!(
        chrome.text("document.querySelector('.turn .banner').innerText").await.contains("The model is busy")
    );
    chrome.until(LIVE).await;
    chrome.click(".turn .banner button[type=submit]").await;
    chrome.until("document.querySelectorAll('.turn .banner').length === 2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_written_while_the_daemon_is_away_is_sent_when_it_is_back() {
    let (mut site, chrome) = ready_or_skip!();
    site.chat(&chrome, "my name is Robin").await;
    chrome.until(ENDED).await;
    chrome.until(LIVE).await;
    site.shut().await;
    chrome.until("document.getElementById('connection').dataset.state !== 'live'").await;
    chrome.fill("#content", "what is my name?\u{e007}").await;
    chrome.until("document.querySelector('.turn.unsent')?.innerText.includes('back')").await;
    chrome.until("document.getElementById('connection').innerText.includes('send later (1)')").await;
    chrome.fill("#content", "a draft").await;
    site.launch().await;
    chrome.until(LIVE).await;
    chrome.until(&format!("document.querySelectorAll('.turn').length === 2 && {ENDED}")).await;
    assert!(chrome.text(ANSWER).await.contains("Robin"));
    assert_eq!(chrome.text("document.getElementById('content').value").await, "a draft");
    chrome.driver.refresh().await.unwrap();
    chrome.until("document.getElementById('content').value === 'a draft'").await;
    assert_eq!(chrome.eval("document.querySelectorAll('.turn').length").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_is_restarted_from_the_runtime_page() {
    let (site, chrome) = ready_or_skip!();
    site.chat(&chrome, "hello").await;
    chrome.until(ENDED).await;
    chrome.go(&format!("{}/runtime", site.url)).await;
    chrome.until(LIVE).await;
    let worker = "[...document.querySelectorAll('tr[data-state=running]')].find(r => r.querySelector('form[action$=restart]'))";
    let path = chrome.text(&format!("{worker}.dataset.path")).await;
    chrome.eval(&format!("({worker}.querySelector('form[action$=restart] button').click(), 1)")).await;
    chrome.until("document.getElementById('announcer').textContent === 'Done.'").await;
    assert!(!path.is_empty());

    // A supervisor wants its name.
    let link = chrome.text("document.querySelector('tr[data-level=\"2\"] a[href*=restart]').href").await;
    chrome.go(&link).await;
    let name = chrome.text("document.querySelector('label code').textContent").await;
    chrome.fill("#typed", "something else").await;
    chrome.click("button.bad").await;
    chrome.until("document.querySelector('[role=alert]')").await;
    chrome.fill("#typed", &name).await;
    chrome.click("button.bad").await;
    chrome.until("location.pathname === '/runtime' && document.querySelector('.banner')?.innerText.includes('Restarted')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_people_set_up_sign_in_send_and_read() {
    let chrome = browser_or_skip!();
    let site = Site::start().await;
    chrome.cdp("Emulation.setScriptExecutionDisabled", serde_json::json!({ "value": true })).await;
    let link = site.setup_link();
    chrome.go(&format!("{}/setup", site.url)).await;
    chrome.fill("#token", &link).await;
    chrome.fill("#password", PASSWORD).await;
    chrome.fill("#repeat", PASSWORD).await;
    chrome.click("#with-password").await;
    chrome.click("#kept-form button[type=submit]").await;
    chrome.at("/chat?welcome=1").await;
    chrome.fill("#content", "my name is Robin").await;
    chrome.click("#composer button[type=submit]").await;
    chrome.at("/c/").await;
    // Nothing renews the page by itself; a person reloads it.
    let mut body = String::new();
    for _ in 0..200 {
        body = chrome.driver.find(By::Css(".turn")).await.unwrap().text().await.unwrap();
        if body.contains("Nice to meet you") {
            break;
        }
        chrome.driver.refresh().await.unwrap();
    }
    assert!(body.contains("my name is Robin") && body.contains("Nice to meet you"), "{body}");
    chrome.click("form[action='/logout'] button").await;
    chrome.at("/login").await;
    chrome.go(&format!("{}/runtime", site.url)).await;
    chrome.fill("#password", PASSWORD).await;
    chrome.click("#with-password").await;
    chrome.at("/runtime").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_fits_and_breaks_no_policy_wide_and_light_or_narrow_and_dark() {
    let (site, chrome) = ready_or_skip!();
    let pages = furnished::pages(&site, &chrome).await;
    let [wide_and_light, .., narrow_and_dark] = LOOKS;
    for look in [wide_and_light, narrow_and_dark] {
        chrome.look(look).await;
        let suffix = format!("{}-{}", if look.dark { "dark" } else { "light" }, look.width);
        for (name, path) in &pages {
            chrome.go(&format!("{}{path}", site.url)).await;
            chrome.until("document.documentElement.hasAttribute('data-js')").await;
            chrome.until(&format!("document.getElementById('connection')?.hidden !== false || {LIVE}")).await;
            assert_eq!(chrome.policy().await, capuchin::web::PAGE_POLICY, "{name}");
            chrome.picture(&format!("{name}-{suffix}")).await;
            chrome.assert_sound(look.width).await;
            chrome.assert_accessible(&format!("{name} {suffix}")).await;
        }
    }
    // The narrowest window that the guidelines know.
    for (_, path) in &pages {
        chrome.look(chrome::Look { width: 320, height: 640, dark: false }).await;
        chrome.go(&format!("{}{path}", site.url)).await;
        chrome.assert_sound(320).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doors_are_accessible_in_every_look() {
    let chrome = browser_or_skip!();
    let site = Site::start().await;
    for look in LOOKS {
        chrome.look(look).await;
        chrome.go(&format!("{}/setup", site.url)).await;
        chrome.until("document.documentElement.hasAttribute('data-js')").await;
        chrome.assert_sound(look.width).await;
        chrome.assert_accessible("setup").await;
        chrome.picture(&format!("setup-{}-{}", if look.dark { "dark" } else { "light" }, look.width)).await;
    }
    site.set_up(&chrome).await;
    chrome.driver.delete_all_cookies().await.unwrap();
    for look in LOOKS {
        chrome.look(look).await;
        chrome.go(&format!("{}/login", site.url)).await;
        chrome.until("document.documentElement.hasAttribute('data-js')").await;
        chrome.assert_sound(look.width).await;
        chrome.assert_accessible("login").await;
        chrome.picture(&format!("login-{}-{}", if look.dark { "dark" } else { "light" }, look.width)).await;
    }
}
