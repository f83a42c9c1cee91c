//! `eip`: allocated, bound, moved without losing its address, and released.

use setpoint_openapi::action::vpc;
use setpoint_plan::Value;
use setpoint_plan::planner::{Options as PlanOptions, PlanErrorClass};
use setpoint_sim::profile::Options;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, lives, stack};

use crate::deaths::{by_hand, dying_everywhere, id_of};

const MACHINE: &str = "instance_type: ecs.c7.large, image: {family: acs:ubuntu_24_04_x64}, \
                       vswitch: subnet, security_groups: [group]";

/// Returns a stack with two instances, `one` and `two`, and an EIP with these fields.
fn with(eip: &str) -> String {
    format!(
        "stack: test
region: cn-beijing
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/16}}
  subnet: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}}
  group: {{type: security_group, vpc: net}}
  one: {{type: instance, {MACHINE}}}
  two: {{type: instance, {MACHINE}}}
  ip: {{type: eip{eip}}}
outputs: {{address: \"${{ip.ip_address}}\", machine: \"${{one.public_ip}}\"}}
"
    )
}

fn alone(eip: &str) -> String {
    format!("stack: test\nregion: cn-beijing\nresources:\n  ip: {{type: eip{eip}}}\n")
}

#[tokio::test(start_paused = true)]
async fn attributes_change_in_place() {
    lives(
        &alone(""),
        &alone(", name: front, description: The front, bandwidth: 20"),
        &["~ ip (bandwidth, description, name) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn bandwidth_changes_the_price_unless_traffic_is_billed() {
    for (charge, pays) in [("PayByBandwidth", &["price"][..]), ("PayByTraffic", &[])] {
        let with = |mbit| {
            alone(&format!(
                ", internet_charge_type: {charge}, bandwidth: {mbit}"
            ))
        };
        let cloud = Cloud::new();
        cloud.apply(&with(5)).await;
        let effect = cloud.plan(&with(10)).await.effect();
        assert_eq!(effect.pays.words().collect::<Vec<_>>(), pays, "{charge}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_billing_or_line_type_replaces_the_address() {
    let replaced = |field: &str| format!("-/+ ip ({field}) replace");
    for (fields, field) in [
        (
            ", internet_charge_type: PayByTraffic",
            "internet_charge_type",
        ),
        (", isp: BGP_PRO", "isp"),
    ] {
        lives(&alone(""), &alone(fields), &[&replaced(field)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_bound_moved_and_unbound() {
    lives(
        &with(""),
        &with(", attach_to: one"),
        &["~ ip (attach_to) none"],
    )
    .await;
    let moved = &["~ ip (attach_to) brief"];
    lives(&with(", attach_to: one"), &with(", attach_to: two"), moved).await;
    lives(&with(", attach_to: one"), &with(""), moved).await;
}

#[tokio::test(start_paused = true)]
async fn a_move_keeps_the_address() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&with(", attach_to: one")).await.is_complete());
    let address = |cloud: &Cloud| {
        let eips = cloud
            .resources()
            .into_iter()
            .filter(|one| one.kind == "eip");
        eips.map(|eip| (eip.id, eip.state)).collect::<Vec<_>>()
    };
    let before = address(&cloud);
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].1, "InUse");
    assert!(cloud.apply(&with(", attach_to: two")).await.is_complete());
    assert_eq!(address(&cloud), before);
}

/// The public address of an instance is that of its EIP, from the first apply on.
#[tokio::test(start_paused = true)]
async fn the_public_address_of_an_instance_is_that_of_its_eip() {
    let cloud = Cloud::new();
    let attached = with(", attach_to: one");
    let outcome = cloud.apply(&attached).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let outputs = &outcome.outputs;
    assert!(outputs["address"].as_text().is_some(), "{outputs:?}");
    assert_eq!(outputs["address"], outputs["machine"]);
    let again = cloud.plan(&attached).await;
    assert_eq!(again.outputs["machine"].value, outputs["address"]);
}

#[tokio::test(start_paused = true)]
async fn it_is_unbound_before_its_instance_is_deleted() {
    let before = with(", attach_to: one").replace(", machine: \"${one.public_ip}\"", "");
    let start = before.find("  one:").expect("a machine");
    let end = before.find("  two:").expect("another one");
    let without = format!("{}{}", &before[..start], &before[end..]);
    let after = without.replace("attach_to: one", "attach_to: two");
    lives(&before, &after, &["~ ip (attach_to) brief", "- one none"]).await;
}

/// The replacement of an instance exists before the address moves to it. If both instances cannot
/// exist at once, the address is unbound in between.
#[tokio::test(start_paused = true)]
async fn it_moves_to_the_replacement_of_its_instance() {
    let attached = with(", attach_to: one");
    let encrypted = |text: &str| {
        text.replacen(
            "one: {type: instance, ",
            "one: {type: instance, system_disk: {encrypted: true}, ",
            1,
        )
    };
    let before = attached.replacen(
        "one: {type: instance, ",
        "one: {type: instance, system_disk: {encrypted: false}, ",
        1,
    );
    let expected = [
        "~ ip (attach_to) brief",
        "+/- one (system_disk.encrypted) replace",
    ];
    lives(&before, &encrypted(&attached), &expected).await;
    let fixed = |text: &str| {
        text.replacen(
            "one: {type: instance, ",
            "one: {type: instance, private_ip: 10.0.1.9, ",
            1,
        )
    };
    let expected = [
        "~ ip (attach_to) brief",
        "-/+ one (system_disk.encrypted) replace",
    ];
    lives(&fixed(&before), &fixed(&encrypted(&attached)), &expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_it_is_created_and_bound_is_completed() {
    assert!(dying_everywhere(None, &with(", attach_to: one")).await >= 14);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_it_moves_is_completed() {
    let tried = dying_everywhere(Some(&with(", attach_to: one")), &with(", attach_to: two")).await;
    assert!(tried >= 4);
}

/// `attach_to` is a closed field: an address that was bound by hand is unbound, unless the field is
/// declared `unmanaged`.
#[tokio::test(start_paused = true)]
async fn an_address_that_was_bound_by_hand_is_unbound() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&with("")).await.is_complete());
    let (eip, machine) = (id_of(&cloud, "eip", "ip"), id_of(&cloud, "instance", "one"));
    let pair = [
        ("AllocationId", eip.as_str()),
        ("InstanceId", machine.as_str()),
    ];
    by_hand(&cloud, &vpc::ASSOCIATE_EIP_ADDRESS, &pair).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(
        lines(&cloud.plan(&with("")).await),
        ["~ ip (attach_to) brief"]
    );
    let unmanaged = with(", attach_to: unmanaged");
    assert_eq!(lines(&cloud.plan(&unmanaged).await), Vec::<String>::new());
}

/// An allocation without its tags is an error that names the address; no further one is allocated.
#[tokio::test(start_paused = true)]
async fn a_region_that_drops_tags_fails_loudly() {
    let cloud = Cloud::with(Options {
        allocation_drops_tags: true,
        ..Options::default()
    });
    let outcome = cloud.apply(&alone("")).await;
    assert_eq!(outcome.failed.len(), 1, "{outcome:#?}");
    let message = &outcome.failed[0].message;
    assert!(message.contains("without its tags"), "{message}");
    let eips = cloud
        .resources()
        .into_iter()
        .filter(|one| one.kind == "eip")
        .count();
    assert!(eips <= 2, "{eips} addresses");
}

#[test]
#[should_panic(expected = "`one` has its own public bandwidth")]
fn an_instance_has_one_public_address() {
    let open = with(", attach_to: one").replacen(
        "one: {type: instance, ",
        "one: {type: instance, internet: {max_bandwidth_out: 5}, ",
        1,
    );
    drop(stack(&open, &[]));
}

#[test]
#[should_panic(expected = "`ip` is already attached to `one`")]
fn an_instance_takes_one_eip() {
    let two = with(", attach_to: one")
        .replace("outputs:", "  other: {type: eip, attach_to: one}\noutputs:");
    drop(stack(&two, &[]));
}

#[test]
#[should_panic(expected = "at most 200 Mbit/s")]
fn bandwidth_is_lower_if_traffic_is_billed() {
    drop(stack(
        &alone(", internet_charge_type: PayByTraffic, bandwidth: 300"),
        &[],
    ));
}

/// A kept address is unbound when its instance is destroyed, and remains.
#[tokio::test(start_paused = true)]
async fn a_kept_address_does_not_keep_its_instance() {
    let kept = with(", attach_to: one, lifecycle: {on_delete: keep}");
    let cloud = Cloud::new();
    assert!(cloud.apply(&kept).await.is_complete());
    let id = id_of(&cloud, "eip", "ip");
    let gone = cloud.destroy(&kept).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(cloud.owned(), [format!("eip ip {id} Available")]);
}

/// Returns a stack with one instance, with or without public bandwidth of its own, and with or
/// without an `eip`.
fn own_or_lent(bandwidth: Option<u32>, has_eip: bool) -> String {
    let start = with("").find("  one:").expect("a machine");
    let machine = "  one:
    type: instance
    instance_type: ecs.c7.large
    image: {family: acs:ubuntu_24_04_x64}
    vswitch: subnet
    security_groups: [group]
";
    let own = bandwidth.map(|rate| format!("    internet: {{max_bandwidth_out: {rate}}}\n"));
    let lent = if has_eip {
        "  ip: {type: eip, attach_to: one}\n"
    } else {
        ""
    };
    let output = "outputs: {address: \"${one.public_ip}\", url: \"http://${one.public_ip}/\"}\n";
    let own = own.unwrap_or_default();
    format!("{}{machine}{own}{lent}{output}", &with("")[..start])
}

/// An instance exchanges public bandwidth of its own for an `eip`, and back.
#[tokio::test(start_paused = true)]
async fn it_replaces_public_bandwidth_and_is_replaced_by_it() {
    let cloud = Cloud::with(Options {
        zero_bandwidth_frees_address: true,
        ..Options::default()
    });
    let machine = |effect: &str| format!("~ one (internet.max_bandwidth_out) {effect}");
    for (text, changes) in [
        (own_or_lent(Some(5), false), None),
        (own_or_lent(Some(0), false), Some(vec![machine("brief")])),
        (own_or_lent(None, true), Some(vec!["+ ip none".to_owned()])),
        (
            own_or_lent(Some(5), false),
            Some(vec!["- ip none".to_owned(), machine("none")]),
        ),
    ] {
        let plan = cloud.plan(&text).await;
        if let Some(changes) = changes {
            assert_eq!(lines(&plan), changes);
        }
        let outcome = cloud.apply_plan(&plan).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        let again = cloud.plan(&text).await;
        assert_eq!(lines(&again), Vec::<String>::new());
        // The instance has an address exactly if it should, and the output of the apply is that of
        // the next plan.
        let address = again.outputs["address"].value.clone();
        assert_eq!(outcome.outputs.get("address"), Some(&address));
        assert_eq!(
            address != Value::Null,
            !text.contains("out: 0"),
            "{address:?}"
        );
    }
}

/// After an EIP is unbound, the output with the address of the instance is null.
#[tokio::test(start_paused = true)]
async fn an_instance_without_its_eip_has_no_address() {
    let (lent, free) = (own_or_lent(None, true), own_or_lent(None, false));
    let cloud = Cloud::new();
    let outcome = cloud.apply(&lent).await;
    assert!(
        matches!(outcome.outputs["address"], Value::Text(_)),
        "{outcome:#?}"
    );
    let plan = cloud.plan(&free).await;
    assert_eq!(plan.outputs["address"].value, Value::Null);
    let outcome = cloud.apply_plan(&plan).await;
    assert_eq!(outcome.outputs["address"], Value::Null);
    assert_eq!(
        cloud.plan(&free).await.outputs["address"].value,
        Value::Null
    );
}

/// A field that refers to an address that no longer exists is refused by the plan, not by the
/// apply.
#[tokio::test(start_paused = true)]
async fn a_reference_to_an_absent_address_is_refused() {
    for field in [
        "description: \"at ${one.public_ip}\"",
        "tags: {at: \"${one.public_ip}\"}",
    ] {
        refused_without_address(field).await;
    }
}

async fn refused_without_address(field: &str) {
    let with_note = |has_eip: bool| {
        let text = own_or_lent(None, has_eip);
        let note = format!("  note: {{type: vpc, cidr_block: 10.9.0.0/16, {field}}}\noutputs:");
        text.replace("outputs:", &note)
    };
    let cloud = Cloud::new();
    assert!(cloud.apply(&with_note(true)).await.is_complete());
    assert!(cloud.apply(&with_note(false)).await.is_complete());
    let intent = cloud.intent(&stack(&with_note(false), &[]));
    let errors = cloud
        .plan_intent(&intent, &PlanOptions::default())
        .await
        .err();
    let error = errors.expect("it is refused").remove(0);
    assert_eq!(error.what, "`one` has no `public_ip` now");
}

/// An instance that keeps its public address cannot take an `eip`. The plan refuses this, before an
/// apply removes the bandwidth and then cannot bind the address.
#[tokio::test(start_paused = true)]
async fn it_is_refused_for_an_instance_that_keeps_an_address() {
    let cloud = Cloud::new();
    assert!(
        cloud
            .apply(&own_or_lent(Some(5), false))
            .await
            .is_complete()
    );
    for closed_before in [false, true] {
        if closed_before {
            assert!(
                cloud
                    .apply(&own_or_lent(Some(0), false))
                    .await
                    .is_complete()
            );
        }
        let intent = cloud.intent(&stack(&own_or_lent(None, true), &[]));
        let errors = cloud
            .plan_intent(&intent, &PlanOptions::default())
            .await
            .err();
        let error = errors.expect("it is refused").remove(0);
        assert_eq!(error.class, PlanErrorClass::Refused);
        let id = id_of(&cloud, "instance", "one");
        let what = format!(
            "`ip` needs the public address slot of {id}, but `one` ({id}) has it and keeps it"
        );
        assert_eq!(error.what, what);
        assert!(
            error
                .hint
                .is_some_and(|hint| hint.contains("ConvertNatPublicIpToEip"))
        );
    }
}

/// Two addresses that swap their instances: one is unbound first.
#[tokio::test(start_paused = true)]
async fn two_addresses_swap_their_instances() {
    let both = |a: &str, b: &str| {
        let text = with(&format!(", attach_to: {a}"));
        let other = format!("  other: {{type: eip, attach_to: {b}}}\noutputs:");
        text.replace("outputs:", &other)
    };
    let changes = ["~ ip (attach_to) brief", "~ other (attach_to) brief"];
    lives(&both("one", "two"), &both("two", "one"), &changes).await;
    let deaths = dying_everywhere(Some(&both("one", "two")), &both("two", "one")).await;
    assert!(deaths >= 6, "{deaths}");
}
