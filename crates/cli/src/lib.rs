//! The command line: arguments, configuration, wiring, terminal.
//!
//! A command is parse → operate → view: [`args`] says what was typed, [`env`](mod@env) what the
//! environment adds; [`spec`], [`wiring`] and [`operate`] do the work with the other crates;
//! `report` renders; [`ui`] writes. [`exit`] maps every result to one documented code. Invariant:
//! stdout carries the result and nothing else.

pub mod addresses;
pub mod args;
pub mod command;
pub mod disk;
pub mod docs;
pub mod env;
pub mod error;
pub mod exit;
pub mod files;
pub mod operate;
mod run;
pub mod saved;
pub mod screen;
pub mod signals;
pub mod spec;
pub mod stacks;
pub mod ui;
pub mod wiring;

pub use run::run;
