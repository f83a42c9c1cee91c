//! The plan: complete, immutable, printable data. It holds everything that apply needs, and nothing
//! that is only for display.

use std::collections::BTreeMap;

use crate::change::{Change, ChangeAction};
use crate::effect::Effect;
use crate::held::Held;
use crate::kind::Site;
use crate::live::Cost;
use crate::procedure::{Act, Step};
use crate::{Address, Value};

/// Everything that apply will do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: String,
    /// The account and the region of the stack.
    pub site: Site,
    /// When the plan was made, in seconds since 1970-01-01 UTC.
    pub now: i64,
    /// The change of each resource, sorted by address. An address can have several: its own change
    /// comes first, then those of leftover rows and of rows of another kind.
    pub changes: Vec<Change>,
    /// The steps. The predecessors of a step precede it.
    pub steps: Vec<PlanStep>,
    /// The outputs by name. References that are left in a value are resolved after apply.
    pub outputs: BTreeMap<String, PlannedOutput>,
    /// Changes with a loss that the edit does not name, whether something allows them or not.
    pub held: Vec<Held>,
    /// The number of read calls that the observation took.
    pub cost: Cost,
    /// The number of live resources that the stack owns.
    pub n_live: usize,
}

/// An output of the stack, as planned.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedOutput {
    /// Its value.
    pub value: Value,
    /// Whether it is shown only on request.
    pub secret: bool,
    /// The description that the spec gives it.
    pub description: Option<String>,
}

/// Identifies a step by its index in [`Plan::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

/// A step with its place in the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanStep {
    /// The address of the resource.
    pub address: Address,
    /// The name of its kind.
    pub kind: &'static str,
    /// The index of its change in [`Plan::changes`].
    pub change: usize,
    /// The half of the change that it belongs to.
    pub half: Half,
    /// The step itself. Its `closes` is an index into [`Plan::steps`].
    pub step: Step,
    /// The id of the live resource that it concerns; `None` for one that this plan creates.
    pub live_id: Option<String>,
    /// The steps that must be done before it starts.
    pub after: Vec<StepId>,
    /// Whether it belongs to the pivot of its procedure: once it is done, other resources may rely
    /// on this one.
    pub pivot: bool,
    /// The incarnation that the step creates or changes: 0 for the first resource at its address,
    /// and one more for each successor.
    pub incarnation: u32,
}

/// The half of a change that a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// Creates or changes the resource.
    Up,
    /// Deletes the resource.
    Down,
}

/// The number of resources that a plan touches, as its summary line counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Created, replacements included.
    pub add: usize,
    /// Updated in place, adopted or forgotten.
    pub change: usize,
    /// Deleted, replacements included.
    pub destroy: usize,
    /// Kept, although the spec or a destroy would delete them.
    pub kept: usize,
}

impl Plan {
    /// Returns whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| !change.is_change())
    }

    /// Counts the resources that it touches.
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

    /// Returns the most severe effect among its changes.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.changes
            .iter()
            .map(|change| change.effect)
            .max()
            .unwrap_or_default()
    }

    /// Returns the first change of an address.
    #[must_use]
    pub fn change(&self, address: &Address) -> Option<&Change> {
        self.changes
            .iter()
            .find(|change| change.address == *address)
    }

    /// Iterates over the write calls that apply may make, with their steps, in the order of the
    /// steps.
    pub fn calls(&self) -> impl Iterator<Item = (&PlanStep, &crate::procedure::Call)> {
        self.steps.iter().filter_map(|step| match &step.step.act {
            Act::Call(call) => Some((step, call)),
            Act::Wait(_) | Act::Local(_) => None,
        })
    }
}
