use std::sync::atomic::AtomicU32;

use super::*;
use crate::action::vpc;
use crate::flatten::Arg;
use crate::sign;
use crate::wire::{Pending, TransportError, WireResponse};

/// Answers with what it was given, in order, and keeps what it was sent.
struct Script {
    answers: Mutex<Vec<Result<WireResponse, TransportError>>>,
    sent: Mutex<Vec<WireRequest>>,
}

impl Transport for Script {
    fn send(&self, request: WireRequest) -> Pending<'_, Result<WireResponse, TransportError>> {
        self.sent.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().remove(0);
        Box::pin(async move { answer })
    }
}

fn response(status: u16, date: &str, body: &str) -> Result<WireResponse, TransportError> {
    Ok(WireResponse {
        status,
        headers: vec![("date".to_owned(), date.to_owned())],
        body: body.as_bytes().to_vec(),
    })
}

const NOW: &str = "2025-01-15T08:30:00Z";

fn client(
    answers: Vec<Result<WireResponse, TransportError>>,
    scheme: Scheme,
) -> (Client, Arc<Script>) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers),
        sent: Mutex::new(Vec::new()),
    });
    let counter = AtomicU32::new(0);
    let config = Config {
        transport: Arc::clone(&script) as Arc<dyn Transport>,
        endpoints: Endpoints::single("http://127.0.0.1:1").unwrap(),
        credentials: Arc::new(|| Ok(Credential::long_lived("id", "secret"))),
        clock: Arc::new(|| Timestamp::parse(NOW).unwrap()),
        nonces: Arc::new(move || format!("n-{}", counter.fetch_add(1, Ordering::Relaxed))),
        scheme,
    };
    (Client::new(config), script)
}

fn call(client: &Client) -> Result<Reply, CallError> {
    let request = Request::new(
        &vpc::DELETE_VPC,
        "cn-beijing",
        &[("VpcId".to_owned(), Arg::text("vpc-1"))],
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(client.call(&request))
}

const DATE: &str = "Wed, 15 Jan 2025 09:30:00 GMT";
const EXPIRED: &str = r#"{"Code":"InvalidTimeStamp.Expired","Message":"m","RequestId":"R1"}"#;
const FINE: &str = r#"{"RequestId":"R2"}"#;

#[test]
fn a_call_is_signed_and_sent_once() {
    for scheme in [Scheme::V3, Scheme::V1] {
        let (client, script) = client(vec![response(200, DATE, FINE)], scheme);
        assert_eq!(call(&client).unwrap().request_id, "R2");
        let sent = script.sent.lock().unwrap();
        assert_eq!(sent.len(), 1);
        assert_eq!(
            (sent[0].scheme, sent[0].host.as_str()),
            ("http", "127.0.0.1:1")
        );
        assert_eq!(sign::verify(&sent[0], "secret"), Ok(()));
        let received = sign::read(&sent[0]).unwrap();
        assert_eq!(
            (
                received.scheme,
                received.timestamp.as_str(),
                received.nonce.as_str()
            ),
            (Some(scheme), NOW, "n-0")
        );
        assert!(client.take_warnings().is_empty());
    }
}

#[test]
fn a_wrong_clock_is_put_right_once() {
    let (client, script) = client(
        vec![
            response(400, DATE, EXPIRED),
            response(200, DATE, FINE),
            response(200, DATE, FINE),
        ],
        Scheme::V3,
    );
    assert_eq!(call(&client).unwrap().request_id, "R2");
    assert_eq!(call(&client).unwrap().request_id, "R2");
    let stamps: Vec<(String, String)> = script
        .sent
        .lock()
        .unwrap()
        .iter()
        .map(|wire| sign::read(wire).map(|r| (r.timestamp, r.nonce)).unwrap())
        .collect();
    let stamps: Vec<(&str, &str)> = stamps
        .iter()
        .map(|(time, nonce)| (time.as_str(), nonce.as_str()))
        .collect();
    assert_eq!(
        stamps,
        [
            (NOW, "n-0"),
            ("2025-01-15T09:30:00Z", "n-1"),
            ("2025-01-15T09:30:00Z", "n-2")
        ]
    );
    assert_eq!(
        client.take_warnings(),
        [
            "this machine's clock is 60 minutes behind the server's; calls are signed with the \
             server's time"
        ]
    );
    assert!(client.take_warnings().is_empty());
}

#[test]
fn a_clock_that_cannot_be_put_right_is_an_error() {
    for dates in [
        vec!["nonsense"],
        vec!["Wed, 15 Jan 2025 08:30:00 GMT"],
        vec![DATE, DATE],
    ] {
        let answers = dates
            .iter()
            .map(|date| response(400, date, EXPIRED))
            .collect();
        let (client, script) = client(answers, Scheme::V3);
        assert!(
            call(&client).unwrap_err().api().unwrap().is_clock_skew(),
            "{dates:?}"
        );
        assert_eq!(script.sent.lock().unwrap().len(), dates.len());
    }
}

#[test]
fn failures_before_and_on_the_way() {
    let lost = TransportError {
        sent: true,
        detail: "connection reset".to_owned(),
    };
    let (with_loss, _) = client(vec![Err(lost.clone())], Scheme::V3);
    assert_eq!(call(&with_loss).unwrap_err(), CallError::NoReply(lost));
    let (mut without_keys, script) = client(vec![], Scheme::V3);
    without_keys.config.credentials = Arc::new(|| {
        Err(CredentialError::Refresh {
            detail: "offline".to_owned(),
        })
    });
    assert_eq!(
        call(&without_keys).unwrap_err().to_string(),
        "credentials could not be renewed: offline"
    );
    assert!(script.sent.lock().unwrap().is_empty());
}
