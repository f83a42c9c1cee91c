//! Turns changes into blocks. A block is one procedure, not yet ordered against others.

use crate::change::{Change, ChangeAction, ReplaceOrder};
use crate::field::Field;
use crate::kind::{Cx, Kind};
use crate::live::Live;
use crate::ownership::{self, Owner};
use crate::plan::Half;
use crate::planner::classify::Context;
use crate::planner::{Classified, tags};
use crate::procedure::{Act, Procedure, Step};
use crate::update::{At, Changing, Update};
use crate::{Address, Value};
use setpoint_spec::stack::Timeouts;

/// A procedure of a change.
#[derive(Debug, Clone)]
pub struct Block {
    /// The index of its change.
    pub change: usize,
    /// The half of the change that it belongs to.
    pub half: Half,
    /// The steps; `closes` is relative to this procedure.
    pub procedure: Procedure,
    /// The id of the live resource that it concerns; `None` for one that it creates.
    pub live_id: Option<String>,
    /// The incarnation that it creates or changes.
    pub incarnation: u32,
    /// For an update, the index of the first step of the updates that come after everything else
    /// ([`At::After`]), if there are any.
    pub taking: Option<usize>,
    /// Set for a block that only releases something before its successor exists.
    pub release: Option<Release>,
}

/// What a block releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The parent, which is replaced and cannot exist at the same time as its successor.
    Parent(Address),
    /// The value that this field claims and that another change takes.
    Claim(&'static str),
}

/// Returns the blocks of every change, in the order of changes. A replacement has two; the block of
/// the old resource comes first.
pub(crate) fn build(cx: &Context<'_>, all: &[Classified]) -> Vec<Block> {
    (0..all.len())
        .flat_map(|at| blocks_of(cx, all, at))
        .collect()
}

fn blocks_of(context: &Context<'_>, all: &[Classified], at: usize) -> Vec<Block> {
    let cx = &context.intent.cx();
    let change = &all[at].change;
    let kind = context.registry.known(change.kind);
    let mut blocks = Vec::new();
    if let Some(live) = change.before.as_ref().filter(|_| change.deletes()) {
        blocks.push(on_row(at, Half::Down, (kind.delete)(cx, live), live));
    }
    if let Some(want) = change.after.as_ref().filter(|_| change.creates()) {
        blocks.push(Block {
            change: at,
            half: Half::Up,
            procedure: (kind.create)(cx, want),
            live_id: None,
            incarnation: want.guard.incarnation,
            taking: None,
            release: None,
        });
    }
    match (change.action, &change.before) {
        (ChangeAction::Update | ChangeAction::Adopt, Some(_)) => {
            blocks.extend(updating(kind, context, all, at));
        }
        (ChangeAction::Forget, Some(live)) => blocks.extend(kind.tag_api.map(|api| {
            let steps = vec![tags::forget_step(&api, &Value::text(&live.id))];
            on_row(at, Half::Up, Procedure::ending_at_pivot(steps), live)
        })),
        (ChangeAction::Keep, Some(live)) => {
            let gone = all.iter().filter(|other| other.change.deletes());
            let mut gone = gone.filter_map(|other| other.change.before.as_ref());
            if gone.any(|gone| lets_go(kind, live, gone)) {
                let steps = letting_go((kind.delete)(cx, live));
                blocks.push(on_row(
                    at,
                    Half::Up,
                    Procedure::ending_at_pivot(steps),
                    live,
                ));
            }
        }
        _ => {}
    }
    blocks.retain(|block| !block.procedure.steps.is_empty());
    if let Some(want) = &change.after {
        blocks
            .iter_mut()
            .for_each(|block| limit(block, change, want.terms.timeouts));
    }
    blocks
}

/// Returns a block for a live row.
fn on_row(change: usize, half: Half, procedure: Procedure, live: &Live) -> Block {
    Block {
        change,
        half,
        procedure,
        live_id: Some(live.id.clone()),
        incarnation: live.incarnation(),
        taking: None,
        release: None,
    }
}

/// Returns the blocks of an update: first those that only release something, then the update
/// itself.
fn updating(
    kind: &'static Kind,
    context: &Context<'_>,
    all: &[Classified],
    at: usize,
) -> Vec<Block> {
    let one = &all[at];
    let Some(live) = &one.change.before else {
        return Vec::new();
    };
    let leaving = leaves(kind, context, all, one)
        .into_iter()
        .map(|(release, steps)| Block {
            release: Some(release),
            ..on_row(at, Half::Up, Procedure::ending_at_pivot(steps), live)
        });
    let (procedure, taking) = update(kind, &context.intent.cx(), one);
    let update = Block {
        taking,
        ..on_row(at, Half::Up, procedure, live)
    };
    leaving.chain([update]).collect()
}

/// Returns whether a row that is kept releases a row that is deleted: its field binds late and has
/// a `leave` update.
pub(crate) fn lets_go(kind: &Kind, live: &Live, gone: &Live) -> bool {
    let binds = |field: &&Field| field.late && field.leave.is_some();
    let mut bindings = kind.fields.iter().filter(binds);
    bindings.any(|field| live.attr(field.name) == Value::text(&gone.id))
}

/// Returns the steps of a deletion after which the resource uses nothing any more.
fn letting_go(mut delete: Procedure) -> Vec<Step> {
    delete.steps.truncate(delete.pivot + 1);
    delete.steps
}

/// Replaces the kind's time limits by those of the entry.
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

/// Returns the live row as it is during a change that marks it, so that every guard tag written
/// meanwhile carries the mark.
fn marked(live: &Live, mark: Option<&str>) -> Live {
    let Some(mark) = mark else {
        return live.clone();
    };
    let mark_owner = |owner: Owner| Owner {
        guard: owner.guard.with(mark),
        ..owner
    };
    Live {
        owner: live.owner.clone().map(mark_owner),
        ..live.clone()
    }
}

/// Returns the steps of an update, and the index of the first step that comes after everything
/// else.
///
/// First come the updates that need nothing stopped, then one window around all those that do, then
/// the rest. The window is closed after a failure too. An update that the window itself performs is
/// not done again.
fn update(kind: &'static Kind, cx: &Cx<'_>, one: &Classified) -> (Procedure, Option<usize>) {
    let Change {
        before: Some(live),
        after: Some(want),
        ..
    } = &one.change
    else {
        return (Procedure::default(), None);
    };
    let live = &marked(live, one.diff.mark());
    let changing = Changing {
        cx,
        kind,
        want,
        live,
    };
    let of = |updates: Vec<&'static Update>| -> Vec<Step> {
        let each = updates.into_iter();
        each.flat_map(|update| (update.steps)(&changing)).collect()
    };
    let mut steps = of(one.diff.updates(kind, &[At::Before]));
    let stopped = of(one.diff.updates(kind, &[At::Stopped]));
    let has_window = !stopped.is_empty() && in_window(&changing, stopped, &mut steps);
    let late: &[At] = if has_window {
        &[At::After]
    } else {
        &[At::After, At::Closing]
    };
    let last = one.diff.updates(kind, late);
    let taking = last
        .iter()
        .any(|update| update.at == At::After)
        .then_some(steps.len());
    steps.extend(of(last));
    if let Some(api) = kind.tag_api {
        let guard = one.diff.guard.clone().unwrap_or_else(|| live.guard());
        let owner = ownership::tags_for(cx.stack, &want.address, &guard);
        steps.extend(tags::steps(&api, &Value::text(&live.id), &one.diff, &owner));
    }
    (Procedure::ending_at_pivot(steps), taking)
}

/// Adds steps that need the resource stopped, inside its window; returns whether there is a window.
fn in_window(changing: &Changing<'_>, stopped: Vec<Step>, steps: &mut Vec<Step>) -> bool {
    let Changing {
        cx,
        kind,
        want,
        live,
    } = *changing;
    let (open, close) = (kind.window)(cx, want, live);
    let has_window = !open.is_empty() || !close.is_empty();
    // The first write opens the window; a read or a wait before it changes nothing that has to be
    // undone.
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
    has_window
}

/// Returns the steps by which an updated resource releases something: replaced parents that cannot
/// exist at the same time as their successors, and a value that it swaps with another resource.
fn leaves(
    kind: &'static Kind,
    context: &Context<'_>,
    all: &[Classified],
    one: &Classified,
) -> Vec<(Release, Vec<Step>)> {
    let (Some(live), Some(want)) = (&one.change.before, &one.change.after) else {
        return Vec::new();
    };
    let cx = &context.intent.cx();
    let changing = Changing {
        cx,
        kind,
        want,
        live,
    };
    let mut found = Vec::new();
    for (attr, value) in &want.attrs {
        let Some(field) = kind.row(attr) else {
            continue;
        };
        let Some(leave) = field.leave else {
            continue;
        };
        let is_freed = context.freed.contains(&live.id) && *value != live.attr(attr);
        let claim = is_freed.then_some(Release::Claim(field.name));
        let release = apart_parent(all, live, value)
            .map(Release::Parent)
            .or(claim);
        found.extend(release.map(|release| (release, (leave.steps)(&changing))));
    }
    found
}

/// Returns the parent that a value refers to, if the parent is replaced, deleted before its
/// successor exists, and used by the live row.
fn apart_parent(all: &[Classified], live: &Live, value: &Value) -> Option<Address> {
    let is_apart = |parent: &&Address| {
        all.iter().any(|other| {
            other.change.address == **parent
                && other.change.action == ChangeAction::Replace
                && other.change.order == ReplaceOrder::DeleteFirst
                && other.change.before.as_ref().is_some_and(|old| {
                    let mut uses = live.uses.iter();
                    uses.any(|(kind, id)| *kind == old.kind && *id == old.id)
                })
        })
    };
    let parents = value.refs().into_iter().map(|reference| &reference.address);
    parents.into_iter().find(is_apart).cloned()
}
