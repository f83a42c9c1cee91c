//! The kinds in the simulated cloud: every change is applied, ends with an empty plan, and a
//! destroy leaves nothing behind.

#![expect(clippy::disallowed_methods, reason = "the examples lie in files")]

mod deaths;
mod disk;
mod docs;
mod eip;
mod fields;
mod image;
mod instance;
mod json_schema;
mod key_pair;
mod language;
mod metric_alarm;
mod network;
mod security_group;
mod shapes;
