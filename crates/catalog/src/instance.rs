//! `instance`: a virtual machine with its system disk, its primary interface and its public bandwidth.
//!
//! Calls: RunInstances, ModifyInstanceAttribute, ModifyInstanceSpec, ModifyInstanceNetworkSpec,
//! ModifyInstanceVpcAttribute, ReplaceSystemDisk, AttachKeyPair, DetachKeyPair, ResizeDisk, ModifyDiskSpec,
//! StartInstances, StopInstances, DeleteInstances, those of `ready.rs`; DescribeInstances, DescribeDisks, DescribeImages. States: Pending →
//! Starting → Running → Stopping → Stopped; a deleted one vanishes. What needs it stopped happens in one window that is
//! marked `restarting` in the guard tag, so that whoever finds it stopped by us starts it again.

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Json, Odd};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{
    At, Change, Cx, Effect, Found, Kind, Query, Refusal, Row, Rule, Site, TagApi,
};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{Procedure, Step};
use setpoint_plan::{Map, Value};
use setpoint_spec::schema::{FieldDef, KindDef, NameRule, Type};

use crate::shared::{attr, closed, field, online, or, required, rule, stopped};

mod read;
mod ready;
mod steps;
mod wanted;

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct Instance;

const TYPE_NAME: Type = Type::Text { min: 5, max: 64 };
const MBITS: Type = Type::Int {
    min: 0,
    max: 100,
    unit: "Mbit/s",
};

static INTERNET: &[FieldDef] = &[
    or(
        field(
            "charge_type",
            Type::Enum(&["PayByTraffic", "PayByBandwidth"]),
            "none",
            "What is paid for.",
        ),
        "PayByTraffic",
    ),
    field(
        "max_bandwidth_out",
        MBITS,
        "none",
        "Outgoing bandwidth in Mbit/s; more than 0 gives a public address.",
    ),
    field(
        "max_bandwidth_in",
        Type::Int {
            min: 1,
            max: 200,
            unit: "Mbit/s",
        },
        "none",
        "Incoming bandwidth in Mbit/s.",
    ),
];
static SYSTEM_DISK: &[FieldDef] = &[
    field(
        "size",
        Type::Int {
            min: 1,
            max: 2048,
            unit: "GiB",
        },
        "grow",
        "Size in GiB, at least the image's; grows online, never shrinks.",
    ),
    or(
        field(
            "category",
            Type::Enum(&[
                "cloud_essd",
                "cloud_auto",
                "cloud_essd_entry",
                "cloud_ssd",
                "cloud_efficiency",
            ]),
            "none",
            "Category of the disk.",
        ),
        "cloud_essd",
    ),
    or(
        field(
            "performance_level",
            Type::Enum(&["PL0", "PL1", "PL2", "PL3"]),
            "none",
            "Level of a cloud_essd; never down to PL0.",
        ),
        "PL0",
    ),
    field(
        "encrypted",
        Type::Bool,
        "replace!",
        "Whether it is encrypted.",
    ),
];

/// Its table.
pub static DEF: KindDef = KindDef {
    name: "instance",
    doc: "A virtual machine.",
    fields: &[
        field(
            "instance_type",
            TYPE_NAME,
            "restart",
            "Its type, for example ecs.c7.large.",
        ),
        field(
            "instance_types",
            Type::List(&TYPE_NAME),
            "restart",
            "Acceptable types, tried in order at creation; any of them is right.",
        ),
        required(field(
            "image",
            Type::Ref("image"),
            "rebuild!",
            "Image id, or `{family|os_name|name, owner, architecture, follow}`.",
        )),
        field(
            "vswitch",
            Type::Ref("vswitch"),
            "restart",
            "The subnet; another zone replaces the machine.",
        ),
        field(
            "vswitches",
            Type::List(&Type::Ref("vswitch")),
            "replace!",
            "Acceptable subnets; members of a group are spread in turn.",
        ),
        required(field(
            "security_groups",
            Type::List(&Type::Ref("security_group")),
            "none",
            "The groups of its primary interface.",
        )),
        field(
            "private_ip",
            Type::Ip,
            "restart",
            "Private address inside the subnet.",
        ),
        field(
            "key_pair",
            Type::Ref("key_pair"),
            "boot",
            "SSH key of root; a change holds from the next restart.",
        ),
        field(
            "host_name",
            Type::Text { min: 2, max: 64 },
            "boot",
            "Host name inside; a change holds from the next restart.",
        ),
        closed(field(
            "internet",
            Type::Struct(INTERNET),
            "none",
            "Public bandwidth of its own; none unless given.",
        )),
        field(
            "system_disk",
            Type::Struct(SYSTEM_DISK),
            "grow",
            "The disk it boots from.",
        ),
        field(
            "user_data",
            Type::Content {
                max: 32768,
                with: true,
            },
            "once",
            "cloud-init or a script for the first boot: text, or {text|file|cloud_config, with}.",
        ),
        field(
            "power",
            Type::Enum(&["running", "stopped", "unmanaged"]),
            "restart",
            "Whether it runs; started once if not given.",
        ),
        or(
            field(
                "stopped_mode",
                Type::Enum(&["StopCharging", "KeepCharging"]),
                "none",
                "What a wanted stop does to charges and address.",
            ),
            "StopCharging",
        ),
        field(
            "deletion_protection",
            Type::Bool,
            "none",
            "The API's own protection; that of `lifecycle.protect` if not given.",
        ),
        field(
            "ready",
            Type::Struct(ready::READY),
            "none",
            "What must hold inside before whatever waits for it goes on. Asked after it was made, and after a rebuild.",
        ),
    ],
    attributes: &[
        attr("public_ip", "Its public address."),
        attr("private_ip", "Its private address."),
        attr("zone", "Its zone."),
        attr("image_id", "The image it was made from."),
        attr("cpu", "vCPUs."),
        attr("memory", "Memory in MiB."),
        attr("network_interface_id", "Its primary interface."),
        attr("system_disk.id", "Its system disk."),
        attr("status", "Pending, Starting, Running, Stopping or Stopped."),
    ],
    one_of: &[
        &["instance_type", "instance_types"],
        &["vswitch", "vswitches"],
    ],
    any_of: &[],
    taggable: true,
    described: true,
    name_rule: NameRule {
        param: "InstanceName",
        min: 2,
        max: 128,
    },
    hints: &[
        (
            "vpc_id",
            "`instance` has no `vpc_id`: its VPC follows from `vswitch`",
        ),
        (
            "vpc",
            "`instance` has no `vpc`: its VPC follows from `vswitch`",
        ),
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
        ("zone", "its zone follows from `vswitch`"),
        ("depends_on", "`after`"),
        ("status", "`power`"),
    ],
    check: wanted::check,
};

static RULES: &[Rule] = &[
    rule("name", "InstanceName", online("attribute")),
    rule("description", "Description", online("attribute")),
    rule(
        "deletion_protection",
        "DeletionProtection",
        online("attribute"),
    ),
    rule("host_name", "HostName", online("host_name")),
    rule(
        "security_groups",
        "SecurityGroupIds",
        Change::Judge(wanted::judge_groups),
    ),
    rule(
        "internet.max_bandwidth_out",
        "InternetMaxBandwidthOut",
        online("bandwidth"),
    ),
    rule(
        "internet.max_bandwidth_in",
        "InternetMaxBandwidthIn",
        online("bandwidth"),
    ),
    rule(
        "internet.charge_type",
        "InternetChargeType",
        Change::Judge(wanted::judge_internet_charge),
    ),
    rule(
        "system_disk.size",
        "SystemDisk.Size",
        Change::Judge(wanted::judge_size),
    ),
    rule(
        "system_disk.category",
        "SystemDisk.Category",
        online("disk_spec"),
    ),
    rule(
        "system_disk.performance_level",
        "SystemDisk.PerformanceLevel",
        Change::Judge(wanted::judge_level),
    ),
    rule(
        "system_disk.encrypted",
        "SystemDisk.Encrypted",
        Change::Replace,
    ),
    rule("image", "ImageId", Change::Judge(wanted::judge_image)),
    rule("vswitch", "VSwitchId", Change::Judge(wanted::judge_vswitch)),
    rule("vswitches", "", Change::Judge(wanted::judge_vswitches)),
    rule("private_ip", "PrivateIpAddress", stopped("network")),
    rule("instance_type", "InstanceType", stopped("type")),
    rule("instance_types", "", Change::Judge(wanted::judge_types)),
    rule("user_data", "", Change::Judge(wanted::judge_user_data)),
    Rule {
        attr: "key_pair",
        param: "KeyPairName",
        change: Change::Update {
            verb: "key_pair",
            effect: Effect::None,
            at: At::After,
        },
        leave: Some("leave_key_pair"),
    },
    rule("power", "", Change::Judge(wanted::judge_power)),
    rule("ready", "", Change::Judge(ready::judge)),
    rule(
        "stopped_mode",
        "",
        Change::Judge(|_| setpoint_plan::kind::Verdict::Same),
    ),
];

impl Kind for Instance {
    fn def(&self) -> &'static KindDef {
        &DEF
    }

    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn tag_api(&self) -> Option<TagApi> {
        Some(steps::TAGS)
    }

    fn list(&self, site: &Site, stack: &str) -> Query {
        read::list(site, stack)
    }

    fn more_lists(&self, site: &Site, stack: &str) -> Vec<Query> {
        vec![read::system_disks(site, stack)]
    }

    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query> {
        ids.chunks(100)
            .map(|some| read::by_ids(site, some))
            .collect()
    }

    fn find(&self, site: &Site, by: &Map) -> Option<Query> {
        read::find(site, by)
    }

    fn lookups(&self, want: &Desired, site: &Site) -> Vec<Query> {
        want.attrs
            .get("image")
            .and_then(Value::as_map)
            .map(|by| read::images(site, by))
            .into_iter()
            .collect()
    }

    fn desire(
        &self,
        cx: &Cx<'_>,
        found: &Found,
        live: Option<&Live>,
        want: &mut Desired,
    ) -> Result<(), Refusal> {
        wanted::desire(cx, found, live, want)
    }

    fn details(&self, want: Option<&Desired>, live: &Live, found: &Found) -> Vec<Query> {
        read::details(want, live, found)
    }

    fn decode(&self, view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
        read::decode(view, site, body)
    }

    /// A fixed private address can be there once.
    fn coexist(&self, old: &Live, new: &Desired) -> bool {
        new.attrs
            .get("private_ip")
            .is_none_or(|ip| *ip != old.attr("private_ip"))
    }

    fn unsettled(&self, verbs: &[&str]) -> &'static [&'static str] {
        unsettled(verbs)
    }

    fn transient(&self) -> &'static [&'static str] {
        &["power", "status", "ready"]
    }

    fn loses(&self, live: &Live, _effect: Effect) -> Option<String> {
        let disk = live.attr("system_disk.id");
        let size = live
            .attr("system_disk.size")
            .as_int()
            .map(|gib| format!(", {gib} GiB"))
            .unwrap_or_default();
        Some(disk.as_text().map_or_else(
            || format!("the system disk of {}", live.id),
            |disk| format!("system disk {disk}{size}"),
        ))
    }

    fn undeletable(&self, live: &Live) -> Option<String> {
        if live.attr("charge_type") == Value::text("PrePaid") {
            return Some(format!(
                "{} is a subscription that has not expired",
                live.id
            ));
        }
        let protected = live.attr("deletion_protection") == Value::Bool(true);
        protected.then(|| format!("the API's deletion protection of {} is on; set `deletion_protection: false` and apply first", live.id))
    }

    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure {
        steps::create(cx, want)
    }

    fn update(&self, verb: &str, cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
        steps::update(verb, cx, want, live)
    }

    fn window(&self, _cx: &Cx<'_>, want: &Desired, live: &Live) -> (Vec<Step>, Vec<Step>) {
        steps::window(want, live)
    }

    fn delete(&self, _cx: &Cx<'_>, live: &Live) -> Procedure {
        steps::delete(live)
    }
}

/// What a rebuild, another type, another address and other bandwidth change besides, laid out so that every combination
/// of them is one stretch.
static UNSETTLED: [&str; 10] = [
    "private_ip",
    "public_ip",
    "image_id",
    "os_name",
    "system_disk.id",
    "system_disk.size",
    "cpu",
    "memory",
    "public_ip",
    "private_ip",
];

fn unsettled(verbs: &[&str]) -> &'static [&'static str] {
    let is_rebuilt = verbs.contains(&"image");
    let addresses = if verbs.contains(&"network") {
        2
    } else {
        usize::from(verbs.contains(&"bandwidth"))
    };
    if verbs.contains(&"type") {
        &UNSETTLED[if is_rebuilt { 2 } else { 6 }..8 + addresses]
    } else {
        &UNSETTLED[2 - addresses..if is_rebuilt { 6 } else { 2 }]
    }
}

/// The parameters that RunInstances takes straight from attributes.
fn run_params(want: &Desired) -> setpoint_plan::procedure::Args {
    crate::shared::params(RULES, want)
}

/// The DescribeInstances action, for the queries of this kind.
const LISTING: &setpoint_plan::Action = &api::DESCRIBE_INSTANCES;

#[cfg(test)]
mod tests {
    use super::unsettled;

    fn check(verbs: &[&str], expected: &[&str]) {
        assert_eq!(unsettled(verbs), expected, "{verbs:?}");
    }

    #[test]
    fn what_changes_besides_is_not_known() {
        check(&["attribute", "grow"], &[]);
        check(&["bandwidth"], &["public_ip"]);
        check(&["network", "bandwidth"], &["private_ip", "public_ip"]);
        check(&["type"], &["cpu", "memory"]);
        check(&["type", "bandwidth"], &["cpu", "memory", "public_ip"]);
        check(
            &["image", "bandwidth"],
            &[
                "public_ip",
                "image_id",
                "os_name",
                "system_disk.id",
                "system_disk.size",
            ],
        );
        check(
            &["image", "type"],
            &[
                "image_id",
                "os_name",
                "system_disk.id",
                "system_disk.size",
                "cpu",
                "memory",
            ],
        );
    }
}
