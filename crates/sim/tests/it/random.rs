//! Random calls: a refusal changes nothing, two runs give the same answers, and a stored world
//! equals the one in memory.

use proptest::prelude::*;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_sim::profile::Options;
use setpoint_sim::world::World;

use crate::client::{START, signed};

/// A call with placeholders `$vpc`, `$vsw`, `$sg`, `$i` for the newest id of a kind.
type Template = (&'static str, &'static [(&'static str, &'static str)]);

const CALLS: &[Template] = &[
    ("vpc.CreateVpc", &[("CidrBlock", "10.0.0.0/8")]),
    ("vpc.DeleteVpc", &[("VpcId", "$vpc")]),
    (
        "vpc.CreateVSwitch",
        &[
            ("VpcId", "$vpc"),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "10.1.0.0/24"),
        ],
    ),
    (
        "vpc.CreateVSwitch",
        &[
            ("VpcId", "$vpc"),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "10.2.0.0/24"),
            ("ClientToken", "t"),
        ],
    ),
    ("vpc.DeleteVSwitch", &[("VSwitchId", "$vsw")]),
    ("ecs.CreateSecurityGroup", &[("VpcId", "$vpc")]),
    ("ecs.DeleteSecurityGroup", &[("SecurityGroupId", "$sg")]),
    (
        "ecs.AuthorizeSecurityGroup",
        &[
            ("SecurityGroupId", "$sg"),
            ("IpProtocol", "tcp"),
            ("PortRange", "80/80"),
            ("SourceCidrIp", "0.0.0.0/0"),
        ],
    ),
    (
        "ecs.RunInstances",
        &[
            ("ImageFamily", "acs:debian_12_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", "$vsw"),
            ("SecurityGroupId", "$sg"),
            ("Amount", "2"),
        ],
    ),
    ("ecs.StopInstance", &[("InstanceId", "$i")]),
    ("ecs.StartInstance", &[("InstanceId", "$i")]),
    (
        "ecs.DeleteInstance",
        &[("InstanceId", "$i"), ("Force", "true")],
    ),
    (
        "ecs.ModifyInstanceAttribute",
        &[
            ("InstanceId", "$i"),
            ("InstanceName", "web"),
            ("HostName", "-bad-"),
        ],
    ),
];

fn id_of(world: &World, placeholder: &str) -> String {
    let kind = match placeholder {
        "$vpc" => "vpc",
        "$vsw" => "vswitch",
        "$sg" => "security_group",
        _ => "instance",
    };
    world
        .resources()
        .into_iter()
        .filter(|row| row.kind == kind)
        .map(|row| row.id)
        .next_back()
        .unwrap_or_else(|| "none".to_owned())
}

/// Everything that is stored, as text.
fn rows(world: &World) -> Vec<(String, String, String)> {
    world.rows()
}

/// Runs a script of (call, wait) and gives all answers; checks after each refusal that nothing has
/// changed.
fn run(script: &[(usize, i64)]) -> (World, Vec<Vec<u8>>) {
    let mut world = World::new(3, Timestamp(START), Options::default());
    let account = world.account().clone();
    let key = setpoint_openapi::credential::Credential::long_lived(
        account.access_key_id,
        account.access_key_secret,
    );
    let mut now = START;
    let mut answers = Vec::new();
    for (n, wait) in script {
        now += wait;
        let (name, pairs) = CALLS[n % CALLS.len()];
        world.advance(Timestamp(now));
        let filled: Vec<(&str, String)> = pairs
            .iter()
            .map(|(k, v)| {
                (
                    *k,
                    if v.starts_with('$') {
                        id_of(&world, v)
                    } else {
                        (*v).to_owned()
                    },
                )
            })
            .collect();
        let filled: Vec<(&str, &str)> = filled.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let before = rows(&world);
        let response = world.handle(Timestamp(now), &signed(&key, Timestamp(now), name, &filled));
        if response.status != 200 {
            assert_eq!(
                before,
                rows(&world),
                "{name} was refused and changed something"
            );
        }
        answers.push(response.body);
    }
    (world, answers)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes(script in prop::collection::vec((0..CALLS.len(), prop::sample::select(vec![0_i64, 500, 3_000, 20_000])), 1..40)) {
        let (mut world, answers) = run(&script);
        prop_assert_eq!(&answers, &run(&script).1, "two runs differ");

        let mut stored = World::from_rows(rows(&world), Options::default()).expect("its own rows");
        prop_assert_eq!(rows(&world), rows(&stored), "a stored world differs");
        let later = Timestamp(world.now().0 + 3_600_000);
        world.advance(later);
        stored.advance(later);
        prop_assert_eq!(rows(&world), rows(&stored), "a stored world goes another way");

        let resting = ["Available", "Running", "Stopped", "In_use", "InUse"];
        for row in world.resources() {
            prop_assert!(resting.contains(&row.state.as_str()), "{} is {} after an hour", row.id, row.state);
        }
    }
}
