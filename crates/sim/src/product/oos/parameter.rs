//! `parameter`: a named text with its earlier versions.
//!
//! All actions are synchronous. A create is atomic: of two with the same name, one is refused. An
//! update is unconditional; the API has no compare-and-swap. Invariant: versions are numbered from
//! 1 without gaps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) mod read;

pub(crate) const ACTIONS: Actions = &[
    ("CreateParameter", create),
    ("UpdateParameter", update),
    ("DeleteParameter", delete),
];

/// A parameter of one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) base: Base,
    kind: String,
    constraints: String,
    /// Values with their moments, oldest first.
    versions: Vec<(String, i64)>,
}

/// The number of versions that the API keeps.
const VERSIONS: usize = 100;

impl Row for Parameter {
    const KIND: &'static str = "parameter";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

impl Parameter {
    fn updated_ms(&self) -> i64 {
        self.versions
            .last()
            .map_or(self.base.created_ms, |(_, at)| *at)
    }

    /// The fields of every answer about a parameter.
    fn described(&self, owner: &str) -> Value {
        json!({
            "Id": self.base.id,
            "Name": self.base.name,
            "Type": self.kind,
            "Description": self.base.description,
            "CreatedBy": owner,
            "CreatedDate": Timestamp(self.base.created_ms).seconds(),
            "UpdatedBy": owner,
            "UpdatedDate": Timestamp(self.updated_ms()).seconds(),
            "ShareType": "Private",
            "Tags": self.base.tags,
        })
    }

    /// The same fields, with those of the answer about a single parameter.
    fn shown(&self, owner: &str) -> Value {
        let mut body = self.described(owner);
        body["Constraints"] = json!(self.constraints);
        body["ParameterVersion"] = json!(self.versions.len());
        body["ResourceGroupId"] = json!(self.base.resource_group);
        body
    }
}

/// The creator of all parameters, in the form of this product.
fn owner(world: &World) -> String {
    format!("root({})", world.account.id)
}

fn key(region: &str, name: &str) -> String {
    format!("{region}/{name}")
}

fn absent(name: &str) -> Refusal {
    Refusal::absent(
        "EntityNotExists.Parameter",
        format!("The parameter {name} does not exist."),
    )
}

fn invalid(name: &'static str, why: &str) -> Refusal {
    Refusal::bad(format!("InvalidParameter.{name}"), why.to_owned())
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, name, kind) = (
        call.region_needed()?,
        call.need("Name")?,
        call.need("Type")?,
    );
    check_name(name)?;
    if !["String", "StringList"].contains(&kind) {
        return Err(invalid("Type", "The type must be String or StringList."));
    }
    let value = value(call)?;
    let constraints = call.given("Constraints").unwrap_or_default();
    check_constraints(constraints, value)?;
    let (description, tags) = (
        description(call)?.unwrap_or_default(),
        tags(call)?.unwrap_or_default(),
    );
    if world.tables.parameters.get(&key(region, name)).is_some() {
        return Err(Refusal::new(
            409,
            "EntityAlreadyExists.Parameter",
            format!("The parameter {name} exists already."),
        ));
    }
    let mut base = world.new_base("p", region);
    (base.name, base.description, base.tags) = (name.to_owned(), description.to_owned(), tags);
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let versions = vec![(value.to_owned(), world.now_ms())];
    let row = Parameter {
        base,
        kind: kind.to_owned(),
        constraints: constraints.to_owned(),
        versions,
    };
    let answer = json!({"Parameter": row.shown(&owner(world))});
    world.tables.parameters.insert(&key(region, name), row);
    Ok(answer)
}

fn update(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, name) = (call.region_needed()?, call.need("Name")?);
    let (value, description, tags) = (value(call)?, description(call)?, tags(call)?);
    let (owner, now) = (owner(world), world.now_ms());
    let row = world
        .tables
        .parameters
        .get_mut(&key(region, name))
        .ok_or_else(|| absent(name))?;
    check_constraints(&row.constraints, value)?;
    if row.versions.len() >= VERSIONS {
        return Err(Refusal::bad(
            "QuotaExceed.ParameterVersion",
            format!("A parameter has at most {VERSIONS} versions."),
        ));
    }
    row.versions.push((value.to_owned(), now));
    if let Some(description) = description {
        description.clone_into(&mut row.base.description);
    }
    if let Some(tags) = tags {
        row.base.tags = tags;
    }
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut row.base.resource_group);
    }
    let mut body = row.shown(&owner);
    // Three official clients read an object everywhere else, and a text with JSON here.
    body["Tags"] = json!(json!(row.base.tags).to_string());
    Ok(json!({"Parameter": body}))
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, name) = (call.region_needed()?, call.need("Name")?);
    world
        .tables
        .parameters
        .remove(&key(region, name))
        .ok_or_else(|| absent(name))?;
    done()
}

/// Letters, digits, hyphens and underscores; slashes make a path.
fn check_name(name: &str) -> Result<(), Refusal> {
    let reserved = ["ALIYUN", "ACS", "ALIBABA", "ALICLOUD", "OOS"];
    let fits = (1..=200).contains(&name.len())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_/".contains(letter));
    let upper = name.trim_start_matches('/').to_uppercase();
    if fits && !reserved.iter().any(|prefix| upper.starts_with(prefix)) {
        Ok(())
    } else {
        Err(invalid("Name", "The name is not valid."))
    }
}

fn value<'a>(call: &Call<'a>) -> Result<&'a str, Refusal> {
    let value = call.need("Value")?;
    if value.chars().count() <= 4096 {
        Ok(value)
    } else {
        Err(invalid("Value", "The value has more than 4096 characters."))
    }
}

fn description<'a>(call: &Call<'a>) -> Result<Option<&'a str>, Refusal> {
    let text = call.given("Description");
    if text.is_some_and(|text| text.chars().count() > 200) {
        return Err(invalid(
            "Description",
            "The description has more than 200 characters.",
        ));
    }
    Ok(text)
}

/// A JSON object of texts.
fn tags(call: &Call<'_>) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let read = |text| {
        serde_json::from_str(text)
            .map_err(|_| invalid("Tags", "The tags are not a JSON object of texts."))
    };
    call.given("Tags").map(read).transpose()
}

/// Patterns are not evaluated, so a parameter with one is refused.
fn check_constraints(text: &str, value: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let read: Value = serde_json::from_str(text)
        .map_err(|_| invalid("Constraints", "The constraints are not a JSON object."))?;
    if read.get("AllowedPattern").is_some() {
        return Err(Refusal::not_modelled("Constraints"));
    }
    let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
    let long = read["MaxLength"].as_u64().is_some_and(|most| length > most);
    let short = read["MinLength"]
        .as_u64()
        .is_some_and(|least| length < least);
    let other = read["AllowedValues"]
        .as_array()
        .is_some_and(|allowed| !allowed.iter().any(|one| one == value));
    if long || short || other {
        Err(invalid(
            "Value",
            "The value does not keep to the constraints.",
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
