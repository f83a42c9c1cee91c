//! Turns changes into blocks: one procedure each, not yet ordered against others.

use crate::change::{Change, ChangeAction, ReplaceOrder};
use crate::kind::{At, Cx, Kind};
use crate::live::Live;
use crate::ownership::{self, Guard, Owner};
use crate::plan::Half;
use crate::planner::{Classified, Intent, tags};
use crate::procedure::{Act, Procedure, Step};
use crate::registry::Registry;
use crate::{Address, Value};
use setpoint_spec::stack::Timeouts;

/// One procedure of one change.
#[derive(Debug, Clone)]
pub struct Block {
    /// Index of its change.
    pub change: usize,
    /// Which half of it.
    pub half: Half,
    /// What is done; `closes` is relative to this procedure.
    pub procedure: Procedure,
    /// The live resource it is about; `None` for one that it creates.
    pub live_id: Option<String>,
    /// Which successor under its address it makes or changes.
    pub incarnation: u32,
    /// For an update: where its last verbs begin, those that stand after everything else.
    pub taking: Option<usize>,
    /// Set for a block that only lets go of something before its successor exists.
    pub release: Option<Release>,
}

/// What a block lets go of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The parent that is replaced and cannot coexist with its successor.
    pub parent: Address,
}

/// The blocks of every change, in the order of changes; a replacement has two, the old one's first.
pub(crate) fn build(registry: &Registry, intent: &Intent, all: &[Classified]) -> Vec<Block> {
    let cx = Cx {
        stack: &intent.stack,
        site: &intent.site,
    };
    all.iter()
        .enumerate()
        .flat_map(|(at, one)| blocks_of(registry, &cx, all, at, one))
        .collect()
}

fn blocks_of(
    registry: &Registry,
    cx: &Cx<'_>,
    all: &[Classified],
    at: usize,
    one: &Classified,
) -> Vec<Block> {
    let change = &one.change;
    let kind = registry.known(change.kind);
    let block = |half, procedure: Procedure, live_id: Option<String>, incarnation| Block {
        change: at,
        half,
        procedure,
        live_id,
        incarnation,
        taking: None,
        release: None,
    };
    let mut blocks = Vec::new();
    if let Some(live) = change.before.as_ref().filter(|_| change.deletes()) {
        blocks.push(block(
            Half::Down,
            kind.delete(cx, live),
            Some(live.id.clone()),
            live.incarnation(),
        ));
    }
    if let Some(want) = change.after.as_ref().filter(|_| change.creates()) {
        blocks.push(block(
            Half::Up,
            kind.create(cx, want),
            None,
            want.guard.incarnation,
        ));
    }
    if let (ChangeAction::Update | ChangeAction::Adopt, Some(live)) =
        (change.action, &change.before)
    {
        blocks.extend(
            leaves(kind, cx, all, one)
                .into_iter()
                .map(|(parent, steps)| Block {
                    release: Some(Release { parent }),
                    ..block(
                        Half::Up,
                        Procedure::ending_at_pivot(steps),
                        Some(live.id.clone()),
                        live.incarnation(),
                    )
                }),
        );
        let (procedure, taking) = update(kind, cx, one);
        blocks.push(Block {
            taking,
            ..block(
                Half::Up,
                procedure,
                Some(live.id.clone()),
                live.incarnation(),
            )
        });
    }
    if let (ChangeAction::Forget, Some(live), Some(api)) =
        (change.action, &change.before, kind.tag_api())
    {
        let steps = vec![tags::forget_step(&api, &Value::text(&live.id))];
        blocks.push(block(
            Half::Up,
            Procedure::ending_at_pivot(steps),
            Some(live.id.clone()),
            live.incarnation(),
        ));
    }
    blocks.retain(|block| !block.procedure.steps.is_empty());
    if let Some(want) = &change.after {
        blocks
            .iter_mut()
            .for_each(|block| limit(block, change, want.timeouts));
    }
    blocks
}

/// The entry's own time limits, in the place of the kind's.
fn limit(block: &mut Block, change: &Change, timeouts: Timeouts) {
    let limit = match (block.half, change.action) {
        (Half::Down, _) => timeouts.delete,
        (Half::Up, ChangeAction::Create | ChangeAction::Replace) => timeouts.create,
        (Half::Up, _) => timeouts.update,
    };
    for step in &mut block.procedure.steps {
        if let (Act::Wait(wait), Some(limit)) = (&mut step.act, limit) {
            wait.within = std::time::Duration::from_secs(limit);
        }
    }
}

/// What a resource is while it is asked whether it is ready: any guard tag that is written on the way says that it is not yet.
fn marked(live: &Live) -> Live {
    let owner = live.owner.clone().map(|owner| Owner {
        guard: Guard {
            unready: true,
            ..owner.guard
        },
        ..owner
    });
    Live {
        owner,
        ..live.clone()
    }
}

/// An update's steps: what may run beside the machine, then what needs it stopped inside one window, then the rest; and
/// where the rest begins.
fn update(kind: &dyn Kind, cx: &Cx<'_>, one: &Classified) -> (Procedure, Option<usize>) {
    let Change {
        before: Some(live),
        after: Some(want),
        ..
    } = &one.change
    else {
        return (Procedure::default(), None);
    };
    let live = &if one.diff.asks_ready() {
        marked(live)
    } else {
        live.clone()
    };
    let of = |place| {
        one.diff
            .verbs(kind, place)
            .into_iter()
            .flat_map(|verb| kind.update(verb, cx, want, live))
            .collect::<Vec<Step>>()
    };
    let mut steps = of(At::Before);
    let stopped = of(At::Stopped);
    if !stopped.is_empty() {
        let (open, close) = kind.window(cx, want, live);
        // The first write opens the window; a look before it opens nothing.
        let first_call = |steps: &[Step]| steps.iter().position(|step| step.as_call().is_some());
        let inside = first_call(&stopped)
            .filter(|_| !close.is_empty())
            .map(|at| open.len() + at);
        let opener = first_call(&open).or(inside).map(|at| steps.len() + at);
        steps.extend(open);
        steps.extend(stopped);
        steps.extend(close.into_iter().map(|step| Step {
            closes: opener,
            ..step
        }));
    }
    let taking = Some(steps.len()).filter(|_| !one.diff.verbs(kind, At::After).is_empty());
    steps.extend(of(At::After));
    if let Some(api) = kind.tag_api() {
        let guard = one.diff.guard.clone().unwrap_or_else(|| {
            live.owner
                .as_ref()
                .map(|owner| owner.guard.clone())
                .unwrap_or_default()
        });
        let owner = ownership::tags_for(cx.stack, &want.address, &guard);
        steps.extend(tags::steps(&api, &Value::text(&live.id), &one.diff, &owner));
    }
    (Procedure::ending_at_pivot(steps), taking)
}

/// The steps by which an updated resource lets go of replaced parents that cannot coexist with their successors.
fn leaves(
    kind: &dyn Kind,
    cx: &Cx<'_>,
    all: &[Classified],
    one: &Classified,
) -> Vec<(Address, Vec<Step>)> {
    let Change {
        before: Some(live),
        after: Some(want),
        ..
    } = &one.change
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (attr, value) in &want.attrs {
        let Some(verb) = kind.rule(attr).and_then(|rule| rule.leave) else {
            continue;
        };
        let parents = value.refs().into_iter().map(|reference| &reference.address);
        let parent = parents.into_iter().find(|parent| {
            all.iter().any(|other| {
                let held = other.change.before.as_ref().is_some_and(|old| {
                    live.uses
                        .iter()
                        .any(|(kind, id)| *kind == old.kind && *id == old.id)
                });
                other.change.address == **parent
                    && held
                    && other.change.action == ChangeAction::Replace
                    && other.change.order == ReplaceOrder::DeleteFirst
            })
        });
        if let Some(parent) = parent {
            found.push((parent.clone(), kind.update(verb, cx, want, live)));
        }
    }
    found
}
