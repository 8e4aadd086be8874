//! What wishes become.

use super::*;

fn wish(task: &str) -> Wish {
    Wish { task: task.to_owned(), ..Wish::default() }
}

fn check(wish: &Wish) -> Result<Program, String> {
    let config = ProcessesConfig { folders: vec!["/srv/site".into()], ..ProcessesConfig::default() };
    wish.check(&config, Path::new("/ws")).map_err(|error| error.to_string())
}

fn line(wish: &Wish) -> String {
    let program = check(wish).unwrap();
    [vec![program.program], program.args].concat().join(" ")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_task_is_a_line_for_the_shell_or_the_last_argument() {
    assert_eq!(line(&wish("echo hi")), "/bin/sh -lc echo hi");
    let own = Wish { command: Some("git".into()), args: Some(words(&["log", "-1"])), ..wish("HEAD") };
    assert_eq!(line(&own), "git log -1 HEAD");
    let shell = Wish { kind: Some(ProcessKind::Interactive), ..wish("top") };
    assert_eq!(line(&shell), "/bin/sh -lc top");
    assert_eq!(check(&shell).unwrap().terminal, Some(TerminalSize::DEFAULT));
    assert!(check(&Wish { args: Some(vec![]), ..wish("x") }).unwrap_err().contains("command is required"));
}

#[test]
fn printing_agents_have_presets_and_turns() {
    let print = Wish { kind: Some(ProcessKind::Print), ..wish("do it") };
    assert_eq!(line(&print), "claude --print --permission-mode bypassPermissions do it");
    let turns = Wish { preset: Some("codex-auto".into()), max_turns: Some(3), ..print.clone() };
    assert_eq!(line(&turns), "codex exec --full-auto --max-turns 3 do it");
    assert!(check(&Wish { max_turns: Some(0), ..print.clone() }).is_err());
    let unknown = check(&Wish { preset: Some("gpt".into()), ..print }).unwrap_err();
    assert!(unknown.contains("claude-sonnet"), "{unknown}");
    let exec = check(&Wish { preset: Some("claude".into()), ..wish("x") }).unwrap_err();
    assert!(exec.contains("exec"), "{exec}");
}

#[test]
fn working_folders_are_inside_of_what_may_be_changed() {
    let at = |cwd: &str| check(&Wish { cwd: Some(cwd.to_owned()), ..wish("x") }).map(|p| (p.cwd, p.root));
    assert_eq!(at("").unwrap(), ("/ws".into(), "/ws".into()));
    assert_eq!(at("a/./b/../c").unwrap(), ("/ws/a/c".into(), "/ws".into()));
    assert_eq!(at("/srv/site/x").unwrap(), ("/srv/site/x".into(), "/srv/site".into()));
    for outside in ["..", "/", "/ws/../etc", "/wsx", "/srv", "../../../../../etc"] {
        assert!(at(outside).unwrap_err().contains("outside"), "{outside}");
    }
}

#[test]
fn labels_are_trimmed_lowered_cut_and_each_once() {
    let long = "x".repeat(LABEL_CHARS_MAX + 1);
    let labels = Wish { labels: words(&[" A ", "a", "", "B\u{7}c", &long]), ..wish("x") }.labels().unwrap();
    assert_eq!(labels, ["a", "bc", &long[1..]]);
    let many = Wish { labels: (0..=LABELS_MAX).map(|n| n.to_string()).collect(), ..wish("x") };
    assert!(many.labels().is_err());
}

#[test]
fn limits_hold_at_and_over() {
    assert!(check(&wish(&"x".repeat(TASK_BYTES_MAX))).is_ok());
    assert!(check(&wish(&"x".repeat(TASK_BYTES_MAX + 1))).is_err());
    for empty in ["", " \n"] {
        assert_eq!(check(&wish(empty)).unwrap_err(), "task is required");
    }
    assert!(check(&wish("a\0b")).is_err());
    let size = |rows, cols| {
        let size = Some(TerminalSize { rows, cols });
        check(&Wish { kind: Some(ProcessKind::Interactive), size, ..wish("x") })
    };
    assert!(size(TerminalSize::MAX, 1).is_ok());
    assert!(size(0, 1).is_err() && size(1, TerminalSize::MAX + 1).is_err());
    for name in ["", "1A", "A-B", "A=B"] {
        let env = [(name.to_owned(), "x".to_owned())].into();
        assert!(check(&Wish { env, ..wish("x") }).is_err(), "{name}");
    }
}
