//! Procedures: the calls, waits and local acts of a change, as data.
//!
//! A kind describes each change as a [`Procedure`], a sequence of steps that the engine performs.
//! Invariant: every write call that apply may make is in some step, with its parameters.

use std::time::Duration;

use setpoint_openapi::action::Action;

use crate::Value;
use crate::view::Query;

/// Parameters of a call, by their names in the API. The engine adds `RegionId`, `ClientToken` and
/// `DryRun`.
pub type Args = Vec<(&'static str, Value)>;

/// Error codes of the API.
pub type Codes = &'static [&'static str];

/// Error codes on which a refused call is sent again, and for how long.
pub type Retry = &'static [(Codes, Window)];

/// A change of one resource, or a half of one: a sequence of steps.
///
/// `pivot` is the step after which others may rely on the change: a resource that is created or
/// updated is usable after it, and one that is deleted uses nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Procedure {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The index of the pivot in `steps`.
    pub pivot: usize,
}

impl Procedure {
    /// Returns a procedure whose last step is its pivot.
    #[must_use]
    pub fn ending_at_pivot(steps: Vec<Step>) -> Self {
        Self {
            pivot: steps.len().saturating_sub(1),
            steps,
        }
    }
}

/// A step of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What the step does.
    pub act: Act,
    /// The state that the targets of this step's references must have reached before it starts.
    pub needs: Anchor,
    /// The locks of the step: steps with a common lock never run at the same time. A lock is held
    /// from the first step that names it to the last, and returned while a refused call waits for
    /// its retry. It is a value so that it can name a resource that does not exist yet.
    pub locks: Vec<Value>,
    /// The index in the procedure of the step that opened the window which this step closes. Once
    /// that one has run, this step always runs, also after a failure or an interruption.
    pub closes: Option<usize>,
    /// Pairs of values. If the two values of a pair are equal, the step is done without being
    /// performed: what it would remove is what the plan desires, under an id that was not known at
    /// plan time.
    pub unless: Vec<(Value, Value)>,
}

/// The state that a resource has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Anchor {
    /// Its id is known.
    Known,
    /// It has passed its pivot.
    #[default]
    Usable,
    /// All its steps are done.
    Ready,
}

/// The act of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A write call of the API.
    Call(Call),
    /// Reads of the cloud until a condition holds.
    Wait(Wait),
    /// An act on this machine.
    Local(Local),
}

/// A call of the API that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The action.
    pub api: &'static Action,
    /// The parameters. Several entries are alternatives (rungs): the next one is tried after an
    /// error code in `fall_on`.
    pub rungs: Vec<Args>,
    /// Codes that lead to the next rung.
    pub fall_on: Codes,
    /// The client token that is sent.
    pub token: Token,
    /// Attributes that are read from the answer, with their paths. All others come from the decoded
    /// live row.
    pub yields: &'static [(&'static str, &'static str)],
    /// The condition that the call is to bring about. It is checked after a lost reply and after an
    /// error code in `look_on`.
    pub goal: Option<Cond>,
    /// Error codes that do not say whether the goal is reached. If it is, the step is done;
    /// otherwise the call was refused.
    pub look_on: Codes,
    /// Error codes that mean that nothing is left to do: the state is reached, or the resource is
    /// gone.
    pub done_on: Codes,
    /// When a refused call is sent again, in addition to the general rules.
    pub retry: Retry,
    /// Set if the call changes one item of many. Equal calls that are ready at the same time are
    /// sent as one.
    pub each: Option<Each>,
}

/// The client token of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// None; the action takes none.
    Absent,
    /// Derived from identity, address, incarnation and attempt, so that a repeated create returns
    /// the first result.
    Create,
    /// Drawn for this step and kept for all its tries. Updates and deletes need this: after setting
    /// A and then B, setting A again must not be answered with the result of the first.
    Fresh,
}

/// How long a refused call is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// For this long after its first refusal.
    For(Duration),
    /// For this long after the last deletion, in this run, of something that used the resource.
    /// Without such a deletion for 30 s, after which the refusal is taken as final.
    AfterRelease(Duration),
}

/// How the items of several calls are sent as one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Each {
    /// The parameter that holds the item: `InstanceId` becomes `InstanceId.1`, `InstanceId.2` ….
    pub item: &'static str,
    /// The greatest number of items in one call.
    pub max: usize,
    /// How the items are written.
    pub form: ItemForm,
    /// The place of the results of single items, if the action returns them.
    pub results: Option<Results>,
}

/// The place of the results of single items of a batched call. Each row has `Code` beside the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Results {
    /// The path of the rows.
    pub rows: &'static str,
    /// The path of the item in a row.
    pub item: &'static str,
}

/// How the items of a batched call are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemForm {
    /// `Name.1`, `Name.2`, ….
    Indexed,
    /// One text that holds a JSON array.
    JsonArray,
}

/// A wait for a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What is read.
    pub look: Look,
    /// The condition that ends the wait.
    pub until: Cond,
    /// The condition that makes it fail at once. A row can give the reason in its attribute
    /// `failure`.
    pub never: Option<Cond>,
    /// The condition that makes it fail once it lasts: the row shows the state from before the
    /// change, either after it has shown another one or longer than a listing may lag. Then
    /// somebody else has undone the change.
    pub undone: Option<Cond>,
    /// The meaning of an absent row.
    pub absent: Absent,
    /// The usual duration, for progress, for the pace of reads, and for the order of steps.
    pub typical: Duration,
    /// The duration after which it times out.
    pub within: Duration,
}

/// What a wait reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The row of the resource itself. All waits of a kind share these reads.
    Own,
    /// The answer to a query of its own.
    Ask(Query),
}

/// The meaning of an absent row for a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The row is not visible yet. It is a failure if the row was visible before, or after the
    /// visibility window.
    NotYet,
    /// The row must exist: its absence is a failure.
    Fails,
    /// The wait ends with success.
    Done,
}

/// A condition on a decoded row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    /// The attribute is one of these values.
    Is(&'static str, Vec<Value>),
    /// The attribute exists and is not empty.
    Set(&'static str),
    /// The condition does not hold.
    Not(Box<Self>),
    /// All of the conditions hold.
    All(Vec<Self>),
    /// Any of the conditions holds.
    Any(Vec<Self>),
    /// The row carries this stack's ownership tags with this address and incarnation.
    Ours,
}

/// An act on this machine. It is idempotent: an existing file is read, not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// Creates an SSH key pair and saves the private half with mode 0600; yields the public half.
    SshKey {
        /// The file of the private key.
        path: String,
        /// The attribute under which the public half is yielded.
        public: &'static str,
    },
}

impl Step {
    /// Returns a step that needs its references to be usable, holds no lock and closes no window.
    #[must_use]
    pub fn new(act: Act) -> Self {
        Self {
            act,
            needs: Anchor::Usable,
            locks: Vec::new(),
            closes: None,
            unless: Vec::new(),
        }
    }

    /// Returns a step that makes this call.
    #[must_use]
    pub fn call(call: Call) -> Self {
        Self::new(Act::Call(call))
    }

    /// Returns a step that performs this wait.
    #[must_use]
    pub fn wait(wait: Wait) -> Self {
        Self::new(Act::Wait(wait))
    }

    /// Returns the same step with a further lock.
    #[must_use]
    pub fn locked(mut self, lock: Value) -> Self {
        self.locks.push(lock);
        self
    }

    /// Returns the same step, which needs its references to have reached this state.
    #[must_use]
    pub fn needing(mut self, anchor: Anchor) -> Self {
        self.needs = anchor;
        self
    }

    /// Returns the same step, which is not performed if the two values of a pair are equal.
    #[must_use]
    pub fn unless(mut self, pairs: Vec<(Value, Value)>) -> Self {
        self.unless = pairs;
        self
    }

    /// Returns the call, if the step is one.
    #[must_use]
    pub fn as_call(&self) -> Option<&Call> {
        match &self.act {
            Act::Call(call) => Some(call),
            Act::Wait(_) | Act::Local(_) => None,
        }
    }

    /// Returns every reference in the step's parameters, locks and conditions.
    #[must_use]
    pub fn refs(&self) -> Vec<&crate::Ref> {
        let pairs = self.unless.iter().flat_map(|(one, other)| [one, other]);
        let mut found: Vec<&crate::Ref> = self
            .locks
            .iter()
            .chain(pairs)
            .flat_map(Value::refs)
            .collect();
        match &self.act {
            Act::Call(call) => found.extend(
                call.rungs
                    .iter()
                    .flatten()
                    .flat_map(|(_, value)| value.refs()),
            ),
            Act::Wait(Wait {
                look: Look::Ask(query),
                ..
            }) => found.extend(query.args.iter().flat_map(|(_, value)| value.refs())),
            Act::Wait(_) | Act::Local(_) => {}
        }
        found
    }
}

impl Call {
    /// Returns a call without a goal or retries of its own. It carries a fresh token where the
    /// action takes one.
    #[must_use]
    pub fn new(api: &'static Action, args: Args) -> Self {
        Self {
            api,
            rungs: vec![args],
            fall_on: &[],
            token: if api.takes_token() {
                Token::Fresh
            } else {
                Token::Absent
            },
            yields: &[],
            goal: None,
            look_on: &[],
            done_on: &[],
            retry: &[],
            each: None,
        }
    }

    /// Returns a call that creates a resource: its token is derived where the action takes one.
    #[must_use]
    pub fn create(
        api: &'static Action,
        args: Args,
        yields: &'static [(&'static str, &'static str)],
    ) -> Self {
        let token = if api.takes_token() {
            Token::Create
        } else {
            Token::Absent
        };
        Self {
            token,
            yields,
            ..Self::new(api, args)
        }
    }
}

impl Wait {
    /// Returns a wait for a condition on the resource's own row.
    #[must_use]
    pub fn own(until: Cond, typical: Duration, within: Duration) -> Self {
        Self {
            look: Look::Own,
            until,
            never: None,
            undone: None,
            absent: Absent::NotYet,
            typical,
            within,
        }
    }

    /// Returns a wait until the resource's own row is gone.
    #[must_use]
    pub fn gone(typical: Duration, within: Duration) -> Self {
        let never_true = Cond::Any(Vec::new());
        Self {
            look: Look::Own,
            until: never_true,
            never: None,
            undone: None,
            absent: Absent::Done,
            typical,
            within,
        }
    }
}

impl Cond {
    /// Returns the condition that `attr` is exactly this text.
    #[must_use]
    pub fn is(attr: &'static str, text: &str) -> Self {
        Self::Is(attr, vec![Value::text(text)])
    }
}

/// Returns a duration of this many seconds.
#[must_use]
pub const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Returns a duration of this many minutes.
#[must_use]
pub const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}
