//! The initial knowledge of a machine: the attributes of live resources, and the remaining path of
//! each step.

use std::collections::BTreeMap;

use setpoint_plan::kind::Cx;
use setpoint_plan::plan::{Plan, PlanStep};
use setpoint_plan::procedure::Act;
use setpoint_plan::registry::Registry;
use setpoint_plan::{Address, Map, Value, graph};

/// Returns the attributes that are known before the first step, from the rows of the plan. A
/// resource that this plan creates or replaces does not get the attributes of its old row, but only
/// its derived id, if its kind has one.
pub(super) fn first_known(plan: &Plan, registry: Registry) -> BTreeMap<Address, Map> {
    let cx = Cx {
        stack: &plan.stack,
        site: &plan.site,
        now: plan.now,
    };
    let mut known: BTreeMap<Address, Map> = BTreeMap::new();
    for change in &plan.changes {
        let entry = known.entry(change.address.clone()).or_default();
        if change.creates() {
            let derive = registry.known(change.kind).derived_id;
            let derived = derive
                .zip(change.after.as_ref())
                .map(|(id, want)| id(&cx, want));
            entry.extend(derived.map(|id| ("id".to_owned(), Value::text(id))));
        } else if let (Some(live), true) =
            (&change.before, change.after.is_some() || entry.is_empty())
        {
            entry.extend(live.attrs.clone());
            entry.insert("id".to_owned(), Value::text(&live.id));
        }
    }
    known
}

/// Returns, for each step, the usual duration in milliseconds of the longest path from it to the
/// end of the plan, its own included. A call or a local act counts as 200 ms.
pub(super) fn priorities(plan: &Plan) -> Vec<u64> {
    let usual = |step: &PlanStep| match &step.step.act {
        Act::Call(_) | Act::Local(_) => 200,
        Act::Wait(wait) => u64::try_from(wait.typical.as_millis()).unwrap_or(u64::MAX / 1_000_000),
    };
    let weights: Vec<u64> = plan.steps.iter().map(usual).collect();
    let edges: Vec<(usize, usize)> = plan
        .steps
        .iter()
        .enumerate()
        .flat_map(|(at, step)| step.after.iter().map(move |before| (before.0, at)))
        .collect();
    graph::remaining(&weights, &edges)
}
