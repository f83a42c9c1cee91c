//! The result of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_plan::event::Tally;
use setpoint_plan::plan::{StepId, Summary};
use setpoint_plan::{Address, Value};

/// The result of applying a plan.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The number of resources whose create, update or delete is complete.
    pub summary: Summary,
    /// Steps that failed.
    pub failed: Vec<Failure>,
    /// Resources without a failure of which at least one step did not run.
    pub not_started: Vec<NotStarted>,
    /// Whether the run was interrupted before all steps were done.
    pub interrupted: bool,
    /// The numbers of calls and steps.
    pub tally: Tally,
    /// The time from the start of the run to the end of its last step, by the cloud's clock.
    pub elapsed: Duration,
    /// How long each instance was down: from the call that opened its window until it was running
    /// again.
    pub down: BTreeMap<Address, Duration>,
    /// The outputs. A value that is still unknown stays a reference.
    pub outputs: BTreeMap<String, Value>,
    /// The ids of the resources that have a desired state, as far as they are known.
    pub ids: BTreeMap<Address, String>,
    /// Every write call that succeeded, in the order in which the calls were answered.
    pub writes: Vec<Write>,
}

/// A write call that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The action.
    pub action: &'static str,
    /// The resources it was for; several for a batch.
    pub addresses: Vec<Address>,
    /// Its flattened parameters, without the client token. Secret values are blanked.
    pub params: Vec<(String, String)>,
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub step: StepId,
    /// The resource.
    pub address: Address,
    /// The action, if the step is a call.
    pub action: Option<&'static str>,
    /// The API's error code, if there is one.
    pub code: Option<String>,
    /// The HTTP status, if there is one.
    pub http_status: Option<u16>,
    /// The API's request id, if there is one.
    pub request_id: Option<String>,
    /// The reason, as text for the user.
    pub message: String,
    /// How many times the step's call was sent; at least 1.
    pub attempt: u32,
    /// The class, which decides the exit code.
    pub class: FailureClass,
}

/// The classes of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The API refused the call.
    Refused,
    /// A wait timed out, or its goal can no longer be reached.
    NotReached,
    /// It is unknown whether the call was executed; the next run finds out.
    Unknown,
    /// The credentials are missing, invalid or expired, or lack a permission.
    Credentials,
    /// The live resource no longer matches the observation that the plan was made from.
    Moved,
    /// A local act failed, or a request could not be built.
    Local,
}

/// A resource that was not worked on, or not completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// The resource.
    pub address: Address,
    /// The failed resources that it depends on, directly or indirectly; empty if only the
    /// interruption stopped it.
    pub needs: Vec<Address>,
}

impl Outcome {
    /// Returns whether every step was done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.not_started.is_empty() && !self.interrupted
    }
}
