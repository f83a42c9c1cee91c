//! Diagnostics as JSON, for editors and pipelines.

use serde_json::{Value, json};

use super::{Diagnostic, Severity};
use crate::source::Sources;
use crate::span::Span;

/// Writes diagnostics as a JSON array. Lines and columns count from 1; ends are exclusive.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    Value::Array(
        diagnostics
            .iter()
            .map(|one| one_to_json(one, sources))
            .collect(),
    )
}

fn one_to_json(one: &Diagnostic, sources: &Sources) -> Value {
    let labels: Vec<Value> = one
        .labels
        .iter()
        .map(|label| json!({"message": label.text, "range": range(label.span, sources)}))
        .collect();
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
    let end = sources.location(Span {
        start: span.end,
        ..span
    });
    json!({
        "file": start.file.as_ref(),
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Role;

    #[test]
    fn places_count_from_one() {
        let mut sources = Sources::default();
        let file = sources.add("stack.yaml", "é: b\nc: d\n".to_owned(), Role::Spec);
        let diagnostic = Diagnostic::warning("code", Span::new(file, 4, 5), "it is odd")
            .label(Span::new(file, 6, 7), "see")
            .hint("look");
        expect_test::expect![[r#"
            [
              {
                "code": "code",
                "hint": "look",
                "in": null,
                "labels": [
                  {
                    "message": "see",
                    "range": {
                      "end": {
                        "column": 2,
                        "line": 2
                      },
                      "file": "stack.yaml",
                      "start": {
                        "column": 1,
                        "line": 2
                      }
                    }
                  }
                ],
                "message": "it is odd",
                "range": {
                  "end": {
                    "column": 5,
                    "line": 1
                  },
                  "file": "stack.yaml",
                  "start": {
                    "column": 4,
                    "line": 1
                  }
                },
                "severity": "warning"
              }
            ]"#]]
        .assert_eq(&format!("{:#}", to_json(&[diagnostic], &sources)));
    }
}
