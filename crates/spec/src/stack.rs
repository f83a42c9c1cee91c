//! The resolved stack: groups are expanded, modules flattened, and expressions evaluated as far as
//! their values are known at plan. Every resource and field has its position in a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use litemap::LiteMap;

use crate::address::Address;
use crate::schema::KindDef;
use crate::value::{Map, Value};

/// A stack for one environment.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The name.
    pub name: String,
    /// The chosen environment, if the file has environments.
    pub environment: Option<String>,
    /// The region.
    pub region: String,
    /// The position of the region in the stack's file or the environment's.
    pub region_at: Option<Location>,
    /// The account that credentials must belong to, if it is set.
    pub account: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Globs of tag keys to leave alone, besides those that are always ignored.
    pub ignore_tags: Vec<String>,
    /// The resources, by address.
    pub resources: BTreeMap<Address, Resource>,
    /// The external resources, which are used but never changed, by name.
    pub existing: BTreeMap<String, Existing>,
    /// The other stacks, by alias.
    pub stacks: BTreeMap<String, StackLink>,
    /// The entries of `moved`.
    pub moved: Vec<Move>,
    /// The addresses to give up without destroying their resources.
    pub forget: Vec<Address>,
    /// The entries of `allow`.
    pub allow: Vec<Allow>,
    /// The outputs, by name.
    pub outputs: BTreeMap<String, Output>,
    /// Notes of the resolver, such as references that were removed because their target is not
    /// enabled.
    pub notes: Vec<String>,
}

/// One resource, resolved.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its address.
    pub address: Address,
    /// The table of its kind.
    pub kind: &'static KindDef,
    /// Its fields in canonical form, with `defaults` and the environment applied, including `name`
    /// and `description`. Unset fields are absent.
    pub fields: Map,
    /// Its tags with all layers merged; `None` if no layer declares any, in which case tags are not
    /// managed.
    pub tags: Option<Map>,
    /// The terms on which it is managed.
    pub terms: Arc<Terms>,
    /// Its position in its group, for members of `count`.
    pub number: Option<u32>,
    /// The position of its entry.
    pub at: Location,
    /// The positions of its field values, by dotted path.
    pub field_at: Arc<Places>,
}

/// The terms on which a resource is managed: what its entry says beside fields and tags. All forms
/// of a resource share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The id of its resource group, if managed.
    pub resource_group: Option<String>,
    /// The resources of `after`, which must be ready first.
    pub after: Vec<Address>,
    /// The id of a live resource to take over instead of creating one.
    pub adopt: Option<String>,
    /// Time limits in seconds, where the entry sets them.
    pub timeouts: Timeouts,
    /// The limits on changing and deleting it.
    pub lifecycle: Lifecycle,
    /// The closed fields that are set to `unmanaged`.
    pub released: Vec<String>,
}

/// Time limits of one resource, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Time limit for creating it.
    pub create: Option<u64>,
    /// Time limit for changing it.
    pub update: Option<u64>,
    /// Time limit for deleting it.
    pub delete: Option<u64>,
}

/// The section `lifecycle` of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Whether to refuse deleting, replacing and rebuilding.
    pub protect: bool,
    /// Whether the resource stays, with its tags, instead of being deleted.
    pub keep: bool,
    /// Which of `rebuild`, `replace` and `delete` a snapshot must precede.
    pub snapshot_before: Vec<String>,
    /// Whether a replacement creates the new resource first.
    pub create_before_destroy: bool,
    /// Fields whose differences are not corrected.
    pub ignore: Vec<String>,
    /// Fields, or `tags`, from which nothing is removed.
    pub additive: Vec<String>,
    /// The words chosen for the members that only the kind has, by member.
    pub choices: BTreeMap<String, String>,
    /// The number of members of the group that may be interrupted at once.
    pub max_unavailable: Option<Amount>,
}

/// A number of members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// This number.
    Count(u32),
    /// This percentage, rounded down, but at least one.
    Percent(u8),
    /// All members.
    All,
}

/// The positions of the fields of an entry, by dotted path.
pub type Places = LiteMap<String, Location>;

/// A position in a spec file; line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The path of the file, relative to the working folder.
    pub file: Arc<str>,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// An external resource, which is looked up at plan.
#[derive(Debug, Clone)]
pub struct Existing {
    /// Its kind.
    pub kind: &'static KindDef,
    /// The look-up: `id`, or filters such as `name`, `tags` and `family`.
    pub by: Map,
    /// The position of its entry.
    pub at: Location,
}

/// A link to another stack.
#[derive(Debug, Clone)]
pub struct StackLink {
    /// The name of the other stack.
    pub stack: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Its region; `None` for the region of this stack.
    pub region: Option<String>,
    /// The path of its file, for offline checks.
    pub file: Option<String>,
    /// The position of its entry.
    pub at: Location,
}

/// One entry of `moved`.
#[derive(Debug, Clone)]
pub struct Move {
    /// The stack that owned the resources, if it is another one.
    pub stack: Option<String>,
    /// The old address; `None` takes over all resources of `stack`.
    pub from: Option<Address>,
    /// The new address.
    pub to: Option<Address>,
}

/// One entry of `allow`.
#[derive(Debug, Clone)]
pub struct Allow {
    /// The address of the resource.
    pub address: Address,
    /// `data_loss`, `replace` or `delete`.
    pub effect: String,
    /// The reason, for readers.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
    /// The position of the entry.
    pub at: Location,
}

/// One output.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its value; references are known only after apply.
    pub value: Value,
    /// Its description.
    pub description: Option<String>,
    /// Whether it is shown only on request.
    pub secret: bool,
}

impl Stack {
    /// Returns `stack` or `stack/environment`, the value of the ownership tag.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.environment {
            None => self.name.clone(),
            Some(environment) => format!("{}/{environment}", self.name),
        }
    }
}
