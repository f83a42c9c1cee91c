//! Scripts against the real binary: one module for each command, transcripts as expectations.
//!
//! Invariant: a script sees nothing of the machine it runs on but the binary; see [`sandbox`].

mod sandbox;

mod apply;
mod completions;
mod destroy;
mod docs;
mod durable;
mod explain;
#[cfg(unix)]
mod files;
mod first_version;
mod fmt;
mod graph;
mod init;
mod kill;
mod log;
mod output;
mod plan;
mod saved_plan;
mod schema;
mod show;
#[cfg(unix)]
mod signals;
mod sim;
mod truth;
mod usage;
mod validate;
mod version;
