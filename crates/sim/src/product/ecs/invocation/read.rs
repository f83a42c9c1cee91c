//! DescribeInvocations, DescribeInvocationResults, DescribeCloudAssistantStatus.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::command::encoded;
use crate::product::ecs::guest;
use crate::product::ecs::instance::Instance;
use crate::product::ecs::invocation::{Invocation, Run};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInvocations", describe),
    ("DescribeInvocationResults", describe_results),
    ("DescribeCloudAssistantStatus", describe_agents),
];

/// Invocations that a call means.
fn chosen<'a>(
    world: &'a World,
    call: &Call<'_>,
    status: &str,
) -> Result<Vec<&'a Invocation>, Refusal> {
    let region = call.region_needed()?;
    let (id, command, machine) = (
        call.given("InvokeId"),
        call.given("CommandId"),
        call.given("InstanceId"),
    );
    let (group, status, filter) = (
        call.given("ResourceGroupId"),
        call.given(status),
        tags::Filter::of(call)?,
    );
    let rows = world
        .shown(&world.tables.invocations, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && command.is_none_or(|command| command == row.command)
                && machine.is_none_or(|machine| row.runs.iter().any(|run| run.instance == machine))
                && group.is_none_or(|group| group == row.base.resource_group)
                && status.is_none_or(|status| {
                    status == row.state() || row.runs.iter().any(|run| record_status(run) == status)
                })
                && filter.fits(&row.base.tags)
        });
    Ok(filter.cut(world, page::newest_first(rows, |row| &row.base)))
}

/// The older field of the same meaning knows fewer states.
fn record_status(run: &Run) -> &'static str {
    match run.status.as_str() {
        "Running" => "Running",
        "Success" => "Finished",
        _ => "Failed",
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("RepeatMode", "Once")?;
    call.only("Timed", "false")?;
    let (name, kind) = (call.given("CommandName"), call.given("CommandType"));
    let with_output = call.flag("IncludeOutput")?.unwrap_or(false);
    let mut rows = chosen(world, call, "InvokeStatus")?;
    rows.retain(|row| {
        name.is_none_or(|name| row.command_name.contains(name))
            && kind.is_none_or(|kind| kind == row.draft.kind)
    });
    let list = |items: Vec<&Invocation>| -> Vec<Value> {
        items
            .into_iter()
            .map(|row| listed(call, row, with_output))
            .collect()
    };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |row| &row.base, (10, 1, 50))?;
        return Ok(
            json!({"NextToken": page.next, "Invocations": {"Invocation": list(page.items)}}),
        );
    }
    let page = page::numbered(call, rows, 50)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "Invocations": {"Invocation": list(page.items)},
    }))
}

fn time(at: Option<i64>) -> String {
    at.map_or_else(String::new, |at| Timestamp(at).seconds())
}

fn listed(call: &Call<'_>, row: &Invocation, with_output: bool) -> Value {
    let created = Timestamp(row.base.created_ms).seconds();
    let machines: Vec<Value> = row
        .runs
        .iter()
        .map(|run| {
            let mut body = json!({
                "InstanceId": run.instance, "InvocationStatus": run.status,
                "InstanceInvokeStatus": record_status(run),
                "ErrorCode": if run.finished_ms.is_some() { run.error_code.as_str() } else { "" },
                "ErrorInfo": "",
                "CreationTime": created, "StartTime": created, "FinishTime": time(run.finished_ms),
                "StopTime": "",
                "UpdateTime": time(run.finished_ms), "Repeats": 1, "Timed": false, "Dropped": 0,
            });
            if run.finished_ms.is_some() {
                body["ExitCode"] = json!(run.exit_code);
            }
            if with_output {
                body["Output"] = json!(encoded(
                    call,
                    if run.finished_ms.is_some() {
                        &run.output
                    } else {
                        ""
                    }
                ));
            }
            body
        })
        .collect();
    json!({
        "InvokeId": row.base.id, "CommandId": row.command, "CommandName": row.command_name,
        "CommandType": row.draft.kind,
        "CommandContent": encoded(call, &row.draft.content), "CommandDescription": "",
        "InvocationStatus": row.state(),
        "InvokeStatus": older(row.state()), "RepeatMode": "Once", "Timed": false, "Frequency": "",
        "Timeout": row.draft.timeout_s,
        "WorkingDir": row.draft.working_dir, "Username": row.user, "Parameters": row.parameters,
        "Launcher": row.draft.launcher,
        "CreationTime": created, "InvokeInstances": {"InvokeInstance": machines},
        "Tags": tags::tag_key_list(&row.base.tags),
    })
}

/// The older name of an invocation's state.
fn older(state: &str) -> &str {
    if state == "Success" {
        "Finished"
    } else {
        state
    }
}

fn describe_results(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["IncludeHistory"]);
    let machine = call.given("InstanceId");
    let rows = chosen(world, call, "InvokeRecordStatus")?;
    let mut results: Vec<(crate::base::Base, Value)> = Vec::new();
    for row in rows {
        for run in row
            .runs
            .iter()
            .filter(|run| machine.is_none_or(|machine| machine == run.instance))
        {
            let base = crate::base::Base {
                id: format!("{}/{}", row.base.id, run.instance),
                created_ms: row.base.created_ms,
                ..crate::base::Base::default()
            };
            results.push((base, result(call, row, run)));
        }
    }
    let rows = page::newest_first(results.iter(), |(base, _)| base);
    let list = |items: Vec<&(crate::base::Base, Value)>| -> Vec<Value> {
        items.into_iter().map(|(_, body)| body.clone()).collect()
    };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |(base, _)| base, (10, 1, 50))?;
        return Ok(json!({"Invocation": {
            "NextToken": page.next,
            "InvocationResults": {"InvocationResult": list(page.items)},
        }}));
    }
    let page = page::numbered(call, rows, 50)?;
    Ok(json!({"Invocation": {
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next_by(|(base, _)| Some(base)),
        "InvocationResults": {"InvocationResult": list(page.items)},
    }}))
}

fn result(call: &Call<'_>, row: &Invocation, run: &Run) -> Value {
    let over = run.finished_ms.is_some();
    let mut body = json!({
        "InvokeId": row.base.id, "CommandId": row.command, "InstanceId": run.instance,
        "InvocationStatus": run.status,
        "InvokeRecordStatus": record_status(run),
        "ErrorCode": if over { run.error_code.as_str() } else { "" }, "ErrorInfo": "",
        "Output": encoded(call, if over { &run.output } else { "" }), "Username": row.user,
        "Launcher": row.draft.launcher,
        "StartTime": Timestamp(row.base.created_ms).seconds(),
        "FinishedTime": time(run.finished_ms), "StopTime": "",
        "Dropped": 0, "Repeats": 1, "Tags": tags::tag_key_list(&row.base.tags),
    });
    if over {
        body["ExitCode"] = json!(run.exit_code);
    }
    body
}

/// Cloud Assistant of an instance, as DescribeCloudAssistantStatus shows it.
fn agent(world: &World, row: &Instance) -> Value {
    let ready = guest::agent_ready(world, row);
    let (version, heartbeat) = if ready {
        ("2.2.3.857", Timestamp(world.now_ms()).seconds())
    } else {
        ("", String::new())
    };
    let runs_here = |invocation: &&Invocation| {
        let mut runs = invocation.runs.iter();
        runs.any(|run| run.instance == row.base.id)
    };
    let invoked = world.tables.invocations.values().filter(runs_here);
    json!({
        "InstanceId": row.base.id,
        "CloudAssistantStatus": ready.to_string(),
        "OSType": row.os_type,
        "CloudAssistantVersion": version,
        "SupportSessionManager": true,
        "LastHeartbeatTime": heartbeat,
        "InvocationCount": invoked.count(),
        "ActiveTaskCount": 0,
        "LastInvokedTime": "",
    })
}

fn describe_agents(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, os) = (call.list("InstanceId"), call.given("OSType"));
    let rows = world
        .shown(&world.tables.instances, !ids.is_empty())
        .filter(|row| {
            row.base.region == region
                && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
                && os.is_none_or(|os| os.eq_ignore_ascii_case(&row.os_type))
        });
    let rows = page::newest_first(rows, |row| &row.base);
    let list = |items: Vec<&Instance>| -> Vec<Value> {
        items.into_iter().map(|row| agent(world, row)).collect()
    };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |row| &row.base, (10, 1, 50))?;
        return Ok(json!({
            "NextToken": page.next,
            "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": list(page.items)},
        }));
    }
    let page = page::numbered(call, rows, 50)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": list(page.items)},
    }))
}
