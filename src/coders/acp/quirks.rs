//! How the programs that speak ACP differ, as data. Each line was measured; the version stands with it.

/// What one program does in its own way.
#[derive(PartialEq, Eq, Debug)]
pub(in crate::coders) struct Quirks {
    /// What it wants to be told before a session, by `authenticate`.
    pub(super) authenticate: Option<&'static str>,
    /// Before the name of a model on the wire.
    pub(super) model_prefix: &'static str,
    /// Where a tool's own name is.
    pub(super) naming: Naming,
    /// Before the name of a tool of the daemon.
    pub(super) door_prefix: Option<&'static str>,
    /// Tools that touch nothing.
    pub(super) internal: &'static [&'static str],
    /// The title of a tool that runs a command is the command: there are no arguments.
    pub(super) title_is_command: bool,
    /// A tool is named before its arguments are known, and asked about before that too; they always follow.
    pub(super) late_arguments: bool,
    /// A message with a new id, with no tool between, is another try of the one before.
    pub(super) new_message_is_again: bool,
    /// Failures and retries of its provider are told as text of the model.
    pub(super) notes_in_text: bool,
    /// Tokens are counted for the whole session, not for a prompt.
    pub(super) counts_sessions: bool,
    /// Tokens of the prompt are told without those that came from a cache, those of the answer without reasoning.
    pub(super) counts_apart: bool,
    /// The code of a failed prompt is the provider's HTTP status.
    pub(super) code_is_status: bool,
    /// A prompt for which no model has counted anything was cut off, whatever it ends with.
    pub(super) no_usage_is_cut: bool,
    /// What was said before goes on being told after a session was said to be taken up.
    pub(super) replays_late: bool,
    /// Instructions reach the model by a file, which the launch writes; otherwise they are put before the first prompt.
    pub(super) instructions_in_file: bool,
}

/// Where a tool's own name is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Naming {
    /// In the title with which it is first told.
    Title,
    /// In the title of tools of the kind `other`; the titles of others are for people, and the model may word them.
    TitleOfOthers,
    /// In its id, before the first `__`.
    Id,
}

/// An agent that nothing is known of.
pub(in crate::coders) static ANY: Quirks = PLAIN;

const PLAIN: Quirks = Quirks {
    authenticate: None,
    model_prefix: "",
    naming: Naming::TitleOfOthers,
    door_prefix: None,
    internal: &[],
    title_is_command: false,
    late_arguments: false,
    new_message_is_again: false,
    notes_in_text: false,
    counts_sessions: false,
    counts_apart: false,
    code_is_status: false,
    no_usage_is_cut: false,
    replays_late: false,
    instructions_in_file: false,
};

/// Gemini CLI 0.61.0. A tool appears only inside the question about it; after a no nothing more is told of it.
pub(in crate::coders) static GEMINI: Quirks = Quirks {
    authenticate: Some("gemini-api-key"),
    naming: Naming::Id,
    door_prefix: Some("mcp_capuchin_"),
    internal: &["write_todos", "update_topic"],
    title_is_command: true,
    code_is_status: true,
    no_usage_is_cut: true,
    replays_late: true,
    instructions_in_file: true,
    ..PLAIN
};

/// OpenCode 1.18.33. A no ends the prompt at once.
pub(in crate::coders) static OPENCODE: Quirks = Quirks {
    model_prefix: "capuchin/",
    naming: Naming::Title,
    door_prefix: Some("capuchin_"),
    internal: &["todowrite", "todoread"],
    late_arguments: true,
    new_message_is_again: true,
    counts_apart: true,
    instructions_in_file: true,
    ..PLAIN
};

/// GitHub Copilot CLI 1.0.102. A no ends the prompt at once; reading in the folder is never asked about.
pub(in crate::coders) static COPILOT: Quirks = Quirks {
    door_prefix: Some("capuchin-"),
    notes_in_text: true,
    counts_sessions: true,
    instructions_in_file: true,
    ..PLAIN
};
