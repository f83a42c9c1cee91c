//! STS: who calls.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::world::World;

pub(crate) const ACTIONS: &[Actions] = &[&[("GetCallerIdentity", caller_identity)]];

/// The simulator's one key belongs to the account itself, which has no role.
fn caller_identity(world: &mut World, _call: &Call<'_>) -> Answer {
    let id = &world.account.id;
    Ok(json!({
        "AccountId": id,
        "Arn": format!("acs:ram::{id}:root"),
        "IdentityType": "Account",
        "PrincipalId": id,
        "UserId": id,
    }))
}
