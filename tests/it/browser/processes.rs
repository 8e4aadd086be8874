//! Processes as people use them: started from the form, typed into, read, ended. On a daemon of its own process,
//! because cages are started by its program.

use super::chrome::{Chrome, LOOKS, chrome};
use super::site::{PASSWORD, Site};
use crate::support::daemon::TestDaemon;

const SCREEN: &str = "document.getElementById('screen').textContent";

/// A daemon with an owner who is signed in.
async fn ready() -> Option<(TestDaemon, Chrome, String)> {
    let chrome = chrome().await?;
    let daemon = TestDaemon::start();
    let link = loop {
        // It is told beside the ready line, and may come after it.
        let log = daemon.log();
        match log.split_whitespace().find(|word| word.contains("/setup#")) {
            Some(link) => break link.to_owned(),
            None => tokio::task::yield_now().await,
        }
    };
    chrome.go(&link).await;
    chrome.until("document.getElementById('token').value.length > 20").await;
    chrome.fill("#password", PASSWORD).await;
    chrome.fill("#repeat", PASSWORD).await;
    chrome.click("#with-password").await;
    Site::keep_key(&chrome).await;
    chrome.until("location.pathname === '/chat'").await;
    let url = link.split("/setup").next().unwrap().to_owned();
    Some((daemon, chrome, url))
}

/// The page that is open fits and is accessible, light and dark, wide and narrow.
async fn in_every_look(chrome: &Chrome, name: &str) {
    for look in LOOKS {
        chrome.look(look).await;
        chrome.until("document.getAnimations().every(one => !(one instanceof CSSTransition))").await;
        let tone = if look.dark { "dark" } else { "light" };
        chrome.assert_sound(look.width).await;
        chrome.assert_accessible(name).await;
        chrome.picture(&format!("{name}-{tone}-{}", look.width)).await;
    }
    chrome.look(LOOKS[0]).await;
}

/// Starts it from the form; whether cages can be made here.
async fn start(chrome: &Chrome, url: &str, task: &str, how: &str) -> bool {
    chrome.go(&format!("{url}/processes")).await;
    chrome.until("document.documentElement.hasAttribute('data-js')").await;
    chrome.eval(&format!("(document.querySelector('select[name=how]').value = '{how}', 1)")).await;
    chrome.fill("#task", task).await;
    chrome.click("form[action='/processes'] button.primary").await;
    chrome.until("/^\\/processes\\/[0-9a-f]{8}$/.test(location.pathname)").await;
    let text = chrome.text(SCREEN).await;
    let missing = text.contains("lacks a layer");
    assert!(!missing || std::env::var_os("CI").is_none(), "{text}");
    !missing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_started_read_told_and_ended_from_the_page() {
    let Some((_daemon, chrome, url)) = ready().await else { return };
    chrome.go(&format!("{url}/processes")).await;
    chrome.until("document.body.innerText.includes('Nothing runs')").await;
    let task = "echo up; while read line; do echo got $line; echo bad >&2; done; exit 5";
    if !start(&chrome, &url, task, "").await {
        eprintln!("SKIPPED: no cage can be made here");
        return;
    }
    chrome.until(&format!("{SCREEN}.includes('up')")).await;
    chrome.fill("#input", "hello").await;
    chrome.click("#input-form button:not([value])").await;
    chrome.until(&format!("{SCREEN}.includes('got hello')")).await;
    chrome.until("document.querySelector('#screen .stderr')?.textContent.includes('bad')").await;
    in_every_look(&chrome, "process").await;
    // What is there comes back after a reload, once.
    chrome.driver.refresh().await.unwrap();
    chrome.until(&format!("{SCREEN}.split('got hello').length === 2")).await;
    chrome.click("#input-form button[value=end]").await;
    chrome.until("document.querySelector('#state .word').textContent === 'Exit code 5'").await;
    chrome.until("document.getElementById('kill').hidden").await;
    let saved = chrome.text("document.querySelector('a[download]').href").await;
    let kept = format!("(await (await fetch('{saved}')).text()).includes('got hello')");
    assert_eq!(chrome.eval(&format!("(async () => {kept})()")).await, true);

    assert!(start(&chrome, &url, "sleep 86400", "").await);
    chrome.click("#kill button").await;
    chrome.until("document.querySelector('#state .word').textContent === 'Killed'").await;
    in_every_look(&chrome, "process-killed").await;
    chrome.go(&format!("{url}/processes")).await;
    chrome.until("document.querySelectorAll('.processes tbody tr').length === 2").await;
    in_every_look(&chrome, "processes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_its_screen_and_takes_keys() {
    let Some((_daemon, chrome, url)) = ready().await else { return };
    let task = "PS1='ready> ' exec sh -i";
    if !start(&chrome, &url, task, "terminal").await {
        eprintln!("SKIPPED: no cage can be made here");
        return;
    }
    chrome.until(&format!("{SCREEN}.includes('ready>')")).await;
    let screen = chrome.driver.find(thirtyfour::By::Id("screen")).await.unwrap();
    screen.send_keys("printf '\\033[31mr\\303\\266d\\033[m\\n'; stty size\u{e007}").await.unwrap();
    chrome.until("document.querySelector('#screen .fg-1')?.textContent === 'röd'").await;
    // It has the size of the page, and not the one that it began with.
    chrome.until("/\\n\\d+ \\d+/.test(document.getElementById('screen').textContent)").await;
    let shown = chrome.text(SCREEN).await;
    assert!(!shown.contains("50 200"), "{shown}");
    in_every_look(&chrome, "terminal").await;
    // Control and C is the program's, an arrow brings back what was typed, Control and ] leaves.
    screen.send_keys("sleep 86400\u{e007}").await.unwrap();
    chrome.until(&format!("{SCREEN}.includes('sleep 86400')")).await;
    screen.send_keys("\u{e009}c\u{e000}").await.unwrap();
    chrome.until(&format!("{SCREEN}.split('ready>').length >= 4")).await;
    screen.send_keys("\u{e009}]\u{e000}").await.unwrap();
    chrome.until("document.activeElement.id === 'input'").await;
    chrome.fill("#input", "exit 0").await;
    chrome.click("#input-form button:not([value])").await;
    chrome.until("document.querySelector('#state .word').textContent === 'Exit code 0'").await;
    chrome.assert_sound(chrome.eval("innerWidth").await.as_u64().unwrap() as u32).await;
}
