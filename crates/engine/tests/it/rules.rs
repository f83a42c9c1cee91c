//! Rules of security groups: plans that are based on an incomplete listing.

use std::sync::Arc;

use setpoint_engine::observe;
use setpoint_engine::outcome::Outcome;
use setpoint_openapi::action::ecs;
use setpoint_openapi::json::Node;
use setpoint_plan::live::Snapshot;
use setpoint_plan::planner::{self, Options};
use setpoint_plan::{Value, check};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, stack};

use crate::regressions::by_hand;

const GROUPS: &str = "\
stack: shop
region: cn-beijing
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/16}
  web:
    type: security_group
    vpc: net
    egress:
      - {port: 5432, dest: db, description: To our database}
      - {port: 443, dest: 10.0.0.0/8, description: To services}
  db:
    type: security_group
    vpc: net
    ingress:
      - {port: 5432, source: web, description: From the web servers}
";

/// Applies a stack with a plan from an altered snapshot.
async fn apply_from(cloud: &Cloud, text: &str, alter: impl FnOnce(&mut Snapshot)) -> Outcome {
    let intent = cloud.intent(&stack(text, &[]));
    let mut snapshot = observe::observe(&cloud.session, &intent)
        .await
        .expect("an observation");
    alter(&mut snapshot);
    let registry = &cloud.session.registry;
    let (plan, _) =
        planner::plan(registry, &intent, &snapshot, &Options::default()).expect("a plan");
    assert_eq!(check::check(&plan), Vec::new());
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    outcome
}

async fn rules(cloud: &Cloud, address: &str) -> Vec<String> {
    let all = cloud.resources();
    let group = all
        .iter()
        .find(|one| {
            one.tags
                .get("setpoint:address")
                .is_some_and(|text| text == address)
        })
        .expect("the group is there");
    let answer = by_hand(
        cloud,
        &ecs::DESCRIBE_SECURITY_GROUP_ATTRIBUTE,
        &[("SecurityGroupId", &group.id), ("Direction", "all")],
    )
    .await;
    let rows = answer.json.need_list("Permissions.Permission");
    let text = |row: Node<'_>, name| row.may_text(name).expect("a text").unwrap_or_default();
    let mut texts: Vec<String> = rows
        .expect("a list")
        .into_iter()
        .map(|row| format!("{} {}", text(row, "PortRange"), text(row, "Description")))
        .collect();
    texts.sort();
    texts
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_proves_to_be_the_live_one_is_not_revoked() {
    for hidden in ["db", "web"] {
        let cloud = Cloud::new();
        cloud.apply(GROUPS).await;
        let outcome = apply_from(&cloud, GROUPS, |snapshot| {
            snapshot.live.retain(|live| {
                live.owner
                    .as_ref()
                    .is_none_or(|owner| owner.address.to_string() != hidden)
            });
        })
        .await;
        assert_eq!(
            rules(&cloud, "web").await,
            ["443/443 To services", "5432/5432 To our database"],
            "{hidden}: {outcome:#?}"
        );
        assert_eq!(
            rules(&cloud, "db").await,
            ["5432/5432 From the web servers"]
        );
        assert_eq!(lines(&cloud.plan(GROUPS).await), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn the_old_rule_is_revoked_if_the_new_one_names_a_new_group() {
    let cloud = Cloud::new();
    cloud.apply(GROUPS).await;
    let other =
        GROUPS.replace("dest: db,", "dest: cache,") + "  cache: {type: security_group, vpc: net}\n";
    let outcome = cloud.apply(&other).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(rules(&cloud, "web").await.len(), 2, "the old rule is gone");
    assert_eq!(lines(&cloud.plan(&other).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_an_id_is_changed_by_its_content() {
    let cloud = Cloud::new();
    cloud.apply(GROUPS).await;
    let changed = GROUPS
        .replace(
            "      - {port: 443, dest: 10.0.0.0/8, description: To services}\n",
            "",
        )
        .replace("To our database", "To the database");
    apply_from(&cloud, &changed, |snapshot| {
        for live in &mut snapshot.live {
            for way in ["ingress", "egress"] {
                let Some(Value::List(rules)) = Arc::make_mut(live).attrs.get_mut(way) else {
                    continue;
                };
                for rule in rules {
                    if let Value::Map(rule) = rule {
                        rule.remove("id");
                    }
                }
            }
        }
    })
    .await;
    assert_eq!(rules(&cloud, "web").await, ["5432/5432 To the database"]);
    assert_eq!(lines(&cloud.plan(&changed).await), Vec::<String>::new());
}
