//! Reading the cloud and planning, as `plan`, `apply`, `destroy`, `output` and `show` need it.

use std::error::Error as _;
use std::time::{Duration, Instant};

use setpoint_catalog::REGISTRY;
use setpoint_engine::observe::{self, Caller, Draft, ObserveError};
use setpoint_engine::pages::ReadError;
use setpoint_engine::session::Session;
use setpoint_openapi::error::CallError;
use setpoint_plan::check;
use setpoint_plan::held::Allowed;
use setpoint_plan::kind::Site;
use setpoint_plan::live::Snapshot;
use setpoint_plan::plan::Plan;
use setpoint_plan::planner::{self, Intent, Options};
use setpoint_plan::report::{Note, NoteKind, Report};
use setpoint_plan::{Address, Location};
use setpoint_report::failure::{Excerpt, FailureView};
use setpoint_report::view::Header;
use setpoint_spec::source::Sources;

use crate::addresses;
use crate::args::AllowArgs;
use crate::error::{Error, Refused};
use crate::owners;
use crate::regions;
use crate::spec::Spec;
use crate::ui;
use crate::wiring::Cloud;

/// The time after which a slow read reports that it is still running.
const STILL_EVERY: Duration = Duration::from_secs(10);

/// The stack that a command works on.
#[derive(Debug)]
pub enum Subject {
    /// A stack with its file.
    Spec {
        /// The stack, without its resources.
        spec: Box<Spec>,
        /// Its intent, in an account that is not known yet.
        intent: Box<Intent>,
    },
    /// A stack whose file no longer exists, by identity and region.
    Gone {
        /// `stack` or `stack/environment`.
        stack: String,
        /// The region.
        region: String,
    },
}

/// The options of a plan.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whether everything is destroyed.
    pub destroy: bool,
    /// Patterns of `--target`.
    pub targets: Vec<String>,
    /// Patterns of `--replace`.
    pub replace: Vec<String>,
    /// Allowances for held steps.
    pub allow: AllowArgs,
}

/// The result of reading the cloud.
#[derive(Debug)]
pub struct Seen {
    /// The desired state.
    pub intent: Intent,
    /// The live state.
    pub snapshot: Snapshot,
    /// The plan without options, if reading has made it already.
    pub draft: Option<Draft>,
    /// The time that reading took.
    pub elapsed: Duration,
    /// The start of reading.
    pub at: Instant,
}

/// A plan with the data that it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Notes beside the plan.
    pub report: Report,
    /// The desired and the live state.
    pub seen: Seen,
    /// Whether everything is destroyed.
    pub destroy: bool,
    /// Whether the plan is limited to some addresses.
    pub is_partial: bool,
}

impl Subject {
    /// A stack that has been loaded.
    #[must_use]
    pub fn of(mut spec: Spec) -> Self {
        let intent = Intent::of_stack(&mut spec.stack, "");
        Self::Spec {
            spec: Box::new(spec),
            intent: Box::new(intent),
        }
    }

    /// The texts that locations refer to.
    #[must_use]
    pub fn sources(&self) -> Option<&Sources> {
        match self {
            Self::Spec { spec, .. } => Some(&spec.sources),
            Self::Gone { .. } => None,
        }
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        match self {
            Self::Spec { spec, .. } => &spec.stack.region,
            Self::Gone { region, .. } => region,
        }
    }

    fn intent(&self, caller: &Caller) -> Intent {
        let intent = match self {
            Self::Spec { intent, .. } => intent.as_ref().clone().in_account(&caller.account),
            Self::Gone { stack, region } => Intent::without_spec(
                stack,
                Site {
                    account: caller.account.clone(),
                    region: region.clone(),
                },
            ),
        };
        intent.at(jiff::Timestamp::now().as_second())
    }
}

impl Planned {
    /// The kinds that could not be listed, and the permissions that this needs.
    #[must_use]
    pub fn unlisted(&self) -> Vec<(String, String)> {
        let unlisted = self.seen.snapshot.unlisted.iter();
        unlisted
            .map(|one| (one.kind.to_owned(), one.permission.clone()))
            .collect()
    }

    /// The data that reports print beside the plan.
    #[must_use]
    pub fn header(&self) -> Header {
        Header {
            elapsed: Some(self.seen.elapsed),
            schema: Some(REGISTRY.schema()),
            destroy: self.destroy,
            is_partial: self.is_partial,
        }
    }
}

/// Reads the stack's resources from the cloud.
///
/// # Errors
/// The credentials belong to another account, or a read failed.
pub async fn see(cloud: &Cloud, subject: &Subject) -> Result<Seen, Error> {
    see_for(cloud, subject, false).await
}

/// Reads the stack's resources from the cloud, and says so if there are none.
///
/// # Errors
/// As [`see`].
pub async fn see_or_note(cloud: &Cloud, subject: &Subject) -> Result<Seen, Error> {
    let seen = see(cloud, subject).await?;
    owners::note_nothing_live(cloud, subject, &seen).await;
    Ok(seen)
}

/// Reads the cloud, for a plan or for a destroy.
///
/// # Errors
/// As [`see`].
pub async fn see_for(cloud: &Cloud, subject: &Subject, destroy: bool) -> Result<Seen, Error> {
    let look = look(cloud, subject, destroy);
    tokio::pin!(look);
    let mut elapsed = Duration::ZERO;
    loop {
        match tokio::time::timeout(STILL_EVERY, &mut look).await {
            Ok(Err(Error::Observe(failure))) => {
                let failure = regions::retold(cloud, subject, *failure).await;
                return Err(Error::Observe(Box::new(failure)));
            }
            Ok(seen) => return seen,
            Err(_) => elapsed += STILL_EVERY,
        }
        // Calls without an answer are retried for minutes, which would look like a hang.
        ui::say(&format!(
            "Still reading from {}... [{} s elapsed; nothing was changed]\n",
            cloud.address,
            elapsed.as_secs()
        ));
        // The host of a region that does not exist never answers.
        if elapsed == STILL_EVERY
            && let Some(failure) = regions::wrong(cloud, subject).await
        {
            return Err(Error::Observe(Box::new(failure)));
        }
    }
}

async fn look(cloud: &Cloud, subject: &Subject, destroy: bool) -> Result<Seen, Error> {
    let started = Instant::now();
    let caller = observe::identify(&cloud.session, subject.region())
        .await
        .map_err(|error| unseen(&error))?;
    if let Subject::Spec { spec, .. } = subject
        && let Some(pinned) = spec
            .stack
            .account
            .as_ref()
            .filter(|pinned| !cloud.embedded && **pinned != caller.account)
    {
        return Err(Error::Account {
            pinned: pinned.clone(),
            actual: caller.account,
        });
    }
    let intent = subject.intent(&caller);
    let options = Options {
        destroy,
        ..Options::default()
    };
    let observed = observe::observe_with_draft(&cloud.session, &intent, &options)
        .await
        .map_err(|error| unseen(&error))?;
    warn(&cloud.session);
    Ok(Seen {
        intent,
        snapshot: observed.snapshot,
        draft: observed.draft,
        elapsed: started.elapsed(),
        at: started,
    })
}

/// Prints the client's warnings, such as a wrong clock.
pub fn warn(session: &Session) {
    session
        .client
        .take_warnings()
        .iter()
        .for_each(|warning| ui::say(&format!("Warning: {warning}\n")));
}

/// Makes a plan from the state that was read, and checks its invariants.
///
/// # Errors
/// No plan can be made, or it violates an invariant.
pub fn plan(subject: &Subject, mut seen: Seen, asked: &Asked) -> Result<Planned, Error> {
    let options = options(&seen, asked)?;
    let draft = seen.draft.take();
    let draft = draft.filter(|_| options == Options::default());
    let refused = |errors: Vec<planner::PlanError>| {
        let excerpts = errors
            .iter()
            .map(|error| error.at.as_ref().map(|at| excerpt(subject.sources(), at)))
            .collect();
        let destroy = asked
            .destroy
            .then(|| (seen.intent.stack.clone(), seen.snapshot.live.len()));
        Error::Plan(Refused {
            errors,
            excerpts,
            destroy,
        })
    };
    let planned = draft.map_or_else(
        || planner::plan(&REGISTRY, &seen.intent, &seen.snapshot, &options),
        Ok,
    );
    let (plan, mut report) = planned.map_err(refused)?;
    let faults = check::check(&plan);
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    if let Subject::Spec { spec, .. } = subject {
        let notes = spec.stack.notes.iter().map(|note| Note {
            address: None,
            what: NoteKind::Spec(note.clone()),
        });
        report.notes.splice(0..0, notes);
    }
    Ok(Planned {
        plan,
        report,
        seen,
        destroy: asked.destroy,
        is_partial: !asked.targets.is_empty(),
    })
}

fn options(seen: &Seen, asked: &Asked) -> Result<Options, Error> {
    let known = || {
        let desired = seen.intent.desired.keys().cloned();
        let mut known: Vec<Address> = desired.chain(seen.snapshot.addresses()).collect();
        known.sort();
        known.dedup();
        known
    };
    let select = |flag, patterns: &[String]| match patterns {
        [] => Ok(Vec::new()),
        some => addresses::select(flag, some, &known()),
    };
    Ok(Options {
        destroy: asked.destroy,
        replace: select("--replace", &asked.replace)?,
        targets: select("--target", &asked.targets)?,
        allowed: Allowed {
            data_loss: select("--allow-data-loss", &asked.allow.allow_data_loss)?,
            bulk: asked.allow.allow_bulk,
            destroy: asked.destroy,
        },
    })
}

/// A location in the spec with the text of its line.
#[must_use]
pub fn excerpt(sources: Option<&Sources>, at: &Location) -> Excerpt {
    let source = sources.and_then(|sources| sources.iter().find(|source| source.name == at.file));
    Excerpt {
        location: at.clone(),
        text: source
            .map_or("", |source| source.line_text(at.line))
            .to_owned(),
    }
}

/// The error for a failed read.
fn unseen(error: &ObserveError) -> Error {
    let failure = match error {
        ObserveError::Read(ReadError::Call { action, error }) => call_failure(action, error),
        ObserveError::Identity(error) => call_failure("GetCallerIdentity", error),
        ObserveError::Read(error) if error.is_damage() => damaged(error.told()),
        ObserveError::Contradiction(error) => damaged(error.to_string()),
        other => FailureView {
            message: with_causes(other),
            ..FailureView::default()
        },
    };
    Error::Observe(Box::new(failure))
}

/// The failure for answers that were still contradictory after every retry.
fn damaged(message: String) -> FailureView {
    let hint = "Nothing was changed. Run the command again; if the error repeats, send the RequestId to Alibaba Cloud support.";
    FailureView {
        message,
        hint: Some(hint.to_owned()),
        ..FailureView::default()
    }
}

fn call_failure(action: &str, error: &CallError) -> FailureView {
    let failure = FailureView {
        message: error.to_string(),
        action: Some(action.to_owned()),
        ..FailureView::default()
    };
    match error {
        CallError::Api(api) => FailureView {
            message: told(&api.message).to_owned(),
            code: Some(api.code.clone()),
            http_status: Some(api.http_status),
            request_id: Some(api.request_id.clone()).filter(|id| !id.is_empty()),
            ..failure
        },
        CallError::NoReply(_) => {
            // Only the text of the TLS library tells this case apart.
            let hint = if failure.message.contains("certificate") {
                "Nothing was changed. The server's certificate is not trusted: set \
                 SETPOINT_CA_FILE to the PEM file of its authority."
            } else {
                "Nothing was changed. Check the network, the proxy and --endpoint."
            };
            FailureView {
                hint: Some(hint.to_owned()),
                ..failure
            }
        }
        CallError::Malformed { .. } | CallError::Credential(_) | CallError::Endpoint(_) => failure,
    }
}

/// The API's message without the signed request that some messages repeat.
fn told(message: &str) -> &str {
    message
        .split(" server StringToSign")
        .next()
        .unwrap_or(message)
        .trim_end_matches('.')
}

fn with_causes(error: &ObserveError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
