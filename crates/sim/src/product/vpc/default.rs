//! The default VPC of a region and its default VSwitches, whose blocks the cloud chooses.

use ipnet::Ipv4Net;
use serde_json::json;

use crate::call::{Answer, Call};
use crate::cidr;
use crate::product::Actions;
use crate::product::vpc::{ipv6, label, network, vswitch};
use crate::refusal::Refusal;
use crate::regions;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("CreateDefaultVpc", create_vpc),
    ("CreateDefaultVSwitch", create_vswitch),
];

const BLOCK: &str = "172.31.0.0/16";

fn default_of(world: &World, region: &str) -> Option<String> {
    let row = world
        .tables
        .vpcs
        .values()
        .find(|vpc| vpc.base.region == region && vpc.is_default);
    row.map(|vpc| vpc.base.id.clone())
}

fn create_vpc(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    if default_of(world, region).is_some() {
        return Err(Refusal::bad(
            "OperationFailed.DefaultVpcExist",
            "The region has a default VPC already.",
        ));
    }
    let block = BLOCK.parse().expect("the block is well-formed");
    let id = network::make(world, region, block)?;
    ipv6::switch(world, &id, call.flag("EnableIpv6")?.unwrap_or(false))?;
    let vpc = world
        .tables
        .vpcs
        .get_mut(&id)
        .expect("the VPC was just made");
    vpc.is_default = true;
    label::put_group(call, &mut vpc.base);
    Ok(json!({"VpcId": id, "VRouterId": vpc.vrouter, "RouteTableId": vpc.route_table}))
}

/// The first free block of 20 bits.
fn create_vswitch(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, zone) = (call.region_needed()?, call.need("ZoneId")?);
    if !regions::find(region).is_some_and(|region| region.has_zone(zone)) {
        return Err(Refusal::absent(
            "InvalidZoneId.NotFound",
            "Specified zone does not exist.",
        ));
    }
    let vpc = default_of(world, region).ok_or_else(|| {
        Refusal::absent("InvalidVpcId.NotFound", "The region has no default VPC.")
    })?;
    let here = || {
        world
            .tables
            .vswitches
            .values()
            .filter(|row| row.vpc == vpc && !row.base.released)
    };
    if here().any(|row| row.is_default && row.zone == zone) {
        return Err(Refusal::bad(
            "OperationFailed.DefaultVSwitchExist",
            "The zone has a default VSwitch already.",
        ));
    }
    let whole: Ipv4Net = BLOCK.parse().expect("the block is well-formed");
    let mut blocks = whole.subnets(20).expect("20 bits fit into 16");
    let free = blocks.find(|block| !here().any(|row| cidr::overlap(row.cidr_block, *block)));
    let block = free.ok_or_else(|| {
        Refusal::bad(
            "InvalidCidrBlock.Overlapped",
            "The default VPC has no free block.",
        )
    })?;
    let id = vswitch::make(world, &vpc, zone, block)?;
    world
        .tables
        .vswitches
        .get_mut(&id)
        .expect("the VSwitch was just made")
        .is_default = true;
    Ok(json!({ "VSwitchId": id }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn one_default_vpc_a_region_and_one_default_vswitch_a_zone() {
        let mut bench = Bench::new();
        let zone = |letter: &'static str| [("ZoneId", letter)];
        bench.refused(
            "vpc.CreateDefaultVSwitch",
            &zone("cn-beijing-h"),
            "404 InvalidVpcId.NotFound",
        );
        let vpc = text(&bench.ok("vpc.CreateDefaultVpc", &[]), "VpcId");
        bench.refused(
            "vpc.CreateDefaultVpc",
            &[],
            "400 OperationFailed.DefaultVpcExist",
        );
        bench.wait(2_000);
        bench.ok("vpc.CreateDefaultVSwitch", &zone("cn-beijing-h"));
        bench.wait(3_000);
        bench.refused(
            "vpc.CreateDefaultVSwitch",
            &zone("cn-beijing-h"),
            "400 OperationFailed.DefaultVSwitchExist",
        );
        bench.ok("vpc.CreateDefaultVSwitch", &zone("cn-beijing-g"));
        let rows = bench.ok(
            "vpc.DescribeVSwitches",
            &[("VpcId", &vpc), ("IsDefault", "true")],
        );
        assert_eq!(rows["TotalCount"], 2);
        assert_eq!(
            bench.ok("vpc.DescribeVpcs", &[("IsDefault", "true")])["Vpcs"]["Vpc"][0]["CidrBlock"],
            "172.31.0.0/16"
        );
    }
}
