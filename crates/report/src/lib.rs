//! Renders plans, progress, failures, outcomes and live resources as text, Markdown, HTML, JSON and
//! graphs.
//!
//! Every function here is pure: it takes data and returns text. Callers pass in all durations, so
//! the output does not depend on a clock. [`view`] puts a plan in words once, independent of the
//! format; [`text`], [`markdown`] and [`html`] only lay these words out, so the formats cannot
//! disagree. The JSON form of a plan is [`setpoint_plan::document`]. Text carries labels by
//! meaning, and one table maps labels to colours ([`style`]).
//!
//! Invariant: no format shows a secret, except an output that the user asked for
//! ([`outputs::Reveal::Shown`], [`outputs::raw`]).

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
