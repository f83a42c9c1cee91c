//! RAM users: further callers with keys of their own and a list of actions that they may call.
//!
//! They are set at the start or by `/_sim/keys`, and kept in memory only. A caller who is not one
//! of them is the account itself, or an assumed role; both may call everything. The form of a
//! refusal differs by product, see `Users::check`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::action::{self, Action};
use setpoint_openapi::product::Product;
use setpoint_openapi::timestamp::Timestamp;

use crate::account::Account;
use crate::ids;
use crate::refusal::Refusal;

/// A RAM user. `Debug` shows neither secret nor token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The login name: letters, digits, `.`, `-` and `_`.
    #[serde(rename = "user")]
    pub name: String,
    /// The id of the key; drawn from the seed if empty.
    #[serde(default)]
    pub access_key_id: String,
    /// The secret of the key; drawn from the seed if empty.
    #[serde(default)]
    pub access_key_secret: String,
    /// A token that the user may send in place of a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<String>,
    /// The end of the bearer token's validity, as `2026-01-01T00:00:00Z`. `None`: it does not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_expires: Option<String>,
    /// Whether the key and the bearer token are disabled.
    #[serde(default)]
    pub inactive: bool,
    /// The actions that the user may call: `ecs:DescribeInstances`, `vpc:Describe*`, `*`.
    #[serde(default)]
    pub allow: Vec<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("allow", &self.allow)
            .finish_non_exhaustive()
    }
}

/// Reasons why a list of users is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// A name is not valid.
    #[error("`{0}` is not a valid user name: it must have 1 to 64 letters, digits, `.`, `-`, `_`")]
    Name(String),
    /// A name, key or token occurs twice.
    #[error("`{0}` occurs twice: names, keys and tokens of users must differ")]
    Twice(String),
    /// A pattern cannot match any action.
    #[error(
        "`{pattern}` of `{user}` matches no action: write `PRODUCT:ACTION` with `*` for any text, \
         or `*`"
    )]
    Pattern {
        /// The user.
        user: String,
        /// The pattern.
        pattern: String,
    },
    /// A bearer token is empty.
    #[error("the `bearer_token` of `{0}` must not be empty")]
    EmptyToken(String),
    /// The end of a token's validity is not a time.
    #[error("`bearer_expires` of `{0}` is not a valid time: write it as `2026-01-01T00:00:00Z`")]
    Moment(String),
}

impl User {
    /// The user number that `GetCallerIdentity` shows.
    pub(crate) fn id(&self, seed: u64) -> String {
        format!(
            "2{:017}",
            ids::draw_u64(seed, &format!("user/{}", self.name), 1) % 100_000_000_000_000_000
        )
    }

    /// # Errors
    /// `InvalidAccessKeyId.Inactive` if the key is disabled.
    pub(crate) fn active(&self) -> Result<(), Refusal> {
        if self.inactive {
            Err(Refusal::bad(
                "InvalidAccessKeyId.Inactive",
                "Specified access key is disabled.",
            ))
        } else {
            Ok(())
        }
    }

    fn may(&self, action: &Action) -> bool {
        let called = format!("{}:{}", action.product, action.name);
        self.allow.iter().any(|pattern| fits(pattern, &called))
    }

    fn check(&self) -> Result<(), UserError> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
        if !(1..=64).contains(&self.name.len()) || !self.name.chars().all(plain) {
            return Err(UserError::Name(self.name.clone()));
        }
        let known = |pattern: &str| {
            let mut actions = Product::ALL.into_iter().flat_map(action::table);
            actions.any(|action| fits(pattern, &format!("{}:{}", action.product, action.name)))
        };
        if self.bearer_token.as_deref() == Some("") {
            return Err(UserError::EmptyToken(self.name.clone()));
        }
        if let Some(pattern) = self.allow.iter().find(|pattern| !known(pattern)) {
            return Err(UserError::Pattern {
                user: self.name.clone(),
                pattern: pattern.clone(),
            });
        }
        match &self.bearer_expires {
            Some(text) if Timestamp::parse(text).is_none() => {
                Err(UserError::Moment(self.name.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a text matches a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The users of a world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Users(Vec<User>);

impl Users {
    /// Takes a list of users, and draws the keys that are not given.
    ///
    /// # Errors
    /// If a name, pattern or end of validity is not valid, or a name, key or token occurs twice.
    pub(crate) fn new(
        mut users: Vec<User>,
        seed: u64,
        account: &Account,
    ) -> Result<Self, UserError> {
        let mut taken = vec![account.access_key_id.clone()];
        for user in &mut users {
            user.check()?;
            let stream = format!("user/{}", user.name);
            if user.access_key_id.is_empty() {
                user.access_key_id = format!(
                    "LTAI5tSim{}",
                    ids::letters(&ids::draw(seed, &stream, 2), 15)
                );
            }
            if user.access_key_secret.is_empty() {
                user.access_key_secret = ids::letters(&ids::draw(seed, &stream, 3), 30);
            }
            taken.extend([format!("user {}", user.name), user.access_key_id.clone()]);
            taken.extend(
                user.bearer_token
                    .iter()
                    .map(|token| format!("token {token}")),
            );
        }
        let mut seen = BTreeSet::new();
        match taken.iter().find(|text| !seen.insert(*text)) {
            // The text may be a token, so the error does not show it.
            Some(text) if text.starts_with("token ") => {
                Err(UserError::Twice("bearer_token".to_owned()))
            }
            Some(text) => Err(UserError::Twice(
                text.trim_start_matches("user ").to_owned(),
            )),
            None => Ok(Self(users)),
        }
    }

    pub(crate) fn all(&self) -> &[User] {
        &self.0
    }

    /// The user with this key.
    pub(crate) fn of_key(&self, access_key_id: &str) -> Option<&User> {
        self.0
            .iter()
            .find(|user| user.access_key_id == access_key_id)
    }

    /// The user with this bearer token. The cloud documents no codes for bearer tokens; those of
    /// security tokens are used.
    ///
    /// # Errors
    /// `InvalidSecurityToken.Malformed` for an unknown token, `InvalidSecurityToken.Expired`.
    pub(crate) fn of_token(&self, token: &str, wall: Timestamp) -> Result<&User, Refusal> {
        let user = self
            .0
            .iter()
            .find(|user| user.bearer_token.as_deref() == Some(token));
        let user = user.ok_or_else(|| {
            Refusal::bad(
                "InvalidSecurityToken.Malformed",
                "The bearer token is not valid.",
            )
        })?;
        user.active()?;
        match user.bearer_expires.as_deref().and_then(Timestamp::parse) {
            Some(end) if wall >= end => Err(Refusal::bad(
                "InvalidSecurityToken.Expired",
                "The bearer token is expired.",
            )),
            _ => Ok(user),
        }
    }

    /// Checks that the owner of a key may call an action. Asking for the caller's identity or for
    /// endpoints needs no permission.
    ///
    /// # Errors
    /// 403, with the code of the product.
    pub(crate) fn check(&self, access_key_id: &str, action: &Action) -> Result<(), Refusal> {
        let free = action.product == Product::Location
            || action.name == "GetCallerIdentity"
            || action.name == "AssumeRoleWithOIDC";
        match self.of_key(access_key_id) {
            Some(user) if !free && !user.may(action) => Err(forbidden(action)),
            _ => Ok(()),
        }
    }
}

/// The page of DescribeInstances for a caller without permission: empty, not an error.
pub(crate) fn emptied(mut page: Value) -> Value {
    page["Instances"]["Instance"] = json!([]);
    if !page["TotalCount"].is_null() {
        page["TotalCount"] = json!(0);
    }
    page["NextToken"] = json!("");
    page
}

fn forbidden(action: &Action) -> Refusal {
    let code = match action.product {
        Product::Ecs | Product::Vpc | Product::Location => "Forbidden.RAM",
        Product::Cms => "AccessForbidden",
        Product::Sts | Product::Oos | Product::Tag => "NoPermission",
    };
    Refusal::denied(
        code,
        format!(
            "User not authorized to operate on the specified resource, or this API doesn't \
             support RAM: {}.",
            action.name
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, allow: &[&str]) -> User {
        let text = serde_json::json!({"user": name, "allow": allow}).to_string();
        serde_json::from_str(&text).expect("a user")
    }

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "ecs:RunInstances", true),
            ("ecs:*", "ecs:RunInstances", true),
            ("ecs:*", "vpc:CreateVpc", false),
            ("ecs:Describe*", "ecs:DescribeDisks", true),
            ("ecs:Describe*", "ecs:DeleteDisk", false),
            ("ecs:*Disk*", "ecs:DescribeDisks", true),
            ("ecs:*Disk", "ecs:DescribeDisks", false),
            ("*:Describe*s", "vpc:DescribeVpcs", true),
            ("ecs:RunInstances", "ecs:RunInstances", true),
            ("ecs:Run", "ecs:RunInstances", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        let account = Account::from_seed(1);
        let take = |users: Vec<User>| {
            Users::new(users, 1, &account)
                .map(|users| users.all().len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(take(vec![user("a", &["ecs:*"]), user("b", &[])]), Ok(2));
        assert!(
            take(vec![user("a", &[]), user("a", &[])]).is_err_and(|text| text.starts_with("`a`"))
        );
        assert!(take(vec![user("a b", &[])]).is_err());
        assert!(
            take(vec![user("a", &["RunInstances"])])
                .is_err_and(|text| text.contains("PRODUCT:ACTION"))
        );
        assert!(take(vec![user("a", &["esc:RunInstances"])]).is_err());
        assert!(
            take(vec![user("a", &["ecs:DescribeInstnaces"])])
                .is_err_and(|text| text.contains("matches no action"))
        );
        assert!(
            take(vec![User {
                bearer_token: Some(String::new()),
                ..user("a", &[])
            }])
            .is_err_and(|text| text.contains("empty"))
        );
        assert!(
            take(vec![User {
                access_key_id: account.access_key_id.clone(),
                ..user("a", &[])
            }])
            .is_err()
        );
        assert!(
            take(vec![User {
                bearer_expires: Some("soon".to_owned()),
                ..user("a", &[])
            }])
            .is_err()
        );
        let twice = |name: &str| User {
            bearer_token: Some("secret-token".to_owned()),
            ..user(name, &[])
        };
        assert!(
            take(vec![twice("a"), twice("b")]).is_err_and(|text| !text.contains("secret-token"))
        );
        assert!(
            !format!("{:?}", Users::new(vec![twice("a")], 1, &account)).contains("secret-token")
        );
    }
}
