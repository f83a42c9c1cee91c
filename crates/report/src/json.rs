//! A plan as JSON: the document of [`setpoint_plan::document`], indented.

use setpoint_plan::document;
use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;

/// Returns the plan as indented JSON with a newline at its end. Secrets are hidden.
#[must_use]
pub fn plan(plan: &Plan, report: &Report) -> String {
    pretty(&document::to_document(plan, report))
}

/// Returns plain data as indented JSON with a newline at its end.
pub(crate) fn pretty(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value)
        .expect("plain data with text keys always has a JSON form");
    format!("{text}\n")
}
