//! OOS: the parameter store. Templates and executions are not simulated.

use crate::product::Actions;

pub(crate) mod parameter;
pub(crate) mod secret;

pub(crate) const ACTIONS: &[Actions] = &[
    parameter::ACTIONS,
    parameter::read::ACTIONS,
    secret::ACTIONS,
];
