//! CreateSnapshot and CopySnapshot.

use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::product::Actions;
use crate::product::ecs::disk::{self, Disk, State};
use crate::product::ecs::instance::{self, AT_REST};
use crate::product::ecs::snapshot::{self, Snapshot};
use crate::refusal::Refusal;
use crate::regions;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("CreateSnapshot", create), ("CopySnapshot", copy)];

/// A name that is not one of those that policies give.
pub(crate) fn check_texts(name: &str, description: &str) -> Result<(), Refusal> {
    if !name.is_empty() && (!names::is_name(name, 2, 128, ":_.-") || name.starts_with("auto")) {
        return Err(Refusal::bad(
            "InvalidSnapshotName.Malformed",
            "The specified snapshot name is not valid.",
        ));
    }
    if !description.is_empty() && !names::is_text(description, 2, 256) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    Ok(())
}

/// The retention in days; `None`: for ever.
pub(crate) fn retention(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    let days = call.int("RetentionDays")?;
    if days.is_some_and(|days| !(1..=65_536).contains(&days)) {
        return Err(Refusal::bad(
            "InvalidRetentionDays.Malformed",
            "The specified RetentionDays is not valid.",
        ));
    }
    Ok(days)
}

/// Refuses a disk of which no snapshot can be taken now.
pub(crate) fn check_disk(world: &World, call: &Call<'_>, disk: &Disk) -> Result<(), Refusal> {
    match disk.state {
        State::Available if disk.attached_ms.is_none() => {
            return Err(Refusal::denied(
                "IncorrectDiskStatus.NeverAttached",
                "The disk has never been attached to an instance.",
            ));
        }
        State::Available => {}
        State::InUse => {
            let machine = instance::find(world, call, &disk.instance)?;
            machine.unlocked()?;
            machine.require(AT_REST, Refusal::bad, "IncorrectInstanceStatus")?;
            if machine.started_ms.is_none() {
                return Err(Refusal::denied(
                    "IncorrectDiskStatus.NeverUsed",
                    "The instance of the disk has never been started.",
                ));
            }
        }
        State::Creating if !disk.instance.is_empty() => {
            return Err(Refusal::bad(
                "IncorrectInstanceStatus",
                "The instance of the disk is being created.",
            ));
        }
        _ => {
            return Err(Refusal::denied(
                "IncorrectDiskStatus",
                "The current disk status does not support this operation.",
            ));
        }
    }
    if snapshot::in_progress(world, &disk.base.id) {
        return Err(Refusal::denied(
            "IncorrectDiskStatus.CreatingSnapshot",
            "A snapshot of the disk is being created.",
        ));
    }
    if disk.becoming.is_some() {
        return Err(Refusal::denied(
            "IncorrectDiskStatus.Transferring",
            "The category of the disk is being changed.",
        ));
    }
    let held = world
        .tables
        .snapshots
        .values()
        .filter(|held| held.disk == disk.base.id && held.kind == "user")
        .count();
    if held >= world.options.quotas.snapshots_of_disk {
        return Err(Refusal::denied(
            "QuotaExceed.Snapshot",
            "The maximum number of snapshots of the disk is reached.",
        ));
    }
    Ok(())
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("Category", "Standard")?;
    call.harmless(&["InstantAccess", "InstantAccessRetentionDays"]);
    let disk = disk::find(world, call, call.need("DiskId")?)?.clone();
    let (name, description) = (
        call.given("SnapshotName").unwrap_or_default(),
        call.given("Description").unwrap_or_default(),
    );
    check_texts(name, description)?;
    check_disk(world, call, &disk)?;
    let (days, tags) = (retention(call)?, tags::of_create(call)?);
    let id = snapshot::take(world, &disk, "user");
    let snapshot = snapshot::find_mut(world, call, &id)?;
    snapshot.retention_days = days;
    (
        snapshot.base.name,
        snapshot.base.description,
        snapshot.base.tags,
    ) = (name.to_owned(), description.to_owned(), tags);
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut snapshot.base.resource_group);
    }
    Ok(json!({ "SnapshotId": id }))
}

/// A copy in another region.
fn copy(world: &mut World, call: &Call<'_>) -> Answer {
    let source = snapshot::find(world, call, call.need("SnapshotId")?)?.clone();
    source.require_ready()?;
    let region = call.need("DestinationRegionId")?;
    if regions::find(region).is_none() {
        return Err(Refusal::absent(
            "InvalidRegionId.NotFound",
            "The specified DestinationRegionId does not exist.",
        ));
    }
    if region == source.base.region {
        return Err(Refusal::denied(
            "InvalidRegionId.NotSupport",
            "The destination is the region of the snapshot.",
        ));
    }
    let (name, description) = (
        call.need("DestinationSnapshotName")?,
        call.need("DestinationSnapshotDescription")?,
    );
    check_texts(name, description)?;
    let retention_days = retention(call)?;
    let encrypted = call.flag("Encrypted")?.unwrap_or(false) || source.encrypted;
    let kms_key = call.given("KMSKeyId").unwrap_or_default().to_owned();
    let until_ms = Some(world.now_ms() + world.options.profile.image_copy_ms);
    let made = world.new_base("s", region);
    let base = Base {
        name: name.to_owned(),
        description: description.to_owned(),
        tags: tags::of_create(call)?,
        ..made
    };
    let id = base.id.clone();
    let copy = Snapshot {
        until_ms,
        retention_days,
        encrypted,
        kms_key,
        kind: "user".to_owned(),
        changed_ms: base.created_ms,
        source: (source.base.region.clone(), source.base.id.clone()),
        group: String::new(),
        base,
        ..source
    };
    world.tables.snapshots.insert(&id, copy);
    Ok(json!({ "SnapshotId": id }))
}
