//! `HMAC-SHA1` of RPC-style products: all parameters, sorted and encoded, encoded once more into
//! one text.
//!
//! Query and form parameters are signed alike, so it makes no difference where a client puts them.
//! The key of the HMAC is the secret followed by `&`. The method is part of the text.

use super::{
    FORM, Mismatch, QUERY_BYTES_MAX, Refusal, Stamp, all_params, hmac_sha1_base64, incomplete, same,
};
use crate::credential::Credential;
use crate::encode::{canonical, form, percent};
use crate::endpoint::Endpoint;
use crate::request::Request;
use crate::wire::WireRequest;

/// Signs a request: POST with all in the query, or in a form body if the query would be longer than
/// [`QUERY_BYTES_MAX`].
#[must_use]
pub fn sign(
    request: &Request,
    credential: &Credential,
    endpoint: &Endpoint,
    stamp: &Stamp,
) -> WireRequest {
    let mut params = request.wire_params();
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    add("AccessKeyId", &credential.access_key_id);
    add("Action", request.action.name);
    add("Format", "JSON");
    add("SignatureMethod", "HMAC-SHA1");
    add("SignatureNonce", &stamp.nonce);
    add("SignatureVersion", "1.0");
    add("Timestamp", &stamp.timestamp.seconds());
    add("Version", request.action.product.version());
    if let Some(token) = credential.token() {
        add("SecurityToken", token);
    }
    let signature = signature(&string_to_sign("POST", &params), credential.secret());
    params.push(("Signature".to_owned(), signature));

    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let mut query = form(&params);
    let mut body = String::new();
    if query.len() > QUERY_BYTES_MAX {
        std::mem::swap(&mut query, &mut body);
        headers.push(("content-type".to_owned(), FORM.to_owned()));
    }
    WireRequest {
        method: "POST".to_owned(),
        scheme: endpoint.scheme,
        host: endpoint.host.clone(),
        path: "/".to_owned(),
        query,
        headers,
        body: body.into_bytes(),
    }
}

/// The text that the HMAC is made of. A parameter named `Signature` is not part of it.
#[must_use]
pub fn string_to_sign(method: &str, params: &[(String, String)]) -> String {
    let signed: Vec<(String, String)> = params
        .iter()
        .filter(|(name, _)| name != "Signature")
        .cloned()
        .collect();
    format!("{method}&%2F&{}", percent(&canonical(&signed)))
}

/// The signature of a text, in base64, not percent-encoded.
#[must_use]
pub fn signature(string_to_sign: &str, secret: &str) -> String {
    hmac_sha1_base64(&format!("{secret}&"), string_to_sign)
}

/// Checks that the signature was made with this secret.
///
/// # Errors
///
/// If there is no signature, it has another method or version, or it does not match.
pub fn verify(request: &WireRequest, secret: &str) -> Result<(), Refusal> {
    let params = all_params(request);
    let param = |name: &str| {
        params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let theirs = param("Signature").ok_or_else(|| incomplete("`Signature` is missing"))?;
    for (name, known) in [
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
    ] {
        match param(name) {
            Some(value) if value == known => {}
            Some(value) => return Err(incomplete(format!("`{name}` is `{value}`, not `{known}`"))),
            None => return Err(incomplete(format!("`{name}` is missing"))),
        }
    }
    let string_to_sign = string_to_sign(&request.method, &params);
    if same(&signature(&string_to_sign, secret), theirs) {
        return Ok(());
    }
    Err(Refusal::Mismatch(Box::new(Mismatch {
        string_to_sign,
        canonical_request: None,
    })))
}
