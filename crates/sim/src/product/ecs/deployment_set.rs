//! `deployment_set`: a rule that spreads instances over hosts.
//!
//! A set has no states. Hosts are not simulated: a set only counts its members in each zone.
//! Invariant: a set with members cannot be deleted.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::Instance;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateDeploymentSet", create),
    ("DeleteDeploymentSet", delete),
    ("DescribeDeploymentSets", describe),
    ("ModifyDeploymentSetAttribute", modify),
];

/// A deployment set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeploymentSet {
    pub(crate) base: Base,
    strategy: String,
    groups: i64,
}

impl Row for DeploymentSet {
    const KIND: &'static str = "deployment_set";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

/// The set that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a DeploymentSet, Refusal> {
    let set = world
        .tables
        .deployment_sets
        .get(id)
        .filter(|set| call.in_region(&set.base.region));
    set.ok_or_else(|| {
        Refusal::absent(
            "DeploymentSet.NotFound",
            format!("The specified deployment set {id} does not exist."),
        )
    })
}

/// Instances of a set, including those that are being deleted.
pub(crate) fn members<'a>(world: &'a World, id: &'a str) -> impl Iterator<Item = &'a Instance> {
    world
        .tables
        .instances
        .values()
        .filter(move |row| row.extras.deployment_set == id && !row.base.released)
}

/// Refuses more instances than a set can have in a zone.
pub(crate) fn require_room(world: &World, id: &str, zone: &str, more: i64) -> Result<(), Refusal> {
    let held = members(world, id).filter(|row| row.zone == zone).count();
    let more = usize::try_from(more).unwrap_or_default();
    let per_zone = world.options.quotas.members_of_deployment_set;
    let spread = world
        .tables
        .deployment_sets
        .get(id)
        .is_some_and(|set| set.strategy == "Availability");
    if spread && held + more > per_zone {
        let message = format!("A deployment set holds at most {per_zone} instances in a zone.");
        return Err(Refusal::denied(
            "QuotaExceed.DeploymentSetInstanceQuotaFull",
            message,
        ));
    }
    Ok(())
}

fn texts<'a>(call: &Call<'a>) -> Result<(Option<&'a str>, Option<&'a str>), Refusal> {
    let (name, description) = (call.given("DeploymentSetName"), call.text("Description"));
    if name.is_some_and(|name| !names::is_name(name, 2, 128, ":_.-")) {
        return Err(Refusal::bad(
            "InvalidDeploymentSetName.Malformed",
            "The specified deployment set name is not valid.",
        ));
    }
    if description.is_some_and(|text| !text.is_empty() && !names::is_text(text, 2, 256)) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    Ok((name, description))
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&[
        "OnUnableToRedeployFailedInstance",
        "Domain",
        "Granularity",
        "Type",
    ]);
    let strategy = call.given("Strategy").unwrap_or("Availability");
    if !matches!(
        strategy,
        "Availability" | "AvailabilityGroup" | "LowLatency"
    ) {
        return Err(Refusal::invalid("Strategy"));
    }
    let groups = call.int("GroupCount")?;
    if groups.is_some_and(|groups| !(1..=7).contains(&groups)) {
        return Err(Refusal::invalid("GroupCount"));
    }
    let (name, description) = texts(call)?;
    if world
        .tables
        .deployment_sets
        .values()
        .filter(|set| set.base.region == region)
        .count()
        >= world.options.quotas.deployment_sets
    {
        return Err(Refusal::bad(
            "DEPLOYMENTSET.QUOTA_FULL",
            "The maximum number of deployment sets in the region is reached.",
        ));
    }
    let mut base = world.new_base("ds", region);
    (base.name, base.description) = (
        name.unwrap_or_default().to_owned(),
        description.unwrap_or_default().to_owned(),
    );
    let id = base.id.clone();
    let groups = if strategy == "AvailabilityGroup" {
        groups.unwrap_or(3)
    } else {
        0
    };
    world.tables.deployment_sets.insert(
        &id,
        DeploymentSet {
            base,
            strategy: strategy.to_owned(),
            groups,
        },
    );
    Ok(json!({ "DeploymentSetId": id }))
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("DeploymentSetId")?;
    find(world, call, id)?;
    if let Some(member) = members(world, id).next() {
        return Err(Refusal::denied(
            "DependencyViolation.NotEmpty",
            format!(
                "The deployment set still has the instance {}.",
                member.base.id
            ),
        ));
    }
    world.tables.deployment_sets.remove(id);
    done()
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("DeploymentSetId")?;
    find(world, call, id)?;
    let (name, description) = texts(call)?;
    let Some(set) = world.tables.deployment_sets.get_mut(id) else {
        return done();
    };
    if let Some(name) = name {
        name.clone_into(&mut set.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut set.base.description);
    }
    done()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["Domain", "Granularity", "NetworkType", "Type"]);
    let ids = call.json_list("DeploymentSetIds", "InvalidDeploymentSetIds.Malformed")?;
    let (name, strategy) = (call.given("DeploymentSetName"), call.given("Strategy"));
    let rows = world
        .shown(&world.tables.deployment_sets, ids.is_some())
        .filter(|row| {
            row.base.region == region
                && ids.as_ref().is_none_or(|ids| ids.contains(&row.base.id))
                && name.is_none_or(|name| names::like(name, &row.base.name))
                && strategy.is_none_or(|strategy| strategy == row.strategy)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let sets: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    Ok(json!({
        "RegionId": region, "PageNumber": page.number, "PageSize": page.size,
        "TotalCount": page.total,
        "DeploymentSets": {"DeploymentSet": sets},
    }))
}

fn listed(world: &World, row: &DeploymentSet) -> Value {
    let mut zones: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for member in members(world, &row.base.id) {
        *zones.entry(&member.zone).or_default() += 1;
    }
    let room = world.options.quotas.members_of_deployment_set;
    let capacities: Vec<Value> = zones
        .iter()
        .map(|(zone, used)| {
            json!({
                "ZoneId": zone, "UsedAmount": used, "AvailableAmount": room.saturating_sub(*used),
            })
        })
        .collect();
    let ids: Vec<&str> = members(world, &row.base.id)
        .map(|row| row.base.id.as_str())
        .collect();
    json!({
        "DeploymentSetId": row.base.id, "DeploymentSetName": row.base.name,
        "DeploymentSetDescription": row.base.description,
        "Strategy": row.strategy, "DeploymentStrategy": row.strategy, "Granularity": "Host",
        "Domain": "Default",
        "GroupCount": row.groups, "InstanceAmount": ids.len(), "InstanceIds": {"InstanceId": ids},
        "Capacities": {"Capacity": capacities},
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_set_lives_until_it_is_empty() {
        let mut bench = Bench::new();
        let id = text(
            &bench.ok(
                "ecs.CreateDeploymentSet",
                &[("DeploymentSetName", "spread")],
            ),
            "DeploymentSetId",
        );
        bench.world.options.quotas.members_of_deployment_set = 1;
        let (machine, vswitch, group) = bench.machine(&[("DeploymentSetId", &id)]);
        let more = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
            ("DeploymentSetId", id.as_str()),
        ];
        bench.refused(
            "ecs.RunInstances",
            &more,
            "403 QuotaExceed.DeploymentSetInstanceQuotaFull",
        );
        let row = bench.ok(
            "ecs.DescribeDeploymentSets",
            &[("DeploymentSetIds", &format!("[\"{id}\"]"))],
        )["DeploymentSets"]["DeploymentSet"][0]
            .clone();
        assert_eq!(
            (
                &row["InstanceAmount"],
                &row["Capacities"]["Capacity"][0]["UsedAmount"]
            ),
            (&1.into(), &1.into())
        );
        assert_eq!(text(&bench.instance(&machine), "DeploymentSetId"), id);
        bench.wait(20_000);
        bench.refused(
            "ecs.DeleteDeploymentSet",
            &[("DeploymentSetId", &id)],
            "403 DependencyViolation.NotEmpty",
        );
        let leave = [
            ("InstanceId", machine.as_str()),
            ("RemoveFromDeploymentSet", "true"),
            ("DeploymentSetId", &id),
        ];
        bench.refused(
            "ecs.ModifyInstanceDeployment",
            &leave,
            "400 OperationDenied.UnstoppedInstance",
        );
        bench.ok("ecs.StopInstance", &[("InstanceId", &machine)]);
        bench.wait(5_000);
        bench.ok("ecs.ModifyInstanceDeployment", &leave);
        bench.ok(
            "ecs.ModifyDeploymentSetAttribute",
            &[("DeploymentSetId", &id), ("DeploymentSetName", "wide")],
        );
        bench.ok("ecs.DeleteDeploymentSet", &[("DeploymentSetId", &id)]);
        bench.refused(
            "ecs.DeleteDeploymentSet",
            &[("DeploymentSetId", &id)],
            "404 DeploymentSet.NotFound",
        );
    }
}
