//! The embedded transport: its store, faults and clock, and that equal runs give equal results.

use std::time::Duration;

use setpoint_openapi::wire::Transport;
use setpoint_sim::embedded::{Config, Embedded, OpenError};
use setpoint_sim::fault::Fate;
use setpoint_sim::profile::Options;
use setpoint_sim::store::StoreError;

use crate::client::{Hand, call, open, signed, text};

fn kept(dir: &std::path::Path, hand: &Hand) -> Embedded {
    let config = Config {
        dir: Some(dir.to_owned()),
        ..Config::new(hand.clock())
    };
    Embedded::open(config).expect("the folder is ours")
}

const TOKEN: [(&str, &str); 2] = [("CidrBlock", "10.0.0.0/8"), ("ClientToken", "t")];

#[test]
fn what_was_answered_is_there_after_a_reopening() {
    let (dir, hand) = (tempfile::tempdir().expect("a folder"), Hand::new());
    let cloud = kept(dir.path(), &hand);
    let (id, key) = (
        text(
            &call(&cloud, &hand, "vpc.CreateVpc", &TOKEN).expect("made"),
            "VpcId",
        ),
        cloud.credential().access_key_id,
    );
    let busy = Embedded::open(Config {
        dir: Some(dir.path().to_owned()),
        ..Config::new(hand.clock())
    });
    assert!(
        matches!(busy, Err(OpenError::Store(StoreError::InUse { .. }))),
        "one process at a time"
    );
    drop(cloud);

    let cloud = kept(dir.path(), &hand);
    assert_eq!(cloud.credential().access_key_id, key, "the same account");
    let again = call(&cloud, &hand, "vpc.CreateVpc", &TOKEN).expect("answered once more");
    assert_eq!(text(&again, "VpcId"), id, "the token is remembered");
    let second = call(&cloud, &hand, "vpc.CreateVpc", &[]).expect("made");
    assert_ne!(text(&second, "VpcId"), id, "ids do not begin anew");
    hand.wait(2_000);
    let listed = call(&cloud, &hand, "vpc.DescribeVpcs", &[("VpcId", &id)]).expect("listed");
    assert_eq!(
        listed["Vpcs"]["Vpc"][0]["Status"], "Available",
        "what was under way goes on"
    );
}

#[test]
fn time_does_not_go_back_when_a_world_is_opened_again() {
    let (dir, hand) = (tempfile::tempdir().expect("a folder"), Hand::new());
    let cloud = kept(dir.path(), &hand);
    call(&cloud, &hand, "vpc.CreateVpc", &[]).expect("made");
    cloud.advance(Duration::from_secs(3600)).expect("kept");
    let later = cloud.with(|world| world.now());
    drop(cloud);
    let cloud = kept(dir.path(), &hand);
    assert!(cloud.with(|world| world.now()) >= later);
    call(&cloud, &hand, "vpc.DescribeVpcs", &[])
        .expect("signatures are judged by the clock outside");
}

/// Puts a text into a stored table, as another version might.
fn alter<K: redb::Key + 'static>(
    dir: &std::path::Path,
    table: redb::TableDefinition<'_, K, &str>,
    key: K::SelfType<'_>,
    value: &str,
) {
    let database = redb::Database::open(dir.join("world.redb")).expect("a database");
    let transaction = database.begin_write().expect("a transaction");
    transaction
        .open_table(table)
        .expect("a table")
        .insert(key, value)
        .expect("inserted");
    transaction.commit().expect("written");
}

#[test]
fn a_store_of_another_version_says_what_to_do() {
    let (dir, hand) = (tempfile::tempdir().expect("a folder"), Hand::new());
    let refused = || {
        let config = Config {
            dir: Some(dir.path().to_owned()),
            ..Config::new(hand.clock())
        };
        let error = Embedded::open(config).err().expect("refused").to_string();
        error.replace(&dir.path().join("world.redb").display().to_string(), "FILE")
    };
    drop(kept(dir.path(), &hand));
    let advice = "delete the folder to start with a new world, or use the version that made it";
    alter(
        dir.path(),
        redb::TableDefinition::<(&str, &str), &str>::new("rows"),
        ("vpc", "vpc-1"),
        "{}",
    );
    let expected = format!(
        "the simulated cloud in `FILE` was made by version 0.1.0, in format 1, and a row is not in it; this is version 0.1.0, which reads \
         format 1: {advice} (the stored vpc `vpc-1` cannot be read: missing field `base` at line 1 column 2)"
    );
    assert_eq!(refused(), expected);
    alter(
        dir.path(),
        redb::TableDefinition::<&str, &str>::new("about"),
        "format",
        "2",
    );
    alter(
        dir.path(),
        redb::TableDefinition::<&str, &str>::new("about"),
        "version",
        "0.9.0",
    );
    let expected = format!(
        "the simulated cloud in `FILE` was made by version 0.9.0, in format 2; this is version \
         0.1.0, which reads format 1: {advice}"
    );
    assert_eq!(refused(), expected);
}

#[test]
fn a_reset_empties_the_store_too() {
    let (dir, hand) = (tempfile::tempdir().expect("a folder"), Hand::new());
    let cloud = kept(dir.path(), &hand);
    call(&cloud, &hand, "vpc.CreateVpc", &[]).expect("made");
    cloud.reset().expect("emptied");
    assert_eq!(
        call(&cloud, &hand, "vpc.DescribeVpcs", &[]).expect("listed")["TotalCount"],
        0
    );
    drop(cloud);
    assert_eq!(
        call(&kept(dir.path(), &hand), &hand, "vpc.DescribeVpcs", &[]).expect("listed")["TotalCount"],
        0
    );
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    let run = || {
        let hand = Hand::new();
        let cloud = open(&hand);
        let mut bytes = Vec::new();
        for name in [
            "vpc.CreateVpc",
            "vpc.DescribeVpcs",
            "ecs.CreateKeyPair",
            "vpc.DeleteVpc",
            "vpc.DescribeVpcs",
        ] {
            let pairs: &[(&str, &str)] = if name == "ecs.CreateKeyPair" {
                &[("KeyPairName", "ops")]
            } else {
                &[]
            };
            let request = signed(&cloud.credential(), hand.now(), name, pairs);
            bytes.push(cloud.answer(&request).expect("an answer").body);
            hand.wait(700);
        }
        bytes
    };
    assert_eq!(run(), run());
}

#[test]
fn fates() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let mut fates = vec![
        Fate::RefuseBefore {
            code: "Throttling.User".to_owned(),
            status: 400,
        },
        Fate::NotSent,
        Fate::DropBeforeExecuting,
        Fate::LoseReplyAfterExecuting,
        Fate::CutReply,
    ];
    fates.reverse();
    cloud.set_hook(Some(Box::new(move |info| {
        if info.is_read {
            Fate::Normal
        } else {
            fates.pop().unwrap_or(Fate::Normal)
        }
    })));
    let mut seen = Vec::new();
    for _ in 0..6 {
        let outcome = call(&cloud, &hand, "vpc.CreateVpc", &[])
            .map(|_| "made".to_owned())
            .unwrap_or_else(|refusal| refusal);
        let total = call(&cloud, &hand, "vpc.DescribeVpcs", &[]).expect("reads are not touched")["TotalCount"].to_string();
        seen.push(format!(
            "{total} {}",
            outcome.split(':').next().unwrap_or_default()
        ));
    }
    assert_eq!(
        seen,
        [
            "0 400 Throttling.User",
            "0 sent=false connection refused",
            "0 sent=true connection reset by peer",
            "1 sent=true connection reset by peer",
            "2 not JSON",
            "3 made",
        ]
    );
    let counts = cloud.with(|world| *world.calls().counts().get("CreateVpc").expect("called"));
    assert_eq!(
        (counts.total, counts.throttled, counts.failed),
        (4, 1, 0),
        "lost on the way is not seen by the world"
    );
}

#[test]
fn latency_is_tokios_time() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let hand = Hand::new();
    let config = Config {
        latency: Some(Duration::from_secs(3600)),
        options: Options::default(),
        ..Config::new(hand.clock())
    };
    let cloud = Embedded::open(config).expect("opens");
    let request = signed(
        &cloud.credential(),
        hand.now(),
        "sts.GetCallerIdentity",
        &[],
    );
    let response = runtime.block_on(cloud.send(request)).expect("an answer");
    assert_eq!(response.status, 200);
}

/// A machine with its network, made by the account.
pub(crate) fn machine(cloud: &Embedded, hand: &Hand) -> String {
    let make = |name: &str, pairs: &[(&str, &str)]| call(cloud, hand, name, pairs).expect("made");
    let vpc = text(&make("vpc.CreateVpc", &[]), "VpcId");
    hand.wait(3_000);
    let pairs = [
        ("VpcId", vpc.as_str()),
        ("ZoneId", "cn-beijing-h"),
        ("CidrBlock", "172.16.1.0/24"),
    ];
    let vswitch = text(&make("vpc.CreateVSwitch", &pairs), "VSwitchId");
    hand.wait(4_000);
    let group = text(
        &make("ecs.CreateSecurityGroup", &[("VpcId", vpc.as_str())]),
        "SecurityGroupId",
    );
    let pairs = [
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.c7.large"),
        ("VSwitchId", vswitch.as_str()),
        ("SecurityGroupIds.1", group.as_str()),
    ];
    make("ecs.RunInstances", &pairs)["InstanceIdSets"]["InstanceIdSet"][0]
        .as_str()
        .expect("one id")
        .to_owned()
}
