//! An HTTP exchange as values, and the trait of its carriers.
//!
//! The same values are sent over a socket (`http`) and to the embedded simulator, so that both take
//! the same path. Invariant: `Debug` shows no value of a header, query or body, since signatures,
//! tokens and private keys are among them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A future that a [`Transport`] returns.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An HTTP request, signed and ready to send.
#[derive(Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// The method in upper case. Clients send `GET` and `POST`; a server may receive others.
    pub method: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The `Host` header's value: host, with the port if it is not the scheme's own. On the
    /// receiving side, as received.
    pub host: String,
    /// The path; `/` for RPC-style products.
    pub path: String,
    /// The raw query, percent-encoded, without the question mark.
    pub query: String,
    /// Header names in lower case, with values. `host` is not among them when sending, and is
    /// ignored there when receiving.
    pub headers: Vec<(String, String)>,
    /// Body bytes, de-chunked.
    pub body: Vec<u8>,
}

impl WireRequest {
    /// The value of the first header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

/// An HTTP response.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WireResponse {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// Body bytes, decompressed.
    pub body: Vec<u8>,
}

impl WireResponse {
    /// The value of the first header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            scheme,
            host,
            path,
            query,
            headers,
            body,
        } = self;
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let url = format!("{scheme}://{host}{path}");
        let mut shown = f.debug_struct("WireRequest");
        shown
            .field("method", method)
            .field("url", &url)
            .field("query_bytes", &query.len());
        shown
            .field("headers", &names)
            .field("body_bytes", &body.len())
            .finish()
    }
}

impl fmt::Debug for WireResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("WireResponse");
        shown
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Reasons why there is no response. Unless `sent` is false, the server may have acted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    /// False if the request certainly did not reach the server (name not resolved, connection
    /// refused).
    pub sent: bool,
    /// The error of the network, for people.
    pub detail: String,
}

/// Carries one exchange, once. It does not retry, sign or interpret the body.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the whole response, up to the transport's own time limit.
    fn send(&self, request: WireRequest) -> Pending<'_, Result<WireResponse, TransportError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let secret = || "s3cret".to_owned();
        let request = WireRequest {
            method: "POST".to_owned(),
            scheme: "https",
            host: "h".to_owned(),
            path: "/".to_owned(),
            query: secret(),
            headers: vec![("authorization".to_owned(), secret())],
            body: secret().into_bytes(),
        };
        let shown = format!("{request:?}");
        assert_eq!(
            shown,
            "WireRequest { method: \"POST\", url: \"https://h/\", query_bytes: 6, headers: \
             [\"authorization\"], body_bytes: 6 }"
        );
        let response = WireResponse {
            status: 200,
            headers: request.headers,
            body: request.body,
        };
        assert_eq!(
            format!("{response:?}"),
            "WireResponse { status: 200, headers: [\"authorization\"], body_bytes: 6 }"
        );
    }
}
