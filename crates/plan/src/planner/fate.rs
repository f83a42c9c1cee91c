//! The values of references at plan time: the id of a resource that stays is known, that of a new
//! one is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Change, ChangeAction};
use crate::desired::Desired;
use crate::live::{Live, Snapshot};
use crate::planner::Classified;
use crate::{Address, Ref, Value};

/// What happens to a resource, as far as references to it are concerned.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// The plan creates it: nothing of it is known.
    New,
    /// It stays. Its attributes are known, except for some.
    Stays {
        /// The live row.
        live: Arc<Live>,
        /// Attributes that its update may change.
        unsettled: Vec<&'static str>,
    },
}

/// Returns the fates of classified changes. Of two changes under one address (after an interrupted
/// replacement) the one with a desired resource counts.
pub(crate) fn of_classified(all: &[Classified]) -> BTreeMap<Address, Fate> {
    let mut fates = BTreeMap::new();
    for one in all {
        if one.change.after.is_some() || !fates.contains_key(&one.change.address) {
            fates.insert(one.change.address.clone(), of_one(one));
        }
    }
    fates
}

fn of_one(one: &Classified) -> Fate {
    let Change {
        before: Some(live),
        action,
        ..
    } = &one.change
    else {
        return Fate::New;
    };
    if matches!(
        action,
        ChangeAction::Create | ChangeAction::Replace | ChangeAction::Delete
    ) {
        return Fate::New;
    }
    let updates = one.diff.all_updates();
    Fate::Stays {
        live: live.clone(),
        unsettled: updates
            .flat_map(|update| update.unsettles)
            .copied()
            .collect(),
    }
}

/// Returns a function that gives the value of a reference under these fates, `None` if it is not
/// known.
pub fn known_in<'a>(
    fates: &'a BTreeMap<Address, Fate>,
    desired: &'a BTreeMap<Address, Desired>,
    snapshot: &'a Snapshot,
) -> impl Fn(&Ref) -> Option<Value> + 'a {
    move |reference| {
        if let Some(row) = outside(snapshot, &reference.address) {
            return Some(row.attr(&reference.attr));
        }
        match fates.get(&reference.address)? {
            Fate::New => None,
            Fate::Stays { live, unsettled } => {
                let wanted = desired
                    .get(&reference.address)
                    .and_then(|want| want.attrs.get(&reference.attr));
                match wanted.filter(|value| value.is_known() && reference.attr != "id") {
                    Some(value) => Some(value.clone()),
                    None if unsettled.contains(&reference.attr.as_str()) => None,
                    None => Some(live.attr(&reference.attr)).filter(|value| *value != Value::Null),
                }
            }
        }
    }
}

/// Returns the row outside the stack that an address refers to.
pub(crate) fn outside<'a>(snapshot: &'a Snapshot, address: &Address) -> Option<&'a Live> {
    if snapshot.named.is_empty() {
        return None;
    }
    snapshot.named.get(&address.to_string())?.first()
}

#[cfg(test)]
mod tests;
