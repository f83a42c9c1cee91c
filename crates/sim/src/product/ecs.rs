//! ECS: instances and their disks, images, network interfaces, security groups, key pairs,
//! commands.

use crate::product::Actions;

pub(crate) mod account;
pub(crate) mod auto_snapshot_policy;
pub(crate) mod catalogue;
pub(crate) mod command;
pub(crate) mod deployment_set;
pub(crate) mod disk;
pub(crate) mod encryption;
pub(crate) mod event;
pub(crate) mod guest;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod instance_type;
pub(crate) mod invocation;
pub(crate) mod key_pair;
pub(crate) mod launch_template;
pub(crate) mod monitor;
pub(crate) mod network_interface;
pub(crate) mod prefix_list;
pub(crate) mod price;
pub(crate) mod reserved_instance;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod snapshot;
pub(crate) mod spot_price;
pub(crate) mod tag;
pub(crate) mod task;

pub(crate) const ACTIONS: &[Actions] = &[
    security_group::ACTIONS,
    security_group_rule::ACTIONS,
    key_pair::ACTIONS,
    image::ACTIONS,
    image::create::ACTIONS,
    image::change::ACTIONS,
    image::share::ACTIONS,
    instance_type::ACTIONS,
    catalogue::ACTIONS,
    price::ACTIONS,
    spot_price::ACTIONS,
    instance::launch::ACTIONS,
    instance::read::ACTIONS,
    instance::power::ACTIONS,
    instance::delete::ACTIONS,
    instance::attribute::ACTIONS,
    instance::spec::ACTIONS,
    instance::network::ACTIONS,
    instance::role::ACTIONS,
    instance::system_disk::ACTIONS,
    instance::prepaid::ACTIONS,
    instance::upkeep::ACTIONS,
    instance::deployment::ACTIONS,
    network_interface::create::ACTIONS,
    network_interface::attach::ACTIONS,
    network_interface::address::ACTIONS,
    network_interface::ipv6::ACTIONS,
    network_interface::change::ACTIONS,
    network_interface::read::ACTIONS,
    disk::ACTIONS,
    disk::attach::ACTIONS,
    disk::change::ACTIONS,
    disk::read::ACTIONS,
    disk::content::ACTIONS,
    encryption::ACTIONS,
    task::ACTIONS,
    snapshot::create::ACTIONS,
    snapshot::change::ACTIONS,
    snapshot::read::ACTIONS,
    snapshot::group::ACTIONS,
    auto_snapshot_policy::ACTIONS,
    command::ACTIONS,
    invocation::ACTIONS,
    invocation::read::ACTIONS,
    deployment_set::ACTIONS,
    launch_template::ACTIONS,
    launch_template::read::ACTIONS,
    prefix_list::ACTIONS,
    reserved_instance::ACTIONS,
    account::ACTIONS,
    monitor::ACTIONS,
    event::ACTIONS,
    tag::ACTIONS,
];
