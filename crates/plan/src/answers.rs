//! Folds the answers to [`questions`](crate::questions) into a snapshot.
//!
//! The first round adds listings, look-ups and rows to adopt, and then puts every row that moved
//! under its new address. The second round adds the details of each row. [`settled`] replaces rows
//! of the first read with those on which further reads agree.

use std::sync::Arc;

use setpoint_spec::stack::Move;

use crate::kind::Row;
use crate::live::{Live, Snapshot};
use crate::planner::{Intent, moved, outside};
use crate::questions::{Purpose, Question};
use crate::registry::Registry;
use crate::rows::Details;

/// The answer to one question.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The rows of all pages.
    pub rows: Vec<Row>,
    /// Whether an equal query was answered before, so that these rows are a copy.
    pub is_copy: bool,
    /// The number of calls that the rows took; 0 for a copy.
    pub calls: usize,
    /// The number of further calls that proved an empty answer to be true.
    pub proofs: usize,
}

/// A look-up of a resource outside the stack that matches nothing, or more than one resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}: {}", matches(candidates))]
pub struct Unmatched {
    /// The look-up as the spec writes it.
    pub said: String,
    /// The ids of the resources that match.
    pub candidates: Vec<String>,
}

fn matches(candidates: &[String]) -> String {
    match candidates {
        [] => "nothing matches".to_owned(),
        many => format!("{} match, one must: {}", many.len(), many.join(", ")),
    }
}

/// Adds the answers of the first round to a snapshot that holds the local reads.
///
/// # Errors
/// Returns [`Unmatched`] if a look-up of a resource outside the stack finds none or several.
pub fn first_round(
    registry: &Registry,
    intent: &Intent,
    mut snapshot: Snapshot,
    answers: Vec<(Question, Answer)>,
) -> Result<Snapshot, Unmatched> {
    let mut details = Vec::new();
    for (Question { purpose, query }, answer) in answers {
        snapshot.cost.other += answer.proofs;
        match purpose {
            Purpose::Listing => {
                snapshot.cost.listings += answer.calls;
                add_listed(intent, &mut snapshot, answer.rows);
            }
            Purpose::Adopted(address) => {
                snapshot.cost.lookups += answer.calls;
                let adopted = snapshot.adopted.entry(address).or_default();
                adopted.extend(live_rows(answer.rows).map(Arc::unwrap_or_clone));
            }
            Purpose::Details | Purpose::DetailsOf(_) => {
                snapshot.cost.details += answer.calls;
                details.extend(answer.rows);
            }
            Purpose::LookUp(address) => {
                snapshot.cost.lookups += answer.calls;
                let found = snapshot.found.entry(address).or_default();
                let rows = answer.rows.into_iter();
                rows.for_each(|row| found.add(query.view, row));
            }
            Purpose::Outside(look_up) => {
                snapshot.cost.lookups += answer.calls;
                let one = outside::choose(
                    query.kind,
                    &look_up,
                    live_rows(answer.rows).map(Arc::unwrap_or_clone),
                )
                .map_err(|candidates| Unmatched {
                    said: look_up.said.clone(),
                    candidates,
                })?;
                snapshot.named.insert(look_up.key, vec![one]);
            }
        }
    }
    add_details(&mut snapshot, details);
    moved::relocate(registry, intent, &mut snapshot);
    Ok(snapshot)
}

/// Adds the answers of the second round: the details, and other rows that the same queries gave.
#[must_use]
pub fn second_round(mut snapshot: Snapshot, answers: Vec<(Question, Answer)>) -> Snapshot {
    let mut details = Vec::new();
    for (Question { purpose, query }, answer) in answers {
        snapshot.cost.details += answer.calls;
        let Purpose::DetailsOf(address) = purpose else {
            continue;
        };
        // Every asker of an equal query gets a copy of its rows. A detail is folded in once only,
        // since a second time would append its lists again.
        for row in answer.rows {
            match row {
                Row::Detail { .. } if !answer.is_copy => details.push(row),
                Row::Detail { .. } => {}
                Row::Live(_) | Row::Found(_) => {
                    let found = snapshot.found.entry(address.clone()).or_default();
                    found.add(query.view, row);
                }
            }
        }
    }
    add_details(&mut snapshot, details);
    snapshot
}

/// Replaces rows of the first read with those on which further reads agree: the whole row where
/// `is_whole` returns true, and only its owner and its tags otherwise.
#[must_use]
pub fn settled(
    registry: &Registry,
    intent: &Intent,
    mut snapshot: Snapshot,
    rows: &[Live],
    is_whole: impl Fn(&Live) -> bool,
) -> Snapshot {
    snapshot.astray.retain(|row| {
        let is_it = |one: &Live| is_ours(intent, one) && one.id == row.id;
        !rows.iter().any(is_it)
    });
    for row in rows.iter().filter(|row| is_ours(intent, row)) {
        let is_it = |live: &&mut Arc<Live>| live.kind == row.kind && live.id == row.id;
        match snapshot.live.iter_mut().find(is_it) {
            None => snapshot.live.push(Arc::new(row.clone())),
            Some(live) if is_whole(row) => *live = Arc::new(row.clone()),
            Some(live) => {
                let live = Arc::make_mut(live);
                live.owner.clone_from(&row.owner);
                live.tags.clone_from(&row.tags);
            }
        }
    }
    // A row that was read again has the address that its tags name, so the moves are applied once
    // more. Rows that were not read again keep the moves that were applied before.
    let moved = std::mem::take(&mut snapshot.moved);
    moved::relocate(registry, intent, &mut snapshot);
    for (id, owner) in moved {
        if snapshot.live.iter().any(|row| row.id == id) {
            snapshot.moved.entry(id).or_insert(owner);
        }
    }
    snapshot
}

/// Returns whether a row belongs to this stack, or to one from which a `moved` entry takes
/// resources.
#[must_use]
pub fn is_ours(intent: &Intent, live: &Live) -> bool {
    let is_source = |stack: &str| {
        let is_from = |entry: &Move| entry.stack.as_deref() == Some(stack);
        intent.moved.iter().any(is_from)
    };
    let owner = live.owner.as_ref();
    owner.is_some_and(|owner| owner.stack == intent.stack || is_source(&owner.stack))
}

/// Returns the live resources among rows.
pub fn live_rows(rows: Vec<Row>) -> impl Iterator<Item = Arc<Live>> {
    rows.into_iter().filter_map(|row| match row {
        Row::Live(live) => Some(live),
        Row::Detail { .. } | Row::Found(_) => None,
    })
}

fn add_listed(intent: &Intent, snapshot: &mut Snapshot, rows: Vec<Row>) {
    for live in live_rows(rows) {
        if is_ours(intent, &live) {
            snapshot.live.push(live);
        } else if live.is_astray_of(&intent.stack) {
            snapshot.astray.push(Arc::unwrap_or_clone(live));
        }
    }
}

/// Folds details into the rows that the stack owns and those that it is about to adopt.
fn add_details(snapshot: &mut Snapshot, details: Vec<Row>) {
    let details = Details::of(details);
    let owned = snapshot.live.iter_mut();
    for row in owned.filter(|row| details.concern(&row.id)) {
        details.fold_into(Arc::make_mut(row));
    }
    for row in snapshot.adopted.values_mut().flatten() {
        details.fold_into(row);
    }
}
