//! Reads all pages of a query, with the retries that reads allow.
//!
//! Invariant: a listing that is not consistent is an error, never a shorter listing. After a
//! contradiction (an answer without its list, rows that do not add up to their total, a row without
//! the tag that the listing was filtered by) the listing is read again from the first page; only a
//! repeated contradiction is an error. An empty listing is proven, by a dry run or by a second
//! read, before anything is concluded from it.

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

/// The reason why a read failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// The call failed.
    #[error("{action} failed")]
    Call {
        /// The action.
        action: &'static str,
        /// The cause.
        #[source]
        error: Box<CallError>,
    },
    /// The pages contradict each other, and did so each time they were read.
    #[error("{action} gave no listing to rely on{}", named(request_id))]
    Page {
        /// The action.
        action: &'static str,
        /// The request id of the answer that showed it; empty if there is none.
        request_id: String,
        /// The contradiction.
        #[source]
        error: PageError,
    },
    /// An answer does not have the form that the action promises, and did not have it each time it
    /// was read.
    #[error(
        "{action} gave an answer that cannot be relied on{}",
        named(request_id)
    )]
    Odd {
        /// The action.
        action: &'static str,
        /// The request id of that answer; empty if there is none.
        request_id: String,
        /// The defect.
        #[source]
        error: Odd,
    },
    /// The query's parameters are not valid; a bug.
    #[error("the call of {action} cannot be made")]
    Request {
        /// The action.
        action: &'static str,
        /// The cause.
        #[source]
        error: RequestError,
    },
    /// The query refers to a value that is not known yet; a bug.
    #[error("the call of {action} names something unknown")]
    Unresolved {
        /// The action.
        action: &'static str,
        /// The reference.
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
    /// Returns the error and its causes, as one line.
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

    /// Returns whether answers arrived, but contradict each other or the form that the action
    /// promises.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Odd { .. })
    }

    /// Returns the error of the call, if a call failed.
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

/// The result of a read.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The rows of all pages.
    pub rows: Vec<Row>,
    /// The number of calls for the pages.
    pub pages: usize,
    /// The number of calls that proved an empty listing.
    pub proofs: usize,
    /// The request id of the last page.
    pub request_id: String,
    /// The number of absent fields for which it is unknown whether the cloud omits them when they
    /// are empty.
    unsure: usize,
}

/// The most restarts of a listing that changes while it is read.
const RESTARTS_MAX: usize = 4;

/// The most repetitions of a read with a contradiction or with uncertain absent fields.
const REREADS_MAX: usize = 2;

/// The pause before a listing with a contradiction is read again.
const REREAD_AFTER: Duration = Duration::from_millis(500);

/// Reads all pages of a query and decodes them.
///
/// # Errors
///
/// A call fails, or the listing is still not consistent after the repetitions.
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

/// Reads all pages. A field that the cloud may omit when it is empty counts as absent only if a
/// second read agrees. If three reads differ, the one with the fewest absent fields counts.
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

/// Returns the page if each live row carries the tags that the query filtered by. A row without
/// them is not an answer to this query.
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
                    "the row of {} {} does not carry the tag `{key}` that the listing was filtered \
                     by",
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

/// Proves an empty listing by a dry run: some actions answer a caller without permission with an
/// empty listing, but their dry run with an error.
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

/// Sends a read until it is answered, with the default retry policy.
///
/// # Errors
///
/// The last error, if it is final or the policy's limits are reached.
pub async fn send(session: &Session, request: &Request) -> Result<Reply, CallError> {
    send_within(session, request, &RetryPolicy::default()).await
}

/// Sends a read until it is answered, with the given retry policy.
///
/// # Errors
///
/// The last error, if it is final or the policy's limits are reached.
pub async fn send_within(
    session: &Session,
    request: &Request,
    policy: &RetryPolicy,
) -> Result<Reply, CallError> {
    // Time in the queue of the rate limit does not count towards the policy's time limit.
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

/// Returns a number from 0 to 1, derived from the first eight hexadecimal digits of a nonce. It is
/// random enough for the jitter of retries.
#[must_use]
pub fn fraction(nonce: &str) -> f64 {
    let digits: String = nonce
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(8)
        .collect();
    u32::from_str_radix(&digits, 16).map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}
