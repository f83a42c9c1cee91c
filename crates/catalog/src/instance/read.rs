//! Reading instances: listings, system disks, images, and their decoding.

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Json, Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{Found, Proof, Query, Row, Site};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::Args;
use setpoint_plan::{Map, Value, args};

use crate::instance::{DEF, LISTING, ready};
use crate::shared::{find_filter, live, read_id, read_tags, rows, stack_filter, texts};

const INSTANCES: Listing = Listing {
    style: Style::Token { size: 100 },
    rows: "Instances.Instance",
    id: "InstanceId",
};
const DISKS: Listing = Listing {
    style: Style::Token { size: 500 },
    rows: "Disks.Disk",
    id: "DiskId",
};
const IMAGES: Listing = Listing {
    style: Style::Number { size: 100 },
    rows: "Images.Image",
    id: "ImageId",
};

pub(super) fn list(site: &Site, stack: &str) -> Query {
    listing(site, stack_filter(stack))
}

pub(super) fn by_ids(site: &Site, ids: &[String]) -> Query {
    listing(site, vec![("InstanceIds", args::json_list(ids))])
}

pub(super) fn find(site: &Site, by: &Map) -> Option<Query> {
    find_filter(by, "InstanceName").map(|filter| listing(site, filter))
}

fn listing(site: &Site, args: Args) -> Query {
    query(site, "list", LISTING, args, INSTANCES)
}

fn query(
    site: &Site,
    view: &'static str,
    action: &'static setpoint_plan::Action,
    args: Args,
    listing: Listing,
) -> Query {
    Query {
        kind: DEF.name,
        view,
        site: site.clone(),
        api: action,
        args,
        listing,
        proof: Proof::DryRun,
    }
}

/// RunInstances puts an instance's tags on its disks, so one listing shows the system disks of all.
pub(super) fn system_disks(site: &Site, stack: &str) -> Query {
    let args = [
        stack_filter(stack),
        vec![("DiskType", Value::text("system"))],
    ]
    .concat();
    Query {
        proof: Proof::Refused,
        ..query(site, "disks", &api::DESCRIBE_DISKS, args, DISKS)
    }
}

/// One disk, for waits.
pub(super) fn disk(site: &Site, disk: &str) -> Query {
    let args = vec![("DiskIds", args::json_list(&[disk]))];
    Query {
        proof: Proof::Refused,
        ..query(site, "disks", &api::DESCRIBE_DISKS, args, DISKS)
    }
}

/// The images that a look-up in braces means.
pub(super) fn images(site: &Site, by: &Map) -> Query {
    let mut filter: Args = vec![(
        "ImageOwnerAlias",
        by.get("owner")
            .cloned()
            .unwrap_or_else(|| Value::text("system")),
    )];
    for (name, param) in [
        ("family", "ImageFamily"),
        ("name", "ImageName"),
        ("architecture", "Architecture"),
    ] {
        filter.extend(by.get(name).map(|value| (param, value.clone())));
    }
    Query {
        proof: Proof::Refused,
        ..query(site, "image", &api::DESCRIBE_IMAGES, filter, IMAGES)
    }
}

/// A disk that the listing by tag has not shown (a replaced one may lack tags), and a live image that the look-up has
/// not shown: it may be an older one, or not what is wanted any more.
pub(super) fn details(want: Option<&Desired>, live: &Live, found: &Found) -> Vec<Query> {
    let mut queries = Vec::new();
    if !live.attrs.contains_key("system_disk.id") {
        let args = vec![
            ("InstanceId", Value::text(&live.id)),
            ("DiskType", Value::text("system")),
        ];
        queries.push(Query {
            proof: Proof::Refused,
            ..query(&live.site, "disks", &api::DESCRIBE_DISKS, args, DISKS)
        });
    }
    let looked_up = want.is_some_and(|want| {
        want.attrs
            .get("image")
            .is_some_and(|image| image.as_map().is_some())
    });
    let image = live.attr("image");
    if looked_up
        && !found
            .of("image")
            .any(|attrs| attrs.get("id") == Some(&image))
    {
        let args = vec![
            ("ImageId", image),
            ("Status", Value::text("Available,Deprecated,UnAvailable")),
        ];
        queries.push(Query {
            proof: Proof::Refused,
            ..query(
                &live.site,
                "live_image",
                &api::DESCRIBE_IMAGES,
                args,
                IMAGES,
            )
        });
    }
    queries
}

pub(super) fn decode(view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
    match view {
        "disks" => rows(body, DISKS.rows)?
            .into_iter()
            .map(decode_disk)
            .collect(),
        "image" | "live_image" => rows(body, IMAGES.rows)?
            .into_iter()
            .map(decode_image)
            .collect(),
        "agent" => Ok(rows(body, ready::AGENTS.rows)?
            .into_iter()
            .map(ready::decode_agent)
            .collect()),
        "checks" => Ok(rows(body, ready::RESULTS.rows)?
            .into_iter()
            .map(ready::decode_result)
            .collect()),
        _ => rows(body, INSTANCES.rows)?
            .into_iter()
            .map(|row| decode_row(site, row).map(Row::Live))
            .collect(),
    }
}

fn decode_row(site: &Site, row: Node<'_>) -> Result<Live, Odd> {
    let mut attrs = texts(
        row,
        &[
            ("name", "InstanceName"),
            ("description", "Description"),
            ("host_name", "HostName"),
            ("status", "Status"),
            ("instance_type", "InstanceType"),
            ("image", "ImageId"),
            ("image_id", "ImageId"),
            ("zone", "ZoneId"),
            ("vswitch", "VpcAttributes.VSwitchId"),
            ("vpc", "VpcAttributes.VpcId"),
            ("key_pair", "KeyPairName"),
            ("charge_type", "InstanceChargeType"),
            ("stopped_mode", "StoppedMode"),
            ("internet.charge_type", "InternetChargeType"),
            ("os_name", "OSName"),
        ],
    );
    let numbers = [
        ("cpu", "Cpu"),
        ("memory", "Memory"),
        ("internet.max_bandwidth_out", "InternetMaxBandwidthOut"),
        ("internet.max_bandwidth_in", "InternetMaxBandwidthIn"),
    ];
    attrs.extend(
        numbers.iter().filter_map(|(attr, param)| {
            row.int(param).map(|n| ((*attr).to_owned(), Value::Int(n)))
        }),
    );
    attrs.insert(
        "deletion_protection".to_owned(),
        Value::Bool(row.bool("DeletionProtection").unwrap_or(false)),
    );
    let first = |path: &str| row.strings(path).into_iter().find(|text| !text.is_empty());
    let private = first("VpcAttributes.PrivateIpAddress.IpAddress");
    let public = first("PublicIpAddress.IpAddress")
        .or_else(|| Some(row.text("EipAddress.IpAddress")).filter(|ip| !ip.is_empty()));
    attrs.extend(private.map(|ip| ("private_ip".to_owned(), Value::Text(ip))));
    attrs.extend(public.map(|ip| ("public_ip".to_owned(), Value::Text(ip))));
    // One that is on its way up is not running yet: whoever wants it running has something to wait for.
    let power = match row.text("Status").as_str() {
        "Stopped" | "Stopping" => "stopped",
        "Running" => "running",
        _ => "starting",
    };
    attrs.insert("power".to_owned(), Value::text(power));
    let mut groups: Vec<String> = row.strings("SecurityGroupIds.SecurityGroupId");
    groups.sort();
    attrs.insert(
        "security_groups".to_owned(),
        Value::List(groups.iter().map(Value::text).collect()),
    );
    let primary = row
        .list("NetworkInterfaces.NetworkInterface")
        .into_iter()
        .find(|eni| eni.text("Type") != "Secondary");
    attrs.extend(primary.map(|eni| {
        (
            "network_interface_id".to_owned(),
            Value::Text(eni.text("NetworkInterfaceId")),
        )
    }));
    let mut found = live(
        DEF.name,
        site,
        read_id(row, "InstanceId")?,
        read_tags(row, "TagKey", "TagValue")?,
        attrs,
    );
    if let Some(digest) = found
        .owner
        .as_ref()
        .and_then(|owner| owner.guard.user_data.clone())
    {
        found
            .attrs
            .insert("user_data".to_owned(), Value::Text(digest));
    }
    if let Some(owner) = &found.owner {
        found
            .attrs
            .insert("ready".to_owned(), ready::shown(&owner.guard));
    }
    found.uses = uses(&found.attrs, groups);
    Ok(found)
}

fn uses(attrs: &Map, groups: Vec<String>) -> Vec<(&'static str, String)> {
    let one = |attr: &str, kind: &'static str| {
        attrs
            .get(attr)
            .and_then(Value::as_text)
            .map(|id| (kind, id.to_owned()))
    };
    let mut uses: Vec<(&'static str, String)> = one("vswitch", "vswitch")
        .into_iter()
        .chain(one("key_pair", "key_pair"))
        .collect();
    uses.extend(groups.into_iter().map(|group| ("security_group", group)));
    uses
}

fn decode_disk(row: Node<'_>) -> Result<Row, Odd> {
    let mut attrs = texts(
        row,
        &[
            ("system_disk.id", "DiskId"),
            ("system_disk.category", "Category"),
            ("system_disk.performance_level", "PerformanceLevel"),
            ("system_disk.status", "Status"),
        ],
    );
    attrs.extend(
        row.int("Size")
            .map(|gib| ("system_disk.size".to_owned(), Value::Int(gib))),
    );
    attrs.insert(
        "system_disk.encrypted".to_owned(),
        Value::Bool(row.bool("Encrypted").unwrap_or(false)),
    );
    read_id(row, "DiskId")?;
    Ok(Row::Detail {
        id: row.text("InstanceId"),
        attrs,
        uses: Vec::new(),
    })
}

fn decode_image(row: Node<'_>) -> Result<Row, Odd> {
    read_id(row, "ImageId")?;
    let mut attrs = texts(
        row,
        &[
            ("id", "ImageId"),
            ("name", "ImageName"),
            ("family", "ImageFamily"),
            ("os_name", "OSName"),
            ("architecture", "Architecture"),
            ("created", "CreationTime"),
            ("owner", "ImageOwnerAlias"),
            ("status", "Status"),
        ],
    );
    attrs.extend(
        row.int("Size")
            .map(|gib| ("size".to_owned(), Value::Int(gib))),
    );
    Ok(Row::Found(attrs))
}
