//! Changes since a plan was saved.

use std::collections::BTreeMap;
use std::fmt;

use setpoint_plan::document::PlanDocument;

/// One change since the plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// The credentials are another account's.
    Account {
        /// The account planned for.
        was: String,
        /// The credentials' account.
        is: String,
    },
    /// A text that the plan was made from.
    Source {
        /// Its name.
        name: String,
        /// The change.
        how: SourceMove,
    },
    /// A live resource differs.
    Live {
        /// Its address.
        address: String,
        /// The attributes that differ.
        attrs: Vec<String>,
    },
    /// A live resource is gone.
    Gone {
        /// Its address.
        address: String,
        /// Its id.
        id: String,
    },
    /// A resource would be changed in another way.
    Change {
        /// Its address.
        address: String,
        /// What was planned.
        was: String,
        /// What is planned now.
        is: String,
    },
    /// Nothing above, but the calls or their order differ.
    Details,
    /// The plan in the file does not match its hash.
    View,
}

/// How a text changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceMove {
    /// Its content differs.
    Changed,
    /// It no longer exists.
    Gone,
    /// It is read now and was not read then.
    New,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { was, is } => write!(
                f,
                "account: the plan is for {was}, the credentials belong to {is}"
            ),
            Self::Source {
                name,
                how: SourceMove::Changed,
            } => write!(f, "{name}: changed since the plan was made"),
            Self::Source {
                name,
                how: SourceMove::Gone,
            } => write!(f, "{name}: no longer exists"),
            Self::Source {
                name,
                how: SourceMove::New,
            } => write!(f, "{name}: read now, but not when the plan was made"),
            Self::Live { address, attrs } => {
                write!(f, "{address}: changed in the cloud: {}", attrs.join(", "))
            }
            Self::Gone { address, id } => write!(f, "{address}: {id} no longer exists"),
            Self::Change { address, was, is } => {
                write!(
                    f,
                    "{address}: the planned action was {was}, and is now {is}"
                )
            }
            Self::Details => f.write_str(
                "the calls or their order: a looked-up value (an image, another stack) has changed",
            ),
            Self::View => f.write_str("the file itself: its plan does not match its hash"),
        }
    }
}

/// The differences between two plans, by resource.
pub(super) fn between(saved: &PlanDocument, fresh: &PlanDocument) -> Vec<Moved> {
    let actions = |plan: &PlanDocument| -> BTreeMap<String, String> {
        plan.resource_changes
            .iter()
            .map(|one| (one.address.clone(), one.change.actions.join(" and ")))
            .collect()
    };
    let (was, is) = (actions(saved), actions(fresh));
    let nothing = || "nothing".to_owned();
    let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name));
    let moved: Vec<Moved> = differ
        .map(|name| Moved::Change {
            address: name.clone(),
            was: was.get(name).cloned().unwrap_or_else(nothing),
            is: is.get(name).cloned().unwrap_or_else(nothing),
        })
        .collect();
    if moved.is_empty() {
        vec![Moved::Details]
    } else {
        moved
    }
}
