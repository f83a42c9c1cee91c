//! Refuses changes that take a value which stays in use, so that the plan fails instead of a call
//! of apply.

use crate::Address;
use crate::change::ChangeAction;
use crate::claim::Claim;
use crate::planner::classify::Context;
use crate::planner::exclusive::cycle::rename;
use crate::planner::exclusive::{Holder, address};
use crate::planner::{Classified, PlanError, PlanErrorClass};

/// A change that takes a value whose holder keeps it.
pub(super) struct Clash<'a> {
    pub(super) taker: usize,
    pub(super) holder: Holder<'a>,
    pub(super) held: &'a Claim,
    pub(super) taken: &'a Claim,
}

/// Returns the error for a change that takes a value whose holder keeps it.
pub(super) fn held(cx: &Context<'_>, all: &[Classified], clash: &Clash<'_>) -> PlanError {
    let Clash {
        taker,
        holder,
        held,
        taken,
    } = *clash;
    let one = &all[taker];
    let (name, id, why, hint) = match holder {
        Holder::Change(at) => {
            let other = &all[at];
            let id = other.change.before.as_ref().map(|live| live.id.as_str());
            let (why, hint) = keeping(cx, all, at, taker);
            (
                address(other).to_string(),
                id.unwrap_or_default(),
                why,
                hint,
            )
        }
        Holder::Outside(name, live) => {
            let why = "does not belong to this stack";
            // The name in the form in which the spec writes it.
            let name = name.replace("@stacks.", "").replace('@', "");
            (name, live.id.as_str(), why, None)
        }
    };
    let has = if held.what == taken.what {
        "it".to_owned()
    } else {
        format!("the {}", held.what)
    };
    let what = format!(
        "`{}` needs the {}, but `{name}` ({id}) has {has} and {why}",
        address(one),
        taken.what
    );
    let other_value = held.way_out();
    let hint = hint.map_or_else(
        || other_value.clone(),
        |way| format!("{way}, or {other_value}"),
    );
    refused(one, taken, what, hint)
}

/// Returns why a holder keeps its value, and how that can be changed.
fn keeping(
    cx: &Context<'_>,
    all: &[Classified],
    holder: usize,
    taker: usize,
) -> (&'static str, Option<String>) {
    let change = &all[holder].change;
    let name = &change.address;
    let renamed = || rename(cx, all, holder, taker);
    match change.action {
        ChangeAction::Keep => ("is kept when it is removed from the stack", renamed()),
        ChangeAction::Forget => {
            let delete = format!("remove `{name}` from `forget` to delete it");
            (
                "is forgotten, not deleted",
                Some(renamed().unwrap_or(delete)),
            )
        }
        ChangeAction::NoOp if is_left_out(cx, name) => {
            let target = format!("add `--target {name}`");
            ("is not one of the targets", Some(target))
        }
        _ => ("keeps it", None),
    }
}

/// Returns whether the run has targets, and this address is neither one of them nor needed by one.
fn is_left_out(cx: &Context<'_>, address: &Address) -> bool {
    !cx.targets.is_empty() && !cx.targets.contains(address)
}

/// Returns the error for two changes that take the same value.
pub(super) fn both(first: &Classified, second: &Classified, taken: &Claim) -> PlanError {
    let what = format!(
        "`{}` and `{}` cannot both have the {}",
        address(first),
        address(second),
        taken.what
    );
    let hint = taken.way_out();
    refused(second, taken, what, hint)
}

/// Returns the error for a parent that removes the block of a child that stays.
pub(super) fn outside_of_parent(
    child: &Classified,
    parent: &Classified,
    held: &Claim,
) -> PlanError {
    let (name, parent_name) = (address(child), address(parent));
    let id = child.change.before.as_ref().map(|live| live.id.as_str());
    PlanError {
        address: Some(parent_name.clone()),
        class: PlanErrorClass::Refused,
        what: format!(
            "`{parent_name}` cannot change its blocks: the {} of `{name}` ({}) would be outside, \
             and `{name}` is not moved or deleted",
            held.what,
            id.unwrap_or_default()
        ),
        hint: Some(format!(
            "keep a block around it in `{parent_name}`, or move or delete `{name}` too"
        )),
        at: parent.change.after.as_ref().map(|want| want.at.clone()),
    }
}

fn refused(one: &Classified, taken: &Claim, what: String, hint: String) -> PlanError {
    let want = one.change.after.as_ref();
    PlanError {
        address: Some(address(one).clone()),
        class: PlanErrorClass::Refused,
        what,
        hint: Some(hint),
        at: want.map(|want| want.location(taken.field).clone()),
    }
}
