//! Commands in rules: a program and the arguments that it begins with. No line of a shell is parsed here.
//!
//! Read narrowly (allow), a bare name is the bare name or that program of a system folder, and the arguments
//! come first and in order. Read widely (ask, deny), a bare name is that program wherever it lies, also
//! behind a program that runs others (`env rm`, `sh -c 'rm …'`), and the arguments may stand anywhere.

use serde::{Deserialize, Serialize};

use super::glob::Reading;

/// Folders whose programs a bare name stands for.
const SYSTEM_FOLDERS: [&str; 5] = ["/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/"];

/// Programs that run what their arguments say.
const LAUNCHERS: &[&str] = &[
    "ash",
    "awk",
    "bash",
    "busybox",
    "chroot",
    "csh",
    "dash",
    "doas",
    "docker",
    "env",
    "expect",
    "find",
    "fish",
    "flock",
    "gawk",
    "gdb",
    "git",
    "ionice",
    "ksh",
    "ld.so",
    "lua",
    "make",
    "nice",
    "node",
    "nohup",
    "nsenter",
    "parallel",
    "perl",
    "php",
    "pkexec",
    "podman",
    "python",
    "python2",
    "python3",
    "ruby",
    "run-parts",
    "runuser",
    "screen",
    "script",
    "sed",
    "setarch",
    "setpriv",
    "setsid",
    "sh",
    "ssh",
    "start-stop-daemon",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "tar",
    "taskset",
    "tclsh",
    "time",
    "timeout",
    "tmux",
    "unshare",
    "vi",
    "vim",
    "watch",
    "xargs",
    "zsh",
];

/// Which commands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandPattern {
    /// A bare name or an absolute path; every program without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What its arguments begin with, word for word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Whether nothing follows those arguments. Only a rule that allows is that precise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
}

// === impl CommandPattern ===

impl CommandPattern {
    /// The pattern that only this command matches.
    #[must_use]
    pub fn exactly(program: &str, args: &[String]) -> Self {
        Self { program: Some(program.to_owned()), args: args.to_vec(), exact: true }
    }

    pub(super) fn matches(&self, program: &str, args: &[String], reading: Reading) -> bool {
        match reading {
            Reading::Narrow => {
                self.program.as_deref().is_none_or(|wanted| is_program(wanted, program))
                    && args.starts_with(&self.args)
                    && (!self.exact || args.len() == self.args.len())
            }
            Reading::Wide => {
                let own = self.program.as_deref().is_none_or(|wanted| same_name(wanted, program));
                (own && holds(args, &self.args))
                    || (is_launcher(program) && self.program.is_some() && self.is_launched(args))
            }
        }
    }

    /// Whether a program that runs others may run this one: its name and arguments are words of theirs.
    fn is_launched(&self, args: &[String]) -> bool {
        let words: Vec<String> = args.iter().flat_map(|arg| words(arg)).collect();
        let named = self.program.as_deref().is_some_and(|wanted| {
            args.iter().any(|arg| same_name(wanted, arg)) || words.iter().any(|word| same_name(wanted, word))
        });
        let wanted: Vec<String> = self.args.iter().flat_map(|arg| words_of(arg)).collect();
        named && wanted.iter().all(|arg| words.contains(arg))
    }
}

fn words_of(arg: &str) -> Vec<String> {
    words(arg).collect()
}

fn words(arg: &str) -> impl Iterator<Item = String> + '_ {
    let inside = |c: char| c.is_alphanumeric() || "_./+-".contains(c);
    arg.split(move |c: char| !inside(c)).filter(|word| !word.is_empty()).map(str::to_owned)
}

fn is_program(wanted: &str, program: &str) -> bool {
    wanted == program
        || (!wanted.contains('/')
            && SYSTEM_FOLDERS.iter().any(|folder| program.strip_prefix(folder) == Some(wanted)))
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn same_name(wanted: &str, program: &str) -> bool {
    base(wanted).eq_ignore_ascii_case(base(program))
}

/// `python3.12` is `python3` too.
fn is_launcher(program: &str) -> bool {
    let name = base(program).to_ascii_lowercase();
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    LAUNCHERS.contains(&name.as_str()) || LAUNCHERS.contains(&plain)
}

/// Whether the words of `part` stand in `whole` in their order, whatever stands between them.
fn holds(whole: &[String], part: &[String]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|wanted| rest.any(|arg| arg.eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests;
