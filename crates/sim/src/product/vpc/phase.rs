//! The states that most resources of this product have: Pending → Available → Modifying → Available
//! → Deleting → deleted.
//!
//! Invariant: every state but `Available` ends by itself, at the time that it carries.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::table::{Row, Table};

/// The state, with its end in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Phase {
    Pending(i64),
    Modifying(i64),
    #[default]
    Available,
    Deleting(i64),
}

impl Phase {
    /// The name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending(_) => "Pending",
            Self::Modifying(_) => "Modifying",
            Self::Available => "Available",
            Self::Deleting(_) => "Deleting",
        }
    }

    /// The time of the next change of state.
    pub(crate) fn due_ms(self) -> Option<i64> {
        match self {
            Self::Pending(at) | Self::Modifying(at) | Self::Deleting(at) => Some(at),
            Self::Available => None,
        }
    }

    /// Refuses an action unless the resource is Available.
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

/// Performs the change that is due: to `Available`, or the deletion.
pub(crate) fn settle<T: Row>(table: &mut Table<T>, id: &str, phase: impl Fn(&mut T) -> &mut Phase) {
    let Some(row) = table.get_mut(id) else { return };
    let phase = phase(row);
    if let Phase::Deleting(_) = phase {
        table.remove(id);
    } else {
        *phase = Phase::Available;
    }
}
