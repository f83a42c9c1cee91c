//! What is wanted: the stack's resources in the canonical form that their kinds give them.

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_spec::schema::Type;
use setpoint_spec::stack::{Places, Resource, Stack, Timeouts};

use crate::ownership::Guard;
use crate::{Address, Lifecycle, Location, Map, Value};

/// One wanted resource.
#[derive(Debug, Clone)]
pub struct Desired {
    /// Its address.
    pub address: Address,
    /// Its kind's name.
    pub kind: &'static str,
    /// Managed attributes in canonical form; members of structures stand under dotted names.
    pub attrs: Map,
    /// Attributes used at creation beside the managed ones: defaults, derived names. Never
    /// compared.
    pub initial: Map,
    /// Tags, if they are managed.
    pub tags: Option<Map>,
    /// Its guard words.
    pub guard: Guard,
    /// Its lifecycle block.
    pub lifecycle: Lifecycle,
    /// Closed fields that the entry lets go.
    pub released: Vec<String>,
    /// What must be ready first, without data.
    pub after: Vec<Address>,
    /// A live thing to own instead of creating one.
    pub adopt: Option<String>,
    /// Resource group id, if managed.
    pub resource_group: Option<String>,
    /// Time limits of its own.
    pub timeouts: Timeouts,
    /// Where its entry stands.
    pub at: Location,
    /// Where each field stands.
    pub field_at: Arc<Places>,
}

impl Desired {
    /// The first form of a resource, before its kind has completed it: structures flattened to
    /// dotted names.
    #[must_use]
    pub fn from_resource(resource: &Resource) -> Self {
        let mut attrs = Map::new();
        for (name, value) in &resource.fields {
            let ty = resource.kind.field(name).map(|field| field.ty);
            flatten_into(&mut attrs, name, value, ty);
        }
        let tags = resource.tags.as_ref().map(|tags| {
            tags.iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        });
        Self {
            address: resource.address.clone(),
            kind: resource.kind.name,
            attrs,
            initial: Map::new(),
            tags,
            guard: Guard {
                kind: Some(resource.kind.name.to_owned()),
                protect: resource.lifecycle.protect,
                keep: resource.lifecycle.keep,
                ..Guard::default()
            },
            lifecycle: resource.lifecycle.clone(),
            released: resource.released.clone(),
            after: resource.after.clone(),
            adopt: resource.adopt.clone(),
            resource_group: resource.resource_group.clone(),
            timeouts: resource.timeouts,
            at: resource.at.clone(),
            field_at: resource.field_at.clone(),
        }
    }

    /// A managed attribute, or one that holds at creation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.attrs.get(name).or_else(|| self.initial.get(name))
    }

    /// A text attribute that is known.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_text)
    }

    /// Where a field stands: its own place, that of the structure around it, or the entry's.
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

/// Every wanted resource of a stack, in its first form.
#[must_use]
pub fn of_stack(stack: &Stack) -> BTreeMap<Address, Desired> {
    stack
        .resources
        .iter()
        .map(|(address, resource)| (address.clone(), Desired::from_resource(resource)))
        .collect()
}

/// Members of structures and of named maps stand under dotted names, each on its own.
fn flatten_into(attrs: &mut Map, name: &str, value: &Value, ty: Option<Type>) {
    match (value, ty) {
        (Value::Map(members), Some(Type::Struct(_))) => {
            for (member, value) in members {
                attrs.insert(format!("{name}.{member}"), value.clone());
            }
        }
        (Value::Map(keys), Some(Type::Named(fields))) => {
            for (key, value) in keys {
                flatten_into(
                    attrs,
                    &format!("{name}.{key}"),
                    value,
                    Some(Type::Struct(fields)),
                );
            }
        }
        _ => {
            attrs.insert(name.to_owned(), value.clone());
        }
    }
}
