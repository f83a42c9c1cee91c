//! A simulated Alibaba Cloud: a pure, deterministic world, a durable store and a server.
//!
//! [`world`] is the whole cloud as `(now, request) → response`; [`embedded`] puts it behind the
//! client's transport, [`server`] behind a socket. `README.md` beside this crate and
//! `docs/simulator.md` say what is simulated and what is not.
//!
//! Invariant: with the same seed, clock and requests, every id, time and answer is the same.

pub mod account;
pub mod admin;
pub mod calllog;
pub mod calls;
pub mod coverage;
pub mod embedded;
pub mod fault;
pub mod limits;
pub mod options;
pub mod profile;
pub mod resource;
pub mod server;
pub mod store;
pub mod tls;
pub mod users;
pub mod world;

mod base;
mod bookkeeping;
mod call;
mod cidr;
mod contract;
mod gateway;
mod ids;
mod links;
mod listing;
mod names;
mod page;
mod params;
mod pieces;
mod product;
mod published;
mod refusal;
mod regions;
mod render;
mod shape;
mod table;
mod tables;
mod tags;
mod tokens;

#[cfg(test)]
mod testing;
