//! What has moved since a plan was saved.

use std::collections::BTreeMap;
use std::fmt;

use setpoint_plan::document::PlanDocument;

/// One thing that is not as it was.
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
        /// What became of it.
        how: SourceMove,
    },
    /// A live resource differs.
    Live {
        /// Its address.
        address: String,
        /// What differs.
        attrs: Vec<String>,
    },
    /// A live resource is gone.
    Gone {
        /// Its address.
        address: String,
        /// Its id.
        id: String,
    },
    /// Something else would be done with a resource.
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
    /// The file's view is not the one that was hashed.
    View,
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceMove {
    /// It reads differently.
    Changed,
    /// It is no longer there.
    Gone,
    /// It is read now and was not then.
    New,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { was, is } => write!(
                f,
                "account: planned for {was}, the credentials belong to {is}"
            ),
            Self::Source {
                name,
                how: SourceMove::Changed,
            } => write!(f, "{name}: changed since the plan was made"),
            Self::Source {
                name,
                how: SourceMove::Gone,
            } => write!(f, "{name}: no longer there"),
            Self::Source {
                name,
                how: SourceMove::New,
            } => write!(f, "{name}: read now, was not when the plan was made"),
            Self::Live { address, attrs } => {
                write!(f, "{address}: changed in the cloud: {}", attrs.join(", "))
            }
            Self::Gone { address, id } => write!(f, "{address}: {id} is no longer there"),
            Self::Change { address, was, is } => {
                write!(f, "{address}: planned was {was}, now it is {is}")
            }
            Self::Details => f.write_str(
                "the calls or their order: what is looked up (images, other stacks) has moved",
            ),
            Self::View => f.write_str("the file itself: its view is not the plan that was hashed"),
        }
    }
}

/// What tells two plans apart, by resource.
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
