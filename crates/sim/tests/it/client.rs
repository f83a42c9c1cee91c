//! A small signing client for these tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde_json::Value;
use setpoint_openapi::action::find;
use setpoint_openapi::credential::Credential;
use setpoint_openapi::endpoint::Endpoint;
use setpoint_openapi::product::Product;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::{Stamp, v1, v3};
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::{TransportError, WireRequest};
use setpoint_sim::embedded::{Clock, Config, Embedded};
use setpoint_sim::profile::Options;

/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000;

static NONCE: AtomicU64 = AtomicU64::new(0);

/// A clock that tests move by hand.
#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let hand = self.clone();
        Arc::new(move || hand.now())
    }
}

/// A world in memory at the time of this clock, which refuses unknown parameters.
pub(crate) fn open(hand: &Hand) -> Embedded {
    let options = Options {
        strict_parameters: true,
        ..Options::default()
    };
    open_with(hand, options)
}

/// A world in memory at the time of this clock, with these options.
pub(crate) fn open_with(hand: &Hand, options: Options) -> Embedded {
    let config = Config {
        options,
        ..Config::new(hand.clock())
    };
    Embedded::open(config).expect("a world in memory opens")
}

/// A signed request of V3.
pub(crate) fn signed(
    credential: &Credential,
    now: Timestamp,
    name: &str,
    pairs: &[(&str, &str)],
) -> WireRequest {
    let (request, endpoint, stamp) = parts(now, name, pairs);
    v3::sign(&request, credential, &endpoint, &stamp)
}

/// A signed request of V1.
pub(crate) fn signed_v1(
    credential: &Credential,
    now: Timestamp,
    name: &str,
    pairs: &[(&str, &str)],
) -> WireRequest {
    let (request, endpoint, stamp) = parts(now, name, pairs);
    v1::sign(&request, credential, &endpoint, &stamp)
}

fn parts(now: Timestamp, name: &str, pairs: &[(&str, &str)]) -> (Request, Endpoint, Stamp) {
    let (code, action) = name.split_once('.').expect("written as product.Action");
    let product = Product::ALL
        .into_iter()
        .find(|product| product.code() == code)
        .expect("a known product");
    let action = find(product, action).expect("a known action");
    let mut params: Vec<(String, String)> = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    params.sort();
    let nonce = format!("it-{}", NONCE.fetch_add(1, Ordering::SeqCst));
    let endpoint = Endpoint {
        scheme: "http",
        host: format!("{code}.cn-beijing.aliyuncs.com"),
    };
    (
        Request {
            action,
            region: "cn-beijing".to_owned(),
            params,
        },
        endpoint,
        Stamp {
            nonce,
            timestamp: now,
        },
    )
}

/// Calls and parses the answer. A refusal is returned as `404 Code`, a lost response as the
/// network's error.
pub(crate) fn call(
    cloud: &Embedded,
    hand: &Hand,
    name: &str,
    pairs: &[(&str, &str)],
) -> Result<Value, String> {
    let request = signed(&cloud.credential(), hand.now(), name, pairs);
    let response = cloud
        .answer(&request)
        .map_err(|TransportError { sent, detail }| format!("sent={sent} {detail}"))?;
    let body: Value =
        serde_json::from_slice(&response.body).map_err(|error| format!("not JSON: {error}"))?;
    if response.status == 200 {
        Ok(body)
    } else {
        Err(format!(
            "{} {}",
            response.status,
            body["Code"].as_str().unwrap_or_default()
        ))
    }
}

/// A text of an answer.
pub(crate) fn text(body: &Value, name: &str) -> String {
    body[name].as_str().expect("a text").to_owned()
}
