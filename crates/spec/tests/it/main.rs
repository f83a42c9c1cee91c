//! Tests of the language through the public interface of the crate: example stacks, a corpus of bad
//! stacks, and hostile input.

#![expect(clippy::disallowed_methods, reason = "the corpus lies in files")]

mod bad;
mod good;
mod hostile;
mod json_schema;
mod limits;
mod rules;
mod stub;
mod support;
