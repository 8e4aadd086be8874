//! The statements of experiments and their iterations.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::experiment::{Answer, Applied, Experiment, Iteration, Kind, Reason, State, Status};
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::{ExperimentId, WorkspaceId};
use crate::protocol::turn::Provenance;

const COLUMNS: &str = "id, workspace_id, title, kind, goal, settings, state, reason, stopping, source, provenance, \
                       iterations_max, time_budget_ms, iteration, best, base, baseline, approval_id, answer, applied, \
                       result, version, created_ms, started_ms, deadline_ms, ended_ms, updated_ms";
const TRIED: &str = "number, round, status, reason, parent, tree, thread_id, turn_id, prompt, answer, score, summary, \
                     evaluation, diff, tokens, tool_calls, started_ms, ended_ms";

pub(super) fn list(
    read: &TenantRead<'_>,
    before: Option<ExperimentId>,
    limit: usize,
) -> Result<Vec<Experiment>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM experiments WHERE tenant = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3"
    );
    read.query_all(&sql, &[&before, &limit], experiment)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: ExperimentId) -> Result<Experiment, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM experiments WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], experiment)
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM experiments WHERE tenant = ?1", &[], |row| row.get(0))
}

/// Those that have an actor, oldest first.
pub(super) fn live(read: &TenantRead<'_>) -> Result<Vec<ExperimentId>, DbError> {
    read.query_all(
        "SELECT id FROM experiments INDEXED BY experiments_live
         WHERE tenant = ?1 AND state IN ('running', 'evaluating', 'awaiting_human') ORDER BY id",
        &[],
        |row| row.get(0),
    )
}

/// Whether another one is putting files into this workspace, or taking them back.
pub(super) fn is_busy(read: &TenantRead<'_>, of: WorkspaceId, but: ExperimentId) -> Result<bool, DbError> {
    let found = read.query_opt(
        "SELECT 1 FROM experiments WHERE tenant = ?1 AND workspace_id = ?2 AND id <> ?3
         AND applied IN ('applying', 'undoing') LIMIT 1",
        &[&of, &but],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Experiment) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO experiments (tenant, id, workspace_id, title, kind, goal, settings, state, source, provenance,
                                  iterations_max, time_budget_ms, version, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        &[
            &new.id,
            &new.workspace_id,
            &new.title,
            &new.kind.as_str(),
            &new.goal,
            &json(&new.settings)?,
            &new.state.as_str(),
            &new.source,
            &new.provenance.as_str(),
            &new.iterations_max,
            &new.time_budget_ms,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    Ok(())
}

/// Writes what changes while it runs. The version counts up.
pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Experiment) -> Result<(), DbError> {
    tx.execute(
        "UPDATE experiments SET state = ?3, reason = ?4, stopping = ?5, iteration = ?6, best = ?7, base = ?8,
                                baseline = ?9, approval_id = ?10, answer = ?11, applied = ?12, result = ?13,
                                version = version + 1, started_ms = ?14, deadline_ms = ?15, ended_ms = ?16,
                                updated_ms = ?17
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.state.as_str(),
            &changed.reason.as_str(),
            &changed.stopping,
            &changed.iteration,
            &changed.best,
            &changed.base,
            &optional(changed.baseline.as_ref())?,
            &changed.approval,
            &changed.answer.map(Answer::as_str),
            &changed.applied.as_str(),
            &optional(changed.outcome.as_ref())?,
            &changed.started_ms,
            &changed.deadline_ms,
            &changed.ended_ms,
            &changed.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn delete(tx: &mut TenantTx<'_>, id: ExperimentId) -> Result<(), DbError> {
    tx.execute("DELETE FROM experiment_iterations WHERE tenant = ?1 AND experiment_id = ?2", &[&id])?;
    tx.execute("DELETE FROM experiments WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// Every iteration, in order. There are at most as many as an experiment may have.
pub(super) fn iterations(read: &TenantRead<'_>, of: ExperimentId) -> Result<Vec<Iteration>, DbError> {
    let sql = format!(
        "SELECT {TRIED} FROM experiment_iterations WHERE tenant = ?1 AND experiment_id = ?2 ORDER BY number"
    );
    read.query_all(&sql, &[&of], iteration)
}

pub(super) fn iteration_of(
    read: &TenantRead<'_>,
    of: ExperimentId,
    number: u32,
) -> Result<Iteration, DbError> {
    let sql = format!(
        "SELECT {TRIED} FROM experiment_iterations WHERE tenant = ?1 AND experiment_id = ?2 AND number = ?3"
    );
    read.query_one(&sql, &[&of, &number], iteration)
}

pub(super) fn put_iteration(tx: &mut TenantTx<'_>, of: ExperimentId, one: &Iteration) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO experiment_iterations (tenant, experiment_id, number, round, status, reason, parent, tree,
                                            thread_id, turn_id, prompt, answer, score, summary, evaluation, diff,
                                            tokens, tool_calls, started_ms, ended_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
         ON CONFLICT (tenant, experiment_id, number) DO UPDATE SET
             status = ?5, reason = ?6, tree = ?8, thread_id = ?9, turn_id = ?10, prompt = ?11, answer = ?12,
             score = ?13, summary = ?14, evaluation = ?15, diff = ?16, tokens = ?17, tool_calls = ?18, ended_ms = ?20",
        &[
            &of,
            &one.number,
            &one.round,
            &one.status.as_str(),
            &one.reason.as_str(),
            &one.parent,
            &one.tree,
            &one.thread,
            &one.turn,
            &one.prompt,
            &one.answer,
            &one.score,
            &one.summary,
            &optional(one.evaluation.as_ref())?,
            &optional(one.diff.as_ref())?,
            &one.tokens,
            &one.tool_calls,
            &one.started_ms,
            &one.ended_ms,
        ],
    )?;
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("an experiment: {error}")))
}

fn optional(value: Option<&impl Serialize>) -> Result<Option<String>, DbError> {
    value.map(json).transpose()
}

fn read_json<T: DeserializeOwned>(text: Option<String>, what: &str) -> Result<Option<T>, DbError> {
    let read = |text: String| serde_json::from_str(&text);
    text.map(read).transpose().map_err(|error| bad(&format!("{what}: {error}")))
}

fn bad(what: &str) -> DbError {
    DbError::Corrupt(format!("the {what} of an experiment"))
}

fn experiment(row: &Row<'_>) -> Result<Experiment, DbError> {
    let word = |column: usize| row.get::<String>(column);
    Ok(Experiment {
        id: row.get(0)?,
        workspace_id: row.get(1)?,
        title: row.get(2)?,
        kind: Kind::parse(&word(3)?).ok_or_else(|| bad("kind"))?,
        goal: row.get(4)?,
        settings: read_json(Some(word(5)?), "settings")?.unwrap_or_default(),
        state: State::parse(&word(6)?).ok_or_else(|| bad("state"))?,
        reason: Reason::parse(&word(7)?).unwrap_or(Reason::None),
        stopping: row.get(8)?,
        source: row.get(9)?,
        // A word of another version is trusted least.
        provenance: Provenance::parse(&word(10)?).unwrap_or(Provenance::Stranger),
        iterations_max: row.get(11)?,
        time_budget_ms: row.get(12)?,
        iteration: row.get(13)?,
        best: row.get(14)?,
        base: row.get(15)?,
        baseline: read_json(row.get(16)?, "baseline")?,
        approval: row.get(17)?,
        answer: row.get::<Option<String>>(18)?.and_then(|word| Answer::parse(&word)),
        applied: Applied::parse(&word(19)?).ok_or_else(|| bad("files"))?,
        outcome: read_json(row.get(20)?, "result")?,
        version: row.get(21)?,
        created_ms: row.get(22)?,
        started_ms: row.get(23)?,
        deadline_ms: row.get(24)?,
        ended_ms: row.get(25)?,
        updated_ms: row.get(26)?,
    })
}

fn iteration(row: &Row<'_>) -> Result<Iteration, DbError> {
    Ok(Iteration {
        number: row.get(0)?,
        round: row.get(1)?,
        status: Status::parse(&row.get::<String>(2)?).ok_or_else(|| bad("iteration"))?,
        reason: Reason::parse(&row.get::<String>(3)?).unwrap_or(Reason::None),
        parent: row.get(4)?,
        tree: row.get(5)?,
        thread: row.get(6)?,
        turn: row.get(7)?,
        prompt: row.get(8)?,
        answer: row.get(9)?,
        score: row.get(10)?,
        summary: row.get(11)?,
        evaluation: read_json(row.get(12)?, "evaluation")?,
        diff: read_json(row.get(13)?, "diff")?,
        tokens: row.get(14)?,
        tool_calls: row.get(15)?,
        started_ms: row.get(16)?,
        ended_ms: row.get(17)?,
    })
}
