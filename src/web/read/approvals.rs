//! Questions to people as cards.

use std::collections::HashMap;

use super::rail::title_of;
use super::{name_of, problem, rfc3339};
use crate::approvals::{Approval, ApprovalFilter, ApprovalState, DecisionScope};
use crate::http::auth::{Decide, Need as _};
use crate::http::{AppState, Problem};
use crate::identity::{Principal, Scope};
use crate::policy::{ApprovalMode, SourceKind};
use crate::protocol::ids::{ApprovalId, AssistantId, ThreadId, TurnId};
use crate::web::view::approvals::{AskView, Choice, EndedView, InboxView};

/// Questions that are listed; more are not read at once.
const WAITING_MAX: usize = 50;
/// Decided ones that are listed.
const DECIDED_MAX: usize = 30;
/// Questions of one conversation that its page shows.
const OF_THREAD_MAX: usize = 100;
/// Most characters of a title.
const TITLE_CHARS_MAX: usize = 90;

/// Every answer, the mildest first.
pub(in crate::web) const CHOICES: [Choice; 4] = [
    Choice { word: "allow", label: "Allow once", effect: "" },
    Choice {
        word: "allow_thread",
        label: "Allow for this chat",
        effect: "This writes a rule: exactly this is allowed in this chat from now on, without a question.",
    },
    Choice {
        word: "allow_always",
        label: "Allow always",
        effect: "This writes a rule: exactly this is allowed to this assistant in this workspace from now on, \
                 when it is caused the same way. Rules are removed under Settings, Safety.",
    },
    Choice { word: "deny", label: "Deny", effect: "" },
];

/// Names that cards show, read once for all of them.
struct Names<'a> {
    state: &'a AppState,
    by: &'a Principal,
    /// Whether the policy asks whatever is allowed.
    always: bool,
    threads: HashMap<ThreadId, String>,
    assistants: HashMap<AssistantId, String>,
}

/// What waits, and what was decided.
pub(in crate::web) async fn inbox(state: &AppState, by: &Principal) -> Result<InboxView, Problem> {
    let pending = ApprovalFilter { state: Some(ApprovalState::Pending), ..ApprovalFilter::default() };
    let mut waiting = state.approvals.list(by, pending, WAITING_MAX + 1).await?;
    let more = waiting.len() > WAITING_MAX;
    waiting.truncate(WAITING_MAX);
    let mut decided = state.approvals.settled(by, DECIDED_MAX).await?;
    decided.sort_by_key(|approval| std::cmp::Reverse(approval.decided_ms));
    let names = names(state, by, waiting.iter().chain(&decided)).await?;
    Ok(InboxView {
        waiting: waiting.iter().map(|approval| names.card(approval)).collect(),
        more,
        decided: decided.iter().map(|approval| names.card(approval)).collect(),
        may_decide: may_decide(by),
    })
}

/// One question.
pub(in crate::web) async fn one(
    state: &AppState,
    by: &Principal,
    id: ApprovalId,
) -> Result<AskView, Problem> {
    let approval = state.approvals.get(by, id).await?;
    let names = names(state, by, std::iter::once(&approval)).await?;
    Ok(names.card(&approval))
}

/// The questions of a conversation by their turns, or of one turn of it.
pub(in crate::web) async fn of_thread(
    state: &AppState,
    by: &Principal,
    thread: ThreadId,
    turn: Option<TurnId>,
) -> Result<HashMap<TurnId, Vec<AskView>>, Problem> {
    let mut found = state.approvals.of_thread(by, thread, turn, OF_THREAD_MAX).await?;
    found.reverse();
    let mut cards: HashMap<TurnId, Vec<AskView>> = HashMap::new();
    if found.is_empty() {
        return Ok(cards);
    }
    let names = names(state, by, found.iter()).await?;
    for approval in &found {
        if let Some(turn) = approval.turn {
            cards.entry(turn).or_default().push(names.card(approval));
        }
    }
    Ok(cards)
}

/// Whether this principal may answer at all.
pub(in crate::web) fn may_decide(by: &Principal) -> bool {
    by.authorize(Decide::ANY_OF).is_ok()
}

async fn names<'a>(
    state: &'a AppState,
    by: &'a Principal,
    approvals: impl Iterator<Item = &Approval>,
) -> Result<Names<'a>, Problem> {
    let always = state.policies.current(&by.tenant).await?.approvals == ApprovalMode::Always;
    let mut names = Names { state, by, always, threads: HashMap::new(), assistants: HashMap::new() };
    for approval in approvals {
        if let Some(id) = approval.thread.filter(|id| !names.threads.contains_key(id))
            // silent-ok: a chat that is gone, or is not the reader's, has no title here
            && let Ok(thread) = state.threads.get(by, id).await.map_err(problem)
        {
            names.threads.insert(id, title_of(&thread));
        }
        if let Some(id) = approval.assistant.filter(|id| !names.assistants.contains_key(id))
            // silent-ok: an assistant that is gone has no name here
            && let Ok(assistant) = state.assistants.get(&by.tenant, id).await
        {
            names.assistants.insert(id, assistant.name);
        }
    }
    Ok(names)
}

impl Names<'_> {
    fn card(&self, approval: &Approval) -> AskView {
        let pending = approval.state == ApprovalState::Pending;
        let origin = approval.thread.and_then(|id| Some((id.to_string(), self.threads.get(&id)?.clone())));
        AskView {
            id: approval.id.to_string(),
            state: approval.state.as_str(),
            title: title(&approval.shown),
            shown: approval.shown.clone(),
            why: approval.why.clone(),
            by_rule: approval.rule.is_some(),
            tainted: approval.tainted,
            who: self.who(approval),
            origin,
            asked: rfc3339(approval.requested_ms),
            expires: rfc3339(approval.expires_ms),
            expires_ms: approval.expires_ms,
            choices: if pending { self.choices(approval) } else { Vec::new() },
            once: self.once(approval),
            ended: (!pending).then(|| self.ended(approval)),
        }
    }

    /// Whose wish it is, and because of whom.
    fn who(&self, approval: &Approval) -> String {
        let cause = match approval.source_kind {
            SourceKind::Owner => "because of the owner",
            SourceKind::Member => "because of a member",
            SourceKind::Token => "because of a program",
            SourceKind::Channel => "because of an approved sender",
            SourceKind::Stranger => "because of a stranger",
            SourceKind::Webhook => "because of a webhook",
            SourceKind::Schedule => "because of a schedule",
        };
        match approval.assistant.and_then(|id| self.assistants.get(&id)) {
            Some(name) => format!("{name}, {cause}"),
            None if approval.turn.is_none() => {
                format!("A program of {}", name_of(self.state, &approval.source))
            }
            None => format!("An assistant, {cause}"),
        }
    }

    /// Why an answer that lasts would change nothing: deny wins over ask, and ask over allow.
    fn once(&self, approval: &Approval) -> &'static str {
        if approval.rule.is_some() {
            "A rule says to ask every time. To be asked no more, change the rule."
        } else if self.always {
            "The policy asks every time. To be asked less, choose another preset under Safety."
        } else if approval.tainted {
            "After untrusted text this is asked every time."
        } else {
            ""
        }
    }

    fn ended(&self, approval: &Approval) -> EndedView {
        let by = name_of(self.state, approval.decided_by.as_deref().unwrap_or("nobody"));
        let words = match (approval.state, approval.scope) {
            (ApprovalState::Allowed, Some(DecisionScope::Thread)) => format!("Allowed for the chat by {by}"),
            (ApprovalState::Allowed, Some(DecisionScope::Always)) => format!("Allowed always by {by}"),
            (ApprovalState::Allowed, _) => format!("Allowed once by {by}"),
            (ApprovalState::Expired, _) => "Denied, since nobody answered in time".to_owned(),
            (ApprovalState::Denied | ApprovalState::Pending, _) => format!("Denied by {by}"),
        };
        let at = rfc3339(approval.decided_ms.unwrap_or(approval.expires_ms));
        EndedView { words, at, reason: approval.reason.clone() }
    }

    fn choices(&self, approval: &Approval) -> Vec<Choice> {
        if !may_decide(self.by) {
            return Vec::new();
        }
        if !self.once(approval).is_empty() {
            return CHOICES.into_iter().filter(|choice| matches!(choice.word, "allow" | "deny")).collect();
        }
        let lasting = self.by.scopes.allows(Scope::Admin) && self.by.assistant.is_none();
        let fits = |choice: &Choice| match choice.word {
            "allow_thread" => approval.thread.is_some(),
            "allow_always" => lasting,
            _ => true,
        };
        CHOICES.into_iter().filter(fits).collect()
    }
}

/// The first line, cut.
fn title(shown: &str) -> String {
    let line = shown.lines().next().unwrap_or_default();
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
