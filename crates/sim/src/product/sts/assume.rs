//! AssumeRole and AssumeRoleWithOIDC: a temporary key for a role.
//!
//! RAM is not simulated: any well-formed role of the account can be assumed, and a token of any
//! issuer is accepted. The form of policies is checked; they have no effect.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::ids;
use crate::product::Actions;
use crate::product::sts::key::TemporaryKey;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("AssumeRole", assume),
    ("AssumeRoleWithOIDC", assume_with_oidc),
];

/// The longest session of any role, in seconds.
const LONGEST: i64 = 43_200;

fn assume(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["ExternalId"]);
    let mut body = session(world, call)?;
    if let Some(identity) = call.given("SourceIdentity") {
        body["SourceIdentity"] = json!(identity);
    }
    Ok(body)
}

fn assume_with_oidc(world: &mut World, call: &Call<'_>) -> Answer {
    let provider = call.need("OIDCProviderArn")?;
    if !provider.starts_with(&format!("acs:ram::{}:oidc-provider/", world.account.id)) {
        return Err(Refusal::absent(
            "EntityNotExist.OIDCProvider",
            "The OIDC provider does not exist.",
        ));
    }
    let claims = claims(call.need("OIDCToken")?)?;
    let mut body = session(world, call)?;
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let time = |name: &str| {
        claims[name]
            .as_i64()
            .map(|at| Timestamp(at.saturating_mul(1000)).seconds())
            .unwrap_or_default()
    };
    let audience = match &claims["aud"] {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(","),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    body["OIDCTokenInfo"] = json!({
        "Subject": text("sub"), "Issuer": text("iss"), "ClientIds": audience,
        "IssuanceTime": time("iat"), "ExpirationTime": time("exp"), "VerificationInfo": "Success",
    });
    Ok(body)
}

/// The middle part of a token of three. Its signature is not checked.
fn claims(token: &str) -> Result<Value, Refusal> {
    let invalid = || {
        Refusal::bad(
            "AuthenticationFail.OIDCToken.Invalid",
            "The OIDC token is not valid.",
        )
    };
    let parts: Vec<&str> = token.split('.').collect();
    let [_, payload, _] = parts[..] else {
        return Err(invalid());
    };
    let bytes = URL_SAFE_NO_PAD.decode(payload).map_err(|_| invalid())?;
    serde_json::from_slice::<Value>(&bytes)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(invalid)
}

fn session(world: &mut World, call: &Call<'_>) -> Answer {
    let role = role(world, call.need("RoleArn")?)?.to_owned();
    let session = call.need("RoleSessionName")?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".@-_".contains(letter);
    if !(2..=64).contains(&session.len()) || !session.chars().all(plain) {
        return Err(Refusal::bad(
            "InvalidParameter.RoleSessionName",
            "The specified RoleSessionName is not valid.",
        ));
    }
    let seconds = call.int("DurationSeconds")?.unwrap_or(3_600);
    if !(900..=LONGEST).contains(&seconds) {
        return Err(Refusal::bad(
            "InvalidParameter.DurationSeconds",
            "The specified DurationSeconds is out of bounds.",
        ));
    }
    if let Some(policy) = call.given("Policy") {
        check_policy(policy)?;
    }
    let number = ids::draw_u64(world.seed(), &format!("role/{role}"), 1) % 900_000_000_000_000;
    let key = TemporaryKey {
        secret: ids::letters(&world.next_bytes("temporary_secret"), 32),
        token: format!(
            "CAIS{}{}",
            ids::letters(&world.next_bytes("token"), 32),
            ids::letters(&world.next_bytes("token"), 32)
        ),
        expires_ms: world.caller.wall_ms + seconds * 1000,
        role,
        role_id: format!("3{number:017}"),
        session: session.to_owned(),
    };
    let id = format!(
        "STS.{}",
        ids::letters(&world.next_bytes("temporary_key"), 24)
    );
    let body = json!({
        "Credentials": {
            "AccessKeyId": id, "AccessKeySecret": key.secret, "SecurityToken": key.token,
            "Expiration": Timestamp(key.expires_ms).seconds(),
        },
        "AssumedRoleUser": {"Arn": key.user_arn(&world.account.id), "AssumedRoleId": key.user_id()},
    });
    world.tables.temporary_keys.insert(&id, key);
    Ok(body)
}

/// The name in `acs:ram::ACCOUNT:role/NAME`.
fn role<'a>(world: &World, arn: &'a str) -> Result<&'a str, Refusal> {
    let malformed = || {
        Refusal::bad(
            "InvalidParameter.RoleArn",
            "The specified RoleArn is not valid.",
        )
    };
    let (account, name) = arn
        .strip_prefix("acs:ram::")
        .and_then(|rest| rest.split_once(":role/"))
        .ok_or_else(malformed)?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(malformed());
    }
    if account != world.account.id {
        return Err(Refusal::denied(
            "NoPermission",
            "You are not authorized to assume a role of another account.",
        ));
    }
    Ok(name)
}

fn check_policy(policy: &str) -> Result<(), Refusal> {
    if policy.len() > 2_048 {
        return Err(Refusal::bad(
            "InvalidParameter.PolicySize",
            "The policy has more than 2048 characters.",
        ));
    }
    match serde_json::from_str::<Value>(policy) {
        Ok(Value::Object(fields)) if fields.contains_key("Statement") => Ok(()),
        _ => Err(Refusal::bad(
            "InvalidParameter.PolicyGrammar",
            "The policy is not well-formed.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_role_is_assumed() {
        let mut bench = Bench::new();
        let arn = format!("acs:ram::{}:role/deployer", bench.world.account().id);
        let made = bench.ok(
            "sts.AssumeRole",
            &[("RoleArn", &arn), ("RoleSessionName", "ci-1")],
        );
        assert!(text(&made["Credentials"], "AccessKeyId").starts_with("STS."));
        assert_eq!(
            text(&made["Credentials"], "Expiration"),
            "2026-01-01T01:00:00Z"
        );
        assert!(text(&made["AssumedRoleUser"], "Arn").ends_with(":assumed-role/deployer/ci-1"));
        for (name, value, expected) in [
            ("RoleArn", "deployer", "400 InvalidParameter.RoleArn"),
            ("RoleArn", "acs:ram::1:role/x", "403 NoPermission"),
            (
                "RoleSessionName",
                "x",
                "400 InvalidParameter.RoleSessionName",
            ),
            (
                "DurationSeconds",
                "60",
                "400 InvalidParameter.DurationSeconds",
            ),
            ("Policy", "all", "400 InvalidParameter.PolicyGrammar"),
        ] {
            let mut pairs = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "ci-1")];
            pairs.retain(|(known, _)| *known != name);
            pairs.push((name, value));
            bench.refused("sts.AssumeRole", &pairs, expected);
        }
    }

    #[test]
    fn a_token_is_read() {
        let mut bench = Bench::new();
        let account = bench.world.account().id.clone();
        let (arn, provider) = (
            format!("acs:ram::{account}:role/r"),
            format!("acs:ram::{account}:oidc-provider/p"),
        );
        // {"sub":"repo","iss":"https://x","aud":"sts"}
        let token = "e30.eyJzdWIiOiJyZXBvIiwiaXNzIjoiaHR0cHM6Ly94IiwiYXVkIjoic3RzIn0.c2ln";
        let mut pairs = vec![
            ("RoleArn", arn.as_str()),
            ("RoleSessionName", "ci"),
            ("OIDCProviderArn", provider.as_str()),
            ("OIDCToken", token),
        ];
        let made = bench.ok("sts.AssumeRoleWithOIDC", &pairs);
        assert_eq!(
            (
                text(&made["OIDCTokenInfo"], "Subject"),
                text(&made["OIDCTokenInfo"], "ClientIds")
            ),
            ("repo".into(), "sts".into())
        );
        pairs[3].1 = "not-a-token";
        bench.refused(
            "sts.AssumeRoleWithOIDC",
            &pairs,
            "400 AuthenticationFail.OIDCToken.Invalid",
        );
    }
}
