//! `instance`: a virtual machine with its system disk, its primary interface and its public
//! bandwidth.
//!
//! An instance is `Pending`, `Starting`, `Running`, `Stopping` or `Stopped`; a deleted one
//! disappears from listings. A new one is `Stopped` for a moment between `Pending` and `Starting`.
//!
//! Updates that need the instance stopped share one window, so that they cost one restart. The
//! guard tag has the mark `restarting` while the window is open, so that a later run starts an
//! instance that an interrupted run stopped.
//!
//! Sources: RunInstances, ModifyInstanceAttribute, ModifyInstanceSpec, ModifyInstanceNetworkSpec,
//! ModifyInstanceVpcAttribute, ReplaceSystemDisk, AttachKeyPair, DetachKeyPair, ResizeDisk,
//! ModifyDiskSpec, StartInstances, StopInstances, DeleteInstances, DescribeInstances,
//! DescribeDisks, DescribeImages, and those of `ready.rs` (ECS 2014-05-26).

use setpoint_openapi::action::ecs as api;
use setpoint_plan::Value;
use setpoint_plan::decode::TagNames;
use setpoint_plan::effect::Effect;
use setpoint_plan::kind::{Cx, Kind, TagApi};
use setpoint_plan::live::Live;
use setpoint_spec::naming::{Naming, PeerRole};
use setpoint_spec::schema::{FieldDef, Type};

use crate::disk;

mod change;
mod desire;
mod fields;
mod power;
mod read;
mod ready;
mod run;
mod system_disk;

/// The kind.
pub static INSTANCE: Kind = Kind {
    doc: "A virtual machine.",
    one_of: &[
        &["instance_type", "instance_types"],
        &["vswitch", "vswitches"],
    ],
    hints: &[
        ("vpc_id", "the VPC is that of `vswitch`"),
        ("vpc", "the VPC is that of `vswitch`"),
        ("vswitch_id", "`vswitch`"),
        ("image_id", "`image`"),
        ("key_name", "`key_pair`"),
        ("security_group_ids", "`security_groups`"),
        ("system_disk_size", "`system_disk: {size: …}`"),
        ("system_disk_category", "`system_disk: {category: …}`"),
        (
            "internet_max_bandwidth_out",
            "`internet: {max_bandwidth_out: …}`",
        ),
        ("internet_charge_type", "`internet: {charge_type: …}`"),
        ("zone", "the zone is that of `vswitch`"),
        ("depends_on", "`after`"),
        ("status", "`power`"),
    ],
    naming: Naming {
        synonyms: &["server", "vm", "ecs"],
        peer: Some(PeerRole::Address("private_ip")),
        ..Naming::ids(&["i"])
    },
    lifecycle: &[
        FieldDef::new(
            ON_IMAGE_CHANGE,
            Type::Enum(&["rebuild", "replace"]),
            "Effect of another image; `rebuild` if not given.",
        ),
        FieldDef::new(
            ON_USER_DATA_CHANGE,
            Type::Enum(&["keep", "store", "replace"]),
            "Effect of changed user data: none, stored for the next rebuild, or a replacement.",
        ),
    ],
    check: desire::check,
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16}
subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
near: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.2.0/24}
far: {type: vswitch, vpc: net, zone: cn-beijing-k, cidr_block: 10.0.3.0/24}
web: {type: security_group, vpc: net}
db: {type: security_group, vpc: net}
first: {type: key_pair, private_key_file: first.pem}
second: {type: key_pair, private_key_file: second.pem}
it:
  type: instance
  instance_type: ecs.c7.large
  image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
  vswitch: subnet
  security_groups: [web]
  user_data: |
    #!/bin/sh
    systemctl enable --now nginx
",
    tag_api: Some(tag_api("instance")),
    tag_names: TagNames::Prefixed,
    first_version: true,
    window_mark: Some(RESTARTING),
    pending_mark: Some(UNREADY),
    // RunInstances puts the tags of an instance on its disks, so one listing of disks shows the
    // system disks of all instances.
    more_lists: &[(&disk::DISK, &disk::LIST)],
    look_ups: read::look_ups,
    desire: desire::desire,
    details: read::details,
    claims: desire::claims,
    loses: Some(loses),
    undeletable,
    is_at_rest: |live| live.attr("status") == Value::text("Stopped"),
    is_down: |live| live.attr("status") != Value::text("Running"),
    window: power::window,
    ..Kind::new(
        "instance",
        fields::FIELDS,
        &read::LIST,
        run::create,
        run::delete,
    )
};

/// Members of `lifecycle` that choose the effect of a difference.
const ON_IMAGE_CHANGE: &str = "on_image_change";
const ON_USER_DATA_CHANGE: &str = "on_user_data_change";
pub(crate) use desire::PUBLIC_ADDRESS;
pub(crate) use read::decode_system_disk;

/// The mark of an instance that Setpoint stopped and must start again.
const RESTARTING: &str = "restarting";
/// The mark of an instance that was created and has not passed its readiness checks.
const UNREADY: &str = "unready";
/// The key under which the guard tag holds the digest of the user data.
pub(crate) const USER_DATA: &str = "u";

/// Returns how the tags of a resource type of the product ECS are written.
pub(crate) const fn tag_api(resource_type: &'static str) -> TagApi {
    TagApi {
        tag: &api::TAG_RESOURCES,
        untag: &api::UNTAG_RESOURCES,
        resource_type,
    }
}

/// Returns the words for the system disk, which a deletion, replacement or rebuild destroys.
fn loses(live: &Live, _: Effect) -> Option<String> {
    let disk = live.attr("system_disk.id");
    let size = live.attr("system_disk.size").as_int();
    let size = size.map(|gib| format!(", {gib} GiB")).unwrap_or_default();
    Some(disk.as_text().map_or_else(
        || format!("the system disk of {}", live.id),
        |disk| format!("system disk {disk}{size}"),
    ))
}

/// Returns why the cloud would refuse to delete the instance: a subscription before it expires, and
/// an instance under the API's deletion protection.
fn undeletable(cx: &Cx<'_>, live: &Live) -> Option<String> {
    let expires = live.attr("expired_time");
    let is_paid = live.attr("charge_type") == Value::text("PrePaid");
    if is_paid && expires.as_text().is_none_or(|at| !is_over(at, cx.now)) {
        return Some(format!(
            "{} is a subscription that has not expired",
            live.id
        ));
    }
    let is_protected = live.attr("deletion_protection") == Value::Bool(true);
    let is_ours = live.guard().protect;
    let way = if is_ours {
        "protect"
    } else {
        "deletion_protection"
    };
    is_protected.then(|| {
        format!(
            "the API's deletion protection of {} is on; set `{way}: false` and apply first",
            live.id
        )
    })
}

/// Returns whether a time of the API, such as `2026-11-30T16:00Z`, is before this Unix time.
fn is_over(time: &str, now: i64) -> bool {
    let now = jiff::Timestamp::from_second(now).unwrap_or_default();
    // The format has a fixed width, so texts are ordered as times are.
    time < now.strftime("%Y-%m-%dT%H:%MZ").to_string().as_str()
}

#[cfg(test)]
mod tests {
    use super::is_over;

    #[test]
    fn times_of_the_api_are_compared() {
        let noon = 1_780_000_000; // 2026-05-28T20:26:40Z
        assert!(is_over("2026-05-28T20:25Z", noon));
        assert!(!is_over("2026-05-28T20:27Z", noon));
        assert!(!is_over("2099-12-31T15:59Z", noon));
    }
}
