//! ECS: instances and what they are made of.

use crate::product::Actions;

pub(crate) mod disk;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod instance_type;
pub(crate) mod key_pair;
pub(crate) mod network_interface;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod tag;

pub(crate) const ACTIONS: &[Actions] = &[
    security_group::ACTIONS,
    security_group_rule::ACTIONS,
    key_pair::ACTIONS,
    image::ACTIONS,
    instance_type::ACTIONS,
    instance::launch::ACTIONS,
    instance::read::ACTIONS,
    instance::power::ACTIONS,
    instance::delete::ACTIONS,
    instance::attribute::ACTIONS,
    instance::spec::ACTIONS,
    instance::network::ACTIONS,
    instance::role::ACTIONS,
    instance::system_disk::ACTIONS,
    disk::ACTIONS,
    disk::attach::ACTIONS,
    disk::change::ACTIONS,
    disk::read::ACTIONS,
    tag::ACTIONS,
];
