//! `metric_alarm`: a put replaces the whole rule, so every change must send all of it.

use setpoint_testkit::run::lives;

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
async fn what_a_line_does_not_say_stays() {
    let more = format!("{CRITICAL}    silence_time: 1h\n    no_data_policy: OK\n    labels: {{team: web}}\n");
    check(&more, CRITICAL, &[]).await;
    check(CRITICAL, &more, &["~ cpu (labels, no_data_policy, silence_time) none"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_switched_off() {
    check(CRITICAL, &format!("{CRITICAL}    active: false\n"), &["~ cpu (active) none"]).await;
    check(&format!("{CRITICAL}    active: false\n"), &format!("{CRITICAL}    active: true\n"), &["~ cpu (active) none"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_of_its_own_changes_in_place() {
    check(CRITICAL, &format!("{CRITICAL}    name: CPU is high\n"), &["~ cpu (name) none"]).await;
}

#[tokio::test(start_paused = true)]
async fn another_level_is_added() {
    let expected = ["~ cpu (warn.comparison_operator, warn.statistics, warn.threshold, warn.times) none"];
    check(CRITICAL, &format!("{CRITICAL}    warn: {{statistics: Average, threshold: 70}}\n"), &expected).await;
}
