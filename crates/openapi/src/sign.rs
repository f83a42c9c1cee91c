//! Signatures: making them, reading them from a request, and verifying them.
//!
//! There are three schemes: V3 (`ACS3-HMAC-SHA256`, of current SDKs), V1 of RPC-style products
//! (`HMAC-SHA1`, of the CLI and Terraform) and V1 of path-style products. The client here signs
//! with V3, or with V1 if told to. All three can be verified, so that a server in the same process
//! can check real clients. Everything is a function of its arguments.
//!
//! Invariant: the text to sign is derived from decoded pairs and the bytes of the body, never from
//! the text as it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::encode::{hex, parse_form};
use crate::timestamp::Timestamp;
use crate::wire::WireRequest;

pub mod roa;
pub mod v1;
pub mod v3;

/// The longest query. Longer ones are sent as a form body: gateways refuse long request lines, and
/// the user data of an instance alone has up to 43 KB.
pub const QUERY_BYTES_MAX: usize = 4096;

/// The media type of a form body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The scheme of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// `Authorization: ACS3-HMAC-SHA256 …`.
    #[default]
    V3,
    /// `Signature` among the parameters, HMAC-SHA1.
    V1,
    /// `Authorization: acs KEY:SIGNATURE`, HMAC-SHA1.
    Roa,
}

/// The parts that make each request unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A text that was never used with this key before.
    pub nonce: String,
    /// The time of signing.
    pub timestamp: Timestamp,
}

/// The parts of a received request that decide whether to serve it, wherever its scheme has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// The scheme; `None` if the request is not signed.
    pub scheme: Option<Scheme>,
    /// The id of the key that the request names.
    pub access_key_id: String,
    /// The time of signing as sent; empty if it is missing.
    pub timestamp: String,
    /// The nonce; empty if it is missing. The V1 scheme of path-style products does not require
    /// one.
    pub nonce: String,
    /// The token of a temporary key.
    pub security_token: Option<String>,
    /// The token in place of a signature, if the request says that it has one.
    pub bearer_token: Option<String>,
    /// The action; empty for path-style requests.
    pub action: String,
    /// The version of the product's API.
    pub version: String,
    /// The value of `Format`; empty if missing.
    pub format: String,
    /// The parameters of the action, decoded, in the order sent, without those of the signature and
    /// the protocol.
    pub params: Vec<(String, String)>,
}

/// Reasons why a signature is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A part of the signature is missing or unreadable (`IncompleteSignature`).
    #[error("the signature is incomplete: {what}")]
    Incomplete {
        /// The missing or unreadable part.
        what: String,
    },
    /// The signature does not match (`SignatureDoesNotMatch`).
    #[error("the signature does not match")]
    Mismatch(Box<Mismatch>),
}

/// The texts that the verifier has signed. Servers send them to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The text that the HMAC is made of.
    pub string_to_sign: String,
    /// The canonical request in it; V3 only.
    pub canonical_request: Option<String>,
}

/// Parameters of RPC-style requests that belong to the signature or the protocol, not to the
/// action.
const ENVELOPE: [&str; 12] = [
    "AccessKeyId",
    "Action",
    "BearerToken",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// The scheme of a request; `None` if it has no signature.
#[must_use]
pub fn scheme_of(request: &WireRequest) -> Option<Scheme> {
    match request.header("authorization") {
        Some(value) if value.starts_with("ACS3-") => Some(Scheme::V3),
        Some(value) if value.starts_with("acs ") => Some(Scheme::Roa),
        _ => all_params(request)
            .iter()
            .any(|(name, _)| name == "Signature")
            .then_some(Scheme::V1),
    }
}

/// All decoded parameters of the query and then of a form body, in the order sent. Other bodies
/// have none.
#[must_use]
pub fn all_params(request: &WireRequest) -> Vec<(String, String)> {
    let mut params = parse_form(&request.query);
    let is_form = request
        .header("content-type")
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with(FORM));
    if is_form {
        params.extend(parse_form(&String::from_utf8_lossy(&request.body)));
    }
    params
}

/// Reads the parts of a request without verifying them.
///
/// # Errors
///
/// If the request is signed but its `Authorization` header cannot be read.
pub fn read(request: &WireRequest) -> Result<Received, Refusal> {
    let scheme = scheme_of(request);
    let all = all_params(request);
    let header = |name: &str| {
        request
            .header(name)
            .map(str::trim)
            .unwrap_or_default()
            .to_owned()
    };
    let param = |name: &str| {
        all.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let either = |name: &str, field: &str| {
        if header(name).is_empty() {
            param(field).unwrap_or_default()
        } else {
            header(name)
        }
    };
    let token = Some(header("x-acs-security-token")).filter(|token| !token.is_empty());
    let params = all
        .iter()
        .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
        .cloned()
        .collect();
    let mut received = Received {
        scheme,
        security_token: token,
        format: param("Format").unwrap_or_default(),
        params,
        ..Received::default()
    };
    match scheme {
        Some(Scheme::V3) => {
            received.access_key_id = v3::Authorization::parse(request)?.access_key_id;
            received.timestamp = header("x-acs-date");
            received.nonce = header("x-acs-signature-nonce");
        }
        Some(Scheme::Roa) => {
            received.access_key_id = roa::authorization(request)?.0;
            received.timestamp = header("date");
            received.nonce = header("x-acs-signature-nonce");
        }
        None if either("x-acs-signature-type", "SignatureType") == "BEARERTOKEN" => {
            received.bearer_token = Some(either("x-acs-bearer-token", "BearerToken"));
            received.timestamp = either("x-acs-date", "Timestamp");
            received.nonce = either("x-acs-signature-nonce", "SignatureNonce");
        }
        Some(Scheme::V1) | None => {
            received.access_key_id = param("AccessKeyId").unwrap_or_default();
            received.timestamp = param("Timestamp").unwrap_or_default();
            received.nonce = param("SignatureNonce").unwrap_or_default();
            received.security_token = param("SecurityToken").filter(|token| !token.is_empty());
        }
    }
    // V1 clients send these headers too, unsigned, so their parameters are used.
    (received.action, received.version) = if scheme == Some(Scheme::V1) {
        (
            param("Action").unwrap_or_default(),
            param("Version").unwrap_or_default(),
        )
    } else {
        (
            either("x-acs-action", "Action"),
            either("x-acs-version", "Version"),
        )
    };
    Ok(received)
}

/// Checks that the request's signature was made with this secret. The comparison takes constant
/// time.
///
/// # Errors
///
/// If the request is not signed, its signature is incomplete, or it does not match.
pub fn verify(request: &WireRequest, secret: &str) -> Result<(), Refusal> {
    match scheme_of(request) {
        Some(Scheme::V3) => v3::verify(request, secret),
        Some(Scheme::V1) => v1::verify(request, secret),
        Some(Scheme::Roa) => roa::verify(request, secret),
        None => Err(incomplete("there is none")),
    }
}

fn incomplete(what: impl Into<String>) -> Refusal {
    Refusal::Incomplete { what: what.into() }
}

fn same(ours: &str, theirs: &str) -> bool {
    ours.as_bytes().ct_eq(theirs.as_bytes()).into()
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hmac_sha256_hex(key: &str, text: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn hmac_sha1_base64(key: &str, text: &str) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests;
