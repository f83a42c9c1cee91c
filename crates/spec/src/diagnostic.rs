//! Diagnostics: errors and warnings about a spec, each with a position and a hint.
//!
//! The message states the problem or the rule, the hint says what to write instead. Codes are
//! stable, so that tools can filter by them.

mod json;
mod render;

use crate::limits::FINDINGS_MAX;
use crate::span::Span;

pub use json::to_json;
pub use render::{RenderOptions, render_text};

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The stack cannot be used.
    Error,
    /// The stack can be used, but something in it is probably a mistake.
    Warning,
}

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its severity.
    pub severity: Severity,
    /// Its stable name, in kebab-case.
    pub code: &'static str,
    /// The problem, as one sentence without a full stop.
    pub message: String,
    /// The characters that it is about; `None` if it has no place in a file.
    pub span: Option<Span>,
    /// The resource, variable or output it is about.
    pub context: Option<String>,
    /// Further places, such as the first of two equal keys.
    pub labels: Vec<Label>,
    /// What to write or do instead; may have several lines.
    pub hint: Option<String>,
}

/// A further place that a diagnostic points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The characters that the label underlines.
    pub span: Span,
    /// The text beside the underline.
    pub text: String,
}

impl Diagnostic {
    /// Creates an error at a place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::unplaced(code, message)
        }
    }

    /// Creates an error that has no place in a file.
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

    /// Creates a warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint if there is one.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Sets the resource, variable or output that it is about.
    #[must_use]
    pub fn within(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }
}

/// The code of the diagnostic that counts those that are not shown.
pub const TOO_MANY: &str = "too-many";

/// Sorts diagnostics by place, those without a place first, and removes repeats, which the members
/// of a group cause because they share their lines. Keeps at most [`FINDINGS_MAX`].
pub(crate) fn tidy(found: &mut Vec<Diagnostic>) {
    found.sort_by_key(|one| (one.span, one.severity));
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|one| seen.insert((one.span, one.code, one.message.clone())));
    if found.len() > FINDINGS_MAX {
        let rest = found.split_off(FINDINGS_MAX);
        let severest = |rest: &[Diagnostic]| rest.iter().map(|one| one.severity).min();
        let message = match rest.len() {
            1 => format!("1 more finding is not shown; the limit is {FINDINGS_MAX}"),
            n => format!("{n} more findings are not shown; the limit is {FINDINGS_MAX}"),
        };
        let more = Diagnostic::unplaced(TOO_MANY, message);
        found.push(Diagnostic {
            severity: severest(&rest).unwrap_or(Severity::Error),
            ..more
        });
    }
}
