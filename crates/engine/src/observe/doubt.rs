//! What a plan would conclude from an absence: the questions that a second look has to answer.
//!
//! A draft of the plan shows them. Doubted are an address that nothing live carries, a managed
//! field or tag that a live row lacks, the guard tag of what would be deleted, and a row that
//! carries the stack's tag and no address. A destroy concludes from every listing that there is
//! nothing else, so it doubts all kinds. What a plan leaves alone is not doubted and costs nothing.

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

/// A plan with what was noticed beside it.
pub type Draft = (Plan, Report);

/// Everything that a second look is asked.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Kinds of which something is missing, with the addresses that nothing carries.
    pub(super) kinds: BTreeMap<&'static str, BTreeSet<Address>>,
    /// Rows that lack something, with the attributes in question. Owner and tags always are.
    pub(super) rows: BTreeMap<Name, BTreeSet<String>>,
    /// Resources that would be rebuilt or replaced, perhaps because a look-up has not shown all
    /// that there is.
    pub(super) look_ups: BTreeSet<Address>,
}

impl Doubts {
    /// What this plan would conclude from absences.
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
            // What cannot be planned may be so because something was not shown.
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

/// Whether a difference comes from something that the live side lacks. False and zero are how some
/// answers say nothing.
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

/// Whether tags or guard words are to be set that the live side does not carry.
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
    fn a_difference_is_doubted_where_the_live_side_lacks_something() {
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
