//! The report of a plan: what the planner noticed and did not act on, and why.

use crate::Address;

/// The observations of the planner. A plan lists the changes; its report explains what is not
/// changed and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// The notes, sorted by address.
    pub notes: Vec<Note>,
}

/// A note on something that the planner did not act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The address that it concerns; `None` for the stack as a whole.
    pub address: Option<Address>,
    /// What was noticed.
    pub what: NoteKind,
}

/// The subject of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// A field differs that is used at creation only.
    UsedAtCreationOnly {
        /// The field.
        field: String,
    },
    /// A field differs and is left alone, as `lifecycle.ignore` asks.
    Ignored {
        /// The field.
        field: String,
    },
    /// A change takes effect at the next restart.
    FromNextRestart {
        /// The field.
        field: String,
    },
    /// The resource and its tags are kept, as `lifecycle.on_delete: keep` asks.
    Kept,
    /// A resource carries the stack's tag but no readable address, so it is left alone.
    Astray {
        /// Its kind's name.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A kind could not be listed, so it is not known whether the stack owns resources of this
    /// kind.
    Unlisted {
        /// The kind's name.
        kind: &'static str,
        /// The permission that the listing needs.
        permission: String,
        /// The API's code.
        code: String,
        /// The request id of the refused call.
        request_id: String,
    },
    /// A replacement is not made in the requested order: delete first instead of create first, or
    /// together instead of in turn.
    Loosened {
        /// What is done instead, and why.
        how: String,
    },
    /// Members of a group are replaced together, in spite of a limit on how many may be interrupted
    /// at once.
    Together,
    /// A remark of the kind or of the planner.
    Remark(String),
    /// Something was left out when the spec was resolved.
    Spec(String),
}
