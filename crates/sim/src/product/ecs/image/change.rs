//! ModifyImageAttribute and DeleteImage.

use crate::call::{Answer, Call};
use crate::names;
use crate::product::Actions;
use crate::product::ecs::image::{Image, create};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[("ModifyImageAttribute", modify), ("DeleteImage", delete)];

/// The custom image that a call names. A public one cannot be changed, and counts as missing.
pub(crate) fn find<'a>(world: &'a World, call: &Call<'_>, id: &str) -> Result<&'a Image, Refusal> {
    let image = world
        .tables
        .images
        .get(id)
        .filter(|image| image.custom.is_some() && call.in_region(&image.base.region));
    image.ok_or_else(|| {
        Refusal::absent(
            "InvalidImageId.NotFound",
            format!("The specified ImageId {id} does not exist."),
        )
    })
}

/// The custom image that a call names, for a change.
pub(crate) fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut Image, Refusal> {
    find(world, call, id)?;
    Ok(world
        .tables
        .images
        .get_mut(id)
        .expect("the image was just found"))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["LicenseType"]);
    let id = call.need("ImageId")?;
    let image = find(world, call, id)?;
    let (name, description) = (call.given("ImageName"), call.text("Description"));
    let (family, boot_mode, status) = (
        call.text("ImageFamily"),
        call.given("BootMode"),
        call.given("Status"),
    );
    if let Some(name) = name.filter(|name| *name != image.base.name) {
        create::check_name(world, &image.base.region, name)?;
    }
    if description.is_some_and(|text| !text.is_empty() && !names::is_text(text, 2, 256)) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    if boot_mode.is_some_and(|mode| !matches!(mode, "BIOS" | "UEFI" | "UEFI-Preferred")) {
        return Err(Refusal::invalid("BootMode"));
    }
    let may_turn = matches!(image.facts.status.as_str(), "Available" | "Deprecated");
    if status.is_some_and(|status| !matches!(status, "Available" | "Deprecated") || !may_turn) {
        return Err(Refusal::invalid("Status"));
    }
    let image = find_mut(world, call, id)?;
    if let Some(name) = name {
        name.clone_into(&mut image.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut image.base.description);
    }
    if let Some(family) = family {
        family.clone_into(&mut image.facts.family);
    }
    if let Some(status) = status {
        status.clone_into(&mut image.facts.status);
    }
    if let (Some(mode), Some(custom)) = (boot_mode, &mut image.custom) {
        mode.clone_into(&mut custom.boot_mode);
    }
    done()
}

/// A missing image is not an error. The snapshots of a deleted image are kept.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("ImageId")?;
    let force = call.flag("Force")?.unwrap_or(false);
    let Ok(image) = find(world, call, id) else {
        return done();
    };
    let custom = image.custom.as_ref();
    if custom.is_some_and(|custom| custom.copied && custom.until_ms.is_some()) {
        return Err(Refusal::denied(
            "OperationDenied.ImageCopying",
            "The image is being copied.",
        ));
    }
    if custom.is_some_and(|custom| !custom.shared.is_empty() || custom.public) {
        return Err(Refusal::denied(
            "ImageUseShared",
            "The image is shared with other accounts.",
        ));
    }
    let user = world
        .tables
        .instances
        .values()
        .find(|row| row.image == id && !row.base.released);
    if let Some(user) = user.filter(|_| !force) {
        return Err(Refusal::denied(
            "ImageUsingByInstance",
            format!("The image is used by the instance {}.", user.base.id),
        ));
    }
    world.tables.images.remove(id);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    fn row(bench: &mut Bench, id: &str) -> serde_json::Value {
        let pairs = [("ImageId", id), ("Status", "Creating,Available,Deprecated")];
        bench.ok("ecs.DescribeImages", &pairs)["Images"]["Image"][0].clone()
    }

    #[test]
    fn an_image_of_a_machine_lives() {
        let mut bench = Bench::new();
        let (machine, vswitch, group) = bench.machine(&[("DataDisk.1.Size", "30")]);
        let from = [("InstanceId", machine.as_str()), ("ImageName", "golden")];
        bench.refused("ecs.CreateImage", &from, "400 IncorrectInstanceStatus");
        bench.wait(20_000);
        let id = text(&bench.ok("ecs.CreateImage", &from), "ImageId");
        bench.refused("ecs.CreateImage", &from, "400 InvalidImageName.Duplicated");
        assert_eq!(
            bench.ok("ecs.DescribeImages", &[("ImageId", &id)])["TotalCount"],
            0,
            "only what is Available is listed unasked"
        );
        bench.wait(5_000);
        let seen = row(&mut bench, &id);
        assert_eq!(
            (&seen["Status"], &seen["Progress"], &seen["Usable"]),
            (&"Creating".into(), &"25%".into(), &false.into())
        );
        let run = [
            ("ImageId", id.as_str()),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", &vswitch),
            ("SecurityGroupId", &group),
        ];
        bench.refused(
            "ecs.RunInstances",
            &run,
            "403 OperationDenied.ImageNotValid",
        );
        bench.wait(15_000);
        let seen = row(&mut bench, &id);
        assert_eq!(
            (&seen["Status"], &seen["Usable"], &seen["ImageOwnerAlias"]),
            (&"Available".into(), &true.into(), &"self".into())
        );
        let snapshot = text(
            &seen["DiskDeviceMappings"]["DiskDeviceMapping"][1],
            "SnapshotId",
        );
        bench.refused(
            "ecs.DeleteSnapshot",
            &[("SnapshotId", &snapshot)],
            "403 SnapshotCreatedImage",
        );
        bench.ok("ecs.RunInstances", &run);
    }

    #[test]
    fn what_stands_in_the_way_of_an_image() {
        let mut bench = Bench::new();
        let (machine, vswitch, group) = bench.machine(&[("DataDisk.1.Size", "30")]);
        bench.wait(20_000);
        let id = text(
            &bench.ok(
                "ecs.CreateImage",
                &[("InstanceId", &machine), ("ImageName", "golden")],
            ),
            "ImageId",
        );
        bench.wait(20_000);
        let run = [
            ("ImageId", id.as_str()),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", &vswitch),
            ("SecurityGroupId", &group),
        ];
        let second = bench.ok("ecs.RunInstances", &run)["InstanceIdSets"]["InstanceIdSet"][0]
            .as_str()
            .expect("an id")
            .to_owned();
        let disks = bench.ok(
            "ecs.DescribeDisks",
            &[("InstanceId", &second), ("DiskType", "data")],
        );
        assert_eq!(
            (&disks["TotalCount"], &disks["Disks"]["Disk"][0]["Size"]),
            (&1.into(), &30.into())
        );
        bench.refused(
            "ecs.DeleteImage",
            &[("ImageId", &id)],
            "403 ImageUsingByInstance",
        );
        bench.ok(
            "ecs.ModifyImageSharePermission",
            &[("ImageId", &id), ("AddAccount.1", "1234567890123456")],
        );
        bench.refused(
            "ecs.DeleteImage",
            &[("ImageId", &id), ("Force", "true")],
            "403 ImageUseShared",
        );
        bench.ok(
            "ecs.ModifyImageSharePermission",
            &[("ImageId", &id), ("RemoveAccount.1", "1234567890123456")],
        );
        bench.ok(
            "ecs.ModifyImageAttribute",
            &[
                ("ImageId", &id),
                ("Status", "Deprecated"),
                ("ImageFamily", "golden"),
            ],
        );
        assert_eq!(row(&mut bench, &id)["Status"], "Deprecated");
        bench.ok("ecs.DeleteImage", &[("ImageId", &id), ("Force", "true")]);
        bench.ok("ecs.DeleteImage", &[("ImageId", &id)]);
        assert!(row(&mut bench, &id).is_null());
        assert_eq!(
            bench.ok("ecs.DescribeSnapshots", &[])["TotalCount"],
            2,
            "its snapshots stay"
        );
    }

    /// A snapshot of the system disk of a machine, still in the making.
    fn snapshot_of_machine(bench: &mut Bench) -> String {
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let disk = text(
            &bench.ok("ecs.DescribeDisks", &[("InstanceId", &machine)])["Disks"]["Disk"][0],
            "DiskId",
        );
        text(
            &bench.ok("ecs.CreateSnapshot", &[("DiskId", &disk)]),
            "SnapshotId",
        )
    }

    #[test]
    fn an_image_of_a_snapshot_and_its_copy() {
        let mut bench = Bench::new();
        let snapshot = snapshot_of_machine(&mut bench);
        bench.refused(
            "ecs.CreateImage",
            &[("SnapshotId", &snapshot)],
            "403 InvalidSnapshotId.NotReady",
        );
        bench.wait(10_000);
        let id = text(
            &bench.ok(
                "ecs.CreateImage",
                &[("SnapshotId", &snapshot), ("ImageName", "of-disk")],
            ),
            "ImageId",
        );
        bench.wait(20_000);
        let types = bench.ok(
            "ecs.DescribeImageSupportInstanceTypes",
            &[
                ("ImageId", &id),
                ("Filter.1.Key", "instanceTypeFamily"),
                ("Filter.1.Value", "ecs.c8y"),
            ],
        );
        assert_eq!(
            types["InstanceTypes"]["InstanceType"]
                .as_array()
                .map(Vec::len),
            Some(0)
        );
        let to = [
            ("ImageId", id.as_str()),
            ("DestinationRegionId", "cn-hangzhou"),
            ("DestinationImageName", "of-disk"),
        ];
        let copy = text(&bench.ok("ecs.CopyImage", &to), "ImageId");
        let far = [
            ("RegionId", "cn-hangzhou"),
            ("ImageId", copy.as_str()),
            ("Status", "Creating,Available"),
        ];
        assert_eq!(
            bench.ok("ecs.DescribeImages", &far)["Images"]["Image"][0]["Status"],
            "Creating"
        );
        bench.ok(
            "ecs.CancelCopyImage",
            &[("RegionId", "cn-hangzhou"), ("ImageId", &copy)],
        );
        assert_eq!(bench.ok("ecs.DescribeImages", &far)["TotalCount"], 0);
    }

    #[test]
    fn a_snapshot_is_copied_to_another_region() {
        let mut bench = Bench::new();
        let snapshot = snapshot_of_machine(&mut bench);
        bench.wait(10_000);
        let days = [
            ("SnapshotId", snapshot.as_str()),
            ("DestinationRegionId", "cn-hangzhou"),
            ("DestinationSnapshotName", "far"),
        ];
        let far = text(
            &bench.ok(
                "ecs.CopySnapshot",
                &[
                    days[0],
                    days[1],
                    days[2],
                    ("DestinationSnapshotDescription", "a copy"),
                ],
            ),
            "SnapshotId",
        );
        bench.wait(30_000);
        let listed = bench.ok("ecs.DescribeSnapshots", &[("RegionId", "cn-hangzhou")]);
        assert_eq!(
            listed["Snapshots"]["Snapshot"][0]["SnapshotId"],
            serde_json::json!(far)
        );
    }
}
