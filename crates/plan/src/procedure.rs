//! The vocabulary in which a kind says how a change is made: calls, waits and local acts, as data.
//!
//! A [`Procedure`] is a row of steps. The engine interprets it; nothing in it runs by itself.
//! Invariant: every write call that apply may make stands in some step, with its parameters.

use std::time::Duration;

use setpoint_openapi::action::Action;

use crate::Value;
use crate::view::Query;

/// Parameters of a call, by the API's names. `RegionId`, `ClientToken` and `DryRun` are added by
/// the engine.
pub type Args = Vec<(&'static str, Value)>;

/// Error codes of the API.
pub type Codes = &'static [&'static str];

/// Codes after which a refused call is sent again, and for how long.
pub type Retry = &'static [(Codes, Window)];

/// One change of one resource: steps in a row.
///
/// `pivot` is the step after which others may rely on it: on the way up the resource is usable; on
/// the way down it uses nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Procedure {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Index of the pivot in `steps`.
    pub pivot: usize,
}

impl Procedure {
    /// A procedure whose last step is its pivot.
    #[must_use]
    pub fn ending_at_pivot(steps: Vec<Step>) -> Self {
        Self {
            pivot: steps.len().saturating_sub(1),
            steps,
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// How far the resources behind this step's references must be before it starts.
    pub needs: Anchor,
    /// What must not be done side by side: held from the first step that names a lock to the last,
    /// given back while a refused call waits. A value, so that it may name a resource that does not
    /// exist yet.
    pub locks: Vec<Value>,
    /// This step ends the window that the step at this index of the procedure opened. It runs
    /// whenever that one has run: after a failure and on interruption too.
    pub closes: Option<usize>,
    /// Pairs of values. If two of a pair turn out to be equal, the step is done without being
    /// performed: what it takes away is what the plan wants, under an id that was not known when
    /// the plan was made.
    pub unless: Vec<(Value, Value)>,
}

/// How far a resource is.
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

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A call of the API.
    Call(Call),
    /// A look at the cloud until something holds.
    Wait(Wait),
    /// Something on this machine.
    Local(Local),
}

/// A call of the API that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The action.
    pub api: &'static Action,
    /// Parameters. Several entries are a ladder: the next one is tried after an answer in
    /// `fall_on`.
    pub rungs: Vec<Args>,
    /// Codes that lead to the next rung.
    pub fall_on: Codes,
    /// Which client token is sent.
    pub token: Token,
    /// Attributes read from the answer, with the path there. All others come from the decoded live
    /// row.
    pub yields: &'static [(&'static str, &'static str)],
    /// What the call is to bring about: looked at after a lost reply or an answer in `look_on`.
    pub goal: Option<Cond>,
    /// Codes that say nothing about the goal: goal met means done, else it is a refusal.
    pub look_on: Codes,
    /// Codes that mean 'already so' or 'already gone'.
    pub done_on: Codes,
    /// When a refused call is sent again, beside the general rules.
    pub retry: Retry,
    /// One step an item; equal calls that are ready together go out as one.
    pub each: Option<Each>,
}

/// Which client token a call carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// None; the action takes none.
    Absent,
    /// Derived from identity, address, incarnation and attempt: a repeated create meets its first
    /// result.
    Create,
    /// Drawn for this step and kept over its tries. Updates and deletes: setting A, B, A again must
    /// not be answered with the first A.
    Fresh,
}

/// How long a refused call is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// From its first refusal.
    For(Duration),
    /// From the last deletion, in this run, of something that used the resource; without one 30 s:
    /// then it is real.
    AfterRelease(Duration),
}

/// How items of several calls go out as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Each {
    /// The parameter that holds the item: `InstanceId` becomes `InstanceId.1`, `InstanceId.2` ….
    pub item: &'static str,
    /// Most items in one call.
    pub max: usize,
    /// How the items are written.
    pub form: ItemForm,
    /// Where the answers for single items stand, if the action has them.
    pub results: Option<Results>,
}

/// Where the answers for single items of a batched call stand: each row has `Code` beside the item.
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
    /// `Name.1`, `Name.2` ….
    Indexed,
    /// One text that holds a JSON array.
    JsonArray,
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What is looked at.
    pub look: Look,
    /// What ends it.
    pub until: Cond,
    /// What makes it fail at once. A row says why in its attribute `failure`, if it can.
    pub never: Option<Cond>,
    /// What makes it fail once it lasts: the state from before, back again after another one was
    /// seen, or still there when a listing should have caught up. Somebody else has undone what is
    /// waited for.
    pub undone: Option<Cond>,
    /// What the absence of the row means.
    pub absent: Absent,
    /// How long it usually takes; for progress, pacing and order.
    pub typical: Duration,
    /// When it gives up.
    pub within: Duration,
}

/// What a wait looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The row of the resource itself. All waits of a kind share their reads.
    Own,
    /// The answer to a query of its own.
    Ask(Query),
}

/// What the absence of a row means to a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Not shown yet; a failure once it was seen, or after the visibility window.
    NotYet,
    /// It must be there.
    Fails,
    /// That is what was waited for.
    Done,
}

/// A condition over one decoded row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    /// The attribute is one of these values.
    Is(&'static str, Vec<Value>),
    /// The attribute is there and not empty.
    Set(&'static str),
    /// The opposite.
    Not(Box<Self>),
    /// All of them.
    All(Vec<Self>),
    /// Any of them.
    Any(Vec<Self>),
    /// The row carries this stack's ownership tags with this address and incarnation.
    Ours,
}

/// An act on this machine. Idempotent: an existing file is read, not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// Makes an SSH key pair and saves the private half, mode 0600; yields the public half.
    SshKey {
        /// Where the private key is saved.
        path: String,
        /// The attribute under which the public half is yielded.
        public: &'static str,
    },
}

impl Step {
    /// A step that needs its references usable, holds no lock and closes nothing.
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

    /// A call.
    #[must_use]
    pub fn call(call: Call) -> Self {
        Self::new(Act::Call(call))
    }

    /// A wait.
    #[must_use]
    pub fn wait(wait: Wait) -> Self {
        Self::new(Act::Wait(wait))
    }

    /// The same step with a lock.
    #[must_use]
    pub fn locked(mut self, lock: Value) -> Self {
        self.locks.push(lock);
        self
    }

    /// The same step, satisfied with ids being known.
    #[must_use]
    pub fn needing(mut self, anchor: Anchor) -> Self {
        self.needs = anchor;
        self
    }

    /// The same step, which is not performed if a value turns out to be equal to the other one of
    /// its pair.
    #[must_use]
    pub fn unless(mut self, pairs: Vec<(Value, Value)>) -> Self {
        self.unless = pairs;
        self
    }

    /// The call, if it is one.
    #[must_use]
    pub fn as_call(&self) -> Option<&Call> {
        match &self.act {
            Act::Call(call) => Some(call),
            Act::Wait(_) | Act::Local(_) => None,
        }
    }

    /// Every reference in the step's parameters, locks and conditions.
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
    /// A call without a token, a goal or retries of its own.
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

    /// A call that creates: its token is derived where the action takes one.
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
    /// A wait for the resource's own row.
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

    /// A wait until the resource's own row is gone.
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
    /// `attr` is exactly this text.
    #[must_use]
    pub fn is(attr: &'static str, text: &str) -> Self {
        Self::Is(attr, vec![Value::text(text)])
    }
}

/// So many seconds.
#[must_use]
pub const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// So many minutes.
#[must_use]
pub const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}
