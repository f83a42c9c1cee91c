//! Reads of parameters: one, its versions, those under a path, all.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page::{self, Tokened};
use crate::product::Actions;
use crate::product::oos::parameter::{Parameter, absent, key, owner, tags};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("GetParameter", get),
    ("ListParameterVersions", versions),
    ("GetParametersByPath", by_path),
    ("ListParameters", list),
];

fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Parameter, Refusal> {
    let (region, name) = (call.region_needed()?, call.need("Name")?);
    let found = world
        .shown(&world.tables.parameters, true)
        .find(|row| row.base.region == region && row.base.name == name);
    found
        .filter(|_| world.tables.parameters.get(&key(region, name)).is_some())
        .ok_or_else(|| absent(name))
}

fn get(world: &mut World, call: &Call<'_>) -> Answer {
    let row = find(world, call)?;
    if let Some(group) = call.given("ResourceGroupId") {
        Some(())
            .filter(|()| group == row.base.resource_group)
            .ok_or_else(|| absent(&row.base.name))?;
    }
    let newest = i64::try_from(row.versions.len()).unwrap_or(i64::MAX);
    let version = call.int("ParameterVersion")?.unwrap_or(newest);
    let held = usize::try_from(version - 1)
        .ok()
        .and_then(|at| row.versions.get(at));
    let (value, _) = held.ok_or_else(|| {
        Refusal::absent(
            "EntityNotExists.ParameterVersion",
            format!("The parameter {} has no version {version}.", row.base.name),
        )
    })?;
    let mut body = row.shown(&owner(world));
    (body["ParameterVersion"], body["Value"]) = (json!(version), json!(value));
    Ok(json!({ "Parameter": body }))
}

/// Rows by their place, so that any order can be paged by token.
fn paged<'a, T>(call: &Call<'_>, rows: &'a [(Base, T)]) -> Result<Tokened<'a, (Base, T)>, Refusal> {
    page::tokened(call, rows.iter().collect(), |(base, _)| base, (50, 1, 100))
}

fn placed<T>(rows: impl Iterator<Item = T>) -> Vec<(Base, T)> {
    rows.zip(0..)
        .map(|(row, place): (T, i64)| {
            (
                Base {
                    created_ms: -place,
                    ..Base::default()
                },
                row,
            )
        })
        .collect()
}

/// Newest version first.
fn versions(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("ShareType", "Private")?;
    let row = find(world, call)?;
    let owner = owner(world);
    let rows = placed(row.versions.iter().enumerate().rev());
    let page = paged(call, &rows)?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(_, (place, (value, at)))| {
            json!({
                "ParameterVersion": place + 1, "Value": value, "UpdatedBy": owner,
                "UpdatedDate": Timestamp(*at).seconds(),
            })
        })
        .collect();
    Ok(json!({
        "Id": row.base.id, "Name": row.base.name, "Type": row.kind,
        "Description": row.base.description, "CreatedBy": owner,
        "CreatedDate": Timestamp(row.base.created_ms).seconds(),
        "MaxResults": call.int("MaxResults")?.unwrap_or(50),
        "NextToken": page.next, "TotalCount": row.versions.len(), "ParameterVersions": shown,
    }))
}

/// Whether a name lies under a path: directly, or at any depth.
fn under(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.trim_end_matches('/');
    let rest = name
        .strip_prefix(path)
        .and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| recursive || !rest.contains('/'))
}

fn by_path(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, path, recursive) = (
        call.region_needed()?,
        call.need("Path")?,
        call.flag("Recursive")?.unwrap_or(false),
    );
    let fits =
        |row: &&Parameter| row.base.region == region && under(&row.base.name, path, recursive);
    let mut found: Vec<&Parameter> = world
        .shown(&world.tables.parameters, false)
        .filter(fits)
        .collect();
    found.sort_by(|a, b| a.base.name.cmp(&b.base.name));
    let (total, owner) = (found.len(), owner(world));
    let rows = placed(found.into_iter());
    let page = paged(call, &rows)?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(_, row)| {
            let mut body = row.shown(&owner);
            body["Value"] = json!(row.versions.last().map(|(value, _)| value));
            if let Some(fields) = body.as_object_mut() {
                fields.remove("ResourceGroupId");
            }
            body
        })
        .collect();
    let size = call.int("MaxResults")?.unwrap_or(50);
    Ok(json!({
        "MaxResults": size, "NextToken": page.next, "TotalCount": total, "Parameters": shown,
    }))
}

/// The version is a text here, and values are not shown.
fn list(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (name, kind, group) = (
        call.given("Name"),
        call.given("Type"),
        call.given("ResourceGroupId"),
    );
    let (path, recursive) = (call.given("Path"), call.flag("Recursive")?.unwrap_or(false));
    call.only("ShareType", "Private")?;
    let wanted: BTreeMap<String, String> = tags(call)?.unwrap_or_default();
    let fits = |row: &&Parameter| {
        row.base.region == region
            && name.is_none_or(|name| name == row.base.name)
            && kind.is_none_or(|kind| kind == row.kind)
            && group.is_none_or(|group| group == row.base.resource_group)
            && path.is_none_or(|path| under(&row.base.name, path, recursive))
            && wanted
                .iter()
                .all(|(key, value)| row.base.tags.get(key) == Some(value))
    };
    let mut found: Vec<&Parameter> = world
        .shown(&world.tables.parameters, false)
        .filter(fits)
        .collect();
    match call.given("SortField").unwrap_or("CreatedDate") {
        "Name" => found.sort_by(|a, b| b.base.name.cmp(&a.base.name)),
        "CreatedDate" => found.sort_by(|a, b| {
            (b.base.created_ms, &a.base.name).cmp(&(a.base.created_ms, &b.base.name))
        }),
        _ => return Err(Refusal::invalid("SortField")),
    }
    match call.given("SortOrder").unwrap_or("Descending") {
        "Descending" => {}
        "Ascending" => found.reverse(),
        _ => return Err(Refusal::invalid("SortOrder")),
    }
    let (total, owner) = (found.len(), owner(world));
    let rows = placed(found.into_iter());
    let page = paged(call, &rows)?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(_, row)| {
            let mut body = row.described(&owner);
            body["ParameterVersion"] = json!(row.versions.len().to_string());
            body["ResourceGroupId"] = json!(row.base.resource_group);
            body
        })
        .collect();
    let size = call.int("MaxResults")?.unwrap_or(50);
    Ok(json!({
        "MaxResults": size, "NextToken": page.next, "TotalCount": total, "Parameters": shown,
    }))
}
