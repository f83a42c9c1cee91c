//! Completes the desired resources by their kinds: defaults, canonical forms, derived names,
//! look-ups.

use std::collections::BTreeMap;

use setpoint_spec::schema::{Type, Unset};

use crate::desired::Desired;
use crate::field::{Field, Shape};
use crate::kind::{Found, Kind, Refusal};
use crate::live::Snapshot;
use crate::planner::{Intent, Paired, PlanError, outside};
use crate::registry::Registry;
use crate::{Address, Value};

/// Returns the completed desired resources.
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
    for (address, first) in intent.desired.iter() {
        let mut want = first.clone();
        let live = paired.get(address).and_then(|pair| pair.main.as_deref());
        want.guard.incarnation = live.map_or(0, crate::live::Live::incarnation);
        outside::substitute(registry, &snapshot.named, &mut want);
        let found = snapshot.found.get(address).unwrap_or(&nothing);
        errors.extend(
            unsupported(&want)
                .into_iter()
                .map(|refusal| PlanError::refused(&want, refusal)),
        );
        let kind = registry.known(want.kind);
        close(kind, &mut want);
        let unfit = unfit(kind, snapshot, &want);
        errors.extend(unfit.map(|refusal| PlanError::refused(&want, refusal)));
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

/// Sets closed fields that the entry does not give to an empty value, unless the entry sets them to
/// `unmanaged`. The kind itself closes lists of structures, since it knows their order and forms.
fn close(kind: &Kind, want: &mut Desired) {
    let is_closed = |field: &&Field| field.unset == Unset::Closed && field.shape == Shape::Plain;
    for field in kind.fields.iter().filter(is_closed) {
        let is_released = want.terms.released.iter().any(|name| name == field.name);
        let is_given = want.attrs.contains_key(field.name);
        if !is_released && !is_given {
            let nothing = match field.ty {
                Type::List(_) => Value::List(Vec::new()),
                _ => Value::Null,
            };
            want.attrs.insert(field.name.to_owned(), nothing);
        }
    }
}

/// Returns refusals of references to resources outside the stack that do not fit the desired
/// resource.
fn unfit<'a>(
    kind: &'static Kind,
    snapshot: &'a Snapshot,
    want: &'a Desired,
) -> impl Iterator<Item = Refusal> + 'a {
    let named = &snapshot.named;
    let row = move |value: &Value| match value {
        Value::Ref(reference) => named.get(&reference.address.to_string())?.first(),
        Value::Text(id) => named.values().flatten().find(|live| live.id == *id),
        _ => None,
    };
    kind.fields.iter().filter_map(move |field| {
        let fits = field.fits?;
        let (what, hint) = fits(want, row(want.attrs.get(field.name)?)?)?;
        Some(Refusal {
            attr: field.name.to_owned(),
            what,
            hint: Some(hint),
        })
    })
}

/// Refuses parts of the language that no kind supports yet, so that they are not ignored silently.
fn unsupported(want: &Desired) -> Vec<Refusal> {
    let refuse = |attr: &str, why: &str| Refusal {
        attr: attr.to_owned(),
        what: why.to_owned(),
        hint: Some("leave it out".to_owned()),
    };
    let mut found = Vec::new();
    if want.terms.resource_group.is_some() {
        found.push(refuse(
            "resource_group",
            "`resource_group` is not managed by this version",
        ));
    }
    if !want.terms.lifecycle.snapshot_before.is_empty() {
        found.push(refuse(
            "lifecycle.snapshot_before",
            "`snapshot_before` needs snapshots, which this version does not make",
        ));
    }
    found
}
