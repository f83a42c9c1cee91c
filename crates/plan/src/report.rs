//! The report beside a plan: what was noticed and not acted on, and why.

use crate::Address;

/// What a planner noticed. A plan says what; its report says why and why not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// The notes, in the order of addresses.
    pub notes: Vec<Note>,
}

/// One thing noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about; `None` for the stack as a whole.
    pub address: Option<Address>,
    /// What it is.
    pub what: NoteKind,
}

/// What was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// A field differs that is used at creation only.
    UsedAtCreationOnly {
        /// The field.
        field: String,
    },
    /// The difference is left alone, as `lifecycle.ignore` asks.
    Ignored {
        /// The field.
        field: String,
    },
    /// A change holds from the next restart on.
    FromNextRestart {
        /// The field.
        field: String,
    },
    /// It stays, tagged, as `lifecycle.on_delete: keep` asks.
    Kept,
    /// A resource carries the stack's tag and no address that can be read, so it is left alone.
    Astray {
        /// Its kind's name.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A kind could not be listed, so nothing is known of the stack's resources of this kind, if
    /// there are any.
    Unlisted {
        /// The kind's name.
        kind: &'static str,
        /// The permission that the listing needs.
        permission: String,
        /// The API's code.
        code: String,
        /// The API's name for the exchange.
        request_id: String,
    },
    /// A cycle of replacements was loosened.
    Loosened {
        /// What was done.
        how: String,
    },
    /// A kind's own remark.
    Remark(String),
    /// Resolving the spec left something out.
    Spec(String),
}
