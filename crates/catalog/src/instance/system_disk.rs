//! Updates of the system disk of an instance.

use setpoint_openapi::action::ecs as api;
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Absent, Call, Cond, Look, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::Changing;

use crate::disk::{ONLINE_IF_IT_RUNS, resize_call};
use crate::instance::fields::DISK_SPEC;
use crate::instance::power::settled;
use crate::instance::read;

/// The category or level is still changing, or was changed recently.
const DISK_CHANGING: Retry = &[(
    &[
        "OperationConflict",
        "LastOrderProcessing",
        "DiskInCoolingPeriod",
        "InvalidStatus.DiskNotReady",
        "IncorrectDiskStatus",
        "InternalError",
    ],
    Window::For(minutes(5)),
)];
/// A snapshot of the disk is being taken, or another change of it is being processed.
const DISK_BUSY: Retry = &[(
    &[
        "DiskCreatingSnapshot",
        "LastOrderProcessing",
        "OperationConflict",
        "IncorrectDiskStatus",
    ],
    Window::For(minutes(10)),
)];

/// Returns the steps that grow the disk, after a wait for an instance that is starting.
pub(super) fn grow(change: &Changing<'_>) -> Vec<Step> {
    let live = change.live;
    let size = change.wanted("system_disk.size");
    let call = Call {
        retry: DISK_BUSY,
        ..resize_call(&live.attr("system_disk.id"), &size, ONLINE_IF_IT_RUNS)
    };
    let grown = Wait {
        typical: seconds(2),
        within: minutes(5),
        ..shown(live, Cond::Is("system_disk.size", vec![size]))
    };
    settled(live)
        .into_iter()
        .chain([Step::call(call), Step::wait(grown)])
        .collect()
}

/// Returns the steps that change category or level. A level changes at once; a change of category
/// takes some time, during which no other change of the disk is possible.
pub(super) fn change_spec(change: &Changing<'_>) -> Vec<Step> {
    let live = change.live;
    let attrs = ["system_disk.category", "system_disk.performance_level"];
    let is = |attr| Some(Cond::Is(attr, vec![change.want.attrs.get(attr)?.clone()]));
    let changed = shown(live, Cond::All(attrs.into_iter().filter_map(is).collect()));
    let id = vec![("DiskId", live.attr("system_disk.id"))];
    let call = Call {
        done_on: &["NoChangeInDiskCategoryAndPerformanceLevel"],
        retry: DISK_CHANGING,
        ..Call::new(
            &api::MODIFY_DISK_SPEC,
            [id, change.params(&DISK_SPEC)].concat(),
        )
    };
    settled(live)
        .into_iter()
        .chain([Step::call(call), Step::wait(changed)])
        .collect()
}

/// Returns a wait for a value that the disk itself shows.
fn shown(live: &Live, until: Cond) -> Wait {
    let disk = live.attr("system_disk.id");
    Wait {
        look: Look::Ask(read::disk(&live.site, disk.as_text().unwrap_or_default())),
        until,
        never: None,
        undone: None,
        absent: Absent::Fails,
        typical: seconds(5),
        within: minutes(60),
    }
}
