//! What references mean at plan time: the id of what stays is known, that of what comes is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Change, ChangeAction};
use crate::desired::Desired;
use crate::live::{Live, Snapshot};
use crate::planner::Classified;
use crate::{Address, Ref, Value};

/// What becomes of a resource, as far as references to it care.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is made by this plan: nothing of it is known.
    New,
    /// It stays; its attributes are known but for these.
    Stays {
        /// The live row.
        live: Arc<Live>,
        /// Attributes that its update may change.
        unsettled: Vec<&'static str>,
    },
}

/// The fates that classified changes give. Of two under one address (an interrupted replacement)
/// the one with a wanted side counts.
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

/// What is known of references under these fates.
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

/// The row outside the stack that a reference leads to.
pub(crate) fn outside<'a>(snapshot: &'a Snapshot, address: &Address) -> Option<&'a Live> {
    if snapshot.named.is_empty() {
        return None;
    }
    snapshot.named.get(&address.to_string())?.first()
}

#[cfg(test)]
mod tests;
