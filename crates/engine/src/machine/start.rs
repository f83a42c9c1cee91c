//! What a machine knows before its first step: live attributes, and how long the way to the end is.

use std::collections::BTreeMap;

use setpoint_plan::kind::Cx;
use setpoint_plan::plan::{Plan, PlanStep};
use setpoint_plan::procedure::Act;
use setpoint_plan::registry::Registry;
use setpoint_plan::{Address, Map, Value, graph};

/// What live rows tell before anything is done. A resource that this plan makes anew is not known
/// by its old row, but by the id that is ours to choose, where there is one.
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

/// For each step the usual time of the longest way to the end.
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
