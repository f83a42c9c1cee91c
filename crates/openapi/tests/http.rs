//! The HTTP sender against a server of a few lines on the loopback interface.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the server that the sender is tested against"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use setpoint_openapi::http::{HttpConfig, HttpTransport};
use setpoint_openapi::wire::{Transport, TransportError, WireRequest, WireResponse};

/// Serves one connection: reads one request, answers with these bytes, and closes. Gives the
/// request back.
fn serve(answer: Vec<u8>) -> (SocketAddr, JoinHandle<String>) {
    serve_with(move |stream| stream.write_all(&answer).expect("the client reads"))
}

fn serve_with(
    answer: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let request = read_request(&mut stream);
        answer(&mut stream);
        request
    });
    (address, server)
}

/// Reads up to the end of the body that `content-length` announces.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let n = stream.read(&mut piece).expect("the client writes");
        bytes.extend_from_slice(&piece[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        assert_ne!(n, 0, "the request ends early: {text}");
    }
}

fn send(
    address: SocketAddr,
    config: HttpConfig,
    body: &str,
) -> Result<WireResponse, TransportError> {
    let request = WireRequest {
        method: "POST".to_owned(),
        scheme: "http",
        host: address.to_string(),
        path: "/".to_owned(),
        query: "a=%2B%20%2A&b=".to_owned(),
        headers: vec![("x-acs-action".to_owned(), "DescribeVpcs".to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let transport = HttpTransport::new(&HttpConfig {
        plain_only: true,
        proxy: false,
        ..config
    })
    .expect("a sender");
    runtime.block_on(transport.send(request))
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn one_exchange_keeps_every_byte() {
    let (address, server) = serve(answer(
        "404 Not Found",
        "X-Acs-Request-Id: R1\r\n",
        "{\"a\":1}",
    ));
    let response = send(address, HttpConfig::default(), "form=1").expect("a response");
    assert_eq!(
        (response.status, response.body.as_slice()),
        (404, b"{\"a\":1}".as_slice())
    );
    assert_eq!(response.header("x-acs-request-id"), Some("R1"));
    let request = server.join().expect("the server ends");
    assert!(
        request.starts_with("POST /?a=%2B%20%2A&b= HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\nform=1"), "{request}");
    let lower = request.to_ascii_lowercase();
    assert!(
        lower.contains(&format!("\r\nhost: {address}\r\n")),
        "{request}"
    );
    assert!(
        lower.contains("\r\nx-acs-action: describevpcs\r\n"),
        "{request}"
    );
    assert!(lower.contains("\r\nuser-agent: setpoint/"), "{request}");
}

#[test]
fn an_empty_body_has_a_length() {
    let (address, server) = serve(answer("200 OK", "", "{}"));
    send(address, HttpConfig::default(), "").expect("a response");
    assert!(
        server
            .join()
            .expect("the server ends")
            .to_ascii_lowercase()
            .contains("\r\ncontent-length: 0\r\n")
    );
}

#[test]
fn redirects_are_not_followed() {
    let (address, server) = serve(answer("302 Found", "location: http://127.0.0.1:9/\r\n", ""));
    assert_eq!(
        send(address, HttpConfig::default(), "")
            .expect("a response")
            .status,
        302
    );
    server.join().expect("the server ends");
}

#[test]
fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = send(address, HttpConfig::default(), "").expect_err("nobody listens");
    assert!(!error.sent, "{error:?}");
    assert!(error.detail.contains("refused"), "{error:?}");
}

#[test]
fn a_lost_reply_was_sent_and_its_error_shows_no_query() {
    let (address, server) = serve(Vec::new());
    let error = send(address, HttpConfig::default(), "").expect_err("the server says nothing");
    assert!(error.sent && !error.detail.contains("%2B"), "{error:?}");
    server.join().expect("the server ends");
    let (address, server) =
        serve(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":".to_vec());
    assert!(
        send(address, HttpConfig::default(), "")
            .expect_err("the body is cut")
            .sent
    );
    server.join().expect("the server ends");
}

#[test]
fn silence_ends() {
    // The server reads on until the client has gone.
    let (address, server) =
        serve_with(|stream| assert_eq!(stream.read(&mut [0; 16]).unwrap_or(0), 0));
    let config = HttpConfig {
        read_timeout: Duration::from_millis(50),
        ..HttpConfig::default()
    };
    let error = send(address, config, "").expect_err("no answer");
    assert_eq!(
        error,
        TransportError {
            sent: true,
            detail: "no answer in time".to_owned()
        }
    );
    server.join().expect("the server ends");
}

#[test]
fn large_bodies_are_refused() {
    // The client hangs up early, so the server may fail to write all of it.
    let (address, server) = serve_with(|stream| {
        drop(stream.write_all(&answer("200 OK", "", &" ".repeat(100_000))));
    });
    let error = send(
        address,
        HttpConfig {
            body_bytes_max: 1000,
            ..HttpConfig::default()
        },
        "",
    )
    .expect_err("too large");
    assert_eq!(
        error,
        TransportError {
            sent: true,
            detail: "the response is larger than 1000 bytes".to_owned()
        }
    );
    server.join().expect("the server ends");
}

#[test]
fn bad_certificates_are_said_at_once() {
    let pem = b"-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n".to_vec();
    let config = HttpConfig {
        extra_ca_pem: Some(pem),
        ..HttpConfig::default()
    };
    assert!(
        HttpTransport::new(&config)
            .expect_err("no certificate")
            .to_string()
            .starts_with("cannot set up HTTP: ")
    );
}
