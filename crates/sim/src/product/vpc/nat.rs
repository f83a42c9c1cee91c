//! `nat_gateway`: access to the internet for the instances of a VPC without public addresses.
//!
//! Creating (60 s) → Available → Deleting (10 s) → gone from reads → (late release) its address in
//! the VSwitch is free. It has one SNAT table and one forward table. The first internet gateway of
//! a VPC adds 0.0.0.0/0 to the system route table. Invariant: its entries and routes are deleted
//! with it.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::cidr;
use crate::product::Actions;
use crate::product::vpc::label::Labels;
use crate::product::vpc::network::{self, Vpc};
use crate::product::vpc::phase::Phase;
use crate::product::vpc::vswitch::{self, VSwitch};
use crate::product::vpc::{eip, forward, route_entry, snat};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) mod read;

pub(crate) const ACTIONS: Actions = &[
    ("CreateNatGateway", create),
    ("ModifyNatGatewayAttribute", modify),
    ("DeleteNatGateway", delete),
    ("DescribeNatGateways", read::describe),
    ("GetNatGatewayAttribute", read::get),
];

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NatGateway {
    pub(crate) base: Base,
    pub(crate) phase: Phase,
    pub(crate) vpc: String,
    pub(crate) vswitch: String,
    zone: String,
    interface: String,
    pub(crate) private_address: Ipv4Addr,
    /// `internet` or `intranet`.
    pub(crate) network_type: String,
    pub(crate) bind_mode: String,
    icmp_reply: bool,
    private_link: bool,
    pub(crate) snat_table: String,
    pub(crate) forward_table: String,
}

impl Row for NatGateway {
    const KIND: &'static str = "nat_gateway";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        match self.phase {
            Phase::Pending(_) => "Creating",
            other => other.name(),
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.phase.due_ms()
    }

    fn step(world: &mut World, id: &str) {
        let released_ms = world.now_ms() + world.options.profile.late_release_ms;
        let Some(gateway) = world.tables.nat_gateways.get_mut(id) else {
            return;
        };
        match gateway.phase {
            Phase::Deleting(_) if gateway.base.released => {
                world.tables.nat_gateways.remove(id);
            }
            Phase::Deleting(_) => {
                gateway.base.released = true;
                gateway.phase = Phase::Deleting(released_ms);
                route_entry::forget_hop(world, id);
            }
            Phase::Pending(_) => {
                gateway.phase = Phase::Available;
                let (vpc, internet) = (gateway.vpc.clone(), gateway.network_type == "internet");
                if internet {
                    route_entry::add_default(world, &vpc, id);
                }
            }
            _ => gateway.phase = Phase::Available,
        }
    }
}

/// The gateway that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a NatGateway, Refusal> {
    let gateway = world
        .tables
        .nat_gateways
        .get(id)
        .filter(|row| !row.base.released && call.in_region(&row.base.region));
    gateway.ok_or_else(|| {
        Refusal::absent(
            "InvalidNatGatewayId.NotFound",
            format!("The specified NAT gateway {id} does not exist."),
        )
    })
}

/// The VPC and the VSwitch of a new gateway, both Available.
fn place<'a>(world: &'a World, call: &Call<'_>) -> Result<(&'a Vpc, &'a VSwitch), Refusal> {
    let vpc = network::find(world, call, call.need("VpcId")?)?;
    vpc.require_available("InvalidVPCStatus")?;
    let subnet = vswitch::find(world, call, call.need("VSwitchId")?)?;
    if subnet.vpc != vpc.base.id {
        return Err(Refusal::bad(
            "OperationFailed.VswNotBelongToVpc",
            "The VSwitch does not belong to the VPC.",
        ));
    }
    if subnet.state != vswitch::State::Available {
        return Err(Refusal::bad(
            "IncorrectStatus.VSWITCH",
            "The VSwitch is Pending.",
        ));
    }
    Ok((vpc, subnet))
}

/// The lowest free address of a VSwitch.
fn free_address(world: &World, subnet: &VSwitch) -> Result<Ipv4Addr, Refusal> {
    let taken = vswitch::taken(world, &subnet.base.id);
    let free = (0..cidr::usable(subnet.cidr_block))
        .map(|n| cidr::usable_at(subnet.cidr_block, n))
        .find(|at| !taken.contains(at));
    free.ok_or_else(|| Refusal::bad("ZONE_NO_AVAILABLE_IP", "The VSwitch has no free address."))
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&[
        "AutoPay",
        "Duration",
        "PricingCycle",
        "SecurityProtectionEnabled",
    ]);
    call.only("NatType", "Enhanced")?;
    call.only("InstanceChargeType", "PostPaid")?;
    call.only("InternetChargeType", "PayByLcu")?;
    let labels = Labels::of(call, "Name")?;
    let network_type = call.given("NetworkType").unwrap_or("internet");
    let bind_mode = call.given("EipBindMode").unwrap_or("MULTI_BINDED");
    if !["internet", "intranet"].contains(&network_type) {
        return Err(Refusal::invalid("NetworkType"));
    }
    if !["MULTI_BINDED", "NAT"].contains(&bind_mode) {
        return Err(Refusal::invalid("EipBindMode"));
    }
    let (vpc, subnet) = place(world, call)?;
    let (vpc_id, group) = (vpc.base.id.clone(), vpc.base.resource_group.clone());
    let (id_of_subnet, zone, region) = (
        subnet.base.id.clone(),
        subnet.zone.clone(),
        subnet.base.region.clone(),
    );
    let private_address = free_address(world, subnet)?;
    let tags = tags::of_create(call)?;
    let mut base = world.new_base("ngw", &region);
    labels.put(&mut base);
    (base.tags, base.resource_group) = (tags, group);
    let id = base.id.clone();
    let gateway = NatGateway {
        base,
        phase: Phase::Pending(world.now_ms() + world.options.profile.nat_create_ms),
        vpc: vpc_id,
        vswitch: id_of_subnet,
        zone,
        interface: world.next_id("eni", &region),
        private_address,
        network_type: network_type.to_owned(),
        bind_mode: bind_mode.to_owned(),
        icmp_reply: call.flag("IcmpReplyEnabled")?.unwrap_or(true),
        private_link: call.flag("PrivateLinkEnabled")?.unwrap_or(false),
        snat_table: world.next_id("stb", &region),
        forward_table: world.next_id("ftb", &region),
    };
    let answer = json!({
        "NatGatewayId": id,
        "SnatTableIds": {"SnatTableId": [gateway.snat_table]},
        "ForwardTableIds": {"ForwardTableId": [gateway.forward_table]},
        "FullNatTableIds": {"FullNatTableId": []},
    });
    world.tables.nat_gateways.insert(&id, gateway);
    Ok(answer)
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NatGatewayId")?;
    call.only("EnableSessionLog", "false")?;
    let gateway = find(world, call, id)?;
    let labels = Labels::of(call, "Name")?;
    gateway.phase.require_available("IncorrectStatus.NATGW")?;
    let bind_mode = call.given("EipBindMode");
    if bind_mode.is_some_and(|mode| mode != "NAT" && mode != gateway.bind_mode) {
        return Err(Refusal::invalid("EipBindMode"));
    }
    let icmp_reply = call.flag("IcmpReplyEnabled")?;
    let gateway = world
        .tables
        .nat_gateways
        .get_mut(id)
        .expect("the gateway was just found");
    labels.put(&mut gateway.base);
    gateway.icmp_reply = icmp_reply.unwrap_or(gateway.icmp_reply);
    if let Some(mode) = bind_mode {
        mode.clone_into(&mut gateway.bind_mode);
    }
    done()
}

/// With `Force`, its entries are deleted and its EIPs unbound; without, it must have neither.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NatGatewayId")?;
    let gateway = find(world, call, id)?;
    gateway.phase.require_available("IncorrectStatus.NATGW")?;
    let (snat_table, forward_table) = (gateway.snat_table.clone(), gateway.forward_table.clone());
    if call.flag("Force")?.unwrap_or(false) {
        snat::forget_table(world, &snat_table);
        forward::forget_table(world, &forward_table);
        eip::let_go(world, id);
    } else if world
        .tables
        .snat_entries
        .values()
        .any(|entry| entry.table == snat_table)
        || world
            .tables
            .forward_entries
            .values()
            .any(|entry| entry.table == forward_table)
    {
        return Err(Refusal::bad(
            "DependencyViolation",
            "The NAT gateway still has SNAT or forward entries.",
        ));
    } else if world.tables.eips.values().any(|eip| eip.is_at(id)) {
        return Err(Refusal::bad(
            "DependencyViolation.EIPS",
            "The NAT gateway still has EIPs.",
        ));
    }
    let until = world.now_ms() + world.options.profile.nat_delete_ms;
    let gateway = world
        .tables
        .nat_gateways
        .get_mut(id)
        .expect("the gateway was just found");
    gateway.phase = Phase::Deleting(until);
    done()
}

/// The gateway of an SNAT table or a forward table.
pub(crate) fn of_table<'a>(
    world: &'a World,
    call: &Call<'_>,
    table: &str,
    code: &'static str,
) -> Result<&'a NatGateway, Refusal> {
    let has = |row: &&NatGateway| {
        (row.snat_table == table || row.forward_table == table) && call.in_region(&row.base.region)
    };
    let gateway = world
        .tables
        .nat_gateways
        .values()
        .filter(|row| !row.base.released)
        .find(has);
    gateway.ok_or_else(|| {
        Refusal::absent(code, format!("The specified table {table} does not exist."))
    })
}

#[cfg(test)]
mod states;
#[cfg(test)]
mod tests;
