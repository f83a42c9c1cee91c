//! The kinds of resources, one file each, all of one shape.
//!
//! A kind's file, in this order: header (actions, states, limits) · field table · reading (list, poll, decode) · what is
//! wanted (desire) · rules (how each attribute changes) · procedures (create, update, delete) · tests. Adding a kind
//! adds one file and one line in [`REGISTRY`]. Invariant: kinds are data and pure functions; no I/O, no clock.

pub mod instance;
pub mod key_pair;
pub mod metric_alarm;
pub mod security_group;
mod shared;
pub mod vpc;
pub mod vswitch;

use setpoint_plan::kind::Kind;
use setpoint_plan::registry::Registry;
use setpoint_spec::schema::KindDef;

/// Every kind, sorted by name.
static KINDS: &[&dyn Kind] = &[
    &instance::Instance,
    &key_pair::KeyPair,
    &metric_alarm::MetricAlarm,
    &security_group::SecurityGroup,
    &vpc::Vpc,
    &vswitch::VSwitch,
];

/// Their tables, in the same order.
static DEFS: &[&KindDef] = &[
    &instance::DEF,
    &key_pair::DEF,
    &metric_alarm::DEF,
    &security_group::DEF,
    &vpc::DEF,
    &vswitch::DEF,
];

/// The kinds that a run knows.
pub static REGISTRY: Registry = Registry::new(KINDS, DEFS);

#[cfg(test)]
mod tests {
    use setpoint_spec::schema::Type;

    use super::*;

    #[test]
    fn kinds_are_sorted_and_match_their_tables() {
        let names: Vec<&str> = REGISTRY.kinds().map(Kind::name).collect();
        let defs: Vec<&str> = DEFS.iter().map(|def| def.name).collect();
        assert_eq!(names, defs);
        assert!(names.is_sorted());
    }

    /// A field without a rule would be read and never compared.
    #[test]
    fn every_field_has_a_rule() {
        for kind in REGISTRY.kinds() {
            for field in kind.def().fields {
                let ruled = |attr: &str| kind.rule(attr).is_some();
                match field.ty {
                    Type::Struct(members) => {
                        for member in members {
                            let attr = format!("{}.{}", field.name, member.name);
                            assert!(
                                ruled(&attr) || ruled(field.name),
                                "{}.{attr} has no rule",
                                kind.name()
                            );
                        }
                    }
                    _ => assert!(
                        ruled(field.name),
                        "{}.{} has no rule",
                        kind.name(),
                        field.name
                    ),
                }
            }
        }
    }
}
