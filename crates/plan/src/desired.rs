//! The desired state: the stack's resources in the canonical form that their kinds give them.

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_spec::schema::Type;
use setpoint_spec::stack::{Places, Resource, Stack, Terms};

use crate::ownership::Guard;
use crate::{Address, Location, Map, Text, Value};

/// A desired resource.
#[derive(Debug, Clone)]
pub struct Desired {
    /// Its address.
    pub address: Address,
    /// The name of its kind.
    pub kind: &'static str,
    /// Managed attributes in canonical form; members of structures have dotted names.
    pub attrs: Map,
    /// Attributes that are sent at creation besides the managed ones: defaults, derived names. They
    /// are never compared. One of the same name as a managed attribute is the whole text of which
    /// only a digest is compared.
    pub initial: Map,
    /// Its tags; `None` if they are not managed.
    pub tags: Option<Map>,
    /// Its guard words.
    pub guard: Guard,
    /// The terms on which it is managed.
    pub terms: Arc<Terms>,
    /// Where its entry stands.
    pub at: Location,
    /// The positions of its field values, by dotted path.
    pub field_at: Arc<Places>,
}

impl Desired {
    /// Returns the first form of a resource, before its kind completes it: structures are flattened
    /// to dotted names.
    #[must_use]
    pub fn from_resource(resource: Resource) -> Self {
        let mut attrs = Map::new();
        for (name, value) in resource.fields {
            let ty = resource.kind.field(&name).map(|field| field.ty);
            flatten_into(&mut attrs, name, value, ty);
        }
        Self {
            address: resource.address,
            kind: resource.kind.name,
            attrs,
            initial: Map::new(),
            tags: resource.tags,
            guard: Guard {
                kind: Some(resource.kind.name.to_owned()),
                protect: resource.terms.lifecycle.protect,
                keep: resource.terms.lifecycle.keep,
                ..Guard::default()
            },
            terms: resource.terms,
            at: resource.at,
            field_at: resource.field_at,
        }
    }

    /// Its terms, to be changed for this form alone.
    pub fn terms_mut(&mut self) -> &mut Terms {
        Arc::make_mut(&mut self.terms)
    }

    /// Returns a managed attribute, or one that is sent at creation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.attrs.get(name).or_else(|| self.initial.get(name))
    }

    /// Returns an attribute whose value is a known text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_text)
    }

    /// Returns the position of a field: its own, that of the structure around it, or that of the
    /// entry.
    #[must_use]
    pub fn location(&self, attr: &str) -> &Location {
        let mut path = attr;
        loop {
            if let Some(found) = self.field_at.get(path) {
                return found;
            }
            match path.rsplit_once('.') {
                Some((parent, _)) => path = parent,
                None => return &self.at,
            }
        }
    }
}

/// Takes every resource out of a stack, in its first form.
pub(crate) fn take(stack: &mut Stack) -> BTreeMap<Address, Desired> {
    std::mem::take(&mut stack.resources)
        .into_iter()
        .map(|(address, resource)| (address, Desired::from_resource(resource)))
        .collect()
}

/// Inserts a value; members of structures and of named maps become attributes of their own, under
/// dotted names.
fn flatten_into(attrs: &mut Map, name: Text, value: Value, ty: Option<Type>) {
    match (value, ty) {
        (Value::Map(members), Some(Type::Struct(_))) => {
            let named = |(member, value)| (format!("{name}.{member}"), value);
            attrs.extend(members.into_iter().map(named));
        }
        (Value::Map(keys), Some(Type::Named(fields))) => {
            for (key, value) in keys {
                let name = format!("{name}.{key}").into();
                flatten_into(attrs, name, value, Some(Type::Struct(fields)));
            }
        }
        (value, _) => {
            attrs.insert(name, value);
        }
    }
}
