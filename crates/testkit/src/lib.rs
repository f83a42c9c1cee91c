//! Fixtures for the tests of the other crates: a simulated cloud under a virtual clock, stacks as
//! text, and the whole way from a spec to an applied plan.
//!
//! Time is tokio's paused time: waits take no real time, and the simulated cloud's clock runs with
//! them. Not shipped.

pub mod cloud;
pub mod faults;
pub mod local;
pub mod run;
