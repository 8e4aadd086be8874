//! The programs: what each is called, how it is started, and who speaks its dialect.
//!
//! | file | what |
//! |---|---|
//! | `launch` | command lines, environments and files of settings |
//! | `known` | those of Codex, Gemini CLI, OpenCode and Copilot |
//! | `finding` | where a program is, what belongs to it, and how old it is |
//!
//! Source: the programs' own help and behaviour, measured with Claude Code 2.1.330, Codex 0.169, Gemini CLI 0.61, OpenCode
//! 1.18 and Copilot CLI 1.0.102.

mod finding;
mod known;
mod launch;

pub(super) use finding::{Found, SearchPath, find, is_signed_in, version_of};
pub(super) use launch::{Launching, Session, launch};

use crate::config::backends::BackendKind;

use super::acp::{ANY, Acp, COPILOT as COPILOT_ACP, GEMINI as GEMINI_ACP, OPENCODE as OPENCODE_ACP};
use super::claude::Claude;
use super::codex::Codex;
use super::dialect::Dialect;

/// What is known of a program.
pub(super) struct About {
    /// What people call it.
    pub(super) title: &'static str,
    /// The name of its file.
    pub(super) file: &'static str,
    /// The oldest version that is spoken to: major, minor, patch.
    pub(super) oldest: [u32; 3],
    /// How it is installed.
    pub(super) install: &'static str,
    /// How a person signs in.
    pub(super) sign_in: &'static str,
    /// Files below its home of which one is there when somebody is signed in.
    pub(super) signed_in: &'static [&'static str],
}

/// What is known of this kind of program; nothing of one that anybody may have written.
pub(super) const fn about(kind: BackendKind) -> Option<&'static About> {
    match kind {
        BackendKind::Claude => Some(&CLAUDE),
        BackendKind::Codex => Some(&CODEX),
        BackendKind::GeminiCli => Some(&GEMINI),
        BackendKind::Opencode => Some(&OPENCODE),
        BackendKind::Copilot => Some(&COPILOT),
        BackendKind::Acp
        | BackendKind::Openai
        | BackendKind::Openrouter
        | BackendKind::Anthropic
        | BackendKind::Gemini
        | BackendKind::Ollama
        | BackendKind::Demo => None,
    }
}

/// Who speaks with this kind of program, in a session of this id; `None` where it is no program.
pub(super) fn dialect(kind: BackendKind, session: &Session) -> Option<Box<dyn Dialect>> {
    match kind {
        BackendKind::Claude => Some(Box::new(Claude::new(session.id()))),
        BackendKind::Codex => Some(Box::new(Codex::new())),
        BackendKind::GeminiCli => Some(Box::new(Acp::new(&GEMINI_ACP))),
        BackendKind::Opencode => Some(Box::new(Acp::new(&OPENCODE_ACP))),
        BackendKind::Copilot => Some(Box::new(Acp::new(&COPILOT_ACP))),
        BackendKind::Acp => Some(Box::new(Acp::new(&ANY))),
        BackendKind::Openai
        | BackendKind::Openrouter
        | BackendKind::Anthropic
        | BackendKind::Gemini
        | BackendKind::Ollama
        | BackendKind::Demo => None,
    }
}

static CLAUDE: About = About {
    title: "Claude Code",
    file: "claude",
    oldest: [2, 1, 0],
    install: "npm install -g @anthropic-ai/claude-code",
    sign_in: "claude auth login",
    signed_in: &[".claude/.credentials.json"],
};

static CODEX: About = About {
    title: "Codex",
    file: "codex",
    oldest: [0, 160, 0],
    install: "npm install -g @openai/codex",
    sign_in: "codex login",
    signed_in: &[".codex/auth.json"],
};

static GEMINI: About = About {
    title: "Gemini CLI",
    file: "gemini",
    oldest: [0, 50, 0],
    install: "npm install -g @google/gemini-cli",
    sign_in: "gemini",
    signed_in: &[".gemini/oauth_creds.json"],
};

static OPENCODE: About = About {
    title: "OpenCode",
    file: "opencode",
    oldest: [1, 0, 0],
    install: "npm install -g opencode-ai",
    sign_in: "opencode auth login",
    signed_in: &[".local/share/opencode/auth.json"],
};

static COPILOT: About = About {
    title: "Copilot CLI",
    file: "copilot",
    oldest: [1, 0, 0],
    install: "npm install -g @github/copilot",
    sign_in: "copilot login",
    signed_in: &[".copilot/config.json"],
};

#[cfg(test)]
mod tests;
