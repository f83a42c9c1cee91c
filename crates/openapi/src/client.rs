//! One call, one attempt: sign, send, read.
//!
//! Retrying, limiting and paging are the caller's, with the values of `retry`, `limit` and `page`. The one thing that is
//! repeated here is a call refused for the time it bears: the server's clock is learned from its `Date` header and the call
//! signed again, once, which is safe because a refused signature does nothing.
//! Invariant: every sending has a nonce of its own.

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

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives texts that were never given before: at least 128 random bits, in ASCII.
pub type Nonces = Arc<dyn Fn() -> String + Send + Sync>;

/// Gives the credential to sign with; asked at each call, so that it may renew a temporary one.
pub type Credentials = Arc<dyn Fn() -> Result<Credential, CredentialError> + Send + Sync>;

/// What a client is made of.
#[derive(Clone)]
pub struct Config {
    /// What carries the exchange.
    pub transport: Arc<dyn Transport>,
    /// Where products answer.
    pub endpoints: Endpoints,
    /// Who signs.
    pub credentials: Credentials,
    /// The clock that signatures bear.
    pub clock: Clock,
    /// The source of nonces.
    pub nonces: Nonces,
    /// The signature, V3 unless something on the way wants V1.
    pub scheme: Scheme,
}

/// Calls the API. Cheap to share behind an `Arc`; calls run side by side.
pub struct Client {
    config: Config,
    /// Server's clock minus ours, in milliseconds, as far as it had to be learned.
    skew_ms: AtomicI64,
    warnings: Mutex<Vec<String>>,
}

impl Client {
    /// A client that has learned nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            skew_ms: AtomicI64::new(0),
            warnings: Mutex::new(Vec::new()),
        }
    }

    /// The time by the clock, corrected by what was learned from the server.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let ours = (self.config.clock)();
        Timestamp(ours.0.saturating_add(self.skew_ms.load(Ordering::Relaxed)))
    }

    /// A text never given before, for client tokens that are drawn, not derived.
    #[must_use]
    pub fn nonce(&self) -> String {
        (self.config.nonces)()
    }

    /// What people should know and nobody has taken yet, oldest first.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the call once.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; its `outcome` says whether the call may have had its effect.
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
            // No action of the table is path-style.
            Scheme::V3 | Scheme::Roa => v3::sign(request, &credential, &endpoint, &stamp),
        })
    }

    /// Takes the server's clock over if it refused ours. False if that brings nothing new.
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
            "this machine's clock is {minutes} minutes {side} the server's; calls are signed with the server's time"
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
