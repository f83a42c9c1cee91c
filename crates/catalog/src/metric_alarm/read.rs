//! Reads rules: the listing of a stack's rules, and what a row of it means.

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_openapi::action::cms as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::decode;
use setpoint_plan::kind::{Row, Site};
use setpoint_plan::ownership::{Guard, Owner};
use setpoint_plan::view::{Decode, Ids, Owned, Reading, View};
use setpoint_plan::{Map, Value};

use crate::metric_alarm::{LEVELS, id_for, prefix, read_rule_name};
use crate::shared::some_text;

/// The rules of a stack, by the start of their names.
pub(super) static LIST: View = View {
    owned: Owned::ByName("RuleName", prefix),
    ids: Ids::Commas("RuleIds", 20),
    ..View::new(
        "list",
        &api::DESCRIBE_METRIC_RULE_LIST,
        Listing {
            style: Style::Number { size: 50 },
            rows: "Alarms.Alarm",
            id: "RuleId",
        },
        Decode::Rows(decode_alarm),
    )
};

/// Decodes a rule. It has no owner if its id does not prove the owner that its name claims.
fn decode_alarm(reading: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let mut found = decode::live(reading, row)?;
    for (level, name) in LEVELS {
        decode_level(row, level, name, &mut found.attrs)?;
    }
    let resources = row.may_text("Resources")?.unwrap_or_default();
    decode_resources(&resources, &mut found.attrs)?;
    let rule_name = row.need_text("RuleName")?;
    found.owner = owner(reading.site, &found.id, &rule_name);
    if let Some((_, _, Some(name))) = read_rule_name(&rule_name) {
        found.attrs.insert("name".to_owned(), Value::text(name));
    }
    Ok(Row::Live(Arc::new(found)))
}

/// Decodes a level. One that a rule does not have is absent, or has no statistic.
fn decode_level(row: Node<'_>, level: &str, name: &str, attrs: &mut Map) -> Result<(), Odd> {
    let path = |member: &str| format!("Escalations.{name}.{member}");
    let Some(statistics) = some_text(row, &path("Statistics"))? else {
        return Ok(());
    };
    let operator = row.need_text(&path("ComparisonOperator"))?;
    let members = [
        ("statistics", Value::text(statistics)),
        ("comparison_operator", Value::text(operator)),
        ("times", Value::Int(row.need_int(&path("Times"))?)),
        ("threshold", number(&row.need_text(&path("Threshold"))?)),
    ];
    attrs.extend(members.map(|(name, value)| (format!("{level}.{name}"), value)));
    Ok(())
}

pub(super) fn contact_groups(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let text = row.need_text("ContactGroups")?;
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let mut names: Vec<Value> = names.map(Value::text).collect();
    names.sort();
    Ok(Some(Value::List(names)))
}

pub(super) fn labels(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let labels = row.may_list("Labels.Labels")?.unwrap_or_default();
    let mut map = Map::new();
    for label in labels {
        map.insert(
            label.need_text("Key")?,
            Value::text(label.need_text("Value")?),
        );
    }
    Ok((!map.is_empty()).then_some(Value::Map(map)))
}

/// Returns a threshold, which the API shows as text, in its shortest form: `80` for `80.0`.
pub(super) fn number(text: &str) -> Value {
    let trimmed = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    Value::Decimal(trimmed.into())
}

/// Decodes `Resources`, which is JSON text, as `resources`, and as `instances` if the rule watches
/// instances only. An instance can be deleted although a rule names it, so a rule uses nothing.
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
                    .map(|(key, value)| (key.clone(), Value::text(as_text(value))))
                    .collect(),
            )
        })
        .collect();
    maps.sort();
    attrs.insert("resources".to_owned(), Value::List(maps));
    if only_instances {
        let mut ids: Vec<Value> = ids.into_iter().map(Value::text).collect();
        ids.sort();
        attrs.insert("instances".to_owned(), Value::List(ids));
    }
    Ok(())
}

/// Returns the owner that the name claims, if the id proves it.
fn owner(site: &Site, id: &str, name: &str) -> Option<Owner> {
    let (stack, address, _) = read_rule_name(name)?;
    (id_for(stack, site, &address) == id).then(|| Owner {
        stack: stack.to_owned(),
        address,
        guard: Guard::default(),
    })
}
