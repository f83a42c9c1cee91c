//! What a plan does with each resource, and the reason as a value.

use std::sync::Arc;

use crate::desired::Desired;
use crate::effect::Effect;
use crate::live::Live;
use crate::update::Update;
use crate::{Address, Location, Value};

/// The change of one resource.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its address.
    pub address: Address,
    /// The name of its kind.
    pub kind: &'static str,
    /// What is done with the resource.
    pub action: ChangeAction,
    /// The reason for the action.
    pub reason: Reason,
    /// The fields that differ, sorted by name.
    pub fields: Vec<FieldChange>,
    /// The effect on running resources, given the live state: that of a replacement, or the effects
    /// of all fields merged.
    pub effect: Effect,
    /// What is lost, as one line for people; `None` if nothing is.
    pub loses: Option<String>,
    /// The live row before the change; `None` if there is none.
    pub before: Option<Arc<Live>>,
    /// The desired resource; `None` if the row is deleted, kept or forgotten.
    pub after: Option<Arc<Desired>>,
    /// Guard marks that the change removes only because the file does not ask for them any more: no
    /// window is closed and no check has passed.
    pub lifted: Vec<String>,
    /// Which half of a replacement runs first; for a deletion, whether the other changes at its
    /// address run before it.
    pub order: ReplaceOrder,
    /// Whether nothing is up when the plan starts: no live resource, or one that does not run.
    pub is_down: bool,
}

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeAction {
    /// It is created.
    Create,
    /// An existing live resource becomes part of the stack; only its tags change.
    Adopt,
    /// It is updated in place.
    Update,
    /// It is deleted and a successor is created, in the order of [`ReplaceOrder`].
    Replace,
    /// It is deleted.
    Delete,
    /// It is kept, although the spec or a destroy would delete it: `on_delete: keep` is set, or a
    /// resource that stays uses it.
    Keep,
    /// The stack stops owning it; the live resource stays.
    Forget,
    /// Nothing is done.
    NoOp,
}

/// Which half of a replacement runs first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplaceOrder {
    /// The old resource is deleted, then the new one is created.
    #[default]
    DeleteFirst,
    /// The new resource is created, its users move to it, then the old one is deleted.
    CreateFirst,
}

/// Why a change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No live resource has its address.
    NotThere,
    /// `adopt:` names a live resource.
    AdoptAsked {
        /// The id of the live resource.
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
    /// A resource that it uses is replaced, and it cannot move to the successor.
    ParentReplaced {
        /// The parent.
        parent: Address,
    },
    /// A resource that it uses is replaced, and the old and the new one cannot exist at the same
    /// time.
    ParentCannotCoexist {
        /// The parent.
        parent: Address,
    },
    /// `--replace` names it.
    ReplaceAsked,
    /// The spec does not contain it any more.
    NotInSpec,
    /// The whole stack is destroyed.
    Destroy,
    /// The spec has a resource of another kind at its address.
    OtherKind,
    /// A resource that is kept or forgotten uses it.
    StoodOn {
        /// The address of that resource.
        by: Address,
    },
    /// An earlier run was interrupted after it created the successor and before it deleted this
    /// one.
    Superseded,
    /// An earlier run stopped it for a change and ended before it was up again.
    LeftStopped,
    /// It was moved here from another address.
    Moved {
        /// The address that it had before.
        from: Address,
    },
    /// `forget:` names it.
    ForgetAsked,
    /// Nothing differs.
    Matches,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The name of the attribute, dotted.
    pub attr: String,
    /// The live value; `Null` if there is none.
    pub before: Value,
    /// The desired value; `Null` if the value is removed. References that are left in it are
    /// resolved after apply.
    pub after: Value,
    /// The update that changes it in place; `None` if the difference forces a replacement.
    pub update: Option<&'static Update>,
    /// The effect on running resources, given the live state.
    pub effect: Effect,
    /// The place in the spec that sets the field.
    pub at: Option<Location>,
}

impl Change {
    /// Returns whether the action changes anything: it is neither [`ChangeAction::NoOp`] nor
    /// [`ChangeAction::Keep`].
    #[must_use]
    pub fn is_change(&self) -> bool {
        !matches!(self.action, ChangeAction::NoOp | ChangeAction::Keep)
    }

    /// Returns whether it deletes its live row.
    #[must_use]
    pub fn deletes(&self) -> bool {
        matches!(self.action, ChangeAction::Delete | ChangeAction::Replace)
    }

    /// Returns whether it creates a live row.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(self.action, ChangeAction::Create | ChangeAction::Replace)
    }
}

impl ChangeAction {
    /// Returns its mark in plans: `+`, `~`, `-/+`, `+/-`, `-`, `!`, `x`, or a space.
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
