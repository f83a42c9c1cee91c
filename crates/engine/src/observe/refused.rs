//! Listings that the cloud refuses.
//!
//! Every kind is listed, including those that the file does not use, since the stack may own
//! resources of them. If the caller lacks the permission to list such a kind, or has not activated
//! its product, the plan gets a note, and nothing is concluded about the kind. For a kind that is
//! in use, the refusal is an error. It is also an error if every listing is refused, since then
//! nothing is known.

use std::collections::BTreeSet;

use setpoint_openapi::error::CallError;
use setpoint_plan::live::{Snapshot, Unlisted};
use setpoint_plan::planner::Intent;
use setpoint_plan::questions;

use crate::pages::ReadError;
use crate::session::Session;

/// Returns whether the API refused the call because a permission or the activation of the product
/// is missing.
pub(super) fn is_refusal(error: &ReadError) -> bool {
    let api = error.call().and_then(CallError::api);
    api.is_some_and(|api| api.is_permission() || api.is_not_activated())
}

/// Returns the kinds that were not listed, one for each missing permission, if the plan can do
/// without them.
///
/// # Errors
///
/// The first refusal of a listing that the plan needs.
pub(super) fn tolerated(
    session: &Session,
    intent: &Intent,
    snapshot: &Snapshot,
    refusals: Vec<(&'static str, ReadError)>,
) -> Result<Vec<Unlisted>, ReadError> {
    let used = questions::used_kinds(&session.registry, intent, snapshot);
    let refused: BTreeSet<&str> = refusals.iter().map(|(kind, _)| *kind).collect();
    let nothing_listed = session
        .registry
        .kinds()
        .all(|kind| refused.contains(kind.name));
    let mut unlisted: Vec<Unlisted> = Vec::new();
    for (kind, error) in refusals {
        let Some(api) = error.call().and_then(CallError::api) else {
            return Err(error);
        };
        if nothing_listed || used.contains(kind) {
            return Err(error);
        }
        let one = Unlisted {
            kind,
            permission: format!("{}:{}", api.product, api.action),
            code: api.code.clone(),
            request_id: api.request_id.clone(),
        };
        if !unlisted
            .iter()
            .any(|other| other.permission == one.permission)
        {
            unlisted.push(one);
        }
    }
    Ok(unlisted)
}
