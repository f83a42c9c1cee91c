//! The properties of listings: every row is on exactly one page, the total is their number, and
//! counts equal the rows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::property;
use super::rows::{Rows, handle, is_seen, list};
use super::run::Run;

/// A listing that shows every row of a kind.
pub(crate) struct Listing {
    action: &'static str,
    /// Parameters in addition to those of paging.
    with: &'static [(&'static str, &'static str)],
    /// The place of the rows, and the field of their id.
    path: &'static str,
    id: &'static str,
    kind: &'static str,
    /// Whether there are pages by number, by token.
    pages: (bool, bool),
}

const fn listing(
    action: &'static str,
    path: &'static str,
    id: &'static str,
    kind: &'static str,
    pages: (bool, bool),
) -> Listing {
    Listing {
        action,
        with: &[],
        path,
        id,
        kind,
        pages,
    }
}

/// All listings that are checked.
pub(crate) const LISTINGS: &[Listing] = &[
    listing(
        "vpc.DescribeVpcs",
        "/Vpcs/Vpc",
        "VpcId",
        "vpc",
        (true, false),
    ),
    listing(
        "vpc.DescribeVSwitches",
        "/VSwitches/VSwitch",
        "VSwitchId",
        "vswitch",
        (true, false),
    ),
    listing(
        "vpc.DescribeRouteTableList",
        "/RouterTableList/RouterTableListType",
        "RouteTableId",
        "route_table",
        (true, false),
    ),
    listing(
        "vpc.DescribeEipAddresses",
        "/EipAddresses/EipAddress",
        "AllocationId",
        "eip",
        (true, false),
    ),
    listing(
        "vpc.DescribeCommonBandwidthPackages",
        "/CommonBandwidthPackages/CommonBandwidthPackage",
        "BandwidthPackageId",
        "bandwidth_package",
        (true, false),
    ),
    listing(
        "vpc.DescribeNatGateways",
        "/NatGateways/NatGateway",
        "NatGatewayId",
        "nat_gateway",
        (true, false),
    ),
    listing(
        "vpc.DescribeNetworkAcls",
        "/NetworkAcls/NetworkAcl",
        "NetworkAclId",
        "network_acl",
        (true, false),
    ),
    listing(
        "ecs.DescribeSecurityGroups",
        "/SecurityGroups/SecurityGroup",
        "SecurityGroupId",
        "security_group",
        (true, true),
    ),
    listing(
        "ecs.DescribeKeyPairs",
        "/KeyPairs/KeyPair",
        "KeyPairName",
        "key_pair",
        (true, false),
    ),
    listing(
        "ecs.DescribeInstances",
        "/Instances/Instance",
        "InstanceId",
        "instance",
        (true, true),
    ),
    listing(
        "ecs.DescribeInstanceStatus",
        "/InstanceStatuses/InstanceStatus",
        "InstanceId",
        "instance",
        (true, false),
    ),
    listing(
        "ecs.DescribeDisks",
        "/Disks/Disk",
        "DiskId",
        "disk",
        (true, true),
    ),
    listing(
        "ecs.DescribeNetworkInterfaces",
        "/NetworkInterfaceSets/NetworkInterfaceSet",
        "NetworkInterfaceId",
        "network_interface",
        (true, true),
    ),
    listing(
        "ecs.DescribeSnapshots",
        "/Snapshots/Snapshot",
        "SnapshotId",
        "snapshot",
        (true, true),
    ),
    listing(
        "ecs.DescribeSnapshotGroups",
        "/SnapshotGroups/SnapshotGroup",
        "SnapshotGroupId",
        "snapshot_group",
        (false, true),
    ),
    listing(
        "ecs.DescribeAutoSnapshotPolicyEx",
        "/AutoSnapshotPolicies/AutoSnapshotPolicy",
        "AutoSnapshotPolicyId",
        "auto_snapshot_policy",
        (true, false),
    ),
    Listing {
        action: "ecs.DescribeImages",
        with: &[
            ("ImageOwnerAlias", "self"),
            ("Status", "Creating,Available,UnAvailable"),
        ],
        path: "/Images/Image",
        id: "ImageId",
        kind: "image",
        pages: (true, false),
    },
    listing(
        "ecs.DescribeLaunchTemplates",
        "/LaunchTemplateSets/LaunchTemplateSet",
        "LaunchTemplateId",
        "launch_template",
        (true, false),
    ),
    listing(
        "ecs.DescribeDeploymentSets",
        "/DeploymentSets/DeploymentSet",
        "DeploymentSetId",
        "deployment_set",
        (true, false),
    ),
    listing(
        "ecs.DescribeCommands",
        "/Commands/Command",
        "CommandId",
        "command",
        (true, true),
    ),
    listing(
        "ecs.DescribeInvocations",
        "/Invocations/Invocation",
        "InvokeId",
        "invocation",
        (true, true),
    ),
    listing(
        "ecs.DescribePrefixLists",
        "/PrefixLists/PrefixList",
        "PrefixListId",
        "prefix_list",
        (false, true),
    ),
    listing(
        "oos.ListParameters",
        "/Parameters",
        "Name",
        "parameter",
        (false, true),
    ),
];

/// Tags that both a listing and ListTagResources show: action, type, listing.
const TAGGED: &[(&str, &str, &str)] = &[
    ("ecs.ListTagResources", "instance", "ecs.DescribeInstances"),
    ("ecs.ListTagResources", "disk", "ecs.DescribeDisks"),
    (
        "ecs.ListTagResources",
        "securitygroup",
        "ecs.DescribeSecurityGroups",
    ),
    ("ecs.ListTagResources", "snapshot", "ecs.DescribeSnapshots"),
    (
        "ecs.ListTagResources",
        "eni",
        "ecs.DescribeNetworkInterfaces",
    ),
    ("vpc.ListTagResources", "VPC", "vpc.DescribeVpcs"),
    ("vpc.ListTagResources", "VSWITCH", "vpc.DescribeVSwitches"),
    ("vpc.ListTagResources", "EIP", "vpc.DescribeEipAddresses"),
];

/// Reads one listing by number and by token, and the reads that depend on it.
pub(crate) fn check(run: &mut Run, which: usize) -> Result<(), String> {
    let listing = &LISTINGS[which % LISTINGS.len()];
    let sizes: [i64; 3] = [1, 3, 50];
    let size = sizes[which % sizes.len()];
    let rows = match listing.pages {
        (true, by_token) => {
            if by_token {
                by_tokens(run, listing)?;
            }
            by_number(run, listing, size)?
        }
        (false, _) => by_tokens(run, listing)?,
    };
    counts(&run.rows, listing, &rows)?;
    tags(run, listing, &rows)
}

fn here(run: &Run, listing: &Listing) -> BTreeSet<String> {
    let seen = run
        .rows
        .kind(listing.kind)
        .values()
        .filter(|row| is_seen(row) && in_region(row));
    let own = seen.filter(|row| listing.kind != "image" || !row["custom"].is_null());
    own.filter_map(|row| Some(row["base"][handle(listing.kind)].as_str()?.to_owned()))
        .collect()
}

fn in_region(row: &Value) -> bool {
    row["base"]["region"] == "cn-beijing" || row["base"]["region"] == ""
}

fn same(run: &Run, listing: &Listing, rows: &[Value]) -> Result<(), String> {
    let ids: Vec<&str> = rows
        .iter()
        .filter_map(|row| row[listing.id].as_str())
        .collect();
    let set: BTreeSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let there = here(run, listing);
    if ids.len() != rows.len() || set.len() != ids.len() || set != there {
        return Err(format!(
            "{} shows {ids:?}, there are {there:?}",
            listing.action
        ));
    }
    Ok(())
}

fn by_number(run: &mut Run, listing: &Listing, size: i64) -> Result<Vec<Value>, String> {
    let (mut rows, mut number) = (Vec::new(), 1_i64);
    loop {
        let (number_text, size_text) = (number.to_string(), size.to_string());
        let body = run.read(
            listing.action,
            &[
                listing.with,
                &[("PageNumber", &number_text), ("PageSize", &size_text)],
            ]
            .concat(),
        )?;
        let page = items(&body, listing)?;
        let total = number_of(&body["TotalCount"])
            .ok_or_else(|| format!("{} has no TotalCount", listing.action))?;
        rows.extend(page.iter().cloned());
        if page.is_empty() || rows.len() as u64 >= total {
            if rows.len() as u64 != total {
                return Err(format!(
                    "{} says {total} and shows {}",
                    listing.action,
                    rows.len()
                ));
            }
            same(run, listing, &rows)?;
            return Ok(rows);
        }
        number += 1;
    }
}

fn by_tokens(run: &mut Run, listing: &Listing) -> Result<Vec<Value>, String> {
    let (mut rows, mut token) = (Vec::new(), String::new());
    loop {
        let body = run.read(
            listing.action,
            &[listing.with, &[("MaxResults", "10"), ("NextToken", &token)]].concat(),
        )?;
        rows.extend(items(&body, listing)?.iter().cloned());
        body["NextToken"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut token);
        if token.is_empty() {
            same(run, listing, &rows)?;
            return Ok(rows);
        }
    }
}

/// A number, which some actions write as a text.
fn number_of(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn items<'a>(body: &'a Value, listing: &Listing) -> Result<&'a Vec<Value>, String> {
    body.pointer(listing.path)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("{} has no list at {}", listing.action, listing.path))
}

/// Compares counts in listings with the existing rows.
fn counts(rows: &Rows, listing: &Listing, shown: &[Value]) -> Result<(), String> {
    for row in shown {
        let id = row[listing.id].as_str().unwrap_or_default();
        match listing.kind {
            "vswitch" => {
                let length: u32 = row["CidrBlock"]
                    .as_str()
                    .and_then(|block| block.split_once('/')?.1.parse().ok())
                    .unwrap_or(32);
                let free = (1_u64 << (32 - length)).saturating_sub(4)
                    - property::taken(rows, id).len() as u64;
                if row["AvailableIpAddressCount"] != free {
                    return Err(format!(
                        "{id} has {} free addresses, should have {free}",
                        row["AvailableIpAddressCount"]
                    ));
                }
            }
            "instance" => {
                let eni = rows.kind("instance")[id]["interface"]
                    .as_str()
                    .unwrap_or_default();
                let groups: BTreeSet<&str> =
                    list(&rows.kind("network_interface")[eni]["security_groups"]).collect();
                let shown: BTreeSet<&str> =
                    list(&row["SecurityGroupIds"]["SecurityGroupId"]).collect();
                if listing.action == "ecs.DescribeInstances" && shown != groups {
                    return Err(format!("{id} shows the groups {shown:?}, is in {groups:?}"));
                }
            }
            "deployment_set" => {
                let named = rows
                    .kind("instance")
                    .values()
                    .filter(|one| is_seen(one) && one["extras"]["deployment_set"] == id)
                    .count();
                if row["InstanceAmount"] != named as u64 {
                    return Err(format!(
                        "{id} says it has {} machines, {named} name it",
                        row["InstanceAmount"]
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Each tag in a listing is a row of ListTagResources, and there are no other rows.
fn tags(run: &mut Run, listing: &Listing, shown: &[Value]) -> Result<(), String> {
    let Some((action, kind, _)) = TAGGED.iter().find(|(_, _, of)| *of == listing.action) else {
        return Ok(());
    };
    let mut expected = BTreeSet::new();
    for row in shown {
        for tag in row["Tags"]["Tag"].as_array().into_iter().flatten() {
            let key = tag["TagKey"]
                .as_str()
                .or_else(|| tag["Key"].as_str())
                .unwrap_or_default();
            let value = tag["TagValue"]
                .as_str()
                .or_else(|| tag["Value"].as_str())
                .unwrap_or_default();
            expected.insert((
                row[listing.id].as_str().unwrap_or_default().to_owned(),
                key.to_owned(),
                value.to_owned(),
            ));
        }
    }
    let ids: Vec<&str> = shown
        .iter()
        .take(20)
        .filter_map(|row| row[listing.id].as_str())
        .collect();
    let names: Vec<String> = (1..=ids.len()).map(|n| format!("ResourceId.{n}")).collect();
    let mut pairs: Vec<(&str, &str)> = names
        .iter()
        .map(String::as_str)
        .zip(ids.iter().copied())
        .collect();
    if pairs.is_empty() {
        return Ok(());
    }
    pairs.push(("ResourceType", kind));
    expected.retain(|(id, _, _)| ids.contains(&id.as_str()));
    let (mut listed, mut token) = (BTreeSet::new(), String::new());
    loop {
        let body = run.read(
            action,
            &[&pairs[..], &[("NextToken", token.as_str())]].concat(),
        )?;
        let found = body["TagResources"]["TagResource"]
            .as_array()
            .or_else(|| body["TagResources"].as_array())
            .cloned()
            .unwrap_or_default();
        for row in found {
            let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            if !listed.insert((field("ResourceId"), field("TagKey"), field("TagValue"))) {
                return Err(format!("{action} shows {row} twice"));
            }
        }
        body["NextToken"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut token);
        if token.is_empty() {
            break;
        }
    }
    if listed == expected {
        Ok(())
    } else {
        Err(format!(
            "{action} shows {listed:?}, {} shows {expected:?}",
            listing.action
        ))
    }
}
