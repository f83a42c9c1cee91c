//! `ACS3-HMAC-SHA256`: a canonical request, its hash, and an HMAC of the hash with the secret as
//! the key.
//!
//! Action, version, time and nonce are sent in `x-acs-*` headers, the action's parameters in the
//! query; the body is signed by its hash. The verifier hashes the body that it received, so that a
//! changed body is a mismatch.

use super::{
    FORM, Mismatch, QUERY_BYTES_MAX, Refusal, Stamp, hmac_sha256_hex, incomplete, same, sha256_hex,
};
use crate::credential::Credential;
use crate::encode::{canonical, canonical_raw_keys, form, parse_form};
use crate::endpoint::Endpoint;
use crate::request::Request;
use crate::wire::WireRequest;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Renders a decoded query for signing.
type Query = fn(&[(String, String)]) -> String;

/// The three parts of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The id of the key.
    pub access_key_id: String,
    /// The names of the signed headers, lower case, in the order given.
    pub signed_headers: Vec<String>,
    /// The signature, lower-case hex.
    pub signature: String,
}

/// Signs a request as the generated SDKs do: POST with all parameters in the query and an empty
/// body, or in a form body if the query would be longer than [`QUERY_BYTES_MAX`].
#[must_use]
pub fn sign(
    request: &Request,
    credential: &Credential,
    endpoint: &Endpoint,
    stamp: &Stamp,
) -> WireRequest {
    let mut query = form(&request.wire_params());
    let mut body = String::new();
    if query.len() > QUERY_BYTES_MAX {
        std::mem::swap(&mut query, &mut body);
    }
    let mut headers: Vec<(String, String)> = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("x-acs-action".to_owned(), request.action.name.to_owned()),
        (
            "x-acs-content-sha256".to_owned(),
            sha256_hex(body.as_bytes()),
        ),
        ("x-acs-date".to_owned(), stamp.timestamp.seconds()),
        ("x-acs-signature-nonce".to_owned(), stamp.nonce.clone()),
        (
            "x-acs-version".to_owned(),
            request.action.product.version().to_owned(),
        ),
    ];
    if let Some(token) = credential.token() {
        headers.push((
            "x-acs-accesskey-id".to_owned(),
            credential.access_key_id.clone(),
        ));
        headers.push(("x-acs-security-token".to_owned(), token.to_owned()));
    }
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), FORM.to_owned()));
    }
    let mut wire = WireRequest {
        method: "POST".to_owned(),
        scheme: endpoint.scheme,
        host: endpoint.host.clone(),
        path: "/".to_owned(),
        query,
        headers,
        body: body.into_bytes(),
    };
    let authorization = authorize(&wire, &headers_to_sign(&wire), credential);
    wire.headers
        .push(("authorization".to_owned(), authorization));
    wire
}

/// The `Authorization` header of a request with these signed headers.
#[must_use]
pub fn authorize(
    request: &WireRequest,
    signed_headers: &[String],
    credential: &Credential,
) -> String {
    let text = string_to_sign(&canonical_request(
        request,
        signed_headers,
        canonical_raw_keys,
    ));
    let signature = hmac_sha256_hex(credential.secret(), &text);
    let names = signed_headers.join(";");
    format!(
        "{ALGORITHM} Credential={},SignedHeaders={names},Signature={signature}",
        credential.access_key_id
    )
}

/// Checks that the signature was made with this secret and covers `host` and every `x-acs-*`
/// header.
///
/// # Errors
///
/// If the header is missing or unreadable, does not cover such a header, or the signature does not
/// match.
pub fn verify(request: &WireRequest, secret: &str) -> Result<(), Refusal> {
    let authorization = Authorization::parse(request)?;
    let mut demanded = vec!["host".to_owned()];
    demanded.extend(
        request
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| name.starts_with("x-acs-")),
    );
    if let Some(left_out) = demanded
        .iter()
        .find(|name| !authorization.signed_headers.contains(name))
    {
        return Err(incomplete(format!("SignedHeaders leaves out `{left_out}`")));
    }
    let canonical_request =
        |query: Query| canonical_request(request, &authorization.signed_headers, query);
    let holds = |text: &str| {
        same(
            &hmac_sha256_hex(secret, &string_to_sign(text)),
            &authorization.signature,
        )
    };
    // The SDKs leave keys as they are, the documentation encodes them. It makes a difference only
    // for unusual keys.
    let raw = canonical_request(canonical_raw_keys);
    if holds(&raw) || holds(&canonical_request(canonical)) {
        return Ok(());
    }
    Err(Refusal::Mismatch(Box::new(Mismatch {
        string_to_sign: string_to_sign(&raw),
        canonical_request: Some(raw),
    })))
}

impl Authorization {
    /// Reads the `Authorization` header of a request.
    ///
    /// # Errors
    ///
    /// If it is missing, of another algorithm, or lacks one of its parts.
    pub fn parse(request: &WireRequest) -> Result<Self, Refusal> {
        let header = request
            .header("authorization")
            .ok_or_else(|| incomplete("`Authorization` is missing"))?;
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err(incomplete(format!(
                "the algorithm `{algorithm}` is not known"
            )));
        }
        let part = |name: &str| {
            let pieces = rest.split(',').map(str::trim);
            let mut values = pieces.filter_map(|piece| piece.strip_prefix(name)?.strip_prefix('='));
            values
                .next()
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| incomplete(format!("`{name}` is missing")))
        };
        Ok(Self {
            access_key_id: part("Credential")?,
            signed_headers: part("SignedHeaders")?
                .split(';')
                .map(str::to_ascii_lowercase)
                .collect(),
            signature: part("Signature")?,
        })
    }
}

/// `host`, `content-type` and every `x-acs-*` header, sorted.
fn headers_to_sign(request: &WireRequest) -> Vec<String> {
    let mut names: Vec<String> = request
        .headers
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    names.retain(|name| name == "content-type" || name.starts_with("x-acs-"));
    names.push("host".to_owned());
    names.sort();
    names.dedup();
    names
}

/// The six parts of the canonical request. `query` renders the decoded query, see [`verify`].
fn canonical_request(request: &WireRequest, signed_headers: &[String], query: Query) -> String {
    let headers: String = signed_headers
        .iter()
        .map(|name| [name, ":", &header_value(request, name), "\n"].concat())
        .collect();
    let path = if request.path.is_empty() {
        "/"
    } else {
        &request.path
    };
    [
        request.method.as_str(),
        path,
        &query(&parse_form(&request.query)),
        &headers,
        &signed_headers.join(";"),
        &sha256_hex(&request.body),
    ]
    .join("\n")
}

/// A header's value for signing: trimmed; several values sorted and joined with commas.
fn header_value(request: &WireRequest, name: &str) -> String {
    if name == "host" {
        return request.host.trim().to_owned();
    }
    let mut values: Vec<&str> = request
        .headers
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.trim())
        .collect();
    values.sort_unstable();
    values.join(",")
}

fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", sha256_hex(canonical_request.as_bytes()))
}
