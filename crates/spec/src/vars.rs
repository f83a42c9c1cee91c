//! Variables: their declarations, and the values that are given from outside the file.
//!
//! Each of these takes precedence over the ones before it: the default, `from_env`,
//! `SETPOINT_VAR_name`, the environment, `--var-file` in order, `--var` in order. A value from
//! outside the spec is kept as a source of its own, so that diagnostics can show it; the value of a
//! secret variable is not.

mod decl;
mod given;

pub(crate) use decl::{KEYS, VarDecl, VarType, declarations, type_names};
pub(crate) use given::{Given, GivenInput, given};
