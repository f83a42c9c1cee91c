//! The conclusions that a plan would draw from absences, which a second read has to confirm.
//!
//! A draft of the plan shows them. In doubt are:
//!
//! - an address that no live row carries,
//! - a managed field or tag that a live row lacks,
//! - the guard tag of a resource that would be deleted,
//! - a row that carries the stack's tag and no address,
//! - the look-ups of a resource that would be rebuilt or replaced.
//!
//! A destroy concludes from every listing that nothing else exists, so all kinds are in doubt. A
//! resource that the plan does not change is not in doubt and costs no calls.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_plan::change::Change;
use setpoint_plan::desired::Desired;
use setpoint_plan::effect::Interruption;
use setpoint_plan::live::{Live, Snapshot};
use setpoint_plan::plan::Plan;
use setpoint_plan::planner::{self, Intent, Options};
use setpoint_plan::registry::Registry;
use setpoint_plan::report::Report;
use setpoint_plan::{Address, Text, Value};

/// A live row by kind and id.
pub(super) type Name = (&'static str, String);

/// A plan, and the report of the planner.
pub type Draft = (Plan, Report);

/// Everything that a second read has to confirm.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// The kinds of which resources are missing, with the addresses that no live row carries.
    pub(super) kinds: BTreeMap<&'static str, BTreeSet<Address>>,
    /// The rows in which something is missing, with the attributes in question. Owner and tags are
    /// always in question.
    pub(super) rows: BTreeMap<Name, BTreeSet<String>>,
    /// The resources that would be rebuilt or replaced, perhaps because a look-up did not show
    /// every match.
    pub(super) look_ups: BTreeSet<Address>,
}

impl Doubts {
    /// Returns the doubts about this snapshot, with the drafted plan if there is one.
    pub(super) fn of(
        registry: &Registry,
        intent: &Intent,
        options: &Options,
        snapshot: &Snapshot,
    ) -> (Self, Option<Draft>) {
        let mut doubts = Self::default();
        for row in &snapshot.astray {
            doubts.row(row);
        }
        if options.destroy {
            for kind in registry
                .kinds()
                .filter(|kind| snapshot.has_listed(kind.name))
            {
                doubts.kinds.entry(kind.name).or_default();
            }
            return (doubts, None);
        }
        let mut drafted = None;
        match planner::plan(registry, intent, snapshot, options) {
            Ok(draft) => {
                let (plan, _) = &draft;
                plan.changes.iter().for_each(|change| doubts.change(change));
                drafted = Some(draft);
            }
            // Planning may have failed because a read did not show something.
            Err(errors) => {
                for address in errors.iter().filter_map(|error| error.address.as_ref()) {
                    doubts.entry(intent, snapshot, address);
                }
            }
        }
        (doubts, drafted)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.rows.is_empty() && self.look_ups.is_empty()
    }

    fn row(&mut self, row: &Live) -> &mut BTreeSet<String> {
        self.rows.entry((row.kind, row.id.clone())).or_default()
    }

    fn change(&mut self, change: &Change) {
        if !change.is_change() {
            return;
        }
        let Some(before) = &change.before else {
            self.missing(change.kind, &change.address);
            return;
        };
        let absent = change
            .fields
            .iter()
            .filter(|field| lacks(&field.before, &field.after));
        let absent: BTreeSet<String> = absent.map(|field| field.attr.clone()).collect();
        let untagged = change
            .after
            .as_ref()
            .is_some_and(|want| lacks_tags(want, before));
        if change.after.is_some() && change.effect.interrupts >= Interruption::Rebuild {
            self.look_ups.insert(change.address.clone());
        }
        if change.deletes() || untagged || !absent.is_empty() {
            self.row(before).extend(absent);
        }
    }

    fn missing(&mut self, kind: &'static str, address: &Address) {
        self.kinds.entry(kind).or_default().insert(address.clone());
    }

    fn entry(&mut self, intent: &Intent, snapshot: &Snapshot, address: &Address) {
        let mut rows = snapshot.at(address).peekable();
        if let (None, Some(want)) = (rows.peek(), intent.desired.get(address)) {
            self.missing(want.kind, address);
        }
        for row in rows {
            let managed = intent.desired.get(address).map(|want| want.attrs.keys());
            self.row(row)
                .extend(managed.into_iter().flatten().map(Text::to_string));
        }
    }
}

/// Returns whether the live value lacks something that the desired value has. False and zero count
/// as missing, since some answers omit a field that way.
fn lacks(live: &Value, want: &Value) -> bool {
    match (live, want) {
        (Value::Null | Value::Bool(false) | Value::Int(0), _) => true,
        (Value::Text(text) | Value::Decimal(text), _) => text.is_empty() || text == "0",
        (Value::List(have), Value::List(want)) => {
            have.is_empty() || want.iter().any(|item| !have.contains(item))
        }
        (Value::Map(have), Value::Map(want)) => {
            have.is_empty() || want.keys().any(|key| !have.contains_key(key))
        }
        (Value::List(have), _) => have.is_empty(),
        (Value::Map(have), _) => have.is_empty(),
        _ => false,
    }
}

/// Returns whether the desired state has tags or guard words that the live row lacks.
fn lacks_tags(want: &Desired, live: &Live) -> bool {
    let guard = live
        .owner
        .as_ref()
        .map(|owner| owner.guard.clone())
        .unwrap_or_default();
    let unguarded = (want.guard.protect && !guard.protect) || (want.guard.keep && !guard.keep);
    let mut keys = want.tags.iter().flat_map(|tags| tags.keys());
    let is_lacking = |key: &Text| live.tags.get(key).is_none_or(Text::is_empty);
    unguarded || keys.any(is_lacking)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_in_doubt_if_the_live_value_lacks_something() {
        let list =
            |items: &[&str]| Value::List(items.iter().map(|item| Value::text(*item)).collect());
        for (live, want, expected) in [
            (Value::Null, Value::text("a"), true),
            (Value::text(""), Value::text("a"), true),
            (Value::text("b"), Value::text("a"), false),
            (Value::Bool(false), Value::Bool(true), true),
            (Value::Bool(true), Value::Bool(false), false),
            (Value::Int(0), Value::Int(3), true),
            (Value::Int(2), Value::Int(3), false),
            (list(&[]), list(&["a"]), true),
            (list(&["b"]), list(&["a", "b"]), true),
            (list(&["a", "b"]), list(&["a"]), false),
        ] {
            assert_eq!(lacks(&live, &want), expected, "{live:?} {want:?}");
        }
    }
}
