//! The tag service: tags of things of every product at once, by resource name (ARN).
//!
//! A call that concerns several things succeeds or fails for each on its own, with HTTP 200. Unlike
//! in the products' own actions a value must not be empty.

use crate::product::Actions;

pub(crate) mod arn;
pub(crate) mod keys;
pub(crate) mod resources;

pub(crate) const ACTIONS: &[Actions] = &[resources::ACTIONS, keys::ACTIONS];
