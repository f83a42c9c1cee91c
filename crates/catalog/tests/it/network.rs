//! Changes of `vpc` and `vswitch`.

use setpoint_testkit::run::lives;

fn network(vpc: &str, vswitch: &str) -> String {
    format!(
        "stack: test\nregion: cn-beijing\nresources:\n  net: {{type: vpc, {vpc}}}\n  a: {{type: vswitch, vpc: net, zone: cn-beijing-h, {vswitch}}}\n"
    )
}

async fn check(before: (&str, &str), after: (&str, &str), expected: &[&str]) {
    lives(
        &network(before.0, before.1),
        &network(after.0, after.1),
        expected,
    )
    .await;
}

const BLOCKS: (&str, &str) = ("cidr_block: 10.0.0.0/16", "cidr_block: 10.0.1.0/24");

#[tokio::test(start_paused = true)]
async fn names_and_descriptions_change_in_place() {
    let named = (
        "name: corp, description: The network, cidr_block: 10.0.0.0/16",
        "name: floor-1, description: First floor, cidr_block: 10.0.1.0/24",
    );
    check(
        BLOCKS,
        named,
        &[
            "~ a (description, name) none",
            "~ net (description, name) none",
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_field_is_not_managed_any_more() {
    let named = (
        "name: corp, cidr_block: 10.0.0.0/16",
        "name: floor-1, cidr_block: 10.0.1.0/24",
    );
    check(named, BLOCKS, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn the_block_of_a_vpc_grows_in_place() {
    check(
        BLOCKS,
        ("cidr_block: 10.0.0.0/12", BLOCKS.1),
        &["~ net (cidr_block) none"],
    )
    .await;
}

/// The subnet is deleted before the block changes, and created again in the new block.
#[tokio::test(start_paused = true)]
async fn a_block_moves_with_its_subnet() {
    let moved = ("cidr_block: 10.1.0.0/16", "cidr_block: 10.1.1.0/24");
    check(
        BLOCKS,
        moved,
        &["-/+ a (cidr_block) replace", "~ net (cidr_block) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn secondary_blocks_are_added_and_replaced() {
    let with = (
        "cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [192.168.0.0/16]",
        BLOCKS.1,
    );
    check(BLOCKS, with, &["~ net (secondary_cidr_blocks) none"]).await;
    check(
        with,
        (
            "cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [192.168.0.0/20]",
            BLOCKS.1,
        ),
        &["~ net (secondary_cidr_blocks) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn user_blocks_replace_the_network() {
    let with = (
        "cidr_block: 10.0.0.0/16, user_cidrs: [198.51.100.0/24]",
        BLOCKS.1,
    );
    check(
        BLOCKS,
        with,
        &["-/+ a (vpc) replace", "-/+ net (user_cidrs) replace"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_block_replaces_a_subnet() {
    check(
        BLOCKS,
        (BLOCKS.0, "cidr_block: 10.0.1.0/25"),
        &["-/+ a (cidr_block) replace"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn host_names_are_switched_on() {
    check(
        BLOCKS,
        (
            "cidr_block: 10.0.0.0/16, enable_dns_hostname: true",
            BLOCKS.1,
        ),
        &["~ net (enable_dns_hostname) none"],
    )
    .await;
}

/// Removed blocks have a place of their own beside added ones, unless a new block overlaps them.
#[tokio::test(start_paused = true)]
async fn secondary_blocks_are_added_and_removed_together() {
    let with = |blocks: &str| format!("cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [{blocks}]");
    let (before, after) = (
        with("192.168.0.0/16, 172.16.0.0/16"),
        with("192.168.0.0/20, 172.20.0.0/16"),
    );
    check(
        (&before, BLOCKS.1),
        (&after, BLOCKS.1),
        &["~ net (secondary_cidr_blocks, secondary_cidr_blocks.taken) none"],
    )
    .await;
}

/// A subnet is replaced from a removed block to an added one.
#[tokio::test(start_paused = true)]
async fn a_subnet_moves_between_secondary_blocks() {
    let with = |block: &str| format!("cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [{block}]");
    let (before, after) = (with("172.16.0.0/16"), with("172.20.0.0/16"));
    let expected = [
        "-/+ a (cidr_block) replace",
        "~ net (secondary_cidr_blocks, secondary_cidr_blocks.taken) none",
    ];
    check(
        (&before, "cidr_block: 172.16.1.0/24"),
        (&after, "cidr_block: 172.20.1.0/24"),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn ipv6_is_switched_on_in_a_network_and_in_its_subnet() {
    let with = |number: &str| {
        (
            "cidr_block: 10.0.0.0/16, enable_ipv6: true".to_owned(),
            format!("cidr_block: 10.0.1.0/24, ipv6_cidr_block: {number}"),
        )
    };
    let (on, other) = (with("0"), with("255"));
    let expected = ["~ a (ipv6_cidr_block) none", "~ net (enable_ipv6) none"];
    check(BLOCKS, (&on.0, &on.1), &expected).await;
    check(
        (&on.0, &on.1),
        (&other.0, &other.1),
        &["~ a (ipv6_cidr_block) none"],
    )
    .await;
    check((&on.0, &on.1), (&on.0, BLOCKS.1), &[]).await;
}

/// The API refuses this while a subnet has a part of the block, so no subnet has one here.
#[tokio::test(start_paused = true)]
async fn ipv6_is_switched_off() {
    let with = |on: &str| format!("cidr_block: 10.0.0.0/16, enable_ipv6: {on}");
    check(
        (&with("true"), BLOCKS.1),
        (&with("false"), BLOCKS.1),
        &["~ net (enable_ipv6) none"],
    )
    .await;
}
