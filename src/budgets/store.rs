//! The statements of budgets and of what was spent.

use super::amounts::{Amounts, Limits};
use super::budget::{Budget, Origin, Subject};
use super::meter::{Counter, Instance, Key};
use super::window::{Period, Window};
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};
use crate::protocol::ids::{BudgetId, TenantId, TokenId};

const COLUMNS: &str = "id, name, subject, period, turns, tool_calls, tokens, cost_nano, wall_ms, version, \
                       created_ms, updated_ms";

// === Budgets ===

pub(super) fn tenants(read: &SystemRead<'_>) -> Result<Vec<TenantId>, DbError> {
    read.query_all("SELECT id FROM tenants ORDER BY id", &[], |row| row.get(0))
}

/// All that somebody made, in the order of their making.
pub(super) fn all(read: &TenantRead<'_>) -> Result<Vec<Budget>, DbError> {
    read.query_all(&format!("SELECT {COLUMNS} FROM budgets WHERE tenant = ?1 ORDER BY id"), &[], budget)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: BudgetId) -> Result<Option<Budget>, DbError> {
    read.query_opt(&format!("SELECT {COLUMNS} FROM budgets WHERE tenant = ?1 AND id = ?2"), &[&id], budget)
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM budgets WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Budget) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO budgets (tenant, id, name, subject, period, turns, tool_calls, tokens, cost_nano, wall_ms,
                              version, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &[
            &new.id,
            &new.name,
            &new.subject.to_string(),
            &new.period.as_str(),
            &new.limits.turns,
            &new.limits.tool_calls,
            &new.limits.tokens,
            &new.limits.cost_nano,
            &new.limits.wall_ms,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Budget) -> Result<(), DbError> {
    tx.execute(
        "UPDATE budgets SET name = ?3, turns = ?4, tool_calls = ?5, tokens = ?6, cost_nano = ?7, wall_ms = ?8,
                            version = ?9, updated_ms = ?10
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.name,
            &changed.limits.turns,
            &changed.limits.tool_calls,
            &changed.limits.tokens,
            &changed.limits.cost_nano,
            &changed.limits.wall_ms,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    Ok(())
}

/// Deletes a budget with its counts.
pub(super) fn delete(tx: &mut TenantTx<'_>, id: BudgetId) -> Result<(), DbError> {
    tx.execute("DELETE FROM budgets WHERE tenant = ?1 AND id = ?2", &[&id])?;
    tx.execute("DELETE FROM budget_spend WHERE tenant = ?1 AND budget = ?2", &[&id])?;
    Ok(())
}

/// Whether there is what a subject names.
pub(super) fn subject_exists(read: &TenantRead<'_>, subject: Subject) -> Result<bool, DbError> {
    let named = |sql: &str, id: &[u8; 16]| read.query_opt(sql, &[id], |_| Ok::<_, DbError>(()));
    let found = match subject {
        Subject::Tenant | Subject::EachThread | Subject::EachTurn => Some(()),
        Subject::Assistant(id) => {
            named("SELECT 1 FROM assistants WHERE tenant = ?1 AND id = ?2", id.as_bytes())?
        }
        Subject::Thread(id) => named("SELECT 1 FROM threads WHERE tenant = ?1 AND id = ?2", id.as_bytes())?,
        Subject::Token(id) => named("SELECT 1 FROM tokens WHERE tenant = ?1 AND id = ?2", id.as_bytes())?,
    };
    Ok(found.is_some())
}

fn budget(row: &Row<'_>) -> Result<Budget, DbError> {
    let bad = |what| DbError::Corrupt(format!("the {what} of a budget"));
    Ok(Budget {
        id: row.get(0)?,
        name: row.get(1)?,
        subject: row.get::<String>(2)?.parse().map_err(|_| bad("subject"))?,
        period: Period::parse(&row.get::<String>(3)?).ok_or_else(|| bad("period"))?,
        limits: Limits {
            turns: row.get(4)?,
            tool_calls: row.get(5)?,
            tokens: row.get(6)?,
            cost_nano: row.get(7)?,
            wall_ms: row.get(8)?,
        },
        origin: Origin::Own,
        version: row.get(9)?,
        created_ms: row.get(10)?,
        updated_ms: row.get(11)?,
    })
}

// === Budgets of tokens ===

/// What a token may spend, as the token itself says.
pub(super) fn of_token(read: &TenantRead<'_>, id: TokenId) -> Result<Option<Budget>, DbError> {
    let sql = "SELECT id, name, budget_usd, created_ms FROM tokens
               WHERE tenant = ?1 AND id = ?2 AND budget_usd IS NOT NULL";
    read.query_opt(sql, &[&id], token_budget)
}

/// The same of all tokens that are not revoked.
pub(super) fn of_tokens(read: &TenantRead<'_>) -> Result<Vec<Budget>, DbError> {
    let sql = "SELECT id, name, budget_usd, created_ms FROM tokens
               WHERE tenant = ?1 AND budget_usd IS NOT NULL AND revoked_ms IS NULL ORDER BY id";
    read.query_all(sql, &[], token_budget)
}

fn token_budget(row: &Row<'_>) -> Result<Budget, DbError> {
    let token: TokenId = row.get(0)?;
    let created_ms = row.get(3)?;
    // More than can be counted is as good as that.
    let cost_nano = super::amounts::nano(row.get(2)?).unwrap_or(i64::MAX as u64);
    Ok(Budget {
        id: BudgetId::from_bytes(*token.as_bytes()),
        name: format!("token {}", row.get::<String>(1)?),
        subject: Subject::Token(token),
        period: Period::Total,
        limits: Limits { cost_nano: Some(cost_nano), ..Limits::default() },
        origin: Origin::Token,
        version: 1,
        created_ms,
        updated_ms: created_ms,
    })
}

// === Counts ===

/// Counts as spent what calls of an earlier life had reserved, and forgets counts of what is gone.
pub(super) fn begin_life(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    tx.execute(
        "UPDATE budget_spend
         SET turns = turns + r_turns, tool_calls = tool_calls + r_tool_calls, tokens = tokens + r_tokens,
             cost_nano = cost_nano + r_cost_nano, wall_ms = wall_ms + r_wall_ms,
             r_turns = 0, r_tool_calls = 0, r_tokens = 0, r_cost_nano = 0, r_wall_ms = 0
         WHERE tenant = ?1",
        &[],
    )?;
    tx.execute(
        "DELETE FROM budget_spend WHERE tenant = ?1 AND budget IN
             (SELECT id FROM budgets WHERE tenant = ?1 AND subject = 'each_turn')
           AND instance NOT IN (SELECT id FROM turns WHERE tenant = ?1 AND state IN ('queued', 'running'))",
        &[],
    )?;
    tx.execute(
        "DELETE FROM budget_spend WHERE tenant = ?1 AND budget IN
             (SELECT id FROM budgets WHERE tenant = ?1 AND subject = 'each_thread')
           AND instance NOT IN (SELECT id FROM threads WHERE tenant = ?1)",
        &[],
    )?;
    Ok(())
}

/// Counts whose window is not over.
pub(super) fn counts(read: &TenantRead<'_>, now_ms: i64) -> Result<Vec<(Key, Amounts)>, DbError> {
    read.query_all(
        "SELECT budget, instance, start_ms, end_ms, turns, tool_calls, tokens, cost_nano, wall_ms
         FROM budget_spend WHERE tenant = ?1 AND (end_ms IS NULL OR end_ms > ?2)",
        &[&now_ms],
        |row| {
            let window = Window { start_ms: row.get(2)?, end_ms: row.get(3)? };
            let key = Key { budget: row.get(0)?, instance: row.get(1)?, window };
            let spent = Amounts {
                turns: row.get(4)?,
                tool_calls: row.get(5)?,
                tokens: row.get(6)?,
                cost_nano: row.get(7)?,
                wall_ms: row.get(8)?,
            };
            Ok((key, spent))
        },
    )
}

/// Writes a count as it is.
pub(super) fn keep(tx: &mut TenantTx<'_>, key: &Key, counter: &Counter) -> Result<(), DbError> {
    let (spent, reserved) = (&counter.spent, &counter.reserved);
    tx.execute(
        "INSERT INTO budget_spend (tenant, budget, instance, start_ms, end_ms, turns, tool_calls, tokens,
             cost_nano, wall_ms, r_turns, r_tool_calls, r_tokens, r_cost_nano, r_wall_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (tenant, budget, instance, start_ms) DO UPDATE SET
             turns = excluded.turns, tool_calls = excluded.tool_calls, tokens = excluded.tokens,
             cost_nano = excluded.cost_nano, wall_ms = excluded.wall_ms, r_turns = excluded.r_turns,
             r_tool_calls = excluded.r_tool_calls, r_tokens = excluded.r_tokens,
             r_cost_nano = excluded.r_cost_nano, r_wall_ms = excluded.r_wall_ms",
        &[
            &key.budget,
            &key.instance,
            &key.window.start_ms,
            &key.window.end_ms,
            &spent.turns,
            &spent.tool_calls,
            &spent.tokens,
            &spent.cost_nano,
            &spent.wall_ms,
            &reserved.turns,
            &reserved.tool_calls,
            &reserved.tokens,
            &reserved.cost_nano,
            &reserved.wall_ms,
        ],
    )?;
    Ok(())
}

/// Forgets what was counted for one turn by itself.
pub(super) fn forget(tx: &mut TenantTx<'_>, turn: &Instance) -> Result<(), DbError> {
    tx.execute("DELETE FROM budget_spend WHERE tenant = ?1 AND instance = ?2", &[turn])?;
    Ok(())
}

/// Forgets counts of windows that were over before this time.
pub(super) fn prune(tx: &mut TenantTx<'_>, before_ms: i64) -> Result<usize, DbError> {
    tx.execute("DELETE FROM budget_spend WHERE tenant = ?1 AND end_ms < ?2", &[&before_ms])
}
