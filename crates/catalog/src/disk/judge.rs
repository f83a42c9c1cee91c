//! Judgements: what differences in the fields of a disk lead to.

use setpoint_plan::Value;
use setpoint_plan::desired::Desired;
use setpoint_plan::field::{Judged, Verdict};
use setpoint_plan::live::Live;

use super::{ATTACH, DETACH, GROW, MACHINE_STATUS, MOVE, SPEC, attach};
use crate::shared;

/// Judges the size: a disk grows in place if the cloud can do so without a restart, and cannot
/// shrink.
pub(super) fn size(judged: &Judged<'_>) -> Verdict {
    let (Some(want), Some(live)) = (judged.want.as_int(), judged.live.as_int()) else {
        return Verdict::Same;
    };
    if want < live {
        return Verdict::Refuse(
            format!("a disk cannot shrink: it has {live} GiB, but the file says {want} GiB"),
            Some(format!("write `size: {live}` or more")),
        );
    }
    if attach::is_reattached(judged.desired, judged.row) || !is_basic(judged.row) {
        return Verdict::Update(&GROW);
    }
    let (why, hint) = if is_up(judged.desired) {
        ("runs", "stop the instance first, with `power: stopped`")
    } else if is_to_run(judged) {
        (
            "is started in this plan",
            "grow the disk first, and start the instance in another apply",
        )
    } else {
        return Verdict::Update(&GROW);
    };
    Verdict::Refuse(
        format!(
            "a disk of the category cloud can only grow offline, but the instance of {} {why}",
            judged.row.id
        ),
        Some(format!("{hint}, or remove `attach_to` for this apply")),
    )
}

/// Returns whether the disk has the oldest category, `cloud`, which can only grow offline.
pub(super) fn is_basic(row: &Live) -> bool {
    row.attr("category") == Value::text("cloud")
}

/// Returns whether the disk cannot grow while it is attached, since its instance runs.
pub(super) fn is_bound_to_rest(want: &Desired, row: &Live) -> bool {
    is_basic(row) && is_up(want)
}

/// Returns whether the instance of the disk runs, if its status was read.
fn is_up(want: &Desired) -> bool {
    want.text(MACHINE_STATUS)
        .is_some_and(|status| status != "Stopped")
}

/// Returns whether the spec wants the instance of the disk to run.
fn is_to_run(judged: &Judged<'_>) -> bool {
    let machine = attach::machine(judged);
    machine.is_some_and(|machine| machine.text("power") == Some("running"))
}

/// Judges the category: it changes in place if the cloud can do so, otherwise the disk is replaced.
pub(super) fn category(judged: &Judged<'_>) -> Verdict {
    if becomes(judged) {
        Verdict::Update(&SPEC)
    } else {
        Verdict::Replace
    }
}

/// Returns whether a disk can change its category in place. The page of ModifyDiskSpec lists the
/// possible changes; a basic disk (`cloud`) cannot change, and a subscription cannot become slower.
pub(crate) fn becomes(judged: &Judged<'_>) -> bool {
    const DESCENDING: [&str; 4] = ["cloud_essd", "cloud_auto", "cloud_ssd", "cloud_efficiency"];
    let place = |value: &Value| {
        let category = value.as_text()?;
        DESCENDING.iter().position(|other| *other == category)
    };
    let is_basic = *judged.live == Value::text("cloud");
    let is_subscription = judged.row.attr("charge_type") == Value::text("PrePaid");
    match (place(judged.want), place(judged.live)) {
        (None, _) => false,
        (Some(_), _) if is_basic => false,
        (Some(to), Some(from)) => to < from || !is_subscription,
        (Some(_), None) => true,
    }
}

pub(super) fn level(judged: &Judged<'_>) -> Verdict {
    shared::level(judged, "size", &SPEC)
}

/// Returns why an instance outside the stack does not fit the disk, and a hint: it must be in the
/// zone of the disk.
pub(super) fn fits(want: &Desired, machine: &Live) -> Option<(String, String)> {
    let own = want.attrs.get("zone")?.as_text()?;
    let other = machine.attr("zone");
    let other = other.as_text().filter(|other| *other != own)?;
    let what = format!("the disk is in {own}, but {} is in {other}", machine.id);
    let hint = format!("write `zone: {other}`, or choose an instance in {own}");
    Some((what, hint))
}

/// Judges the instance to attach to: a disk cannot leave its zone.
pub(super) fn machine(judged: &Judged<'_>) -> Verdict {
    let zone = judged.row.attr("zone");
    let shown = |zone: &Value| zone.as_text().unwrap_or_default().to_owned();
    let of_machine = attach::zone_of_machine(judged);
    if let Some(other) = of_machine.filter(|other| *other != zone) {
        return Verdict::Refuse(
            format!(
                "{} is in {}, but its instance is in {}: a disk cannot leave its zone",
                judged.row.id,
                shown(&zone),
                shown(&other)
            ),
            Some("take a snapshot, and create another disk from it in that zone".to_owned()),
        );
    }
    match (judged.want, judged.live) {
        (_, Value::Null) => Verdict::Update(&ATTACH),
        (Value::Null, _) => Verdict::Update(&DETACH),
        _ => Verdict::Update(&MOVE),
    }
}
