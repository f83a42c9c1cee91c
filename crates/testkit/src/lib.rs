//! Fixtures for the tests of other crates: a simulated cloud with a virtual clock, stacks as text,
//! and the way from a spec to an applied plan.
//!
//! Time is tokio's paused time: waits take no real time, and the simulated cloud uses the same
//! clock. This crate is not shipped.

pub mod cloud;
pub mod faults;
pub mod local;
pub mod run;
