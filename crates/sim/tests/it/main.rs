//! The simulator from outside: published signature vectors, the embedded transport with its store
//! and faults, the server, and random calls.

mod client;
mod conformance;
mod embedded;
mod facts;
mod faults;
mod random;
mod rows;
mod sequence;
mod server;
mod shapes;
mod shell;
mod signing;
mod tls;
mod users;
