//! Changes of a running server: their impact, and an empty second plan.

use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, lives};

use crate::stacks::{APP, changed};

async fn check(from: &str, to: &str, expected: &[&str]) {
    lives(APP, &changed(from, to), expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_type_change_restarts() {
    check(
        "ecs.c7.large",
        "ecs.c7.xlarge",
        &["~ server (instance_type) restart"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_disk_grows_online() {
    check(
        "size: 40",
        "size: 60",
        &["~ server (system_disk.size) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_replaced_in_place() {
    check(
        "203.0.113.50/32",
        "198.51.100.0/24",
        &["~ web (ingress) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_description_changes_in_place() {
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
async fn power_stopped_stops_the_server() {
    check(
        "host_name: app-01",
        "host_name: app-01\n    power: stopped",
        &["~ server (power) stop"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_alarm_changes_in_place() {
    check(
        "threshold: 90",
        "threshold: 80",
        &["~ cpu-high (critical.threshold) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_zone_change_replaces() {
    let expected = [
        "~ cpu-high (instances) none",
        "-/+ server (vswitch) replace",
        "-/+ subnet (zone) replace",
    ];
    check("cn-beijing-h", "cn-beijing-g", &expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_subnet_in_another_block_moves_the_server() {
    let expected = [
        "~ server (vswitch) restart",
        "+/- subnet (cidr_block) replace",
    ];
    check("172.16.1.0/24", "172.16.9.0/24", &expected).await;
}

#[tokio::test(start_paused = true)]
async fn an_image_change_rebuilds() {
    check(
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "acs:ubuntu_24_04_x64",
        &["~ server (image) rebuild"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stack_tag_changes_all_resources() {
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
