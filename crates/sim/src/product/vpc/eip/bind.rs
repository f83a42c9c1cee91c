//! Binding of EIPs: to an instance, a NAT gateway or a secondary interface.

use crate::call::{Answer, Call};
use crate::product::ecs::instance::State as InstanceState;
use crate::product::vpc::eip::{self, State, Target};
use crate::product::vpc::{forward, snat};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(super) fn associate(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("AllocationId")?;
    let eip = eip::find(world, call, id)?;
    let region = eip.base.region.clone();
    require(eip.state == State::Available, "IncorrectEipStatus")?;
    call.only("InstanceRegionId", &region)?;
    let target = match call.given("InstanceType").unwrap_or("EcsInstance") {
        "EcsInstance" => of_instance(world, call, &region)?,
        "Nat" => of_nat(world, call, &region)?,
        "NetworkInterface" => of_interface(world, call, &region)?,
        "SlbInstance" | "HaVip" | "IpAddress" => return Err(Refusal::not_modelled("InstanceType")),
        _ => {
            return Err(Refusal::bad(
                "InvalidInstanceType.ValueNotSupported",
                "The specified InstanceType is not supported.",
            ));
        }
    };
    let until = world.now_ms() + world.options.profile.eip_ms;
    let eip = world
        .tables
        .eips
        .get_mut(id)
        .expect("the EIP was just found");
    eip.target = Some(target);
    eip.go(State::Associating, until);
    done()
}

fn require(holds: bool, code: &'static str) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::bad(
            code,
            "The current status does not support this operation.",
        ))
    }
}

fn not_found() -> Refusal {
    Refusal::absent(
        "InvalidInstanId.NotFound",
        "The specified InstanceId does not exist.",
    )
}

fn of_instance(world: &World, call: &Call<'_>, region: &str) -> Result<Target, Refusal> {
    let id = call.need("InstanceId")?;
    call.only("Mode", "NAT")?;
    let row = world
        .tables
        .instances
        .get(id)
        .filter(|row| !row.base.released)
        .ok_or_else(not_found)?;
    if row.base.region != region {
        return Err(Refusal::bad(
            "InvalidParameter.Mismatch",
            "The EIP and the instance are in different regions.",
        ));
    }
    require(
        matches!(row.state, InstanceState::Running | InstanceState::Stopped) && !row.going,
        "IncorrectInstanceStatus",
    )?;
    if row.internet.address.is_some() {
        return Err(Refusal::bad(
            "InvalidStatus.InstanceHasBandWidth",
            "The instance has a public address of its own.",
        ));
    }
    if world.tables.eips.values().any(|eip| eip.is_at(id)) {
        return Err(Refusal::bad(
            "InvalidAssociation.Duplicated",
            "The instance has an EIP already.",
        ));
    }
    let address = world
        .tables
        .network_interfaces
        .get(&row.interface)
        .map(|eni| eni.address.to_string())
        .unwrap_or_default();
    if forward::has_target(world, &row.vpc, &address) {
        return Err(Refusal::bad(
            "BIND_INSTANCE_HAVE_PORTMAP_OR_BIND_EIP",
            "The instance is the target of a forward entry.",
        ));
    }
    Ok(Target {
        id: id.to_owned(),
        kind: "EcsInstance".to_owned(),
        vpc: row.vpc.clone(),
        private_address: address,
        mode: "NAT".to_owned(),
    })
}

fn of_nat(world: &World, call: &Call<'_>, region: &str) -> Result<Target, Refusal> {
    let id = call.need("InstanceId")?;
    call.only("Mode", "NAT")?;
    let row = world
        .tables
        .nat_gateways
        .get(id)
        .filter(|row| !row.base.released && row.base.region == region)
        .ok_or_else(not_found)?;
    row.phase.require_available("IncorrectStatus.NatGateway")?;
    if row.network_type != "internet" {
        return Err(Refusal::bad(
            "OperationDenied",
            "A VPC NAT gateway takes no EIP.",
        ));
    }
    Ok(Target {
        id: id.to_owned(),
        kind: "Nat".to_owned(),
        vpc: row.vpc.clone(),
        private_address: row.private_address.to_string(),
        mode: row.bind_mode.clone(),
    })
}

/// The primary interface of an instance is bound by the instance's id.
fn of_interface(world: &World, call: &Call<'_>, region: &str) -> Result<Target, Refusal> {
    let id = call.need("InstanceId")?;
    let mode = call.given("Mode").unwrap_or("NAT");
    if !["NAT", "MULTI_BINDED", "BINDED"].contains(&mode) {
        return Err(Refusal::invalid("Mode"));
    }
    let row = world
        .tables
        .network_interfaces
        .get(id)
        .filter(|row| !row.base.released && row.base.region == region)
        .ok_or_else(not_found)?;
    if world
        .tables
        .instances
        .values()
        .any(|instance| instance.interface == id)
    {
        return Err(Refusal::bad(
            "OperationDenied",
            "The primary interface is bound through its instance.",
        ));
    }
    let address = call
        .given("PrivateIpAddress")
        .map_or_else(|| row.address.to_string(), str::to_owned);
    if world.tables.eips.values().any(|eip| eip.is_at(id)) {
        return Err(Refusal::bad(
            "InvalidAssociation.Duplicated",
            "The interface has an EIP already.",
        ));
    }
    let vpc = world
        .tables
        .vswitches
        .get(&row.vswitch)
        .map(|vswitch| vswitch.vpc.clone())
        .unwrap_or_default();
    Ok(Target {
        id: id.to_owned(),
        kind: "NetworkInterface".to_owned(),
        vpc,
        private_address: address,
        mode: mode.to_owned(),
    })
}

pub(super) fn unassociate(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("AllocationId")?;
    let row = eip::find(world, call, id)?;
    call.harmless(&["PrivateIpAddress", "InstanceType"]);
    require(row.state == State::InUse, "IncorrectEipStatus")?;
    if call
        .given("InstanceId")
        .is_some_and(|target| !row.is_at(target))
    {
        return Err(Refusal::bad(
            "InvalidInstanceId.NotFound",
            "The EIP is not bound to the specified InstanceId.",
        ));
    }
    let address = row.address.clone();
    if call.flag("Force")?.unwrap_or(false) {
        snat::forget(world, &address);
        forward::forget(world, &address);
    }
    if snat::uses(world, &address) {
        return Err(Refusal::bad(
            "InvalidIpStatus.HasBeenUsedBySnatTable",
            "The EIP is used by an SNAT entry.",
        ));
    }
    if forward::uses(world, &address) {
        return Err(Refusal::bad(
            "InvalidIpStatus.HasBeenUsedByForwardEntry",
            "The EIP is used by a forward entry.",
        ));
    }
    let until = world.now_ms() + world.options.profile.eip_ms;
    let row = world
        .tables
        .eips
        .get_mut(id)
        .expect("the EIP was just found");
    row.go(State::Unassociating, until);
    done()
}
