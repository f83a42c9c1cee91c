//! DescribeEipAddresses. Bandwidths are texts; an unknown id is an empty list.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::page;
use crate::product::vpc::eip::{Eip, State};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["IncludeReservationData"]);
    let (ids, addresses) = (list(call, "AllocationId")?, list(call, "EipAddress")?);
    let (name, status, group) = (
        call.given("EipName"),
        call.given("Status"),
        call.given("ResourceGroupId"),
    );
    let (target, kind) = (
        call.given("AssociatedInstanceId"),
        call.given("AssociatedInstanceType"),
    );
    let (charge, isp, managed) = (
        call.given("ChargeType"),
        call.given("ISP"),
        call.flag("ServiceManaged")?,
    );
    let filter = tags::Filter::of(call)?;
    let fits = |eip: &&Eip| {
        let at = eip.target.as_ref();
        eip.base.region == region
            && ids
                .as_ref()
                .is_none_or(|ids| ids.contains(&eip.base.id.as_str()))
            && addresses
                .as_ref()
                .is_none_or(|list| list.contains(&eip.address.as_str()))
            && name.is_none_or(|name| name == eip.base.name)
            && status.is_none_or(|status| status == eip.state())
            && group.is_none_or(|group| group == eip.base.resource_group)
            && target.is_none_or(|id| eip.is_at(id))
            && kind.is_none_or(|kind| at.is_some_and(|at| at.kind == kind))
            && charge.is_none_or(|charge| charge == eip.charge_type)
            && isp.is_none_or(|isp| isp == eip.isp)
            && managed != Some(true)
            && filter.fits(&eip.base.tags)
    };
    let rows = world.shown(&world.tables.eips, ids.is_some()).filter(fits);
    let page = page::numbered(call, page::newest_first(rows, |eip| &eip.base), 100)?;
    let rows: Vec<Value> = page.items.iter().map(|eip| listed(world, eip)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "EipAddresses": {"EipAddress": rows},
    }))
}

/// At most fifty values between commas.
fn list<'a>(call: &Call<'a>, name: &str) -> Result<Option<Vec<&'a str>>, Refusal> {
    let values: Option<Vec<&str>> = call
        .given(name)
        .map(|list| list.split(',').map(str::trim).collect());
    if values.as_ref().is_some_and(|values| values.len() > 50) {
        Err(Refusal::invalid(name))
    } else {
        Ok(values)
    }
}

fn listed(world: &World, eip: &Eip) -> Value {
    let package = eip
        .package
        .as_ref()
        .and_then(|id| world.tables.bandwidth_packages.get(id));
    let shared = package.map(|package| package.bandwidth.to_string());
    let governed = package.map_or(eip.bandwidth, |package| package.bandwidth);
    let at = |field: fn(&super::Target) -> &str| eip.target.as_ref().map(field).unwrap_or_default();
    let bound = eip.state != State::Available;
    let mut body = json!({
        "AllocationId": eip.base.id,
        "IpAddress": eip.address,
        "Name": eip.base.name,
        "Description": eip.base.description,
        "Status": eip.state(),
        "InstanceId": at(|target| &target.id),
        "InstanceType": at(|target| &target.kind),
        "InstanceRegionId": if bound { eip.base.region.as_str() } else { "" },
        "PrivateIpAddress": at(|target| &target.private_address),
        "Mode": at(|target| &target.mode),
        "VpcId": at(|target| &target.vpc),
        "Bandwidth": governed.to_string(),
        "EipBandwidth": eip.bandwidth.to_string(),
        "BandwidthPackageBandwidth": shared.unwrap_or_default(),
        "BandwidthPackageId": eip.package.as_deref().unwrap_or_default(),
        "BandwidthPackageType": if package.is_some() { "CommonBandwidthPackage" } else { "" },
        "ChargeType": eip.charge_type,
        "InternetChargeType": eip.internet_charge_type,
        "ISP": eip.isp,
        "Netmode": "public",
        "AllocationTime": Timestamp(eip.base.created_ms).seconds(),
        "ExpiredTime": "",
    });
    let rest = json!({
        "BusinessStatus": "Normal",
        "BizType": "",
        "Zone": "",
        "HDMonitorStatus": "OFF",
        "HasReservationData": "false",
        "DeletionProtection": false,
        "SecondLimited": false,
        "ServiceManaged": 0,
        "OperationLocks": {"LockReason": []},
        "SecurityProtectionTypes": {"SecurityProtectionType": []},
        "PublicIpAddressPoolId": "",
        "SegmentInstanceId": "",
        "ResourceGroupId": eip.base.resource_group,
        "RegionId": eip.base.region,
        "Tags": tags::key_list(&eip.base.tags),
    });
    merge(&mut body, rest);
    body
}

/// Puts the fields of one object into another.
pub(crate) fn merge(body: &mut Value, rest: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (body, rest) {
        fields.extend(more);
    }
}
