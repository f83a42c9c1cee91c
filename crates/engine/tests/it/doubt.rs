//! What nobody can say for a while: whether a create was carried out, whether an empty answer is
//! one, whose a resource is.

use std::time::Duration;

use setpoint_engine::apply::{self, Options as ApplyOptions};
use setpoint_engine::outcome::{FailureClass, Outcome};
use setpoint_plan::plan::Plan;
use setpoint_sim::fault::{CallInfo, Fate, Hook};
use setpoint_sim::profile::{Options as SimOptions, TokenOfDeleted};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::lines;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::stacks::{APP, changed};

const NET: &str =
    "stack: shop\nregion: cn-beijing\nresources:\n  net: {type: vpc, cidr_block: 10.0.0.0/16}\n";

fn refuse(code: &str) -> Fate {
    Fate::RefuseBefore {
        code: code.to_owned(),
        status: 403,
    }
}

/// A hook that gives the nth call of an action, from 1, its fate.
fn calls_of(action: &'static str, mut fate: impl FnMut(usize) -> Fate + Send + 'static) -> Hook {
    let mut n = 0;
    Box::new(move |call: &CallInfo| {
        if call.action != action {
            return Fate::Normal;
        }
        n += 1;
        fate(n)
    })
}

async fn under(cloud: &Cloud, plan: &Plan, hook: Hook) -> Outcome {
    cloud.sim.set_hook(Some(hook));
    let outcome = cloud.apply_plan(plan).await;
    cloud.sim.set_hook(None);
    outcome
}

#[tokio::test(start_paused = true)]
async fn an_empty_look_that_cannot_be_proven_is_no_death() {
    // The token of something deleted is answered with its id, which no look shows.
    let cloud = Cloud::with(SimOptions {
        token_of_deleted: TokenOfDeleted::ReplayId,
        ..SimOptions::default()
    });
    assert!(cloud.apply(NET).await.is_complete());
    assert!(cloud.destroy(NET).await.is_complete());
    let plan = cloud.plan(NET).await;
    // A dry run follows the empty look at once.
    let mut last: Option<Instant> = None;
    let hook = calls_of("DescribeVpcs", move |_| {
        let follows = last
            .replace(Instant::now())
            .is_some_and(|last| last.elapsed() < Duration::from_millis(100));
        if follows {
            refuse("Forbidden.RAM")
        } else {
            Fate::Normal
        }
    });
    let outcome = under(&cloud, &plan, hook).await;
    assert_eq!(
        outcome
            .failed
            .iter()
            .map(|failure| failure.class)
            .collect::<Vec<_>>(),
        [FailureClass::Credentials]
    );
    assert_eq!(outcome.writes.len(), 1, "{:?}", outcome.writes);
    // Proven, it is a death.
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(cloud.owned().len(), 1, "{:?}", cloud.owned());
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_create_made_is_found_though_the_cloud_stays_busy() {
    let cloud = Cloud::new();
    let plan = cloud.plan(NET).await;
    let hook = calls_of("CreateVpc", |n| {
        if n == 1 {
            Fate::LoseReplyAfterExecuting
        } else {
            refuse("SystemBusy")
        }
    });
    let outcome = under(&cloud, &plan, hook).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(cloud.owned().len(), 1, "{:?}", cloud.owned());
    assert_eq!(lines(&cloud.plan(NET).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_create_brings_no_second_machine() {
    let two = changed(
        "instance_type: ecs.c7.large",
        "instance_types: [ecs.c7.large, ecs.c7.xlarge]",
    );
    // With a second choice the next rung has a token of its own, without one the next attempt.
    for text in [APP, two.as_str()] {
        let cloud = Cloud::new();
        let plan = cloud.plan(text).await;
        let hook = calls_of("RunInstances", |n| match n {
            1 => Fate::LoseReplyAfterExecuting,
            2 => refuse("OperationDenied.NoStock"),
            _ => Fate::Normal,
        });
        let outcome = under(&cloud, &plan, hook).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        let machines = cloud
            .owned()
            .iter()
            .filter(|line| line.starts_with("instance "))
            .count();
        assert_eq!(machines, 1, "{:?}", cloud.owned());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_create_that_never_happened_counts() {
    let two = changed(
        "instance_type: ecs.c7.large",
        "instance_types: [ecs.c7.large, ecs.c7.xlarge]",
    );
    let cloud = Cloud::new();
    let plan = cloud.plan(&two).await;
    let hook = calls_of("RunInstances", |n| match n {
        1 => Fate::DropBeforeExecuting,
        2 => refuse("OperationDenied.NoStock"),
        _ => Fate::Normal,
    });
    let outcome = under(&cloud, &plan, hook).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let run = outcome
        .writes
        .iter()
        .find(|write| write.action == "RunInstances")
        .expect("a machine");
    assert!(
        run.params
            .contains(&("InstanceType".to_owned(), "ecs.c7.xlarge".to_owned())),
        "{:?}",
        run.params
    );
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_changed_is_told_once() {
    let ours = changed(
        "type: security_group",
        "type: security_group\n    description: ours",
    );
    let cloud = Cloud::new();
    assert!(cloud.apply(&ours).await.is_complete());
    let plan = cloud
        .plan(&ours.replace("203.0.113.50/32", "[198.51.100.0/24, 192.0.2.0/24]"))
        .await;
    assert!(
        cloud
            .apply(&ours.replace("description: ours", "description: theirs"))
            .await
            .is_complete()
    );
    let options = ApplyOptions {
        observed_before: Duration::from_secs(120),
        ..ApplyOptions::default()
    };
    let (_keep, cancel) = watch::channel(false);
    let outcome = apply::apply(&cloud.session, &plan, options, cancel, &mut |_, _| {}).await;
    assert_eq!(outcome.writes, Vec::new());
    assert_eq!(
        outcome
            .failed
            .iter()
            .map(|failure| failure.class)
            .collect::<Vec<_>>(),
        [FailureClass::Moved]
    );
}

#[tokio::test(start_paused = true)]
async fn steps_that_start_late_are_not_held_against_our_own_writes() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let plan = cloud.plan(&changed("ecs.c7.large", "ecs.c7.xlarge")).await;
    // The first write meets a young observation, the later ones an old one.
    let options = ApplyOptions {
        observed_before: Duration::from_secs(25),
        ..ApplyOptions::default()
    };
    let (_keep, cancel) = watch::channel(false);
    let outcome = apply::apply(&cloud.session, &plan, options, cancel, &mut |_, _| {}).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
}
