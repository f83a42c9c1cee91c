//! `system_event`: maintenance that the cloud announces and performs. Events do not happen by
//! themselves: a test creates them.
//!
//! Inquiring → (accepted) Scheduled → Executed at its time. DescribeInstancesFullStatus lists the
//! events before, DescribeInstanceHistoryEvents lists all of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::{Instance, State, begin_start};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInstancesFullStatus", describe_full),
    ("DescribeInstanceHistoryEvents", describe_history),
    ("AcceptInquiredSystemEvent", accept),
];

/// An event of an instance. It is not a resource: nobody has to delete it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SystemEvent {
    base: Base,
    instance: String,
    kind: String,
    /// `Inquiring`, `Scheduled`, `Executed`, `Canceled`.
    cycle: String,
    not_before_ms: i64,
    finished_ms: Option<i64>,
}

/// Types of events with their numbers.
const KINDS: [(&str, i64); 8] = [
    ("SystemMaintenance.Reboot", 1),
    ("SystemMaintenance.Redeploy", 9),
    ("SystemFailure.Reboot", 65),
    ("SystemFailure.Redeploy", 4),
    ("SystemFailure.Delete", 66),
    ("InstanceFailure.Reboot", 6),
    ("InstanceExpiration.Stop", 7),
    ("AccountUnbalanced.Stop", 8),
];

/// States of events with their numbers.
const CYCLES: [(&str, i64); 4] = [
    ("Scheduled", 24),
    ("Inquiring", 28),
    ("Executed", 0),
    ("Canceled", 36),
];

fn code(table: &[(&str, i64)], name: &str) -> i64 {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(0, |(_, code)| *code)
}

impl Row for SystemEvent {
    const KIND: &'static str = "system_event";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn furnished(&self) -> bool {
        true
    }

    fn state(&self) -> &str {
        &self.cycle
    }

    fn due_ms(&self) -> Option<i64> {
        (self.cycle == "Scheduled").then_some(self.not_before_ms)
    }

    fn step(world: &mut World, id: &str) {
        let now = world.now_ms();
        let Some(event) = world.tables.system_events.get_mut(id) else {
            return;
        };
        "Executed".clone_into(&mut event.cycle);
        event.finished_ms = Some(now);
        let (instance, kind) = (event.instance.clone(), event.kind.clone());
        let running = world
            .tables
            .instances
            .get(&instance)
            .is_some_and(|row| row.state == State::Running && !row.is_going());
        match kind.rsplit('.').next() {
            Some("Reboot" | "Redeploy") if running => begin_start(world, &instance),
            Some("Stop") if running => {
                let until = now + world.options.profile.instance_stop_ms;
                if let Some(row) = world.tables.instances.get_mut(&instance) {
                    (row.state, row.due_ms) = (State::Stopping, Some(until));
                }
            }
            Some("Delete") => crate::product::ecs::instance::delete::begin(world, &instance),
            _ => {}
        }
    }
}

impl World {
    /// Announces an event of an instance (`SystemMaintenance.Reboot`, `SystemFailure.Delete`, …)
    /// for a time, in milliseconds of the world. With `inquire`, it must be accepted first. Returns
    /// `None` if the instance or the type of event does not exist.
    pub fn announce_event(
        &mut self,
        instance: &str,
        kind: &str,
        not_before_ms: i64,
        inquire: bool,
    ) -> Option<String> {
        let region = self
            .tables
            .instances
            .get(instance)
            .filter(|row| !row.base.released)?
            .base
            .region
            .clone();
        let (kind, _) = KINDS.iter().find(|(known, _)| *known == kind)?;
        let base = self.new_base("e", &region);
        let id = base.id.clone();
        let cycle = if inquire { "Inquiring" } else { "Scheduled" };
        let event = SystemEvent {
            base,
            instance: instance.to_owned(),
            kind: (*kind).to_owned(),
            cycle: cycle.to_owned(),
            not_before_ms,
            finished_ms: None,
        };
        self.tables.system_events.insert(&id, event);
        self.commit();
        Some(id)
    }
}

/// The interval in `Name.Start` and `Name.End` of a call.
fn within(call: &Call<'_>, name: &str) -> Result<impl Fn(i64) -> bool + use<>, Refusal> {
    let time = |end: &str| -> Result<Option<i64>, Refusal> {
        let text = call.given(&format!("{name}.{end}"));
        text.map(|text| {
            Timestamp::parse(text)
                .map(|moment| moment.0)
                .ok_or_else(|| Refusal::invalid(name))
        })
        .transpose()
    };
    let (start, end) = (time("Start")?, time("End")?);
    Ok(move |moment| {
        start.is_none_or(|start| moment >= start) && end.is_none_or(|end| moment <= end)
    })
}

/// Events that match the filters of both listings.
fn chosen<'a>(world: &'a World, call: &Call<'_>) -> Result<Vec<&'a SystemEvent>, Refusal> {
    let (ids, kind, kinds) = (
        call.list("EventId"),
        call.given("EventType"),
        call.list("InstanceEventType"),
    );
    let (published, planned) = (
        within(call, "EventPublishTime")?,
        within(call, "NotBefore")?,
    );
    let rows = world.tables.system_events.values().filter(|row| {
        (ids.is_empty() || ids.contains(&row.base.id.as_str()))
            && kind.is_none_or(|kind| kind == row.kind)
            && (kinds.is_empty() || kinds.contains(&row.kind.as_str()))
            && published(row.base.created_ms)
            && planned(row.not_before_ms)
    });
    Ok(page::newest_first(rows, |row| &row.base))
}

fn common(row: &SystemEvent) -> Value {
    json!({
        "EventId": row.base.id,
        "EventType": {"Name": row.kind, "Code": code(&KINDS, &row.kind)},
        "EventCycleStatus": {"Name": row.cycle, "Code": code(&CYCLES, &row.cycle)},
        "EventPublishTime": Timestamp(row.base.created_ms).seconds(),
        "NotBefore": Timestamp(row.not_before_ms).seconds(),
        "ImpactLevel": "100",
        "ExtendedAttribute": {},
    })
}

fn describe_full(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, status, health) = (
        call.list("InstanceId"),
        call.given("Status"),
        call.given("HealthStatus"),
    );
    let by_event = call.any("EventId") || call.any("EventType") || call.any("InstanceEventType");
    let events = chosen(world, call)?;
    let coming = |id: &str| -> Vec<Value> {
        let open = |row: &&&SystemEvent| {
            row.instance == id && matches!(row.cycle.as_str(), "Scheduled" | "Inquiring")
        };
        events.iter().filter(open).map(|row| common(row)).collect()
    };
    let rows = world
        .shown(&world.tables.instances, !ids.is_empty())
        .filter(|row| {
            row.base.region == region
                && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
                && status.is_none_or(|status| status == row.state.name())
                && health.is_none_or(|health| health == "Ok")
                && (!by_event || !coming(&row.base.id).is_empty())
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 100)?;
    let list: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "InstanceId": row.base.id,
                "Status": {"Name": row.state.name(), "Code": status_code(row)},
                "HealthStatus": {"Name": "Ok", "Code": 0},
                "ScheduledSystemEventSet": {"ScheduledSystemEventType": coming(&row.base.id)},
            })
        })
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "InstanceFullStatusSet": {"InstanceFullStatusType": list},
    }))
}

fn status_code(row: &Instance) -> i64 {
    match row.state {
        State::Pending => 0,
        State::Running => 1,
        State::Starting => 2,
        State::Stopping => 3,
        State::Stopped | State::Released => 4,
    }
}

fn describe_history(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("ResourceType", "instance")?;
    let mut ids = call.list("ResourceId");
    ids.extend(call.given("InstanceId"));
    let mut cycles = call.list("InstanceEventCycleStatus");
    cycles.extend(call.given("EventCycleStatus"));
    let mut rows = chosen(world, call)?;
    rows.retain(|row| {
        row.base.region == region
            && (ids.is_empty() || ids.contains(&row.instance.as_str()))
            && (cycles.is_empty() || cycles.contains(&row.cycle.as_str()))
    });
    let list = |items: Vec<&SystemEvent>| -> Vec<Value> { items.into_iter().map(past).collect() };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |row| &row.base, (10, 1, 100))?;
        return Ok(json!({
            "NextToken": page.next,
            "InstanceSystemEventSet": {"InstanceSystemEventType": list(page.items)},
        }));
    }
    let page = page::numbered(call, rows, 100)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "InstanceSystemEventSet": {"InstanceSystemEventType": list(page.items)},
    }))
}

fn past(row: &SystemEvent) -> Value {
    let mut body = common(row);
    body["InstanceId"] = json!(row.instance);
    body["ResourceType"] = json!("instance");
    body["EventFinishTime"] = json!(
        row.finished_ms
            .map_or_else(String::new, |at| Timestamp(at).seconds())
    );
    body
}

/// Accepts an event that was only inquired.
fn accept(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Choice"]);
    let id = call.need("EventId")?;
    let event = world
        .tables
        .system_events
        .get(id)
        .filter(|row| call.in_region(&row.base.region));
    let event = event.ok_or_else(|| {
        Refusal::absent(
            "InvalidEventId.NotFound",
            "The specified EventId does not exist.",
        )
    })?;
    if event.cycle != "Inquiring" {
        return Err(Refusal::denied(
            "IncorrectEventStatus",
            "The event does not wait to be accepted.",
        ));
    }
    if let Some(event) = world.tables.system_events.get_mut(id) {
        "Scheduled".clone_into(&mut event.cycle);
    }
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn an_event_is_announced_accepted_and_happens() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        assert_eq!(text(&bench.instance(&id), "Status"), "Running");
        let at = bench.world.now().0 + 60_000;
        let event = bench
            .world
            .announce_event(&id, "SystemMaintenance.Reboot", at, true)
            .expect("a machine and a type");
        let full = bench.ok("ecs.DescribeInstancesFullStatus", &[("InstanceId.1", &id)]);
        let row = &full["InstanceFullStatusSet"]["InstanceFullStatusType"][0];
        assert_eq!(
            row["ScheduledSystemEventSet"]["ScheduledSystemEventType"][0]["EventCycleStatus"]["Name"],
            "Inquiring"
        );
        bench.ok("ecs.AcceptInquiredSystemEvent", &[("EventId", &event)]);
        bench.refused(
            "ecs.AcceptInquiredSystemEvent",
            &[("EventId", &event)],
            "403 IncorrectEventStatus",
        );
        bench.wait(61_000);
        assert_eq!(text(&bench.instance(&id), "Status"), "Starting");
        let past = bench.ok("ecs.DescribeInstanceHistoryEvents", &[("InstanceId", &id)]);
        assert_eq!(
            past["InstanceSystemEventSet"]["InstanceSystemEventType"][0]["EventCycleStatus"]["Name"],
            "Executed"
        );
        bench.refused(
            "ecs.AcceptInquiredSystemEvent",
            &[("EventId", "e-none")],
            "404 InvalidEventId.NotFound",
        );
    }
}
