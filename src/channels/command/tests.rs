//! Which texts are commands, and which are for the assistant.

use super::{COMMANDS, Command, Verdict};

fn decide(verdict: Verdict, id: Option<&str>) -> Command {
    Command::Decide { verdict, id: id.map(str::to_owned) }
}

#[test]
fn the_table_of_commands() {
    let model = |name: Option<&str>| Command::Model { name: name.map(str::to_owned) };
    let table = [
        ("/new", Some(Command::New)),
        (" /NEW \n", Some(Command::New)),
        ("/new@our_bot", Some(Command::New)),
        ("/new@Our_Bot", Some(Command::New)),
        ("/new@other_bot", None),
        ("/stop", Some(Command::Stop)),
        ("/stop it please", None),
        ("/status", Some(Command::Status)),
        ("/help", Some(Command::Help)),
        ("/start", Some(Command::Help)),
        ("/start eyJwYWlyIjoxfQ", Some(Command::Help)),
        ("/model", Some(model(None))),
        ("/model openai/gpt-5", Some(model(Some("openai/gpt-5")))),
        ("/model a b", None),
        ("/yes", Some(decide(Verdict::Yes, None))),
        ("/yes 7f3a", Some(decide(Verdict::Yes, Some("7f3a")))),
        ("/no", Some(decide(Verdict::No, None))),
        ("/always@our_bot 7f3a", Some(decide(Verdict::Always, Some("7f3a")))),
        ("/yes I think so", None),
        ("/etc/passwd", None),
        ("yes", None),
        ("say /new", None),
        ("/", None),
        ("", None),
    ];
    for (text, wanted) in table {
        assert_eq!(Command::parse(text, Some("our_bot")), wanted, "{text:?}");
    }
    assert_eq!(Command::parse("/new@our_bot", None), None);
    assert_eq!(Command::parse(&format!("/yes {}", "x".repeat(65)), None), None);
}

#[test]
fn a_slash_command_of_the_platform_is_one_of_ours_or_carries_one() {
    let table = [
        ("/status", "", Some(Command::Status)),
        ("/capuchin", "status", Some(Command::Status)),
        ("/capuchin", "/yes 7f3a", Some(decide(Verdict::Yes, Some("7f3a")))),
        ("/capuchin", "what is the weather", None),
        ("/capuchin", "", None),
    ];
    for (command, text, wanted) in table {
        assert_eq!(Command::of_slash(command, text), wanted, "{command} {text}");
    }
}

#[test]
fn every_command_of_the_table_is_understood_and_in_the_help() {
    for (word, _) in COMMANDS {
        assert!(Command::parse(&format!("/{word}"), None).is_some(), "{word}");
        assert!(Command::help().contains(&format!("`/{word}`")), "{word}");
    }
}
