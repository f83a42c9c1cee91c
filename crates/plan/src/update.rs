//! Updates as values: which steps change a resource in place, with which effect, and where they
//! stand.
//!
//! Fields that share an update are changed by one run of its steps. A misspelt update does not
//! compile, and one that no field uses is a warning of the compiler.

use crate::Value;
use crate::desired::Desired;
use crate::effect::Effect;
use crate::kind::{Cx, Kind};
use crate::live::Live;
use crate::procedure::{Args, Step};

/// A way to change a resource in place.
///
/// Two updates are equal if they are the same value in memory: compare them with [`Update::is`].
#[derive(Clone, Copy)]
pub struct Update {
    /// Its name in reports and in JSON.
    pub name: &'static str,
    /// The effect on a resource that runs.
    pub effect: Effect,
    /// Where its steps stand in the change.
    pub at: At,
    /// Whether the machine takes it up when it starts next.
    pub boot: bool,
    /// Attributes that it may change beside the fields that ask for it.
    pub unsettles: &'static [&'static str],
    /// The guard mark that the resource carries from before this change until it has succeeded.
    pub mark: Option<&'static str>,
    /// The key of the guard tag's digest that is written anew by it.
    pub digest: Option<&'static str>,
    /// The steps.
    pub steps: fn(&Changing<'_>) -> Vec<Step>,
}

/// Where in the procedure of a change an update stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// Before the window.
    Before,
    /// Inside the window, while the resource is stopped.
    Stopped,
    /// After the window.
    After,
    /// Done by the window, which ends as the spec says; where no window opens, after it.
    Closing,
}

/// What the steps of an update are made from.
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
    /// An update that nothing notices.
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

    /// An update that needs the resource stopped.
    #[must_use]
    pub const fn stopped(name: &'static str, steps: fn(&Changing<'_>) -> Vec<Step>) -> Self {
        Self {
            effect: Effect::RESTART,
            at: At::Stopped,
            ..Self::online(name, steps)
        }
    }

    /// The same update with another effect.
    #[must_use]
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// The same update at another place.
    #[must_use]
    pub const fn place(mut self, at: At) -> Self {
        self.at = at;
        self
    }

    /// The same update, which holds from the next start on.
    #[must_use]
    pub const fn from_next_start(mut self) -> Self {
        self.boot = true;
        self
    }

    /// The same update, which may change these attributes too.
    #[must_use]
    pub const fn unsettling(mut self, attrs: &'static [&'static str]) -> Self {
        self.unsettles = attrs;
        self
    }

    /// The same update, during which the resource carries this guard mark.
    #[must_use]
    pub const fn marked(mut self, mark: &'static str) -> Self {
        self.mark = Some(mark);
        self
    }

    /// The same update, which renews the digest under this key of the guard tag.
    #[must_use]
    pub const fn digesting(mut self, key: &'static str) -> Self {
        self.digest = Some(key);
        self
    }

    /// Whether both are the same update.
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
    /// The parameters of the fields that this update changes, as far as they are managed.
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

    /// The id of the live resource.
    #[must_use]
    pub fn id(&self) -> Value {
        Value::text(&self.live.id)
    }

    /// A managed attribute, `Null` if it is not managed.
    #[must_use]
    pub fn wanted(&self, attr: &str) -> Value {
        self.want.attrs.get(attr).cloned().unwrap_or(Value::Null)
    }
}
