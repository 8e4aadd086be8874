//! The statements of notices; rules, settings and what goes out are beside.

pub(super) mod browsers;
pub(super) mod deliveries;
pub(super) mod rules;
pub(super) mod settings;

use super::notice::{Category, Notice, NoticeFilter, NoticeStatus, Severity, Source, SourceType};
use super::reading::Cursor;
use crate::db::{DbError, FromValue, Row, SystemTx, TenantRead, TenantTx};
use crate::protocol::ids::{NotificationId, ThreadId, WorkspaceId};

const COLUMNS: &str = "id, workspace, pattern, category, severity, status, title, body, source_type, source_id, count, \
                       first_ms, last_ms, read_ms, updated_ms, version";

/// Those that match, the last first.
pub(super) fn list(
    read: &TenantRead<'_>,
    filter: &NoticeFilter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Notice>, DbError> {
    let (before_ms, before) = match after {
        Some(cursor) => (cursor.last_ms, cursor.id),
        None => (i64::MAX, NotificationId::from_bytes([0xff; 16])),
    };
    let worse = |severity: Severity| filter.severity.is_none_or(|least| severity >= least);
    let status = filter.status.map(NoticeStatus::as_str);
    let category = filter.category.map(Category::as_str);
    let hidden = if filter.with_dismissed || filter.status.is_some() { "" } else { "dismissed" };
    read.query_all(
        &format!(
            "SELECT {COLUMNS} FROM notifications INDEXED BY notifications_by_time
             WHERE tenant = ?1 AND (last_ms, id) < (?2, ?3) AND (?4 IS NULL OR workspace = ?4)
               AND (?5 IS NULL OR status = ?5) AND (?6 IS NULL OR category = ?6) AND status <> ?7
               AND (severity = 'error' OR (severity = 'warning' AND ?8) OR (severity = 'info' AND ?9))
             ORDER BY last_ms DESC, id DESC LIMIT ?10"
        ),
        &[
            &before_ms,
            &before,
            &filter.workspace,
            &status,
            &category,
            &hidden,
            &worse(Severity::Warning),
            &worse(Severity::Info),
            &limit,
        ],
        notice,
    )
}

pub(super) fn by_id(read: &TenantRead<'_>, id: NotificationId) -> Result<Notice, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM notifications WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], notice)
}

/// The one that stands for this and that nobody wants to be rid of.
pub(super) fn standing(
    read: &TenantRead<'_>,
    collapse: &[u8; 32],
    since_ms: i64,
) -> Result<Option<Notice>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM notifications INDEXED BY notifications_by_collapse
         WHERE tenant = ?1 AND collapse = ?2 AND last_ms >= ?3 AND status <> 'dismissed'
         ORDER BY last_ms DESC LIMIT 1"
    );
    read.query_opt(&sql, &[collapse, &since_ms], notice)
}

pub(super) fn unread(read: &TenantRead<'_>, workspace: Option<WorkspaceId>) -> Result<usize, DbError> {
    read.query_one(
        "SELECT count(*) FROM notifications INDEXED BY notifications_unread
         WHERE tenant = ?1 AND status = 'unread' AND (?2 IS NULL OR workspace = ?2)",
        &[&workspace],
        |row| row.get(0),
    )
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Notice, collapse: &[u8; 32]) -> Result<(), DbError> {
    let (kind, id) = new.source.as_ref().map(|source| (source.kind.as_str(), source.id.as_str())).unzip();
    tx.execute(
        "INSERT INTO notifications (tenant, id, workspace, pattern, category, severity, status, title, body, source_type,
                                    source_id, collapse, count, first_ms, last_ms, read_ms, updated_ms, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        &[
            &new.id,
            &new.workspace,
            &new.pattern,
            &new.category.as_str(),
            &new.severity.as_str(),
            &new.status.as_str(),
            &new.title,
            &new.body,
            &kind,
            &id,
            collapse,
            &new.count,
            &new.first_ms,
            &new.last_ms,
            &new.read_ms,
            &new.updated_ms,
            &new.version,
        ],
    )?;
    Ok(())
}

/// Everything of it that changes.
pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Notice) -> Result<(), DbError> {
    tx.execute(
        "UPDATE notifications SET severity = ?3, status = ?4, title = ?5, body = ?6, count = ?7, last_ms = ?8, read_ms = ?9,
                                  updated_ms = ?10, version = ?11
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.severity.as_str(),
            &changed.status.as_str(),
            &changed.title,
            &changed.body,
            &changed.count,
            &changed.last_ms,
            &changed.read_ms,
            &changed.updated_ms,
            &changed.version,
        ],
    )?;
    Ok(())
}

pub(super) fn read_all(
    tx: &mut TenantTx<'_>,
    workspace: Option<WorkspaceId>,
    now_ms: i64,
) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE notifications SET status = 'read', read_ms = ?3, updated_ms = ?3, version = version + 1
         WHERE tenant = ?1 AND status = 'unread' AND (?2 IS NULL OR workspace = ?2)",
        &[&workspace, &now_ms],
    )
}

/// Marks what is unread about this source as read.
pub(super) fn read_of(tx: &mut TenantTx<'_>, source: &Source, now_ms: i64) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE notifications SET status = 'read', read_ms = ?4, updated_ms = ?4, version = version + 1
         WHERE tenant = ?1 AND status = 'unread' AND source_type = ?2 AND source_id = ?3",
        &[&source.kind.as_str(), &source.id, &now_ms],
    )
}

/// The workspace of a conversation.
pub(super) fn workspace_of(
    read: &TenantRead<'_>,
    source: Option<&Source>,
) -> Result<Option<WorkspaceId>, DbError> {
    let thread = source.and_then(|source| source.id.parse::<ThreadId>().ok());
    let Some(thread) = thread else { return Ok(None) };
    let sql = "SELECT workspace_id FROM threads WHERE tenant = ?1 AND id = ?2";
    read.query_opt(sql, &[&thread], |row| row.get(0))
}

/// Deletes the oldest beyond so many.
pub(super) fn keep_newest(tx: &mut TenantTx<'_>, count: usize) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM notifications WHERE tenant = ?1 AND id IN (
             SELECT id FROM notifications WHERE tenant = ?1 ORDER BY last_ms DESC, id DESC LIMIT -1 OFFSET ?2)",
        &[&count],
    )
}

/// Deletes what happened last before this moment. How many went.
pub(super) fn prune(tx: &mut SystemTx<'_>, before_ms: i64, limit: usize) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM notifications WHERE (tenant, id) IN (
             SELECT tenant, id FROM notifications INDEXED BY notifications_old WHERE last_ms < ?1 LIMIT ?2)",
        &[&before_ms, &limit],
    )
}

fn notice(row: &Row<'_>) -> Result<Notice, DbError> {
    let kind = row.get::<Option<String>>(8)?.map(|kind| kind.parse::<SourceType>().ok());
    let source = kind.flatten().zip(row.get::<Option<String>>(9)?).map(|(kind, id)| Source { kind, id });
    Ok(Notice {
        id: row.get(0)?,
        workspace: row.get(1)?,
        pattern: row.get(2)?,
        category: word(row, 3)?,
        severity: word(row, 4)?,
        status: word(row, 5)?,
        title: row.get(6)?,
        body: row.get(7)?,
        source,
        count: row.get(10)?,
        first_ms: row.get(11)?,
        last_ms: row.get(12)?,
        read_ms: row.get(13)?,
        updated_ms: row.get(14)?,
        version: row.get(15)?,
    })
}

/// A word of a closed list.
fn word<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    row.get::<String>(column)?.parse().map_err(|_| DbError::Type { column, expected: String::EXPECTED })
}
