//! The push targets of a rule in addition to its contacts. They are stored and never used: no rule
//! fires.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::cms::success;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("PutMetricRuleTargets", put),
    ("DescribeMetricRuleTargets", describe),
    ("DeleteMetricRuleTargets", delete),
];

/// The targets of one rule; the row's key is the rule's id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RuleTargets(Vec<Target>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Target {
    id: String,
    arn: String,
    level: String,
    params: String,
}

/// Targets of one rule.
const MAX: usize = 5;

impl Row for RuleTargets {
    const KIND: &'static str = "metric_alarm_targets";

    fn base(&self) -> Option<&Base> {
        None
    }
}

fn rule<'a>(world: &World, call: &Call<'a>) -> Result<&'a str, Refusal> {
    let id = call.need("RuleId")?;
    if world.tables.metric_rules.get(id).is_some() {
        Ok(id)
    } else {
        Err(Refusal::absent(
            "ResourceNotFound",
            format!("The rule {id} does not exist."),
        ))
    }
}

/// Adds targets, or replaces those with the same ids.
fn put(world: &mut World, call: &Call<'_>) -> Answer {
    let rule = rule(world, call)?;
    let mut held = world
        .tables
        .rule_targets
        .get(rule)
        .cloned()
        .unwrap_or_default();
    for row in call.rows("Targets") {
        let level = row.given("Level").unwrap_or("CRITICAL");
        if !["INFO", "WARN", "CRITICAL"].contains(&level.to_uppercase().as_str()) {
            return Err(Refusal::bad(
                "ParameterInvalid",
                "The level of a target is not known.",
            ));
        }
        let text = |name: &str| row.need(name).map(str::to_owned);
        let params = row.text("JsonParams").unwrap_or_default().to_owned();
        let target = Target {
            id: text("Id")?,
            arn: text("Arn")?,
            level: level.to_owned(),
            params,
        };
        held.0.retain(|other| other.id != target.id);
        held.0.push(target);
    }
    if held.0.len() > MAX {
        return Err(Refusal::new(
            402,
            "LimitExceeded",
            format!("A rule has at most {MAX} targets."),
        ));
    }
    world.tables.rule_targets.insert(rule, held);
    success(json!({"FailData": {"Targets": {"Target": []}}}))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let held = world
        .tables
        .rule_targets
        .get(rule(world, call)?)
        .cloned()
        .unwrap_or_default();
    let targets: Vec<Value> = held
        .0
        .iter()
        .map(|target| json!({
            "Id": target.id, "Arn": target.arn, "Level": target.level, "JsonParams": target.params,
        }))
        .collect();
    success(json!({"Targets": {"Target": targets}}))
}

/// The answer lists ids that the rule does not have.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let rule = rule(world, call)?;
    let ids = call.list("TargetIds");
    let mut held = world
        .tables
        .rule_targets
        .get(rule)
        .cloned()
        .unwrap_or_default();
    let failed: Vec<&str> = ids
        .iter()
        .filter(|id| !held.0.iter().any(|target| target.id == **id))
        .copied()
        .collect();
    held.0.retain(|target| !ids.contains(&target.id.as_str()));
    world.tables.rule_targets.insert(rule, held);
    success(json!({"FailIds": {"TargetIds": {"TargetId": failed}}}))
}
