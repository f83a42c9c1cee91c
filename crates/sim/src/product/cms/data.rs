//! Metric data: DescribeMetricList, DescribeMetricLast, DescribeMetricData, DescribeMetricTop.
//!
//! `Datapoints` is a text with a JSON array in each of them. A resource that does not exist, or an
//! instance that does not run, has no data; that is not an error. The last minute is not available
//! yet.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::cms::load::{Load, Profile};
use crate::product::cms::metric::{self, Metric};
use crate::product::cms::{custom, success};
use crate::product::ecs::instance::State as InstanceState;
use crate::product::vpc::eip::State as EipState;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeMetricList", list),
    ("DescribeMetricLast", last),
    ("DescribeMetricData", data),
    ("DescribeMetricTop", top),
];

/// The delay of points, in milliseconds.
const LATE: i64 = 60_000;
const HOUR: i64 = 3_600_000;
/// How long points are kept, in milliseconds.
const KEPT: i64 = 31 * 24 * HOUR;

/// The query of a call.
struct Query<'a> {
    metric: Metric,
    /// Seconds.
    period: i64,
    /// Exclusive, in milliseconds.
    from: i64,
    /// Inclusive, in milliseconds.
    to: i64,
    things: Vec<Thing<'a>>,
}

/// One series: its resource, its dimensions, and the time of its first point.
struct Thing<'a> {
    id: &'a str,
    dimensions: Map<String, Value>,
    since_ms: i64,
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad("ParameterInvalid", message)
}

fn query<'a>(world: &'a World, call: &Call<'_>, window: i64) -> Result<Query<'a>, Refusal> {
    let (namespace, name) = (call.need("Namespace")?, call.need("MetricName")?);
    let metric = metric::find(namespace, name)
        .ok_or_else(|| invalid(format!("The metric {name} is not in {namespace}.")))?;
    let period = call.int("Period")?.unwrap_or(metric.period);
    if period < metric.period || period % metric.period != 0 || period > KEPT / 1_000 {
        return Err(invalid(format!(
            "Period must be a multiple of {}, and no longer than data is kept.",
            metric.period
        )));
    }
    let oldest = world.now_ms() - KEPT;
    let to = moment(call, "EndTime")?
        .unwrap_or(world.now_ms())
        .clamp(oldest, world.now_ms() - LATE);
    let from = moment(call, "StartTime")?
        .unwrap_or(to - window)
        .clamp(oldest, world.now_ms());
    let wanted = dimensions(call)?;
    let things = things(world, call, namespace)
        .into_iter()
        .filter(|thing| fits(thing, &wanted))
        .collect();
    Ok(Query {
        metric,
        period,
        from,
        to,
        things,
    })
}

/// Milliseconds since 1970, or a time in UTC.
pub(crate) fn moment(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    let read = |text: &str| {
        text.parse()
            .ok()
            .or_else(|| Timestamp::parse(text).map(|at| at.0))
    };
    call.given(name)
        .map(|text| read(text).ok_or_else(|| invalid(format!("{name} is no moment."))))
        .transpose()
}

/// One object, or a list of at most 50.
fn dimensions(call: &Call<'_>) -> Result<Vec<BTreeMap<String, String>>, Refusal> {
    let Some(text) = call.given("Dimensions") else {
        return Ok(Vec::new());
    };
    let one = serde_json::from_str(text).map(|one| vec![one]);
    let list: Vec<BTreeMap<String, String>> = one
        .or_else(|_| serde_json::from_str(text))
        .map_err(|_| invalid("Dimensions is neither a JSON object nor a list of them."))?;
    if list.len() > 50 {
        Err(invalid("Dimensions names more than 50 instances."))
    } else {
        Ok(list)
    }
}

fn fits(thing: &Thing<'_>, wanted: &[BTreeMap<String, String>]) -> bool {
    let has =
        |key: &String, value: &String| thing.dimensions.get(key).is_none_or(|held| held == value);
    wanted.is_empty()
        || wanted
            .iter()
            .any(|one| one.iter().all(|(key, value)| has(key, value)))
}

/// The resources with data in a namespace: running instances, bound EIPs, gateways.
fn things<'a>(world: &'a World, call: &Call<'_>, namespace: &str) -> Vec<Thing<'a>> {
    let thing = |id: &'a str, since_ms: i64| {
        let dimensions = json!({"userId": world.account.id, "instanceId": id});
        Thing {
            id,
            dimensions: dimensions.as_object().cloned().unwrap_or_default(),
            since_ms,
        }
    };
    let tables = &world.tables;
    match namespace {
        "acs_ecs_dashboard" => {
            let running = tables.instances.values().filter(|row| {
                row.state == InstanceState::Running && call.in_region(&row.base.region)
            });
            running
                .map(|row| thing(&row.base.id, row.started_ms.unwrap_or(row.base.created_ms)))
                .collect()
        }
        "acs_vpc_eip" => {
            let bound = tables
                .eips
                .values()
                .filter(|row| row.state == EipState::InUse && call.in_region(&row.base.region));
            bound
                .map(|row| thing(&row.base.id, row.base.created_ms))
                .collect()
        }
        "acs_nat_gateway" => {
            let there = tables
                .nat_gateways
                .values()
                .filter(|row| !row.base.released && call.in_region(&row.base.region));
            there
                .map(|row| thing(&row.base.id, row.base.created_ms))
                .collect()
        }
        _ => Vec::new(),
    }
}

impl Query<'_> {
    /// The start of each period of a series in the interval, in milliseconds.
    fn moments(&self, thing: &Thing<'_>) -> impl DoubleEndedIterator<Item = i64> + use<> {
        let step = self.period * 1_000;
        let first = (self.from.max(thing.since_ms).div_euclid(step) + 1) * step;
        let count = if self.to < first {
            0
        } else {
            (self.to - first) / step + 1
        };
        (0..count).map(move |n| first + n * step)
    }

    fn point(&self, world: &World, thing: &Thing<'_>, at: i64) -> Value {
        let usual = Load {
            profile: Profile::Idle,
            since_ms: 0,
        };
        let load = world.tables.loads.get(thing.id).unwrap_or(&usual);
        let level = load.level(world.seed(), thing.id, self.metric.name, at);
        let value = scaled(&self.metric, level);
        let most = if self.metric.unit == "%" {
            100.0
        } else {
            f64::MAX
        };
        let mut fields = thing.dimensions.clone();
        fields.insert("timestamp".to_owned(), json!(at));
        for statistics in self.metric.statistics.split(',') {
            let value = match statistics {
                "Minimum" => value * 0.9,
                "Maximum" => (value * 1.1).min(most),
                "Sum" => value * f64::from(i32::try_from(self.period).unwrap_or(i32::MAX)),
                _ => value,
            };
            fields.insert(
                statistics.to_owned(),
                json!((value * 100.0).round() / 100.0),
            );
        }
        Value::Object(fields)
    }
}

/// A load in the metric's unit. A metric of free capacity has the rest.
fn scaled(metric: &Metric, level: f64) -> f64 {
    let level = if metric.name.contains("free") || metric.name.contains("idle") {
        100.0 - level
    } else {
        level
    };
    match metric.unit {
        "%" => level,
        "bit/s" => level * 1_000_000.0,
        "Byte" | "Byte/s" => level * 100_000.0,
        "Count/s" | "Count" => (level * 10.0).round(),
        _ => level / 25.0,
    }
}

/// A page of points by time. The token is the index of the next one.
fn list(world: &mut World, call: &Call<'_>) -> Answer {
    if custom::is_custom(world, call) {
        return custom::list(world, call);
    }
    let query = query(world, call, HOUR)?;
    let length = length(call, 1_000, 1_440)?;
    let skip: usize = call
        .given("NextToken")
        .map_or(Ok(0), str::parse)
        .map_err(|_| invalid("NextToken is not one of ours."))?;
    let series = query
        .things
        .iter()
        .flat_map(|thing| query.moments(thing).map(move |at| (thing, at)));
    let mut rows = series.skip(skip);
    let points: Vec<Value> = rows
        .by_ref()
        .take(length)
        .map(|(thing, at)| query.point(world, thing, at))
        .collect();
    let mut body =
        json!({"Period": query.period.to_string(), "Datapoints": json!(points).to_string()});
    if rows.next().is_some() {
        body["NextToken"] = json!((skip + length).to_string());
    }
    success(body)
}

fn length(call: &Call<'_>, usual: i64, most: i64) -> Result<usize, Refusal> {
    let length = call.int("Length")?.unwrap_or(usual);
    if (1..=most).contains(&length) {
        Ok(usize::try_from(length).unwrap_or_default())
    } else {
        Err(invalid("Length is out of bounds."))
    }
}

/// The last point of each series within two hours.
fn last(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Length", "NextToken"]);
    let query = query(world, call, 2 * HOUR)?;
    let last = query.things.iter().filter_map(|thing| {
        query
            .moments(thing)
            .next_back()
            .map(|at| query.point(world, thing, at))
    });
    let points: Vec<Value> = last.collect();
    success(json!({"Period": query.period.to_string(), "Datapoints": json!(points).to_string()}))
}

/// As a list without pages and without `Success`.
fn data(world: &mut World, call: &Call<'_>) -> Answer {
    let query = query(world, call, HOUR)?;
    let length = length(call, 1_000, 1_440)?;
    let series = query
        .things
        .iter()
        .flat_map(|thing| query.moments(thing).map(move |at| (thing, at)));
    let points: Vec<Value> = series
        .take(length)
        .map(|(thing, at)| query.point(world, thing, at))
        .collect();
    Ok(plain(query.period, &points))
}

/// The last points of all series, in the order of one of their statistics.
fn top(world: &mut World, call: &Call<'_>) -> Answer {
    let query = query(world, call, 2 * HOUR)?;
    let by = call.need("Orderby")?;
    if !query.metric.statistics.split(',').any(|known| known == by) {
        return Err(invalid(format!("The metric has no statistics {by}.")));
    }
    let descending = call.flag("OrderDesc")?.unwrap_or(true);
    let length = length(call, 10, 1_440)?;
    let last = query.things.iter().filter_map(|thing| {
        query
            .moments(thing)
            .next_back()
            .map(|at| query.point(world, thing, at))
    });
    let mut points: Vec<Value> = last.collect();
    let value = |point: &Value| point[by].as_f64().unwrap_or_default();
    points.sort_by(|a, b| {
        if descending {
            value(b).total_cmp(&value(a))
        } else {
            value(a).total_cmp(&value(b))
        }
    });
    points.truncate(length);
    for (point, order) in points.iter_mut().zip(1..) {
        point["order"] = json!(order);
    }
    Ok(plain(query.period, &points))
}

fn plain(period: i64, points: &[Value]) -> Value {
    json!({
        "Code": "200", "Message": "", "Period": period.to_string(),
        "Datapoints": json!(points).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::{Bench, text};

    const CPU: [(&str, &str); 2] = [
        ("Namespace", "acs_ecs_dashboard"),
        ("MetricName", "CPUUtilization"),
    ];

    fn points(body: &Value) -> Vec<Value> {
        serde_json::from_str(&text(body, "Datapoints")).expect("a JSON array in a text")
    }

    fn machine(bench: &mut Bench, wait: i64) -> String {
        let (id, _, _) = bench.machine(&[]);
        bench.wait(wait);
        id
    }

    #[test]
    fn a_load_shows_in_the_points() {
        let mut bench = Bench::new();
        let id = machine(&mut bench, 1_800_000);
        let on = format!("[{{\"instanceId\":\"{id}\"}}]");
        let ask = [CPU[0], CPU[1], ("Dimensions", on.as_str())];
        for (profile, low, high) in [(Profile::Idle, 2.0, 5.0), (Profile::Busy, 85.0, 95.0)] {
            bench.world.set_load(&id, profile);
            let last = points(&bench.ok("cms.DescribeMetricLast", &ask));
            let value = last[0]["Average"].as_f64().expect("a number");
            assert!((low..=high).contains(&value), "{profile:?}: {value}");
            assert_eq!(last[0]["instanceId"], id.as_str());
        }
        let all = points(&bench.ok("cms.DescribeMetricList", &ask));
        assert!(all.len() > 20, "{}", all.len());
        assert!(all.windows(2).all(|pair| pair[1]["timestamp"].as_i64()
            == pair[0]["timestamp"].as_i64().map(|at| at + 60_000)));
        assert_eq!(points(&bench.ok("cms.DescribeMetricData", &ask)), all);
    }

    #[test]
    fn pages_and_nothing() {
        let mut bench = Bench::new();
        machine(&mut bench, 600_000);
        let first = bench.ok("cms.DescribeMetricList", &[CPU[0], CPU[1], ("Length", "3")]);
        let rest = bench.ok(
            "cms.DescribeMetricList",
            &[CPU[0], CPU[1], ("NextToken", &text(&first, "NextToken"))],
        );
        assert_eq!(
            (points(&first).len(), rest["NextToken"].is_null()),
            (3, true)
        );
        assert_ne!(
            points(&first)[0]["timestamp"],
            points(&rest)[0]["timestamp"]
        );
        let none = bench.ok(
            "cms.DescribeMetricList",
            &[
                CPU[0],
                CPU[1],
                ("Dimensions", "{\"instanceId\":\"i-none\"}"),
            ],
        );
        assert_eq!(text(&none, "Datapoints"), "[]");
        for (name, value) in [
            ("MetricName", "Nothing"),
            ("Period", "90"),
            ("Period", "9000000000000000000"),
            ("Dimensions", "x"),
            ("EndTime", "soon"),
            ("Length", "2000"),
        ] {
            let mut pairs: Vec<(&str, &str)> = CPU
                .iter()
                .filter(|(known, _)| *known != name)
                .copied()
                .collect();
            pairs.push((name, value));
            bench.refused("cms.DescribeMetricList", &pairs, "400 ParameterInvalid");
        }
    }

    #[test]
    fn the_busiest_comes_first() {
        let mut bench = Bench::new();
        let calm = machine(&mut bench, 600_000);
        let row = bench.instance(&calm);
        let (image, group) = (
            "acs:ubuntu_24_04_x64",
            text(
                &row["SecurityGroupIds"]["SecurityGroupId"]
                    .as_array()
                    .map(|list| serde_json::json!({"id": list[0]}))
                    .expect("a group"),
                "id",
            ),
        );
        let vswitch = text(&row["VpcAttributes"], "VSwitchId");
        let pairs = [
            ("ImageFamily", image),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", &vswitch),
            ("SecurityGroupId", &group),
        ];
        let made = bench.ok("ecs.RunInstances", &pairs);
        let hot = made["InstanceIdSets"]["InstanceIdSet"][0]
            .as_str()
            .expect("an id")
            .to_owned();
        bench.wait(600_000);
        bench.world.set_load(&hot, Profile::Busy);
        let top = points(&bench.ok(
            "cms.DescribeMetricTop",
            &[CPU[0], CPU[1], ("Orderby", "Average")],
        ));
        assert_eq!(
            (&top[0]["instanceId"], &top[1]["instanceId"]),
            (&hot.as_str().into(), &calm.as_str().into())
        );
        bench.refused(
            "cms.DescribeMetricTop",
            &[CPU[0], CPU[1], ("Orderby", "Median")],
            "400 ParameterInvalid",
        );
    }
}
