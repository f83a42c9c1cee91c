//! Log spans of the calls and looks in flight.

use tracing::Span;

use crate::calls;
use crate::machine::{Machine, Ticket};

impl Machine {
    /// Returns the span of the ticket's calls, which names the resource.
    pub(crate) fn reason(&self, ticket: Ticket) -> Span {
        let steps = self.flights.get(&ticket).map(|flight| &flight.steps);
        match steps.and_then(|steps| Some((steps.first()?, steps.len()))) {
            Some((first, count)) => {
                let address = &self.plan.steps[first.0].address;
                calls::for_resource(&address.to_string(), count - 1)
            }
            None => Span::none(),
        }
    }

    /// Returns how many times the ticket's call has been sent, including this one.
    pub(crate) fn tries(&self, ticket: Ticket) -> u32 {
        let steps = self.flights.get(&ticket).map(|flight| &flight.steps);
        let tries = steps
            .into_iter()
            .flatten()
            .map(|step| self.history[step.0].tries);
        tries.max().unwrap_or(1)
    }
}
