//! The language of `stack.yaml`: reads a stack file and resolves it to a [`stack::Stack`], or
//! reports all errors with their positions.
//!
//! A file passes through four phases, each with its own type:
//!
//! 1. `tree` reads YAML into a tree in which every key and value has a span.
//! 2. `parse` checks the sections and their shapes and applies `defaults` and the environment.
//! 3. `resolve` expands groups and modules, evaluates expressions and checks every field against
//!    the type that its kind declares.
//! 4. `load` drives the others and returns the stack, or the diagnostics of all phases.
//!
//! Two invariants hold. The crate reads files only through [`loader::Loader`]. It knows kinds only
//! from the [`schema::Schema`] that the caller passes in.

pub mod address;
pub mod cloud_config;
pub mod common;
pub mod diagnostic;
pub mod explain;
pub mod expr;
pub mod fmt;
pub mod json_schema;
pub mod limits;
mod load;
pub mod loader;
pub mod naming;
pub mod outside;
pub mod overlay;
mod parse;
mod resolve;
pub mod schema;
pub mod source;
pub mod span;
pub mod stack;
pub mod suggest;
pub mod tree;
pub mod types;
pub mod value;
mod vars;
pub mod view;
mod wrap;

pub use expr::functions::NAMES as FUNCTIONS;
pub use load::{Input, LoadFailure, LoadFailureKind, Loaded, environments, load, stack_file};
pub use parse::sections;
