//! The network of an instance: public address, VSwitch and private address.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{self, AT_REST, State, draft, launch};
use crate::product::ecs::network_interface;
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("AllocatePublicIpAddress", allocate_public_address),
    ("ModifyInstanceVpcAttribute", modify_vpc),
];

/// Allocates a public address, or answers with the existing one.
fn allocate_public_address(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    let instance = instance::find(world, call, id)?;
    instance.unlocked()?;
    instance.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
    if instance.internet.bandwidth_out == 0 {
        return Err(Refusal::bad(
            "AllocateIpInvalidInstanceBandwidth",
            "The instance has no public bandwidth.",
        ));
    }
    let address = match &instance.internet.address {
        Some(address) => address.clone(),
        None => launch::new_public_address(world),
    };
    instance::find_mut(world, call, id)?.internet.address = Some(address.clone());
    Ok(json!({ "IpAddress": address }))
}

/// Moves a stopped instance to another VSwitch of its zone.
fn modify_vpc(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    let instance = instance::find(world, call, id)?.clone();
    instance.require(&[State::Stopped], Refusal::bad, "IncorrectInstanceStatus")?;
    if instance.network_unsettled {
        let message = "The instance must be started once after it was made or moved.";
        return Err(Refusal::bad("InvalidPrivateIp.Changing", message));
    }
    let target = vswitch::find(world, call, call.need("VSwitchId")?)?.clone();
    if target.zone != instance.zone {
        return Err(Refusal::bad(
            "InvalidVSwitchId.Mismatch",
            "The VSwitch is not in the zone of the instance.",
        ));
    }
    if target.state != vswitch::State::Available {
        return Err(Refusal::bad(
            "IncorrectVSwitchStatus",
            "The VSwitch is Pending.",
        ));
    }
    let groups = call.list("SecurityGroupId");
    let named_vpc = call.given("VpcId").unwrap_or(&instance.vpc);
    if named_vpc != target.vpc {
        return Err(Refusal::bad(
            "InvalidVSwitchId.Mismatch",
            "The VSwitch is not in the VPC.",
        ));
    }
    if target.vpc != instance.vpc && groups.is_empty() {
        return Err(Refusal::missing("SecurityGroupId"));
    }
    if !groups.is_empty() {
        draft::check_groups(world, call, &target.vpc, &groups, 1)?;
    }
    let wanted = call.given("PrivateIpAddress");
    let current = world
        .tables
        .network_interfaces
        .get(&instance.interface)
        .map(|eni| eni.address.to_string());
    let stays =
        target.base.id == instance.vswitch && (wanted.is_none() || wanted == current.as_deref());
    if !stays {
        let address =
            network_interface::claim_address(world, &target.base.id, target.cidr_block, wanted)?;
        if let Some(eni) = world.tables.network_interfaces.get_mut(&instance.interface) {
            if eni.vswitch != target.base.id {
                // These addresses belong to the block of the old VSwitch.
                eni.more_addresses.clear();
                eni.ipv6.clear();
            }
            eni.address = address;
            eni.vswitch.clone_from(&target.base.id);
        }
    }
    if let Some(eni) = world
        .tables
        .network_interfaces
        .get_mut(&instance.interface)
        .filter(|_| !groups.is_empty())
    {
        eni.security_groups = groups.iter().map(|group| (*group).to_owned()).collect();
    }
    let instance = instance::find_mut(world, call, id)?;
    instance.vswitch = target.base.id;
    instance.vpc = target.vpc;
    instance.network_unsettled = true;
    done()
}
