//! `metric_alarm`: an alert rule of CloudMonitor.
//!
//! The caller of the API chooses the id of a rule. Setpoint derives it from account, region, stack
//! and address, so that it serves as the client token. A put replaces the whole rule, and an absent
//! parameter returns to its default, so a put always sends the live values overlaid with the
//! desired ones. Rules have no tags: the name of the rule holds the owner (`stack:address`, by
//! which rules are listed), and the id proves it.
//!
//! Sources: PutResourceMetricRule, EnableMetricRules, DisableMetricRules, DeleteMetricRules,
//! DescribeMetricRuleList (CMS 2019-01-01).

use setpoint_openapi::action::cms as api;
use setpoint_plan::claim::Claim;
use setpoint_plan::desired::Desired;
use setpoint_plan::field::{Field, Judged, Verdict};
use setpoint_plan::kind::{Cx, Found, Kind, Refusal, Site};
use setpoint_plan::live::Live;
use setpoint_plan::ownership::{decode_address, encode_address};
use setpoint_plan::procedure::{
    Args, Call, Codes, Cond, Each, ItemForm, Procedure, Step, Wait, minutes, seconds,
};
use setpoint_plan::update::{Changing, Update};
use setpoint_plan::view::pair;
use setpoint_plan::{Address, Encoding, Value};
use setpoint_spec::naming::{self, Naming};
use setpoint_spec::schema::{CheckCx, Problem, Type};

use crate::shared::{digest, sort_lists, when_known};

mod read;

/// The kind.
pub static METRIC_ALARM: Kind = Kind {
    doc: "An alert rule on a CloudMonitor metric.",
    one_of: &[&["instances", "resources"]],
    any_of: &[&["critical", "warn", "info"]],
    hints: &[
        ("metric_name", "`metric`"),
        ("escalations", "`critical`, `warn`, `info`"),
        ("escalations_critical", "`critical`"),
        ("dimensions", "`instances` or `resources`"),
    ],
    naming: Naming {
        synonyms: &["cms_alarm", "alarm", "cms_metric_rule"],
        look_up: &[naming::ID],
        ..Naming::PLAIN
    },
    check,
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16}
subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
group: {type: security_group, vpc: net}
app:
  type: instance
  count: 2
  instance_type: ecs.c7.large
  image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
  vswitch: subnet
  security_groups: [group]
it:
  type: metric_alarm
  metric: CPUUtilization
  resources: [{instanceId: i-bp1abcdefghijklmnopq}]
  contact_groups: [{name: ops-team}]
  critical: {statistics: Average, threshold: 90}
",
    first_version: true,
    desire,
    derived_id: Some(|cx, want| rule_id(cx, &want.address)),
    // The id is derived from the address, so the old and the new rule have the same one.
    claims: |of| {
        Claim::name("id", Value::Null, &of("id"))
            .into_iter()
            .collect()
    },
    ..Kind::new("metric_alarm", FIELDS, &read::LIST, create, delete)
};

const NAME: Type = Type::Text { min: 1, max: 128 };

static FIELDS: &[Field] = &[
    Field {
        param: "",
        ..Field::display_name("RuleName", 2, 64)
            .update(&PUT)
            .samples("first alarm", "second alarm")
    },
    Field::new(
        "metric",
        NAME,
        "Name of the metric, for example `CPUUtilization`.",
    )
    .required()
    .param("MetricName")
    .at("MetricName")
    .replace()
    .samples("CPUUtilization", "memory_usedutilization"),
    Field::new("namespace", NAME, "Namespace of the metric.")
        .or("acs_ecs_dashboard")
        .param("Namespace")
        .at("Namespace")
        .replace(),
    Field::new(
        "instances",
        Type::List(&Type::Ref("instance")),
        "The instances that the rule watches.",
    )
    .judge(same_set, "none")
    .loose()
    .samples("[\"app[0]\"]", "[\"app[0]\", \"app[1]\"]"),
    Field::new(
        "resources",
        Type::List(&Type::Map(&Type::Text { min: 0, max: 256 })),
        "The dimensions that the rule watches, as maps.",
    )
    .judge(same_set, "none")
    .samples(
        "[{instanceId: i-bp1aaaaaaaaaaaaaaaaa}]",
        "[{instanceId: i-bp1bbbbbbbbbbbbbbbbb}]",
    ),
    Field::new(
        "contact_groups",
        Type::List(&Type::Ref("alarm_contact_group")),
        "The contact groups to notify; at least one.",
    )
    .required()
    .by(read::contact_groups)
    .judge(same_set, "none")
    .loose()
    .samples("[{name: ops-team}]", "[{name: ops-team}, {name: dev-team}]"),
    Field::structure("critical", &CRITICAL, "Condition of the level critical."),
    Field::structure("warn", &WARN, "Condition of the level warn."),
    Field::structure("info", &INFO, "Condition of the level info."),
    Field::new(
        "period",
        Type::Duration,
        "Evaluation period; a multiple of the period of the metric.",
    )
    .param("Period")
    .by_uncaptured(
        |row| Ok(row.may_int_text("Period")?.map(Value::Int)),
        &["Period"],
    )
    .update(&PUT)
    .samples("60s", "5m"),
    Field::new(
        "silence_time",
        Type::Duration,
        "Pause between repeated notifications, 5m to 24h.",
    )
    .param("SilenceTime")
    .by_uncaptured(
        |row| Ok(row.may_int("SilenceTime")?.map(Value::Int)),
        &["SilenceTime"],
    )
    .update(&PUT)
    .samples("5m", "1h"),
    Field::new(
        "effective_interval",
        Type::TimeSpan,
        "Time of day during which the rule is active; the whole day if not given.",
    )
    .param("EffectiveInterval")
    .at_uncaptured("EffectiveInterval")
    .update(&PUT)
    .samples("08:00-20:00", "00:00-12:00"),
    Field::new(
        "no_data_policy",
        Type::Enum(&["KEEP_LAST_STATE", "INSUFFICIENT_DATA", "OK"]),
        "Treatment of missing data.",
    )
    .param("NoDataPolicy")
    .at_uncaptured("NoDataPolicy")
    .update(&PUT)
    .samples("OK", "INSUFFICIENT_DATA"),
    Field::new(
        "webhook",
        Type::Text { min: 1, max: 1024 },
        "URL that a notification is sent to with POST.",
    )
    .param("Webhook")
    .at_uncaptured("Webhook")
    .update(&PUT)
    .samples("http://hooks.example/a", "http://hooks.example/b"),
    Field::new(
        "email_subject",
        Type::Text { min: 1, max: 256 },
        "Subject of notification mails.",
    )
    .param("EmailSubject")
    .at_uncaptured("MailSubject")
    .update(&PUT)
    .samples("High load", "Very high load"),
    Field::new(
        "labels",
        Type::Map(&Type::Text { min: 0, max: 128 }),
        "Labels in notifications.",
    )
    .by_uncaptured(read::labels, &["Labels"])
    .update(&PUT)
    .samples("{team: web}", "{team: data, tier: gold}"),
    Field::new("active", Type::Bool, "Whether the rule is enabled.")
        .at("EnableState")
        .update(&ACTIVE)
        .samples("true", "false"),
];

/// Returns the fields of a level with the names of its parameters.
const fn level(params: [&'static str; 4]) -> [Field; 4] {
    [
        Field::new(
            "statistics",
            Type::Text { min: 1, max: 64 },
            "Statistic of the metric, such as `Average`, `Maximum`, `Minimum` or `Value`.",
        )
        .required()
        .param(params[0])
        .update(&PUT)
        .samples("Average", "Maximum")
        .given("threshold: 80"),
        Field::new(
            "threshold",
            Type::Number,
            "The number that the statistic is compared with.",
        )
        .required()
        .param(params[1])
        .update(&PUT)
        .samples("80", "99.5")
        .given("statistics: Average"),
        Field::new(
            "comparison_operator",
            Type::Enum(OPERATORS),
            "The comparison.",
        )
        .or("GreaterThanThreshold")
        .param(params[2])
        .update(&PUT)
        .samples("GreaterThanThreshold", "LessThanThreshold")
        .given("statistics: Average, threshold: 80"),
        Field::new(
            "times",
            Type::Int {
                min: 1,
                max: 100,
                unit: "",
            },
            "Number of consecutive periods before the rule fires.",
        )
        .or("3")
        .param(params[3])
        .update(&PUT)
        .samples("3", "5")
        .given("statistics: Average, threshold: 80"),
    ]
}

static CRITICAL: [Field; 4] = level([
    "Escalations.Critical.Statistics",
    "Escalations.Critical.Threshold",
    "Escalations.Critical.ComparisonOperator",
    "Escalations.Critical.Times",
]);
static WARN: [Field; 4] = level([
    "Escalations.Warn.Statistics",
    "Escalations.Warn.Threshold",
    "Escalations.Warn.ComparisonOperator",
    "Escalations.Warn.Times",
]);
static INFO: [Field; 4] = level([
    "Escalations.Info.Statistics",
    "Escalations.Info.Threshold",
    "Escalations.Info.ComparisonOperator",
    "Escalations.Info.Times",
]);

/// The levels: the field, and the name in the API.
const LEVELS: [(&str, &str); 3] = [("critical", "Critical"), ("warn", "Warn"), ("info", "Info")];

const OPERATORS: &[&str] = &[
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

/// Puts the whole rule again.
static PUT: Update = Update::online("put", put_again);
/// Enables or disables the rule.
static ACTIVE: Update = Update::online("active", |change| {
    let is_on = change.want.attrs.get("active") != Some(&Value::Bool(false));
    switch(&change.id(), is_on)
});

/// Codes of a rule that is already deleted. CloudMonitor also uses HTTP statuses as codes.
const GONE: Codes = &["ResourceNotFound", "ResourceNotFoundError", "404"];

/// Judges a list whose order has no meaning: watched resources and notified groups.
fn same_set(judged: &Judged<'_>) -> Verdict {
    let sorted = |value: &Value| {
        let mut items = value.as_list().map(<[Value]>::to_vec).unwrap_or_default();
        items.sort();
        items
    };
    if sorted(judged.want) == sorted(judged.live) {
        Verdict::Same
    } else {
        Verdict::Update(&PUT)
    }
}

/// Checks that the rule notifies at least one group.
fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let groups = cx.fields().get("contact_groups").and_then(Value::as_list);
    let problem = Problem {
        path: "contact_groups".to_owned(),
        message: "`contact_groups` must not be empty".to_owned(),
        hint: Some("name at least one contact group: `[{name: ops-team}]`".to_owned()),
    };
    let is_empty = groups.is_some_and(<[Value]>::is_empty);
    is_empty.then_some(problem).into_iter().collect()
}

fn desire(_: &Cx<'_>, _: &Found, _: Option<&Live>, want: &mut Desired) -> Result<(), Refusal> {
    want.attrs
        .insert_if_absent("namespace", Value::text("acs_ecs_dashboard"));
    for (level, _) in LEVELS {
        if want.attrs.contains_key(&format!("{level}.statistics")) {
            let operator = Value::text("GreaterThanThreshold");
            want.attrs
                .insert_if_absent(format!("{level}.comparison_operator"), operator);
            want.attrs
                .insert_if_absent(format!("{level}.times"), Value::Int(3));
        }
    }
    // Groups are identified by name, so their look-up form is enough.
    if let Some(Value::List(groups)) = want.attrs.get_mut("contact_groups") {
        for group in groups {
            if let Some(name) = group.as_map().and_then(|by| by.get("name")).cloned() {
                *group = name;
            }
        }
    }
    sort_lists(want, &["contact_groups"]);
    Ok(())
}

/// Puts the rule, waits until it is listed, and disables it if asked to: new rules are enabled.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let shown = Wait::own(Cond::Set("metric"), seconds(1), minutes(5));
    let mut steps = vec![put(cx, want, None), Step::wait(shown)];
    if want.attrs.get("active") == Some(&Value::Bool(false)) {
        steps.extend(switch(&Value::text(rule_id(cx, &want.address)), false));
    }
    Procedure::ending_at_pivot(steps)
}

fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let each = Each {
        item: "Id",
        max: 100,
        form: ItemForm::Indexed,
        results: None,
    };
    let args = vec![("Id", Value::text(&live.id))];
    let call = Call {
        each: Some(each),
        done_on: GONE,
        ..Call::new(&api::DELETE_METRIC_RULES, args)
    };
    Procedure::ending_at_pivot(vec![
        Step::call(call),
        Step::wait(Wait::gone(seconds(1), minutes(5))),
    ])
}

fn prefix(stack: &str) -> String {
    format!("{stack}:")
}

/// Returns the name of a rule: `stack:address`, then a space, which neither can contain, and the
/// name that the spec gives.
fn rule_name(stack: &str, address: &Address, name: Option<&str>) -> String {
    let owner = format!("{}{}", prefix(stack), encode_address(address));
    name.map_or_else(|| owner.clone(), |name| format!("{owner} {name}"))
}

/// Returns stack, address and given name from the name of a rule.
fn read_rule_name(text: &str) -> Option<(&str, Address, Option<&str>)> {
    let (stack, rest) = text.split_once(':')?;
    let (address, name) = rest
        .split_once(' ')
        .map_or((rest, None), |(address, name)| (address, Some(name)));
    Some((stack, decode_address(address)?, name))
}

/// Returns the id of a rule. It is derived, so that a repeated put meets the rule of an interrupted
/// one, and depends on the region because rules are account-wide.
fn rule_id(cx: &Cx<'_>, address: &Address) -> String {
    id_for(cx.stack, cx.site, address)
}

fn id_for(stack: &str, site: &Site, address: &Address) -> String {
    format!(
        "setpoint-{}",
        &digest(&format!(
            "{}\n{}\n{stack}\n{address}",
            site.account, site.region
        ))[..40]
    )
}

/// Returns a put, followed by setting the flag `active` again, since it is not documented whether a
/// put enables a disabled rule. If the flag itself differs, its own update follows.
fn put_again(change: &Changing<'_>) -> Vec<Step> {
    let (current, off) = (change.live.attr("active"), Value::Bool(false));
    let wanted = change.want.attrs.get("active");
    let again = wanted.map_or(current == off, |wanted| *wanted == current);
    let flag = if again {
        switch(&change.id(), current != off)
    } else {
        Vec::new()
    };
    let put = put(change.cx, change.want, Some(change.live));
    [vec![put], flag].concat()
}

/// Returns the put of the whole rule: the desired values, and live ones that are not managed. A put
/// that creates the rule has reached its goal when the rule exists; one that changes it is repeated
/// after a lost reply, since it is idempotent.
fn put(cx: &Cx<'_>, want: &Desired, live: Option<&Live>) -> Step {
    let value = |attr: &str| {
        let live = || live.and_then(|live| live.attrs.get(attr).cloned());
        want.attrs.get(attr).cloned().or_else(live)
    };
    let given = want.attrs.get("name").and_then(Value::as_text);
    let mut args: Args = vec![
        ("RuleId", Value::text(rule_id(cx, &want.address))),
        (
            "RuleName",
            Value::text(rule_name(cx.stack, &want.address, given)),
        ),
    ];
    for row in METRIC_ALARM
        .rows()
        .iter()
        .filter(|row| !row.field.param.is_empty())
    {
        let value = value(&row.attr).filter(|value| *value != Value::Null);
        args.extend(value.map(|value| (row.field.param, value)));
    }
    // A live rule may show both `instances` and `resources`; the one in the spec is sent.
    let wanted = want.attrs.get("instances").map(dimensions);
    let dimensions = wanted.or_else(|| value("resources"));
    let as_json = |list| Value::Encode(Encoding::Json, Box::new(list));
    args.extend(dimensions.map(|list| ("Resources", as_json(list))));
    args.extend(value("contact_groups").map(|groups| ("ContactGroups", joined(&groups))));
    if let Some(Value::Map(labels)) = value("labels") {
        let labels = labels.iter().map(|(key, value)| pair(key, value.clone()));
        args.push(("Labels", Value::List(labels.collect())));
    }
    when_known(Step::call(Call {
        goal: live.is_none().then_some(Cond::Set("metric")),
        ..Call::new(&api::PUT_RESOURCE_METRIC_RULE, args)
    }))
}

fn dimensions(ids: &Value) -> Value {
    let one = |id: &Value| Value::Map([("instanceId".to_owned(), id.clone())].into());
    Value::List(ids.as_list().unwrap_or_default().iter().map(one).collect())
}

/// Returns the names of groups as one text with commas, which is how the API takes them.
fn joined(groups: &Value) -> Value {
    let mut parts = Vec::new();
    for (at, group) in groups.as_list().unwrap_or_default().iter().enumerate() {
        if at > 0 {
            parts.push(Value::text(","));
        }
        parts.push(group.clone());
    }
    Value::Concat(parts)
}

/// Returns the steps that enable or disable the rule and wait, since the API shows the flag some
/// seconds later.
fn switch(id: &Value, on: bool) -> Vec<Step> {
    let (action, max) = if on {
        (&api::ENABLE_METRIC_RULES, 100)
    } else {
        (&api::DISABLE_METRIC_RULES, 20)
    };
    let each = Each {
        item: "RuleId",
        max,
        form: ItemForm::Indexed,
        results: None,
    };
    let call = Call {
        each: Some(each),
        ..Call::new(action, vec![("RuleId", id.clone())])
    };
    let seen = Wait::own(
        Cond::Is("active", vec![Value::Bool(on)]),
        seconds(2),
        minutes(2),
    );
    vec![Step::call(call), Step::wait(seen)]
}
