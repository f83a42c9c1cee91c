//! VPC: networks, VSwitches, route tables and their tags.

use crate::product::Actions;

pub(crate) mod block;
pub(crate) mod network;
pub(crate) mod place;
pub(crate) mod route_table;
pub(crate) mod tag;
pub(crate) mod vswitch;

pub(crate) const ACTIONS: &[Actions] =
    &[network::ACTIONS, block::ACTIONS, vswitch::ACTIONS, route_table::ACTIONS, tag::ACTIONS, place::ACTIONS];
