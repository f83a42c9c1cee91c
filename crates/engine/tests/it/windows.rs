//! Waits inside the window of a resize: somebody else puts their goal out of reach, or the run is
//! interrupted.

use std::time::Duration;

use setpoint_engine::apply::{self, Options};
use setpoint_engine::outcome::Outcome;
use setpoint_openapi::action::ecs;
use setpoint_sim::fault::{CallInfo, Fate};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::lines;
use tokio::sync::watch;

use crate::regressions::by_hand;
use crate::stacks::{APP, changed};

const UNDONE: &str =
    " and cannot reach the expected state any more: something else changed it meanwhile";

/// An upper bound for the run. Stopping and starting an instance takes half of this time; the time
/// limits of the waits are far longer.
const PROMPT: Duration = Duration::from_mins(3);

/// Resizes the instance. Once a call of the action `at` is sent, makes the changes of `meanwhile`,
/// and then interrupts the run if `interrupts` is set.
async fn resize(
    cloud: &Cloud,
    at: &'static str,
    interrupts: bool,
    meanwhile: impl AsyncFnOnce(&Cloud, &str),
) -> Outcome {
    cloud.apply(APP).await;
    let plan = cloud.plan(&changed("ecs.c7.large", "ecs.c7.xlarge")).await;
    let machine = cloud
        .resources()
        .into_iter()
        .find(|one| one.kind == "instance");
    let id = machine.expect("a machine").id;
    let (tell, mut sent) = watch::channel(false);
    cloud.sim.set_hook(Some(Box::new(move |call: &CallInfo| {
        if call.action == at {
            tell.send_replace(true);
        }
        Fate::Normal
    })));
    let (interrupt, cancel) = watch::channel(false);
    let mut listener = |_: &_, _: &_| {};
    let work = apply::apply(
        &cloud.session,
        &plan,
        Options::default(),
        cancel,
        &mut listener,
    );
    let other = async {
        sent.wait_for(|sent| *sent).await.expect("the call is made");
        cloud.sim.set_hook(None);
        meanwhile(cloud, &id).await;
        if interrupts {
            interrupt.send_replace(true);
        }
    };
    let (outcome, ()) = tokio::join!(work, other);
    outcome
}

fn state(cloud: &Cloud) -> String {
    let machine = cloud
        .resources()
        .into_iter()
        .find(|one| one.kind == "instance");
    machine.expect("a machine").state
}

/// Waits until the instance is in a state, then calls an action on it.
async fn when(
    cloud: &Cloud,
    is: &str,
    action: &'static setpoint_openapi::action::Action,
    id: &str,
) {
    while state(cloud) != is {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    by_hand(cloud, action, &[("InstanceId", id)]).await;
}

#[track_caller]
fn assert_undone(outcome: &Outcome, states: &[&str]) {
    let says = |message: &str| {
        let rest = message.strip_prefix("it is ");
        let rest = rest.and_then(|rest| rest.strip_suffix(UNDONE));
        rest.is_some_and(|state| states.contains(&state))
    };
    assert!(
        outcome.failed.iter().any(|one| says(&one.message)),
        "{outcome:#?}"
    );
    assert!(outcome.elapsed < PROMPT, "{outcome:#?}");
}

async fn converges(cloud: &Cloud) {
    let text = changed("ecs.c7.large", "ecs.c7.xlarge");
    let outcome = cloud.apply(&text).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(state(cloud), "Running");
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(lines(&cloud.plan(&text).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_start_by_somebody_else_fails_the_wait_for_the_stop() {
    for interrupts in [false, true] {
        let cloud = Cloud::new();
        let outcome = resize(&cloud, "StopInstances", interrupts, async |cloud, id| {
            when(cloud, "Stopped", &ecs::START_INSTANCE, id).await;
        })
        .await;
        // The deciding look may still show the instance while it starts.
        assert_undone(&outcome, &["Starting", "Running"]);
        assert_ne!(state(&cloud), "Stopped");
        converges(&cloud).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_by_somebody_else_fails_the_wait_for_the_start() {
    let cloud = Cloud::new();
    let outcome = resize(&cloud, "StartInstances", true, async |cloud, id| {
        when(cloud, "Running", &ecs::STOP_INSTANCE, id).await;
    })
    .await;
    assert_undone(&outcome, &["Stopped"]);
    converges(&cloud).await;
}

/// The expected type never shows. After an interruption, the instance is started nevertheless.
#[tokio::test(start_paused = true)]
async fn an_interrupted_wait_that_the_start_does_not_need_is_given_up() {
    // A new type is visible at once, so no look shows the type that was there for a moment.
    let mut options = setpoint_sim::profile::Options::default();
    options.profile.read_back_ms = 0;
    let cloud = Cloud::with(options);
    let outcome = resize(&cloud, "ModifyInstanceSpec", true, async |cloud, id| {
        let back = [("InstanceId", id), ("InstanceType", "ecs.c7.large")];
        by_hand(cloud, &ecs::MODIFY_INSTANCE_SPEC, &back).await;
    })
    .await;
    assert!(
        outcome.interrupted && outcome.elapsed < PROMPT,
        "{outcome:#?}"
    );
    assert_eq!(state(&cloud), "Running");
    converges(&cloud).await;
}
