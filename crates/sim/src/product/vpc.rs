//! VPC: VPCs, VSwitches, routes, EIPs, NAT gateways, network ACLs, and their tags.

use crate::product::Actions;

pub(crate) mod absent;
pub(crate) mod bandwidth_package;
pub(crate) mod block;
pub(crate) mod default;
pub(crate) mod eip;
pub(crate) mod forward;
pub(crate) mod group;
pub(crate) mod ipv6;
pub(crate) mod label;
pub(crate) mod nat;
pub(crate) mod network;
pub(crate) mod network_acl;
pub(crate) mod phase;
pub(crate) mod place;
pub(crate) mod route_entry;
pub(crate) mod route_table;
pub(crate) mod snat;
pub(crate) mod tag;
pub(crate) mod vswitch;

pub(crate) const ACTIONS: &[Actions] = &[
    network::ACTIONS,
    block::ACTIONS,
    default::ACTIONS,
    vswitch::ACTIONS,
    route_table::ACTIONS,
    route_entry::ACTIONS,
    eip::ACTIONS,
    bandwidth_package::ACTIONS,
    nat::ACTIONS,
    snat::ACTIONS,
    forward::ACTIONS,
    network_acl::ACTIONS,
    tag::ACTIONS,
    group::ACTIONS,
    place::ACTIONS,
    absent::ACTIONS,
    ipv6::ACTIONS,
];
