//! Turns changes into blocks: one procedure each, not yet ordered against others.

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
pub enum Release {
    /// The parent that is replaced and cannot coexist with its successor.
    Parent(Address),
    /// What this field claims, and another change takes.
    Claim(&'static str),
}

/// The blocks of every change, in the order of changes; a replacement has two, the old one's first.
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

/// A block about a live row.
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

/// The blocks of an update: those that only let go of something, then the update itself.
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

/// Whether a row that is kept lets go of what is deleted: its field binds late, and can let go.
pub(crate) fn lets_go(kind: &Kind, live: &Live, gone: &Live) -> bool {
    let binds = |field: &&Field| field.late && field.leave.is_some();
    let mut bindings = kind.fields.iter().filter(binds);
    bindings.any(|field| live.attr(field.name) == Value::text(&gone.id))
}

/// The steps of a deletion after which the resource uses nothing any more.
fn letting_go(mut delete: Procedure) -> Vec<Step> {
    delete.steps.truncate(delete.pivot + 1);
    delete.steps
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

/// The live row as it is while a change runs that marks it: any guard tag that is written on the
/// way carries the mark.
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

/// The steps of an update, and where those begin that stand after everything else.
///
/// First what needs nothing stopped, then one window around everything that does, then the rest.
/// The window closes after a failure too. What the window itself brings about is not done again.
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

/// Puts steps that need the resource stopped into its window; whether there is one.
fn in_window(changing: &Changing<'_>, stopped: Vec<Step>, steps: &mut Vec<Step>) -> bool {
    let Changing {
        cx,
        kind,
        want,
        live,
    } = *changing;
    let (open, close) = (kind.window)(cx, want, live);
    let has_window = !open.is_empty() || !close.is_empty();
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
    has_window
}

/// The steps by which an updated resource lets go: of replaced parents that cannot coexist with
/// their successors, and of a value that it swaps with another resource.
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

/// The parent that a value refers to, if it is replaced, cannot coexist with its successor, and the
/// live row uses its old half.
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
