//! The resources of a world for people and tests: each with its state, and the resources that it
//! refers to.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::tables;
use crate::world::World;

/// One resource, as the admin page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// The kind, for example `vpc`.
    pub kind: String,
    /// The id; the name where the API has no id.
    pub id: String,
    /// The region; empty for a resource of the account.
    pub region: String,
    /// The display name.
    pub name: String,
    /// The state in the words of the API.
    pub state: String,
    /// Its tags.
    pub tags: std::collections::BTreeMap<String, String>,
}

impl World {
    /// All resources that somebody created and that readers can see, by kind and id.
    #[must_use]
    pub fn resources(&self) -> Vec<Resource> {
        let shown = self.tables.seen().into_iter().map(|seen| Resource {
            kind: seen.kind.to_owned(),
            id: seen.base.id.clone(),
            region: seen.base.region.clone(),
            name: seen.base.name.clone(),
            state: seen.state.to_owned(),
            tags: seen.base.tags.clone(),
        });
        shown.collect()
    }

    /// The ids of the visible resources that a resource refers to.
    #[must_use]
    pub fn relations(&self, resource: &Resource) -> Vec<String> {
        let stored = tables::KINDS
            .iter()
            .find(|kind| **kind == resource.kind)
            .and_then(|kind| {
                let keyed = format!("{}/{}", resource.region, resource.id);
                self.tables
                    .stored(kind, &resource.id)
                    .or_else(|| self.tables.stored(kind, &keyed))
            });
        let row: Value = stored
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let mut named = BTreeSet::new();
        texts(&row, &mut named);
        named.remove(&resource.id);
        // A resource with a name instead of an id is found under its region's key.
        let keyed = |text: &str| format!("{}/{text}", resource.region);
        let is_seen = |text: &str| {
            tables::KINDS
                .iter()
                .any(|kind| self.tables.is_seen(kind, text))
        };
        named.retain(|text| is_seen(text) || is_seen(&keyed(text)));
        named.into_iter().collect()
    }
}

/// All texts in a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        // Some rows keep lists in the form in which they were sent: as a text with JSON.
        Value::String(text) if text.starts_with(['[', '{']) => {
            texts(&serde_json::from_str(text).unwrap_or_default(), found);
        }
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
