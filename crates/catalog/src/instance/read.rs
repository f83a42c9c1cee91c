//! Reading instances: the listing, their system disks, and the images that they name.
//!
//! RunInstances puts the tags of an instance on its disks, so one listing shows the system disks of
//! all instances of a stack. Which fields the cloud leaves out is taken from captured answers.

use std::sync::Arc;

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::decode::{self, TagNames};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{Found, Row, Site};
use setpoint_plan::live::Live;
use setpoint_plan::view::{Decode, Fixed, Ids, Proof, Query, Reading, View};
use setpoint_plan::{Map, Value};

use crate::image;
use crate::instance::{INSTANCE, USER_DATA, ready};
use crate::shared::some_text;

/// The listing of instances.
pub(super) static LIST: View = View {
    ids: Ids::Json("InstanceIds", 100),
    named: "InstanceName",
    grouped: "ResourceGroupId",
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_INSTANCES,
        Listing {
            style: Style::Token { size: 100 },
            rows: "Instances.Instance",
            id: "InstanceId",
        },
        Decode::Rows(decode_instance),
    )
};

const DISKS: Listing = Listing {
    style: Style::Token { size: 500 },
    rows: "Disks.Disk",
    id: "DiskId",
};

/// The system disk of one instance, if the listing of disks has not shown it.
static SYSTEM_DISKS: View = View {
    fixed: &[("DiskType", Fixed::Text("system"))],
    ids: Ids::Json("DiskIds", 100),
    ..View::new(
        "system_disks",
        &api::DESCRIBE_DISKS,
        DISKS,
        Decode::Rows(decode_system_disk),
    )
};

/// One disk by its id, for waits. It needs no tags of the stack, which the disk of a rebuild may
/// lack.
static DISK: View = View {
    ids: Ids::Json("DiskIds", 100),
    ..View::new(
        "disk",
        &api::DESCRIBE_DISKS,
        DISKS,
        Decode::Rows(decode_system_disk),
    )
};

const IMAGE_ROWS: Listing = Listing {
    style: Style::Number { size: 100 },
    rows: "Images.Image",
    id: "ImageId",
};

/// The images that match a look-up.
pub(super) static IMAGES: View = View::new(
    "images",
    &api::DESCRIBE_IMAGES,
    IMAGE_ROWS,
    Decode::Rows(decode_image),
);

/// The image of a live instance.
pub(super) static LIVE_IMAGE: View = View {
    fixed: &[("Status", Fixed::Text("Available,Deprecated,UnAvailable"))],
    ids: Ids::One("ImageId"),
    ..View::new(
        "live_image",
        &api::DESCRIBE_IMAGES,
        IMAGE_ROWS,
        Decode::Rows(decode_image),
    )
};

/// Returns the query for one disk.
pub(super) fn disk(site: &Site, disk: &str) -> Query {
    let args = vec![("DiskIds", setpoint_plan::args::json_list(&[disk]))];
    DISK.query(&INSTANCE, site, args)
}

/// Returns the query for the images that match the look-up of an entry, if it has one.
pub(super) fn look_ups(want: &Desired, site: &Site) -> Vec<Query> {
    let by = want.attrs.get("image").and_then(Value::as_map);
    let query = |by: &Map| IMAGES.query(&INSTANCE, site, image::look_up_args(by));
    by.map(query).into_iter().collect()
}

/// Returns the queries for a system disk that the listing by tag has not shown (a replaced one may
/// lack tags), and for a live image that the look-up has not shown (it may be older, or no longer
/// match).
pub(super) fn details(want: Option<&Desired>, live: &Live, found: &Found) -> Vec<Query> {
    let mut queries = Vec::new();
    if !live.attrs.contains_key("system_disk.id") {
        let args = vec![("InstanceId", Value::text(&live.id))];
        queries.push(SYSTEM_DISKS.query(&INSTANCE, &live.site, args));
    }
    let image = want.and_then(|want| want.attrs.get("image"));
    let is_looked_up = image.is_some_and(|image| image.as_map().is_some());
    let current = live.attr("image");
    if is_looked_up
        && !found
            .of(&IMAGES)
            .any(|attrs| attrs.get("id") == Some(&current))
    {
        queries.push(LIVE_IMAGE.query(&INSTANCE, &live.site, vec![("ImageId", current)]));
    }
    queries
}

/// Decodes an instance, with the attributes that its guard tag holds: the digest of the user data,
/// and whether readiness checks have not passed yet.
fn decode_instance(reading: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let mut found = decode::live(reading, row)?;
    if let Some(owner) = &found.owner {
        let digest = owner.guard.digests.get(USER_DATA);
        found
            .attrs
            .extend(digest.map(|text| ("user_data".to_owned(), Value::text(text))));
        found
            .attrs
            .insert("ready".to_owned(), ready::shown(&owner.guard));
    }
    Ok(Row::Live(Arc::new(found)))
}

/// Returns the text at a path that the cloud always sends; `None` if it is empty.
pub(super) fn text(row: Node<'_>, path: &str) -> Result<Option<Value>, Odd> {
    let text = row.need_text(path)?;
    Ok((!text.is_empty()).then_some(Value::text(text)))
}

fn first(texts: Vec<String>) -> Option<Value> {
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .map(Value::text)
}

/// Returns the primary private address.
pub(super) fn private_ip(row: Node<'_>) -> Result<Option<Value>, Odd> {
    row.need_texts("VpcAttributes.PrivateIpAddress.IpAddress")
        .map(first)
}

/// Returns the public address: that of its own bandwidth, or that of its EIP.
pub(super) fn public_ip(row: Node<'_>) -> Result<Option<Value>, Odd> {
    Ok(own_public_ip(row)?.or(text(row, "EipAddress.IpAddress")?))
}

/// Returns the public address of the instance's own bandwidth.
pub(super) fn own_public_ip(row: Node<'_>) -> Result<Option<Value>, Odd> {
    row.need_texts("PublicIpAddress.IpAddress").map(first)
}

/// Returns the power: `running`, `stopped` or `starting`. An instance that is starting does not
/// count as running, since steps still have to wait for it.
pub(super) fn power(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let power = match row.need_text("Status")?.as_str() {
        "Stopped" | "Stopping" => "stopped",
        "Running" => "running",
        _ => "starting",
    };
    Ok(Some(Value::text(power)))
}

/// Returns the primary network interface. An instance that is being created has none yet.
pub(super) fn primary_interface(row: Node<'_>) -> Result<Option<Value>, Odd> {
    for interface in row.need_list("NetworkInterfaces.NetworkInterface")? {
        if interface.need_text("Type")? != "Secondary" {
            return text(interface, "NetworkInterfaceId");
        }
    }
    Ok(None)
}

/// Decodes a system disk as a detail of its instance.
///
/// # Errors
/// The row does not have the documented form.
pub(crate) fn decode_system_disk(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let texts = [
        ("system_disk.id", "DiskId"),
        ("system_disk.category", "Category"),
        ("system_disk.performance_level", "PerformanceLevel"),
        ("system_disk.status", "Status"),
    ];
    let mut attrs = Map::new();
    for (attr, path) in texts {
        attrs.extend(text(row, path)?.map(|value| (attr.to_owned(), value)));
    }
    attrs.insert(
        "system_disk.size".to_owned(),
        Value::Int(row.need_int("Size")?),
    );
    attrs.insert(
        "system_disk.encrypted".to_owned(),
        Value::Bool(row.need_bool("Encrypted")?),
    );
    let id = row.need_text("InstanceId")?;
    Ok(Row::Detail {
        id,
        attrs,
        uses: Vec::new(),
    })
}

/// Decodes an image with the attributes by which a look-up selects it.
fn decode_image(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let mut attrs = Map::new();
    let id = decode::id(row, "ImageId")?;
    attrs.insert("id".to_owned(), Value::text(id));
    let texts = [
        ("name", "ImageName"),
        ("family", "ImageFamily"),
        ("os_name", "OSName"),
        ("architecture", "Architecture"),
        ("created", "CreationTime"),
        ("owner", "ImageOwnerAlias"),
        ("status", "Status"),
    ];
    for (attr, path) in texts {
        let value = some_text(row, path)?;
        attrs.extend(value.map(|text| (attr.to_owned(), Value::text(text))));
    }
    attrs.insert("size".to_owned(), Value::Int(row.need_int("Size")?));
    let tags = decode::tags(row, TagNames::Prefixed)?;
    let tags = tags
        .iter()
        .map(|(key, tag)| (key.clone(), Value::Text(tag.clone())));
    attrs.insert("tags".to_owned(), Value::Map(tags.collect()));
    Ok(Row::Found(attrs))
}
