//! `snapshot`: the content of a disk at a moment.
//!
//! progressing (10 s, with a percentage) → accomplished → deleted at the end of its retention. A
//! copy to another region takes longer. Invariant: a disk has at most one snapshot in progress; a
//! snapshot that an image uses cannot be deleted.

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::call::Call;
use crate::product::ecs::disk::Disk;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod group;
pub(crate) mod read;

/// A snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) base: Base,
    /// While in progress, the time of its end.
    pub(crate) until_ms: Option<i64>,
    pub(crate) disk: String,
    pub(crate) system: bool,
    pub(crate) size_gib: i64,
    /// `user`, or `timer` for a snapshot of a policy.
    pub(crate) kind: String,
    pub(crate) retention_days: Option<i64>,
    pub(crate) encrypted: bool,
    pub(crate) kms_key: String,
    pub(crate) changed_ms: i64,
    /// Region and id of the original of a copy; empty otherwise.
    pub(crate) source: (String, String),
    /// The snapshot group; empty if it has none.
    pub(crate) group: String,
}

const DAY_MS: i64 = 86_400_000;

impl Row for Snapshot {
    const KIND: &'static str = "snapshot";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        if self.until_ms.is_some() {
            "progressing"
        } else {
            "accomplished"
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.until_ms.or_else(|| {
            self.retention_days
                .map(|days| self.base.created_ms + days * DAY_MS)
        })
    }

    fn step(world: &mut World, id: &str) {
        let now = world.now_ms();
        let Some(snapshot) = world.tables.snapshots.get_mut(id) else {
            return;
        };
        if snapshot.until_ms.take().is_some() {
            snapshot.changed_ms = now;
        } else if used_by_image(world, id).is_none() {
            world.tables.snapshots.remove(id);
        } else if let Some(snapshot) = world.tables.snapshots.get_mut(id) {
            // An image uses it, so it is kept.
            snapshot.retention_days = None;
        }
    }
}

impl Snapshot {
    /// The progress in percent.
    pub(crate) fn progress(&self, now_ms: i64) -> i64 {
        let Some(until) = self.until_ms else {
            return 100;
        };
        let whole = (until - self.base.created_ms).max(1);
        ((now_ms - self.base.created_ms) * 100 / whole).clamp(0, 99)
    }

    /// Refuses a snapshot in progress.
    pub(crate) fn require_ready(&self) -> Result<(), Refusal> {
        if self.until_ms.is_some() {
            return Err(Refusal::denied(
                "InvalidSnapshotId.NotReady",
                format!("The snapshot {} is not ready.", self.base.id),
            ));
        }
        Ok(())
    }
}

/// The snapshot that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a Snapshot, Refusal> {
    let snapshot = world
        .tables
        .snapshots
        .get(id)
        .filter(|snapshot| call.in_region(&snapshot.base.region));
    snapshot.ok_or_else(|| {
        Refusal::absent(
            "InvalidSnapshotId.NotFound",
            format!("The specified snapshot {id} does not exist."),
        )
    })
}

/// The snapshot that a call names, for a change.
pub(crate) fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut Snapshot, Refusal> {
    find(world, call, id)?;
    Ok(world
        .tables
        .snapshots
        .get_mut(id)
        .expect("the snapshot was just found"))
}

/// Whether a snapshot of the disk is being taken.
pub(crate) fn in_progress(world: &World, disk: &str) -> bool {
    world.tables.snapshots.values().any(|snapshot| {
        snapshot.disk == disk && snapshot.until_ms.is_some() && snapshot.source.1.is_empty()
    })
}

/// The image that uses a snapshot.
pub(crate) fn used_by_image<'a>(world: &'a World, id: &'a str) -> Option<&'a str> {
    let images = world.tables.images.values();
    let holds = |image: &&crate::product::ecs::image::Image| {
        image
            .custom
            .as_ref()
            .is_some_and(|custom| custom.mappings.iter().any(|mapping| mapping.snapshot == id))
    };
    images
        .into_iter()
        .find(holds)
        .map(|image| image.base.id.as_str())
}

/// Creates a snapshot of a disk that was checked; returns its id.
pub(crate) fn take(world: &mut World, disk: &Disk, kind: &str) -> String {
    let mut base = world.new_base("s", &disk.base.region);
    base.resource_group.clone_from(&disk.base.resource_group);
    let id = base.id.clone();
    let snapshot = Snapshot {
        until_ms: Some(world.now_ms() + world.options.profile.snapshot_create_ms),
        disk: disk.base.id.clone(),
        system: disk.system,
        size_gib: disk.spec.size_gib,
        kind: kind.to_owned(),
        retention_days: None,
        encrypted: disk.spec.encrypted,
        kms_key: disk.spec.kms_key.clone(),
        changed_ms: base.created_ms,
        source: (String::new(), String::new()),
        group: String::new(),
        base,
    };
    world.tables.snapshots.insert(&id, snapshot);
    id
}

/// Deletes the automatic snapshots of a deleted disk, if it is configured so.
pub(crate) fn follow(world: &mut World, disk: &str) {
    if !world
        .tables
        .disks
        .get(disk)
        .is_some_and(|disk| disk.delete_auto_snapshot)
    {
        return;
    }
    let ids = world
        .tables
        .snapshots
        .values()
        .filter(|snapshot| snapshot.disk == disk && snapshot.kind == "timer");
    let ids: Vec<String> = ids.map(|snapshot| snapshot.base.id.clone()).collect();
    for id in ids {
        if used_by_image(world, &id).is_none() {
            world.tables.snapshots.remove(&id);
        }
    }
}
