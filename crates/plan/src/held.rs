//! Held steps: losses that an edit does not name. They wait for an `allow:` entry, a flag, or a typed name.

use setpoint_spec::stack::Allow;

use crate::Address;
use crate::change::{Change, ChangeAction, Reason};
use crate::kind::Effect;

/// A change that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The resource; `None` for the bulk rule.
    pub address: Option<Address>,
    /// Why it is held.
    pub why: HeldWhy,
    /// What lets it through, if something does.
    pub allowed_by: Option<Allowance>,
}

/// Why a change is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldWhy {
    /// Data goes: what is lost, for people.
    DataLoss(String),
    /// An identity goes: an instance, a disk or an address is replaced.
    Replacement,
    /// More than half of what lives goes at once.
    Bulk {
        /// How many go.
        going: usize,
        /// How many live.
        living: usize,
    },
}

/// What lets a held change through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowance {
    /// An `allow:` entry of the spec.
    Entry {
        /// Its reason.
        reason: String,
    },
    /// `--allow-data-loss ADDR`.
    Flag,
    /// `--allow-bulk`.
    BulkFlag,
    /// `destroy` itself.
    Destroy,
}

/// What the command line lets through.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// Addresses of `--allow-data-loss`, with globs already resolved.
    pub data_loss: Vec<Address>,
    /// `--allow-bulk`.
    pub bulk: bool,
    /// The run is a destroy.
    pub destroy: bool,
}

/// The held changes of a plan, whether something lets them through or not.
#[must_use]
pub fn held(changes: &[Change], n_live: usize, entries: &[Allow], allowed: &Allowed) -> Vec<Held> {
    let mut found: Vec<Held> = changes.iter().filter_map(|change| held_change(change, entries, allowed)).collect();
    let going = changes.iter().filter(|change| change.deletes()).count();
    if going * 2 > n_live && going > 1 {
        let allowed_by = if allowed.destroy { Some(Allowance::Destroy) } else { allowed.bulk.then_some(Allowance::BulkFlag) };
        found.push(Held { address: None, why: HeldWhy::Bulk { going, living: n_live }, allowed_by });
    }
    found
}

fn held_change(change: &Change, entries: &[Allow], allowed: &Allowed) -> Option<Held> {
    let why = why_held(change)?;
    let allowed_by = if allowed.destroy {
        Some(Allowance::Destroy)
    } else if allowed.data_loss.contains(&change.address) {
        Some(Allowance::Flag)
    } else {
        entries.iter().find(|entry| lets_through(entry, change)).map(|entry| Allowance::Entry { reason: entry.reason.clone() })
    };
    Some(Held { address: Some(change.address.clone()), why, allowed_by })
}

/// A machine whose block or member is taken out is not held: the edit names it.
fn why_held(change: &Change) -> Option<HeldWhy> {
    let named_by_edit = change.action == ChangeAction::Delete && matches!(change.reason, Reason::NotInSpec | Reason::Superseded);
    let severe = change.effect >= Effect::Rebuild || change.action == ChangeAction::Delete;
    match &change.loses {
        Some(lost) if severe && !named_by_edit => Some(HeldWhy::DataLoss(lost.clone())),
        Some(_) if change.action == ChangeAction::Replace => Some(HeldWhy::Replacement),
        _ => None,
    }
}

fn lets_through(entry: &Allow, change: &Change) -> bool {
    let fits = match change.action {
        ChangeAction::Replace => matches!(entry.effect.as_str(), "replace" | "data_loss"),
        ChangeAction::Delete => matches!(entry.effect.as_str(), "delete" | "data_loss"),
        ChangeAction::Create
        | ChangeAction::Adopt
        | ChangeAction::Update
        | ChangeAction::Keep
        | ChangeAction::Forget
        | ChangeAction::NoOp => entry.effect == "data_loss",
    };
    fits && entry.address == change.address
}
