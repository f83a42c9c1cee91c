//! Concurrent runs, and a cloud that changes after a plan was made.

use std::time::Duration;

use setpoint_engine::apply::{self, Options};
use setpoint_engine::outcome::FailureClass;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::lines;
use tokio::sync::watch;

use crate::stacks::{APP, changed};

/// The same commit is applied twice concurrently: with equal create tokens, both get the same
/// resources.
#[tokio::test(start_paused = true)]
async fn the_same_commit_applied_twice_concurrently() {
    for late_ms in [0, 10, 25, 1_000, 5_000, 20_000] {
        let cloud = Cloud::new();
        let plan = cloud.plan(APP).await;
        let second = async {
            tokio::time::sleep(Duration::from_millis(late_ms)).await;
            cloud.apply_plan(&plan).await
        };
        let (a, b) = tokio::join!(cloud.apply_plan(&plan), second);
        assert!(a.is_complete(), "{late_ms} ms: {a:#?}");
        assert!(b.is_complete(), "{late_ms} ms: {b:#?}");
        let kinds: Vec<String> = cloud
            .owned()
            .iter()
            .filter_map(|line| line.split(' ').next().map(ToOwned::to_owned))
            .collect();
        let mut distinct = kinds.clone();
        distinct.dedup();
        assert_eq!(kinds, distinct, "{late_ms} ms");
        assert_eq!(
            lines(&cloud.plan(APP).await),
            Vec::<String>::new(),
            "{late_ms} ms"
        );
    }
}

/// An old plan is compared with the live resource before the first write on it.
#[tokio::test(start_paused = true)]
async fn a_resource_changed_since_the_plan_is_left_alone() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let plan = cloud.plan(&changed("ecs.c7.large", "ecs.c7.xlarge")).await;
    assert!(
        cloud
            .apply(&changed("ecs.c7.large", "ecs.c7.2xlarge"))
            .await
            .is_complete()
    );
    let options = Options {
        observed_before: Duration::from_secs(120),
        ..Options::default()
    };
    let (_keep, cancel) = watch::channel(false);
    let outcome = apply::apply(&cloud.session, &plan, options, cancel, &mut |_, _| {}).await;
    let classes: Vec<FailureClass> = outcome.failed.iter().map(|failure| failure.class).collect();
    assert_eq!(classes, [FailureClass::Moved], "{outcome:#?}");
    assert_eq!(outcome.writes, Vec::new());
}

/// An old plan is applied if a new read shows that the resource has not changed.
#[tokio::test(start_paused = true)]
async fn an_old_plan_of_an_unchanged_resource_is_applied() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let changed = changed("ecs.c7.large", "ecs.c7.xlarge");
    let plan = cloud.plan(&changed).await;
    let options = Options {
        observed_before: Duration::from_secs(120),
        ..Options::default()
    };
    let (_keep, cancel) = watch::channel(false);
    let outcome = apply::apply(&cloud.session, &plan, options, cancel, &mut |_, _| {}).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(lines(&cloud.plan(&changed).await), Vec::<String>::new());
}
