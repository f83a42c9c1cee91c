//! `temporary_key`: an access key with an end. Its requests carry a security token.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::refusal::Refusal;
use crate::table::Row;

/// A temporary access key; its id is the row's key. `Debug` shows neither secret nor token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TemporaryKey {
    pub(crate) secret: String,
    pub(crate) token: String,
    /// By the clock that signatures are judged by.
    pub(crate) expires_ms: i64,
    pub(crate) role: String,
    pub(crate) role_id: String,
    pub(crate) session: String,
}

impl Row for TemporaryKey {
    const KIND: &'static str = "temporary_key";

    fn base(&self) -> Option<&Base> {
        None
    }
}

impl TemporaryKey {
    /// `acs:ram::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub(crate) fn user_arn(&self, account: &str) -> String {
        format!(
            "acs:ram::{account}:assumed-role/{}/{}",
            self.role, self.session
        )
    }

    /// `ROLE-ID:SESSION`.
    pub(crate) fn user_id(&self) -> String {
        format!("{}:{}", self.role_id, self.session)
    }

    /// Checks that a request with this token may use the key now.
    pub(crate) fn require(&self, token: Option<&str>, wall_ms: i64) -> Result<(), Refusal> {
        match token {
            None => Err(Refusal::absent(
                "InvalidAccessKeyId.NotFound",
                "Specified access key is not found.",
            )),
            Some(token) if token != self.token => Err(mismatch()),
            Some(_) if wall_ms >= self.expires_ms => Err(Refusal::bad(
                "InvalidSecurityToken.Expired",
                "Specified SecurityToken is expired.",
            )),
            Some(_) => Ok(()),
        }
    }
}

/// The refusal of a token that belongs to another key.
pub(crate) fn mismatch() -> Refusal {
    Refusal::bad(
        "InvalidSecurityToken.MismatchWithAccessKey",
        "The SecurityToken does not belong to this access key.",
    )
}

impl fmt::Debug for TemporaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryKey")
            .field("role", &self.role)
            .field("expires_ms", &self.expires_ms)
            .finish_non_exhaustive()
    }
}
