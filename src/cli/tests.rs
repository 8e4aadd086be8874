//! What can be typed, and what the numbers mean.

use clap::{CommandFactory, Parser};

use super::args::{Cli, Command, TokenCommand};
use super::client::ClientError;
use super::exit::{Exit, Failure};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("capuchin").chain(line.split_whitespace()))
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_commands_of_plugs_are_understood() {
    for line in [
        "extension list --json",
        "extension hooks --json",
        "extension reload",
        "extension test recall query_pre -",
    ] {
        assert!(parse(line).is_ok(), "{line}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line for each command")]
fn every_promised_command_is_understood() {
    for line in [
        "",
        "serve --home /h --listen 127.0.0.1:0 --ingress 127.0.0.1:0 --demo",
        "chat",
        "chat hello --workspace w --backend b --model m --json",
        "chat -",
        "acp --workspace w",
        "token create --name n --scope chat,read --assistant a --budget-usd 1.5 --expires 30d --home /h",
        "token create --name n --scope chat --scope read",
        "token list --json",
        "token revoke 0190",
        "audit verify",
        "budget set household --cost-usd 10 --period month --subject tenant --json",
        "budget list --json",
        "model list --all --json",
        "model probes --json",
        "model refresh local",
        "model refresh",
        "model probe local:compatible --every 600 --on",
        "model probe local --off",
        "notification list --status unread --category system --severity error --limit 200 --json",
        "notification read --all",
        "notification read 0190 0191",
        "notification dismiss 0190",
        "notification rules list --json",
        "notification rules patterns",
        "notification rules set capuchin.mcp.* --severity error --delivery email --off --json",
        "notification rules remove 0190",
        "notification rules set session.* -w default --delivery push",
        "notification settings",
        "notification settings --quiet 22:00-07:00 --errors-break-through no --digest 08:00 --zone Europe/Berlin --json",
        "notification settings --away 3d --away-to channel",
        "notification test email",
        "schedule add standup Due? --cron @daily --zone Europe/Berlin --overlap queue --catch-up run",
        "schedule add tea Ready --at 2026-12-01T09:00 --json",
        "schedule add look Look --every 15m --jitter-s 30 --timeout-s 60 --retries 2 --runs-max 3 --ceiling read_only",
        "schedule add week Plan --rrule FREQ=WEEKLY;BYDAY=MO --at 2026-12-07T09:00 --new-thread",
        "schedule add log --tool write_file --arguments {} --every 1h -w Garden",
        "schedule list --json",
        "schedule show standup --json",
        "schedule runs standup --slot 2026-12-01T08:00:00Z --json",
        "schedule next standup --count 10 --json",
        "schedule run standup --key k1",
        "schedule cancel 0190",
        "schedule pause standup",
        "schedule resume standup",
        "schedule pause-all",
        "schedule resume-all",
        "schedule remove standup",
        "channel list --json",
        "channel platforms --json",
        "channel add family --platform telegram --mode poll --credentials - --set base_url=http://127.0.0.1:1 --json",
        "channel add work --platform slack --groups always --allow U1 --allow U2 --ceiling read_only -w Garden",
        "channel show family --json",
        "channel approve abcd-2345 --decides",
        "channel block family 7",
        "channel forget family 7",
        "channel test family hello --to -100123",
        "channel restart family",
        "channel enable family",
        "channel disable family",
        "channel credentials family --mode webhook --credentials keys.json",
        "channel remove family",
        "channel outbox",
        "channel outbox family --json",
        "channel retry family",
        "channel retry family 0190",
        "budget show household",
        "budget delete household",
        "audit verify copy.db --anchor a.jsonl --expect-head 00 --json",
        "audit list --since 2h --action secret --limit 5 --json",
        "audit export --jsonl --since 7d --until 1d",
        "audit head --json",
        "agent create a --backend b --fallback c/d --when prompt<=5 --local-only",
        "agent route a --fallback c/d --fallback e",
        "agent route a --clear",
        "status --json",
        "tree --json",
        "doctor --fix --json",
        "start --listen 127.0.0.1:0",
        "stop --force",
        "restart",
        "version --json",
        "config check",
        "config template",
        "openapi",
        "completions bash",
        "redact",
        "redact --jsonl",
        "--home /h status",
    ] {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for line in [
        "serv",
        "token",
        "token create --name n",
        "token create --scope chat",
        "status extra",
        "--what",
        "schedule add n p",
        "agent route a --fallback /c",
        "agent route a --when cheap",
        "agent route a --clear --local-only",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
    for line in ["--help", "--version", "help"] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
    }
}

#[test]
fn scopes_are_one_list_however_they_are_given() {
    for line in ["token create --name n --scope chat,read", "token create --name n --scope chat --scope read"]
    {
        let Some(Command::Token(TokenCommand::Create(args))) = parse(line).unwrap().command else {
            panic!("{line}")
        };
        assert_eq!(args.scope, ["chat", "read"], "{line}");
    }
}

#[test]
fn what_follows_the_words_of_a_search_is_an_option_again() {
    let search = |line| match parse(line).map(|cli| cli.command) {
        Ok(Some(Command::Search(args))) => Ok((args.words, args.kind)),
        Ok(_) => panic!("{line}"),
        Err(error) => Err(error.exit_code()),
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(search("search tea milk --kind memory"), Ok((words(&["tea", "milk"]), Some("memory".into()))));
    assert_eq!(
        search("search --kind memory -- tea -milk"),
        Ok((words(&["tea", "-milk"]), Some("memory".into())))
    );
    assert_eq!(search("search tea --kin memory"), Err(2));
}

#[test]
fn exit_codes_are_those_of_the_help_text() {
    let help = Cli::command().render_help().to_string();
    for (exit, words) in [
        (Exit::Done, "done"),
        (Exit::Failed, "failed"),
        (Exit::BadConfiguration, "bad configuration"),
        (Exit::Unavailable, "the daemon is not reachable"),
        (Exit::GaveUp, "the root supervisor gave up"),
        (Exit::Denied, "not allowed"),
    ] {
        assert!(help.contains(&format!("{} {words}", exit.code())), "{words}:\n{help}");
    }
}

#[test]
fn what_the_daemon_answered_decides_the_exit_code() {
    let refused = |status| {
        let problem =
            serde_json::from_value(serde_json::json!({ "status": status, "detail": "no" })).unwrap();
        Failure::from(ClientError::Refused(problem)).exit
    };
    assert_eq!(refused(403), Exit::Denied);
    assert_eq!(refused(401), Exit::Denied);
    assert_eq!(refused(404), Exit::Failed);
    assert_eq!(refused(503), Exit::Unavailable);
    assert_eq!(Failure::from(ClientError::Unreachable("/s".into())).exit, Exit::Unavailable);
    assert_eq!(Failure::from(std::io::Error::other("x")).exit, Exit::Failed);
}

#[test]
fn a_failure_says_what_happened_and_what_to_do() {
    let failure = Failure::text(Exit::Failed, "no such thing").hint("make one");
    assert_eq!(failure.to_string(), "error: no such thing\n  → make one");
}

#[test]
fn every_command_about_what_is_known_is_understood() {
    for line in [
        "memory add tea Earl --confidence 0.5 --expires 30d --pin --why said",
        "memory list --pinned --json",
        "memory list --forgotten",
        "memory log tea --json",
        "memory diff tea 1 2 --json",
        "memory restore tea --version 1 --why better",
        "memory pin tea",
        "memory unpin tea",
        "memory expire tea never",
        "memory forget tea --why wrong --for-good",
        "skill log tea --json",
        "skill restore tea --version 1",
        "skill outcomes tea -w home --json",
        "user-model show --json",
        "user-model set-privacy limited",
        "user-model injection off",
        "user-model prefer left-handed",
        "user-model drop roses",
        "user-model forget --yes",
    ] {
        assert!(parse(line).is_ok(), "{line}");
    }
}
