//! Reads a query through all its pages, with the retries that reads allow.
//!
//! Invariant: a listing that does not check out is an error, never a shorter listing. A
//! contradiction (an answer without its list, rows that do not add up to their total, a row without
//! the tag that it was filtered by) is read again from the first page; only one that repeats is an
//! error. An empty listing is proven, by a dry run or by a second look, before anybody concludes
//! from it.

use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::json::Odd;
use setpoint_openapi::page::{Next, PageError, Walk};
use setpoint_openapi::reply::Reply;
use setpoint_openapi::request::{Request, RequestError};
use setpoint_openapi::retry::{Attempt, Decision, RetryPolicy};
use setpoint_plan::args::{self, Unresolved};
use setpoint_plan::kind::Row;
use setpoint_plan::view::{Page, Proof, Query};
use setpoint_plan::{Ref, Value};
use tracing::Instrument as _;

use crate::calls;
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
    /// The pages contradict each other, and did so each time they were read.
    #[error("{action} gave no listing to rely on{}", named(request_id))]
    Page {
        /// The action.
        action: &'static str,
        /// The API's name for the exchange that showed it.
        request_id: String,
        /// Why.
        #[source]
        error: PageError,
    },
    /// The answer is not what the action promises, and was not each time it was read.
    #[error(
        "{action} gave an answer that cannot be relied on{}",
        named(request_id)
    )]
    Odd {
        /// The action.
        action: &'static str,
        /// The API's name for the exchange that showed it.
        request_id: String,
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

fn named(request_id: &str) -> String {
    if request_id.is_empty() {
        String::new()
    } else {
        format!(" (RequestId {request_id})")
    }
}

impl ReadError {
    /// The error with its causes, as one line.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        text
    }

    /// Whether the answers came, but contradict themselves or what the action promises.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Odd { .. })
    }

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
    /// The API's name for the exchange that gave the last page.
    pub request_id: String,
    /// How many fields were absent of which nobody knows whether the cloud leaves them out.
    unsure: usize,
}

/// How often a listing that moved under the reader is begun again.
const RESTARTS_MAX: usize = 4;

/// How often a listing that contradicts itself is read again before that is an error.
const REREADS_MAX: usize = 2;

/// How long the cloud gets before a contradiction is read again.
const REREAD_AFTER: Duration = Duration::from_millis(500);

/// Reads all pages of a query and decodes them.
///
/// # Errors
/// Every way in which the listing cannot be relied on.
pub async fn read(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let reads = calls::for_kind(query.kind.name);
    read_proven(session, query).instrument(reads).await
}

async fn read_proven(session: &Session, query: &Query) -> Result<Read, ReadError> {
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

/// Reads all pages. A field of which nobody knows whether the cloud leaves it out when it is empty
/// is absent only if a second read says so too; of three reads that differ the fullest counts.
async fn read_once(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let mut best = read_whole(session, query).await?;
    for _ in 0..REREADS_MAX {
        if best.unsure == 0 {
            break;
        }
        let again = read_whole(session, query).await?;
        let agrees = again.unsure == best.unsure;
        let pages = best.pages + again.pages;
        let fuller = if again.unsure <= best.unsure {
            again
        } else {
            best
        };
        best = Read { pages, ..fuller };
        if agrees {
            break;
        }
    }
    Ok(best)
}

async fn read_whole(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let (mut restarts, mut rereads) = (0, 0);
    loop {
        match walk(session, query).await {
            Err(ReadError::Page {
                error: PageError::Moved { .. },
                ..
            }) if restarts < RESTARTS_MAX => restarts += 1,
            Err(error) if error.is_damage() && rereads < REREADS_MAX => {
                rereads += 1;
                tokio::time::sleep(session.pace.scaled(REREAD_AFTER)).await;
            }
            other => return other,
        }
    }
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
        let next = walk.accept(&reply.json).map_err(|error| ReadError::Page {
            action,
            request_id: reply.request_id.clone(),
            error,
        })?;
        let page = query
            .decode(&reply.json)
            .and_then(|page| tagged(query, page))
            .map_err(|error| ReadError::Odd {
                action,
                request_id: reply.request_id.clone(),
                error,
            })?;
        found.rows.extend(page.rows);
        found.unsure += page.unsure;
        found.request_id = reply.request_id;
        if next == Next::Done {
            return Ok(found);
        }
    }
}

/// The rows, if each carries the tags that they were filtered by: a row without them is no answer
/// to this query.
fn tagged(query: &Query, page: Page) -> Result<Page, Odd> {
    let filter = query.tag_filter();
    for row in &page.rows {
        let Row::Live(live) = row else { continue };
        let lacking = filter
            .iter()
            .find(|(key, value)| !live.carries(key, value.as_deref()));
        if let Some((key, _)) = lacking {
            return Err(Odd {
                what: format!(
                    "the row of {} {} does not carry the tag `{key}` that the listing was filtered by",
                    live.kind, live.id
                ),
            });
        }
    }
    Ok(page)
}

fn base_request(query: &Query) -> Result<Request, ReadError> {
    let action = query.view.api.name;
    let nothing = |_: &Ref| -> Option<Value> { None };
    let arguments = args::arguments(&query.args, &nothing)
        .map_err(|error| ReadError::Unresolved { action, error })?;
    Request::new(query.view.api, query.site.region.as_str(), &arguments)
        .map_err(|error| ReadError::Request { action, error })
}

/// A caller who may not list gets an empty listing from some actions, but an error from their dry
/// run.
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
    // The time spent in the queue of the rate limit does not count against the time for retries.
    let mut queued = Duration::ZERO;
    let start = tokio::time::Instant::now();
    for number in 1.. {
        let before = start.elapsed();
        session.rates.admit(session.pace, request).await;
        queued += start.elapsed() - before;
        let call = session.client.call(request);
        let result = call.instrument(calls::attempt(number)).await;
        session.rates.learn(session.pace, request, &result);
        let error = match result {
            Ok(reply) => return Ok(reply),
            Err(CallError::Api(error)) if error.is_dry_run_ok() => {
                return Err(CallError::Api(error));
            }
            Err(error) => error,
        };
        let elapsed = start.elapsed().saturating_sub(queued);
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
