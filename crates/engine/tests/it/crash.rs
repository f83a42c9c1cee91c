//! A run may die anywhere: the next one reaches the same state, with no duplicate and no leak.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_sim::profile::{Options, TokenOfDeleted};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::lines;

use crate::stacks::{APP, changed};

const DEATHS: [Death; 2] = [Death::Before, Death::After];

/// One live resource an address and kind; disks and interfaces carry their instance's tags.
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

/// Applies to the end, wants an empty second plan, and nothing left after a destroy.
async fn converges(cloud: &Cloud, text: &str, context: &str) {
    let outcome = cloud.apply(text).await;
    assert!(outcome.is_complete(), "{context}: {outcome:#?}");
    assert_single(cloud, context);
    // A listing that lags behind shows everything after this.
    tokio::time::sleep(Duration::from_secs(31)).await;
    let again = cloud.plan(text).await;
    assert_eq!(lines(&again), Vec::<String>::new(), "{context}");
    let gone = cloud.destroy(text).await;
    assert!(gone.is_complete(), "{context}: {gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new(), "{context}");
}

/// Dies at every write call of the first apply; returns how many deaths were tried.
async fn die_everywhere(options: &Options) -> usize {
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
    assert!(die_everywhere(&Options::default()).await >= 14);
}

#[tokio::test(start_paused = true)]
async fn dying_while_lists_lag() {
    let lagging = Options {
        list_lag_ms: 30_000,
        ..Options::default()
    };
    assert!(die_everywhere(&lagging).await >= 14);
}

#[tokio::test(start_paused = true)]
async fn dying_under_other_tokens() {
    for token_of_deleted in [TokenOfDeleted::ReplayId, TokenOfDeleted::CreateNew] {
        for failed_call_consumes_token in [false, true] {
            for token_lifetime_ms in [None, Some(600_000)] {
                let options = Options {
                    token_of_deleted,
                    failed_call_consumes_token,
                    token_lifetime_ms,
                    ..Options::default()
                };
                die_everywhere(&options).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_made_again_meets_dead_ids() {
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

/// A machine needs half of this to stop and to start again.
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
async fn interrupted_anywhere_in_a_resize_it_runs_at_the_end() {
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
async fn after_a_refused_resize_it_runs() {
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
    assert_running(&cloud, "after no stock");
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.xlarge", true));
    converges(&cloud, &changed, "once there is stock").await;
}

#[tokio::test(start_paused = true)]
async fn the_last_of_a_kind_taken_out_is_destroyed() {
    let cloud = Cloud::new();
    cloud.apply(APP).await;
    let start = APP.find("  cpu-high:").expect("the alarm");
    let end = APP.find("outputs:").expect("the outputs");
    let without = format!("{}{}", &APP[..start], &APP[end..]);
    let plan = cloud.plan(&without).await;
    assert_eq!(lines(&plan), ["- cpu-high none"]);
    converges(&cloud, &without, "without the alarm").await;
}

/// What this machine deleted is not looked for. What a run that died has made since is, however
/// many tokens lie before it.
#[tokio::test(start_paused = true)]
async fn what_was_deleted_hides_nothing_that_was_made_since() {
    let net = |name: &str| {
        format!(
            "stack: net\nregion: cn-beijing\nresources:\n  net: {{type: vpc, name: {name}, cidr_block: 10.0.0.0/16}}\n"
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
    // The first token was used for the first network, the second makes another, and the run dies
    // before it can note that.
    let plan = cloud.plan(&net("second")).await;
    assert!(cloud.apply_dying(&plan, 2, Death::After).await);
    assert_eq!(vpcs(&cloud), 1);
    let refused = cloud.apply(&net("third")).await;
    assert!(
        !refused.is_complete(),
        "it was made otherwise than planned: {refused:#?}"
    );
    assert_eq!(vpcs(&cloud), 1);
    assert!(cloud.apply(&net("third")).await.is_complete());
    assert_eq!(vpcs(&cloud), 1);
}
