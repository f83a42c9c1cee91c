//! Groups: members are interrupted one after another, and a failure stops the later ones.

use setpoint_sim::fault::Fate;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults;
use setpoint_testkit::run::lines;

use crate::stacks::APP;

fn three() -> String {
    APP.replace("  server:\n", "  server:\n    count: 3\n")
        .replace(
            "instances: [server]",
            "instances: [\"server[0]\", \"server[1]\", \"server[2]\"]",
        )
        .replace("${server.public_ip}", "${server[0].public_ip}")
        .replace("host_name: app-01", "host_name: app")
}

#[tokio::test(start_paused = true)]
async fn one_member_at_a_time() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&three()).await.is_complete());
    let changed = three().replace("ecs.c7.large", "ecs.c7.xlarge");
    let plan = cloud.plan(&changed).await;
    assert_eq!(
        lines(&plan),
        [
            "~ server[0] (instance_type) restart",
            "~ server[1] (instance_type) restart",
            "~ server[2] (instance_type) restart"
        ]
    );
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete());
    let powers: Vec<(&str, String)> = outcome
        .writes
        .iter()
        .filter(|write| matches!(write.action, "StopInstances" | "StartInstances"))
        .map(|write| {
            (
                write.action,
                write
                    .addresses
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        })
        .collect();
    let expected: Vec<(&str, String)> = (0..3)
        .flat_map(|n| {
            [
                ("StopInstances", format!("server[{n}]")),
                ("StartInstances", format!("server[{n}]")),
            ]
        })
        .collect();
    assert_eq!(powers, expected);
    assert_eq!(outcome.down.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failure_stops_the_later_members() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&three()).await.is_complete());
    let plan = cloud
        .plan(&three().replace("ecs.c7.large", "ecs.c7.xlarge"))
        .await;
    // The third write of the first member changes its type.
    cloud.sim.set_hook(Some(faults::at_write(
        3,
        Fate::RefuseBefore {
            code: "DependencyViolation.InstanceType".to_owned(),
            status: 400,
        },
    )));
    let outcome = cloud.apply_plan(&plan).await;
    cloud.sim.set_hook(None);
    assert_eq!(outcome.failed.len(), 1);
    let left: Vec<String> = outcome
        .not_started
        .iter()
        .map(|one| one.address.to_string())
        .collect();
    assert_eq!(left, ["server[1]", "server[2]"]);
    let running = cloud
        .owned()
        .iter()
        .filter(|line| line.starts_with("instance ") && line.ends_with(" Running"))
        .count();
    assert_eq!(running, 3);
}

#[tokio::test(start_paused = true)]
async fn two_security_groups_may_refer_to_each_other() {
    let text = "
stack: two-tiers
region: cn-beijing
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/16}
  web: {type: security_group, vpc: net, ingress: [{port: 80, source: 0.0.0.0/0}, {port: 9100, source: db}]}
  db: {type: security_group, vpc: net, ingress: [{port: 5432, source: web}]}
";
    let cloud = Cloud::new();
    let outcome = cloud.apply(text).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(lines(&cloud.plan(text).await), Vec::<String>::new());
    let gone = cloud.destroy(text).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new());
}
