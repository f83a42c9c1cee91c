//! ReInitDisk, ResetDisk, ModifyDiskChargeType: the content of a disk, and how it is paid.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk::{self, State};
use crate::product::ecs::instance::{self, draft, prepaid};
use crate::product::ecs::snapshot;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ReInitDisk", reinit),
    ("ResetDisk", reset),
    ("ModifyDiskChargeType", modify_charge_type),
];

/// Refuses unless the disk is on a stopped machine that may be written to.
fn require_stopped(world: &World, call: &Call<'_>, disk: &disk::Disk) -> Result<(), Refusal> {
    if disk.state != State::InUse {
        return Err(Refusal::denied(
            "IncorrectDiskStatus",
            "The current disk status does not support this operation.",
        ));
    }
    let machine = instance::find(world, call, &disk.instance)?;
    machine.paid("InstanceExpiredOrInArrears")?;
    machine.require(
        &[instance::State::Stopped],
        Refusal::denied,
        "IncorrectInstanceStatus",
    )?;
    disk.unburdened(world)
}

fn begin(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let until = world.now_ms() + world.options.profile.disk_reinit_ms;
    let disk = disk::find_mut(world, call, id)?;
    (disk.state, disk.due_ms) = (State::ReIniting, Some(until));
    Ok(())
}

/// Resets a disk to its image or snapshot, or to empty.
fn reinit(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["SecurityEnhancementStrategy"]);
    call.only("AutoStartInstance", "false")?;
    let id = call.need("DiskId")?;
    let disk = disk::find(world, call, id)?;
    require_stopped(world, call, disk)?;
    if !disk.spec.snapshot.is_empty() && world.tables.snapshots.get(&disk.spec.snapshot).is_none() {
        let message = "The snapshot that the disk was made from is gone.";
        return Err(Refusal::denied(
            "OperationDenied.SourceSnapshotDeleted",
            message,
        ));
    }
    let machine = instance::find(world, call, &disk.instance)?;
    if let Some(password) = call.given("Password") {
        draft::check_password(password, &machine.os_type)?;
    }
    if let Some(name) = call.given("KeyPairName") {
        let machine_id = machine.base.id.clone();
        crate::product::ecs::key_pair::require(world, &machine.base.region, name)?;
        name.clone_into(&mut instance::find_mut(world, call, &machine_id)?.key_pair);
    }
    begin(world, call, id)?;
    done()
}

/// Resets a disk to one of its own snapshots.
fn reset(world: &mut World, call: &Call<'_>) -> Answer {
    let (id, snapshot_id) = (call.need("DiskId")?, call.need("SnapshotId")?);
    let disk = disk::find(world, call, id)?;
    let snapshot = snapshot::find(world, call, snapshot_id)?;
    require_stopped(world, call, disk)?;
    snapshot.require_ready()?;
    if snapshot.disk != id {
        return Err(Refusal::denied(
            "InvalidParameter.Mismatch",
            "The snapshot is not one of the disk.",
        ));
    }
    begin(world, call, id)?;
    done()
}

/// Only disks of a subscription instance can be subscriptions.
fn modify_charge_type(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoPay"]);
    let machine = instance::find(world, call, call.need("InstanceId")?)?.clone();
    let wanted = match call.given("DiskChargeType") {
        None | Some("PrePaid") => "PrePaid",
        Some("PostPaid") => "PostPaid",
        Some(_) => return Err(Refusal::invalid("DiskChargeType")),
    };
    if machine.charge_type != "PrePaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "The instance is not a subscription.",
        ));
    }
    let ids = call
        .json_list("DiskIds", "InvalidDiskIds.Malformed")?
        .ok_or_else(|| Refusal::missing("DiskIds"))?;
    if ids.is_empty() || ids.len() > 16 {
        return Err(Refusal::bad(
            "InvalidDiskIds.Malformed",
            "The number of DiskIds must be 1 to 16.",
        ));
    }
    for id in &ids {
        let disk = disk::find_mut(world, call, id)?;
        if disk.instance != machine.base.id || disk.system {
            return Err(Refusal::denied(
                "DependencyViolation",
                "The disk is not a data disk of the instance.",
            ));
        }
        wanted.clone_into(&mut disk.charge_type);
    }
    Ok(json!({ "OrderId": prepaid::new_order(world) }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    fn disk_of(bench: &mut Bench, machine: &str) -> serde_json::Value {
        bench.ok("ecs.DescribeDisks", &[("InstanceId", machine)])["Disks"]["Disk"][0].clone()
    }

    #[test]
    fn a_disk_goes_back_to_its_beginning_and_to_a_snapshot() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let id = text(&disk_of(&mut bench, &machine), "DiskId");
        let snapshot = text(
            &bench.ok("ecs.CreateSnapshot", &[("DiskId", &id)]),
            "SnapshotId",
        );
        bench.wait(10_000);
        bench.refused(
            "ecs.ReInitDisk",
            &[("DiskId", &id)],
            "403 IncorrectInstanceStatus",
        );
        bench.ok("ecs.StopInstance", &[("InstanceId", &machine)]);
        bench.wait(5_000);
        bench.ok("ecs.ReInitDisk", &[("DiskId", &id)]);
        assert_eq!(disk_of(&mut bench, &machine)["Status"], "ReIniting");
        bench.wait(3_000);
        bench.ok(
            "ecs.ResetDisk",
            &[("DiskId", &id), ("SnapshotId", &snapshot)],
        );
        bench.wait(3_000);
        assert_eq!(disk_of(&mut bench, &machine)["Status"], "In_use");
    }

    #[test]
    fn a_system_disk_leaves_and_comes_back() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let id = text(&disk_of(&mut bench, &machine), "DiskId");
        let on = [("DiskId", id.as_str()), ("InstanceId", machine.as_str())];
        bench.refused("ecs.DetachDisk", &on, "403 IncorrectInstanceStatus");
        bench.ok("ecs.StopInstance", &[("InstanceId", &machine)]);
        bench.wait(5_000);
        bench.ok("ecs.DetachDisk", &on);
        bench.wait(3_000);
        bench.refused(
            "ecs.StartInstance",
            &[("InstanceId", &machine)],
            "403 DiskError",
        );
        let boots = [on[0], on[1], ("Bootable", "true")];
        bench.refused("ecs.AttachDisk", &boots, "400 MissingParameter");
        bench.ok(
            "ecs.AttachDisk",
            &[boots[0], boots[1], boots[2], ("Password", "Abcd1234!")],
        );
        bench.wait(3_000);
        let row = disk_of(&mut bench, &machine);
        assert_eq!(
            (&row["Type"], &row["Device"]),
            (&"system".into(), &"/dev/xvda".into())
        );
        bench.ok("ecs.StartInstance", &[("InstanceId", &machine)]);
    }

    #[test]
    fn a_change_of_category_is_a_task() {
        let mut bench = Bench::new();
        let pairs = [
            ("ZoneId", "cn-beijing-h"),
            ("DiskCategory", "cloud_ssd"),
            ("Size", "40"),
        ];
        let id = text(&bench.ok("ecs.CreateDisk", &pairs), "DiskId");
        bench.wait(1_000);
        let to = |category: &'static str| [("DiskId", id.as_str()), ("DiskCategory", category)];
        bench.refused(
            "ecs.ModifyDiskSpec",
            &to("cloud_essd_entry"),
            "403 InvalidDiskCategory.NotSupported",
        );
        let task = text(&bench.ok("ecs.ModifyDiskSpec", &to("cloud_essd")), "TaskId");
        let status = |bench: &mut Bench| {
            text(
                &bench.ok("ecs.DescribeTaskAttribute", &[("TaskId", &task)]),
                "TaskStatus",
            )
        };
        assert_eq!(status(&mut bench), "Processing");
        bench.refused(
            "ecs.ResizeDisk",
            &[("DiskId", &id), ("NewSize", "50")],
            "403 IncorrectDiskStatus",
        );
        bench.wait(10_000);
        assert_eq!(status(&mut bench), "Finished");
        let row = bench.ok("ecs.DescribeDisks", &[])["Disks"]["Disk"][0].clone();
        assert_eq!(
            (&row["Category"], &row["PerformanceLevel"]),
            (&"cloud_essd".into(), &"PL1".into())
        );
        bench.refused(
            "ecs.ModifyDiskSpec",
            &to("cloud_auto"),
            "400 DiskInCoolingPeriod",
        );
    }

    #[test]
    fn disks_of_a_subscription_can_be_subscriptions() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[
            ("InstanceChargeType", "PrePaid"),
            ("Period", "1"),
            ("DataDisk.1.Size", "20"),
            ("DataDisk.1.Category", "cloud_ssd"),
        ]);
        bench.wait(20_000);
        let data = [("InstanceId", machine.as_str()), ("DiskType", "data")];
        let id = text(
            &bench.ok("ecs.DescribeDisks", &data)["Disks"]["Disk"][0],
            "DiskId",
        );
        let ids = format!("[\"{id}\"]");
        bench.ok(
            "ecs.ModifyDiskChargeType",
            &[("InstanceId", &machine), ("DiskIds", &ids)],
        );
        assert_eq!(
            bench.ok("ecs.DescribeDisks", &data)["Disks"]["Disk"][0]["DiskChargeType"],
            "PrePaid"
        );
        // A subscription becomes nothing slower; what is paid by the hour may.
        bench.refused(
            "ecs.ModifyDiskSpec",
            &[("DiskId", &id), ("DiskCategory", "cloud_efficiency")],
            "403 InvalidDiskCategory.NotSupported",
        );
        let pairs = [
            ("ZoneId", "cn-beijing-h"),
            ("DiskCategory", "cloud_ssd"),
            ("Size", "20"),
        ];
        let hourly = text(&bench.ok("ecs.CreateDisk", &pairs), "DiskId");
        bench.wait(5_000);
        bench.ok(
            "ecs.ModifyDiskSpec",
            &[("DiskId", &hourly), ("DiskCategory", "cloud_efficiency")],
        );
        bench.ok(
            "ecs.CreateDisk",
            &[
                ("InstanceId", &machine),
                ("DiskCategory", "cloud_essd"),
                ("Size", "20"),
            ],
        );
        assert_eq!(bench.ok("ecs.DescribeDisks", &data)["TotalCount"], 2);
    }
}
