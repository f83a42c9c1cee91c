//! Operations on decoded rows: folding details into live rows, and evaluating conditions.

use std::collections::BTreeMap;

use crate::kind::Row;
use crate::live::Live;
use crate::procedure::Cond;
use crate::{Address, Map, Value};

/// Detail rows, by the id of the resource that they describe.
#[derive(Debug, Default)]
pub struct Details(BTreeMap<String, Vec<Detail>>);

/// Further attributes of a resource, and further resources that it uses.
type Detail = (Map, Vec<(&'static str, String)>);

impl Details {
    /// Collects the details among rows, in their order.
    #[must_use]
    pub fn of(rows: Vec<Row>) -> Self {
        let mut found = Self::default();
        for row in rows {
            if let Row::Detail { id, attrs, uses } = row {
                found.0.entry(id).or_default().push((attrs, uses));
            }
        }
        found
    }

    /// Returns whether there are details of this resource.
    #[must_use]
    pub fn concern(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Adds the details of a row to it. Lists grow, since each page of a detail has a part of them;
    /// other attributes are replaced.
    pub fn fold_into(&self, row: &mut Live) {
        for (attrs, uses) in self.0.get(&row.id).into_iter().flatten() {
            for (name, value) in attrs {
                append(row, name, value);
            }
            row.uses.extend(uses.iter().cloned());
        }
    }
}

fn append(target: &mut Live, name: &str, value: &Value) {
    match (target.attrs.get_mut(name), value) {
        (Some(Value::List(have)), Value::List(more)) => {
            have.extend(more.iter().cloned());
            have.sort();
        }
        _ => {
            target.attrs.insert(name.to_owned(), value.clone());
        }
    }
}

/// The owner that [`Cond::Ours`] requires.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The stack's identity.
    pub stack: &'a str,
    /// The address of the resource.
    pub address: &'a Address,
    /// The incarnation of the resource.
    pub incarnation: u32,
}

/// Returns whether the condition holds for the row.
#[must_use]
pub fn holds(cond: &Cond, row: &Live, whose: Whose<'_>) -> bool {
    match cond {
        Cond::Is(attr, values) => values.contains(&row.attr(attr)),
        Cond::Set(attr) => !is_empty(&row.attr(attr)),
        Cond::Not(inner) => !holds(inner, row, whose),
        Cond::All(all) => all.iter().all(|inner| holds(inner, row, whose)),
        Cond::Any(any) => any.iter().any(|inner| holds(inner, row, whose)),
        Cond::Ours => {
            row.is_owned_by(whose.stack, whose.address) && row.incarnation() == whose.incarnation
        }
    }
}

/// Returns whether a condition that holds for the row may do so only because the row lacks
/// something.
#[must_use]
pub fn rests_on_absence(cond: &Cond, row: &Live) -> bool {
    match cond {
        Cond::Is(..) | Cond::Set(_) | Cond::Ours => false,
        Cond::All(all) | Cond::Any(all) => all.iter().any(|inner| rests_on_absence(inner, row)),
        Cond::Not(inner) => lacks(inner, row),
    }
}

/// Returns whether the row lacks an attribute that the condition uses.
fn lacks(cond: &Cond, row: &Live) -> bool {
    match cond {
        Cond::Is(attr, _) | Cond::Set(attr) => is_empty(&row.attr(attr)),
        Cond::Ours => row.owner.is_none(),
        Cond::Not(inner) => lacks(inner, row),
        Cond::All(all) | Cond::Any(all) => all.iter().any(|inner| lacks(inner, row)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}
