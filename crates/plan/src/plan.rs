//! The plan: complete data, immutable, printable. Whatever apply needs is in it, and nothing in it
//! is only for show.

use std::collections::BTreeMap;

use crate::change::{Change, ChangeAction};
use crate::effect::Effect;
use crate::held::Held;
use crate::kind::Site;
use crate::live::Cost;
use crate::procedure::{Act, Step};
use crate::{Address, Value};

/// What apply will do, and nothing else.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: String,
    /// Where it lives.
    pub site: Site,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub now: i64,
    /// What becomes of each resource, by address.
    pub changes: Vec<Change>,
    /// The steps. A step's predecessors stand before it.
    pub steps: Vec<PlanStep>,
    /// The outputs' values; references are known after apply.
    pub outputs: BTreeMap<String, PlannedOutput>,
    /// Steps that lose something an edit does not name.
    pub held: Vec<Held>,
    /// What reading the cloud cost.
    pub cost: Cost,
    /// How many live resources the stack owns.
    pub n_live: usize,
}

/// One output.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedOutput {
    /// Its value.
    pub value: Value,
    /// Whether it is shown only on request.
    pub secret: bool,
    /// What it is.
    pub description: Option<String>,
}

/// Which step of a plan: its index in [`Plan::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

/// One step in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanStep {
    /// The resource.
    pub address: Address,
    /// Its kind's name.
    pub kind: &'static str,
    /// Index of its change in [`Plan::changes`].
    pub change: usize,
    /// Which half of the change it belongs to.
    pub half: Half,
    /// What is done; `closes` is an index into [`Plan::steps`].
    pub step: Step,
    /// The live resource it is about; `None` for one that this plan creates.
    pub live_id: Option<String>,
    /// What must be done first.
    pub after: Vec<StepId>,
    /// Whether others may rely on the resource once it is done.
    pub pivot: bool,
    /// Which successor under its address the step makes or changes.
    pub incarnation: u32,
}

/// The half of a change to which a step belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// Makes or changes.
    Up,
    /// Takes away.
    Down,
}

/// How many resources a plan touches, in the words of its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Made, replacements included.
    pub add: usize,
    /// Changed in place.
    pub change: usize,
    /// Taken away, replacements included.
    pub destroy: usize,
    /// Kept back.
    pub kept: usize,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| !change.is_change())
    }

    /// How many resources it touches.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |wanted: &[ChangeAction]| {
            self.changes
                .iter()
                .filter(|change| wanted.contains(&change.action))
                .count()
        };
        Summary {
            add: count(&[ChangeAction::Create, ChangeAction::Replace]),
            change: count(&[
                ChangeAction::Update,
                ChangeAction::Adopt,
                ChangeAction::Forget,
            ]),
            destroy: count(&[ChangeAction::Delete, ChangeAction::Replace]),
            kept: count(&[ChangeAction::Keep]),
        }
    }

    /// The most severe effect in it.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.changes
            .iter()
            .map(|change| change.effect)
            .max()
            .unwrap_or_default()
    }

    /// The change of an address.
    #[must_use]
    pub fn change(&self, address: &Address) -> Option<&Change> {
        self.changes
            .iter()
            .find(|change| change.address == *address)
    }

    /// The write calls that apply may make, step by step.
    pub fn calls(&self) -> impl Iterator<Item = (&PlanStep, &crate::procedure::Call)> {
        self.steps.iter().filter_map(|step| match &step.step.act {
            Act::Call(call) => Some((step, call)),
            Act::Wait(_) | Act::Local(_) => None,
        })
    }
}
