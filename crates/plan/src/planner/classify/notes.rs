//! Notes on what the planner noticed and did not act on.

use crate::change::{ChangeAction, FieldChange, ReplaceOrder};
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
        notes.extend(destroyed_first(one).map(|what| note(address, what)));
    }
    notes.extend(adopted_before(cx));
    notes
}

/// Returns a note if a replacement should create the new resource first and cannot.
fn destroyed_first(one: &Classified) -> Option<NoteKind> {
    let change = &one.change;
    let is_asked = change
        .after
        .as_ref()
        .is_some_and(|want| want.terms.lifecycle.create_before_destroy);
    let is_first =
        change.action == ChangeAction::Replace && change.order == ReplaceOrder::DeleteFirst;
    (is_asked && is_first).then(|| NoteKind::Loosened {
        how: "destroyed before its successor is created, in spite of `create_before_destroy`: \
              the two, or the resources that they depend on, cannot exist at once"
            .to_owned(),
    })
}

/// Returns notes on entries that name an id to adopt but already have another resource.
fn adopted_before<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = Note> + 'a {
    cx.intent.desired.values().filter_map(|want| {
        let id = want.terms.adopt.as_ref()?;
        let main = cx.paired.get(&want.address)?.main.as_ref()?;
        let text = format!(
            "is {} already, so `adopt: {id}` does nothing: take it out",
            main.id
        );
        (main.id != *id).then(|| note(&want.address, NoteKind::Remark(text)))
    })
}

/// Returns notes on changes in place that take effect when the machine starts the next time.
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
