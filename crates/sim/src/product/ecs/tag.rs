//! Tags of ECS's resources. A key pair goes by its name here.

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::key_pair;
use crate::product::vpc::tag::bases;
use crate::tags::{self, Taggable};
use crate::world::World;

pub(crate) const ACTIONS: Actions =
    &[("TagResources", tag_resources), ("UntagResources", untag_resources), ("ListTagResources", list_tag_resources)];

const TAGGABLE: Taggable =
    Taggable { max_ids: 50, page: 50, knows: |kind| matches!(kind, "instance" | "disk" | "securitygroup" | "eni" | "keypair"), find, all };

fn tag_resources(world: &mut World, call: &Call<'_>) -> Answer {
    tags::tag(world, call, &TAGGABLE)
}

fn untag_resources(world: &mut World, call: &Call<'_>) -> Answer {
    tags::untag(world, call, &TAGGABLE)
}

fn list_tag_resources(world: &mut World, call: &Call<'_>) -> Answer {
    tags::list(world, call, &TAGGABLE)
}

fn find<'a>(world: &'a mut World, kind: &str, region: &str, id: &str) -> Option<&'a mut Base> {
    let tables = &mut world.tables;
    let base = match kind {
        "instance" => tables.instances.get_mut(id).map(|row| &mut row.base),
        "disk" => tables.disks.get_mut(id).map(|row| &mut row.base),
        "securitygroup" => tables.security_groups.get_mut(id).map(|row| &mut row.base),
        "eni" => tables.network_interfaces.get_mut(id).map(|row| &mut row.base),
        _ => tables.key_pairs.get_mut(&key_pair::row_id(region, id)).map(|row| &mut row.base),
    };
    base.filter(|base| base.region == region && !base.released)
}

fn all<'a>(world: &'a World, kind: &str, region: &str) -> Vec<&'a Base> {
    let tables = &world.tables;
    match kind {
        "instance" => bases(world, &tables.instances, region),
        "disk" => bases(world, &tables.disks, region),
        "securitygroup" => bases(world, &tables.security_groups, region),
        "eni" => bases(world, &tables.network_interfaces, region),
        _ => bases(world, &tables.key_pairs, region),
    }
}
