//! The blocks of a VPC: additions, removals and their order.
//!
//! A primary block that only grows is changed before its subnets are; one that shrinks or moves is
//! changed after them, since the API refuses it while an address outside the new block is in use.
//!
//! The API accepts one change of secondary blocks at a time. Blocks are added before anything is
//! created inside them, and removed after everything inside them is deleted; only a block that
//! overlaps a new one is removed first, since blocks must not overlap. The goal of every call is
//! the whole list, because a listing shows the whole list.

use ipnet::IpNet;
use setpoint_openapi::action::vpc as api;
use setpoint_plan::claim::Room;
use setpoint_plan::desired::Desired;
use setpoint_plan::field::{Judged, Verdict};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{Call, Codes, Cond, Retry, Step, Window, minutes};
use setpoint_plan::update::{At, Update};
use setpoint_plan::{Action, Value};

use crate::vpc::{BUSY, GROW, MOVE, available};

/// The attribute with the secondary blocks.
const LIST: &str = "secondary_cidr_blocks";
/// The derived attribute with the blocks that an update removes beside additions. It is a part of
/// the list with a place of its own in the procedure.
pub(super) const TAKEN: &str = "secondary_cidr_blocks.taken";

const ADDING: Retry = &[(BUSY, Window::For(minutes(5)))];
/// A deleted subnet disappears from listings before its block is released.
pub(super) const TAKING: Retry = &[
    (BUSY, Window::For(minutes(5))),
    (
        &["OperationFailed.CidrInUse"],
        Window::AfterRelease(minutes(2)),
    ),
];
/// The block may already be added, or overlap another one: the list of blocks decides.
const THERE: Codes = &["OperationDenied.CidrConflictWithExistCidr"];
/// The block may already be removed: the list of blocks decides.
const NOT_THERE: Codes = &["InvalidCidrBlock.NotFound"];

/// The difference of two lists of blocks.
struct Split {
    /// Removed blocks that a new one overlaps; they are removed first.
    in_the_way: Vec<Value>,
    added: Vec<Value>,
    /// All other removed blocks.
    taken: Vec<Value>,
}

/// Splits the difference between the desired and the live secondary blocks.
fn split(want: &Desired, live: Option<&Live>) -> Split {
    split_lists(
        &blocks_of(want.attrs.get(LIST)),
        blocks_of(live.and_then(|live| live.attrs.get(LIST))),
    )
}

fn split_lists(want: &[Value], live: Vec<Value>) -> Split {
    let added: Vec<Value> = want
        .iter()
        .filter(|block| !live.contains(block))
        .cloned()
        .collect();
    let gone = live.into_iter().filter(|block| !want.contains(block));
    let (in_the_way, taken) = gone.partition(|block| added.iter().any(|new| overlap(block, new)));
    Split {
        in_the_way,
        added,
        taken,
    }
}

fn blocks_of(value: Option<&Value>) -> Vec<Value> {
    value
        .and_then(Value::as_list)
        .map(<[Value]>::to_vec)
        .unwrap_or_default()
}

fn net(value: &Value) -> Option<IpNet> {
    value.as_text().and_then(|text| text.parse().ok())
}

/// Returns whether two blocks overlap, which for CIDR blocks means that one contains the other;
/// false if one is not known.
fn overlap(a: &Value, b: &Value) -> bool {
    matches!((net(a), net(b)), (Some(a), Some(b)) if a.contains(&b) || b.contains(&a))
}

/// Sets [`TAKEN`] to the removed blocks of an update that also adds some, since the two happen at
/// different times.
pub(super) fn name_taken(live: Option<&Live>, want: &mut Desired) {
    if !want.attrs.contains_key(LIST) {
        return;
    }
    let Split { added, taken, .. } = split(want, live);
    if !added.is_empty() && !taken.is_empty() {
        want.attrs.insert(TAKEN.to_owned(), Value::List(taken));
    }
}

/// Adds new blocks, before anything is created inside them.
static ADD: Update = Update::online("add_blocks", |change| {
    add(&change.id(), change.want, Some(change.live))
});
/// Removes old blocks, after everything inside them is deleted.
static TAKE: Update = Update::online("take_blocks", |change| {
    take(&change.id(), change.want, change.live)
})
.place(At::After);

/// Judges a difference in the secondary blocks. If there are additions, removals follow by
/// [`judge_taken`].
pub(super) fn judge(judged: &Judged<'_>) -> Verdict {
    let Split { added, taken, .. } = split(judged.desired, Some(judged.row));
    match (added.is_empty(), taken.is_empty()) {
        (false, _) => Verdict::Update(&ADD),
        (true, false) => Verdict::Update(&TAKE),
        (true, true) => Verdict::Same,
    }
}

/// Judges the removals beside additions. The lists are compared again, since references are
/// resolved only now.
pub(super) fn judge_taken(judged: &Judged<'_>) -> Verdict {
    let Split { added, taken, .. } = split(judged.desired, Some(judged.row));
    if added.is_empty() || taken.is_empty() {
        Verdict::Same
    } else {
        Verdict::Update(&TAKE)
    }
}

/// Judges a difference in the primary block: growth comes first, any other change last. A change is
/// refused while a secondary block overlaps the old or the new block.
pub(super) fn judge_primary(judged: &Judged<'_>) -> Verdict {
    let Split { added, .. } = split(judged.desired, Some(judged.row));
    let live = blocks_of(judged.row.attrs.get(LIST));
    let new_overlaps = live.iter().find(|other| overlap(judged.want, other));
    let old_overlaps = added.iter().find(|other| overlap(judged.live, other));
    if let Some(other) = new_overlaps.or(old_overlaps) {
        let (what, way_out) = overlap_refusal(judged, other);
        return Verdict::Refuse(what, Some(way_out));
    }
    let grows = match (net(judged.live), net(judged.want)) {
        (Some(old), Some(new)) => new.contains(&old),
        _ => false,
    };
    Verdict::Update(if grows { &GROW } else { &MOVE })
}

/// Returns why the primary block cannot change, and a hint. Two applies help if the overlapping
/// block is removed, or overlaps only the old primary block.
fn overlap_refusal(judged: &Judged<'_>, other: &Value) -> (String, String) {
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let goes = judged
        .desired
        .attrs
        .get(LIST)
        .is_some_and(|list| !blocks_of(Some(list)).contains(other));
    let way_out = if goes || !overlap(judged.want, other) {
        "change `cidr_block` and `secondary_cidr_blocks` in two applies"
    } else {
        "choose blocks that do not overlap"
    };
    let (old, new, other) = (text(judged.live), text(judged.want), text(other));
    let what = format!(
        "the primary block cannot change from {old} to {new} while the secondary block {other} \
         overlaps one of them"
    );
    (what, way_out.to_owned())
}

/// Returns the blocks that the VPC offers to its subnets at each stage of its update.
pub(super) fn room(live: &Live, want: &Desired) -> Room {
    let primary = |value: Option<&Value>| value.and_then(net);
    let old = primary(live.attrs.get("cidr_block"));
    let new = primary(want.attrs.get("cidr_block")).or(old);
    let grows = matches!((old, new), (Some(old), Some(new)) if new.contains(&old));
    let now = blocks_of(live.attrs.get(LIST));
    let at_last = match want.attrs.get(LIST) {
        Some(_) => blocks_of(want.attrs.get(LIST)),
        None => now.clone(),
    };
    let Split {
        in_the_way, added, ..
    } = split_lists(&at_last, now.clone());
    let is_kept = |block: &&Value| !in_the_way.contains(block);
    let kept: Vec<Value> = now.iter().filter(is_kept).cloned().collect();
    let first = if grows { new } else { old };
    let room = |primary: Option<IpNet>, more: &[Value]| {
        primary
            .into_iter()
            .chain(more.iter().filter_map(net))
            .collect()
    };
    Room {
        at_first: room(old, &now),
        cleared: room(first, &kept),
        meanwhile: room(first, &[kept.clone(), added].concat()),
        at_last: room(new, &at_last),
    }
}

/// Returns the steps that remove overlapping blocks and then add the new ones.
pub(super) fn add(id: &Value, want: &Desired, live: Option<&Live>) -> Vec<Step> {
    let mut list = blocks_of(live.and_then(|live| live.attrs.get(LIST)));
    let Split {
        in_the_way, added, ..
    } = split(want, live);
    let room: Vec<Step> = in_the_way
        .iter()
        .flat_map(|block| take_one(id, block, &mut list))
        .collect();
    let new = added.iter().flat_map(|block| {
        list.push(block.clone());
        list.sort();
        let call = Call {
            look_on: THERE,
            retry: ADDING,
            ..change(&api::ASSOCIATE_VPC_CIDR_BLOCK, id, block, &list)
        };
        [Step::call(call), available()]
    });
    room.into_iter().chain(new).collect()
}

/// Returns the steps that remove the remaining blocks, at a time when the new ones exist.
fn take(id: &Value, want: &Desired, live: &Live) -> Vec<Step> {
    let Split { taken, .. } = split(want, Some(live));
    let mut list = [blocks_of(want.attrs.get(LIST)), taken.clone()].concat();
    taken
        .iter()
        .flat_map(|block| take_one(id, block, &mut list))
        .collect()
}

/// Returns the steps that remove one block, and removes it from `list`, which becomes the goal.
fn take_one(id: &Value, block: &Value, list: &mut Vec<Value>) -> [Step; 2] {
    list.retain(|other| other != block);
    list.sort();
    let call = Call {
        look_on: NOT_THERE,
        retry: TAKING,
        ..change(&api::UNASSOCIATE_VPC_CIDR_BLOCK, id, block, list)
    };
    [Step::call(call), available()]
}

/// Returns the call that adds or removes one block; `list`, the whole list after it, is its goal.
fn change(action: &'static Action, id: &Value, block: &Value, list: &[Value]) -> Call {
    let args = vec![("VpcId", id.clone()), ("SecondaryCidrBlock", block.clone())];
    Call {
        goal: Some(Cond::Is(LIST, vec![Value::List(list.to_vec())])),
        ..Call::new(action, args)
    }
}
