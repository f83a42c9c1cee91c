//! The credential: keys from the environment, or from a profile of the official CLI's
//! `config.json`.
//!
//! They are looked for in this order: explicit keys, `--profile`, environment variables, the
//! profile that the environment or the file names. All functions work on texts; the shell reads
//! variables and files, see [`config_path`]. Invariant: a secret never appears in `Debug`,
//! `Display` or an error.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

mod environment;
mod profile;

pub use profile::config_path;

/// Returns the value of an environment variable.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// An access key; a temporary one has a token. `Debug` shows only the id.
#[derive(Clone)]
pub struct Credential {
    /// The id of the key, which is not secret.
    pub access_key_id: String,
    /// The secret of the key.
    pub access_key_secret: SecretString,
    /// The token of a temporary key.
    pub security_token: Option<SecretString>,
}

/// The result of a search.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The key.
    pub credential: Credential,
    /// Its source, for people: `environment (ALIBABA_CLOUD_ACCESS_KEY_ID)`, `profile `default``.
    pub source: String,
    /// The region that the same source names, if any.
    pub region: Option<String>,
}

/// Reasons why there is no credential. No variant contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// No source has a key.
    #[error(
        "no credentials found: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and \
         `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, or run `aliyun configure`{hint}"
    )]
    Nowhere {
        /// Sources that were found but are not supported; may be empty.
        hint: String,
    },
    /// One part of a pair is missing.
    #[error("`{present}` is set but `{missing}` is not")]
    HalfPair {
        /// The name that is set.
        present: String,
        /// The name that is missing.
        missing: String,
    },
    /// The CLI's configuration file is not valid.
    #[error("config.json of the aliyun CLI cannot be read: {detail}")]
    BadFile {
        /// The reason, without values.
        detail: String,
    },
    /// The requested profile does not exist.
    #[error("profile `{name}` is not in config.json; it has: {known}")]
    NoProfile {
        /// The requested name.
        name: String,
        /// The existing names, or `no profiles`.
        known: String,
    },
    /// A field that the profile's mode needs is empty.
    #[error("profile `{profile}` of mode `{mode}` lacks `{field}`")]
    MissingField {
        /// The profile's name.
        profile: String,
        /// Its mode.
        mode: String,
        /// The name of the field in config.json.
        field: &'static str,
    },
    /// The profile's mode is known but not supported.
    #[error("profile `{profile}` has mode `{mode}`, which is not supported: {advice}")]
    UnsupportedMode {
        /// The profile's name.
        profile: String,
        /// Its mode.
        mode: String,
        /// An alternative.
        advice: &'static str,
    },
    /// A key has characters that cannot be sent.
    #[error("the {what} from {source_name} holds characters that no key has; was it copied whole?")]
    BadCharacters {
        /// The part of the key.
        what: &'static str,
        /// Its source.
        source_name: String,
    },
    /// The source of temporary keys has failed.
    #[error("credentials could not be renewed: {detail}")]
    Refresh {
        /// The reason, without values.
        detail: String,
    },
}

impl Credential {
    /// A key that is valid until it is revoked.
    pub fn long_lived(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            access_key_secret: SecretString::from(access_key_secret.into()),
            security_token: None,
        }
    }

    /// A key that expires, with its token.
    pub fn temporary(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Self {
        Self {
            security_token: Some(SecretString::from(security_token.into())),
            ..Self::long_lived(access_key_id, access_key_secret)
        }
    }

    pub(crate) fn secret(&self) -> &str {
        self.access_key_secret.expose_secret()
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.security_token
            .as_ref()
            .map(ExposeSecret::expose_secret)
    }

    /// Trims blanks that were copied with a key, and refuses characters that a header cannot have.
    fn checked(self, source_name: &str) -> Result<Self, CredentialError> {
        let plain = |what, text: &str| {
            let text = text.trim();
            let ok = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
            if ok {
                Ok(text.to_owned())
            } else {
                Err(CredentialError::BadCharacters {
                    what,
                    source_name: source_name.to_owned(),
                })
            }
        };
        let id = plain("access key id", &self.access_key_id)?;
        let secret = plain("access key secret", self.secret())?;
        match self.token() {
            Some(token) => Ok(Self::temporary(id, secret, plain("security token", token)?)),
            None => Ok(Self::long_lived(id, secret)),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let temporary = self.security_token.is_some();
        f.debug_struct("Credential")
            .field("access_key_id", &self.access_key_id)
            .field("temporary", &temporary)
            .finish_non_exhaustive()
    }
}

/// Finds the credential. `profile` is the value of `--profile`; `config` is the text of the CLI's
/// `config.json`, if it exists.
///
/// # Errors
///
/// If no source has a key, or the first one in the order is incomplete or unsupported. No source is
/// skipped silently.
pub fn resolve(
    explicit: Option<Credential>,
    profile: Option<&str>,
    env: Env<'_>,
    config: Option<&str>,
) -> Result<Resolved, CredentialError> {
    if let Some(credential) = explicit {
        let source = "the command line".to_owned();
        return Ok(Resolved {
            credential: credential.checked(&source)?,
            source,
            region: environment::region(env),
        });
    }
    if let Some(name) = profile {
        let Some(text) = config else {
            return Err(CredentialError::NoProfile {
                name: name.to_owned(),
                known: "no profiles".to_owned(),
            });
        };
        return profile::read(text, Some(name), env);
    }
    if let Some(resolved) = environment::read(env)? {
        return Ok(resolved);
    }
    match config {
        Some(text) if !profile::disabled(env) => profile::read(text, None, env),
        _ => Err(CredentialError::Nowhere {
            hint: environment::unsupported(env),
        }),
    }
}

#[cfg(test)]
mod tests;
