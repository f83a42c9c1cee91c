//! STS: the caller's identity, and temporary keys.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::world::World;

pub(crate) mod assume;
pub(crate) mod key;

pub(crate) const ACTIONS: &[Actions] =
    &[&[("GetCallerIdentity", caller_identity)], assume::ACTIONS];

fn caller_identity(world: &mut World, _call: &Call<'_>) -> Answer {
    let id = &world.account.id;
    if let Some(user) = world.users.of_key(&world.caller.access_key_id) {
        let (arn, number) = (
            format!("acs:ram::{id}:user/{}", user.name),
            user.id(world.seed()),
        );
        return Ok(json!({
            "AccountId": id, "Arn": arn, "IdentityType": "RAMUser", "PrincipalId": number,
            "UserId": number,
        }));
    }
    match world.tables.temporary_keys.get(&world.caller.access_key_id) {
        Some(key) => Ok(json!({
            "AccountId": id,
            "Arn": key.user_arn(id),
            "IdentityType": "AssumedRoleUser",
            "PrincipalId": key.user_id(),
            "RoleId": key.role_id,
        })),
        None => Ok(json!({
            "AccountId": id, "Arn": format!("acs:ram::{id}:root"), "IdentityType": "Account",
            "PrincipalId": id, "UserId": id,
        })),
    }
}
