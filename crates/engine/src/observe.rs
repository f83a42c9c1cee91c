//! Observes the cloud: the caller's identity, the resources that the stack owns, and those that it
//! uses from outside.
//!
//! The planner asks its [`questions`] in two rounds. The engine sends the queries of a round
//! concurrently, equal ones once, and passes the [`answers`] to the planner. Finally, every absence
//! that a plan would draw a conclusion from is read again ([`confirm`]). This happens here for all
//! kinds, so that no kind can omit it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use setpoint_openapi::action::sts;
use setpoint_openapi::error::CallError;
use setpoint_openapi::request::Request;
use setpoint_openapi::retry::RetryPolicy;
use setpoint_plan::answers::{self, Answer, Unmatched};
use setpoint_plan::live::{Live, Snapshot};
use setpoint_plan::planner::{Intent, Options};
use setpoint_plan::questions::{self, Question};
use setpoint_plan::{Address, Map, Value};
use tracing::Instrument as _;

use crate::calls;
use crate::local::LocalError;
use crate::pages::{self, ReadError};
use crate::session::Session;

mod confirm;
mod doubt;
mod refused;
mod tagged;

pub use confirm::Contradiction;
pub use doubt::Draft;

/// The owner of the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The id of the account.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// The reason why the cloud cannot be observed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ObserveError {
    /// A read failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The caller's identity cannot be read.
    #[error("the caller's identity cannot be read")]
    Identity(#[source] Box<CallError>),
    /// Two reads contradict each other, and further reads did not settle it.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// A resource outside the stack does not exist, or several match.
    #[error(transparent)]
    Outside(#[from] Unmatched),
    /// A file on this machine cannot be read.
    #[error(transparent)]
    Local(#[from] LocalError),
}

/// The retry limit of the first call. An endpoint that does not answer is reported soon, since
/// nothing has been read yet.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(30);

/// Asks the cloud for the owner of the credentials.
///
/// # Errors
///
/// The call failed, or its answer lacks the account or the ARN.
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

/// Observes everything that is needed to plan this intent, with the default options.
///
/// # Errors
///
/// A read failed or is not consistent. No plan is made from an incomplete observation.
pub async fn observe(session: &Session, intent: &Intent) -> Result<Snapshot, ObserveError> {
    observe_for(session, intent, &Options::default()).await
}

/// Observes everything that is needed to plan this intent with these options. A destroy has every
/// listing confirmed, since it ends with the statement that nothing is left.
///
/// # Errors
///
/// As for [`observe`].
pub async fn observe_for(
    session: &Session,
    intent: &Intent,
    options: &Options,
) -> Result<Snapshot, ObserveError> {
    let observed = observe_with_draft(session, intent, options).await?;
    Ok(observed.snapshot)
}

/// An observation, with the plan that was drafted to find out which parts need confirmation.
#[derive(Debug)]
pub struct Observed {
    /// The observation.
    pub snapshot: Snapshot,
    /// The plan for the same options, if nothing in the observation needed confirmation. The caller
    /// then does not have to plan again.
    pub draft: Option<Draft>,
}

/// Observes as [`observe_for`] does, and returns the drafted plan too.
///
/// # Errors
///
/// As for [`observe`].
pub async fn observe_with_draft(
    session: &Session,
    intent: &Intent,
    options: &Options,
) -> Result<Observed, ObserveError> {
    let first = look(session, intent).await?;
    confirm::confirm(session, intent, options, first).await
}

async fn look(session: &Session, intent: &Intent) -> Result<Snapshot, ObserveError> {
    let registry = &session.registry;
    let snapshot = read_local(session, intent, Snapshot::default())?;
    let (mut answers, mut refusals) = (Vec::new(), Vec::new());
    for (question, answer) in ask(session, questions::first_round(registry, intent)).await? {
        match answer {
            Ok(answer) => answers.push((question, answer)),
            Err(error) if question.purpose.is_listing() => {
                refusals.push((question.query.kind.name, error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Again, since a listed key pair may come from another run that has created the key file since
    // the first read of it.
    let snapshot = read_local(session, intent, snapshot)?;
    let mut snapshot = answers::first_round(registry, intent, snapshot, answers)?;
    snapshot.unlisted = refused::tolerated(session, intent, &snapshot, refusals)?;
    let details = questions::second_round(registry, intent, &snapshot);
    let details = ask(session, details).await?;
    let given = |(question, answer): (Question, Result<Answer, ReadError>)| Ok((question, answer?));
    let details = details.into_iter().map(given);
    let mut snapshot = answers::second_round(snapshot, details.collect::<Result<_, ReadError>>()?);
    // The caller asked for the identity before; the call is part of the cost of an observation.
    snapshot.cost.other += 1;
    Ok(snapshot)
}

/// Reads the local files that no earlier read has found.
fn read_local(
    session: &Session,
    intent: &Intent,
    mut snapshot: Snapshot,
) -> Result<Snapshot, LocalError> {
    for (address, act) in questions::local_reads(&session.registry, intent, &snapshot) {
        if let Some(attrs) = session.local.peek(&act)? {
            snapshot.found.entry(address).or_default().add_local(attrs);
        }
    }
    Ok(snapshot)
}

/// Sends questions concurrently, equal queries once, and gives each question its own copy of the
/// answer. A refused listing is part of the result: the caller decides whether it is an error.
async fn ask(
    session: &Session,
    questions: Vec<Question>,
) -> Result<Vec<(Question, Result<Answer, ReadError>)>, ReadError> {
    let (distinct, places) = distinct(&questions);
    let read = async |question: &Question| {
        let reads = calls::for_question(&question.purpose);
        let answer = tagged::read(session, &question.query);
        match answer.instrument(reads).await {
            Err(error) if !refused::is_refusal(&error) => Err(error),
            answer => Ok(answer),
        }
    };
    let answers = try_join_all(distinct.into_iter().map(read)).await?;
    let mut askers = vec![0_usize; answers.len()];
    places.iter().for_each(|place| askers[*place] += 1);
    let mut answers: Vec<_> = answers.into_iter().map(Asked::new).collect();
    let each = places.into_iter().map(|place| {
        askers[place] -= 1;
        answers[place].take(askers[place] == 0)
    });
    let each: Vec<Result<Answer, ReadError>> = each.collect();
    Ok(questions.into_iter().zip(each).collect())
}

/// Returns the distinct queries of the questions, and for each question the index of its query.
fn distinct(questions: &[Question]) -> (Vec<&Question>, Vec<usize>) {
    let mut distinct: Vec<&Question> = Vec::new();
    let mut known = BTreeMap::new();
    let mut places = Vec::new();
    for question in questions {
        let place = *known.entry(question.query.key()).or_insert(distinct.len());
        if place == distinct.len() {
            distinct.push(question);
        }
        places.push(place);
    }
    (distinct, places)
}

/// The answer to a query that several questions may share. The calls count for the first of them
/// only, and the last one takes the rows without a copy.
struct Asked {
    read: Result<pages::Read, ReadError>,
    is_charged: bool,
}

impl Asked {
    fn new(read: Result<pages::Read, ReadError>) -> Self {
        Self {
            read,
            is_charged: false,
        }
    }

    fn take(&mut self, is_last: bool) -> Result<Answer, ReadError> {
        let is_copy = std::mem::replace(&mut self.is_charged, true);
        let read = self.read.as_mut().map_err(|error| error.clone())?;
        let rows = if is_last {
            std::mem::take(&mut read.rows)
        } else {
            read.rows.clone()
        };
        Ok(Answer {
            rows,
            is_copy,
            calls: if is_copy { 0 } else { read.pages },
            proofs: if is_copy { 0 } else { read.proofs },
        })
    }
}

/// Returns the attributes of every live resource of the stack, `id` included, for outputs and
/// `show`.
#[must_use]
pub fn attributes(snapshot: &Snapshot) -> BTreeMap<Address, Map> {
    let with_id = |live: &Arc<Live>| {
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
