//! Findings as JSON, for editors and pipelines.

use serde_json::{Value, json};

use super::{Diagnostic, Severity};
use crate::source::Sources;
use crate::span::Span;

/// Findings as a JSON array; lines and columns count from 1, ends are exclusive.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    Value::Array(diagnostics.iter().map(|one| one_to_json(one, sources)).collect())
}

fn one_to_json(one: &Diagnostic, sources: &Sources) -> Value {
    let labels: Vec<Value> = one.labels.iter().map(|label| json!({"message": label.text, "range": range(label.span, sources)})).collect();
    json!({
        "severity": match one.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "code": one.code,
        "message": one.message,
        "in": one.context,
        "range": one.span.map(|span| range(span, sources)),
        "labels": labels,
        "hint": one.hint,
    })
}

fn range(span: Span, sources: &Sources) -> Value {
    let start = sources.location(span);
    let end = sources.location(Span { start: span.end, ..span });
    json!({
        "file": start.file,
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
    })
}
