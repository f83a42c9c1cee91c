//! AttachNetworkInterface and DetachNetworkInterface.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{self, AT_REST, Instance};
use crate::product::ecs::instance_type;
use crate::product::ecs::network_interface::{self, State, ipv6};
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("AttachNetworkInterface", attach),
    ("DetachNetworkInterface", detach),
];

/// The instance; these actions have another status for a missing one.
fn machine<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Instance, Refusal> {
    let id = call.need("InstanceId")?;
    instance::find(world, call, id)
        .map_err(|refusal| Refusal::denied(refusal.code, refusal.message))
}

fn attach(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("NetworkCardIndex", "0")?;
    call.harmless(&["WaitForNetworkConfigurationReady"]);
    let id = call.need("NetworkInterfaceId")?;
    let eni = network_interface::find(world, call, id)?;
    let machine = machine(world, call)?;
    if eni.secondary.is_none() {
        return Err(Refusal::denied(
            "InvalidOperation.InvalidEniType",
            "A primary network interface cannot be attached.",
        ));
    }
    eni.require(&[State::Available])?;
    machine.require(AT_REST, Refusal::bad, "InvalidOperation.InvalidEcsState")?;
    let subnet = vswitch::find(world, call, &eni.vswitch)?;
    if subnet.vpc != machine.vpc {
        return Err(Refusal::denied(
            "InvalidOperation.VpcMismatch",
            "The network interface and the instance are not in the same VPC.",
        ));
    }
    if subnet.zone != machine.zone {
        let message = "The network interface and the instance are not in the same zone.";
        return Err(Refusal::denied(
            "InvalidOperation.AvailabilityZoneMismatch",
            message,
        ));
    }
    let machine_id = machine.base.id.clone();
    let held = network_interface::of_instance(world, &machine_id);
    let room = instance_type::find(&machine.instance_type)?
        .limits
        .interfaces;
    if held.len() >= usize::try_from(room).unwrap_or_default() {
        return Err(Refusal::denied(
            "EniPerInstanceLimitExceeded",
            format!("The instance type has room for {room} network interfaces."),
        ));
    }
    let taken: Vec<i64> = held
        .iter()
        .filter_map(|eni| {
            eni.secondary
                .as_ref()
                .map(|secondary| secondary.device_index)
        })
        .collect();
    let index = (1..).find(|index| !taken.contains(index)).unwrap_or(1);
    let until = world.now_ms() + world.options.profile.eni_attach_ms;
    let eni = network_interface::find_mut(world, call, id)?;
    (eni.state, eni.due_ms, eni.instance) = (State::Attaching, Some(until), machine_id);
    if let Some(secondary) = &mut eni.secondary {
        secondary.device_index = index;
    }
    ipv6::require_room(world, call, id)?;
    done()
}

/// Detaching an interface that is Detaching already succeeds.
fn detach(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    let eni = network_interface::find(world, call, id)?;
    let machine = machine(world, call)?;
    if eni.secondary.is_none() {
        let message = "A primary network interface cannot be detached.";
        return Err(Refusal::bad(
            "InvalidOperation.DetachPrimaryEniNotAllowed",
            message,
        ));
    }
    eni.require(&[State::InUse, State::Detaching])?;
    if eni.instance != machine.base.id {
        return Err(Refusal::bad(
            "InvalidOperation.InvalidEniState",
            "The network interface is not on this instance.",
        ));
    }
    machine.require(AT_REST, Refusal::bad, "InvalidOperation.InvalidEcsState")?;
    let until = world.now_ms() + world.options.profile.eni_attach_ms;
    let eni = network_interface::find_mut(world, call, id)?;
    if eni.state == State::InUse {
        (eni.state, eni.due_ms) = (State::Detaching, Some(until));
    }
    done()
}
