//! Pairs live rows with addresses.
//!
//! One row: that is it. Two of different incarnations: an interrupted replacement; the higher one is compared, since
//! it was made from the newer spec, and the other goes. Two of one incarnation: nobody can say which is meant, so
//! nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::Address;
use crate::live::{Live, Snapshot};
use crate::planner::{Intent, Options, Paired, PlanError, PlanErrorClass};

/// Pairs every address that is wanted or owns something.
pub(crate) fn pair(
    intent: &Intent,
    snapshot: &Snapshot,
    options: &Options,
) -> Result<BTreeMap<Address, Paired>, Vec<PlanError>> {
    let mut paired: BTreeMap<Address, Paired> = intent
        .desired
        .keys()
        .map(|address| (address.clone(), Paired::default()))
        .collect();
    let mut errors = Vec::new();
    for address in snapshot.addresses() {
        let wanted_kind = intent.desired.get(&address).map(|want| want.kind);
        let mut rows: Vec<Live> = snapshot.at(&address).cloned().collect();
        rows.sort_by_key(|row| (wanted_kind == Some(row.kind), row.incarnation()));
        errors.extend(two_owners(intent, &address, &rows));
        let entry = paired.entry(address).or_default();
        entry.main = match wanted_kind {
            Some(kind) if rows.last().is_some_and(|row| row.kind != kind) => None,
            _ => rows.pop(),
        };
        // A row of another kind under this address is not what is wanted: it goes.
        let is_other = |row: &Live| wanted_kind.is_some_and(|kind| row.kind != kind);
        let (others, rows): (Vec<Live>, Vec<Live>) = rows.into_iter().partition(is_other);
        entry.other_kind = others;
        entry.moved_from = entry
            .main
            .as_ref()
            .and_then(|row| snapshot.moved.get(&row.id).cloned());
        entry.superseded = rows;
    }
    if !options.destroy {
        errors.extend(adopt(intent, snapshot, &mut paired));
    }
    if errors.is_empty() {
        Ok(paired)
    } else {
        Err(errors)
    }
}

/// A resource that is not there and names a live thing takes that one over.
fn adopt(
    intent: &Intent,
    snapshot: &Snapshot,
    paired: &mut BTreeMap<Address, Paired>,
) -> Vec<PlanError> {
    let mut errors = Vec::new();
    let mut taken = BTreeSet::new();
    for (address, want) in &intent.desired {
        let Some(id) = &want.adopt else { continue };
        let entry = paired.entry(address.clone()).or_default();
        if entry.main.is_some() {
            continue;
        }
        let refuse = |what: String, hint: &str| PlanError {
            address: Some(address.clone()),
            class: PlanErrorClass::Refused,
            what,
            hint: Some(hint.to_owned()),
            at: Some(want.at.clone()),
        };
        match snapshot.adopted.get(address).and_then(|rows| rows.first()) {
            None => errors.push(refuse(
                format!("there is no {} `{id}` to adopt", want.kind),
                "take `adopt` out to create one",
            )),
            Some(Live {
                owner: Some(owner), ..
            }) => {
                let what = format!(
                    "`{id}` is `{}` of the stack {} already",
                    owner.address, owner.stack
                );
                errors.push(refuse(what, "move it with a `moved:` entry instead"));
            }
            Some(row) if !taken.insert(row.id.clone()) => {
                errors.push(refuse(
                    format!("`{id}` is adopted under another address too"),
                    "adopt it once",
                ));
            }
            Some(row) => {
                entry.main = Some(row.clone());
                entry.adopted = true;
            }
        }
    }
    errors
}

fn two_owners(intent: &Intent, address: &Address, rows: &[Live]) -> Vec<PlanError> {
    let twins = |pair: &&[Live]| {
        pair[0].kind == pair[1].kind && pair[0].incarnation() == pair[1].incarnation()
    };
    let error = |pair: &[Live]| {
        PlanError {
        address: Some(address.clone()),
        class: PlanErrorClass::TwoOwners,
        what: format!("both {} and {} carry the address `{address}` of {}", pair[0].id, pair[1].id, intent.stack),
        hint: Some("take the tag `setpoint:address` off the one that does not belong to this stack, or delete it".to_owned()),
        at: None,
    }
    };
    rows.windows(2).filter(twins).map(error).collect()
}
