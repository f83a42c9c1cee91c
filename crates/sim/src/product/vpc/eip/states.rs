//! The answer of each action in each state of an EIP: the published rules, cell by cell.

use crate::testing::{Bench, Names, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Absent,
    Available,
    Associating,
    InUse,
    Unassociating,
    Releasing,
}

const STATES: [At; 6] = [
    At::Absent,
    At::Available,
    At::Associating,
    At::InUse,
    At::Unassociating,
    At::Releasing,
];

/// The answer of an action on an EIP in a state, with the instance that it is or can be bound to,
/// and another instance.
fn answer(at: At, action: &str, pairs: &[(&str, &str)]) -> String {
    let mut bench = Bench::new();
    let (machine, vswitch, group) = bench.machine(&[]);
    let order = [
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.c7.large"),
        ("VSwitchId", vswitch.as_str()),
        ("SecurityGroupId", group.as_str()),
    ];
    let other = bench.ok("ecs.RunInstances", &order)["InstanceIdSets"]["InstanceIdSet"][0]
        .as_str()
        .expect("one id")
        .to_owned();
    let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
    bench.wait(30_000);
    let on = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", machine.as_str()),
    ];
    if matches!(at, At::Associating | At::InUse | At::Unassociating) {
        bench.ok("vpc.AssociateEipAddress", &on);
    }
    if matches!(at, At::InUse | At::Unassociating) {
        bench.wait(5_000);
    }
    match at {
        At::Unassociating => drop(bench.ok("vpc.UnassociateEipAddress", &on)),
        At::Releasing => drop(bench.ok("vpc.ReleaseEipAddress", &on[..1])),
        _ => {}
    }
    let shown = if at == At::Absent {
        "eip-none".to_owned()
    } else {
        eip
    };
    let names = Names::from([("$eip", shown), ("$i", machine), ("$other", other)]);
    bench.outcome(&format!("vpc.{action}"), pairs, &names)
}

const EIP: (&str, &str) = ("AllocationId", "$eip");

/// An action, its parameters, and its answers in each state.
type Line = (
    &'static str,
    &'static [(&'static str, &'static str)],
    [&'static str; 6],
);

const ABSENT: &str = "404 InvalidAllocationId.NotFound";
const STATUS: &str = "400 IncorrectEipStatus";

const LINES: &[Line] = &[
    (
        "AssociateEipAddress",
        &[EIP, ("InstanceId", "$other")],
        [ABSENT, "", STATUS, STATUS, STATUS, STATUS],
    ),
    (
        "AssociateEipAddress",
        &[EIP, ("InstanceId", "i-none")],
        [
            ABSENT,
            "404 InvalidInstanId.NotFound",
            STATUS,
            STATUS,
            STATUS,
            STATUS,
        ],
    ),
    (
        "UnassociateEipAddress",
        &[EIP],
        [ABSENT, STATUS, STATUS, "", STATUS, STATUS],
    ),
    (
        "ReleaseEipAddress",
        &[EIP],
        [ABSENT, "", STATUS, STATUS, STATUS, STATUS],
    ),
    (
        "ModifyEipAddressAttribute",
        &[EIP, ("Bandwidth", "8")],
        [ABSENT, "", STATUS, "", STATUS, STATUS],
    ),
    (
        "TagResources",
        &[
            ("ResourceType", "EIP"),
            ("ResourceId.1", "$eip"),
            ("Tag.1.Key", "k"),
        ],
        ["404 InvalidResourceId.NotFound", "", "", "", "", ""],
    ),
    (
        "MoveResourceGroup",
        &[
            ("ResourceType", "eip"),
            ("ResourceId", "$eip"),
            ("NewResourceGroupId", "rg-other"),
        ],
        ["404 InvalidResource.NotFound", "", "", "", "", ""],
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
