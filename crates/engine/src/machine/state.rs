//! The state of every step of an apply, and what is remembered beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::request::Request;
use setpoint_plan::plan::StepId;
use setpoint_plan::procedure::Codes;

/// Where a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Not all its predecessors are done.
    Blocked,
    /// It may start once there is a slot, its locks and a place in the rate.
    Ready,
    /// Its resource is looked at before its first write, since the observation is old.
    Rechecking { due: Option<Duration> },
    /// Its call is under way.
    Sent,
    /// Its call is made again at this time.
    Pausing { until: Duration },
    /// Its create call was answered; a read by id must show the resource as ours.
    Verifying {
        since: Duration,
        due: Option<Duration>,
    },
    /// Nobody knows whether its resource was made: a listing shows whether it is there.
    Searching {
        due: Option<Duration>,
        why: Box<Search>,
    },
    /// Its goal is looked at, since the answer does not say whether it is met.
    Judging {
        due: Option<Duration>,
        after: Box<Doubt>,
    },
    /// It waits.
    Waiting {
        due: Option<Duration>,
        patience: Patience,
    },
    /// It acts on this machine.
    Acting,
    /// Over.
    Done,
    /// Over: a closing step that ran though the window's work was not done. Nothing may build on
    /// it.
    Closed,
    /// Failed.
    Failed,
    /// Never to be started.
    Skipped,
}

/// How a wait has gone so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// When it began.
    pub(super) since: Duration,
    /// Whether the row was ever seen.
    pub(super) seen: bool,
    /// Whether the row was seen in a state other than the one that undoes the wait.
    pub(super) moved: bool,
    /// Since when it has been in the state that undoes the wait.
    pub(super) undone_since: Option<Duration>,
}

/// Why a goal is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The answer was this refusal.
    Refused(CallError),
    /// There was no answer, or one that says nothing.
    Lost(CallError),
}

/// Why a created resource is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Search {
    /// Its token was used for something else.
    Mismatch,
    /// An earlier call with its token was lost, and this refusal came after it.
    Lost(CallError),
}

/// What a step has been through.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// Which attempt at creating this is: each has a token of its own.
    pub(super) attempt: u32,
    /// How many attempts were refused for good.
    pub(super) spent: u32,
    /// How many attempts had a token that was answered with the id of something that is gone.
    pub(super) gone: u32,
    /// What attempts made, or were answered with, that carries no tags.
    pub(super) untagged: Vec<String>,
    /// How many attempts had a token that was used for something else before.
    pub(super) mismatches: u32,
    /// Whether a look for what an older token made waited until it would show: whatever is made
    /// later is made by this run.
    pub(super) waited_for: bool,
    /// Which rung of the ladder.
    pub(super) rung: usize,
    /// How often it was refused for a reason that may pass.
    pub(super) refusals: u32,
    /// How often a call was sent, over all attempts.
    pub(super) tries: u32,
    /// When the present attempt's first call was sent.
    pub(super) first_sent: Option<Duration>,
    /// How many tries in a row failed for a passing fault of network or server, and when the first
    /// of them did.
    pub(super) faults: u32,
    pub(super) faulty_since: Option<Duration>,
    /// When it was first refused for a reason that may pass, for each set of reasons.
    pub(super) first_refused: BTreeMap<Codes, Duration>,
    /// When the last look was sent, or the write was answered that the looks follow.
    pub(super) looked_at: Duration,
    /// How many looks in a row were doubted: they showed an absence, or what only an absence
    /// explains.
    pub(super) doubts: u32,
    /// Since when its looks fail.
    pub(super) blind_since: Option<Duration>,
    /// The drawn token, and the steps whose call it was drawn for.
    pub(super) token: Option<(String, Vec<StepId>)>,
    /// Whether it goes alone, since a batch was refused for one of its items.
    pub(super) alone: bool,
    /// Whether an earlier call of this attempt went unanswered.
    pub(super) lost: bool,
    /// Whether its resource was compared with the plan, or written to while the observation was
    /// young.
    pub(super) rechecked: bool,
}

/// A call or look under way.
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
    /// Proven: an empty answer has been shown not to be a refusal in disguise.
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
