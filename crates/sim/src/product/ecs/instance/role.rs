//! RAM roles of instances. Roles are not simulated: every well-formed name counts as a role that
//! trusts ECS.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("AttachInstanceRamRole", |world, call| {
        bind(world, call, true)
    }),
    ("DetachInstanceRamRole", |world, call| {
        bind(world, call, false)
    }),
    ("DescribeInstanceRamRole", describe),
];

/// Refuses a text that cannot be the name of a role; an empty one is allowed.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = name.len() <= 64
        && name.chars().all(|letter| {
            letter.is_ascii_alphanumeric() || letter == '-' || letter == '.' || letter == '_'
        });
    if fits {
        Ok(())
    } else {
        Err(Refusal::absent(
            "InvalidRamRole.NotFound",
            "The specified RamRoleName does not exist.",
        ))
    }
}

/// Both answer 200 with a result for each instance.
fn bind(world: &mut World, call: &Call<'_>, attach: bool) -> Answer {
    let region = call.region_needed()?;
    let role = call.given("RamRoleName").unwrap_or_default();
    check_name(role)?;
    let ids = call
        .json_list("InstanceIds", "InvalidInstanceIds.Malformed")?
        .ok_or_else(|| Refusal::missing("InstanceIds"))?;
    if ids.is_empty() || ids.len() > 100 {
        return Err(Refusal::bad(
            "InvalidInstanceIds.Malformed",
            "The number of InstanceIds must be 1 to 100.",
        ));
    }
    let mut failed = 0;
    let mut results = Vec::new();
    for id in &ids {
        let outcome = bind_one(world, region, id, role, attach);
        failed += usize::from(outcome.is_err());
        let (code, message) = match &outcome {
            Ok(()) => ("200", "success"),
            Err(refusal) => (refusal.code.as_ref(), refusal.message.as_str()),
        };
        let mut result =
            json!({"InstanceId": id, "Success": outcome.is_ok(), "Code": code, "Message": message});
        if !attach {
            result["InstanceRamRoleSets"] =
                json!({"InstanceRamRoleSet": [{"InstanceId": id, "RamRoleName": role}]});
        }
        results.push(result);
    }
    let (outer, inner) = if attach {
        (
            "AttachInstanceRamRoleResults",
            "AttachInstanceRamRoleResult",
        )
    } else {
        (
            "DetachInstanceRamRoleResults",
            "DetachInstanceRamRoleResult",
        )
    };
    Ok(json!({
        "RamRoleName": role, "TotalCount": ids.len(), "FailCount": failed,
        outer: {inner: results},
    }))
}

fn bind_one(
    world: &mut World,
    region: &str,
    id: &str,
    role: &str,
    attach: bool,
) -> Result<(), Refusal> {
    let held = &instance::of_region(world, region, id)?.ram_role;
    if attach && !held.is_empty() {
        return Err(Refusal::bad(
            "RamRole.AlreadyAttached",
            format!("The instance {id} already has a role."),
        ));
    }
    if !attach && (held.is_empty() || (!role.is_empty() && held != role)) {
        return Err(Refusal::absent(
            "InvalidRamRole.NotFound",
            format!("The role is not attached to {id}."),
        ));
    }
    if let Some(instance) = world.tables.instances.get_mut(id) {
        instance.ram_role = if attach {
            role.to_owned()
        } else {
            String::new()
        };
    }
    Ok(())
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, role) = (
        call.json_list("InstanceIds", "InvalidInstanceIds.Malformed")?,
        call.given("RamRoleName"),
    );
    if ids.as_ref().is_some_and(|ids| ids.len() > 50) {
        return Err(Refusal::bad(
            "InvalidInstanceIds.Malformed",
            "The number of InstanceIds must be at most 50.",
        ));
    }
    let rows = world
        .shown(&world.tables.instances, ids.is_some())
        .filter(|row| {
            row.base.region == region
                && !row.ram_role.is_empty()
                && ids.as_ref().is_none_or(|ids| ids.contains(&row.base.id))
                && role.is_none_or(|role| role == row.ram_role)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let sets: Vec<Value> = page
        .items
        .iter()
        .map(|row| json!({"InstanceId": row.base.id, "RamRoleName": row.ram_role}))
        .collect();
    Ok(json!({
        "RegionId": region, "TotalCount": page.total,
        "InstanceRamRoleSets": {"InstanceRamRoleSet": sets},
    }))
}
