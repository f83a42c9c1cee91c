//! Options as JSON, for `--options FILE` and `POST /_sim/options`. The JSON names only the options
//! that it changes.
//!
//! The names are those of the fields of [`Options`]. An unknown name is refused, so that a typing
//! error has no silent effect.

use serde_json::Value;

use crate::profile::Options;

/// Reasons why options cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The JSON is not an object, has an unknown name, or a value of the wrong type.
    #[error("the options are not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// A value is out of range.
    #[error("`{0}`: {1}")]
    Value(&'static str, &'static str),
}

impl Options {
    /// Applies changes to these options. The fields of `profile`, `quotas`, `token_mismatch` and
    /// `spot_prices` are merged one by one; every other option is replaced. `null` removes an entry
    /// of the last two, or sets `token_lifetime_ms` to `None`.
    ///
    /// # Errors
    /// If a name is unknown, or a value is not valid.
    pub fn merged(&self, changes: &Value) -> Result<Self, OptionsError> {
        let mut whole = serde_json::to_value(self)?;
        match changes {
            Value::Object(_) => lay(&mut whole, changes, false),
            other => whole = other.clone(),
        }
        let durations = whole["profile"]
            .as_object()
            .into_iter()
            .flat_map(|profile| profile.values())
            .filter_map(Value::as_i64);
        if durations.into_iter().any(|ms| !TIMES.contains(&ms)) {
            return Err(OptionsError::Value(
                "profile",
                "a time must be between 0 and ten years",
            ));
        }
        let merged: Self = serde_json::from_value(whole)?;
        let lags = [
            merged.list_lag_ms,
            merged.read_lag_ms,
            merged.token_lifetime_ms.unwrap_or(0),
        ];
        if lags.iter().any(|ms| !TIMES.contains(ms)) {
            return Err(OptionsError::Value(
                "list_lag_ms, read_lag_ms, token_lifetime_ms",
                "a time must be between 0 and ten years",
            ));
        }
        if merged
            .token_mismatch
            .values()
            .any(|one| !(400..600).contains(&one.status))
        {
            return Err(OptionsError::Value(
                "token_mismatch",
                "a status must be between 400 and 599",
            ));
        }
        if merged
            .spot_prices
            .values()
            .any(|price| !price.is_finite() || *price <= 0.0)
        {
            return Err(OptionsError::Value(
                "spot_prices",
                "a price must be above 0",
            ));
        }
        Ok(merged)
    }
}

/// The range of a duration in milliseconds. Sums of several durations must not overflow.
const TIMES: std::ops::RangeInclusive<i64> = 0..=10 * 366 * 86_400_000;

/// Options with keys that the caller chooses; in them `null` removes an entry.
const MAPS: [&str; 2] = ["token_mismatch", "spot_prices"];

fn lay(whole: &mut Value, changes: &Value, in_map: bool) {
    match (whole, changes) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                match (fields.get_mut(name), change) {
                    (Some(held @ Value::Object(_)), Value::Object(_)) => {
                        lay(held, change, MAPS.contains(&name.as_str()))
                    }
                    (_, Value::Null) if in_map => drop(fields.remove(name)),
                    _ => drop(fields.insert(name.clone(), change.clone())),
                }
            }
        }
        (whole, changes) => whole.clone_from(changes),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::{Profile, TokenOfDeleted, TokenScope};

    fn refused(changes: &Value) -> String {
        Options::default()
            .merged(changes)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn only_what_is_named_changes() {
        let slow = Options {
            profile: Profile::realistic(),
            token_lifetime_ms: Some(5),
            ..Options::default()
        };
        let changes = json!({
            "profile": {"vpc_create_ms": 7}, "quotas": {"vpcs": 3}, "token_scope": "account",
            "token_of_deleted": "create_new",
            "spot_prices": {"ecs.c7.large": 0.5}, "token_lifetime_ms": null,
        });
        let merged = slow.merged(&changes).expect("options");
        assert_eq!(
            (merged.profile.vpc_create_ms, merged.profile.vpc_update_ms),
            (7, 5_000)
        );
        assert_eq!((merged.quotas.vpcs, merged.quotas.vswitches), (3, 150));
        assert_eq!(
            (merged.token_scope, merged.token_of_deleted),
            (TokenScope::Account, TokenOfDeleted::CreateNew)
        );
        assert_eq!(merged.token_lifetime_ms, None);
        let without = merged
            .merged(&json!({"spot_prices": {"ecs.c7.large": null}}))
            .expect("options");
        assert_eq!(without.spot_prices.len(), 0);
        assert_eq!(merged.merged(&json!({})).expect("options"), merged);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for changes in [
            json!({"token_scop": "account"}),
            json!({"quotas": {"vpc": 1}}),
            json!({"profile": {"vpc_ms": 1}}),
            json!({"token_scope": "galaxy"}),
            json!({"quotas": null}),
            json!([1]),
            json!({"list_lag_ms": -1}),
            json!({"token_lifetme_ms": null}),
            json!({"token_lifetime_ms": i64::MAX}),
            json!({"profile": {"vpc_create_ms": -1}}),
            json!({"profile": {"vpc_create_ms": i64::MAX}}),
            json!({"token_mismatch": {"CreateVpc": {"code": "X", "status": 200}}}),
            json!({"spot_prices": {"ecs.c7.large": 0}}),
        ] {
            assert_ne!(refused(&changes), "", "{changes}");
        }
    }
}
