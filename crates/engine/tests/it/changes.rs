//! Changes of a running server: what they interrupt, and that the second plan is empty.

use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, lives};

use crate::stacks::{APP, changed};

async fn check(from: &str, to: &str, expected: &[&str]) {
    lives(APP, &changed(from, to), expected).await;
}

#[tokio::test(start_paused = true)]
async fn type_restarts() {
    check(
        "ecs.c7.large",
        "ecs.c7.xlarge",
        &["~ server (instance_type) restart"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn disk_grows_online() {
    check(
        "size: 40",
        "size: 60",
        &["~ server (system_disk.size) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn rules_swap_without_a_gap() {
    check(
        "203.0.113.50/32",
        "198.51.100.0/24",
        &["~ web (ingress) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn description_of_a_rule_is_reworded() {
    check(
        "description: Web",
        "description: Public web",
        &["~ web (ingress) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn bandwidth_changes_online() {
    check(
        "max_bandwidth_out: 10",
        "max_bandwidth_out: 20",
        &["~ server (internet.max_bandwidth_out) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn power_stops() {
    check(
        "host_name: app-01",
        "host_name: app-01\n    power: stopped",
        &["~ server (power) stop"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn alarm_is_put_whole() {
    check(
        "threshold: 90",
        "threshold: 80",
        &["~ cpu-high (critical.threshold) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_zone_replaces() {
    let expected = [
        "~ cpu-high (instances) none",
        "-/+ server (vswitch) replace",
        "-/+ subnet (zone) replace",
    ];
    check("cn-beijing-h", "cn-beijing-g", &expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_subnet_apart_moves_the_server() {
    let expected = [
        "~ server (vswitch) restart",
        "+/- subnet (cidr_block) replace",
    ];
    check("172.16.1.0/24", "172.16.9.0/24", &expected).await;
}

#[tokio::test(start_paused = true)]
async fn another_image_rebuilds() {
    check(
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "acs:ubuntu_24_04_x64",
        &["~ server (image) rebuild"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn tags_change_everywhere() {
    let cloud = Cloud::new();
    cloud.apply(APP).await;
    let plan = cloud
        .plan(&changed("Environment: production", "Environment: staging"))
        .await;
    assert_eq!(
        lines(&plan),
        [
            "~ key none",
            "~ net none",
            "~ server none",
            "~ subnet none",
            "~ web none"
        ]
    );
}
