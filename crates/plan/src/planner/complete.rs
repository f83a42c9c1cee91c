//! Lets every kind complete what is wanted of it: defaults, canonical forms, derived names,
//! look-ups.

use std::collections::BTreeMap;

use crate::Address;
use crate::desired::Desired;
use crate::kind::{Found, Refusal};
use crate::live::Snapshot;
use crate::planner::{Intent, Paired, PlanError, outside};
use crate::registry::Registry;

/// The wanted resources, completed.
pub(crate) fn complete(
    registry: &Registry,
    intent: &Intent,
    snapshot: &Snapshot,
    paired: &BTreeMap<Address, Paired>,
) -> Result<BTreeMap<Address, Desired>, Vec<PlanError>> {
    let cx = intent.cx();
    let nothing = Found::default();
    let mut completed = BTreeMap::new();
    let mut errors = Vec::new();
    for (address, first) in &intent.desired {
        let mut want = first.clone();
        let live = paired.get(address).and_then(|pair| pair.main.as_ref());
        want.guard.incarnation = live.map_or(0, crate::live::Live::incarnation);
        outside::substitute(registry, &snapshot.named, &mut want);
        let found = snapshot.found.get(address).unwrap_or(&nothing);
        errors.extend(
            unsupported(&want)
                .into_iter()
                .map(|refusal| PlanError::refused(&want, refusal)),
        );
        let kind = registry.known(want.kind);
        if let Err(refusal) = (kind.desire)(&cx, found, live, &mut want) {
            errors.push(PlanError::refused(&want, refusal));
        }
        completed.insert(address.clone(), want);
    }
    if errors.is_empty() {
        Ok(completed)
    } else {
        Err(errors)
    }
}

/// What the language has and no kind performs yet: refused, never passed over.
fn unsupported(want: &Desired) -> Vec<Refusal> {
    let refuse = |attr: &str, why: &str| Refusal {
        attr: attr.to_owned(),
        what: why.to_owned(),
        hint: Some("leave it out".to_owned()),
    };
    let mut found = Vec::new();
    if want.resource_group.is_some() {
        found.push(refuse(
            "resource_group",
            "`resource_group` is not managed by this version",
        ));
    }
    if !want.lifecycle.snapshot_before.is_empty() {
        found.push(refuse(
            "lifecycle.snapshot_before",
            "`snapshot_before` needs snapshots, which this version does not make",
        ));
    }
    found
}
