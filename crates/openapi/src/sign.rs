//! Signatures: making them, reading them off a request, and proving them.
//!
//! Three schemes exist: V3 (`ACS3-HMAC-SHA256`, what current SDKs use), V1 of RPC-style products (`HMAC-SHA1`, what the CLI
//! and Terraform use) and V1 of path-style products. The client here signs V3, or V1 if told to; all three are proven, so
//! that a server in the same process can hold real clients to them. Everything is a function of its arguments.
//!
//! Invariant: what is signed is derived from decoded pairs and the bytes of the body, never from the text as sent.

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

/// The longest query sent as such. Anything longer goes into a form body: gateways refuse long request lines, and the
/// user data of an instance alone has up to 43 KB.
pub const QUERY_BYTES_MAX: usize = 4096;

/// The media type of a form body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// How a request is signed.
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

/// What makes each sending of a request a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A text never used before with this key.
    pub nonce: String,
    /// The signer's clock.
    pub timestamp: Timestamp,
}

/// The parts of a received request that decide whether to serve it, wherever its scheme puts them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// The scheme; none if the request is not signed.
    pub scheme: Option<Scheme>,
    /// The id of the key that claims to have signed.
    pub access_key_id: String,
    /// The time of signing as sent; empty if missing.
    pub timestamp: String,
    /// The nonce; empty if missing. The V1 scheme of path-style products does not demand one.
    pub nonce: String,
    /// The token of a temporary key.
    pub security_token: Option<String>,
    /// The token that stands in place of a signature, if the request says that it carries one.
    pub bearer_token: Option<String>,
    /// The action; empty for path-style requests.
    pub action: String,
    /// The version of the product's API.
    pub version: String,
    /// The value of `Format`; empty if missing.
    pub format: String,
    /// The parameters of the action, decoded, in the order sent, without those of the envelope.
    pub params: Vec<(String, String)>,
}

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A part of the signature is missing or unreadable (`IncompleteSignature`).
    #[error("the signature is incomplete: {what}")]
    Incomplete {
        /// What is missing or unreadable.
        what: String,
    },
    /// The signature is another one (`SignatureDoesNotMatch`).
    #[error("the signature does not match")]
    Mismatch(Box<Mismatch>),
}

/// What the verifier would have signed, which servers tell the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The text fed to the HMAC.
    pub string_to_sign: String,
    /// The canonical request behind it; V3 only.
    pub canonical_request: Option<String>,
}

/// Names of parameters that belong to the envelope of RPC-style requests, not to the action.
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

/// The scheme that a request is signed by; none if it carries no signature.
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

/// Every decoded parameter, of the query and then of a form body, in the order sent. Bodies of other types take no part.
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

/// Reads who calls what, without believing it yet.
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
    // V1 clients send these headers too, unsigned, so there the parameters count.
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

/// Whether the request's signature was made with this secret. Compares in constant time.
///
/// # Errors
///
/// If the request is not signed, its signature is incomplete, or it is another one.
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
