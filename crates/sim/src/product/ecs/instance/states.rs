//! The answer of each action in each state of an instance: the published state machine, cell by
//! cell.

use serde_json::Value;

use crate::testing::{Bench, Names, text};

/// The state of the instance at the call.
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
    /// Paid in advance, in a state.
    Subscription(&'static Self),
    Protected,
    /// A stopped spot machine whose bid is below the price.
    Outbid,
}

/// An instance with two groups, a data disk, a second interface, public bandwidth and a key pair.
/// Beside it a third group, a free disk, a free interface, another key pair and a command.
struct Scene {
    bench: Bench,
    /// The values of names such as `$disk`.
    names: Names,
}

/// The order of the instance, with the parameters that the state needs.
fn launch(bench: &mut Bench, at: At, vswitch: &str, groups: &[String]) -> String {
    let order = [
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.c7.large"),
        ("VSwitchId", vswitch),
        ("SecurityGroupIds.1", groups[0].as_str()),
        ("SecurityGroupIds.2", groups[1].as_str()),
        ("KeyPairName", "own"),
        ("InternetMaxBandwidthOut", "5"),
        ("DataDisk.1.Size", "500"),
        ("DataDisk.1.Category", "cloud_essd"),
        ("DataDisk.1.PerformanceLevel", "PL1"),
        ("NetworkInterface.1.InstanceType", "Secondary"),
        ("NetworkInterface.1.VSwitchId", vswitch),
        ("NetworkInterface.1.SecurityGroupId", groups[0].as_str()),
    ];
    let more: &[(&str, &str)] = match at {
        At::Subscription(_) => &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
        At::Protected => &[("DeletionProtection", "true")],
        At::Outbid => &[
            ("SpotStrategy", "SpotWithPriceLimit"),
            ("SpotPriceLimit", "0.2"),
        ],
        _ => &[],
    };
    let made = bench.ok("ecs.RunInstances", &[&order[..], more].concat());
    made["InstanceIdSets"]["InstanceIdSet"][0]
        .as_str()
        .expect("one id")
        .to_owned()
}

fn scene(at: At) -> Scene {
    let mut bench = Bench::new();
    let vpc = bench.vpc();
    let vswitch = bench.vswitch(&vpc, "172.16.1.0/24");
    let groups = [bench.group(&vpc), bench.group(&vpc), bench.group(&vpc)];
    bench.ok("ecs.CreateKeyPair", &[("KeyPairName", "own")]);
    bench.ok("ecs.CreateKeyPair", &[("KeyPairName", "other")]);
    // What is beside the machine is made before it, so that the machine may still be in its first
    // moment.
    let make = [("ZoneId", "cn-beijing-h"), ("Size", "20")];
    let disk = text(&bench.ok("ecs.CreateDisk", &make), "DiskId");
    let pairs = [
        ("VSwitchId", vswitch.as_str()),
        ("SecurityGroupId", groups[0].as_str()),
    ];
    let interface = text(
        &bench.ok("ecs.CreateNetworkInterface", &pairs),
        "NetworkInterfaceId",
    );
    let content = [
        ("Name", "c"),
        ("Type", "RunShellScript"),
        ("CommandContent", "ZWNobw=="),
    ];
    let command = text(&bench.ok("ecs.CreateCommand", &content), "CommandId");
    bench.wait(5_000);
    let id = launch(&mut bench, at, &vswitch, &groups);
    settle(&mut bench, &id, at);
    let disks = bench.ok("ecs.DescribeDisks", &[("InstanceId", &id)])["Disks"]["Disk"].clone();
    let of_kind = |kind: &str| {
        disks
            .as_array()
            .into_iter()
            .flatten()
            .find(|disk| disk["Type"] == kind)
            .map(|disk| text(disk, "DiskId"))
    };
    let interfaces = bench.ok(
        "ecs.DescribeNetworkInterfaces",
        &[("InstanceId", &id), ("Type", "Secondary")],
    );
    let shown = if at == At::Absent {
        "i-none".to_owned()
    } else {
        id
    };
    let [first, second, third] = groups;
    let names = Names::from([
        ("$is", format!("[\"{shown}\"]")),
        ("$i", shown),
        ("$vsw", vswitch),
        ("$sg", first),
        ("$sg2", second),
        ("$sg3", third),
        ("$disk", disk),
        ("$system", of_kind("system").expect("a system disk")),
        ("$data", of_kind("data").expect("a data disk")),
        ("$eni", interface),
        (
            "$eni2",
            text(
                &interfaces["NetworkInterfaceSets"]["NetworkInterfaceSet"][0],
                "NetworkInterfaceId",
            ),
        ),
        ("$command", command),
    ]);
    Scene { bench, names }
}

/// Brings the instance into the state.
fn settle(bench: &mut Bench, id: &str, at: At) {
    let (place, charge) = if let At::Subscription(state) = at {
        (*state, true)
    } else {
        (at, false)
    };
    match place {
        At::Pending => {}
        At::Starting => bench.wait(4_000),
        _ => bench.wait(20_000),
    }
    if matches!(
        place,
        At::Stopping | At::Stopped | At::Economical | At::Outbid
    ) {
        let mode = if place == At::Economical {
            "StopCharging"
        } else {
            "KeepCharging"
        };
        let how = [("InstanceId", id), ("StoppedMode", mode)];
        bench.ok("ecs.StopInstance", if charge { &how[..1] } else { &how });
    }
    if matches!(place, At::Stopped | At::Economical | At::Outbid) {
        bench.wait(5_000);
    }
    // Locks, charges and prices are read by the call, so time must have reached it.
    assert!(!bench.instance(id).is_null());
    match at {
        At::Security => assert!(bench.world.set_lock(id, "security")),
        At::Financial => assert!(bench.world.set_lock(id, "financial")),
        At::Outbid => drop(
            bench
                .world
                .options
                .spot_prices
                .insert("ecs.c7.large".to_owned(), 0.201),
        ),
        _ => {}
    }
}

/// What an action answers there; empty if it is accepted.
fn answer(at: At, action: &str, pairs: &[(&str, &str)]) -> String {
    let mut scene = scene(at);
    scene
        .bench
        .outcome(&format!("ecs.{action}"), pairs, &scene.names)
}

impl Scene {
    fn call(&mut self, action: &str, pairs: &[(&str, &str)]) -> Result<Value, String> {
        let filled: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, self.names.get(value).map_or(*value, String::as_str)))
            .collect();
        self.bench.call(&format!("ecs.{action}"), &filled)
    }
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
        (
            At::Pending,
            [INCORRECT, INCORRECT, INCORRECT, INITIALIZING, INITIALIZING],
        ),
        (At::Starting, [INCORRECT; 5]),
        (At::Running, [INCORRECT, "", "", INCORRECT, ""]),
        (At::Stopping, [INCORRECT; 5]),
        (At::Stopped, ["", INCORRECT, INCORRECT, "", ""]),
        (At::Economical, ["", INCORRECT, INCORRECT, "", ""]),
        (At::Security, [LOCKED, LOCKED, LOCKED, INCORRECT, ""]),
        (
            At::Financial,
            ["403 InstanceExpired", UNPAID, UNPAID, INCORRECT, ""],
        ),
        (
            At::Subscription(&At::Running),
            [INCORRECT, "", "", PREPAID, PREPAID],
        ),
        (At::Protected, [INCORRECT, "", "", PROTECTED, PROTECTED]),
        (
            At::Outbid,
            [
                "403 OperationDenied.SpotPriceLowerThanPublicPrice",
                INCORRECT,
                INCORRECT,
                "",
                "",
            ],
        ),
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

/// An action, its parameters, and its answers when Pending, Starting, Running, Stopping, Stopped
/// and locked.
type Line = (
    &'static str,
    &'static [(&'static str, &'static str)],
    [&'static str; 6],
);

const INCORRECT: &str = "403 IncorrectInstanceStatus";
const INCORRECT_400: &str = "400 IncorrectInstanceStatus";
const ECS_STATE: &str = "400 InvalidOperation.InvalidEcsState";
const LOCKED: &str = "403 InstanceLockedForSecurity";
const NOT_STOPPED: &str = "400 InvalidInstanceStatus.NotStopped";
const VALUE: &str = "400 InvalidStatus.ValueNotSupported";
const VALUE_403: &str = "403 InvalidStatus.ValueNotSupported";
const NOT_RUNNING: &str = "403 InvalidInstanceStatus.NotRunning";

const MODIFYING: &[Line] = &[
    (
        "ModifyInstanceAttribute",
        &[ON, ("InstanceName", "web")],
        ["", "", "", "", "", LOCKED],
    ),
    (
        "ModifyInstanceAttribute",
        &[ON, ("HostName", "web")],
        [INCORRECT, INCORRECT, "", "", "", LOCKED],
    ),
    (
        "ModifyInstanceAttribute",
        &[ON, ("Password", "Abcd1234!")],
        ["", INCORRECT, "", "", "", LOCKED],
    ),
    (
        "ModifyInstanceAttribute",
        &[ON, ("SecurityGroupIds.1", "$sg")],
        [ECS_STATE, ECS_STATE, "", ECS_STATE, "", LOCKED],
    ),
    (
        "JoinSecurityGroup",
        &[ON, ("SecurityGroupId", "$sg3")],
        [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED],
    ),
    (
        "LeaveSecurityGroup",
        &[ON, ("SecurityGroupId", "$sg2")],
        [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED],
    ),
    (
        "ModifyInstanceSpec",
        &[ON, ("InstanceType", "ecs.c7.xlarge")],
        [
            NOT_STOPPED,
            NOT_STOPPED,
            NOT_STOPPED,
            NOT_STOPPED,
            "",
            LOCKED,
        ],
    ),
    (
        "ModifyInstanceSpec",
        &[ON, ("InternetMaxBandwidthOut", "7")],
        [VALUE_403, VALUE_403, "", VALUE_403, "", LOCKED],
    ),
    (
        "ReplaceSystemDisk",
        &[ON, ("ImageId", "debian_12_6_x64_20G_alibase_20240711.vhd")],
        [
            "403 OperationDenied.InstanceCreating",
            INCORRECT,
            INCORRECT,
            INCORRECT,
            "",
            LOCKED,
        ],
    ),
    (
        "ModifyInstanceNetworkSpec",
        &[ON, ("InternetMaxBandwidthOut", "7")],
        [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED],
    ),
    (
        "AllocatePublicIpAddress",
        &[ON],
        [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED],
    ),
    (
        "ModifyInstanceChargeType",
        &[("InstanceIds", "$is")],
        [VALUE, VALUE, "", VALUE, "", ""],
    ),
    (
        "AttachDisk",
        &[ON, ("DiskId", "$disk")],
        [INCORRECT_400, INCORRECT_400, "", INCORRECT_400, "", LOCKED],
    ),
    // The disks of an instance that is being created are being created too.
    (
        "DetachDisk",
        &[ON, ("DiskId", "$data")],
        [
            "403 IncorrectDiskStatus",
            INCORRECT,
            "",
            INCORRECT,
            "",
            LOCKED,
        ],
    ),
    (
        "DetachDisk",
        &[ON, ("DiskId", "$system")],
        [
            "403 IncorrectDiskStatus",
            INCORRECT,
            INCORRECT,
            INCORRECT,
            "",
            LOCKED,
        ],
    ),
    (
        "ModifyDiskSpec",
        &[("DiskId", "$data"), ("PerformanceLevel", "PL2")],
        [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED],
    ),
    (
        "ResizeDisk",
        &[("DiskId", "$system"), ("NewSize", "50")],
        [INCORRECT, INCORRECT, "", INCORRECT, "", LOCKED],
    ),
    (
        "ResizeDisk",
        &[("DiskId", "$system"), ("NewSize", "50"), ("Type", "online")],
        [
            NOT_RUNNING,
            NOT_RUNNING,
            "",
            NOT_RUNNING,
            NOT_RUNNING,
            LOCKED,
        ],
    ),
    (
        "CreateSnapshot",
        &[("DiskId", "$system")],
        [INCORRECT_400, INCORRECT_400, "", INCORRECT_400, "", LOCKED],
    ),
    (
        "CreateImage",
        &[ON],
        [
            INCORRECT_400,
            INCORRECT_400,
            "",
            INCORRECT_400,
            "",
            "400 InstanceLockedForSecurity",
        ],
    ),
    (
        "AttachNetworkInterface",
        &[ON, ("NetworkInterfaceId", "$eni")],
        [ECS_STATE, ECS_STATE, "", ECS_STATE, "", ""],
    ),
    (
        "DetachNetworkInterface",
        &[ON, ("NetworkInterfaceId", "$eni2")],
        [ECS_STATE, ECS_STATE, "", ECS_STATE, "", ""],
    ),
    (
        "TagResources",
        &[
            ("ResourceType", "instance"),
            ("ResourceId.1", "$i"),
            ("Tag.1.Key", "k"),
        ],
        [""; 6],
    ),
    (
        "AttachInstanceRamRole",
        &[("InstanceIds", "$is"), ("RamRoleName", "web")],
        [""; 6],
    ),
    (
        "ModifyInstanceMetadataOptions",
        &[ON, ("HttpEndpoint", "enabled")],
        [""; 6],
    ),
    (
        "ModifyInstanceMaintenanceAttributes",
        &[("InstanceId.1", "$i"), ("ActionOnMaintenance", "Stop")],
        [""; 6],
    ),
    (
        "ModifyInstanceAutoReleaseTime",
        &[ON, ("AutoReleaseTime", "2026-02-01T00:00:00Z")],
        [""; 6],
    ),
];

#[test]
fn modifying_actions() {
    const STATES: [At; 6] = [
        At::Pending,
        At::Starting,
        At::Running,
        At::Stopping,
        At::Stopped,
        At::Security,
    ];
    for (action, pairs, expected) in MODIFYING {
        let got = STATES.map(|at| answer(at, action, pairs));
        assert_eq!(
            got.each_ref().map(String::as_str),
            *expected,
            "{action} {pairs:?}"
        );
    }
}

/// These calls succeed in any state; the answer or the result of each instance has the outcome.
#[test]
fn what_fails_by_item() {
    const NAMES: (&str, &str) = ("InstanceIds", "$is");
    const STATES: [(At, &str, &str); 6] = [
        (At::Pending, "IncorrectInstanceStatus", "InstanceNotRunning"),
        (
            At::Starting,
            "IncorrectInstanceStatus",
            "InstanceNotRunning",
        ),
        (At::Running, "200", ""),
        (
            At::Stopping,
            "IncorrectInstanceStatus",
            "InstanceNotRunning",
        ),
        (At::Stopped, "200", "InstanceNotRunning"),
        (At::Security, "200", ""),
    ];
    for (at, bound, run) in STATES {
        for (action, name) in [("AttachKeyPair", "other"), ("DetachKeyPair", "own")] {
            let answer = scene(at)
                .call(action, &[NAMES, ("KeyPairName", name)])
                .expect("an answer");
            assert_eq!(
                answer["Results"]["Result"][0]["Code"], bound,
                "{action} {at:?}"
            );
            assert_eq!(
                answer["FailCount"],
                if bound == "200" { "0" } else { "1" },
                "{action} {at:?}"
            );
        }
        for (action, what) in [
            (
                "RunCommand",
                &[("Type", "RunShellScript"), ("CommandContent", "ZWNobw==")][..],
            ),
            ("InvokeCommand", &[("CommandId", "$command")]),
        ] {
            let mut scene = scene(at);
            if run.is_empty() {
                // The agent starts later than the instance.
                scene.bench.wait(120_000);
            }
            let invocation = text(
                &scene
                    .call(action, &[what, &[("InstanceId.1", "$i")]].concat())
                    .expect("an answer"),
                "InvokeId",
            );
            let results = scene
                .call("DescribeInvocationResults", &[("InvokeId", &invocation)])
                .expect("an answer");
            assert_eq!(
                results["Invocation"]["InvocationResults"]["InvocationResult"][0]["ErrorCode"], run,
                "{action} {at:?}"
            );
        }
    }
}

#[test]
fn a_move_to_another_address_is_for_stopped_machines() {
    let pairs = [
        ON,
        ("VSwitchId", "$vsw"),
        ("PrivateIpAddress", "172.16.1.77"),
    ];
    for (at, expected) in [
        (At::Pending, INCORRECT_400),
        (At::Starting, INCORRECT_400),
        (At::Running, INCORRECT_400),
        (At::Stopping, INCORRECT_400),
        (At::Stopped, ""),
    ] {
        assert_eq!(
            answer(at, "ModifyInstanceVpcAttribute", &pairs),
            expected,
            "{at:?}"
        );
    }
}

#[test]
fn a_subscription_grows_in_any_state_of_rest() {
    let pairs = [ON, ("InstanceType", "ecs.c7.xlarge")];
    for (at, expected) in [
        (&At::Pending, INCORRECT),
        (&At::Starting, INCORRECT),
        (&At::Running, ""),
        (&At::Stopping, INCORRECT),
        (&At::Stopped, ""),
    ] {
        assert_eq!(
            answer(At::Subscription(at), "ModifyPrepayInstanceSpec", &pairs),
            expected,
            "{at:?}"
        );
    }
    assert_eq!(
        answer(At::Running, "ModifyPrepayInstanceSpec", &pairs),
        "403 ChargeTypeViolation"
    );
}
