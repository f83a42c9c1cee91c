//! What a kind of resource may say: the table from which parser, JSON Schema, docs and `explain`
//! come.
//!
//! The tables themselves stand with the kinds; this crate is handed them as a [`Schema`].

use crate::naming::{ForeignKind, Naming};
use crate::stack::Resource;
use crate::value::Map;

/// All kinds that a stack may use.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The kinds, sorted by name.
    pub kinds: &'static [&'static KindDef],
    /// Kinds that resources may name and that this version does not manage.
    pub foreign: &'static [ForeignKind],
}

/// One kind of resource, as the language sees it.
#[derive(Debug)]
pub struct KindDef {
    /// Its name in `type:`.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// Its fields, beside those that every entry has.
    pub fields: &'static [FieldDef],
    /// Attributes that are no fields: outputs such as `public_ip`. `id` is understood.
    pub attributes: &'static [AttrDef],
    /// Fields of which exactly one must be given.
    pub one_of: &'static [&'static [&'static str]],
    /// Fields of which at least one must be given.
    pub any_of: &'static [&'static [&'static str]],
    /// Whether resources of this kind carry tags.
    pub taggable: bool,
    /// Whether resources of this kind carry a description.
    pub described: bool,
    /// Limits of `name`, in characters, and its extra rule.
    pub name_rule: NameRule,
    /// Names that people bring from elsewhere, with what to write: `("vpc_id", "its VPC follows
    /// from `vswitch`")`.
    pub hints: &'static [(&'static str, &'static str)],
    /// How its resources are named from outside their entry.
    pub naming: Naming,
    /// Members of `lifecycle` beside those that every entry has, or in the place of one of them.
    pub lifecycle: &'static [FieldDef],
    /// Checks over one whole entry that no single type can make, offline.
    pub check: fn(&CheckCx<'_>) -> Vec<Problem>,
}

/// What a display name of a kind must look like.
#[derive(Debug, Clone, Copy)]
pub struct NameRule {
    /// The API's parameter, for messages and docs.
    pub param: &'static str,
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    /// How another name shows on what runs, for docs.
    pub change: &'static str,
}

/// What a kind's check may look at.
#[derive(Clone, Copy)]
pub struct CheckCx<'a> {
    /// The entry at hand, resolved.
    pub resource: &'a Resource,
    /// Every resource of the stack.
    pub all: &'a std::collections::BTreeMap<crate::address::Address, Resource>,
    /// The stack's region.
    pub region: &'a str,
}

/// A finding of a kind's check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a dotted path of fields with list indexes (`ingress.0.port`), empty for the entry as
    /// a whole.
    pub path: String,
    /// What is wrong: one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// One field of a kind, or one member of a structured field.
#[derive(Debug, Clone, Copy)]
pub struct FieldDef {
    /// Its name in the file.
    pub name: &'static str,
    /// What it takes.
    pub ty: Type,
    /// Whether it must be given.
    pub required: bool,
    /// What its absence means.
    pub unset: Unset,
    /// Whether references in it bind late: once both ends exist, making no cycle.
    pub late: bool,
    /// The attribute of what it refers to that is known only once it is bound; empty if there is
    /// none. The public address of a machine follows from the address that is attached to it.
    pub gives: &'static str,
    /// How the change of this field shows on what runs, for docs: `none`, `restart`, `replace!`, …
    pub change: &'static str,
    /// One line for people, with units and limits.
    pub doc: &'static str,
}

/// What the absence of a field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// It is not managed; the API's own default holds at creation.
    Unmanaged,
    /// This is sent at creation; afterwards it is not managed.
    Default(&'static str),
    /// None are wanted: an opening exists only if a line says so. `unmanaged` lets go.
    Closed,
}

/// The type of a field. A `${…}` is taken wherever the type is scalar, and checked after
/// evaluation.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// Text of so many characters.
    Text {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// Text that is never shown.
    Secret,
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, inclusive.
    Int {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
        /// Unit for messages: `GiB`, `Mbit/s`, or empty.
        unit: &'static str,
    },
    /// A decimal number.
    Number,
    /// A CIDR block without host bits.
    Cidr {
        /// Shortest prefix allowed.
        min: u8,
        /// Longest prefix allowed.
        max: u8,
    },
    /// An IP address.
    Ip,
    /// A port, a range `8000-9000`, or a list of them; becomes a list of `from/to` texts.
    Ports,
    /// A duration with its unit; becomes whole seconds.
    Duration,
    /// A zone of the stack's region.
    Zone,
    /// `HH:MM-HH:MM`.
    TimeSpan,
    /// One of these words, in this case.
    Enum(&'static [&'static str]),
    /// Something of this kind (or of one of several, parted by `|`): a name, a member, an
    /// expression, an id or a look-up. Becomes a reference (attribute `id`) or an id as text, or
    /// for a look-up a map that the kind resolves.
    Ref(&'static str),
    /// The source or destination of a rule: a CIDR block, an address, something of one of these
    /// kinds (parted by `|`), or a list of these. Becomes a list of maps with one key: `cidr`, or
    /// the [`PeerRole`](crate::naming::PeerRole)'s.
    Peers(&'static str),
    /// A list of items.
    List(&'static Self),
    /// A map with free keys.
    Map(&'static Self),
    /// A structure with these members.
    Struct(&'static [FieldDef]),
    /// A list of structures with these members.
    Rows(&'static [FieldDef]),
    /// A map with free keys, each a structure with these members.
    Named(&'static [FieldDef]),
    /// Either a word of the list, or the other type: `power: running` or `power: {running: …}`.
    WordOr(&'static [&'static str], &'static Self),
    /// Text, or `{file: PATH}` read relative to the spec file, or `{text|file|cloud_config, with}`.
    /// Becomes text (with references where `with` holds some).
    Content {
        /// Most bytes.
        max: usize,
        /// Whether `with` and `cloud_config` are taken.
        with: bool,
    },
    /// The path of a file beside the spec; `~/` is allowed. Becomes a path that the process can use
    /// (relative to where people stand, `~/` expanded); nothing is read.
    Path,
}

/// An attribute that is no field.
#[derive(Debug)]
pub struct AttrDef {
    /// Its name; nested ones with dots.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
}

impl Schema {
    /// A schema without any kind, for files and values in which no kind matters.
    pub const EMPTY: Self = Self {
        kinds: &[],
        foreign: &[],
    };

    /// The kind of this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&'static KindDef> {
        self.kinds.iter().copied().find(|kind| kind.name == name)
    }

    /// The fields of all kinds, without their members.
    pub fn fields(&self) -> impl Iterator<Item = &'static FieldDef> + '_ {
        self.kinds.iter().flat_map(|kind| kind.fields)
    }
}

impl FieldDef {
    /// A field that may be left out and is not managed then.
    #[must_use]
    pub const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self {
            name,
            ty,
            required: false,
            unset: Unset::Unmanaged,
            late: false,
            gives: "",
            change: "none",
            doc,
        }
    }
}

impl KindDef {
    /// The base of a kind: taggable, described, and without anything of its own but these fields.
    #[must_use]
    pub const fn new(name: &'static str, doc: &'static str, fields: &'static [FieldDef]) -> Self {
        Self {
            name,
            doc,
            fields,
            attributes: &[],
            one_of: &[],
            any_of: &[],
            taggable: true,
            described: true,
            name_rule: NameRule {
                param: "Name",
                min: 2,
                max: 128,
                change: "none",
            },
            hints: &[],
            naming: Naming::PLAIN,
            lifecycle: &[],
            check: no_check,
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A check for kinds that have none.
#[must_use]
pub fn no_check(_: &CheckCx<'_>) -> Vec<Problem> {
    Vec::new()
}

impl CheckCx<'_> {
    /// The fields of the entry at hand.
    #[must_use]
    pub fn fields(&self) -> &Map {
        &self.resource.fields
    }
}

impl std::fmt::Debug for CheckCx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckCx")
            .field("address", &self.resource.address)
            .finish_non_exhaustive()
    }
}

/// Whether a dotted path is an attribute of a kind: `id`, an output, a field or a member of one.
#[must_use]
pub fn attribute_exists(kind: &KindDef, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else {
        return false;
    };
    if rest.is_empty() && matches!(first.as_str(), "id" | "name" | "description") {
        return true;
    }
    let is_output = |attr: &AttrDef| {
        let parts: Vec<&str> = attr.name.split('.').collect();
        // A part in capitals, or `*`, stands for any name: `data_disks.NAME.id`.
        let same = |(part, name): (&&str, &String)| {
            *part == name || *part == "*" || part.bytes().all(|b| b.is_ascii_uppercase())
        };
        parts.len() == names.len() && parts.iter().zip(names).all(same)
    };
    kind.attributes.iter().any(is_output)
        || kind
            .field(first)
            .is_some_and(|field| has_member(&field.ty, rest))
}

fn has_member(ty: &Type, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else {
        return true;
    };
    match ty {
        Type::Struct(fields) => fields
            .iter()
            .any(|field| field.name == first && has_member(&field.ty, rest)),
        Type::Named(fields) => match rest.split_first() {
            None => true,
            Some((member, rest)) => fields
                .iter()
                .any(|field| field.name == member && has_member(&field.ty, rest)),
        },
        Type::Map(of) => has_member(of, rest),
        Type::List(of) => first.parse::<usize>().is_ok() && has_member(of, rest),
        Type::WordOr(_, other) => has_member(other, names),
        _ => false,
    }
}
