//! More resources with one tag than a listing of ECS shows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::profile::{Options, Profile};
use crate::testing::{Bench, text};

const TAG: [(&str, &str); 2] = [("Tag.1.Key", "stack"), ("Tag.1.Value", "app")];

fn bench() -> Bench {
    Bench::with(Options {
        profile: Profile::instant(),
        ..Options::default()
    })
}

/// Every row of a listing, by its tokens; how many pages there were.
fn pages(bench: &mut Bench, name: &str, pairs: &[(&str, &str)], at: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut token, mut count) = (Vec::new(), String::new(), 0);
    loop {
        let asked = [pairs, &[("NextToken", &token)]].concat();
        let page = bench.ok(name, &asked);
        let page_rows = page.pointer(at).and_then(Value::as_array);
        rows.extend(page_rows.expect("a list").iter().cloned());
        count += 1;
        token = text(&page, "NextToken");
        if token.is_empty() {
            return (rows, count);
        }
    }
}

fn ids(rows: &[Value], field: &str) -> BTreeSet<String> {
    rows.iter().map(|row| text(row, field)).collect()
}

/// Makes machines with the tag, in batches as large as the cloud allows.
fn machines(bench: &mut Bench, mut amount: usize) {
    let vpc = bench.vpc();
    let (vswitch, group) = (bench.vswitch(&vpc, "172.16.0.0/20"), bench.group(&vpc));
    while amount > 0 {
        let batch = amount.min(100).to_string();
        let order = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupIds.1", group.as_str()),
            ("Amount", batch.as_str()),
        ];
        bench.ok("ecs.RunInstances", &[&order[..], &TAG].concat());
        bench.wait(1_000);
        amount -= amount.min(100);
    }
}

#[test]
fn a_thousand_are_shown_and_the_tag_service_lists_the_rest() {
    let mut bench = bench();
    machines(&mut bench, 1_001);
    let all = bench.ok("ecs.DescribeInstances", &[("PageSize", "1")]);
    assert_eq!(all["TotalCount"], 1_001);

    let mut shown = BTreeSet::new();
    for page in 1..=11 {
        let number = page.to_string();
        let asked = [("PageSize", "100"), ("PageNumber", &number)];
        let answer = bench.ok("ecs.DescribeInstances", &[&asked[..], &TAG].concat());
        assert_eq!(answer["TotalCount"], 1_000);
        let rows = answer["Instances"]["Instance"].as_array().expect("a list");
        assert_eq!(rows.len(), if page == 11 { 0 } else { 100 });
        shown.append(&mut ids(rows, "InstanceId"));
    }
    let asked = [&[("MaxResults", "100")], &TAG[..]].concat();
    let at = "/Instances/Instance";
    let (rows, count) = pages(&mut bench, "ecs.DescribeInstances", &asked, at);
    assert_eq!((ids(&rows, "InstanceId"), count), (shown.clone(), 10));
    for name in ["ecs.DescribeDisks", "ecs.DescribeNetworkInterfaces"] {
        assert_eq!(bench.ok(name, &TAG)["TotalCount"], 1_000, "{name}");
    }

    let asked = [&[("ResourceType", "instance")], &TAG[..]].concat();
    let at = "/TagResources/TagResource";
    let (rows, _) = pages(&mut bench, "ecs.ListTagResources", &asked, at);
    let exist = ids(&rows, "ResourceId");
    assert_eq!(exist.len(), 1_001);
    let left_out = exist.difference(&shown).next().expect("one is left out");
    assert_eq!(text(&bench.instance(left_out), "InstanceId"), *left_out);

    let asked = [("Tags", "{\"stack\":\"app\"}"), ("PageSize", "1000")];
    let (rows, count) = pages(&mut bench, "tag.ListTagResources", &asked, "/TagResources");
    let names = ids(&rows, "ResourceARN");
    // A machine has a disk and an interface with its tags.
    assert_eq!((names.len(), count), (3 * 1_001, 4));
    assert!(names.iter().any(|name| name.ends_with(left_out.as_str())));
}

/// Makes two of each type with the tag.
fn two_of_each(bench: &mut Bench) {
    machines(bench, 2);
    let disk = bench.ok("ecs.DescribeDisks", &[]);
    let disk = text(&disk["Disks"]["Disk"][0], "DiskId");
    let vpc = bench.vpc();
    for (name, block) in [("one", "172.16.32.0/24"), ("two", "172.16.33.0/24")] {
        let vswitch = [
            ("VpcId", vpc.as_str()),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", block),
        ];
        let policy = [
            ("timePoints", "[\"1\"]"),
            ("repeatWeekdays", "[\"1\"]"),
            ("retentionDays", "1"),
        ];
        let mut make = |action: &str, pairs: &[(&str, &str)]| {
            let made = bench.ok(action, &[pairs, &TAG].concat());
            bench.wait(1_000);
            made
        };
        make("ecs.CreateKeyPair", &[("KeyPairName", name)]);
        make("ecs.CreateSecurityGroup", &vswitch[..1]);
        make("ecs.CreateAutoSnapshotPolicy", &policy);
        make("vpc.CreateVpc", &[("VpcName", name)]);
        make("vpc.CreateVSwitch", &vswitch);
        make("vpc.AllocateEipAddress", &[("Name", name)]);
        let snapshot = make("ecs.CreateSnapshot", &[("DiskId", &disk)]);
        let snapshot = text(&snapshot, "SnapshotId");
        let image = [("SnapshotId", snapshot.as_str()), ("ImageName", name)];
        make("ecs.CreateImage", &image);
    }
}

#[test]
fn listings_of_ecs_have_the_limit_and_those_of_vpc_do_not() {
    let mut bench = bench();
    bench.world.options.quotas.tag_filter_matches = 1;
    two_of_each(&mut bench);
    for (name, expected) in [
        ("ecs.DescribeInstances", 1),
        ("ecs.DescribeDisks", 1),
        ("ecs.DescribeNetworkInterfaces", 1),
        ("ecs.DescribeKeyPairs", 1),
        ("ecs.DescribeSecurityGroups", 1),
        ("ecs.DescribeSnapshots", 1),
        ("ecs.DescribeImages", 1),
        ("ecs.DescribeAutoSnapshotPolicyEx", 1),
        ("vpc.DescribeVpcs", 2),
        ("vpc.DescribeVSwitches", 2),
        ("vpc.DescribeEipAddresses", 2),
    ] {
        assert_eq!(bench.ok(name, &TAG)["TotalCount"], expected, "{name}");
    }
}

#[test]
fn the_tag_service_lists_every_type_in_pages_of_one() {
    let mut bench = bench();
    two_of_each(&mut bench);
    let asked = [("Tags", "{\"stack\":\"app\"}"), ("PageSize", "1")];
    let (rows, count) = pages(&mut bench, "tag.ListTagResources", &asked, "/TagResources");
    let names = ids(&rows, "ResourceARN");
    let kinds = [
        "ecs/instance",
        "ecs/disk",
        "ecs/eni",
        "ecs/keypair",
        "ecs/securitygroup",
        "ecs/snapshot",
        "ecs/image",
        "ecs/snapshotpolicy",
        "vpc/vpc",
        "vpc/vswitch",
        "vpc/eip",
    ];
    assert_eq!((names.len(), count), (2 * kinds.len(), 2 * kinds.len()));
    for kind in kinds {
        let (product, kind) = kind.split_once('/').expect("product and type");
        let start = format!("arn:acs:{product}:cn-beijing:");
        let of_kind = names
            .iter()
            .filter(|name| name.starts_with(&start) && name.contains(&format!(":{kind}/")));
        assert_eq!(of_kind.count(), 2, "{product} {kind}");
    }
}

#[test]
fn other_filters_decide_before_the_limit_does() {
    let mut bench = bench();
    bench.world.options.quotas.tag_filter_matches = 1;
    machines(&mut bench, 2);
    let all = bench.ok("ecs.DescribeInstances", &[]);
    let rows = all["Instances"]["Instance"].as_array().expect("a list");
    for id in ids(rows, "InstanceId") {
        let ids = format!("[\"{id}\"]");
        let asked = [&[("InstanceIds", ids.as_str())], &TAG[..]].concat();
        let found = bench.ok("ecs.DescribeInstances", &asked);
        assert_eq!(found["TotalCount"], 1, "{id}");
    }
}
