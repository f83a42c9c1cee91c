//! `disk`: created, attached, moved, grown and deleted, and distinguished from disks that were
//! created with an instance.

use setpoint_openapi::action::ecs;
use setpoint_plan::Value;
use setpoint_plan::planner::Options;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::faults::Death;
use setpoint_testkit::run::{lines, lives, stack};

use crate::deaths::{by_hand, dying_everywhere, dying_everywhere_in, id_of};

const MACHINE: &str = "instance_type: ecs.c7.large, image: {family: acs:ubuntu_24_04_x64}, \
                       vswitch: subnet, security_groups: [group]";

/// Returns a stack with two instances, `one` and `two`, and these further resources.
fn with(more: &str) -> String {
    format!(
        "stack: test
region: cn-beijing
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/16}}
  subnet: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}}
  group: {{type: security_group, vpc: net}}
  one: {{type: instance, {MACHINE}}}
  two: {{type: instance, {MACHINE}}}
{more}"
    )
}

/// Returns the stack of [`with`] with one disk with these fields.
fn disk(fields: &str) -> String {
    with(&format!("  data: {{type: disk, {fields}}}\n"))
}

fn alone(fields: &str) -> String {
    format!(
        "stack: test\nregion: cn-beijing\nresources:\n  data: {{type: disk, zone: cn-beijing-h, {fields}}}\n"
    )
}

async fn refused(cloud: &Cloud, text: &str) -> (String, Option<String>) {
    let intent = cloud.intent(&stack(text, &[]));
    let mut errors = match cloud.plan_intent(&intent, &Options::default()).await {
        Ok((plan, _)) => panic!("it can be planned: {:?}", lines(&plan)),
        Err(errors) => errors,
    };
    let first = errors.remove(0);
    (first.what, first.hint)
}

#[tokio::test(start_paused = true)]
async fn attributes_change_in_place() {
    lives(
        &alone("size: 40"),
        &alone("size: 60, name: data, description: The data, delete_with_instance: true"),
        &["~ data (delete_with_instance, description, name, size) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn category_and_level_change_in_place() {
    lives(
        &alone("size: 500"),
        &alone("size: 500, performance_level: PL2"),
        &["~ data (performance_level) none"],
    )
    .await;
    lives(
        &alone("size: 40, category: cloud_efficiency"),
        &alone("size: 40, category: cloud_auto, bursting_enabled: true"),
        &["~ data (bursting_enabled, category) none"],
    )
    .await;
    lives(
        &alone("size: 40, category: cloud_essd"),
        &alone("size: 40, category: cloud_efficiency"),
        &["~ data (category) none"],
    )
    .await;
    lives(
        &alone("size: 40, category: cloud_auto, provisioned_iops: 100"),
        &alone("size: 40, category: cloud_auto, provisioned_iops: 200"),
        &["~ data (provisioned_iops) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_change_in_place_replaces_the_disk() {
    for (before, after, field) in [
        ("encrypted: false", "encrypted: true", "encrypted"),
        ("category: cloud", "category: cloud_efficiency", "category"),
        (
            "category: cloud_essd",
            "category: cloud_essd_entry",
            "category",
        ),
    ] {
        let of = |field: &str| alone(&format!("size: 40, {field}"));
        let replaced = format!("-/+ data ({field}) replace");
        lives(&of(before), &of(after), &[&replaced]).await;
    }
    let attached = |more: &str| disk(&format!("size: 40, attach_to: one, encrypted: {more}"));
    lives(
        &attached("false"),
        &attached("true"),
        &["-/+ data (encrypted) replace"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_is_attached_moved_and_detached() {
    let free = disk("size: 40, zone: cn-beijing-h");
    let at = |machine: &str| disk(&format!("size: 40, attach_to: {machine}"));
    lives(&free, &at("one"), &["~ data (attach_to) none"]).await;
    lives(&at("one"), &at("two"), &["~ data (attach_to) brief"]).await;
    lives(&at("one"), &free, &["~ data (attach_to) brief"]).await;
}

/// Returns a stack with a disk of this size on an instance with this power.
fn powered(gib: u32, power: &str, more: &str) -> String {
    disk(&format!("size: {gib}, attach_to: one{more}")).replacen(
        "one: {type: instance, ",
        &format!("one: {{type: instance, power: {power}, "),
        1,
    )
}

#[tokio::test(start_paused = true)]
async fn it_grows_while_its_instance_is_running_or_stopped() {
    for power in ["running", "stopped"] {
        let (before, after) = (powered(40, power, ""), powered(60, power, ""));
        lives(&before, &after, &["~ data (size) none"]).await;
    }
}

/// Without a running instance the API refuses online growth; offline growth is then tried at once,
/// not after retries.
#[tokio::test(start_paused = true)]
async fn it_grows_offline_within_seconds() {
    for (before, after) in [
        (alone("size: 40"), alone("size: 60")),
        (powered(40, "stopped", ""), powered(60, "stopped", "")),
    ] {
        let cloud = Cloud::new();
        assert!(cloud.apply(&before).await.is_complete());
        let outcome = cloud.apply(&after).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        assert!(outcome.elapsed.as_secs() < 30, "{:?}", outcome.elapsed);
    }
}

/// The state of the instance when the disk grows decides the method, not its state when the plan
/// was made.
#[tokio::test(start_paused = true)]
async fn it_grows_while_its_instance_is_started_or_stopped() {
    for (before, after, effect) in [
        ("running", "stopped", "stop"),
        ("stopped", "running", "none"),
    ] {
        let machine = format!("~ one (power) {effect}");
        let cloud = Cloud::new();
        assert!(cloud.apply(&powered(40, before, "")).await.is_complete());
        let plan = cloud.plan(&powered(60, after, "")).await;
        assert_eq!(lines(&plan), ["~ data (size) none", &machine]);
        let outcome = cloud.apply_plan(&plan).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        assert_eq!(
            lines(&cloud.plan(&powered(60, after, "")).await),
            Vec::<String>::new()
        );
    }
}

/// A level that needs the new size is set after the disk has grown, whether it moves or is
/// detached.
#[tokio::test(start_paused = true)]
async fn it_grows_gets_a_level_and_moves() {
    let before = disk("size: 100, attach_to: one");
    let after = |machine: &str| {
        let zone = if machine.is_empty() {
            "zone: cn-beijing-h"
        } else {
            "attach_to: "
        };
        disk(&format!(
            "size: 500, performance_level: PL2, {zone}{machine}"
        ))
    };
    for machine in ["two", ""] {
        let change = "~ data (attach_to, performance_level, size) brief";
        lives(&before, &after(machine), &[change]).await;
    }
}

/// A disk cannot leave its zone, but its replacement may be in another one.
#[tokio::test(start_paused = true)]
async fn a_replacement_may_be_in_another_zone() {
    let there = format!(
        "  far: {{type: vswitch, vpc: net, zone: cn-beijing-g, cidr_block: 10.0.2.0/24}}
  three: {{type: instance, {}}}
",
        MACHINE.replace("vswitch: subnet", "vswitch: far")
    );
    let before = with("  data: {type: disk, size: 40, zone: cn-beijing-h, attach_to: one}\n");
    let data = "  data: {type: disk, size: 40, zone: cn-beijing-g, attach_to: three}\n";
    let after = with(&format!("{there}{data}"));
    let changes = ["-/+ data (zone) replace", "+ far none", "+ three none"];
    lives(&before, &after, &changes).await;
}

#[tokio::test(start_paused = true)]
async fn a_basic_disk_grows_between_two_instances() {
    lives(
        &disk("size: 40, attach_to: one, category: cloud"),
        &disk("size: 60, attach_to: two, category: cloud"),
        &["~ data (attach_to, size) brief"],
    )
    .await;
}

/// The hint of the refusal leads to success.
#[tokio::test(start_paused = true)]
async fn a_basic_disk_of_a_running_instance_is_refused_with_a_working_hint() {
    let sized = |gib: u32| disk(&format!("size: {gib}, attach_to: one, category: cloud"));
    let cloud = Cloud::new();
    assert!(cloud.apply(&sized(40)).await.is_complete());
    let (what, hint) = refused(&cloud, &sized(60)).await;
    assert!(what.contains("can only grow offline"), "{what}");
    assert!(hint.is_some_and(|hint| hint.contains("`power: stopped`")));
    let stopped = |gib: u32| {
        sized(gib).replacen(
            "one: {type: instance, ",
            "one: {type: instance, power: stopped, ",
            1,
        )
    };
    assert!(cloud.apply(&stopped(40)).await.is_complete());
    assert_eq!(
        lines(&cloud.plan(&stopped(60)).await),
        ["~ data (size) none"]
    );
    assert!(cloud.apply(&stopped(60)).await.is_complete());
    assert_eq!(lines(&cloud.plan(&stopped(60)).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn it_cannot_shrink_or_leave_its_zone() {
    let cloud = Cloud::new();
    let attached = disk("size: 40, attach_to: one");
    assert!(cloud.apply(&attached).await.is_complete());
    let (what, hint) = refused(&cloud, &attached.replace("size: 40", "size: 20")).await;
    assert_eq!(
        what,
        "a disk cannot shrink: it has 40 GiB, but the file says 20 GiB"
    );
    assert_eq!(hint.as_deref(), Some("write `size: 40` or more"));
    let far = attached
        .replace(
            "  two:",
            "  far: {type: vswitch, vpc: net, zone: cn-beijing-g, cidr_block: 10.0.2.0/24}\n  two:",
        )
        .replacen("attach_to: one", "attach_to: two", 1);
    let start = far.find("  two:").expect("a machine");
    let moved = format!(
        "{}{}",
        &far[..start],
        far[start..].replacen("vswitch: subnet", "vswitch: far", 1)
    );
    let (what, _) = refused(&cloud, &moved).await;
    assert!(what.contains("a disk cannot leave its zone"), "{what}");
}

/// A disk must be in the zone of its instance; a replacement of the disk does not help.
#[tokio::test(start_paused = true)]
async fn a_disk_in_another_zone_than_its_instance_is_refused() {
    let cloud = Cloud::new();
    let far = "stack: other
region: cn-beijing
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/16}
  subnet: {type: vswitch, vpc: net, zone: cn-beijing-g, cidr_block: 10.0.1.0/24}
  group: {type: security_group, vpc: net}
  far: {type: instance, MACHINE}
"
    .replace("MACHINE", MACHINE);
    assert!(cloud.apply(&far).await.is_complete());
    let id = id_of(&cloud, "instance", "far");
    let of = |more: &str| {
        format!(
            "stack: test\nregion: cn-beijing\nexisting: {{far: {{type: instance, id: {id}}}}}\n\
             resources:\n  data: {{type: disk, size: 40, zone: cn-beijing-h{more}}}\n"
        )
    };
    let expected = "the disk is in cn-beijing-h, but ";
    let check = async |text: String| {
        let (what, hint) = refused(&cloud, &text).await;
        assert!(what.starts_with(expected), "{what}");
        assert!(hint.is_some_and(|hint| hint.contains("zone: cn-beijing-g")));
    };
    check(of(", attach_to: far")).await;
    assert!(cloud.apply(&of("")).await.is_complete());
    check(of(", attach_to: far")).await;
    check(of(", attach_to: far, category: cloud")).await;
    // A disk that is attached already would be replaced by one in another zone.
    let there = of(", attach_to: far").replace("zone: cn-beijing-h", "zone: cn-beijing-g");
    assert!(cloud.destroy(&of("")).await.is_complete());
    assert!(cloud.apply(&there).await.is_complete());
    check(of(", attach_to: far")).await;
}

/// A level needs a size, which is the live one if the spec does not give it.
#[tokio::test(start_paused = true)]
async fn a_level_is_checked_against_the_live_size() {
    let cloud = Cloud::new();
    let of = |more: &str| alone(&format!("snapshot: s-2zesomesnapshot0000{more}"));
    let made = alone("size: 40");
    assert!(cloud.apply(&made).await.is_complete());
    let (what, _) = refused(&cloud, &of(", performance_level: PL3")).await;
    assert_eq!(
        what,
        "a PL3 disk must have at least 1261 GiB, and this one has 40 GiB"
    );
}

/// A replacement is not an update: a smaller disk in the place of a larger one does not shrink
/// anything.
#[tokio::test(start_paused = true)]
async fn a_replacement_may_be_smaller() {
    let of = |size: u32, encrypted: bool| alone(&format!("size: {size}, encrypted: {encrypted}"));
    let change = "-/+ data (encrypted) replace";
    lives(&of(60, false), &of(40, true), &[change]).await;
}

/// An output of an attribute that the disk no longer has is null, not unknown.
#[tokio::test(start_paused = true)]
async fn the_device_of_a_free_disk_is_null() {
    let with = |fields: &str| {
        format!(
            "{}outputs: {{device: \"${{data.device}}\"}}\n",
            disk(fields)
        )
    };
    let (attached, free) = (
        with("size: 40, attach_to: one"),
        with("size: 40, zone: cn-beijing-h"),
    );
    let cloud = Cloud::new();
    assert!(cloud.apply(&attached).await.is_complete());
    let device = |plan: &setpoint_plan::plan::Plan| plan.outputs["device"].value.clone();
    assert_eq!(
        device(&cloud.plan(&attached).await),
        Value::text("/dev/xvdb")
    );
    let plan = cloud.plan(&free).await;
    assert!(!device(&plan).is_known(), "it changes");
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(outcome.outputs.get("device"), Some(&Value::Null));
    assert_eq!(device(&cloud.plan(&free).await), Value::Null);
}

/// Disks that were created with an instance carry its tags, but are not `disk` resources of the
/// stack.
#[tokio::test(start_paused = true)]
async fn disks_created_with_an_instance_are_not_managed_as_disks() {
    let cloud = Cloud::new();
    let own = with(
        "  a: {type: disk, size: 40, attach_to: one}
  b: {type: disk, size: 40, zone: cn-beijing-h}
  c: {type: disk, size: 40, attach_to: one}
",
    );
    assert!(cloud.apply(&own).await.is_complete());
    assert_eq!(lines(&cloud.plan(&own).await), Vec::<String>::new());
    // The tags that the first version wrote do not name the kind.
    for (kind, address) in [("instance", "one"), ("disk", "one"), ("disk", "two")] {
        let id = id_of(&cloud, kind, address);
        let params = [
            ("ResourceType", kind),
            ("ResourceId.1", id.as_str()),
            ("TagKey.1", "setpoint:guard"),
        ];
        by_hand(&cloud, &ecs::UNTAG_RESOURCES, &params).await;
    }
    assert_eq!(lines(&cloud.plan(&own).await), Vec::<String>::new());
    let gone = cloud.destroy(&own).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new());
}

/// An instance whose image has data disks, so that it has some of its own, with another one
/// attached.
#[tokio::test(start_paused = true)]
async fn an_instance_with_two_disks_of_its_own_and_one_attached() {
    let cloud = Cloud::new();
    let source = with(
        "  a: {type: disk, size: 20, attach_to: one}
  b: {type: disk, size: 20, attach_to: one}
  golden: {type: image, instance: one, after: [a, b]}
  copy:
    type: instance
    instance_type: ecs.c7.large
    image: golden
    vswitch: subnet
    security_groups: [group]
  data: {type: disk, size: 40, attach_to: copy}
",
    );
    let outcome = cloud.apply(&source).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let own = cloud
        .owned()
        .iter()
        .filter(|line| line.starts_with("disk copy "))
        .count();
    assert_eq!(
        own,
        3,
        "the system disk and two of its own: {:?}",
        cloud.owned()
    );
    assert_eq!(lines(&cloud.plan(&source).await), Vec::<String>::new());
    let gone = cloud.destroy(&source).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(cloud.owned(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn it_is_made_from_a_snapshot() {
    let cloud = Cloud::new();
    let first = disk("size: 40, attach_to: one");
    assert!(cloud.apply(&first).await.is_complete());
    let id = id_of(&cloud, "disk", "data");
    by_hand(&cloud, &ecs::CREATE_SNAPSHOT, &[("DiskId", &id)]).await;
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    let snapshots = cloud
        .resources()
        .into_iter()
        .filter(|one| one.kind == "snapshot");
    let snapshot = snapshots.map(|one| one.id).next().expect("a snapshot");
    let copied = format!("{first}  copy: {{type: disk, snapshot: {snapshot}, attach_to: two}}\n");
    assert_eq!(lines(&cloud.plan(&copied).await), ["+ copy none"]);
    assert!(cloud.apply(&copied).await.is_complete());
    assert_eq!(lines(&cloud.plan(&copied).await), Vec::<String>::new());
    // The field is used at creation only: another snapshot does not replace the disk.
    let other = copied.replace(&snapshot, "s-2zeotheronehere0");
    assert_eq!(lines(&cloud.plan(&other).await), Vec::<String>::new());
    assert!(cloud.destroy(&copied).await.is_complete());
    assert_eq!(cloud.owned(), Vec::<String>::new());
}

/// When an instance is replaced, the same disk is attached to its replacement.
#[tokio::test(start_paused = true)]
async fn it_moves_to_the_replacement_of_its_instance() {
    let own = |machine: &str| {
        disk("size: 40, attach_to: one, delete_with_instance: true").replacen(
            "one: {type: instance, ",
            &format!("one: {{type: instance, {machine}, "),
            1,
        )
    };
    for (fixed, mark) in [("", "+/-"), ("private_ip: 10.0.1.9, ", "-/+")] {
        let of = |encrypted: bool| own(&format!("{fixed}system_disk: {{encrypted: {encrypted}}}"));
        let cloud = Cloud::new();
        assert!(cloud.apply(&of(false)).await.is_complete());
        let id = id_of(&cloud, "disk", "data");
        let plan = cloud.plan(&of(true)).await;
        let machine = format!("{mark} one (system_disk.encrypted) replace");
        assert_eq!(lines(&plan), ["~ data (attach_to) brief", &machine]);
        let outcome = cloud.apply_plan(&plan).await;
        assert!(outcome.is_complete(), "{outcome:#?}");
        assert_eq!(id_of(&cloud, "disk", "data"), id);
        assert_eq!(lines(&cloud.plan(&of(true)).await), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn user_data_of_an_instance_may_refer_to_its_disk() {
    let text = disk("size: 40, zone: cn-beijing-h, attach_to: one").replacen(
        "one: {type: instance, ",
        "one: {type: instance, \
         user_data: {text: \"mount ${serial}\", with: {serial: \"${data.serial_number}\"}}, ",
        1,
    );
    lives(&text, &text, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_it_is_created_and_attached_is_completed() {
    assert!(dying_everywhere(None, &disk("size: 40, attach_to: one")).await >= 14);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_it_moves_is_completed() {
    let at = |machine: &str| disk(&format!("size: 40, attach_to: {machine}"));
    assert!(dying_everywhere(Some(&at("one")), &at("two")).await >= 4);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_it_grows_and_moves_is_completed() {
    let before = disk("size: 100, attach_to: one");
    let after = disk("size: 500, performance_level: PL2, attach_to: two");
    assert!(dying_everywhere(Some(&before), &after).await >= 8);
}

#[test]
#[should_panic(expected = "a cloud_efficiency disk must have at most 32768 GiB")]
fn a_category_has_a_largest_size() {
    drop(stack(
        &alone("size: 40000, category: cloud_efficiency"),
        &[],
    ));
}

#[test]
#[should_panic(expected = "`zone` is missing, and no instance of this stack defines it")]
fn a_free_disk_needs_a_zone() {
    drop(stack(&disk("size: 40"), &[]));
}

#[test]
#[should_panic(expected = "the disk is in cn-beijing-g, but `one` is in cn-beijing-h")]
fn a_disk_must_be_in_the_zone_of_its_instance() {
    drop(stack(
        &disk("size: 40, attach_to: one, zone: cn-beijing-g"),
        &[],
    ));
}

#[test]
#[should_panic(expected = "a PL1 disk must have at least 20 GiB")]
fn a_level_needs_a_size() {
    drop(stack(&alone("size: 10"), &[]));
}

#[test]
#[should_panic(expected = "a cloud_ssd disk does not support `performance_level`")]
fn only_an_essd_has_a_level() {
    drop(stack(
        &alone("size: 40, category: cloud_ssd, performance_level: PL1"),
        &[],
    ));
}

#[test]
#[should_panic(expected = "needs the disk")]
fn an_instance_that_needs_its_disk_does_not_define_its_zone() {
    let text = disk("size: 40, attach_to: one").replacen(
        "one: {type: instance, ",
        "one: {type: instance, \
         user_data: {text: \"mount ${serial}\", with: {serial: \"${data.serial_number}\"}}, ",
        1,
    );
    drop(stack(&text, &[]));
}

/// A kept disk is detached when its instance is destroyed, and remains.
#[tokio::test(start_paused = true)]
async fn a_kept_disk_does_not_keep_its_instance() {
    let kept = disk("size: 40, attach_to: one, lifecycle: {on_delete: keep}");
    let cloud = Cloud::new();
    assert!(cloud.apply(&kept).await.is_complete());
    let id = id_of(&cloud, "disk", "data");
    let gone = cloud.destroy(&kept).await;
    assert!(gone.is_complete(), "{gone:#?}");
    assert_eq!(cloud.owned(), [format!("disk data {id} Available")]);
    // The next apply finds it again.
    let again = cloud.apply(&kept).await;
    assert!(again.is_complete(), "{again:#?}");
    assert_eq!(id_of(&cloud, "disk", "data"), id);
    assert_eq!(lines(&cloud.plan(&kept).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_listings_lag_is_completed() {
    let lagging = setpoint_sim::profile::Options {
        list_lag_ms: 30_000,
        ..Default::default()
    };
    let free = "  data: {type: disk, size: 40, zone: cn-beijing-h}\n  ip: {type: eip}\n";
    let bound =
        "  data: {type: disk, size: 40, attach_to: one}\n  ip: {type: eip, attach_to: one}\n";
    assert!(dying_everywhere_in(&lagging, None, &with(bound)).await >= 18);
    let tried = dying_everywhere_in(&lagging, Some(&with(free)), &with(bound)).await;
    assert!(tried >= 4);
}

/// One disk and one EIP for each instance of a group, while the group grows and shrinks.
#[tokio::test(start_paused = true)]
async fn each_instance_of_a_group_has_its_own_disk() {
    let group = |count: usize| {
        with(&format!(
            "  app:
    type: instance
    count: {count}
    instance_type: ecs.c7.large
    image: {{family: acs:ubuntu_24_04_x64}}
    vswitch: subnet
    security_groups: [group]
  data: {{type: disk, for_each: app, size: 40, attach_to: \"${{each.value}}\"}}
  ip: {{type: eip, for_each: app, attach_to: \"${{each.value}}\"}}
outputs: {{addresses: \"${{app[*].public_ip}}\"}}
"
        ))
    };
    let added = ["+ app[1] none", "+ data[1] none", "+ ip[1] none"];
    lives(&group(1), &group(2), &added).await;
    lives(
        &group(2),
        &group(1),
        &added
            .map(|line| line.replacen('+', "-", 1))
            .each_ref()
            .map(String::as_str),
    )
    .await;
}

/// An instance of another stack defines the zone too.
#[tokio::test(start_paused = true)]
async fn it_is_attached_to_an_instance_outside_the_stack() {
    let cloud = Cloud::new();
    let other = with("").replace("stack: test", "stack: machines").replacen(
        "one: {type: instance, ",
        "one: {type: instance, name: outside, ",
        1,
    );
    assert!(cloud.apply(&other).await.is_complete());
    let own = "stack: test
region: cn-beijing
existing: {box: {type: instance, name: outside}}
resources:
  data: {type: disk, size: 40, attach_to: box}
  ip: {type: eip, attach_to: box}
";
    let outcome = cloud.apply(own).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(lines(&cloud.plan(own).await), Vec::<String>::new());
    assert!(cloud.destroy(own).await.is_complete());
    assert_eq!(lines(&cloud.plan(&other).await), Vec::<String>::new());
}

/// Attaching resets the flag for deleting automatic snapshots with the disk. A move keeps it.
#[tokio::test(start_paused = true)]
async fn a_move_keeps_what_happens_to_its_automatic_snapshots() {
    for flag in [true, false] {
        let cloud = Cloud::new();
        let on = |machine: &str| disk(&format!("size: 40, attach_to: {machine}"));
        assert!(cloud.apply(&on("one")).await.is_complete());
        let id = id_of(&cloud, "disk", "data");
        let (flag, shown) = (flag.to_string(), Value::Bool(flag));
        let params = [("DiskId", id.as_str()), ("DeleteAutoSnapshot", &flag)];
        by_hand(&cloud, &ecs::MODIFY_DISK_ATTRIBUTE, &params).await;
        let plan = cloud.plan(&on("two")).await;
        assert!(cloud.apply_plan(&plan).await.is_complete());
        let plan = cloud.plan(&on("two")).await;
        let data = plan.change(&"data".parse().expect("an address"));
        let live = data
            .and_then(|change| change.before.clone())
            .expect("it is there");
        assert_eq!(live.attr("delete_auto_snapshot"), shown);
    }
}

/// A policy of automatic snapshots is applied, and then another one.
#[tokio::test(start_paused = true)]
async fn its_snapshot_policy_is_applied_and_changed() {
    let cloud = Cloud::new();
    for name in ["nightly", "weekly"] {
        let params = [
            ("autoSnapshotPolicyName", name),
            ("regionId", "cn-beijing"),
            ("repeatWeekdays", "[\"1\"]"),
            ("retentionDays", "7"),
            ("timePoints", "[\"1\"]"),
        ];
        by_hand(&cloud, &ecs::CREATE_AUTO_SNAPSHOT_POLICY, &params).await;
    }
    let policies = cloud
        .resources()
        .into_iter()
        .filter(|one| one.id.starts_with("sp-"));
    let policies: Vec<String> = policies.map(|one| one.id).collect();
    let under = |policy: &str| {
        disk(&format!(
            "size: 40, attach_to: one, auto_snapshot_policy: {policy}"
        ))
    };
    assert!(cloud.apply(&under(&policies[0])).await.is_complete());
    assert_eq!(
        lines(&cloud.plan(&under(&policies[0])).await),
        Vec::<String>::new()
    );
    let plan = cloud.plan(&under(&policies[1])).await;
    assert_eq!(lines(&plan), ["~ data (auto_snapshot_policy) none"]);
    assert!(cloud.apply_plan(&plan).await.is_complete());
    assert_eq!(
        lines(&cloud.plan(&under(&policies[1])).await),
        Vec::<String>::new()
    );
}

#[tokio::test(start_paused = true)]
async fn a_destroy_that_dies_is_completed() {
    let all = with(
        "  data: {type: disk, size: 40, attach_to: one}
  ip: {type: eip, attach_to: one}
  golden: {type: image, instance: two}
",
    );
    for death in [Death::Before, Death::After] {
        for n in 1.. {
            let cloud = Cloud::new();
            assert!(cloud.apply(&all).await.is_complete());
            let intent = cloud.intent(&stack(&all, &[]));
            let options = Options {
                destroy: true,
                ..Options::default()
            };
            let (plan, _) = cloud
                .plan_intent(&intent, &options)
                .await
                .expect("it can be planned");
            if !cloud.apply_dying(&plan, n, death).await {
                assert!(n > 8, "{n} writes");
                break;
            }
            let gone = cloud.destroy(&all).await;
            assert!(gone.is_complete(), "{death:?} write {n}: {gone:#?}");
            assert_eq!(cloud.owned(), Vec::<String>::new(), "{death:?} write {n}");
        }
    }
}
