//! The common attributes of resources: identity, region, times, names, tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The resource group of resources that name none.
pub(crate) const DEFAULT_RESOURCE_GROUP: &str = "rg-acfmxazb4ph6aiy";

/// Identity and common attributes of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Base {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) created_ms: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) resource_group: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// Deleted for every read, though it still uses its dependencies: the cloud releases them late.
    pub(crate) released: bool,
}

impl Base {
    /// The resource group as listings of machines, interfaces, snapshots and snapshot policies show
    /// it: empty for the default one.
    pub(crate) fn listed_group(&self) -> &str {
        Some(self.resource_group.as_str())
            .filter(|group| *group != DEFAULT_RESOURCE_GROUP)
            .unwrap_or_default()
    }
}
