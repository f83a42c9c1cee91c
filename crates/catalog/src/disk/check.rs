//! Offline checks of a disk: its zone, and the fields that its category supports.

use setpoint_plan::{Address, Value};
use setpoint_spec::schema::{CheckCx, Problem};

pub(super) fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    check_zone(cx)
        .into_iter()
        .chain(check_category(cx))
        .collect()
}

fn problem(path: &str, message: String, hint: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        message,
        hint: Some(hint.to_owned()),
    }
}

/// Checks that the zone is given or follows from the instance, and fits it. An instance that needs
/// the disk cannot define its zone: that would be a cycle.
fn check_zone(cx: &CheckCx<'_>) -> Option<Problem> {
    let zone = cx.fields().get("zone");
    let Some(Value::Ref(machine)) = cx.fields().get("attach_to") else {
        return zone.is_none().then(|| {
            problem(
                "zone",
                "`zone` is missing, and no instance of this stack defines it".to_owned(),
                "write the zone of the instance that the disk will be attached to",
            )
        });
    };
    let of_machine = zone_of(cx, &machine.address);
    match (zone, of_machine) {
        (Some(own), Some(other)) if own != other => Some(problem(
            "attach_to",
            format!(
                "the disk is in {}, but `{}` is in {}",
                own.as_text().unwrap_or_default(),
                machine.address,
                other.as_text().unwrap_or_default()
            ),
            "a disk can only be attached to an instance in its zone",
        )),
        (None, _) if names(cx, &machine.address, &cx.resource.address) => Some(problem(
            "zone",
            format!(
                "`zone` is missing, and `{}` cannot define it because it needs the disk",
                machine.address
            ),
            "write the zone of the instance",
        )),
        _ => None,
    }
}

/// Returns the zone of the subnet of an instance, if both are in this stack.
fn zone_of<'a>(cx: &CheckCx<'a>, machine: &Address) -> Option<&'a Value> {
    let Some(Value::Ref(subnet)) = cx.all.get(machine)?.fields.get("vswitch") else {
        return None;
    };
    cx.all
        .get(&subnet.address)?
        .fields
        .get("zone")
        .filter(|zone| zone.as_text().is_some())
}

/// Returns whether an instance refers to the disk.
fn names(cx: &CheckCx<'_>, machine: &Address, disk: &Address) -> bool {
    let fields = cx.all.get(machine).map(|machine| &machine.fields);
    let mut refs = fields
        .into_iter()
        .flat_map(|fields| fields.values())
        .flat_map(Value::refs);
    refs.any(|reference| reference.address == *disk)
}

/// Checks that the fields fit the category and the size fits category and level. Levels are for
/// cloud_essd; IOPS and bursting are for cloud_auto.
fn check_category(cx: &CheckCx<'_>) -> Vec<Problem> {
    let text = |name: &str| cx.fields().get(name).and_then(Value::as_text);
    let category = text("category").unwrap_or("cloud_essd");
    let mut problems = Vec::new();
    let mut belongs = |field: &str, to: &str| {
        if cx.fields().contains_key(field) && category != to {
            let message = format!("a {category} disk does not support `{field}`");
            let hint = format!("remove `{field}`, or write `category: {to}`");
            problems.push(problem(field, message, &hint));
        }
    };
    belongs("performance_level", "cloud_essd");
    belongs("provisioned_iops", "cloud_auto");
    belongs("bursting_enabled", "cloud_auto");
    let is_encrypted = cx.fields().get("encrypted") == Some(&Value::Bool(true));
    if cx.fields().contains_key("kms_key") && !is_encrypted {
        let message = "`kms_key` has no effect on a disk that is not encrypted".to_owned();
        problems.push(problem("kms_key", message, "also write `encrypted: true`"));
    }
    let size = cx.fields().get("size").and_then(Value::as_int);
    let level = text("performance_level").unwrap_or("PL1");
    let (of, least, most) = bounds(category, level);
    if size.is_some_and(|size| size > most) {
        let message = format!("a {of} disk must have at most {most} GiB");
        problems.push(problem(
            "size",
            message,
            "write at most that, or choose another category",
        ));
    }
    if size.is_some_and(|size| size < least) {
        let message = format!("a {of} disk must have at least {least} GiB");
        let hint = match of {
            "PL1" => "write at least that, or `performance_level: PL0`",
            _ => "write at least that, or choose another level or category",
        };
        problems.push(problem("size", message, hint));
    }
    problems
}

/// Returns the name of a system disk of a category and level in messages, and its smallest size in
/// GiB, which is larger than that of a data disk for some categories.
pub(crate) fn least_of_system<'a>(category: &'a str, level: &'a str) -> (&'a str, i64) {
    let (of, least, _) = bounds(category, level);
    match category {
        "cloud" | "cloud_essd_entry" => (of, 20),
        _ => (of, least),
    }
}

/// Returns the name of a data disk of a category and level in messages, and its smallest and
/// largest size in GiB.
pub(crate) fn bounds<'a>(category: &'a str, level: &'a str) -> (&'a str, i64, i64) {
    match (category, level) {
        ("cloud_essd", "PL1") => (level, 20, 65536),
        ("cloud_essd", "PL2") => (level, 461, 65536),
        ("cloud_essd", "PL3") => (level, 1261, 65536),
        ("cloud_essd_entry", _) => (category, 10, 32768),
        ("cloud_ssd" | "cloud_efficiency", _) => (category, 20, 32768),
        ("cloud", _) => (category, 5, 2000),
        _ => (category, 1, 65536),
    }
}
