//! `stack.yaml` becomes a resolved [`stack::Stack`], or a list of diagnostics with spans.
//!
//! The way is text → spanned tree → parsed file → resolved stack; each phase is a type, and a
//! function takes the phase it needs. Invariant: this crate does no I/O but through
//! [`loader::Loader`], and knows kinds only by the [`schema::Schema`] it is handed.

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
