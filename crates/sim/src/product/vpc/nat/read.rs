//! DescribeNatGateways and GetNatGatewayAttribute, whose shapes have little in common.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::page;
use crate::product::vpc::eip::read::merge;
use crate::product::vpc::nat::{self, NatGateway};
use crate::product::vpc::{forward, snat};
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, vpc, name, zone) = (
        call.given("NatGatewayId"),
        call.given("VpcId"),
        call.given("Name"),
        call.given("ZoneId"),
    );
    let (status, kind, network) = (
        call.given("Status"),
        call.given("NatType"),
        call.given("NetworkType"),
    );
    let (charge, group) = (
        call.given("InstanceChargeType"),
        call.given("ResourceGroupId"),
    );
    call.harmless(&["Spec"]);
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.nat_gateways, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && vpc.is_none_or(|vpc| vpc == row.vpc)
                && name.is_none_or(|name| name == row.base.name)
                && zone.is_none_or(|zone| zone == row.zone)
                && status.is_none_or(|status| status == row.state())
                && kind.is_none_or(|kind| kind == "Enhanced")
                && network.is_none_or(|network| network == row.network_type)
                && charge.is_none_or(|charge| charge == "PostPaid")
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let rows: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NatGateways": {"NatGateway": rows},
    }))
}

fn common(row: &NatGateway) -> Value {
    json!({
        "NatGatewayId": row.base.id,
        "Name": row.base.name,
        "Description": row.base.description,
        "VpcId": row.vpc,
        "RegionId": row.base.region,
        "Status": row.state(),
        "NatType": "Enhanced",
        "NetworkType": row.network_type,
        "BusinessStatus": "Normal",
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
        "ExpiredTime": "",
        "ResourceGroupId": row.base.resource_group,
        "EcsMetricEnabled": false,
        "PrivateLinkEnabled": row.private_link,
        "PrivateLinkMode": "",
    })
}

/// Tags are `TagKey` and `TagValue` here, unlike in the rest of the product.
fn listed(world: &World, row: &NatGateway) -> Value {
    let mut body = common(row);
    let rest = json!({
        "Spec": "",
        "InstanceChargeType": "PostPaid",
        "InternetChargeType": "PayByLcu",
        "EipBindMode": row.bind_mode,
        "AutoPay": false,
        "DeletionProtection": false,
        "IcmpReplyEnabled": row.icmp_reply,
        "SecurityProtectionEnabled": false,
        "EnableSessionLog": "false",
        "SnatTableIds": {"SnatTableId": [row.snat_table]},
        "ForwardTableIds": {"ForwardTableId": [row.forward_table]},
        "FullNatTableIds": {"FullNatTableId": []},
        "IpLists": {"IpList": addresses(world, row, true)},
        "NatGatewayPrivateInfo": {
            "VswitchId": row.vswitch, "IzNo": row.zone,
            "PrivateIpAddress": row.private_address.to_string(),
            "EniInstanceId": row.interface, "EniType": "indirect", "MaxBandwidth": 5120,
            "MaxSessionEstablishRate": 100_000, "MaxSessionQuota": 2_000_000,
        },
        "Tags": tags::tag_key_list(&row.base.tags),
    });
    merge(&mut body, rest);
    body
}

/// Its EIPs, and the entries that use each.
fn addresses(world: &World, row: &NatGateway, whole: bool) -> Vec<Value> {
    let bound = world
        .tables
        .eips
        .values()
        .filter(|eip| eip.is_at(&row.base.id));
    bound
        .map(|eip| {
            let using = match (
                forward::uses(world, &eip.address),
                snat::uses(world, &eip.address),
            ) {
                (true, true) => "UsedByForwardSnatTable",
                (true, false) => "UsedByForwardTable",
                (false, true) => "UsedBySnatTable",
                (false, false) => "Idle",
            };
            let mut one = json!({
                "AllocationId": eip.base.id, "IpAddress": eip.address, "UsingStatus": using,
            });
            if whole {
                one["PrivateIpAddress"] = json!(row.private_address.to_string());
                one["SnatEntryEnabled"] = json!(true);
            }
            one
        })
        .collect()
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Answer {
    let row = nat::find(world, call, call.need("NatGatewayId")?)?;
    let mut body = common(row);
    let snat = world
        .tables
        .snat_entries
        .values()
        .filter(|entry| entry.table == row.snat_table)
        .count();
    let forward = world
        .tables
        .forward_entries
        .values()
        .filter(|entry| entry.table == row.forward_table)
        .count();
    let rest = json!({
        "BillingConfig": {
            "AutoPay": "false", "InstanceChargeType": "PostPaid",
            "InternetChargeType": "PayByLcu", "Spec": "",
        },
        "DeletionProtectionInfo": {"Enabled": false},
        "EnableSessionLog": false,
        "SnatTable": {"SnatTableId": row.snat_table, "SnatEntryCount": snat},
        "ForwardTable": {"ForwardTableId": row.forward_table, "ForwardEntryCount": forward},
        "FullNatTable": {"FullNatTableId": "", "FullNatEntryCount": 0},
        "IpList": addresses(world, row, false),
        "PrivateInfo": {
            "VswitchId": row.vswitch, "IzNo": row.zone,
            "PrivateIpAddress": row.private_address.to_string(),
            "EniInstanceId": row.interface, "MaxBandwidth": 5120,
        },
    });
    merge(&mut body, rest);
    Ok(body)
}
