//! Things that come in sets: which are others now, and a few of these at a time.

use std::collections::{HashMap, HashSet};

use super::document::RawId;
use super::error::SearchError;
use super::live::Mark;
use super::source::{SetState, Source};
use super::work::write;
use super::writing::Writing;
use crate::protocol::ids::TenantId;

/// Sets that are read between two looks at other changes.
const AT_A_TIME: usize = 100;

/// The sets that an index holds.
#[derive(Default)]
pub(super) struct Sets {
    /// Their states, and the ids of what is in each. `None` before the first look of a life.
    known: Option<HashMap<String, (String, Vec<RawId>)>>,
    wanted: bool,
}

/// What a look found to do.
pub(super) struct Due {
    kind: &'static str,
    first: bool,
    gone: Vec<String>,
    changed: Vec<SetState>,
}

// === impl Sets ===

impl Sets {
    /// Has them looked at.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether there is something to look at.
    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// What is to be done, if anything.
    pub(super) async fn due(
        &mut self,
        source: &dyn Source,
        tenant: &TenantId,
    ) -> Result<Option<Due>, SearchError> {
        let Some(kind) = source.set_kind() else { return Ok(None) };
        let mut changed = source.sets(tenant).await?;
        let there: HashSet<&str> = changed.iter().map(|set| set.locator.as_str()).collect();
        let known = self.known.iter().flat_map(HashMap::keys);
        let gone: Vec<String> = known.filter(|own| !there.contains(own.as_str())).cloned().collect();
        if let Some(known) = &self.known {
            changed.retain(|set| known.get(&set.locator).is_none_or(|(state, _)| *state != set.state));
        }
        changed.truncate(AT_A_TIME);
        let first = self.known.is_none();
        self.wanted = false;
        Ok((first || !gone.is_empty() || !changed.is_empty()).then_some(Due { kind, first, gone, changed }))
    }

    /// Does it. After an error everything is done anew.
    pub(super) async fn apply(
        &mut self,
        source: &dyn Source,
        (tenant, mark): (&TenantId, &Mark),
        writing: &mut Option<Writing>,
        due: Due,
    ) -> Result<(), SearchError> {
        let mut known = self.known.take().unwrap_or_default();
        let Due { kind, first, gone, changed } = due;
        let more = changed.len() == AT_A_TIME;
        let mut old: Vec<RawId> =
            gone.iter().filter_map(|own| known.remove(own)).flat_map(|(_, ids)| ids).collect();
        let mut fresh = Vec::new();
        for set in changed {
            let documents = source.set(tenant, &set.locator).await?;
            let ids = documents.iter().map(|document| document.key.id).collect();
            fresh.extend(documents);
            let before = known.insert(set.locator, (set.state, ids));
            old.extend(before.into_iter().flat_map(|(_, ids)| ids));
        }
        let mark = mark.clone();
        write(writing, move |writing| {
            if first {
                writing.remove_kind(kind);
            }
            old.iter().for_each(|id| writing.remove(id));
            fresh.iter().try_for_each(|document| writing.put(document, false))?;
            writing.commit(&mark)
        })
        .await?;
        (self.known, self.wanted) = (Some(known), more);
        Ok(())
    }
}
