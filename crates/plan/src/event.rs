//! The events of a run, as data: the only type by which the engine reports progress to its readers.

use std::time::Duration;

use crate::plan::StepId;

/// Something that happened during apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step has started.
    Started {
        /// The step.
        step: StepId,
    },
    /// A wait has read the cloud and continues.
    Looked {
        /// The step.
        step: StepId,
        /// The status that the row shows, if it shows one.
        status: Option<String>,
    },
    /// A call was refused or its reply was lost; it will be tried again.
    Again {
        /// The step.
        step: StepId,
        /// The API's error code, or the network error.
        why: String,
        /// The delay until the next try.
        after: Duration,
    },
    /// A call continues with its next set of parameters, for example because stock is lacking for
    /// the first.
    Fell {
        /// The step.
        step: StepId,
        /// The API's error code.
        code: String,
        /// The index of the set of parameters that is tried now, from 0.
        rung: usize,
    },
    /// A step is done.
    Done {
        /// The step.
        step: StepId,
        /// The id of its resource, where it is known.
        id: Option<String>,
    },
    /// A step failed; the outcome of the run gives the failure.
    Failed {
        /// The step.
        step: StepId,
    },
    /// A step will not start, because an earlier one failed or the run was interrupted.
    Skipped {
        /// The step.
        step: StepId,
    },
    /// The run was interrupted: from now on only steps that close a window start.
    Stopping,
}

/// The progress of a run, sent with every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The number of steps that are done.
    pub done: usize,
    /// The number of all steps.
    pub total: usize,
    /// The number of calls, including reads and retries.
    pub calls: usize,
    /// The number of calls that were throttled.
    pub throttled: usize,
}
