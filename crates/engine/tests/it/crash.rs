//! A run may die at any point: the next one reaches the same state, without duplicates and leaks.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_sim::profile::{Options, TokenOfDeleted};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::lines;

use crate::stacks::{APP, changed};

const DEATHS: [Death; 2] = [Death::Before, Death::After];

/// Asserts one live resource per address and kind. Disks and interfaces carry the tags of their
/// instance.
fn assert_single(cloud: &Cloud, context: &str) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for line in cloud.owned() {
        let mut words = line.split(' ');
        let key = format!(
            "{} {}",
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default()
        );
        *count.entry(key).or_default() += 1;
    }
    let twice: Vec<_> = count.into_iter().filter(|(_, n)| *n > 1).collect();
    assert!(twice.is_empty(), "{context}: {twice:?}");
}

/// Applies without failures, and expects an empty second plan and nothing left after a destroy.
async fn converges(cloud: &Cloud, text: &str, context: &str) {
    let outcome = cloud.apply(text).await;
    assert!(outcome.is_complete(), "{context}: {outcome:#?}");
    assert_single(cloud, context);
    // After this time, even a lagging listing shows everything.
    tokio::time::sleep(Duration::from_secs(31)).await;
    let again = cloud.plan(text).await;
    assert_eq!(lines(&again), Vec::<String>::new(), "{context}");
    let gone = cloud.destroy(text).await;
    assert!(gone.is_complete(), "{context}: {gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new(), "{context}");
}

/// Dies at every write call of the first apply. Returns the number of deaths.
async fn die_at_every_write(options: &Options) -> usize {
    let mut tried = 0;
    for death in DEATHS {
        for n in 1.. {
            let cloud = Cloud::with(options.clone());
            let plan = cloud.plan(APP).await;
            if !cloud.apply_dying(&plan, n, death).await {
                break;
            }
            tried += 1;
            converges(&cloud, APP, &format!("{death:?} write {n}, {options:?}")).await;
        }
    }
    tried
}

#[tokio::test(start_paused = true)]
async fn dying_at_any_write_of_a_create() {
    assert!(die_at_every_write(&Options::default()).await >= 14);
}

#[tokio::test(start_paused = true)]
async fn dying_while_lists_lag() {
    let lagging = Options {
        list_lag_ms: 30_000,
        ..Options::default()
    };
    assert!(die_at_every_write(&lagging).await >= 14);
}

#[tokio::test(start_paused = true)]
async fn dying_with_other_token_semantics() {
    for token_of_deleted in [TokenOfDeleted::ReplayId, TokenOfDeleted::CreateNew] {
        for failed_call_consumes_token in [false, true] {
            for token_lifetime_ms in [None, Some(600_000)] {
                let options = Options {
                    token_of_deleted,
                    failed_call_consumes_token,
                    token_lifetime_ms,
                    ..Options::default()
                };
                die_at_every_write(&options).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_recreated_stack_gets_ids_of_deleted_resources() {
    let cloud = Cloud::new();
    for round in 0..3 {
        converges(&cloud, APP, &format!("round {round}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn dying_at_any_write_of_a_change() {
    for (from, to) in [
        ("ecs.c7.large", "ecs.c7.xlarge"),
        ("172.16.1.0/24", "172.16.9.0/24"),
        ("cn-beijing-h", "cn-beijing-g"),
        (
            "acs:alibaba_cloud_linux_3_2104_lts_x64",
            "acs:ubuntu_24_04_x64",
        ),
        ("203.0.113.50/32", "198.51.100.0/24"),
    ] {
        let changed = changed(from, to);
        for death in DEATHS {
            for n in 1.. {
                let cloud = Cloud::new();
                cloud.apply(APP).await;
                let plan = cloud.plan(&changed).await;
                if !cloud.apply_dying(&plan, n, death).await {
                    break;
                }
                let context = format!("{to}: {death:?} write {n}");
                let outcome = cloud.apply(&changed).await;
                assert!(outcome.is_complete(), "{context}: {outcome:#?}");
                assert_running(&cloud, &context);
                converges(&cloud, &changed, &context).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn dying_at_any_write_of_a_destroy() {
    for death in DEATHS {
        for n in 1.. {
            let cloud = Cloud::new();
            cloud.apply(APP).await;
            let intent = cloud.intent(&setpoint_testkit::run::stack(APP, &[]));
            let options = setpoint_plan::planner::Options {
                destroy: true,
                ..Default::default()
            };
            let (plan, _) = cloud
                .plan_intent(&intent, &options)
                .await
                .expect("a destroy can be planned");
            if !cloud.apply_dying(&plan, n, death).await {
                break;
            }
            let gone = cloud.destroy(APP).await;
            assert!(gone.is_complete(), "{death:?} write {n}: {gone:#?}");
            assert_eq!(cloud.owned(), Vec::<String>::new(), "{death:?} write {n}");
            converges(
                &cloud,
                APP,
                &format!("after a destroy that died: {death:?} write {n}"),
            )
            .await;
        }
    }
}

/// An upper bound for an interrupted run. Stopping and starting an instance takes half of this
/// time.
const PROMPT: Duration = Duration::from_mins(2);

fn assert_running(cloud: &Cloud, context: &str) {
    let servers: Vec<String> = cloud
        .owned()
        .into_iter()
        .filter(|line| line.starts_with("instance "))
        .collect();
    assert!(
        servers.len() == 1 && servers[0].ends_with(" Running"),
        "{context}: {servers:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_resize_interrupted_at_any_write_leaves_the_instance_running() {
    let changed = changed("ecs.c7.large", "ecs.c7.xlarge");
    for n in 1..=6 {
        let cloud = Cloud::new();
        cloud.apply(APP).await;
        let plan = cloud.plan(&changed).await;
        let outcome = cloud.apply_interrupted(&plan, n).await;
        assert!(
            outcome.elapsed < PROMPT,
            "interrupted at write {n}: {outcome:#?}"
        );
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_running(&cloud, &format!("interrupted at write {n}: {outcome:#?}"));
        converges(&cloud, &changed, &format!("interrupted at write {n}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_resize_leaves_the_instance_running() {
    let changed = changed("ecs.c7.large", "ecs.c7.xlarge");
    let cloud = Cloud::new();
    cloud.apply(APP).await;
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.xlarge", false));
    let outcome = cloud.apply(&changed).await;
    assert_eq!(
        outcome
            .failed
            .iter()
            .map(|failure| failure.code.clone())
            .collect::<Vec<_>>(),
        [Some("OperationDenied.NoStock".to_owned())]
    );
    assert_running(&cloud, "after the refusal");
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.xlarge", true));
    converges(&cloud, &changed, "once there is stock").await;
}

#[tokio::test(start_paused = true)]
async fn removing_the_last_resource_of_a_kind_destroys_it() {
    let cloud = Cloud::new();
    cloud.apply(APP).await;
    let start = APP.find("  cpu-high:").expect("the alarm");
    let end = APP.find("outputs:").expect("the outputs");
    let without = format!("{}{}", &APP[..start], &APP[end..]);
    let plan = cloud.plan(&without).await;
    assert_eq!(lines(&plan), ["- cpu-high none"]);
    converges(&cloud, &without, "without the alarm").await;
}

/// A resource that this machine deleted is not searched for. A resource that a dead run has created
/// since is, no matter how many tokens were used before it.
#[tokio::test(start_paused = true)]
async fn recorded_deletions_do_not_hide_later_creations() {
    let net = |name: &str| {
        format!(
            "stack: net\nregion: cn-beijing\nresources:\n  \
             net: {{type: vpc, name: {name}, cidr_block: 10.0.0.0/16}}\n"
        )
    };
    let vpcs = |cloud: &Cloud| {
        cloud
            .resources()
            .iter()
            .filter(|one| one.kind == "vpc")
            .count()
    };
    let cloud = Cloud::with(Options {
        list_lag_ms: 30_000,
        ..Options::default()
    });
    assert!(cloud.apply(&net("first")).await.is_complete());
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(cloud.destroy(&net("first")).await.is_complete());
    // The first token was used for the first network. The second token creates another one, and the
    // run dies before it can record that.
    let plan = cloud.plan(&net("second")).await;
    assert!(cloud.apply_dying(&plan, 2, Death::After).await);
    assert_eq!(vpcs(&cloud), 1);
    let refused = cloud.apply(&net("third")).await;
    assert!(
        !refused.is_complete(),
        "the existing network differs from the plan: {refused:#?}"
    );
    assert_eq!(vpcs(&cloud), 1);
    assert!(cloud.apply(&net("third")).await.is_complete());
    assert_eq!(vpcs(&cloud), 1);
}
