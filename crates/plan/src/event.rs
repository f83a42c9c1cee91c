//! The events of a run, as data: the one type from the engine that performs a plan to every reader
//! of its progress.

use std::time::Duration;

use crate::plan::StepId;

/// One thing that happened during apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step is being worked on.
    Started {
        /// The step.
        step: StepId,
    },
    /// A wait has looked and goes on.
    Looked {
        /// The step.
        step: StepId,
        /// The status that the row shows, if it shows one.
        status: Option<String>,
    },
    /// A call was refused or lost and will be tried again.
    Again {
        /// The step.
        step: StepId,
        /// The API's code, or what the network said.
        why: String,
        /// When.
        after: Duration,
    },
    /// A call goes on with its next rung: no stock for the first choice, say.
    Fell {
        /// The step.
        step: StepId,
        /// The API's code.
        code: String,
        /// Which rung is tried now, from 0.
        rung: usize,
    },
    /// A step is done.
    Done {
        /// The step.
        step: StepId,
        /// The id of its resource, where it is known.
        id: Option<String>,
    },
    /// A step failed; the outcome says how.
    Failed {
        /// The step.
        step: StepId,
    },
    /// A step will not start, because one before it failed or the run was interrupted.
    Skipped {
        /// The step.
        step: StepId,
    },
    /// Interrupted: no step starts any more but those that close a window.
    Stopping,
}

/// How far a run is; goes with every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
    /// Calls made, reads and retries included.
    pub calls: usize,
    /// Calls that were throttled.
    pub throttled: usize,
}
