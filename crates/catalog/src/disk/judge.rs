//! What a difference in a field of a disk leads to.

use setpoint_plan::Value;
use setpoint_plan::field::{Judged, Verdict};

use super::{ATTACH, DETACH, GROW, MACHINE_STATUS, MOVE, SPEC, attach};
use crate::shared;

/// Grows in place where the cloud can do so without a restart.
pub(super) fn size(judged: &Judged<'_>) -> Verdict {
    let (Some(want), Some(live)) = (judged.want.as_int(), judged.live.as_int()) else {
        return Verdict::Same;
    };
    if want < live {
        return Verdict::Refuse(
            format!("a disk cannot shrink: it has {live} GiB, and the file says {want} GiB"),
            Some(format!("write `size: {live}` or more")),
        );
    }
    let row = judged.row;
    let is_fixed = !attach::is_reattached(judged.desired, row);
    let is_up = judged
        .desired
        .text(MACHINE_STATUS)
        .is_some_and(|status| status != "Stopped");
    if is_fixed && is_up && row.attr("category") == Value::text("cloud") {
        return Verdict::Refuse(
            format!(
                "a disk of the category cloud grows offline only, and the machine of {} runs",
                row.id
            ),
            Some(
                "stop the machine first, with `power: stopped`, or take `attach_to` out for this \
                 apply"
                    .to_owned(),
            ),
        );
    }
    Verdict::Update(&GROW)
}

pub(super) fn category(judged: &Judged<'_>) -> Verdict {
    let basic = Value::text("cloud");
    if *judged.want == basic || *judged.live == basic {
        Verdict::Replace
    } else {
        Verdict::Update(&SPEC)
    }
}

pub(super) fn level(judged: &Judged<'_>) -> Verdict {
    shared::level(judged, &SPEC)
}

/// A disk cannot leave its zone.
pub(super) fn machine(judged: &Judged<'_>) -> Verdict {
    let zone = judged.row.attr("zone");
    if let Some(other) = attach::zone_of_machine(judged).filter(|other| *other != zone) {
        let shown = |zone: &Value| zone.as_text().unwrap_or_default().to_owned();
        return Verdict::Refuse(
            format!(
                "{} lies in {}, and its machine in {}: a disk cannot leave its zone",
                judged.row.id,
                shown(&zone),
                shown(&other)
            ),
            Some("take a snapshot, and create another disk from it there".to_owned()),
        );
    }
    match (judged.want, judged.live) {
        (_, Value::Null) => Verdict::Update(&ATTACH),
        (Value::Null, _) => Verdict::Update(&DETACH),
        _ => Verdict::Update(&MOVE),
    }
}
