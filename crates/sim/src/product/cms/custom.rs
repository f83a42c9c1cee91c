//! Metrics that callers report: they are stored, and DescribeMetricList reads them in the namespace
//! `acs_customMetric_ACCOUNT`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::product::Actions;
use crate::product::cms::data::moment;
use crate::product::cms::success;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("PutCustomMetric", put)];

/// The points of one reported metric; the row's key is its name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct CustomMetric {
    /// Time, dimensions as JSON, values as JSON.
    points: Vec<(i64, String, String)>,
}

/// The number of points kept of a metric.
const KEPT: usize = 1_440;

impl Row for CustomMetric {
    const KIND: &'static str = "custom_metric";

    fn base(&self) -> Option<&Base> {
        None
    }
}

fn put(world: &mut World, call: &Call<'_>) -> Answer {
    let rows = call.rows("MetricList");
    if rows.len() > 50 {
        return Err(Refusal::bad(
            "ParameterInvalid",
            "More than 50 metrics in one call.",
        ));
    }
    for row in &rows {
        let (name, point) = point(world, row)?;
        if world.tables.custom_metrics.get(name).is_none() {
            world
                .tables
                .custom_metrics
                .insert(name, CustomMetric::default());
        }
        if let Some(metric) = world.tables.custom_metrics.get_mut(name) {
            metric.points.push(point);
            let surplus = metric.points.len().saturating_sub(KEPT);
            metric.points.drain(..surplus);
        }
    }
    Ok(json!({"Code": "200", "Message": "success"}))
}

fn point<'a>(world: &World, row: &Fields<'a>) -> Result<(&'a str, (i64, String, String)), Refusal> {
    let object = |name: &str| -> Result<String, Refusal> {
        let text = row.need(name)?;
        let read = serde_json::from_str::<Value>(text)
            .ok()
            .filter(Value::is_object);
        read.map(|read| read.to_string()).ok_or_else(|| {
            Refusal::bad("ParameterInvalid", format!("{name} is not a JSON object."))
        })
    };
    let (dimensions, values) = (object("Dimensions")?, object("Values")?);
    row.harmless(&["GroupId", "Period", "Type"]);
    let at = row.int("Time")?.unwrap_or(world.now_ms());
    Ok((row.need("MetricName")?, (at, dimensions, values)))
}

/// Whether a call asks for a metric of this kind.
pub(crate) fn is_custom(world: &World, call: &Call<'_>) -> bool {
    call.given("Namespace")
        .is_some_and(|name| name == format!("acs_customMetric_{}", world.account.id))
}

/// The reported points, oldest first.
pub(crate) fn list(world: &World, call: &Call<'_>) -> Answer {
    call.harmless(&["Length", "NextToken"]);
    let (from, to) = (
        moment(call, "StartTime")?.unwrap_or(i64::MIN),
        moment(call, "EndTime")?.unwrap_or(i64::MAX),
    );
    let metric = world.tables.custom_metrics.get(call.need("MetricName")?);
    let points = metric
        .into_iter()
        .flat_map(|metric| &metric.points)
        .filter(|(at, _, _)| *at > from && *at <= to);
    let wanted: Option<Value> = call
        .given("Dimensions")
        .and_then(|text| serde_json::from_str(text).ok());
    let shown: Vec<Value> = points
        .filter(|(_, dimensions, _)| {
            wanted.as_ref().is_none_or(|wanted| {
                serde_json::from_str::<Value>(dimensions).ok().as_ref() == Some(wanted)
            })
        })
        .map(|(at, dimensions, values)| {
            let mut fields = json!({"timestamp": at, "dimensions": dimensions});
            if let (Some(fields), Ok(Value::Object(values))) =
                (fields.as_object_mut(), serde_json::from_str(values))
            {
                fields.extend(values);
            }
            fields
        })
        .collect();
    success(json!({
        "Period": call.given("Period").unwrap_or("60"), "Datapoints": json!(shown).to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn what_was_reported_is_read_back() {
        let mut bench = Bench::new();
        let one = [
            ("MetricList.1.MetricName", "queue"),
            ("MetricList.1.Dimensions", "{\"host\":\"a\"}"),
            ("MetricList.1.GroupId", "0"),
            ("MetricList.1.Type", "0"),
            ("MetricList.1.Values", "{\"value\":12.5}"),
        ];
        bench.ok("cms.PutCustomMetric", &one);
        let namespace = format!("acs_customMetric_{}", bench.world.account().id);
        let read = bench.ok(
            "cms.DescribeMetricList",
            &[("Namespace", &namespace), ("MetricName", "queue")],
        );
        assert!(text(&read, "Datapoints").contains("12.5"));
        let mut bad = one;
        bad[4].1 = "12.5";
        bench.refused("cms.PutCustomMetric", &bad, "400 ParameterInvalid");
    }
}
