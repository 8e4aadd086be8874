//! The vault as rows: what is known about secrets, never their values.

use super::rfc3339;
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::redaction::{Leak, LeakId};
use crate::vault::{KeyView, Kind, SECRETS_MAX, SealedBy, SecretRecord, Source, UseRecord};
use crate::web::view::vault::{
    KeyRow, KeysView, KindView, LeakRow, NewSecretForm, SealedView, SecretRow, UseRow,
};

/// Rows of a page.
const ROWS: usize = 50;

/// Why it is sealed, if it is.
pub(in crate::web) async fn sealed(state: &AppState) -> Result<Option<SealedView>, Problem> {
    let Some(by) = state.vault.sealed_by() else { return Ok(None) };
    let first = by == SealedBy::FirstPassphrase;
    let behind = state.vault.protection().await?.is_some_and(|(source, _)| source == Source::Passphrase);
    let why = match by {
        SealedBy::FirstPassphrase => {
            "It opens the vault after every start of the daemon. Nobody can recover it: keep a copy elsewhere."
        }
        SealedBy::Passphrase => {
            "Its key is behind a passphrase. Backends that need a key wait until it is open."
        }
        SealedBy::NoKey => "Its key is not on this machine. Bring it back to its place, then unseal.",
        SealedBy::WrongKey => {
            "The key in its place belongs to another vault. Bring the right one back, then unseal."
        }
        SealedBy::Hand => "Somebody sealed it by hand. Backends that need a key wait until it is open.",
    };
    Ok(Some(SealedView { why: why.to_owned(), passphrase: first || behind, first }))
}

/// All secrets, in the order of their names.
pub(in crate::web) async fn secrets(state: &AppState, by: &Principal) -> Result<Vec<SecretRow>, Problem> {
    let mut rows = Vec::new();
    for record in state.vault.secrets(&by.tenant, None, SECRETS_MAX).await? {
        rows.push(with_users(state, by, record).await?);
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// One secret.
pub(in crate::web) async fn secret(
    state: &AppState,
    by: &Principal,
    name: &str,
) -> Result<SecretRow, Problem> {
    let record = state.vault.secret(&by.tenant, name.into()).await?;
    with_users(state, by, record).await
}

async fn with_users(state: &AppState, by: &Principal, record: SecretRecord) -> Result<SecretRow, Problem> {
    let used_in = state.vault.users_of(&by.tenant, &record.name).await?;
    Ok(SecretRow {
        kind: record.kind.as_str(),
        hosts: record.hosts.iter().map(str::to_owned).collect(),
        created: rfc3339(record.created_ms),
        rotated: record.rotated_ms.map(rfc3339),
        used: record.last_used_ms.map(rfc3339),
        used_by: record.last_used_by.unwrap_or_default(),
        name: record.name,
        description: record.description,
        created_by: record.created_by,
        uses: record.uses,
        version: record.version,
        used_in,
    })
}

/// An empty form.
pub(in crate::web) fn new_secret() -> NewSecretForm {
    let kinds = Kind::all().map(|kind| KindView {
        word: kind.as_str(),
        prefixes: kind.prefixes().join(" "),
        hosts: kind.default_hosts().iter().collect::<Vec<_>>().join(" "),
    });
    NewSecretForm { kinds: kinds.collect(), ..NewSecretForm::default() }
}

/// Uses before this one, and the number to go on with.
pub(in crate::web) async fn uses(
    state: &AppState,
    by: &Principal,
    before: Option<i64>,
) -> Result<(Vec<UseRow>, Option<i64>), Problem> {
    let mut found = state.vault.uses(&by.tenant, None, before, ROWS + 1).await?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|used| used.id);
    Ok((found.into_iter().map(use_row).collect(), next))
}

fn use_row(record: UseRecord) -> UseRow {
    UseRow {
        name: record.name,
        used_by: record.used.used_by,
        host: record.used.host,
        outcome: record.used.outcome.as_str(),
        count: record.used.count,
        at: rfc3339(record.used.last_ms),
    }
}

/// Finds before this one, and the id to go on with.
pub(in crate::web) async fn leaks(
    state: &AppState,
    by: &Principal,
    after: Option<LeakId>,
) -> Result<(Vec<LeakRow>, Option<LeakId>), Problem> {
    let found = state.leaks.list(&by.tenant, after, ROWS + 1).await;
    let mut found = found.map_err(|error| super::store_problem(&error))?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|leak| leak.id);
    Ok((found.into_iter().map(leak_row).collect(), next))
}

fn leak_row(leak: Leak) -> LeakRow {
    LeakRow {
        at: rfc3339(leak.at_ms),
        place: leak.place.into_owned(),
        kind: leak.kind.into_owned(),
        thread: leak.thread.map(|id| id.to_string()),
        count: leak.count,
    }
}

/// The keys that seal.
pub(in crate::web) async fn keys(state: &AppState, by: &Principal) -> Result<KeysView, Problem> {
    let protection = state.vault.protection().await?;
    let source = protection.map(|(source, _)| source);
    Ok(KeysView {
        protection: source.map(|source| match source {
            Source::Credential => "a credential that systemd gives the service",
            Source::Keyring => "the desktop's keyring",
            Source::Passphrase => "nowhere: a passphrase opens it",
            Source::File => "a file outside the data folder",
        }),
        passphrase: source == Some(Source::Passphrase),
        rotates: source.is_some_and(|source| source != Source::Credential),
        since: protection.map(|(_, since_ms)| rfc3339(since_ms)).unwrap_or_default(),
        keys: state.vault.keys(&by.tenant).await?.iter().map(key_row).collect(),
    })
}

fn key_row(key: &KeyView) -> KeyRow {
    KeyRow {
        purpose: key.purpose.as_str(),
        generation: key.generation,
        state: if key.active { "active" } else { "retired" },
        seals: key.seals,
        created: rfc3339(key.created_ms),
    }
}
