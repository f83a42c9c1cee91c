//! CloudMonitor: alert rules, contacts, contact groups, metric data. Rules are stored and never
//! evaluated.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::product::Actions;
use crate::world::World;

pub(crate) mod batch;
pub(crate) mod contact;
pub(crate) mod contact_group;
pub(crate) mod custom;
pub(crate) mod data;
pub(crate) mod load;
pub(crate) mod metric;
pub(crate) mod metric_rule;
pub(crate) mod report;
pub(crate) mod target;

pub(crate) const ACTIONS: &[Actions] = &[
    metric_rule::ACTIONS,
    batch::ACTIONS,
    target::ACTIONS,
    contact_group::ACTIONS,
    contact::ACTIONS,
    metric::ACTIONS,
    data::ACTIONS,
    custom::ACTIONS,
    report::ACTIONS,
];

/// Every account has a contact group `ops-team`, so that example stacks need no preparation.
pub(crate) fn furnish(world: &mut World) {
    contact_group::put_default(world, "ops-team");
}

/// The fields that most answers of CloudMonitor begin with. `Code` is a text here.
fn success(mut body: Value) -> Answer {
    body["Success"] = json!(true);
    body["Code"] = json!("200");
    body["Message"] = json!("");
    Ok(body)
}
