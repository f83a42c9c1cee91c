//! Variables: their declarations, and the value that wins among all that are given.
//!
//! Later wins: default, `from_env`, `SETPOINT_VAR_name`, environment, `--var-file` in order,
//! `--var`. Values from outside the spec are texts of their own sources; those of secret variables
//! are never kept in one.

mod decl;
mod given;

pub(crate) use decl::{KEYS, VarDecl, VarType, declarations, type_names};
pub(crate) use given::{Given, GivenInput, given};
