//! The resources that a stack uses and does not own: `existing` entries, look-ups in braces,
//! resources of other stacks.
//!
//! Each becomes a [`LookUp`]. The engine reads the matching live rows, [`choose`] selects one of
//! them, and the snapshot holds it under the key of the look-up.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_spec::outside::{self, Outside};
use setpoint_spec::schema::Type;
use setpoint_spec::stack::Stack;

use crate::desired::Desired;
use crate::kind::{Kind, LookUp as Policy};
use crate::live::Live;
use crate::planner::Intent;
use crate::registry::Registry;
use crate::{Address, Map, Text, Value};

/// A resource outside the stack to find.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookUp {
    /// The key under which the snapshot holds the result.
    pub key: String,
    /// Its kind.
    pub kind: &'static str,
    /// How it is found.
    pub how: How,
    /// The look-up as the spec writes it, for messages.
    pub said: String,
}

/// How a resource outside the stack is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// By id.
    Id(String),
    /// By name or tags.
    By(Map),
    /// By the ownership tags of another stack.
    Owned {
        /// The identity of the other stack.
        stack: String,
        /// The region of the other stack.
        region: String,
        /// The address in the other stack.
        address: Address,
    },
}

/// Returns the look-ups of everything that a stack uses from outside.
#[must_use]
pub fn look_ups(registry: &Registry, intent: &Intent) -> BTreeSet<LookUp> {
    let mut found = BTreeSet::new();
    for (name, one) in &intent.outside {
        let (key, said) = (
            outside::existing(name).to_string(),
            format!("existing.{name}"),
        );
        found.insert(LookUp {
            key,
            kind: one.kind,
            how: how(&one.by),
            said,
        });
    }
    for want in intent.desired.values() {
        for (attr, value) in &want.attrs {
            let kind = target_kind(registry, want, attr);
            if let Some(kind) = kind {
                braces(value, kind, &mut found);
            }
            match kind {
                Some(kind) => other_stacks(intent, value, kind, &mut found),
                None => peers(registry, intent, value, &mut found),
            }
        }
    }
    found
}

/// Returns the desired resources with references to an `existing` entry replaced by its look-up,
/// where the look-up selects the newest of several, as that of an image does.
///
/// A machine keeps its image as long as the image fits the look-up. A reference would give only the
/// newest one, which would rebuild the machine with every new image.
pub(crate) fn inlined(
    stack: &Stack,
    mut desired: BTreeMap<Address, Desired>,
) -> BTreeMap<Address, Desired> {
    let images = stack
        .existing
        .iter()
        .filter(|(_, one)| one.kind.naming.finds_newest);
    let by: BTreeMap<Address, &Map> = images
        .map(|(name, one)| (outside::existing(name), &one.by))
        .collect();
    let attrs = desired
        .values_mut()
        .flat_map(|want| want.attrs.values_mut());
    for value in attrs.filter(|_| !by.is_empty()) {
        let Value::Ref(reference) = &*value else {
            continue;
        };
        if let Some(by) = by
            .get(&reference.address)
            .filter(|_| reference.attr == "id")
        {
            *value = Value::Map((*by).clone());
        }
    }
    desired
}

/// Returns the one row that a look-up selects.
///
/// # Errors
/// Returns the ids of the rows that match, if there is not exactly one. Where the newest is
/// selected, it is only an error if none matches.
pub fn choose(
    kind: &Kind,
    look_up: &LookUp,
    rows: impl Iterator<Item = Live>,
) -> Result<Live, Vec<String>> {
    let mut fitting: Vec<Live> = rows
        .filter(|live| match &look_up.how {
            How::Owned { stack, address, .. } => live.is_owned_by(stack, address),
            How::By(by) => kind.is_meant(by, live),
            How::Id(_) => true,
        })
        .collect();
    if let (Policy::Newest(attr), How::By(_)) = (kind.look_up, &look_up.how) {
        fitting.sort_by_key(|live| (live.attr(attr), live.id.clone()));
        return fitting.pop().ok_or_else(Vec::new);
    }
    match <[Live; 1]>::try_from(fitting) {
        Ok([one]) => Ok(one),
        Err(many) => Err(many.into_iter().map(|live| live.id).collect()),
    }
}

fn how(by: &Map) -> How {
    by.get("id")
        .and_then(Value::as_text)
        .map_or_else(|| How::By(by.clone()), |id| How::Id(id.to_owned()))
}

/// Returns the kind of the target of a reference field, if this registry has it and the field's
/// look-ups are not left to the kind.
fn target_kind(registry: &Registry, want: &Desired, attr: &str) -> Option<&'static str> {
    let field = registry.kind(want.kind)?.row(attr)?;
    let (Type::Ref(name) | Type::List(&Type::Ref(name))) = field.ty else {
        return None;
    };
    if field.own_look_up {
        return None;
    }
    registry.kind(name).map(|kind| kind.name)
}

fn braces(value: &Value, kind: &'static str, found: &mut BTreeSet<LookUp>) {
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    for by in items.iter().filter_map(Value::as_map) {
        let key = key_of(kind, by);
        found.insert(LookUp {
            said: key.clone(),
            key,
            kind,
            how: how(by),
        });
    }
}

/// Finds peers of rules: values under the key of a kind that can be a peer.
fn peers(registry: &Registry, intent: &Intent, value: &Value, found: &mut BTreeSet<LookUp>) {
    match value {
        Value::List(items) => items
            .iter()
            .for_each(|item| peers(registry, intent, item, found)),
        Value::Map(members) => {
            for (key, inner) in members {
                let is_its_key = |kind: &&Kind| kind.naming.peer_key() == Some(key);
                match registry.kinds().find(is_its_key) {
                    Some(kind) => other_stacks(intent, inner, kind.name, found),
                    None => peers(registry, intent, inner, found),
                }
            }
        }
        _ => {}
    }
}

fn other_stacks(intent: &Intent, value: &Value, kind: &'static str, found: &mut BTreeSet<LookUp>) {
    for reference in value.refs() {
        let Some(Outside::Stack { alias, address }) = outside::outside(&reference.address) else {
            continue;
        };
        let (Some(link), Ok(address)) = (intent.stacks.get(alias), address.parse()) else {
            continue;
        };
        let how = How::Owned {
            stack: link.stack.clone(),
            region: link.region.clone(),
            address,
        };
        found.insert(LookUp {
            key: reference.address.to_string(),
            kind,
            how,
            said: reference.address.to_string().replace("@stacks.", ""),
        });
    }
}

/// Returns the key of a look-up in braces.
fn key_of(kind: &str, by: &Map) -> String {
    let plain = |value: &Value| {
        value
            .as_text()
            .map_or_else(|| format!("{value:?}"), ToOwned::to_owned)
    };
    let parts: Vec<String> = by
        .iter()
        .map(|(key, value)| match value {
            Value::Map(inner) => {
                format!(
                    "{key}: {{{}}}",
                    inner
                        .iter()
                        .map(|(key, value)| format!("{key}: {}", plain(value)))
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            _ => format!("{key}: {}", plain(value)),
        })
        .collect();
    format!("{kind} {{{}}}", parts.join(", "))
}

/// Replaces look-ups in braces by the ids of the rows that were found.
pub(crate) fn substitute(
    registry: &Registry,
    named: &BTreeMap<String, Vec<Live>>,
    want: &mut Desired,
) {
    let attrs: Vec<Text> = want.attrs.keys().cloned().collect();
    for attr in attrs {
        let Some(kind) = target_kind(registry, want, &attr) else {
            continue;
        };
        let Some(value) = want.attrs.get_mut(attr.as_str()) else {
            continue;
        };
        let put = |item: &mut Value| {
            let id = item
                .as_map()
                .and_then(|by| named.get(&key_of(kind, by)))
                .and_then(|rows| rows.first())
                .map(|live| live.id.clone());
            if let Some(id) = id {
                *item = Value::text(id);
            }
        };
        match value {
            Value::List(items) => items.iter_mut().for_each(put),
            single => put(single),
        }
    }
}
