//! An index of a table's rows by region and tag, in the order of listings, so that a page of a long
//! listing does not look at every row.
//!
//! The index describes the rows as they were when the last call ended. That is what a listing must
//! show, because a call that lists changes nothing.
//!
//! Invariant: a place is in the set of its region, in the set of each of its tags, and in no other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::base::Base;
use crate::table::{Row, Table};
use crate::tags::Filter;

/// The position of a row in listings: newest first, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place(Reverse<i64>, Arc<str>);

/// The places of a table's rows, by region.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(BTreeMap<String, Region>);

#[derive(Debug, Clone, Default)]
struct Region {
    all: BTreeSet<Place>,
    tagged: BTreeMap<String, BTreeMap<String, BTreeSet<Place>>>,
}

impl Places {
    /// Moves a row to the place of its new form. Released rows have no place: no reader sees them.
    pub(crate) fn move_to(&mut self, key: &str, old: Option<&Base>, new: Option<&Base>) {
        let (old, new) = (
            old.filter(|base| !base.released),
            new.filter(|base| !base.released),
        );
        let same = match (old, new) {
            (Some(a), Some(b)) => {
                a.created_ms == b.created_ms && a.region == b.region && a.tags == b.tags
            }
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if let Some(base) = old {
            self.remove(key, base);
        }
        if let Some(base) = new {
            let place = Place(Reverse(base.created_ms), Arc::from(key));
            let region = self.0.entry(base.region.clone()).or_default();
            for (name, value) in &base.tags {
                region
                    .tagged
                    .entry(name.clone())
                    .or_default()
                    .entry(value.clone())
                    .or_default()
                    .insert(place.clone());
            }
            region.all.insert(place);
        }
    }

    fn remove(&mut self, key: &str, base: &Base) {
        let Some(region) = self.0.get_mut(&base.region) else {
            return;
        };
        let place = Place(Reverse(base.created_ms), Arc::from(key));
        region.all.remove(&place);
        for (name, value) in &base.tags {
            let Some(values) = region.tagged.get_mut(name) else {
                continue;
            };
            if let Some(places) = values.get_mut(value) {
                places.remove(&place);
                if places.is_empty() {
                    values.remove(value);
                }
            }
            if values.is_empty() {
                region.tagged.remove(name);
            }
        }
    }
}

impl Region {
    /// The smallest set that contains all rows with these tags, and whether it contains no other
    /// row.
    fn smallest(&self, tags: &Filter) -> (Option<&BTreeSet<Place>>, bool) {
        let (mut best, mut exact) = (Some(&self.all), tags.pairs().is_empty());
        for (name, value) in tags.pairs() {
            let values = self.tagged.get(name);
            let set = match value {
                Some(value) => values.and_then(|values| values.get(value)),
                // Rows with any value of a name are one set only if the name has a single value.
                None => match values.map(|values| (values.len(), values.values().next())) {
                    None => None,
                    Some((1, set)) => set,
                    Some(_) => continue,
                },
            };
            if set.map_or(0, BTreeSet::len) <= best.map_or(0, BTreeSet::len) {
                (best, exact) = (set, tags.pairs().len() == 1);
            }
        }
        (best, exact)
    }
}

/// The rows that a listing looks at before its filters are applied.
pub(crate) enum Scope<'a, T> {
    /// The rows that the call names, or that refer to a resource that the call names, in any order.
    Few(Vec<&'a T>),
    /// The rows of a region with the wanted tags.
    Region(Listing<'a, T>),
}

/// The visible rows of a region, in the order of listings.
pub(crate) struct Listing<'a, T> {
    table: &'a Table<T>,
    set: Option<&'a BTreeSet<Place>>,
    /// The place of the newest row that is old enough to be visible.
    first: Place,
    exact: bool,
}

impl<'a, T: Row> Listing<'a, T> {
    /// Rows with these tags that were created at `newest_ms` or before. `only_tags`: the call has
    /// no other filter.
    pub(crate) fn new(
        table: &'a Table<T>,
        region: &str,
        tags: &Filter,
        newest_ms: i64,
        only_tags: bool,
    ) -> Self {
        let first = Place(Reverse(newest_ms), Arc::from(""));
        let (set, exact) = table
            .places()
            .0
            .get(region)
            .map_or((None, true), |region| region.smallest(tags));
        Self {
            table,
            set,
            first,
            exact: exact && only_tags,
        }
    }

    /// The number of rows; `None` if other filters decide too.
    pub(crate) fn total(&self) -> Option<usize> {
        let set = if self.exact { self.set } else { return None };
        Some(set.map_or(0, |set| set.len() - set.range(..&self.first).count()))
    }

    /// A page of `take` rows behind the first `skip` ones, of `total`. A page of the second half is
    /// reached from the end.
    pub(crate) fn page(&self, skip: usize, take: usize, total: usize) -> Vec<&'a T> {
        if skip <= total / 2 {
            return self.skip(skip).take(take).collect();
        }
        let behind = total.saturating_sub(skip.saturating_add(take));
        let count = take.min(total.saturating_sub(skip));
        let places = self
            .set
            .into_iter()
            .flat_map(|set| set.range(&self.first..).rev());
        let mut rows: Vec<&T> = places
            .skip(behind)
            .take(count)
            .filter_map(|place| self.table.get(&place.1))
            .collect();
        rows.reverse();
        rows
    }

    /// The rows behind the first `rows` ones.
    pub(crate) fn skip(&self, rows: usize) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let table = self.table;
        let places = self.set.into_iter().flat_map({
            let first = self.first.clone();
            move |set| set.range(first.clone()..)
        });
        places
            .skip(rows)
            .filter_map(move |place| table.get(&place.1))
    }

    /// The rows that begin with the one of this time and key; all rows for `None`.
    pub(crate) fn from(
        &self,
        first: Option<(i64, &str)>,
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let named = first.map(|(created_ms, key)| Place(Reverse(created_ms), Arc::from(key)));
        let from = named.map_or(self.first.clone(), |named| named.max(self.first.clone()));
        let table = self.table;
        let places = self
            .set
            .into_iter()
            .flat_map(move |set| set.range(from.clone()..));
        places.filter_map(move |place| table.get(&place.1))
    }

    /// The rows behind the one with this time and key.
    pub(crate) fn after(
        &self,
        created_ms: i64,
        key: &str,
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let table = self.table;
        let after = Place(Reverse(created_ms), Arc::from(key));
        // Rows that are too new to be visible can be in front of the row of an old token, never
        // behind it.
        let from = if after < self.first {
            Bound::Included(self.first.clone())
        } else {
            Bound::Excluded(after)
        };
        let places = self
            .set
            .into_iter()
            .flat_map(move |set| set.range((from.clone(), Bound::Unbounded)));
        places.filter_map(move |place| table.get(&place.1))
    }
}
