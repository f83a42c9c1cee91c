//! Exclusive values that move from one resource to another: blocks, names, addresses and numbers.

use setpoint_plan::planner::{Options, PlanError, PlanErrorClass};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::local::PUBLIC_KEY;
use setpoint_testkit::run::{lines, lives, stack};

use crate::random::Dice;

/// Returns a stack with a network of this block, and further resources.
fn network(block: &str, rest: &str) -> String {
    format!(
        "stack: exclusive
region: cn-beijing
resources:
  net: {{type: vpc, cidr_block: {block}}}
{rest}"
    )
}

/// Returns a stack with a network, and further resources of one line each.
fn net(resources: &[&str]) -> String {
    let lines: Vec<String> = resources.iter().map(|one| format!("  {one}\n")).collect();
    network("10.0.0.0/16", &lines.concat())
}

fn subnet(name: &str, block: &str) -> String {
    format!("{name}: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: {block}}}")
}

fn machine(name: &str, more: &str) -> String {
    format!(
        "{name}: {{type: instance, instance_type: ecs.c7.large, \
         image: {{family: acs:alibaba_cloud_linux_3_2104_lts_x64}}, \
         security_groups: [sg], {more}}}"
    )
}

const GROUP: &str = "sg: {type: security_group, vpc: net}";

fn key(name: &str) -> String {
    format!("{name}: {{type: key_pair, name: team-key, public_key: \"{PUBLIC_KEY}\"}}")
}

/// Returns the errors of planning one stack after another one was applied.
async fn refused(before: &str, after: &str) -> Vec<PlanError> {
    let cloud = Cloud::new();
    let made = cloud.apply(before).await;
    assert!(made.is_complete(), "{made:#?}");
    let intent = cloud.intent(&stack(after, &[]));
    cloud
        .plan_intent(&intent, &Options::default())
        .await
        .map(|(plan, _)| lines(&plan))
        .expect_err("the plan is refused")
}

async fn check_refused(
    before: &str,
    after: &str,
    class: PlanErrorClass,
    what: &[&str],
    hint: &str,
) {
    let errors = refused(before, after).await;
    let [error] = errors.as_slice() else {
        panic!("expected one error: {errors:#?}");
    };
    assert_eq!(error.class, class, "{error:?}");
    for part in what {
        assert!(error.what.contains(part), "{part}: {error:?}");
    }
    let given = error.hint.as_deref().unwrap_or_default();
    assert!(given.contains(hint), "{error:?}");
}

// One resource is deleted, another created.

#[tokio::test(start_paused = true)]
async fn a_subnet_is_split_in_two() {
    let wide = subnet("wide", "10.0.1.0/24");
    let (low, high) = (
        subnet("low", "10.0.1.0/25"),
        subnet("high", "10.0.1.128/25"),
    );
    let expected = ["+ high none", "+ low none", "- wide none"];
    lives(&net(&[&wide]), &net(&[&low, &high]), &expected).await;
    let expected = ["- high none", "- low none", "+ wide none"];
    lives(&net(&[&low, &high]), &net(&[&wide]), &expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_of_a_given_name_gets_another_address() {
    let expected = ["- key none", "+ ops none"];
    lives(&net(&[&key("key")]), &net(&[&key("ops")]), &expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_takes_the_address_of_a_deleted_one() {
    let service = subnet("service", "10.0.1.0/24");
    let with = |name: &str| {
        let machine = machine(name, "vswitch: service, private_ip: 10.0.1.5");
        net(&[&service, GROUP, &machine])
    };
    lives(&with("old"), &with("new"), &["+ new none", "- old none"]).await;
}

// Members of groups.

fn subnets(blocks: &str, more: &[&str]) -> String {
    let group = format!(
        "subnet: {{type: vswitch, for_each: {blocks}, vpc: net, zone: cn-beijing-h, \
         cidr_block: \"${{each.value}}\"}}"
    );
    net(&[&[group.as_str()], more].concat())
}

const THREE: &str = "{a: 10.0.1.0/24, b: 10.0.2.0/24, c: 10.0.3.0/24}";
const LAST_TWO: &str = "{a: 10.0.2.0/24, b: 10.0.3.0/24}";

#[tokio::test(start_paused = true)]
async fn the_blocks_of_a_group_shift() {
    let expected = [
        "-/+ subnet[a] (cidr_block) replace",
        "-/+ subnet[b] (cidr_block) replace",
        "- subnet[c] none",
    ];
    lives(&subnets(THREE, &[]), &subnets(LAST_TWO, &[]), &expected).await;
}

#[tokio::test(start_paused = true)]
async fn the_blocks_of_a_group_shift_under_machines() {
    let machines = |blocks: &str| {
        let more = format!("for_each: {blocks}, vswitch: \"${{subnet[each.key]}}\"");
        machine("app", &more)
    };
    let (before, after) = (machines(THREE), machines(LAST_TWO));
    let expected = [
        "~ app[a] (vswitch) restart",
        "~ app[b] (vswitch) restart",
        "- app[c] none",
        "+/- subnet[a] (cidr_block) replace",
        "+/- subnet[b] (cidr_block) replace",
        "- subnet[c] none",
    ];
    lives(
        &subnets(THREE, &[GROUP, &before]),
        &subnets(LAST_TWO, &[GROUP, &after]),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn addresses_shift_in_place() {
    let service = subnet("service", "10.0.1.0/24");
    let group = |ips: &str| {
        let more = format!("for_each: {ips}, vswitch: service, private_ip: \"${{each.value}}\"");
        net(&[&service, GROUP, &machine("app", &more)])
    };
    let (before, after) = ("{a: 10.0.1.5, b: 10.0.1.6}", "{a: 10.0.1.6, b: 10.0.1.7}");
    let expected = [
        "~ app[a] (private_ip) restart",
        "~ app[b] (private_ip) restart",
    ];
    lives(&group(before), &group(after), &expected).await;
}

// Swaps.

#[tokio::test(start_paused = true)]
async fn two_subnets_swap_blocks() {
    let pair = |a: &str, b: &str| net(&[&subnet("a", a), &subnet("b", b)]);
    let expected = ["-/+ a (cidr_block) replace", "-/+ b (cidr_block) replace"];
    lives(
        &pair("10.0.1.0/24", "10.0.2.0/24"),
        &pair("10.0.2.0/24", "10.0.1.0/24"),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_subnets_swap_blocks_under_a_machine() {
    let pair = |a: &str, b: &str| {
        let app = machine("app", "vswitch: a");
        net(&[&subnet("a", a), &subnet("b", b), GROUP, &app])
    };
    let expected = [
        "+/- a (cidr_block) replace",
        "~ app (vswitch) restart",
        "-/+ b (cidr_block) replace",
    ];
    lives(
        &pair("10.0.1.0/24", "10.0.2.0/24"),
        &pair("10.0.2.0/24", "10.0.1.0/24"),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_subnets_swap_blocks_under_two_machines_that_are_replaced() {
    let pair = |a: &str, b: &str| {
        let (one, two) = (machine("one", "vswitch: a"), machine("two", "vswitch: b"));
        net(&[&subnet("a", a), &subnet("b", b), GROUP, &one, &two])
    };
    let expected = [
        "-/+ a (cidr_block) replace",
        "-/+ b (cidr_block) replace",
        "-/+ one (vswitch) replace",
        "-/+ two (vswitch) replace",
    ];
    lives(
        &pair("10.0.1.0/24", "10.0.2.0/24"),
        &pair("10.0.2.0/24", "10.0.1.0/24"),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_keys_swap_names_under_machines() {
    let pair = |a: &str, b: &str| {
        let key = |at: &str, name: &str| {
            format!("{at}: {{type: key_pair, name: {name}, public_key: \"{PUBLIC_KEY}\"}}")
        };
        let service = subnet("service", "10.0.1.0/24");
        let one = machine("one", "vswitch: service, key_pair: a");
        let two = machine("two", "vswitch: service, key_pair: b");
        net(&[&service, &key("a", a), &key("b", b), GROUP, &one, &two])
    };
    let expected = [
        "-/+ a (name) replace",
        "-/+ b (name) replace",
        "~ one (key_pair) none",
        "~ two (key_pair) none",
    ];
    lives(&pair("left", "right"), &pair("right", "left"), &expected).await;
}

#[tokio::test(start_paused = true)]
async fn two_machines_cannot_swap_addresses_in_place() {
    let pair = |one: &str, two: &str| {
        let at = |ip: &str| format!("vswitch: service, private_ip: {ip}");
        let service = subnet("service", "10.0.1.0/24");
        net(&[
            &service,
            GROUP,
            &machine("one", &at(one)),
            &machine("two", &at(two)),
        ])
    };
    check_refused(
        &pair("10.0.1.5", "10.0.1.6"),
        &pair("10.0.1.6", "10.0.1.5"),
        PlanErrorClass::Cycle,
        &["`one`", "`two`", "address 10.0.1."],
        "in two applies",
    )
    .await;
}

// A new name for a resource that another one uses.

fn under_a_machine(name: &str, block: &str) -> String {
    let gateway = machine("gateway", &format!("vswitch: {name}"));
    net(&[&subnet(name, block), GROUP, &gateway])
}

#[tokio::test(start_paused = true)]
async fn a_renamed_subnet_under_a_machine_needs_a_moved_entry() {
    let before = under_a_machine("service", "10.0.1.0/24");
    let after = under_a_machine("service-1", "10.0.1.0/24");
    check_refused(
        &before,
        &after,
        PlanErrorClass::Cycle,
        &["`service-1`", "`service`", "10.0.1.0/24", "`gateway`"],
        "moved: [{from: service, to: service-1}]",
    )
    .await;
    let moved = after.replace(
        "resources:",
        "moved: [{from: service, to: service-1}]\nresources:",
    );
    lives(&before, &moved, &["~ service-1 none"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_hint_lists_every_member_of_a_renamed_group() {
    let with = |name: &str| {
        let group = format!(
            "{name}: {{type: vswitch, count: 2, vpc: net, zone: cn-beijing-h, \
             cidr_block: \"10.0.${{each.index}}.0/24\"}}"
        );
        let more = format!("count: 2, vswitch: \"${{{name}[each.index]}}\"");
        net(&[&group, GROUP, &machine("app", &more)])
    };
    check_refused(
        &with("old"),
        &with("new"),
        PlanErrorClass::Cycle,
        &["10.0."],
        "moved: [{from: old[0], to: new[0]}, {from: old[1], to: new[1]}]",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_smaller_subnet_under_a_machine_needs_the_machine_replaced() {
    let before = under_a_machine("service", "10.0.1.0/24");
    let after = under_a_machine("service-1", "10.0.1.0/25");
    let errors = refused(&before, &after).await;
    let hint = errors[0].hint.clone().unwrap_or_default();
    assert!(hint.contains("--replace gateway"), "{errors:?}");
    assert!(!hint.contains("moved"), "{errors:?}");
    let cloud = Cloud::new();
    cloud.apply(&before).await;
    let options = Options {
        replace: vec!["gateway".parse().expect("an address")],
        ..Options::default()
    };
    let intent = cloud.intent(&stack(&after, &[]));
    let (plan, _) = cloud
        .plan_intent(&intent, &options)
        .await
        .expect("the hint can be followed");
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_renamed_key_pair_under_a_machine_needs_a_moved_entry() {
    let with = |name: &str| {
        let app = machine("app", &format!("vswitch: service, key_pair: {name}"));
        net(&[&subnet("service", "10.0.1.0/24"), &key(name), GROUP, &app])
    };
    check_refused(
        &with("key"),
        &with("ops"),
        PlanErrorClass::Cycle,
        &["`ops`", "`key`", "name `team-key`", "`app`"],
        "moved: [{from: key, to: ops}]",
    )
    .await;
}

// Values that are not released.

#[tokio::test(start_paused = true)]
async fn a_value_of_a_resource_that_stays_is_not_free() {
    let kept = "old: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24, \
                lifecycle: {on_delete: keep}}";
    let new = net(&[&subnet("new", "10.0.1.0/25")]);
    check_refused(
        &net(&[kept]),
        &new,
        PlanErrorClass::Refused,
        &["`new`", "`old`", "10.0.1.0/25", "10.0.1.0/24", "kept"],
        "choose another block",
    )
    .await;
    let forgotten = new.replace("resources:", "forget: [old]\nresources:");
    check_refused(
        &net(&[&subnet("old", "10.0.1.0/24")]),
        &forgotten,
        PlanErrorClass::Refused,
        &["`new`", "`old`", "forgotten"],
        "remove `old` from `forget`",
    )
    .await;
    let kept = key("key").replace("type:", "lifecycle: {on_delete: keep}, type:");
    check_refused(
        &net(&[&kept]),
        &net(&[&key("ops")]),
        PlanErrorClass::Refused,
        &["`ops`", "`key`", "name `team-key`"],
        "moved: [{from: key, to: ops}]",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_value_of_another_stack_is_not_free() {
    let cloud = Cloud::new();
    let theirs = subnet("service", "10.0.1.0/24").replace("type:", "name: theirs, type:");
    let before = net(&[&theirs]).replace("type: vpc,", "type: vpc, name: shared,");
    cloud.apply(&before).await;
    let ours = "stack: ours
region: cn-beijing
existing:
  net: {type: vpc, name: shared}
  service: {type: vswitch, name: theirs}
resources:
  low: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/25}
outputs: {theirs: \"${service.id}\"}
";
    let intent = cloud.intent(&stack(ours, &[]));
    let errors = cloud
        .plan_intent(&intent, &Options::default())
        .await
        .expect_err("it is taken");
    assert_eq!(errors[0].class, PlanErrorClass::Refused);
    let text = &errors[0].what;
    assert!(text.contains("`existing.service`"), "{errors:?}");
    assert!(text.contains("does not belong to this stack"), "{errors:?}");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_a_machine_has_by_chance_is_not_free() {
    let cloud = Cloud::new();
    let service = subnet("service", "10.0.1.0/24");
    let first = machine("first", "vswitch: service");
    let before = net(&[&service, GROUP, &first]);
    let with = before.clone() + "outputs: {ip: \"${first.private_ip}\"}\n";
    cloud.apply(&with).await;
    let plan = cloud.plan(&with).await;
    let ip = plan.outputs["ip"]
        .value
        .as_text()
        .expect("known")
        .to_owned();
    let second = machine("second", &format!("vswitch: service, private_ip: {ip}"));
    let intent = cloud.intent(&stack(&net(&[&service, GROUP, &first, &second]), &[]));
    let errors = cloud
        .plan_intent(&intent, &Options::default())
        .await
        .expect_err("it is taken");
    assert_eq!(errors[0].class, PlanErrorClass::Refused);
    assert!(
        errors[0].what.contains(&ip) && errors[0].what.contains("`first`"),
        "{errors:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn two_new_resources_cannot_have_one_name() {
    check_refused(
        &net(&[]),
        &net(&[&key("key"), &key("ops")]),
        PlanErrorClass::Refused,
        &["`key` and `ops`", "name `team-key`"],
        "choose another name",
    )
    .await;
}

// A network and the subnets in it.

fn moving(block: &str, inside: &str) -> String {
    let app = machine("app", "vswitch: subnet");
    let rest = format!("  {}\n  {GROUP}\n  {app}\n", subnet("subnet", inside));
    network(block, &rest)
}

#[tokio::test(start_paused = true)]
async fn a_network_and_its_subnet_move_together() {
    let expected = [
        "-/+ app (vswitch) replace",
        "~ net (cidr_block) none",
        "-/+ subnet (cidr_block) replace",
    ];
    lives(
        &moving("10.20.0.0/16", "10.20.1.0/24"),
        &moving("10.30.0.0/16", "10.30.1.0/24"),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_stays_where_the_network_grows_or_shrinks() {
    let expected = [
        "~ app (vswitch) restart",
        "~ net (cidr_block) none",
        "+/- subnet (cidr_block) replace",
    ];
    let (wide, narrow) = (
        moving("10.16.0.0/12", "10.30.1.0/24"),
        moving("10.20.0.0/16", "10.20.1.0/24"),
    );
    lives(&wide, &narrow, &expected).await;
    lives(&narrow, &wide, &expected).await;
}

#[tokio::test(start_paused = true)]
async fn renamed_subnets_move_with_the_network() {
    let with = |block: &str, name: &str, inside: &str| {
        network(block, &format!("  {}\n", subnet(name, inside)))
    };
    let expected = ["~ net (cidr_block) none", "+ new none", "- old none"];
    lives(
        &with("10.20.0.0/16", "old", "10.20.1.0/24"),
        &with("10.30.0.0/16", "new", "10.30.1.0/24"),
        &expected,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_network_block_must_contain_a_kept_subnet() {
    let kept =
        subnet("old", "10.20.1.0/24").replace("type:", "lifecycle: {on_delete: keep}, type:");
    let before = network("10.20.0.0/16", &format!("  {kept}\n"));
    check_refused(
        &before,
        &network("10.30.0.0/16", ""),
        PlanErrorClass::Refused,
        &["`net`", "`old`", "10.20.1.0/24"],
        "keep a block around it",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_cannot_move_between_the_old_and_the_new_block_of_a_network() {
    let with = |block: &str, name: &str, inside: &str| {
        let app = machine("app", &format!("vswitch: {name}"));
        let rest = format!("  {}\n  {GROUP}\n  {app}\n", subnet(name, inside));
        network(block, &rest)
    };
    check_refused(
        &with("10.20.0.0/16", "old", "10.20.1.0/24"),
        &with("10.30.0.0/16", "new", "10.30.1.0/24"),
        PlanErrorClass::Cycle,
        &["`net`", "`app`"],
        "--replace app",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn secondary_blocks_change_together_with_the_subnets_in_them() {
    let with = |more: &str, inside: &str| {
        let app = machine("app", "vswitch: subnet");
        let block = format!("10.0.0.0/16, secondary_cidr_blocks: [{more}]");
        let rest = format!("  {}\n  {GROUP}\n  {app}\n", subnet("subnet", inside));
        network(&block, &rest)
    };
    let moves = [
        "~ app (vswitch) restart",
        "~ net (secondary_cidr_blocks, secondary_cidr_blocks.taken) none",
        "+/- subnet (cidr_block) replace",
    ];
    lives(
        &with("10.8.0.0/16", "10.8.1.0/24"),
        &with("10.9.0.0/16", "10.9.1.0/24"),
        &moves,
    )
    .await;
    // The new block overlaps the old one, so the old one must be removed first.
    let replaced = [
        "-/+ app (vswitch) replace",
        "~ net (secondary_cidr_blocks) none",
        "-/+ subnet (cidr_block) replace",
    ];
    lives(
        &with("10.8.0.0/16", "10.8.1.0/24"),
        &with("10.8.0.0/15", "10.9.1.0/24"),
        &replaced,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn primary_and_secondary_block_cannot_be_swapped() {
    let with = |primary: &str, secondary: &str| {
        network(
            &format!("{primary}, secondary_cidr_blocks: [{secondary}]"),
            "",
        )
    };
    check_refused(
        &with("10.0.0.0/16", "10.1.0.0/16"),
        &with("10.1.0.0/16", "10.0.0.0/16"),
        PlanErrorClass::Refused,
        &["10.0.0.0/16", "10.1.0.0/16"],
        "in two applies",
    )
    .await;
}

// Random changes of the owners of values.

/// Returns a stack with subnets of random disjoint blocks, machines in some of them, and key pairs
/// with random names.
fn random_owners(dice: &mut Dice) -> String {
    let primary = dice.pick(&["10.0.0.0/16", "10.0.0.0/16", "10.0.0.0/15", "10.2.0.0/16"]);
    let second_byte = if primary == "10.2.0.0/16" { "2" } else { "0" };
    let mut free = vec!["0.0/25", "0.128/25", "1.0/24", "2.0/24", "3.0/24"];
    if dice.roll(2) == 0 {
        free = vec!["0.0/23", "2.0/24", "3.0/25", "3.128/25"];
    }
    let mut resources = vec![GROUP.to_owned()];
    let mut names = Vec::new();
    for name in ["a", "b", "c", "d"] {
        if dice.roll(4) > 0 && !free.is_empty() {
            let block = free.remove(dice.roll(free.len()));
            resources.push(subnet(name, &format!("10.{second_byte}.{block}")));
            names.push(name);
        }
    }
    for name in ["one", "two"] {
        if !names.is_empty() {
            let home = names[dice.roll(names.len())];
            resources.push(machine(name, &format!("vswitch: {home}")));
        }
    }
    let mut free = vec!["left", "right", "middle"];
    for at in ["k", "l"] {
        if dice.roll(3) > 0 {
            let name = free.remove(dice.roll(free.len()));
            resources.push(key(at).replace("team-key", name));
        }
    }
    let lines: Vec<String> = resources.iter().map(|one| format!("  {one}\n")).collect();
    network(primary, &lines.concat())
}

#[tokio::test(start_paused = true)]
async fn every_plan_can_be_applied() {
    let (mut made, mut refused) = (0, 0);
    for seed in 1..=60_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let cloud = Cloud::new();
        let first = random_owners(&mut dice);
        let outcome = cloud.apply(&first).await;
        assert!(outcome.is_complete(), "seed {seed}: {outcome:#?}\n{first}");
        for _ in 0..3 {
            let next = random_owners(&mut dice);
            let intent = cloud.intent(&stack(&next, &[]));
            let planned = cloud.plan_intent(&intent, &Options::default()).await;
            let plan = match planned {
                Ok((plan, _)) => plan,
                Err(errors) => {
                    let classes = [PlanErrorClass::Refused, PlanErrorClass::Cycle];
                    let is_told =
                        |error: &PlanError| classes.contains(&error.class) && error.hint.is_some();
                    assert!(errors.iter().all(is_told), "seed {seed}: {errors:?}");
                    refused += 1;
                    continue;
                }
            };
            let outcome = cloud.apply_plan(&plan).await;
            let failed = &outcome.failed;
            let text = lines(&plan);
            assert!(
                outcome.is_complete(),
                "seed {seed}: {failed:#?} {text:#?}\n{first}\n{next}"
            );
            let again = cloud.plan(&next).await;
            assert_eq!(lines(&again), Vec::<String>::new(), "seed {seed}\n{next}");
            made += 1;
        }
    }
    assert!(
        made > 90 && refused > 5,
        "{made} plans were made, {refused} were refused"
    );
}
