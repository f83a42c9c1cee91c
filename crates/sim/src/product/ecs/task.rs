//! Tasks: changes that take some time and have an id of their own, for DescribeTaskAttribute.

use serde::{Deserialize, Serialize};
use serde_json::json;
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeTaskAttribute", describe)];

/// A task. It is not a resource: nobody has to delete it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    region: String,
    action: String,
    resource: String,
    begun_ms: i64,
    until_ms: i64,
}

impl Row for Task {
    const KIND: &'static str = "task";

    fn base(&self) -> Option<&Base> {
        None
    }
}

/// Creates a task that ends at a moment; returns its id.
pub(crate) fn begin(
    world: &mut World,
    region: &str,
    action: &str,
    resource: &str,
    until_ms: i64,
) -> String {
    let id = world.next_id("t", region);
    let begun_ms = world.now_ms();
    let task = Task {
        region: region.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        begun_ms,
        until_ms,
    };
    world.tables.tasks.insert(&id, task);
    id
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("TaskId")?;
    let task = world
        .tables
        .tasks
        .get(id)
        .filter(|task| call.in_region(&task.region));
    let task = task.ok_or_else(|| {
        Refusal::absent(
            "InvalidTaskId.NotFound",
            format!("The specified task {id} does not exist."),
        )
    })?;
    let over = world.now_ms() >= task.until_ms;
    let whole = (task.until_ms - task.begun_ms).max(1);
    let percent = ((world.now_ms() - task.begun_ms) * 100 / whole).clamp(0, 100);
    Ok(json!({
        "TaskId": id, "RegionId": task.region, "TaskAction": task.action, "SupportCancel": "false",
        "TaskStatus": if over { "Finished" } else { "Processing" },
        "TaskProcess": format!("{percent}%"),
        "CreationTime": Timestamp(task.begun_ms).seconds(),
        "FinishedTime": if over { Timestamp(task.until_ms).seconds() } else { String::new() },
        "TotalCount": 1, "SuccessCount": i64::from(over), "FailedCount": 0,
        "OperationProgressSet": {"OperationProgress": [{
            "OperationStatus": if over { "Success" } else { "Processing" }, "ErrorCode": "",
            "ErrorMsg": "",
            "RelatedItemSet": {"RelatedItem": [{"Name": "DiskId", "Value": task.resource}]},
        }]},
    }))
}
