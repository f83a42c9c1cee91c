//! The pairing of rows with addresses.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fixtures::stub::REGISTRY;
use crate::fixtures::world::{World, world};
use crate::fixtures::{address, live};
use crate::live::Live;
use crate::ownership;
use crate::planner::pair::pair;
use crate::planner::{Paired, PlanErrorClass};

fn paired(world: &World) -> BTreeMap<String, Paired> {
    let paired = pair(&world.intent, &world.snapshot, &world.options);
    let paired = paired.expect("rows can be paired").into_iter();
    paired
        .map(|(address, one)| (address.to_string(), one))
        .collect()
}

/// The ids of the main row, of superseded rows and of rows of other kinds: `main | … | …`.
fn shown(one: &Paired) -> String {
    let ids = |rows: &[Arc<Live>]| {
        let ids: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {}", row.kind, row.id))
            .collect();
        ids.join(", ")
    };
    let main: Vec<Arc<Live>> = one.main.iter().cloned().collect();
    format!(
        "{} | {} | {}",
        ids(&main),
        ids(&one.superseded),
        ids(&one.other_kind)
    )
}

#[test]
fn a_row_is_paired_by_kind_and_address() {
    for (before, after, expected) in [
        (&[] as &[&str], &["a key"] as &[&str], " |  | "),
        (&["a key"], &["a key"], "key id-a |  | "),
        // The row is paired although the file no longer contains its address.
        (&["a key"], &[], "key id-a |  | "),
        (
            &["a key", "a key +i2", "a key +i1"],
            &["a key"],
            "key id-a-2 | key id-a, key id-a-1 | ",
        ),
        (&["a key"], &["a machine"], " |  | key id-a"),
        (
            &["a key", "a machine"],
            &["a machine"],
            "machine id-a |  | key id-a",
        ),
        // Without an entry in the file, the row of the first kind is the main one.
        (&["a machine", "a key"], &[], "key id-a |  | machine id-a"),
        (
            &["a machine", "a machine +i1", "a key"],
            &["a key"],
            "key id-a |  | machine id-a, machine id-a-1",
        ),
    ] {
        let world = world(before, after);
        let all = paired(&world);
        assert_eq!(all.len(), 1);
        assert_eq!(shown(&all["a"]), expected, "{before:?} {after:?}");
    }
}

#[test]
fn two_rows_of_one_kind_and_incarnation_are_refused() {
    for (before, after, expected) in [
        (&["a key", "a key"] as &[&str], &["a key"] as &[&str], 1),
        // Rows of a kind other than the desired one are refused as well, since it is not known
        // which one is meant.
        (&["a key", "a key"], &["a machine"], 1),
        (&["a key +i1", "a key +i1", "a key +i1"], &[], 2),
        (&["a key", "a machine"], &["a key"], 0),
    ] {
        let mut world = world(before, after);
        for (n, row) in world.snapshot.live.iter_mut().enumerate() {
            Arc::make_mut(row).id = format!("id-{n}");
        }
        let found = pair(&world.intent, &world.snapshot, &world.options);
        let errors = found.err().unwrap_or_default();
        assert_eq!(errors.len(), expected, "{before:?} {after:?}");
        for error in errors {
            assert_eq!(error.class, PlanErrorClass::TwoOwners);
            assert_eq!(error.address, Some(address("a")));
            assert!(error.what.starts_with("both id-"), "{}", error.what);
        }
    }
}

/// The cloud copies the tags of a machine to its disks. A row with copied tags has no owner.
#[test]
fn a_copy_of_ownership_tags_makes_no_owner() {
    for (kind, guard, owned, copied) in [
        ("machine", "k=machine", true, false),
        ("machine", "", true, false),
        ("key", "k=machine", false, true),
        ("eip", "k=eip", true, false),
        ("eip", "k=machine", false, true),
        // The first version did not create this kind, so its own rows always name it.
        ("eip", "", false, true),
    ] {
        let tags = [
            (ownership::STACK, "shop"),
            (ownership::ADDRESS, "a"),
            (ownership::GUARD, guard),
        ];
        let tags = tags.map(|(key, value)| (key.into(), value.into()));
        let kind = REGISTRY.known(kind);
        let row = Live {
            kind: kind.name,
            ..live(&[])
        };
        let row = row.with_tags(kind, tags.into_iter().collect());
        let case = format!("{} {guard}", kind.name);
        assert_eq!((row.owner.is_some(), row.copied), (owned, copied), "{case}");

        let mut world = world(&[], &[]);
        world.snapshot.live.push(row.into());
        assert_eq!(paired(&world).len(), usize::from(owned), "{case}");
    }
}

#[test]
fn only_a_free_live_resource_is_adopted() {
    let free = |id: &str| Live {
        kind: "key",
        id: id.to_owned(),
        ..live(&[])
    };
    let mut world = world(&["x key"], &["a key", "b key", "x key"]);
    for want in world.desired().values_mut() {
        want.terms_mut().adopt = Some("id-1".to_owned());
    }
    let owned = Live {
        id: "id-1".to_owned(),
        ..world.snapshot.live[0].as_ref().clone()
    };
    for (rows, expected) in [
        (vec![], "there is no key `id-1` to adopt"),
        (vec![owned], "`id-1` is `x` of the stack shop already"),
        (
            vec![free("id-1")],
            "`id-1` is adopted under another address too",
        ),
    ] {
        let adopted = ["a", "b"].map(|name| (address(name), rows.clone()));
        world.snapshot.adopted = adopted.into();
        let errors = pair(&world.intent, &world.snapshot, &world.options);
        let errors = errors.expect_err("it cannot be adopted");
        let last = errors.last().expect("there is an error");
        assert_eq!(
            (last.class, last.what.as_str()),
            (PlanErrorClass::Refused, expected)
        );
    }
    world.snapshot.adopted = [
        (address("a"), vec![free("id-1")]),
        (address("b"), vec![free("id-2")]),
    ]
    .into();
    let all = paired(&world);
    let seen = ["a", "b", "x"].map(|name| (shown(&all[name]), all[name].adopted));
    let expected = [("key id-1", true), ("key id-2", true), ("key id-x", false)];
    let expected = expected.map(|(main, adopted)| (format!("{main} |  | "), adopted));
    assert_eq!(seen, expected);
}
