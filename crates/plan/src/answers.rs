//! The answers to [`questions`](crate::questions), folded into a snapshot.
//!
//! After the first round every row that moved stands under its new address. After the second round
//! the rows have their details too. What a second look has settled is merged in the same way.

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
    /// Whether another question got the same answer before.
    pub is_copy: bool,
    /// How many calls they took; none for a copy.
    pub calls: usize,
    /// How many further calls it took to prove that an empty answer is true.
    pub proofs: usize,
}

/// Something outside the stack does not exist, or several things match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}: {}", matches(candidates))]
pub struct Unmatched {
    /// How the spec says it.
    pub said: String,
    /// The ids of what matches.
    pub candidates: Vec<String>,
}

fn matches(candidates: &[String]) -> String {
    match candidates {
        [] => "nothing matches".to_owned(),
        many => format!("{} match, one must: {}", many.len(), many.join(", ")),
    }
}

/// Adds the answers of the first round to a snapshot that holds what lies on this machine.
///
/// # Errors
/// Something outside the stack is not found exactly once.
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

/// Adds the answers of the second round.
#[must_use]
pub fn second_round(mut snapshot: Snapshot, answers: Vec<(Question, Answer)>) -> Snapshot {
    let mut details = Vec::new();
    for (Question { purpose, query }, answer) in answers {
        snapshot.cost.details += answer.calls;
        let Purpose::DetailsOf(address) = purpose else {
            continue;
        };
        // Askers of one query each get a copy of its rows; a detail counts once.
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

/// Puts the rows on which further looks agree in the place of those of the first look: the whole
/// row where `is_whole` says so, and its owner and its tags otherwise.
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
    // What was moved before stands under its old address again where its row was read anew.
    let moved = std::mem::take(&mut snapshot.moved);
    moved::relocate(registry, intent, &mut snapshot);
    for (id, owner) in moved {
        if snapshot.live.iter().any(|row| row.id == id) {
            snapshot.moved.entry(id).or_insert(owner);
        }
    }
    snapshot
}

/// Whether a row is of this stack, or of one from which something moved here.
#[must_use]
pub fn is_ours(intent: &Intent, live: &Live) -> bool {
    let is_source = |stack: &str| {
        let is_from = |entry: &Move| entry.stack.as_deref() == Some(stack);
        intent.moved.iter().any(is_from)
    };
    let owner = live.owner.as_ref();
    owner.is_some_and(|owner| owner.stack == intent.stack || is_source(&owner.stack))
}

/// The live resources among rows.
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

/// Details belong to what the stack owns and to what it is about to adopt.
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
