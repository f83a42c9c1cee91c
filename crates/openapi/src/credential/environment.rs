//! Credentials in environment variables, with the names that the official tools read.
//!
//! Invariant: id, secret and token come from one family of names, so that keys of two accounts are
//! never mixed.

use super::{Credential, CredentialError, Env, Resolved};

/// Names of id, secret and token. `ALIBABA_CLOUD_*` is read by every official client,
/// `ALICLOUD_ACCESS_KEY` by the Terraform provider, the others by the CLI.
const FAMILIES: [[&str; 3]; 5] = [
    [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ],
    [
        "ALIBABACLOUD_ACCESS_KEY_ID",
        "ALIBABACLOUD_ACCESS_KEY_SECRET",
        "ALIBABACLOUD_SECURITY_TOKEN",
    ],
    [
        "ALICLOUD_ACCESS_KEY_ID",
        "ALICLOUD_ACCESS_KEY_SECRET",
        "ALICLOUD_SECURITY_TOKEN",
    ],
    [
        "ALICLOUD_ACCESS_KEY",
        "ALICLOUD_SECRET_KEY",
        "ALICLOUD_SECURITY_TOKEN",
    ],
    ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"],
];

const REGIONS: [&str; 6] = [
    "ALIBABA_CLOUD_REGION_ID",
    "ALIBABACLOUD_REGION_ID",
    "ALICLOUD_REGION_ID",
    "ALICLOUD_REGION",
    "REGION_ID",
    "REGION",
];

/// Variables for sources that this client does not support.
const UNSUPPORTED: [&str; 4] = [
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_ECS_METADATA",
    "ALIBABA_CLOUD_BEARER_TOKEN",
];

/// The first family with a pair. An empty variable counts as not set.
pub(super) fn read(env: Env<'_>) -> Result<Option<Resolved>, CredentialError> {
    for [id_name, secret_name, token_name] in FAMILIES {
        let half = |present: &str, missing: &str| CredentialError::HalfPair {
            present: present.to_owned(),
            missing: missing.to_owned(),
        };
        let (id, secret) = match (set(env, id_name), set(env, secret_name)) {
            (None, None) => continue,
            (Some(_), None) => return Err(half(id_name, secret_name)),
            (None, Some(_)) => return Err(half(secret_name, id_name)),
            (Some(id), Some(secret)) => (id, secret),
        };
        let credential = match set(env, token_name) {
            Some(token) => Credential::temporary(id, secret, token),
            None => Credential::long_lived(id, secret),
        };
        let source = format!("environment ({id_name})");
        return Ok(Some(Resolved {
            credential: credential.checked(&source)?,
            source,
            region: region(env),
        }));
    }
    Ok(None)
}

/// The region that the environment names.
pub(super) fn region(env: Env<'_>) -> Option<String> {
    REGIONS.iter().find_map(|name| set(env, name))
}

/// A hint at variables that are set but not supported; empty if there are none.
pub(super) fn unsupported(env: Env<'_>) -> String {
    match UNSUPPORTED.iter().find(|name| set(env, name).is_some()) {
        Some(name) => format!(
            " (`{name}` is set, but that source of credentials is not supported: export temporary \
             keys instead)"
        ),
        None => String::new(),
    }
}

/// The variable's value, unless empty.
pub(super) fn set(env: Env<'_>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.trim().is_empty())
}

/// Whether the variable is set to a text for yes.
pub(super) fn truthy(env: Env<'_>, name: &str) -> bool {
    set(env, name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}
