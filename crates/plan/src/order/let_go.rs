//! Letting go: whoever uses a live resource stops using it before it is taken away.
//!
//! A user that is deleted lets go at its pivot; one that is kept, where it would let go if it were
//! deleted; one that is changed, at the end of its update, or in its leave block
//! where the successor cannot be there yet.

use crate::change::ChangeAction;
use crate::live::Live;
use crate::order::{Edges, Placed, all_to_all};
use crate::plan::Half;
use crate::planner::Release;

pub(super) fn edges(placed: &[Placed<'_>]) -> Edges {
    let mut edges = Edges::new();
    for down in placed.iter().filter(|block| block.block.half == Half::Down) {
        let Some(gone) = &down.one.change.before else {
            continue;
        };
        for user in placed
            .iter()
            .filter(|user| user.block.change != down.block.change && uses(user, gone))
        {
            edges.extend(edge(placed, user, down));
        }
    }
    edges
}

fn uses(user: &Placed<'_>, gone: &Live) -> bool {
    user.one.change.before.as_ref().is_some_and(|live| {
        live.uses
            .iter()
            .any(|(kind, id)| *kind == gone.kind && *id == gone.id)
    })
}

fn edge(placed: &[Placed<'_>], user: &Placed<'_>, down: &Placed<'_>) -> Edges {
    match (user.block.half, user.one.change.action) {
        (Half::Down, _) => all_to_all(&user.pivot_group(), &down.taking_away()),
        (Half::Up, ChangeAction::Update | ChangeAction::Keep) => {
            let releases = |block: &Placed<'_>| {
                block.block.change == user.block.change
                    && block.block.release == Some(Release::Parent(down.address().clone()))
            };
            let leaves = placed.iter().any(releases);
            let is_leave = releases(user);
            // With a leave block, that one lets go, and the join comes after the successor.
            if leaves == is_leave {
                all_to_all(&user.last_group(), &down.taking_away())
            } else {
                Edges::new()
            }
        }
        (Half::Up, _) => Edges::new(),
    }
}
