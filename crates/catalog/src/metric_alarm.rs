//! `metric_alarm`: an alert rule of CloudMonitor.
//!
//! Calls: PutResourceMetricRule, EnableMetricRules, DisableMetricRules, DeleteMetricRules; DescribeMetricRuleList. The
//! rule's id is ours: derived from identity and address, it is both token and name. A put replaces the whole rule, so
//! it always sends all that is wanted over all that is there. Rules carry no tags: the owner stands in the rule's name
//! (`stack/address`, by which they are listed) and is proven by the id.

use std::collections::BTreeMap;

use setpoint_openapi::action::cms as api;
use setpoint_openapi::json::{Json, Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{
    At, Change, Cx, Effect, Found, Judged, Kind, Proof, Query, Refusal, Row, Rule, Site, TagApi,
    Verdict,
};
use setpoint_plan::live::Live;
use setpoint_plan::ownership::{Guard, Owner, decode_address, encode_address};
use setpoint_plan::procedure::{
    Args, Call, Codes, Cond, Each, ItemForm, Procedure, Step, Wait, minutes, seconds,
};
use setpoint_plan::{Address, Encoding, Map, Value};
use setpoint_spec::schema::{CheckCx, FieldDef, KindDef, NameRule, Problem, Type};

use crate::shared::{digest, field, online, or, required, rule, texts};

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct MetricAlarm;

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

static LEVEL: &[FieldDef] = &[
    required(field(
        "statistics",
        Type::Text { min: 1, max: 64 },
        "none",
        "Which statistic of the metric: Average, Maximum, Minimum, Value, …",
    )),
    required(field(
        "threshold",
        Type::Number,
        "none",
        "The number it is compared with.",
    )),
    or(
        field(
            "comparison_operator",
            Type::Enum(OPERATORS),
            "none",
            "How it is compared.",
        ),
        "GreaterThanThreshold",
    ),
    or(
        field(
            "times",
            Type::Int {
                min: 1,
                max: 100,
                unit: "",
            },
            "none",
            "Consecutive periods before it fires.",
        ),
        "3",
    ),
];

/// Its table.
pub static DEF: KindDef = KindDef {
    name: "metric_alarm",
    doc: "An alert rule on a metric of CloudMonitor.",
    fields: &[
        required(field(
            "metric",
            Type::Text { min: 1, max: 128 },
            "replace",
            "Name of the metric, for example CPUUtilization.",
        )),
        or(
            field(
                "namespace",
                Type::Text { min: 1, max: 128 },
                "replace",
                "Namespace of the metric.",
            ),
            "acs_ecs_dashboard",
        ),
        field(
            "instances",
            Type::List(&Type::Ref("instance")),
            "none",
            "Instances it watches.",
        ),
        field(
            "resources",
            Type::List(&Type::Map(&Type::Text { min: 0, max: 256 })),
            "none",
            "Dimensions it watches, as maps.",
        ),
        required(field(
            "contact_groups",
            Type::List(&Type::Ref("alarm_contact_group")),
            "none",
            "Who is told; at least one.",
        )),
        field(
            "critical",
            Type::Struct(LEVEL),
            "none",
            "When it is critical.",
        ),
        field("warn", Type::Struct(LEVEL), "none", "When it warns."),
        field("info", Type::Struct(LEVEL), "none", "When it informs."),
        field(
            "period",
            Type::Duration,
            "none",
            "How often it is evaluated; a multiple of the metric's own period.",
        ),
        field(
            "silence_time",
            Type::Duration,
            "none",
            "Pause between repeated notices, 5m to 24h.",
        ),
        field(
            "effective_interval",
            Type::TimeSpan,
            "none",
            "When it is awake; the whole day if not given.",
        ),
        field(
            "no_data_policy",
            Type::Enum(&["KEEP_LAST_STATE", "INSUFFICIENT_DATA", "OK"]),
            "none",
            "What missing data means.",
        ),
        field(
            "webhook",
            Type::Text { min: 1, max: 1024 },
            "none",
            "URL that is called with POST.",
        ),
        field(
            "email_subject",
            Type::Text { min: 1, max: 256 },
            "none",
            "Subject of its mails.",
        ),
        field(
            "labels",
            Type::Map(&Type::Text { min: 0, max: 128 }),
            "none",
            "Labels in its notices.",
        ),
        field("active", Type::Bool, "none", "Whether it is enabled."),
    ],
    attributes: &[],
    one_of: &[&["instances", "resources"]],
    any_of: &[&["critical", "warn", "info"]],
    taggable: false,
    described: false,
    name_rule: NameRule {
        param: "RuleName",
        min: 2,
        max: 64,
    },
    hints: &[
        ("metric_name", "`metric`"),
        ("escalations", "`critical`, `warn`, `info`"),
        ("escalations_critical", "`critical`"),
        ("dimensions", "`instances` or `resources`"),
    ],
    check,
};

/// Every level's members under dotted names.
static RULES: &[Rule] = &[
    rule("name", "", online("put")),
    rule("metric", "MetricName", Change::Replace),
    rule("namespace", "Namespace", Change::Replace),
    rule("instances", "", Change::Judge(same_set)),
    rule("resources", "", Change::Judge(same_set)),
    rule("contact_groups", "", Change::Judge(same_set)),
    rule(
        "critical.statistics",
        "Escalations.Critical.Statistics",
        online("put"),
    ),
    rule(
        "critical.threshold",
        "Escalations.Critical.Threshold",
        online("put"),
    ),
    rule(
        "critical.comparison_operator",
        "Escalations.Critical.ComparisonOperator",
        online("put"),
    ),
    rule(
        "critical.times",
        "Escalations.Critical.Times",
        online("put"),
    ),
    rule(
        "warn.statistics",
        "Escalations.Warn.Statistics",
        online("put"),
    ),
    rule(
        "warn.threshold",
        "Escalations.Warn.Threshold",
        online("put"),
    ),
    rule(
        "warn.comparison_operator",
        "Escalations.Warn.ComparisonOperator",
        online("put"),
    ),
    rule("warn.times", "Escalations.Warn.Times", online("put")),
    rule(
        "info.statistics",
        "Escalations.Info.Statistics",
        online("put"),
    ),
    rule(
        "info.threshold",
        "Escalations.Info.Threshold",
        online("put"),
    ),
    rule(
        "info.comparison_operator",
        "Escalations.Info.ComparisonOperator",
        online("put"),
    ),
    rule("info.times", "Escalations.Info.Times", online("put")),
    rule("period", "Period", online("put")),
    rule("silence_time", "SilenceTime", online("put")),
    rule("effective_interval", "EffectiveInterval", online("put")),
    rule("no_data_policy", "NoDataPolicy", online("put")),
    rule("webhook", "Webhook", online("put")),
    rule("email_subject", "EmailSubject", online("put")),
    rule("labels", "", online("put")),
    rule("active", "", online("active")),
];

const LEVELS: [&str; 3] = ["critical", "warn", "info"];
const GONE: Codes = &["ResourceNotFound", "ResourceNotFoundError", "404"];

/// The order of what is watched and of who is told means nothing.
fn same_set(judged: &Judged<'_>) -> Verdict {
    let sorted = |value: &Value| {
        let mut items = value.as_list().map(<[Value]>::to_vec).unwrap_or_default();
        items.sort();
        items
    };
    if sorted(judged.want) == sorted(judged.live) {
        return Verdict::Same;
    }
    Verdict::Update {
        verb: "put",
        effect: Effect::None,
        at: At::Before,
    }
}

/// Somebody must be told.
fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let none = cx
        .fields()
        .get("contact_groups")
        .and_then(Value::as_list)
        .is_some_and(<[Value]>::is_empty);
    let problem = Problem {
        path: "contact_groups".to_owned(),
        message: "an alarm that tells nobody is of no use".to_owned(),
        hint: Some("name a contact group: `[{name: ops-team}]`".to_owned()),
    };
    none.then_some(problem).into_iter().collect()
}

/// Pages of its listing, of the API's greatest size.
const ROWS: Listing = Listing {
    style: Style::Number { size: 50 },
    rows: "Alarms.Alarm",
    id: "RuleId",
};

impl Kind for MetricAlarm {
    fn def(&self) -> &'static KindDef {
        &DEF
    }

    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn tag_api(&self) -> Option<TagApi> {
        None
    }

    /// The listing takes a part of the name; rows whose id does not prove their owner are passed over when decoded.
    fn list(&self, site: &Site, stack: &str) -> Query {
        listing(site, vec![("RuleName", Value::Text(prefix(stack)))])
    }

    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query> {
        ids.chunks(20)
            .map(|some| listing(site, vec![("RuleIds", Value::Text(some.join(",")))]))
            .collect()
    }

    fn find(&self, _site: &Site, _by: &Map) -> Option<Query> {
        None
    }

    fn desire(
        &self,
        _cx: &Cx<'_>,
        _found: &Found,
        _live: Option<&Live>,
        want: &mut Desired,
    ) -> Result<(), Refusal> {
        want.attrs
            .entry("namespace".to_owned())
            .or_insert_with(|| Value::text("acs_ecs_dashboard"));
        for level in LEVELS
            .iter()
            .filter(|level| want.attrs.contains_key(&format!("{level}.statistics")))
            .collect::<Vec<_>>()
        {
            let operator = Value::text("GreaterThanThreshold");
            want.attrs
                .entry(format!("{level}.comparison_operator"))
                .or_insert(operator);
            want.attrs
                .entry(format!("{level}.times"))
                .or_insert(Value::Int(3));
        }
        // Groups are known by name, so their look-up form is all that is needed.
        if let Some(Value::List(groups)) = want.attrs.get_mut("contact_groups") {
            for group in groups.iter_mut() {
                if let Some(name) = group.as_map().and_then(|by| by.get("name")).cloned() {
                    *group = name;
                }
            }
            groups.sort();
        }
        Ok(())
    }

    fn decode(&self, _view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
        let all = body.try_list("Alarms.Alarm")?;
        let all = match all {
            Some(all) => all,
            None if body.int("Total") == Some(0) => Vec::new(),
            None => {
                return Err(Odd {
                    what: "an answer without `Alarms`".to_owned(),
                });
            }
        };
        all.into_iter()
            .map(|row| decode_row(site, row).map(Row::Live))
            .collect()
    }

    fn derived_id(&self, cx: &Cx<'_>, want: &Desired) -> Option<String> {
        Some(rule_id(cx, &want.address))
    }

    fn coexist(&self, _old: &Live, _new: &Desired) -> bool {
        false
    }

    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure {
        let id = rule_id(cx, &want.address);
        let mut steps = vec![put(cx, want, None)];
        steps.push(Step::wait(Wait::own(
            Cond::Set("metric"),
            seconds(1),
            minutes(5),
        )));
        if want.attrs.get("active") == Some(&Value::Bool(false)) {
            steps.extend(switch(&Value::Text(id), false));
        }
        Procedure::ending_at_pivot(steps)
    }

    fn update(&self, verb: &str, cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
        match verb {
            "put" => put_again(cx, want, live),
            _ => switch(
                &Value::text(&live.id),
                want.attrs.get("active") != Some(&Value::Bool(false)),
            ),
        }
    }

    fn delete(&self, _cx: &Cx<'_>, live: &Live) -> Procedure {
        let each = Each {
            item: "Id",
            max: 100,
            form: ItemForm::Indexed,
            results: None,
        };
        let call = Call {
            each: Some(each),
            done_on: GONE,
            ..Call::new(
                &api::DELETE_METRIC_RULES,
                vec![("Id", Value::text(&live.id))],
            )
        };
        Procedure::ending_at_pivot(vec![
            Step::call(call),
            Step::wait(Wait::gone(seconds(1), minutes(5))),
        ])
    }
}

fn listing(site: &Site, args: Args) -> Query {
    Query {
        kind: DEF.name,
        view: "list",
        site: site.clone(),
        api: &api::DESCRIBE_METRIC_RULE_LIST,
        args,
        listing: ROWS,
        proof: Proof::Refused,
    }
}

fn prefix(stack: &str) -> String {
    format!("{stack}:")
}

/// `stack:address`, and the name that the spec gives behind a space, which neither of the two can hold.
fn rule_name(stack: &str, address: &Address, name: Option<&str>) -> String {
    let owner = format!("{}{}", prefix(stack), encode_address(address));
    name.map_or_else(|| owner.clone(), |name| format!("{owner} {name}"))
}

/// Stack, address and name that a rule's name holds.
fn read_rule_name(text: &str) -> Option<(&str, Address, Option<&str>)> {
    let (stack, rest) = text.split_once(':')?;
    let (address, name) = rest
        .split_once(' ')
        .map_or((rest, None), |(address, name)| (address, Some(name)));
    Some((stack, decode_address(address)?, name))
}

/// The rule's id: derived, so that a cut-off put meets its own rule again. Rules are account-wide, hence the region.
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

/// A put, and the flag once more: whether a put wakes a rule that is off is not documented. Where the flag itself
/// differs, its own verb follows.
fn put_again(cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
    let (current, off) = (live.attr("active"), Value::Bool(false));
    let again = want
        .attrs
        .get("active")
        .map_or(current == off, |wanted| *wanted == current);
    let flag = if again {
        switch(&Value::text(&live.id), current != off)
    } else {
        Vec::new()
    };
    std::iter::once(put(cx, want, Some(live)))
        .chain(flag)
        .collect()
}

/// The whole rule: what is wanted, over what is there and not managed. A put that makes the rule has reached its goal
/// when the rule is there; one that changes it is sent again after a lost reply, since it does the same twice.
fn put(cx: &Cx<'_>, want: &Desired, live: Option<&Live>) -> Step {
    let value = |attr: &str| {
        want.attrs
            .get(attr)
            .cloned()
            .or_else(|| live.and_then(|live| live.attrs.get(attr).cloned()))
    };
    let name = rule_name(
        cx.stack,
        &want.address,
        want.attrs.get("name").and_then(Value::as_text),
    );
    let mut args: Args = vec![
        ("RuleId", Value::Text(rule_id(cx, &want.address))),
        ("RuleName", Value::Text(name)),
    ];
    for rule in RULES.iter().filter(|rule| !rule.param.is_empty()) {
        args.extend(
            value(rule.attr)
                .filter(|value| *value != Value::Null)
                .map(|value| (rule.param, value)),
        );
    }
    // A live rule shows both; what is wanted decides.
    let wanted = want.attrs.get("instances").map(dimensions);
    let dimensions = wanted.or_else(|| value("resources"));
    args.extend(
        dimensions.map(|list| ("Resources", Value::Encode(Encoding::Json, Box::new(list)))),
    );
    args.extend(value("contact_groups").map(|groups| ("ContactGroups", joined(&groups))));
    if let Some(Value::Map(labels)) = value("labels") {
        let label = |(key, value): (&String, &Value)| {
            Value::Map(
                [
                    ("Key".to_owned(), Value::text(key)),
                    ("Value".to_owned(), value.clone()),
                ]
                .into(),
            )
        };
        args.push(("Labels", Value::List(labels.iter().map(label).collect())));
    }
    let goal = live.is_none().then_some(Cond::Set("metric"));
    crate::shared::when_known(Step::call(Call {
        goal,
        ..Call::new(&api::PUT_RESOURCE_METRIC_RULE, args)
    }))
}

fn dimensions(ids: &Value) -> Value {
    let one = |id: &Value| Value::Map([("instanceId".to_owned(), id.clone())].into());
    Value::List(ids.as_list().unwrap_or_default().iter().map(one).collect())
}

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

/// Enables or disables, and waits: the flag is seen some seconds later.
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

fn decode_row(site: &Site, row: Node<'_>) -> Result<Live, Odd> {
    let id = crate::shared::read_id(row, "RuleId")?;
    let mut attrs = texts(
        row,
        &[
            ("metric", "MetricName"),
            ("namespace", "Namespace"),
            ("effective_interval", "EffectiveInterval"),
            ("no_data_policy", "NoDataPolicy"),
            ("webhook", "Webhook"),
            ("email_subject", "MailSubject"),
        ],
    );
    for (attr, param) in [("period", "Period"), ("silence_time", "SilenceTime")] {
        attrs.extend(row.int(param).map(|n| (attr.to_owned(), Value::Int(n))));
    }
    attrs.insert(
        "active".to_owned(),
        Value::Bool(row.bool("EnableState").unwrap_or(true)),
    );
    attrs.insert(
        "contact_groups".to_owned(),
        groups(&row.text("ContactGroups")),
    );
    for (level, name) in LEVELS.iter().zip(["Critical", "Warn", "Info"]) {
        attrs.extend(decode_level(row, level, name));
    }
    let labels = row.try_list("Labels.Labels")?.unwrap_or_default();
    if !labels.is_empty() {
        let map = labels
            .into_iter()
            .map(|label| (label.text("Key"), Value::Text(label.text("Value"))))
            .collect();
        attrs.insert("labels".to_owned(), Value::Map(map));
    }
    decode_resources(&row.text("Resources"), &mut attrs)?;
    let rule_name = row.text("RuleName");
    let owner = owner(site, &id, &rule_name);
    let name = read_rule_name(&rule_name).and_then(|(_, _, name)| name);
    attrs.extend(name.map(|name| ("name".to_owned(), Value::text(name))));
    Ok(Live {
        kind: DEF.name,
        id,
        site: site.clone(),
        owner,
        tags: BTreeMap::new(),
        attrs,
        uses: Vec::new(),
    })
}

fn groups(text: &str) -> Value {
    let mut names: Vec<Value> = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(Value::text)
        .collect();
    names.sort();
    Value::List(names)
}

fn decode_level(row: Node<'_>, level: &str, name: &str) -> Map {
    let Some(node) = row
        .node(&format!("Escalations.{name}"))
        .filter(|node| !node.text("Statistics").is_empty())
    else {
        return Map::new();
    };
    let threshold = node.text("Threshold");
    [
        (
            format!("{level}.statistics"),
            Value::Text(node.text("Statistics")),
        ),
        (
            format!("{level}.comparison_operator"),
            Value::Text(node.text("ComparisonOperator")),
        ),
        (
            format!("{level}.times"),
            Value::Int(node.int("Times").unwrap_or(0)),
        ),
        (format!("{level}.threshold"), number(&threshold)),
    ]
    .into()
}

/// A threshold comes back as text: `80`, `80.0`; canonical is the shortest.
fn number(text: &str) -> Value {
    let trimmed = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    Value::Decimal(trimmed.to_owned())
}

/// `Resources` is JSON text; rules on instances alone show as `instances` too. An instance goes although a rule names it,
/// so a rule uses nothing.
fn decode_resources(text: &str, attrs: &mut Map) -> Result<(), Odd> {
    if text.is_empty() {
        return Ok(());
    }
    let odd = |error: serde_json::Error| Odd {
        what: format!("`Resources` is not a JSON list of maps: {error}"),
    };
    let list: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(text).map_err(odd)?;
    let as_text = |value: &serde_json::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned)
    };
    let only_instances = list
        .iter()
        .all(|map| map.len() == 1 && map.contains_key("instanceId"));
    let ids: Vec<String> = list
        .iter()
        .filter_map(|map| map.get("instanceId"))
        .map(as_text)
        .collect();
    let mut maps: Vec<Value> = list
        .iter()
        .map(|map| {
            Value::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), Value::Text(as_text(value))))
                    .collect(),
            )
        })
        .collect();
    maps.sort();
    attrs.insert("resources".to_owned(), Value::List(maps));
    if only_instances {
        let mut ids: Vec<Value> = ids.into_iter().map(Value::Text).collect();
        ids.sort();
        attrs.insert("instances".to_owned(), Value::List(ids));
    }
    Ok(())
}

/// The owner that the name claims, if the id proves it.
fn owner(site: &Site, id: &str, name: &str) -> Option<Owner> {
    let (stack, address, _) = read_rule_name(name)?;
    (id_for(stack, site, &address) == id).then(|| Owner {
        stack: stack.to_owned(),
        address,
        guard: Guard::default(),
    })
}
