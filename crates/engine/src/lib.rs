//! Observes and applies: reads the cloud into a snapshot, and performs a plan.
//!
//! The core of apply is a pure machine, `(state, event) -> commands`; a thin async driver carries
//! its commands out. The engine knows no kind by name: it looks at rows through the registry.
//! Invariant: it makes no write call that the plan does not hold.

pub mod apply;
mod calls;
pub mod local;
pub mod machine;
pub mod observe;
pub mod outcome;
pub mod pages;
pub mod rates;
pub mod session;
