//! `auto_snapshot_policy`: hours and weekdays at which the cloud takes snapshots of disks.
//!
//! A policy has no states. At each of its hours (UTC+8) it takes a snapshot of every disk that it
//! is applied to, if the instance is Running or Stopped. Parameters are in lower camel case; lists
//! are texts with JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::disk::{self, Disk, State};
use crate::product::ecs::snapshot;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateAutoSnapshotPolicy", create),
    ("ModifyAutoSnapshotPolicyEx", modify),
    ("DeleteAutoSnapshotPolicy", delete),
    ("DescribeAutoSnapshotPolicyEx", describe),
    (
        "DescribeAutoSnapshotPolicyAssociations",
        describe_associations,
    ),
    ("ApplyAutoSnapshotPolicy", apply),
    ("CancelAutoSnapshotPolicy", cancel),
];

const HOUR_MS: i64 = 3_600_000;

/// A policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AutoSnapshotPolicy {
    pub(crate) base: Base,
    /// Hours, 0 to 23, of UTC+8.
    hours: Vec<i64>,
    /// Weekdays, 1 (Monday) to 7.
    weekdays: Vec<i64>,
    /// -1: snapshots are kept for ever.
    retention_days: i64,
    due_ms: Option<i64>,
}

impl Row for AutoSnapshotPolicy {
    const KIND: &'static str = "auto_snapshot_policy";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        "Normal"
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    fn step(world: &mut World, id: &str) {
        let Some(policy) = world.tables.auto_snapshot_policies.get(id).cloned() else {
            return;
        };
        let ready = |disk: &&Disk| {
            disk.policy == id && disk.state == State::InUse && disk.unburdened(world).is_ok()
        };
        let disks: Vec<Disk> = world.tables.disks.values().filter(ready).cloned().collect();
        for disk in disks {
            let snapshot = snapshot::take(world, &disk, "timer");
            if let Some(snapshot) = world.tables.snapshots.get_mut(&snapshot) {
                snapshot.base.name = format!(
                    "auto2.0_{}",
                    Timestamp(snapshot.base.created_ms)
                        .seconds()
                        .replace([':', '-'], "")
                );
                snapshot.retention_days =
                    (policy.retention_days > 0).then_some(policy.retention_days);
            }
        }
        arm(world, id);
    }
}

/// Sets the next time of a snapshot, if the policy has disks.
fn arm(world: &mut World, id: &str) {
    let now = world.now_ms();
    let applied = world.tables.disks.values().any(|disk| disk.policy == id);
    if let Some(policy) = world.tables.auto_snapshot_policies.get_mut(id) {
        policy.due_ms = applied.then(|| policy.next(now)).flatten();
    }
}

impl AutoSnapshotPolicy {
    /// The first time of the policy after a moment.
    fn next(&self, after_ms: i64) -> Option<i64> {
        let local = after_ms + 8 * HOUR_MS;
        let first = local.div_euclid(HOUR_MS) + 1;
        let fits = |hour: &i64| {
            // 1 January 1970 was a Thursday, the fourth weekday.
            let weekday = (hour.div_euclid(24) + 3).rem_euclid(7) + 1;
            self.hours.contains(&hour.rem_euclid(24)) && self.weekdays.contains(&weekday)
        };
        (first..=first + 8 * 24)
            .find(fits)
            .map(|hour| hour * HOUR_MS - 8 * HOUR_MS)
    }
}

fn not_found() -> Refusal {
    Refusal::absent(
        "ParameterInvalid",
        "The specified automatic snapshot policy does not exist.",
    )
}

fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut AutoSnapshotPolicy, Refusal> {
    let policy = world
        .tables
        .auto_snapshot_policies
        .get_mut(id)
        .filter(|policy| call.in_region(&policy.base.region));
    policy.ok_or_else(not_found)
}

/// A text with a JSON array of numbers as texts.
fn numbers(
    call: &Call<'_>,
    name: &str,
    (least, most): (i64, i64),
) -> Result<Option<Vec<i64>>, Refusal> {
    let wrong = || {
        Refusal::bad(
            "ParameterInvalid",
            format!("The specified parameter {name} is not valid."),
        )
    };
    let Some(texts) = call.json_list(name, "ParameterInvalid")? else {
        return Ok(None);
    };
    // Listings keep the caller's order.
    let mut numbers: Vec<i64> = Vec::new();
    for text in &texts {
        let number = text.parse().map_err(|_| wrong())?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    let fits = !numbers.is_empty() && numbers.iter().all(|number| (least..=most).contains(number));
    if fits {
        Ok(Some(numbers))
    } else {
        Err(wrong())
    }
}

fn retention(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    let days = call.int("retentionDays")?;
    match days {
        Some(days) if days != -1 && !(1..=65_535).contains(&days) => Err(Refusal::bad(
            "ParameterInvalid",
            "The specified parameter retentionDays is not valid.",
        )),
        days => Ok(days),
    }
}

fn name<'a>(call: &Call<'a>) -> Result<Option<&'a str>, Refusal> {
    let name = call.given("autoSnapshotPolicyName");
    if name.is_some_and(|name| !names::is_name(name, 2, 128, ":_.-")) {
        return Err(Refusal::bad(
            "InvalidPolicyName.Malformed",
            "The specified autoSnapshotPolicyName is not valid.",
        ));
    }
    Ok(name)
}

/// The region, which these actions have in a parameter of their own.
fn region<'a>(call: &Call<'a>) -> Result<&'a str, Refusal> {
    let named = call.given("regionId");
    named
        .or(call.region)
        .ok_or_else(|| Refusal::missing("regionId"))
}

/// Copies to other regions are not modelled.
fn no_copies(call: &Call<'_>) -> Result<(), Refusal> {
    call.only("EnableCrossRegionCopy", "false")
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = region(call)?;
    no_copies(call)?;
    let hours =
        numbers(call, "timePoints", (0, 23))?.ok_or_else(|| Refusal::missing("timePoints"))?;
    let weekdays = numbers(call, "repeatWeekdays", (1, 7))?
        .ok_or_else(|| Refusal::missing("repeatWeekdays"))?;
    let retention_days = retention(call)?.ok_or_else(|| Refusal::missing("retentionDays"))?;
    let name = name(call)?.unwrap_or_default();
    let here = world
        .tables
        .auto_snapshot_policies
        .values()
        .filter(|policy| policy.base.region == region)
        .count();
    if here >= world.options.quotas.snapshot_policies {
        return Err(Refusal::denied(
            "AutoSnapshotPolicy.QuotaExceed",
            "The maximum number of policies in the region is reached.",
        ));
    }
    let mut base = world.new_base("sp", region);
    (base.name, base.tags) = (name.to_owned(), tags::of_create(call)?);
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    let policy = AutoSnapshotPolicy {
        base,
        hours,
        weekdays,
        retention_days,
        due_ms: None,
    };
    world.tables.auto_snapshot_policies.insert(&id, policy);
    Ok(json!({ "AutoSnapshotPolicyId": id }))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    region(call)?;
    no_copies(call)?;
    let id = call.need("autoSnapshotPolicyId")?;
    let (hours, weekdays) = (
        numbers(call, "timePoints", (0, 23))?,
        numbers(call, "repeatWeekdays", (1, 7))?,
    );
    let (days, name) = (retention(call)?, name(call)?);
    let policy = find_mut(world, call, id)?;
    policy.hours = hours.unwrap_or_else(|| policy.hours.clone());
    policy.weekdays = weekdays.unwrap_or_else(|| policy.weekdays.clone());
    policy.retention_days = days.unwrap_or(policy.retention_days);
    if let Some(name) = name {
        name.clone_into(&mut policy.base.name);
    }
    arm(world, id);
    done()
}

/// Removes the policy from its disks.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    region(call)?;
    let id = call.need("autoSnapshotPolicyId")?;
    find_mut(world, call, id)?;
    let disks: Vec<String> = world
        .tables
        .disks
        .values()
        .filter(|disk| disk.policy == id)
        .map(|disk| disk.base.id.clone())
        .collect();
    for disk in disks {
        if let Some(disk) = world.tables.disks.get_mut(&disk) {
            disk.policy.clear();
        }
    }
    world.tables.auto_snapshot_policies.remove(id);
    done()
}

fn disk_ids(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    call.json_list("diskIds", "InvalidDiskIds.Malformed")?
        .filter(|ids| !ids.is_empty())
        .ok_or_else(|| Refusal::missing("diskIds"))
}

/// A disk has one policy: a new one replaces it.
fn apply(world: &mut World, call: &Call<'_>) -> Answer {
    region(call)?;
    let id = call.need("autoSnapshotPolicyId")?;
    find_mut(world, call, id)?;
    for disk in disk_ids(call)? {
        let disk = disk::find_mut(world, call, &disk)?;
        let before = std::mem::replace(&mut disk.policy, id.to_owned());
        arm(world, &before);
    }
    arm(world, id);
    done()
}

fn cancel(world: &mut World, call: &Call<'_>) -> Answer {
    region(call)?;
    let id = call.given("autoSnapshotPolicyId");
    if let Some(id) = id {
        find_mut(world, call, id)?;
    }
    for disk in disk_ids(call)? {
        let disk = disk::find_mut(world, call, &disk)?;
        if id.is_none_or(|id| id == disk.policy) {
            let before = std::mem::take(&mut disk.policy);
            arm(world, &before);
        }
    }
    done()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, name, group) = (
        call.given("AutoSnapshotPolicyId"),
        call.given("AutoSnapshotPolicyName"),
        call.given("ResourceGroupId"),
    );
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.auto_snapshot_policies, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && name.is_none_or(|name| names::like(name, &row.base.name))
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let page = page::numbered(call, rows, 100)?;
    let policies: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "AutoSnapshotPolicies": {"AutoSnapshotPolicy": policies},
    }))
}

fn listed(world: &World, row: &AutoSnapshotPolicy) -> Value {
    let texts = |numbers: &Vec<i64>| {
        json!(numbers.iter().map(i64::to_string).collect::<Vec<_>>()).to_string()
    };
    json!({
        "AutoSnapshotPolicyId": row.base.id,
        "AutoSnapshotPolicyName": row.base.name,
        "RegionId": row.base.region,
        "TimePoints": texts(&row.hours),
        "RepeatWeekdays": texts(&row.weekdays),
        "RetentionDays": row.retention_days,
        "Status": row.state(),
        "Type": "Custom",
        "AssociationType": "Disk",
        "DiskNums": world.tables.disks.values().filter(|disk| disk.policy == row.base.id).count(),
        "VolumeNums": 0,
        "EnableCrossRegionCopy": false,
        "CopiedSnapshotsRetentionDays": -1,
        "TargetCopyRegions": "[]",
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
        "ResourceGroupId": row.base.listed_group(),
        "Tags": tags::tag_key_list(&row.base.tags),
    })
}

fn describe_associations(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (policy, disk) = (call.given("AutoSnapshotPolicyId"), call.given("DiskId"));
    let rows = world.shown(&world.tables.disks, true).filter(|row| {
        row.base.region == region
            && !row.policy.is_empty()
            && policy.is_none_or(|policy| policy == row.policy)
            && disk.is_none_or(|disk| disk == row.base.id)
    });
    let page = page::tokened(
        call,
        page::newest_first(rows, |row| &row.base),
        |row| &row.base,
        (50, 1, 100),
    )?;
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|row| json!({"AutoSnapshotPolicyId": row.policy, "DiskId": row.base.id}))
        .collect();
    Ok(json!({
        "NextToken": page.next,
        "AutoSnapshotPolicyAssociations": {"AutoSnapshotPolicyAssociation": rows},
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_policy_takes_snapshots_at_its_hours() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let base = [
            ("regionId", "cn-beijing"),
            (
                "repeatWeekdays",
                "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]",
            ),
            ("retentionDays", "2"),
        ];
        bench.refused(
            "ecs.CreateAutoSnapshotPolicy",
            &[base[0], base[1], base[2], ("timePoints", "[\"24\"]")],
            "400 ParameterInvalid",
        );
        let made = bench.ok(
            "ecs.CreateAutoSnapshotPolicy",
            &[base[0], base[1], base[2], ("timePoints", "[\"3\"]")],
        );
        let id = text(&made, "AutoSnapshotPolicyId");
        let disk = text(
            &bench.ok("ecs.DescribeDisks", &[("InstanceId", &machine)])["Disks"]["Disk"][0],
            "DiskId",
        );
        let ids = format!("[\"{disk}\"]");
        let on = [
            ("regionId", "cn-beijing"),
            ("autoSnapshotPolicyId", id.as_str()),
            ("diskIds", ids.as_str()),
        ];
        bench.ok("ecs.ApplyAutoSnapshotPolicy", &on);
        let listed = bench.ok(
            "ecs.DescribeAutoSnapshotPolicyEx",
            &[("AutoSnapshotPolicyId", &id)],
        );
        let row = &listed["AutoSnapshotPolicies"]["AutoSnapshotPolicy"][0];
        assert_eq!(
            (&row["DiskNums"], &row["TimePoints"]),
            (&1.into(), &"[\"3\"]".into())
        );
        let taken = |bench: &mut Bench| {
            bench.ok("ecs.DescribeSnapshots", &[("SnapshotType", "auto")])["TotalCount"].as_i64()
        };
        bench.wait(DAY_MS);
        assert_eq!(
            taken(&mut bench),
            Some(1),
            "one at three in the morning of UTC+8"
        );
        bench.wait(3 * DAY_MS);
        assert_eq!(taken(&mut bench), Some(2), "older ones have gone");
        bench.ok("ecs.CancelAutoSnapshotPolicy", &[on[0], on[2]]);
        bench.wait(3 * DAY_MS);
        assert_eq!(taken(&mut bench), Some(0));
    }

    #[test]
    fn a_policy_changes_and_goes() {
        let mut bench = Bench::new();
        let pairs = [
            ("regionId", "cn-beijing"),
            ("repeatWeekdays", "[\"1\"]"),
            ("retentionDays", "-1"),
            ("timePoints", "[\"3\"]"),
        ];
        let id = text(
            &bench.ok("ecs.CreateAutoSnapshotPolicy", &pairs),
            "AutoSnapshotPolicyId",
        );
        let on = [
            ("regionId", "cn-beijing"),
            ("autoSnapshotPolicyId", id.as_str()),
        ];
        bench.ok(
            "ecs.ModifyAutoSnapshotPolicyEx",
            &[
                on[0],
                on[1],
                ("autoSnapshotPolicyName", "nightly"),
                ("timePoints", "[\"1\",\"13\"]"),
            ],
        );
        let listed = bench.ok(
            "ecs.DescribeAutoSnapshotPolicyEx",
            &[("AutoSnapshotPolicyName", "night*")],
        );
        assert_eq!(
            listed["AutoSnapshotPolicies"]["AutoSnapshotPolicy"][0]["TimePoints"],
            "[\"1\",\"13\"]"
        );
        bench.ok("ecs.DescribeAutoSnapshotPolicyAssociations", &[]);
        bench.ok("ecs.DeleteAutoSnapshotPolicy", &on);
        bench.refused("ecs.DeleteAutoSnapshotPolicy", &on, "404 ParameterInvalid");
    }
}
