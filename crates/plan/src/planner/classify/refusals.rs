//! Refuses deletions, and keeps resources that other kept resources use.

use std::collections::BTreeMap;

use crate::change::{Change, ChangeAction, Reason};
use crate::effect::Interruption;
use crate::live::Live;
use crate::planner::blocks;
use crate::planner::classify::Context;
use crate::planner::classify::closure::lets_go;
use crate::planner::{Classified, PlanError, PlanErrorClass, Users};
use crate::{Address, Value};

/// Refuses to replace what the targets leave out of the plan.
fn outside_targets<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = PlanError> + 'a {
    let replaced = cx.options.replace.iter();
    let outside =
        replaced.filter(|address| !cx.targets.is_empty() && !cx.targets.contains(address));
    outside.map(|address| PlanError {
        address: Some(address.clone()),
        class: PlanErrorClass::Refused,
        what: format!("`--replace` names {address}, which `--target` leaves out of the plan"),
        hint: Some(format!("Add `--target {address}`, or remove `--target`.")),
        at: None,
    })
}

pub(super) fn refusals(cx: &Context<'_>, all: &[Classified]) -> Vec<PlanError> {
    let mut errors: Vec<PlanError> = outside_targets(cx).collect();
    for one in all {
        let change = &one.change;
        errors.extend(without_row(one));
        // A replaced resource is not changed in place, so a refusal to do so does not matter.
        let in_place = one.diff.refusals.iter();
        let in_place = in_place.filter(|_| change.action != ChangeAction::Replace);
        if let Some(want) = &change.after {
            errors.extend(in_place.map(|refusal| PlanError::refused(want, refusal.clone())));
        }
        let live = change.before.as_deref();
        let takes = change.deletes() || change.effect.interrupts >= Interruption::Rebuild;
        let wanted = cx
            .intent
            .desired
            .get(&change.address)
            .is_some_and(|want| want.terms.lifecycle.protect && cx.options.destroy);
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

/// Returns an error for each attribute that differs and has no row in the kind's table, since only
/// the row says how to act on a difference.
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
    let doing = match change.action {
        ChangeAction::Replace => "replaced",
        _ if change.deletes() && change.after.is_none() => "destroyed",
        _ => "rebuilt",
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

/// Keeps every resource that a kept resource uses, since the cloud would refuse to delete it.
pub(super) fn keep_what_is_stood_on(cx: &Context<'_>, users: &Users, all: &mut [Classified]) {
    loop {
        let mut moved = false;
        for at in 0..all.len() {
            let Some(by) = kept_by(cx, users, all, at) else {
                continue;
            };
            let change = &mut all[at].change;
            (change.action, change.reason, change.loses) =
                (ChangeAction::Keep, Reason::StoodOn { by }, None);
            moved = true;
        }
        // A resource that is kept now may use one that was examined before.
        if !moved {
            return;
        }
    }
}

/// Returns the first resource that stays and uses a resource that is to be deleted.
fn kept_by(cx: &Context<'_>, users: &Users, all: &[Classified], at: usize) -> Option<Address> {
    let change = &all[at].change;
    let gone = change.before.as_ref();
    let gone = gone.filter(|_| change.action == ChangeAction::Delete)?;
    let holds_on = |user: &&Classified| match (user.change.action, &user.change.before) {
        (ChangeAction::Forget, _) => true,
        (ChangeAction::Keep, Some(live)) => {
            !blocks::lets_go(cx.registry.known(live.kind), live, gone)
        }
        _ => false,
    };
    let users = users.of_change(at).iter().map(|user| &all[*user]);
    let user = users.into_iter().find(holds_on)?;
    Some(user.change.address.clone())
}

/// Refuses to delete a resource that one which stays continues to use.
pub(super) fn stood_on(cx: &Context<'_>, users: &Users, all: &[Classified]) -> Vec<PlanError> {
    let mut errors = Vec::new();
    if !cx.options.targets.is_empty() {
        return errors;
    }
    for (at, one) in all.iter().enumerate() {
        let change = &one.change;
        let Some(gone) = change
            .before
            .as_ref()
            .filter(|_| change.action == ChangeAction::Delete)
        else {
            continue;
        };
        let keeps_using = |user: &&Classified| match user.change.action {
            ChangeAction::NoOp => true,
            ChangeAction::Update => !lets_go(user, gone),
            _ => false,
        };
        let mut users = users.of_change(at).iter().map(|user| &all[*user]);
        let Some(user) = users.find(keeps_using) else {
            continue;
        };
        errors.push(PlanError {
            address: Some(change.address.clone()),
            class: PlanErrorClass::Refused,
            what: format!(
                "`{}` ({}) cannot be deleted: `{}` uses it and keeps doing so",
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

/// Refuses references to attributes that a resource lacks and that nothing in this plan gives it:
/// apply could not send them.
pub(super) fn unknowable(all: &[Classified]) -> Vec<PlanError> {
    let rests = |one: &&Classified| one.change.action == ChangeAction::NoOp;
    let at_rest: BTreeMap<&Address, &Live> = all
        .iter()
        .filter(rests)
        .filter_map(|one| Some((&one.change.address, one.change.before.as_deref()?)))
        .collect();
    let mut errors = Vec::new();
    for change in all.iter().map(|one| &one.change) {
        let acts = change.creates() || change.action == ChangeAction::Update;
        let Some(want) = change.after.as_ref().filter(|_| acts) else {
            continue;
        };
        let tags = want.tags.iter().flatten();
        let tags = tags.map(|(key, value)| (format!("tags.{key}"), value));
        let attrs = want
            .attrs
            .iter()
            .map(|(attr, value)| (attr.to_string(), value));
        for (attr, value) in attrs.chain(tags) {
            let lacks = |reference: &&&crate::Ref| {
                let live = at_rest.get(&reference.address);
                live.is_some_and(|live| live.attr(&reference.attr) == Value::Null)
            };
            let Some(reference) = value.refs().iter().find(lacks).copied() else {
                continue;
            };
            errors.push(PlanError {
                address: Some(change.address.clone()),
                class: PlanErrorClass::Refused,
                what: format!("`{}` has no `{}` now", reference.address, reference.attr),
                hint: Some("take the reference out, or give it one in this plan".to_owned()),
                at: Some(want.location(&attr).clone()),
            });
        }
    }
    errors
}
