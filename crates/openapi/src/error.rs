//! The errors of a call, and what is known about its effect afterwards.
//!
//! A call has three results: done, not done, unknown ([`Certainty`]). HTTP statuses are not
//! consistent across the API (throttling is mostly 400, conflicts too), so every question is
//! answered by the error code; an error without a code is never an [`ApiError`]. Invariant: code
//! that acts on "not found" or "dry run would succeed" relies on an exact, non-empty error code.

use std::fmt;
use std::time::Duration;

use crate::credential::CredentialError;
use crate::endpoint::EndpointError;
use crate::product::Product;
use crate::wire::TransportError;

/// Reasons why a call has no usable reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The API answered with an error.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// There was no response.
    #[error("no answer: {0}")]
    NoReply(TransportError),
    /// The response is not what the API promises.
    #[error(
        "{action} was answered with HTTP {http_status}, but the answer makes no sense: {detail}"
    )]
    Malformed {
        /// The action of the call.
        action: &'static str,
        /// The HTTP status of the answer.
        http_status: u16,
        /// The defect of the answer: names and types, without values.
        detail: String,
    },
    /// There is no credential.
    #[error(transparent)]
    Credential(CredentialError),
    /// There is no endpoint.
    #[error(transparent)]
    Endpoint(EndpointError),
}

/// An error that the API reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The action called.
    pub action: &'static str,
    /// Its product.
    pub product: Product,
    /// The API's error code, never empty: `InvalidVpcId.NotFound`.
    pub code: String,
    /// The API's message, for people.
    pub message: String,
    /// The HTTP status. It is 200 for products that report failures in the body.
    pub http_status: u16,
    /// The request id, which the API's support asks for. Empty if there is none.
    pub request_id: String,
    /// The pause that the server asks for before the next attempt.
    pub retry_after: Option<Duration>,
}

/// The knowledge about the effect of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The call certainly had no effect.
    NotDone,
    /// The call may have had an effect, or may still have one.
    Unknown,
}

/// Codes for a call with the same client token that is still running.
const IN_PROGRESS: &[&str] = &[
    "IdempotenceProcessing",
    "IdempotentProcessing",
    "LastTokenProcessing",
    "OperationFailed.IdempotentTokenProcessing",
    "OperationFailed.LastTokenProcessing",
    "OperationFailed.TokenIsProcessing",
    "TOKEN_PROCESSING",
];

/// Codes for a client token that was used with other parameters before.
const MISMATCH: &[&str] = &[
    "IdempotenceParamNotMatch",
    "Idempotence.SignatureMismatch",
    "IdempotentParameterMismatch",
    "InvalidIdempotenceParameter.Mismatch",
];

/// Codes for a conflict with another operation on the same object or network, which passes.
const CONFLICT: &[&str] = &[
    "InvalidOperation.Conflict",
    "LastOrderProcessing",
    "LastRequestProcessing",
    "Operation.Conflict",
    "OperationConflict",
    "OperationFailed.DistibuteLock",
    "SystemBusy",
    "TaskConflict",
    "VPC_TASK_CONFLICT",
];

/// Codes for a missing permission. The prefix `Forbidden.` alone is not sufficient: codes of
/// business rules have it too.
const PERMISSION: &[&str] = &[
    "AccessForbidden",
    "Forbbiden",
    "Forbidden",
    "Forbidden.NotSupportRAM",
    "Forbidden.RAM",
    "Forbidden.RiskControl",
    "Forbidden.SubUser",
    "Forbidden.Unauthorized",
    "Forbindden",
    "InvalidUser.PassRoleForbidden",
    "UserNotInTheWhiteList",
];

/// "Not found" codes that are about something other than the resource of the call.
const NOT_FOUND_OF_THE_CALL: &[&str] = &[
    "Forbidden.RegionNotFound",
    "InvalidAccessKeyId.NotFound",
    "InvalidAction.NotFound",
    "InvalidApi.NotFound",
    "InvalidProduct.NotFound",
    "InvalidRegionId.NotFound",
    "InvalidResourceType.NotFound",
];

impl CallError {
    /// What is known about the call's effect.
    #[must_use]
    pub fn outcome(&self) -> Certainty {
        match self {
            Self::Api(error) => error.outcome(),
            Self::NoReply(error) if !error.sent => Certainty::NotDone,
            Self::NoReply(_) | Self::Malformed { .. } => Certainty::Unknown,
            Self::Credential(_) | Self::Endpoint(_) => Certainty::NotDone,
        }
    }

    /// The API's error, if it is one.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// The API's code; empty if the API gave none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.api().map_or("", |error| &error.code)
    }
}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<CredentialError> for CallError {
    fn from(error: CredentialError) -> Self {
        Self::Credential(error)
    }
}

impl From<EndpointError> for CallError {
    fn from(error: EndpointError) -> Self {
        Self::Endpoint(error)
    }
}

impl ApiError {
    /// The knowledge about the call's effect. An error of the server leaves it open. So does a
    /// token or nonce that was used before, because the first call with it may have succeeded.
    #[must_use]
    pub fn outcome(&self) -> Certainty {
        let open = self.is_server_fault()
            || self.is_token_in_progress()
            || self.code == "SignatureNonceUsed";
        if open && !self.is_throttling() {
            Certainty::Unknown
        } else {
            Certainty::NotDone
        }
    }

    /// Whether the call was throttled. The code decides, since the status is 400, 403, 429 or 503.
    #[must_use]
    pub fn is_throttling(&self) -> bool {
        self.code.contains("Throttling") || self.http_status == 429
    }

    /// Whether the server has failed: retry with the same token, or read the state.
    #[must_use]
    pub fn is_server_fault(&self) -> bool {
        let code = self.code.as_str();
        // CloudMonitor answers with status 200 and a number as the code.
        let numeric =
            self.http_status == 200 && code.parse::<u16>().is_ok_and(|number| number >= 500);
        let named = [
            "InternalError",
            "ServiceUnavailable",
            "UnknownError",
            "RequestTimeout",
        ]
        .iter()
        .any(|name| {
            code.strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        self.http_status >= 500 || self.http_status == 408 || numeric || named
    }

    /// Whether a call with the same client token is still running: repeat the call with the same
    /// token.
    #[must_use]
    pub fn is_token_in_progress(&self) -> bool {
        IN_PROGRESS.contains(&self.code.as_str())
    }

    /// Whether the client token was used with other parameters before.
    #[must_use]
    pub fn is_token_mismatch(&self) -> bool {
        // CreateImage has a misspelt code of its own, which has another meaning elsewhere.
        MISMATCH.contains(&self.code.as_str())
            || (self.action == "CreateImage" && self.code == "InvalidParamter.Conflict")
    }

    /// Whether the failed call has used up its client token, so that only a new token helps.
    #[must_use]
    pub fn is_token_burned(&self) -> bool {
        self.code == "IdempotentFailed"
    }

    /// Whether another operation is in progress that will pass.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        CONFLICT.contains(&self.code.as_str())
    }

    /// Whether this "error" reports the success of a dry run.
    #[must_use]
    pub fn is_dry_run_ok(&self) -> bool {
        matches!(self.code.as_str(), "DryRunOperation" | "DRYRUN.SUCCESS")
    }

    /// Whether the resource of the call does not exist. The code alone decides: a 404 also reports
    /// missing parameters.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let code = self.code.as_str();
        let said =
            code.contains("NotFound") || code.contains("NotExist") || code.contains("NOT_EXIST");
        // The only actions whose code for a missing object does not contain the words.
        let policy = code == "ParameterInvalid"
            && self.http_status == 404
            && self.action.contains("AutoSnapshotPolicy");
        (said && !NOT_FOUND_OF_THE_CALL.contains(&code)) || policy
    }

    /// Whether the caller does not have the permission for the call.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        let code = self.code.as_str();
        PERMISSION.contains(&code) || code == "NoPermission" || code.starts_with("NoPermission.")
    }

    /// Whether the account has not activated the product. Each product has a code of its own for
    /// it.
    #[must_use]
    pub fn is_not_activated(&self) -> bool {
        let code = self.code.replace(['_', '.'], "").to_ascii_lowercase();
        [
            "notactivated",
            "servicenotopen",
            "productnotopen",
            "usernotopen",
            "servicenotenable",
        ]
        .iter()
        .any(|word| code.contains(word))
    }

    /// Whether the temporary key has expired: renew it and repeat the call.
    #[must_use]
    pub fn is_expired_credential(&self) -> bool {
        self.code == "InvalidSecurityToken.Expired"
    }

    /// Whether the key is unknown, disabled, wrong or without its token.
    #[must_use]
    pub fn is_bad_credential(&self) -> bool {
        let code = self.code.as_str();
        let exact = [
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingSecurityToken",
            "Forbidden.AccessKeyDisabled",
        ];
        exact.contains(&code)
            || code.starts_with("InvalidAccessKeyId")
            || code.starts_with("InvalidSecurityToken")
    }

    /// Whether the server's clock and ours are too far apart.
    #[must_use]
    pub fn is_clock_skew(&self) -> bool {
        self.code == "InvalidTimeStamp.Expired"
    }
}

impl std::error::Error for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            action,
            code,
            message,
            http_status,
            request_id,
            ..
        } = self;
        write!(f, "{action} was refused with {code} (HTTP {http_status})")?;
        let message = message.trim().trim_end_matches('.');
        if !message.is_empty() {
            write!(f, ": {message}")?;
        }
        if !request_id.is_empty() {
            write!(f, " (RequestId {request_id})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(http_status: u16, code: &str) -> ApiError {
        ApiError {
            action: "DeleteVpc",
            product: Product::Vpc,
            code: code.to_owned(),
            message: "The text.".to_owned(),
            http_status,
            request_id: "7F0C".to_owned(),
            retry_after: None,
        }
    }

    /// Every class that an error of this status and code is in, and its outcome.
    fn check(http_status: u16, code: &str, expected: &str) {
        let error = error(http_status, code);
        let classes = [
            ("throttling", error.is_throttling()),
            ("not-activated", error.is_not_activated()),
            ("server", error.is_server_fault()),
            ("in-progress", error.is_token_in_progress()),
            ("mismatch", error.is_token_mismatch()),
            ("burned", error.is_token_burned()),
            ("conflict", error.is_conflict()),
            ("dry-run-ok", error.is_dry_run_ok()),
            ("not-found", error.is_not_found()),
            ("permission", error.is_permission()),
            ("expired", error.is_expired_credential()),
            ("credential", error.is_bad_credential()),
            ("skew", error.is_clock_skew()),
        ];
        let mut words: Vec<&str> = classes
            .into_iter()
            .filter(|(_, yes)| *yes)
            .map(|(name, _)| name)
            .collect();
        words.push(if error.outcome() == Certainty::NotDone {
            "not-done"
        } else {
            "unknown"
        });
        assert_eq!(words.join(" "), expected, "{http_status} {code}");
    }

    #[test]
    fn codes_decide() {
        check(400, "Throttling", "throttling not-done");
        check(403, "Throttling.User", "throttling not-done");
        check(400, "Rejected.Throttling", "throttling not-done");
        check(503, "Throttling.Api", "throttling server not-done");
        check(500, "InternalError", "server unknown");
        check(400, "UnknownError", "server unknown");
        check(
            503,
            "ServiceUnavailable.RegionMaintaining",
            "server unknown",
        );
        check(200, "500", "server unknown");
        check(200, "404", "not-done");
        check(403, "LastTokenProcessing", "in-progress unknown");
        check(400, "TOKEN_PROCESSING", "in-progress unknown");
        check(400, "IdempotentParameterMismatch", "mismatch not-done");
        check(403, "InvalidParamter.Conflict", "not-done");
        check(400, "IdempotentFailed", "burned not-done");
        check(409, "OperationConflict", "conflict not-done");
        check(412, "DryRunOperation", "dry-run-ok not-done");
        check(400, "DRYRUN.SUCCESS", "dry-run-ok not-done");
        check(404, "InvalidVpcId.NotFound", "not-found not-done");
        check(403, "InvalidInstanceId.NotFound", "not-found not-done");
        check(404, "INSTANCE_NOT_EXISTS", "not-found not-done");
        check(404, "MissingParameter.ResourceType", "not-done");
        check(404, "InvalidAction.NotFound", "not-done");
        check(404, "ParameterInvalid", "not-done");
        check(404, "InvalidAccessKeyId.NotFound", "credential not-done");
        check(403, "Forbidden.RAM", "permission not-done");
        check(403, "UserNotOpen.Cms", "not-activated not-done");
        check(403, "SERVICE_NOT_OPEN", "not-activated not-done");
        check(403, "Zone.NotOpen", "not-done");
        check(403, "Forbidden.ChargeTypeIsPrepaid", "not-done");
        check(403, "NoPermission.Tag", "permission not-done");
        check(
            400,
            "InvalidSecurityToken.Expired",
            "expired credential not-done",
        );
        check(400, "InvalidTimeStamp.Expired", "skew not-done");
        check(400, "SignatureNonceUsed", "unknown");
        check(400, "InternalErrorish", "not-done");
    }

    #[test]
    fn an_error_names_call_code_and_request() {
        assert_eq!(
            error(404, "X.NotFound").to_string(),
            "DeleteVpc was refused with X.NotFound (HTTP 404): The text (RequestId 7F0C)"
        );
    }

    #[test]
    fn a_lost_reply_leaves_the_effect_open() {
        let lost = |sent| {
            CallError::NoReply(TransportError {
                sent,
                detail: "reset".to_owned(),
            })
            .outcome()
        };
        assert_eq!(
            (lost(false), lost(true)),
            (Certainty::NotDone, Certainty::Unknown)
        );
        let malformed = CallError::Malformed {
            action: "CreateVpc",
            http_status: 200,
            detail: String::new(),
        };
        assert_eq!(malformed.outcome(), Certainty::Unknown);
    }
}
