//! The domain types and the planner: `plan(desired, live) -> (Plan, Report)`.
//!
//! Kinds describe themselves with the types of this crate ([`kind::Kind`],
//! [`procedure::Procedure`]). The planner compares the desired state with the live state and orders
//! the steps; the engine performs them. Invariant: everything here is a pure function over plain
//! data. Nothing does I/O or reads a clock, and nothing depends on the name of a kind.

pub mod answers;
pub mod args;
pub mod change;
pub mod check;
pub mod claim;
pub mod decode;
pub mod desired;
pub mod diff;
pub mod document;
pub mod effect;
pub mod event;
pub mod field;
#[cfg(test)]
mod fixtures;
pub mod graph;
pub mod held;
pub mod kind;
pub mod live;
pub mod order;
pub mod ownership;
pub mod plan;
pub mod planner;
pub mod procedure;
pub mod questions;
pub mod registry;
pub mod report;
pub mod rows;
pub mod update;
pub mod view;

pub use setpoint_openapi::action::Action;
pub use setpoint_spec::address::{Address, Key};
pub use setpoint_spec::stack::{Lifecycle, Location};
pub use setpoint_spec::value::{Encoding, Map, Ref, Secret, Text, Value};
