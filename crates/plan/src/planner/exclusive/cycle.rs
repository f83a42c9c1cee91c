//! Cycles of waits: finds where one can be cut, and explains the others.
//!
//! A successor that is created first can be created second instead; then its users release the old
//! resource or are replaced too. Rows that swap a value in a field with a `leave` update are cut
//! there: one of them releases its value first, and takes its new value last. A resource that is
//! deleted under one address and created under another cannot be cut, since its users would have to
//! use both. Most often it is one resource under a new name.

use std::collections::BTreeSet;

use crate::Address;
use crate::change::{ChangeAction, Reason, ReplaceOrder};
use crate::diff::{self, Sides};
use crate::planner::classify::{Classification, Context, Resolved};
use crate::planner::exclusive::{Wait, Why, address};
use crate::planner::{Classified, PlanError, PlanErrorClass};

/// Returns the ids of the rows on a cycle that can be deleted before their successors are created:
/// old resources of replacements that take part in a wait, and leftovers of earlier replacements.
pub(crate) fn delete_first(
    cx: &Context<'_>,
    found: &Classification,
    cycle: &BTreeSet<usize>,
) -> BTreeSet<String> {
    let change = |at: usize| &found.all[at].change;
    let replaced = on(found, cycle)
        .flat_map(|wait| [wait.first, wait.then])
        .filter(|at| change(*at).action == ChangeAction::Replace);
    let leftover = |at: &usize| change(*at).reason == Reason::Superseded;
    replaced
        .chain(cycle.iter().copied().filter(leftover))
        .filter(|at| change(*at).order == ReplaceOrder::CreateFirst)
        .filter_map(|at| change(at).before.as_ref().map(|live| live.id.clone()))
        .filter(|id| !cx.apart.contains(id))
        .collect()
}

/// Returns the id of a row on a cycle that can release the value for which another change waits.
/// One row is enough to cut the cycle.
pub(crate) fn let_go_first(
    cx: &Context<'_>,
    found: &Classification,
    cycle: &BTreeSet<usize>,
) -> Option<String> {
    let freed = |wait: &Wait| {
        let Why::Takes { held, .. } = &wait.why else {
            return None;
        };
        let change = &found.all[wait.first].change;
        let row = cx.registry.known(change.kind).row(held.field)?;
        let can_let_go = change.action == ChangeAction::Update && row.leave.is_some();
        let live = change.before.as_ref().filter(|_| can_let_go)?;
        (!cx.freed.contains(&live.id)).then(|| live.id.clone())
    };
    on(found, cycle).find_map(freed)
}

fn on<'a>(found: &'a Classification, cycle: &'a BTreeSet<usize>) -> impl Iterator<Item = &'a Wait> {
    found
        .waits
        .iter()
        .filter(|wait| cycle.contains(&wait.first) && cycle.contains(&wait.then))
}

/// Returns the error for a cycle that cannot be cut.
pub(crate) fn explain(
    cx: &Context<'_>,
    found: &Classification,
    cycle: &BTreeSet<usize>,
) -> PlanError {
    let all = &found.all;
    let takes = |wait: &&Wait| matches!(wait.why, Why::Takes { .. });
    let Some(wait) = on(found, cycle)
        .find(takes)
        .or_else(|| on(found, cycle).next())
    else {
        return no_order(all, cycle);
    };
    let own = users(all, cycle.iter().copied(), &[wait.first, wait.then]);
    // The hint covers every pair of the same form, not only the one on this cycle.
    let pairs: Vec<(usize, usize)> = found
        .waits
        .iter()
        .filter(|one| takes(one) && is_stuck(all, one))
        .map(|one| (one.first, one.then))
        .collect();
    let stuck = pairs
        .iter()
        .flat_map(|(first, _)| users_of(all, *first))
        .chain(own.iter().copied());
    let replaced = users(all, stuck, &[]);
    let then = &all[wait.then].change;
    PlanError {
        address: Some(then.address.clone()),
        class: PlanErrorClass::Cycle,
        what: format!("{}{}", needs(all, wait), waiting(all, &own)),
        hint: Some(way_out(cx, all, &pairs, &replaced)),
        at: then.after.as_ref().map(|want| want.at.clone()),
    }
}

fn needs(all: &[Classified], wait: &Wait) -> String {
    let (first, then) = (&all[wait.first].change, address(&all[wait.then]));
    let id = first.before.as_ref().map(|live| live.id.as_str());
    let first = format!("`{}` ({})", first.address, id.unwrap_or_default());
    match &wait.why {
        Why::Takes { held, taken } if held.what == taken.what => {
            format!(
                "`{then}` needs the {} before {first} can give it up",
                taken.what
            )
        }
        Why::Takes { held, taken } => format!(
            "`{then}` needs the {} before {first} can give up the {}",
            taken.what, held.what
        ),
        Why::Leaves { block, .. } => {
            format!("`{then}` gives up the block around {block} before {first} can leave it")
        }
        Why::Arrives { block, .. } => {
            format!("`{then}` needs the block {block} before {first} can add one around it")
        }
    }
}

/// Returns those of the changes that are updates, except these parties, sorted.
fn users(
    all: &[Classified],
    changes: impl Iterator<Item = usize>,
    parties: &[usize],
) -> BTreeSet<usize> {
    changes
        .filter(|at| !parties.contains(at))
        .filter(|at| all[*at].change.action == ChangeAction::Update)
        .collect()
}

/// Returns the changes whose live rows use the live row of this one.
fn users_of(all: &[Classified], used: usize) -> impl Iterator<Item = usize> {
    let used = all[used].change.before.as_ref();
    let uses = move |one: &Classified| {
        let row = one.change.before.as_ref();
        row.zip(used).is_some_and(|(row, used)| {
            let mut uses = row.uses.iter();
            uses.any(|(kind, id)| *kind == used.kind && *id == used.id)
        })
    };
    let changes = all.iter().enumerate();
    changes.filter(move |(_, one)| uses(one)).map(|(at, _)| at)
}

/// Returns whether one resource is deleted, another is created, and a user that stays has to move
/// from one to the other.
fn is_stuck(all: &[Classified], wait: &Wait) -> bool {
    all[wait.first].change.action == ChangeAction::Delete
        && all[wait.then].change.action == ChangeAction::Create
        && users_of(all, wait.first).any(|at| all[at].change.action == ChangeAction::Update)
}

fn waiting(all: &[Classified], users: &BTreeSet<usize>) -> String {
    if users.is_empty() {
        return String::new();
    }
    let verb = if users.len() == 1 { "has" } else { "have" };
    let name = |at: &usize| format!("`{}`", address(&all[*at]));
    let names: Vec<String> = users.iter().map(name).collect();
    format!(
        ": {} {verb} to move from one to the other",
        names.join(", ")
    )
}

fn way_out(
    cx: &Context<'_>,
    all: &[Classified],
    pairs: &[(usize, usize)],
    users: &BTreeSet<usize>,
) -> String {
    let option = |at: &usize| format!("--replace {}", address(&all[*at]));
    let replace: Vec<String> = users.iter().map(option).collect();
    match (moved(cx, all, pairs), replace.is_empty()) {
        (Some(moved), true) => moved,
        (Some(moved), false) => format!(
            "{moved}; to get a new one, replace its users with `{}`",
            replace.join(" ")
        ),
        (None, false) => format!("replace its users too, with `{}`", replace.join(" ")),
        (None, true) => {
            "make the change in two applies: first give one of them a value that is free".to_owned()
        }
    }
}

/// Returns the `moved` entry that makes a deletion and a creation one resource under a new name, if
/// that does not replace it.
pub(super) fn rename(
    cx: &Context<'_>,
    all: &[Classified],
    from: usize,
    to: usize,
) -> Option<String> {
    moved(cx, all, &[(from, to)])
}

fn moved(cx: &Context<'_>, all: &[Classified], pairs: &[(usize, usize)]) -> Option<String> {
    let resolved: Resolved = all
        .iter()
        .filter_map(|one| one.change.after.clone())
        .map(|want| (want.address.clone(), want))
        .collect();
    let entries: Vec<String> = pairs
        .iter()
        .filter(|(from, to)| is_rename(cx, &resolved, &all[*from], &all[*to]))
        .map(|(from, to)| {
            format!(
                "{{from: {}, to: {}}}",
                address(&all[*from]),
                address(&all[*to])
            )
        })
        .collect();
    let list = entries.join(", ");
    let text = format!("write `moved: [{list}]` if it is the same resource under a new name");
    (!entries.is_empty()).then_some(text)
}

/// Returns whether one resource is deleted, kept or forgotten, the other is created, and the live
/// row can become the desired resource in place.
fn is_rename(cx: &Context<'_>, resolved: &Resolved, from: &Classified, to: &Classified) -> bool {
    let goes = matches!(
        from.change.action,
        ChangeAction::Delete | ChangeAction::Keep | ChangeAction::Forget
    );
    let comes = to.change.action == ChangeAction::Create && from.change.kind == to.change.kind;
    let (true, Some(live), Some(want)) = (goes && comes, &from.change.before, &to.change.after)
    else {
        return false;
    };
    let kind = cx.registry.known(want.kind);
    let diff = diff::diff(Sides {
        kind,
        want,
        live,
        all: cx.desired,
        resolved,
        named: &cx.snapshot.named,
        ignore_tags: &cx.intent.ignore_tags,
    });
    kind.tag_api.is_some() && diff.refusals.is_empty() && diff.forces_replacement().is_none()
}

fn no_order(all: &[Classified], cycle: &BTreeSet<usize>) -> PlanError {
    let names: BTreeSet<&Address> = cycle.iter().map(|at| address(&all[*at])).collect();
    let listed: Vec<String> = names.iter().map(ToString::to_string).collect();
    PlanError {
        address: names.first().map(|first| (*first).clone()),
        class: PlanErrorClass::Cycle,
        what: format!(
            "the changes of {} have no order in which none waits for another",
            listed.join(", ")
        ),
        hint: Some("change them in two applies: first the one that others depend on".to_owned()),
        at: None,
    }
}
