//! What is recognised of a browser.

use super::*;

fn agent(text: &str) -> String {
    Client::new(IpAddr::from([127, 0, 0, 1]), false, text).agent.to_string()
}

#[test]
fn browsers_and_systems_are_named_as_people_do() {
    let chrome =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";
    assert_eq!(agent(chrome), "Chrome on Linux");
    let edge = format!("{} Edg/141.0", chrome.replace("X11; Linux x86_64", "Windows NT 10.0; Win64"));
    assert_eq!(agent(&edge), "Edge on Windows");
    let safari =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1";
    assert_eq!(agent(safari), "Safari on iPhone");
}

#[test]
fn nothing_that_a_client_writes_is_kept() {
    assert_eq!(agent("<script>alert(1)</script>\r\nsecret"), "an unknown program");
    assert_eq!(agent(&"ü".repeat(5_000)), "an unknown program");
    assert_eq!(agent(""), "an unknown program");
}
