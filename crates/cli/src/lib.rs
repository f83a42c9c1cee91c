//! The command line: arguments, configuration, wiring, terminal.
//!
//! A command parses, works and prints: [`args`] and [`env`](mod@env) give its input; [`spec`],
//! [`wiring`] and [`operate`] do the work with the other crates; the crate `report` renders the
//! result, and [`ui`] writes it. [`exit`] maps every result to a documented code. Invariant: only
//! the result is written to stdout.

pub mod addresses;
pub mod args;
pub mod command;
pub mod disk;
pub mod docs;
pub mod env;
pub mod error;
pub mod exit;
pub mod files;
mod log;
pub mod operate;
mod owners;
mod regions;
mod run;
pub mod saved;
pub mod screen;
pub mod signals;
pub mod spec;
pub mod stacks;
mod tips;
pub mod ui;
pub mod wiring;

pub use run::run;
