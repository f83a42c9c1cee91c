//! Adopting, moving and forgetting resources: only tags change.

use setpoint_openapi::action::vpc;
use setpoint_plan::planner::{Options, PlanErrorClass};
use setpoint_plan::report::NoteKind;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, stack};

use crate::regressions::by_hand;

const NET: &str = "stack: network\nregion: cn-beijing\nresources:\n  \
    net: {type: vpc, name: corp, cidr_block: 10.0.0.0/16}\n";

async fn vpc_id(cloud: &Cloud) -> String {
    assert!(cloud.apply(NET).await.is_complete());
    cloud
        .resources()
        .into_iter()
        .find(|one| one.kind == "vpc")
        .expect("a VPC")
        .id
}

#[tokio::test(start_paused = true)]
async fn a_renamed_resource_moves() {
    let cloud = Cloud::new();
    let id = vpc_id(&cloud).await;
    let renamed = format!(
        "{}moved: [{{from: net, to: corp}}]\n",
        NET.replace("  net:", "  corp:")
    );
    assert_eq!(lines(&cloud.plan(&renamed).await), ["~ corp none"]);
    assert!(cloud.apply(&renamed).await.is_complete());
    assert_eq!(cloud.owned().len(), 1);
    assert!(
        cloud.owned()[0].contains(&format!("corp {id}")),
        "{:?}",
        cloud.owned()
    );
    assert_eq!(lines(&cloud.plan(&renamed).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_renamed_stack_moves_all_resources() {
    let cloud = Cloud::new();
    vpc_id(&cloud).await;
    let renamed = format!(
        "{}moved: [{{stack: network}}]\n",
        NET.replace("stack: network", "stack: corp-network")
    );
    assert_eq!(lines(&cloud.plan(&renamed).await), ["~ net none"]);
    assert!(cloud.apply(&renamed).await.is_complete());
    assert_eq!(lines(&cloud.plan(&renamed).await), Vec::<String>::new());
    assert_eq!(lines(&cloud.plan(NET).await), ["+ net none"]);
}

#[tokio::test(start_paused = true)]
async fn a_resource_without_a_valid_address_is_noted_and_left_alone() {
    let cloud = Cloud::new();
    let id = vpc_id(&cloud).await;
    // An address that no spec can contain, as a mistake in the console may leave it.
    let slip = [
        ("ResourceType", "VPC"),
        ("ResourceId.1", &id),
        ("Tag.1.Key", "setpoint:address"),
        ("Tag.1.Value", "net["),
    ];
    by_hand(&cloud, &vpc::TAG_RESOURCES, &slip).await;
    let intent = cloud.intent(&stack(NET, &[]));
    let (plan, report) = cloud
        .plan_intent(&intent, &Options::default())
        .await
        .expect("a plan");
    assert_eq!(lines(&plan), ["+ net none"]);
    let notes: Vec<_> = report.notes.into_iter().map(|note| note.what).collect();
    assert_eq!(notes, [NoteKind::Astray { kind: "vpc", id }]);
}

#[tokio::test(start_paused = true)]
async fn a_single_resource_becomes_a_group_of_one() {
    let cloud = Cloud::new();
    vpc_id(&cloud).await;
    let counted = NET.replace("{type: vpc,", "{type: vpc, count: 1,");
    assert_eq!(lines(&cloud.plan(&counted).await), ["~ net[0] none"]);
    assert!(cloud.apply(&counted).await.is_complete());
    assert_eq!(lines(&cloud.plan(&counted).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn only_a_matching_resource_is_adopted() {
    let cloud = Cloud::new();
    let id = vpc_id(&cloud).await;
    let forgetting = NET.replace(
        "  net: {type: vpc, name: corp, cidr_block: 10.0.0.0/16}",
        "  other: {type: vpc, cidr_block: 10.1.0.0/16}",
    );
    let forgetting = format!("{forgetting}forget: [net]\n");
    assert_eq!(
        lines(&cloud.plan(&forgetting).await),
        ["x net none", "+ other none"]
    );
    assert!(cloud.apply(&forgetting).await.is_complete());
    let adopting = NET
        .replace("{type: vpc,", &format!("{{type: vpc, adopt: {id},"))
        .replace("stack: network", "stack: corp");
    assert_eq!(lines(&cloud.plan(&adopting).await), ["~ net none"]);
    let intent = cloud.intent(&stack(&adopting.replace("10.0.0.0/16", "10.0.0.0/12"), &[]));
    let refused = cloud
        .plan_intent(&intent, &Options::default())
        .await
        .expect_err("the block differs");
    assert_eq!(refused[0].class, PlanErrorClass::Refused);
    assert!(
        refused[0].what.contains("cidr_block: 10.0.0.0/16"),
        "{}",
        refused[0].what
    );
    assert!(cloud.apply(&adopting).await.is_complete());
    assert_eq!(lines(&cloud.plan(&adopting).await), Vec::<String>::new());
}
