//! The table of a kind: its fields with their types. Parser, JSON Schema, reference pages and
//! `explain` are all derived from it.
//!
//! The tables themselves are in the crate that implements the kinds; the caller passes them in as a
//! [`Schema`].

use crate::naming::{ForeignKind, Naming};
use crate::stack::Resource;
use crate::value::Map;

/// All kinds that a stack may use.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The kinds, sorted by name.
    pub kinds: &'static [&'static KindDef],
    /// Kinds that resources may refer to but that this version does not manage.
    pub foreign: &'static [ForeignKind],
}

/// One kind of resource, as the language sees it.
#[derive(Debug)]
pub struct KindDef {
    /// Its name in `type:`.
    pub name: &'static str,
    /// One line of description.
    pub doc: &'static str,
    /// Its fields, besides those that every kind has.
    pub fields: &'static [FieldDef],
    /// Attributes that are not fields, such as `public_ip`; every kind also has `id`.
    pub attributes: &'static [AttrDef],
    /// Fields of which exactly one must be set.
    pub one_of: &'static [&'static [&'static str]],
    /// Fields of which at least one must be set.
    pub any_of: &'static [&'static [&'static str]],
    /// Whether resources of this kind can have tags.
    pub taggable: bool,
    /// Whether resources of this kind can have a description.
    pub described: bool,
    /// The rule for `name`.
    pub name_rule: NameRule,
    /// Names of fields in other tools, each with the hint that replaces it: ``("vpc_id", "its VPC
    /// follows from `vswitch`")``.
    pub hints: &'static [(&'static str, &'static str)],
    /// The forms that refer to its resources.
    pub naming: Naming,
    /// Members of `lifecycle` besides the common ones, or that replace a common one.
    pub lifecycle: &'static [FieldDef],
    /// Checks of a whole entry that the types of single fields cannot express. They need no
    /// network.
    pub check: fn(&CheckCx<'_>) -> Vec<Problem>,
}

/// The rule for display names of a kind.
#[derive(Debug, Clone, Copy)]
pub struct NameRule {
    /// The parameter of the API, for messages and docs.
    pub param: &'static str,
    /// The smallest number of characters.
    pub min: usize,
    /// The largest number of characters.
    pub max: usize,
    /// The effect of changing the name, for docs; see [`FieldDef::change`].
    pub change: &'static str,
}

/// The input of a kind's check.
#[derive(Clone, Copy)]
pub struct CheckCx<'a> {
    /// The resource to check.
    pub resource: &'a Resource,
    /// Every resource of the stack.
    pub all: &'a std::collections::BTreeMap<crate::address::Address, Resource>,
    /// The stack's region.
    pub region: &'a str,
}

/// An error found by a kind's check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place: a dotted path of fields with list indexes (`ingress.0.port`), empty for the whole
    /// entry.
    pub path: String,
    /// The problem, as one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// One field of a kind, or one member of a structured field.
#[derive(Debug, Clone, Copy)]
pub struct FieldDef {
    /// Its name in the file.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// Whether it must be set.
    pub required: bool,
    /// The meaning of an unset field.
    pub unset: Unset,
    /// Whether references in it bind late, once both resources exist, and therefore cause no cycle.
    pub late: bool,
    /// The attribute of the target that is known only once the reference is bound; empty if there
    /// is none. For example, `attach_to` of an `eip` gives the machine its `public_ip`.
    pub gives: &'static str,
    /// The effect of a change of this field on the running resource, for docs: `none`, `restart`,
    /// `replace`, …; a trailing `!` means that the step is held.
    pub change: &'static str,
    /// One line of description, with units and limits.
    pub doc: &'static str,
}

/// The meaning of an unset field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// It is not managed; the API's default applies at creation.
    Unmanaged,
    /// This value is sent at creation; afterwards the field is not managed.
    Default(&'static str),
    /// There must be none, as for firewall rules; the word `unmanaged` stops managing the field.
    Closed,
}

/// The type of a field. Wherever it is scalar, an expression is accepted and its value is checked.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// A text with a length in characters.
    Text {
        /// The smallest length.
        min: usize,
        /// The largest length.
        max: usize,
    },
    /// A text that is never shown.
    Secret,
    /// `true` or `false`.
    Bool,
    /// A whole number within inclusive bounds.
    Int {
        /// The smallest value.
        min: i64,
        /// The largest value.
        max: i64,
        /// The unit for messages, such as `GiB` or `Mbit/s`; empty if it has none.
        unit: &'static str,
    },
    /// A decimal number.
    Number,
    /// A CIDR block without bits set after its prefix.
    Cidr {
        /// The shortest accepted prefix.
        min: u8,
        /// The longest accepted prefix.
        max: u8,
    },
    /// An IP address.
    Ip,
    /// A port, a range `8000-9000`, or a list of these. The canonical form is a list of `from/to`
    /// texts.
    Ports,
    /// A duration with its unit. The canonical form is whole seconds.
    Duration,
    /// A zone of the stack's region.
    Zone,
    /// `HH:MM-HH:MM`.
    TimeSpan,
    /// One of these words, in the same case.
    Enum(&'static [&'static str]),
    /// A reference to a resource of this kind, or of one of several separated by `|`: a name, a
    /// member, an expression, an id or a look-up. The canonical form is a reference to the
    /// attribute `id`, an id as text, or for a look-up a map that the kind resolves.
    Ref(&'static str),
    /// The source or destination of a firewall rule: a CIDR block, an address, a resource of one of
    /// these kinds (separated by `|`), or a list of these. The canonical form is a list of maps
    /// with one key: `cidr`, or the key of the [`PeerRole`](crate::naming::PeerRole).
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
    /// A text, a file as `{file: PATH}`, or `{text|file|cloud_config, with}`. The canonical form is
    /// the text, with references where the values of `with` are known after apply.
    Content {
        /// The largest size in bytes.
        max: usize,
        /// Whether `text`, `cloud_config` and `with` are accepted.
        with: bool,
    },
    /// The path of a file, relative to the spec or below `~/`. The canonical form is a path that
    /// the process can use, relative to the working folder or with `~/` expanded. Nothing is read.
    Path,
}

/// An attribute that is not a field.
#[derive(Debug)]
pub struct AttrDef {
    /// Its name, with dots if it is nested.
    pub name: &'static str,
    /// One line of description.
    pub doc: &'static str,
}

impl Schema {
    /// A schema without kinds, for files and values that need none.
    pub const EMPTY: Self = Self {
        kinds: &[],
        foreign: &[],
    };

    /// Returns the kind with this name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&'static KindDef> {
        self.kinds.iter().copied().find(|kind| kind.name == name)
    }

    /// Returns the fields of all kinds, without their members.
    pub fn fields(&self) -> impl Iterator<Item = &'static FieldDef> + '_ {
        self.kinds.iter().flat_map(|kind| kind.fields)
    }
}

impl FieldDef {
    /// Creates an optional field that is not managed if it is unset.
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
    /// Creates a kind with these fields, which has tags and a description and nothing else of its
    /// own.
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

    /// Returns the field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The check of a kind that needs none.
#[must_use]
pub fn no_check(_: &CheckCx<'_>) -> Vec<Problem> {
    Vec::new()
}

impl CheckCx<'_> {
    /// The fields of the resource to check.
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

/// Whether a dotted path is an attribute of a kind: `id`, an attribute, a field or a member of a
/// field.
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
        // A part in capitals, or `*`, means any name: `data_disks.NAME.id`.
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
