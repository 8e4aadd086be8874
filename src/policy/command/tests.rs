//! Commands.

use super::*;

fn pattern(program: &str, args: &[&str]) -> CommandPattern {
    let args = args.iter().map(ToString::to_string).collect();
    CommandPattern { program: Some(program.to_owned()), args, exact: false }
}

fn matches(pattern: &CommandPattern, line: &[&str], reading: Reading) -> bool {
    let args: Vec<String> = line[1..].iter().map(ToString::to_string).collect();
    pattern.matches(line[0], &args, reading)
}

#[test]
fn an_allow_is_read_as_written() {
    let status = pattern("git", &["status"]);
    for (line, wanted) in [
        (&["git", "status"][..], true),
        (&["git", "status", "-s"], true),
        (&["/usr/bin/git", "status"], true),
        (&["/tmp/git", "status"], false),
        (&["./git", "status"], false),
        (&["GIT", "status"], false),
        (&["git", "-C", "/x", "status"], false),
        (&["git", "push"], false),
        (&["env", "git", "status"], false),
        (&["sh", "-c", "git status"], false),
    ] {
        assert_eq!(matches(&status, line, Reading::Narrow), wanted, "{line:?}");
    }
    let exact = CommandPattern { exact: true, ..status };
    assert!(matches(&exact, &["git", "status"], Reading::Narrow));
    assert!(!matches(&exact, &["git", "status", "-s"], Reading::Narrow));
}

#[test]
fn a_deny_is_read_widely() {
    let push = pattern("git", &["push"]);
    for (line, wanted) in [
        (&["git", "push"][..], true),
        (&["git", "-C", "/x", "push", "--force"], true),
        (&["/tmp/git", "push"], true),
        (&["env", "A=1", "git", "push"], true),
        (&["sh", "-c", "cd x && git push"], true),
        (&["bash", "-lc", "/usr/bin/git -C x push"], true),
        (&["python3.12", "-c", "os.system('git push')"], true),
        (&["xargs", "git", "push"], true),
        (&["git", "status"], false),
        (&["sh", "-c", "git status"], false),
        (&["echo", "git", "push"], false),
    ] {
        assert_eq!(matches(&push, line, Reading::Wide), wanted, "{line:?}");
    }
    assert!(matches(&pattern("rm", &[]), &["find", ".", "-exec", "rm", "{}", ";"], Reading::Wide));
    assert!(matches(&pattern("rm", &[]), &["busybox", "rm", "x"], Reading::Wide));
}
