//! The items of a plan: one for each change, or one for equal changes of adjacent members of a
//! group.
//!
//! Members share an item if mark, kind, verb, words and rows agree. The ids of deleted members and
//! of lost disks may differ; created members need only set the same attributes, and their values
//! are merged.

use std::collections::BTreeSet;

use setpoint_plan::change::{Change, ChangeAction, FieldChange, Reason, ReplaceOrder};
use setpoint_plan::effect::Interruption;
use setpoint_plan::plan::Plan;
use setpoint_plan::report::{NoteKind, Report};
use setpoint_plan::{Address, Value};
use setpoint_spec::stack::Amount;

use super::rows::Source;
use super::time::usual_interruption;
use super::values::Values;
use super::{Item, Row, What};
use crate::style::Label;
use crate::words;

/// Replaces the id of a lost disk in the joined row of several members.
const OF_EACH: &str = " of each";

/// The greatest number of different values of joined members that are written out.
const MERGED_VALUES_MAX: usize = 3;

/// Returns whether a change has an item; an unchanged resource has none.
pub(super) fn is_shown(change: &Change) -> bool {
    change.action != ChangeAction::NoOp
}

/// An item under construction, with the addresses of its members.
struct Draft<'a> {
    members: Vec<&'a Address>,
    item: Item,
}

/// Returns the items, in the order of the plan's changes.
pub(super) fn items(plan: &Plan, report: &Report, values: &Values<'_>) -> Vec<Item> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for (at, change) in plan
        .changes
        .iter()
        .enumerate()
        .filter(|(_, change)| is_shown(change))
    {
        let draft = draft(plan, report, values, at);
        let joins = drafts.last_mut().filter(|last| {
            let group =
                last.members[0].group() == change.address.group() && change.address.key().is_some();
            group
                && last.members.iter().all(|member| **member != change.address)
                && may_join(&last.item, &draft.item)
        });
        match joins {
            Some(last) => join(last, draft),
            None => drafts.push(draft),
        }
    }
    drafts
        .into_iter()
        .map(|mut draft| {
            draft.item.words.retain(|(_, word)| !word.is_empty());
            Item {
                name: words::members(&draft.members),
                ..draft.item
            }
        })
        .collect()
}

/// Returns the item of the change at an index, with its address as the only member.
fn draft<'a>(plan: &'a Plan, report: &'a Report, values: &'a Values<'a>, at: usize) -> Draft<'a> {
    let change = &plan.changes[at];
    let notes: Vec<&NoteKind> = report
        .notes
        .iter()
        .filter(|note| note.address.as_ref() == Some(&change.address))
        .map(|note| &note.what)
        .collect();
    let (mark, label, verb) = action_words(change);
    let is_together = notes.contains(&&NoteKind::Together);
    let words = beside(plan, at, is_together);
    let rows = Source {
        plan,
        at,
        values,
        notes,
    }
    .rows();
    let item = Item {
        mark,
        label,
        name: String::new(),
        kind: change.kind,
        verb,
        words,
        rows,
    };
    Draft {
        members: vec![&change.address],
        item,
    }
}

/// Returns the mark, the label and the verb of a change.
fn action_words(change: &Change) -> (&'static str, Label, &'static str) {
    let mark = change.action.mark(change.order);
    let (label, verb) = match change.action {
        ChangeAction::Create => (Label::Create, "create"),
        ChangeAction::Adopt => (Label::Update, "adopt"),
        ChangeAction::Update if matches!(change.reason, Reason::AdoptAsked { .. }) => {
            (Label::Update, "adopt")
        }
        ChangeAction::Update => (Label::Update, "update in-place"),
        ChangeAction::Replace if change.order == ReplaceOrder::DeleteFirst => {
            (Label::Danger, "destroy, then create")
        }
        ChangeAction::Replace => (Label::Danger, "create, then destroy"),
        ChangeAction::Delete => (Label::Delete, "destroy"),
        ChangeAction::Keep => (Label::Warning, "kept"),
        ChangeAction::Forget => (Label::Warning, "forget"),
        ChangeAction::NoOp => (Label::Dim, "no change"),
    };
    (mark, label, verb)
}

/// Returns the words beside the verb: id, effect, data loss and duration.
fn beside(plan: &Plan, at: usize, is_together: bool) -> Vec<(Label, String)> {
    let change = &plan.changes[at];
    let mut words: Vec<(Label, String)> = Vec::new();
    let effect = match change.effect.interrupts {
        Interruption::None => None,
        Interruption::Brief => Some((Label::Warning, "BRIEF")),
        Interruption::Restart => Some((Label::Warning, "RESTART")),
        Interruption::Stop => Some((Label::Warning, "STOP")),
        Interruption::Rebuild => Some((Label::Danger, "REBUILD")),
        Interruption::Replace => Some((Label::Danger, "REPLACE")),
    };
    match change.action {
        ChangeAction::Create => {}
        ChangeAction::Delete | ChangeAction::Keep | ChangeAction::Forget => {
            let id = change
                .before
                .as_ref()
                .map(|live| live.id.as_str())
                .unwrap_or_default();
            words.push((Label::Dim, id.to_owned()));
        }
        ChangeAction::Update | ChangeAction::Adopt | ChangeAction::Replace | ChangeAction::NoOp => {
            words.extend(effect.map(|(label, word)| (label, word.to_owned())));
        }
    }
    // A resource that is kept because another kept resource needs it has a row with that reason.
    let says_keep = change
        .before
        .as_ref()
        .and_then(|live| live.owner.as_ref())
        .is_none_or(|owner| owner.guard.keep);
    if change.action == ChangeAction::Keep && says_keep {
        words.push((Label::Dim, "(on_delete: keep)".to_owned()));
    }
    if change.loses.is_some() {
        words.push((Label::Danger, "DATA LOSS".to_owned()));
    }
    if change.effect.interrupts >= Interruption::Restart && change.before.is_some() {
        let time = how_long(plan, at, is_together);
        words.extend(time.map(|text| (Label::Plain, text)));
    } else if change.effect.interrupts == Interruption::Brief {
        words.push((Label::Plain, briefly(change).to_owned()));
    }
    words
}

/// Describes a brief interruption. If a field is removed or set to 0, its function does not come
/// back after a moment.
fn briefly(change: &Change) -> &'static str {
    let goes = |field: &FieldChange| matches!(field.after, Value::Null | Value::Int(0));
    let mut brief = change
        .fields
        .iter()
        .filter(|field| field.effect.interrupts == Interruption::Brief);
    if brief.any(goes) {
        "removed from a running resource"
    } else {
        "interrupted for a moment"
    }
}

/// Returns the usual duration and the pace within a group, such as `about 1 min, one at a time`.
/// Members that are replaced together say so, whatever
/// `max_unavailable` is.
fn how_long(plan: &Plan, at: usize, is_together: bool) -> Option<String> {
    let change = &plan.changes[at];
    let time = words::about(usual_interruption(plan, at));
    let turn = if is_together {
        Some("together".to_owned())
    } else {
        in_turn(plan, change)
    };
    match (time, turn) {
        (Some(time), Some(turn)) => Some(format!("{time}, {turn}")),
        (time, turn) => time.or(turn),
    }
}

/// Returns how many members of the group are interrupted at a time; `None` if fewer than two are
/// interrupted, or if the change is a deletion.
fn in_turn(plan: &Plan, change: &Change) -> Option<String> {
    let n = plan
        .changes
        .iter()
        .filter(|other| interrupts(other) && is_sibling(other, change))
        .count();
    if n < 2 || change.action == ChangeAction::Delete {
        return None;
    }
    let amount = change
        .after
        .as_ref()
        .and_then(|want| want.terms.lifecycle.max_unavailable);
    Some(match amount {
        None | Some(Amount::Count(1)) => "one at a time".to_owned(),
        Some(Amount::Count(n)) => format!("{n} at a time"),
        Some(Amount::Percent(percent)) => format!("{percent} % at a time"),
        Some(Amount::All) => "all at once".to_owned(),
    })
}

/// Returns whether both changes concern members of the same group.
pub(super) fn is_sibling(one: &Change, other: &Change) -> bool {
    one.address.key().is_some()
        && one.kind == other.kind
        && one.address.group() == other.address.group()
}

/// Returns whether a change interrupts the resource for longer than a moment: a restart or worse.
pub(super) fn interrupts(change: &Change) -> bool {
    change.is_change() && change.effect.interrupts >= Interruption::Restart
}

/// Returns whether two items can share one.
fn may_join(one: &Item, other: &Item) -> bool {
    let same_head = one.mark == other.mark && one.kind == other.kind && one.verb == other.verb;
    let rows = if one.verb == "create" {
        same_shape(&one.rows, &other.rows)
    } else {
        alike(&one.rows, &other.rows)
    };
    same_head && rows && without_ids(one) == without_ids(other)
}

/// Returns the words that must agree. Ids, which are the dim words, may differ.
fn without_ids(item: &Item) -> Vec<&(Label, String)> {
    item.words
        .iter()
        .filter(|(label, _)| *label != Label::Dim)
        .collect()
}

/// Returns whether rows agree, apart from the ids of lost disks.
fn alike(one: &[Row], other: &[Row]) -> bool {
    let same_loss = |one: &Row, other: &Row| {
        loss(one)
            .zip(loss(other))
            .is_some_and(|(one, other)| one == other)
    };
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| one == other || same_loss(one, other))
}

/// Splits a row about a lost disk around the id, for example into `system disk` and `, 40 GiB`;
/// `None` for any other row.
fn loss(row: &Row) -> Option<(&str, &str)> {
    let What::Line(text) = &row.what else {
        return None;
    };
    let text = text
        .strip_prefix("lost: ")
        .filter(|_| row.mark.is_empty())?;
    if let Some(joined) = text.split_once(OF_EACH) {
        return Some(joined);
    }
    let (what, rest) = text.split_once(" d-")?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    Some((what, &rest[end..]))
}

/// Returns whether two created resources have rows for the same attributes, whatever the values.
fn same_shape(one: &[Row], other: &[Row]) -> bool {
    let shape = |row: &Row| match &row.what {
        What::Set { name, .. } | What::Change { name, .. } => (row.mark, name.clone()),
        What::Line(text) => (row.mark, text.clone()),
    };
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| shape(one) == shape(other) && one.remark == other.remark)
}

/// Adds the members of another item and merges its values and ids.
fn join<'a>(into: &mut Draft<'a>, other: Draft<'a>) {
    into.members.extend(other.members);
    let n = into.members.len();
    for (row, more) in into.item.rows.iter_mut().zip(other.item.rows) {
        if let Some((what, rest)) = loss(row).filter(|_| *row != more) {
            row.what = What::Line(format!("lost: {what}{OF_EACH}{rest}"));
        }
        if let (What::Set { value, .. }, What::Set { value: new, .. }) = (&mut row.what, more.what)
            && *value != new
        {
            *value = merged(value, &new, n);
        }
    }
    for ((label, word), (_, other)) in into.item.words.iter_mut().zip(other.item.words) {
        if *label == Label::Dim && *word != other {
            // No single id stands for all members. Empty words are removed at the end.
            word.clear();
        }
    }
}

/// Returns the values of joined members as one text: a few of them separated by `|`, or the first
/// one followed by `each its own`.
fn merged(value: &str, new: &str, n_members: usize) -> String {
    let parts: BTreeSet<&str> = value.split(" | ").collect();
    if parts.contains(new) || value.ends_with("each its own") {
        return value.to_owned();
    }
    if parts.len() < MERGED_VALUES_MAX && n_members <= MERGED_VALUES_MAX.max(parts.len() + 1) {
        return format!("{value} | {new}");
    }
    let first = value.split(" | ").next().unwrap_or(value);
    format!("{first} …, each its own")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_disks_of_members_join_whatever_their_ids() {
        let row = |text: &str| Row::remark(Label::Danger, text.to_owned());
        let [one, two] = ["d-2ze1", "d-2ze2"].map(|id| {
            row(&format!(
                "lost: system disk {id}, 40 GiB    stays: id and private IP"
            ))
        });
        let joined = row("lost: system disk of each, 40 GiB    stays: id and private IP");
        assert!(
            alike(std::slice::from_ref(&one), std::slice::from_ref(&two))
                && alike(&[joined], &[two])
        );
        for other in [
            "lost: system disk d-2ze3, 60 GiB",
            "lost: system disk d-2ze1, 40 GiB and data disk d-2ze4, 40 GiB",
            "lost: its disk",
        ] {
            assert!(!alike(std::slice::from_ref(&one), &[row(other)]), "{other}");
        }
    }
}
