//! Changes of `security_group`.

use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, lives};

fn group(fields: &str) -> String {
    format!(
        "stack: test\nregion: cn-beijing\nresources:\n  net: {{type: vpc, cidr_block: 10.0.0.0/16}}\n  web:\n    type: security_group\n    vpc: net\n{fields}"
    )
}

const WEB: &str = "    ingress:\n      - {port: [80, 443], source: 0.0.0.0/0, description: Web}\n";

async fn check(before: &str, after: &str, expected: &[&str]) {
    lives(&group(before), &group(after), expected).await;
}

#[tokio::test(start_paused = true)]
async fn rules_are_added_revoked_and_described_anew() {
    let more = format!("{WEB}      - {{port: 22, source: [203.0.113.50, 198.51.100.0/24]}}\n");
    check(WEB, &more, &["~ web (ingress) none"]).await;
    check(&more, WEB, &["~ web (ingress) none"]).await;
    check(
        WEB,
        &WEB.replace("Web", "Public web"),
        &["~ web (ingress) none"],
    )
    .await;
    check(
        WEB,
        &WEB.replace("Web", "Public web").replace("443", "8443"),
        &["~ web (ingress) none"],
    )
    .await;
}

/// Rules are a closed field: without it in the spec, the group must have none.
#[tokio::test(start_paused = true)]
async fn rules_that_the_spec_does_not_have_are_revoked() {
    check(WEB, "", &["~ web (ingress) none"]).await;
}

#[tokio::test(start_paused = true)]
async fn egress_and_protocols_without_ports() {
    let odd = "    ingress:\n      - {protocol: icmp, source: 10.0.0.0/8}\n      - {protocol: all, source: 10.1.0.0/16, policy: drop, priority: 100}\n    egress:\n      - {protocol: udp, port: 53, dest: 0.0.0.0/0, description: DNS}\n";
    check(WEB, odd, &["~ web (egress, ingress) none"]).await;
}

#[tokio::test(start_paused = true)]
async fn members_can_be_isolated_from_each_other() {
    check(
        WEB,
        &format!("    inner_access_policy: Drop\n{WEB}"),
        &["~ web (inner_access_policy) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_type_replaces_the_group() {
    check(
        WEB,
        &format!("    security_group_type: enterprise\n{WEB}"),
        &["-/+ web (security_group_type) replace"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn foreign_rules_stay_if_the_field_is_additive_or_unmanaged() {
    let cloud = Cloud::new();
    let both = format!("{WEB}      - {{port: 22, source: 203.0.113.50}}\n");
    assert!(cloud.apply(&group(&both)).await.is_complete());
    let additive = group(&format!("    lifecycle: {{additive: [ingress]}}\n{WEB}"));
    assert_eq!(lines(&cloud.plan(&additive).await), Vec::<String>::new());
    let released = group("    ingress: unmanaged\n");
    assert_eq!(lines(&cloud.plan(&released).await), Vec::<String>::new());
}

fn many(source: &str) -> String {
    let ports: Vec<String> = (1000..1120).map(|port: u16| port.to_string()).collect();
    format!(
        "    ingress:\n      - {{port: [{}], source: {source}}}\n",
        ports.join(", ")
    )
}

/// 120 rules that all overlap their replacements, with room for 200: 80 are added, 120 revoked, 40
/// added.
#[tokio::test(start_paused = true)]
async fn rules_that_exceed_the_quota_together_are_swapped_in_turns() {
    check(
        &many("0.0.0.0/0"),
        &many("10.0.0.0/8"),
        &["~ web (ingress) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flow_may_be_written_twice() {
    check(WEB, &format!("{WEB}      - {{port: 80, source: 0.0.0.0/0}}\n      - {{port: 80, source: 0.0.0.0/0, description: Web}}\n"), &[])
        .await;
}
