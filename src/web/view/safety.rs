//! Safety: the kill switch, the policy's settings, its rules, and what they would say.

use askama::Template;

use super::{Frame, filters};

/// `/settings/safety`.
#[derive(Template)]
#[template(path = "safety.html", config = "src/web/askama.toml")]
pub struct SafetyPage {
    /// The frame; its notices say whether the kill switch is engaged.
    pub frame: Frame,
    /// Counts changes of the policy.
    pub version: i64,
    /// `careful`, `balanced` or `custom`.
    pub preset: &'static str,
    /// When a person is asked.
    pub approvals: &'static str,
    /// How far any assistant may go.
    pub autonomy_max: &'static str,
    /// Everybody who may do something.
    pub assistants: Vec<AssistantRow>,
    /// Oldest first.
    pub rules: Vec<RuleRow>,
    /// What was typed into the form for a rule.
    pub draft: RuleDraft,
    /// What was typed into the form that tests.
    pub tested: TestDraft,
    /// What the policy says to it.
    pub verdict: Option<VerdictView>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A kind of action, and what its two fields mean.
#[derive(Clone, Copy, Debug)]
pub struct KindOfAction {
    /// Its word.
    pub word: &'static str,
    /// For people.
    pub label: &'static str,
    /// What the first field is; empty for none.
    pub first: &'static str,
    /// What the second field is; empty for none.
    pub second: &'static str,
}

/// An assistant.
#[derive(Clone, Debug)]
pub struct AssistantRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its permission mode.
    pub mode: &'static str,
    /// Its autonomy.
    pub autonomy: &'static str,
    /// Counts changes.
    pub version: i64,
    /// Whether it asks nobody.
    pub bypass: bool,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// `allow`, `ask` or `deny`.
    pub effect: &'static str,
    /// Which actions.
    pub what: String,
    /// Of whom.
    pub whom: String,
    /// A standing rule's own words.
    pub standing: Option<String>,
    /// For people; may be empty.
    pub note: String,
    /// Whether it allows also after untrusted text was read.
    pub even_untrusted: bool,
    /// The question whose answer made it.
    pub approval: Option<String>,
    /// Who made it.
    pub by: String,
    /// When, RFC 3339.
    pub created: String,
    /// When it ends, RFC 3339.
    pub expires: Option<String>,
    /// Whether it still holds.
    pub live: bool,
}

/// The form for a rule.
#[derive(Clone, Debug, Default)]
pub struct RuleDraft {
    /// What it does.
    pub effect: String,
    /// The word of the kind of action.
    pub kind: String,
    /// The first field of the action.
    pub first: String,
    /// The second one.
    pub second: String,
    /// An assistant's id.
    pub assistant: String,
    /// A kind of cause.
    pub source: String,
    /// Days until it ends.
    pub days: String,
    /// In plain words, for a deny that the model is told of.
    pub standing: String,
    /// For people.
    pub note: String,
}

/// The form that tests.
#[derive(Clone, Debug, Default)]
pub struct TestDraft {
    /// The word of the kind of action.
    pub kind: String,
    /// The first field of the action.
    pub first: String,
    /// The second one.
    pub second: String,
    /// An assistant's id.
    pub assistant: String,
    /// A kind of cause.
    pub source: String,
    /// Whether untrusted text was read before.
    pub tainted: bool,
}

/// What the policy says.
#[derive(Clone, Debug)]
pub struct VerdictView {
    /// `allow`, `ask` or `deny`.
    pub effect: &'static str,
    /// What decided, in words.
    pub reason: String,
    /// The rule that did.
    pub rule: Option<String>,
    /// The action as people see it.
    pub shown: String,
}

/// `/settings/safety/kill`: the last question before everything stops.
#[derive(Template)]
#[template(path = "kill.html", config = "src/web/askama.toml")]
pub struct KillPage {
    /// The frame.
    pub frame: Frame,
    /// Why, as it was typed.
    pub reason: String,
    /// Turns that run now.
    pub running: usize,
}

const fn kind(
    word: &'static str,
    label: &'static str,
    first: &'static str,
    second: &'static str,
) -> KindOfAction {
    KindOfAction { word, label, first, second }
}

impl SafetyPage {
    /// The kinds of actions.
    pub const KINDS: &'static [KindOfAction] = &[
        kind("read_path", "Read files", "Path", ""),
        kind("write_path", "Write files", "Path", ""),
        kind("run_command", "Run a program", "Program", "Arguments"),
        kind("reach_host", "Connect", "Host", "Port"),
        kind("call_tool", "Call a tool", "Tool", "Server"),
        kind("send_to", "Send a message", "Receiver", "Channel"),
        kind("use_secret", "Use a secret", "Secret", "Host"),
        kind("spawn_agent", "Start an assistant", "Assistant", ""),
        kind("use_model", "Ask a model", "Model", "Backend"),
    ];
    /// Presets: word, label, and what they mean.
    pub const PRESETS: &'static [(&'static str, &'static str, &'static str)] = &[
        (
            "careful",
            "Careful",
            "Asks for everything but answers of models. No assistant goes further than supervised.",
        ),
        (
            "balanced",
            "Balanced",
            "Reads freely in the workspace, asks before it writes, runs, sends or connects.",
        ),
        ("custom", "Custom", "What is chosen below."),
    ];
    /// When a person is asked.
    pub const APPROVALS: &'static [(&'static str, &'static str)] = &[
        ("off", "Never: what would be asked is denied"),
        ("on_miss", "When no rule answers"),
        ("always", "Always, whatever is allowed"),
    ];
    /// How far assistants go.
    pub const AUTONOMY: &'static [(&'static str, &'static str)] =
        &[("read_only", "Read only"), ("supervised", "Supervised"), ("full", "Full")];
    /// How assistants are let work.
    pub const MODES: &'static [(&'static str, &'static str)] = &[
        ("default", "Default: asks to write, run and send"),
        ("accept_edits", "Accept edits: writes in its workspace"),
        ("plan", "Plan: reads and thinks only"),
        ("dont_ask", "Don't ask: what would be asked is denied"),
        ("bypass_permissions", "Bypass: asks nobody"),
    ];
    /// Who can cause a turn.
    pub const SOURCES: &'static [(&'static str, &'static str)] = &[
        ("owner", "the owner"),
        ("member", "a member"),
        ("token", "a program"),
        ("channel", "an approved sender"),
        ("stranger", "a stranger"),
        ("webhook", "a webhook"),
        ("schedule", "a schedule"),
    ];
    /// Effects of rules.
    pub const EFFECTS: &'static [(&'static str, &'static str)] =
        &[("ask", "Ask"), ("deny", "Deny"), ("allow", "Allow")];
    /// Ends of rules in days.
    pub const DAYS: &'static [(&'static str, &'static str)] =
        &[("", "Never"), ("1", "In a day"), ("7", "In a week"), ("30", "In 30 days")];

    /// Assistants that ask nobody, by name.
    #[must_use]
    pub fn bypassing(&self) -> Vec<&str> {
        let bypass = self.assistants.iter().filter(|assistant| assistant.bypass);
        bypass.map(|assistant| assistant.name.as_str()).collect()
    }
}
