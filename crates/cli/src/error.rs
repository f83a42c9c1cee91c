//! The errors that end a command early.
//!
//! A variant holds data; [`Error::text`] and [`Error::json`] put it into words, with the next step
//! for the user. [`crate::exit`] alone decides the exit code.

mod text;

use setpoint_openapi::credential::CredentialError;
use setpoint_plan::check::Fault;
use setpoint_plan::held::Held;
use setpoint_plan::planner::{PlanError, PlanErrorClass};
use setpoint_report::failure::{Excerpt, FailureView};
use setpoint_spec::diagnostic::Diagnostic;
use setpoint_spec::source::Sources;

use crate::files::NotFound;
use crate::saved::Moved;

/// Why a command ends early.
#[derive(Debug)]
pub enum Error {
    /// The command line is wrong in a way that clap cannot see.
    Usage(Usage),
    /// No stack file was chosen.
    NoStackFile(NotFound),
    /// `--region` is not the stack's region.
    Region {
        /// What `--region` says.
        asked: String,
        /// The stack's.
        region: String,
    },
    /// A confirmation is needed and there is no terminal.
    NoTerminal {
        /// The command.
        verb: &'static str,
    },
    /// The spec has errors.
    Spec(Box<BadSpec>),
    /// A file cannot be read or written.
    File {
        /// The file.
        path: String,
        /// `read` or `written`.
        verb: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There are no usable credentials.
    Credentials {
        /// Why.
        error: CredentialError,
        /// The places that were searched, each with the result.
        looked: Vec<String>,
    },
    /// The client cannot be set up.
    Setup(String),
    /// The simulated cloud cannot be opened.
    Sim {
        /// Another process has it open.
        in_use: bool,
        /// Why.
        why: String,
    },
    /// The credentials are another account's than the stack's.
    Account {
        /// The stack's.
        pinned: String,
        /// The credentials'.
        actual: String,
    },
    /// The cloud cannot be read.
    Observe(Box<FailureView>),
    /// No plan can be made.
    Plan(Refused),
    /// The plan breaks an invariant.
    Faults(Vec<Fault>),
    /// Held steps without an allowance.
    Held(Vec<Held>),
    /// The file is not a usable saved plan.
    BadPlanFile {
        /// The file.
        path: String,
        /// The reason.
        why: String,
    },
    /// The saved plan is stale.
    Stale(Vec<Moved>),
    /// The question was not answered with yes.
    Declined,
    /// Interrupted a second time.
    Interrupted,
}

/// A wrong command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The error: one sentence without a full stop.
    pub what: String,
    /// The correction.
    pub hint: Option<String>,
}

/// A spec with errors.
#[derive(Debug)]
pub struct BadSpec {
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts they point into.
    pub sources: Sources,
}

/// Errors of the planner with the lines of the spec that they point to.
#[derive(Debug)]
pub struct Refused {
    /// The errors.
    pub errors: Vec<PlanError>,
    /// The place of each, where it has one.
    pub excerpts: Vec<Option<Excerpt>>,
    /// For a destroy: the stack, and how many live resources it owns.
    pub destroy: Option<(String, usize)>,
}

impl Refused {
    /// Whether protection is the only reason.
    #[must_use]
    pub fn is_protection(&self) -> bool {
        self.errors
            .iter()
            .all(|error| error.class == PlanErrorClass::Protected)
    }
}

impl Error {
    /// A wrong command line.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self::Usage(Usage {
            what: what.into(),
            hint: None,
        })
    }

    /// A wrong command line, with a correction.
    #[must_use]
    pub fn usage_hint(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage(Usage {
            what: what.into(),
            hint: Some(hint.into()),
        })
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn reading(path: &str, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            verb: "read",
            source,
        }
    }

    /// A file that cannot be written.
    #[must_use]
    pub fn writing(path: &str, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            verb: "written",
            source,
        }
    }
}

impl From<NotFound> for Error {
    fn from(error: NotFound) -> Self {
        Self::NoStackFile(error)
    }
}

impl From<crate::addresses::NoMatch> for Error {
    fn from(error: crate::addresses::NoMatch) -> Self {
        let names: Vec<String> = error.known.iter().map(ToString::to_string).collect();
        let hint = if names.is_empty() {
            "The stack has no resources.".to_owned()
        } else {
            format!("Resources: {}", names.join(", "))
        };
        Self::usage_hint(error.to_string(), hint)
    }
}
