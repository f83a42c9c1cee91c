//! AttachDisk and DetachDisk, one at a time for an instance. A detached system disk becomes a data
//! disk.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk::{self, Disk, State};
use crate::product::ecs::instance::{self, AT_REST, Instance, draft};
use crate::product::ecs::key_pair;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[("AttachDisk", attach), ("DetachDisk", detach)];

fn attach(world: &mut World, call: &Call<'_>) -> Answer {
    let boots = call.flag("Bootable")?.unwrap_or(false);
    call.harmless(&["Force"]);
    let (disk_id, instance_id) = (call.need("DiskId")?, call.need("InstanceId")?);
    let disk = disk::find(world, call, disk_id)?;
    let machine = instance::find(world, call, instance_id)?;
    require_free(disk)?;
    if disk.zone != machine.zone {
        return Err(Refusal::denied(
            "ResourcesNotInSameZone",
            "The specified instance and disk are not in the same zone.",
        ));
    }
    machine.paid("InstanceExpiredOrInArrears")?;
    let states = if boots {
        &[instance::State::Stopped]
    } else {
        AT_REST
    };
    machine.require(states, Refusal::bad, "IncorrectInstanceStatus")?;
    if boots {
        check_bootable(world, call, disk, machine)?;
    }
    disk.unburdened(world)?;
    require_slot(world, instance_id)?;
    let device = match call.given("Device") {
        Some(device) => device.to_owned(),
        None if boots => "/dev/xvda".to_owned(),
        None => disk::free_device(world, instance_id),
    };
    // Credentials are for the system alone.
    let key_pair = call
        .given("KeyPairName")
        .filter(|_| boots)
        .map(str::to_owned);
    let until = world.now_ms() + world.options.profile.disk_attach_ms;
    let goes = call.flag("DeleteWithInstance")?.unwrap_or(false);
    let disk = disk::find_mut(world, call, disk_id)?;
    instance_id.clone_into(&mut disk.instance);
    (disk.state, disk.due_ms) = (State::Attaching, Some(until));
    (disk.spec.device, disk.spec.delete_with_instance) = (device, goes);
    disk.system = boots;
    // Attaching resets this to its default.
    disk.delete_auto_snapshot = false;
    if let Some(name) = key_pair {
        instance::find_mut(world, call, instance_id)?.key_pair = name;
    }
    done()
}

/// Only the system disk that a machine once had can become its system disk again, and only with new
/// credentials. Refuses a disk that is attached, or that is not ready to be.
fn require_free(disk: &Disk) -> Result<(), Refusal> {
    match disk.state {
        State::Available => Ok(()),
        State::InUse => Err(Refusal::absent(
            "InvalidDisk.InUse",
            "The specified disk has already been attached.",
        )),
        State::Creating => Err(Refusal::denied(
            "IncorrectDiskStatus.Initializing",
            "The specified disk is initializing.",
        )),
        _ => Err(Refusal::denied(
            "IncorrectDiskStatus",
            "The current disk status does not support this operation.",
        )),
    }
}

/// Refuses a machine that is attaching or detaching another disk, or that has no place for one
/// more.
fn require_slot(world: &World, instance_id: &str) -> Result<(), Refusal> {
    if disk::of_instance(world, instance_id)
        .any(|other| matches!(other.state, State::Attaching | State::Detaching))
    {
        return Err(Refusal::denied(
            "InvalidOperation.Conflict",
            "Another disk of the instance is being attached or detached.",
        ));
    }
    if disk::of_instance(world, instance_id)
        .filter(|other| !other.system)
        .count()
        >= world.options.quotas.data_disks
    {
        return Err(Refusal::denied(
            "InstanceDiskLimitExceeded",
            "The amount of disks of the instance reaches its limit.",
        ));
    }
    Ok(())
}

fn check_bootable(
    world: &World,
    call: &Call<'_>,
    disk: &Disk,
    machine: &Instance,
) -> Result<(), Refusal> {
    if disk.origin != machine.base.id
        || disk::of_instance(world, &machine.base.id).any(|held| held.system)
    {
        return Err(Refusal::denied(
            "DiskTypeViolation",
            "The disk cannot be the system disk of this instance.",
        ));
    }
    let (password, name) = (call.given("Password"), call.given("KeyPairName"));
    if password.is_none() && name.is_none() {
        return Err(Refusal::missing("KeyPairName"));
    }
    password.map_or(Ok(()), |password| {
        draft::check_password(password, &machine.os_type)
    })?;
    name.map_or(Ok(()), |name| {
        key_pair::require(world, &machine.base.region, name)
    })
}

fn detach(world: &mut World, call: &Call<'_>) -> Answer {
    let (disk_id, instance_id) = (call.need("DiskId")?, call.need("InstanceId")?);
    let disk = disk::find(world, call, disk_id)?;
    let machine = instance::find(world, call, instance_id)?;
    if disk.instance.is_empty() {
        return Err(Refusal::absent(
            "InvalidDisk.AlreadyDetached",
            "The specified disk has been detached.",
        ));
    }
    if disk.instance != instance_id {
        return Err(Refusal::denied(
            "DependencyViolation",
            "The specified disk has not been attached to the specified instance.",
        ));
    }
    if disk.state != State::InUse {
        return Err(Refusal::denied(
            "IncorrectDiskStatus",
            "The current disk status does not support this operation.",
        ));
    }
    machine.unlocked()?;
    let states = if disk.system {
        &[instance::State::Stopped]
    } else {
        AT_REST
    };
    machine.require(states, Refusal::denied, "IncorrectInstanceStatus")?;
    if disk::of_instance(world, instance_id)
        .any(|other| matches!(other.state, State::Attaching | State::Detaching))
    {
        return Err(Refusal::bad(
            "DisksDetachingOnEcsExceeded",
            "Another disk of the instance is being attached or detached.",
        ));
    }
    let goes = call.flag("DeleteWithInstance")?;
    let until = world.now_ms() + world.options.profile.disk_attach_ms;
    let disk = disk::find_mut(world, call, disk_id)?;
    (disk.state, disk.due_ms) = (State::Detaching, Some(until));
    if disk.system {
        // From now on it is a data disk. Only its former instance can use it as a system disk
        // again.
        disk.system = false;
        instance_id.clone_into(&mut disk.origin);
    }
    disk.spec.delete_with_instance = goes.unwrap_or(disk.spec.delete_with_instance);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    fn disk(bench: &mut Bench, id: &str) -> serde_json::Value {
        bench.ok("ecs.DescribeDisks", &[("DiskIds", &format!("[\"{id}\"]"))])["Disks"]["Disk"][0]
            .clone()
    }

    #[test]
    fn a_disk_lives() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let make = |zone: &'static str| {
            [
                ("ZoneId", zone),
                ("DiskCategory", "cloud_essd"),
                ("Size", "40"),
                ("DiskName", "data"),
            ]
        };
        let id = text(&bench.ok("ecs.CreateDisk", &make("cn-beijing-h")), "DiskId");
        let far = text(&bench.ok("ecs.CreateDisk", &make("cn-beijing-g")), "DiskId");
        let on = |id: &str| [("DiskId", id.to_owned()), ("InstanceId", machine.clone())];
        let call = |bench: &mut Bench, action: &str, pairs: [(&str, String); 2]| {
            let pairs = pairs.each_ref().map(|(k, v)| (*k, v.as_str()));
            bench.call(action, &pairs).err().unwrap_or_default()
        };
        assert_eq!(disk(&mut bench, &id)["Status"], "Creating");
        assert_eq!(
            call(&mut bench, "ecs.AttachDisk", on(&id)),
            "403 IncorrectDiskStatus.Initializing"
        );
        bench.wait(1_000);
        assert_eq!(
            call(&mut bench, "ecs.AttachDisk", on(&far)),
            "403 ResourcesNotInSameZone"
        );
        let with_key = [
            ("DiskId", id.as_str()),
            ("InstanceId", machine.as_str()),
            ("KeyPairName", "ops"),
        ];
        bench.ok("ecs.AttachDisk", &with_key);
        assert_eq!(
            text(&bench.instance(&machine), "KeyPairName"),
            "",
            "a key pair is for a system disk"
        );
        assert_eq!(disk(&mut bench, &id)["Status"], "Attaching");
        bench.wait(3_000);
        let row = disk(&mut bench, &id);
        assert_eq!(
            (&row["Status"], &row["Device"], &row["DeleteWithInstance"]),
            (&"In_use".into(), &"/dev/xvdb".into(), &false.into())
        );
        assert_eq!(
            call(&mut bench, "ecs.AttachDisk", on(&id)),
            "404 InvalidDisk.InUse"
        );
        bench.refused(
            "ecs.DeleteDisk",
            &[("DiskId", &id)],
            "403 IncorrectDiskStatus",
        );
        assert_eq!(call(&mut bench, "ecs.DetachDisk", on(&id)), "");
        bench.wait(3_000);
        assert_eq!(
            call(&mut bench, "ecs.DetachDisk", on(&id)),
            "404 InvalidDisk.AlreadyDetached"
        );
        bench.ok("ecs.DeleteDisk", &[("DiskId", &id)]);
        bench.wait(1_000);
        bench.ok("ecs.DeleteDisk", &[("DiskId", &id)]);
        assert!(disk(&mut bench, &id).is_null());
    }

    #[test]
    fn sizes_grow_and_levels_rise() {
        let mut bench = Bench::new();
        let pairs = [
            ("ZoneId", "cn-beijing-h"),
            ("DiskCategory", "cloud_essd"),
            ("Size", "400"),
            ("PerformanceLevel", "PL1"),
        ];
        let id = text(&bench.ok("ecs.CreateDisk", &pairs), "DiskId");
        let size = |gib: &'static str| [("DiskId", id.as_str()), ("NewSize", gib)];
        bench.refused("ecs.ResizeDisk", &size("500"), "403 IncorrectDiskStatus");
        bench.wait(1_000);
        bench.refused(
            "ecs.ResizeDisk",
            &size("300"),
            "403 InvalidDiskSize.TooSmall",
        );
        bench.refused("ecs.ResizeDisk", &size("400"), "403 InvalidDiskSize");
        let level = |name: &'static str| [("DiskId", id.as_str()), ("PerformanceLevel", name)];
        bench.refused(
            "ecs.ModifyDiskSpec",
            &level("PL2"),
            "403 OperationDenied.PerformanceLevelNotMatch",
        );
        bench.ok("ecs.ResizeDisk", &size("500"));
        bench.ok("ecs.ModifyDiskSpec", &level("PL2"));
        bench.refused(
            "ecs.ModifyDiskSpec",
            &level("PL2"),
            "400 NoChangeInDiskCategoryAndPerformanceLevel",
        );
        bench.refused(
            "ecs.ModifyDiskAttribute",
            &[("DiskId", &id)],
            "400 NoAttributeToModify",
        );
        bench.ok(
            "ecs.ModifyDiskAttribute",
            &[("DiskId", &id), ("DiskName", "data")],
        );
        let row = disk(&mut bench, &id);
        assert_eq!(
            (&row["Size"], &row["PerformanceLevel"], &row["DiskName"]),
            (&500.into(), &"PL2".into(), &"data".into())
        );
    }
}
