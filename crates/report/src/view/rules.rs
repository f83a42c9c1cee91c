//! Rules of a security group as rows: which rules are added, changed and removed.
//!
//! A rule is recognised by its shape, not by its kind: it is a map with `protocol` and one of
//! `cidr`, `group` and `prefix_list`.

use setpoint_plan::{Map, Value};

use super::Row;
use super::values::Values;
use crate::style::Label;
use crate::words::clean;

/// One rule: its flow, which is its identity, and its description.
struct Rule {
    flow: String,
    why: Option<String>,
}

/// Returns whether a value is a list of rules; an empty list is none.
pub(super) fn are_rules(value: &Value) -> bool {
    let is_rule = |map: &Map| {
        map.contains_key("protocol")
            && ["cidr", "group", "prefix_list"]
                .iter()
                .any(|peer| map.contains_key(peer))
    };
    value.as_list().is_some_and(|items| {
        !items.is_empty() && items.iter().all(|item| item.as_map().is_some_and(is_rule))
    })
}

/// Returns a row for each rule of a new group in one direction.
pub(super) fn created(attr: &str, value: &Value, values: &Values<'_>) -> Vec<Row> {
    read(attr, value, values)
        .into_iter()
        .map(|rule| row("+", Label::Create, rule.flow, quoted(rule.why.as_ref())))
        .collect()
}

/// Returns the rows of added, re-described and removed rules. In an `additive` direction no rule is
/// removed.
pub(super) fn changed(
    attr: &str,
    before: &Value,
    after: &Value,
    values: &Values<'_>,
    additive: bool,
) -> Vec<Row> {
    let (before, after) = (read(attr, before, values), read(attr, after, values));
    let mut rows = Vec::new();
    for rule in &after {
        match before.iter().find(|old| old.flow == rule.flow) {
            None => rows.push(row(
                "+",
                Label::Create,
                rule.flow.clone(),
                quoted(rule.why.as_ref()),
            )),
            Some(old) if rule.why.is_some() && old.why != rule.why => {
                let words = format!(
                    "{} -> {}",
                    quoted(old.why.as_ref()).unwrap_or_else(|| "\"\"".to_owned()),
                    quoted(rule.why.as_ref()).unwrap_or_default()
                );
                rows.push(row("~", Label::Update, rule.flow.clone(), Some(words)));
            }
            Some(_) => {}
        }
    }
    if !additive {
        let gone = before
            .iter()
            .filter(|old| after.iter().all(|rule| rule.flow != old.flow));
        let remark = if rows.is_empty() {
            None
        } else {
            Some("closed last, no gap".to_owned())
        };
        rows.extend(
            gone.map(|old| row("-", Label::Delete, old.flow.clone(), remark.clone()))
                .collect::<Vec<_>>(),
        );
    }
    rows
}

fn row(mark: &'static str, label: Label, flow: String, remark: Option<String>) -> Row {
    Row {
        remark,
        ..Row::line(mark, label, flow)
    }
}

fn quoted(why: Option<&String>) -> Option<String> {
    why.map(|why| format!("\"{}\"", clean(why)))
}

/// Reads the rules of a direction, `ingress` or `egress`.
fn read(attr: &str, value: &Value, values: &Values<'_>) -> Vec<Rule> {
    let rules = value
        .as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_map);
    rules
        .map(|map| Rule {
            flow: flow(attr, map, values),
            why: text(map, "description").map(ToOwned::to_owned),
        })
        .collect()
}

fn text<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_text)
}

/// Returns a flow: `ingress tcp 5432 from web-sg`. The policy and the priority are shown only if
/// they are not `accept` and 1.
fn flow(attr: &str, map: &Map, values: &Values<'_>) -> String {
    let mut words = vec![attr.to_owned()];
    if text(map, "policy") == Some("drop") {
        words.push("drop".to_owned());
    }
    words.push(text(map, "protocol").map(clean).unwrap_or_default());
    words.extend(text(map, "port").and_then(ports));
    words.push(if attr == "egress" { "to" } else { "from" }.to_owned());
    let group = map.get("group").map(|group| values.group(group));
    let peer = || map.get("cidr").or_else(|| map.get("prefix_list"));
    let peer = group.or_else(|| peer().map(|peer| values.peer(peer)));
    words.push(peer.unwrap_or_default());
    if let Some(priority) = map
        .get("priority")
        .and_then(Value::as_int)
        .filter(|priority| *priority != 1)
    {
        words.push(format!("priority {priority}"));
    }
    words.join(" ")
}

/// Returns ports as a spec writes them: `80/80` as `80`, `8000/9000` as `8000-9000`; `None` if
/// ports do not apply (`-1/-1`).
fn ports(range: &str) -> Option<String> {
    match range.split_once('/') {
        Some(("-1", "-1")) => None,
        Some((from, to)) if from == to => Some(clean(from)),
        Some((from, to)) => Some(format!("{}-{}", clean(from), clean(to))),
        None => Some(clean(range)),
    }
}
