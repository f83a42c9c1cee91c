//! `route_table`: so far only the system table that each VPC has.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeRouteTableList", describe)];

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub(crate) base: Base,
    vpc: String,
    router: String,
}

impl Row for RouteTable {
    const KIND: &'static str = "route_table";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

impl RouteTable {
    pub(crate) fn belongs_to(&self, vpc: &str) -> bool {
        self.vpc == vpc
    }
}

/// Makes the table that a new VPC comes with; returns its id.
pub(crate) fn make_system(world: &mut World, vpc: &Base, router: &str) -> String {
    let base = world.new_base("vtb", &vpc.region);
    let id = base.id.clone();
    world.tables.route_tables.insert(&id, RouteTable { base, vpc: vpc.id.clone(), router: router.to_owned() });
    id
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, vpc, router) = (call.given("RouteTableId"), call.given("VpcId"), call.given("RouterId"));
    let (name, kind, group) = (call.given("RouteTableName"), call.given("RouteTableType"), call.given("ResourceGroupId"));
    call.only("RouterType", "VRouter")?;
    let filter = tags::Filter::of(call)?;
    let rows = world.shown(&world.tables.route_tables, id.is_some()).filter(|table| {
        table.base.region == region
            && id.is_none_or(|id| id == table.base.id)
            && vpc.is_none_or(|vpc| vpc == table.vpc)
            && router.is_none_or(|router| router == table.router)
            && name.is_none_or(|name| name == table.base.name)
            && kind.is_none_or(|kind| kind == "System")
            && group.is_none_or(|group| group == table.base.resource_group)
            && filter.fits(&table.base.tags)
    });
    let page = page::numbered(call, page::newest_first(rows, |table| &table.base), 50)?;
    let tables: Vec<Value> = page.items.iter().map(|table| listed(world, table)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "RouterTableList": {"RouterTableListType": tables},
    }))
}

fn listed(world: &World, table: &RouteTable) -> Value {
    let vswitches = world.shown(&world.tables.vswitches, true).filter(|vswitch| vswitch.vpc == table.vpc);
    json!({
        "RouteTableId": table.base.id,
        "RouteTableName": table.base.name,
        "Description": table.base.description,
        "VpcId": table.vpc,
        "RouterId": table.router,
        "RouterType": "VRouter",
        "RouteTableType": "System",
        "AssociateType": "VSwitch",
        "Status": "Available",
        "CreationTime": Timestamp(table.base.created_ms).seconds(),
        "OwnerId": world.account.number(),
        "ResourceGroupId": table.base.resource_group,
        "RoutePropagationEnable": true,
        "VSwitchIds": {"VSwitchId": vswitches.map(|vswitch| vswitch.base.id.as_str()).collect::<Vec<_>>()},
        "GatewayIds": {"GatewayIds": []},
        "Tags": tags::key_list(&table.base.tags),
    })
}
