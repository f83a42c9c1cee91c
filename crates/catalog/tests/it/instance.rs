//! Changes of `instance` that the tests of the engine do not cover.

use std::collections::BTreeSet;

use setpoint_plan::effect::Interruption;
use setpoint_plan::plan::{Plan, PlanStep};
use setpoint_plan::planner::{Options, PlanErrorClass};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::{lines, lives, stack};

fn machine(fields: &str) -> String {
    format!(
        "stack: test
region: cn-beijing
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/16}}
  a: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}}
  b: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.2.0/24}}
  one: {{type: security_group, vpc: net}}
  two: {{type: security_group, vpc: net}}
  box:
    type: instance
    image: {{family: acs:ubuntu_24_04_x64}}
{fields}"
    )
}

const PLAIN: &str = "    instance_type: ecs.c7.large\n    vswitch: a\n    security_groups: [one]\n";

async fn check(before: &str, after: &str, expected: &[&str]) {
    lives(&machine(before), &machine(after), expected).await;
}

#[tokio::test(start_paused = true)]
async fn security_groups_are_a_set() {
    check(
        PLAIN,
        &PLAIN.replace("[one]", "[two, one]"),
        &["~ box (security_groups) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn names_change_in_place() {
    check(
        PLAIN,
        &format!("{PLAIN}    name: box-1\n    description: The box\n    host_name: box-1\n"),
        &["~ box (description, host_name, name) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn several_fields_share_one_restart() {
    let changed = PLAIN
        .replace("c7.large", "c7.xlarge")
        .replace("vswitch: a", "vswitch: b");
    check(PLAIN, &changed, &["~ box (instance_type, vswitch) restart"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stopped_machine_needs_no_restart() {
    let stopped = format!("{PLAIN}    power: stopped\n");
    check(
        &stopped,
        &stopped.replace("c7.large", "c7.xlarge"),
        &["~ box (instance_type) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn public_bandwidth_is_added_and_removed() {
    let open = format!("{PLAIN}    internet: {{max_bandwidth_out: 5}}\n");
    check(PLAIN, &open, &["~ box (internet.max_bandwidth_out) none"]).await;
    check(&open, PLAIN, &["~ box (internet.max_bandwidth_out) brief"]).await;
}

/// A change of bandwidth affects the hourly price only if bandwidth is billed; without bandwidth,
/// the address may be lost.
#[tokio::test(start_paused = true)]
async fn bandwidth_shows_price_changes_and_losses() {
    const BY_TRAFFIC: &str = "{max_bandwidth_out: 5, charge_type: PayByTraffic}";
    const BY_BANDWIDTH: &str = "{max_bandwidth_out: 5, charge_type: PayByBandwidth}";
    const NONE: &str = "{max_bandwidth_out: 0}";
    for (before, after, loses, pays) in [
        (NONE, BY_TRAFFIC, &[][..], &[][..]),
        (NONE, BY_BANDWIDTH, &[], &["price"]),
        (BY_TRAFFIC, "{max_bandwidth_out: 9}", &[], &[]),
        (BY_BANDWIDTH, "{max_bandwidth_out: 9}", &[], &["price"]),
        (BY_TRAFFIC, BY_BANDWIDTH, &[], &["price"]),
        (BY_BANDWIDTH, BY_TRAFFIC, &[], &["price"]),
        (BY_TRAFFIC, NONE, &["address"], &[]),
        (BY_BANDWIDTH, NONE, &["address"], &["price"]),
    ] {
        let cloud = Cloud::new();
        let with = |internet| machine(&format!("{PLAIN}    internet: {internet}\n"));
        cloud.apply(&with(before)).await;
        let effect = cloud.plan(&with(after)).await.effect();
        let lost: Vec<&str> = effect.loses.words().collect();
        let paid: Vec<&str> = effect.pays.words().collect();
        assert_eq!(
            (lost.as_slice(), paid.as_slice()),
            (loses, pays),
            "{before} to {after}"
        );
    }
}

/// An instance that stops without charges may get another address, unless it has an EIP.
#[tokio::test(start_paused = true)]
async fn a_stop_without_charges_may_lose_the_address() {
    let own = "    internet: {max_bandwidth_out: 5}\n";
    for (internet, mode, loses) in [
        (own, "StopCharging", &["address"][..]),
        (own, "KeepCharging", &[]),
        ("", "StopCharging", &[]),
    ] {
        let of = |more: &str| machine(&format!("{PLAIN}{internet}{more}"));
        let cloud = Cloud::new();
        cloud.apply(&of("")).await;
        let stopped = of(&format!("    power: stopped\n    stopped_mode: {mode}\n"));
        let effect = cloud.plan(&stopped).await.effect();
        assert_eq!(effect.interrupts, Interruption::Stop);
        assert_eq!(
            effect.loses.words().collect::<Vec<_>>(),
            loses,
            "{internet} {mode}"
        );
    }
}

/// A category that the system disk cannot get in place would need another instance: the plan
/// refuses it, so that the user decides.
#[tokio::test(start_paused = true)]
async fn a_category_that_needs_another_instance_is_refused() {
    let of = |disk: &str| machine(&format!("{PLAIN}    system_disk: {{{disk}}}\n"));
    let cloud = Cloud::new();
    cloud.apply(&of("size: 40")).await;
    let intent = cloud.intent(&stack(&of("size: 40, category: cloud_essd_entry"), &[]));
    let errors = cloud.plan_intent(&intent, &Options::default()).await.err();
    let error = errors.expect("it is refused").remove(0);
    assert_eq!(error.class, PlanErrorClass::Refused);
    assert_eq!(
        error.what,
        "a cloud_essd disk cannot become cloud_essd_entry"
    );
    let hint = error.hint.expect("a way out");
    assert!(hint.contains("--replace box"), "{hint}");
}

#[test]
#[should_panic(expected = "a PL2 disk must have at least 461 GiB")]
fn a_new_system_disk_needs_the_size_of_its_level() {
    let disk = "    system_disk: {size: 40, performance_level: PL2}\n";
    drop(stack(&machine(&format!("{PLAIN}{disk}")), &[]));
}

#[test]
#[should_panic(expected = "a cloud_essd_entry disk must have at least 20 GiB")]
fn a_system_disk_needs_more_than_a_data_disk_of_some_categories() {
    let disk = "    system_disk: {size: 10, category: cloud_essd_entry}\n";
    drop(stack(&machine(&format!("{PLAIN}{disk}")), &[]));
}

#[test]
#[should_panic(expected = "a PL3 disk must have at least 1261 GiB, but `size` is missing")]
fn a_high_level_needs_a_size_in_the_spec() {
    let disk = "    system_disk: {performance_level: PL3}\n";
    drop(stack(&machine(&format!("{PLAIN}{disk}")), &[]));
}

/// The billing of bandwidth stays if the spec does not give it.
#[tokio::test(start_paused = true)]
async fn more_bandwidth_is_billed_as_before() {
    let with = |internet| machine(&format!("{PLAIN}    internet: {internet}\n"));
    let cloud = Cloud::new();
    cloud
        .apply(&with("{max_bandwidth_out: 5, charge_type: PayByBandwidth}"))
        .await;
    cloud.apply(&with("{max_bandwidth_out: 9}")).await;
    let said = with("{max_bandwidth_out: 9, charge_type: PayByBandwidth}");
    assert_eq!(lines(&cloud.plan(&said).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn removed_protection_is_switched_off() {
    let protected = format!("{PLAIN}    lifecycle: {{protect: true}}\n");
    check(&protected, PLAIN, &["~ box (deletion_protection) none"]).await;
}

#[tokio::test(start_paused = true)]
async fn any_of_the_acceptable_types_is_accepted() {
    let ladder = PLAIN.replace(
        "instance_type: ecs.c7.large",
        "instance_types: [ecs.c7.large, ecs.c7.xlarge]",
    );
    let cloud = Cloud::new();
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.large", false));
    let outcome = cloud.apply(&machine(&ladder)).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.large", true));
    assert_eq!(
        lines(&cloud.plan(&machine(&ladder)).await),
        Vec::<String>::new()
    );
    assert_eq!(
        lines(
            &cloud
                .plan(&machine(&PLAIN.replace("c7.large", "c7.xlarge")))
                .await
        ),
        Vec::<String>::new()
    );
}

#[tokio::test(start_paused = true)]
async fn changed_user_data_have_no_effect_by_default() {
    let with = |text: &str, lifecycle: &str| {
        format!("{PLAIN}    user_data: \"#!/bin/sh\\necho {text}\\n\"\n{lifecycle}")
    };
    check(&with("a", ""), &with("b", ""), &[]).await;
    check(
        &with("a", ""),
        &with("b", "    lifecycle: {on_user_data_change: store}\n"),
        &["~ box (user_data) restart"],
    )
    .await;
    check(
        &with("a", ""),
        &with("b", "    lifecycle: {on_user_data_change: replace}\n"),
        &["-/+ box (user_data) replace"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_image_that_a_look_up_follows_is_no_difference() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&machine(PLAIN)).await.is_complete());
    let by_id = machine(PLAIN).replace(
        "{family: acs:ubuntu_24_04_x64}",
        "{family: acs:ubuntu_24_04_x64, follow: true}",
    );
    assert_eq!(lines(&cloud.plan(&by_id).await), Vec::<String>::new());
}

/// Applies two specs and returns the write calls of the second apply.
async fn writes(before: &str, after: &str) -> Vec<&'static str> {
    let cloud = Cloud::new();
    assert!(cloud.apply(&machine(before)).await.is_complete());
    let outcome = cloud.apply(&machine(after)).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(
        lines(&cloud.plan(&machine(after)).await),
        Vec::<String>::new()
    );
    outcome.writes.iter().map(|write| write.action).collect()
}

/// Nothing starts the instance again, so it is not marked.
#[tokio::test(start_paused = true)]
async fn a_stop_that_the_spec_wants_leaves_the_window_open() {
    let after = format!(
        "{}    power: stopped\n",
        PLAIN.replace("c7.large", "c7.xlarge")
    );
    assert_eq!(
        writes(PLAIN, &after).await,
        ["StopInstances", "ModifyInstanceSpec"]
    );
    assert_eq!(
        writes(PLAIN, &format!("{PLAIN}    power: stopped\n")).await,
        ["StopInstances"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_an_earlier_run_left_stopped_is_started_once() {
    let bigger = machine(&PLAIN.replace("c7.large", "c7.xlarge"));
    // The writes are: set the mark, stop, change the type, start, remove the mark.
    for (n, expected) in [
        (
            2,
            [
                "TagResources",
                "ModifyInstanceSpec",
                "StartInstances",
                "TagResources",
                "TagResources",
            ]
            .as_slice(),
        ),
        (3, ["StartInstances", "TagResources"].as_slice()),
    ] {
        let cloud = Cloud::new();
        assert!(cloud.apply(&machine(PLAIN)).await.is_complete());
        let plan = cloud.plan(&bigger).await;
        assert!(cloud.apply_dying(&plan, n, Death::After).await);
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        let outcome = cloud.apply(&bigger).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        assert_eq!(
            outcome
                .writes
                .iter()
                .map(|write| write.action)
                .collect::<Vec<_>>(),
            expected
        );
        assert_eq!(lines(&cloud.plan(&bigger).await), Vec::<String>::new());
    }
}

/// A run that dies in the middle of a roll leaves one member down. The next run brings it up before
/// it stops another one.
#[tokio::test(start_paused = true)]
async fn a_roll_that_died_goes_on_with_one_member_down() {
    let of = |ty: &str| {
        machine(&format!(
            "{}    count: 3\n",
            PLAIN.replace("ecs.c7.large", ty)
        ))
    };
    let (small, big) = (of("ecs.c7.large"), of("ecs.c7.xlarge"));
    let mut n_down = 0;
    for (n, wait) in (1..=8).flat_map(|n| [0, 120].map(|wait| (n, wait))) {
        let cloud = Cloud::new();
        assert!(cloud.apply(&small).await.is_complete());
        tokio::time::sleep(std::time::Duration::from_secs(31)).await;
        let plan = cloud.plan(&big).await;
        assert!(cloud.apply_dying(&plan, n, Death::After).await);
        tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
        let plan = cloud.plan(&big).await;
        let down: Vec<usize> = plan
            .changes
            .iter()
            .enumerate()
            .filter(|(_, change)| change.is_down)
            .map(|(at, _)| at)
            .collect();
        assert!(down.len() <= 1, "write {n}: {down:?}");
        n_down += down.len();
        for at in &down {
            stops_nobody_before(&plan, *at);
        }
        let outcome = cloud.apply_plan(&plan).await;
        assert!(outcome.is_complete(), "write {n}: {outcome:#?}");
        let again = cloud.plan(&big).await;
        assert_eq!(lines(&again), Vec::<String>::new(), "write {n}");
    }
    assert!(n_down > 4, "{n_down}");
}

/// Asserts that each step that stops another machine waits for all steps of this change.
fn stops_nobody_before(plan: &Plan, change: usize) {
    let last = plan.steps.iter().rposition(|step| step.change == change);
    let last = last.expect("it has steps");
    let stops = |step: &PlanStep| {
        let call = step.step.as_call();
        call.is_some_and(|call| call.api.name == "StopInstances") && step.change != change
    };
    for (at, _) in plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| stops(step))
    {
        let mut before = BTreeSet::from([at]);
        for step in (0..=at).rev() {
            if before.contains(&step) {
                before.extend(plan.steps[step].after.iter().map(|id| id.0));
            }
        }
        assert!(before.contains(&last), "{:#?}", plan.steps[at]);
    }
}

#[test]
#[should_panic(expected = "a cloud_ssd disk does not support `performance_level`")]
fn only_an_essd_has_a_level() {
    drop(stack(
        &machine(&format!(
            "{PLAIN}    system_disk: {{category: cloud_ssd, performance_level: PL1}}\n"
        )),
        &[],
    ));
}
