//! The resolved stack: everything that a spec says, with groups unrolled, modules flattened,
//! expressions evaluated as far as they can be, and the place in a file behind every statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use litemap::LiteMap;

use crate::address::Address;
use crate::schema::KindDef;
use crate::value::{Map, Value};

/// A whole stack for one environment.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The name, a literal.
    pub name: String,
    /// The environment chosen, where the file has any.
    pub environment: Option<String>,
    /// The region.
    pub region: String,
    /// The account that credentials must belong to, if pinned.
    pub account: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Globs of foreign tag keys to leave alone, beside those always ignored.
    pub ignore_tags: Vec<String>,
    /// The resources, by address.
    pub resources: BTreeMap<Address, Resource>,
    /// What is used and never changed, by name.
    pub existing: BTreeMap<String, Existing>,
    /// Other stacks read live, by alias.
    pub stacks: BTreeMap<String, StackLink>,
    /// Addresses that moved.
    pub moved: Vec<Move>,
    /// What is owned no longer, though it stays.
    pub forget: Vec<Address>,
    /// Held steps that may pass.
    pub allow: Vec<Allow>,
    /// Outputs by name.
    pub outputs: BTreeMap<String, Output>,
    /// What resolving noticed without refusing it: references left out because their target is
    /// disabled, for example.
    pub notes: Vec<String>,
}

/// One resource, resolved.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Where it stands in the stack.
    pub address: Address,
    /// Its kind's table.
    pub kind: &'static KindDef,
    /// Its fields as given or defaulted by `defaults` and overlays, in canonical form; unset ones
    /// are absent. `name` and `description` stand here too.
    pub fields: Map,
    /// Tags, all layers merged; `None` when no layer declares any, so that tags are not managed.
    pub tags: Option<Map>,
    /// Resource group id, if managed.
    pub resource_group: Option<String>,
    /// Order without data: these must be ready first.
    pub after: Vec<Address>,
    /// A live thing to own instead of creating one.
    pub adopt: Option<String>,
    /// Time limits in seconds, where the entry sets them.
    pub timeouts: Timeouts,
    /// How it may be changed and deleted.
    pub lifecycle: Lifecycle,
    /// Fields for which the entry says `unmanaged`: closed fields that it lets go.
    pub released: Vec<String>,
    /// Place in its group, for members of `count`.
    pub number: Option<u32>,
    /// Where its entry stands.
    pub at: Location,
    /// Where each field's value stands, by dotted path.
    pub field_at: Arc<Places>,
}

/// Time limits of one resource, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For creating it.
    pub create: Option<u64>,
    /// For changing it.
    pub update: Option<u64>,
    /// For deleting it.
    pub delete: Option<u64>,
}

/// The `lifecycle` block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// No delete, replace or rebuild.
    pub protect: bool,
    /// `destroy` leaves it, still tagged.
    pub keep: bool,
    /// Which of `rebuild`, `replace`, `delete` want a snapshot first.
    pub snapshot_before: Vec<String>,
    /// The successor comes first.
    pub create_before_destroy: bool,
    /// Fields whose differences are not acted on.
    pub ignore: Vec<String>,
    /// Fields, or `tags`, that are added to, never taken from.
    pub additive: Vec<String>,
    /// The words that the kind's own members of the block choose, by member.
    pub choices: BTreeMap<String, String>,
    /// How many members of the group may be interrupted at once.
    pub max_unavailable: Option<Amount>,
}

/// A number of members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Count(u32),
    /// So many of a hundred, rounded down, at least one.
    Percent(u8),
    /// All at once.
    All,
}

/// Where the fields of an entry stand, by their dotted names.
pub type Places = LiteMap<String, Location>;

/// A place in a spec file, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file as people named it, relative to where they stand.
    pub file: Arc<str>,
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

/// Something outside the stack, found at plan.
#[derive(Debug, Clone)]
pub struct Existing {
    /// Its kind.
    pub kind: &'static KindDef,
    /// How it is found: `id`, or filters such as `name`, `tags`, `family`.
    pub by: Map,
    /// Where it stands.
    pub at: Location,
}

/// A link to another stack.
#[derive(Debug, Clone)]
pub struct StackLink {
    /// The other stack's name.
    pub stack: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Its region; this stack's own if not said.
    pub region: Option<String>,
    /// Its file, for offline checks and order.
    pub file: Option<String>,
    /// Where it stands.
    pub at: Location,
}

/// One entry of `moved`.
#[derive(Debug, Clone)]
pub struct Move {
    /// The other stack, where resources come from one.
    pub stack: Option<String>,
    /// Old address; with `stack` and without addresses, all of it.
    pub from: Option<Address>,
    /// New address.
    pub to: Option<Address>,
}

/// One entry of `allow`.
#[derive(Debug, Clone)]
pub struct Allow {
    /// The resource.
    pub address: Address,
    /// `data_loss`, `replace` or `delete`.
    pub effect: String,
    /// Why, for the record.
    pub reason: String,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
    /// Where it stands.
    pub at: Location,
}

/// One output.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its value; references are known after apply.
    pub value: Value,
    /// What it is.
    pub description: Option<String>,
    /// Whether it is shown only on request.
    pub secret: bool,
}

impl Stack {
    /// `stack` or `stack/environment`: the value of the ownership tag.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.environment {
            None => self.name.clone(),
            Some(environment) => format!("{}/{environment}", self.name),
        }
    }
}
