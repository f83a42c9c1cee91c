//! Refuses entries of `moved` and `forget` that probably name the wrong resource.
//!
//! An entry that has been carried out matches nothing any more, which is not an error. But if a
//! resource is destroyed whose address is similar to the one in an entry, or a move would turn one
//! kind into another, a resource would be lost that was meant to be kept.

use std::collections::BTreeSet;

use setpoint_spec::suggest;

use crate::Address;
use crate::change::{Change, ChangeAction};
use crate::planner::classify::Context;
use crate::planner::{Classified, PlanError, PlanErrorClass};

pub(super) fn refusals(cx: &Context<'_>, all: &[Classified]) -> Vec<PlanError> {
    if cx.options.destroy {
        return Vec::new();
    }
    let gone: Vec<&Change> = all
        .iter()
        .map(|one| &one.change)
        .filter(|change| change.action == ChangeAction::Delete && change.after.is_none())
        .collect();
    let own = cx.intent.moved.iter().filter(|entry| entry.stack.is_none());
    let pairs = own.filter_map(|entry| Some((entry.from.as_ref()?, entry.to.as_ref()?)));
    let moves = pairs.filter_map(|(from, to)| {
        let comes = || {
            let mut created = all.iter().map(|one| &one.change);
            created
                .any(|change| change.action == ChangeAction::Create && to.covers(&change.address))
        };
        if !comes() {
            return None;
        }
        unmatched(cx, &gone, from, to).or_else(|| nearly(cx, "moved", from, &gone))
    });
    let forgotten = cx.intent.forget.iter();
    moves
        .chain(forgotten.filter_map(|address| nearly(cx, "forget", address, &gone)))
        .collect()
}

/// Refuses a move that cannot be made: to another kind, or from a group to a single resource.
fn unmatched(
    cx: &Context<'_>,
    gone: &[&Change],
    from: &Address,
    to: &Address,
) -> Option<PlanError> {
    let mut moved = cx
        .paired
        .values()
        .filter_map(|pair| pair.moved_from.as_ref());
    if moved.any(|owner| from.covers(&owner.address)) {
        return None;
    }
    let old = gone.iter().find(|change| from.covers(&change.address))?;
    let new = cx.desired.values().find(|want| to.covers(&want.address))?;
    let (why, hint) = if old.kind == new.kind {
        (
            format!(
                "`{}` has no counterpart there and would be destroyed",
                old.address
            ),
            format!(
                "name the members: `{{from: {}, to: {}}}`",
                old.address, new.address
            ),
        )
    } else {
        (
            format!(
                "`{}` is of the kind {} and `{}` of the kind {}",
                old.address, old.kind, new.address, new.kind
            ),
            format!(
                "a move keeps the kind: name the new entry of `{from}`, or take the move out to \
                 destroy it"
            ),
        )
    };
    Some(PlanError {
        address: Some(new.address.clone()),
        class: PlanErrorClass::Refused,
        what: format!("`moved` takes `{from}` to `{to}`, but {why}"),
        hint: Some(hint),
        at: Some(new.at.clone()),
    })
}

/// Refuses an entry that matches nothing, if a resource with a similar name is destroyed. Names
/// that differ only in their numbers are those of siblings, and a group of which some members stay
/// is meant to shrink.
fn nearly(cx: &Context<'_>, section: &str, named: &Address, gone: &[&Change]) -> Option<PlanError> {
    let mut there = cx.paired.iter().filter(|(_, pair)| pair.main.is_some());
    if there.any(|(address, _)| named.covers(address)) {
        return None;
    }
    let letters = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    let word = named.to_string();
    let is_like = |address: &Address| address.key().is_some() == named.key().is_some();
    let stays = |address: &Address| cx.desired.keys().any(|known| address.covers(known));
    let names: BTreeSet<String> = gone
        .iter()
        .flat_map(|change| around(&change.address))
        .filter(|address| is_like(address) && !stays(address))
        .map(|address| address.to_string())
        .filter(|name| letters(name) != letters(&word))
        .collect();
    let near = suggest::nearest(&word, names.iter().map(String::as_str))?;
    Some(PlanError {
        address: near.parse().ok(),
        class: PlanErrorClass::Refused,
        what: format!("`{section}` names `{named}`, and no resource of the stack has this address"),
        hint: Some(format!(
            "did you mean `{near}`, which would be destroyed? If not, take the entry out"
        )),
        at: None,
    })
}

/// Returns an address, its group, and the modules around it with their groups.
fn around(address: &Address) -> Vec<Address> {
    let outer = (1..=address.segments().len()).filter_map(|n| address.first(n));
    outer.flat_map(|one| [one.group(), one]).collect()
}

#[cfg(test)]
mod tests {
    use crate::fixtures::world::world;

    fn shown(before: &[&str], after: &[&str]) -> Vec<(String, String)> {
        let errors = world(before, after).plan().err().unwrap_or_default();
        let pair = |error: crate::planner::PlanError| (error.what, error.hint.unwrap_or_default());
        errors.into_iter().map(pair).collect()
    }

    #[test]
    fn a_move_keeps_the_kind() {
        let shown = shown(&["data key name=a"], &["net network", "! move data net"]);
        let what = "`moved` takes `data` to `net`, but `data` is of the kind key and `net` of the \
                    kind network";
        assert_eq!(shown[0].0, what);
    }

    #[test]
    fn an_entry_that_nearly_names_a_destroyed_resource_is_refused() {
        let near = "did you mean `data`, which would be destroyed? If not, take the entry out";
        for (after, section) in [
            (&["disk key name=b", "! move dta disk"][..], "moved"),
            (&["! forget dta"], "forget"),
        ] {
            let shown = shown(&["data key name=a"], after);
            let what =
                format!("`{section}` names `dta`, and no resource of the stack has this address");
            assert_eq!(shown, [(what, near.to_owned())]);
        }
    }

    #[test]
    fn a_move_without_a_counterpart_is_refused() {
        for (before, after, old) in [
            (
                &["d[0] key name=a", "d[1] key name=b"][..],
                &["e key name=c", "! move d e"][..],
                "d[0]",
            ),
            (
                &["d key name=a"],
                &["e[0] key name=b", "e[1] key name=c", "! move d e"],
                "d",
            ),
            (&["m.d key name=a"], &["e key name=b", "! move m e"], "m.d"),
        ] {
            let shown = shown(before, after);
            let has = format!("but `{old}` has no counterpart there and would be destroyed");
            assert!(
                shown.iter().any(|(what, _)| what.contains(&has)),
                "{shown:?}"
            );
        }
    }

    #[test]
    fn an_entry_that_was_carried_out_is_not_refused() {
        for (before, after) in [
            (
                &["disk key name=b"][..],
                &["disk key name=b", "! move dta disk"][..],
            ),
            (
                &["disk key name=b", "data key name=a"],
                &["disk key name=b", "! move dta disk"],
            ),
            (&["other key name=a"], &["! forget dta"]),
            (&["d[2] key name=a"], &["! forget d[3]"]),
            (&["disk2 key name=a"], &["! forget disk1"]),
            (&["d[0] key name=a", "d[1] key name=b"], &["! forget d"]),
            (&["d[0] key name=a"], &["e[0] key name=a", "! move d e"]),
            (
                &["workers[0] key name=a", "workers[1] key name=b"],
                &["workers[0] key name=a", "! forget worker"],
            ),
            (&["data key name=a"], &["! forget data"]),
            (&["data key name=a"], &["! forget dta", "! destroy"]),
        ] {
            assert_eq!(shown(before, after), []);
        }
    }
}
