//! The queries that a plan needs, in two rounds; see [`Kind`] for the order in which a kind
//! contributes its own.
//!
//! The first round is everything that the spec alone determines: a listing of every kind, since the
//! stack may own rows of a kind that its file no longer uses; the look-ups of each entry; and the
//! targets of `adopt`, `existing`, look-ups in braces and references to other stacks. The second
//! round reads what no listing carries, for every row that the stack owns or adopts. The engine
//! sends the queries, equal ones once, and [`answers`](crate::answers) folds the answers into a
//! snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Address;
use crate::desired::Desired;
use crate::kind::{Found, Kind, Site};
use crate::live::{Live, Snapshot};
use crate::planner::Intent;
use crate::planner::outside::{self, How, LookUp};
use crate::procedure::Local;
use crate::registry::Registry;
use crate::view::Query;

/// A query with the purpose of its answer.
#[derive(Debug, Clone)]
pub struct Question {
    /// The purpose of the answer.
    pub purpose: Purpose,
    /// The query that is sent.
    pub query: Query,
}

/// The purpose of the answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The rows of a kind that a stack owns.
    Listing,
    /// Details of all rows of a kind.
    Details,
    /// Details of the row at this address.
    DetailsOf(Address),
    /// The live resource that the entry at this address adopts.
    Adopted(Address),
    /// A look-up of the entry at this address.
    LookUp(Address),
    /// A resource outside the stack.
    Outside(LookUp),
}

impl Purpose {
    /// Returns whether a plan can do without the answer as long as it uses nothing of the kind.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        matches!(self, Self::Listing | Self::Details)
    }
}

/// Returns the questions that the spec alone determines.
#[must_use]
pub fn first_round(registry: &Registry, intent: &Intent) -> Vec<Question> {
    let entries = intent
        .desired
        .values()
        .flat_map(|want| of_entry(registry, intent, want));
    let outside = outside::look_ups(registry, intent);
    let outside = outside
        .into_iter()
        .filter_map(|look_up| of_outside(registry, intent, look_up));
    let mut asked = listings(registry, intent);
    asked.extend(entries);
    asked.extend(outside);
    asked
}

/// Returns the questions for what no listing carries, for the rows that the stack owns and those
/// that it is about to adopt.
#[must_use]
pub fn second_round(registry: &Registry, intent: &Intent, snapshot: &Snapshot) -> Vec<Question> {
    let owned = snapshot
        .live
        .iter()
        .filter_map(|live| Some((&live.owner.as_ref()?.address, live.as_ref())));
    let adopted = snapshot
        .adopted
        .iter()
        .flat_map(|(address, rows)| rows.iter().map(move |live| (address, live)));
    let of_row = |(address, live): (&Address, &Live)| {
        let queries = details(registry, intent, snapshot, Some(address), live);
        of_queries(Purpose::DetailsOf(address.clone()), queries)
    };
    owned.chain(adopted).flat_map(of_row).collect()
}

/// Returns the queries for what no listing carries of a row. A row without an address belongs to no
/// entry.
#[must_use]
pub fn details(
    registry: &Registry,
    intent: &Intent,
    snapshot: &Snapshot,
    address: Option<&Address>,
    live: &Live,
) -> Vec<Query> {
    let want = address.and_then(|address| intent.desired.get(address));
    let nothing = Found::default();
    let found = address.and_then(|address| snapshot.found.get(address));
    let want = want.filter(|want| want.kind == live.kind);
    (registry.known(live.kind).details)(want, live, found.unwrap_or(&nothing))
}

/// Returns the look-ups of an entry.
#[must_use]
pub fn look_ups(registry: &Registry, intent: &Intent, want: &Desired) -> Vec<Query> {
    (registry.known(want.kind).look_ups)(want, &intent.site)
}

/// Returns the local reads that the snapshot does not have yet, each with the address of its entry.
#[must_use]
pub fn local_reads(
    registry: &Registry,
    intent: &Intent,
    snapshot: &Snapshot,
) -> Vec<(Address, Local)> {
    let is_known = |want: &&Desired| {
        let found = snapshot.found.get(&want.address);
        found.is_some_and(|found| found.local().next().is_some())
    };
    let reads = |want: &Desired| {
        let address = want.address.clone();
        let reads = (registry.known(want.kind).local_reads)(want);
        reads.into_iter().map(move |act| (address.clone(), act))
    };
    intent
        .desired
        .values()
        .filter(|want| !is_known(want))
        .flat_map(reads)
        .collect()
}

/// Returns the kinds that the file uses, and those of which the stack is known to own or use a
/// resource. A plan cannot do without their listings.
#[must_use]
pub fn used_kinds(
    registry: &Registry,
    intent: &Intent,
    snapshot: &Snapshot,
) -> BTreeSet<&'static str> {
    let adopted = snapshot.adopted.values().flatten();
    let live = snapshot.live.iter().map(Arc::as_ref);
    let seen = live.chain(&snapshot.astray).chain(adopted);
    let of_row = |row: &Live| {
        let uses = row.uses.iter().map(|(kind, _)| *kind);
        uses.chain([row.kind]).collect::<Vec<_>>()
    };
    let desired = intent.desired.values().map(|want| want.kind);
    let outside = outside::look_ups(registry, intent)
        .into_iter()
        .map(|look_up| look_up.kind);
    seen.flat_map(of_row)
        .chain(desired)
        .chain(outside)
        .collect()
}

fn listings(registry: &Registry, intent: &Intent) -> Vec<Question> {
    let listing = |kind: &'static Kind, stack: &str| Question {
        purpose: Purpose::Listing,
        query: kind.owned(&intent.site, stack),
    };
    let own = registry.kinds().flat_map(|kind| {
        let more = kind.more_lists.iter().map(move |(of, view)| Question {
            purpose: Purpose::Details,
            query: view.owned_by(of, &intent.site, &intent.stack),
        });
        std::iter::once(listing(kind, &intent.stack)).chain(more)
    });
    // Rows of stacks that a `moved` entry names are listed as well. `planner::moved` takes those
    // that move here and drops the rest.
    let others: BTreeSet<&String> = intent
        .moved
        .iter()
        .filter_map(|entry| entry.stack.as_ref())
        .collect();
    let others = others
        .into_iter()
        .flat_map(|stack| registry.kinds().map(|kind| listing(kind, stack)));
    own.chain(others).collect()
}

fn of_entry(registry: &Registry, intent: &Intent, want: &Desired) -> Vec<Question> {
    let kind = registry.known(want.kind);
    let adopted = kind.poll(&intent.site, want.terms.adopt.as_slice());
    let mut asked = of_queries(Purpose::Adopted(want.address.clone()), adopted);
    asked.extend(of_queries(
        Purpose::LookUp(want.address.clone()),
        look_ups(registry, intent, want),
    ));
    asked
}

fn of_outside(registry: &Registry, intent: &Intent, look_up: LookUp) -> Option<Question> {
    let kind = registry.known(look_up.kind);
    let query = match &look_up.how {
        How::Id(id) => kind
            .poll(&intent.site, std::slice::from_ref(id))
            .into_iter()
            .next(),
        How::By(by) => kind.find(&intent.site, by),
        How::Owned { stack, region, .. } => {
            let site = Site {
                region: region.clone(),
                ..intent.site.clone()
            };
            Some(kind.owned(&site, stack))
        }
    };
    query.map(|query| Question {
        purpose: Purpose::Outside(look_up),
        query,
    })
}

fn of_queries(purpose: Purpose, queries: Vec<Query>) -> Vec<Question> {
    queries
        .into_iter()
        .map(|query| Question {
            purpose: purpose.clone(),
            query,
        })
        .collect()
}

#[cfg(test)]
mod tests;
