//! `HMAC-SHA1` of path-style products (container service and others). It is only verified here: the
//! table has no action that needs it.
//!
//! Signed are the method, four plain headers, all `x-acs-*` headers, and the path with the sorted,
//! decoded query.

use super::{Mismatch, Refusal, hmac_sha1_base64, incomplete, same};
use crate::encode::parse_form;
use crate::wire::WireRequest;

/// The form of a query parameter with an empty value; clients differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyValue {
    /// `key`.
    Bare,
    /// `key=`.
    Equals,
}

/// The key id and the signature of `Authorization: acs KEY:SIGNATURE`.
///
/// # Errors
///
/// If the header is missing or of another form.
pub fn authorization(request: &WireRequest) -> Result<(String, String), Refusal> {
    let header = request
        .header("authorization")
        .ok_or_else(|| incomplete("`Authorization` is missing"))?;
    let pair = header
        .strip_prefix("acs ")
        .and_then(|rest| rest.split_once(':'));
    let (id, signature) =
        pair.ok_or_else(|| incomplete("`Authorization` is not of the form `acs KEY:SIGNATURE`"))?;
    Ok((id.trim().to_owned(), signature.trim().to_owned()))
}

/// The text that the HMAC is made of.
#[must_use]
pub fn string_to_sign(request: &WireRequest, empty: EmptyValue) -> String {
    let mut text = format!("{}\n", request.method);
    for name in ["accept", "content-md5", "content-type", "date"] {
        text.push_str(request.header(name).unwrap_or_default().trim());
        text.push('\n');
    }
    let mut headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.trim()))
        .collect();
    headers.retain(|(name, _)| name.starts_with("x-acs-"));
    headers.sort_unstable();
    for (name, value) in headers {
        text.push_str(&[name, ":", value, "\n"].concat());
    }
    text.push_str(&request.path);
    let mut query = parse_form(&request.query);
    query.sort();
    for (at, (name, value)) in query.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(name);
        if !value.is_empty() || empty == EmptyValue::Equals {
            text.push_str(&["=", value].concat());
        }
    }
    text
}

/// The signature of a text, in base64. The key is the secret without an addition.
#[must_use]
pub fn signature(string_to_sign: &str, secret: &str) -> String {
    hmac_sha1_base64(secret, string_to_sign)
}

/// Checks that the signature was made with this secret, with either form of empty values.
///
/// # Errors
///
/// If there is no signature or it does not match.
pub fn verify(request: &WireRequest, secret: &str) -> Result<(), Refusal> {
    let (_, theirs) = authorization(request)?;
    let text = string_to_sign(request, EmptyValue::Bare);
    let other = string_to_sign(request, EmptyValue::Equals);
    if same(&signature(&text, secret), &theirs) || same(&signature(&other, secret), &theirs) {
        return Ok(());
    }
    Err(Refusal::Mismatch(Box::new(Mismatch {
        string_to_sign: text,
        canonical_request: None,
    })))
}
