//! Held changes: losses that the edit of the spec does not name. Apply makes such a change only
//! with an `allow:` entry, a flag, or a typed name.

use setpoint_spec::stack::Allow;

use crate::Address;
use crate::change::{Change, ChangeAction, Reason};
use crate::effect::Interruption;

/// A change that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The address of the resource; `None` for the bulk rule.
    pub address: Option<Address>,
    /// Why it is held.
    pub why: HeldWhy,
    /// What allows it, if something does.
    pub allowed_by: Option<Allowance>,
}

/// Why a change is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldWhy {
    /// Data is lost; the text names it for people.
    DataLoss(String),
    /// An identity is lost: an instance, a disk or an address is replaced.
    Replacement,
    /// More than half of the live resources, and at least two, are deleted or replaced at once.
    Bulk {
        /// The number of resources that are deleted or replaced.
        going: usize,
        /// The number of live resources that the stack owns.
        living: usize,
    },
}

/// What allows a held change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowance {
    /// An `allow:` entry of the spec.
    Entry {
        /// The reason that the entry gives.
        reason: String,
    },
    /// `--allow-data-loss ADDR`.
    Flag,
    /// `--allow-bulk`.
    BulkFlag,
    /// The run is a `destroy`.
    Destroy,
}

/// What the command line allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The addresses of `--allow-data-loss`, with globs already resolved.
    pub data_loss: Vec<Address>,
    /// `--allow-bulk`.
    pub bulk: bool,
    /// The run is a destroy.
    pub destroy: bool,
}

/// Returns the held changes of a plan, whether something allows them or not.
#[must_use]
pub fn held(changes: &[Change], n_live: usize, entries: &[Allow], allowed: &Allowed) -> Vec<Held> {
    let held_one =
        |change: &Change| held_change(change, replaces_another(change, changes), entries, allowed);
    let mut found: Vec<Held> = changes.iter().filter_map(held_one).collect();
    let going = changes.iter().filter(|change| change.deletes()).count();
    if going * 2 > n_live && going > 1 {
        let allowed_by = if allowed.destroy {
            Some(Allowance::Destroy)
        } else {
            allowed.bulk.then_some(Allowance::BulkFlag)
        };
        found.push(Held {
            address: None,
            why: HeldWhy::Bulk {
                going,
                living: n_live,
            },
            allowed_by,
        });
    }
    found
}

/// Returns whether the row is a leftover of a replacement whose successor exists and stays.
fn replaces_another(change: &Change, all: &[Change]) -> bool {
    let stays = |other: &Change| {
        matches!(other.action, ChangeAction::NoOp | ChangeAction::Update)
            && other.effect.interrupts < Interruption::Rebuild
    };
    change.reason == Reason::Superseded
        && all
            .iter()
            .any(|other| other.address == change.address && other.after.is_some() && stays(other))
}

fn held_change(
    change: &Change,
    is_leftover: bool,
    entries: &[Allow],
    allowed: &Allowed,
) -> Option<Held> {
    let why = why_held(change, is_leftover)?;
    let allowed_by = if allowed.destroy {
        Some(Allowance::Destroy)
    } else if allowed.data_loss.contains(&change.address) {
        Some(Allowance::Flag)
    } else {
        entries
            .iter()
            .find(|entry| lets_through(entry, change))
            .map(|entry| Allowance::Entry {
                reason: entry.reason.clone(),
            })
    };
    Some(Held {
        address: Some(change.address.clone()),
        why,
        allowed_by,
    })
}

/// Returns why a change is held, if it is. Deleting a machine whose entry or member was removed
/// from the spec is not held: the edit names it.
fn why_held(change: &Change, is_leftover: bool) -> Option<HeldWhy> {
    let named_by_edit = change.action == ChangeAction::Delete
        && (change.reason == Reason::NotInSpec || is_leftover);
    let severe =
        change.effect.interrupts >= Interruption::Rebuild || change.action == ChangeAction::Delete;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Effect;
    use crate::fixtures::{address, change, place};

    /// A change of `db` with this action, reason and effect, which loses its system disk.
    fn losing(action: ChangeAction, reason: Reason, effect: Effect) -> Change {
        Change {
            effect,
            loses: Some("system disk d-1".to_owned()),
            ..change("db", action, reason)
        }
    }

    fn entry(effect: &str) -> Allow {
        let (effect, reason, until) = (
            effect.to_owned(),
            "agreed".to_owned(),
            "2099-01-01".to_owned(),
        );
        Allow {
            address: address("db"),
            effect,
            reason,
            until,
            at: place(),
        }
    }

    fn of(
        change: &Change,
        entries: &[Allow],
        allowed: &Allowed,
    ) -> Option<(HeldWhy, Option<Allowance>)> {
        held(std::slice::from_ref(change), 10, entries, allowed)
            .into_iter()
            .next()
            .map(|one| (one.why, one.allowed_by))
    }

    #[test]
    fn a_loss_that_no_edit_names_is_held() {
        let lost = HeldWhy::DataLoss("system disk d-1".to_owned());
        let rebuild = losing(ChangeAction::Update, Reason::Differs, Effect::REBUILD);
        assert_eq!(
            of(&rebuild, &[], &Allowed::default()),
            Some((lost.clone(), None))
        );
        let replace = losing(
            ChangeAction::Replace,
            Reason::FieldForcesReplacement {
                field: "zone".to_owned(),
            },
            Effect::REPLACE,
        );
        assert_eq!(of(&replace, &[], &Allowed::default()), Some((lost, None)));
        let restart = Change {
            loses: None,
            ..losing(ChangeAction::Update, Reason::Differs, Effect::RESTART)
        };
        assert_eq!(of(&restart, &[], &Allowed::default()), None);
        let taken_out = losing(ChangeAction::Delete, Reason::NotInSpec, Effect::NONE);
        assert_eq!(of(&taken_out, &[], &Allowed::default()), None);
    }

    #[test]
    fn an_entry_or_a_flag_allows_it() {
        let rebuild = losing(ChangeAction::Update, Reason::Differs, Effect::REBUILD);
        let by = |entries: &[Allow], allowed: &Allowed| {
            of(&rebuild, entries, allowed).and_then(|(_, by)| by)
        };
        assert_eq!(
            by(&[entry("data_loss")], &Allowed::default()),
            Some(Allowance::Entry {
                reason: "agreed".to_owned()
            })
        );
        assert_eq!(by(&[entry("replace")], &Allowed::default()), None);
        assert_eq!(
            by(
                &[],
                &Allowed {
                    data_loss: vec![address("db")],
                    ..Allowed::default()
                }
            ),
            Some(Allowance::Flag)
        );
        assert_eq!(
            by(
                &[],
                &Allowed {
                    data_loss: vec![address("app")],
                    ..Allowed::default()
                }
            ),
            None
        );
    }

    #[test]
    fn more_than_half_at_once_is_held() {
        let gone = |name: &str| change(name, ChangeAction::Delete, Reason::NotInSpec);
        let two = [gone("a"), gone("b")];
        assert_eq!(held(&two, 4, &[], &Allowed::default()), []);
        let bulk = held(&two, 3, &[], &Allowed::default());
        assert_eq!(
            bulk[0].why,
            HeldWhy::Bulk {
                going: 2,
                living: 3
            }
        );
        assert_eq!(
            held(
                &two,
                3,
                &[],
                &Allowed {
                    bulk: true,
                    ..Allowed::default()
                }
            )[0]
            .allowed_by,
            Some(Allowance::BulkFlag)
        );
    }
}
