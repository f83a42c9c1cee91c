//! ResizeDisk, ModifyDiskAttribute, ModifyDiskSpec.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk::{self, Becoming, State};
use crate::product::ecs::guest;
use crate::product::ecs::instance::{self, AT_REST};
use crate::product::ecs::task;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ResizeDisk", resize),
    ("ModifyDiskAttribute", modify_attribute),
    ("ModifyDiskSpec", modify_spec),
];

/// Disks can grow and not shrink. The file system inside does not change.
fn resize(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("DiskId")?;
    let disk = disk::find(world, call, id)?;
    let size = call
        .int("NewSize")?
        .ok_or_else(|| Refusal::missing("NewSize"))?;
    let online = match call.given("Type") {
        None | Some("offline") => false,
        Some("online") => true,
        Some(_) => return Err(Refusal::invalid("Type")),
    };
    if online && disk.spec.category == "cloud" {
        return Err(Refusal::denied(
            "InvalidDiskCategory.NotSupported",
            "A disk of this category cannot be resized online.",
        ));
    }
    require_at_rest(world, call, disk, online)?;
    disk.unburdened(world)?;
    if size < disk.spec.size_gib {
        return Err(Refusal::denied(
            "InvalidDiskSize.TooSmall",
            "The new size must be greater than the old one.",
        ));
    }
    if size == disk.spec.size_gib {
        return Err(Refusal::denied(
            "InvalidDiskSize",
            "The new size is the old one.",
        ));
    }
    let mut spec = disk.spec.clone();
    spec.size_gib = size;
    if !disk::check_size(&spec, disk.system)? {
        return Err(Refusal::bad(
            "InvalidDiskSize.NotSupported",
            "The specified disk size is out of range.",
        ));
    }
    // A guest that does not run detects the new size at its next start, a running one only if it is
    // told.
    let disk = disk::find_mut(world, call, id)?;
    guest::grown(disk, size, online);
    disk.spec = spec;
    Ok(json!({ "OrderId": "" }))
}

/// A disk can change while it is Available, or on an instance that is Running or Stopped.
fn require_at_rest(
    world: &World,
    call: &Call<'_>,
    disk: &disk::Disk,
    online: bool,
) -> Result<(), Refusal> {
    match disk.state {
        // While a disk is created with its instance, it answers as the instance does.
        State::InUse | State::Creating if !disk.instance.is_empty() => {
            let machine = instance::find(world, call, &disk.instance)?;
            machine.unlocked()?;
            if online {
                return machine.require(
                    &[instance::State::Running],
                    Refusal::denied,
                    "InvalidInstanceStatus.NotRunning",
                );
            }
            machine.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")
        }
        State::Available if !online => Ok(()),
        State::Available => Err(Refusal::denied(
            "InvalidInstanceStatus.NotRunning",
            "The disk is not on a running instance.",
        )),
        _ => Err(Refusal::denied(
            "IncorrectDiskStatus",
            "The current disk status does not support this operation.",
        )),
    }
}

fn modify_attribute(world: &mut World, call: &Call<'_>) -> Answer {
    let mut ids = call.list("DiskIds");
    ids.extend(call.given("DiskId"));
    if ids.is_empty() {
        return Err(Refusal::missing("DiskId"));
    }
    let (name, description) = (call.text("DiskName"), call.text("Description"));
    disk::check_texts(name.unwrap_or_default(), description.unwrap_or_default())?;
    let (goes, snapshots, automatic, bursting) = (
        call.flag("DeleteWithInstance")?,
        call.flag("DeleteAutoSnapshot")?,
        call.flag("EnableAutoSnapshot")?,
        call.flag("BurstingEnabled")?,
    );
    if name.is_none()
        && description.is_none()
        && [goes, snapshots, automatic, bursting]
            .iter()
            .all(Option::is_none)
    {
        return Err(Refusal::bad(
            "NoAttributeToModify",
            "No attribute to be modified in this request.",
        ));
    }
    for id in ids {
        let disk = disk::find_mut(world, call, id)?;
        if matches!(disk.state, State::Creating | State::Deleting) {
            return Err(Refusal::denied(
                "IncorrectDiskStatus",
                "The current disk status does not support this operation.",
            ));
        }
        if bursting == Some(true) && disk.spec.category != "cloud_auto" {
            return Err(Refusal::invalid("BurstingEnabled"));
        }
        if let Some(name) = name {
            name.clone_into(&mut disk.base.name);
        }
        if let Some(description) = description {
            description.clone_into(&mut disk.base.description);
        }
        disk.spec.delete_with_instance = goes.unwrap_or(disk.spec.delete_with_instance);
        disk.delete_auto_snapshot = snapshots.unwrap_or(disk.delete_auto_snapshot);
        disk.enable_auto_snapshot = automatic.unwrap_or(disk.enable_auto_snapshot);
        disk.spec.bursting = bursting.unwrap_or(disk.spec.bursting);
    }
    done()
}

/// Whether a disk of one category can become another. The metadata of ModifyDiskSpec names what a
/// disk can become; a basic disk becomes nothing else, and a subscription nothing slower.
pub(crate) fn may_become(disk: &disk::Disk, to: &str) -> bool {
    const DESCENDING: [&str; 4] = ["cloud_essd", "cloud_auto", "cloud_ssd", "cloud_efficiency"];
    let place = |name: &str| DESCENDING.iter().position(|step| *step == name);
    let from = disk.spec.category.as_str();
    let Some(target) = place(to).filter(|_| from != to && from != "cloud") else {
        return false;
    };
    disk.charge_type != "PrePaid" || place(from).is_none_or(|own| target < own)
}

/// A task until it is done; the disk cannot be changed otherwise meanwhile.
fn change_category(world: &mut World, call: &Call<'_>, id: &str, wanted: &str) -> Answer {
    const AT_ONCE: usize = 5;
    const REST_MS: i64 = 7 * 86_400_000;
    let disk = disk::find(world, call, id)?;
    if !may_become(disk, wanted) {
        let message = format!(
            "A disk of category {} cannot become {wanted}.",
            disk.spec.category
        );
        return Err(Refusal::denied("InvalidDiskCategory.NotSupported", message));
    }
    if disk
        .category_changed_ms
        .is_some_and(|at| world.now_ms() < at + REST_MS)
    {
        return Err(Refusal::bad(
            "DiskInCoolingPeriod",
            "The category of the disk was changed a short while ago.",
        ));
    }
    let region = disk.base.region.clone();
    if world
        .tables
        .disks
        .values()
        .filter(|other| other.base.region == region && other.becoming.is_some())
        .count()
        >= AT_ONCE
    {
        return Err(Refusal::bad(
            "ModifyingDiskCategoryLimitExceed",
            "Too many disks of the region are being changed.",
        ));
    }
    let level = if wanted == "cloud_essd" {
        call.given("PerformanceLevel").unwrap_or("PL1")
    } else {
        ""
    };
    let mut spec = disk.spec.clone();
    (spec.category, spec.performance_level) = (wanted.to_owned(), level.to_owned());
    if !disk::check_size(&spec, disk.system)? {
        return Err(Refusal::denied(
            "OperationDenied.PerformanceLevelNotMatch",
            "The disk does not fit the category.",
        ));
    }
    let until_ms = world.now_ms() + world.options.profile.disk_task_ms;
    let task = task::begin(world, &region, "ModifyDiskSpec", id, until_ms);
    disk::find_mut(world, call, id)?.becoming = Some(Becoming {
        task: task.clone(),
        category: spec.category,
        performance_level: spec.performance_level,
        until_ms,
    });
    Ok(json!({"TaskId": task, "OrderId": ""}))
}

/// A performance level or provisioned IOPS change at once. A change of category is a task.
fn modify_spec(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("DiskId")?;
    let disk = disk::find(world, call, id)?;
    require_at_rest(world, call, disk, false)?;
    disk.unburdened(world)?;
    if let Some(wanted) = call
        .given("DiskCategory")
        .filter(|wanted| *wanted != disk.spec.category)
    {
        return change_category(world, call, id, wanted);
    }
    let (level, iops) = (call.given("PerformanceLevel"), call.int("ProvisionedIops")?);
    if iops.is_some() && disk.spec.category != "cloud_auto" {
        return Err(Refusal::invalid("ProvisionedIops"));
    }
    if let Some(level) = level {
        if disk.spec.category != "cloud_essd" || !matches!(level, "PL0" | "PL1" | "PL2" | "PL3") {
            return Err(Refusal::bad(
                "InvalidPerformanceLevel.Malformed",
                "The specified PerformanceLevel is not valid.",
            ));
        }
        if disk.spec.size_gib < disk::least(level) {
            let message = "The disk is too small for the performance level.";
            return Err(Refusal::denied(
                "OperationDenied.PerformanceLevelNotMatch",
                message,
            ));
        }
        if level == "PL0" && disk.spec.performance_level != "PL0" {
            return Err(Refusal::bad(
                "InvalidPerformanceLevel.Malformed",
                "A disk cannot be brought down to PL0.",
            ));
        }
    }
    let unchanged = level.is_none_or(|level| level == disk.spec.performance_level)
        && iops.is_none_or(|iops| iops == disk.spec.provisioned_iops);
    if unchanged {
        return Err(Refusal::bad(
            "NoChangeInDiskCategoryAndPerformanceLevel",
            "Nothing changes.",
        ));
    }
    let disk = disk::find_mut(world, call, id)?;
    if let Some(level) = level {
        level.clone_into(&mut disk.spec.performance_level);
    }
    disk.spec.provisioned_iops = iops.unwrap_or(disk.spec.provisioned_iops);
    Ok(json!({"TaskId": "", "OrderId": ""}))
}
