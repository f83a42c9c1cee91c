//! The forms in which a spec refers to resources of a kind: ids, look-ups, and the names of the
//! kind in other tools.
//!
//! The language knows no kind, so each kind describes these forms in a [`Naming`]. A
//! [`ForeignKind`] describes a kind that resources may refer to but that this version does not
//! manage.
//!
//! Invariant: no two kinds of a schema share an id prefix, so the form of an id determines its
//! kind.

use crate::schema::{Schema, Type};
use crate::types::Wrong;

/// A kind that resources may refer to but that this version does not manage.
#[derive(Debug, Clone, Copy)]
pub struct ForeignKind {
    /// Its name in the types of fields.
    pub name: &'static str,
    /// The forms that refer to its resources.
    pub naming: Naming,
}

/// The forms that refer to resources of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// The prefixes of its ids, without the `-`: `vpc` for `vpc-2zeb1c2d3e4f`.
    pub id_prefixes: &'static [&'static str],
    /// The endings of ids that have no prefix: `.vhd`.
    pub id_suffixes: &'static [&'static str],
    /// The names of the kind in other tools: `subnet` for a `vswitch`.
    pub synonyms: &'static [&'static str],
    /// Types of other tools that are a part of this kind here, each with the hint that replaces it.
    pub parts: &'static [(&'static str, &'static str)],
    /// The keys of a look-up in braces.
    pub look_up: &'static [LookUpKey],
    /// Whether a look-up with several matches takes the newest one.
    pub finds_newest: bool,
    /// The hint for a resource outside the stack; `NAME` is replaced by the word in the spec.
    pub outside: &'static str,
    /// Its role as the source or destination of a rule; `None` if it cannot be one.
    pub peer: Option<PeerRole>,
}

/// A key of a look-up in braces.
#[derive(Debug, Clone, Copy)]
pub struct LookUpKey {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// Whether it can identify a resource alone; other keys only narrow the search.
    pub finds: bool,
}

/// The role of a kind as the source or destination of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerRole {
    /// Its resources can be sources and destinations.
    Peer {
        /// Its key in the canonical form of a rule.
        key: &'static str,
        /// The hint for a rule that names its own resource.
        own: &'static str,
    },
    /// Its resources cannot, but this attribute is a block or an address.
    Address(&'static str),
}

impl LookUpKey {
    /// A key with a text value that can identify a resource.
    #[must_use]
    pub const fn finding(name: &'static str) -> Self {
        Self {
            name,
            ty: Type::Text { min: 1, max: 256 },
            finds: true,
        }
    }

    /// A key that only narrows the search.
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

/// The look-up keys of most kinds.
pub const LOOK_UP: &[LookUpKey] = &[
    ID,
    NAME,
    TAGS,
    LookUpKey::beside("resource_group", Type::Text { min: 1, max: 256 }),
];

impl Naming {
    /// The naming of a kind whose ids have no known form.
    pub const PLAIN: Self = Self {
        id_prefixes: &[],
        id_suffixes: &[],
        synonyms: &[],
        parts: &[],
        look_up: LOOK_UP,
        finds_newest: false,
        outside: "for one outside this stack, write its id or `{name: NAME}`",
        peer: None,
    };

    /// The naming of a kind whose names are its ids.
    pub const BY_NAME: Self = Self {
        outside: "for one outside this stack, write `{name: NAME}`",
        ..Self::PLAIN
    };

    /// The naming of a kind whose ids begin with one of these prefixes and a hyphen.
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

    /// The key of a resource of this kind in the canonical form of a rule.
    #[must_use]
    pub fn peer_key(&self) -> Option<&'static str> {
        match self.peer {
            Some(PeerRole::Peer { key, .. }) => Some(key),
            Some(PeerRole::Address(_)) | None => None,
        }
    }
}

impl Schema {
    /// Returns the naming of a kind, whether or not this version manages it.
    #[must_use]
    pub fn naming(&self, kind: &str) -> Naming {
        self.namings()
            .find(|(name, _)| *name == kind)
            .map_or(Naming::PLAIN, |(_, naming)| naming)
    }

    /// Returns the kind of an id, by its form.
    #[must_use]
    pub fn id_kind(&self, text: &str) -> Option<&'static str> {
        self.namings()
            .find(|(_, naming)| naming.is_id(text))
            .map(|(name, _)| name)
    }

    /// Returns the kind that a type of another tool means, whether or not this version manages it.
    #[must_use]
    pub fn kind_called(&self, name: &str) -> Option<&'static str> {
        self.namings()
            .find(|(own, naming)| *own == name || naming.synonyms.contains(&name))
            .map(|(own, _)| own)
    }

    /// Returns the hint for a type of another tool that is a part of a kind here.
    #[must_use]
    pub fn part_hint(&self, name: &str) -> Option<&'static str> {
        let mut parts = self.kinds.iter().flat_map(|kind| kind.naming.parts);
        parts.find(|(part, _)| *part == name).map(|(_, hint)| *hint)
    }

    /// Checks the name of a resource, module, output, alias or environment; `noun` is used in the
    /// message.
    ///
    /// # Errors
    /// The rule that the name violates.
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
