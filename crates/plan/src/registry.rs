//! The kinds that a run knows, by name.

use setpoint_spec::schema::{KindDef, Schema};

use crate::kind::Kind;

/// A set of kinds.
#[derive(Clone, Copy)]
pub struct Registry {
    kinds: &'static [&'static dyn Kind],
    schema: Schema,
}

impl Registry {
    /// A registry of these kinds; `defs` are their tables, in the same order.
    #[must_use]
    pub const fn new(
        kinds: &'static [&'static dyn Kind],
        defs: &'static [&'static KindDef],
    ) -> Self {
        Self {
            kinds,
            schema: Schema { kinds: defs },
        }
    }

    /// Every kind, sorted by name.
    pub fn kinds(&self) -> impl Iterator<Item = &'static dyn Kind> + use<> {
        self.kinds.iter().copied()
    }

    /// The kind of this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&'static dyn Kind> {
        self.kinds().find(|kind| kind.name() == name)
    }

    /// The kind of this name, known to be there because the name came from this registry's own tables or rows.
    ///
    /// # Panics
    /// The name is none of this registry's.
    #[must_use]
    pub fn known(&self, name: &str) -> &'static dyn Kind {
        self.kind(name)
            .expect("names of kinds come from the registry itself")
    }

    /// The kinds' tables, for the language.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.schema
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.kinds().map(|kind| kind.name()))
            .finish()
    }
}
