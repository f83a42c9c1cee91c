//! The simulator from outside: published signature vectors, the embedded transport with its store and faults, the server,
//! and random calls.

mod client;
mod embedded;
mod random;
mod server;
mod shapes;
mod signing;
