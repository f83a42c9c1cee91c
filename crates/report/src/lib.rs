//! Plan, findings and outcome as text, JSON and graphs: one view model, many formats.
