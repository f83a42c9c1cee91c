//! Decides who holds an exclusive value first: a value that one change takes must be released by
//! another before.
//!
//! Every live row and every desired resource states its claims. If a change takes a value that
//! another row holds, it becomes a [`Wait`] if that row releases the value in this plan, and an
//! error otherwise. A parent that changes its blocks waits for the children that leave them, and
//! children that need the new blocks wait for the parent. Claims are indexed by kind, field and
//! scope, and by the value unless it is a block, so the cost is `n log n` for names and addresses;
//! blocks are compared within one scope.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::change::ChangeAction;
use crate::claim::{Claim, Claimed, Room};
use crate::desired::Desired;
use crate::kind::{Cx, Kind};
use crate::live::Live;
use crate::planner::classify::Context;
use crate::planner::{Classified, PlanError};
use crate::{Address, Value};

mod cycle;
mod refusals;
#[cfg(test)]
mod tests;

pub(crate) use cycle::{delete_first, explain, let_go_first};

/// A change that waits for another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wait {
    /// The index of the change that is done first.
    pub(crate) first: usize,
    /// The index of the change that waits.
    pub(crate) then: usize,
    pub(crate) why: Why,
}

/// Why a change waits for another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Why {
    /// It takes a value that the other releases.
    Takes { held: Box<Claim>, taken: Box<Claim> },
    /// It removes the block that the other leaves: with its last steps, or with its first ones.
    Leaves { block: IpNet, with_first: bool },
    /// It needs a block that the other offers only after its last steps, or already before these.
    Arrives { block: IpNet, after_last: bool },
}

pub(crate) type Waits = Vec<Wait>;

/// The claims of a change before and after it.
struct Side {
    held: Vec<Claim>,
    after: Vec<Claim>,
}

impl Side {
    fn taken(&self) -> impl Iterator<Item = &Claim> {
        self.after.iter().filter(|claim| !self.held.contains(claim))
    }

    fn keeps(&self, taken: &Claim) -> bool {
        self.after.iter().any(|claim| claim.conflicts(taken))
    }
}

/// The holder of a value.
#[derive(Clone, Copy)]
enum Holder<'a> {
    Change(usize),
    /// A row that no change concerns, with its name in the stack.
    Outside(&'a str, &'a Live),
}

/// The key under which claims that can conflict are found. All blocks of a scope have the same key,
/// and slots are independent of the kind.
type Place<'a> = (&'static str, &'static str, &'a Value, Option<&'a Claimed>);

fn place<'a>(kind: &'static str, claim: &'a Claim) -> Place<'a> {
    if claim.is_slot() {
        return ("", "", &claim.scope, Some(&claim.what));
    }
    let exact = Some(&claim.what).filter(|_| claim.as_block().is_none());
    (kind, claim.field, &claim.scope, exact)
}

/// Returns which changes wait for which.
///
/// # Errors
/// Returns changes that take a value whose holder keeps it, or that another change takes as well.
pub(crate) fn waits(cx: &Context<'_>, all: &[Classified]) -> Result<Waits, Vec<PlanError>> {
    // Nothing is taken or given up where nothing changes.
    if all
        .iter()
        .all(|one| one.change.action == ChangeAction::NoOp)
    {
        return Ok(Waits::new());
    }
    let sides = sides(cx, all);
    let outside = outside(cx, all);
    let mut found = Found {
        cx,
        all,
        sides: &sides,
        waits: Waits::new(),
        errors: Vec::new(),
    };
    found.takes(&outside);
    found.both_take();
    found.rooms();
    if found.errors.is_empty() {
        Ok(found.waits)
    } else {
        Err(found.errors)
    }
}

/// Returns the replacements whose old and new resource cannot exist at the same time.
pub(crate) fn apart(cx: &Context<'_>, all: &[Classified]) -> BTreeSet<usize> {
    let rooms = rooms(cx, all);
    let is_apart = |one: &Classified| {
        let change = &one.change;
        let (ChangeAction::Replace, Some(old), Some(new)) =
            (change.action, &change.before, &change.after)
        else {
            return false;
        };
        if cx.apart.contains(&old.id) {
            return true;
        }
        let kind = cx.registry.known(change.kind);
        let (old, new) = (of_live(kind, old), of_desired(cx, kind, new));
        let clash = |old: &Claim| {
            let fits = |new: &Claim| fits_beside(&rooms, old, new);
            new.iter().any(|new| new.conflicts(old) || !fits(new))
        };
        old.iter().any(clash)
    };
    let apart = all.iter().enumerate().filter(|(_, one)| is_apart(one));
    apart.map(|(at, _)| at).collect()
}

/// Returns whether the parent of both offers the old and the new block at the same stage.
fn fits_beside(rooms: &Rooms<'_>, old: &Claim, new: &Claim) -> bool {
    let (Some(leaving), Some(arriving)) = (old.as_block(), new.as_block()) else {
        return true;
    };
    let same_parent = old.scope == new.scope;
    let room = room_of(rooms, old).filter(|_| same_parent);
    room.is_none_or(|(_, room)| room.there_from(arriving) <= room.stays_until(leaving))
}

struct Found<'a> {
    cx: &'a Context<'a>,
    all: &'a [Classified],
    sides: &'a [Side],
    waits: Waits,
    errors: Vec<PlanError>,
}

impl<'a> Found<'a> {
    fn kind(&self, at: usize) -> &'static str {
        self.all[at].change.kind
    }

    /// Collects values that a change takes and another row holds.
    fn takes(&mut self, outside: &'a [(&'a str, &'a Live, Vec<Claim>)]) {
        let mut holders: BTreeMap<Place<'a>, Vec<(Holder<'a>, &Claim)>> = BTreeMap::new();
        for (at, side) in self.sides.iter().enumerate() {
            for held in &side.held {
                let place = place(self.kind(at), held);
                holders
                    .entry(place)
                    .or_default()
                    .push((Holder::Change(at), held));
            }
        }
        for (name, live, claims) in outside {
            for held in claims {
                let holder = (Holder::Outside(name, live), held);
                holders
                    .entry(place(live.kind, held))
                    .or_default()
                    .push(holder);
            }
        }
        for (then, side) in self.sides.iter().enumerate() {
            for taken in side.taken() {
                let at_place = holders.get(&place(self.kind(then), taken));
                let clashes = at_place.into_iter().flatten();
                for (holder, held) in clashes.filter(|(_, held)| held.conflicts(taken)) {
                    self.take(then, *holder, held, taken);
                }
            }
        }
    }

    fn take(&mut self, then: usize, holder: Holder<'_>, held: &Claim, taken: &Claim) {
        match holder {
            Holder::Change(first) if first == then => {}
            Holder::Change(first) if !self.sides[first].keeps(taken) => self.waits.push(Wait {
                first,
                then,
                why: Why::Takes {
                    held: Box::new(held.clone()),
                    taken: Box::new(taken.clone()),
                },
            }),
            stays => {
                let clash = refusals::Clash {
                    taker: then,
                    holder: stays,
                    held,
                    taken,
                };
                let error = refusals::held(self.cx, self.all, &clash);
                self.errors.push(error);
            }
        }
    }

    /// Refuses values that two changes take.
    fn both_take(&mut self) {
        let mut takers: BTreeMap<Place<'_>, Vec<(usize, &Claim)>> = BTreeMap::new();
        for (at, side) in self.sides.iter().enumerate() {
            for taken in side.taken() {
                let others = takers.entry(place(self.kind(at), taken)).or_default();
                let clash = others
                    .iter()
                    .find(|(other, theirs)| *other != at && theirs.conflicts(taken));
                if let Some((other, _)) = clash {
                    let error = refusals::both(&self.all[*other], &self.all[at], taken);
                    self.errors.push(error);
                }
                others.push((at, taken));
            }
        }
    }

    /// Collects children that leave a block which their parent removes, and children that need a
    /// block which it adds.
    fn rooms(&mut self) {
        let rooms = rooms(self.cx, self.all);
        if rooms.is_empty() {
            return;
        }
        for (at, side) in self.sides.iter().enumerate() {
            for held in &side.held {
                self.leaves(&rooms, at, held);
            }
            for taken in side.taken() {
                self.arrives(&rooms, at, taken);
            }
        }
    }

    fn leaves(&mut self, rooms: &Rooms<'_>, at: usize, held: &Claim) {
        let (Some((parent, room)), Some(block)) = (room_of(rooms, held), held.as_block()) else {
            return;
        };
        let until = room.stays_until(block);
        if until == Room::AT_LAST {
            return;
        }
        if self.sides[at].after.contains(held) {
            let error = refusals::outside_of_parent(&self.all[at], &self.all[*parent], held);
            self.errors.push(error);
            return;
        }
        self.waits.push(Wait {
            first: at,
            then: *parent,
            why: Why::Leaves {
                block: *block,
                with_first: until < Room::MEANWHILE,
            },
        });
    }

    fn arrives(&mut self, rooms: &Rooms<'_>, at: usize, taken: &Claim) {
        let (Some((parent, room)), Some(block)) = (room_of(rooms, taken), taken.as_block()) else {
            return;
        };
        let from = room.there_from(block);
        if from > Room::AT_FIRST {
            self.waits.push(Wait {
                first: *parent,
                then: at,
                why: Why::Arrives {
                    block: *block,
                    after_last: from > Room::MEANWHILE,
                },
            });
        }
    }
}

fn sides(cx: &Context<'_>, all: &[Classified]) -> Vec<Side> {
    let side = |one: &Classified| {
        let change = &one.change;
        let kind = cx.registry.known(change.kind);
        let live = change.before.as_ref();
        let held = live.map_or_else(Vec::new, |live| of_live(kind, live));
        let after = match (change.action, &change.after, live) {
            (ChangeAction::Delete, ..) => Vec::new(),
            (ChangeAction::Create | ChangeAction::Replace, Some(want), _) => {
                of_desired(cx, kind, want)
            }
            (ChangeAction::Update, Some(want), Some(live)) => of_updated(kind, one, want, live),
            _ => held.clone(),
        };
        Side { held, after }
    };
    all.iter().map(side).collect()
}

fn of_live(kind: &Kind, live: &Live) -> Vec<Claim> {
    (kind.claims)(&|attr| live.attr(attr))
}

fn of_desired(cx: &Context<'_>, kind: &Kind, want: &Desired) -> Vec<Claim> {
    let derived = |id: fn(&Cx<'_>, &Desired) -> String| Value::text(id(&cx.intent.cx(), want));
    (kind.claims)(&|attr| match attr {
        "id" => kind.derived_id.map_or(Value::Null, derived),
        _ => want.get(attr).cloned().unwrap_or(Value::Null),
    })
}

/// Returns the claims of an updated resource in the end: from the desired values, and from the live
/// ones for attributes that are not managed.
fn of_updated(kind: &Kind, one: &Classified, want: &Desired, live: &Live) -> Vec<Claim> {
    let updates = one.diff.all_updates();
    let unsettled: Vec<&str> = updates
        .flat_map(|update| update.unsettles)
        .copied()
        .collect();
    (kind.claims)(&|attr| match want.attrs.get(attr) {
        Some(value) => value.clone(),
        None if unsettled.contains(&attr) => Value::Null,
        None => live.attr(attr),
    })
}

/// Returns known rows that no change of this plan concerns, with their claims.
fn outside<'a>(cx: &'a Context<'_>, all: &[Classified]) -> Vec<(&'a str, &'a Live, Vec<Claim>)> {
    let own: BTreeSet<(&str, &str)> = all
        .iter()
        .filter_map(|one| one.change.before.as_ref())
        .map(|live| (live.kind, live.id.as_str()))
        .collect();
    let named = cx
        .snapshot
        .named
        .iter()
        .flat_map(|(name, rows)| rows.iter().map(move |live| (name.as_str(), live)));
    let astray = cx
        .snapshot
        .astray
        .iter()
        .map(|live| (live.id.as_str(), live));
    let mut seen = BTreeSet::new();
    named
        .chain(astray)
        .filter(|(_, live)| !own.contains(&(live.kind, live.id.as_str())))
        .filter(|(_, live)| seen.insert((live.kind, live.id.as_str())))
        .filter_map(|(name, live)| {
            let claims = of_live(cx.registry.kind(live.kind)?, live);
            Some((name, live, claims))
        })
        .collect()
}

/// Parents that change their blocks, by id, with the index of their change.
type Rooms<'a> = BTreeMap<&'a str, (usize, Room)>;

fn rooms<'a>(cx: &Context<'_>, all: &'a [Classified]) -> Rooms<'a> {
    let room = |(at, one): (usize, &'a Classified)| {
        let change = &one.change;
        let (ChangeAction::Update, Some(live), Some(want)) =
            (change.action, &change.before, &change.after)
        else {
            return None;
        };
        let room = (cx.registry.known(change.kind).room)(live, want)?;
        (!room.is_constant()).then_some((live.id.as_str(), (at, room)))
    };
    all.iter().enumerate().filter_map(room).collect()
}

fn room_of<'a>(rooms: &'a Rooms<'_>, claim: &Claim) -> Option<&'a (usize, Room)> {
    rooms.get(claim.scope.as_text()?)
}

fn address(one: &Classified) -> &Address {
    &one.change.address
}
