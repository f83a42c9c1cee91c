//! The write calls of a plan, for `--calls`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;
use setpoint_plan::document::{self, CallDocument};
use setpoint_plan::plan::{Plan, StepId};
use setpoint_plan::report::Report;

use crate::words::{clean, count, size};

/// The longest parameter, in bytes, that is shown in full; longer ones are shown as their size.
const SHOWN_MAX: usize = 300;

/// Renders the write calls of a plan in a valid order: number, action, address, the numbers of the
/// calls that must come first, and the parameters. Secrets are hidden.
#[must_use]
pub fn calls(plan: &Plan) -> String {
    let document = document::to_document(plan, &Report::default());
    let by_step: BTreeMap<usize, &CallDocument> = document
        .resource_changes
        .iter()
        .flat_map(|one| &one.calls)
        .map(|call| (call.order, call))
        .collect();
    let number: BTreeMap<usize, usize> = by_step
        .keys()
        .enumerate()
        .map(|(at, order)| (*order, at + 1))
        .collect();
    if by_step.is_empty() {
        return "No write calls.\n".to_owned();
    }
    let mut out = format!("{}:\n", count(by_step.len(), "write call"));
    for (order, call) in &by_step {
        let after = calls_before(plan, *order, &number);
        let after = if after.is_empty() {
            String::new()
        } else {
            format!("  after {}", after.join(", "))
        };
        let address = &plan.steps[*order].address;
        let _infallible = writeln!(
            out,
            "{:>3}  {} {}  {address}{after}",
            number[order], call.product, call.action
        );
        parameters(&mut out, &call.parameters);
        for (at, other) in call.alternatives.iter().enumerate() {
            let _infallible = writeln!(out, "       or, if that is refused ({}):", at + 2);
            let differing = other
                .iter()
                .filter(|(name, value)| call.parameters.get(*name) != Some(*value));
            parameters(
                &mut out,
                &differing
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            );
        }
    }
    out
}

/// Returns the numbers of the calls that must come before a step, directly or behind waits and
/// local acts.
fn calls_before(plan: &Plan, order: usize, number: &BTreeMap<usize, usize>) -> Vec<String> {
    let mut todo: Vec<StepId> = plan.steps[order].after.clone();
    let mut seen = std::collections::BTreeSet::new();
    let mut found = std::collections::BTreeSet::new();
    while let Some(StepId(at)) = todo.pop() {
        if !seen.insert(at) {
            continue;
        }
        match (number.get(&at), plan.steps.get(at)) {
            (Some(n), _) => {
                found.insert(*n);
            }
            (None, Some(step)) => todo.extend(&step.after),
            (None, None) => {}
        }
    }
    found.iter().map(ToString::to_string).collect()
}

fn parameters(out: &mut String, parameters: &BTreeMap<String, Json>) {
    for (name, value) in parameters {
        let _infallible = writeln!(out, "       {name} = {}", shown(value));
    }
}

/// Returns a parameter on one line, with references as `${net.id}`.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) if text.len() > SHOWN_MAX || text.contains('\n') => {
            format!("({})", size(text.len()))
        }
        Json::String(text) => clean(text),
        Json::Array(items) => format!(
            "[{}]",
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        ),
        Json::Object(map) => match single(map) {
            Some(("ref", Json::String(reference))) => format!("${{{reference}}}"),
            Some(("concat", Json::Array(parts))) => parts.iter().map(shown).collect(),
            Some(("json" | "base64", inner)) => shown(inner),
            _ => format!(
                "{{{}}}",
                map.iter()
                    .map(|(key, item)| format!("{key}: {}", shown(item)))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) => value.to_string(),
    }
}

/// Returns the entry of a map that has exactly one.
fn single(map: &serde_json::Map<String, Json>) -> Option<(&str, &Json)> {
    let mut entries = map.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}
