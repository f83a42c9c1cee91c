use crate::profile::Options;
use crate::testing::{Bench, text};

fn eip(bench: &mut Bench) -> String {
    text(
        &bench.ok(
            "vpc.AllocateEipAddress",
            &[("InternetChargeType", "PayByTraffic")],
        ),
        "AllocationId",
    )
}

#[track_caller]
fn row(bench: &mut Bench, id: &str) -> serde_json::Value {
    bench.ok("vpc.DescribeEipAddresses", &[("AllocationId", id)])["EipAddresses"]["EipAddress"][0]
        .clone()
}

#[test]
fn an_address_is_bound_to_a_machine_and_survives_it() {
    let mut bench = Bench::new();
    let (instance, _, _) = bench.machine(&[]);
    let id = eip(&mut bench);
    let pair = [
        ("AllocationId", id.as_str()),
        ("InstanceId", instance.as_str()),
    ];
    bench.refused(
        "vpc.AssociateEipAddress",
        &pair,
        "400 IncorrectInstanceStatus",
    );
    bench.wait(20_000);
    bench.ok("vpc.AssociateEipAddress", &pair);
    assert_eq!(text(&row(&mut bench, &id), "Status"), "Associating");
    bench.refused(
        "vpc.ReleaseEipAddress",
        &pair[..1],
        "400 IncorrectEipStatus",
    );
    bench.refused(
        "vpc.ModifyEipAddressAttribute",
        &[pair[0], ("Bandwidth", "9")],
        "400 IncorrectEipStatus",
    );
    bench.wait(1_000);
    let bound = row(&mut bench, &id);
    assert_eq!(
        (text(&bound, "Status"), text(&bound, "InstanceId")),
        ("InUse".to_owned(), instance.clone())
    );
    assert_eq!(
        (text(&bound, "Bandwidth"), text(&bound, "InstanceType")),
        ("5".to_owned(), "EcsInstance".to_owned())
    );
    assert_eq!(
        bench.instance(&instance)["EipAddress"]["AllocationId"],
        id.as_str()
    );
    bench.refused("vpc.AssociateEipAddress", &pair, "400 IncorrectEipStatus");
    let second = eip(&mut bench);
    let again = [("AllocationId", second.as_str()), pair[1]];
    bench.refused(
        "vpc.AssociateEipAddress",
        &again,
        "400 InvalidAssociation.Duplicated",
    );
    bench.ok(
        "ecs.DeleteInstance",
        &[("InstanceId", &instance), ("Force", "true")],
    );
    bench.wait(10_000);
    let free = row(&mut bench, &id);
    assert_eq!(
        (text(&free, "Status"), text(&free, "InstanceId")),
        ("Available".to_owned(), String::new())
    );
    bench.ok("vpc.ReleaseEipAddress", &pair[..1]);
    assert_eq!(text(&row(&mut bench, &id), "Status"), "Releasing");
    bench.wait(1_000);
    assert!(row(&mut bench, &id).is_null());
    bench.refused(
        "vpc.ReleaseEipAddress",
        &pair[..1],
        "404 InvalidAllocationId.NotFound",
    );
}

#[test]
fn unbinding_frees_the_address() {
    let mut bench = Bench::new();
    let (instance, _, _) = bench.machine(&[]);
    bench.wait(20_000);
    let id = eip(&mut bench);
    let pair = [
        ("AllocationId", id.as_str()),
        ("InstanceId", instance.as_str()),
    ];
    bench.refused("vpc.UnassociateEipAddress", &pair, "400 IncorrectEipStatus");
    bench.ok("vpc.AssociateEipAddress", &pair);
    bench.wait(1_000);
    bench.refused(
        "vpc.UnassociateEipAddress",
        &[pair[0], ("InstanceId", "i-other")],
        "400 InvalidInstanceId.NotFound",
    );
    bench.ok("vpc.UnassociateEipAddress", &pair);
    assert_eq!(text(&row(&mut bench, &id), "Status"), "Unassociating");
    bench.wait(1_000);
    assert_eq!(text(&row(&mut bench, &id), "Status"), "Available");
}

#[test]
fn what_an_allocation_refuses() {
    let mut bench = Bench::new();
    for (name, value, expected) in [
        ("Bandwidth", "501", "400 InvalidParameter"),
        ("Bandwidth", "0", "400 InvalidParameter"),
        ("Bandwidth", "much", "400 InvalidParameter"),
        ("InternetChargeType", "PayByLuck", "400 InvalidParameter"),
        ("ISP", "ChinaTelecom", "400 InvalidParameter"),
        ("Netmode", "private", "400 Simulator.NotModelled"),
        (
            "PublicIpAddressPoolId",
            "pippool-1",
            "400 Simulator.NotModelled",
        ),
        ("Name", "http://x", "400 InvalidName.Malformed"),
    ] {
        bench.refused("vpc.AllocateEipAddress", &[(name, value)], expected);
    }
    let paid = bench.ok(
        "vpc.AllocateEipAddressPro",
        &[("InstanceChargeType", "PrePaid"), ("Period", "1")],
    );
    assert!(paid["OrderId"].is_i64());
    let paid = text(&paid, "AllocationId");
    bench.refused(
        "vpc.ReleaseEipAddress",
        &[("AllocationId", &paid)],
        "400 Forbidden.ChargeTypeIsPrepaid",
    );
    for _ in 0..19 {
        eip(&mut bench);
    }
    bench.refused("vpc.AllocateEipAddress", &[], "400 QuotaExceeded.Eip");
}

#[test]
fn attributes_change_in_place() {
    let mut bench = Bench::new();
    let id = eip(&mut bench);
    let change = [
        ("AllocationId", id.as_str()),
        ("Bandwidth", "20"),
        ("Name", "front"),
        ("Description", "d"),
    ];
    bench.ok("vpc.ModifyEipAddressAttribute", &change);
    let row = row(&mut bench, &id);
    assert_eq!(
        (text(&row, "Bandwidth"), text(&row, "Name")),
        ("20".to_owned(), "front".to_owned())
    );
    bench.refused(
        "vpc.ModifyEipAddressAttribute",
        &[change[0], ("Bandwidth", "201")],
        "400 InvalidParameter",
    );
    for (filter, value, found) in [
        ("EipName", "front", 1),
        ("EipName", "back", 0),
        ("Status", "Available", 1),
        ("Status", "InUse", 0),
    ] {
        assert_eq!(
            bench.ok("vpc.DescribeEipAddresses", &[(filter, value)])["TotalCount"],
            found,
            "{filter}={value}"
        );
    }
}

#[test]
fn whether_an_allocation_keeps_its_tags_is_a_switch() {
    for drops in [false, true] {
        let mut bench = Bench::with(Options {
            allocation_drops_tags: drops,
            ..Options::default()
        });
        let tag = [("Tag.1.Key", "k"), ("Tag.1.Value", "v")];
        let id = text(&bench.ok("vpc.AllocateEipAddress", &tag), "AllocationId");
        assert_eq!(
            bench.ok("vpc.DescribeEipAddresses", &tag)["TotalCount"],
            i32::from(!drops)
        );
        // Afterwards they can be put on.
        let on = [
            ("ResourceType", "EIP"),
            ("ResourceId.1", id.as_str()),
            tag[0],
            tag[1],
        ];
        bench.ok("vpc.TagResources", &on);
        assert_eq!(bench.ok("vpc.DescribeEipAddresses", &tag)["TotalCount"], 1);
    }
}
