//! A copy of the world's rows, made from the changes that the world reports, and of all ids that
//! ever existed.
//!
//! Invariant: after each call the copy equals the rows that the world would store.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use setpoint_sim::world::Change;

/// The rows of one kind by key.
pub(crate) type Kind = BTreeMap<String, Value>;

/// Rows by kind, and every id that ever existed.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    kinds: BTreeMap<String, Kind>,
    ever: BTreeMap<String, BTreeSet<String>>,
    account: String,
}

/// A row before and after a change.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
}

impl Rows {
    pub(crate) fn new(stored: Vec<(String, String, String)>) -> Self {
        let mut rows = Self::default();
        for (kind, key, text) in stored {
            let value = parse(&text);
            if kind == "meta" {
                value["account"]["id"]
                    .as_str()
                    .expect("an account has an id")
                    .clone_into(&mut rows.account);
            } else {
                rows.put(&kind, &key, value);
            }
        }
        rows
    }

    fn put(&mut self, kind: &str, key: &str, value: Value) -> Option<Value> {
        if let Some(id) = value["base"]["id"].as_str() {
            self.ever
                .entry(kind.to_owned())
                .or_default()
                .insert(id.to_owned());
        }
        self.kinds
            .entry(kind.to_owned())
            .or_default()
            .insert(key.to_owned(), value)
    }

    /// Applies changes. A second row with an id that was used before is an error.
    pub(crate) fn take(&mut self, changes: Vec<Change>) -> Result<Vec<Changed>, String> {
        let mut taken = Vec::new();
        for change in changes.into_iter().filter(|change| change.kind != "meta") {
            let Some(text) = &change.row else {
                let old = self
                    .kinds
                    .get_mut(change.kind)
                    .and_then(|kind| kind.remove(&change.id));
                taken.push(Changed {
                    kind: change.kind.to_owned(),
                    key: change.id,
                    old,
                    new: None,
                });
                continue;
            };
            let new = parse(text);
            let id = new["base"]["id"].as_str().unwrap_or_default();
            let known = self.kind(change.kind).contains_key(&change.id);
            if !known
                && !named(change.kind)
                && self
                    .ever
                    .get(change.kind)
                    .is_some_and(|ever| ever.contains(id))
            {
                return Err(format!("{} {id} has a second life", change.kind));
            }
            let old = self.put(change.kind, &change.id, new.clone());
            taken.push(Changed {
                kind: change.kind.to_owned(),
                key: change.id,
                old,
                new: Some(new),
            });
        }
        Ok(taken)
    }

    /// The rows of a kind.
    pub(crate) fn kind(&self, kind: &str) -> &Kind {
        static NONE: Kind = Kind::new();
        self.kinds.get(kind).unwrap_or(&NONE)
    }

    /// The visible row with an id.
    pub(crate) fn living(&self, kind: &str, id: &str) -> Option<&Value> {
        self.kind(kind).get(id).filter(|row| is_seen(row))
    }

    /// Every row as (kind, key, value).
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.kinds.iter().flat_map(|(kind, rows)| {
            rows.iter()
                .map(move |(key, row)| (kind.as_str(), key.as_str(), row))
        })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The ids of the visible rows of a kind.
    pub(crate) fn ids(&self, kind: &str) -> Vec<String> {
        self.texts_of(kind, |row| row["base"][handle(kind)].as_str())
    }

    /// The ids of the deleted rows of a kind.
    pub(crate) fn dead(&self, kind: &str) -> Vec<String> {
        let living = self.ids(kind);
        self.ever
            .get(kind)
            .into_iter()
            .flatten()
            .filter(|id| !living.contains(id))
            .cloned()
            .collect()
    }

    /// All ids.
    pub(crate) fn all_ids(&self) -> Vec<String> {
        self.iter()
            .filter(|(_, _, row)| is_seen(row))
            .filter_map(|(_, _, row)| Some(row["base"]["id"].as_str()?.to_owned()))
            .collect()
    }

    /// One text field of each row of a kind.
    pub(crate) fn texts(&self, kind: &str, field: &str) -> Vec<String> {
        self.texts_of(kind, |row| row[field].as_str())
    }

    fn texts_of<'a>(
        &'a self,
        kind: &str,
        of: impl Fn(&'a Value) -> Option<&'a str>,
    ) -> Vec<String> {
        self.kind(kind)
            .values()
            .filter(|row| is_seen(row))
            .filter_map(of)
            .map(str::to_owned)
            .collect()
    }

    /// Public addresses that are bound to a NAT gateway.
    pub(crate) fn bound_addresses(&self) -> Vec<String> {
        let bound = |row: &&Value| row["target"]["kind"] == "Nat";
        self.kind("eip")
            .values()
            .filter(bound)
            .filter_map(|row| Some(row["address"].as_str()?.to_owned()))
            .collect()
    }

    /// Those of them that no entry uses.
    pub(crate) fn unused_addresses(&self) -> Vec<String> {
        let snat = self
            .kind("snat_entry")
            .values()
            .flat_map(|row| list(&row["addresses"]));
        let forward = self
            .kind("forward_entry")
            .values()
            .filter_map(|row| row["way"]["external_ip"].as_str());
        let used: BTreeSet<&str> = snat.chain(forward).collect();
        self.bound_addresses()
            .into_iter()
            .filter(|address| !used.contains(address.as_str()))
            .collect()
    }

    /// Ids of a kind whose rows have a value in a field.
    pub(crate) fn ids_with(&self, kind: &str, field: &str, value: &str) -> Vec<String> {
        let wanted = match value {
            "true" | "false" => Value::from(value == "true"),
            text => Value::from(text),
        };
        let has = |row: &Value| row[field] == wanted;
        self.texts_of(kind, |row| {
            row["base"][handle(kind)].as_str().filter(|_| has(row))
        })
    }

    /// Instances without a system disk, and the disks that were theirs: (instance, disk).
    pub(crate) fn bare(&self) -> Vec<(String, String)> {
        let disks = || self.kind("disk").values().filter(|row| is_seen(row));
        let bare = |id: &str| !disks().any(|disk| disk["system"] == true && disk["instance"] == id);
        let free = disks().filter(|disk| disk["state"] == "Available");
        let pairs = free.filter_map(|disk| {
            Some((
                disk["origin"].as_str()?.to_owned(),
                disk["base"]["id"].as_str()?.to_owned(),
            ))
        });
        pairs
            .filter(|(machine, _)| self.living("instance", machine).is_some() && bare(machine))
            .collect()
    }

    /// The secondary addresses of interfaces.
    pub(crate) fn further_addresses(&self) -> Vec<String> {
        self.kind("network_interface")
            .values()
            .flat_map(|row| list(&row["more_addresses"]))
            .map(str::to_owned)
            .collect()
    }

    /// IPv6 addresses of interfaces.
    pub(crate) fn ipv6_addresses(&self) -> Vec<String> {
        let held = self
            .kind("network_interface")
            .values()
            .filter_map(|row| row["ipv6"].as_array())
            .flatten();
        held.filter_map(|one| Some(one["address"].as_str()?.to_owned()))
            .collect()
    }

    /// Ids of the rules of one direction.
    pub(crate) fn rules(&self, direction: &str) -> Vec<String> {
        let rules = self
            .kind("security_group")
            .values()
            .filter_map(|row| row["rules"].as_array())
            .flatten();
        rules
            .filter(|rule| rule["flow"]["direction"] == direction)
            .filter_map(|rule| Some(rule["id"].as_str()?.to_owned()))
            .collect()
    }
}

/// Whether readers see a row.
pub(crate) fn is_seen(row: &Value) -> bool {
    row["base"]["released"] != true && row["furnished"] != true
}

/// Whether a row of this kind has a name from its creator as its id, which can be used again.
pub(crate) fn named(kind: &str) -> bool {
    [
        "key_pair",
        "alarm_contact",
        "alarm_contact_group",
        "metric_alarm",
        "parameter",
    ]
    .contains(&kind)
}

/// The name by which callers know a row: its id, but the name for parameters, whose id no action
/// takes.
pub(crate) fn handle(kind: &str) -> &'static str {
    if kind == "parameter" { "name" } else { "id" }
}

/// The texts of a list.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("rows are JSON")
}
