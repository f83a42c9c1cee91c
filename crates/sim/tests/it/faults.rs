//! The effects of a plan of faults: delays, late and repeated delivery, lag of reads.

use std::time::Duration;

use setpoint_openapi::wire::Transport as _;
use setpoint_sim::embedded::{Config, Embedded};
use setpoint_sim::fault::Plan;

use crate::client::{Hand, call, open, signed};

fn plan(cloud: &Embedded, text: &str) {
    cloud.set_plan(Plan::parse(text.as_bytes()).expect("a plan"));
}

fn vpcs(cloud: &Embedded, hand: &Hand) -> i64 {
    call(cloud, hand, "vpc.DescribeVpcs", &[]).expect("listed")["TotalCount"]
        .as_i64()
        .expect("a number")
}

#[test]
fn a_late_call_happens_when_its_sender_has_long_given_up() {
    let hand = Hand::new();
    let cloud = open(&hand);
    plan(
        &cloud,
        r#"[{"action": "CreateVpc", "fate": {"deliver_late": {"ms": 5000}}}]"#,
    );
    let lost = call(&cloud, &hand, "vpc.CreateVpc", &[("VpcName", "late")]).expect_err("no answer");
    assert!(lost.starts_with("sent=true"), "{lost}");
    call(&cloud, &hand, "vpc.CreateVpc", &[("VpcName", "second")]).expect("made");
    hand.wait(4_999);
    assert_eq!(vpcs(&cloud, &hand), 1);
    hand.wait(1);
    assert_eq!(vpcs(&cloud, &hand), 2);
}

#[test]
fn a_call_delivered_twice_is_performed_twice_unless_its_token_says_otherwise() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let twice = r#"[{"action": "CreateVpc", "fate": "deliver_twice"}]"#;
    plan(&cloud, twice);
    call(&cloud, &hand, "vpc.CreateVpc", &[("ClientToken", "t")]).expect("made");
    assert_eq!(vpcs(&cloud, &hand), 1);
    plan(&cloud, twice);
    call(&cloud, &hand, "vpc.CreateVpc", &[]).expect("made");
    assert_eq!(vpcs(&cloud, &hand), 3);
    // Who is refused at the door is refused both times.
    plan(&cloud, twice);
    let mut forged = signed(&cloud.credential(), hand.now(), "vpc.CreateVpc", &[]);
    forged.headers.retain(|(name, _)| name != "authorization");
    assert_eq!(cloud.answer(&forged).expect("an answer").status, 400);
    assert_eq!(vpcs(&cloud, &hand), 3);
}

#[test]
fn reads_by_filter_and_by_id_lag_on_their_own() {
    let hand = Hand::new();
    let cloud = open(&hand);
    plan(&cloud, r#"{"list_lag_ms": 4000, "read_lag_ms": 1000}"#);
    let made = call(&cloud, &hand, "vpc.CreateVpc", &[]).expect("made");
    let id = made["VpcId"].as_str().expect("an id");
    let by_id = || {
        call(&cloud, &hand, "vpc.DescribeVpcs", &[("VpcId", id)]).expect("listed")["TotalCount"]
            .as_i64()
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push((by_id(), vpcs(&cloud, &hand)));
        hand.wait(2_000);
    }
    assert_eq!(seen, [(Some(0), 0), (Some(1), 0), (Some(1), 1)]);
    plan(&cloud, r#"{"list_lag_ms": 0, "read_lag_ms": 0}"#);
    call(&cloud, &hand, "vpc.CreateVpc", &[]).expect("made");
    assert_eq!(vpcs(&cloud, &hand), 2);
}

#[test]
fn delays_are_tokios_time_and_keep_nobody_else_waiting() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let hand = Hand::new();
    let cloud = open(&hand);
    plan(
        &cloud,
        r#"[{"action": "CreateVpc", "fate": {"delay": {"ms": 60000}}}, {"action": "DeleteVpc", "fate": {"delay_reply": {"ms": 1000}}}]"#,
    );
    let request =
        |name: &str, pairs: &[(&str, &str)]| signed(&cloud.credential(), hand.now(), name, pairs);
    runtime.block_on(async {
        let begun = tokio::time::Instant::now();
        let (slow, other) = (
            cloud.send(request("vpc.CreateVpc", &[])),
            cloud.send(request("vpc.DescribeVpcs", &[])),
        );
        let (slow, at) = tokio::join!(slow, async {
            other.await.expect("an answer");
            begun.elapsed()
        });
        assert_eq!(slow.expect("an answer").status, 200);
        assert_eq!(
            (at, begun.elapsed()),
            (Duration::ZERO, Duration::from_secs(60))
        );
        let refused = cloud
            .send(request("vpc.DeleteVpc", &[("VpcId", "vpc-none")]))
            .await
            .expect("an answer");
        assert_eq!(
            (refused.status, begun.elapsed()),
            (404, Duration::from_secs(61))
        );
    });
}

#[test]
fn a_folder_with_a_late_call_forgets_it_like_a_network() {
    let (dir, hand) = (tempfile::tempdir().expect("a folder"), Hand::new());
    let kept = || {
        Embedded::open(Config {
            dir: Some(dir.path().to_owned()),
            ..Config::new(hand.clock())
        })
        .expect("ours")
    };
    let cloud = kept();
    plan(
        &cloud,
        r#"[{"action": "*", "fate": {"deliver_late": {"ms": 1000}}}]"#,
    );
    call(&cloud, &hand, "vpc.CreateVpc", &[]).expect_err("no answer");
    drop(cloud);
    hand.wait(2_000);
    assert_eq!(vpcs(&kept(), &hand), 0);
}
