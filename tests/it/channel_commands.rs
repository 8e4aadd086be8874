//! `capuchin channel …` against a daemon and a Telegram: everything that a person needs without a browser.

use serde_json::Value;

use crate::support::daemon::{Setup, TestDaemon};
use crate::support::telegram::{Fault, NAME, TOKEN, Telegram};

const ADA: i64 = 7;

struct Shell(TestDaemon);

impl Shell {
    fn run(&self, line: &str, input: &str) -> (i32, String, String) {
        let words: Vec<&str> = line.split_whitespace().collect();
        tokio::task::block_in_place(|| self.0.cli_reading(&words, input))
    }

    /// What a command that works prints.
    fn done(&self, line: &str) -> String {
        let (code, out, err) = self.run(line, "");
        assert_eq!(code, 0, "{line}: {err}");
        out
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{line} --json"))).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_set_up_and_looked_after_from_the_command_line() {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n".to_owned();
    let shell = Shell(TestDaemon::with(Setup { config, ..Setup::default() }));
    let platform = Telegram::start().await;
    assert!(shell.done("channel platforms").contains("bot_token: BotFather gives it"));
    let add = format!(
        "channel add family --platform telegram --set base_url={} --set whole_answers=true",
        platform.url()
    );
    let (code, _, err) = shell.run(&format!("{add} --set color=red"), "");
    assert!(code == 1 && err.contains("is no setting of this platform"), "{err}");
    let (code, out, err) = shell.run(&add, &format!("{TOKEN}\n"));
    assert_eq!(code, 0, "{err}");
    assert!(!format!("{out}{err}").contains(TOKEN), "a credential is never shown again");

    platform.write(ADA, ADA, "hello");
    let told = platform.until(ADA, 1).await.remove(0);
    let command = told.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap();
    let (code, _, err) = shell.run(command.strip_prefix("capuchin ").unwrap(), "");
    assert!(code == 0 && err.contains("may talk"), "the command that a stranger is told works: {err}");
    platform.write(ADA, ADA, "my name is Ada");
    platform.until(ADA, 2).await;
    let list = shell.done("channel list");
    assert!(list.contains("family") && list.contains("live") && list.contains(NAME), "{list}");

    shell.done("channel test family Hello");
    assert_eq!(platform.until(ADA, 3).await[2], "Hello");
    platform.fail_next(&[Fault::Blocked]);
    shell.done("channel test family --to 7");
    let dead = loop {
        let items = shell.json("channel outbox");
        if let Some(dead) = items["items"].as_array().unwrap().iter().find(|one| one["state"] == "dead") {
            break dead.clone();
        }
    };
    assert!(dead["channel"] == "family" && dead["reason"].as_str().unwrap().contains("blocked"), "{dead}");
    shell.done("channel retry family");
    assert!(platform.until(ADA, 4).await[3].contains("It works"));
    let (code, _, err) = shell.run("channel retry family", "");
    assert!(code == 1 && err.contains("nothing of `family` is dead"), "{err}");

    shell.done("channel block family 7");
    let shown = shell.json("channel show family");
    assert_eq!(shown["senders"][0]["state"], "blocked", "{shown}");
    shell.done("channel forget family 7");
    shell.done("channel disable family");
    assert_eq!(shell.json("channel show family")["enabled"], false);
    shell.done("channel enable family");
    let (code, _, err) = shell.run("channel credentials family --credentials -", "not an object");
    assert!(code == 1 && err.contains("one JSON object"), "{err}");
    let given = format!("{{\"bot_token\": \"{TOKEN}\"}}");
    assert_eq!(shell.run("channel credentials family --credentials -", &given).0, 0);
    shell.done("channel restart family");
    shell.done("channel remove family");
    assert_eq!(shell.json("channel list")["items"], serde_json::json!([]));
    let (code, _, err) = shell.run("channel show family", "");
    assert!(code == 1 && err.contains("there is no channel `family`"), "{err}");
}
