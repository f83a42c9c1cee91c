//! Plan, findings and outcome as text, JSON and graphs: one view model, many formats.
//!
//! Everything here is a pure function: data in, text out; durations are handed in. Text is labelled
//! by meaning and one table turns labels into colours ([`style`]). What a plan says is worked out
//! once ([`view`]) and written by [`text`], [`markdown`] and [`html`]; the JSON form is
//! [`setpoint_plan::document`]. Invariant: a secret never gets into any of them but by
//! [`outputs::Reveal::Shown`].

pub mod failure;
#[cfg(test)]
mod fixture;
pub mod graph;
pub mod html;
pub mod json;
mod line;
pub mod markdown;
pub mod outcome;
pub mod outputs;
pub mod progress;
pub mod show;
pub mod style;
pub mod text;
pub mod view;
mod words;
