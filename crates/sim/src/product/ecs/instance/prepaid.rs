//! Subscriptions: RenewInstance, automatic renewal, ModifyPrepayInstanceSpec. Order numbers refer
//! to nothing.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::{
    self, AT_REST, Instance, Stale, State, draft, extras::Renewal,
};
use crate::product::ecs::{catalogue, image, instance_type};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("RenewInstance", renew),
    ("DescribeInstanceAutoRenewAttribute", describe_renewal),
    ("ModifyInstanceAutoRenewAttribute", modify_renewal),
    ("ModifyPrepayInstanceSpec", modify_spec),
];

const DAY_MS: i64 = 86_400_000;

/// The length of a term in milliseconds; a month has thirty days.
pub(crate) fn term_ms(period: i64, unit: &str) -> i64 {
    let days = match unit {
        "Week" => 7,
        "Year" => 365,
        _ => 30,
    };
    period * days * DAY_MS
}

/// The number of a new order.
pub(crate) fn new_order(world: &mut World) -> String {
    let number = world.next_number("order");
    format!("{}", 200_000_000_000_000 + number)
}

fn require_subscription(instance: &Instance) -> Result<(), Refusal> {
    if instance.charge_type == "PrePaid" {
        return Ok(());
    }
    Err(Refusal::denied(
        "ChargeTypeViolation",
        "The operation is not permitted for a pay-as-you-go instance.",
    ))
}

fn renew(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    require_subscription(instance::find(world, call, id)?)?;
    let unit = call.given("PeriodUnit").unwrap_or("Month");
    let period = call
        .int("Period")?
        .ok_or_else(|| Refusal::missing("Period"))?;
    let fits = match unit {
        "Week" => (1..=4).contains(&period),
        "Month" => (1..=60).contains(&period),
        "Year" => (1..=5).contains(&period),
        _ => return Err(Refusal::invalid("PeriodUnit")),
    };
    if !fits {
        return Err(Refusal::bad(
            "InvalidPeriod.ValueNotSupported",
            "The specified Period is not valid.",
        ));
    }
    let order = new_order(world);
    let now = world.now_ms();
    let instance = instance::find_mut(world, call, id)?;
    instance.extras.expires_ms =
        Some(instance.extras.expires_ms.unwrap_or(now) + term_ms(period, unit));
    Ok(json!({ "OrderId": order }))
}

fn ids<'a>(call: &Call<'a>) -> Vec<&'a str> {
    call.given("InstanceId")
        .map(|list| list.split(',').map(str::trim).collect())
        .unwrap_or_default()
}

fn describe_renewal(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, status) = (ids(call), call.given("RenewalStatus"));
    if ids.is_empty() && status.is_none() {
        return Err(Refusal::missing("InstanceId"));
    }
    let rows = world.shown(&world.tables.instances, true).filter(|row| {
        row.base.region == region
            && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
            && status.is_none_or(|status| status == row.extras.renewal.status)
    });
    // An instance that is being created cannot be asked about; the refusal is that of a bad
    // parameter.
    let rows = page::newest_first(rows, |row| &row.base);
    if rows.iter().any(|row| row.state == State::Pending) && !ids.is_empty() {
        return Err(Refusal::invalid("InstanceId"));
    }
    let page = page::numbered(call, rows, 100)?;
    let list: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            let renewal = &row.extras.renewal;
            json!({
                "InstanceId": row.base.id, "AutoRenewEnabled": renewal.status == "AutoRenewal",
                "RenewalStatus": renewal.status,
                "Duration": renewal.duration, "PeriodUnit": renewal.unit,
                "EnableExpectedRenewDay": false,
            })
        })
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "InstanceRenewAttributes": {"InstanceRenewAttribute": list},
    }))
}

fn modify_renewal(world: &mut World, call: &Call<'_>) -> Answer {
    let ids = ids(call);
    let automatic = call.flag("AutoRenew")?;
    let status = match call.given("RenewalStatus") {
        Some(status @ ("Normal" | "AutoRenewal" | "NotRenewal")) => status,
        Some(_) => return Err(Refusal::invalid("RenewalStatus")),
        None if automatic == Some(true) => "AutoRenewal",
        None => "Normal",
    };
    let unit = call.given("PeriodUnit").unwrap_or("Month");
    let duration = call.int("Duration")?;
    let allowed: &[i64] = if unit == "Year" {
        &[1, 2, 3, 4, 5]
    } else {
        &[1, 2, 3, 6, 12, 24, 36, 48, 60]
    };
    if status == "AutoRenewal" && duration.is_none() {
        return Err(Refusal::missing("Duration"));
    }
    if duration.is_some_and(|duration| !allowed.contains(&duration)) {
        return Err(Refusal::invalid("Duration"));
    }
    let renewal = Renewal {
        status: status.to_owned(),
        duration: duration.unwrap_or(0),
        unit: unit.to_owned(),
    };
    for id in ids {
        let instance = instance::find_mut(world, call, id)?;
        require_subscription(instance)?;
        instance.extras.renewal = renewal.clone();
    }
    done()
}

/// A running instance can get a larger type. It takes effect at the next start, which the call may
/// ask for.
fn modify_spec(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoPay", "OperatorType", "ModifyMode", "EndTime"]);
    call.only("MigrateAcrossZone", "false")?;
    let (id, wanted) = (call.need("InstanceId")?, call.need("InstanceType")?);
    let machine = instance::find(world, call, id)?;
    require_subscription(machine)?;
    let (from, to) = (
        instance_type::find(&machine.instance_type)?,
        instance_type::find(wanted)?,
    );
    let smaller = to.cpu < from.cpu || to.memory_gib < from.memory_gib;
    if smaller {
        machine.require(&[State::Stopped], Refusal::bad, "InvalidStatus.NotStopped")?;
    }
    machine.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
    if !catalogue::can_become(from, to)
        || draft::check_fit(to, &image::find(world, &machine.image)?).is_err()
    {
        return Err(Refusal::bad(
            "DependencyViolation.InstanceType",
            "The current instance type cannot be changed to the specified one.",
        ));
    }
    if !world.in_stock(&machine.zone, wanted) {
        return Err(Refusal::denied(
            "OperationDenied.NoStock",
            "The resource is out of stock in the zone.",
        ));
    }
    let restart =
        call.flag("RebootWhenFinished")?.unwrap_or(false) && machine.state == State::Running;
    let stale = Stale {
        until_ms: world.now_ms() + world.options.profile.read_back_ms,
        instance_type: machine.instance_type.clone(),
        bandwidth_out: machine.internet.bandwidth_out,
    };
    let order = new_order(world);
    let machine = instance::find_mut(world, call, id)?;
    wanted.clone_into(&mut machine.instance_type);
    machine.stale = Some(stale);
    if restart {
        instance::begin_start(world, id);
    }
    Ok(json!({ "OrderId": order }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_subscription_is_renewed_and_grows() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[("InstanceChargeType", "PrePaid"), ("Period", "1")]);
        bench.refused(
            "ecs.DescribeInstanceAutoRenewAttribute",
            &[("InstanceId", &id)],
            "400 InvalidParameter",
        );
        bench.wait(20_000);
        assert_eq!(
            text(&bench.instance(&id), "ExpiredTime"),
            "2026-01-31T00:00Z"
        );
        bench.ok("ecs.RenewInstance", &[("InstanceId", &id), ("Period", "1")]);
        assert_eq!(
            text(&bench.instance(&id), "ExpiredTime"),
            "2026-03-02T00:00Z"
        );
        let on = [("InstanceId", id.as_str()), ("AutoRenew", "true")];
        bench.refused(
            "ecs.ModifyInstanceAutoRenewAttribute",
            &on,
            "400 MissingParameter",
        );
        bench.ok(
            "ecs.ModifyInstanceAutoRenewAttribute",
            &[on[0], on[1], ("Duration", "3")],
        );
        let seen = bench.ok(
            "ecs.DescribeInstanceAutoRenewAttribute",
            &[("InstanceId", &id)],
        );
        let row = &seen["InstanceRenewAttributes"]["InstanceRenewAttribute"][0];
        assert_eq!(
            (&row["AutoRenewEnabled"], &row["Duration"]),
            (&true.into(), &3.into())
        );
        let to = |kind: &'static str| {
            [
                ("InstanceId", id.as_str()),
                ("InstanceType", kind),
                ("RebootWhenFinished", "true"),
            ]
        };
        bench.refused(
            "ecs.ModifyPrepayInstanceSpec",
            &to("ecs.u1-c1m1.large"),
            "400 InvalidStatus.NotStopped",
        );
        bench.ok("ecs.ModifyPrepayInstanceSpec", &to("ecs.c7.xlarge"));
        assert_eq!(text(&bench.instance(&id), "Status"), "Starting");
        bench.wait(15_000);
        assert_eq!(text(&bench.instance(&id), "InstanceType"), "ecs.c7.xlarge");
        bench.ok("ecs.DescribeRenewalPrice", &[("ResourceId", &id)]);
    }

    #[test]
    fn pay_as_you_go_is_not_renewed() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        bench.refused(
            "ecs.RenewInstance",
            &[("InstanceId", &id), ("Period", "1")],
            "403 ChargeTypeViolation",
        );
        bench.refused(
            "ecs.ModifyInstanceAutoRenewAttribute",
            &[("InstanceId", &id)],
            "403 ChargeTypeViolation",
        );
        bench.refused(
            "ecs.ModifyPrepayInstanceSpec",
            &[("InstanceId", &id), ("InstanceType", "ecs.c7.xlarge")],
            "403 ChargeTypeViolation",
        );
    }
}
