//! Users: a resource that uses a live resource stops using it before that is deleted.
//!
//! A user that is deleted stops using it at the pivot of its deletion. One that is kept does so
//! with the steps by which it would release it if it were deleted. One that is updated does so at
//! the end of its update, or in its release block where the successor cannot exist yet.

use crate::change::ChangeAction;
use crate::order::index::Index;
use crate::order::{Edges, Placed, all_to_all};
use crate::plan::Half;
use crate::planner::Release;

pub(super) fn edges(index: &Index<'_, '_>) -> Edges {
    let mut edges = Edges::new();
    let is_down = |block: &&Placed<'_>| block.block.half == Half::Down;
    for down in index.placed.iter().filter(is_down) {
        let users = index.users(down.block.change);
        for user in users.filter(|user| user.block.change != down.block.change) {
            edges.extend(edge(index, user, down));
        }
    }
    edges
}

fn edge(index: &Index<'_, '_>, user: &Placed<'_>, down: &Placed<'_>) -> Edges {
    match (user.block.half, user.one.change.action) {
        (Half::Down, _) => all_to_all(&user.pivot_group(), &down.taking_away()),
        (Half::Up, ChangeAction::Update | ChangeAction::Keep) => {
            let release = Some(Release::Parent(down.address().clone()));
            let releases = |block: &Placed<'_>| block.block.release == release;
            let mut own = index.of_change(user.block.change).iter();
            let leaves = own.any(|block| releases(block));
            let is_leave = releases(user);
            // If the user has a release block, that block stops the use, and the update itself runs
            // after the successor exists.
            if leaves == is_leave {
                all_to_all(&user.last_group(), &down.taking_away())
            } else {
                Edges::new()
            }
        }
        (Half::Up, _) => Edges::new(),
    }
}
