//! `snapshot_group`: snapshots of several disks at the same moment.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::disk::{self, Disk};
use crate::product::ecs::instance;
use crate::product::ecs::snapshot::{self, Snapshot, change, create};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateSnapshotGroup", create_group),
    ("DescribeSnapshotGroups", describe),
    ("ModifySnapshotGroup", modify),
    ("DeleteSnapshotGroup", delete),
];

/// A group of snapshots.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SnapshotGroup {
    pub(crate) base: Base,
    instance: String,
    /// The time at which its last snapshot is complete.
    until_ms: i64,
}

impl Row for SnapshotGroup {
    const KIND: &'static str = "snapshot_group";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        "accomplished"
    }
}

fn find<'a>(world: &'a World, call: &Call<'_>, id: &str) -> Result<&'a SnapshotGroup, Refusal> {
    let group = world
        .tables
        .snapshot_groups
        .get(id)
        .filter(|group| call.in_region(&group.base.region));
    group.ok_or_else(|| {
        Refusal::absent(
            "InvalidSnapshotGroupId.NotFound",
            format!("The specified snapshot group {id} does not exist."),
        )
    })
}

fn members<'a>(world: &'a World, id: &'a str) -> impl Iterator<Item = &'a Snapshot> {
    world
        .tables
        .snapshots
        .values()
        .filter(move |snapshot| snapshot.group == id)
}

/// The disks of a call: those of an instance without some, or the named ones.
fn disks(world: &World, call: &Call<'_>) -> Result<Vec<Disk>, Refusal> {
    let (named, left_out) = (call.list("DiskId"), call.list("ExcludeDiskId"));
    if !named.is_empty() && !left_out.is_empty() {
        return Err(Refusal::bad(
            "InvalidParameter.Conflict",
            "DiskId and ExcludeDiskId exclude each other.",
        ));
    }
    let disks: Vec<Disk> = if named.is_empty() {
        let machine = call.need("InstanceId")?;
        instance::find(world, call, machine)?;
        disk::of_instance(world, machine)
            .filter(|disk| !left_out.contains(&disk.base.id.as_str()))
            .cloned()
            .collect()
    } else {
        named
            .iter()
            .map(|id| disk::find(world, call, id).cloned())
            .collect::<Result<_, _>>()?
    };
    if disks.is_empty() || disks.len() > 16 {
        return Err(Refusal::invalid("DiskId"));
    }
    Ok(disks)
}

fn create_group(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["InstantAccess", "InstantAccessRetentionDays"]);
    let disks = disks(world, call)?;
    for disk in &disks {
        create::check_disk(world, call, disk)?;
    }
    let (name, description) = (
        call.given("Name").unwrap_or_default(),
        call.given("Description").unwrap_or_default(),
    );
    create::check_texts(name, description)?;
    let tags = tags::of_create(call)?;
    let mut base = world.new_base("ssg", region);
    (base.name, base.description, base.tags) =
        (name.to_owned(), description.to_owned(), tags.clone());
    let id = base.id.clone();
    for disk in &disks {
        let snapshot = snapshot::take(world, disk, "user");
        let snapshot = snapshot::find_mut(world, call, &snapshot)?;
        snapshot.group.clone_from(&id);
        snapshot.base.tags.clone_from(&tags);
    }
    let until_ms = world.now_ms() + world.options.profile.snapshot_create_ms;
    let instance = call.given("InstanceId").unwrap_or_default().to_owned();
    world.tables.snapshot_groups.insert(
        &id,
        SnapshotGroup {
            base,
            instance,
            until_ms,
        },
    );
    Ok(json!({ "SnapshotGroupId": id }))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, statuses) = (call.list("SnapshotGroupId"), call.list("Status"));
    let (machine, name, group) = (
        call.given("InstanceId"),
        call.given("Name"),
        call.given("ResourceGroupId"),
    );
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.snapshot_groups, !ids.is_empty())
        .filter(|row| {
            row.base.region == region
                && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
                && (statuses.is_empty() || statuses.contains(&status(world, row)))
                && machine.is_none_or(|machine| machine == row.instance)
                && name.is_none_or(|name| names::like(name, &row.base.name))
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let page = page::tokened(call, rows, |row| &row.base, (10, 1, 100))?;
    let groups: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    Ok(json!({"NextToken": page.next, "SnapshotGroups": {"SnapshotGroup": groups}}))
}

fn status(world: &World, row: &SnapshotGroup) -> &'static str {
    if world.now_ms() < row.until_ms {
        "progressing"
    } else {
        "accomplished"
    }
}

fn listed(world: &World, row: &SnapshotGroup) -> Value {
    let snapshots: Vec<Value> = members(world, &row.base.id)
        .map(|snapshot| {
            json!({
                "SnapshotId": snapshot.base.id, "SourceDiskId": snapshot.disk,
                "SourceDiskType": if snapshot.system { "system" } else { "data" },
                "Progress": format!("{}%", snapshot.progress(world.now_ms())),
                "Available": snapshot.until_ms.is_none(), "InstantAccess": true,
                "InstantAccessRetentionDays": 0,
                "Tags": tags::key_list(&snapshot.base.tags),
            })
        })
        .collect();
    json!({
        "SnapshotGroupId": row.base.id, "Name": row.base.name, "Description": row.base.description,
        "InstanceId": row.instance,
        "Status": status(world, row), "ProgressStatus": "",
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
        "ResourceGroupId": row.base.resource_group, "Snapshots": {"Snapshot": snapshots},
        "Tags": tags::key_list(&row.base.tags),
    })
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("SnapshotGroupId")?;
    find(world, call, id)?;
    let (name, description) = (call.text("Name"), call.text("Description"));
    create::check_texts(name.unwrap_or_default(), description.unwrap_or_default())?;
    let Some(group) = world.tables.snapshot_groups.get_mut(id) else {
        return done();
    };
    if let Some(name) = name {
        name.clone_into(&mut group.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut group.base.description);
    }
    done()
}

/// Deletes the snapshots that can be deleted. One that is in use is reported and kept, and the
/// group with it.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("SnapshotGroupId")?;
    find(world, call, id)?;
    let ids: Vec<String> = members(world, id)
        .map(|snapshot| snapshot.base.id.clone())
        .collect();
    let mut progress = Vec::new();
    let mut kept = false;
    for snapshot in &ids {
        let outcome = change::require_free(world, snapshot, false);
        let (status, code, message) = match &outcome {
            Ok(()) => ("Success", "", ""),
            Err(refusal) => ("Failed", refusal.code.as_ref(), refusal.message.as_str()),
        };
        progress.push(json!({
            "OperationStatus": status, "ErrorCode": code, "ErrorMsg": message,
            "RelatedItemSet": {"RelatedItem": [{"Name": "SnapshotId", "Value": snapshot}]},
        }));
        if outcome.is_ok() {
            world.tables.snapshots.remove(snapshot);
        } else {
            kept = true;
        }
    }
    if !kept {
        world.tables.snapshot_groups.remove(id);
    }
    Ok(json!({ "OperationProgressSet": { "OperationProgress": progress } }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_group_lives() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[("DataDisk.1.Size", "20")]);
        bench.wait(20_000);
        let id = text(
            &bench.ok(
                "ecs.CreateSnapshotGroup",
                &[("InstanceId", &machine), ("Name", "both")],
            ),
            "SnapshotGroupId",
        );
        let row = |bench: &mut Bench| {
            bench.ok("ecs.DescribeSnapshotGroups", &[("SnapshotGroupId.1", &id)])["SnapshotGroups"]
                ["SnapshotGroup"][0]
                .clone()
        };
        let seen = row(&mut bench);
        assert_eq!(
            (
                &seen["Status"],
                seen["Snapshots"]["Snapshot"].as_array().map(Vec::len)
            ),
            (&"progressing".into(), Some(2))
        );
        bench.wait(10_000);
        assert_eq!(row(&mut bench)["Status"], "accomplished");
        bench.ok(
            "ecs.ModifySnapshotGroup",
            &[("SnapshotGroupId", &id), ("Name", "pair")],
        );
        assert_eq!(row(&mut bench)["Name"], "pair");
        let gone = bench.ok("ecs.DeleteSnapshotGroup", &[("SnapshotGroupId", &id)]);
        assert_eq!(
            gone["OperationProgressSet"]["OperationProgress"]
                .as_array()
                .map(Vec::len),
            Some(2)
        );
        assert!(row(&mut bench).is_null());
        bench.refused(
            "ecs.DeleteSnapshotGroup",
            &[("SnapshotGroupId", &id)],
            "404 InvalidSnapshotGroupId.NotFound",
        );
    }
}
