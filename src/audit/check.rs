//! Looks at the links of a trail that is in use: quick enough for a page, and from inside the daemon.
//!
//! Whoever must not trust the daemon asks `capuchin audit verify`, which reads the file itself.

use super::chain::{GENESIS, Head, Record};
use super::store;
use super::trail::{Audit, Filter};
use crate::db::DbError;
use crate::protocol::ids::TenantId;

/// Entries that are read at a time.
const PAGE: usize = 500;

/// What came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Entries whose hash was computed again and whose link was followed.
    pub entries: u64,
    /// Whether they are all that there are.
    pub all: bool,
    /// The first entry that does not fit.
    pub broken: Option<i64>,
    /// The end of the chain; `None` while it is empty.
    pub head: Option<Head>,
}

impl Audit {
    /// Follows the links of the newest entries up to the end of the chain, or of all without a number.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn check(&self, tenant: &TenantId, newest: Option<i64>) -> Result<Checked, DbError> {
        let Some(head) = self.head(tenant).await? else {
            return Ok(Checked { all: true, ..Checked::default() });
        };
        let mut after = newest.map_or(0, |newest| head.seq.saturating_sub(newest).max(0));
        let mut prev = match after {
            0 => Some(GENESIS),
            before => self.hash_at(tenant, before).await?,
        };
        let mut checked = Checked { all: after == 0, head: Some(head), ..Checked::default() };
        while after < head.seq {
            let page = self.oldest(tenant, Filter::default(), after, PAGE).await?;
            let in_time = page.iter().filter(|record| record.seq <= head.seq);
            for record in in_time.clone() {
                if !follows(record, after, prev) {
                    return Ok(Checked { broken: Some(after + 1), ..checked });
                }
                (after, prev) = (record.seq, Some(record.hash));
                checked.entries += 1;
            }
            if in_time.count() == 0 {
                return Ok(Checked { broken: Some(after + 1), ..checked });
            }
        }
        if prev != Some(head.hash) {
            checked.broken = Some(head.seq);
        }
        Ok(checked)
    }

    async fn hash_at(&self, tenant: &TenantId, seq: i64) -> Result<Option<[u8; 32]>, DbError> {
        self.db.read(tenant, move |read| store::hash_at(read, seq)).await
    }
}

fn follows(record: &Record, before: i64, prev: Option<[u8; 32]>) -> bool {
    record.seq == before + 1 && prev == Some(record.prev) && record.expected_hash() == record.hash
}
