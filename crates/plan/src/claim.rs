//! Exclusive values: a name, a number, an address, a block or a slot that only one live resource
//! can hold at a time.
//!
//! A kind says which of them a live or desired resource holds ([`crate::kind::Kind::claims`]). Two
//! claims can be compared if they have the same kind, field and scope. Blocks conflict if they
//! overlap, all other values if they are equal. Slots are compared across kinds: a machine with an
//! address of its own has no slot left for another one. A [`Room`] is the counterpart for blocks:
//! the blocks that the scope itself offers at each stage of its own update.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::Value;

/// A value that at most one live resource of a scope can hold at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The field that holds the value.
    pub field: &'static str,
    /// The id of the resource inside which the value is unique, or a reference to one that the plan
    /// creates; `Null` if it is unique in the whole region.
    pub scope: Value,
    /// The value that is claimed.
    pub what: Claimed,
    /// How the holder can release it, for people; empty if only another value helps.
    pub way: &'static str,
}

/// An exclusive value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claimed {
    /// A name.
    Name(String),
    /// A number.
    Number(i64),
    /// An address.
    Address(IpAddr),
    /// A block of addresses. It conflicts with every block that overlaps it.
    Block(IpNet),
    /// A place for one resource, and the id of the resource that has the place:
    /// `public address slot`, `i-1`.
    Slot(&'static str, String),
}

impl Claim {
    /// Returns the claim of a name that is unique in its scope; `None` if the value is not known.
    #[must_use]
    pub fn name(field: &'static str, scope: Value, value: &Value) -> Option<Self> {
        let what = Claimed::Name(value.as_text()?.to_owned());
        Some(Self {
            field,
            scope,
            what,
            way: "",
        })
    }

    /// Returns the claim of a slot of the resource with this id; `None` if the id is not known.
    /// `way` says how the holder can release it.
    #[must_use]
    pub fn slot(
        field: &'static str,
        slot: &'static str,
        of: &Value,
        way: &'static str,
    ) -> Option<Self> {
        Some(Self {
            field,
            scope: Value::Null,
            what: Claimed::Slot(slot, of.as_text()?.to_owned()),
            way,
        })
    }

    /// Returns the claim of a number that is unique inside another resource; `None` if the value or
    /// the scope is missing.
    #[must_use]
    pub fn number(field: &'static str, scope: Value, value: &Value) -> Option<Self> {
        let what = Claimed::Number(value.as_int()?);
        Self::inside(field, scope, what)
    }

    /// Returns the claim of an address inside another resource; `None` if the value or the scope is
    /// missing.
    #[must_use]
    pub fn address(field: &'static str, scope: Value, value: &Value) -> Option<Self> {
        let what = Claimed::Address(value.as_text()?.parse().ok()?);
        Self::inside(field, scope, what)
    }

    /// Returns the claim of a block of addresses inside another resource; `None` if the value or
    /// the scope is missing.
    #[must_use]
    pub fn block(field: &'static str, scope: Value, value: &Value) -> Option<Self> {
        let block: IpNet = value.as_text()?.parse().ok()?;
        Self::inside(field, scope, Claimed::Block(block.trunc()))
    }

    fn inside(field: &'static str, scope: Value, what: Claimed) -> Option<Self> {
        (scope != Value::Null).then_some(Self {
            field,
            scope,
            what,
            way: "",
        })
    }

    /// Returns whether the two cannot be held at the same time. Both must be of the same kind, or
    /// slots.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        let is_one_field = self.field == other.field || self.is_slot();
        is_one_field && self.scope == other.scope && self.what.conflicts(&other.what)
    }

    /// Returns whether it is a slot.
    #[must_use]
    pub fn is_slot(&self) -> bool {
        matches!(self.what, Claimed::Slot(..))
    }

    /// Returns what to do if the holder keeps it.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self.way {
            "" => format!("choose another {}", self.what.noun()),
            way => way.to_owned(),
        }
    }

    /// Returns the block, if it is one.
    #[must_use]
    pub fn as_block(&self) -> Option<&IpNet> {
        match &self.what {
            Claimed::Block(block) => Some(block),
            Claimed::Name(_) | Claimed::Number(_) | Claimed::Address(_) | Claimed::Slot(..) => None,
        }
    }
}

impl Claimed {
    /// Returns its name in messages.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Number(_) => "number",
            Self::Address(_) => "address",
            Self::Block(_) => "block",
            Self::Slot(slot, _) => slot,
        }
    }

    fn conflicts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Block(a), Self::Block(b)) => a.contains(b) || b.contains(a),
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "name `{name}`"),
            Self::Number(number) => write!(f, "number {number}"),
            Self::Address(address) => write!(f, "address {address}"),
            Self::Block(block) => write!(f, "block {block}"),
            Self::Slot(slot, of) => write!(f, "{slot} of {of}"),
        }
    }
}

/// The blocks that a resource offers to its children, at each stage of its update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Before the update.
    pub at_first: Vec<IpNet>,
    /// After the blocks that conflict with new ones were removed, before the new ones are added.
    pub cleared: Vec<IpNet>,
    /// Between its first calls and those that come after everything else (`At::After`).
    pub meanwhile: Vec<IpNet>,
    /// After the update.
    pub at_last: Vec<IpNet>,
}

impl Room {
    /// The index of the stage before the update.
    pub const AT_FIRST: usize = 0;
    /// The index of the stage between the first and the last calls.
    pub const MEANWHILE: usize = 2;
    /// The index of the stage after the update.
    pub const AT_LAST: usize = 3;

    fn stages(&self) -> [&[IpNet]; 4] {
        [
            &self.at_first,
            &self.cleared,
            &self.meanwhile,
            &self.at_last,
        ]
    }

    /// Returns whether it offers the same blocks at each stage.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let stages = self.stages();
        stages.iter().all(|stage| *stage == stages[0])
    }

    /// Returns the last stage up to which an existing block may stay.
    #[must_use]
    pub fn stays_until(&self, block: &IpNet) -> usize {
        let outside = |room: &&[IpNet]| !holds(room, block);
        let first_outside = self.stages().iter().position(outside);
        first_outside.map_or(Self::AT_LAST, |stage| stage.saturating_sub(1))
    }

    /// Returns the first stage from which a new block may exist.
    #[must_use]
    pub fn there_from(&self, block: &IpNet) -> usize {
        let outside = |room: &&[IpNet]| !holds(room, block);
        let last_outside = self.stages().iter().rposition(outside);
        last_outside.map_or(Self::AT_FIRST, |stage| (stage + 1).min(Self::AT_LAST))
    }
}

fn holds(room: &[IpNet], block: &IpNet) -> bool {
    room.iter().any(|outer| outer.contains(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Claim {
        Claim::block("cidr_block", "vpc-1".into(), &text.into()).expect("a block")
    }

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts
            .iter()
            .map(|text| text.parse().expect("a block"))
            .collect()
    }

    #[test]
    fn overlapping_blocks_of_one_scope_conflict() {
        for (a, b, expected) in [
            ("10.0.1.0/24", "10.0.1.0/24", true),
            ("10.0.1.0/24", "10.0.1.128/25", true),
            ("10.0.1.128/25", "10.0.1.0/24", true),
            ("10.0.1.7/24", "10.0.1.0/25", true),
            ("10.0.1.0/25", "10.0.1.128/25", false),
            ("10.0.1.0/24", "10.0.2.0/24", false),
        ] {
            assert_eq!(block(a).conflicts(&block(b)), expected, "{a} {b}");
        }
        let elsewhere = Claim {
            scope: "vpc-2".into(),
            ..block("10.0.1.0/24")
        };
        assert!(!block("10.0.1.0/24").conflicts(&elsewhere));
    }

    #[test]
    fn other_values_conflict_if_they_are_equal() {
        let name = |text: &str| Claim::name("name", Value::Null, &text.into());
        let address = |text: &str| Claim::address("private_ip", "vsw-1".into(), &text.into());
        let both =
            |a: Option<Claim>, b: Option<Claim>| a.expect("known").conflicts(&b.expect("known"));
        assert!(both(name("a"), name("a")));
        assert!(!both(name("a"), name("b")));
        assert!(both(address("10.0.1.5"), address("10.0.1.5")));
        assert!(!both(address("10.0.1.5"), address("10.0.1.6")));
        assert_eq!(
            name("a").map(|one| one.what.to_string()).as_deref(),
            Some("name `a`")
        );
    }

    #[test]
    fn a_slot_is_shared_by_all_kinds() {
        let slot = |field, of: &str| Claim::slot(field, "address slot", &of.into(), "");
        let (eip, machine) = (slot("on", "i-1"), slot("bandwidth", "i-1"));
        let other = slot("on", "i-2");
        let conflict = |a: &Option<Claim>, b: &Option<Claim>| {
            let (a, b) = a.as_ref().zip(b.as_ref()).expect("known");
            a.conflicts(b)
        };
        assert!(conflict(&eip, &machine));
        assert!(!conflict(&eip, &other));
        assert_eq!(Claim::slot("on", "address slot", &Value::Null, ""), None);
    }

    #[test]
    fn an_unknown_value_claims_nothing() {
        let unknown = Value::reference(&crate::fixtures::address("net"), "id");
        assert_eq!(Claim::name("name", Value::Null, &unknown), None);
        assert_eq!(
            Claim::block("cidr_block", Value::Null, &"10.0.0.0/8".into()),
            None
        );
        assert_eq!(Claim::number("ipv6", "vpc-1".into(), &Value::Null), None);
    }

    #[test]
    fn a_room_limits_how_long_a_block_may_exist() {
        // The secondary block 10.8.0.0/16 conflicts with a new one, and 10.5.0.0/16 stays. The
        // primary block changes last.
        let room = Room {
            at_first: nets(&["10.20.0.0/16", "10.8.0.0/16", "10.5.0.0/16"]),
            cleared: nets(&["10.20.0.0/16", "10.5.0.0/16"]),
            meanwhile: nets(&["10.20.0.0/16", "10.8.0.0/15", "10.5.0.0/16"]),
            at_last: nets(&["10.30.0.0/16", "10.8.0.0/15", "10.5.0.0/16"]),
        };
        for (text, until, from) in [
            ("10.5.1.0/24", Room::AT_LAST, Room::AT_FIRST),
            ("10.8.1.0/24", Room::AT_FIRST, Room::MEANWHILE),
            ("10.9.1.0/24", Room::AT_FIRST, Room::MEANWHILE),
            ("10.20.1.0/24", Room::MEANWHILE, Room::AT_LAST),
            ("10.30.1.0/24", Room::AT_FIRST, Room::AT_LAST),
        ] {
            let block: IpNet = text.parse().expect("a block");
            assert_eq!(room.stays_until(&block), until, "{text}");
            assert_eq!(room.there_from(&block), from, "{text}");
        }
    }
}
