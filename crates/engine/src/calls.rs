//! Tracing spans that say what an API call is for. The log shows their fields with each call that
//! is made inside them.

use setpoint_plan::questions::Purpose;
use tracing::{Span, debug_span};

/// Returns the span of calls for a resource of the stack. For a batch, `resource` is the first
/// resource and `others` is the number of further ones, which are not named.
pub(crate) fn for_resource(resource: &str, others: usize) -> Span {
    let others = (others > 0).then_some(others);
    debug_span!(target: "setpoint::call", "resource", %resource, others)
}

/// Returns the span of calls that answer a question of the planner. It is empty for a question that
/// is not about a single resource: the span of [`for_kind`] already names the kind.
pub(crate) fn for_question(purpose: &Purpose) -> Span {
    match purpose {
        Purpose::DetailsOf(address) | Purpose::Adopted(address) | Purpose::LookUp(address) => {
            for_resource(&address.to_string(), 0)
        }
        Purpose::Listing | Purpose::Details | Purpose::Outside(_) => Span::none(),
    }
}

/// Returns the span of the reads of a kind.
pub(crate) fn for_kind(kind: &str) -> Span {
    debug_span!(target: "setpoint::call", "read", %kind)
}

/// Returns the span of one attempt at a call, counted from 1.
pub(crate) fn attempt(number: u32) -> Span {
    debug_span!(target: "setpoint::call", "attempt", attempt = number)
}
