//! Marks of live resources: enough to see that one has moved, and in what; nothing of what it
//! holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use setpoint_catalog::REGISTRY;
use setpoint_plan::field::Field;
use setpoint_plan::live::{Live, Snapshot};

use super::{Moved, digest};
use crate::operate::Planned;

/// How a live resource was.
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

/// Marks of all that a plan changes and that is there. What is taken over (`adopt`) was looked up,
/// not listed: if that moves, the answer does.
pub(super) fn touched(planned: &Planned) -> Vec<Mark> {
    let listed = |live: &&Live| find(&planned.seen.snapshot, live.kind, &live.id).is_some();
    let changes = planned
        .plan
        .changes
        .iter()
        .filter(|change| change.is_change());
    changes
        .filter_map(|change| {
            change
                .before
                .as_ref()
                .filter(listed)
                .map(|live| of(&change.address.to_string(), live))
        })
        .collect()
}

/// By id and not by address: a move changes the address.
fn find<'a>(snapshot: &'a Snapshot, kind: &str, id: &str) -> Option<&'a Live> {
    snapshot
        .live
        .iter()
        .find(|live| live.kind == kind && live.id == id)
}

/// Attributes that a spec may manage. Others (a status, free addresses in a network) move by
/// themselves.
fn of(address: &str, live: &Live) -> Mark {
    let kind = REGISTRY.known(live.kind);
    let managed = live
        .attrs
        .iter()
        .filter(|(attr, _)| kind.row(attr).is_some_and(Field::is_compared));
    let mut digests: BTreeMap<String, String> = managed
        .map(|(attr, value)| (attr.clone(), short(&format!("{value:?}"))))
        .collect();
    digests.insert("tags".to_owned(), short(&format!("{:?}", live.tags)));
    Mark {
        address: address.to_owned(),
        kind: live.kind.to_owned(),
        id: live.id.clone(),
        digests,
    }
}

/// Sixteen digits: chance does not repeat them, and nothing can be read back from them.
fn short(text: &str) -> String {
    digest(text.as_bytes()).chars().take(16).collect()
}

impl Mark {
    /// What became of the resource, if anything did.
    pub(super) fn moved(&self, snapshot: &Snapshot) -> Option<Moved> {
        let address = self.address.clone();
        let Some(live) = find(snapshot, &self.kind, &self.id) else {
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
