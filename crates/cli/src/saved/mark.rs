//! Marks of live resources: digests that show which attributes changed, without their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use setpoint_catalog::REGISTRY;
use setpoint_plan::field::Field;
use setpoint_plan::live::{Live, Snapshot};

use super::{Moved, digest};
use crate::operate::Planned;

/// The state of a live resource when the plan was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its address.
    pub address: String,
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Digests of its managed attributes and of its tags, by name.
    pub digests: BTreeMap<String, String>,
}

/// Marks of the live resources that a plan changes. An adopted resource was looked up and not
/// listed; if it changes, the hash of the answer changes.
pub(super) fn touched(planned: &Planned) -> Vec<Mark> {
    let listed = listed(&planned.seen.snapshot);
    let changes = planned.plan.changes.iter();
    changes
        .filter(|change| change.is_change())
        .filter_map(|change| {
            let live = change.before.as_ref()?;
            let is_listed = listed.contains_key(&(live.kind, live.id.as_str()));
            is_listed.then(|| of(&change.address.to_string(), live))
        })
        .collect()
}

/// Live rows by kind and id, not by address: a move changes the address.
pub(super) type Listed<'a> = BTreeMap<(&'a str, &'a str), &'a Live>;

pub(super) fn listed(snapshot: &Snapshot) -> Listed<'_> {
    let rows = snapshot.live.iter().map(Arc::as_ref);
    rows.map(|live| ((live.kind, live.id.as_str()), live))
        .collect()
}

/// Marks the attributes that a spec may manage. Others, such as a status, change by themselves.
fn of(address: &str, live: &Live) -> Mark {
    let kind = REGISTRY.known(live.kind);
    let managed = live
        .attrs
        .iter()
        .filter(|(attr, _)| kind.row(attr).is_some_and(Field::is_compared));
    let mut digests: BTreeMap<String, String> = managed
        .map(|(attr, value)| (attr.to_string(), short(&format!("{value:?}"))))
        .collect();
    let tags: BTreeMap<_, _> = live.tags.iter().collect();
    digests.insert("tags".to_owned(), short(&format!("{tags:?}")));
    Mark {
        address: address.to_owned(),
        kind: live.kind.to_owned(),
        id: live.id.clone(),
        digests,
    }
}

/// The first sixteen digits of a digest: enough to tell values apart.
fn short(text: &str) -> String {
    digest(text.as_bytes()).chars().take(16).collect()
}

impl Mark {
    /// The change of the resource since, if there is one.
    pub(super) fn moved(&self, listed: &Listed<'_>) -> Option<Moved> {
        let address = self.address.clone();
        let Some(live) = listed.get(&(self.kind.as_str(), self.id.as_str())) else {
            return Some(Moved::Gone {
                address,
                id: self.id.clone(),
            });
        };
        let now = of(&self.address, live);
        let names = self.digests.keys().chain(now.digests.keys());
        let mut attrs: Vec<String> = names
            .filter(|name| self.digests.get(*name) != now.digests.get(*name))
            .cloned()
            .collect();
        attrs.sort();
        attrs.dedup();
        if attrs.is_empty() {
            None
        } else {
            Some(Moved::Live { address, attrs })
        }
    }
}
