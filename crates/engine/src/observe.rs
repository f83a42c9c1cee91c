//! Observes the cloud: who we are, what the stack owns, what it uses from outside.
//!
//! Two rounds. First everything that the spec alone tells: a listing for each kind of the catalogue (or the last one of a
//! kind taken out of the file would never be seen again), look-ups, this machine's own files. Then details that no
//! listing carries, for what the spec manages. Equal queries are sent once; each round's calls go out side by side.
//! At last, whatever a plan would conclude from an absence is looked at again ([`confirm`]), so that no kind can forget it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use setpoint_openapi::action::sts;
use setpoint_openapi::error::CallError;
use setpoint_openapi::request::Request;
use setpoint_openapi::retry::RetryPolicy;
use setpoint_plan::kind::{Found, Kind, Row};
use setpoint_plan::live::{Live, Snapshot};
use setpoint_plan::planner::moved::relocate;
use setpoint_plan::planner::outside::{self, How, LookUp};
use setpoint_plan::planner::{Intent, Options};
use setpoint_plan::rows::fold_details;
use setpoint_plan::view::{Query, View};
use setpoint_plan::{Address, Map, Value};

use crate::local::LocalError;
use crate::pages::{self, Read, ReadError};
use crate::session::Session;

mod confirm;
mod doubt;
mod refused;

pub use confirm::Contradiction;

/// Who the credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account's id.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// Why the cloud cannot be observed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ObserveError {
    /// A read failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The caller's identity cannot be read.
    #[error("the caller's identity cannot be read")]
    Identity(#[source] Box<CallError>),
    /// Two looks contradict each other, and further looks did not settle it.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// Something outside the stack is not there, or not alone.
    #[error("{said}: {}", matched(candidates))]
    Outside {
        /// How the spec says it.
        said: String,
        /// Ids of what matched.
        candidates: Vec<String>,
    },
    /// A file on this machine cannot be read.
    #[error(transparent)]
    Local(#[from] LocalError),
}

fn matched(candidates: &[String]) -> String {
    match candidates {
        [] => "nothing matches".to_owned(),
        many => format!("{} match, one must: {}", many.len(), many.join(", ")),
    }
}

/// Nothing has been read yet: an endpoint that does not answer its first call is told soon.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(30);

/// Asks who the credentials belong to.
///
/// # Errors
/// The call failed, or its answer names no account.
pub async fn identify(session: &Session, region: &str) -> Result<Caller, ObserveError> {
    let request = Request {
        action: &sts::GET_CALLER_IDENTITY,
        region: region.to_owned(),
        params: Vec::new(),
    };
    let policy = RetryPolicy {
        elapsed_max: FIRST_ANSWER_MAX,
        ..RetryPolicy::default()
    };
    let reply = pages::send_within(session, &request, &policy)
        .await
        .map_err(|error| ObserveError::Identity(Box::new(error)))?;
    let named = |name: &str| {
        let text = reply.json.need_text(name).map_err(|odd| odd.what);
        let text = text.and_then(|text| match text.as_str() {
            "" => Err(format!("`{name}` is empty")),
            _ => Ok(text),
        });
        text.map_err(|what| {
            let odd = CallError::Malformed {
                action: request.action.name,
                http_status: reply.status,
                detail: format!("{what} (RequestId {})", reply.request_id),
            };
            ObserveError::Identity(Box::new(odd))
        })
    };
    Ok(Caller {
        account: named("AccountId")?,
        arn: named("Arn")?,
    })
}

/// Whose answer a query of the first round is.
#[derive(Clone)]
enum For {
    Listing,
    Adopted(Address),
    Detail,
    LookUp(Address, &'static View),
    Outside(LookUp, &'static Kind),
}

/// Observes everything that planning this intent needs.
///
/// # Errors
/// Any read that cannot be relied on: nothing is planned on half a picture.
pub async fn observe(session: &Session, intent: &Intent) -> Result<Snapshot, ObserveError> {
    observe_for(session, intent, &Options::default()).await
}

/// Observes everything that this plan of the intent needs: a destroy has every listing confirmed, since it ends in the
/// statement that nothing is left.
///
/// # Errors
/// As [`observe`].
pub async fn observe_for(
    session: &Session,
    intent: &Intent,
    options: &Options,
) -> Result<Snapshot, ObserveError> {
    let first = look(session, intent).await?;
    confirm::confirm(session, intent, options, first).await
}

async fn look(session: &Session, intent: &Intent) -> Result<Snapshot, ObserveError> {
    let mut snapshot = Snapshot::default();
    read_local(session, intent, &mut snapshot)?;
    let (wanted, answers) = ask(session, first_round(session, intent)).await?;
    let (mut details, mut refusals) = (Vec::new(), Vec::new());
    for ((whose, kind), answer) in wanted.into_iter().zip(answers) {
        match (answer, &whose) {
            (Ok(read), _) => take(intent, whose, read, &mut snapshot, &mut details)?,
            (Err(error), For::Listing | For::Detail) => refusals.push((kind, error)),
            (Err(error), _) => return Err(error.into()),
        }
    }
    // Again: a key pair that is listed by now may be another run's, made since the first look here.
    read_local(session, intent, &mut snapshot)?;
    fold(&mut snapshot, &details);
    snapshot.unlisted = refused::tolerated(session, intent, &snapshot, refusals)?;
    relocate(&session.registry, intent, &mut snapshot);
    read_details(session, intent, &mut snapshot).await?;
    // The identity was asked for before; it is part of what an observation costs.
    snapshot.cost.other += 1;
    Ok(snapshot)
}

/// Reads what is on this machine and was not there at an earlier look.
fn read_local(
    session: &Session,
    intent: &Intent,
    snapshot: &mut Snapshot,
) -> Result<(), LocalError> {
    for want in intent.desired.values() {
        let known = |found: &Found| found.local().next().is_some();
        if snapshot.found.get(&want.address).is_some_and(known) {
            continue;
        }
        for act in (session.registry.known(want.kind).local_reads)(want) {
            if let Some(attrs) = session.local.peek(&act)? {
                snapshot
                    .found
                    .entry(want.address.clone())
                    .or_default()
                    .add_local(attrs);
            }
        }
    }
    Ok(())
}

/// The queries of the first round, each with its asker and the kind that it is about.
fn first_round(session: &Session, intent: &Intent) -> Vec<((For, &'static str), Query)> {
    let asked = first_queries(session, intent).into_iter();
    asked
        .map(|(whose, query)| ((whose, query.kind.name), query))
        .collect()
}

fn first_queries(session: &Session, intent: &Intent) -> Vec<(For, Query)> {
    let mut asked = Vec::new();
    for kind in session.registry.kinds() {
        asked.push((For::Listing, kind.owned(&intent.site, &intent.stack)));
        asked.extend(kind.more_lists.iter().map(|(of, view)| {
            let query = view.owned_by(of, &intent.site, &intent.stack);
            (For::Detail, query)
        }));
    }
    // Rows of stacks from which something moved here are listed too; the planner takes what moved and leaves the rest.
    let others: BTreeSet<&String> = intent
        .moved
        .iter()
        .filter_map(|entry| entry.stack.as_ref())
        .collect();
    for stack in others {
        asked.extend(
            session
                .registry
                .kinds()
                .map(|kind| (For::Listing, kind.owned(&intent.site, stack))),
        );
    }
    for want in intent.desired.values() {
        let adopted = want.adopt.iter().flat_map(|id| {
            session
                .registry
                .known(want.kind)
                .poll(&intent.site, std::slice::from_ref(id))
        });
        asked.extend(adopted.map(|query| (For::Adopted(want.address.clone()), query)));
        let queries = (session.registry.known(want.kind).look_ups)(want, &intent.site);
        asked.extend(
            queries
                .into_iter()
                .map(|query| (For::LookUp(want.address.clone(), query.view), query)),
        );
    }
    for look_up in outside::look_ups(&session.registry, intent) {
        let kind = session.registry.known(look_up.kind);
        let query = outside_query(kind, intent, &look_up);
        asked.extend(query.map(|query| (For::Outside(look_up, kind), query)));
    }
    asked
}

fn outside_query(kind: &'static Kind, intent: &Intent, look_up: &LookUp) -> Option<Query> {
    match &look_up.how {
        How::Id(id) => kind
            .poll(&intent.site, std::slice::from_ref(id))
            .into_iter()
            .next(),
        How::By(by) => kind.find(&intent.site, by),
        How::Owned { stack, region, .. } => {
            let site = setpoint_plan::kind::Site {
                region: region.clone(),
                ..intent.site.clone()
            };
            Some(kind.owned(&site, stack))
        }
    }
}

/// Sends queries side by side, equal ones once; gives each asker its own copy of the answer. A refusal is an answer: the
/// asker decides whether it is an error.
async fn ask<T>(
    session: &Session,
    asked: Vec<(T, Query)>,
) -> Result<(Vec<T>, Vec<Result<Read, ReadError>>), ReadError> {
    let mut distinct: Vec<Query> = Vec::new();
    let mut places = Vec::new();
    let mut wanted = Vec::new();
    for (whose, query) in asked {
        let place = distinct
            .iter()
            .position(|other| *other == query)
            .unwrap_or(distinct.len());
        if place == distinct.len() {
            distinct.push(query);
        }
        places.push(place);
        wanted.push(whose);
    }
    let read = async |query| match pages::read(session, query).await {
        Err(error) if !refused::is_refusal(&error) => Err(error),
        answer => Ok(answer),
    };
    let answers = try_join_all(distinct.iter().map(read)).await?;
    // Only the first asker is charged for the calls.
    let mut charged = vec![false; answers.len()];
    let each = places.into_iter().map(|place| {
        let free = std::mem::replace(&mut charged[place], true);
        let read = answers[place].as_ref().map_err(ReadError::clone)?;
        Ok(Read {
            rows: read.rows.clone(),
            pages: if free { 0 } else { read.pages },
            proofs: if free { 0 } else { read.proofs },
            request_id: read.request_id.clone(),
        })
    });
    Ok((wanted, each.collect()))
}

fn take(
    intent: &Intent,
    whose: For,
    read: Read,
    snapshot: &mut Snapshot,
    details: &mut Vec<Row>,
) -> Result<(), ObserveError> {
    snapshot.cost.other += read.proofs;
    match whose {
        For::Listing => {
            snapshot.cost.listings += read.pages;
            for live in live_rows(read.rows) {
                if is_ours(intent, &live) {
                    snapshot.live.push(live);
                } else if live.is_astray_of(&intent.stack) {
                    snapshot.astray.push(live);
                }
            }
        }
        For::Adopted(address) => {
            snapshot.cost.lookups += read.pages;
            snapshot
                .adopted
                .entry(address)
                .or_default()
                .extend(live_rows(read.rows));
        }
        For::Detail => {
            snapshot.cost.details += read.pages;
            details.extend(read.rows);
        }
        For::LookUp(address, view) => {
            snapshot.cost.lookups += read.pages;
            let found = snapshot.found.entry(address).or_default();
            read.rows.into_iter().for_each(|row| found.add(view, row));
        }
        For::Outside(look_up, kind) => {
            snapshot.cost.lookups += read.pages;
            let one =
                outside::choose(kind, &look_up, live_rows(read.rows)).map_err(|candidates| {
                    ObserveError::Outside {
                        said: look_up.said.clone(),
                        candidates,
                    }
                })?;
            snapshot.named.insert(look_up.key, vec![one]);
        }
    }
    Ok(())
}

/// Whether a row is of this stack, or of one from which something moved here.
fn is_ours(intent: &Intent, live: &Live) -> bool {
    let moves_here = |stack: &str| {
        let mut moved = intent.moved.iter();
        moved.any(|entry| entry.stack.as_deref() == Some(stack))
    };
    let owner = live.owner.as_ref();
    owner.is_some_and(|owner| owner.stack == intent.stack || moves_here(&owner.stack))
}

fn live_rows(rows: Vec<Row>) -> impl Iterator<Item = Live> {
    rows.into_iter().filter_map(|row| match row {
        Row::Live(live) => Some(live),
        Row::Detail { .. } | Row::Found(_) => None,
    })
}

/// Details belong to what the stack owns and to what it is about to adopt.
fn fold(snapshot: &mut Snapshot, details: &[Row]) {
    for rows in std::iter::once(&mut snapshot.live).chain(snapshot.adopted.values_mut()) {
        fold_details(rows, details.to_vec());
    }
}

async fn read_details(
    session: &Session,
    intent: &Intent,
    snapshot: &mut Snapshot,
) -> Result<(), ReadError> {
    let nothing = Found::default();
    let mut asked = Vec::new();
    let owned = snapshot
        .live
        .iter()
        .filter_map(|live| Some((&live.owner.as_ref()?.address, live)));
    let adopted = snapshot
        .adopted
        .iter()
        .flat_map(|(address, rows)| rows.iter().map(move |live| (address, live)));
    for (address, live) in owned.chain(adopted) {
        let want = intent
            .desired
            .get(address)
            .filter(|want| want.kind == live.kind);
        let found = snapshot.found.get(address).unwrap_or(&nothing);
        let queries = (session.registry.known(live.kind).details)(want, live, found);
        asked.extend(
            queries
                .into_iter()
                .map(|query| ((address.clone(), query.clone()), query)),
        );
    }
    let (wanted, answers) = ask(session, asked).await?;
    let mut details = Vec::new();
    let mut counted: Vec<Query> = Vec::new();
    for ((address, query), answer) in wanted.into_iter().zip(answers) {
        let read = answer?;
        snapshot.cost.details += read.pages;
        // Askers of one query each got a copy of its rows; a detail counts once.
        let first = !counted.contains(&query);
        for row in read.rows {
            match row {
                Row::Detail { .. } if first => details.push(row),
                Row::Detail { .. } => {}
                Row::Live(_) | Row::Found(_) => snapshot
                    .found
                    .entry(address.clone())
                    .or_default()
                    .add(query.view, row),
            }
        }
        counted.push(query);
    }
    fold(snapshot, &details);
    Ok(())
}

/// The attributes of every live resource, for outputs and `show`.
#[must_use]
pub fn attributes(snapshot: &Snapshot) -> BTreeMap<Address, Map> {
    let with_id = |live: &Live| {
        let mut attrs = live.attrs.clone();
        attrs.insert("id".to_owned(), Value::text(&live.id));
        attrs
    };
    snapshot
        .live
        .iter()
        .filter_map(|live| Some((live.owner.as_ref()?.address.clone(), with_id(live))))
        .collect()
}
