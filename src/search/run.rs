//! Asks one index. Blocks a core for a bounded time.
//!
//! By relevance, the index skips what cannot be among the best (block-max WAND), and filters judge only what could. By
//! time, each segment has its newest first, so the first hits of each are enough. When the time is over the rest is not
//! looked at, and the answer says so.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use tantivy::columnar::{Column, StrColumn};
use tantivy::query::{EnableScoring, Weight};
use tantivy::schema::Value as _;
use tantivy::{DocAddress, DocId, Searcher, SegmentReader, TERMINATED, TantivyDocument};

use super::error::SearchError;
use super::live::Live;
use super::plan::plan;
use super::query::{Found, Hit, Order, Query, WINDOW_MAX};
use super::schema::{AT, GROUP, HIGH, KIND, LOW, OWNER, ROLE, SCOPE, hex, joined};

/// Time for one search, the preparation included.
const TIME_MAX: Duration = Duration::from_millis(35);
/// Hits between two looks at the clock.
const LOOK_EVERY: usize = 256;

/// A place among the best.
#[derive(Clone, Copy)]
struct Place {
    score: f32,
    at_ms: i64,
    address: DocAddress,
}

// === impl Place ===

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    /// The worst is the greatest, so that a heap gives it up first.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then_with(|| other.at_ms.cmp(&self.at_ms))
            .then_with(|| self.address.cmp(&other.address))
    }
}

/// The best hits of an index.
pub(super) fn find(live: &Live, query: &Query) -> Result<Found, SearchError> {
    let until = Instant::now() + TIME_MAX;
    let searcher = live.reader.searcher();
    let Some(plan) = plan(&searcher, &live.fields, query, until)? else { return Ok(Found::default()) };
    let weight = plan.asked.weight(EnableScoring::enabled_from_searcher(&searcher))?;
    let limit = query.limit.clamp(1, WINDOW_MAX);
    let mut best =
        Best { places: BinaryHeap::with_capacity(limit + 1), limit, until, looked: 0, partial: false };
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        let Some(filter) = Filter::of(segment, query)? else { continue };
        if plan.alike || query.order == Order::Newest {
            best.by_time(weight.as_ref(), (ord, segment), &filter)?;
        } else {
            best.by_relevance(weight.as_ref(), (ord, segment), &filter)?;
        }
    }
    let partial = best.partial;
    let places = best.places.into_sorted_vec();
    let hits = places.into_iter().map(|place| hit(&searcher, live, place)).collect::<Result<_, _>>()?;
    Ok(Found { hits, marks: plan.marks, partial })
}

struct Best {
    places: BinaryHeap<Place>,
    limit: usize,
    until: Instant,
    looked: usize,
    partial: bool,
}

// === impl Best ===

impl Best {
    fn by_relevance(
        &mut self,
        weight: &dyn Weight,
        (ord, segment): (u32, &SegmentReader),
        filter: &Filter,
    ) -> Result<(), SearchError> {
        let threshold = self.threshold();
        weight.for_each_pruning(threshold, segment, &mut |doc, score| {
            if self.is_over() {
                return f32::INFINITY;
            }
            if filter.takes(segment, doc) {
                self.offer(Place { score, at_ms: filter.at(doc), address: DocAddress::new(ord, doc) });
            }
            self.threshold()
        })?;
        Ok(())
    }

    /// A segment is sorted, newest first: it ends with the first hit that is too old.
    fn by_time(
        &mut self,
        weight: &dyn Weight,
        (ord, segment): (u32, &SegmentReader),
        filter: &Filter,
    ) -> Result<(), SearchError> {
        let mut scorer = weight.scorer(segment, 1.0)?;
        let mut doc = scorer.doc();
        while doc != TERMINATED && !self.is_over() {
            if filter.takes(segment, doc) {
                let at_ms = filter.at(doc);
                let too_old = self.places.peek().is_some_and(|worst| worst.at_ms >= at_ms);
                if self.places.len() >= self.limit && too_old {
                    break;
                }
                self.offer(Place { score: 0.0, at_ms, address: DocAddress::new(ord, doc) });
            }
            doc = scorer.advance();
        }
        Ok(())
    }

    fn offer(&mut self, place: Place) {
        self.places.push(place);
        if self.places.len() > self.limit {
            self.places.pop();
        }
    }

    /// What a hit must score to be among the best.
    fn threshold(&self) -> f32 {
        match self.places.peek() {
            Some(worst) if self.places.len() >= self.limit => worst.score,
            _ => f32::MIN,
        }
    }

    fn is_over(&mut self) -> bool {
        self.looked += 1;
        if !self.partial && self.looked.is_multiple_of(LOOK_EVERY) && Instant::now() > self.until {
            self.partial = true;
        }
        self.partial
    }
}

/// What a query asks besides its words, for one segment.
struct Filter {
    at: Column<i64>,
    from_ms: i64,
    until_ms: i64,
    /// Columns with the words that are taken, as the segment numbers them.
    taken: Vec<(StrColumn, Vec<u64>)>,
    refused: Option<(StrColumn, u64)>,
}

// === impl Filter ===

impl Filter {
    /// `None` when the segment has nothing that is taken.
    fn of(segment: &SegmentReader, query: &Query) -> Result<Option<Self>, SearchError> {
        let columns = segment.fast_fields();
        let at = columns.i64(AT)?;
        let (from_ms, until_ms) = (query.from_ms.unwrap_or(i64::MIN), query.until_ms.unwrap_or(i64::MAX));
        if at.max_value() < from_ms || at.min_value() >= until_ms {
            return Ok(None);
        }
        let mut wanted: Vec<(&str, Vec<String>)> = Vec::new();
        wanted.extend(query.group.map(|group| (GROUP, vec![hex(&group)])));
        wanted.extend(query.scope.map(|scope| (SCOPE, vec![hex(&scope)])));
        wanted.extend(query.owners.clone().map(|owners| (OWNER, owners)));
        if !query.kinds.is_empty() {
            wanted.push((KIND, query.kinds.iter().map(|kind| (*kind).to_owned()).collect()));
        }
        if !query.roles.is_empty() {
            wanted.push((ROLE, query.roles.clone()));
        }
        let mut taken = Vec::new();
        for (name, words) in wanted {
            let Some(column) = columns.str(name)? else { return Ok(None) };
            let mut numbers = Vec::new();
            for word in words {
                numbers.extend(
                    column.dictionary().term_ord(word.as_bytes()).map_err(tantivy::TantivyError::from)?,
                );
            }
            if numbers.is_empty() {
                return Ok(None);
            }
            taken.push((column, numbers));
        }
        let mut refused = None;
        if let (Some(group), Some(column)) = (query.not_group, columns.str(GROUP)?) {
            let number =
                column.dictionary().term_ord(hex(&group).as_bytes()).map_err(tantivy::TantivyError::from)?;
            refused = number.map(|number| (column, number));
        }
        Ok(Some(Self { at, from_ms, until_ms, taken, refused }))
    }

    fn at(&self, doc: DocId) -> i64 {
        self.at.first(doc).unwrap_or_default()
    }

    fn takes(&self, segment: &SegmentReader, doc: DocId) -> bool {
        let at = self.at(doc);
        let of = |column: &StrColumn| column.ords().first(doc);
        !segment.is_deleted(doc)
            && (self.from_ms..self.until_ms).contains(&at)
            && self.taken.iter().all(|(column, numbers)| of(column).is_some_and(|n| numbers.contains(&n)))
            && self.refused.as_ref().is_none_or(|(column, number)| of(column) != Some(*number))
    }
}

/// Everything about a hit that the index knows.
fn hit(searcher: &Searcher, live: &Live, place: Place) -> Result<Hit, SearchError> {
    let DocAddress { segment_ord, doc_id } = place.address;
    let segment = searcher.segment_reader(segment_ord);
    let columns = segment.fast_fields();
    let number = |name: &str| -> Result<u64, SearchError> {
        columns.u64(name)?.first(doc_id).ok_or(SearchError::Damaged)
    };
    let id = joined(number(HIGH)?, number(LOW)?);
    let mut kind = String::new();
    if let Some(column) = columns.str(KIND)?
        && let Some(number) = column.ords().first(doc_id)
    {
        column.ord_to_str(number, &mut kind).map_err(tantivy::TantivyError::from)?;
    }
    // Few kinds need more than their id.
    let locator = if columns.str(GROUP)?.is_some_and(|groups| groups.ords().first(doc_id).is_some()) {
        String::new()
    } else {
        let stored: TantivyDocument = searcher.doc(place.address)?;
        stored.get_first(live.fields.locator).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    Ok(Hit { kind, id, score: place.score, at_ms: place.at_ms, locator })
}
