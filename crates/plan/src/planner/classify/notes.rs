//! What the planner noticed and did not act on.

use crate::change::{ChangeAction, FieldChange};
use crate::effect::Interruption;
use crate::planner::classify::Context;
use crate::planner::{Classified, note};
use crate::report::{Note, NoteKind};

pub(super) fn notes(cx: &Context<'_>, all: &[Classified]) -> Vec<Note> {
    let mut notes = Vec::new();
    for one in all {
        let address = &one.change.address;
        notes.extend(
            one.diff
                .notes
                .iter()
                .map(|what| note(address, what.clone())),
        );
        notes.extend(from_next_restart(one).map(|what| note(address, what)));
        if one.change.action == ChangeAction::Keep {
            notes.push(note(address, NoteKind::Kept));
        }
    }
    for (address, pair) in cx.paired {
        if pair.main.is_none() && !pair.superseded.is_empty() {
            notes.push(note(
                address,
                NoteKind::Remark(
                    "the resource under this address is of another kind now".to_owned(),
                ),
            ));
        }
    }
    notes
}

/// Changes in place that the machine takes up when it starts next.
fn from_next_restart(one: &Classified) -> impl Iterator<Item = NoteKind> + '_ {
    let change = &one.change;
    let is_online = change.effect.interrupts < Interruption::Restart;
    let updates = change.action == ChangeAction::Update && is_online;
    let boots =
        move |field: &&FieldChange| updates && field.update.is_some_and(|update| update.boot);
    change
        .fields
        .iter()
        .filter(boots)
        .map(|field| NoteKind::FromNextRestart {
            field: field.attr.clone(),
        })
}
