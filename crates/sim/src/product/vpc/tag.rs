//! Tags of VPC's resources. The action that takes tags off is spelt `UnTagResources` here.

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::table::{Row, Table};
use crate::tags::{self, Taggable};
use crate::world::World;

pub(crate) const ACTIONS: Actions =
    &[("TagResources", tag_resources), ("UnTagResources", untag_resources), ("ListTagResources", list_tag_resources)];

const TAGGABLE: Taggable = Taggable { max_ids: 20, page: 50, knows: |kind| matches!(kind, "VPC" | "VSWITCH" | "ROUTETABLE"), find, all };

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
    let base = match kind {
        "VPC" => world.tables.vpcs.get_mut(id).map(|row| &mut row.base),
        "VSWITCH" => world.tables.vswitches.get_mut(id).map(|row| &mut row.base),
        _ => world.tables.route_tables.get_mut(id).map(|row| &mut row.base),
    };
    base.filter(|base| base.region == region && !base.released)
}

fn all<'a>(world: &'a World, kind: &str, region: &str) -> Vec<&'a Base> {
    match kind {
        "VPC" => bases(world, &world.tables.vpcs, region),
        "VSWITCH" => bases(world, &world.tables.vswitches, region),
        _ => bases(world, &world.tables.route_tables, region),
    }
}

/// Bases of a table's rows in a region, as far as listings show them.
pub(crate) fn bases<'a, T: Row>(world: &'a World, table: &'a Table<T>, region: &str) -> Vec<&'a Base> {
    world.shown(table, false).filter_map(Row::base).filter(|base| base.region == region).collect()
}
