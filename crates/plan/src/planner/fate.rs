//! What references mean at plan time: the id of what stays is known, that of what comes is not.

use std::collections::BTreeMap;

use crate::change::{Change, ChangeAction};
use crate::desired::Desired;
use crate::live::{Live, Snapshot};
use crate::{Address, Ref, Value};

/// What becomes of a resource, as far as references to it care.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is made by this plan: nothing of it is known.
    New,
    /// It stays; its attributes are known but for these.
    Stays {
        /// The live row.
        live: Box<Live>,
        /// Attributes that its update may change.
        unsettled: Vec<&'static str>,
    },
}

/// The fates that changes give.
pub(crate) fn of_changes<'a>(changes: impl Iterator<Item = &'a Change>) -> BTreeMap<Address, Fate> {
    let fate = |change: &Change| match (&change.before, change.action) {
        (Some(live), ChangeAction::NoOp | ChangeAction::Update | ChangeAction::Adopt | ChangeAction::Keep | ChangeAction::Forget) => {
            Fate::Stays { live: Box::new(live.clone()), unsettled: Vec::new() }
        }
        _ => Fate::New,
    };
    // Of two changes under one address (an interrupted replacement) the one with a wanted side counts.
    let mut fates = BTreeMap::new();
    for change in changes {
        if change.after.is_some() || !fates.contains_key(&change.address) {
            fates.insert(change.address.clone(), fate(change));
        }
    }
    fates
}

/// What is known of references under these fates.
pub fn known_in<'a>(
    fates: &'a BTreeMap<Address, Fate>,
    desired: &'a BTreeMap<Address, Desired>,
    snapshot: &'a Snapshot,
) -> impl Fn(&Ref) -> Option<Value> + 'a {
    move |reference| {
        if let Some(rows) = snapshot.named.get(&reference.address.to_string()) {
            return rows.first().map(|live| live.attr(&reference.attr));
        }
        match fates.get(&reference.address)? {
            Fate::New => None,
            Fate::Stays { live, unsettled } => {
                let wanted = desired.get(&reference.address).and_then(|want| want.attrs.get(&reference.attr));
                match wanted.filter(|value| value.is_known() && reference.attr != "id") {
                    Some(value) => Some(value.clone()),
                    None if unsettled.contains(&reference.attr.as_str()) => None,
                    None => Some(live.attr(&reference.attr)).filter(|value| *value != Value::Null),
                }
            }
        }
    }
}
