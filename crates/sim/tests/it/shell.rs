//! The parts around the world: rate limits as clients see them, the call log, statistics, and the
//! latency drawn from the seed.

use std::time::Duration;

use serde_json::Value;
use setpoint_openapi::wire::Transport as _;
use setpoint_sim::embedded::{Config, Embedded};
use setpoint_sim::limits;
use setpoint_sim::profile::Options;

use crate::client::{Hand, call, signed};

#[test]
fn who_calls_too_often_is_told_when_to_come_again() {
    let hand = Hand::new();
    let options = Options {
        rates: limits::documented(),
        ..Options::default()
    };
    let cloud = Embedded::open(Config {
        options,
        speed: 20.0,
        ..Config::new(hand.clock())
    })
    .expect("opens");
    hand.wait(1_000);
    let eips = || {
        cloud
            .answer(&signed(
                &cloud.credential(),
                hand.now(),
                "vpc.DescribeNetworkAcls",
                &[],
            ))
            .expect("an answer")
    };
    let outcomes: Vec<u16> = (0..30).map(|_| eips().status).collect();
    // Whether the action is simulated or not, its calls are counted.
    assert!(!outcomes.is_empty() && outcomes.iter().all(|status| *status == outcomes[0]));
    let throttled = eips();
    assert_eq!(throttled.status, 400);
    let body: Value = serde_json::from_slice(&throttled.body).expect("JSON");
    assert_eq!(body["Code"], "Throttling.User");
    // 20 s of the minute are over; what is left takes a client 2 s at this speed.
    assert_eq!(throttled.header("x-acs-retry-after"), Some("2000"));
    assert_eq!(
        throttled.header("x-ratelimit-user-api"),
        Some("Limit:30,Remain:0,TimeLeft:2000,Reset:2000")
    );
    hand.wait(2_000);
    assert_eq!(eips().status, outcomes[0]);
    let counts = cloud.with(|world| {
        *world
            .calls()
            .counts()
            .get("DescribeNetworkAcls")
            .expect("called")
    });
    assert_eq!((counts.total, counts.throttled), (32, 1));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the log is a file")]
fn the_call_log_has_every_call_and_no_secret() {
    let (dir, hand) = (tempfile::tempdir().expect("a folder"), Hand::new());
    let path = dir.path().join("calls.jsonl");
    for _ in 0..2 {
        let cloud = Embedded::open(Config {
            call_log: Some(path.clone()),
            ..Config::new(hand.clock())
        })
        .expect("opens");
        call(&cloud, &hand, "vpc.CreateVpc", &[("VpcName", "a")]).expect("made");
        let secrets = [
            ("Password", "Canary-1"),
            ("UserData", "Canary-2"),
            ("ImageId", "none"),
            ("InstanceType", "none"),
        ];
        call(&cloud, &hand, "ecs.RunInstances", &secrets).expect_err("a refusal");
    }
    let text = std::fs::read_to_string(&path).expect("a log");
    assert!(!text.contains("Canary"), "{text}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (line["action"].as_str(), line["status"].as_u64()))
        .collect();
    let (made, refused) = ((Some("CreateVpc"), Some(200)), lines[1]["status"].as_u64());
    assert_eq!(
        seen,
        [
            made,
            (Some("RunInstances"), refused),
            made,
            (Some("RunInstances"), refused)
        ]
    );
    assert_eq!(
        (&lines[0]["parameters"]["VpcName"], &lines[0]["code"]),
        (&"a".into(), &Value::Null)
    );
    assert_eq!(lines[1]["parameters"]["Password"], "***");
    assert!(lines[1]["code"].is_string());
}

#[test]
fn answers_are_counted_with_their_bytes() {
    let hand = Hand::new();
    let cloud = Embedded::open(Config::new(hand.clock())).expect("opens");
    let answer = cloud
        .answer(&signed(
            &cloud.credential(),
            hand.now(),
            "sts.GetCallerIdentity",
            &[],
        ))
        .expect("an answer");
    let count = cloud.with(|world| {
        *world
            .calls()
            .counts()
            .get("GetCallerIdentity")
            .expect("called")
    });
    assert_eq!((count.total, count.bytes), (1, answer.body.len() as u64));
    assert!(count.micros >= count.micros_max);
}

#[test]
fn a_dry_run_that_passes_is_no_failure() {
    let hand = Hand::new();
    let cloud = Embedded::open(Config::new(hand.clock())).expect("opens");
    for (block, expected) in [
        ("10.0.0.0/8", "400 DryRunOperation"),
        ("10.0.0.0/30", "400 InvalidCidrBlock"),
    ] {
        let refusal = call(
            &cloud,
            &hand,
            "vpc.CreateVpc",
            &[("CidrBlock", block), ("DryRun", "true")],
        )
        .expect_err("a dry run");
        assert!(refusal.starts_with(expected), "{refusal}");
    }
    let count = cloud.with(|world| *world.calls().counts().get("CreateVpc").expect("called"));
    assert_eq!((count.total, count.dry_runs, count.failed), (2, 1, 1));
}

/// The times that ten calls take, by tokio's clock.
fn times(seed: u64) -> Vec<u128> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let hand = Hand::new();
    let config = Config {
        seed,
        latency: Some(Duration::from_millis(100)),
        jitter: 0.25,
        ..Config::new(hand.clock())
    };
    let cloud = Embedded::open(config).expect("opens");
    runtime.block_on(async {
        let mut times = Vec::new();
        for _ in 0..10 {
            let begun = tokio::time::Instant::now();
            cloud
                .send(signed(
                    &cloud.credential(),
                    hand.now(),
                    "sts.GetCallerIdentity",
                    &[],
                ))
                .await
                .expect("an answer");
            times.push(begun.elapsed().as_millis());
        }
        times
    })
}

#[test]
fn latency_varies_by_the_seed_alone() {
    let first = times(1);
    assert_eq!(first, times(1));
    assert_ne!(first, times(2));
    assert!(first.iter().all(|ms| (74..=127).contains(ms)), "{first:?}");
}
