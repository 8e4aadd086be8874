//! What is owed, as rows: of one channel, and of all of them.

use super::now_ms;
use crate::channels::outbox::{Kind, Obligation, ObligationState};
use crate::http::auth::{Need as _, Operate};
use crate::http::{AppState, Problem};
use crate::identity::{Principal, Scope};
use crate::protocol::ids::ChannelId;
use crate::web::read::rfc3339;
use crate::web::view::channels::{OutboxList, OwedRow};

/// Rows of a list.
const ROWS_MAX: usize = 30;
/// Most characters of a text.
const TEXT_CHARS_MAX: usize = 240;

/// What a channel owes and owed, newest first; whether there is more.
pub(super) async fn of_channel(
    state: &AppState,
    by: &Principal,
    id: ChannelId,
) -> Result<(Vec<OwedRow>, bool), Problem> {
    let mut found = state.channels.obligations(&by.tenant, id, None, ROWS_MAX + 1).await?;
    let more = found.len() > ROWS_MAX;
    found.truncate(ROWS_MAX);
    Ok((found.into_iter().map(|owed| row(owed, String::new())).collect(), more))
}

/// What has not arrived in all channels.
pub(in crate::web) async fn list(state: &AppState, by: &Principal) -> Result<OutboxList, Problem> {
    let of = async |wanted: ObligationState| {
        let found = state.channels.owed(&by.tenant, Some(wanted), None, ROWS_MAX).await?;
        let rows = found.into_iter().map(|owed| row(owed.obligation, owed.channel_name));
        Ok::<_, Problem>(rows.collect())
    };
    Ok(OutboxList {
        dead: of(ObligationState::Dead).await?,
        waiting: of(ObligationState::Pending).await?,
        may_retry: by.authorize(Operate::ANY_OF).is_ok(),
        may_open: by.scopes.allows(Scope::Admin),
    })
}

/// How much is dead; nothing for whoever does not see it, or when the store does not answer now.
pub(in crate::web) async fn dead(state: &AppState, by: &Principal) -> usize {
    if by.assistant.is_some() || !by.scopes.allows(Scope::Read) {
        return 0;
    }
    // silent-ok: a store that is away is reported by whoever writes to it.
    let found = state.channels.undelivered(&by.tenant).await.unwrap_or_default();
    found.values().map(|one| one.dead).sum()
}

fn row(owed: Obligation, channel_name: String) -> OwedRow {
    let chip = match owed.state {
        ObligationState::Pending => "pending",
        ObligationState::Sent => "done",
        ObligationState::Dead => "failed",
    };
    let is_later = owed.state == ObligationState::Pending && owed.due_ms > now_ms();
    let text = match owed.kind {
        Kind::Say => cut(&owed.body),
        Kind::Question => "A question of the assistant, with its buttons".to_owned(),
        Kind::Close => "What was decided about a question".to_owned(),
    };
    OwedRow {
        id: owed.id.to_string(),
        channel: owed.channel.to_string(),
        channel_name,
        to: owed.conversation,
        text,
        state: owed.state.as_str(),
        chip,
        reason: owed.reason,
        next: if is_later { rfc3339(owed.due_ms) } else { String::new() },
        attempts: owed.attempts,
        parts: owed.sent_parts,
        doubtful: owed.doubtful,
        at: rfc3339(owed.created_ms),
    }
}

/// The beginning of a text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}
