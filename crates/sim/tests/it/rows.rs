//! The bytes of the long listings, in JSON and in XML. Rows are written without an intermediate
//! value, and clients must not see a difference.
//!
//! `UPDATE_EXPECT=1` writes `testdata/sim/rows.txt` again; read the difference.

use std::path::Path;

use setpoint_sim::embedded::Embedded;

use crate::client::{Hand, call, open, signed, text};

const READS: [(&str, &[(&str, &str)]); 5] = [
    (
        "ecs.DescribeInstances",
        &[
            ("AdditionalAttributes.1", "META_OPTIONS"),
            ("AdditionalAttributes.2", "LOGIN_AS_NON_ROOT"),
            ("AdditionalAttributes.3", "NETWORK_PRIMARY_ENI_IP"),
        ],
    ),
    ("ecs.DescribeInstances", &[("MaxResults", "10")]),
    ("ecs.DescribeDisks", &[]),
    ("ecs.DescribeNetworkInterfaces", &[]),
    ("ecs.DescribeInstanceStatus", &[]),
];

/// Two machines, one with a public address and a further interface, with odd texts in them.
fn furnish(cloud: &Embedded, hand: &Hand) -> String {
    let made = |name: &str, pairs: &[(&str, &str)]| {
        call(cloud, hand, name, pairs).unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
    };
    let vpc = text(
        &made("vpc.CreateVpc", &[("CidrBlock", "10.0.0.0/8")]),
        "VpcId",
    );
    hand.wait(60_000);
    let subnet = [
        ("VpcId", vpc.as_str()),
        ("ZoneId", "cn-beijing-h"),
        ("CidrBlock", "10.0.0.0/24"),
    ];
    let subnet = text(&made("vpc.CreateVSwitch", &subnet), "VSwitchId");
    let group = text(
        &made("ecs.CreateSecurityGroup", &[("VpcId", &vpc)]),
        "SecurityGroupId",
    );
    hand.wait(60_000);
    let order = [
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.c7.large"),
        ("VSwitchId", &subnet),
        ("SecurityGroupId", &group),
        ("InstanceName", "web"),
        ("Amount", "2"),
        ("InternetMaxBandwidthOut", "5"),
        ("DataDisk.1.Size", "40"),
        ("Description", "a \"quoted\" <text> & more, é"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "<v> & \\ \u{1}"),
    ];
    let ids = made("ecs.RunInstances", &order)["InstanceIdSets"]["InstanceIdSet"].clone();
    let first = ids[0].as_str().expect("an id").to_owned();
    hand.wait(60_000);
    let eni = [
        ("VSwitchId", subnet.as_str()),
        ("SecurityGroupId", &group),
        ("SecondaryPrivateIpAddressCount", "2"),
    ];
    let eni = text(
        &made("ecs.CreateNetworkInterface", &eni),
        "NetworkInterfaceId",
    );
    hand.wait(60_000);
    made(
        "ecs.AttachNetworkInterface",
        &[("NetworkInterfaceId", &eni), ("InstanceId", &first)],
    );
    hand.wait(60_000);
    first
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the expectation is a file")]
fn rows_keep_their_bytes() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let machine = furnish(&cloud, &hand);
    let one = [("InstanceId", machine.as_str())];
    let reads = READS
        .into_iter()
        .chain([("ecs.DescribeInstanceAttribute", one.as_slice())]);
    let mut lines = String::new();
    for (name, pairs) in reads {
        for form in ["JSON", "XML"] {
            let pairs = [pairs, &[("Format", form)]].concat();
            let request = signed(&cloud.credential(), hand.now(), name, &pairs);
            lines = lines
                + &String::from_utf8(cloud.answer(&request).expect("an answer").body)
                    .expect("text")
                + "\n";
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/sim/rows.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &lines).expect("written");
    }
    let expected = std::fs::read_to_string(&path).expect("the expectation");
    for (number, (ours, theirs)) in lines.lines().zip(expected.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", number + 1);
    }
    assert_eq!(lines.len(), expected.len());
}
