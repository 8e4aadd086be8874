//! The judgement: a pure function of the policy, the action and its circumstances.
//!
//! In this order: what is malformed or unknown is denied. Then **deny wins over ask wins over allow**,
//! whatever the order and the precision of rules: a deny of a person or a ceiling of the mode; else an ask
//! of a person; else an allow of a person; else what mode and autonomy say on a miss; else deny. What is
//! allowed by that is still asked when approvals are `always`, when nobody attends to a turn that only its
//! mode allows, and when the turn has read untrusted text and the action lets something out. In the end,
//! where nobody is to be asked, asking is denying.

use super::action::{Action, Canonical, ToolClass};
use super::built_in;
use super::document::Policy;
use super::glob::Reading;
use super::mode::{ApprovalMode, Autonomy, PermissionMode};
use super::rule::{Effect, Origin, Rule};
use super::subject::Subject;
use crate::protocol::ids::RuleId;

/// An action with its circumstances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// What is to be done.
    pub action: Action,
    /// By whom, where, and because of whom.
    pub subject: Subject,
    /// The assistant's permission mode.
    pub mode: PermissionMode,
    /// The assistant's autonomy.
    pub autonomy: Autonomy,
    /// Whether the turn has read untrusted text.
    pub tainted: bool,
    /// The workspace's folder, absolute.
    pub workspace_root: Option<String>,
    /// Hosts that a person named for this turn: not new to a tainted one.
    pub known_hosts: Vec<String>,
    /// Channel and target that the turn answers to: no other target to a tainted one.
    pub answers_to: Option<(String, String)>,
    /// Whether that folder is a private copy, which nothing leaves but through a gate.
    pub private: bool,
}

/// What becomes of it, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What becomes of it.
    pub effect: Effect,
    /// The rule that decided, when a person's did.
    pub rule: Option<RuleId>,
    /// What decided, in words, for people.
    pub reason: String,
}

// === impl Ask ===

impl Ask {
    /// An action of an attended turn that has read trusted text only, by an assistant as they are made.
    #[must_use]
    pub fn plain(action: Action, subject: Subject) -> Self {
        Self {
            action,
            subject,
            mode: PermissionMode::Default,
            autonomy: Autonomy::Supervised,
            tainted: false,
            workspace_root: None,
            known_hosts: Vec::new(),
            answers_to: None,
            private: false,
        }
    }
}

// === impl Verdict ===

impl Verdict {
    fn by_rule(rule: &Rule) -> Self {
        let kind = match (rule.effect, &rule.standing, rule.origin) {
            (_, Some(words), _) => format!("the standing rule \"{words}\" denies it"),
            (Effect::Deny, None, _) => "a rule denies it".to_owned(),
            (Effect::Ask, None, _) => "a rule says to ask".to_owned(),
            (Effect::Allow, None, Origin::Approval(_)) => "somebody allowed it for later, too".to_owned(),
            (Effect::Allow, None, Origin::Person) => "a rule allows it".to_owned(),
        };
        let reason = if rule.note.is_empty() { kind } else { format!("{kind}: {}", rule.note) };
        Self { effect: rule.effect, rule: Some(rule.id), reason }
    }

    fn of(effect: Effect, reason: impl Into<String>) -> Self {
        Self { effect, rule: None, reason: reason.into() }
    }

    fn asked_because(self, reason: &str) -> Self {
        Self { effect: Effect::Ask, reason: format!("{reason} ({})", self.reason), ..self }
    }
}

/// See the module.
#[must_use]
pub fn judge(policy: &Policy, ask: &Ask, now_ms: i64) -> Verdict {
    let action = match Canonical::of(&ask.action, ask.workspace_root.as_deref()) {
        Ok(Canonical::Unknown) => return Verdict::of(Effect::Deny, "it is not known what this does"),
        Ok(action) => action,
        Err(malformed) => return Verdict::of(Effect::Deny, malformed.to_string()),
    };
    let own = Own::of(policy, ask, &action, now_ms);
    let verdict = match own.decisive {
        Some(rule) if rule.effect == Effect::Deny => return Verdict::by_rule(rule),
        decisive => match (decisive, on_a_miss(policy, ask, &action)) {
            (_, ceiling) if ceiling.effect == Effect::Deny => return ceiling,
            (Some(rule), _) => Verdict::by_rule(rule),
            (None, miss) => miss,
        },
    };
    let verdict = if verdict.effect == Effect::Allow {
        still_asked(policy, ask, &action, &own, verdict)
    } else {
        verdict
    };
    match verdict.effect {
        Effect::Ask if ask.mode == PermissionMode::DontAsk => Verdict {
            effect: Effect::Deny,
            reason: format!("the mode dont_ask denies what would be asked: {}", verdict.reason),
            ..verdict
        },
        Effect::Ask if policy.approvals == ApprovalMode::Off => Verdict {
            effect: Effect::Deny,
            reason: format!("approvals are off, so what would be asked is denied: {}", verdict.reason),
            ..verdict
        },
        _ => verdict,
    }
}

/// What the rules of people say.
struct Own<'p> {
    /// The rule that decides among them: the strictest; of several, the oldest.
    decisive: Option<&'p Rule>,
    /// Whether one that allows says so even after untrusted text.
    even_untrusted: bool,
}

impl<'p> Own<'p> {
    fn of(policy: &'p Policy, ask: &Ask, action: &Canonical<'_>, now_ms: i64) -> Self {
        let mut own = Self { decisive: None, even_untrusted: false };
        let live =
            policy.rules.iter().filter(|rule| rule.is_live(now_ms) && rule.subject.matches(&ask.subject));
        for rule in live {
            let reading = if rule.effect == Effect::Allow { Reading::Narrow } else { Reading::Wide };
            if !rule.action.matches(action, reading) {
                continue;
            }
            own.even_untrusted |= rule.effect == Effect::Allow && rule.even_untrusted;
            let rank = |rule: &Rule| (std::cmp::Reverse(rule.effect), rule.id);
            if own.decisive.is_none_or(|best| rank(rule) < rank(best)) {
                own.decisive = Some(rule);
            }
        }
        own
    }
}

/// What the mode, the assistant's autonomy and the tenant's highest autonomy say together.
fn on_a_miss(policy: &Policy, ask: &Ask, action: &Canonical<'_>) -> Verdict {
    let tables = [
        (format!("the mode {}", ask.mode), built_in::mode(ask.mode)),
        (format!("the autonomy {}", ask.autonomy), built_in::autonomy(ask.autonomy)),
        (format!("the tenant's limit, {},", policy.autonomy_max), built_in::autonomy(policy.autonomy_max)),
    ];
    let mut narrowest = Verdict::of(Effect::Allow, format!("the mode {} allows it", ask.mode));
    for (name, lines) in &tables {
        let Some(effect) = built_in::effect(lines, action) else {
            return Verdict::of(Effect::Deny, "nothing allows it");
        };
        if effect > narrowest.effect {
            let says = if effect == Effect::Deny { "denies it" } else { "asks for it, and no rule answers" };
            narrowest = Verdict::of(effect, format!("{name} {says}"));
        }
    }
    narrowest
}

/// The gates behind an allow.
fn still_asked(
    policy: &Policy,
    ask: &Ask,
    action: &Canonical<'_>,
    own: &Own<'_>,
    verdict: Verdict,
) -> Verdict {
    if policy.approvals == ApprovalMode::Always && !matches!(action, Canonical::Model { .. }) {
        return verdict.asked_because("approvals are always asked for");
    }
    let is_kept_back = ask.private && matches!(action, Canonical::Write(place) if place.is_inside());
    if own.decisive.is_none() && ask.subject.source.is_unattended() && action.is_effect() && !is_kept_back {
        return verdict.asked_because("nobody attends to this turn, and no rule of a person allows it");
    }
    match outlet(ask, action) {
        Some(outlet) if ask.tainted && !own.even_untrusted => {
            verdict.asked_because(&format!("this turn has read untrusted text, and this {outlet}"))
        }
        _ => verdict,
    }
}

/// How an action could let something out or reach further than the workspace, in words.
fn outlet(ask: &Ask, action: &Canonical<'_>) -> Option<&'static str> {
    match action {
        Canonical::Read(place) | Canonical::Write(place) => {
            (!place.is_inside()).then_some("leaves the workspace")
        }
        Canonical::Run { .. } => Some("runs a program"),
        Canonical::Reach { host, .. } => {
            let known = ask.known_hosts.iter().filter_map(|known| super::host::canonical_host(known));
            (!known.into_iter().any(|known| known == *host)).then_some("reaches a new host")
        }
        Canonical::Tool { class, .. } => (*class != ToolClass::ReadOnly).then_some("changes something"),
        Canonical::Send { channel, target } => {
            let own = ask.answers_to.as_ref().is_some_and(|(by, to)| by == channel && to == target);
            (!own).then_some("goes to another target")
        }
        Canonical::Secret { .. } => Some("uses a secret"),
        Canonical::Spawn { .. } | Canonical::Model { .. } | Canonical::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
