//! What each action says in each state of a machine: the published state machine, cell by cell.

use crate::testing::{Bench, text};

/// Where a machine is when the action comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Absent,
    Pending,
    Starting,
    Running,
    Stopping,
    Stopped,
    Economical,
    Security,
    Financial,
    Subscription,
    Protected,
}

/// A machine there, with a free disk and a free interface beside it.
struct Scene {
    bench: Bench,
    id: String,
    vswitch: String,
    group: String,
    second_group: String,
    disk: String,
    interface: String,
}

fn scene(at: At) -> Scene {
    let mut bench = Bench::new();
    let more: &[(&str, &str)] = match at {
        At::Subscription => &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
        At::Protected => &[("DeletionProtection", "true")],
        _ => &[],
    };
    // The disk is there before the machine, so that the machine may still be in its first moment.
    let make = [("ZoneId", "cn-beijing-h"), ("Size", "20")];
    let disk = text(&bench.ok("ecs.CreateDisk", &make), "DiskId");
    let (mut id, vswitch, group) = bench.machine(more);
    let vpc = text(&bench.instance(&id)["VpcAttributes"], "VpcId");
    let second_group = bench.group(&vpc);
    let pairs = [("VSwitchId", vswitch.as_str()), ("SecurityGroupId", group.as_str())];
    let interface = text(&bench.ok("ecs.CreateNetworkInterface", &pairs), "NetworkInterfaceId");
    match at {
        At::Absent => id = "i-none".to_owned(),
        At::Pending => {}
        At::Starting => bench.wait(4_000),
        _ => bench.wait(20_000),
    }
    if matches!(at, At::Stopping | At::Stopped | At::Economical) {
        let mode = if at == At::Economical { "StopCharging" } else { "KeepCharging" };
        bench.ok("ecs.StopInstance", &[("InstanceId", &id), ("StoppedMode", mode)]);
    }
    if matches!(at, At::Stopped | At::Economical) {
        bench.wait(5_000);
    }
    // Locks and charges are looked at where they are read: time must have come to the call.
    assert!(at == At::Absent || !bench.instance(&id).is_null());
    match at {
        At::Security => assert!(bench.world.set_lock(&id, "security")),
        At::Financial => assert!(bench.world.set_lock(&id, "financial")),
        _ => {}
    }
    Scene { bench, id, vswitch, group, second_group, disk, interface }
}

/// What an action answers there; empty if it is accepted.
fn answer(at: At, action: &str, pairs: &[(&str, &str)]) -> String {
    let mut scene = scene(at);
    let system = scene.bench.ok("ecs.DescribeDisks", &[("InstanceId", &scene.id)])["Disks"]["Disk"][0]["DiskId"].clone();
    let system = system.as_str().unwrap_or("d-none").to_owned();
    let ids = format!("[\"{}\"]", scene.id);
    let filled: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| {
            let value = match *value {
                "$i" => scene.id.as_str(),
                "$is" => ids.as_str(),
                "$vsw" => scene.vswitch.as_str(),
                "$sg" => scene.group.as_str(),
                "$sg2" => scene.second_group.as_str(),
                "$disk" => scene.disk.as_str(),
                "$system" => system.as_str(),
                "$eni" => scene.interface.as_str(),
                other => other,
            };
            (*name, value)
        })
        .collect();
    scene.bench.call(&format!("ecs.{action}"), &filled).err().unwrap_or_default()
}

const ON: (&str, &str) = ("InstanceId", "$i");

#[test]
fn lifecycle_actions() {
    const INCORRECT: &str = "403 IncorrectInstanceStatus";
    const INITIALIZING: &str = "403 IncorrectInstanceStatus.Initializing";
    const ABSENT: &str = "404 InvalidInstanceId.NotFound";
    const LOCKED: &str = "403 InstanceLockedForSecurity";
    const UNPAID: &str = "403 InstanceExpiredOrInArrears";
    const PREPAID: &str = "403 ChargeTypeViolation";
    const PROTECTED: &str = "403 InvalidOperation.DeletionProtection";
    // Start, stop, reboot, delete, delete by force.
    for (at, expected) in [
        (At::Absent, [ABSENT; 5]),
        (At::Pending, [INCORRECT, INCORRECT, INCORRECT, INITIALIZING, INITIALIZING]),
        (At::Starting, [INCORRECT; 5]),
        (At::Running, [INCORRECT, "", "", INCORRECT, ""]),
        (At::Stopping, [INCORRECT; 5]),
        (At::Stopped, ["", INCORRECT, INCORRECT, "", ""]),
        (At::Economical, ["", INCORRECT, INCORRECT, "", ""]),
        (At::Security, [LOCKED, LOCKED, LOCKED, INCORRECT, ""]),
        (At::Financial, ["403 InstanceExpired", UNPAID, UNPAID, INCORRECT, ""]),
        (At::Subscription, [INCORRECT, "", "", PREPAID, PREPAID]),
        (At::Protected, [INCORRECT, "", "", PROTECTED, PROTECTED]),
    ] {
        let got = [
            answer(at, "StartInstance", &[ON]),
            answer(at, "StopInstance", &[ON]),
            answer(at, "RebootInstance", &[ON]),
            answer(at, "DeleteInstance", &[ON]),
            answer(at, "DeleteInstance", &[ON, ("Force", "true")]),
        ];
        assert_eq!(got, expected, "{at:?}");
    }
}

/// An action, its parameters, and its answers when Pending, Starting, Running, Stopping, Stopped and locked.
type Line = (&'static str, &'static [(&'static str, &'static str)], [&'static str; 6]);

const INCORRECT: &str = "403 IncorrectInstanceStatus";
const INCORRECT_400: &str = "400 IncorrectInstanceStatus";
const ECS_STATE: &str = "400 InvalidOperation.InvalidEcsState";
const LOCKED: &str = "403 InstanceLockedForSecurity";
const NOT_STOPPED: &str = "400 InvalidInstanceStatus.NotStopped";
const VALUE: &str = "400 InvalidStatus.ValueNotSupported";
const VALUE_403: &str = "403 InvalidStatus.ValueNotSupported";
const NOT_RUNNING: &str = "403 InvalidInstanceStatus.NotRunning";

const MODIFYING: &[Line] = &[
    ("ModifyInstanceAttribute", &[ON, ("InstanceName", "web")], ["", "", "", "", "", LOCKED]),
    ("ModifyInstanceAttribute", &[ON, ("HostName", "web")], [INCORRECT, INCORRECT, "", "", "", LOCKED]),
    ("ModifyInstanceAttribute", &[ON, ("Password", "Abcd1234!")], ["", INCORRECT, "", "", "", LOCKED]),
    ("ModifyInstanceAttribute", &[ON, ("SecurityGroupIds.1", "$sg")], [ECS_STATE, ECS_STATE, "", ECS_STATE, "", LOCKED]),
    ("JoinSecurityGroup", &[ON, ("SecurityGroupId", "$sg2")], [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED]),
    ("ModifyInstanceSpec", &[ON, ("InstanceType", "ecs.c7.xlarge")], [NOT_STOPPED, NOT_STOPPED, NOT_STOPPED, NOT_STOPPED, "", LOCKED]),
    ("ModifyInstanceSpec", &[ON, ("InternetMaxBandwidthOut", "5")], [VALUE_403, VALUE_403, "", VALUE_403, "", LOCKED]),
    (
        "ReplaceSystemDisk",
        &[ON, ("ImageId", "debian_12_6_x64_20G_alibase_20240711.vhd")],
        ["403 OperationDenied.InstanceCreating", INCORRECT, INCORRECT, INCORRECT, "", LOCKED],
    ),
    ("ModifyInstanceNetworkSpec", &[ON, ("InternetMaxBandwidthOut", "5")], [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED]),
    ("ModifyInstanceChargeType", &[("InstanceIds", "$is")], [VALUE, VALUE, "", VALUE, "", ""]),
    ("AttachDisk", &[ON, ("DiskId", "$disk")], [INCORRECT_400, INCORRECT_400, "", INCORRECT_400, "", LOCKED]),
    ("ResizeDisk", &[("DiskId", "$system"), ("NewSize", "50")], [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED]),
    (
        "ResizeDisk",
        &[("DiskId", "$system"), ("NewSize", "50"), ("Type", "online")],
        [NOT_RUNNING, NOT_RUNNING, "", NOT_RUNNING, NOT_RUNNING, LOCKED],
    ),
    ("CreateSnapshot", &[("DiskId", "$system")], [INCORRECT_400, INCORRECT_400, "", INCORRECT_400, "", LOCKED]),
    ("CreateImage", &[ON], [INCORRECT_400, INCORRECT_400, "", INCORRECT_400, "", "400 InstanceLockedForSecurity"]),
    ("AttachNetworkInterface", &[ON, ("NetworkInterfaceId", "$eni")], [ECS_STATE, ECS_STATE, "", ECS_STATE, "", ""]),
    ("TagResources", &[("ResourceType", "instance"), ("ResourceId.1", "$i"), ("Tag.1.Key", "k")], [""; 6]),
    ("AttachInstanceRamRole", &[("InstanceIds", "$is"), ("RamRoleName", "web")], [""; 6]),
    ("ModifyInstanceMetadataOptions", &[ON, ("HttpEndpoint", "enabled")], [""; 6]),
    ("ModifyInstanceMaintenanceAttributes", &[("InstanceId.1", "$i"), ("ActionOnMaintenance", "Stop")], [""; 6]),
    ("ModifyInstanceAutoReleaseTime", &[ON, ("AutoReleaseTime", "2026-02-01T00:00:00Z")], [""; 6]),
];

#[test]
fn modifying_actions() {
    const STATES: [At; 6] = [At::Pending, At::Starting, At::Running, At::Stopping, At::Stopped, At::Security];
    for (action, pairs, expected) in MODIFYING {
        let got = STATES.map(|at| answer(at, action, pairs));
        assert_eq!(got.each_ref().map(String::as_str), *expected, "{action} {pairs:?}");
    }
}

#[test]
fn a_move_to_another_address_is_for_stopped_machines() {
    let pairs = [ON, ("VSwitchId", "$vsw"), ("PrivateIpAddress", "172.16.1.77")];
    for (at, expected) in [
        (At::Pending, INCORRECT_400),
        (At::Starting, INCORRECT_400),
        (At::Running, INCORRECT_400),
        (At::Stopping, INCORRECT_400),
        (At::Stopped, ""),
    ] {
        assert_eq!(answer(at, "ModifyInstanceVpcAttribute", &pairs), expected, "{at:?}");
    }
}

#[test]
fn a_subscription_grows_while_it_runs() {
    let pairs = [ON, ("InstanceType", "ecs.c7.xlarge")];
    assert_eq!(answer(At::Subscription, "ModifyPrepayInstanceSpec", &pairs), "");
    assert_eq!(answer(At::Running, "ModifyPrepayInstanceSpec", &pairs), "403 ChargeTypeViolation");
}
