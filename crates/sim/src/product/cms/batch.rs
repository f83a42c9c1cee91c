//! PutResourceMetricRules: several rules in one call, each of which succeeds or fails on its own.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::cms::{metric_rule, success};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("PutResourceMetricRules", put)];

/// The documentation has 500 in one place and 50 in another; the smaller number is safe.
const MAX: usize = 50;

fn put(world: &mut World, call: &Call<'_>) -> Answer {
    let rows = call.rows("Rules");
    if rows.len() > MAX {
        return Err(Refusal::bad(
            "ParameterInvalid",
            format!("More than {MAX} rules in one call."),
        ));
    }
    let mut failed: Vec<Value> = Vec::new();
    for row in &rows {
        if let Err(refusal) = metric_rule::put_one(world, row) {
            let id = row.text("RuleId").unwrap_or_default();
            let result =
                json!({"Code": refusal.code, "Message": refusal.message, "Success": false});
            failed.push(json!({"RuleId": id, "Result": result}));
            // A failed row must not make the call fail for parameters that were not read.
            row.read_all();
        }
    }
    success(json!({"FailedListResult": {"Target": failed}}))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn one_fails_and_the_other_is_there() {
        let mut bench = Bench::new();
        let mut pairs = Vec::new();
        for (n, threshold) in [(1, "90"), (2, "much")] {
            for (name, value) in [
                ("RuleId", if n == 1 { "r-1" } else { "r-2" }),
                ("RuleName", "cpu"),
                ("Namespace", "acs_ecs_dashboard"),
                ("MetricName", "CPUUtilization"),
                ("Resources", "[{\"instanceId\":\"i-1\"}]"),
                ("ContactGroups", "ops-team"),
                ("Escalations.Critical.Statistics", "Average"),
                (
                    "Escalations.Critical.ComparisonOperator",
                    "GreaterThanThreshold",
                ),
                ("Escalations.Critical.Threshold", threshold),
                ("Escalations.Critical.Times", "3"),
            ] {
                pairs.push((format!("Rules.{n}.{name}"), value));
            }
        }
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        let answer = bench.ok("cms.PutResourceMetricRules", &pairs);
        assert_eq!(
            text(&answer["FailedListResult"]["Target"][0], "RuleId"),
            "r-2"
        );
        assert_eq!(bench.ok("cms.DescribeMetricRuleList", &[])["Total"], "1");
        let target = [
            ("RuleId", "r-1"),
            ("Targets.1.Id", "t"),
            ("Targets.1.Arn", "acs:mns:cn-beijing:1:/queues/q/messages"),
        ];
        bench.ok("cms.PutMetricRuleTargets", &target);
        let held = bench.ok("cms.DescribeMetricRuleTargets", &target[..1]);
        assert_eq!(held["Targets"]["Target"][0]["Level"], "CRITICAL");
        let gone = bench.ok(
            "cms.DeleteMetricRuleTargets",
            &[target[0], ("TargetIds.1", "t"), ("TargetIds.2", "u")],
        );
        assert_eq!(gone["FailIds"]["TargetIds"]["TargetId"][0], "u");
        bench.refused(
            "cms.DescribeMetricRuleTargets",
            &[("RuleId", "r-9")],
            "404 ResourceNotFound",
        );
    }
}
