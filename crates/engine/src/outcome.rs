//! What came of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_plan::event::Tally;
use setpoint_plan::plan::{StepId, Summary};
use setpoint_plan::{Address, Value};

/// What came of applying a plan.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Resources that are done: how many were made, changed, taken away.
    pub summary: Summary,
    /// Steps that failed.
    pub failed: Vec<Failure>,
    /// Resources none of whose steps, or not all, were started.
    pub not_started: Vec<NotStarted>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Calls and steps.
    pub tally: Tally,
    /// From first to last step.
    pub elapsed: Duration,
    /// For how long each machine was down.
    pub down: BTreeMap<Address, Duration>,
    /// The outputs as far as they are known now.
    pub outputs: BTreeMap<String, Value>,
    /// Ids of what was made.
    pub ids: BTreeMap<Address, String>,
    /// Every write call that was made and succeeded, in order: action, address, flattened
    /// parameters without token.
    pub writes: Vec<Write>,
}

/// A write call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The action.
    pub action: &'static str,
    /// The resources it was for; several where calls went out as one.
    pub addresses: Vec<Address>,
    /// Its flattened parameters. Secret ones are blanked.
    pub params: Vec<(String, String)>,
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub step: StepId,
    /// The resource.
    pub address: Address,
    /// The action, for a call.
    pub action: Option<&'static str>,
    /// The API's code, where it gave one.
    pub code: Option<String>,
    /// The HTTP status, where there was one.
    pub http_status: Option<u16>,
    /// The API's request id, where there was one.
    pub request_id: Option<String>,
    /// What went wrong, for people.
    pub message: String,
    /// Which try it was, from 1.
    pub attempt: u32,
    /// Its class, since it decides the exit.
    pub class: FailureClass,
}

/// Classes of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The cloud refused.
    Refused,
    /// A wait ran out of time, or what it waited for can never come.
    NotReached,
    /// Nobody can say whether the call was carried out; the next run finds out.
    Unknown,
    /// Credentials are missing, wrong, expired or lack a permission.
    Credentials,
    /// The live resource is not what the plan was made from.
    Moved,
    /// Something on this machine.
    Local,
}

/// A resource that was not worked on, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// The resource.
    pub address: Address,
    /// Failed resources that it waits for; empty after an interruption.
    pub needs: Vec<Address>,
}

impl Outcome {
    /// Whether everything was done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.not_started.is_empty() && !self.interrupted
    }
}
