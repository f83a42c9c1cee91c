//! The answer of each action in each state of a disk: the published rules, cell by cell.

use crate::testing::{Bench, Names, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Absent,
    Creating,
    Available,
    Attaching,
    InUse,
    Detaching,
    ReIniting,
}

const STATES: [At; 7] = [
    At::Absent,
    At::Creating,
    At::Available,
    At::Attaching,
    At::InUse,
    At::Detaching,
    At::ReIniting,
];

/// Creates a disk of 500 GiB in the state, and an instance that runs, or is stopped for
/// `ReIniting`.
fn scene(at: At) -> (Bench, String, String) {
    let mut bench = Bench::new();
    let (machine, _, _) = bench.machine(&[]);
    bench.wait(20_000);
    let make = [
        ("ZoneId", "cn-beijing-h"),
        ("Size", "500"),
        ("DiskCategory", "cloud_essd"),
    ];
    let disk = text(&bench.ok("ecs.CreateDisk", &make), "DiskId");
    let on = [("DiskId", disk.as_str()), ("InstanceId", machine.as_str())];
    if !matches!(at, At::Absent | At::Creating) {
        bench.wait(5_000);
    }
    if matches!(
        at,
        At::Attaching | At::InUse | At::Detaching | At::ReIniting
    ) {
        bench.ok("ecs.AttachDisk", &on);
    }
    if matches!(at, At::InUse | At::Detaching | At::ReIniting) {
        bench.wait(5_000);
    }
    match at {
        At::Detaching => drop(bench.ok("ecs.DetachDisk", &on)),
        At::ReIniting => {
            bench.ok("ecs.StopInstance", &[("InstanceId", &machine)]);
            bench.wait(5_000);
            bench.ok("ecs.ReInitDisk", &[("DiskId", &disk)]);
        }
        _ => {}
    }
    let shown = if at == At::Absent {
        "d-none".to_owned()
    } else {
        disk
    };
    (bench, shown, machine)
}

fn answer(at: At, action: &str, pairs: &[(&str, &str)]) -> String {
    let (mut bench, disk, machine) = scene(at);
    let policy = [
        ("regionId", "cn-beijing"),
        ("timePoints", "[\"1\"]"),
        ("repeatWeekdays", "[\"1\"]"),
        ("retentionDays", "1"),
    ];
    let policy = text(
        &bench.ok("ecs.CreateAutoSnapshotPolicy", &policy),
        "AutoSnapshotPolicyId",
    );
    let names = Names::from([
        ("$ds", format!("[\"{disk}\"]")),
        ("$d", disk),
        ("$i", machine),
        ("$policy", policy),
    ]);
    bench.outcome(&format!("ecs.{action}"), pairs, &names)
}

const D: (&str, &str) = ("DiskId", "$d");
const ON: (&str, &str) = ("InstanceId", "$i");

/// An action, its parameters, and its answers in each state.
type Line = (
    &'static str,
    &'static [(&'static str, &'static str)],
    [&'static str; 7],
);

const ABSENT: &str = "404 InvalidDiskId.NotFound";
const STATUS: &str = "403 IncorrectDiskStatus";
const INITIALIZING: &str = "403 IncorrectDiskStatus.Initializing";
const DETACHED: &str = "404 InvalidDisk.AlreadyDetached";
const SMALL: &str = "403 InvalidDiskSize.TooSmall";
const POLICY: &[(&str, &str)] = &[
    ("regionId", "cn-beijing"),
    ("autoSnapshotPolicyId", "$policy"),
    ("diskIds", "$ds"),
];

const LINES: &[Line] = &[
    (
        "AttachDisk",
        &[D, ON],
        [
            ABSENT,
            INITIALIZING,
            "",
            STATUS,
            "404 InvalidDisk.InUse",
            STATUS,
            STATUS,
        ],
    ),
    (
        "DetachDisk",
        &[D, ON],
        [ABSENT, DETACHED, DETACHED, STATUS, "", STATUS, STATUS],
    ),
    // Of what is not there nothing need be deleted.
    (
        "DeleteDisk",
        &[D],
        ["", INITIALIZING, "", STATUS, STATUS, STATUS, STATUS],
    ),
    (
        "ResizeDisk",
        &[D, ("NewSize", "600")],
        [ABSENT, STATUS, "", STATUS, "", STATUS, STATUS],
    ),
    (
        "ResizeDisk",
        &[D, ("NewSize", "600"), ("Type", "online")],
        [
            ABSENT,
            STATUS,
            "403 InvalidInstanceStatus.NotRunning",
            STATUS,
            "",
            STATUS,
            STATUS,
        ],
    ),
    (
        "ResizeDisk",
        &[D, ("NewSize", "400")],
        [ABSENT, STATUS, SMALL, STATUS, SMALL, STATUS, STATUS],
    ),
    (
        "ModifyDiskSpec",
        &[D, ("PerformanceLevel", "PL2")],
        [ABSENT, STATUS, "", STATUS, "", STATUS, STATUS],
    ),
    (
        "ModifyDiskAttribute",
        &[D, ("DiskName", "other")],
        [ABSENT, STATUS, "", "", "", "", ""],
    ),
    (
        "CreateSnapshot",
        &[D],
        [
            ABSENT,
            STATUS,
            "403 IncorrectDiskStatus.NeverAttached",
            STATUS,
            "",
            STATUS,
            STATUS,
        ],
    ),
    (
        "ReInitDisk",
        &[D],
        [
            ABSENT,
            STATUS,
            STATUS,
            STATUS,
            "403 IncorrectInstanceStatus",
            STATUS,
            STATUS,
        ],
    ),
    (
        "ApplyAutoSnapshotPolicy",
        POLICY,
        [ABSENT, "", "", "", "", "", ""],
    ),
    (
        "TagResources",
        &[
            ("ResourceType", "disk"),
            ("ResourceId.1", "$d"),
            ("Tag.1.Key", "k"),
        ],
        ["404 InvalidResourceId.NotFound", "", "", "", "", "", ""],
    ),
];

#[test]
fn every_action_in_every_state() {
    for (action, pairs, expected) in LINES {
        let got = STATES.map(|at| answer(at, action, pairs));
        assert_eq!(
            got.each_ref().map(String::as_str),
            *expected,
            "{action} {pairs:?}"
        );
    }
}
