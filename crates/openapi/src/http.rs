//! The transport over HTTP and HTTPS: one request, one response, no repetition, no redirect.
//!
//! TLS is rustls on `ring`. The trusted roots are the platform's: on Linux the files that
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else the distribution's bundle; on macOS and Windows
//! the system's store. An additional PEM bundle is added to them.
//!
//! Invariant: a body over the limit is never held in memory, and an error says truthfully whether
//! the request can have reached the server: only name resolution, connecting and the TLS handshake
//! happen before its first byte.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};

use crate::wire::{Pending, Transport, TransportError, WireRequest, WireResponse};

/// The settings of the transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// The timeout of a connection, TLS included.
    pub connect_timeout: Duration,
    /// The longest wait for the response or its next part.
    pub read_timeout: Duration,
    /// The timeout of the whole exchange.
    pub total_timeout: Duration,
    /// Certificates in PEM that are trusted in addition to the platform's.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Whether all endpoints are plain `http`. The platform's roots are not read then, so that
    /// missing ones are not an error.
    pub plain_only: bool,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are used.
    pub proxy: bool,
    /// The largest body in bytes, decompressed.
    pub body_bytes_max: usize,
}

/// The transport cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot set up HTTP: {detail}")]
pub struct HttpSetupError {
    /// The reason.
    pub detail: String,
}

/// Sends over the network.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    body_bytes_max: usize,
}

impl Default for HttpConfig {
    /// The timeouts of the official clients, 5 s to connect and 10 s without data; a minute for the
    /// exchange; 8 MiB, four times the largest documented reply.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_mins(1),
            extra_ca_pem: None,
            plain_only: false,
            proxy: true,
            body_bytes_max: 8 << 20,
        }
    }
}

impl HttpTransport {
    /// A transport with its own pool of connections.
    ///
    /// # Errors
    ///
    /// If the extra certificates cannot be read, or the platform has no trusted roots and none are
    /// given.
    pub fn new(config: &HttpConfig) -> Result<Self, HttpSetupError> {
        // This fails if a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("setpoint/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .timeout(config.total_timeout);
        if !config.proxy {
            builder = builder.no_proxy();
        }
        let extra = match &config.extra_ca_pem {
            Some(pem) => {
                reqwest::Certificate::from_pem_bundle(pem).map_err(|error| setup(&error))?
            }
            None => Vec::new(),
        };
        builder = if config.plain_only {
            builder.tls_certs_only(extra)
        } else {
            builder.tls_certs_merge(extra)
        };
        let client = builder.build().map_err(|error| setup(&error))?;
        Ok(Self {
            client,
            body_bytes_max: config.body_bytes_max,
        })
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireResponse, TransportError> {
        let mut response = self
            .client
            .execute(convert(request)?)
            .await
            .map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + piece.len() > self.body_bytes_max {
                let detail = format!("the response is larger than {} bytes", self.body_bytes_max);
                return Err(TransportError { sent: true, detail });
            }
            body.extend_from_slice(&piece);
        }
        Ok(WireResponse {
            status,
            headers,
            body,
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: WireRequest) -> Pending<'_, Result<WireResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

fn convert(request: WireRequest) -> Result<reqwest::Request, TransportError> {
    let not_sent = |detail: String| TransportError {
        sent: false,
        detail,
    };
    let WireRequest {
        method,
        scheme,
        host,
        path,
        query,
        headers,
        body,
    } = request;
    let mark = if query.is_empty() { "" } else { "?" };
    let url = format!("{scheme}://{host}{path}{mark}{query}")
        .parse()
        .map_err(|error| not_sent(format!("{scheme}://{host}: {error}")))?;
    let method = method
        .parse()
        .map_err(|_| not_sent(format!("`{method}` is no method")))?;
    let mut converted = reqwest::Request::new(method, url);
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let unfit = |_| not_sent(format!("header `{name}` cannot be sent"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit(()))?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| unfit(()))?;
        value.set_sensitive(matches!(
            name.as_str(),
            "authorization" | "x-acs-security-token"
        ));
        map.append(key, value);
    }
    if body.is_empty() {
        // Some gateways answer 411 to a POST without a length, and the library leaves it out.
        map.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    *converted.headers_mut() = map;
    *converted.body_mut() = Some(body.into());
    Ok(converted)
}

/// The error with its causes, without the URL: a V1 query holds the signature and the token.
fn failed(error: &reqwest::Error) -> TransportError {
    let detail = if error.is_timeout() && !error.is_connect() {
        "no answer in time".to_owned()
    } else {
        causes(error)
    };
    TransportError {
        sent: !(error.is_connect() || error.is_builder()),
        detail,
    }
}

fn setup(error: &reqwest::Error) -> HttpSetupError {
    HttpSetupError {
        detail: causes(error),
    }
}

/// The innermost causes say what happened; the outermost message only repeats the URL.
fn causes(error: &reqwest::Error) -> String {
    let mut messages = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        messages.push(inner.to_string());
        cause = inner.source();
    }
    messages.dedup();
    if messages.is_empty() {
        "the request cannot be sent".to_owned()
    } else {
        messages.join(": ")
    }
}
