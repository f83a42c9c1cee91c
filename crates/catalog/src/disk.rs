//! `disk`: a data disk that is independent of an instance.
//!
//! A disk is `Creating`, `Available`, `Attaching`, `In_use` or `Detaching`. It is attached to one
//! instance of its zone while that is `Running` or `Stopped`. An instance takes one attachment at a
//! time, so the steps that attach and detach hold its lock. A disk that is detached from a running
//! instance must be unmounted first.
//!
//! A disk can only grow. A free disk, or the disk of a stopped instance, grows offline; on a
//! running instance it grows online, which the category `cloud` does not support. A disk that grows
//! and moves in one update grows first; one of the category `cloud` grows while it is detached.
//!
//! Disks that were created with an instance carry its tags and are not resources of this kind.
//! CreateDisk receives the zone, not the instance: with an instance it creates a subscription disk
//! and ignores tags and token, so the disk would have no owner.
//!
//! Sources: CreateDisk, AttachDisk, DetachDisk, ResizeDisk, ModifyDiskAttribute, ModifyDiskSpec,
//! ApplyAutoSnapshotPolicy, DeleteDisk, DescribeDisks (ECS 2014-05-26).

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::decode::{self, TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::effect::Effect;
use setpoint_plan::field::Field;
use setpoint_plan::kind::{Cx, Found, Kind, Row};
use setpoint_plan::live::Live;
use setpoint_plan::update::Update;
use setpoint_plan::view::{Decode, Ids, Proof, Query, Reading, View};
use setpoint_plan::{Map, Value};
use setpoint_spec::naming::Naming;
use setpoint_spec::schema::Type;

use crate::instance;
use crate::shared::{default_to, name_at_creation, text_or_none};

mod attach;
mod change;
mod check;
mod judge;

pub(crate) use change::{ONLINE_IF_IT_RUNS, resize_call};
pub(crate) use check::{bounds, least_of_system};
pub(crate) use judge::becomes;

/// The kind.
pub static DISK: Kind = Kind {
    doc: "A data disk that is kept when the instance it is attached to is deleted.",
    any_of: &[&["size", "snapshot"]],
    hints: &[
        ("zone_id", "`zone`"),
        ("availability_zone", "`zone`"),
        ("disk_name", "`name`"),
        ("disk_category", "`category`"),
        ("instance_id", "`attach_to`"),
        ("snapshot_id", "`snapshot`"),
        ("kms_key_id", "`kms_key`"),
        ("multi_attach", "a `disk` is attached to one instance only"),
    ],
    naming: Naming::ids(&["d"]),
    check: check::check,
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16}
subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
group: {type: security_group, vpc: net}
app:
  type: instance
  count: 2
  instance_type: ecs.c7.large
  image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
  vswitch: subnet
  security_groups: [group]
it: {type: disk, size: 40, zone: cn-beijing-h}
",
    tag_api: Some(instance::tag_api("disk")),
    tag_names: TagNames::Prefixed,
    desire: |cx, found, _, want| {
        desire(cx, found, want);
        Ok(())
    },
    details,
    loses: Some(|live, _| {
        let size = live.attr("size").as_int().unwrap_or_default();
        Some(format!("disk {}, {size} GiB", live.id))
    }),
    undeletable: |_, live| {
        let is_paid = live.attr("charge_type") == Value::text("PrePaid");
        is_paid.then(|| format!("{} is a subscription", live.id))
    },
    ..Kind::new("disk", FIELDS, &LIST, change::create, change::delete)
};

const TEXT: Type = Type::Text { min: 0, max: 128 };

static FIELDS: &[Field] = &[
    Field::display_name("DiskName", 2, 128)
        .at("DiskName")
        .update(&ATTRIBUTES)
        .samples("first", "second")
        .captured(),
    Field::description()
        .at("Description")
        .update(&ATTRIBUTES)
        .samples("One disk", "Another one")
        .captured(),
    Field::new(
        "delete_with_instance",
        Type::Bool,
        "Whether the disk is deleted together with its instance, if the instance is deleted by \
         hand.",
    )
    .or("false")
    .update_param("DeleteWithInstance")
    .at("DeleteWithInstance")
    .update(&ATTRIBUTES)
    .samples("false", "true")
    .captured(),
    Field::new(
        "size",
        Type::Int {
            min: 1,
            max: 65536,
            unit: "GiB",
        },
        "Size in GiB, at least that of the snapshot; it can grow, but not shrink. The file system \
         on the disk is not resized.",
    )
    .param("Size")
    .at("Size")
    .judge(judge::size, "grow")
    .samples("40", "60")
    .captured(),
    Field::new(
        "snapshot",
        Type::Ref("snapshot"),
        "The snapshot that the disk is created from.",
    )
    .param("SnapshotId")
    .at("SourceSnapshotId")
    .create_only()
    .loose()
    .captured(),
    Field::new(
        "category",
        Type::Enum(&[
            "cloud_essd",
            "cloud_auto",
            "cloud_essd_entry",
            "cloud_ssd",
            "cloud_efficiency",
            "cloud",
        ]),
        "Category of the disk. A change from `cloud`, or to `cloud` or `cloud_essd_entry`, \
         replaces the disk.",
    )
    .or("cloud_essd")
    .param("DiskCategory")
    .at("Category")
    .judge(judge::category, "none")
    .via(&SPEC)
    .samples("cloud_efficiency", "cloud_essd"),
    Field::new(
        "performance_level",
        Type::Enum(&["PL0", "PL1", "PL2", "PL3"]),
        "Performance level of a cloud_essd; PL0 to PL3 need at least 1, 20, 461 and 1261 GiB. It \
         cannot be lowered to PL0.",
    )
    .or("PL1")
    .param("PerformanceLevel")
    .at("PerformanceLevel")
    .judge(judge::level, "none")
    .via(&SPEC)
    .samples("PL0", "PL1")
    .captured(),
    Field::new(
        "provisioned_iops",
        Type::Int {
            min: 0,
            max: 50000,
            unit: "",
        },
        "Provisioned IOPS of a cloud_auto, in addition to its baseline.",
    )
    .param("ProvisionedIops")
    .at_uncaptured("ProvisionedIops")
    .update(&SPEC)
    .samples("100", "200")
    .given("category: cloud_auto"),
    Field::new(
        "bursting_enabled",
        Type::Bool,
        "Whether a cloud_auto may exceed its provisioned IOPS, for a fee.",
    )
    .param("BurstingEnabled")
    .at_uncaptured("BurstingEnabled")
    .update(&BURSTING)
    .samples("true", "false")
    .given("category: cloud_auto"),
    Field::new(
        "zone",
        Type::Zone,
        "The zone of the disk; if not given, that of the instance in `attach_to`, known once that \
         is created.",
    )
    .param("ZoneId")
    .at("ZoneId")
    .replace()
    .samples("cn-beijing-h", "cn-beijing-k")
    .captured(),
    Field::new("encrypted", Type::Bool, "Whether the disk is encrypted.")
        .param("Encrypted")
        .at("Encrypted")
        .replace()
        .samples("false", "true")
        .captured(),
    Field::new(
        "kms_key",
        Type::Text { min: 1, max: 64 },
        "Id of the KMS key of an encrypted disk.",
    )
    .param("KMSKeyId")
    .at("KMSKeyId")
    .replace()
    .samples(
        "0e478b7a-4262-4802-b8cb-00d3fb40826X",
        "1f589c8b-5373-4913-89dc-11e4fc51937Y",
    )
    .given("encrypted: true")
    .captured(),
    Field::new(
        "attach_to",
        Type::Ref("instance"),
        "The instance that the disk is attached to; detached if not given.",
    )
    .closed()
    .late()
    .by(machine)
    .judge(judge::machine, "brief")
    .fitting(judge::fits)
    .leave(&LEAVE)
    .samples("\"app[0]\"", "\"app[1]\"")
    .captured(),
    Field::new(
        "auto_snapshot_policy",
        Type::Ref("auto_snapshot_policy"),
        "Id of the automatic snapshot policy of the disk.",
    )
    .at("AutoSnapshotPolicyId")
    .update(&POLICY)
    .loose()
    .captured(),
    Field::output(
        "serial_number",
        TEXT,
        "Serial number of the disk, as the instance shows it.",
    )
    .at("SerialNumber")
    .captured(),
    Field::output("device", TEXT, "Device name while the disk is attached.")
        .at("Device")
        .captured(),
    Field::output(
        "status",
        TEXT,
        "`Creating`, `Available`, `Attaching`, `In_use` or `Detaching`.",
    )
    .at("Status")
    .transient()
    .captured(),
    Field::derived("charge_type")
        .never()
        .by(|row| text_or_none(row, "DiskChargeType")),
    Field::derived("delete_auto_snapshot")
        .never()
        .at("DeleteAutoSnapshot"),
];

/// Changes the name, the description and `delete_with_instance`, at any time.
static ATTRIBUTES: Update = Update::online("attributes", |update| {
    change::attributes(update, &ATTRIBUTES)
});
/// Changes whether the disk may exceed its provisioned IOPS, which is charged.
static BURSTING: Update =
    Update::online("bursting", |update| change::attributes(update, &BURSTING))
        .effect(Effect::NONE.priced());
/// Grows the disk.
static GROW: Update = Update::online("grow", change::grow).effect(Effect::NONE.priced());
/// Changes the category, the level or the provisioned IOPS.
static SPEC: Update = Update::online("spec", change::spec).effect(Effect::NONE.priced());
/// Applies another policy of automatic snapshots.
static POLICY: Update = Update::online("policy", |update| {
    let policy = update.wanted("auto_snapshot_policy");
    vec![change::apply_policy(update.cx, &update.id(), policy)]
});
/// Attaches a free disk.
static ATTACH: Update = Update::online("attach", attach::reattach).unsettling(&["device"]);
/// Attaches the disk to another instance.
static MOVE: Update = Update::online("move", attach::reattach)
    .effect(Effect::BRIEF)
    .unsettling(&["device"]);
/// Detaches the disk.
static DETACH: Update = Update::online("detach", attach::reattach)
    .effect(Effect::BRIEF)
    .unsettling(&["device"]);
/// Detaches the disk until the replacement of its instance exists.
static LEAVE: Update = Update::online("leave", |update| attach::detach(update.live));

/// The disks of a stack. One listing serves two kinds: a system disk is decoded as a detail of its
/// instance.
pub(crate) static LIST: View = View {
    ids: Ids::Json("DiskIds", 100),
    named: "DiskName",
    grouped: "ResourceGroupId",
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_DISKS,
        Listing {
            style: Style::Token { size: 500 },
            rows: "Disks.Disk",
            id: "DiskId",
        },
        Decode::Rows(decode_disk),
    )
};

/// The instance that a disk is attached to. How the disk can grow depends on its state.
static MACHINE: View = View {
    ids: Ids::Json("InstanceIds", 100),
    ..View::new(
        "machine",
        &api::DESCRIBE_INSTANCES,
        Listing {
            style: Style::Token { size: 100 },
            rows: "Instances.Instance",
            id: "InstanceId",
        },
        Decode::Rows(decode_machine),
    )
};

/// Decodes a disk: a system disk as a detail of its instance, any other as a live row.
fn decode_disk(reading: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    if row.need_text("Type")? == "system" {
        return instance::decode_system_disk(reading, row);
    }
    plain(reading, row)
}

/// The attribute of the desired disk with the status of its instance, for a disk that grows.
const MACHINE_STATUS: &str = "machine_status";

/// Completes the desired disk. A disk without a zone refers to the zone of its instance, so that it
/// is created after the instance.
fn desire(cx: &Cx<'_>, found: &Found, want: &mut Desired) {
    name_at_creation(cx, want, 128);
    default_to(want, "category", "cloud_essd");
    if want.text("category") == Some("cloud_essd") {
        default_to(want, "performance_level", "PL1");
    }
    if let Some(Value::Ref(machine)) = want.attrs.get("attach_to").cloned() {
        default_to(want, "zone", Value::reference(&machine.address, "zone"));
    }
    let status = found
        .of(&MACHINE)
        .find_map(|attrs| attrs.get("status").cloned());
    want.initial
        .extend(status.map(|status| (MACHINE_STATUS.to_owned(), status)));
}

/// Returns the query for the instance of a disk. Only a disk that grows and cannot grow online
/// needs it.
fn details(want: Option<&Desired>, live: &Live, _: &Found) -> Vec<Query> {
    let size = want.and_then(|want| want.attrs.get("size")?.as_int());
    let grows = judge::is_basic(live) && size > live.attr("size").as_int();
    let machine = live.attr("attach_to");
    let machine = machine.as_text().filter(|_| grows).map(ToOwned::to_owned);
    MACHINE.by_ids(&DISK, &live.site, machine.as_slice())
}

fn decode_machine(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    decode::id(row, "InstanceId")?;
    let status = ("status".to_owned(), Value::text(row.need_text("Status")?));
    Ok(Row::Found(Map::from([status])))
}

/// Returns the instance that the disk is attached to; `None` for a disk that is free or being
/// detached.
fn machine(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let is_free = matches!(row.need_text("Status")?.as_str(), "Available" | "Detaching");
    let id = row.need_text("InstanceId")?;
    Ok((!is_free && !id.is_empty()).then_some(Value::text(id)))
}
