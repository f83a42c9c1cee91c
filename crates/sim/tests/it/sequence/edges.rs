//! The published changes of state: those that a call can make, and those that time can make.

use serde_json::Value;

use super::rows::Changed;

/// The states that a call can lead to, by state before it; the empty state is a missing row.
const BY_CALL: &[(&str, &str, &[&str])] = &[
    ("instance", "", &["Pending"]),
    ("instance", "Running", &["Starting", "Stopping", "Released"]),
    ("instance", "Stopped", &["Starting", "Released"]),
    ("disk", "", &["Creating", "InUse"]),
    ("disk", "Available", &["Attaching", "Deleting", "ReIniting"]),
    (
        "disk",
        "InUse",
        &["Detaching", "ReIniting", "Available", "Deleting", ""],
    ),
    (
        "network_interface",
        "",
        &["Available", "InUse", "Attaching"],
    ),
    ("network_interface", "Available", &["Attaching", "Deleting"]),
    ("network_interface", "InUse", &["Detaching"]),
    ("vpc", "", &["Pending"]),
    ("vpc", "Available", &["Pending", "Deleting"]),
    ("vswitch", "", &["Creating"]),
    ("vswitch", "Available", &["Updating", "Deleting"]),
    ("eip", "", &["Available"]),
    ("eip", "Available", &["Associating", "Releasing"]),
    ("eip", "InUse", &["Unassociating"]),
    ("nat_gateway", "", &["Pending"]),
    ("nat_gateway", "Available", &["Deleting"]),
    ("snat_entry", "", &["Pending"]),
    // Those of a gateway that is deleted by force are deleted with it.
    ("snat_entry", "Available", &["Modifying", "Deleting", ""]),
    ("snat_entry", "Pending", &[""]),
    ("snat_entry", "Deleting", &[""]),
    ("snat_entry", "Modifying", &[""]),
    ("forward_entry", "", &["Pending"]),
    // Those of a gateway that is deleted by force are deleted with it.
    ("forward_entry", "Available", &["Modifying", "Deleting", ""]),
    ("forward_entry", "Pending", &[""]),
    ("forward_entry", "Deleting", &[""]),
    ("forward_entry", "Modifying", &[""]),
    ("route_table", "", &["Pending", "Available"]),
    ("route_table", "Available", &["Modifying", "Deleting"]),
    ("route_entry", "", &["Pending", "Available"]),
    ("route_entry", "Available", &["Modifying", "Deleting"]),
    ("network_acl", "", &["Modifying"]),
    ("network_acl", "Available", &["Modifying", "Deleting"]),
];

/// States that can only be followed by the deletion.
const LAST: &[&str] = &["Deleting", "Releasing", "Released"];

/// States of new resources only. A VPC returns to its first state when a call changes its blocks.
const FIRST: &[&str] = &["Creating", "Pending"];

/// The state of a row in the words of the API; empty for a missing row.
fn state(row: Option<&Value>) -> &str {
    let Some(row) = row else { return "" };
    let phase = &row["phase"];
    let moving = || {
        phase
            .as_object()
            .and_then(|phase| phase.keys().next())
            .map(String::as_str)
    };
    row["state"]
        .as_str()
        .or_else(|| phase.as_str())
        .or_else(moving)
        .unwrap_or_default()
}

/// The violation in a change that a call has made.
pub(crate) fn by_call(change: &Changed) -> Option<String> {
    let (from, to) = (state(change.old.as_ref()), state(change.new.as_ref()));
    let known = BY_CALL.iter().any(|(kind, _, _)| *kind == change.kind);
    let legal = || {
        BY_CALL
            .iter()
            .any(|(kind, at, ways)| *kind == change.kind && *at == from && ways.contains(&to))
    };
    (known && from != to && !legal()).then(|| {
        format!(
            "a call took {} {} from `{from}` to `{to}`",
            change.kind, change.key
        )
    })
}

/// The violation in a change that time has made. It may consist of several steps.
pub(crate) fn by_time(change: &Changed) -> Option<String> {
    let (from, to) = (state(change.old.as_ref()), state(change.new.as_ref()));
    if from == to {
        return None;
    }
    let back = change.old.is_some() && FIRST.contains(&to);
    let woken = LAST.contains(&from) && !to.is_empty() && !LAST.contains(&to);
    (back || woken).then(|| {
        format!(
            "time took {} {} from `{from}` to `{to}`",
            change.kind, change.key
        )
    })
}
