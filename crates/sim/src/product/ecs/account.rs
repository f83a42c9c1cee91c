//! DescribeAccountAttributes: the quotas of an account and how much of them is used. DescribeVpcs
//! of ECS.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::cidr;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::Instance;
use crate::product::ecs::instance_type;
use crate::product::vpc::network::Vpc;
use crate::product::vpc::vswitch::{self, VSwitch};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeAccountAttributes", describe),
    ("DescribeVpcs", describe_vpcs),
    ("DescribeVSwitches", describe_vswitches),
];

/// All attributes, unless the call names some.
const NAMES: [&str; 9] = [
    "instance-network-type",
    "max-security-groups",
    "max-elastic-network-interfaces",
    "max-postpaid-instance-vcpu-count",
    "max-spot-instance-vcpu-count",
    "used-postpaid-instance-vcpu-count",
    "used-spot-instance-vcpu-count",
    "max-postpaid-yundisk-capacity",
    "real-name-authentication",
];

/// vCPUs of pay-as-you-go instances in a region, spot instances included.
fn used(world: &World, region: &str, spot: bool) -> i64 {
    let here = |row: &&Instance| {
        row.base.region == region && !row.base.released && row.charge_type == "PostPaid"
    };
    let rows = world
        .tables
        .instances
        .values()
        .filter(here)
        .filter(|row| (row.spot.strategy != "NoSpot") == spot);
    rows.map(|row| instance_type::find(&row.instance_type).map_or(0, |kind| kind.cpu))
        .sum()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["ZoneId"]);
    let wanted = call.list("AttributeName");
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(name)) {
        return Err(Refusal::not_modelled(&format!("AttributeName {unknown}")));
    }
    let quotas = &world.options.quotas;
    let items: Vec<Value> = NAMES
        .iter()
        .filter(|name| wanted.is_empty() || wanted.contains(name))
        .map(|name| {
            let value = match *name {
                "instance-network-type" => "vpc".to_owned(),
                "max-security-groups" => quotas.security_groups.to_string(),
                "max-elastic-network-interfaces" => quotas.interfaces.to_string(),
                "max-postpaid-instance-vcpu-count" | "max-spot-instance-vcpu-count" => {
                    quotas.vcpus.to_string()
                }
                "used-postpaid-instance-vcpu-count" => used(world, region, false).to_string(),
                "used-spot-instance-vcpu-count" => used(world, region, true).to_string(),
                "max-postpaid-yundisk-capacity" => "1000000".to_owned(),
                _ => "yes".to_owned(),
            };
            json!({"AttributeName": name, "AttributeValues": {"ValueItem": [{"Value": value}]}})
        })
        .collect();
    Ok(json!({ "AccountAttributeItems": { "AccountAttributeItem": items } }))
}

/// The older listing of VPCs, which the VPC product has replaced.
fn describe_vpcs(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, default) = (call.given("VpcId"), call.flag("IsDefault")?);
    let rows = world.shown(&world.tables.vpcs, id.is_some()).filter(|row| {
        row.base.region == region && id.is_none_or(|id| id == row.base.id) && default != Some(true)
    });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let list: Vec<Value> = page.items.iter().map(|row| vpc(world, row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "Vpcs": {"Vpc": list},
    }))
}

fn vpc(world: &World, row: &Vpc) -> Value {
    let inside = world
        .tables
        .vswitches
        .values()
        .filter(|vswitch| vswitch.vpc == row.base.id && !vswitch.base.released)
        .map(|vswitch| vswitch.base.id.as_str());
    let vswitches: Vec<&str> = inside.collect();
    json!({
        "VpcId": row.base.id, "VpcName": row.base.name, "Description": row.base.description,
        "RegionId": row.base.region,
        "CidrBlock": row.cidr_block.to_string(), "Status": row.state(), "IsDefault": false,
        "UserCidrs": {"UserCidr": []},
        "VSwitchIds": {"VSwitchId": vswitches},
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
    })
}

fn describe_vswitches(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, vpc, zone, default) = (
        call.given("VSwitchId"),
        call.given("VpcId"),
        call.given("ZoneId"),
        call.flag("IsDefault")?,
    );
    let rows = world
        .shown(&world.tables.vswitches, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && vpc.is_none_or(|vpc| vpc == row.vpc)
                && zone.is_none_or(|zone| zone == row.zone)
                && default != Some(true)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let list: Vec<Value> = page.items.iter().map(|row| vswitch(world, row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "VSwitches": {"VSwitch": list},
    }))
}

fn vswitch(world: &World, row: &VSwitch) -> Value {
    let taken = u32::try_from(vswitch::taken(world, &row.base.id).len()).unwrap_or(u32::MAX);
    json!({
        "VSwitchId": row.base.id, "VSwitchName": row.base.name, "Description": row.base.description,
        "VpcId": row.vpc,
        "ZoneId": row.zone, "CidrBlock": row.cidr_block.to_string(), "Status": row.state(),
        "IsDefault": false,
        "AvailableIpAddressCount": cidr::usable(row.cidr_block).saturating_sub(taken),
        "ResourceGroupId": row.base.resource_group,
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn what_is_used_is_counted() {
        let mut bench = Bench::new();
        bench.machine(&[]);
        let used = [("AttributeName.1", "used-postpaid-instance-vcpu-count")];
        let seen = bench.ok("ecs.DescribeAccountAttributes", &used);
        assert_eq!(
            seen["AccountAttributeItems"]["AccountAttributeItem"][0]["AttributeValues"]["ValueItem"]
                [0]["Value"],
            "2"
        );
        bench.ok("ecs.DescribeAccountAttributes", &[]);
    }

    #[test]
    fn networks_are_listed_here_too() {
        let mut bench = Bench::new();
        bench.machine(&[]);
        assert_eq!(
            bench.ok("ecs.DescribeVpcs", &[])["Vpcs"]["Vpc"][0]["CidrBlock"],
            "172.16.0.0/12"
        );
        assert_eq!(
            bench.ok("ecs.DescribeVSwitches", &[])["VSwitches"]["VSwitch"][0]["AvailableIpAddressCount"],
            251
        );
    }
}
