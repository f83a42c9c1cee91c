//! The words for the values of a plan: reasons, notes, held changes, conditions.

use crate::change::Reason;
use crate::held::HeldWhy;
use crate::procedure::Cond;
use crate::report::NoteKind;
use crate::{Value, held::Allowance};

use super::values::scalar_words;

/// Returns a reason as one word, and the field, address or id that it names.
#[must_use]
pub fn reason_words(reason: &Reason) -> (&'static str, Option<String>) {
    match reason {
        Reason::NotThere => ("not_there", None),
        Reason::AdoptAsked { id } => ("adopt_asked", Some(id.clone())),
        Reason::Differs => ("differs", None),
        Reason::TagsDiffer => ("tags_differ", None),
        Reason::FieldForcesReplacement { field } => {
            ("field_forces_replacement", Some(field.clone()))
        }
        Reason::ParentReplaced { parent } => ("parent_replaced", Some(parent.to_string())),
        Reason::ParentCannotCoexist { parent } => {
            ("parent_cannot_coexist", Some(parent.to_string()))
        }
        Reason::ReplaceAsked => ("replace_asked", None),
        Reason::NotInSpec => ("not_in_spec", None),
        Reason::Destroy => ("destroy", None),
        Reason::Superseded => ("superseded", None),
        Reason::OtherKind => ("other_kind", None),
        Reason::StoodOn { by } => ("stood_on", Some(by.to_string())),
        Reason::LeftStopped => ("left_stopped", None),
        Reason::Moved { from } => ("moved", Some(from.to_string())),
        Reason::ForgetAsked => ("forget_asked", None),
        Reason::Matches => ("matches", None),
    }
}

/// Returns a note as one word and as a sentence without a full stop.
#[must_use]
pub fn note_words(note: &NoteKind) -> (&'static str, String) {
    match note {
        NoteKind::UsedAtCreationOnly { field } => (
            "used_at_creation_only",
            format!("`{field}` differs, but is used at creation only: nothing is done"),
        ),
        NoteKind::Ignored { field } => (
            "ignored",
            format!("`{field}` differs and is left alone (lifecycle.ignore)"),
        ),
        NoteKind::FromNextRestart { field } => (
            "from_next_restart",
            format!("`{field}` holds from the next restart on"),
        ),
        NoteKind::Kept => (
            "kept",
            "it stays, tagged (lifecycle.on_delete: keep)".to_owned(),
        ),
        NoteKind::Astray { kind, id } => {
            let text = format!(
                "the {kind} {id} carries this stack's tag, but no readable address in \
                 `setpoint:address`: it is left alone"
            );
            ("astray", text)
        }
        NoteKind::Unlisted {
            kind,
            permission,
            code,
            request_id,
        } => {
            let text = format!(
                "resources of kind {kind}, if the stack owns any, were not looked at: listing them \
                 was refused with {code} (RequestId {request_id}); it needs the permission \
                 {permission}"
            );
            ("unlisted", text)
        }
        NoteKind::Loosened { how } => ("loosened", how.clone()),
        NoteKind::Together => (
            "loosened",
            "replaced together with the other members of its group, because a resource that they \
             all use is replaced"
                .to_owned(),
        ),
        NoteKind::Remark(text) => ("remark", text.clone()),
        NoteKind::Spec(text) => ("spec", text.clone()),
    }
}

/// Returns why a change is held, as one word and in words for people.
#[must_use]
pub fn held_words(why: &HeldWhy) -> (&'static str, String) {
    match why {
        HeldWhy::DataLoss(lost) => ("data_loss", lost.clone()),
        HeldWhy::Replacement => ("replacement", "it is replaced by another".to_owned()),
        HeldWhy::Bulk { going, living } => (
            "bulk",
            format!("{going} of {living} live resources are deleted or replaced at once"),
        ),
    }
}

/// Returns the word for what allows a held change, and the reason that was given.
pub(super) fn allowance_words(allowance: &Allowance) -> (&'static str, Option<String>) {
    match allowance {
        Allowance::Entry { reason } => ("allow", Some(reason.clone())),
        Allowance::Flag => ("--allow-data-loss", None),
        Allowance::BulkFlag => ("--allow-bulk", None),
        Allowance::Destroy => ("destroy", None),
    }
}

/// Returns a condition in words: `status is Running`.
#[must_use]
pub fn cond_words(cond: &Cond) -> String {
    let all =
        |conds: &[Cond], word: &str| conds.iter().map(cond_words).collect::<Vec<_>>().join(word);
    match cond {
        Cond::Is(attr, values) => format!(
            "{attr} is {}",
            values
                .iter()
                .map(value_words)
                .collect::<Vec<_>>()
                .join(" or ")
        ),
        Cond::Set(attr) => format!("{attr} is set"),
        Cond::Not(inner) => format!("not ({})", cond_words(inner)),
        Cond::All(conds) => all(conds, " and "),
        Cond::Any(conds) if conds.is_empty() => "it is gone".to_owned(),
        Cond::Any(conds) => all(conds, " or "),
        Cond::Ours => "it carries this stack's tags".to_owned(),
    }
}

fn value_words(value: &Value) -> String {
    match value {
        Value::Ref(reference) => format!("{}.{}", reference.address, reference.attr),
        other => scalar_words(other),
    }
}
