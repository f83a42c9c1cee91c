use crate::testing::{Bench, text};

/// A VPC with a VSwitch, a gateway that is ready, and an address bound to it.
struct Scene {
    bench: Bench,
    vpc: String,
    vswitch: String,
    gateway: String,
    snat: String,
    forward: String,
    eip: String,
    address: String,
}

fn scene() -> Scene {
    let mut bench = Bench::new();
    let vpc = bench.vpc();
    let vswitch = bench.vswitch(&vpc, "172.16.1.0/24");
    let made = bench.ok(
        "vpc.CreateNatGateway",
        &[
            ("VpcId", &vpc),
            ("VSwitchId", &vswitch),
            ("NatType", "Enhanced"),
        ],
    );
    let gateway = text(&made, "NatGatewayId");
    let snat = made["SnatTableIds"]["SnatTableId"][0]
        .as_str()
        .expect("a table")
        .to_owned();
    let forward = made["ForwardTableIds"]["ForwardTableId"][0]
        .as_str()
        .expect("a table")
        .to_owned();
    let allocated = bench.ok("vpc.AllocateEipAddress", &[]);
    let (eip, address) = (
        text(&allocated, "AllocationId"),
        text(&allocated, "EipAddress"),
    );
    let bind = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", gateway.as_str()),
        ("InstanceType", "Nat"),
    ];
    bench.refused(
        "vpc.AssociateEipAddress",
        &bind,
        "400 IncorrectStatus.NatGateway",
    );
    bench.wait(60_000);
    bench.ok("vpc.AssociateEipAddress", &bind);
    Scene {
        vpc,
        vswitch,
        gateway,
        snat,
        forward,
        eip,
        address,
        bench,
    }
}

fn routes(bench: &mut Bench, vpc: &str) -> Vec<String> {
    let tables = bench.ok("vpc.DescribeRouteTableList", &[("VpcId", vpc)]);
    let table = text(
        &tables["RouterTableList"]["RouterTableListType"][0],
        "RouteTableId",
    );
    let entries = bench.ok(
        "vpc.DescribeRouteEntryList",
        &[("RouteTableId", &table), ("RouteEntryType", "Custom")],
    );
    let rows = entries["RouteEntrys"]["RouteEntry"]
        .as_array()
        .expect("a list")
        .clone();
    rows.iter()
        .map(|row| text(row, "DestinationCidrBlock"))
        .collect()
}

#[test]
fn a_gateway_brings_its_route_and_takes_it_away() {
    let Scene {
        mut bench,
        vpc,
        vswitch,
        gateway,
        ..
    } = scene();
    bench.wait(1_000);
    assert_eq!(routes(&mut bench, &vpc), ["0.0.0.0/0"]);
    let row = bench.ok("vpc.DescribeNatGateways", &[("NatGatewayId", &gateway)])["NatGateways"]["NatGateway"][0].clone();
    assert_eq!(
        (text(&row, "Status"), text(&row, "EnableSessionLog")),
        ("Available".to_owned(), "false".to_owned())
    );
    assert_eq!(row["IpLists"]["IpList"][0]["UsingStatus"], "Idle");
    bench.refused(
        "vpc.DeleteVpc",
        &[("VpcId", &vpc)],
        "400 DependencyViolation.VSwitch",
    );
    bench.refused(
        "vpc.DeleteVSwitch",
        &[("VSwitchId", &vswitch)],
        "400 DependencyViolation.EnhancedNatgw",
    );
    bench.refused(
        "vpc.DeleteNatGateway",
        &[("NatGatewayId", &gateway)],
        "400 DependencyViolation.EIPS",
    );
    bench.ok(
        "vpc.DeleteNatGateway",
        &[("NatGatewayId", &gateway), ("Force", "true")],
    );
    bench.wait(10_000);
    assert!(routes(&mut bench, &vpc).is_empty());
    bench.refused(
        "vpc.GetNatGatewayAttribute",
        &[("NatGatewayId", &gateway)],
        "404 InvalidNatGatewayId.NotFound",
    );
    assert_eq!(
        bench.ok("vpc.DescribeEipAddresses", &[("Status", "Available")])["TotalCount"],
        1,
        "freed, not released"
    );
    bench.refused(
        "vpc.DeleteVSwitch",
        &[("VSwitchId", &vswitch)],
        "400 DependencyViolation.EnhancedNatgw",
    );
    bench.wait(5_000);
    bench.ok("vpc.DeleteVSwitch", &[("VSwitchId", &vswitch)]);
}

#[test]
fn attributes_of_a_gateway() {
    let Scene {
        mut bench, gateway, ..
    } = scene();
    bench.ok(
        "vpc.ModifyNatGatewayAttribute",
        &[
            ("NatGatewayId", &gateway),
            ("Name", "out"),
            ("IcmpReplyEnabled", "false"),
        ],
    );
    let row = bench.ok("vpc.DescribeNatGateways", &[("Name", "out")])["NatGateways"]["NatGateway"]
        [0]
    .clone();
    assert_eq!(
        (text(&row, "NatGatewayId"), &row["IcmpReplyEnabled"]),
        (gateway.clone(), &false.into())
    );
    let got = bench.ok("vpc.GetNatGatewayAttribute", &[("NatGatewayId", &gateway)]);
    assert_eq!(
        (
            &got["EnableSessionLog"],
            &got["SnatTable"]["SnatEntryCount"]
        ),
        (&false.into(), &0.into())
    );
    bench.refused(
        "vpc.ModifyNatGatewaySpec",
        &[("NatGatewayId", &gateway), ("Spec", "Large")],
        "400 OperationUnsupported.PostPaid",
    );
}

#[test]
fn snat_entries_need_a_bound_address() {
    let Scene {
        mut bench,
        vswitch,
        snat,
        address,
        ..
    } = scene();
    let base = [
        ("SnatTableId", snat.as_str()),
        ("SnatIp", address.as_str()),
        ("SourceVSwitchId", vswitch.as_str()),
    ];
    bench.refused(
        "vpc.CreateSnatEntry",
        &base,
        "400 OperationUnsupported.EipInBinding",
    );
    bench.wait(1_000);
    bench.refused(
        "vpc.CreateSnatEntry",
        &[base[0], ("SnatIp", "1.2.3.4"), base[2]],
        "404 InvalidSnatIp.NotFound",
    );
    bench.refused(
        "vpc.CreateSnatEntry",
        &[("SnatTableId", "stb-x"), base[1], base[2]],
        "404 InvalidSnatTableId.NotFound",
    );
    bench.refused("vpc.CreateSnatEntry", &base[..2], "400 MissingParameter");
    bench.ok("vpc.CreateSnatEntry", &base);
    bench.refused(
        "vpc.CreateSnatEntry",
        &base,
        "400 Forbidden.SourceVSwitchId.Duplicated",
    );
}

#[test]
fn an_snat_entry_holds_its_address() {
    let Scene {
        mut bench,
        vswitch,
        gateway,
        snat,
        eip,
        address,
        ..
    } = scene();
    bench.wait(1_000);
    let base = [
        ("SnatTableId", snat.as_str()),
        ("SnatIp", address.as_str()),
        ("SourceVSwitchId", vswitch.as_str()),
    ];
    let id = text(&bench.ok("vpc.CreateSnatEntry", &base), "SnatEntryId");
    let named = [("SnatTableId", snat.as_str()), ("SnatEntryId", id.as_str())];
    bench.refused("vpc.DeleteSnatEntry", &named, "400 IncorretSnatEntryStatus");
    bench.wait(2_000);
    let row = bench.ok(
        "vpc.DescribeSnatTableEntries",
        &[("NatGatewayId", &gateway)],
    )["SnatTableEntries"]["SnatTableEntry"][0]
        .clone();
    assert_eq!(
        (text(&row, "Status"), text(&row, "SourceCIDR")),
        ("Available".to_owned(), "172.16.1.0/24".to_owned())
    );
    let free = [("AllocationId", eip.as_str())];
    bench.refused(
        "vpc.UnassociateEipAddress",
        &free,
        "400 InvalidIpStatus.HasBeenUsedBySnatTable",
    );
    bench.ok(
        "vpc.ModifySnatEntry",
        &[
            named[0],
            named[1],
            ("SnatEntryName", "all"),
            ("EipAffinity", "1"),
        ],
    );
    bench.wait(2_000);
    bench.ok("vpc.DeleteSnatEntry", &named);
    bench.wait(2_000);
    bench.refused(
        "vpc.DeleteSnatEntry",
        &named,
        "404 InvalidSnatEntryId.NotFound",
    );
    bench.ok("vpc.UnassociateEipAddress", &free);
}

/// Parameters of an entry that forwards a port of an address to a machine.
fn to_ssh<'a>(table: &'a str, address: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("ForwardTableId", table),
        ("ExternalIp", address),
        ("ExternalPort", "22"),
        ("InternalIp", "172.16.1.9"),
        ("InternalPort", "22"),
        ("IpProtocol", "TCP"),
    ]
}

#[test]
fn forward_entries_move_one_at_a_time() {
    let Scene {
        mut bench,
        forward,
        address,
        ..
    } = scene();
    bench.wait(1_000);
    let base = to_ssh(&forward, &address);
    let with = |name: &'static str, value: &'static str| {
        base.map(|pair| if pair.0 == name { (name, value) } else { pair })
    };
    for (name, value, expected) in [
        ("ExternalIp", "1.2.3.4", "400 InvalidIp.NotInNatgw"),
        (
            "InternalIp",
            "10.0.0.1",
            "400 Forbidden.DestnationIpOutOfVpcCIDR",
        ),
        ("InternalPort", "22/30", "400 InvalidParameter"),
        ("IpProtocol", "icmp", "400 InvalidParameter"),
        (
            "ForwardTableId",
            "ftb-x",
            "404 InvalidForwardTableId.NotFound",
        ),
    ] {
        bench.refused("vpc.CreateForwardEntry", &with(name, value), expected);
    }
    bench.ok("vpc.CreateForwardEntry", &base);
    bench.refused(
        "vpc.CreateForwardEntry",
        &with("ExternalPort", "23"),
        "400 IncorretForwardEntryStatus",
    );
    bench.wait(2_000);
    bench.refused(
        "vpc.CreateForwardEntry",
        &with("ExternalPort", "23"),
        "400 InvalidParameter",
    );
}

#[test]
fn a_forward_entry_holds_its_address() {
    let Scene {
        mut bench,
        forward,
        gateway,
        eip,
        address,
        ..
    } = scene();
    bench.wait(1_000);
    let made = bench.ok("vpc.CreateForwardEntry", &to_ssh(&forward, &address));
    let id = text(&made, "ForwardEntryId");
    bench.wait(2_000);
    let named = [
        ("ForwardTableId", forward.as_str()),
        ("ForwardEntryId", id.as_str()),
    ];
    bench.ok(
        "vpc.ModifyForwardEntry",
        &[named[0], named[1], ("ExternalPort", "2222")],
    );
    bench.wait(2_000);
    let rows = bench.ok(
        "vpc.DescribeForwardTableEntries",
        &[("NatGatewayId", &gateway)],
    );
    let row = rows["ForwardTableEntries"]["ForwardTableEntry"][0].clone();
    assert_eq!(
        (text(&row, "ExternalPort"), text(&row, "IpProtocol")),
        ("2222".to_owned(), "tcp".to_owned())
    );
    let free = [("AllocationId", eip.as_str()), ("Force", "true")];
    bench.refused(
        "vpc.UnassociateEipAddress",
        &free[..1],
        "400 InvalidIpStatus.HasBeenUsedByForwardEntry",
    );
    bench.ok("vpc.UnassociateEipAddress", &free);
    assert_eq!(
        bench.ok("vpc.DescribeForwardTableEntries", &[])["TotalCount"],
        0,
        "forced unbinding takes the entry along"
    );
    bench.refused(
        "vpc.DeleteForwardEntry",
        &named,
        "404 InvalidForwardEntryId.NotFound",
    );
}
