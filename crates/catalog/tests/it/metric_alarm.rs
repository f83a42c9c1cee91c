//! Changes of `metric_alarm`: a put replaces the whole rule, so every change must send all of it.

use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, lives};

fn alarm(fields: &str) -> String {
    format!(
        "stack: test\nregion: cn-beijing\nresources:\n  cpu:\n    type: metric_alarm\n    metric: CPUUtilization\n    resources: [{{instanceId: i-2ze0000000000000000a}}]\n    contact_groups: [{{name: ops-team}}]\n{fields}"
    )
}

const CRITICAL: &str = "    critical: {statistics: Average, threshold: 90}\n";

async fn check(before: &str, after: &str, expected: &[&str]) {
    lives(&alarm(before), &alarm(after), expected).await;
}

#[tokio::test(start_paused = true)]
async fn levels_and_times_change() {
    check(
        CRITICAL,
        "    critical: {statistics: Average, threshold: 80.5, times: 5}\n",
        &["~ cpu (critical.threshold, critical.times) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn fields_that_are_not_given_stay() {
    let more = format!(
        "{CRITICAL}    silence_time: 1h\n    no_data_policy: OK\n    labels: {{team: web}}\n"
    );
    check(&more, CRITICAL, &[]).await;
    check(
        CRITICAL,
        &more,
        &["~ cpu (labels, no_data_policy, silence_time) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_switched_off() {
    check(
        CRITICAL,
        &format!("{CRITICAL}    active: false\n"),
        &["~ cpu (active) none"],
    )
    .await;
    check(
        &format!("{CRITICAL}    active: false\n"),
        &format!("{CRITICAL}    active: true\n"),
        &["~ cpu (active) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_name_of_its_own_changes_in_place() {
    check(
        CRITICAL,
        &format!("{CRITICAL}    name: CPU is high\n"),
        &["~ cpu (name) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_level_is_added() {
    let expected =
        ["~ cpu (warn.comparison_operator, warn.statistics, warn.threshold, warn.times) none"];
    check(
        CRITICAL,
        &format!("{CRITICAL}    warn: {{statistics: Average, threshold: 70}}\n"),
        &expected,
    )
    .await;
}

/// It is not documented whether a put enables a disabled rule, so the flag is set again after every
/// put of a rule that is disabled or whose flag is managed.
#[tokio::test(start_paused = true)]
async fn a_disabled_rule_stays_disabled() {
    let off = format!("{CRITICAL}    active: false\n");
    for unsaid in [off.replace("90", "80"), CRITICAL.replace("90", "80")] {
        let cloud = Cloud::new();
        assert!(cloud.apply(&alarm(&off)).await.is_complete());
        let outcome = cloud.apply(&alarm(&unsaid)).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        assert_eq!(
            outcome
                .writes
                .iter()
                .map(|write| write.action)
                .collect::<Vec<_>>(),
            ["PutResourceMetricRule", "DisableMetricRules"]
        );
        assert_eq!(
            lines(&cloud.plan(&alarm(&off.replace("90", "80"))).await),
            Vec::<String>::new()
        );
    }
}

/// No metric is in two namespaces, so both change at once.
#[tokio::test(start_paused = true)]
async fn another_namespace_makes_another_rule() {
    let before = alarm("    critical: {statistics: Average, threshold: 90}\n");
    let after = before
        .replace(
            "metric: CPUUtilization",
            "metric: METRIC\n    namespace: NAMESPACE",
        )
        .replace("METRIC", "net_rx.rate")
        .replace("NAMESPACE", "acs_vpc_eip")
        .replace("statistics: Average", "statistics: Value");
    let expected = ["-/+ cpu (critical.statistics, metric, namespace) replace"];
    lives(&before, &after, &expected).await;
}
