//! Findings about a spec: what is wrong, where, and what to write instead.
//!
//! A message says what is, a hint says what to do; the renderer puts hints last. Codes are stable,
//! so that people can look them up and tools can filter by them.

mod json;
mod render;

use crate::limits::FINDINGS_MAX;
use crate::span::Span;

pub use json::to_json;
pub use render::{RenderOptions, render_text};

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The stack cannot be used.
    Error,
    /// Worth a look; the stack can be used.
    Warning,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How serious it is.
    pub severity: Severity,
    /// Its stable name, in kebab-case.
    pub code: &'static str,
    /// What is wrong: one sentence without a full stop.
    pub message: String,
    /// The very characters it is about.
    pub span: Option<Span>,
    /// The resource, variable or output it is about.
    pub context: Option<String>,
    /// Other places that belong to it, each with a word why.
    pub labels: Vec<Label>,
    /// What to write or do.
    pub hint: Option<String>,
}

/// A second place that a finding points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::unplaced(code, message)
        }
    }

    /// An error that has no place in a file.
    #[must_use]
    pub fn unplaced(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            context: None,
            labels: Vec::new(),
            hint: None,
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a hint, if there is one.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// The same with a second place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// The same about a resource, variable or output.
    #[must_use]
    pub fn within(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }
}

/// The code of the finding that counts those that are not shown.
pub const TOO_MANY: &str = "too-many";

/// Sorts findings by place, errors without a place first, and drops repeats: members of one group
/// share their lines.
pub(crate) fn tidy(found: &mut Vec<Diagnostic>) {
    found.sort_by_key(|one| (one.span, one.severity));
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|one| seen.insert((one.span, one.code, one.message.clone())));
    if found.len() > FINDINGS_MAX {
        let rest = found.split_off(FINDINGS_MAX);
        let severest = |rest: &[Diagnostic]| rest.iter().map(|one| one.severity).min();
        let message = format!(
            "{} more findings are not shown; at most {FINDINGS_MAX} are",
            rest.len()
        );
        let more = Diagnostic::unplaced(TOO_MANY, message);
        found.push(Diagnostic {
            severity: severest(&rest).unwrap_or(Severity::Error),
            ..more
        });
    }
}
