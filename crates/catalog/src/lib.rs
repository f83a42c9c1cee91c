//! The kinds of resources, one file each, all of one shape.
//!
//! A kind's file, in this order: header (states, limits, sources), the kind, its table, updates,
//! views, codes, the desired resource, procedures, tests. Adding a kind adds one file and one line in
//! [`kinds!`]. Invariant: kinds are data and pure functions; no I/O, no clock.

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

/// The kinds that a run knows.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(KINDS, foreign::FOREIGN));

#[cfg(test)]
mod tests {
    use setpoint_plan::field::{Change, Field, Role, Shape};

    use super::*;

    #[test]
    fn kinds_are_sorted_by_name() {
        assert!(KINDS.is_sorted_by_key(|kind| kind.name));
    }

    /// Every field says what a difference leads to: alone, by its members, or as a part of the
    /// structure around it.
    #[test]
    fn every_field_has_a_change() {
        fn check(kind: &Kind, path: &str, fields: &[Field], is_part: bool) {
            for field in fields {
                let path = format!("{path}.{}", field.name);
                let has_change = !matches!(field.change, Change::Part);
                assert_eq!(has_change, !is_part || field.role == Role::Output, "{path}");
                let holds_parts = !matches!(field.change, Change::Members);
                assert!(
                    field.shape != Shape::Plain || field.members.is_empty(),
                    "{path}"
                );
                check(kind, &path, field.members, holds_parts);
            }
        }
        for kind in KINDS {
            check(kind, kind.name, kind.fields, false);
        }
    }
}
