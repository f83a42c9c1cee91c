//! `bandwidth_package`: public bandwidth that several EIPs share; it replaces their own. Invariant:
//! an EIP is in one package at most.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::vpc::eip;
use crate::product::vpc::label::{self, Labels};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateCommonBandwidthPackage", create),
    ("DescribeCommonBandwidthPackages", describe),
    ("ModifyCommonBandwidthPackageAttribute", modify),
    ("ModifyCommonBandwidthPackageSpec", modify_spec),
    ("AddCommonBandwidthPackageIp", add),
    ("RemoveCommonBandwidthPackageIp", remove),
    ("DeleteCommonBandwidthPackage", delete),
];

/// A shared bandwidth.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BandwidthPackage {
    pub(crate) base: Base,
    /// Mbit/s.
    pub(crate) bandwidth: i64,
    charge_type: String,
    isp: String,
    ratio: i64,
}

impl Row for BandwidthPackage {
    const KIND: &'static str = "bandwidth_package";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a BandwidthPackage, Refusal> {
    let id = call.need("BandwidthPackageId")?;
    let row = world
        .tables
        .bandwidth_packages
        .get(id)
        .filter(|row| call.in_region(&row.base.region));
    row.ok_or_else(|| {
        Refusal::absent(
            "InvalidBandwidthPackageId.NotFound",
            format!("The bandwidth package {id} does not exist."),
        )
    })
}

fn bandwidth(call: &Call<'_>) -> Result<i64, Refusal> {
    call.int("Bandwidth")?
        .filter(|value| (1..=1_000).contains(value))
        .ok_or_else(|| Refusal::invalid("Bandwidth"))
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, bandwidth) = (call.region_needed()?, bandwidth(call)?);
    let (charge_type, isp) = (
        call.given("InternetChargeType").unwrap_or("PayByBandwidth"),
        call.given("ISP").unwrap_or("BGP"),
    );
    if ![
        "PayByBandwidth",
        "PayBy95",
        "PayByTraffic",
        "PayByDominantTraffic",
    ]
    .contains(&charge_type)
    {
        return Err(Refusal::invalid("InternetChargeType"));
    }
    if !["BGP", "BGP_PRO"].contains(&isp) {
        return Err(Refusal::invalid("ISP"));
    }
    let (labels, tags, ratio) = (
        Labels::of(call, "Name")?,
        tags::of_create(call)?,
        call.int("Ratio")?.unwrap_or(100),
    );
    let mut base = world.new_base("cbwp", region);
    labels.put(&mut base);
    label::put_group(call, &mut base);
    base.tags = tags;
    let (id, group) = (base.id.clone(), base.resource_group.clone());
    let row = BandwidthPackage {
        base,
        bandwidth,
        charge_type: charge_type.to_owned(),
        isp: isp.to_owned(),
        ratio,
    };
    world.tables.bandwidth_packages.insert(&id, row);
    Ok(json!({"BandwidthPackageId": id, "ResourceGroupId": group}))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, name, group) = (
        call.given("BandwidthPackageId"),
        call.given("Name"),
        call.given("ResourceGroupId"),
    );
    call.harmless(&["IncludeReservationData"]);
    call.only("SecurityProtectionEnabled", "false")?;
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.bandwidth_packages, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && name.is_none_or(|name| name == row.base.name)
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let rows: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "CommonBandwidthPackages": {"CommonBandwidthPackage": rows},
    }))
}

/// The element of `PublicIpAddresses` is spelt `PublicIpAddresse` by the cloud.
fn listed(world: &World, row: &BandwidthPackage) -> Value {
    let inside = world
        .tables
        .eips
        .values()
        .filter(|eip| eip.package.as_ref() == Some(&row.base.id));
    let addresses: Vec<Value> = inside
        .map(|eip| {
            json!({
                "AllocationId": eip.base.id, "IpAddress": eip.address,
                "BandwidthPackageIpRelationStatus": "BINDED",
            })
        })
        .collect();
    json!({
        "BandwidthPackageId": row.base.id, "Name": row.base.name,
        "Description": row.base.description,
        "Bandwidth": row.bandwidth.to_string(), "Status": "Available", "BusinessStatus": "Normal",
        "BizType": "",
        "InternetChargeType": row.charge_type, "InstanceChargeType": "PostPaid", "ISP": row.isp,
        "Ratio": row.ratio,
        "CreationTime": Timestamp(row.base.created_ms).seconds(), "ExpiredTime": "",
        "RegionId": row.base.region,
        "ResourceGroupId": row.base.resource_group, "DeletionProtection": false,
        "HasReservationData": "false",
        "ServiceManaged": 0, "Zone": "", "SecurityProtectionTypes": {"SecurityProtectionType": []},
        "PublicIpAddresses": {"PublicIpAddresse": addresses},
        "Tags": tags::key_list(&row.base.tags),
    })
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = find(world, call)?.base.id.clone();
    let labels = Labels::of(call, "Name")?;
    let row = world
        .tables
        .bandwidth_packages
        .get_mut(&id)
        .expect("the package was just found");
    labels.put(&mut row.base);
    done()
}

fn modify_spec(world: &mut World, call: &Call<'_>) -> Answer {
    let id = find(world, call)?.base.id.clone();
    let bandwidth = bandwidth(call)?;
    let row = world
        .tables
        .bandwidth_packages
        .get_mut(&id)
        .expect("the package was just found");
    row.bandwidth = bandwidth;
    done()
}

fn add(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("IpType", "EIP")?;
    let package = find(world, call)?;
    let eip = eip::find(world, call, call.need("IpInstanceId")?)?;
    if eip.package.is_some() {
        return Err(Refusal::bad(
            "BandwidthPackageOperation.conflict",
            "The address is in a bandwidth package already.",
        ));
    }
    if package.base.region != eip.base.region {
        return Err(Refusal::bad(
            "InvalidParameter.Mismatch",
            "The address and the package are in different regions.",
        ));
    }
    let (package, eip) = (package.base.id.clone(), eip.base.id.clone());
    world
        .tables
        .eips
        .get_mut(&eip)
        .expect("the EIP was just found")
        .package = Some(package);
    done()
}

fn remove(world: &mut World, call: &Call<'_>) -> Answer {
    let package = find(world, call)?.base.id.clone();
    let eip = eip::find(world, call, call.need("IpInstanceId")?)?;
    if eip.package.as_ref() != Some(&package) {
        return Err(Refusal::bad(
            "OperationUnsupported.IpNotInCbwp",
            "The address is not in the bandwidth package.",
        ));
    }
    let eip = eip.base.id.clone();
    world
        .tables
        .eips
        .get_mut(&eip)
        .expect("the EIP was just found")
        .package = None;
    done()
}

/// With `Force`, its EIPs return to their own bandwidth.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = find(world, call)?.base.id.clone();
    let inside: Vec<String> = world
        .tables
        .eips
        .values()
        .filter(|eip| eip.package.as_ref() == Some(&id))
        .map(|eip| eip.base.id.clone())
        .collect();
    if !inside.is_empty() && call.flag("Force")? != Some(true) {
        return Err(Refusal::bad(
            "DependencyViolation.EIPS",
            "The bandwidth package still has addresses in it.",
        ));
    }
    for eip in inside {
        if let Some(eip) = world.tables.eips.get_mut(&eip) {
            eip.package = None;
        }
    }
    world.tables.bandwidth_packages.remove(&id);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn addresses_share_a_bandwidth() {
        let mut bench = Bench::new();
        bench.refused(
            "vpc.CreateCommonBandwidthPackage",
            &[("Bandwidth", "0")],
            "400 InvalidParameter",
        );
        let id = text(
            &bench.ok(
                "vpc.CreateCommonBandwidthPackage",
                &[("Bandwidth", "50"), ("Name", "all")],
            ),
            "BandwidthPackageId",
        );
        let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
        let pair = [
            ("BandwidthPackageId", id.as_str()),
            ("IpInstanceId", eip.as_str()),
        ];
        bench.refused(
            "vpc.RemoveCommonBandwidthPackageIp",
            &pair,
            "400 OperationUnsupported.IpNotInCbwp",
        );
        bench.ok("vpc.AddCommonBandwidthPackageIp", &pair);
        bench.refused(
            "vpc.AddCommonBandwidthPackageIp",
            &pair,
            "400 BandwidthPackageOperation.conflict",
        );
        bench.ok(
            "vpc.ModifyCommonBandwidthPackageSpec",
            &[pair[0], ("Bandwidth", "60")],
        );
        bench.ok(
            "vpc.ModifyCommonBandwidthPackageAttribute",
            &[pair[0], ("Description", "shared")],
        );
        let address = |bench: &mut Bench| {
            bench.ok("vpc.DescribeEipAddresses", &[])["EipAddresses"]["EipAddress"][0].clone()
        };
        let row = address(&mut bench);
        assert_eq!(
            (text(&row, "Bandwidth"), text(&row, "EipBandwidth")),
            ("60".to_owned(), "5".to_owned())
        );
        let row = bench.ok("vpc.DescribeCommonBandwidthPackages", &[("Name", "all")])["CommonBandwidthPackages"].clone();
        assert_eq!(
            row["CommonBandwidthPackage"][0]["PublicIpAddresses"]["PublicIpAddresse"][0]["AllocationId"],
            eip.as_str()
        );
        bench.refused(
            "vpc.DeleteCommonBandwidthPackage",
            &pair[..1],
            "400 DependencyViolation.EIPS",
        );
        bench.ok("vpc.RemoveCommonBandwidthPackageIp", &pair);
        assert_eq!(text(&address(&mut bench), "Bandwidth"), "5");
        bench.ok("vpc.DeleteCommonBandwidthPackage", &pair[..1]);
        bench.refused(
            "vpc.DeleteCommonBandwidthPackage",
            &pair[..1],
            "404 InvalidBandwidthPackageId.NotFound",
        );
    }
}
