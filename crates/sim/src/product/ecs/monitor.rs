//! DescribeInstanceMonitorData and DescribeDiskMonitorData: numbers that are a function of id and
//! time.
//!
//! The load of a Running instance varies over the day; an instance that does not run has no points.

use serde_json::{Map, Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::ids;
use crate::product::Actions;
use crate::product::ecs::disk::{self, State as DiskState};
use crate::product::ecs::instance::{self, State};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInstanceMonitorData", describe_instance),
    ("DescribeDiskMonitorData", describe_disk),
];

/// The most points of one answer.
const POINTS: i64 = 400;

/// The times that a call asks for: each period between start and end that is in the past.
fn moments(world: &World, call: &Call<'_>) -> Result<Vec<i64>, Refusal> {
    let time = |name: &str| -> Result<i64, Refusal> {
        let malformed = || {
            Refusal::bad(
                format!("Invalid{name}.Malformed"),
                format!("The specified {name} is not valid."),
            )
        };
        Timestamp::parse(call.need(name)?)
            .map(|moment| moment.0)
            .ok_or_else(malformed)
    };
    let (start, end) = (time("StartTime")?, time("EndTime")?);
    let period = call.int("Period")?.unwrap_or(60);
    if !matches!(period, 60 | 600 | 3600) {
        return Err(Refusal::invalid("Period"));
    }
    let step = period * 1000;
    if end < start || (end - start) / step > POINTS {
        return Err(Refusal::bad(
            "InvalidParameter.TooManyDataQueried",
            format!("At most {POINTS} points can be asked for."),
        ));
    }
    let first = start.div_euclid(step) + i64::from(start.rem_euclid(step) != 0);
    let last = end.min(world.now_ms()).div_euclid(step);
    Ok((first..=last).map(|number| number * step).collect())
}

/// A number within bounds, a function of an id, a metric and a time.
fn value(world: &World, id: &str, metric: &str, moment: i64, (least, most): (u64, u64)) -> u64 {
    least
        + ids::draw_u64(world.seed(), &format!("monitor/{id}/{metric}/{moment}"), 0)
            % (most - least + 1)
}

/// One point: the fields of the kind, each within its bounds.
fn point(
    world: &World,
    id: &str,
    moment: i64,
    fields: &[(&str, (u64, u64))],
) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("TimeStamp".to_owned(), json!(Timestamp(moment).seconds()));
    for (name, bounds) in fields {
        row.insert(
            (*name).to_owned(),
            json!(value(world, id, name, moment, *bounds)),
        );
    }
    row
}

fn describe_instance(world: &mut World, call: &Call<'_>) -> Answer {
    const FIELDS: [(&str, (u64, u64)); 10] = [
        ("CPU", (2, 35)),
        ("IOPSRead", (0, 40)),
        ("IOPSWrite", (1, 60)),
        ("BPSRead", (0, 400_000)),
        ("BPSWrite", (4_096, 600_000)),
        ("IntranetRX", (10, 2_000)),
        ("IntranetTX", (10, 2_000)),
        ("IntranetBandwidth", (1, 40)),
        ("InternetRX", (0, 0)),
        ("InternetTX", (0, 0)),
    ];
    let row = instance::find(world, call, call.need("InstanceId")?)?;
    let since = row.started_ms.filter(|_| row.state == State::Running);
    let points: Vec<Value> = moments(world, call)?
        .into_iter()
        .filter(|moment| since.is_some_and(|since| *moment >= since))
        .map(|moment| {
            let mut point = point(world, &row.base.id, moment, &FIELDS);
            point.insert("InstanceId".to_owned(), json!(row.base.id));
            point.insert("InternetBandwidth".to_owned(), json!(0));
            Value::Object(point)
        })
        .collect();
    Ok(json!({ "MonitorData": { "InstanceMonitorData": points } }))
}

fn describe_disk(world: &mut World, call: &Call<'_>) -> Answer {
    const FIELDS: [(&str, (u64, u64)); 6] = [
        ("IOPSRead", (0, 40)),
        ("IOPSWrite", (1, 60)),
        ("BPSRead", (0, 400_000)),
        ("BPSWrite", (4_096, 600_000)),
        ("LatencyRead", (200, 900)),
        ("LatencyWrite", (300, 1_200)),
    ];
    let row = disk::find(world, call, call.need("DiskId")?)?;
    let since = row.attached_ms.filter(|_| row.state == DiskState::InUse);
    let sum = |point: &Map<String, Value>, a: &str, b: &str| {
        point[a].as_u64().unwrap_or(0) + point[b].as_u64().unwrap_or(0)
    };
    let points: Vec<Value> = moments(world, call)?
        .into_iter()
        .filter(|moment| since.is_some_and(|since| *moment >= since))
        .map(|moment| {
            let mut point = point(world, &row.base.id, moment, &FIELDS);
            let (operations, bytes) = (
                sum(&point, "IOPSRead", "IOPSWrite"),
                sum(&point, "BPSRead", "BPSWrite"),
            );
            point.insert("DiskId".to_owned(), json!(row.base.id));
            point.insert("IOPSTotal".to_owned(), json!(operations));
            point.insert("BPSTotal".to_owned(), json!(bytes));
            Value::Object(point)
        })
        .collect();
    Ok(json!({"TotalCount": points.len(), "MonitorData": {"DiskMonitorData": points}}))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_machine_that_runs_has_numbers() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        let window = [
            ("StartTime", "2026-01-01T00:00:00Z"),
            ("EndTime", "2026-01-01T00:10:00Z"),
        ];
        let points = |bench: &mut Bench, action: &str, name: &str, id: &str| {
            let answer = bench.ok(action, &[(name, id), window[0], window[1]]);
            answer["MonitorData"]
                .as_object()
                .and_then(|data| data.values().next())
                .and_then(|list| list.as_array().map(Vec::len))
        };
        assert_eq!(
            points(
                &mut bench,
                "ecs.DescribeInstanceMonitorData",
                "InstanceId",
                &id
            ),
            Some(0)
        );
        bench.wait(320_000);
        assert_eq!(
            points(
                &mut bench,
                "ecs.DescribeInstanceMonitorData",
                "InstanceId",
                &id
            ),
            Some(5)
        );
        let disk = text(
            &bench.ok("ecs.DescribeDisks", &[("InstanceId", &id)])["Disks"]["Disk"][0],
            "DiskId",
        );
        assert_eq!(
            points(&mut bench, "ecs.DescribeDiskMonitorData", "DiskId", &disk),
            Some(5)
        );
        let long = [
            ("InstanceId", id.as_str()),
            ("StartTime", "2025-01-01T00:00:00Z"),
            window[1],
        ];
        bench.refused(
            "ecs.DescribeInstanceMonitorData",
            &long,
            "400 InvalidParameter.TooManyDataQueried",
        );
    }
}
