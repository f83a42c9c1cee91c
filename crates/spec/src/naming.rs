//! How resources of a kind are named from outside their entry: ids, look-ups, names from elsewhere.
//!
//! The language knows no kind. Each kind says in a [`Naming`] what others may write for one of its
//! resources; kinds that other resources may name and that this version does not manage say it in a
//! [`ForeignKind`]. Invariant: no two kinds of a schema share an id prefix.

use crate::schema::{Schema, Type};
use crate::types::Wrong;

/// A kind that resources may name and that this version does not manage.
#[derive(Debug, Clone, Copy)]
pub struct ForeignKind {
    /// Its name in types of fields.
    pub name: &'static str,
    /// How its resources are named.
    pub naming: Naming,
}

/// How resources of a kind are named from outside their entry.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// What stands before the `-` of an id: `vpc` for `vpc-2zeb1c2d3e4f`.
    pub id_prefixes: &'static [&'static str],
    /// What ends an id that has no prefix: `.vhd`.
    pub id_suffixes: &'static [&'static str],
    /// Names that the kind has elsewhere: `subnet` for a `vswitch`.
    pub synonyms: &'static [&'static str],
    /// Types that exist elsewhere and are a part of this kind here, with what to write.
    pub parts: &'static [(&'static str, &'static str)],
    /// What a look-up in braces may say.
    pub look_up: &'static [LookUpKey],
    /// Whether a look-up means the newest of several matches.
    pub finds_newest: bool,
    /// How one outside the stack is written, for hints; `NAME` stands for what was written.
    pub outside: &'static str,
    /// What it is among the sources and destinations of a rule; `None` if it has no part in them.
    pub peer: Option<PeerRole>,
}

/// A key of a look-up in braces.
#[derive(Debug, Clone, Copy)]
pub struct LookUpKey {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub ty: Type,
    /// Whether a look-up may say it alone; other keys narrow down or qualify.
    pub finds: bool,
}

/// What a kind is among the sources and destinations of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerRole {
    /// It is one itself.
    Peer {
        /// The key under which the canonical form of a rule holds it.
        key: &'static str,
        /// What to write where a rule names the resource that it stands in.
        own: &'static str,
    },
    /// It is none, but this attribute of it is a block or an address.
    Address(&'static str),
}

impl LookUpKey {
    /// A text by which something is found.
    #[must_use]
    pub const fn finding(name: &'static str) -> Self {
        Self {
            name,
            ty: Type::Text { min: 1, max: 256 },
            finds: true,
        }
    }

    /// A key that qualifies others.
    #[must_use]
    pub const fn beside(name: &'static str, ty: Type) -> Self {
        Self {
            name,
            ty,
            finds: false,
        }
    }
}

/// The key `id`.
pub const ID: LookUpKey = LookUpKey::finding("id");
/// The key `name`.
pub const NAME: LookUpKey = LookUpKey::finding("name");
/// The key `tags`.
pub const TAGS: LookUpKey = LookUpKey {
    ty: Type::Map(&Type::Text { min: 1, max: 256 }),
    ..LookUpKey::finding("tags")
};

/// What a look-up may say of most kinds.
pub const LOOK_UP: &[LookUpKey] = &[
    ID,
    NAME,
    TAGS,
    LookUpKey::beside("resource_group", Type::Text { min: 1, max: 256 }),
];

impl Naming {
    /// Of a kind without ids of a known form.
    pub const PLAIN: Self = Self {
        id_prefixes: &[],
        id_suffixes: &[],
        synonyms: &[],
        parts: &[],
        look_up: LOOK_UP,
        finds_newest: false,
        outside: "one outside this stack is its id, or `{name: NAME}`",
        peer: None,
    };

    /// Of a kind whose names are its ids.
    pub const BY_NAME: Self = Self {
        outside: "one outside this stack is `{name: NAME}`",
        ..Self::PLAIN
    };

    /// Of a kind whose ids begin with one of these prefixes and a hyphen.
    #[must_use]
    pub const fn ids(prefixes: &'static [&'static str]) -> Self {
        Self {
            id_prefixes: prefixes,
            ..Self::PLAIN
        }
    }

    /// Whether a text has the form of an id of this kind.
    #[must_use]
    pub fn is_id(&self, text: &str) -> bool {
        let mut rests = self
            .id_suffixes
            .iter()
            .filter_map(|suffix| text.strip_suffix(suffix));
        if rests.any(|rest| !rest.is_empty()) {
            return true;
        }
        let Some((prefix, rest)) = text.split_once('-') else {
            return false;
        };
        let is_code = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        rest.len() >= 12 && rest.bytes().all(is_code) && self.id_prefixes.contains(&prefix)
    }

    /// Under which key the canonical form of a rule holds a resource of this kind.
    #[must_use]
    pub fn peer_key(&self) -> Option<&'static str> {
        match self.peer {
            Some(PeerRole::Peer { key, .. }) => Some(key),
            Some(PeerRole::Address(_)) | None => None,
        }
    }
}

impl Schema {
    /// How resources of a kind are named, whether this version manages the kind or not.
    #[must_use]
    pub fn naming(&self, kind: &str) -> Naming {
        self.namings()
            .find(|(name, _)| *name == kind)
            .map_or(Naming::PLAIN, |(_, naming)| naming)
    }

    /// The kind of the resource that an id names, by the form of the id.
    #[must_use]
    pub fn id_kind(&self, text: &str) -> Option<&'static str> {
        self.namings()
            .find(|(_, naming)| naming.is_id(text))
            .map(|(name, _)| name)
    }

    /// The kind that a type from elsewhere means, whether this version manages it or not.
    #[must_use]
    pub fn kind_called(&self, name: &str) -> Option<&'static str> {
        self.namings()
            .find(|(own, naming)| *own == name || naming.synonyms.contains(&name))
            .map(|(own, _)| own)
    }

    /// What to write where a type from elsewhere is a part of a kind here.
    #[must_use]
    pub fn part_hint(&self, name: &str) -> Option<&'static str> {
        let mut parts = self.kinds.iter().flat_map(|kind| kind.naming.parts);
        parts.find(|(part, _)| *part == name).map(|(_, hint)| *hint)
    }

    /// Checks the name of a resource, module, output, alias or environment; `noun` says which.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check_name(&self, text: &str, noun: &str) -> Result<(), Wrong> {
        if self.id_kind(text).is_some() {
            let message = format!("`{text}` looks like an id and cannot be {noun}");
            return Err(Wrong::new(message));
        }
        crate::types::name(text, noun)
    }

    /// Every kind with its naming, the managed ones first.
    pub fn namings(&self) -> impl Iterator<Item = (&'static str, Naming)> + '_ {
        let own = self.kinds.iter().map(|kind| (kind.name, kind.naming));
        let foreign = self.foreign.iter().map(|kind| (kind.name, kind.naming));
        own.chain(foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: Schema = Schema {
        kinds: &[],
        foreign: &[
            ForeignKind {
                name: "instance",
                naming: Naming {
                    synonyms: &["server"],
                    ..Naming::ids(&["i"])
                },
            },
            ForeignKind {
                name: "image",
                naming: Naming {
                    id_suffixes: &[".vhd"],
                    ..Naming::ids(&["m"])
                },
            },
        ],
    };

    #[test]
    fn ids_tell_their_kind() {
        for (text, kind) in [
            ("i-2zea1b2c3d4e5f", Some("instance")),
            ("m-2zea1b2c3d4e5f", Some("image")),
            ("ubuntu_24_04_x64_20G_alibase_20251030.vhd", Some("image")),
            (".vhd", None),
            ("vpc-2zeb1c2d3e4f", None),
            ("i-short", None),
            ("i-2ZEA1B2C3D4E5F", None),
        ] {
            assert_eq!(SCHEMA.id_kind(text), kind, "{text}");
        }
    }

    #[test]
    fn ids_and_reserved_words_are_not_names() {
        for text in ["i-2zea1b2c3d4e5f", "y", "web-"] {
            assert!(SCHEMA.check_name(text, "a name").is_err(), "{text}");
        }
        // The same form with a prefix that no kind has.
        assert_eq!(SCHEMA.check_name("vpc-2zeb1c2d3e4f", "a name"), Ok(()));
    }

    #[test]
    fn names_from_elsewhere() {
        assert_eq!(SCHEMA.kind_called("server"), Some("instance"));
        assert_eq!(SCHEMA.kind_called("image"), Some("image"));
        assert_eq!(SCHEMA.kind_called("rocket"), None);
    }
}
