//! The planned values of the outputs: known now, known after apply, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_spec::stack::Output;

use crate::desired::Desired;
use crate::live::{Live, Snapshot};
use crate::plan::PlannedOutput;
use crate::planner::Intent;
use crate::planner::fate::{Fate, known_in, outside};
use crate::{Address, Ref, Value};

/// What the values of outputs depend on.
pub(crate) struct Known<'a> {
    pub(crate) intent: &'a Intent,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) desired: &'a BTreeMap<Address, Desired>,
    pub(crate) fates: &'a BTreeMap<Address, Fate>,
    /// Attributes that were provided by another resource and are lost in this plan, with the id of
    /// their row.
    pub(crate) taken_back: BTreeSet<(String, &'static str)>,
}

/// Returns the outputs of the stack.
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

    /// Returns whether a resource that stays lacks the attribute, or loses it, and nothing in this
    /// plan gives it one.
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
