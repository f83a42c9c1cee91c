//! The state of each step of an apply, and its history.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::request::Request;
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::Codes;

/// The state of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// A predecessor is not done yet.
    Blocked,
    /// All predecessors are done. The step waits for a slot or for its locks.
    Ready,
    /// The observation is old, so the resource is read again before its first write.
    Rechecking { due: Option<Duration> },
    /// Its call is in flight.
    Sent,
    /// Its call is sent (again) at this time: it was refused or lost, or the rate limit delays it.
    Pausing { until: Duration },
    /// Its create call returned an id. A read by id must show the resource with our tags.
    Verifying {
        since: Duration,
        due: Option<Duration>,
    },
    /// It is unknown whether its resource was created. A listing decides.
    Searching {
        due: Option<Duration>,
        why: Box<Search>,
    },
    /// The answer does not tell whether its goal is met. A read decides.
    Judging {
        due: Option<Duration>,
        after: Box<Doubt>,
    },
    /// It reads its resource until a condition holds.
    Waiting {
        due: Option<Duration>,
        patience: Patience,
    },
    /// Its local act is being performed.
    Acting,
    /// Done.
    Done,
    /// A closing step that ran although the work in its window was not done. No other step may
    /// start because of it.
    Closed,
    /// Failed.
    Failed,
    /// Not started because another step failed or the run was interrupted, or given up after the
    /// interruption.
    Skipped,
}

/// The progress of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// The time at which it began.
    pub(super) since: Duration,
    /// Whether the row was ever seen.
    pub(super) seen: bool,
    /// Whether the row was seen in a state other than the one that undoes the wait.
    pub(super) moved: bool,
    /// The time since which the row has been in the state that undoes the wait.
    pub(super) undone_since: Option<Duration>,
}

/// The reason to check a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The call was refused with a code that does not tell whether the goal is met.
    Refused(CallError),
    /// The call was not answered, or its answer says nothing about the effect.
    Lost(CallError),
}

/// The reason to search for the resource of a create call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Search {
    /// The client token was used before, with other parameters.
    Mismatch,
    /// An earlier call with the same token was lost, and a later one got this refusal.
    Lost(CallError),
}

/// The history of a step.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// The number of the current create attempt, from 0. It is part of the client token.
    pub(super) attempt: u32,
    /// The number of attempts that were refused for good.
    pub(super) spent: u32,
    /// The number of attempts whose token was answered with the id of a resource that no longer
    /// exists.
    pub(super) gone: u32,
    /// The ids of resources without tags that attempts created or were answered with.
    pub(super) untagged: Vec<String>,
    /// The number of attempts whose token was used before, with other parameters.
    pub(super) mismatches: u32,
    /// Whether a search after a token mismatch has already waited for the visibility window.
    /// Anything created after that was created by this run, so further mismatches need no wait.
    pub(super) waited_for: bool,
    /// The index of the current rung.
    pub(super) rung: usize,
    /// The number of refusals for a reason that may pass.
    pub(super) refusals: u32,
    /// The number of calls sent, over all attempts.
    pub(super) tries: u32,
    /// The time at which the first call of the current attempt was sent.
    pub(super) first_sent: Option<Duration>,
    /// The number of consecutive calls that failed because of a transient fault of the network or
    /// the server, and the time of the first of these failures.
    pub(super) faults: u32,
    pub(super) faulty_since: Option<Duration>,
    /// The time of the first refusal for each set of codes that may pass.
    pub(super) first_refused: BTreeMap<Codes, Duration>,
    /// The time at which the last look was sent, or at which the write before the first look was
    /// answered.
    pub(super) looked_at: Duration,
    /// The number of consecutive looks that showed an absence, or a state that only an absence
    /// explains.
    pub(super) doubts: u32,
    /// The time since which its looks have failed.
    pub(super) blind_since: Option<Duration>,
    /// The drawn client token, and the steps of the call for which it was drawn.
    pub(super) token: Option<(String, Vec<StepId>)>,
    /// Whether its call is sent alone, because a batch with it was refused.
    pub(super) alone: bool,
    /// Whether a call of this attempt was lost, so that its effect is unknown.
    pub(super) lost: bool,
    /// Whether the resource was compared with the plan, or was written to while the observation was
    /// recent.
    pub(super) rechecked: bool,
}

/// A call or look in flight.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) steps: Vec<StepId>,
    pub(super) purpose: Purpose,
}

#[derive(Debug)]
pub(super) enum Purpose {
    Call {
        request: Request,
        sent: Vec<(String, String)>,
    },
    /// Proven: an empty answer has been checked not to come from a missing permission.
    Look { proven: bool },
}

impl State {
    pub(super) fn is_over(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Closed | Self::Failed | Self::Skipped
        )
    }

    pub(super) fn due(&self) -> Option<Duration> {
        match self {
            Self::Pausing { until } => Some(*until),
            Self::Rechecking { due }
            | Self::Searching { due, .. }
            | Self::Verifying { due, .. }
            | Self::Judging { due, .. }
            | Self::Waiting { due, .. } => *due,
            Self::Blocked
            | Self::Ready
            | Self::Sent
            | Self::Acting
            | Self::Done
            | Self::Closed
            | Self::Failed
            | Self::Skipped => None,
        }
    }
}
