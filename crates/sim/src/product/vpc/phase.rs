//! The phases that most things of this product go through: Pending → Available → Modifying → Available → Deleting → gone.
//!
//! Invariant: every phase but `Available` ends by itself, at the moment it carries.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::table::{Row, Table};

/// What a thing is doing, and until when, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Phase {
    Pending(i64),
    Modifying(i64),
    #[default]
    Available,
    Deleting(i64),
}

impl Phase {
    /// As the API writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending(_) => "Pending",
            Self::Modifying(_) => "Modifying",
            Self::Available => "Available",
            Self::Deleting(_) => "Deleting",
        }
    }

    /// The moment of the next change of state.
    pub(crate) fn due_ms(self) -> Option<i64> {
        match self {
            Self::Pending(at) | Self::Modifying(at) | Self::Deleting(at) => Some(at),
            Self::Available => None,
        }
    }

    /// Refuses everything that needs a thing at rest.
    pub(crate) fn require_available(self, code: &'static str) -> Result<(), Refusal> {
        match self {
            Self::Available => Ok(()),
            other => Err(Refusal::bad(
                code,
                format!(
                    "The status {} does not support this operation.",
                    other.name()
                ),
            )),
        }
    }
}

/// Takes the change that is due: to `Available`, or out of the table.
pub(crate) fn settle<T: Row>(table: &mut Table<T>, id: &str, phase: impl Fn(&mut T) -> &mut Phase) {
    let Some(row) = table.get_mut(id) else { return };
    let phase = phase(row);
    if let Phase::Deleting(_) = phase {
        table.remove(id);
    } else {
        *phase = Phase::Available;
    }
}
