use crate::testing::{Bench, text};

fn scene() -> (Bench, String, String, String) {
    let mut bench = Bench::new();
    let (instance, _, _) = bench.machine(&[]);
    bench.wait(20_000);
    let vpc = text(&bench.instance(&instance)["VpcAttributes"], "VpcId");
    let tables = bench.ok("vpc.DescribeRouteTables", &[]);
    let table = text(&tables["RouteTables"]["RouteTable"][0], "RouteTableId");
    (bench, vpc, table, instance)
}

#[test]
fn an_entry_lives() {
    let (mut bench, _, table, instance) = scene();
    let base = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "10.9.0.0/16"),
        ("NextHopId", instance.as_str()),
    ];
    let id = text(&bench.ok("vpc.CreateRouteEntry", &base), "RouteEntryId");
    let list = |bench: &mut Bench| {
        bench.ok(
            "vpc.DescribeRouteEntryList",
            &[("RouteTableId", &table), ("RouteEntryType", "Custom")],
        )
    };
    let row = list(&mut bench)["RouteEntrys"]["RouteEntry"][0].clone();
    assert_eq!(
        (text(&row, "Status"), text(&row, "RouteEntryId")),
        ("Pending".to_owned(), id.clone())
    );
    bench.wait(2_000);
    bench.refused(
        "vpc.CreateRouteEntry",
        &base,
        "400 RouterEntryConflict.Duplicated",
    );
    bench.ok(
        "vpc.ModifyRouteEntry",
        &[("RouteEntryId", &id), ("RouteEntryName", "back")],
    );
    bench.refused(
        "vpc.ModifyRouteEntry",
        &[("RouteEntryId", &id), ("NewNextHopId", "i-none")],
        "404 InvalidNextHopId.NotFound",
    );
    bench.ok(
        "vpc.ModifyRouteEntry",
        &[
            ("RouteEntryId", &id),
            ("NewNextHopId", &instance),
            ("NewNextHopType", "Instance"),
        ],
    );
    bench.refused(
        "vpc.DeleteRouteEntry",
        &[("RouteEntryId", &id)],
        "400 IncorrectRouteEntryStatus",
    );
    bench.wait(2_000);
    bench.refused(
        "vpc.DeleteRouteEntry",
        &[base[0], base[1], ("NextHopId", "i-none")],
        "400 InvalidRouteEntry.NotFound",
    );
    bench.ok("vpc.DeleteRouteEntry", &base);
    bench.wait(2_000);
    assert_eq!(list(&mut bench)["TotalCount"], 0);
    bench.refused(
        "vpc.DeleteRouteEntry",
        &base,
        "400 InvalidRouteEntry.NotFound",
    );
}

#[test]
fn a_pending_entry_blocks_its_table() {
    let (mut bench, vpc, table, instance) = scene();
    let base = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "10.9.0.0/16"),
        ("NextHopId", instance.as_str()),
    ];
    bench.ok("vpc.CreateRouteEntry", &base);
    let other = [base[0], ("DestinationCidrBlock", "10.8.0.0/16"), base[2]];
    bench.refused(
        "vpc.CreateRouteEntry",
        &other,
        "400 IncorrectRouteEntryStatus",
    );
    let block = [
        ("VpcId", vpc.as_str()),
        ("ZoneId", "cn-beijing-h"),
        ("CidrBlock", "172.16.9.0/24"),
    ];
    bench.refused("vpc.CreateVSwitch", &block, "400 IncorrectRouteEntryStatus");
}

#[test]
fn what_an_entry_may_not_be() {
    let (mut bench, _, table, instance) = scene();
    for (destination, hop, kind, expected) in [
        (
            "172.16.1.0/24",
            instance.as_str(),
            "Instance",
            "400 InvalidCIDRBlock.Duplicate",
        ),
        (
            "172.16.1.64/26",
            instance.as_str(),
            "Instance",
            "400 InvalidCIDRBlock.Duplicate",
        ),
        (
            "100.64.1.0/24",
            instance.as_str(),
            "Instance",
            "400 InvalidCidrBlock.Malformed",
        ),
        (
            "10.0.0.1/8",
            instance.as_str(),
            "Instance",
            "400 InvalidCidrBlock.Malformed",
        ),
        (
            "10.0.0.0/8",
            "ngw-none",
            "NatGateway",
            "404 InvalidNextHopId.NotFound",
        ),
        (
            "10.0.0.0/8",
            "vpn-1",
            "VpnGateway",
            "400 Simulator.NotModelled",
        ),
    ] {
        let pairs = [
            ("RouteTableId", table.as_str()),
            ("DestinationCidrBlock", destination),
            ("NextHopId", hop),
            ("NextHopType", kind),
        ];
        bench.refused("vpc.CreateRouteEntry", &pairs, expected);
    }
}

#[test]
fn routes_and_vswitches_share_the_addresses_of_a_vpc() {
    let (mut bench, vpc, table, instance) = scene();
    bench.refused(
        "vpc.DeleteRouteEntry",
        &[
            ("RouteTableId", &table),
            ("DestinationCidrBlock", "172.16.1.0/24"),
        ],
        "400 OperationDenied",
    );
    bench.ok(
        "vpc.CreateRouteEntry",
        &[
            ("RouteTableId", &table),
            ("DestinationCidrBlock", "172.16.9.9"),
            ("NextHopId", &instance),
        ],
    );
    bench.wait(2_000);
    let around = [
        ("VpcId", vpc.as_str()),
        ("ZoneId", "cn-beijing-h"),
        ("CidrBlock", "172.16.9.0/24"),
    ];
    bench.refused(
        "vpc.CreateVSwitch",
        &around,
        "400 InvalidCidrBlock.Overlapped",
    );
}

#[test]
fn a_batch_fails_row_by_row_and_pages_by_token() {
    let (mut bench, _, table, instance) = scene();
    let mut pairs = Vec::new();
    for (n, block) in ["10.1.0.0/16", "10.2.0.0/16", "10.1.0.0/16"]
        .iter()
        .enumerate()
    {
        for (name, value) in [
            ("RouteTableId", table.as_str()),
            ("DstCidrBlock", block),
            ("NextHop", instance.as_str()),
            ("NextHopType", "Instance"),
        ] {
            pairs.push((format!("RouteEntries.{}.{name}", n + 1), value));
        }
    }
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let answer = bench.ok("vpc.CreateRouteEntries", &pairs);
    assert_eq!(
        (&answer["SuccessCount"], &answer["FailedCount"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        answer["FailedRouteEntries"][0]["FailedCode"],
        "RouterEntryConflict.Duplicated"
    );
    let first = bench.ok(
        "vpc.DescribeRouteEntryList",
        &[("RouteTableId", &table), ("MaxResult", "3")],
    );
    assert_eq!(
        (
            &first["TotalCount"],
            first["RouteEntrys"]["RouteEntry"].as_array().map(Vec::len)
        ),
        (&4.into(), Some(3))
    );
    let rest = [
        ("RouteTableId", table.as_str()),
        ("MaxResult", "3"),
        ("NextToken", &text(&first, "NextToken")),
    ];
    let rest = bench.ok("vpc.DescribeRouteEntryList", &rest);
    assert_eq!(
        (
            text(&rest, "NextToken"),
            rest["RouteEntrys"]["RouteEntry"].as_array().map(Vec::len)
        ),
        (String::new(), Some(1))
    );
}
