//! The answer of each action in each state of a NAT gateway: the published rules, cell by cell.

use crate::testing::{Bench, Names, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Absent,
    Creating,
    Available,
    /// With an address bound to it, and an SNAT entry that uses it.
    Used,
    Deleting,
}

const STATES: [At; 5] = [
    At::Absent,
    At::Creating,
    At::Available,
    At::Used,
    At::Deleting,
];

fn answer(at: At, action: &str, pairs: &[(&str, &str)]) -> String {
    let mut bench = Bench::new();
    let vpc = bench.vpc();
    let vswitch = bench.vswitch(&vpc, "172.16.1.0/24");
    let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
    let address = text(
        &bench.ok("vpc.DescribeEipAddresses", &[])["EipAddresses"]["EipAddress"][0],
        "IpAddress",
    );
    let make = [
        ("VpcId", vpc.as_str()),
        ("VSwitchId", vswitch.as_str()),
        ("NatType", "Enhanced"),
    ];
    let made = bench.ok("vpc.CreateNatGateway", &make);
    let id = text(&made, "NatGatewayId");
    let table = made["SnatTableIds"]["SnatTableId"][0]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if at != At::Creating {
        bench.wait(60_000);
    }
    if at == At::Used {
        bench.ok(
            "vpc.AssociateEipAddress",
            &[
                ("AllocationId", &eip),
                ("InstanceId", &id),
                ("InstanceType", "Nat"),
            ],
        );
        bench.wait(10_000);
        bench.ok(
            "vpc.CreateSnatEntry",
            &[
                ("SnatTableId", &table),
                ("SnatIp", &address),
                ("SourceCIDR", "10.9.0.0/16"),
            ],
        );
        bench.wait(10_000);
    }
    if at == At::Deleting {
        bench.ok("vpc.DeleteNatGateway", &[("NatGatewayId", &id)]);
    }
    let (id, table) = if at == At::Absent {
        ("ngw-none".to_owned(), "stb-none".to_owned())
    } else {
        (id, table)
    };
    let names = Names::from([
        ("$ngw", id),
        ("$table", table),
        ("$eip", eip),
        ("$address", address),
        ("$vsw", vswitch),
    ]);
    bench.outcome(&format!("vpc.{action}"), pairs, &names)
}

const NGW: (&str, &str) = ("NatGatewayId", "$ngw");

/// An action, its parameters, and its answers in each state.
type Line = (
    &'static str,
    &'static [(&'static str, &'static str)],
    [&'static str; 5],
);

const ABSENT: &str = "404 InvalidNatGatewayId.NotFound";
const STATUS: &str = "400 IncorrectStatus.NATGW";
const BIND: &str = "400 IncorrectStatus.NatGateway";
const FREE: &str = "400 IncorrectEipStatus";

const LINES: &[Line] = &[
    (
        "ModifyNatGatewayAttribute",
        &[NGW, ("Name", "other")],
        [ABSENT, STATUS, "", "", STATUS],
    ),
    (
        "AssociateEipAddress",
        &[
            ("AllocationId", "$eip"),
            ("InstanceId", "$ngw"),
            ("InstanceType", "Nat"),
        ],
        ["404 InvalidInstanId.NotFound", BIND, "", FREE, BIND],
    ),
    (
        "CreateSnatEntry",
        &[
            ("SnatTableId", "$table"),
            ("SnatIp", "$address"),
            ("SourceCIDR", "10.8.0.0/16"),
        ],
        [
            "404 InvalidSnatTableId.NotFound",
            STATUS,
            "400 EIP_NOT_IN_GATEWAY",
            "",
            STATUS,
        ],
    ),
    (
        "UnassociateEipAddress",
        &[("AllocationId", "$eip")],
        [
            FREE,
            FREE,
            FREE,
            "400 InvalidIpStatus.HasBeenUsedBySnatTable",
            FREE,
        ],
    ),
    (
        "DeleteNatGateway",
        &[NGW],
        [ABSENT, STATUS, "", "400 DependencyViolation", STATUS],
    ),
    (
        "DeleteNatGateway",
        &[NGW, ("Force", "true")],
        [ABSENT, STATUS, "", "", STATUS],
    ),
    (
        "DeleteVSwitch",
        &[("VSwitchId", "$vsw")],
        ["400 DependencyViolation.EnhancedNatgw"; 5],
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
