//! The rows that get a new address.

use std::sync::Arc;

use setpoint_spec::stack::Move;

use crate::fixtures::address;
use crate::fixtures::stub::REGISTRY;
use crate::fixtures::world::{World, world};
use crate::planner::moved::relocate;

/// The addresses of the rows, with the previous ones of those that moved: `b (from a)`.
fn shown(world: &World) -> Vec<String> {
    let rows = world.snapshot.live.iter().map(|row| {
        let owner = row.owner.as_ref().expect("it is owned");
        match world.snapshot.moved.get(&row.id) {
            Some(from) => format!("{} (from {})", owner.address, from.address),
            None => owner.address.to_string(),
        }
    });
    rows.collect()
}

#[test]
fn rows_move_to_their_new_addresses() {
    for (before, after, expected) in [
        (
            &["a key"] as &[&str],
            &["b key", "! move a b"] as &[&str],
            &["b (from a)"] as &[&str],
        ),
        // The move was made before, or its source does not exist.
        (&["b key"], &["b key", "! move a b"], &["b"]),
        // A row is not displaced, and no row moves to an address that is not desired or is of
        // another kind.
        (&["a key", "b key"], &["b key", "! move a b"], &["a", "b"]),
        (&["a key"], &["! move a b"], &["a"]),
        (&["a key"], &["b machine", "! move a b"], &["a"]),
        // A resource whose owner is in its name cannot be retagged.
        (&["a alarm"], &["b alarm", "! move a b"], &["a"]),
        // A group moves member by member; a member that has an entry of its own moves by that.
        (
            &["a[0] key", "a[1] key"],
            &["b[0] key", "b[1] key", "! move a b"],
            &["b[0] (from a[0])", "b[1] (from a[1])"],
        ),
        (
            &["a[0] key", "a[1] key"],
            &["b[0] key", "c key", "! move a[1] c", "! move a b"],
            &["b[0] (from a[0])", "c (from a[1])"],
        ),
        // In a chain, only the row whose new address is free is moved.
        (
            &["a key", "b key"],
            &["b key", "c key", "! move b c", "! move a b"],
            &["a", "c (from b)"],
        ),
        // A `count` was added or removed.
        (&["a key"], &["a[0] key", "a[1] key"], &["a[0] (from a)"]),
        (
            &["a[0] key", "a[1] key"],
            &["a key"],
            &["a (from a[0])", "a[1]"],
        ),
        (&["a[1] key"], &["a key"], &["a[1]"]),
        // The entries of the file come before the moves between `x` and `x[0]`.
        (
            &["a key"],
            &["a[0] key", "b key", "! move a b"],
            &["b (from a)"],
        ),
    ] {
        let world = world(before, after);
        assert_eq!(shown(&world), expected, "{before:?} {after:?}");
    }
}

#[test]
fn rows_of_another_stack_move_if_an_entry_names_them() {
    for (from, to, expected) in [
        (None, None, &["a (from a)"] as &[&str]),
        (Some("a"), None, &["a (from a)"]),
        (Some("a"), Some("b"), &["b (from a)"]),
        (Some("c"), None, &[]),
    ] {
        let mut world = world(&["a key"], &["a key", "b key"]);
        for row in &mut world.snapshot.live {
            let row = Arc::make_mut(row);
            row.owner.as_mut().expect("it is owned").stack = "old".to_owned();
        }
        world.intent.moved.push(Move {
            stack: Some("old".to_owned()),
            from: from.map(address),
            to: to.map(address),
        });
        relocate(&REGISTRY, &world.intent, &mut world.snapshot);
        assert_eq!(shown(&world), expected, "{from:?} {to:?}");
        let owners = world
            .snapshot
            .live
            .iter()
            .filter_map(|row| row.owner.as_ref());
        assert!(owners.into_iter().all(|owner| owner.stack == "shop"));
    }
}
