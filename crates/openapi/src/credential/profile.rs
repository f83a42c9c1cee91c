//! Credentials in `~/.aliyun/config.json`, the profiles of the official CLI.
//!
//! The modes `AK` and `StsToken` are supported. For every other mode the error names an
//! alternative; a new mode is one more arm in [`credential`].

use serde::Deserialize;

use super::{Credential, CredentialError, Env, Resolved, environment};

/// Variables that name a profile, in the CLI's order.
const PROFILE_NAMES: [&str; 3] = [
    "ALIBABACLOUD_PROFILE",
    "ALIBABA_CLOUD_PROFILE",
    "ALICLOUD_PROFILE",
];

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: String,
    access_key_secret: String,
    sts_token: String,
    region_id: String,
}

/// The file of the CLI's profiles: `ALIBABA_CLOUD_CONFIG_FILE`, or `.aliyun/config.json` in the
/// home folder.
#[must_use]
pub fn config_path(env: Env<'_>) -> Option<String> {
    let set = |name| environment::set(env, name);
    let home = || {
        set("HOME")
            .or_else(|| set("USERPROFILE"))
            .map(|home| format!("{home}/.aliyun/config.json"))
    };
    set("ALIBABA_CLOUD_CONFIG_FILE").or_else(home)
}

/// Whether the environment forbids the use of profiles.
pub(super) fn disabled(env: Env<'_>) -> bool {
    environment::truthy(env, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED")
        || environment::truthy(env, "ALIBABA_CLOUD_IGNORE_PROFILE")
}

/// Reads the named profile, else the one that the environment names, else the file's current one.
pub(super) fn read(
    text: &str,
    asked: Option<&str>,
    env: Env<'_>,
) -> Result<Resolved, CredentialError> {
    // The parser's message may quote the text, which has secrets, so only the position is used.
    let config: Config = serde_json::from_str(text).map_err(|error| CredentialError::BadFile {
        detail: format!(
            "not the expected JSON at line {}, column {}",
            error.line(),
            error.column()
        ),
    })?;
    let name = asked.map(str::to_owned).or_else(|| {
        PROFILE_NAMES
            .iter()
            .find_map(|name| environment::set(env, name))
    });
    let name = name.unwrap_or_else(|| {
        if config.current.is_empty() {
            "default".to_owned()
        } else {
            config.current.clone()
        }
    });
    let Some(profile) = config.profiles.iter().find(|profile| profile.name == name) else {
        let names: Vec<String> = config
            .profiles
            .iter()
            .map(|profile| format!("`{}`", profile.name))
            .collect();
        let known = if names.is_empty() {
            "no profiles".to_owned()
        } else {
            names.join(", ")
        };
        return Err(CredentialError::NoProfile { name, known });
    };
    let source = format!("profile `{name}`");
    let region = Some(profile.region_id.clone())
        .filter(|region| !region.is_empty())
        .or_else(|| environment::region(env));
    Ok(Resolved {
        credential: credential(profile)?.checked(&source)?,
        source,
        region,
    })
}

/// The key of a profile by its mode. An empty mode is guessed as the CLI does.
fn credential(profile: &Profile) -> Result<Credential, CredentialError> {
    let mode = match profile.mode.as_str() {
        "" if profile.sts_token.is_empty() => "AK",
        "" => "StsToken",
        mode => mode,
    };
    let need = |field: &'static str, value: &str| {
        let missing = || CredentialError::MissingField {
            profile: profile.name.clone(),
            mode: mode.to_owned(),
            field,
        };
        if value.is_empty() {
            Err(missing())
        } else {
            Ok(value.to_owned())
        }
    };
    let id = || need("access_key_id", &profile.access_key_id);
    let secret = || need("access_key_secret", &profile.access_key_secret);
    match mode {
        "AK" => Ok(Credential::long_lived(id()?, secret()?)),
        "StsToken" => Ok(Credential::temporary(
            id()?,
            secret()?,
            need("sts_token", &profile.sts_token)?,
        )),
        _ => Err(CredentialError::UnsupportedMode {
            profile: profile.name.clone(),
            mode: mode.to_owned(),
            advice: advice(mode),
        }),
    }
}

fn advice(mode: &str) -> &'static str {
    match mode {
        "RamRoleArn" | "ChainableRamRoleArn" | "RamRoleArnWithRoleName" => {
            "assume the role with `aliyun sts AssumeRole` and export its keys as `ALIBABA_CLOUD_ACCESS_KEY_ID`, \
             `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and `ALIBABA_CLOUD_SECURITY_TOKEN`"
        }
        "CloudSSO" | "OAuth" => {
            "export the temporary keys that your sign-in gives, or use a profile of mode `StsToken`"
        }
        "External" => "run the profile's `process_command` and export the keys that it prints",
        "EcsRamRole" | "CredentialsURI" | "OIDC" => {
            "fetch temporary keys from that source first and export them, or use a profile of \
             mode `StsToken`"
        }
        _ => "use a profile of mode `AK` or `StsToken`",
    }
}
