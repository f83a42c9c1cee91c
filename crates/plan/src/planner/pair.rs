//! Pairs live rows with addresses, kind by kind.
//!
//! A single row of the kind is the resource. Two rows of different incarnations are the result of
//! an interrupted replacement: the higher one is compared, since it was created from the newer
//! spec, and the other is deleted. With two rows of the same incarnation it is not known which one
//! is meant, so the plan is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Address;
use crate::live::{Live, Snapshot};
use crate::planner::{Intent, Options, Paired, PlanError, PlanErrorClass};

/// Pairs every address that is desired or owns a live row.
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
    for (address, by_kind) in by_address(snapshot) {
        let desired_kind = intent.desired.get(address).map(|want| want.kind);
        let entry = paired.entry(address.clone()).or_default();
        // An owner is a kind and an address. If the file no longer uses an address, the row of the
        // first kind is paired with it, and the rows of other kinds are deleted as well.
        let main_kind = desired_kind.or_else(|| by_kind.keys().next().copied());
        for (kind, mut rows) in by_kind {
            rows.sort_by_key(|row| row.incarnation());
            errors.extend(two_owners(intent, address, &rows));
            if main_kind == Some(kind) {
                entry.main = rows.pop();
                entry.superseded = rows;
            } else {
                entry.other_kind.extend(rows);
            }
        }
        let main = entry.main.as_ref();
        entry.moved_from = main.and_then(|row| snapshot.moved.get(&row.id).cloned());
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

/// The live rows of each address, by kind.
type ByAddress<'a> = BTreeMap<&'a Address, BTreeMap<&'static str, Vec<Arc<Live>>>>;

fn by_address(snapshot: &Snapshot) -> ByAddress<'_> {
    let mut found = ByAddress::new();
    for row in &snapshot.live {
        if let Some(owner) = &row.owner {
            let by_kind = found.entry(&owner.address).or_default();
            by_kind.entry(row.kind).or_default().push(row.clone());
        }
    }
    found
}

/// Pairs resources that do not exist and have an `adopt` line with the live resource that it names.
fn adopt(
    intent: &Intent,
    snapshot: &Snapshot,
    paired: &mut BTreeMap<Address, Paired>,
) -> Vec<PlanError> {
    let mut errors = Vec::new();
    let mut taken = BTreeSet::new();
    for (address, want) in intent.desired.iter() {
        let Some(id) = &want.terms.adopt else {
            continue;
        };
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
                entry.main = Some(Arc::new(row.clone()));
                entry.adopted = true;
            }
        }
    }
    errors
}

fn two_owners(intent: &Intent, address: &Address, rows: &[Arc<Live>]) -> Vec<PlanError> {
    let twins = |pair: &&[Arc<Live>]| pair[0].incarnation() == pair[1].incarnation();
    let error = |pair: &[Arc<Live>]| PlanError {
        address: Some(address.clone()),
        class: PlanErrorClass::TwoOwners,
        what: format!(
            "both {} and {} carry the address `{address}` of {}",
            pair[0].id, pair[1].id, intent.stack
        ),
        hint: Some(
            "take the tag `setpoint:address` off the one that does not belong to this stack, or \
             delete it"
                .to_owned(),
        ),
        at: None,
    };
    rows.windows(2).filter(twins).map(error).collect()
}

#[cfg(test)]
mod tests;
