//! Reads a query through all its pages, with the retries that reads allow.
//!
//! Invariant: a listing that does not check out is an error, never a shorter listing; an empty one is proven, by a dry
//! run or by a second look, before anybody concludes from it.

use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::json::Odd;
use setpoint_openapi::page::{Next, PageError, Walk};
use setpoint_openapi::reply::Reply;
use setpoint_openapi::request::{Request, RequestError};
use setpoint_openapi::retry::{Attempt, Decision, RetryPolicy};
use setpoint_plan::args::{self, Unresolved};
use setpoint_plan::kind::Row;
use setpoint_plan::view::{Proof, Query};
use setpoint_plan::{Ref, Value};

use crate::session::Session;

/// Why a read failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// The call failed.
    #[error("{action} failed")]
    Call {
        /// The action.
        action: &'static str,
        /// Why.
        #[source]
        error: Box<CallError>,
    },
    /// The pages contradict each other.
    #[error("{action} gave no listing to rely on")]
    Page {
        /// The action.
        action: &'static str,
        /// Why.
        #[source]
        error: PageError,
    },
    /// The answer is not what the action promises.
    #[error("{action} gave an answer that cannot be read")]
    Odd {
        /// The action.
        action: &'static str,
        /// What is odd.
        #[source]
        error: Odd,
    },
    /// The query itself is wrong; a bug.
    #[error("the call of {action} cannot be made")]
    Request {
        /// The action.
        action: &'static str,
        /// Why.
        #[source]
        error: RequestError,
    },
    /// The query names something that is not known yet; a bug.
    #[error("the call of {action} names something unknown")]
    Unresolved {
        /// The action.
        action: &'static str,
        /// What.
        #[source]
        error: Unresolved,
    },
}

impl ReadError {
    /// The API's error, if it is one.
    #[must_use]
    pub fn call(&self) -> Option<&CallError> {
        match self {
            Self::Call { error, .. } => Some(error),
            Self::Page { .. }
            | Self::Odd { .. }
            | Self::Request { .. }
            | Self::Unresolved { .. } => None,
        }
    }
}

/// What a read gave.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The rows of all pages.
    pub rows: Vec<Row>,
    /// How many calls the pages took.
    pub pages: usize,
    /// How many calls it took to prove an empty listing.
    pub proofs: usize,
}

/// How often a listing that moved under the reader is begun again.
const RESTARTS_MAX: usize = 4;

/// Reads all pages of a query and decodes them.
///
/// # Errors
/// Every way in which the listing cannot be relied on.
pub async fn read(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let mut found = read_once(session, query).await?;
    if found.rows.is_empty() {
        match query.proof {
            Proof::DryRun if query.view.api.takes_dry_run() => {
                prove_by_dry_run(session, query).await?;
                found.proofs = 1;
            }
            Proof::Twice => {
                let again = read_once(session, query).await?;
                found = Read {
                    proofs: found.pages,
                    ..again
                };
            }
            Proof::DryRun | Proof::Refused => {}
        }
    }
    Ok(found)
}

async fn read_once(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let action = query.view.api.name;
    for restart in 0.. {
        match walk(session, query).await {
            Err(ReadError::Page {
                error: PageError::Moved { .. },
                ..
            }) if restart < RESTARTS_MAX => {}
            other => return other,
        }
    }
    unreachable!("the loop over restarts of {action} returns")
}

async fn walk(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let action = query.view.api.name;
    let base = base_request(query)?;
    let mut walk = Walk::new(query.view.api, query.view.listing);
    let mut found = Read::default();
    loop {
        let mut request = base.clone();
        request.params.extend(walk.params());
        request.params.sort();
        let reply = send(session, &request)
            .await
            .map_err(|error| ReadError::Call {
                action,
                error: Box::new(error),
            })?;
        found.pages += 1;
        let next = walk
            .accept(&reply.json)
            .map_err(|error| ReadError::Page { action, error })?;
        let rows = query
            .decode(&reply.json)
            .map_err(|error| ReadError::Odd { action, error })?;
        found.rows.extend(rows);
        if next == Next::Done {
            return Ok(found);
        }
    }
}

fn base_request(query: &Query) -> Result<Request, ReadError> {
    let action = query.view.api.name;
    let nothing = |_: &Ref| -> Option<Value> { None };
    let arguments = args::arguments(&query.args, &nothing)
        .map_err(|error| ReadError::Unresolved { action, error })?;
    Request::new(query.view.api, query.site.region.as_str(), &arguments)
        .map_err(|error| ReadError::Request { action, error })
}

/// A caller who may not list gets an empty listing from some actions, but an error from their dry run.
async fn prove_by_dry_run(session: &Session, query: &Query) -> Result<(), ReadError> {
    let mut request = base_request(query)?;
    request
        .params
        .push(("DryRun".to_owned(), "true".to_owned()));
    request.params.sort();
    match send(session, &request).await {
        Ok(_) => Ok(()),
        Err(CallError::Api(error)) if error.is_dry_run_ok() => Ok(()),
        Err(error) => Err(ReadError::Call {
            action: query.view.api.name,
            error: Box::new(error),
        }),
    }
}

/// Sends a read until it is answered or nothing can come of it.
///
/// # Errors
/// The last error.
pub async fn send(session: &Session, request: &Request) -> Result<Reply, CallError> {
    send_within(session, request, &RetryPolicy::default()).await
}

/// Sends a read as patiently as the policy is.
///
/// # Errors
/// The last error.
pub async fn send_within(
    session: &Session,
    request: &Request,
    policy: &RetryPolicy,
) -> Result<Reply, CallError> {
    let start = tokio::time::Instant::now();
    for number in 1.. {
        let error = match session.client.call(request).await {
            Ok(reply) => return Ok(reply),
            Err(CallError::Api(error)) if error.is_dry_run_ok() => {
                return Err(CallError::Api(error));
            }
            Err(error) => error,
        };
        let elapsed: Duration = start.elapsed();
        let attempt = Attempt {
            number,
            elapsed,
            idempotent: true,
            random: fraction(&session.client.nonce()),
        };
        match policy.decide(&attempt, &error) {
            Decision::Retry { after, .. } => tokio::time::sleep(session.pace.scaled(after)).await,
            Decision::GiveUp => return Err(error),
        }
    }
    unreachable!("a policy gives up at last")
}

/// A number from 0 to 1 out of a nonce; chance enough for spreading retries.
#[must_use]
pub fn fraction(nonce: &str) -> f64 {
    let digits: String = nonce
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(8)
        .collect();
    u32::from_str_radix(&digits, 16).map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}
