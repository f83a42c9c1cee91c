//! The simulated cloud behind a socket, for clients in other processes.
//!
//! It speaks HTTP/1.1 with keep-alive, chunked bodies and absolute-form targets, with or without
//! TLS. All host names reach the same world.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::serve::ListenerExt as _;
use serde::Serialize;
use setpoint_openapi::wire::{WireRequest, WireResponse};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::admin;
use crate::embedded::Embedded;
use crate::tls::{Greeted, Tls};
use crate::users::User;

/// The line of JSON that a server prints as soon as it listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StartLine {
    /// `http://127.0.0.1:PORT`, or the same with `https`.
    pub endpoint: String,
    /// The id of the account's key.
    pub access_key_id: String,
    /// The secret of the account's key, which is accepted only by this world.
    pub access_key_secret: String,
    /// The users of the world, with their keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    /// With TLS, the file of the authority that clients must trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl StartLine {
    /// The line for a world at an address.
    #[must_use]
    pub fn new(address: SocketAddr, tls: Option<&Tls>, cloud: &Embedded) -> Self {
        let (account, users) =
            cloud.with(|world| (world.account().clone(), world.users().to_vec()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self {
            endpoint: format!("{scheme}://{address}"),
            access_key_id: account.access_key_id,
            access_key_secret: account.access_key_secret,
            users,
            ca_file: tls.map(|tls| tls.ca_file.clone()),
        }
    }

    /// The line without a line break.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("texts are JSON")
    }
}

/// The longest accepted body, in bytes. User data has at most 43 KB.
const BODY_MAX: usize = 8 << 20;

/// The runtime of a server, with a thread for each core: requests are read, verified and written in
/// parallel.
///
/// # Errors
/// If the system provides no threads or events.
pub fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

/// Serves a world until the task is dropped or the listener fails.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    cloud: Embedded,
) -> std::io::Result<()> {
    let router = Router::new().fallback(respond).with_state(cloud);
    match tls {
        Some(tls) => axum::serve(Greeted::new(listener, &tls)?, router).await,
        None => {
            // Otherwise small answers wait for the client's acknowledgement.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, router).await
        }
    }
}

async fn respond(State(cloud): State<Embedded>, request: Request) -> Response<Body> {
    let Some(request) = received(request).await else {
        return http(WireResponse {
            status: 413,
            ..WireResponse::default()
        });
    };
    if admin::is_admin(&request) {
        return http(admin::answer(&cloud, &request));
    }
    match cloud.serve(&request).await {
        Ok(response) => http(response),
        Err(_) => cut(),
    }
}

async fn received(request: Request) -> Option<WireRequest> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.ok()?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let named = head.headers.get(HOST).map(text);
    let host = named
        .or_else(|| head.uri.authority().map(ToString::to_string))
        .unwrap_or_default();
    Some(WireRequest {
        method: head.method.as_str().to_owned(),
        scheme: "http",
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: body.to_vec(),
    })
}

fn http(response: WireResponse) -> Response<Body> {
    let mut built = Response::new(Body::from(response.body));
    *built.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            built.headers_mut().insert(name, value);
        }
    }
    built
}

/// Ends the connection without a response, as a network failure does. Unwinding ends only the task
/// that serves this connection, and prints no message because it does not call the panic handler.
fn cut() -> ! {
    std::panic::resume_unwind(Box::new("the connection is cut on purpose"))
}
