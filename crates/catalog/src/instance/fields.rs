//! The fields of an instance, and the updates that change them.

use setpoint_plan::effect::Effect;
use setpoint_plan::field::Field;
use setpoint_plan::update::{At, Update};
use setpoint_spec::schema::Type;

use crate::instance::{UNREADY, USER_DATA, change, desire, power, read, ready, system_disk};

const TYPE_NAME: Type = Type::Text { min: 5, max: 64 };
const ID: Type = Type::Text { min: 0, max: 128 };

/// The fields, in the order of the documentation.
pub(super) static FIELDS: &[Field] = &[
    Field::display_name("InstanceName", 2, 128)
        .at("InstanceName")
        .update(&ATTRIBUTES)
        .samples("first", "second")
        .captured(),
    Field::description()
        .at("Description")
        .update(&ATTRIBUTES)
        .samples("One machine", "Another one")
        .captured(),
    Field::new(
        "deletion_protection",
        Type::Bool,
        "Deletion protection of the API; follows `lifecycle.protect` if not given.",
    )
    .param("DeletionProtection")
    .at("DeletionProtection")
    .update(&ATTRIBUTES)
    .samples("true", "false")
    .captured(),
    Field::new(
        "host_name",
        Type::Text { min: 2, max: 64 },
        "Host name of the operating system; a change takes effect at the next start.",
    )
    .param("HostName")
    .at("HostName")
    .update(&HOST_NAME)
    .samples("first", "second")
    .captured(),
    Field::new(
        "security_groups",
        Type::List(&Type::Ref("security_group")),
        "The security groups of the primary network interface.",
    )
    .required()
    .param("SecurityGroupIds")
    .at("SecurityGroupIds.SecurityGroupId")
    .judge(desire::judge_groups, "none")
    .via(&GROUPS)
    .samples("[web]", "[web, db]")
    .captured(),
    Field::structure(
        "internet",
        INTERNET,
        "Public bandwidth of the instance itself; none if not given.",
    )
    .closed(),
    Field::structure(
        "system_disk",
        SYSTEM_DISK,
        "The disk that the instance boots from.",
    ),
    Field::new(
        "image",
        Type::Ref("image"),
        "The image: an id, an `image` of the stack, or \
         `{family|os_name|name, owner, architecture, follow}`.",
    )
    .required()
    .param("ImageId")
    .at("ImageId")
    .judge(desire::judge_image, "rebuild!")
    .own_look_up()
    .samples(
        "{family: acs:alibaba_cloud_linux_3_2104_lts_x64}",
        "{family: acs:ubuntu_22_04_x64}",
    )
    .captured(),
    Field::new(
        "vswitch",
        Type::Ref("vswitch"),
        "The subnet; a subnet in another zone replaces the instance.",
    )
    .param("VSwitchId")
    .at("VpcAttributes.VSwitchId")
    .judge(desire::judge_vswitch, "restart")
    .samples("subnet", "near")
    .captured(),
    Field::new(
        "vswitches",
        Type::List(&Type::Ref("vswitch")),
        "Acceptable subnets; the members of a group are spread over them.",
    )
    .judge(desire::judge_vswitches, "replace!")
    .samples("[subnet, near]", "[far]"),
    Field::new(
        "private_ip",
        Type::Ip,
        "Private IP address, inside the subnet.",
    )
    .param("PrivateIpAddress")
    .by(read::private_ip)
    .update(&NETWORK)
    .samples("10.0.1.10", "10.0.1.11")
    .captured(),
    Field::new(
        "instance_type",
        TYPE_NAME,
        "Instance type, for example `ecs.c7.large`.",
    )
    .param("InstanceType")
    .at("InstanceType")
    .update(&TYPE)
    .samples("ecs.c7.large", "ecs.c7.xlarge")
    .captured(),
    Field::new(
        "instance_types",
        Type::List(&TYPE_NAME),
        "Acceptable instance types, tried in order at creation; an instance of any of them stays \
         as it is.",
    )
    .judge(desire::judge_types, "restart")
    .samples("[ecs.c7.large, ecs.g7.large]", "[ecs.c7.xlarge]"),
    Field::new(
        "user_data",
        Type::Content {
            max: 32768,
            with: true,
        },
        "cloud-init configuration or a script for the first boot: text, or \
         `{text|file|cloud_config, with}`.",
    )
    .judge(desire::judge_user_data, "once")
    .samples("'#!/bin/sh'", "{cloud_config: {packages: [git]}}"),
    Field::new(
        "key_pair",
        Type::Ref("key_pair"),
        "Key pair of the user root; a change takes effect at the next start.",
    )
    .param("KeyPairName")
    .at_or_absent("KeyPairName")
    .update(&KEY_PAIR)
    .leave(&LEAVE_KEY_PAIR)
    .samples("first", "second")
    .captured(),
    Field::new(
        "power",
        Type::Enum(&["running", "stopped", "unmanaged"]),
        "Whether the instance runs; if not given, it is started once and then not managed.",
    )
    .by(read::power)
    .judge(desire::judge_power, "stop")
    .transient()
    .samples("running", "stopped")
    .captured(),
    Field::whole(
        "ready",
        ready::FIELDS,
        "Checks that must pass before resources that depend on the instance continue. They run \
         after a creation and after a rebuild.",
    )
    .judge(ready::judge, "once")
    .transient()
    .samples("{cloud_init: true}", "{tcp: 80, timeout: 5m}"),
    Field::new(
        "stopped_mode",
        Type::Enum(&["StopCharging", "KeepCharging"]),
        "Whether a stop by `power: stopped` also stops charges, which can release the public \
         address.",
    )
    .or("StopCharging")
    .at("StoppedMode")
    .never()
    .captured(),
    Field::output(
        "public_ip",
        ID,
        "Public IP address: its own, or that of its `eip`.",
    )
    .by(read::public_ip)
    .captured(),
    Field::output("zone", ID, "Zone.").at("ZoneId").captured(),
    Field::output(
        "image_id",
        ID,
        "Id of the image that the instance was created from.",
    )
    .at("ImageId")
    .captured(),
    Field::output("cpu", NUMBER, "vCPUs.").at("Cpu").captured(),
    Field::output("memory", NUMBER, "Memory in MiB.")
        .at("Memory")
        .captured(),
    Field::output(
        "network_interface_id",
        ID,
        "Id of the primary network interface.",
    )
    .by(read::primary_interface)
    .captured(),
    Field::output(
        "status",
        ID,
        "`Pending`, `Starting`, `Running`, `Stopping` or `Stopped`.",
    )
    .at("Status")
    .transient()
    .captured(),
    Field::derived("own_public_ip")
        .never()
        .by(read::own_public_ip)
        .captured(),
    Field::derived("vpc")
        .never()
        .by(|row| read::text(row, "VpcAttributes.VpcId")),
    Field::derived("charge_type")
        .never()
        .by(|row| read::text(row, "InstanceChargeType")),
    Field::derived("expired_time")
        .never()
        .by(|row| read::text(row, "ExpiredTime")),
    Field::derived("os_name")
        .never()
        .by(|row| read::text(row, "OSName")),
];

const NUMBER: Type = Type::Int {
    min: 0,
    max: i64::MAX,
    unit: "",
};

static INTERNET: &[Field] = &[
    Field::new(
        "max_bandwidth_out",
        Type::Int {
            min: 0,
            max: 100,
            unit: "Mbit/s",
        },
        "Outbound bandwidth in Mbit/s; more than 0 assigns a public address, 0 may release it.",
    )
    .param("InternetMaxBandwidthOut")
    .at("InternetMaxBandwidthOut")
    .judge(desire::judge_bandwidth, "none")
    .via(&BANDWIDTH)
    .samples("5", "10")
    .captured(),
    Field::new(
        "max_bandwidth_in",
        Type::Int {
            min: 1,
            max: 200,
            unit: "Mbit/s",
        },
        "Inbound bandwidth in Mbit/s.",
    )
    .param("InternetMaxBandwidthIn")
    .at("InternetMaxBandwidthIn")
    .judge(desire::judge_bandwidth, "none")
    .via(&BANDWIDTH)
    .samples("50", "100")
    .given("max_bandwidth_out: 100")
    .captured(),
    Field::new(
        "charge_type",
        Type::Enum(&["PayByTraffic", "PayByBandwidth"]),
        "Billing by traffic or by bandwidth.",
    )
    .or("PayByTraffic")
    .param("InternetChargeType")
    .update_param("NetworkChargeType")
    .at("InternetChargeType")
    .judge(desire::judge_internet_charge, "none")
    .via(&BANDWIDTH)
    .samples("PayByTraffic", "PayByBandwidth")
    .given("max_bandwidth_out: 10")
    .captured(),
];

/// The fields of the system disk. None has a path, since the listing of instances does not show
/// disks: their values come from the listing of disks.
static SYSTEM_DISK: &[Field] = &[
    Field::new(
        "size",
        Type::Int {
            min: 1,
            max: 2048,
            unit: "GiB",
        },
        "Size in GiB, at least that of the image; it can grow online, but not shrink.",
    )
    .param("SystemDisk.Size")
    .judge(desire::judge_size, "grow")
    .samples("40", "60")
    .captured(),
    Field::new(
        "category",
        Type::Enum(&[
            "cloud_essd",
            "cloud_auto",
            "cloud_essd_entry",
            "cloud_ssd",
            "cloud_efficiency",
        ]),
        "Category of the disk; an existing disk cannot become `cloud_essd_entry`.",
    )
    .or("cloud_essd")
    .param("SystemDisk.Category")
    .update_param("DiskCategory")
    .judge(desire::judge_category, "none")
    .via(&DISK_SPEC)
    .samples("cloud_efficiency", "cloud_essd"),
    Field::new(
        "performance_level",
        Type::Enum(&["PL0", "PL1", "PL2", "PL3"]),
        "Performance level of a cloud_essd; it cannot be lowered to PL0.",
    )
    .or("PL0")
    .param("SystemDisk.PerformanceLevel")
    .update_param("PerformanceLevel")
    .judge(desire::judge_level, "none")
    .via(&DISK_SPEC)
    .samples("PL0", "PL1")
    .captured(),
    Field::new("encrypted", Type::Bool, "Whether the disk is encrypted.")
        .param("SystemDisk.Encrypted")
        .replace()
        .samples("false", "true")
        .captured(),
    Field::output("id", ID, "Id of the system disk.").captured(),
];

/// Changes the name, the description and the deletion protection, at any time.
pub(super) static ATTRIBUTES: Update = Update::online("attributes", |change| {
    vec![change::attribute(&change.id(), change.params(&ATTRIBUTES))]
});
/// Changes the host name, from the next start on.
static HOST_NAME: Update = Update::online("host_name", |change| {
    change::settled_attribute(change, &HOST_NAME)
})
.from_next_start();
/// Changes the security groups. The call replaces the whole set.
pub(super) static GROUPS: Update = Update::online("groups", |change| {
    change::settled_attribute(change, &GROUPS)
});
/// Changes the public bandwidth and its billing.
pub(super) static BANDWIDTH: Update =
    Update::online("bandwidth", change::bandwidth).unsettling(&["public_ip"]);
/// Grows the system disk.
pub(super) static GROW: Update =
    Update::online("grow", system_disk::grow).effect(Effect::NONE.priced());
/// Changes the category or the level of the system disk.
pub(super) static DISK_SPEC: Update =
    Update::online("disk_spec", system_disk::change_spec).effect(Effect::NONE.priced());
/// Replaces the system disk by one from another image.
pub(super) static IMAGE: Update = Update::stopped("image", change::rebuild)
    .effect(Effect::REBUILD)
    .unsettling(&["image_id", "os_name", "system_disk.id", "system_disk.size"]);
/// Moves the instance to another subnet or private address.
pub(super) static NETWORK: Update = Update::stopped("network", change::network)
    .effect(Effect::RESTART.losing_private_address())
    .unsettling(&["private_ip", "public_ip"]);
/// Changes the instance type.
pub(super) static TYPE: Update = Update::stopped("type", change::instance_type)
    .effect(Effect::RESTART.priced())
    .unsettling(&["cpu", "memory"]);
/// Stores other user data for later boots.
pub(super) static STORE_USER_DATA: Update =
    Update::stopped("user_data", change::user_data).digesting(USER_DATA);
/// Attaches another key pair, which takes effect at the next start.
static KEY_PAIR: Update = Update::online("key_pair", change::attach_key_pair)
    .place(At::After)
    .from_next_start();
/// Detaches the key pair until its replacement exists.
static LEAVE_KEY_PAIR: Update =
    Update::online("leave_key_pair", change::detach_key_pair).place(At::After);
/// Starts the instance.
pub(super) static START: Update = Update::online("start", power::start_up).place(At::Closing);
/// Stops the instance because the spec says so.
pub(super) static STOP: Update = Update::online("stop", power::stop_as_asked)
    .effect(Effect::STOP)
    .place(At::Closing);
/// Runs the readiness checks.
pub(super) static READY: Update = Update::online("ready", ready::steps_of_live)
    .place(At::After)
    .marked(UNREADY);
