//! `metric_alarm`: an alert rule with an id that the caller chooses.
//!
//! PutResourceMetricRule creates and updates: it replaces the whole rule, and a parameter that it
//! leaves out gets its default. A put on a disabled rule leaves it disabled. Nobody looks whether its
//! contact groups exist.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::page;
use crate::product::Actions;
use crate::product::cms::{metric, success};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("PutResourceMetricRule", put),
    ("DescribeMetricRuleList", describe),
    ("DeleteMetricRules", delete),
    ("EnableMetricRules", |world, call| {
        switch(world, call, true, 100)
    }),
    ("DisableMetricRules", |world, call| {
        switch(world, call, false, 20)
    }),
];

/// An alert rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MetricRule {
    base: Base,
    namespace: String,
    metric: String,
    contact_groups: String,
    resources: String,
    period: String,
    silence_time: i64,
    effective: String,
    not_effective: String,
    no_data_policy: String,
    webhook: String,
    mail_subject: String,
    labels: Vec<(String, String)>,
    escalations: Vec<Escalation>,
    enabled: bool,
    /// The value of `enabled` that reads show until a moment.
    stale: Option<(i64, bool)>,
    updated_ms: i64,
}

/// One level of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Escalation {
    level: String,
    statistics: String,
    operator: String,
    threshold: String,
    times: i64,
}

impl Row for MetricRule {
    const KIND: &'static str = "metric_alarm";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        if self.enabled { "Enabled" } else { "Disabled" }
    }
}

const LEVELS: [&str; 3] = ["Critical", "Warn", "Info"];

const OPERATORS: [&str; 12] = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanThreshold",
    "NotEqualToThreshold",
    "EqualToThreshold",
    "GreaterThanYesterday",
    "LessThanYesterday",
    "GreaterThanLastWeek",
    "LessThanLastWeek",
    "GreaterThanLastPeriod",
    "LessThanLastPeriod",
];

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad("ParameterInvalid", message)
}

fn put(world: &mut World, call: &Call<'_>) -> Answer {
    put_one(world, call)?;
    success(json!({}))
}

/// Stores one rule: that of the call, or of a row of a batch.
pub(crate) fn put_one(world: &mut World, call: &Fields<'_>) -> Result<(), Refusal> {
    let id = call.need("RuleId")?;
    let (namespace, name) = (call.need("Namespace")?, call.need("MetricName")?);
    let metric = metric::find(namespace, name)
        .ok_or_else(|| invalid(format!("The metric {name} is not in {namespace}.")))?;
    let escalations = read_escalations(call, metric.statistics)?;
    let now = world.now_ms();
    let old = world.tables.metric_rules.get(id);
    let (created_ms, enabled, stale) = old.map_or((now, true, None), |row| {
        (row.base.created_ms, row.enabled, row.stale)
    });
    if old.is_none()
        && world.tables.metric_rules.values().count() >= world.options.quotas.metric_rules
    {
        return Err(Refusal::new(
            402,
            "LimitExceeded",
            "The number of alert rules exceeds the quota.",
        ));
    }
    let rule_name = call.need("RuleName")?;
    let base = Base {
        id: id.to_owned(),
        name: rule_name.to_owned(),
        created_ms,
        ..Base::default()
    };
    call.only("Interval", &metric.period.to_string())?;
    let rule = MetricRule {
        base,
        namespace: namespace.to_owned(),
        metric: name.to_owned(),
        contact_groups: call.need("ContactGroups")?.to_owned(),
        resources: read_resources(call)?,
        period: read_period(call, metric.period)?,
        silence_time: read_silence(call)?,
        effective: read_interval(call, "EffectiveInterval", "00:00-23:59")?,
        not_effective: read_interval(call, "NoEffectiveInterval", "")?,
        no_data_policy: read_no_data(call)?,
        webhook: call.text("Webhook").unwrap_or_default().to_owned(),
        mail_subject: call.text("EmailSubject").unwrap_or_default().to_owned(),
        labels: read_labels(call)?,
        escalations,
        enabled,
        stale,
        updated_ms: now,
    };
    world.tables.metric_rules.insert(id, rule);
    Ok(())
}

/// A rule needs at least one level, and all values of each.
fn read_escalations(call: &Fields<'_>, statistics: &str) -> Result<Vec<Escalation>, Refusal> {
    let mut levels = Vec::new();
    for level in LEVELS {
        let prefix = format!("Escalations.{level}");
        if call.any(&prefix) {
            levels.push(read_escalation(
                &call.part(&format!("{prefix}.")),
                level,
                statistics,
            )?);
        }
    }
    if levels.is_empty() {
        return Err(invalid("The rule has no level."));
    }
    Ok(levels)
}

fn read_escalation(
    fields: &Fields<'_>,
    level: &str,
    statistics: &str,
) -> Result<Escalation, Refusal> {
    let need = |name: &str| {
        fields
            .given(name)
            .ok_or_else(|| invalid(format!("Escalations.{level}.{name} is missing.")))
    };
    let (wanted, operator, threshold) = (
        need("Statistics")?,
        need("ComparisonOperator")?,
        need("Threshold")?,
    );
    need("Times")?;
    let times = fields.int("Times")?.unwrap_or(0);
    if !statistics.split(',').any(|known| known == wanted) {
        return Err(invalid(format!(
            "The metric has no statistics {wanted}; it has {statistics}."
        )));
    }
    if !OPERATORS.contains(&operator) {
        return Err(invalid(format!(
            "The comparison operator {operator} is not known."
        )));
    }
    if threshold.parse::<f64>().is_err() || times < 1 {
        return Err(invalid(format!(
            "Threshold or Times of {level} is not a number."
        )));
    }
    Ok(Escalation {
        level: level.to_owned(),
        statistics: wanted.to_owned(),
        operator: operator.to_owned(),
        threshold: threshold.to_owned(),
        times,
    })
}

/// A JSON list of objects with text values. As far as is known, the cloud does not check that they
/// exist.
fn read_resources(call: &Fields<'_>) -> Result<String, Refusal> {
    let text = call.need("Resources")?;
    let list: Vec<Map<String, Value>> = serde_json::from_str(text)
        .map_err(|_| invalid("Resources is not a JSON array of objects."))?;
    if list.is_empty()
        || list
            .iter()
            .any(|one| one.is_empty() || one.values().any(|value| !value.is_string()))
    {
        return Err(invalid(
            "Resources must name at least one resource by texts.",
        ));
    }
    Ok(json!(list).to_string())
}

fn read_period(call: &Fields<'_>, least: i64) -> Result<String, Refusal> {
    let seconds = call.int("Period")?.unwrap_or(least);
    if seconds < least || seconds % least != 0 {
        return Err(invalid(format!("Period must be a multiple of {least}.")));
    }
    Ok(seconds.to_string())
}

fn read_silence(call: &Fields<'_>) -> Result<i64, Refusal> {
    let seconds = call.int("SilenceTime")?.unwrap_or(86_400);
    if (300..=86_400).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(invalid("SilenceTime must be 300 to 86400."))
    }
}

fn read_interval(call: &Fields<'_>, name: &str, usual: &str) -> Result<String, Refusal> {
    let text = call.given(name).unwrap_or(usual);
    let time = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let in_range = hours.len() == 2
            && minutes.len() == 2
            && hours.parse::<u8>().ok()? < 24
            && minutes.parse::<u8>().ok()? < 60;
        in_range.then_some(())
    };
    let fits = text.is_empty()
        || text
            .split_once('-')
            .is_some_and(|(from, to)| time(from).is_some() && time(to).is_some());
    if fits {
        Ok(text.to_owned())
    } else {
        Err(invalid(format!("{name} must be of the form HH:mm-HH:mm.")))
    }
}

fn read_no_data(call: &Fields<'_>) -> Result<String, Refusal> {
    let policy = call.given("NoDataPolicy").unwrap_or("KEEP_LAST_STATE");
    if ["KEEP_LAST_STATE", "INSUFFICIENT_DATA", "OK"].contains(&policy) {
        Ok(policy.to_owned())
    } else {
        Err(invalid("NoDataPolicy is not known."))
    }
}

fn read_labels(call: &Fields<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let rows = call.rows("Labels");
    rows.iter()
        .map(|row| {
            Ok((
                row.need("Key")?.to_owned(),
                row.text("Value").unwrap_or_default().to_owned(),
            ))
        })
        .collect()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let ids: Option<Vec<&str>> = call
        .given("RuleIds")
        .map(|list| list.split(',').map(str::trim).collect());
    if ids.as_ref().is_some_and(|ids| ids.len() > 20) {
        return Err(invalid("RuleIds holds more than 20 ids."));
    }
    let (name, namespace, metric) = (
        call.given("RuleName"),
        call.given("Namespace"),
        call.given("MetricName"),
    );
    let (enabled, alert) = (call.flag("EnableState")?, call.given("AlertState"));
    let rows = world
        .shown(&world.tables.metric_rules, ids.is_some())
        .filter(|row| {
            ids.as_ref()
                .is_none_or(|ids| ids.contains(&row.base.id.as_str()))
                && name.is_none_or(|name| row.base.name.contains(name))
                && namespace.is_none_or(|namespace| namespace == row.namespace)
                && metric.is_none_or(|metric| metric == row.metric)
                && enabled.is_none_or(|enabled| enabled == row.shows_enabled(world))
                && alert.is_none_or(|alert| alert == "OK")
        });
    let page = page::numbered_by(call, "Page", page::newest_first(rows, |row| &row.base), 100)?;
    let alarms: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    // The page's code is a number, its total a text: both as the product has them.
    Ok(json!({
        "Success": true, "Code": 200, "Message": "", "Total": page.total.to_string(),
        "Alarms": {"Alarm": alarms},
    }))
}

impl MetricRule {
    fn shows_enabled(&self, world: &World) -> bool {
        match self.stale {
            Some((until_ms, before)) if world.now_ms() < until_ms => before,
            _ => self.enabled,
        }
    }
}

fn listed(world: &World, row: &MetricRule) -> Value {
    let mut escalations = json!({"Critical": {}, "Warn": {}, "Info": {}});
    for level in &row.escalations {
        escalations[&level.level] = json!({
            "Statistics": level.statistics, "ComparisonOperator": level.operator,
            "Threshold": level.threshold,
            "Times": level.times, "PreCondition": "",
        });
    }
    let labels: Vec<Value> = row
        .labels
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    json!({
        "RuleId": row.base.id,
        "RuleName": row.base.name,
        "Namespace": row.namespace,
        "MetricName": row.metric,
        "ContactGroups": row.contact_groups,
        "Resources": row.resources,
        "Dimensions": "",
        "Period": row.period,
        "SilenceTime": row.silence_time,
        "EffectiveInterval": row.effective,
        "NoEffectiveInterval": row.not_effective,
        "NoDataPolicy": row.no_data_policy,
        "Webhook": row.webhook,
        "MailSubject": row.mail_subject,
        "EnableState": row.shows_enabled(world),
        "AlertState": "OK",
        "SourceType": "METRIC",
        "ProductCategory": row.namespace.trim_start_matches("acs_").split('_').next().unwrap_or_default(),
        "GroupId": "",
        "GroupName": "",
        "SendOK": true,
        "GmtCreate": row.base.created_ms,
        "GmtUpdate": row.updated_ms.to_string(),
        "Labels": {"Labels": labels},
        "Escalations": escalations,
        "CompositeExpression": {"ExpressionList": {"ExpressionList": []}},
        "Prometheus": {"Annotations": {"Annotations": []}},
    })
}

fn require(world: &World, ids: &[&str], max: usize) -> Result<(), Refusal> {
    if ids.len() > max {
        return Err(invalid(format!("More than {max} rules in one call.")));
    }
    match ids
        .iter()
        .find(|id| world.tables.metric_rules.get(id).is_none())
    {
        Some(id) => Err(Refusal::absent(
            "ResourceNotFound",
            format!("The rule {id} does not exist."),
        )),
        None => Ok(()),
    }
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let ids = call.list("Id");
    require(world, &ids, 100)?;
    for id in ids {
        world.tables.metric_rules.remove(id);
        world.tables.rule_targets.remove(id);
    }
    success(json!({}))
}

/// Reads show a change of the flag late.
fn switch(world: &mut World, call: &Call<'_>, enable: bool, max: usize) -> Answer {
    let ids = call.list("RuleId");
    require(world, &ids, max)?;
    let until_ms = world.now_ms() + world.options.profile.read_back_ms;
    for id in ids {
        if let Some(rule) = world
            .tables
            .metric_rules
            .get_mut(id)
            .filter(|rule| rule.enabled != enable)
        {
            rule.stale = Some((until_ms, rule.enabled));
            rule.enabled = enable;
        }
    }
    success(json!({}))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    const RULE: [(&str, &str); 10] = [
        ("RuleId", "r-1"),
        ("RuleName", "cpu"),
        ("Namespace", "acs_ecs_dashboard"),
        ("MetricName", "CPUUtilization"),
        ("Resources", "[{\"instanceId\":\"i-1\"}]"),
        ("ContactGroups", "ops-team"),
        ("Escalations.Critical.Statistics", "Average"),
        (
            "Escalations.Critical.ComparisonOperator",
            "GreaterThanThreshold",
        ),
        ("Escalations.Critical.Threshold", "90"),
        ("Escalations.Critical.Times", "3"),
    ];

    fn rule(bench: &mut Bench) -> serde_json::Value {
        bench.ok("cms.DescribeMetricRuleList", &[("RuleIds", "r-1")])["Alarms"]["Alarm"][0].clone()
    }

    #[test]
    fn a_put_replaces_everything() {
        let mut bench = Bench::new();
        let mut first = RULE.to_vec();
        first.extend([
            ("SilenceTime", "3600"),
            ("Webhook", "https://example.com/x"),
            ("Labels.1.Key", "a"),
            ("Labels.1.Value", "b"),
        ]);
        bench.ok("cms.PutResourceMetricRule", &first);
        let row = rule(&mut bench);
        assert_eq!(
            (
                &row["SilenceTime"],
                &row["Webhook"],
                &row["Labels"]["Labels"][0]["Key"]
            ),
            (&3600.into(), &"https://example.com/x".into(), &"a".into())
        );
        assert_eq!(
            (&row["Escalations"]["Critical"]["Threshold"], &row["Period"]),
            (&"90".into(), &"60".into())
        );
        bench.ok("cms.PutResourceMetricRule", &RULE);
        let row = rule(&mut bench);
        assert_eq!(
            (&row["SilenceTime"], &row["Webhook"]),
            (&86_400.into(), &"".into())
        );
        let target = [
            ("RuleId", "r-1"),
            ("Targets.1.Id", "t"),
            ("Targets.1.Arn", "acs:mns:cn-beijing:1:/queues/q/messages"),
        ];
        bench.ok("cms.PutMetricRuleTargets", &target);
        bench.ok("cms.DeleteMetricRules", &[("Id.1", "r-1")]);
        assert!(
            bench.world.tables.rule_targets.get("r-1").is_none(),
            "targets go with their rule"
        );
        bench.refused(
            "cms.DeleteMetricRules",
            &[("Id.1", "r-1")],
            "404 ResourceNotFound",
        );
        assert_eq!(bench.ok("cms.DescribeMetricRuleList", &[])["Total"], "0");
    }

    #[test]
    fn what_a_put_refuses() {
        let mut bench = Bench::new();
        for (name, value, expected) in [
            ("MetricName", "CpuUtilisation", "400 ParameterInvalid"),
            ("Resources", "i-1", "400 ParameterInvalid"),
            (
                "Escalations.Critical.Statistics",
                "Median",
                "400 ParameterInvalid",
            ),
            (
                "Escalations.Critical.Threshold",
                "much",
                "400 ParameterInvalid",
            ),
            ("Escalations.Critical.Times", "", "400 ParameterInvalid"),
            ("Period", "90", "400 ParameterInvalid"),
            ("Prometheus", "{}", "400 Simulator.NotModelled"),
        ] {
            let mut pairs: Vec<(&str, &str)> = RULE
                .iter()
                .filter(|(known, _)| *known != name)
                .copied()
                .collect();
            pairs.push((name, value));
            bench.refused("cms.PutResourceMetricRule", &pairs, expected);
        }
        assert_eq!(bench.ok("cms.DescribeMetricRuleList", &[])["Total"], "0");
    }

    #[test]
    fn the_flag_lags_and_a_put_leaves_it() {
        let mut bench = Bench::new();
        bench.ok("cms.PutResourceMetricRule", &RULE);
        bench.ok("cms.DisableMetricRules", &[("RuleId.1", "r-1")]);
        assert_eq!(rule(&mut bench)["EnableState"], true);
        bench.wait(1_000);
        assert_eq!(rule(&mut bench)["EnableState"], false);
        bench.ok("cms.PutResourceMetricRule", &RULE);
        assert_eq!(rule(&mut bench)["EnableState"], false);
        bench.ok("cms.EnableMetricRules", &[("RuleId.1", "r-1")]);
        bench.wait(1_000);
        assert_eq!(rule(&mut bench)["EnableState"], true);
    }

    #[test]
    fn contacts_and_groups() {
        let mut bench = Bench::new();
        let group = [("ContactGroupName", "team"), ("ContactNames.1", "ann")];
        bench.refused("cms.PutContactGroup", &group, "404 ContactNotExists");
        bench.ok(
            "cms.PutContact",
            &[
                ("ContactName", "ann"),
                ("Describe", "first"),
                ("Channels.Mail", "ann@example.com"),
            ],
        );
        bench.ok("cms.PutContactGroup", &group);
        let groups = bench.ok("cms.DescribeContactGroupList", &[]);
        assert_eq!(
            (
                &groups["Total"],
                &groups["ContactGroups"]["ContactGroup"][1]
            ),
            (&2.into(), &"team".into())
        );
        let contact =
            bench.ok("cms.DescribeContactList", &[("ContactName", "ann")])["Contacts"]["Contact"]
                [0]
            .clone();
        assert_eq!(
            (
                &contact["ChannelsState"]["Mail"],
                &contact["ContactGroups"]["ContactGroup"][0]
            ),
            (&"PENDING".into(), &"team".into())
        );
        bench.ok("cms.DeleteContact", &[("ContactName", "ann")]);
        bench.ok("cms.DeleteContactGroup", &[("ContactGroupName", "team")]);
        bench.refused(
            "cms.DeleteContactGroup",
            &[("ContactGroupName", "team")],
            "404 ContactNotExists",
        );
        bench.ok(
            "cms.DescribeMetricMetaList",
            &[("Namespace", "acs_ecs_dashboard")],
        );
    }
}
