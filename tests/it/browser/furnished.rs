//! A daemon in which something has happened, so that every page has something to show.

use serde_json::json;

use super::chrome::Chrome;
use super::site::Site;
use super::{ENDED, channels, library, trust};

/// Every page that a signed-in owner reaches: its name, and where it is.
pub async fn pages(site: &Site, chrome: &Chrome) -> Vec<(&'static str, String)> {
    let mut pages = of_the_chat(site, chrome).await;
    pages.extend(of_trust(chrome).await);
    pages.extend(of_knowledge(chrome).await);
    pages.extend(of_settings(chrome).await);
    pages.extend(of_webhooks(site, chrome).await);
    pages.extend(of_schedules(chrome).await);
    pages.extend(of_experiments(chrome).await);
    pages.extend(channels::fill(site, chrome).await);
    let always = [
        ("home", "/"),
        ("inbox", "/inbox"),
        ("new", "/chat"),
        ("processes", "/processes"),
        ("runtime", "/runtime"),
        ("confirm", "/runtime/confirm?action=restart&path=root/tenants"),
        ("audit", "/audit"),
        ("audit-none", "/audit?action=nothing&since=1h"),
        ("settings", "/settings"),
        ("workspaces", "/settings/workspaces"),
        ("about", "/about"),
        ("security", "/settings/security"),
        ("device", "/device"),
        ("step-up", "/step-up?next=/settings/security"),
        ("missing", "/nothing/here"),
    ];
    pages.extend(always.map(|(name, path)| (name, path.to_owned())));
    pages
}

async fn of_the_chat(site: &Site, chrome: &Chrome) -> Vec<(&'static str, String)> {
    site.chat(chrome, "/tour").await;
    chrome.until(ENDED).await;
    let thread = chrome.text("location.pathname").await;
    chrome.fill("#content", "/error overloaded\u{e007}").await;
    chrome.until("document.querySelector('.turn .banner')").await;
    chrome.fill("#content", "use list_files {}\u{e007}").await;
    chrome.until("document.querySelectorAll('.turn').length === 3").await;
    chrome.until(ENDED).await;
    let run = chrome
        .text("[...document.querySelectorAll('.turn a[data-drawer]')].at(-1).getAttribute('href')")
        .await;
    vec![("chat", thread.clone()), ("context", format!("{thread}/context")), ("run", run)]
}

async fn of_trust(chrome: &Chrome) -> Vec<(&'static str, String)> {
    let asked = trust::ask(chrome, "rm", &["-r", "a\u{202e}b", "cache"]).await;
    let denied =
        trust::ask(chrome, "curl", &["https://example.com/a/rather/long/address?with=parameters"]).await;
    let answer = json!({ "decision": "deny", "reason": "not from here" });
    chrome.api("POST", &format!("/api/v1/approvals/{denied}"), Some(&answer)).await;
    let rule = json!({
        "effect": "deny", "action": { "kind": "run_command", "program": "rm" },
        "standing": "never delete anything", "note": "since the accident",
    });
    chrome.api("POST", "/api/v1/policy/rules", Some(&rule)).await;
    let secret = json!({
        "name": "anthropic", "value": "sk-ant-api03-bm90LWEta2V5", "description": "for the house",
    });
    chrome.api("POST", "/api/v1/secrets", Some(&secret)).await;
    let safety = "/settings/safety?kind=run_command&first=rm&second=-r%20cache&source=owner";
    vec![
        ("asked", format!("/a/{asked}")),
        ("denied", format!("/a/{denied}")),
        ("sure", format!("/a/{asked}/decide?choice=allow_always")),
        ("vault", "/vault".to_owned()),
        ("secret", "/vault/secrets/anthropic".to_owned()),
        ("vault-accounts", "/vault?tab=tokens".to_owned()),
        ("vault-access", "/vault?tab=access".to_owned()),
        ("vault-leaks", "/vault?tab=leaks".to_owned()),
        ("vault-keys", "/vault?tab=keys".to_owned()),
        ("safety", safety.to_owned()),
        ("budgets", "/settings/budgets".to_owned()),
        ("kill", "/settings/safety/kill?reason=it+writes+nonsense".to_owned()),
    ]
}

async fn of_knowledge(chrome: &Chrome) -> Vec<(&'static str, String)> {
    let (file, skill) = library::fill(chrome).await;
    let facts = chrome.api("GET", "/api/v1/memory?q=earl", None).await;
    let fact = facts["items"][0]["id"].as_str().unwrap();
    let level = json!({ "privacy": "full", "injection": true });
    chrome.api("PATCH", "/api/v1/user-model", Some(&level)).await;
    let preference = json!({ "text": "Answer in short sentences." });
    chrome.api("POST", "/api/v1/user-model/preferences", Some(&preference)).await;
    vec![
        ("you", "/you".to_owned()),
        ("library-fact", format!("/library/memory/{fact}")),
        ("library", "/library".to_owned()),
        ("search", "/search?q=hello".to_owned()),
        ("library-file", file),
        ("library-memory", "/library?tab=memory".to_owned()),
        ("library-memory-none", "/library?tab=memory&q=nothing+fits".to_owned()),
        ("library-skills", "/library?tab=skills".to_owned()),
        ("library-skill", skill),
    ]
}

async fn of_settings(chrome: &Chrome) -> Vec<(&'static str, String)> {
    let server = json!({
        "name": "weather", "transport": { "type": "http", "url": "http://127.0.0.1:9/mcp", "headers": {} },
    });
    chrome.api("POST", "/api/v1/mcp-servers", Some(&server)).await;
    chrome.api("POST", "/api/v1/workspaces", Some(&json!({ "name": "Garden" }))).await;
    let rule = json!({ "pattern": "capuchin.mcp.*", "severity": "warning", "delivery": "all" });
    chrome.api("POST", "/api/v1/notification-rules", Some(&rule)).await;
    let night = json!({ "zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "07:00" });
    chrome.api("PATCH", "/api/v1/notification-settings", Some(&night)).await;
    vec![
        ("mcp", "/settings/mcp".to_owned()),
        ("extensions", "/settings/extensions".to_owned()),
        ("backends", "/settings/backends".to_owned()),
        ("models", "/settings/models".to_owned()),
        ("notifications", "/inbox/notifications".to_owned()),
        ("notifications-none", "/inbox/notifications?status=dismissed".to_owned()),
        ("notification-settings", "/settings/notifications".to_owned()),
    ]
}

/// An endpoint at which something was taken and something refused.
async fn of_webhooks(site: &Site, chrome: &Chrome) -> Vec<(&'static str, String)> {
    let endpoint = json!({
        "name": "Pushes", "source": "gitlab", "secret": "a token of GitLab", "rate_per_minute": 1,
        "instructions": "Say in one sentence what was pushed.",
    });
    let made = chrome.api("POST", "/api/v1/webhook-endpoints", Some(&endpoint)).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let address =
        format!("{}{}", site.daemon.as_ref().unwrap().ingress_url(), made["path"].as_str().unwrap());
    for number in 0..2 {
        let sent = reqwest::Client::new().post(&address).header("x-gitlab-token", "a token of GitLab");
        let sent = sent.header("x-gitlab-event", "Push Hook").json(&json!({ "commits": number }));
        sent.send().await.unwrap();
    }
    let path = format!("/api/v1/webhook-endpoints/{id}/deliveries");
    let log = chrome.api("GET", &path, None).await;
    let delivery = log["items"][0]["id"].as_str().unwrap();
    vec![("webhooks", "/webhooks".to_owned()), ("webhook", format!("/webhooks/{id}?delivery={delivery}"))]
}

/// Schedules of every kind, one with a ledger.
async fn of_schedules(chrome: &Chrome) -> Vec<(&'static str, String)> {
    let weekly = json!({
        "name": "Plan the week", "prompt": "Say what this week brings.", "rrule": "FREQ=WEEKLY;BYDAY=MO",
        "at": "2026-12-07T09:00", "zone": "Europe/Berlin",
    });
    chrome.api("POST", "/api/v1/schedules", Some(&weekly)).await;
    let often = json!({ "name": "Look around", "prompt": "Hello", "every": "2h" });
    let made = chrome.api("POST", "/api/v1/schedules", Some(&often)).await;
    let id = made["id"].as_str().unwrap();
    chrome.api("POST", &format!("/api/v1/schedules/{id}/run-now"), Some(&json!({}))).await;
    vec![("schedules", "/schedules".to_owned()), ("schedule", format!("/schedules/{id}"))]
}

/// An experiment that waits for a person, after an idea that was worse and one that was better.
async fn of_experiments(chrome: &Chrome) -> Vec<(&'static str, String)> {
    let workspaces = chrome.api("GET", "/api/v1/workspaces", None).await;
    let workspace = workspaces["items"][0]["id"].as_str().unwrap();
    let file = format!("/api/v1/workspaces/{workspace}/files/prompt.txt");
    chrome.api("PUT", &file, Some(&json!("Hello {{input}}"))).await;
    let idea = |text: &str| format!("use write_file {}", json!({ "path": "prompt.txt", "content": text }));
    let experiment = json!({
        "title": "A friendlier greeting", "kind": "prompt", "goal": "Greet people by their names.",
        "workspace_id": workspace,
        "settings": {
            "prompt": { "file": "prompt.txt", "cases": [
                { "input": "Ada", "expect": "Nice to meet you, **Ada**" }, { "input": "Kurt", "expect": "Kurt" },
            ] },
            "ideas": [idea("Goodbye {{input}}\n"), idea("My name is {{input}}\n")],
        },
    });
    let made = chrome.api("POST", "/api/v1/experiments", Some(&experiment)).await;
    let id = made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let page = format!("/experiments/{id}");
    chrome.api("POST", &format!("/api/v1{page}/start"), Some(&json!({}))).await;
    let asked = format!(
        "(() => {{ const ask = new XMLHttpRequest(); ask.open('GET', '/api/v1{page}', false); ask.send(); \
         return JSON.parse(ask.responseText).state === 'awaiting_human'; }})()"
    );
    chrome.until(&asked).await;
    vec![("experiments", "/experiments".to_owned()), ("experiment", format!("{page}?diff=2"))]
}
