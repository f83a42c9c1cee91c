//! `reserved_instance`: a discount that was bought. It is stored and listed, and lowers no price.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::prepaid;
use crate::product::ecs::instance_type;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("PurchaseReservedInstancesOffering", purchase),
    ("DescribeReservedInstances", describe),
];

/// A reserved instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReservedInstance {
    pub(crate) base: Base,
    instance_type: String,
    scope: String,
    zone: String,
    platform: String,
    offering: String,
    amount: i64,
    expires_ms: i64,
    /// The term has ended.
    expired: bool,
}

impl Row for ReservedInstance {
    const KIND: &'static str = "reserved_instance";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        if self.expired { "Expired" } else { "Active" }
    }

    fn due_ms(&self) -> Option<i64> {
        (!self.expired).then_some(self.expires_ms)
    }

    fn step(world: &mut World, id: &str) {
        if let Some(row) = world.tables.reserved_instances.get_mut(id) {
            row.expired = true;
        }
    }
}

/// The value of a parameter with a few values; the first is the default.
fn choice<'a>(call: &Call<'a>, name: &str, values: &[&'static str]) -> Result<&'a str, Refusal> {
    match call.given(name) {
        Some(value) if values.contains(&value) => Ok(value),
        Some(_) => Err(Refusal::invalid(name)),
        None => Ok(values.first().copied().unwrap_or_default()),
    }
}

fn purchase(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoRenew", "AutoRenewPeriod", "StartTime"]);
    let region = call.region_needed()?;
    let kind = instance_type::find(call.need("InstanceType")?)?;
    let scope = choice(call, "Scope", &["Region", "Zone"])?;
    let zone = call.given("ZoneId").unwrap_or_default();
    if scope == "Zone" && zone.is_empty() {
        return Err(Refusal::missing("ZoneId"));
    }
    let platform = choice(call, "Platform", &["Linux", "Windows"])?;
    let offering = choice(
        call,
        "OfferingType",
        &["All Upfront", "Partial Upfront", "No Upfront"],
    )?;
    let (amount, period) = (
        call.int("InstanceAmount")?.unwrap_or(1),
        call.int("Period")?.unwrap_or(1),
    );
    if !(1..=1000).contains(&amount) {
        return Err(Refusal::invalid("InstanceAmount"));
    }
    let unit = choice(call, "PeriodUnit", &["Year", "Month"])?;
    if !matches!((unit, period), ("Year", 1 | 3 | 5) | ("Month", 1)) {
        return Err(Refusal::invalid("Period"));
    }
    let name = call.given("ReservedInstanceName").unwrap_or_default();
    if !name.is_empty() && !names::is_name(name, 2, 128, ":_.-") {
        return Err(Refusal::bad(
            "InvalidReservedInstanceName.Malformed",
            "The specified ReservedInstanceName is not valid.",
        ));
    }
    let tags = tags::of_create(call)?;
    let mut base = world.new_base("ecsri", region);
    (base.name, base.tags) = (name.to_owned(), tags);
    call.given("Description")
        .unwrap_or_default()
        .clone_into(&mut base.description);
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    let row = ReservedInstance {
        instance_type: kind.id.clone(),
        scope: scope.to_owned(),
        zone: zone.to_owned(),
        platform: platform.to_owned(),
        offering: offering.to_owned(),
        amount,
        expires_ms: world.now_ms() + prepaid::term_ms(period, unit),
        expired: false,
        base,
    };
    world.tables.reserved_instances.insert(&id, row);
    Ok(json!({
        "ReservedInstanceIdSets": {"ReservedInstanceId": [id]},
        "OrderId": prepaid::new_order(world),
    }))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("AllocationType", "Normal")?;
    let (ids, statuses) = (call.list("ReservedInstanceId"), call.list("Status"));
    let (name, kind, family) = (
        call.given("ReservedInstanceName"),
        call.given("InstanceType"),
        call.given("InstanceTypeFamily"),
    );
    let (scope, zone, offering, lock) = (
        call.given("Scope"),
        call.given("ZoneId"),
        call.given("OfferingType"),
        call.given("LockReason"),
    );
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.reserved_instances, !ids.is_empty())
        .filter(|row| {
            row.base.region == region
                && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
                && (statuses.is_empty() || statuses.contains(&row.state()))
                && name.is_none_or(|name| name == row.base.name)
                && kind.is_none_or(|kind| kind == row.instance_type)
                && family.is_none_or(|family| row.instance_type.starts_with(&format!("{family}.")))
                && scope.is_none_or(|scope| scope == row.scope)
                && zone.is_none_or(|zone| zone == row.zone)
                && offering.is_none_or(|offering| offering == row.offering)
                && lock.is_none()
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let page = page::numbered(call, rows, 100)?;
    let list: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "ReservedInstanceId": row.base.id, "ReservedInstanceName": row.base.name,
                "Description": row.base.description,
                "RegionId": row.base.region, "ZoneId": row.zone, "InstanceType": row.instance_type,
                "Scope": row.scope,
                "Platform": row.platform, "OfferingType": row.offering,
                "InstanceAmount": row.amount, "Status": row.state(),
                "AllocationStatus": "", "CreationTime": Timestamp(row.base.created_ms).seconds(),
                "StartTime": Timestamp(row.base.created_ms).seconds(),
                "ExpiredTime": Timestamp(row.expires_ms).seconds(),
                "OperationLocks": {"OperationLock": []}, "ResourceGroupId": row.base.resource_group,
                "Tags": tags::tag_key_list(&row.base.tags),
            })
        })
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "ReservedInstances": {"ReservedInstance": list},
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn what_was_bought_is_listed_until_it_expires() {
        let mut bench = Bench::new();
        let buy = [
            ("InstanceType", "ecs.c7.large"),
            ("Period", "1"),
            ("PeriodUnit", "Year"),
            ("ReservedInstanceName", "base"),
        ];
        bench.refused(
            "ecs.PurchaseReservedInstancesOffering",
            &[buy[0], ("Scope", "Zone")],
            "400 MissingParameter",
        );
        bench.ok("ecs.PurchaseReservedInstancesOffering", &buy);
        let status = |bench: &mut Bench| {
            bench.ok(
                "ecs.DescribeReservedInstances",
                &[("InstanceTypeFamily", "ecs.c7")],
            )["ReservedInstances"]["ReservedInstance"][0]["Status"]
                .clone()
        };
        assert_eq!(status(&mut bench), "Active");
        bench.wait(365 * 86_400_000);
        assert_eq!(status(&mut bench), "Expired");
    }
}
