//! ModifySnapshotAttribute and DeleteSnapshot.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::snapshot::{self, create};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ModifySnapshotAttribute", modify),
    ("DeleteSnapshot", delete),
];

/// The retention can be extended, not shortened.
fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["DisableInstantAccess"]);
    let id = call.need("SnapshotId")?;
    let (name, description, days) = (
        call.text("SnapshotName"),
        call.text("Description"),
        create::retention(call)?,
    );
    create::check_texts(name.unwrap_or_default(), description.unwrap_or_default())?;
    let snapshot = snapshot::find_mut(world, call, id)?;
    if name.is_none()
        && description.is_none()
        && days.is_none()
        && call.given("DisableInstantAccess").is_none()
    {
        return Err(Refusal::bad(
            "NoAttributeToModify",
            "No attribute to be modified in this request.",
        ));
    }
    if let Some(days) = days {
        if snapshot.retention_days.is_some_and(|held| days < held) {
            return Err(Refusal::bad(
                "InvalidRetentionDays.Malformed",
                "RetentionDays can only be raised.",
            ));
        }
        snapshot.retention_days = Some(days);
    }
    if let Some(name) = name {
        name.clone_into(&mut snapshot.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut snapshot.base.description);
    }
    done()
}

/// A missing snapshot is not an error; one in progress is cancelled.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("SnapshotId")?;
    let force = call.flag("Force")?.unwrap_or(false);
    if snapshot::find(world, call, id).is_err() {
        return done();
    }
    require_free(world, id, force)?;
    world.tables.snapshots.remove(id);
    done()
}

/// Refuses a snapshot that another resource uses.
pub(crate) fn require_free(world: &World, id: &str, force: bool) -> Result<(), Refusal> {
    if let Some(image) = snapshot::used_by_image(world, id) {
        return Err(Refusal::denied(
            "SnapshotCreatedImage",
            format!("The snapshot {id} has been used to create the image {image}."),
        ));
    }
    let disk = world
        .tables
        .disks
        .values()
        .find(|disk| disk.spec.snapshot == id);
    if let Some(disk) = disk.filter(|_| !force) {
        return Err(Refusal::denied(
            "SnapshotCreatedDisk",
            format!(
                "The snapshot {id} has been used to create the disk {}.",
                disk.base.id
            ),
        ));
    }
    Ok(())
}
