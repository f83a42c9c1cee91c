//! What API calls are for: spans whose fields the log shows with each call made inside them.

use setpoint_plan::questions::Purpose;
use tracing::{Span, debug_span};

/// Calls for a resource of the stack, or for several in one batch, of which `others` are not named.
pub(crate) fn for_resource(resource: &str, others: usize) -> Span {
    let others = (others > 0).then_some(others);
    debug_span!(target: "setpoint::call", "resource", %resource, others)
}

/// Calls that answer a question of the planner. A question about no single entry adds nothing to
/// the kind that [`for_kind`] names.
pub(crate) fn for_question(purpose: &Purpose) -> Span {
    match purpose {
        Purpose::DetailsOf(address) | Purpose::Adopted(address) | Purpose::LookUp(address) => {
            for_resource(&address.to_string(), 0)
        }
        Purpose::Listing | Purpose::Details | Purpose::Outside(_) => Span::none(),
    }
}

/// Reads of a kind's rows.
pub(crate) fn for_kind(kind: &str) -> Span {
    debug_span!(target: "setpoint::call", "read", %kind)
}

/// One attempt at a call, counted from 1.
pub(crate) fn attempt(number: u32) -> Span {
    debug_span!(target: "setpoint::call", "attempt", attempt = number)
}
