//! Temporary uncertainty: whether a create was executed, whether an empty answer is true, and who
//! owns a resource.

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

/// Returns a hook that sets the fate of the nth call of an action, counted from 1.
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
async fn an_empty_look_without_proof_does_not_count_as_gone() {
    // The token of a deleted resource is answered with its id, which no look shows.
    let cloud = Cloud::with(SimOptions {
        token_of_deleted: TokenOfDeleted::ReplayId,
        ..SimOptions::default()
    });
    assert!(cloud.apply(NET).await.is_complete());
    assert!(cloud.destroy(NET).await.is_complete());
    let plan = cloud.plan(NET).await;
    // The dry run follows immediately after the empty answer.
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
    // Once the empty answer is proven, the resource counts as gone.
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(cloud.owned().len(), 1, "{:?}", cloud.owned());
}

#[tokio::test(start_paused = true)]
async fn the_resource_of_a_lost_create_is_found_on_a_busy_cloud() {
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
async fn a_refusal_after_a_lost_create_causes_no_second_machine() {
    let two = changed(
        "instance_type: ecs.c7.large",
        "instance_types: [ecs.c7.large, ecs.c7.xlarge]",
    );
    // With a second instance type, the next rung has a token of its own; without one, the next
    // attempt has.
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
async fn a_refusal_after_a_create_that_was_not_executed_counts() {
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
async fn a_change_by_somebody_else_is_one_failure() {
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
async fn late_steps_are_not_compared_with_our_own_writes() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let plan = cloud.plan(&changed("ecs.c7.large", "ecs.c7.xlarge")).await;
    // The observation is recent at the first write, and old at the later ones.
    let options = ApplyOptions {
        observed_before: Duration::from_secs(25),
        ..ApplyOptions::default()
    };
    let (_keep, cancel) = watch::channel(false);
    let outcome = apply::apply(&cloud.session, &plan, options, cancel, &mut |_, _| {}).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
}
