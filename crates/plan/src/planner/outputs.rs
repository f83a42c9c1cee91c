//! What the outputs will be: known now, known after apply, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_spec::stack::Output;

use crate::desired::Desired;
use crate::live::{Live, Snapshot};
use crate::plan::PlannedOutput;
use crate::planner::Intent;
use crate::planner::fate::{Fate, known_in, outside};
use crate::{Address, Ref, Value};

/// What outputs are made from.
pub(crate) struct Known<'a> {
    pub(crate) intent: &'a Intent,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) desired: &'a BTreeMap<Address, Desired>,
    pub(crate) fates: &'a BTreeMap<Address, Fate>,
    /// Attributes, by the id of their row, that were lent and are taken back in this plan.
    pub(crate) taken_back: BTreeSet<(String, &'static str)>,
}

/// The outputs of the stack.
pub(crate) fn planned(known: &Known<'_>) -> BTreeMap<String, PlannedOutput> {
    let planned = |output: &Output| PlannedOutput {
        value: crate::args::resolve(&output.value, &|reference| known.value(reference)),
        secret: output.secret,
        description: output.description.clone(),
    };
    let outputs = known.intent.outputs.iter();
    outputs
        .map(|(name, output)| (name.clone(), planned(output)))
        .collect()
}

impl Known<'_> {
    fn value(&self, reference: &Ref) -> Option<Value> {
        if self.is_nothing(reference) {
            return Some(Value::Null);
        }
        known_in(self.fates, self.desired, self.snapshot)(reference)
    }

    /// Whether a resource that stays does not have the attribute, or has it no more, and nothing in
    /// this plan gives it one.
    fn is_nothing(&self, reference: &Ref) -> bool {
        let attr = reference.attr.as_str();
        let goes = |live: &Live| {
            let mut back = self.taken_back.iter();
            back.any(|(id, taken)| *id == live.id && *taken == attr)
        };
        if let Some(row) = outside(self.snapshot, &reference.address) {
            return goes(row);
        }
        let Some(Fate::Stays { live, unsettled }) = self.fates.get(&reference.address) else {
            return false;
        };
        let want = self.desired.get(&reference.address);
        let may_come =
            unsettled.contains(&attr) || want.is_some_and(|want| want.attrs.contains_key(attr));
        !may_come && (goes(live) || live.attr(attr) == Value::Null)
    }
}
