//! Tests of the spec language from outside: the example stacks, a corpus of bad ones, and hostile input.

mod bad;
mod good;
mod hostile;
mod stub;
mod support;
