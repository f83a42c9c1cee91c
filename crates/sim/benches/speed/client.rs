//! A minimal client: requests prepared before the measurement, raw HTTP/1.1, one request at a time
//! on a connection.
//!
//! Client and server share the cores, so the work of the client would be measured as the server's.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use setpoint_openapi::wire::WireRequest;

/// A connection that stays open.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("listening");
        stream.set_nodelay(true).expect("an option");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("an option");
        Self {
            stream,
            buffer: vec![0; 1 << 16],
        }
    }

    pub(crate) fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).expect("sent");
    }

    /// Reads one response, which must be 200.
    pub(crate) fn receive(&mut self) {
        let (mut held, mut length) = (0, None);
        while length.is_none_or(|length| held < length) {
            let read = self
                .stream
                .read(&mut self.buffer[held..])
                .expect("an answer");
            assert!(read > 0, "the connection ended");
            held += read;
            length = length.or_else(|| whole(&self.buffer[..held]));
        }
        assert!(
            self.buffer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&self.buffer[..held])
        );
    }
}

/// The length of the response that begins here, as soon as its head is complete.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head + length.parse::<usize>().ok()?)
}

/// The bytes of a request.
pub(crate) fn text(request: &WireRequest) -> Vec<u8> {
    let mark = if request.query.is_empty() { "" } else { "?" };
    let mut head = format!(
        "{} {}{mark}{} HTTP/1.1\r\nhost: {}\r\n",
        request.method, request.path, request.query, request.host
    );
    for (name, value) in &request.headers {
        write!(head, "{name}: {value}\r\n").expect("a text");
    }
    write!(head, "content-length: {}\r\n\r\n", request.body.len()).expect("a text");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

/// Sends prepared requests over several connections, each by a thread of this process or, if there
/// are many, all by one; returns calls per second.
pub(crate) fn rate(address: SocketAddr, requests: &[Vec<u8>], connections: usize) -> f64 {
    let mut lines: Vec<Line> = (0..connections).map(|_| Line::open(address)).collect();
    let begun = Instant::now();
    if connections <= 2 {
        std::thread::scope(|scope| {
            for (line, requests) in lines
                .iter_mut()
                .zip(requests.chunks(requests.len().div_ceil(connections)))
            {
                scope.spawn(move || requests.iter().for_each(|request| exchange(line, request)));
            }
        });
    } else {
        for round in requests.chunks(connections) {
            lines
                .iter_mut()
                .zip(round)
                .for_each(|(line, request)| line.send(request));
            lines
                .iter_mut()
                .zip(round)
                .for_each(|(line, _)| line.receive());
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
    let calls = requests.len() as f64;
    calls / begun.elapsed().as_secs_f64()
}

/// One call.
pub(crate) fn exchange(line: &mut Line, request: &[u8]) {
    line.send(request);
    line.receive();
}
