//! Readiness: checked inside the instance, marked as `unready` until the checks pass, and resumed
//! by the next run.

use setpoint_engine::outcome::FailureClass;
use setpoint_plan::planner::Options;
use setpoint_sim::world::GuestRule;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::{lines, lives, stack};

const NOTHING: Vec<String> = Vec::new();

const APP: &str = r##"
stack: shop
region: cn-beijing
resources:
  net: {type: vpc, cidr_block: 172.16.0.0/12}
  subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 172.16.1.0/24}
  web: {type: security_group, vpc: net}
  app:
    type: instance
    instance_type: ecs.c7.large
    image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
    vswitch: subnet
    security_groups: [web]
    user_data: "#!/bin/sh\nsystemctl enable --now nginx\n"
    ready: {cloud_init: true, http: {port: 80, path: /health}, timeout: 5m}
  late: {type: security_group, vpc: net, after: [app]}
"##;

fn rule(exit_code: i64, output: &str) -> GuestRule {
    GuestRule {
        contains: "cloud-init".to_owned(),
        instance: String::new(),
        output: output.to_owned(),
        exit_code,
        lasts_ms: None,
    }
}

fn guard(cloud: &Cloud) -> Option<String> {
    let machine = cloud
        .resources()
        .into_iter()
        .find(|one| one.kind == "instance")
        .expect("a machine");
    machine.tags.get("setpoint:guard").cloned()
}

fn is_marked(cloud: &Cloud) -> bool {
    guard(cloud).is_some_and(|words| words.split(',').any(|word| word == "unready"))
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_ready_after_its_checks_pass() {
    let cloud = Cloud::new();
    let made = cloud.apply(APP).await;
    assert!(made.is_complete(), "{made:#?}");
    assert!(!is_marked(&cloud), "{:?}", guard(&cloud));
    let actions: Vec<&str> = made.writes.iter().map(|write| write.action).collect();
    assert_eq!(
        actions
            .iter()
            .filter(|action| **action == "RunCommand")
            .count(),
        1
    );
    let asked = actions.iter().position(|action| *action == "RunCommand");
    let late = actions
        .iter()
        .rposition(|action| *action == "CreateSecurityGroup");
    assert!(
        asked < late,
        "later resources must wait until it is ready: {actions:?}"
    );
    assert_eq!(lines(&cloud.plan(APP).await), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_keeps_the_mark_and_is_repeated_by_the_next_run() {
    let cloud = Cloud::new();
    cloud.sim.with(|world| {
        world.add_guest_rule(rule(1, "waiting for cloud-init\nE: no such package\n"))
    });
    let made = cloud.apply(APP).await;
    let [failure] = made.failed.as_slice() else {
        panic!("expected one failure: {made:#?}")
    };
    assert_eq!(failure.class, FailureClass::NotReached);
    assert_eq!(
        failure.message,
        "the instance is not ready: a check failed\nwaiting for cloud-init\nE: no such package"
    );
    assert_eq!(
        made.not_started
            .iter()
            .map(|one| one.address.to_string())
            .collect::<Vec<_>>(),
        ["late"]
    );
    assert!(is_marked(&cloud));
    assert_eq!(
        lines(&cloud.plan(APP).await),
        ["~ app (ready) none", "+ late none"]
    );
    cloud.sim.with(|world| world.add_guest_rule(rule(0, "")));
    let again = cloud.apply(APP).await;
    assert!(again.is_complete(), "{again:#?}");
    let actions: Vec<&str> = again.writes.iter().map(|write| write.action).collect();
    assert_eq!(
        actions,
        ["RunCommand", "TagResources", "CreateSecurityGroup"],
        "the checks, the removal of the mark, then the resource that waited"
    );
    assert!(!is_marked(&cloud));
    assert_eq!(lines(&cloud.plan(APP).await), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn a_check_of_a_closed_port_times_out() {
    let cloud = Cloud::new();
    let text = APP.replace(
        "http: {port: 80, path: /health}, timeout: 5m",
        "tcp: 5432, timeout: 2m",
    );
    let made = cloud.apply(&text).await;
    let [failure] = made.failed.as_slice() else {
        panic!("expected one failure: {made:#?}")
    };
    assert!(
        failure.message.contains(
            "waiting for port 5432\ntimed out after 120 s\n\
             not passed; the end of /var/log/cloud-init-output.log:"
        ),
        "{}",
        failure.message
    );
    assert!(
        failure
            .message
            .ends_with("finished. Datasource DataSourceAliYun."),
        "{}",
        failure.message
    );
    assert!(is_marked(&cloud));
}

#[tokio::test(start_paused = true)]
async fn removing_the_checks_removes_the_mark() {
    let cloud = Cloud::new();
    cloud.sim.with(|world| world.add_guest_rule(rule(1, "")));
    assert!(!cloud.apply(APP).await.is_complete());
    let silent = APP.replace(
        "    ready: {cloud_init: true, http: {port: 80, path: /health}, timeout: 5m}\n",
        "",
    );
    assert!(cloud.apply(&silent).await.is_complete());
    assert!(!is_marked(&cloud));
    assert_eq!(lines(&cloud.plan(&silent).await), NOTHING);
    assert_eq!(
        lines(&cloud.plan(APP).await),
        NOTHING,
        "an instance that already runs is not checked"
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_that_may_hold_a_secret_is_not_shown() {
    let cloud = Cloud::new();
    let text = APP.replace(
        "stack: shop",
        "stack: shop\nvars: {token: {type: string, secret: true, default: s3cr3t-token}}",
    );
    let text = text.replace(
        r##""#!/bin/sh\nsystemctl enable --now nginx\n""##,
        r##"{text: "#!/bin/sh\nTOKEN=${token}\n", with: {token: "${vars.token}"}}"##,
    );
    for _ in 0..2 {
        let failed = cloud.apply(&text).await.failed;
        assert!(
            failed[0]
                .message
                .ends_with("is not shown, since the user data holds or held a secret"),
            "{}",
            failed[0].message
        );
    }
    // The instance was still created with the secret after the secret is removed from the spec.
    let gone = text
        .replace("TOKEN=${token}\\n", "")
        .replace(r#", with: {token: "${vars.token}"}"#, "");
    let failed = cloud.apply(&gone).await.failed;
    assert!(
        failed[0]
            .message
            .ends_with("is not shown, since the user data holds or held a secret"),
        "{}",
        failed[0].message
    );
}

/// The removal of the mark and other changes of the guard tag are one write, after the checks have
/// passed.
#[tokio::test(start_paused = true)]
async fn the_mark_is_removed_together_with_other_changes_of_its_tag() {
    let cloud = Cloud::new();
    cloud.sim.with(|world| world.add_guest_rule(rule(1, "")));
    assert!(!cloud.apply(APP).await.is_complete());
    cloud.sim.with(|world| world.add_guest_rule(rule(0, "")));
    let protected = APP.replace(
        "    ready: {",
        "    lifecycle: {protect: true}\n    ready: {",
    );
    let again = cloud.apply(&protected).await;
    assert!(again.is_complete(), "{again:#?}");
    assert!(!is_marked(&cloud), "{:?}", guard(&cloud));
    assert!(guard(&cloud).is_some_and(|words| words.contains("protect")));
    assert_eq!(lines(&cloud.plan(&protected).await), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn secrets_and_unknown_values_in_a_check_are_refused() {
    let with = |members: &str| {
        APP.replace(
            "cloud_init: true, http: {port: 80, path: /health}, timeout: 5m",
            members,
        )
    };
    let vars = "stack: shop\nvars: {token: {type: string, secret: true, default: s3cr3t}}";
    for members in [
        "command: \"curl ${net.route_table_id}\"",
        "tcp: 80, http: {port: 80, path: \"/x?key=${vars.token}\"}",
    ] {
        let cloud = Cloud::new();
        let text = with(members).replace("stack: shop", vars);
        let refused = cloud
            .plan_intent(&cloud.intent(&stack(&text, &[])), &Options::default())
            .await;
        let refused = format!("{refused:?}");
        assert!(
            refused.starts_with("Err")
                && refused.contains("holds a secret, or a value that is known only after apply"),
            "{members}: {refused}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_at_any_write_is_resumed() {
    for death in [Death::Before, Death::After] {
        for n in 1.. {
            let cloud = Cloud::new();
            let plan = cloud.plan(APP).await;
            let died = cloud.apply_dying(&plan, n, death).await;
            let made = cloud.apply(APP).await;
            assert!(made.is_complete(), "{death:?} at {n}: {made:#?}");
            assert_eq!(lines(&cloud.plan(APP).await), NOTHING, "{death:?} at {n}");
            assert!(!is_marked(&cloud), "{death:?} at {n}");
            assert_eq!(
                cloud.owned().len(),
                7,
                "{death:?} at {n}: {:?}",
                cloud.owned()
            );
            if !died {
                assert_eq!(n, 8, "a death was tried at every write");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn changed_checks_do_not_affect_a_ready_instance() {
    let other = APP.replace("timeout: 5m", "timeout: 7m");
    lives(APP, &other, &[]).await;
}

/// Another image is another system, which cloud-init prepares again.
#[tokio::test(start_paused = true)]
async fn a_rebuild_repeats_the_checks_and_is_resumed_after_a_death() {
    let other = APP.replace(
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "acs:ubuntu_24_04_x64",
    );
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let plan = cloud.plan(&other).await;
    assert_eq!(lines(&plan), ["~ app (image, ready) rebuild"]);
    let made = cloud.apply_plan(&plan).await;
    assert!(made.is_complete(), "{made:#?}");
    let actions: Vec<&str> = made.writes.iter().map(|write| write.action).collect();
    assert!(actions.contains(&"RunCommand"), "{actions:?}");
    assert!(!is_marked(&cloud), "{:?}", guard(&cloud));
    for death in [Death::Before, Death::After] {
        for n in 1.. {
            let cloud = Cloud::new();
            assert!(cloud.apply(APP).await.is_complete());
            let plan = cloud.plan(&other).await;
            if !cloud.apply_dying(&plan, n, death).await {
                assert_eq!(n - 1, actions.len(), "a death was tried at every write");
                break;
            }
            let rebuilt = cloud
                .sim
                .with(|world| world.calls().counts().contains_key("ReplaceSystemDisk"));
            let before = asked(&cloud);
            assert!(cloud.apply(&other).await.is_complete(), "{death:?} at {n}");
            assert!(!is_marked(&cloud), "{death:?} at {n}: {:?}", guard(&cloud));
            assert_eq!(
                lines(&cloud.plan(&other).await),
                NOTHING,
                "{death:?} at {n}"
            );
            assert!(
                !rebuilt || before > 1 || asked(&cloud) > before,
                "{death:?} at {n}: the checks were not run"
            );
        }
    }
}

/// Returns how many times a script was run.
fn asked(cloud: &Cloud) -> u64 {
    cloud.sim.with(|world| {
        world
            .calls()
            .counts()
            .get("RunCommand")
            .map_or(0, |count| count.total)
    })
}
