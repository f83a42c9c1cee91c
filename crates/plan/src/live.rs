//! The live state: rows as kinds decode them, and the snapshot of one observation.

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
    /// The name of its kind.
    pub kind: &'static str,
    /// Its id; the name for key pairs.
    pub id: String,
    /// The account and the region that contain it.
    pub site: Site,
    /// Its owner, by its tags or its derived name.
    pub owner: Option<Owner>,
    /// Whether its ownership tags are a copy of those of a resource of another kind.
    pub copied: bool,
    /// Its tags, without our own if these name an owner.
    pub tags: Tags,
    /// Its attributes in canonical form. `id` is not among them.
    pub attrs: Map,
    /// The resources that it uses, as pairs of kind and id.
    pub uses: Vec<(&'static str, String)>,
}

impl Live {
    /// Splits raw tags into the owner and the rest. Tags that name another kind are a copy and do
    /// not make an owner. The same holds for tags without a kind on a row whose kind always names
    /// itself.
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

    /// Returns the guard words to write: the present ones, with its kind.
    #[must_use]
    pub fn guard(&self) -> Guard {
        let words = self.owner.as_ref().map(|owner| owner.guard.clone());
        Guard {
            kind: Some(self.kind.to_owned()),
            ..words.unwrap_or_default()
        }
    }

    /// Returns whether its guard tag carries this mark.
    #[must_use]
    pub fn is_marked(&self, mark: Option<&str>) -> bool {
        let guard = self.owner.as_ref().map(|owner| &owner.guard);
        mark.zip(guard).is_some_and(|(mark, guard)| guard.has(mark))
    }

    /// Returns whether it carries this stack's tag but no readable address.
    #[must_use]
    pub fn is_astray_of(&self, stack: &str) -> bool {
        self.owner.is_none()
            && !self.copied
            && self
                .tags
                .get(ownership::STACK)
                .is_some_and(|named| named == stack)
    }

    /// Returns whether it carries this tag, with any value if none is given. Our own tags count
    /// although they are stored in the owner.
    #[must_use]
    pub fn carries(&self, key: &str, value: Option<&str>) -> bool {
        let is_meant = |held: &str| value.is_none_or(|value| held == value);
        let own = self.owner.as_ref().and_then(|owner| owner.tag(key));
        match own {
            Some(own) => is_meant(&own),
            None => self.tags.get(key).is_some_and(|held| is_meant(held)),
        }
    }

    /// Returns an attribute, `Null` if it has none; `id` is the id.
    #[must_use]
    pub fn attr(&self, name: &str) -> Value {
        if name == "id" {
            Value::text(&self.id)
        } else {
            self.attrs.get(name).cloned().unwrap_or(Value::Null)
        }
    }

    /// Returns its incarnation: 0 for the first resource at its address, N for its N-th successor.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.owner
            .as_ref()
            .map_or(0, |owner| owner.guard.incarnation)
    }

    /// Returns whether this stack owns it under this address.
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
    /// Every resource that the stack owns, with its details. A plan shares the rows.
    pub live: Vec<Arc<Live>>,
    /// The answers to the look-ups of each resource.
    pub found: BTreeMap<Address, Found>,
    /// Rows that carry the stack's tag but no readable address.
    pub astray: Vec<Live>,
    /// The matches of `existing` entries and of look-ups in braces, by the key of the look-up.
    pub named: BTreeMap<String, Vec<Live>>,
    /// The live resources that `adopt` names, by the address of the entry.
    pub adopted: BTreeMap<Address, Vec<Live>>,
    /// The previous owners of rows that were put under a new address, by id.
    pub moved: BTreeMap<String, Owner>,
    /// Listings that were refused, of kinds that are not used as far as is known.
    pub unlisted: Vec<Unlisted>,
    /// The number of read calls that the observation took.
    pub cost: Cost,
}

/// A listing that the cloud refused. Nothing is known of the resources of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// The name of the kind.
    pub kind: &'static str,
    /// The permission that the listing needs: `ecs:DescribeKeyPairs`.
    pub permission: String,
    /// The API's code.
    pub code: String,
    /// The request id of the refused call.
    pub request_id: String,
}

/// The number of read calls that an observation took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Pages of listings, one or more for each kind.
    pub listings: usize,
    /// Look-ups from the spec: images, resources outside the stack.
    pub lookups: usize,
    /// Reads of single resources, for values that no listing carries.
    pub details: usize,
    /// Reads of the caller's identity, and calls that prove an empty listing.
    pub other: usize,
}

impl Cost {
    /// Returns the sum of all calls.
    #[must_use]
    pub fn total(&self) -> usize {
        self.listings + self.lookups + self.details + self.other
    }
}

impl Snapshot {
    /// Returns whether the listing of the kind was not refused.
    #[must_use]
    pub fn has_listed(&self, kind: &str) -> bool {
        self.unlisted.iter().all(|one| one.kind != kind)
    }

    /// Returns every address that owns a live resource.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<Address> {
        let owners = self.live.iter().filter_map(|live| live.owner.as_ref());
        owners.map(|owner| owner.address.clone()).collect()
    }

    /// Returns the live rows under an address.
    pub fn at<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = &'a Live> + 'a {
        self.live.iter().map(Arc::as_ref).filter(move |live| {
            live.owner
                .as_ref()
                .is_some_and(|owner| owner.address == *address)
        })
    }
}
