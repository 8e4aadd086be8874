//! The policy as a page shows it, and actions as its forms name them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{assistant_problem, rfc3339};
use crate::approvals::visible;
use crate::assistants::Assistant;
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::policy::{
    Action, ActionPattern, Ask, Autonomy, Effect, NewRule, Origin, PermissionMode, Rule, SourceKind, Subject,
    SubjectPattern, judge,
};
use crate::protocol::ids::AssistantId;
use crate::web::view::Frame;
use crate::web::view::safety::{AssistantRow, RuleDraft, RuleRow, SafetyPage, TestDraft, VerdictView};

/// Assistants that are listed.
const ASSISTANTS_MAX: usize = 200;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The page as it is before a form says anything.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<SafetyPage, Problem> {
    let policy = state.policies.current(&by.tenant).await?;
    let assistants =
        state.assistants.list(&by.tenant, None, ASSISTANTS_MAX).await.map_err(assistant_problem)?;
    let names: HashMap<AssistantId, &str> =
        assistants.iter().map(|assistant| (assistant.id, assistant.name.as_str())).collect();
    let now_ms = Timestamp::now().as_millisecond();
    Ok(SafetyPage {
        frame,
        version: policy.version,
        preset: policy.preset().as_str(),
        approvals: policy.approvals.as_str(),
        autonomy_max: policy.autonomy_max.as_str(),
        rules: policy.rules.iter().map(|rule| rule_row(rule, &names, now_ms)).collect(),
        assistants: assistants.iter().map(assistant_row).collect(),
        draft: RuleDraft::default(),
        tested: TestDraft::default(),
        verdict: None,
        notice: None,
        error: None,
    })
}

fn assistant_row(assistant: &Assistant) -> AssistantRow {
    AssistantRow {
        id: assistant.id.to_string(),
        name: assistant.name.clone(),
        mode: assistant.permission_mode.as_str(),
        autonomy: assistant.autonomy.as_str(),
        version: assistant.version,
        bypass: assistant.permission_mode == PermissionMode::BypassPermissions,
    }
}

fn rule_row(rule: &Rule, names: &HashMap<AssistantId, &str>, now_ms: i64) -> RuleRow {
    RuleRow {
        id: rule.id.to_string(),
        effect: rule.effect.as_str(),
        what: visible(&rule.action.to_string()),
        whom: whom(rule.subject, names),
        standing: rule.standing.clone(),
        note: rule.note.clone(),
        even_untrusted: rule.even_untrusted,
        approval: match rule.origin {
            Origin::Person => None,
            Origin::Approval(id) => Some(id.to_string()),
        },
        by: rule.created_by.clone(),
        created: rfc3339(rule.created_ms),
        expires: rule.expires_ms.map(rfc3339),
        live: rule.is_live(now_ms),
    }
}

/// Whom a rule is about, in words.
fn whom(subject: SubjectPattern, names: &HashMap<AssistantId, &str>) -> String {
    let mut words = vec![match subject.assistant {
        Some(id) => {
            names.get(&id).map_or_else(|| "an assistant that is gone".to_owned(), |name| (*name).to_owned())
        }
        None => "every assistant".to_owned(),
    }];
    if subject.workspace.is_some() {
        words.push("in one workspace".to_owned());
    }
    if subject.thread.is_some() {
        words.push("in one chat".to_owned());
    }
    if let Some(source) = subject.source {
        // silent-ok: our own words always encode
        let word = serde_json::to_value(source).unwrap_or_default();
        let label = SafetyPage::SOURCES.iter().find(|(known, _)| Some(*known) == word.as_str());
        words.push(format!("because of {}", label.map_or("somebody", |(_, label)| label)));
    }
    words.join(", ")
}

/// The rule that a form describes.
pub(in crate::web) fn new_rule(
    state: &AppState,
    by: &Principal,
    draft: &RuleDraft,
) -> Result<NewRule, Problem> {
    let effect: Effect = serde_json::from_value(Value::String(draft.effect.clone()))
        .map_err(|_| Problem::invalid_field("effect", "is allow, ask or deny"))?;
    let fields = pattern_fields(&draft.kind, &draft.first, &draft.second)?;
    let action: ActionPattern = serde_json::from_value(Value::Object(fields))
        .map_err(|error| Problem::invalid_field("what", error.to_string()))?;
    let now_ms = Timestamp::now().as_millisecond();
    // silent-ok: what is no number of days is no end
    let days = draft.days.parse::<i64>().ok().filter(|days| (1..=3_650).contains(days));
    let standing = draft.standing.trim();
    Ok(NewRule {
        subject: SubjectPattern {
            assistant: assistant(&draft.assistant)?,
            source: source(&draft.source)?,
            ..SubjectPattern::default()
        },
        standing: (!standing.is_empty()).then(|| state.clean(by, "policy", standing.to_owned())),
        note: state.clean(by, "policy", draft.note.trim().to_owned()),
        expires_ms: days.map(|days| now_ms.saturating_add(days * DAY_MS)),
        ..NewRule::of_person(effect, action)
    })
}

/// What the policy says about the action that a form describes. Nothing is done and nobody is asked.
pub(in crate::web) async fn verdict(
    state: &AppState,
    by: &Principal,
    draft: &TestDraft,
) -> Result<VerdictView, Problem> {
    let action: Action = serde_json::from_value(Value::Object(action_fields(draft)?))
        .map_err(|error| Problem::invalid_field("what", error.to_string()))?;
    let found = match assistant(&draft.assistant)? {
        Some(id) => state.assistants.get(&by.tenant, id).await,
        None => state.assistants.default(&by.tenant).await,
    };
    let found = found.map_err(|_| Problem::invalid_field("assistant", "names no assistant"))?;
    let (mode, autonomy): (PermissionMode, Autonomy) = (found.permission_mode, found.autonomy);
    let source = source(&draft.source)?.unwrap_or(SourceKind::Owner);
    let subject = Subject { assistant: Some(found.id), workspace: None, thread: None, source };
    let ask = Ask { mode, autonomy, tainted: draft.tainted, ..Ask::plain(action, subject) };
    let policy = state.policies.current(&by.tenant).await?;
    let verdict = judge(&policy, &ask, Timestamp::now().as_millisecond());
    Ok(VerdictView {
        effect: verdict.effect.as_str(),
        reason: super::super::framed::sentence(&verdict.reason),
        rule: verdict.rule.map(|id| id.to_string()),
        shown: visible(&ask.action.to_string()),
    })
}

fn assistant(text: &str) -> Result<Option<AssistantId>, Problem> {
    let wrong = || Problem::invalid_field("assistant", "names no assistant");
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| wrong()) }
}

fn source(word: &str) -> Result<Option<SourceKind>, Problem> {
    if word.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Problem::invalid_field("source", "is none of the kinds of causes");
    serde_json::from_value(Value::String(word.to_owned())).map(Some).map_err(wrong)
}

/// The names that a kind gives to the two fields of a form.
fn names_of(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "read_path" | "write_path" => ("path", ""),
        "run_command" => ("program", "args"),
        "reach_host" => ("host", "port"),
        "call_tool" => ("tool", "server"),
        "send_to" => ("target", "channel"),
        "use_secret" => ("name", "host"),
        "spawn_agent" => ("assistant", ""),
        "use_model" => ("model", "backend"),
        _ => ("", ""),
    }
}

/// Both fields under their names; an empty one is left out, which matches everything.
fn pattern_fields(kind: &str, first: &str, second: &str) -> Result<Map<String, Value>, Problem> {
    let mut fields = Map::new();
    fields.insert("kind".to_owned(), kind.into());
    let (first_name, second_name) = names_of(kind);
    for (name, text) in [(first_name, first.trim()), (second_name, second.trim())] {
        if name.is_empty() || text.is_empty() {
            continue;
        }
        let value = match name {
            "args" => Value::from(arguments(text)),
            "port" => text
                .parse::<u16>()
                .map(Value::from)
                .map_err(|_| Problem::invalid_field("port", "is a number from 1 to 65535"))?,
            _ => text.into(),
        };
        fields.insert(name.to_owned(), value);
    }
    Ok(fields)
}

/// An action has all of its fields.
fn action_fields(draft: &TestDraft) -> Result<Map<String, Value>, Problem> {
    let mut fields = pattern_fields(&draft.kind, &draft.first, &draft.second)?;
    let more = match draft.kind.as_str() {
        "reach_host" => json!({ "port": 443 }),
        "call_tool" => json!({ "class": "effectful" }),
        "send_to" => json!({ "channel": "any" }),
        "use_secret" => json!({ "host": "" }),
        "use_model" => json!({ "backend": "any", "local": false }),
        _ => json!({}),
    };
    if let Value::Object(more) = more {
        for (name, value) in more {
            fields.entry(name).or_insert(value);
        }
    }
    Ok(fields)
}

/// Arguments apart by spaces; quotes keep spaces together.
fn arguments(text: &str) -> Vec<String> {
    let (mut found, mut word, mut quote, mut inside) = (Vec::new(), String::new(), None, false);
    for next in text.chars() {
        match (quote, next) {
            (Some(open), next) if next == open => quote = None,
            (Some(_), next) => word.push(next),
            (None, '"' | '\'') => (quote, inside) = (Some(next), true),
            (None, ' ') if inside => {
                found.push(std::mem::take(&mut word));
                inside = false;
            }
            (None, ' ') => {}
            (None, next) => {
                word.push(next);
                inside = true;
            }
        }
    }
    if inside {
        found.push(word);
    }
    found
}

#[cfg(test)]
mod tests;
