//! One call, one attempt: sign, send, read.
//!
//! Retries, rate limits and paging belong to the caller, with the values of `retry`, `limit` and
//! `page`. Only one thing is repeated here: if the server refuses a call for the time of its
//! signature, the client learns the server's time from the `Date` header and signs the call again,
//! once. That is safe, because a refused signature has no effect. Invariant: each request that is
//! sent has a nonce of its own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::credential::{Credential, CredentialError};
use crate::endpoint::Endpoints;
use crate::error::{ApiError, CallError};
use crate::reply::{self, Reply};
use crate::request::Request;
use crate::sign::{Scheme, Stamp, v1, v3};
use crate::timestamp::Timestamp;
use crate::wire::{Transport, WireRequest};

mod log;

/// A source of the current time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A source of unique texts: at least 128 random bits each, in ASCII.
pub type Nonces = Arc<dyn Fn() -> String + Send + Sync>;

/// A source of the credential to sign with. It is asked before each call, so that it can renew a
/// temporary one.
pub type Credentials = Arc<dyn Fn() -> Result<Credential, CredentialError> + Send + Sync>;

/// The parts of a client.
#[derive(Clone)]
pub struct Config {
    /// Carries the exchange.
    pub transport: Arc<dyn Transport>,
    /// The addresses of the products.
    pub endpoints: Endpoints,
    /// The credential that requests are signed with.
    pub credentials: Credentials,
    /// The clock for the time in signatures.
    pub clock: Clock,
    /// The source of nonces.
    pub nonces: Nonces,
    /// The signature scheme: V3, unless a proxy or server needs V1.
    pub scheme: Scheme,
}

/// Calls the API. A client is shared behind an `Arc`; calls run concurrently.
pub struct Client {
    config: Config,
    /// The server's clock minus ours, in milliseconds; 0 until the server refuses a time.
    skew_ms: AtomicI64,
    warnings: Mutex<Vec<String>>,
}

impl Client {
    /// A client without a correction of its clock.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            skew_ms: AtomicI64::new(0),
            warnings: Mutex::new(Vec::new()),
        }
    }

    /// The time by the clock, with the correction.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let ours = (self.config.clock)();
        Timestamp(ours.0.saturating_add(self.skew_ms.load(Ordering::Relaxed)))
    }

    /// A unique text, for client tokens that are random and not derived.
    #[must_use]
    pub fn nonce(&self) -> String {
        (self.config.nonces)()
    }

    /// Notices for the user that nobody has taken yet, oldest first.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the call once.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; its `outcome` says whether the call may have had an effect.
    pub async fn call(&self, request: &Request) -> Result<Reply, CallError> {
        let (result, date) = self.exchange(request).await;
        match result {
            Err(CallError::Api(error)) if self.learn_time(&error, date.as_deref()) => {
                self.exchange(request).await.0
            }
            result => result,
        }
    }

    /// Sends the request once and logs it; also gives the time that the server's answer bears.
    async fn exchange(&self, request: &Request) -> (Result<Reply, CallError>, Option<String>) {
        let wire = match self.sign(request) {
            Ok(wire) => wire,
            Err(error) => return (Err(error), None),
        };
        let sent = (self.config.clock)();
        let (result, date) = match self.config.transport.send(wire).await {
            Ok(response) => {
                let date = response.header("date").map(str::to_owned);
                (reply::read(request.action, response), date)
            }
            Err(error) => (Err(CallError::NoReply(error)), None),
        };
        let ms = (self.config.clock)().0.saturating_sub(sent.0);
        log::exchange(request, ms, &result);
        (result, date)
    }

    fn sign(&self, request: &Request) -> Result<WireRequest, CallError> {
        let credential = (self.config.credentials)()?;
        let endpoint = self
            .config
            .endpoints
            .of(request.action.product, &request.region)?;
        let stamp = Stamp {
            nonce: self.nonce(),
            timestamp: self.now(),
        };
        Ok(match self.config.scheme {
            Scheme::V1 => v1::sign(request, &credential, &endpoint, &stamp),
            // The table has no path-style action.
            Scheme::V3 | Scheme::Roa => v3::sign(request, &credential, &endpoint, &stamp),
        })
    }

    /// Adopts the server's time after it has refused ours. Returns false if that changes nothing.
    fn learn_time(&self, error: &ApiError, date: Option<&str>) -> bool {
        let Some(theirs) = date
            .filter(|_| error.is_clock_skew())
            .and_then(Timestamp::parse_http)
        else {
            return false;
        };
        let skew_ms = theirs.0.saturating_sub((self.config.clock)().0);
        let before = self.skew_ms.swap(skew_ms, Ordering::Relaxed);
        if skew_ms.abs_diff(before) < 1000 {
            return false;
        }
        let minutes = skew_ms.abs() / 60_000;
        let side = if skew_ms > 0 { "behind" } else { "ahead of" };
        let warning = format!(
            "this machine's clock is {minutes} minutes {side} the server's; calls are signed with \
             the server's time"
        );
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(warning);
        true
    }
}

#[cfg(test)]
mod tests;
