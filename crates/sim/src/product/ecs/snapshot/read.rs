//! DescribeSnapshots and DescribeSnapshotPackage.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::snapshot::{self, Snapshot};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeSnapshots", describe),
    ("DescribeSnapshotPackage", describe_packages),
];

/// A text of a snapshot, for a filter to compare with.
type TextOf = fn(&World, &Snapshot) -> String;

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let ids = call.json_list("SnapshotIds", "InvalidSnapshotIds.Malformed")?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::invalid("SnapshotIds"));
    }
    call.only("Category", "Standard")?;
    let mut texts: Vec<(&str, TextOf)> = Vec::new();
    let mut compare = |name: &str, of: TextOf| {
        texts.extend(
            call.given(name)
                .filter(|text| *text != "all")
                .map(|text| (text, of)),
        )
    };
    compare("DiskId", |_, row| row.disk.clone());
    compare("InstanceId", |world, row| {
        world
            .tables
            .disks
            .get(&row.disk)
            .map(|disk| disk.instance.clone())
            .unwrap_or_default()
    });
    compare("Status", |_, row| row.state().to_owned());
    compare("SnapshotType", |_, row| {
        if row.kind == "timer" { "auto" } else { "user" }.to_owned()
    });
    compare("SourceDiskType", |_, row| {
        if row.system { "System" } else { "Data" }.to_owned()
    });
    compare("Usage", |world, row| usage(world, row).to_owned());
    compare("ResourceGroupId", |_, row| row.base.resource_group.clone());
    compare("KMSKeyId", |_, row| row.kms_key.clone());
    let (name, encrypted, filter) = (
        call.given("SnapshotName"),
        call.flag("Encrypted")?,
        tags::Filter::of(call)?,
    );
    let rows = world
        .shown(&world.tables.snapshots, ids.is_some())
        .filter(|row| {
            row.base.region == region
                && ids.as_ref().is_none_or(|ids| ids.contains(&row.base.id))
                && texts
                    .iter()
                    .all(|(wanted, of)| wanted.eq_ignore_ascii_case(&of(world, row)))
                && name.is_none_or(|name| names::like(name, &row.base.name))
                && encrypted.is_none_or(|encrypted| encrypted == row.encrypted)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let list = |items: Vec<&Snapshot>| -> Vec<Value> {
        items.into_iter().map(|row| listed(world, row)).collect()
    };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |row| &row.base, (10, 10, 100))?;
        return Ok(json!({"NextToken": page.next, "Snapshots": {"Snapshot": list(page.items)}}));
    }
    let page = page::numbered(call, rows, 100)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "Snapshots": {"Snapshot": list(page.items)},
    }))
}

fn usage(world: &World, row: &Snapshot) -> &'static str {
    let image = snapshot::used_by_image(world, &row.base.id).is_some();
    let disk = world
        .tables
        .disks
        .values()
        .any(|disk| disk.spec.snapshot == row.base.id);
    match (image, disk) {
        (true, true) => "image_disk",
        (true, false) => "image",
        (false, true) => "disk",
        (false, false) => "none",
    }
}

fn listed(world: &World, row: &Snapshot) -> Value {
    let now = world.now_ms();
    json!({
        "SnapshotId": row.base.id,
        "SnapshotName": row.base.name,
        "Description": row.base.description,
        "RegionId": row.base.region,
        "Status": row.state(),
        "Progress": format!("{}%", row.progress(now)),
        "RemainTime": row.until_ms.map_or(0, |until| (until - now) / 1000),
        "Available": row.until_ms.is_none(),
        "SourceDiskId": row.disk,
        "SourceDiskSize": row.size_gib.to_string(),
        "SourceDiskType": if row.system { "system" } else { "data" },
        "SourceStorageType": "disk",
        "SourceRegionId": row.source.0,
        "SourceSnapshotId": row.source.1,
        "SnapshotType": row.kind,
        "SnapshotSN": row.base.id,
        "SnapshotLinkId": format!("sl-{}", row.disk.trim_start_matches("d-")),
        "RetentionDays": row.retention_days.unwrap_or(0),
        "Category": "standard",
        "Usage": usage(world, row),
        "Encrypted": row.encrypted,
        "KMSKeyId": row.kms_key,
        "InstantAccess": true,
        "InstantAccessRetentionDays": 0,
        "ProductCode": "",
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
        "LastModifiedTime": Timestamp(row.changed_ms).seconds(),
        "ResourceGroupId": row.base.listed_group(),
        "Tags": tags::tag_key_list(&row.base.tags),
    })
}

/// Packages cannot be bought in the simulator, so the list is empty.
fn describe_packages(_world: &mut World, call: &Call<'_>) -> Answer {
    let none: Vec<&Snapshot> = Vec::new();
    let page = page::numbered(call, none, 100)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "SnapshotPackages": {"SnapshotPackage": []},
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    fn system_disk(bench: &mut Bench, machine: &str) -> String {
        text(
            &bench.ok("ecs.DescribeDisks", &[("InstanceId", machine)])["Disks"]["Disk"][0],
            "DiskId",
        )
    }

    fn row(bench: &mut Bench, id: &str) -> serde_json::Value {
        bench.ok(
            "ecs.DescribeSnapshots",
            &[("SnapshotIds", &format!("[\"{id}\"]"))],
        )["Snapshots"]["Snapshot"][0]
            .clone()
    }

    #[test]
    fn a_snapshot_lives() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        let disk = system_disk(&mut bench, &machine);
        bench.refused(
            "ecs.CreateSnapshot",
            &[("DiskId", &disk)],
            "400 IncorrectInstanceStatus",
        );
        bench.wait(20_000);
        bench.refused(
            "ecs.CreateSnapshot",
            &[("DiskId", &disk), ("SnapshotName", "auto1")],
            "400 InvalidSnapshotName.Malformed",
        );
        let id = text(
            &bench.ok(
                "ecs.CreateSnapshot",
                &[
                    ("DiskId", &disk),
                    ("SnapshotName", "first"),
                    ("RetentionDays", "2"),
                ],
            ),
            "SnapshotId",
        );
        bench.refused(
            "ecs.CreateSnapshot",
            &[("DiskId", &disk)],
            "403 IncorrectDiskStatus.CreatingSnapshot",
        );
        bench.refused(
            "ecs.ResizeDisk",
            &[("DiskId", &disk), ("NewSize", "50")],
            "403 DiskCreatingSnapshot",
        );
        let from = [("ZoneId", "cn-beijing-h"), ("SnapshotId", id.as_str())];
        bench.refused("ecs.CreateDisk", &from, "403 InvalidSnapshotId.NotReady");
        bench.wait(4_000);
        let seen = row(&mut bench, &id);
        assert_eq!(
            (&seen["Status"], &seen["Progress"], &seen["RemainTime"]),
            (&"progressing".into(), &"40%".into(), &6.into())
        );
        bench.wait(6_000);
        let seen = row(&mut bench, &id);
        assert_eq!(
            (
                &seen["Status"],
                &seen["SourceDiskSize"],
                &seen["SourceDiskType"]
            ),
            (&"accomplished".into(), &"40".into(), &"system".into())
        );
    }

    #[test]
    fn a_snapshot_that_disks_were_made_of_is_deleted_by_force() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        let disk = system_disk(&mut bench, &machine);
        bench.wait(20_000);
        let id = text(
            &bench.ok(
                "ecs.CreateSnapshot",
                &[("DiskId", &disk), ("RetentionDays", "2")],
            ),
            "SnapshotId",
        );
        bench.wait(10_000);
        let from = [("ZoneId", "cn-beijing-h"), ("SnapshotId", id.as_str())];
        let made = text(&bench.ok("ecs.CreateDisk", &from), "DiskId");
        bench.wait(1_000);
        assert_eq!(
            bench.ok("ecs.DescribeDisks", &[("SnapshotId", &id)])["Disks"]["Disk"][0]["DiskId"],
            serde_json::json!(made)
        );
        bench.refused(
            "ecs.DeleteSnapshot",
            &[("SnapshotId", &id)],
            "403 SnapshotCreatedDisk",
        );
        bench.refused(
            "ecs.ModifySnapshotAttribute",
            &[("SnapshotId", &id), ("RetentionDays", "1")],
            "400 InvalidRetentionDays.Malformed",
        );
        bench.ok(
            "ecs.ModifySnapshotAttribute",
            &[("SnapshotId", &id), ("SnapshotName", "second")],
        );
        bench.ok(
            "ecs.DeleteSnapshot",
            &[("SnapshotId", &id), ("Force", "true")],
        );
        bench.ok("ecs.DeleteSnapshot", &[("SnapshotId", &id)]);
        assert!(row(&mut bench, &id).is_null());
    }

    #[test]
    fn a_snapshot_goes_when_its_days_are_over() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let disk = system_disk(&mut bench, &machine);
        let id = text(
            &bench.ok(
                "ecs.CreateSnapshot",
                &[("DiskId", &disk), ("RetentionDays", "1")],
            ),
            "SnapshotId",
        );
        bench.wait(86_000_000);
        assert_eq!(row(&mut bench, &id)["Status"], "accomplished");
        bench.wait(400_000);
        assert!(row(&mut bench, &id).is_null());
        bench.ok("ecs.DescribeSnapshotPackage", &[]);
    }

    #[test]
    fn a_disk_that_never_was_on_a_machine_has_nothing_to_keep() {
        let mut bench = Bench::new();
        let disk = text(
            &bench.ok(
                "ecs.CreateDisk",
                &[("ZoneId", "cn-beijing-h"), ("Size", "20")],
            ),
            "DiskId",
        );
        bench.refused(
            "ecs.CreateSnapshot",
            &[("DiskId", &disk)],
            "403 IncorrectDiskStatus",
        );
        bench.wait(1_000);
        bench.refused(
            "ecs.CreateSnapshot",
            &[("DiskId", &disk)],
            "403 IncorrectDiskStatus.NeverAttached",
        );
    }
}
