//! Rows of people, and of what they prove themselves with besides passkeys.

use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::identity::members::{Member, MemberState, Role};
use crate::identity::secret::SecretHash;
use crate::protocol::ids::MemberId;

const COLUMNS: &str = "id, name, role, state, phc IS NOT NULL, created_ms,
    (SELECT count(*) FROM passkeys WHERE passkeys.member = members.id),
    EXISTS (SELECT 1 FROM second_factors WHERE second_factors.member = members.id),
    (SELECT created_ms FROM recovery_keys WHERE recovery_keys.member = members.id)";

/// All people, the owner first; a tenant has a bounded number.
pub(in crate::identity) fn all(read: &TenantRead<'_>) -> Result<Vec<Member>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM members WHERE tenant = ?1 ORDER BY role = 'member', id");
    read.query_all(&sql, &[], member)
}

fn member(row: &Row<'_>) -> Result<Member, DbError> {
    let (role, state): (String, String) = (row.get(2)?, row.get(3)?);
    let wrong = |column, expected| DbError::Type { column, expected };
    Ok(Member {
        id: row.get(0)?,
        name: row.get(1)?,
        role: Role::of(&role).ok_or_else(|| wrong(2, "a role"))?,
        state: MemberState::of(&state).ok_or_else(|| wrong(3, "a member's state"))?,
        has_password: row.get(4)?,
        created_ms: row.get(5)?,
        passkeys: row.get(6)?,
        has_second_factor: row.get(7)?,
        recovery_key_ms: row.get(8)?,
    })
}

pub(in crate::identity) fn insert(tx: &mut TenantTx<'_>, member: &Member) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO members (tenant, id, name, role, state, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        &[&member.id, &member.name, &member.role.as_str(), &member.state.as_str(), &member.created_ms],
    )?;
    Ok(())
}

/// Gives a person another name; `false` when another person has it.
pub(in crate::identity) fn rename(
    tx: &mut TenantTx<'_>,
    id: MemberId,
    name: &str,
    now_ms: i64,
) -> Result<bool, DbError> {
    let taken = tx.query_opt(
        "SELECT 1 FROM members WHERE tenant = ?1 AND name = ?2 AND id <> ?3",
        &[&name, &id],
        |row| row.get::<i64>(0),
    )?;
    if taken.is_some() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE members SET name = ?3, updated_ms = ?4 WHERE tenant = ?1 AND id = ?2",
        &[&id, &name, &now_ms],
    )?;
    Ok(true)
}

pub(in crate::identity) fn set_state(
    tx: &mut TenantTx<'_>,
    id: MemberId,
    state: MemberState,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE members SET state = ?3, updated_ms = ?4 WHERE tenant = ?1 AND id = ?2",
        &[&id, &state.as_str(), &now_ms],
    )?;
    Ok(())
}

/// Removes a person with everything that opens something for them. Their tokens stay, revoked.
pub(in crate::identity) fn delete(tx: &mut TenantTx<'_>, id: MemberId) -> Result<(), DbError> {
    tx.execute("UPDATE tokens SET member = NULL WHERE tenant = ?1 AND member = ?2", &[&id])?;
    tx.execute("DELETE FROM members WHERE tenant = ?1 AND id = ?2 AND role = 'member'", &[&id])?;
    Ok(())
}

// === invitations ===

pub(in crate::identity) fn put_invite(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    hash: &SecretHash,
    expires_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO invites (tenant, member, hash, expires_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (member) DO UPDATE SET hash = excluded.hash, expires_ms = excluded.expires_ms",
        &[&member, hash.as_bytes(), &expires_ms],
    )?;
    Ok(())
}

/// Whom this link invites, while it works.
pub(in crate::identity) fn invited(
    read: &TenantRead<'_>,
    hash: &SecretHash,
    now_ms: i64,
) -> Result<Option<MemberId>, DbError> {
    read.query_opt(
        "SELECT member FROM invites WHERE tenant = ?1 AND hash = ?2 AND expires_ms > ?3",
        &[hash.as_bytes(), &now_ms],
        |row| row.get(0),
    )
}

/// Uses an invitation up; `false` when it does not work any more.
pub(in crate::identity) fn take_invite(
    tx: &mut TenantTx<'_>,
    hash: &SecretHash,
    now_ms: i64,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "DELETE FROM invites WHERE tenant = ?1 AND hash = ?2 AND expires_ms > ?3",
        &[hash.as_bytes(), &now_ms],
    )?;
    Ok(changed == 1)
}

// === passwords ===

pub(in crate::identity) fn password(
    read: &TenantRead<'_>,
    member: MemberId,
) -> Result<Option<String>, DbError> {
    let found =
        read.query_opt("SELECT phc FROM members WHERE tenant = ?1 AND id = ?2", &[&member], |row| {
            row.get(0)
        })?;
    Ok(found.flatten())
}

pub(in crate::identity) fn set_password(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    phc: Option<&str>,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE members SET phc = ?3, updated_ms = ?4 WHERE tenant = ?1 AND id = ?2",
        &[&member, &phc, &now_ms],
    )?;
    Ok(())
}

// === second factors ===

/// The sealed seed of a person.
pub(in crate::identity) fn sealed_seed(
    read: &TenantRead<'_>,
    member: MemberId,
) -> Result<Option<Vec<u8>>, DbError> {
    read.query_opt("SELECT seed FROM second_factors WHERE tenant = ?1 AND member = ?2", &[&member], |row| {
        row.get(0)
    })
}

/// Keeps a sealed seed with the step of the code that confirmed it.
pub(in crate::identity) fn put_second_factor(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    seed: &[u8],
    last_step: u64,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO second_factors (tenant, member, seed, last_step, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (member) DO UPDATE
         SET seed = excluded.seed, last_step = excluded.last_step, created_ms = excluded.created_ms",
        &[&member, &seed, &last_step, &now_ms],
    )?;
    Ok(())
}

/// Uses a step up; `false` when it, or a later one, was used before.
pub(in crate::identity) fn use_step(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    step: u64,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE second_factors SET last_step = ?3 WHERE tenant = ?1 AND member = ?2 AND last_step < ?3",
        &[&member, &step],
    )?;
    Ok(changed == 1)
}

pub(in crate::identity) fn delete_second_factor(
    tx: &mut TenantTx<'_>,
    member: MemberId,
) -> Result<bool, DbError> {
    let changed = tx.execute("DELETE FROM second_factors WHERE tenant = ?1 AND member = ?2", &[&member])?;
    Ok(changed == 1)
}

// === recovery keys ===

/// Whose recovery key this is.
pub(in crate::identity) fn recovers(
    read: &TenantRead<'_>,
    hash: &SecretHash,
) -> Result<Option<MemberId>, DbError> {
    read.query_opt(
        "SELECT member FROM recovery_keys WHERE tenant = ?1 AND hash = ?2",
        &[hash.as_bytes()],
        |row| row.get(0),
    )
}

pub(in crate::identity) fn put_recovery_key(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    hash: &SecretHash,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO recovery_keys (tenant, member, hash, created_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (member) DO UPDATE SET hash = excluded.hash, created_ms = excluded.created_ms",
        &[&member, hash.as_bytes(), &now_ms],
    )?;
    Ok(())
}
