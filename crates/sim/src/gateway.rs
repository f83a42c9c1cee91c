//! The front door of the world: reads a request and verifies who sent it, when, and that it is not
//! a repetition.
//!
//! The checks come in this order: protocol fields, age, key, signature, nonce. A nonce is recorded
//! only after the signature was verified; otherwise anybody could use up the nonces of others.

use std::collections::BTreeMap;

use setpoint_openapi::action::{self, Action};
use setpoint_openapi::product::Product;
use setpoint_openapi::sign::{self, Received, Scheme};
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::WireRequest;

use crate::account::Account;
use crate::params::Params;
use crate::product::sts::key::{self, TemporaryKey};
use crate::published;
use crate::refusal::Refusal;
use crate::render::Format;
use crate::table::Table;
use crate::users::{User, Users};

/// The largest difference between a request's time and the clock, to either side, in milliseconds.
const WINDOW_MS: i64 = 15 * 60 * 1000;

/// A request as read, before anything in it is verified.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) format: Format,
    pub(crate) host: String,
    /// The name of the action; method and path for a path-style call that names none.
    pub(crate) action: String,
    access_key_id: String,
    pub(crate) nonce: String,
    pub(crate) params: Params,
    /// The reason why the request cannot be read, if it cannot.
    pub(crate) problem: Option<Refusal>,
    version: String,
    timestamp: String,
    security_token: Option<String>,
    bearer_token: Option<String>,
    scheme: Option<Scheme>,
}

impl Incoming {
    /// The action in our tables.
    ///
    /// Older clients call actions of networks under the version of ECS, which once had them. They
    /// are those of the VPC.
    ///
    /// # Errors
    /// What is published and not modelled is refused by its name; anything else does not exist.
    pub(crate) fn action(&self) -> Result<&'static Action, Refusal> {
        let moved = |product| {
            let was_there =
                product == Product::Ecs && published::has("ecs", &self.version, &self.action);
            was_there
                .then(|| action::find(Product::Vpc, &self.action))
                .flatten()
        };
        let found = self
            .product()
            .and_then(|product| action::find(product, &self.action).or_else(|| moved(product)));
        found.ok_or_else(|| published::refusal(&self.version, &self.action))
    }

    /// Whether the request needs no signature: its caller has a token of another issuer instead of
    /// a key.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.scheme.is_none()
            && self.version == Product::Sts.version()
            && self.action == "AssumeRoleWithOIDC"
    }

    /// The product that the version belongs to; `None` if our tables do not have it.
    pub(crate) fn product(&self) -> Option<Product> {
        let mut products = Product::ALL.into_iter();
        products.find(|product| product.version() == self.version)
    }
}

/// Reads a request. A defect is returned in `problem` and not as an error, because the refusal is
/// written in the format that the request asks for.
pub(crate) fn read(request: &WireRequest) -> Incoming {
    let (received, problem) = match sign::read(request) {
        Ok(received) => (received, None),
        Err(refusal) => (Received::default(), Some(incomplete(&refusal.to_string()))),
    };
    let is_path_style = request.path.len() > 1;
    let unfit = match request.method.as_str() {
        "GET" | "POST" | "PUT" => None,
        "DELETE" | "HEAD" | "PATCH" if is_path_style => None,
        method => Some(Refusal::denied(
            "UnsupportedHTTPMethod",
            format!("This http method {method} is not supported."),
        )),
    };
    let by_headers = request.header("x-acs-action").is_some() || is_path_style;
    let action = match received.action.as_str() {
        "" if is_path_style => format!("{} {}", request.method, request.path),
        named => named.to_owned(),
    };
    Incoming {
        format: format_of(&received, by_headers),
        host: request.host.clone(),
        problem: unfit.or(problem),
        params: Params::from_pairs(received.params),
        action,
        access_key_id: received.access_key_id,
        nonce: received.nonce,
        version: received.version,
        timestamp: received.timestamp,
        security_token: received.security_token,
        bearer_token: received.bearer_token,
        scheme: received.scheme,
    }
}

/// The format of the response: XML for V1 by default. Clients that name the action in a header (V3)
/// or call a path read only JSON.
fn format_of(received: &Received, by_headers: bool) -> Format {
    match received.format.to_ascii_uppercase().as_str() {
        "XML" => Format::Xml,
        "" if received.scheme == Some(Scheme::V1) || !by_headers => Format::Xml,
        _ => Format::Json,
    }
}

/// A request that was read, and whose signature may have been verified. Neither needs the world, so
/// both are done before it is locked.
#[derive(Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) request: &'a WireRequest,
    pub(crate) incoming: Incoming,
    /// The secret that the signature was made with, if it is known.
    proven_by: Option<&'a str>,
}

/// Reads a request and compares its signature with one secret. [`verify`] decides later whether
/// that secret counts.
pub(crate) fn arrive<'a>(request: &'a WireRequest, secret: &'a str) -> Arrived<'a> {
    let incoming = read(request);
    let proven =
        !secret.is_empty() && incoming.problem.is_none() && sign::verify(request, secret).is_ok();
    Arrived {
        request,
        incoming,
        proven_by: proven.then_some(secret),
    }
}

/// All keys that the world accepts.
pub(crate) struct Keys<'a> {
    pub(crate) account: &'a Account,
    pub(crate) users: &'a Users,
    pub(crate) temporary: &'a Table<TemporaryKey>,
}

/// Checks protocol fields, age, key and signature. Returns the id of the caller's key, empty for an
/// unsigned request.
///
/// # Errors
/// The refusal of the first check that fails.
pub(crate) fn verify(
    arrived: &Arrived<'_>,
    keys: &Keys<'_>,
    wall: Timestamp,
) -> Result<String, Refusal> {
    let incoming = &arrived.incoming;
    if incoming.is_anonymous() {
        return Ok(String::new());
    }
    if incoming.scheme.is_none() && incoming.bearer_token.is_none() {
        return Err(incomplete("there is none"));
    }
    if incoming.action.is_empty() {
        return Err(Refusal::missing("Action"));
    }
    let sent = match incoming.timestamp.as_str() {
        "" => {
            return Err(Refusal::bad(
                "IllegalTimestamp",
                "The input parameter \"Timestamp\" that is mandatory is not supplied.",
            ));
        }
        text => Timestamp::parse(text)
            .or_else(|| Timestamp::parse_http(text))
            .ok_or_else(|| {
                Refusal::bad(
                    "InvalidTimeStamp.Format",
                    "Specified time stamp or date value is not well formatted.",
                )
            })?,
    };
    if (wall.0 - sent.0).abs() > WINDOW_MS {
        return Err(Refusal::bad(
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
        ));
    }
    if let Some(token) = &incoming.bearer_token {
        let user = keys.users.of_token(token, wall)?;
        return if incoming.nonce.is_empty() {
            Err(Refusal::missing("SignatureNonce"))
        } else {
            Ok(user.access_key_id.clone())
        };
    }
    let secret = secret(incoming, keys, wall)?;
    if incoming.nonce.is_empty() {
        return Err(Refusal::missing("SignatureNonce"));
    }
    if arrived.proven_by == Some(secret) {
        return Ok(incoming.access_key_id.clone());
    }
    sign::verify(arrived.request, secret).map_err(|refusal| match refusal {
        sign::Refusal::Incomplete { what } => incomplete(&what),
        sign::Refusal::Mismatch(ours) => mismatch(incoming.scheme, &ours),
    })?;
    Ok(incoming.access_key_id.clone())
}

/// The secret of the key that a request names: the account's, a user's, or that of a temporary key
/// with its token.
fn secret<'a>(incoming: &Incoming, keys: &Keys<'a>, wall: Timestamp) -> Result<&'a str, Refusal> {
    let (id, token) = (
        incoming.access_key_id.as_str(),
        incoming.security_token.as_deref(),
    );
    let user = keys.users.of_key(id);
    user.map_or(Ok(()), User::active)?;
    let own = (id == keys.account.access_key_id).then_some(&keys.account.access_key_secret);
    if let Some(secret) = own.or(user.map(|user| &user.access_key_secret)) {
        return if token.is_none() {
            Ok(secret)
        } else {
            Err(key::mismatch())
        };
    }
    let known = keys.temporary.get(&incoming.access_key_id);
    let known = known.ok_or_else(|| {
        Refusal::absent(
            "InvalidAccessKeyId.NotFound",
            "Specified access key is not found.",
        )
    })?;
    known.require(token, wall.0)?;
    Ok(&known.secret)
}

/// The CLI reads the string to sign from the message of V1 and compares it with its own.
fn mismatch(scheme: Option<Scheme>, ours: &sign::Mismatch) -> Refusal {
    let message = match (scheme, &ours.canonical_request) {
        (Some(Scheme::V3), Some(canonical)) => format!(
            "Specified signature does not match our calculation. server StringToSign is [{}] and \
             server CanonicalRequest is [{canonical}]",
            ours.string_to_sign
        ),
        _ => format!(
            "Specified signature is not matched with our calculation. server string to sign is:{}",
            ours.string_to_sign
        ),
    };
    Refusal::bad("SignatureDoesNotMatch", message)
}

fn incomplete(what: &str) -> Refusal {
    Refusal::bad(
        "IncompleteSignature",
        format!("The request signature does not conform to Aliyun standards: {what}."),
    )
}

/// The nonces of the last 30 minutes, by key.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    seen: BTreeMap<(String, String), i64>,
    swept_ms: i64,
}

impl Nonces {
    /// Records a nonce.
    ///
    /// # Errors
    /// `SignatureNonceUsed` if the key has used it before.
    pub(crate) fn claim(
        &mut self,
        access_key_id: &str,
        nonce: &str,
        wall: Timestamp,
    ) -> Result<(), Refusal> {
        // A request may be up to 15 minutes old or early, so a nonce older than twice that cannot
        // be accepted again.
        if wall.0 - self.swept_ms > WINDOW_MS {
            self.seen.retain(|_, at| wall.0 - *at <= 2 * WINDOW_MS);
            self.swept_ms = wall.0;
        }
        let key = (access_key_id.to_owned(), nonce.to_owned());
        match self.seen.insert(key, wall.0) {
            None => Ok(()),
            Some(_) => Err(Refusal::bad(
                "SignatureNonceUsed",
                "Specified signature nonce was used already.",
            )),
        }
    }
}
