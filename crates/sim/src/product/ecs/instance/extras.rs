//! Attributes that few instances have: locks, deployment sets, renewal, maintenance, private pools.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::product::ecs::instance::Instance;
use crate::world::World;

/// Attributes with a default for nearly every instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extras {
    /// `security`, `financial`, `Recycling`; empty: not locked.
    pub(crate) lock: String,
    pub(crate) deployment_set: String,
    pub(crate) deployment_group: i64,
    /// The end of a subscription.
    pub(crate) expires_ms: Option<i64>,
    pub(crate) renewal: Renewal,
    pub(crate) maintenance: Maintenance,
    /// `Open`, `Target` or `None`; empty: not set.
    pub(crate) pool_criteria: String,
    pub(crate) pool: String,
    /// The number of starts.
    pub(crate) boots: u32,
    /// Services that commands have started, and those that they have stopped.
    pub(crate) services: BTreeSet<String>,
    pub(crate) stopped_services: BTreeSet<String>,
}

/// The handling of a subscription at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Renewal {
    /// `Normal`, `AutoRenewal` or `NotRenewal`.
    pub(crate) status: String,
    pub(crate) duration: i64,
    pub(crate) unit: String,
}

impl Default for Renewal {
    fn default() -> Self {
        Self {
            status: "Normal".to_owned(),
            duration: 0,
            unit: "Month".to_owned(),
        }
    }
}

/// The handling of an instance whose host needs maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Maintenance {
    /// `Stop`, `AutoRecover` or `AutoRedeploy`.
    pub(crate) action: String,
    /// Start and end of the one window, as `HH:mm:ss`.
    pub(crate) window: Option<(String, String)>,
    pub(crate) notify: bool,
}

impl Default for Maintenance {
    fn default() -> Self {
        Self {
            action: "AutoRecover".to_owned(),
            window: None,
            notify: false,
        }
    }
}

/// The lock reason in the words of the API.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Lock<'a> {
    lock_msg: &'static str,
    lock_reason: &'a str,
}

impl Instance {
    /// As OperationLocks lists them.
    pub(crate) fn locks(&self) -> Vec<Lock<'_>> {
        let lock = &self.extras.lock;
        (!lock.is_empty())
            .then_some(Lock {
                lock_msg: "",
                lock_reason: lock,
            })
            .into_iter()
            .collect()
    }
}

impl World {
    /// Locks an instance for a reason (`security`, `financial`), or unlocks it if the reason is
    /// empty. Returns false if the instance does not exist.
    pub fn set_lock(&mut self, instance: &str, reason: &str) -> bool {
        if self
            .tables
            .instances
            .get(instance)
            .is_none_or(|row| row.base.released)
        {
            return false;
        }
        if let Some(row) = self.tables.instances.get_mut(instance) {
            reason.clone_into(&mut row.extras.lock);
        }
        self.commit();
        true
    }
}
