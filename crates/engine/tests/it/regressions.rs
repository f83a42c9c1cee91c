//! Regressions: cases that once failed, each with the required behaviour. They concern held steps,
//! ownership, order, uncertainty, and second plans that must be empty.

use std::time::Duration;

use setpoint_engine::apply::{self, Options as ApplyOptions};
use setpoint_engine::outcome::Outcome;
use setpoint_openapi::action::{Action, ecs, vpc};
use setpoint_openapi::flatten::Arg;
use setpoint_openapi::request::Request;
use setpoint_plan::Value;
use setpoint_plan::held::HeldWhy;
use setpoint_plan::plan::Plan;
use setpoint_plan::planner::{Options, PlanError, PlanErrorClass};
use setpoint_sim::fault::{CallInfo, Fate};
use setpoint_sim::profile::Options as SimOptions;
use setpoint_sim::world::ImageFacts;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults;
use setpoint_testkit::local::PUBLIC_KEY;
use setpoint_testkit::run::{lines, stack};
use tokio::sync::watch;

use crate::stacks::{APP, changed};

const NOTHING: Vec<String> = Vec::new();

/// Makes a call outside Setpoint, as a user in the console does.
pub(crate) async fn by_hand(
    cloud: &Cloud,
    action: &'static Action,
    args: &[(&str, &str)],
) -> setpoint_openapi::reply::Reply {
    let args: Vec<(String, Arg)> = args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Arg::Text((*value).to_owned())))
        .collect();
    let request = Request::new(action, "cn-beijing", &args).expect("the action takes these");
    cloud
        .session
        .client
        .call(&request)
        .await
        .expect("it is allowed")
}

fn id_of(cloud: &Cloud, kind: &str) -> String {
    cloud
        .resources()
        .into_iter()
        .find(|one| one.kind == kind)
        .expect("it is there")
        .id
}

fn classes(errors: &[PlanError]) -> Vec<PlanErrorClass> {
    errors.iter().map(|error| error.class).collect()
}

async fn planned(cloud: &Cloud, text: &str, options: Options) -> Result<Plan, Vec<PlanError>> {
    let intent = cloud.intent(&stack(text, &[]));
    cloud
        .plan_intent(&intent, &options)
        .await
        .map(|(plan, _)| plan)
}

async fn apply_old(cloud: &Cloud, plan: &Plan) -> Outcome {
    let options = ApplyOptions {
        observed_before: Duration::from_secs(120),
        ..ApplyOptions::default()
    };
    let (_keep, cancel) = watch::channel(false);
    apply::apply(&cloud.session, plan, options, cancel, &mut |_, _| {}).await
}

async fn made(text: &str) -> Cloud {
    let cloud = Cloud::new();
    let outcome = cloud.apply(text).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    cloud
}

// Held steps and protection.

#[tokio::test(start_paused = true)]
async fn a_rebuild_of_a_stopped_machine_is_held() {
    let stopped = changed("host_name: app-01", "host_name: app-01\n    power: stopped");
    let cloud = made(&stopped).await;
    let plan = cloud
        .plan(&stopped.replace(
            "acs:alibaba_cloud_linux_3_2104_lts_x64",
            "acs:ubuntu_24_04_x64",
        ))
        .await;
    assert_eq!(lines(&plan), ["~ server (image) rebuild"]);
    assert!(
        matches!(
            plan.held.first().map(|held| &held.why),
            Some(HeldWhy::DataLoss(_))
        ),
        "{:?}",
        plan.held
    );
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_of_a_protected_stopped_machine_is_refused() {
    let stopped = changed(
        "host_name: app-01",
        "host_name: app-01\n    power: stopped\n    lifecycle: {protect: true}",
    );
    let cloud = made(&stopped).await;
    let other = stopped.replace(
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "acs:ubuntu_24_04_x64",
    );
    let errors = planned(&cloud, &other, Options::default())
        .await
        .expect_err("it is protected");
    assert_eq!(classes(&errors), [PlanErrorClass::Protected]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_may_be_kept() {
    let kept = changed(
        "    period: 60s",
        "    period: 60s\n    lifecycle: {on_delete: keep}",
    );
    let cloud = made(&kept).await;
    let gone = cloud.destroy(&kept).await;
    let kinds: Vec<String> = cloud.resources().into_iter().map(|one| one.kind).collect();
    assert!(
        kinds.iter().any(|kind| kind == "metric_alarm"),
        "{kinds:?} {gone:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_protected_alarm_is_not_destroyed() {
    let protected = changed(
        "    period: 60s",
        "    period: 60s\n    lifecycle: {protect: true}",
    );
    let cloud = made(&protected).await;
    let errors = planned(
        &cloud,
        &protected,
        Options {
            destroy: true,
            ..Options::default()
        },
    )
    .await
    .expect_err("it is protected");
    assert_eq!(classes(&errors), [PlanErrorClass::Protected]);
}

#[tokio::test(start_paused = true)]
async fn destroy_respects_protection_in_the_file_before_it_is_applied() {
    let cloud = made(APP).await;
    let protected = changed(
        "host_name: app-01",
        "host_name: app-01\n    lifecycle: {protect: true}",
    );
    let errors = planned(
        &cloud,
        &protected,
        Options {
            destroy: true,
            ..Options::default()
        },
    )
    .await
    .expect_err("the file protects it");
    assert_eq!(classes(&errors), [PlanErrorClass::Protected]);
}

#[tokio::test(start_paused = true)]
async fn destroy_respects_keep_in_the_file_before_it_is_applied() {
    let cloud = made(APP).await;
    let kept = changed(
        "host_name: app-01",
        "host_name: app-01\n    lifecycle: {on_delete: keep}",
    );
    let plan = planned(
        &cloud,
        &kept,
        Options {
            destroy: true,
            ..Options::default()
        },
    )
    .await
    .expect("a plan");
    assert!(
        !lines(&plan).iter().any(|line| line.starts_with("- server")),
        "{:?}",
        lines(&plan)
    );
}

#[tokio::test(start_paused = true)]
async fn keep_applies_when_the_kind_at_the_address_changes() {
    let cloud = made(
        "stack: shop\nregion: cn-beijing\nresources:\n  \
         one: {type: vpc, cidr_block: 10.0.0.0/16, lifecycle: {on_delete: keep}}\n",
    )
    .await;
    let other = format!(
        "stack: shop\nregion: cn-beijing\nresources:\n  \
         one: {{type: key_pair, public_key: \"{PUBLIC_KEY}\"}}\n"
    );
    let plan = cloud.plan(&other).await;
    assert!(
        !plan.calls().any(|(_, call)| call.api.name == "DeleteVpc"),
        "{:?}",
        lines(&plan)
    );
}

#[tokio::test(start_paused = true)]
async fn destroy_leaves_the_dependencies_of_a_kept_machine() {
    let kept = changed(
        "host_name: app-01",
        "host_name: app-01\n    lifecycle: {on_delete: keep}",
    );
    let cloud = made(&kept).await;
    let outcome = cloud.destroy(&kept).await;
    assert!(outcome.failed.is_empty(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn reverting_an_interrupted_replacement_holds_the_deletion_of_the_first_machine() {
    let first = changed(
        "host_name: app-01",
        "host_name: app-01\n    lifecycle: {create_before_destroy: true}",
    );
    let cloud = made(&first).await;
    let zone = first.replace(
        "zone: cn-beijing-h, cidr_block: 172.16.1.0/24",
        "zone: cn-beijing-g, cidr_block: 172.16.9.0/24",
    );
    let plan = cloud.plan(&zone).await;
    let run = plan
        .calls()
        .position(|(_, call)| call.api.name == "RunInstances")
        .expect("a new machine");
    // Dies immediately after the successor was created.
    assert!(
        cloud
            .apply_dying(&plan, run + 1, faults::Death::After)
            .await
    );
    let back = cloud.plan(&first).await;
    let goes = back
        .changes
        .iter()
        .filter(|one| one.kind == "instance" && one.deletes())
        .count();
    let held = back
        .held
        .iter()
        .filter(|one| {
            one.address
                .as_ref()
                .is_some_and(|address| address.to_string() == "server")
        })
        .count();
    assert_eq!(goes, held, "{:?} {:?}", lines(&back), back.held);
}

// Attributes that a change affects.

#[tokio::test(start_paused = true)]
async fn an_output_shows_the_address_after_a_move() {
    let with = APP.replace("outputs: {", "outputs: {ip: \"${server.private_ip}\", ");
    let cloud = made(&with).await;
    let moved = with.replace("172.16.1.0/24", "172.16.9.0/24");
    let outcome = cloud.apply(&moved).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let ip = outcome.outputs["ip"]
        .as_text()
        .unwrap_or_default()
        .to_owned();
    assert!(ip.starts_with("172.16.9."), "{ip}");
}

#[tokio::test(start_paused = true)]
async fn an_output_shows_the_disk_after_a_rebuild() {
    let with = APP.replace(
        "outputs: {",
        "outputs: {disk: \"${server.system_disk.id}\", ",
    );
    let cloud = made(&with).await;
    let before = id_of(&cloud, "disk");
    let outcome = cloud
        .apply(&with.replace(
            "acs:alibaba_cloud_linux_3_2104_lts_x64",
            "acs:ubuntu_24_04_x64",
        ))
        .await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_ne!(outcome.outputs["disk"], Value::text(before));
}

// Order.

#[tokio::test(start_paused = true)]
async fn a_subnet_in_a_new_block_waits_for_the_block() {
    let cloud = made(APP).await;
    let more = APP
        .replace(
            "cidr_block: 172.16.0.0/12}",
            "cidr_block: 172.16.0.0/12, secondary_cidr_blocks: [10.1.0.0/16]}",
        )
        .replace(
            "  web:\n",
            "  second: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.1.1.0/24}\n  \
             web:\n",
        );
    let outcome = cloud.apply(&more).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
    // The reverse change.
    let outcome = cloud.apply(APP).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn a_new_machine_waits_for_the_new_rules_of_its_group() {
    let cloud = made(APP).await;
    let more = APP.replace("203.0.113.50/32", "198.51.100.0/24").replace(
        "  cpu-high:",
        "  second:\n    type: instance\n    instance_type: ecs.c7.large\n    \
         image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}\n    vswitch: subnet\n    \
         security_groups: [web]\n  cpu-high:",
    );
    let plan = cloud.plan(&more).await;
    let run = plan
        .steps
        .iter()
        .position(|step| {
            step.step
                .as_call()
                .is_some_and(|call| call.api.name == "RunInstances")
        })
        .expect("a machine");
    let mut todo: Vec<usize> = vec![run];
    let mut before = Vec::new();
    while let Some(at) = todo.pop() {
        before.push(at);
        todo.extend(plan.steps[at].after.iter().map(|one| one.0));
    }
    let waits = before
        .iter()
        .any(|at| plan.steps[*at].address.to_string() == "web");
    assert!(waits, "RunInstances does not wait for the rules of `web`");
}

#[tokio::test(start_paused = true)]
async fn a_subnet_outside_the_stack_in_another_zone_replaces() {
    let cloud = made(
        "stack: network\nregion: cn-beijing\nresources:\n  \
         net: {type: vpc, cidr_block: 172.16.0.0/12}\n  \
         a: {type: vswitch, name: sub-a, vpc: net, zone: cn-beijing-h, \
         cidr_block: 172.16.1.0/24}\n  b: {type: vswitch, name: sub-b, vpc: net, \
         zone: cn-beijing-g, cidr_block: 172.16.2.0/24}\n  \
         sg: {type: security_group, name: sg-net, vpc: net}\n",
    )
    .await;
    let text = "stack: shop\nregion: cn-beijing\nexisting: {a: {type: vswitch, name: sub-a}, \
        b: {type: vswitch, name: sub-b}, sg: {type: security_group, name: sg-net}}\nresources:\n  \
        box: {type: instance, instance_type: ecs.c7.large, image: {family: acs:ubuntu_24_04_x64}, \
        vswitch: a, security_groups: [sg]}\n";
    assert!(cloud.apply(text).await.is_complete());
    let plan = cloud.plan(&text.replace("vswitch: a", "vswitch: b")).await;
    assert_eq!(lines(&plan), ["-/+ box (vswitch) replace"]);
}

#[tokio::test(start_paused = true)]
async fn a_target_includes_the_resources_in_its_user_data() {
    let text = APP.replace(
        "user_data: \"#!/bin/sh\\necho hello\\n\"",
        "user_data: {text: \"#!/bin/sh\\necho ${db}\\n\", with: {db: \"${other.private_ip}\"}}",
    );
    let text = text.replace(
        "  cpu-high:",
        "  other:\n    type: instance\n    instance_type: ecs.c7.large\n    \
         image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}\n    vswitch: subnet\n    \
         security_groups: [web]\n  cpu-high:",
    );
    let cloud = Cloud::new();
    let targets = vec!["server".parse().expect("an address")];
    let plan = planned(
        &cloud,
        &text,
        Options {
            targets,
            ..Options::default()
        },
    )
    .await
    .expect("a plan");
    assert!(
        lines(&plan).iter().any(|line| line.starts_with("+ other")),
        "{:?}",
        lines(&plan)
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_targets_leave_out_is_not_replaced_silently() {
    let cloud = made(APP).await;
    let named = |name: &str| vec![name.parse().expect("an address")];
    let limited = |targets| Options {
        targets,
        replace: named("server"),
        ..Options::default()
    };
    let errors = planned(&cloud, APP, limited(named("net")))
        .await
        .expect_err("the server is not a target");
    assert_eq!(classes(&errors), [PlanErrorClass::Refused]);
    assert!(
        errors[0].what.contains("`--target` leaves out"),
        "{errors:?}"
    );
    let plan = planned(&cloud, APP, limited(named("server")))
        .await
        .expect("the server is a target");
    assert!(
        lines(&plan)
            .iter()
            .any(|line| line.starts_with("-/+ server"))
    );
}

#[tokio::test(start_paused = true)]
async fn destroying_a_target_leaves_its_dependencies() {
    let cloud = made(APP).await;
    let targets = vec!["server".parse().expect("an address")];
    let plan = planned(
        &cloud,
        APP,
        Options {
            destroy: true,
            targets,
            ..Options::default()
        },
    )
    .await
    .expect("a plan");
    assert!(
        !lines(&plan).iter().any(|line| line.starts_with("- net")),
        "{:?}",
        lines(&plan)
    );
}

// Adopting and moving.

#[tokio::test(start_paused = true)]
async fn a_resource_of_this_stack_cannot_be_adopted_under_another_name() {
    let net = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, name: corp, cidr_block: 10.0.0.0/16}\n";
    let cloud = made(net).await;
    let id = id_of(&cloud, "vpc");
    let renamed = net.replace(
        "  net: {type: vpc,",
        &format!("  corp: {{type: vpc, adopt: {id},"),
    );
    let refused = planned(&cloud, &renamed, Options::default()).await;
    let errors = refused.expect_err("it is owned already");
    let owned = format!("`{id}` is `net` of the stack shop already");
    assert_eq!(errors[0].what, owned);
}

#[tokio::test(start_paused = true)]
async fn a_destroy_before_the_adoption_does_not_panic() {
    let cloud = made(
        "stack: other\nregion: cn-beijing\nresources:\n  \
         net: {type: vpc, name: corp, cidr_block: 10.0.0.0/16}\n",
    )
    .await;
    let id = id_of(&cloud, "vpc");
    let keys = [
        ("ResourceType", "VPC"),
        ("ResourceId.1", id.as_str()),
        ("TagKey.1", "setpoint:stack"),
        ("TagKey.2", "setpoint:address"),
    ];
    by_hand(&cloud, &vpc::UN_TAG_RESOURCES, &keys).await;
    let text = format!(
        "stack: shop\nregion: cn-beijing\nresources:\n  \
         net: {{type: vpc, name: corp, adopt: {id}, cidr_block: 10.0.0.0/16}}\n"
    );
    let plan = planned(
        &cloud,
        &text,
        Options {
            destroy: true,
            ..Options::default()
        },
    )
    .await
    .expect("a plan");
    assert_eq!(lines(&plan), NOTHING);
}

const GROUP: &str = "stack: shop\nregion: cn-beijing\nresources:\n  \
    net: {type: vpc, cidr_block: 10.0.0.0/16}\n  \
    web: {type: security_group, name: web, vpc: net, ingress: [{port: 80, source: 0.0.0.0/0}]}\n";

async fn forgotten_group() -> (Cloud, String) {
    let cloud = made(GROUP).await;
    let id = id_of(&cloud, "security_group");
    let keys = [
        ("ResourceType", "securitygroup"),
        ("ResourceId.1", id.as_str()),
        ("TagKey.1", "setpoint:stack"),
        ("TagKey.2", "setpoint:address"),
    ];
    by_hand(&cloud, &ecs::UNTAG_RESOURCES, &keys).await;
    (cloud, id)
}

#[tokio::test(start_paused = true)]
async fn a_group_with_equal_rules_is_adopted() {
    let (cloud, id) = forgotten_group().await;
    let text = GROUP.replace(
        "{type: security_group,",
        &format!("{{type: security_group, adopt: {id},"),
    );
    let plan = planned(&cloud, &text, Options::default())
        .await
        .expect("it matches");
    assert_eq!(lines(&plan), ["~ web none"]);
}

#[tokio::test(start_paused = true)]
async fn a_group_with_other_rules_is_not_adopted() {
    let (cloud, id) = forgotten_group().await;
    let text = GROUP
        .replace(
            "{type: security_group,",
            &format!("{{type: security_group, adopt: {id},"),
        )
        .replace(", ingress: [{port: 80, source: 0.0.0.0/0}]", "");
    let errors = planned(&cloud, &text, Options::default())
        .await
        .expect_err("its rules differ");
    assert_eq!(classes(&errors), [PlanErrorClass::Refused]);
}

#[tokio::test(start_paused = true)]
async fn a_move_is_applied_from_an_old_observation() {
    let net = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, name: corp, cidr_block: 10.0.0.0/16}\n";
    let cloud = made(net).await;
    let renamed = format!(
        "{}moved: [{{from: net, to: corp}}]\n",
        net.replace("  net:", "  corp:")
    );
    let plan = cloud.plan(&renamed).await;
    let outcome = apply_old(&cloud, &plan).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_cannot_be_forgotten() {
    let cloud = made(APP).await;
    let start = APP.find("  cpu-high:").expect("the alarm");
    let end = APP.find("outputs:").expect("the outputs");
    let forgetting = format!("{}{}forget: [cpu-high]\n", &APP[..start], &APP[end..]);
    let intent = cloud.intent(&stack(&forgetting, &[]));
    let refused = cloud.plan_intent(&intent, &Options::default()).await;
    let errors = refused.expect_err("the owner of an alarm is part of its name");
    assert_eq!(
        errors[0].what,
        "`cpu-high` cannot be forgotten: its owner is part of its name, not of its tags"
    );
}

// An empty second plan.

async fn settles(text: &str) {
    let cloud = made(text).await;
    let again = cloud.plan(text).await;
    assert_eq!(
        lines(&again),
        NOTHING,
        "{:#?}",
        again
            .changes
            .iter()
            .flat_map(|one| &one.fields)
            .collect::<Vec<_>>()
    );
}

#[test]
#[should_panic(expected = "`ingress.2` is the same flow as `ingress.0`, with another description")]
fn a_duplicate_flow_is_refused() {
    let rules = "ingress:\n      - {port: 80, source: 0.0.0.0/0, description: a}\n      \
        - {port: 22, source: 0.0.0.0/0, description: b}\n      \
        - {port: 80, source: 0.0.0.0/0, description: c}\n";
    let wrong = stack(
        &format!(
            "stack: shop\nregion: cn-beijing\nresources:\n  \
             net: {{type: vpc, cidr_block: 10.0.0.0/16}}\n  web:\n    type: security_group\n    \
             vpc: net\n    {rules}"
        ),
        &[],
    );
    drop(wrong);
}

#[tokio::test(start_paused = true)]
async fn an_inner_policy_with_unmanaged_rules_settles() {
    settles(
        "stack: shop\nregion: cn-beijing\nresources:\n  \
         net: {type: vpc, cidr_block: 10.0.0.0/16}\n  \
         web: {type: security_group, vpc: net, ingress: unmanaged, egress: unmanaged, \
         inner_access_policy: Drop}\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_platform_like_tag_settles() {
    settles(
        "stack: shop\nregion: cn-beijing\ntags: {kubernetes-team: web}\nresources:\n  \
         net: {type: vpc, cidr_block: 10.0.0.0/16}\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_webhook_settles() {
    let text = APP
        .replace(
            "    period: 60s",
            "    period: 60s\n    webhook: \"${vars.hook}\"",
        )
        .replace(
            "region: cn-beijing\n",
            "region: cn-beijing\nvars: {hook: {type: string, secret: true, \
             default: \"https://example.com/abcdef\"}}\n",
        );
    settles(&text).await;
}

#[tokio::test(start_paused = true)]
async fn ignored_tags_are_left_alone() {
    let text = changed(
        "host_name: app-01",
        "host_name: app-01\n    lifecycle: {ignore: [tags]}",
    );
    let cloud = made(&text).await;
    let id = id_of(&cloud, "instance");
    let tags = [
        ("ResourceType", "instance"),
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "Owner"),
        ("Tag.1.Value", "ops"),
    ];
    by_hand(&cloud, &ecs::TAG_RESOURCES, &tags).await;
    assert_eq!(lines(&cloud.plan(&text).await), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn an_ignored_name_is_not_sent_with_a_description() {
    let text = changed(
        "host_name: app-01",
        "host_name: app-01\n    name: ours\n    description: one\n    lifecycle: {ignore: [name]}",
    );
    let cloud = made(&text).await;
    let id = id_of(&cloud, "instance");
    by_hand(
        &cloud,
        &ecs::MODIFY_INSTANCE_ATTRIBUTE,
        &[("InstanceId", &id), ("InstanceName", "theirs")],
    )
    .await;
    let outcome = cloud
        .apply(&text.replace("description: one", "description: two"))
        .await;
    assert!(outcome.is_complete());
    assert!(
        !outcome
            .writes
            .iter()
            .any(|write| write.params.iter().any(|(name, _)| name == "InstanceName")),
        "{:?}",
        outcome.writes
    );
}

#[tokio::test(start_paused = true)]
async fn deletion_protection_enabled_by_hand_is_left_on() {
    let cloud = made(APP).await;
    let id = id_of(&cloud, "instance");
    by_hand(
        &cloud,
        &ecs::MODIFY_INSTANCE_ATTRIBUTE,
        &[("InstanceId", &id), ("DeletionProtection", "true")],
    )
    .await;
    assert_eq!(lines(&cloud.plan(APP).await), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn a_machine_left_stopped_is_started_though_power_is_ignored() {
    let text = changed(
        "host_name: app-01",
        "host_name: app-01\n    lifecycle: {ignore: [power]}",
    );
    let cloud = made(&text).await;
    let bigger = text.replace("ecs.c7.large", "ecs.c7.xlarge");
    let plan = cloud.plan(&bigger).await;
    // The third write changes the type, while the instance is stopped.
    assert!(cloud.apply_dying(&plan, 3, faults::Death::After).await);
    assert!(cloud.apply(&bigger).await.is_complete());
    assert!(
        cloud
            .owned()
            .iter()
            .any(|line| line.starts_with("instance ") && line.ends_with(" Running")),
        "{:?}",
        cloud.owned()
    );
}

#[tokio::test(start_paused = true)]
async fn a_machine_left_stopped_is_started_though_its_change_is_refused() {
    let cloud = made(APP).await;
    let bigger = changed("ecs.c7.large", "ecs.c7.xlarge");
    let plan = cloud.plan(&bigger).await;
    assert!(cloud.apply_dying(&plan, 2, faults::Death::After).await);
    tokio::time::sleep(Duration::from_secs(60)).await;
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.xlarge", false));
    cloud.apply(&bigger).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(
        cloud
            .owned()
            .iter()
            .any(|line| line.starts_with("instance ") && line.ends_with(" Running")),
        "{:?}",
        cloud.owned()
    );
}

#[tokio::test(start_paused = true)]
async fn a_desired_stop_stops_charging() {
    let cloud = made(APP).await;
    let stopped = changed("ecs.c7.large", "ecs.c7.xlarge")
        .replace("host_name: app-01", "host_name: app-01\n    power: stopped");
    let outcome = cloud.apply(&stopped).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let plan = cloud.plan(&stopped).await;
    let before = plan
        .changes
        .iter()
        .find(|one| one.kind == "instance")
        .and_then(|one| one.before.clone())
        .expect("a machine");
    assert_eq!(before.attr("stopped_mode"), Value::text("StopCharging"));
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_in_use_is_not_deleted_when_its_use_is_no_longer_declared() {
    let cloud = made(APP).await;
    let without = APP
        .replace(
            "  key: {type: key_pair, private_key_file: keys/app.pem}\n",
            "",
        )
        .replace("    key_pair: key\n", "");
    let refused = planned(&cloud, &without, Options::default()).await;
    let errors = refused.expect_err("an absent `key_pair` is not managed, so the use stays");
    assert_eq!(
        errors[0].what,
        "`key` (app-key) cannot be deleted: `server` uses it and keeps doing so"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_names_a_group_of_another_stack() {
    let cloud = made(GROUP).await;
    let text = "stack: till\nregion: cn-beijing\nstacks: {base: {stack: shop}}\nresources:\n  \
        app: {type: security_group, vpc: base.net, ingress: [{port: 80, source: base.web}]}\n";
    let outcome = cloud.apply(text).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
    assert_eq!(lines(&cloud.plan(text).await), NOTHING);
}

// The apply machine.

#[tokio::test(start_paused = true)]
async fn a_lost_put_of_an_alarm_is_sent_again() {
    let cloud = made(APP).await;
    let plan = cloud.plan(&changed("threshold: 90", "threshold: 80")).await;
    cloud
        .sim
        .set_hook(Some(faults::at_write(1, Fate::DropBeforeExecuting)));
    let outcome = cloud.apply_plan(&plan).await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(
        lines(&cloud.plan(&changed("threshold: 90", "threshold: 80")).await),
        NOTHING
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_create_that_is_busy_afterwards_is_not_duplicated() {
    let cloud = Cloud::new();
    let text = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    let plan = cloud.plan(text).await;
    let mut writes = 0;
    cloud.sim.set_hook(Some(Box::new(move |call: &CallInfo| {
        writes += usize::from(!call.is_read);
        match (call.is_read, writes) {
            (false, 1) => Fate::LoseReplyAfterExecuting,
            (false, 2..=4) => Fate::RefuseBefore {
                code: "SystemBusy".to_owned(),
                status: 400,
            },
            _ => Fate::Normal,
        }
    })));
    let outcome = cloud.apply_plan(&plan).await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(cloud.owned().len(), 1, "{:?}", cloud.owned());
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_after_many_refusals_is_retried() {
    let cloud = made(APP).await;
    let mut refused = 0;
    cloud.sim.set_hook(Some(Box::new(move |call: &CallInfo| {
        if call.action != "DeleteSecurityGroup" {
            return Fate::Normal;
        }
        refused += 1;
        match refused {
            1..=70 => Fate::RefuseBefore {
                code: "DependencyViolation".to_owned(),
                status: 403,
            },
            71 => Fate::RefuseBefore {
                code: "Throttling.User".to_owned(),
                status: 400,
            },
            _ => Fate::Normal,
        }
    })));
    let outcome = cloud.destroy(APP).await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn each_set_of_refusal_codes_has_its_own_retry_window() {
    let cloud = made(APP).await;
    let mut refused = 0;
    cloud.sim.set_hook(Some(Box::new(move |call: &CallInfo| {
        if call.action != "DeleteVSwitch" {
            return Fate::Normal;
        }
        refused += 1;
        match refused {
            1..=80 => Fate::RefuseBefore {
                code: "DependencyViolation.NetworkInterface".to_owned(),
                status: 400,
            },
            81 => Fate::RefuseBefore {
                code: "OperationDenied.OtherSubnetProcessing".to_owned(),
                status: 400,
            },
            _ => Fate::Normal,
        }
    })));
    let outcome = cloud.destroy(APP).await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_a_moved_machine_releases_late_is_waited_for() {
    let cloud = made(APP).await;
    let moved = changed("172.16.1.0/24", "172.16.9.0/24");
    let mut refused = 0;
    cloud.sim.set_hook(Some(Box::new(move |call: &CallInfo| {
        if call.action != "DeleteVSwitch" {
            return Fate::Normal;
        }
        refused += 1;
        // The documented delay is seconds to a few minutes.
        if refused <= 40 {
            Fate::RefuseBefore {
                code: "DependencyViolation.NetworkInterface".to_owned(),
                status: 400,
            }
        } else {
            Fate::Normal
        }
    })));
    let outcome = cloud.apply(&moved).await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn an_old_plan_is_rechecked_before_the_first_of_several_rules() {
    let cloud = made(APP).await;
    let plan = cloud
        .plan(&changed(
            "203.0.113.50/32",
            "[198.51.100.0/24, 192.0.2.0/24]",
        ))
        .await;
    let id = id_of(&cloud, "security_group");
    // Another stack takes the group over in the meantime.
    let tags = [
        ("ResourceType", "securitygroup"),
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "setpoint:stack"),
        ("Tag.1.Value", "theirs"),
    ];
    by_hand(&cloud, &ecs::TAG_RESOURCES, &tags).await;
    let outcome = apply_old(&cloud, &plan).await;
    assert_eq!(outcome.writes, Vec::new());
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_is_already_gone_counts_as_deleted() {
    let net = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    let cloud = made(net).await;
    let plan = planned(
        &cloud,
        net,
        Options {
            destroy: true,
            ..Options::default()
        },
    )
    .await
    .expect("a plan");
    let id = id_of(&cloud, "vpc");
    by_hand(&cloud, &vpc::DELETE_VPC, &[("VpcId", &id)]).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let outcome = apply_old(&cloud, &plan).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_always_fails_ends() {
    let cloud = made(APP).await;
    let plan = cloud.plan(&changed("ecs.c7.large", "ecs.c7.xlarge")).await;
    cloud.sim.set_hook(Some(Box::new(|call: &CallInfo| {
        if call.is_read {
            Fate::RefuseBefore {
                code: "InvalidParameter".to_owned(),
                status: 400,
            }
        } else {
            Fate::Normal
        }
    })));
    let ended = tokio::time::timeout(Duration::from_hours(6), apply_old(&cloud, &plan)).await;
    cloud.sim.set_hook(None);
    assert!(ended.is_ok(), "the step never ends");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_cannot_be_deleted_does_not_block_the_others() {
    let three = APP
        .replace("  server:\n", "  server:\n    count: 3\n")
        .replace("instances: [server]", "instances: [\"server[0]\"]")
        .replace("${server.public_ip}", "${server[0].public_ip}")
        .replace("host_name: app-01", "host_name: app");
    let cloud = made(&three).await;
    let plan = planned(
        &cloud,
        &three,
        Options {
            destroy: true,
            ..Options::default()
        },
    )
    .await
    .expect("a plan");
    let id = id_of(&cloud, "instance");
    by_hand(
        &cloud,
        &ecs::MODIFY_INSTANCE_ATTRIBUTE,
        &[("InstanceId", &id), ("DeletionProtection", "true")],
    )
    .await;
    cloud.apply_plan(&plan).await;
    let left = cloud
        .owned()
        .iter()
        .filter(|line| line.starts_with("instance "))
        .count();
    assert_eq!(left, 1, "{:?}", cloud.owned());
}

#[tokio::test(start_paused = true)]
async fn a_local_key_is_recognised_after_a_lost_reply() {
    // A key that was created here has a comment; the cloud returns it without one.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cloud = Cloud::new();
    let session = setpoint_engine::session::Session {
        local: std::sync::Arc::new(setpoint_engine::local::Disk::new(
            folder.path().to_path_buf(),
        )),
        ..cloud.session.clone()
    };
    let text = "stack: shop\nregion: cn-beijing\nresources:\n  \
        key: {type: key_pair, private_key_file: app.pem}\n";
    let plan = cloud.plan(text).await;
    cloud
        .sim
        .set_hook(Some(faults::at_write(1, Fate::LoseReplyAfterExecuting)));
    let (_keep, cancel) = watch::channel(false);
    let outcome = apply::apply(
        &session,
        &plan,
        ApplyOptions::default(),
        cancel,
        &mut |_, _| {},
    )
    .await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn two_runs_that_plan_one_key_both_import_the_key_on_the_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cloud = Cloud::new();
    let session = setpoint_engine::session::Session {
        local: std::sync::Arc::new(setpoint_engine::local::Disk::new(
            folder.path().to_path_buf(),
        )),
        ..cloud.session.clone()
    };
    let text = "stack: shop\nregion: cn-beijing\nresources:\n  \
        key: {type: key_pair, private_key_file: app.pem}\n";
    let plan = cloud.plan(text).await;
    for run in ["first", "second"] {
        let (_keep, cancel) = watch::channel(false);
        let options = ApplyOptions::default();
        let outcome = apply::apply(&session, &plan, options, cancel, &mut |_, _| {}).await;
        assert!(outcome.is_complete(), "{run}: {:#?}", outcome.failed);
    }
    let here = session
        .local
        .peek(&setpoint_plan::procedure::Local::SshKey {
            path: "app.pem".to_owned(),
            public: "public_key",
        })
        .expect("it can be read")
        .expect("it is there");
    let here = here["public_key"].as_text().expect("a text").to_owned();
    let there = by_hand(
        &cloud,
        &ecs::DESCRIBE_KEY_PAIRS,
        &[("IncludePublicKey", "true")],
    )
    .await;
    let rows: Vec<String> = there
        .json
        .need_list("KeyPairs.KeyPair")
        .expect("a list")
        .into_iter()
        .map(|row| row.need_text("PublicKey").expect("a text"))
        .collect();
    assert!(
        matches!(rows.as_slice(), [one] if one.starts_with(&here)),
        "{rows:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_subnet_is_deleted_with_its_secondary_block() {
    let two = APP
        .replace(
            "cidr_block: 172.16.0.0/12}",
            "cidr_block: 172.16.0.0/12, secondary_cidr_blocks: [10.1.0.0/16]}",
        )
        .replace(
            "  web:\n",
            "  second: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.1.1.0/24}\n  \
             web:\n",
        );
    let cloud = made(&two).await;
    let outcome = cloud
        .apply(&APP.replace(
            "cidr_block: 172.16.0.0/12}",
            "cidr_block: 172.16.0.0/12, secondary_cidr_blocks: []}",
        ))
        .await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn a_deprecated_image_of_the_family_is_no_difference() {
    let cloud = Cloud::new();
    let family = "acs:alibaba_cloud_linux_3_2104_lts_x64";
    let mut newest = ImageFacts {
        id: "aliyun_3_x64_20G_alibase_20251101.vhd".to_owned(),
        family: family.to_owned(),
        os_name: "Alibaba Cloud Linux 3.2104 LTS 64 bit".to_owned(),
        os_type: "linux".to_owned(),
        platform: "Aliyun".to_owned(),
        architecture: "x86_64".to_owned(),
        size_gib: 20,
        created_ms: 1_761_962_400_000,
        status: "Available".to_owned(),
        owner_alias: "system".to_owned(),
    };
    cloud.sim.with(|world| world.add_image(newest.clone()));
    assert!(cloud.apply(APP).await.is_complete());
    newest.status = "Deprecated".to_owned();
    cloud.sim.with(|world| world.add_image(newest.clone()));
    assert_eq!(lines(&cloud.plan(APP).await), NOTHING);
}

/// Returns a cloud in which a run died immediately after it created an instance.
async fn with_a_starting_machine() -> Cloud {
    for n in 1.. {
        let cloud = Cloud::new();
        let plan = cloud.plan(APP).await;
        assert!(cloud.apply_dying(&plan, n, faults::Death::After).await);
        if cloud
            .owned()
            .iter()
            .any(|line| line.starts_with("instance "))
        {
            return cloud;
        }
    }
    unreachable!("the run makes a machine")
}

#[tokio::test(start_paused = true)]
async fn a_bandwidth_change_waits_for_a_starting_machine() {
    let cloud = with_a_starting_machine().await;
    let outcome = cloud
        .apply(&changed("max_bandwidth_out: 10", "max_bandwidth_out: 20"))
        .await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn a_disk_resize_waits_for_a_starting_machine() {
    let cloud = with_a_starting_machine().await;
    let outcome = cloud.apply(&changed("size: 40", "size: 60")).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn a_lost_change_of_a_secondary_block_succeeds() {
    let net = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    let more = net.replace(
        "10.0.0.0/16}",
        "10.0.0.0/16, secondary_cidr_blocks: [10.1.0.0/16]}",
    );
    let none = net.replace("10.0.0.0/16}", "10.0.0.0/16, secondary_cidr_blocks: []}");
    for (before, after) in [(net, more.as_str()), (more.as_str(), none.as_str())] {
        let cloud = made(before).await;
        let plan = cloud.plan(after).await;
        cloud
            .sim
            .set_hook(Some(faults::at_write(1, Fate::LoseReplyAfterExecuting)));
        let outcome = cloud.apply_plan(&plan).await;
        cloud.sim.set_hook(None);
        assert!(outcome.is_complete(), "{:#?}", outcome.failed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_change_of_a_disk_level_succeeds() {
    let (one, two) = (
        "size: 500, performance_level: PL1",
        "size: 500, performance_level: PL2",
    );
    let cloud = made(&changed("size: 40, performance_level: PL0", one)).await;
    let plan = cloud
        .plan(&changed("size: 40, performance_level: PL0", two))
        .await;
    cloud
        .sim
        .set_hook(Some(faults::at_write(1, Fate::LoseReplyAfterExecuting)));
    let outcome = cloud.apply_plan(&plan).await;
    cloud.sim.set_hook(None);
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn many_rules_are_replaced_within_the_quota() {
    let ports = |from: usize| {
        (from..from + 120)
            .map(|port| port.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let text = |from| GROUP.replace("port: 80", &format!("port: [{}]", ports(from)));
    let cloud = made(&text(1000)).await;
    let outcome = cloud.apply(&text(2000)).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn tokens_used_up_by_refusals_do_not_block_a_corrected_spec() {
    let options = SimOptions {
        failed_call_consumes_token: true,
        token_lifetime_ms: None,
        ..SimOptions::default()
    };
    let cloud = Cloud::with(options);
    cloud
        .sim
        .with(|world| world.set_stock("cn-beijing-h", "ecs.c7.large", false));
    let refused = cloud.apply(APP).await;
    assert!(!refused.is_complete());
    let outcome = cloud.apply(&changed("ecs.c7.large", "ecs.c7.xlarge")).await;
    assert!(outcome.is_complete(), "{:#?}", outcome.failed);
}

#[tokio::test(start_paused = true)]
async fn one_resource_cannot_be_adopted_twice() {
    let (cloud, id) = forgotten_group().await;
    let one =
        format!("{{type: security_group, name: web, adopt: {id}, vpc: net, ingress: unmanaged}}");
    let text = format!(
        "stack: shop\nregion: cn-beijing\nresources:\n  \
         net: {{type: vpc, cidr_block: 10.0.0.0/16}}\n  one: {one}\n  two: {one}\n"
    );
    let errors = planned(&cloud, &text, Options::default())
        .await
        .expect_err("it is adopted twice");
    assert_eq!(classes(&errors), [PlanErrorClass::Refused]);
}
