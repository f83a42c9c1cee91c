//! The kinds that a run knows, by name, and the schema of the language, derived from their tables.

use setpoint_spec::naming::ForeignKind;
use setpoint_spec::schema::{AttrDef, FieldDef, KindDef, NameRule, Schema, Type};

use crate::field::{Field, OnChange, Role, Shape};
use crate::kind::Kind;

/// A set of kinds with the schema of the language.
#[derive(Clone, Copy)]
pub struct Registry {
    kinds: &'static [&'static Kind],
    schema: Schema,
}

impl Registry {
    /// Creates a registry of these kinds, which must be sorted by name, and of foreign kinds that
    /// they may name. The definitions for the language are created once and live as long as the
    /// process, so a program creates one registry.
    #[must_use]
    pub fn new(kinds: &'static [&'static Kind], foreign: &'static [ForeignKind]) -> Self {
        let defs: Vec<&'static KindDef> = kinds.iter().map(|kind| leak(definition(kind))).collect();
        Self {
            kinds,
            schema: Schema {
                kinds: Vec::leak(defs),
                foreign,
            },
        }
    }

    /// Iterates over all kinds, sorted by name.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> + use<> {
        self.kinds.iter().copied()
    }

    /// Returns the kind of this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&'static Kind> {
        self.kinds().find(|kind| kind.name == name)
    }

    /// Returns the kind of this name, which comes from this registry's own tables or rows.
    ///
    /// # Panics
    /// Panics if the registry has no kind of this name.
    #[must_use]
    pub fn known(&self, name: &str) -> &'static Kind {
        self.kind(name)
            .expect("names of kinds come from the registry itself")
    }

    /// Returns the definitions of the kinds, for the language.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.schema
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.kinds().map(|kind| kind.name))
            .finish()
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Returns the definition of a kind for the language.
fn definition(kind: &'static Kind) -> KindDef {
    let common = |name: &str| {
        kind.fields
            .iter()
            .find(|field| field.role == Role::Common && field.name == name)
    };
    KindDef {
        name: kind.name,
        doc: kind.doc,
        fields: inputs(kind, kind.fields, None),
        attributes: Vec::leak(outputs(kind.fields)),
        one_of: kind.one_of,
        any_of: kind.any_of,
        taggable: kind.tag_api.is_some(),
        described: common("description").is_some(),
        name_rule: name_rule(kind, common("name")),
        hints: kind.hints,
        naming: kind.naming,
        lifecycle: kind.lifecycle,
        check: kind.check,
    }
}

fn name_rule(kind: &Kind, name: Option<&Field>) -> NameRule {
    match name {
        Some(
            field @ Field {
                param,
                ty: Type::Text { min, max },
                ..
            },
        ) => NameRule {
            param,
            min: *min,
            max: *max,
            change: kind.shown_change(field),
        },
        _ => NameRule {
            param: "",
            min: 1,
            max: 128,
            change: "none",
        },
    }
}

/// Returns the fields that a file may give. Parts of a structure that is compared as a whole show
/// the structure's change.
fn inputs(
    kind: &Kind,
    fields: &'static [Field],
    whole: Option<&'static str>,
) -> &'static [FieldDef] {
    let inputs = fields.iter().filter(|field| field.role == Role::Input);
    Vec::leak(inputs.map(|field| field_def(kind, field, whole)).collect())
}

fn field_def(kind: &Kind, field: &'static Field, whole: Option<&'static str>) -> FieldDef {
    let change = match field.change {
        OnChange::Part => whole.unwrap_or_else(|| kind.shown_change(field)),
        _ => kind.shown_change(field),
    };
    let is_whole = !matches!(field.change, OnChange::Members);
    let members = inputs(kind, field.members, is_whole.then_some(change));
    FieldDef {
        name: field.name,
        ty: match field.shape {
            Shape::Plain => field.ty,
            Shape::Struct => Type::Struct(members),
            Shape::Rows => Type::Rows(members),
            Shape::Named => Type::Named(members),
        },
        required: field.required,
        unset: field.unset,
        late: field.late,
        gives: field.gives,
        change,
        doc: field.doc,
    }
}

/// Returns the attributes that are read from the cloud; those of members have dotted names.
fn outputs(fields: &'static [Field]) -> Vec<AttrDef> {
    let mut found = Vec::new();
    for field in fields {
        if field.role == Role::Output {
            found.push(AttrDef {
                name: field.name,
                doc: field.doc,
            });
        }
        for inner in outputs(field.members) {
            let key = if field.shape == Shape::Named {
                ".NAME"
            } else {
                ""
            };
            let name = format!("{}{key}.{}", field.name, inner.name);
            found.push(AttrDef {
                name: String::leak(name),
                doc: inner.doc,
            });
        }
    }
    found
}
