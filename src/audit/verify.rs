//! Finds the first broken link of a trail, in any copy of the database and without a daemon.
//!
//! It reads every entry in the order in which the table holds them and computes each hash again; it looks
//! nothing up by key and trusts no index. Then it compares the ends with the stored heads, with the anchors
//! that were noted elsewhere, and asks SQLite whether the pages of the table are sound.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use super::anchors::Anchor;
use super::chain::{GENESIS, Head, Record, VERSION, hex, unhex};
use super::store;
use super::trail::Filter;
use crate::db::{Archive, DbError, TenantRead};
use crate::protocol::ids::TenantId;

/// What somebody knows about the trail from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// Heads from the anchor file.
    pub anchors: Vec<Anchor>,
    /// Hashes that must be in some chain: heads that somebody wrote down.
    pub hashes: Vec<[u8; 32]>,
}

/// The first thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Broken {
    /// The content of an entry is not what was hashed.
    #[error("entry {seq} of tenant {tenant}: its content does not match its hash; it was changed")]
    Changed {
        /// Whose chain.
        tenant: String,
        /// Its place.
        seq: i64,
    },
    /// Another entry is in this place: some were deleted, doubled or moved.
    #[error("entry {seq} of tenant {tenant} is not in its place; there is entry {found}")]
    Misplaced {
        /// Whose chain.
        tenant: String,
        /// The place.
        seq: i64,
        /// What is there.
        found: i64,
    },
    /// An entry does not point to the one before it.
    #[error("entry {seq} of tenant {tenant} does not follow from the entry before it")]
    Unlinked {
        /// Whose chain.
        tenant: String,
        /// Its place.
        seq: i64,
    },
    /// A row holds what no entry holds.
    #[error("entry {seq} of tenant {tenant} cannot be read: {reason}")]
    Unreadable {
        /// Whose chain was being read.
        tenant: String,
        /// The place that it would have.
        seq: i64,
        /// What is wrong with the row.
        reason: String,
    },
    /// The chain is longer or shorter than its head says, or ends with another entry.
    #[error("the chain of tenant {tenant} ends with entry {seq}, but its head is entry {head}")]
    End {
        /// Whose chain.
        tenant: String,
        /// The last entry that is there; 0 for none.
        seq: i64,
        /// The one that the head names.
        head: i64,
    },
    /// The head of a chain is gone, or names a hash that its last entry does not have.
    #[error("the head of tenant {tenant} does not match entry {seq}; it was changed or deleted")]
    Head {
        /// Whose chain.
        tenant: String,
        /// The last entry.
        seq: i64,
    },
    /// An anchor knows an entry that is not there, or is another one now.
    #[error(
        "entry {seq} of tenant {tenant} is not the one that was anchored at {at}; the trail was cut or written \
         anew, or an older backup was restored"
    )]
    Anchor {
        /// Whose chain.
        tenant: String,
        /// The entry that was the head.
        seq: i64,
        /// When it was noted.
        at: String,
    },
    /// A hash that somebody wrote down is in no chain.
    #[error("no entry has the hash {hash}; the trail was cut or written anew")]
    Missing {
        /// The hash.
        hash: String,
    },
    /// The file has no audit trail.
    #[error("the file has no audit trail: a newer or older program, or another kind of file")]
    NoTrail,
    /// The pages of the tables are damaged, although every entry could be read.
    #[error("the pages of the audit trail are damaged: {finding}")]
    Pages {
        /// What SQLite says.
        finding: String,
    },
}

/// The end of one chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChainEnd {
    /// Whose chain.
    pub tenant: String,
    /// Its last entry.
    #[serde(flatten)]
    pub head: Head,
}

/// How much was compared with what is known from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Checks {
    /// Entries whose hash was computed.
    pub entries: u64,
    /// Anchors that were found.
    pub anchors: usize,
}

/// What came out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verdict {
    /// How much was looked at.
    #[serde(flatten)]
    pub checks: Checks,
    /// The chains, as far as they were read.
    pub chains: Vec<ChainEnd>,
    /// The first thing that is wrong; `None` when all is well.
    pub broken: Option<Broken>,
}

/// The trail of a file that is only looked at.
pub struct ArchivedTrail {
    archive: Archive,
}

// === impl ArchivedTrail ===

impl ArchivedTrail {
    /// Opens a database, live or a copy. Blocks. A private folder inside `scratch` may be needed for a moment.
    ///
    /// # Errors
    /// What the store answers.
    pub fn open(path: &Path, scratch: &Path) -> Result<Self, DbError> {
        Ok(Self { archive: Archive::open(path, scratch)? })
    }

    /// Verifies every chain. Blocks, about a second for a hundred thousand entries.
    ///
    /// # Errors
    /// What the store answers when the trail cannot even be read to the first broken link.
    pub fn verify(&self, expected: &Expectations) -> Result<Verdict, DbError> {
        self.archive.read(|read| {
            if !store::exists(read)? {
                return Ok(Walk::new(expected, Vec::new()).verdict(Some(Broken::NoTrail)));
            }
            let heads = store::heads(read);
            let known = heads.iter().flatten().map(|(tenant, _)| tenant.clone()).collect();
            let mut walk = Walk::new(expected, known);
            let walked = store::walk(read, |row| {
                Ok::<_, DbError>(match walk.see(row) {
                    Some(_) => ControlFlow::Break(()),
                    None => ControlFlow::Continue(()),
                })
            });
            match walked {
                Ok(()) => {}
                Err(DbError::Corrupt(reason)) => walk.unreadable(reason),
                Err(error) => return Err(error),
            }
            if let Some(broken) = walk.broken.take() {
                return Ok(walk.verdict(Some(broken)));
            }
            let broken = match heads {
                Ok(heads) => walk.ends(&heads),
                Err(DbError::Type { .. } | DbError::Corrupt(_)) => Some(walk.broken_heads()),
                Err(error) => return Err(error),
            };
            let broken = broken.or_else(|| walk.expected(expected));
            if broken.is_some() {
                return Ok(walk.verdict(broken));
            }
            let finding = store::damage(read)?.into_iter().next();
            Ok(walk.verdict(finding.map(|finding| Broken::Pages { finding })))
        })
    }

    /// Entries as [`super::Audit::newest`] gives them.
    ///
    /// # Errors
    /// What the store answers.
    pub fn newest(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Record>, DbError> {
        self.of(tenant, |read| store::newest_first(read, filter, before, limit))
    }

    /// Entries as [`super::Audit::oldest`] gives them.
    ///
    /// # Errors
    /// What the store answers.
    pub fn oldest(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Record>, DbError> {
        self.of(tenant, |read| store::oldest_first(read, filter, after, limit))
    }

    /// The end of a tenant's chain.
    ///
    /// # Errors
    /// What the store answers.
    pub fn head(&self, tenant: &TenantId) -> Result<Option<Head>, DbError> {
        self.of(tenant, store::head)
    }

    fn of<T>(
        &self,
        tenant: &TenantId,
        work: impl FnOnce(&TenantRead<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.archive.read_tenant(tenant, work)
    }
}

/// One pass over all entries.
struct Walk<'e> {
    /// The end of each chain so far.
    ends: BTreeMap<String, Head>,
    /// The tenant of the last row.
    current: String,
    /// Tenants that have a head. Only to name a changed row well.
    known: Vec<String>,
    checks: Checks,
    /// Anchors that are still to be met, by their place.
    anchors: BTreeMap<i64, Vec<&'e Anchor>>,
    /// Hashes that are still to be met.
    hashes: Vec<[u8; 32]>,
    broken: Option<Broken>,
}

// === impl Walk ===

impl<'e> Walk<'e> {
    fn new(expected: &'e Expectations, known: Vec<String>) -> Self {
        let mut anchors: BTreeMap<i64, Vec<&Anchor>> = BTreeMap::new();
        for anchor in &expected.anchors {
            anchors.entry(anchor.head.seq).or_default().push(anchor);
        }
        Self {
            ends: BTreeMap::new(),
            current: known.first().cloned().unwrap_or_else(|| TenantId::home().to_string()),
            known,
            checks: Checks::default(),
            anchors,
            hashes: expected.hashes.clone(),
            broken: None,
        }
    }

    /// Looks at the next row; what is wrong with it.
    fn see(&mut self, row: Result<Record, DbError>) -> Option<&Broken> {
        match row {
            Ok(record) => self.broken = self.judge(&record),
            Err(error) => self.unreadable(error.to_string()),
        }
        self.broken.as_ref()
    }

    fn judge(&mut self, record: &Record) -> Option<Broken> {
        if record.version != VERSION || record.hash != record.expected_hash() {
            let (tenant, seq) = self.place_of(record);
            return Some(Broken::Changed { tenant, seq });
        }
        let tenant = record.tenant.clone();
        let (last, prev) = self.ends.get(&tenant).map_or((0, GENESIS), |end| (end.seq, end.hash));
        let seq = last + 1;
        if record.seq != seq {
            return Some(Broken::Misplaced { tenant, seq, found: record.seq });
        }
        if record.prev != prev {
            return Some(Broken::Unlinked { tenant, seq });
        }
        if let Some(anchors) = self.anchors.get_mut(&seq) {
            let before = anchors.len();
            anchors.retain(|anchor| anchor.tenant != tenant || anchor.head.hash != record.hash);
            self.checks.anchors += before - anchors.len();
        }
        if !self.hashes.is_empty() {
            self.hashes.retain(|hash| *hash != record.hash);
        }
        self.checks.entries += 1;
        self.current.clone_from(&tenant);
        self.ends.insert(tenant, record.head());
        None
    }

    /// Which entry a changed row was: the next one of the chain that is being read, unless everything in it
    /// says that another chain begins here.
    fn place_of(&self, changed: &Record) -> (String, i64) {
        let next = |tenant: &str| self.ends.get(tenant).map_or(1, |end| end.seq.saturating_add(1));
        let first = changed.seq == 1 || changed.prev == GENESIS;
        let begins =
            first && self.known.contains(&changed.tenant) && !self.ends.contains_key(&changed.tenant);
        let tenant = if begins { &changed.tenant } else { &self.current };
        (tenant.clone(), next(tenant))
    }

    fn unreadable(&mut self, reason: String) {
        let tenant = self.current.clone();
        let seq = self.ends.get(&tenant).map_or(1, |end| end.seq + 1);
        self.broken = Some(Broken::Unreadable { tenant, seq, reason });
    }

    /// Compares the ends with the stored heads.
    fn ends(&self, heads: &[(String, Head)]) -> Option<Broken> {
        for (tenant, head) in heads {
            let end = self.ends.get(tenant).copied().unwrap_or(Head { seq: 0, hash: GENESIS });
            let tenant = tenant.clone();
            if end.seq != head.seq {
                return Some(Broken::End { tenant, seq: end.seq, head: head.seq });
            }
            if end.hash != head.hash {
                return Some(Broken::Head { tenant, seq: end.seq });
            }
        }
        let lost = self.ends.iter().find(|(tenant, _)| heads.iter().all(|(known, _)| known != *tenant));
        lost.map(|(tenant, end)| Broken::Head { tenant: tenant.clone(), seq: end.seq })
    }

    fn broken_heads(&self) -> Broken {
        let seq = self.ends.get(&self.current).map_or(0, |end| end.seq);
        Broken::Head { tenant: self.current.clone(), seq }
    }

    /// What was expected and did not come.
    fn expected(&self, expected: &Expectations) -> Option<Broken> {
        // The earliest one says most about where the trail was left.
        let unmet =
            |anchor: &Anchor| self.anchors.get(&anchor.head.seq).is_some_and(|at| at.contains(&anchor));
        let lost = expected.anchors.iter().find(|anchor| unmet(anchor));
        if let Some(anchor) = lost {
            let at = jiff::Timestamp::from_millisecond(anchor.at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            let tenant = anchor.tenant.clone();
            return Some(Broken::Anchor { tenant, seq: anchor.head.seq, at: format!("{at:.0}") });
        }
        self.hashes.first().map(|hash| Broken::Missing { hash: hex(hash) })
    }

    fn verdict(&self, broken: Option<Broken>) -> Verdict {
        let end = |(tenant, head): (&String, &Head)| ChainEnd { tenant: tenant.clone(), head: *head };
        Verdict { checks: self.checks, chains: self.ends.iter().map(end).collect(), broken }
    }
}

// === impl Expectations ===

impl Expectations {
    /// Adds a hash that must be in some chain, as somebody wrote it down; `None` when the text is no hash.
    #[must_use]
    pub fn with_hash(mut self, text: &str) -> Option<Self> {
        self.hashes.push(unhex(text)?);
        Some(self)
    }
}
