//! Maintenance of instances: release time, maintenance windows, private pools, redeployment,
//! console, VNC password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::guest;
use crate::product::ecs::instance::{self, AT_REST, Instance, State, draft};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ModifyInstanceAutoReleaseTime", modify_release),
    ("ModifyInstanceMaintenanceAttributes", modify_maintenance),
    (
        "DescribeInstanceMaintenanceAttributes",
        describe_maintenance,
    ),
    ("ModifyInstanceAttachmentAttributes", modify_pool),
    ("DescribeInstanceAttachmentAttributes", describe_pool),
    ("ModifyInstanceVncPasswd", modify_vnc_password),
    ("GetInstanceConsoleOutput", console_output),
    ("GetInstanceScreenshot", screenshot),
    ("RedeployInstance", redeploy),
];

/// An empty time removes the release time.
fn modify_release(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    if instance::find(world, call, id)?.charge_type != "PostPaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "Only pay-as-you-go instances have a release time.",
        ));
    }
    let moment = draft::auto_release(world, call)?;
    instance::find_mut(world, call, id)?.auto_release_ms = moment;
    done()
}

fn modify_maintenance(world: &mut World, call: &Call<'_>) -> Answer {
    let ids = call.list("InstanceId");
    if ids.is_empty() {
        return Err(Refusal::missing("InstanceId"));
    }
    let action = call.given("ActionOnMaintenance");
    if action.is_some_and(|action| !matches!(action, "Stop" | "AutoRecover" | "AutoRedeploy")) {
        return Err(Refusal::invalid("ActionOnMaintenance"));
    }
    let mut windows = Vec::new();
    for row in call.rows("MaintenanceWindow") {
        let (start, end) = (row.need("StartTime")?, row.need("EndTime")?);
        let whole = |text: &str| {
            text.len() == 8
                && text.ends_with(":00:00")
                && text[..2].parse::<u32>().is_ok_and(|hour| hour < 24)
        };
        if !whole(start) || !whole(end) || start == end {
            return Err(Refusal::invalid("MaintenanceWindow"));
        }
        windows.push((start.to_owned(), end.to_owned()));
    }
    if windows.len() > 1 {
        return Err(Refusal::invalid("MaintenanceWindow"));
    }
    let notify = call.flag("NotifyOnMaintenance")?;
    for id in ids {
        let maintenance = &mut instance::find_mut(world, call, id)?.extras.maintenance;
        if let Some(action) = action {
            action.clone_into(&mut maintenance.action);
        }
        if let Some(window) = windows.first() {
            maintenance.window = Some(window.clone());
        }
        maintenance.notify = notify.unwrap_or(maintenance.notify);
    }
    done()
}

fn describe_maintenance(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let ids = call.list("InstanceId");
    let rows = world
        .shown(&world.tables.instances, !ids.is_empty())
        .filter(|row| {
            row.base.region == region && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 100)?;
    let list: Vec<Value> = page.items.iter().map(|row| maintenance(row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "MaintenanceAttributes": {"MaintenanceAttribute": list},
    }))
}

fn maintenance(row: &Instance) -> Value {
    let held = &row.extras.maintenance;
    let windows: Vec<Value> = held
        .window
        .iter()
        .map(|(start, end)| json!({"StartTime": start, "EndTime": end}))
        .collect();
    json!({
        "InstanceId": row.base.id,
        "ActionOnMaintenance": {
            "Value": held.action, "DefaultValue": "AutoRecover",
            "SupportedValues": {"SupportedValue": ["Stop", "AutoRecover", "AutoRedeploy"]},
        },
        "MaintenanceWindows": {"MaintenanceWindow": windows},
        "NotifyOnMaintenance": held.notify,
    })
}

/// Private pools are not simulated: only the instance's setting is stored.
fn modify_pool(world: &mut World, call: &Call<'_>) -> Answer {
    let criteria = call.need("PrivatePoolOptions.MatchCriteria")?;
    if !matches!(criteria, "Open" | "None") {
        return Err(Refusal::not_modelled("PrivatePoolOptions.MatchCriteria"));
    }
    let instance = instance::find_mut(world, call, call.need("InstanceId")?)?;
    criteria.clone_into(&mut instance.extras.pool_criteria);
    done()
}

fn describe_pool(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let ids = call
        .json_list("InstanceIds", "InvalidInstanceIds.Malformed")?
        .ok_or_else(|| Refusal::missing("InstanceIds"))?;
    let rows = world
        .shown(&world.tables.instances, true)
        .filter(|row| row.base.region == region && ids.contains(&row.base.id));
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 100)?;
    let list: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            let criteria = if row.extras.pool_criteria.is_empty() {
                "None"
            } else {
                &row.extras.pool_criteria
            };
            json!({
                "InstanceId": row.base.id, "PrivatePoolOptionsMatchCriteria": criteria,
                "PrivatePoolOptionsId": row.extras.pool,
            })
        })
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "Instances": {"Instance": list},
    }))
}

/// Six letters and digits. The password is checked and not stored: nothing reads it.
fn modify_vnc_password(world: &mut World, call: &Call<'_>) -> Answer {
    instance::find(world, call, call.need("InstanceId")?)?;
    let password = call.need("VncPassword")?;
    let fits = password.len() == 6
        && password
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric());
    if !fits {
        return Err(Refusal::bad(
            "InvalidVncPassword.Malformed",
            "The VNC password must be six letters and digits.",
        ));
    }
    done()
}

/// The output of the guest on its console since its last start.
fn console_output(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["RemoveSymbols"]);
    let row = instance::find(world, call, call.need("InstanceId")?)?;
    let text = guest::console(world, row);
    Ok(json!({
        "InstanceId": row.base.id, "ConsoleOutput": STANDARD.encode(text),
        "LastUpdateTime": Timestamp(world.now_ms()).seconds(),
    }))
}

/// An image of one grey pixel.
fn screenshot(world: &mut World, call: &Call<'_>) -> Answer {
    const POINT: &str = "R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==";
    call.harmless(&["WakeUp"]);
    let row = instance::find(world, call, call.need("InstanceId")?)?;
    row.require(
        &[State::Running],
        Refusal::denied,
        "IncorrectInstanceStatus",
    )?;
    Ok(json!({"InstanceId": row.base.id, "Screenshot": POINT}))
}

/// Moves an instance to another host, where it starts again.
fn redeploy(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    let row = instance::find(world, call, id)?;
    row.unlocked()?;
    row.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
    let running = row.state == State::Running;
    if running && !call.flag("ForceStop")?.unwrap_or(false) {
        return Err(Refusal::denied(
            "IncorrectInstanceStatus",
            "The instance must be Stopped, or ForceStop be given.",
        ));
    }
    if running {
        instance::begin_start(world, id);
    }
    let region = instance::find(world, call, id)?.base.region.clone();
    Ok(json!({"TaskId": world.next_id("t", &region)}))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_release_time_releases() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let at = |text: &'static str| [("InstanceId", id.as_str()), ("AutoReleaseTime", text)];
        bench.refused(
            "ecs.ModifyInstanceAutoReleaseTime",
            &at("2026-01-01T00:05:00Z"),
            "400 InvalidAutoReleaseTime.Malformed",
        );
        bench.ok(
            "ecs.ModifyInstanceAutoReleaseTime",
            &at("2026-01-01T02:00:00Z"),
        );
        assert_eq!(
            text(&bench.instance(&id), "AutoReleaseTime"),
            "2026-01-01T02:00Z"
        );
        bench.ok("ecs.ModifyInstanceAutoReleaseTime", &at(""));
        assert_eq!(text(&bench.instance(&id), "AutoReleaseTime"), "");
        bench.ok(
            "ecs.ModifyInstanceAutoReleaseTime",
            &at("2026-01-01T02:00:00Z"),
        );
        bench.wait(7_200_000);
        assert!(bench.instance(&id).is_null(), "it went at two");
    }

    #[test]
    fn care_is_kept_and_read_back() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let window = [
            ("MaintenanceWindow.1.StartTime", "02:00:00"),
            ("MaintenanceWindow.1.EndTime", "04:00:00"),
        ];
        let pairs = [
            ("InstanceId.1", id.as_str()),
            ("ActionOnMaintenance", "Stop"),
            window[0],
            window[1],
        ];
        bench.ok("ecs.ModifyInstanceMaintenanceAttributes", &pairs);
        let seen = bench.ok(
            "ecs.DescribeInstanceMaintenanceAttributes",
            &[("InstanceId.1", &id)],
        );
        let row = &seen["MaintenanceAttributes"]["MaintenanceAttribute"][0];
        assert_eq!(
            (
                &row["ActionOnMaintenance"]["Value"],
                &row["MaintenanceWindows"]["MaintenanceWindow"][0]["EndTime"]
            ),
            (&"Stop".into(), &"04:00:00".into())
        );
        bench.ok(
            "ecs.ModifyInstanceAttachmentAttributes",
            &[
                ("InstanceId", &id),
                ("PrivatePoolOptions.MatchCriteria", "Open"),
            ],
        );
        let ids = format!("[\"{id}\"]");
        let pool = bench.ok(
            "ecs.DescribeInstanceAttachmentAttributes",
            &[("InstanceIds", &ids)],
        );
        assert_eq!(
            pool["Instances"]["Instance"][0]["PrivatePoolOptionsMatchCriteria"],
            "Open"
        );
        bench.refused(
            "ecs.ModifyInstanceVncPasswd",
            &[("InstanceId", &id), ("VncPassword", "short")],
            "400 InvalidVncPassword.Malformed",
        );
        bench.ok(
            "ecs.ModifyInstanceVncPasswd",
            &[("InstanceId", &id), ("VncPassword", "abc123")],
        );
        bench.ok("ecs.GetInstanceConsoleOutput", &[("InstanceId", &id)]);
        bench.ok("ecs.GetInstanceScreenshot", &[("InstanceId", &id)]);
        bench.refused(
            "ecs.RedeployInstance",
            &[("InstanceId", &id)],
            "403 IncorrectInstanceStatus",
        );
        bench.ok(
            "ecs.RedeployInstance",
            &[("InstanceId", &id), ("ForceStop", "true")],
        );
        assert_eq!(text(&bench.instance(&id), "Status"), "Starting");
    }
}
