//! The statements of approvals.

use super::approval::{Approval, ApprovalFilter, ApprovalState, DecisionScope};
use crate::db::{DbError, FromValue, Row, SystemRead, SystemTx, TenantRead, TenantTx};
use crate::policy::SourceKind;
use crate::protocol::ids::{ApprovalId, AssistantId, TenantId, ThreadId, TurnId};

const COLUMNS: &str = "id, thread_id, turn_id, workspace_id, assistant_id, source, source_kind, actions, payload, \
                       shown, digest, why, rule_id, tainted, requested_ms, expires_ms, state, scope, \
                       decided_by, decided_ms, reason, made_rule_id, used_ms";

pub(super) fn by_id(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    id: ApprovalId,
) -> Result<Approval, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals
         WHERE tenant = ?1 AND id = ?2 AND (?3 IS NULL OR assistant_id = ?3)"
    );
    read.query_one(&sql, &[&id, &only], approval)
}

/// The question of a turn about this that was not used yet.
pub(super) fn of_turn(
    read: &TenantRead<'_>,
    turn: TurnId,
    digest: &[u8; 32],
) -> Result<Option<Approval>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals INDEXED BY approvals_of_turn
         WHERE tenant = ?1 AND turn_id = ?2 AND digest = ?3 AND turn_id IS NOT NULL AND used_ms IS NULL"
    );
    read.query_opt(&sql, &[&turn, digest], approval)
}

/// In the order of expiry.
pub(super) fn list(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    filter: ApprovalFilter,
    limit: usize,
) -> Result<Vec<Approval>, DbError> {
    let (after_ms, after) = match filter.after {
        Some(cursor) => (cursor.expires_ms, cursor.id),
        None => (i64::MIN, ApprovalId::from_bytes([0; 16])),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals INDEXED BY approvals_by_expiry
         WHERE tenant = ?1 AND (expires_ms, id) > (?2, ?3) AND (?4 IS NULL OR state = ?4)
           AND (?5 IS NULL OR thread_id = ?5) AND (?6 IS NULL OR assistant_id = ?6)
         ORDER BY expires_ms, id LIMIT ?7"
    );
    let state = filter.state.map(|state| state.as_str().to_owned());
    read.query_all(&sql, &[&after_ms, &after, &state, &filter.thread, &only, &limit], approval)
}

/// The questions of a thread, or of one turn of it, newest first.
pub(super) fn of_thread(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    thread: ThreadId,
    turn: Option<TurnId>,
    limit: usize,
) -> Result<Vec<Approval>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals INDEXED BY approvals_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND (?3 IS NULL OR turn_id = ?3)
           AND (?4 IS NULL OR assistant_id = ?4)
         ORDER BY id DESC LIMIT ?5"
    );
    read.query_all(&sql, &[&thread, &turn, &only, &limit], approval)
}

/// Questions that have ended, those asked last first.
pub(super) fn settled(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    limit: usize,
) -> Result<Vec<Approval>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM approvals
         WHERE tenant = ?1 AND state <> 'pending' AND (?2 IS NULL OR assistant_id = ?2)
         ORDER BY id DESC LIMIT ?3"
    );
    read.query_all(&sql, &[&only, &limit], approval)
}

/// How many can still be decided.
pub(super) fn waiting(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    now_ms: i64,
) -> Result<usize, DbError> {
    read.query_one(
        "SELECT count(*) FROM approvals INDEXED BY approvals_pending
         WHERE tenant = ?1 AND state = 'pending' AND expires_ms > ?2 AND (?3 IS NULL OR assistant_id = ?3)",
        &[&now_ms, &only],
        |row| row.get(0),
    )
}

pub(super) fn pending(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one(
        "SELECT count(*) FROM approvals INDEXED BY approvals_pending
         WHERE tenant = ?1 AND state = 'pending'",
        &[],
        |row| row.get(0),
    )
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Approval) -> Result<(), DbError> {
    // silent-ok: our own shapes always encode
    let actions = serde_json::to_string(&new.actions).unwrap_or_default();
    let kind = word_of(new.source_kind);
    tx.execute(
        "INSERT INTO approvals (id, tenant, thread_id, turn_id, workspace_id, assistant_id, source, source_kind,
                                actions, payload, shown, digest, why, rule_id, tainted, requested_ms,
                                expires_ms, state)
         VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 'pending')",
        &[
            &new.id,
            &new.thread,
            &new.turn,
            &new.workspace,
            &new.assistant,
            &new.source,
            &kind,
            &actions,
            &new.payload,
            &new.shown,
            &new.digest,
            &new.why,
            &new.rule,
            &new.tainted,
            &new.requested_ms,
            &new.expires_ms,
        ],
    )?;
    Ok(())
}

/// Writes a decision on a question that nobody has decided. `false` when somebody has.
pub(super) fn decide(tx: &mut TenantTx<'_>, decided: &Approval) -> Result<bool, DbError> {
    let scope = decided.scope.map(|scope| scope.as_str().to_owned());
    let changed = tx.execute(
        "UPDATE approvals SET state = ?3, scope = ?4, decided_by = ?5, decided_ms = ?6, reason = ?7,
                              made_rule_id = ?8
         WHERE tenant = ?1 AND id = ?2 AND state = 'pending'",
        &[
            &decided.id,
            &decided.state.as_str(),
            &scope,
            &decided.decided_by,
            &decided.decided_ms,
            &decided.reason,
            &decided.made_rule,
        ],
    )?;
    Ok(changed == 1)
}

/// Marks an allowed question about this as used. `false` when it cannot be.
pub(super) fn redeem(
    tx: &mut TenantTx<'_>,
    id: ApprovalId,
    digest: &[u8; 32],
    now_ms: i64,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE approvals SET used_ms = ?4
         WHERE tenant = ?1 AND id = ?2 AND digest = ?3 AND state = 'allowed' AND used_ms IS NULL",
        &[&id, digest, &now_ms],
    )?;
    Ok(changed == 1)
}

/// Whether a turn still goes on.
pub(super) fn turn_goes_on(read: &TenantRead<'_>, turn: TurnId) -> Result<bool, DbError> {
    let found = read.query_opt(
        "SELECT 1 FROM turns WHERE tenant = ?1 AND id = ?2 AND state IN ('queued', 'running')",
        &[&turn],
        |_| Ok::<_, DbError>(()),
    )?;
    Ok(found.is_some())
}

/// Questions that nobody decides any more: too late, or their turn has ended.
pub(super) fn overdue(
    read: &SystemRead<'_>,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<(TenantId, ApprovalId)>, DbError> {
    read.query_all(
        "SELECT tenant, id FROM approvals INDEXED BY approvals_pending
         WHERE state = 'pending' AND (expires_ms <= ?1 OR (turn_id IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM turns WHERE turns.id = approvals.turn_id AND turns.state IN ('queued', 'running'))))
         LIMIT ?2",
        &[&now_ms, &limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Deletes questions that were decided before this moment. How many went.
pub(super) fn prune(tx: &mut SystemTx<'_>, before_ms: i64, limit: usize) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM approvals WHERE id IN (
             SELECT id FROM approvals WHERE state <> 'pending' AND expires_ms < ?1 LIMIT ?2)",
        &[&before_ms, &limit],
    )
}

fn approval(row: &Row<'_>) -> Result<Approval, DbError> {
    let unreadable = || DbError::Corrupt("an approval that this version cannot read".to_owned());
    Ok(Approval {
        id: row.get(0)?,
        thread: row.get(1)?,
        turn: row.get(2)?,
        workspace: row.get(3)?,
        assistant: row.get(4)?,
        source: row.get(5)?,
        source_kind: serde_json::from_value(row.get::<String>(6)?.into()).map_err(|_| unreadable())?,
        actions: serde_json::from_str(&row.get::<String>(7)?).map_err(|_| unreadable())?,
        payload: row.get(8)?,
        shown: row.get(9)?,
        digest: row.get(10)?,
        why: row.get(11)?,
        rule: row.get(12)?,
        tainted: row.get(13)?,
        requested_ms: row.get(14)?,
        expires_ms: row.get(15)?,
        state: word(row, 16, ApprovalState::parse)?,
        scope: row.get::<Option<String>>(17)?.as_deref().and_then(DecisionScope::parse),
        decided_by: row.get(18)?,
        decided_ms: row.get(19)?,
        reason: row.get(20)?,
        made_rule: row.get(21)?,
        used_ms: row.get(22)?,
    })
}

fn word<T>(row: &Row<'_>, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, DbError> {
    parse(&row.get::<String>(column)?).ok_or(DbError::Type { column, expected: String::EXPECTED })
}

fn word_of(kind: SourceKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
