//! `image`: looked up, and created from an instance.

use setpoint_sim::world::ImageFacts;
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::{lines, lives};

use crate::deaths::{dying_everywhere, id_of};

const MACHINE: &str =
    "type: instance, instance_type: ecs.c7.large, vswitch: subnet, security_groups: [group]";
const PUBLIC: &str = "{family: acs:ubuntu_24_04_x64}";

/// Returns a stack with one instance, `one`, and these further resources.
fn with(more: &str) -> String {
    format!(
        "stack: test
region: cn-beijing
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/16}}
  subnet: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}}
  group: {{type: security_group, vpc: net}}
  one: {{{MACHINE}, image: {PUBLIC}}}
{more}"
    )
}

fn image(fields: &str) -> String {
    with(&format!(
        "  golden: {{type: image, instance: one{fields}}}\n"
    ))
}

/// Returns how many resources of a kind exist, owned or not.
fn count(cloud: &Cloud, kind: &str) -> usize {
    cloud
        .resources()
        .iter()
        .filter(|one| one.kind == kind)
        .count()
}

#[tokio::test(start_paused = true)]
async fn attributes_change_in_place() {
    lives(
        &image(""),
        &image(", name: golden, description: The base, family: base"),
        &["~ golden (description, family, name) none"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_instance_does_not_create_another_image() {
    let two = format!("  two: {{{MACHINE}, image: {PUBLIC}}}\n");
    let of = |machine: &str| {
        with(&format!(
            "{two}  golden: {{type: image, instance: {machine}}}\n"
        ))
    };
    lives(&of("one"), &of("two"), &[]).await;
}

#[tokio::test(start_paused = true)]
async fn its_snapshots_are_deleted_with_it() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&image("")).await.is_complete());
    assert_eq!((count(&cloud, "image"), count(&cloud, "snapshot")), (1, 1));
    let plan = cloud.plan(&with("")).await;
    assert_eq!(lines(&plan), ["- golden none"]);
    assert!(cloud.apply_plan(&plan).await.is_complete());
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!((count(&cloud, "image"), count(&cloud, "snapshot")), (0, 0));
}

/// An instance is created from an image of the stack, and depends on it.
#[tokio::test(start_paused = true)]
async fn an_instance_is_created_from_it() {
    let from = |image: &str| {
        format!(
            "{}  two: {{{MACHINE}, image: {image}}}\n",
            self::image(", name: golden")
        )
    };
    lives(&from("golden"), &from(PUBLIC), &["~ two (image) rebuild"]).await;
    let cloud = Cloud::new();
    assert!(cloud.apply(&from("golden")).await.is_complete());
    let without = with(&format!("  two: {{{MACHINE}, image: {PUBLIC}}}\n"));
    let plan = cloud.plan(&without).await;
    assert_eq!(lines(&plan), ["- golden none", "~ two (image) rebuild"]);
    let outcome = cloud.apply_plan(&plan).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    assert_eq!(count(&cloud, "image"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_while_it_is_created_is_completed() {
    let made = image("");
    assert!(dying_everywhere(Some(&with("")), &made).await >= 2);
}

/// The run after one that died while the image was being created waits for the image.
#[tokio::test(start_paused = true)]
async fn an_image_that_is_being_created_is_waited_for() {
    let cloud = Cloud::new();
    assert!(cloud.apply(&with("")).await.is_complete());
    let plan = cloud.plan(&image("")).await;
    let death = setpoint_testkit::faults::Death::After;
    assert!(cloud.apply_dying(&plan, 1, death).await);
    assert_eq!(
        lines(&cloud.plan(&image("")).await),
        ["~ golden (status) none"]
    );
    assert!(cloud.apply(&image("")).await.is_complete());
    assert_eq!(lines(&cloud.plan(&image("")).await), Vec::<String>::new());
}

/// The newer image does not carry the tag that the look-up asks for.
#[tokio::test(start_paused = true)]
async fn an_existing_image_is_found_by_its_tags() {
    let cloud = Cloud::new();
    let made = with(
        "  golden: {type: image, instance: one, tags: {use: web}}
  later: {type: image, instance: one, after: [golden], tags: {use: batch}}
",
    ) + "outputs: {golden: \"${golden.id}\"}\n";
    let outcome = cloud.apply(&made).await;
    let golden = outcome.outputs["golden"]
        .as_text()
        .expect("an id")
        .to_owned();
    let user = "stack: user\nregion: cn-beijing\n\
        existing: {base: {type: image, tags: {use: web}}}\nresources: {}\n\
        outputs: {base: \"${base.id}\"}\n";
    let plan = cloud.plan(user).await;
    assert_eq!(plan.outputs["base"].value.as_text(), Some(golden.as_str()));
}

/// An instance keeps an image that has the tags, and leaves one that has others.
#[tokio::test(start_paused = true)]
async fn an_instance_follows_the_tags_of_its_image() {
    let cloud = Cloud::new();
    let with_two = |tag: &str| {
        with(&format!(
            "  golden: {{type: image, instance: one, tags: {{use: web}}}}
  later: {{type: image, instance: one, after: [golden], tags: {{use: batch}}}}
  two: {{{MACHINE}, image: {{tags: {{use: {tag}}}}}, after: [later]}}
"
        ))
    };
    let images = with_two("web");
    let images = images.split("  two:").next().expect("the images");
    assert!(cloud.apply(images).await.is_complete());
    assert!(cloud.apply(&with_two("web")).await.is_complete());
    assert_eq!(
        lines(&cloud.plan(&with_two("web")).await),
        Vec::<String>::new()
    );
    let other = cloud.plan(&with_two("batch")).await;
    assert_eq!(lines(&other), ["~ two (image) rebuild"]);
}

/// A look-up returns the newest image; an instance keeps its image while that matches.
#[tokio::test(start_paused = true)]
async fn an_existing_image_is_the_newest_that_matches() {
    let found = |family: &str| {
        with(&format!("  two: {{{MACHINE}, image: base}}\n")).replace(
            "resources:",
            &format!("existing: {{base: {{type: image, family: \"{family}\"}}}}\nresources:"),
        ) + "outputs: {base: \"${base.id}\", made: \"${base.creation_time}\"}\n"
    };
    let cloud = Cloud::new();
    let ubuntu = found("acs:ubuntu_24_04_x64");
    let outcome = cloud.apply(&ubuntu).await;
    assert!(outcome.is_complete(), "{outcome:#?}");
    let newest = "ubuntu_24_04_x64_20G_alibase_20240812.vhd";
    assert_eq!(outcome.outputs["base"].as_text(), Some(newest));
    assert_eq!(lines(&cloud.plan(&ubuntu).await), Vec::<String>::new());
    let newer = ImageFacts {
        id: "ubuntu_24_04_x64_20G_alibase_20251230.vhd".to_owned(),
        family: "acs:ubuntu_24_04_x64".to_owned(),
        os_name: "Ubuntu 24.04".to_owned(),
        os_type: "linux".to_owned(),
        platform: "Ubuntu".to_owned(),
        architecture: "x86_64".to_owned(),
        size_gib: 20,
        created_ms: 1_767_052_800_000,
        status: "Available".to_owned(),
        owner_alias: "system".to_owned(),
    };
    cloud.sim.with(|world| world.add_image(newer.clone()));
    let again = cloud.plan(&ubuntu).await;
    assert_eq!(lines(&again), Vec::<String>::new());
    assert_eq!(
        again.outputs["base"].value.as_text(),
        Some(newer.id.as_str())
    );
    let other = found("acs:debian_12_x64");
    assert_eq!(lines(&cloud.plan(&other).await), ["~ two (image) rebuild"]);
    assert_ne!(id_of(&cloud, "instance", "two"), "");
}
