//! The statements of processes.

use super::process::{Process, ProcessFilter, ProcessKind, ProcessState};
use crate::db::{DbError, Row, SystemRead, SystemTx, TenantRead, TenantTx};
use crate::protocol::ids::TenantId;
use crate::protocol::process::{ProcessId, TerminalSize};

const COLUMNS: &str =
    "id, kind, task, command, cwd, state, code, signal, reason, pid, owner, labels, source, workspace,
     thread, rows, cols, lines, created_ms, ended_ms";

/// What a process counts besides its transcript.
const ROW_BYTES: u64 = 64 << 10;

/// Those that match, newest first, without their screens.
pub(super) fn list(
    read: &TenantRead<'_>,
    filter: &ProcessFilter,
    limit: usize,
) -> Result<Vec<Process>, DbError> {
    let states = filter.status.map(|status| status.states());
    let (one, other) = (states.map(|(one, _)| one), states.map(|(_, other)| other));
    read.query_all(
        &format!(
            "SELECT {COLUMNS}, NULL FROM processes
             WHERE tenant = ?1 AND (?2 IS NULL OR owner = ?2)
               AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(labels) WHERE value = ?3))
               AND (?4 IS NULL OR state IN (?4, ?5)) AND (?6 IS NULL OR thread = ?6)
             ORDER BY created_ms DESC, id DESC LIMIT ?7"
        ),
        &[&filter.owner, &filter.label, &one, &other, &filter.thread, &limit],
        process,
    )
}

pub(super) fn by_id(read: &TenantRead<'_>, id: ProcessId) -> Result<Process, DbError> {
    let sql = format!("SELECT {COLUMNS}, screen FROM processes WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id.number()], process)
}

/// How many have not ended.
pub(super) fn running(read: &TenantRead<'_>) -> Result<usize, DbError> {
    let sql = "SELECT count(*) FROM processes WHERE tenant = ?1 AND ended_ms IS NULL";
    read.query_one(sql, &[], |row| row.get(0))
}

/// Stores it. Until its end its transcript counts as many bytes as it may have.
pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Process, bytes_max: u64) -> Result<(), DbError> {
    let labels = labels_text(&new.labels);
    let (rows, cols) = new.terminal.map_or((0, 0), |size| (size.rows, size.cols));
    tx.execute(
        "INSERT INTO processes (tenant, id, kind, task, command, cwd, state, code, signal, reason, pid, owner, labels,
             source, workspace, thread, rows, cols, lines, bytes, screen, created_ms, ended_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL, '', NULL, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, ?15, NULL, ?16, NULL)",
        &[
            &new.id.number(),
            &new.kind.as_str(),
            &new.task,
            &new.command,
            &new.cwd,
            &new.state.as_str(),
            &new.owner,
            &labels,
            &new.source,
            &new.workspace,
            &new.thread,
            &rows,
            &cols,
            &bytes_max,
            &new.created_ms,
        ],
    )?;
    Ok(())
}

/// Marks it as running; whether it was about to.
pub(super) fn begin(tx: &mut TenantTx<'_>, id: ProcessId) -> Result<bool, DbError> {
    let sql = "UPDATE processes SET state = 'running' WHERE tenant = ?1 AND id = ?2 AND state = 'starting'";
    Ok(tx.execute(sql, &[&id.number()])? == 1)
}

/// Notes its process id.
pub(super) fn started(tx: &mut TenantTx<'_>, id: ProcessId, pid: Option<u32>) -> Result<(), DbError> {
    let sql = "UPDATE processes SET pid = ?3 WHERE tenant = ?1 AND id = ?2";
    tx.execute(sql, &[&id.number(), &pid])?;
    Ok(())
}

/// What is kept of an end.
pub(super) struct End {
    pub(super) state: ProcessState,
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) reason: String,
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) screen: Option<String>,
    pub(super) ended_ms: i64,
}

/// Ends it, if it has not ended; whether it had not.
pub(super) fn end(tx: &mut TenantTx<'_>, id: ProcessId, end: &End) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE processes SET state = ?3, code = ?4, signal = ?5, reason = ?6, lines = ?7, bytes = ?8, screen = ?9,
             ended_ms = ?10
         WHERE tenant = ?1 AND id = ?2 AND ended_ms IS NULL",
        &[
            &id.number(),
            &end.state.as_str(),
            &end.code,
            &end.signal,
            &end.reason,
            &end.lines,
            &end.bytes,
            &end.screen,
            &end.ended_ms,
        ],
    )?;
    Ok(changed == 1)
}

/// Ends it, if it has not begun; whether it had not.
pub(super) fn cancel(
    tx: &mut TenantTx<'_>,
    id: ProcessId,
    reason: &str,
    now_ms: i64,
) -> Result<bool, DbError> {
    let sql = "UPDATE processes SET state = 'killed', reason = ?3, bytes = 0, ended_ms = ?4
               WHERE tenant = ?1 AND id = ?2 AND state = 'starting'";
    Ok(tx.execute(sql, &[&id.number(), &reason, &now_ms])? == 1)
}

/// Ends all that have not ended, of all tenants; how many.
/// What has not ended, of all tenants.
pub(super) fn unended(read: &SystemRead<'_>) -> Result<Vec<(TenantId, ProcessId, String)>, DbError> {
    let sql = "SELECT tenant, id, task FROM processes WHERE ended_ms IS NULL LIMIT 1000";
    read.query_all(sql, &[], |row| Ok((row.get(0)?, ProcessId::from_number(row.get(1)?), row.get(2)?)))
}

pub(super) fn lose_all(tx: &mut SystemTx<'_>, reason: &str, now_ms: i64) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE processes SET state = 'lost', reason = ?1, ended_ms = ?2 WHERE ended_ms IS NULL",
        &[&reason, &now_ms],
    )
}

/// Forgets those that ended before, and the oldest of a tenant that has more than so many bytes; at most `limit`, and
/// answers which.
pub(super) fn prune(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    bytes_max: u64,
    limit: usize,
) -> Result<Vec<(TenantId, ProcessId)>, DbError> {
    let gone = tx.query_all(
        "SELECT tenant, id FROM (
             SELECT tenant, id, ended_ms,
                 sum(bytes + ?4) OVER (PARTITION BY tenant ORDER BY ended_ms DESC, id DESC) AS kept_bytes
             FROM processes WHERE ended_ms IS NOT NULL
         ) WHERE ended_ms < ?1 OR kept_bytes > ?2 ORDER BY ended_ms LIMIT ?3",
        &[&before_ms, &bytes_max, &limit, &ROW_BYTES],
        |row| Ok::<_, DbError>((row.get::<TenantId>(0)?, ProcessId::from_number(row.get(1)?))),
    )?;
    for (tenant, id) in &gone {
        tx.execute("DELETE FROM processes WHERE tenant = ?1 AND id = ?2", &[tenant, &id.number()])?;
    }
    Ok(gone)
}

fn labels_text(labels: &[String]) -> String {
    // silent-ok: texts always encode
    serde_json::to_string(labels).unwrap_or_else(|_| "[]".to_owned())
}

fn process(row: &Row<'_>) -> Result<Process, DbError> {
    let (rows, cols): (u16, u16) = (row.get(15)?, row.get(16)?);
    let labels: String = row.get(11)?;
    Ok(Process {
        id: ProcessId::from_number(row.get(0)?),
        kind: row.get::<String>(1)?.parse().unwrap_or(ProcessKind::Exec),
        task: row.get(2)?,
        command: row.get(3)?,
        cwd: row.get(4)?,
        state: ProcessState::parse(&row.get::<String>(5)?).unwrap_or(ProcessState::Lost),
        code: row.get(6)?,
        signal: row.get(7)?,
        reason: row.get(8)?,
        pid: row.get(9)?,
        owner: row.get(10)?,
        // silent-ok: our own encoding; what is none has no labels
        labels: serde_json::from_str(&labels).unwrap_or_default(),
        source: row.get(12)?,
        workspace: row.get(13)?,
        thread: row.get(14)?,
        terminal: (rows > 0 && cols > 0).then_some(TerminalSize { rows, cols }),
        lines: row.get(17)?,
        created_ms: row.get(18)?,
        ended_ms: row.get(19)?,
        screen: row.get(20)?,
    })
}
