//! Secondary IPv4 blocks of a VPC. IPv6 blocks and address pools are not modelled.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::cidr;
use crate::product::Actions;
use crate::product::vpc::network;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("AssociateVpcCidrBlock", associate),
    ("UnassociateVpcCidrBlock", unassociate),
];

fn associate(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("IpVersion", "IPV4")?;
    let id = call.need("VpcId")?;
    let vpc = network::find(world, call, id)?;
    let block = network::primary_block(call.need("SecondaryCidrBlock")?)?;
    vpc.require_available("IncorrectStatus.Vpc")?;
    if vpc.blocks().any(|other| cidr::overlap(other, block)) {
        return Err(Refusal::bad(
            "OperationDenied.CidrConflictWithExistCidr",
            "The CIDR block conflicts with an existing one.",
        ));
    }
    if vpc.secondary.len() >= world.options.quotas.vpc_blocks {
        return Err(Refusal::bad(
            "QuotaExceeded",
            "The number of secondary CIDR blocks exceeds the quota.",
        ));
    }
    let until = world.now_ms() + world.options.profile.vpc_update_ms;
    let vpc = world
        .tables
        .vpcs
        .get_mut(id)
        .expect("the VPC was just found");
    vpc.secondary.push(block);
    vpc.pend(until);
    Ok(json!({"CidrBlock": block.to_string(), "IpVersion": "IPV4"}))
}

fn unassociate(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("VpcId")?;
    let vpc = network::find(world, call, id)?;
    let text = call.need("SecondaryCidrBlock")?;
    let block = cidr::exact(text).filter(|block| vpc.secondary.contains(block));
    let block = block.ok_or_else(|| {
        Refusal::absent(
            "InvalidCidrBlock.NotFound",
            format!("The VPC has no secondary block {text}."),
        )
    })?;
    vpc.require_available("IncorrectStatus.Vpc")?;
    let used = |vswitch: &super::vswitch::VSwitch| {
        vswitch.vpc == id && block.contains(&vswitch.cidr_block)
    };
    if world.tables.vswitches.values().any(used) {
        return Err(Refusal::bad(
            "OperationFailed.CidrInUse",
            "The CIDR block is used by a VSwitch.",
        ));
    }
    let until = world.now_ms() + world.options.profile.vpc_update_ms;
    let vpc = world
        .tables
        .vpcs
        .get_mut(id)
        .expect("the VPC was just found");
    vpc.secondary.retain(|other| *other != block);
    vpc.pend(until);
    done()
}
