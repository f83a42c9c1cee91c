//! The kinds of resources that Setpoint manages, one module each.
//!
//! A kind is a [`Kind`]: a table of fields, the views that read its resources, and the procedures
//! that create, update and delete them. All modules have the same order: header (states, limits,
//! sources), the kind, its table, updates, views, error codes, the desired resource, procedures,
//! tests. To add a kind, add its module and one line in `kinds!`.
//!
//! Invariant: kinds are data and pure functions, without I/O and without a clock. A procedure is a
//! value that the engine interprets.

use std::sync::LazyLock;

use setpoint_plan::kind::Kind;
use setpoint_plan::registry::Registry;

mod foreign;
mod shared;
pub mod starter;

/// Declares the modules of all kinds and lists them, sorted by name.
macro_rules! kinds {
    ($($module:ident: $kind:ident,)*) => {
        $(pub mod $module;)*

        static KINDS: &[&Kind] = &[$(&$module::$kind),*];
    };
}

kinds! {
    disk: DISK,
    eip: EIP,
    image: IMAGE,
    instance: INSTANCE,
    key_pair: KEY_PAIR,
    metric_alarm: METRIC_ALARM,
    security_group: SECURITY_GROUP,
    vpc: VPC,
    vswitch: VSWITCH,
}

/// The registry of all kinds, and of those that fields may refer to but that are not managed.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(KINDS, foreign::FOREIGN));

#[cfg(test)]
mod tests {
    use setpoint_plan::Map;
    use setpoint_plan::field::{Field, OnChange, Role, Shape};
    use setpoint_plan::kind::Site;
    use setpoint_plan::ownership::{GUARD_MAX, Guard, KEYED_DIGEST_MAX};
    use setpoint_plan::update::Update;
    use setpoint_spec::naming::LookUpKey;

    use super::*;

    #[test]
    fn kinds_are_sorted_by_name() {
        assert!(KINDS.is_sorted_by_key(|kind| kind.name));
    }

    /// A key of a look-up is never accepted and ignored.
    #[test]
    fn a_look_up_sends_the_resource_group_that_it_accepts() {
        let site = Site {
            account: "1000000000000001".to_owned(),
            region: "cn-beijing".to_owned(),
        };
        let by = Map::from([("name", "a".into()), ("resource_group", "rg-1".into())]);
        for kind in KINDS {
            let accepts = |key: &LookUpKey| key.name == "resource_group";
            let query = kind.find(&site, &by);
            let sent = query.map(|query| query.args).unwrap_or_default();
            let sends = sent.iter().any(|(name, _)| *name == "ResourceGroupId");
            assert_eq!(
                sends,
                kind.naming.look_up.iter().any(accepts),
                "{}",
                kind.name
            );
        }
    }

    /// Every field defines what a difference leads to: itself, by its members, or as a part of the
    /// structure around it.
    #[test]
    fn every_field_defines_its_change() {
        fn check(path: &str, fields: &[Field], is_part: bool) {
            for field in fields {
                let path = format!("{path}.{}", field.name);
                let has_change = !matches!(field.change, OnChange::Part);
                assert_eq!(has_change, !is_part || field.role == Role::Output, "{path}");
                let holds_parts = !matches!(field.change, OnChange::Members);
                assert!(
                    field.shape != Shape::Plain || field.members.is_empty(),
                    "{path}"
                );
                check(&path, field.members, holds_parts);
            }
        }
        for kind in KINDS {
            check(kind.name, kind.fields, false);
        }
    }
    /// The guard tag has room for all marks and digests of a kind, and for the reserved keyed
    /// digest. Marks that a kind sets itself, and digests of updates that only a judgement names,
    /// are in no row, so they are listed here.
    #[test]
    fn the_longest_guard_of_every_kind_fits_into_a_tag() {
        let marks_by_hand = [("image", image::OWN_SNAPSHOTS)];
        let digests_by_hand = [("instance", instance::USER_DATA)];
        let of = |kind: &Kind, named: &[(&str, &'static str)]| {
            let own = named.iter().filter(|(name, _)| *name == kind.name);
            own.map(|(_, word)| *word).collect::<Vec<_>>()
        };
        let digest = |key: &str| (key.to_owned(), "0123456789abcdef".to_owned());
        for kind in KINDS {
            let rows = kind.rows();
            let updates: Vec<&Update> = rows.iter().flat_map(|row| updates(row.field)).collect();
            let own = [kind.window_mark, kind.pending_mark].into_iter();
            let marks = own.chain(updates.iter().map(|update| update.mark));
            let marks = marks.flatten().chain(of(kind, &marks_by_hand));
            let digests = updates.iter().filter_map(|update| update.digest);
            let digests = digests.chain(of(kind, &digests_by_hand));
            let keyed = ("h".to_owned(), "x".repeat(KEYED_DIGEST_MAX));
            let guard = Guard {
                kind: Some(kind.name.to_owned()),
                protect: true,
                keep: true,
                incarnation: u32::MAX,
                marks: marks.map(ToOwned::to_owned).collect(),
                digests: digests.map(digest).chain([keyed]).collect(),
            };
            let words = guard.encode();
            assert!(words.contains(",i4294967295,"), "{words}");
            let length = words.len();
            assert!(length <= GUARD_MAX, "{length} characters: {words}");
            assert_eq!(Guard::decode(&words), guard);
        }
    }

    /// Returns the updates that a field names.
    fn updates(field: &Field) -> Vec<&'static Update> {
        let own = match field.change {
            OnChange::Update(update) => Some(update),
            _ => field.via,
        };
        own.into_iter().chain(field.leave).collect()
    }
}
