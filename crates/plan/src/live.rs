//! What really exists: rows as kinds decode them, and the snapshot of one observation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use litemap::LiteMap;

use crate::kind::{Found, Kind, Site};
use crate::ownership::{self, Guard, Owner};
use crate::{Address, Map, Text, Value};

/// Tags by their keys. Most resources have fewer than five, so they are kept as a sorted vector.
pub type Tags = LiteMap<Text, Text>;

/// A live resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Its kind's name.
    pub kind: &'static str,
    /// Its id; for key pairs the name.
    pub id: String,
    /// Where it is.
    pub site: Site,
    /// Who owns it, by its tags or derived name.
    pub owner: Option<Owner>,
    /// Whether its ownership tags are a copy of those of another kind's resource.
    pub copied: bool,
    /// Its tags; without our own, if these name an owner.
    pub tags: Tags,
    /// Its attributes in canonical form. `id` is not among them.
    pub attrs: Map,
    /// What it uses: kind and id.
    pub uses: Vec<(&'static str, String)>,
}

impl Live {
    /// Splits raw tags into the owner and the rest. Tags that name another kind are a copy, which
    /// makes nobody an owner; so are tags without a kind on a row whose kind always names it.
    #[must_use]
    pub fn with_tags(mut self, kind: &Kind, raw: Tags) -> Self {
        let named = ownership::owner_of(&raw);
        let is_own = |owner: &Owner| match &owner.guard.kind {
            Some(name) => name == kind.name,
            None => kind.first_version,
        };
        self.copied = named.as_ref().is_some_and(|owner| !is_own(owner));
        self.owner = named.filter(is_own);
        self.tags = raw
            .into_iter()
            .filter(|(key, _)| self.owner.is_none() || !ownership::is_own_key(key))
            .collect();
        self
    }

    /// The guard words for a write: those that it has, with its kind.
    #[must_use]
    pub fn guard(&self) -> Guard {
        let words = self.owner.as_ref().map(|owner| owner.guard.clone());
        Guard {
            kind: Some(self.kind.to_owned()),
            ..words.unwrap_or_default()
        }
    }

    /// Whether its guard carries this mark.
    #[must_use]
    pub fn is_marked(&self, mark: Option<&str>) -> bool {
        let guard = self.owner.as_ref().map(|owner| &owner.guard);
        mark.zip(guard).is_some_and(|(mark, guard)| guard.has(mark))
    }

    /// Whether it carries this stack's tag, and no address that can be read beside it.
    #[must_use]
    pub fn is_astray_of(&self, stack: &str) -> bool {
        self.owner.is_none()
            && !self.copied
            && self
                .tags
                .get(ownership::STACK)
                .is_some_and(|named| named == stack)
    }

    /// Whether it carries this tag; with any value if none is given. Our own tags count though they
    /// stand in the owner.
    #[must_use]
    pub fn carries(&self, key: &str, value: Option<&str>) -> bool {
        let is_meant = |held: &str| value.is_none_or(|value| held == value);
        let own = self.owner.as_ref().and_then(|owner| owner.tag(key));
        match own {
            Some(own) => is_meant(&own),
            None => self.tags.get(key).is_some_and(|held| is_meant(held)),
        }
    }

    /// An attribute, `Null` if it has none; `id` is the id.
    #[must_use]
    pub fn attr(&self, name: &str) -> Value {
        if name == "id" {
            Value::text(&self.id)
        } else {
            self.attrs.get(name).cloned().unwrap_or(Value::Null)
        }
    }

    /// Which successor under its address it is.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.owner
            .as_ref()
            .map_or(0, |owner| owner.guard.incarnation)
    }

    /// Whether this stack owns it under this address.
    #[must_use]
    pub fn is_owned_by(&self, stack: &str, address: &Address) -> bool {
        self.owner
            .as_ref()
            .is_some_and(|owner| owner.stack == stack && owner.address == *address)
    }
}

/// One observation of the cloud.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Every resource that the stack owns, details folded in. A plan shares the rows.
    pub live: Vec<Arc<Live>>,
    /// What was looked up for each resource.
    pub found: BTreeMap<Address, Found>,
    /// What carries the stack's tag and no address that can be read.
    pub astray: Vec<Live>,
    /// What `existing` entries and look-ups in braces matched, by their text.
    pub named: BTreeMap<String, Vec<Live>>,
    /// Live things that `adopt` names, by address.
    pub adopted: BTreeMap<Address, Vec<Live>>,
    /// Rows that stand under a new address, with their owner until now, by id.
    pub moved: BTreeMap<String, Owner>,
    /// What could not be listed, and is not used as far as is known.
    pub unlisted: Vec<Unlisted>,
    /// What the observation cost.
    pub cost: Cost,
}

/// A listing that the cloud refused. Nothing may be concluded about the kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// The kind's name.
    pub kind: &'static str,
    /// The permission that the listing needs: `ecs:DescribeKeyPairs`.
    pub permission: String,
    /// The API's code.
    pub code: String,
    /// The API's name for the exchange.
    pub request_id: String,
}

/// The calls that an observation made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Pages of listings, one or more for each kind.
    pub listings: usize,
    /// Look-ups from the spec: images, things outside the stack.
    pub lookups: usize,
    /// Reads of single resources for what no listing carries.
    pub details: usize,
    /// The caller's identity, and questions that prove an empty listing.
    pub other: usize,
}

impl Cost {
    /// All calls together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.listings + self.lookups + self.details + self.other
    }
}

impl Snapshot {
    /// Whether the kind's listing was not refused.
    #[must_use]
    pub fn has_listed(&self, kind: &str) -> bool {
        self.unlisted.iter().all(|one| one.kind != kind)
    }

    /// Every address that owns something.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<Address> {
        let owners = self.live.iter().filter_map(|live| live.owner.as_ref());
        owners.map(|owner| owner.address.clone()).collect()
    }

    /// The live rows under an address.
    pub fn at<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = &'a Live> + 'a {
        self.live.iter().map(Arc::as_ref).filter(move |live| {
            live.owner
                .as_ref()
                .is_some_and(|owner| owner.address == *address)
        })
    }
}
