//! The Alibaba Cloud OpenAPI on the wire, as values.
//!
//! A call goes `Request` (an action with flattened parameters) → `sign` (V3 or V1) → `WireRequest`
//! → `Transport` → `WireResponse` → `Reply` or `CallError`. Everything here is pure but the sender
//! in `http` (feature `http`). Invariant: this crate knows actions and parameters, never a kind of
//! resource or a plan.

pub mod action;
pub mod client;
pub mod credential;
pub mod encode;
pub mod endpoint;
pub mod error;
pub mod flatten;
#[cfg(feature = "http")]
pub mod http;
pub mod json;
pub mod limit;
pub mod page;
pub mod product;
pub mod reply;
pub mod request;
pub mod retry;
pub mod sign;
pub mod timestamp;
pub mod token;
pub mod wire;
