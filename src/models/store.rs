//! The statements of models and of how often backends are asked.

use super::merge::Known;
use super::model::{KnownModel, ModelKey, ModelState, Source};
use super::probe::ProbeKey;
use crate::backends::{Capabilities, Price};
use crate::db::{DbError, Row, TenantRead, TenantTx};

const COLUMNS: &str = "backend, provider, model, display_name, context_tokens, output_tokens, tools, images, thinking, \
                       input_nano, output_nano, cached_nano, state, source, published_s, seen_ms";

/// How often one is asked, where somebody changed that.
pub(super) struct ProbeRow {
    pub(super) key: ProbeKey,
    pub(super) enabled: bool,
    pub(super) every_s: u64,
}

pub(super) fn all(read: &TenantRead<'_>) -> Result<Vec<KnownModel>, DbError> {
    read.query_all(&format!("SELECT {COLUMNS} FROM models WHERE tenant = ?1"), &[], known)
}

pub(super) fn of(read: &TenantRead<'_>, backend: &str, provider: &str) -> Result<Known, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM models WHERE tenant = ?1 AND backend = ?2 AND provider = ?3");
    let found = read.query_all(&sql, &[&backend, &provider], known)?;
    Ok(found.into_iter().map(|model| (model.key.model.clone(), model)).collect())
}

pub(super) fn put(tx: &mut TenantTx<'_>, model: &KnownModel) -> Result<(), DbError> {
    let (key, can, price) = (&model.key, model.capabilities, model.price);
    tx.execute(
        "INSERT INTO models (tenant, backend, provider, model, display_name, context_tokens, output_tokens, tools, images,
                             thinking, input_nano, output_nano, cached_nano, state, source, published_s, seen_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT (tenant, backend, provider, model) DO UPDATE SET
             display_name = excluded.display_name, context_tokens = excluded.context_tokens,
             output_tokens = excluded.output_tokens, tools = excluded.tools, images = excluded.images,
             thinking = excluded.thinking, input_nano = excluded.input_nano, output_nano = excluded.output_nano,
             cached_nano = excluded.cached_nano, state = excluded.state, source = excluded.source,
             published_s = excluded.published_s, seen_ms = excluded.seen_ms",
        &[
            &key.backend,
            &key.provider,
            &key.model,
            &model.display_name,
            &model.context_tokens,
            &model.output_tokens,
            &can.tools,
            &can.images,
            &can.thinking,
            &price.map(|price| price.input_nano),
            &price.map(|price| price.output_nano),
            &price.map(|price| price.cached_nano),
            &model.state.as_str(),
            &model.source.as_str(),
            &model.published_s,
            &model.seen_ms,
        ],
    )?;
    Ok(())
}

/// Forgets what is gone and was last seen before this; what that was.
pub(super) fn forget(
    tx: &mut TenantTx<'_>,
    backend: &str,
    provider: &str,
    before_ms: i64,
) -> Result<Vec<ModelKey>, DbError> {
    const OLD: &str = "FROM models WHERE tenant = ?1 AND backend = ?2 AND provider = ?3 AND state = 'gone' AND seen_ms < ?4";
    let sql = format!("SELECT {COLUMNS} {OLD} AND source <> 'baseline'");
    let old = tx.query_all(&sql, &[&backend, &provider, &before_ms], known)?;
    tx.execute(&format!("DELETE {OLD} AND source <> 'baseline'"), &[&backend, &provider, &before_ms])?;
    Ok(old.into_iter().map(|model| model.key).collect())
}

pub(super) fn probes(read: &TenantRead<'_>) -> Result<Vec<ProbeRow>, DbError> {
    let sql = "SELECT backend, provider, enabled, every_s FROM model_probes WHERE tenant = ?1";
    read.query_all(sql, &[], |row| {
        let key = ProbeKey { backend: row.get(0)?, provider: row.get(1)? };
        Ok::<_, DbError>(ProbeRow { key, enabled: row.get(2)?, every_s: row.get(3)? })
    })
}

pub(super) fn put_probe(tx: &mut TenantTx<'_>, row: &ProbeRow, now_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO model_probes (tenant, backend, provider, enabled, every_s, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (tenant, backend, provider) DO UPDATE
         SET enabled = excluded.enabled, every_s = excluded.every_s, updated_ms = excluded.updated_ms",
        &[&row.key.backend, &row.key.provider, &row.enabled, &row.every_s, &now_ms],
    )?;
    Ok(())
}

fn known(row: &Row<'_>) -> Result<KnownModel, DbError> {
    let (input, output, cached): (Option<u64>, Option<u64>, Option<u64>) =
        (row.get(9)?, row.get(10)?, row.get(11)?);
    let price = input.zip(output).zip(cached);
    let price =
        price.map(|((input_nano, output_nano), cached_nano)| Price { input_nano, output_nano, cached_nano });
    Ok(KnownModel {
        key: ModelKey { backend: row.get(0)?, provider: row.get(1)?, model: row.get(2)? },
        display_name: row.get(3)?,
        context_tokens: row.get(4)?,
        output_tokens: row.get(5)?,
        capabilities: Capabilities { tools: row.get(6)?, images: row.get(7)?, thinking: row.get(8)? },
        price,
        // Words of another version of the program are the least: it is there, and nobody strong said so.
        state: ModelState::parse(&row.get::<String>(12)?).unwrap_or(ModelState::Available),
        source: Source::parse(&row.get::<String>(13)?).unwrap_or(Source::Baseline),
        published_s: row.get(14)?,
        seen_ms: row.get(15)?,
    })
}
