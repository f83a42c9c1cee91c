//! Decides what happens to each resource: create, update, replace, destroy, or nothing.
//!
//! # Algorithm
//!
//! Every resource has a *fate*: it stays, with a known id, or it is new, with an unknown one. At
//! first every live resource stays. Each round resolves all references under the current fates and
//! compares every desired resource with its live row. A difference in a field that cannot be
//! changed in place changes the fate to new. The users of that resource then refer to an unknown
//! id, which is a difference of their own in the next round. The rounds end when no fate has
//! changed.
//!
//! A second loop around this one decides which half of each replacement comes first ([`orders`]).
//! Where the old and the new resource cannot exist at the same time, users that cannot release the
//! old one in between are replaced as well: they are *forced*, and everything is classified again.
//!
//! # Invariants
//!
//! Fates only change from stays to new, and the set of forced resources only grows, so both loops
//! end. No difference is dropped: it is acted on, refused, or becomes a note.
//!
//! # Cost
//!
//! A round is `n log n` in resources. There is one round more than the longest chain of
//! replacements that cause each other, so nearly always one or two.
//!
//! # Example
//!
//! The `zone` of a subnet changes. In round one the subnet becomes new, since `zone` cannot be
//! changed in place. In round two its machine refers to an id that is not known yet; `vswitch` can
//! be changed in place, so the machine is updated. Round three changes nothing. If the field could
//! not be changed in place, the machine would be new after round two, and its alarm would be
//! compared again in round three.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Change, ChangeAction, Reason, ReplaceOrder};
use crate::desired::Desired;
use crate::diff::{self, Diff, Sides};
use crate::effect::{Effect, Interruption};
use crate::live::{Live, Snapshot};
use crate::ownership::Owner;
use crate::planner::exclusive::{self, Waits};
use crate::planner::fate::{self, Fate, known_in};
use crate::planner::{Classified, Intent, Options, Paired, PlanError, PlanErrorClass, Users};
use crate::registry::Registry;
use crate::report::Note;
use crate::{Address, Map, Value, args};

mod closure;
mod misnamed;
mod notes;
mod orders;
mod refusals;

pub(crate) use closure::target_closure;

/// The desired resources, with references resolved as far as the fates allow. A plan shares the
/// entries.
pub(crate) type Resolved = BTreeMap<Address, Arc<Desired>>;

/// The input of classification.
pub(crate) struct Context<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) intent: &'a Intent,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) options: &'a Options,
    pub(crate) paired: &'a BTreeMap<Address, Paired>,
    pub(crate) desired: &'a BTreeMap<Address, Desired>,
    /// The targets of the run with everything that they need; empty for all resources.
    pub(crate) targets: BTreeSet<Address>,
    /// Ids of rows that are deleted before their successors are created, because another change
    /// needs a value that they hold.
    pub(crate) apart: BTreeSet<String>,
    /// Ids of live rows that release a value before they change.
    pub(crate) freed: BTreeSet<String>,
}

/// The result of classification.
pub(crate) struct Classification {
    /// Every change, sorted by address; a superseded row follows the change of its address itself.
    pub(crate) all: Vec<Classified>,
    /// The changes that wait for another one, because they take an exclusive value from it.
    pub(crate) waits: Waits,
    pub(crate) notes: Vec<Note>,
}

/// Classifies every resource.
pub(crate) fn classify(cx: &Context<'_>) -> Result<Classification, Vec<PlanError>> {
    let mut forced: BTreeMap<Address, Reason> = cx
        .options
        .replace
        .iter()
        .map(|address| (address.clone(), Reason::ReplaceAsked))
        .collect();
    loop {
        let mut all = settle(cx, &forced)?;
        let cannot = orders::decide(cx, &mut all);
        if cannot
            .iter()
            .all(|(address, _)| forced.contains_key(address))
        {
            let users = Users::of(&all);
            refusals::keep_what_is_stood_on(cx, &users, &mut all);
            let mut errors = refusals::refusals(cx, &all);
            errors.extend(refusals::stood_on(cx, &users, &all));
            errors.extend(refusals::unknowable(&all));
            errors.extend(misnamed::refusals(cx, &all));
            let waits = match exclusive::waits(cx, &all) {
                Ok(waits) => waits,
                Err(more) => {
                    errors.extend(more);
                    return Err(errors);
                }
            };
            let notes = notes::notes(cx, &all);
            return if errors.is_empty() {
                Ok(Classification { all, waits, notes })
            } else {
                Err(errors)
            };
        }
        forced.extend(cannot);
    }
}

/// Classifies until no fate changes.
fn settle(
    cx: &Context<'_>,
    forced: &BTreeMap<Address, Reason>,
) -> Result<Vec<Classified>, Vec<PlanError>> {
    let mut fates: BTreeMap<Address, Fate> = cx
        .paired
        .iter()
        .map(|(address, pair)| (address.clone(), first_fate(pair)))
        .collect();
    for _ in 0..=cx.paired.len() + 1 {
        let resolved: Resolved = cx
            .desired
            .iter()
            .map(|(address, want)| (address.clone(), Arc::new(resolved(cx, want, &fates))))
            .collect();
        let all: Vec<Classified> = cx
            .paired
            .iter()
            .flat_map(|(address, pair)| classify_one(cx, address, pair, &resolved, forced))
            .collect();
        let moved = fate::of_classified(&all);
        if moved == fates {
            return Ok(all);
        }
        fates = moved;
    }
    Err(vec![PlanError {
        address: None,
        class: PlanErrorClass::Cycle,
        what: "the plan does not settle: resources keep replacing each other".to_owned(),
        hint: None,
        at: None,
    }])
}

fn first_fate(pair: &Paired) -> Fate {
    pair.main.as_ref().map_or(Fate::New, |live| Fate::Stays {
        live: live.clone(),
        unsettled: Vec::new(),
    })
}

fn classify_one(
    cx: &Context<'_>,
    address: &Address,
    pair: &Paired,
    resolved: &Resolved,
    forced: &BTreeMap<Address, Reason>,
) -> Vec<Classified> {
    let superseded = pair
        .superseded
        .iter()
        .map(|live| goes(cx, live, Reason::Superseded));
    let other_kind = pair.other_kind.iter().map(|live| {
        let forgotten = is_forgotten(cx, address);
        if forgotten {
            leaves(cx, address, live)
        } else {
            goes(cx, live, Reason::OtherKind)
        }
    });
    let want = resolved.get(address).filter(|_| !cx.options.destroy);
    let main = match (want, &pair.main) {
        (Some(want), None) => Some(comes(cx, want)),
        (Some(want), Some(live)) => {
            let one = stays(cx, resolved, want, live, forced.get(address));
            Some(if pair.adopted {
                adopts(one)
            } else {
                moves(one, pair.moved_from.as_ref())
            })
        }
        (None, Some(live)) => Some(leaves(cx, address, live)),
        (None, None) => None,
    };
    main.into_iter()
        .chain(superseded)
        .chain(other_kind)
        .map(|one| within_targets(cx, one))
        .collect()
}

/// Drops the change of a resource that is neither a target nor needed by one.
fn within_targets(cx: &Context<'_>, mut one: Classified) -> Classified {
    if !cx.options.targets.is_empty() && !cx.targets.contains(&one.change.address) {
        one.change.action = ChangeAction::NoOp;
        one.change.effect = Effect::NONE;
        one.change.loses = None;
        one.change.fields.clear();
        one.diff = Diff::default();
    }
    one
}

fn resolved(cx: &Context<'_>, want: &Desired, fates: &BTreeMap<Address, Fate>) -> Desired {
    let known = known_in(fates, cx.desired, cx.snapshot);
    let mut want = want.clone();
    for value in want.attrs.values_mut().chain(want.initial.values_mut()) {
        *value = args::resolve(value, &known);
    }
    for value in want.tags.iter_mut().flat_map(Map::values_mut) {
        *value = args::resolve(value, &known);
    }
    want
}

fn comes(cx: &Context<'_>, want: &Arc<Desired>) -> Classified {
    let change = Change {
        address: want.address.clone(),
        kind: want.kind,
        action: ChangeAction::Create,
        reason: Reason::NotThere,
        fields: Vec::new(),
        effect: Effect::NONE,
        loses: None,
        before: None,
        after: Some(want.clone()),
        lifted: Vec::new(),
        order: ReplaceOrder::DeleteFirst,
        is_down: true,
    };
    Classified {
        change,
        diff: Diff::default(),
        parents: closure::parents(cx, &want.address),
    }
}

fn stays(
    cx: &Context<'_>,
    resolved: &Resolved,
    want: &Arc<Desired>,
    live: &Arc<Live>,
    forced: Option<&Reason>,
) -> Classified {
    let kind = cx.registry.known(want.kind);
    let mut want = want.clone();
    let ignored = if want.terms.lifecycle.ignore.is_empty() {
        Vec::new()
    } else {
        diff::drop_ignored(Arc::make_mut(&mut want), live)
    };
    let (all, named, ignore_tags) = (
        cx.desired,
        &cx.snapshot.named,
        cx.intent.ignore_tags.as_slice(),
    );
    let mut diff = diff::diff(Sides {
        kind,
        want: &want,
        live,
        all,
        resolved,
        named,
        ignore_tags,
    });
    diff.notes.extend(ignored);
    let (action, reason) = action_of(cx, &want, live, &diff, forced);
    let effect = if action == ChangeAction::Replace {
        Effect::REPLACE
    } else {
        diff.effect()
    };
    let fields = diff
        .fields
        .iter()
        .map(|field| field.change.clone())
        .collect();
    let loses = kind
        .loses
        .filter(|_| effect.interrupts >= Interruption::Rebuild)
        .and_then(|loses| loses(live, effect));
    if action == ChangeAction::Replace {
        Arc::make_mut(&mut want).guard.incarnation = live.incarnation() + 1;
    }
    let address = want.address.clone();
    let parents = closure::parents(cx, &address);
    let lifted = diff.lifted(kind, live);
    let is_down = (kind.is_down)(live);
    let (kind, before, order) = (want.kind, Some(live.clone()), ReplaceOrder::DeleteFirst);
    Classified {
        change: Change {
            address,
            kind,
            action,
            reason,
            fields,
            effect,
            loses,
            before,
            after: Some(want),
            lifted,
            order,
            is_down,
        },
        diff,
        parents,
    }
}

/// Returns the action for a resource that is desired and exists, and the reason.
fn action_of(
    cx: &Context<'_>,
    want: &Desired,
    live: &Live,
    diff: &Diff,
    forced: Option<&Reason>,
) -> (ChangeAction, Reason) {
    let forcing = diff.forces_replacement().map(ToOwned::to_owned);
    let window_mark = cx.registry.known(want.kind).window_mark;
    let is_left_stopped = || live.is_marked(window_mark);
    match (forced, forcing) {
        (Some(reason), _) => (ChangeAction::Replace, reason.clone()),
        (None, Some(field)) => (ChangeAction::Replace, replace_reason(cx, want, field)),
        (None, None) if diff.is_empty() => (ChangeAction::NoOp, Reason::Matches),
        (None, None) if is_left_stopped() => (ChangeAction::Update, Reason::LeftStopped),
        (None, None) if diff.fields.is_empty() => (ChangeAction::Update, Reason::TagsDiffer),
        (None, None) => (ChangeAction::Update, Reason::Differs),
    }
}

/// Marks a row that moved to this address for new ownership tags, whatever else happens to it.
fn moves(mut one: Classified, from: Option<&Owner>) -> Classified {
    let Some(from) = from else { return one };
    one.diff.retag = true;
    if matches!(one.change.action, ChangeAction::NoOp | ChangeAction::Update) {
        one.change.action = ChangeAction::Update;
        one.change.reason = Reason::Moved {
            from: from.address.clone(),
        };
    }
    one
}

/// Adopts a row. Only its tags may change, so it is refused if a field differs.
fn adopts(mut one: Classified) -> Classified {
    let id = one
        .change
        .before
        .as_ref()
        .map(|live| live.id.clone())
        .unwrap_or_default();
    let differing: Vec<String> = one
        .diff
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.change.attr, shown(&field.change.before)))
        .collect();
    if !differing.is_empty() {
        let what = format!(
            "`{id}` does not match the spec, so it is not adopted; these lines would match: {}",
            differing.join(", ")
        );
        one.diff.refusals.push(crate::kind::Refusal {
            attr: String::new(),
            what,
            hint: Some("adopt it as it is, then change it".to_owned()),
        });
    }
    one.diff.retag = true;
    one.change.action = ChangeAction::Adopt;
    one.change.effect = Effect::NONE;
    one.change.reason = Reason::AdoptAsked { id };
    one
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(leave it out)".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Text(text) | Value::Decimal(text) => text.to_string(),
        _ => "(see `show`)".to_owned(),
    }
}

/// Returns the parent as the reason if the field differs only because its target is replaced.
fn replace_reason(cx: &Context<'_>, want: &Desired, field: String) -> Reason {
    let unknown = want.attrs.get(&field).and_then(|value| {
        value
            .refs()
            .first()
            .map(|reference| reference.address.clone())
    });
    match unknown.filter(|parent| {
        cx.paired
            .get(parent)
            .is_some_and(|pair| pair.main.is_some())
    }) {
        Some(parent) => Reason::ParentReplaced { parent },
        None => Reason::FieldForcesReplacement { field },
    }
}

/// Returns whether `forget` names the address, its group or its module.
fn is_forgotten(cx: &Context<'_>, address: &Address) -> bool {
    cx.intent.forget.iter().any(|named| named.covers(address))
}

/// Classifies a live row that is not desired any more.
fn leaves(cx: &Context<'_>, address: &Address, live: &Arc<Live>) -> Classified {
    if is_forgotten(cx, address) {
        let mut one = goes(cx, live, Reason::ForgetAsked);
        (one.change.action, one.change.loses, one.change.effect) =
            (ChangeAction::Forget, None, Effect::NONE);
        return one;
    }
    goes(
        cx,
        live,
        if cx.options.destroy {
            Reason::Destroy
        } else {
            Reason::NotInSpec
        },
    )
}

fn goes(cx: &Context<'_>, live: &Arc<Live>, reason: Reason) -> Classified {
    let owner = live
        .owner
        .as_ref()
        .expect("only owned rows are deleted: adopted rows always stay");
    let wanted = cx
        .intent
        .desired
        .get(&owner.address)
        .is_some_and(|want| want.terms.lifecycle.keep && want.kind == live.kind);
    let kept = (owner.guard.keep || wanted) && reason != Reason::Superseded;
    let change = Change {
        address: owner.address.clone(),
        kind: live.kind,
        action: if kept {
            ChangeAction::Keep
        } else {
            ChangeAction::Delete
        },
        reason,
        fields: Vec::new(),
        effect: Effect::NONE,
        loses: cx
            .registry
            .known(live.kind)
            .loses
            .filter(|_| !kept)
            .and_then(|loses| loses(live, Effect::REPLACE)),
        before: Some(live.clone()),
        after: None,
        lifted: Vec::new(),
        order: ReplaceOrder::DeleteFirst,
        is_down: (cx.registry.known(live.kind).is_down)(live),
    };
    Classified {
        change,
        diff: Diff::default(),
        parents: Vec::new(),
    }
}
