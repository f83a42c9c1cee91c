//! Decides what becomes of each resource.
//!
//! A resource that uses a replaced one sees an unknown id, which is a difference of its own; so classification is
//! repeated until no fate moves. Fates only ever move from 'stays' to 'new', so it ends.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, ChangeAction, Reason, ReplaceOrder};
use crate::desired::Desired;
use crate::diff::{self, Diff, Sides};
use crate::effect::{Effect, Interruption};
use crate::live::{Live, Snapshot};
use crate::ownership::Owner;
use crate::planner::fate::{self, Fate, known_in};
use crate::planner::{
    Classified, Intent, Options, Paired, PlanError, PlanErrorClass, note, replace_order,
};
use crate::registry::Registry;
use crate::report::{Note, NoteKind};
use crate::update::Update;
use crate::{Address, Value, args};

/// All that classification looks at.
pub(crate) struct Context<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) intent: &'a Intent,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) options: &'a Options,
    pub(crate) paired: &'a BTreeMap<Address, Paired>,
    pub(crate) desired: &'a BTreeMap<Address, Desired>,
}

/// Classifies every resource. Sorted by address; a superseded row follows its address's own change.
pub(crate) fn classify(cx: &Context<'_>) -> Result<(Vec<Classified>, Vec<Note>), Vec<PlanError>> {
    let mut forced: BTreeMap<Address, Reason> = cx
        .options
        .replace
        .iter()
        .map(|address| (address.clone(), Reason::ReplaceAsked))
        .collect();
    loop {
        let mut all = settle(cx, &forced)?;
        let cannot = decide_orders(cx, &mut all);
        if cannot
            .iter()
            .all(|(address, _)| forced.contains_key(address))
        {
            keep_what_is_stood_on(&mut all);
            let mut errors = refusals(cx, &all);
            errors.extend(stood_on(cx, &all));
            let notes = notes(cx, &all);
            return if errors.is_empty() {
                Ok((all, notes))
            } else {
                Err(errors)
            };
        }
        forced.extend(cannot);
    }
}

/// Classifies until no fate moves.
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
        let resolved: BTreeMap<Address, Desired> = cx
            .desired
            .iter()
            .map(|(address, want)| (address.clone(), resolved(cx, want, &fates)))
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
        live: Box::new(live.clone()),
        unsettled: Vec::new(),
    })
}

fn classify_one(
    cx: &Context<'_>,
    address: &Address,
    pair: &Paired,
    resolved: &BTreeMap<Address, Desired>,
    forced: &BTreeMap<Address, Reason>,
) -> Vec<Classified> {
    let superseded = pair
        .superseded
        .iter()
        .map(|live| goes(cx, live, Reason::Superseded));
    let other_kind = pair.other_kind.iter().map(|live| {
        let forgotten = cx.intent.forget.contains(address);
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

/// A change outside `--target` and what the targets need becomes none.
fn within_targets(cx: &Context<'_>, mut one: Classified) -> Classified {
    if !cx.options.targets.is_empty() && !target_closure(cx).contains(&one.change.address) {
        one.change.action = ChangeAction::NoOp;
        one.change.effect = Effect::NONE;
        one.change.loses = None;
        one.change.fields.clear();
        one.diff = Diff::default();
    }
    one
}

/// The targets and everything that they refer to, directly or not; for a destroy, everything that stands on them.
fn target_closure(cx: &Context<'_>) -> BTreeSet<Address> {
    let mut closure: BTreeSet<Address> = cx.options.targets.iter().cloned().collect();
    let mut todo: Vec<Address> = closure.iter().cloned().collect();
    while let Some(address) = todo.pop() {
        let next = if cx.options.destroy {
            users_of(cx, &address)
        } else {
            cx.desired.get(&address).map(named_by).unwrap_or_default()
        };
        for next in next {
            if closure.insert(next.clone()) {
                todo.push(next);
            }
        }
    }
    closure
}

/// Everything that a resource names, in fields, what is sent at creation, tags and `after`.
fn named_by(want: &Desired) -> Vec<Address> {
    let values = want
        .attrs
        .values()
        .chain(want.initial.values())
        .chain(want.tags.iter().flat_map(BTreeMap::values));
    values
        .flat_map(Value::refs)
        .map(|reference| reference.address.clone())
        .chain(want.after.iter().cloned())
        .collect()
}

/// What a resource names in fields that do not bind late.
fn parents(cx: &Context<'_>, address: &Address) -> Vec<Address> {
    let Some(want) = cx.desired.get(address) else {
        return Vec::new();
    };
    let kind = cx.registry.known(want.kind);
    let is_late = |attr: &str| {
        let root = attr.split('.').next();
        root.and_then(|root| kind.row(root))
            .is_some_and(|field| field.late)
    };
    let early = want
        .attrs
        .iter()
        .filter(|(attr, _)| !is_late(attr))
        .map(|(_, value)| value);
    let mut found: Vec<Address> = early
        .chain(want.initial.values())
        .flat_map(Value::refs)
        .map(|reference| reference.address.clone())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The addresses whose live rows use the live row of this one.
fn users_of(cx: &Context<'_>, address: &Address) -> Vec<Address> {
    let Some(used) = cx.paired.get(address).and_then(|pair| pair.main.as_ref()) else {
        return Vec::new();
    };
    let uses = |live: &&Live| {
        live.uses
            .iter()
            .any(|(kind, id)| *kind == used.kind && *id == used.id)
    };
    cx.snapshot
        .live
        .iter()
        .filter(uses)
        .filter_map(|live| live.owner.as_ref())
        .map(|owner| owner.address.clone())
        .collect()
}

fn resolved(cx: &Context<'_>, want: &Desired, fates: &BTreeMap<Address, Fate>) -> Desired {
    let known = known_in(fates, cx.desired, cx.snapshot);
    let mut want = want.clone();
    for value in want.attrs.values_mut().chain(want.initial.values_mut()) {
        *value = args::resolve(value, &known);
    }
    for value in want.tags.iter_mut().flat_map(BTreeMap::values_mut) {
        *value = args::resolve(value, &known);
    }
    want
}

fn comes(cx: &Context<'_>, want: &Desired) -> Classified {
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
    };
    Classified {
        change,
        diff: Diff::default(),
        parents: parents(cx, &want.address),
    }
}

fn stays(
    cx: &Context<'_>,
    resolved: &BTreeMap<Address, Desired>,
    want: &Desired,
    live: &Live,
    forced: Option<&Reason>,
) -> Classified {
    let kind = cx.registry.known(want.kind);
    let mut want = want.clone();
    let ignored = diff::drop_ignored(&mut want, live);
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
    let forcing = diff.forces_replacement().map(ToOwned::to_owned);
    let (action, reason) = match (forced, forcing) {
        (Some(reason), _) => (ChangeAction::Replace, reason.clone()),
        (None, Some(field)) => (ChangeAction::Replace, replace_reason(cx, &want, field)),
        (None, None) if diff.is_empty() => (ChangeAction::NoOp, Reason::Matches),
        (None, None)
            if live
                .owner
                .as_ref()
                .is_some_and(|_| live.is_marked(kind.window_mark)) =>
        {
            (ChangeAction::Update, Reason::LeftStopped)
        }
        (None, None) if diff.fields.is_empty() => (ChangeAction::Update, Reason::TagsDiffer),
        (None, None) => (ChangeAction::Update, Reason::Differs),
    };
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
    let loses = if effect.interrupts >= Interruption::Rebuild {
        (kind.loses)(live, effect)
    } else {
        None
    };
    if action == ChangeAction::Replace {
        want.guard.incarnation = live.incarnation() + 1;
    }
    let address = want.address.clone();
    let parents = parents(cx, &address);
    let lifted = diff.lifted(kind, live);
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
        },
        diff,
        parents,
    }
}

/// A row that was taken under a new address is retagged, whatever else becomes of it.
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

/// Only what matches is adopted: nothing but its tags may change.
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
        Value::Text(text) | Value::Decimal(text) => text.clone(),
        _ => "(see `show`)".to_owned(),
    }
}

/// Names the parent if the field differs only because what it refers to is replaced.
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

/// A live row that is not wanted any more.
fn leaves(cx: &Context<'_>, address: &Address, live: &Live) -> Classified {
    if cx.intent.forget.contains(address) {
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

fn goes(cx: &Context<'_>, live: &Live, reason: Reason) -> Classified {
    let owner = live
        .owner
        .as_ref()
        .expect("rows that go are owned: adopted ones only ever stay");
    let wanted = cx
        .intent
        .desired
        .get(&owner.address)
        .is_some_and(|want| want.lifecycle.keep && want.kind == live.kind);
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
        loses: if kept {
            None
        } else {
            (cx.registry.known(live.kind).loses)(live, Effect::REPLACE)
        },
        before: Some(live.clone()),
        after: None,
        lifted: Vec::new(),
        order: ReplaceOrder::DeleteFirst,
    };
    Classified {
        change,
        diff: Diff::default(),
        parents: Vec::new(),
    }
}

/// Decides which half of each replacement comes first; returns users that must be replaced too.
fn decide_orders(cx: &Context<'_>, all: &mut [Classified]) -> BTreeMap<Address, Reason> {
    let mut cannot = BTreeMap::new();
    for at in 0..all.len() {
        if all[at].change.action != ChangeAction::Replace {
            continue;
        }
        let (Some(old), Some(new)) = (all[at].change.before.clone(), all[at].change.after.clone())
        else {
            continue;
        };
        let coexist = (cx.registry.known(old.kind).coexist)(&old, &new);
        let survivors: Vec<&Classified> = all.iter().filter(|one| survives(one, &old)).collect();
        if !coexist {
            for user in survivors
                .iter()
                .filter(|user| leave_update(cx, user, &new.address).is_none())
            {
                cannot.insert(
                    user.change.address.clone(),
                    Reason::ParentCannotCoexist {
                        parent: new.address.clone(),
                    },
                );
            }
        }
        let order = replace_order(
            !survivors.is_empty(),
            coexist,
            new.lifecycle.create_before_destroy,
        );
        all[at].change.order = order;
    }
    pull_create_first(cx, all);
    cannot
}

/// Whether the resource uses the old row and stays itself.
fn survives(one: &Classified, old: &Live) -> bool {
    let uses = one.change.before.as_ref().is_some_and(|live| {
        live.uses
            .iter()
            .any(|(kind, id)| *kind == old.kind && *id == old.id)
    });
    uses && one.change.action == ChangeAction::Update
}

/// The update by which a user lets go of what it refers to.
pub(crate) fn leave_update(
    cx: &Context<'_>,
    user: &Classified,
    parent: &Address,
) -> Option<&'static Update> {
    let want = user.change.after.as_ref()?;
    let attr = want
        .attrs
        .iter()
        .find(|(_, value)| {
            value
                .refs()
                .iter()
                .any(|reference| reference.address == *parent)
        })?
        .0;
    cx.registry.known(want.kind).row(attr)?.leave
}

/// What a create-first resource uses and is itself replaced must come first as well, where it can.
fn pull_create_first(cx: &Context<'_>, all: &mut [Classified]) {
    loop {
        let mut pulled = None;
        for (at, one) in all.iter().enumerate() {
            let first = one.change.action == ChangeAction::Replace
                && one.change.order == ReplaceOrder::CreateFirst;
            let Some(want) = one.change.after.as_ref().filter(|_| first) else {
                continue;
            };
            let named = named_by(want);
            let parent = all.iter().position(|other| {
                other.change.action == ChangeAction::Replace
                    && other.change.order == ReplaceOrder::DeleteFirst
                    && named.contains(&other.change.address)
            });
            if let Some(parent) = parent {
                pulled = Some((at, parent));
                break;
            }
        }
        let Some((child, parent)) = pulled else {
            return;
        };
        let change = &all[parent].change;
        let coexist = match (&change.before, &change.after) {
            (Some(old), Some(new)) => (cx.registry.known(old.kind).coexist)(old, new),
            _ => true,
        };
        if coexist {
            all[parent].change.order = ReplaceOrder::CreateFirst;
        } else {
            all[child].change.order = ReplaceOrder::DeleteFirst;
        }
    }
}

fn refusals(cx: &Context<'_>, all: &[Classified]) -> Vec<PlanError> {
    let mut errors = Vec::new();
    for one in all {
        let change = &one.change;
        errors.extend(without_row(one));
        if let Some(want) = &change.after {
            errors.extend(
                one.diff
                    .refusals
                    .iter()
                    .map(|refusal| PlanError::refused(want, refusal.clone())),
            );
        }
        let live = change.before.as_ref();
        let takes = change.deletes() || change.effect.interrupts >= Interruption::Rebuild;
        let wanted = cx
            .intent
            .desired
            .get(&change.address)
            .is_some_and(|want| want.lifecycle.protect && cx.options.destroy);
        let guarded = |live: &&Live| live.owner.as_ref().is_some_and(|owner| owner.guard.protect);
        if let Some(live) = live.filter(|live| takes && (wanted || guarded(live))) {
            errors.push(protected(cx, change, live));
        }
        if change.action == ChangeAction::Forget && cx.registry.known(change.kind).tag_api.is_none()
        {
            errors.push(PlanError {
                address: Some(change.address.clone()),
                class: PlanErrorClass::Refused,
                what: format!(
                    "`{}` cannot be forgotten: its owner is part of its name, not of its tags",
                    change.address
                ),
                hint: Some("keep it in the stack, or let it be deleted".to_owned()),
                at: None,
            });
        }
        if let Some(why) = live
            .filter(|_| change.deletes())
            .and_then(|live| (cx.registry.known(live.kind).undeletable)(&cx.intent.cx(), live))
        {
            errors.push(PlanError {
                address: Some(change.address.clone()),
                class: PlanErrorClass::Protected,
                what: format!("`{}` cannot be deleted: {why}", change.address),
                hint: None,
                at: change.after.as_ref().map(|want| want.at.clone()),
            });
        }
    }
    errors
}

/// A difference in an attribute that the kind's table does not know: without a row, nobody can say
/// what it leads to.
fn without_row(one: &Classified) -> impl Iterator<Item = PlanError> + '_ {
    let change = &one.change;
    one.diff.unknown.iter().map(move |attr| PlanError {
        address: Some(change.address.clone()),
        class: PlanErrorClass::Internal,
        what: format!(
            "internal error: `{attr}` of `{}` differs, and the kind `{}` has no row for it",
            change.address, change.kind
        ),
        hint: Some("please report it".to_owned()),
        at: change
            .after
            .as_ref()
            .map(|want| want.location(attr).clone()),
    })
}

fn protected(cx: &Context<'_>, change: &Change, live: &Live) -> PlanError {
    let doing = if change.deletes() && change.after.is_none() {
        "destroyed"
    } else {
        change.effect.word()
    };
    PlanError {
        address: Some(change.address.clone()),
        class: PlanErrorClass::Protected,
        what: format!(
            "`{}` ({}) of {} is protected and would be {doing}",
            change.address, live.id, cx.intent.stack
        ),
        hint: Some("to lift it: set `protect: false`, apply, then do this".to_owned()),
        at: change.after.as_ref().map(|want| want.at.clone()),
    }
}

/// Whether the change's live row uses this one and stays as it is.
fn stands_on(one: &Classified, used: &Live, actions: &[ChangeAction]) -> bool {
    let uses = one.change.before.as_ref().is_some_and(|live| {
        live.uses
            .iter()
            .any(|(kind, id)| *kind == used.kind && *id == used.id)
    });
    uses && actions.contains(&one.change.action)
}

/// What something kept stands on is kept as well; the cloud would refuse to delete it.
fn keep_what_is_stood_on(all: &mut [Classified]) {
    loop {
        let found = all.iter().enumerate().find_map(|(at, one)| {
            let gone = one
                .change
                .before
                .as_ref()
                .filter(|_| one.change.action == ChangeAction::Delete)?;
            let user = all
                .iter()
                .find(|user| stands_on(user, gone, &[ChangeAction::Keep, ChangeAction::Forget]))?;
            Some((at, user.change.address.clone()))
        });
        let Some((at, by)) = found else { return };
        let change = &mut all[at].change;
        (change.action, change.reason, change.loses) =
            (ChangeAction::Keep, Reason::StoodOn { by }, None);
    }
}

/// What something that stays unchanged uses cannot go.
fn stood_on(cx: &Context<'_>, all: &[Classified]) -> Vec<PlanError> {
    let mut errors = Vec::new();
    for one in all {
        let change = &one.change;
        let Some(gone) = change
            .before
            .as_ref()
            .filter(|_| change.action == ChangeAction::Delete)
        else {
            continue;
        };
        let targeted = !cx.options.targets.is_empty();
        let Some(user) = all
            .iter()
            .find(|user| !targeted && stands_on(user, gone, &[ChangeAction::NoOp]))
        else {
            continue;
        };
        errors.push(PlanError {
            address: Some(change.address.clone()),
            class: PlanErrorClass::Refused,
            what: format!(
                "`{}` ({}) cannot go: `{}` uses it and stays as it is",
                change.address, gone.id, user.change.address
            ),
            hint: Some(format!(
                "say what `{}` is to use instead, or keep `{}`",
                user.change.address, change.address
            )),
            at: user.change.after.as_ref().map(|want| want.at.clone()),
        });
    }
    errors
}

fn notes(cx: &Context<'_>, all: &[Classified]) -> Vec<Note> {
    let mut notes = Vec::new();
    for one in all {
        let address = &one.change.address;
        notes.extend(
            one.diff
                .notes
                .iter()
                .map(|what| note(address, what.clone())),
        );
        notes.extend(from_next_restart(one).map(|what| note(address, what)));
        if one.change.action == ChangeAction::Keep {
            notes.push(note(address, NoteKind::Kept));
        }
    }
    for (address, pair) in cx.paired {
        if pair.main.is_none() && !pair.superseded.is_empty() {
            notes.push(note(
                address,
                NoteKind::Remark(
                    "the resource under this address is of another kind now".to_owned(),
                ),
            ));
        }
    }
    notes
}

/// Changes in place that the machine takes up when it starts next.
fn from_next_restart(one: &Classified) -> impl Iterator<Item = NoteKind> + '_ {
    let updates = one.change.action == ChangeAction::Update
        && one.change.effect.interrupts < Interruption::Restart;
    let fields = one
        .change
        .fields
        .iter()
        .filter(move |field| updates && field.update.is_some_and(|update| update.boot));
    fields.map(|field| NoteKind::FromNextRestart {
        field: field.attr.clone(),
    })
}
