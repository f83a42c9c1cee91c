//! Kinds that fields refer to and that this version does not manage.
//!
//! The table tells the language the form of their ids and how they are looked up. Invariant: a
//! managed kind is not in the table, since its [`Naming`] is a part of the kind.

use setpoint_spec::naming::{ForeignKind, Naming, PeerRole};

/// The kinds, sorted by name.
pub(crate) static FOREIGN: &[ForeignKind] = &[
    kind("alarm_contact_group", Naming::BY_NAME),
    kind("auto_snapshot_policy", Naming::ids(&["sp"])),
    kind("deployment_set", Naming::ids(&["ds"])),
    kind("launch_template", Naming::ids(&["lt"])),
    kind("nat_gateway", Naming::ids(&["ngw"])),
    kind("network_interface", Naming::ids(&["eni"])),
    kind("prefix_list", PREFIX_LIST),
    kind("ram_role", Naming::BY_NAME),
    kind("route_table", Naming::ids(&["vtb"])),
    kind("snapshot", Naming::ids(&["s"])),
];

const fn kind(name: &'static str, naming: Naming) -> ForeignKind {
    ForeignKind { name, naming }
}

const PREFIX_LIST: Naming = Naming {
    peer: Some(PeerRole::Peer {
        key: "prefix_list",
        own: "write its entries in the rule instead",
    }),
    ..Naming::ids(&["pl"])
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use setpoint_spec::schema::{FieldDef, Schema, Type};

    use super::*;
    use crate::REGISTRY;

    #[test]
    fn no_kind_is_both_managed_and_foreign() {
        assert!(FOREIGN.is_sorted_by_key(|kind| kind.name));
        for kind in FOREIGN {
            assert!(REGISTRY.kind(kind.name).is_none(), "{}", kind.name);
        }
    }

    /// An id identifies its kind: no two kinds share a prefix, a suffix or a synonym.
    #[test]
    fn ids_and_synonyms_identify_their_kind() {
        let schema = REGISTRY.schema();
        let own = schema.kinds.iter().map(|kind| (kind.name, kind.naming));
        let foreign = schema.foreign.iter().map(|kind| (kind.name, kind.naming));
        let mut seen = BTreeSet::new();
        for (name, naming) in own.chain(foreign) {
            let forms = [naming.id_prefixes, naming.id_suffixes];
            for form in forms.into_iter().flatten() {
                assert!(seen.insert(*form), "`{form}` of {name} is already used");
            }
            for synonym in naming.synonyms {
                assert_eq!(schema.kind_called(synonym), Some(name), "{synonym}");
            }
        }
    }

    /// Every target of a reference is a managed kind or a foreign one.
    #[test]
    fn every_target_of_a_reference_is_known() {
        fn targets(ty: &Type) -> Vec<&'static str> {
            match ty {
                Type::Ref(kinds) | Type::Peers(kinds) => kinds.split('|').collect(),
                Type::List(of) | Type::Map(of) | Type::WordOr(_, of) => targets(of),
                Type::Struct(fields) | Type::Rows(fields) | Type::Named(fields) => all(fields),
                _ => Vec::new(),
            }
        }
        fn all(fields: &[FieldDef]) -> Vec<&'static str> {
            fields.iter().flat_map(|field| targets(&field.ty)).collect()
        }
        fn is_known(schema: &Schema, name: &str) -> bool {
            schema.kind(name).is_some() || schema.foreign.iter().any(|kind| kind.name == name)
        }
        let schema = REGISTRY.schema();
        let mut count = 0;
        for kind in schema.kinds {
            for target in all(kind.fields) {
                assert!(is_known(&schema, target), "{} names {target}", kind.name);
                count += 1;
            }
        }
        assert!(count > 5, "{count} references were looked at");
    }
}
