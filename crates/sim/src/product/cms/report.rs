//! Listings of resources that the simulator does not have: fired alarms, events, application
//! groups, templates of rules. And the agent, which every running instance has.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::cms::success;
use crate::product::ecs::instance::State;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeAlertHistoryList", alert_history),
    ("DescribeSystemEventAttribute", system_events),
    ("DescribeMonitorGroups", groups),
    ("DescribeMonitorGroupInstances", group_instances),
    ("ModifyMetricRuleTemplate", modify_template),
    ("DescribeMonitoringAgentStatuses", agent_statuses),
    ("InstallMonitoringAgent", install_agent),
];

fn alert_history(_world: &mut World, call: &Call<'_>) -> Answer {
    let filters = [
        "Ascending",
        "EndTime",
        "GroupId",
        "MetricName",
        "Namespace",
        "Page",
        "PageSize",
        "RuleId",
    ];
    call.harmless(&filters);
    call.harmless(&["RuleName", "StartTime", "State", "Status"]);
    success(json!({"Total": "0", "AlarmHistoryList": {"AlarmHistory": []}}))
}

/// `Success` is a text here.
fn system_events(_world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&[
        "EndTime",
        "EventType",
        "GroupId",
        "Level",
        "Name",
        "PageNumber",
        "PageSize",
    ]);
    call.harmless(&["Product", "SearchKeywords", "StartTime", "Status"]);
    Ok(json!({
        "Success": "true", "Code": "200", "Message": "", "SystemEvents": {"SystemEvent": []},
    }))
}

/// `Code` is a number in the listings of groups.
fn no_groups(call: &Call<'_>) -> Answer {
    let (number, size) = (
        call.int("PageNumber")?.unwrap_or(1),
        call.int("PageSize")?.unwrap_or(30),
    );
    Ok(json!({
        "Success": true, "Code": 200, "Message": "", "PageNumber": number, "PageSize": size,
        "Total": 0,
        "Resources": {"Resource": []},
    }))
}

fn groups(_world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&[
        "DynamicTagRuleId",
        "GroupFounderTagKey",
        "GroupFounderTagValue",
        "GroupId",
        "GroupName",
    ]);
    call.harmless(&[
        "IncludeTemplateHistory",
        "InstanceId",
        "Keyword",
        "SelectContactGroups",
        "Type",
        "Types",
    ]);
    let _tags = crate::tags::Filter::of(call)?;
    no_groups(call)
}

fn group_instances(_world: &mut World, call: &Call<'_>) -> Answer {
    let group = call.need("GroupId")?;
    Err(Refusal::absent(
        "ResourceNotFound",
        format!("The application group {group} does not exist."),
    ))
}

fn modify_template(_world: &mut World, call: &Call<'_>) -> Answer {
    let template = call.need("TemplateId")?;
    Err(Refusal::absent(
        "ResourceNotFound",
        format!("The template {template} does not exist."),
    ))
}

fn agent_statuses(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["HostAvailabilityTaskId"]);
    let ids: Option<Vec<&str>> = call
        .given("InstanceIds")
        .map(|list| list.split(',').map(str::trim).collect());
    let rows = world
        .shown(&world.tables.instances, true)
        .filter(|row| call.in_region(&row.base.region));
    let shown: Vec<Value> = rows
        .filter(|row| {
            ids.as_ref()
                .is_none_or(|ids| ids.contains(&row.base.id.as_str()))
        })
        .map(|row| {
            let status = if row.state == State::Running {
                "running"
            } else {
                "stopped"
            };
            json!({
                "InstanceId": row.base.id, "Status": status, "AutoInstall": true,
                "AgentInstallErrorCode": "",
                "OsMonitorStatus": status, "OsMonitorVersion": "1.0", "OsMonitorConfig": "{}",
                "OsMonitorErrorCode": "",
                "OsMonitorErrorDetail": "", "LoongCollectorStatus": "stopped",
                "LoongCollectorVersion": "",
            })
        })
        .collect();
    success(json!({"NodeStatusList": {"NodeStatus": shown}}))
}

/// The agent is installed already.
fn install_agent(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Force"]);
    call.only("InstallCommand", "onlyInstallNotHasAgent")?;
    for id in call.list("InstanceIds") {
        if !world
            .shown(&world.tables.instances, true)
            .any(|row| row.base.id == id)
        {
            return Err(Refusal::absent(
                "ResourceNotFound",
                format!("The instance {id} does not exist."),
            ));
        }
    }
    success(json!({}))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn reports() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let agents = bench.ok(
            "cms.DescribeMonitoringAgentStatuses",
            &[("InstanceIds", &id)],
        );
        assert_eq!(
            agents["NodeStatusList"]["NodeStatus"][0]["Status"],
            "running"
        );
        bench.ok("cms.InstallMonitoringAgent", &[("InstanceIds.1", &id)]);
        bench.refused(
            "cms.InstallMonitoringAgent",
            &[("InstanceIds.1", "i-none")],
            "404 ResourceNotFound",
        );
        assert_eq!(bench.ok("cms.DescribeAlertHistoryList", &[])["Total"], "0");
        assert_eq!(
            bench.ok("cms.DescribeSystemEventAttribute", &[])["Success"],
            "true"
        );
        assert_eq!(bench.ok("cms.DescribeMonitorGroups", &[])["Code"], 200);
        bench.refused(
            "cms.DescribeMonitorGroupInstances",
            &[("GroupId", "1")],
            "404 ResourceNotFound",
        );
        bench.refused(
            "cms.ModifyMetricRuleTemplate",
            &[("TemplateId", "1"), ("RestVersion", "0")],
            "404 ResourceNotFound",
        );
    }
}
