//! Updates as values: the steps that change a resource in place, their effect, and their position
//! in the change.
//!
//! Fields with the same update are changed by one run of its steps. An update is a static value, so
//! the compiler rejects a misspelt one and warns of one that no field uses.

use crate::Value;
use crate::desired::Desired;
use crate::effect::Effect;
use crate::kind::{Cx, Kind};
use crate::live::Live;
use crate::procedure::{Args, Step};

/// A way to change a resource in place.
///
/// Two updates are equal if they are the same value in memory; [`Update::is`] compares them.
#[derive(Clone, Copy)]
pub struct Update {
    /// Its name in reports and in JSON.
    pub name: &'static str,
    /// The effect on a running resource.
    pub effect: Effect,
    /// The position of its steps in the change.
    pub at: At,
    /// Whether it takes effect when the machine starts the next time.
    pub boot: bool,
    /// Attributes that it may change besides the fields that differ.
    pub unsettles: &'static [&'static str],
    /// The guard mark that the resource carries from before this change until the change has
    /// succeeded.
    pub mark: Option<&'static str>,
    /// The key of the digest in the guard tag that this update renews.
    pub digest: Option<&'static str>,
    /// Returns the steps.
    pub steps: fn(&Changing<'_>) -> Vec<Step>,
}

/// The position of an update in the procedure of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// Before the window.
    Before,
    /// Inside the window, while the resource is stopped.
    Stopped,
    /// After the window.
    After,
    /// Done by the window, which leaves the resource as the spec says; where no window is opened,
    /// with the updates after the window.
    Closing,
}

/// The facts from which the steps of an update are built.
#[derive(Clone, Copy)]
pub struct Changing<'a> {
    /// The stack.
    pub cx: &'a Cx<'a>,
    /// The kind.
    pub kind: &'static Kind,
    /// The desired resource.
    pub want: &'a Desired,
    /// The live resource.
    pub live: &'a Live,
}

impl Update {
    /// Returns an update that interrupts nothing.
    #[must_use]
    pub const fn online(name: &'static str, steps: fn(&Changing<'_>) -> Vec<Step>) -> Self {
        Self {
            name,
            effect: Effect::NONE,
            at: At::Before,
            boot: false,
            unsettles: &[],
            mark: None,
            digest: None,
            steps,
        }
    }

    /// Returns an update that needs the resource stopped.
    #[must_use]
    pub const fn stopped(name: &'static str, steps: fn(&Changing<'_>) -> Vec<Step>) -> Self {
        Self {
            effect: Effect::RESTART,
            at: At::Stopped,
            ..Self::online(name, steps)
        }
    }

    /// Returns the same update with another effect.
    #[must_use]
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Returns the same update at another position.
    #[must_use]
    pub const fn place(mut self, at: At) -> Self {
        self.at = at;
        self
    }

    /// Returns the same update, which takes effect at the next start.
    #[must_use]
    pub const fn from_next_start(mut self) -> Self {
        self.boot = true;
        self
    }

    /// Returns the same update, which may change these attributes as well.
    #[must_use]
    pub const fn unsettling(mut self, attrs: &'static [&'static str]) -> Self {
        self.unsettles = attrs;
        self
    }

    /// Returns the same update, during which the resource carries this guard mark.
    #[must_use]
    pub const fn marked(mut self, mark: &'static str) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Returns the same update, which renews the digest under this key of the guard tag.
    #[must_use]
    pub const fn digesting(mut self, key: &'static str) -> Self {
        self.digest = Some(key);
        self
    }

    /// Returns whether both are the same update.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl std::fmt::Debug for Update {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Update").field(&self.name).finish()
    }
}

impl PartialEq for Update {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for Update {}

impl Changing<'_> {
    /// Returns the parameters of the managed fields that this update changes.
    #[must_use]
    pub fn params(&self, update: &'static Update) -> Args {
        self.kind
            .rows()
            .into_iter()
            .filter(|row| row.field.is_changed_by(update))
            .filter_map(|row| {
                let value = self.want.attrs.get(&row.attr)?;
                Some((row.field.param_of_update(), value.clone()))
            })
            .filter(|(param, _)| !param.is_empty())
            .collect()
    }

    /// Returns the id of the live resource.
    #[must_use]
    pub fn id(&self) -> Value {
        Value::text(&self.live.id)
    }

    /// Returns a managed attribute; `Null` if it is not managed.
    #[must_use]
    pub fn wanted(&self, attr: &str) -> Value {
        self.want.attrs.get(attr).cloned().unwrap_or(Value::Null)
    }
}
