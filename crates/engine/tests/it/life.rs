//! The life of a stack: created, unchanged at the second plan, destroyed, created again.

use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::lines;

const NETWORK: &str = "
stack: network
region: cn-beijing
tags: {Team: web}
resources:
  net: {type: vpc, cidr_block: 172.16.0.0/12}
  a: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 172.16.1.0/24}
  b: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 172.16.2.0/24}
";

#[tokio::test(start_paused = true)]
async fn a_network_is_created_once_and_destroyed() {
    let cloud = Cloud::new();
    let outcome = cloud.apply(NETWORK).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(outcome.summary.add, 3);
    let again = cloud.plan(NETWORK).await;
    assert_eq!(lines(&again), Vec::<String>::new());
    let gone = cloud.destroy(NETWORK).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(
        cloud
            .resources()
            .iter()
            .filter(|resource| resource.tags.contains_key("setpoint:stack"))
            .count(),
        0
    );
}

/// No step waits behind the two subnets, and one of them holds the lock of their network while its
/// first look shows that it is ready.
#[tokio::test(start_paused = true)]
async fn the_second_subnet_is_created_on_a_cloud_that_is_ready_at_once() {
    let cloud = Cloud::with(setpoint_sim::profile::Options {
        profile: setpoint_sim::profile::Profile::instant(),
        ..setpoint_sim::profile::Options::default()
    });
    let net = "  net: {type: vpc, cidr_block: 172.16.0.0/12}\n";
    let alone = NETWORK.lines().take(6).collect::<Vec<_>>().join("\n");
    assert!(alone.ends_with(net.trim_end()), "{alone}");
    assert!(cloud.apply(&alone).await.is_complete());
    let outcome = cloud.apply(NETWORK).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(outcome.summary.add, 2);
}

#[tokio::test(start_paused = true)]
async fn a_destroyed_stack_is_created_again_without_waiting() {
    let cloud = Cloud::new();
    let first = cloud.apply(NETWORK).await.elapsed;
    // There are more rounds than create attempts: an answer with the id of a deleted resource does
    // not count as a refusal.
    for round in 0..5 {
        assert!(cloud.destroy(NETWORK).await.is_complete());
        let again = cloud.apply(NETWORK).await;
        assert!(again.is_complete(), "round {round}: {again:#?}");
        assert!(
            again.elapsed < first + first,
            "round {round}: {:?} after {first:?}",
            again.elapsed
        );
        assert_eq!(cloud.owned().len(), 3, "no duplicates");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_destroyed_elsewhere_is_created_again_once_proven_gone() {
    let cloud = Cloud::new();
    for round in 0..5 {
        let made = cloud.apply(NETWORK).await;
        assert!(made.is_complete(), "round {round}: {made:#?}");
        assert_eq!(cloud.owned().len(), 3, "no duplicates");
        assert!(cloud.from_elsewhere().destroy(NETWORK).await.is_complete());
    }
}
