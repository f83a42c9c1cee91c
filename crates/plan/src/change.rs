//! What becomes of each resource, with the reason as a value.

use std::sync::Arc;

use crate::desired::Desired;
use crate::effect::Effect;
use crate::live::Live;
use crate::update::Update;
use crate::{Address, Location, Value};

/// What a plan does with one resource.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its address.
    pub address: Address,
    /// Its kind's name.
    pub kind: &'static str,
    /// What is done.
    pub action: ChangeAction,
    /// Why.
    pub reason: Reason,
    /// Which fields differ, in the order of their names.
    pub fields: Vec<FieldChange>,
    /// What it does to what runs: the most severe of its fields', given the live state.
    pub effect: Effect,
    /// What is lost: one line for people.
    pub loses: Option<String>,
    /// The live row it starts from.
    pub before: Option<Arc<Live>>,
    /// What is wanted; `None` for what goes.
    pub after: Option<Arc<Desired>>,
    /// Guard marks that are taken off though nothing asked for it, since the file says so.
    pub lifted: Vec<String>,
    /// For a replacement: which half comes first.
    pub order: ReplaceOrder,
}

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeAction {
    /// It is made.
    Create,
    /// A live thing is taken over; nothing but tags changes.
    Adopt,
    /// It is changed in place.
    Update,
    /// It goes and another comes.
    Replace,
    /// It goes.
    Delete,
    /// It stays, though the spec or a destroy would have it go (`on_delete: keep`, protection).
    Keep,
    /// It is owned no longer.
    Forget,
    /// Nothing.
    NoOp,
}

/// Which half of a replacement comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplaceOrder {
    /// The old one goes, then the new one comes.
    #[default]
    DeleteFirst,
    /// The new one comes, users move, the old one goes.
    CreateFirst,
}

/// Why a change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No live resource carries its address.
    NotThere,
    /// `adopt:` names a live thing.
    AdoptAsked {
        /// Its id.
        id: String,
    },
    /// Fields differ.
    Differs,
    /// Only tags differ.
    TagsDiffer,
    /// A field that cannot be changed in place differs.
    FieldForcesReplacement {
        /// The first such field.
        field: String,
    },
    /// Something it uses is replaced, and it cannot move over.
    ParentReplaced {
        /// The parent.
        parent: Address,
    },
    /// Something it uses is replaced and old and new parent cannot be there at once.
    ParentCannotCoexist {
        /// The parent.
        parent: Address,
    },
    /// `--replace` names it.
    ReplaceAsked,
    /// The spec has it no longer.
    NotInSpec,
    /// Everything goes: `destroy`.
    Destroy,
    /// The spec has something of another kind under its address now.
    OtherKind,
    /// Something that stays stands on it.
    StoodOn {
        /// What stays.
        by: Address,
    },
    /// An earlier run was cut off between making the successor and taking this one away.
    Superseded,
    /// An earlier run stopped it for a change and did not start it again.
    LeftStopped,
    /// It was moved to another address.
    Moved {
        /// Where it came from.
        from: Address,
    },
    /// `forget:` names it.
    ForgetAsked,
    /// Nothing differs.
    Matches,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The attribute, dotted.
    pub attr: String,
    /// The live value, `Null` if none.
    pub before: Value,
    /// The wanted value; references are known after apply. `Null` where it is taken away.
    pub after: Value,
    /// The update that changes it in place; `None` for a replacement.
    pub update: Option<&'static Update>,
    /// What it does to what runs, given the live state.
    pub effect: Effect,
    /// Where the spec says so.
    pub at: Option<Location>,
}

impl Change {
    /// Whether anything is done.
    #[must_use]
    pub fn is_change(&self) -> bool {
        !matches!(self.action, ChangeAction::NoOp | ChangeAction::Keep)
    }

    /// Whether its live row goes.
    #[must_use]
    pub fn deletes(&self) -> bool {
        matches!(self.action, ChangeAction::Delete | ChangeAction::Replace)
    }

    /// Whether a new row comes.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(self.action, ChangeAction::Create | ChangeAction::Replace)
    }
}

impl ChangeAction {
    /// The mark in plans: `+`, `~`, `-/+`, `-`, or a space.
    #[must_use]
    pub fn mark(self, order: ReplaceOrder) -> &'static str {
        match (self, order) {
            (Self::Create, _) => "+",
            (Self::Update | Self::Adopt, _) => "~",
            (Self::Replace, ReplaceOrder::DeleteFirst) => "-/+",
            (Self::Replace, ReplaceOrder::CreateFirst) => "+/-",
            (Self::Delete, _) => "-",
            (Self::Keep, _) => "!",
            (Self::Forget, _) => "x",
            (Self::NoOp, _) => " ",
        }
    }
}
