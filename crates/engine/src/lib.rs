//! Reads the live state of a stack and applies plans.
//!
//! [`observe`] reads the cloud into a snapshot, from which the planner makes a plan; [`apply`]
//! executes the plan. The core of apply is a pure state machine, `(state, input) -> commands`
//! ([`machine`]); a thin async driver executes its commands. The engine has no code for any single
//! kind: it reads and interprets live rows through the registry.
//!
//! Invariant: the engine makes no write call that the plan does not contain.

pub mod apply;
mod calls;
pub mod local;
pub mod machine;
pub mod observe;
pub mod outcome;
pub mod pages;
pub mod rates;
pub mod session;
