//! `instance`: ECS instances.
//!
//! RunInstances: Pending (3 s) → Stopped (0.5 s) → Starting (15 s) → Running. CreateInstance:
//! Pending → Stopped. Running → Stopping (5 s) → Stopped → Starting → Running. A deleted instance
//! is listed for 3 s more; 5 s after that its interface, address and key pair are free. Which
//! actions a state refuses is written at the actions. An instance with a release time deletes
//! itself.
//!
//! Invariant: until it is released, an instance has exactly one system disk and one primary
//! interface.

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::call::Call;
use crate::product::ecs::guest;
use crate::product::ecs::instance::extras::Extras;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) mod attribute;
pub(crate) mod delete;
pub(crate) mod deployment;
pub(crate) mod draft;
pub(crate) mod extras;
pub(crate) mod interfaces;
pub(crate) mod launch;
pub(crate) mod network;
pub(crate) mod power;
pub(crate) mod prepaid;
pub(crate) mod read;
pub(crate) mod role;
pub(crate) mod row;
pub(crate) mod spec;
pub(crate) mod spot;
#[cfg(test)]
mod states;
pub(crate) mod system_disk;
pub(crate) mod upkeep;

/// A machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) base: Base,
    pub(crate) state: State,
    pub(crate) due_ms: Option<i64>,
    /// The deletion was accepted; the instance is still listed.
    pub(crate) going: bool,
    /// Whether it starts by itself as soon as it is created.
    pub(crate) starts_next: bool,
    /// Created or moved and not started since, so that its network cannot be changed again.
    pub(crate) network_unsettled: bool,
    pub(crate) zone: String,
    pub(crate) vpc: String,
    pub(crate) vswitch: String,
    pub(crate) interface: String,
    pub(crate) instance_type: String,
    pub(crate) image: String,
    pub(crate) os_name: String,
    pub(crate) os_type: String,
    pub(crate) serial: String,
    pub(crate) host_name: String,
    pub(crate) key_pair: String,
    pub(crate) user_data: String,
    pub(crate) ram_role: String,
    pub(crate) charge_type: String,
    pub(crate) auto_release_ms: Option<i64>,
    pub(crate) internet: Internet,
    pub(crate) spot: Spot,
    pub(crate) deletion_protection: bool,
    pub(crate) credit: String,
    pub(crate) metadata: MetadataOptions,
    pub(crate) login_as_non_root: bool,
    pub(crate) jumbo_frame: bool,
    pub(crate) stopped_mode: String,
    pub(crate) started_ms: Option<i64>,
    pub(crate) spec_changed_ms: Option<i64>,
    /// The old values that reads still show of a change.
    pub(crate) stale: Option<Stale>,
    #[serde(default)]
    pub(crate) extras: Extras,
}

/// The state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Pending,
    Starting,
    Running,
    Stopping,
    Stopped,
    /// Not listed any more; its address, groups and key pair are still in use.
    Released,
}

/// Public bandwidth and address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Internet {
    pub(crate) charge_type: String,
    pub(crate) bandwidth_in: i64,
    pub(crate) bandwidth_out: i64,
    pub(crate) address: Option<String>,
}

/// The bid of a spot instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spot {
    pub(crate) strategy: String,
    pub(crate) price_limit: f64,
    pub(crate) duration: i64,
    pub(crate) interruption: String,
}

/// Access to the metadata service from inside of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetadataOptions {
    pub(crate) endpoint: String,
    pub(crate) tokens: String,
    pub(crate) hop_limit: i64,
    pub(crate) tags: String,
}

/// The values that reads show until a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stale {
    pub(crate) until_ms: i64,
    pub(crate) instance_type: String,
    pub(crate) bandwidth_out: i64,
}

impl State {
    /// The name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped | Self::Released => "Stopped",
        }
    }
}

impl Row for Instance {
    const KIND: &'static str = "instance";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        self.state.name()
    }

    fn due_ms(&self) -> Option<i64> {
        let release = self
            .auto_release_ms
            .filter(|_| !self.going && self.state != State::Released);
        self.due_ms.into_iter().chain(release).min()
    }

    fn step(world: &mut World, id: &str) {
        let now = world.now_ms();
        let Some(instance) = world.tables.instances.get(id) else {
            return;
        };
        if instance.due_ms.is_none_or(|due| due > now) {
            // Only the release time can be due here.
            delete::begin(world, id);
            return;
        }
        match instance.state {
            State::Stopping | State::Stopped if instance.going => delete::release(world, id),
            State::Pending => made(world, id),
            State::Stopped => begin_start(world, id),
            State::Starting => started(world, id),
            State::Stopping => stopped(world, id),
            State::Running => {}
            State::Released => {
                world.tables.instances.remove(id);
            }
        }
    }
}

impl Instance {
    /// Whether a deletion was accepted.
    pub(crate) fn is_going(&self) -> bool {
        self.going
    }

    /// The state by which actions are refused. An instance that is about to start by itself counts
    /// as not created yet.
    pub(crate) fn acting_state(&self) -> State {
        match self.state {
            State::Stopped if self.starts_next => State::Pending,
            state if self.going && state != State::Released => State::Stopping,
            state => state,
        }
    }

    /// Refuses an action on an instance that is locked for security.
    pub(crate) fn unlocked(&self) -> Result<(), Refusal> {
        if self.extras.lock == "security" {
            return Err(Refusal::denied(
                "InstanceLockedForSecurity",
                "The specified operation is denied as your instance is locked.",
            ));
        }
        Ok(())
    }

    /// Refuses an action on an instance that is locked for any reason, with the code of unpaid
    /// ones.
    pub(crate) fn paid(&self, code: &'static str) -> Result<(), Refusal> {
        self.unlocked()?;
        if self.extras.lock == "financial" {
            return Err(Refusal::denied(
                code,
                "The specified operation is denied as your instance is in arrears.",
            ));
        }
        Ok(())
    }

    /// Refuses an action unless the instance is in one of these states.
    pub(crate) fn require(
        &self,
        states: &[State],
        refuse: fn(&'static str, String) -> Refusal,
        code: &'static str,
    ) -> Result<(), Refusal> {
        if states.contains(&self.acting_state()) {
            return Ok(());
        }
        Err(refuse(
            code,
            format!(
                "The current status of {} ({}) does not support this operation.",
                self.base.id,
                self.state.name()
            ),
        ))
    }
}

/// The states in which most changes are possible.
pub(crate) const AT_REST: &[State] = &[State::Running, State::Stopped];

/// The visible instance with this id.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a Instance, Refusal> {
    let instance = world
        .tables
        .instances
        .get(id)
        .filter(|row| !row.base.released && call.in_region(&row.base.region));
    instance.ok_or_else(|| not_found(id))
}

/// The visible instance with this id, for a change.
pub(crate) fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut Instance, Refusal> {
    find(world, call, id)?;
    world
        .tables
        .instances
        .get_mut(id)
        .ok_or_else(|| not_found(id))
}

/// The machine of this id in a region.
pub(crate) fn of_region<'a>(
    world: &'a World,
    region: &str,
    id: &str,
) -> Result<&'a Instance, Refusal> {
    let instance = world
        .tables
        .instances
        .get(id)
        .filter(|row| !row.base.released && row.base.region == region);
    instance.ok_or_else(|| not_found(id))
}

/// A call without RegionId gives the same answer as one with it.
pub(crate) fn not_found(id: &str) -> Refusal {
    Refusal::absent(
        "InvalidInstanceId.NotFound",
        format!("The specified InstanceId {id} does not exist."),
    )
}

/// The groups of the machine's primary interface.
pub(crate) fn groups<'a>(world: &'a World, instance: &Instance) -> &'a [String] {
    world
        .tables
        .network_interfaces
        .get(&instance.interface)
        .map_or(&[], |eni| &eni.security_groups)
}

/// Starts an instance.
pub(crate) fn begin_start(world: &mut World, id: &str) {
    let until = world.now_ms() + world.options.profile.instance_start_ms;
    if let Some(instance) = world.tables.instances.get_mut(id) {
        instance.state = State::Starting;
        instance.starts_next = false;
        instance.due_ms = Some(until);
        "Not-applicable".clone_into(&mut instance.stopped_mode);
    }
}

fn made(world: &mut World, id: &str) {
    let settled = world.now_ms() + world.options.profile.instance_settle_ms;
    let public = world
        .tables
        .instances
        .get(id)
        .is_some_and(|row| row.starts_next && row.internet.bandwidth_out > 0);
    let address = public.then(|| launch::new_public_address(world));
    if let Some(instance) = world.tables.instances.get_mut(id) {
        instance.state = State::Stopped;
        instance.due_ms = instance.starts_next.then_some(settled);
        instance.internet.address = instance.internet.address.take().or(address);
    }
}

fn started(world: &mut World, id: &str) {
    let now = world.now_ms();
    if let Some(instance) = world.tables.instances.get_mut(id) {
        instance.state = State::Running;
        instance.due_ms = None;
        instance.network_unsettled = false;
        instance.started_ms = Some(now);
        instance.extras.boots += 1;
    }
    guest::booted(world, id);
}

fn stopped(world: &mut World, id: &str) {
    if let Some(instance) = world.tables.instances.get_mut(id) {
        instance.state = State::Stopped;
        instance.due_ms = None;
    }
}
