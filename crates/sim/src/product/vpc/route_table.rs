//! `route_table`: the system route table of each VPC, and custom ones.
//!
//! Pending (2 s) → Available → Deleting → deleted. A VSwitch is bound to exactly one table, by
//! default to the system table. Invariant: a VPC has one system table, created and deleted with it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::vpc::label::Labels;
use crate::product::vpc::network;
use crate::product::vpc::phase::{self, Phase};
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateRouteTable", create),
    ("DescribeRouteTableList", describe),
    ("ModifyRouteTableAttributes", modify),
    ("DeleteRouteTable", delete),
    ("AssociateRouteTable", associate),
    ("UnassociateRouteTable", unassociate),
];

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub(crate) base: Base,
    pub(crate) vpc: String,
    pub(crate) router: String,
    pub(crate) custom: bool,
    pub(crate) phase: Phase,
    propagates: bool,
}

impl Row for RouteTable {
    const KIND: &'static str = "route_table";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        self.phase.name()
    }

    fn due_ms(&self) -> Option<i64> {
        self.phase.due_ms()
    }

    fn step(world: &mut World, id: &str) {
        phase::settle(&mut world.tables.route_tables, id, |row| &mut row.phase);
    }
}

impl RouteTable {
    /// `System` or `Custom`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.custom { "Custom" } else { "System" }
    }
}

/// Creates the system table of a new VPC; returns its id.
pub(crate) fn make_system(world: &mut World, vpc: &Base, router: &str) -> String {
    let base = world.new_base("vtb", &vpc.region);
    let id = base.id.clone();
    let (vpc, router) = (vpc.id.clone(), router.to_owned());
    world.tables.route_tables.insert(
        &id,
        RouteTable {
            base,
            vpc,
            router,
            custom: false,
            phase: Phase::Available,
            propagates: true,
        },
    );
    id
}

/// The system table of a VPC.
pub(crate) fn system_of<'a>(world: &'a World, vpc: &str) -> Option<&'a RouteTable> {
    world
        .tables
        .route_tables
        .values()
        .find(|table| table.vpc == vpc && !table.custom)
}

/// The table that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a RouteTable, Refusal> {
    let table = world
        .tables
        .route_tables
        .get(id)
        .filter(|table| call.in_region(&table.base.region));
    table.ok_or_else(|| {
        Refusal::absent(
            "InvalidRouteTableId.NotFound",
            format!("The specified route table {id} does not exist."),
        )
    })
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("AssociateType", "VSwitch")?;
    let labels = Labels::of(call, "RouteTableName")?;
    let vpc = network::find(world, call, call.need("VpcId")?)?;
    vpc.require_available("IncorrectVpcStatus")?;
    let (vpc_id, region, group) = (
        vpc.base.id.clone(),
        vpc.base.region.clone(),
        vpc.base.resource_group.clone(),
    );
    let custom = world
        .tables
        .route_tables
        .values()
        .filter(|table| table.vpc == vpc_id && table.custom)
        .count();
    if custom >= world.options.quotas.route_tables {
        return Err(Refusal::bad(
            "QuotaExceeded",
            "The number of custom route tables exceeds the quota of this VPC.",
        ));
    }
    let router = system_of(world, &vpc_id)
        .map(|table| table.router.clone())
        .unwrap_or_default();
    let tags = tags::of_create(call)?;
    let mut base = world.new_base("vtb", &region);
    labels.put(&mut base);
    (base.tags, base.resource_group) = (tags, group);
    let id = base.id.clone();
    let phase = Phase::Pending(world.now_ms() + world.options.profile.entry_ms);
    world.tables.route_tables.insert(
        &id,
        RouteTable {
            base,
            vpc: vpc_id,
            router,
            custom: true,
            phase,
            propagates: true,
        },
    );
    Ok(json!({ "RouteTableId": id }))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, vpc, router) = (
        call.given("RouteTableId"),
        call.given("VpcId"),
        call.given("RouterId"),
    );
    let (name, kind, group) = (
        call.given("RouteTableName"),
        call.given("RouteTableType"),
        call.given("ResourceGroupId"),
    );
    call.only("RouterType", "VRouter")?;
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.route_tables, id.is_some())
        .filter(|table| {
            table.base.region == region
                && id.is_none_or(|id| id == table.base.id)
                && vpc.is_none_or(|vpc| vpc == table.vpc)
                && router.is_none_or(|router| router == table.router)
                && name.is_none_or(|name| name == table.base.name)
                && kind.is_none_or(|kind| kind == table.kind())
                && group.is_none_or(|group| group == table.base.resource_group)
                && filter.fits(&table.base.tags)
        });
    let page = page::numbered(call, page::newest_first(rows, |table| &table.base), 50)?;
    let tables: Vec<Value> = page
        .items
        .iter()
        .map(|table| listed(world, table))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "RouterTableList": {"RouterTableListType": tables},
    }))
}

/// The VSwitches that a table is bound to.
pub(crate) fn vswitches_of<'a>(world: &'a World, table: &str) -> Vec<&'a str> {
    world
        .shown(&world.tables.vswitches, true)
        .filter(|row| row.route_table == table)
        .map(|row| row.base.id.as_str())
        .collect()
}

fn listed(world: &World, table: &RouteTable) -> Value {
    json!({
        "RouteTableId": table.base.id,
        "RouteTableName": table.base.name,
        "Description": table.base.description,
        "VpcId": table.vpc,
        "RouterId": table.router,
        "RouterType": "VRouter",
        "RouteTableType": table.kind(),
        "AssociateType": "VSwitch",
        "Status": table.state(),
        "CreationTime": Timestamp(table.base.created_ms).seconds(),
        "OwnerId": world.account.number(),
        "ResourceGroupId": table.base.resource_group,
        "RoutePropagationEnable": table.propagates,
        "VSwitchIds": {"VSwitchId": vswitches_of(world, &table.base.id)},
        "GatewayIds": {"GatewayIds": []},
        "Tags": tags::key_list(&table.base.tags),
    })
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("RouteTableId")?;
    let table = find(world, call, id)?;
    let labels = Labels::of(call, "RouteTableName")?;
    let propagates = call.flag("RoutePropagationEnable")?;
    table.phase.require_available("IncorrectRouteTableStatus")?;
    let table = world
        .tables
        .route_tables
        .get_mut(id)
        .expect("the table was just found");
    labels.put(&mut table.base);
    table.propagates = propagates.unwrap_or(table.propagates);
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("RouteTableId")?;
    let table = find(world, call, id)?;
    if !table.custom {
        return Err(Refusal::bad(
            "IncorrectRouteTableType",
            "The system route table cannot be deleted.",
        ));
    }
    table.phase.require_available("IncorrectRouteTableStatus")?;
    if world
        .tables
        .route_entries
        .values()
        .any(|entry| entry.table == id)
    {
        return Err(Refusal::bad(
            "IncorrectRouteTableStatus.RouteEntryExist",
            "The route table still has custom entries.",
        ));
    }
    if world
        .tables
        .vswitches
        .values()
        .any(|row| row.route_table == id && !row.base.released)
    {
        return Err(Refusal::bad(
            "DependencyViolation",
            "The route table is still bound to a VSwitch.",
        ));
    }
    let until = world.now_ms() + world.options.profile.entry_ms;
    let table = world
        .tables
        .route_tables
        .get_mut(id)
        .expect("the table was just found");
    table.phase = Phase::Deleting(until);
    done()
}

/// The table and the VSwitch of a binding, both Available and in one VPC.
fn both<'a>(
    world: &'a World,
    call: &Call<'a>,
) -> Result<(&'a RouteTable, &'a vswitch::VSwitch), Refusal> {
    let table = find(world, call, call.need("RouteTableId")?)?;
    let vswitch = vswitch::find(world, call, call.need("VSwitchId")?)?;
    table.phase.require_available("IncorrectRouteTableStatus")?;
    if vswitch.state != vswitch::State::Available {
        return Err(Refusal::bad(
            "IncorrectVSwitchStatus",
            "The VSwitch is Pending.",
        ));
    }
    if vswitch.vpc != table.vpc {
        return Err(Refusal::bad(
            "InvalidParameter.Mismatch",
            "The route table and the VSwitch belong to different VPCs.",
        ));
    }
    Ok((table, vswitch))
}

fn associate(world: &mut World, call: &Call<'_>) -> Answer {
    let (table, vswitch) = both(world, call)?;
    if !table.custom {
        return Err(Refusal::bad(
            "IncorrectRouteTableType",
            "A VSwitch has the system route table when it has no other.",
        ));
    }
    let (table, vswitch) = (table.base.id.clone(), vswitch.base.id.clone());
    vswitch::set_route_table(world, &vswitch, table);
    done()
}

/// Binds the VSwitch to the system table again.
fn unassociate(world: &mut World, call: &Call<'_>) -> Answer {
    let (table, vswitch) = both(world, call)?;
    if !table.custom || vswitch.route_table != table.base.id {
        return Err(Refusal::bad(
            "InvalidParameter.Mismatch",
            "The VSwitch is not bound to the route table.",
        ));
    }
    let (system, vswitch) = (
        system_of(world, &table.vpc).map(|table| table.base.id.clone()),
        vswitch.base.id.clone(),
    );
    vswitch::set_route_table(world, &vswitch, system.unwrap_or_default());
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_custom_table_is_bound_and_let_go() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let vswitch = bench.vswitch(&vpc, "172.16.1.0/24");
        let table = text(
            &bench.ok(
                "vpc.CreateRouteTable",
                &[("VpcId", &vpc), ("RouteTableName", "own")],
            ),
            "RouteTableId",
        );
        let pair = [
            ("RouteTableId", table.as_str()),
            ("VSwitchId", vswitch.as_str()),
        ];
        bench.refused(
            "vpc.AssociateRouteTable",
            &pair,
            "400 IncorrectRouteTableStatus",
        );
        bench.wait(2_000);
        bench.ok("vpc.AssociateRouteTable", &pair);
        let get = |bench: &mut Bench| {
            bench.ok("vpc.DescribeVSwitches", &[("VSwitchId", &vswitch)])["VSwitches"]["VSwitch"][0]
                .clone()
        };
        let row = get(&mut bench);
        assert_eq!(
            (&row["Status"], &row["RouteTable"]["RouteTableType"]),
            (&"Pending".into(), &"Custom".into())
        );
        bench.refused(
            "vpc.UnassociateRouteTable",
            &pair,
            "400 IncorrectVSwitchStatus",
        );
        bench.wait(1_000);
        bench.refused(
            "vpc.DeleteRouteTable",
            &pair[..1],
            "400 DependencyViolation",
        );
        bench.refused(
            "vpc.DeleteVSwitch",
            &pair[1..],
            "400 DependencyViolation.RouteTable",
        );
        bench.ok("vpc.UnassociateRouteTable", &pair);
        assert_eq!(get(&mut bench)["RouteTable"]["RouteTableType"], "System");
        bench.wait(1_000);
        bench.refused(
            "vpc.UnassociateRouteTable",
            &pair,
            "400 InvalidParameter.Mismatch",
        );
        bench.ok(
            "vpc.ModifyRouteTableAttributes",
            &[
                pair[0],
                ("Description", "d"),
                ("RoutePropagationEnable", "false"),
            ],
        );
        bench.ok("vpc.DeleteRouteTable", &pair[..1]);
        bench.wait(2_000);
        bench.refused(
            "vpc.DeleteRouteTable",
            &pair[..1],
            "404 InvalidRouteTableId.NotFound",
        );
    }

    #[test]
    fn the_system_table_stays() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let tables = bench.ok(
            "vpc.DescribeRouteTableList",
            &[("VpcId", &vpc), ("RouteTableType", "System")],
        );
        let id = text(
            &tables["RouterTableList"]["RouterTableListType"][0],
            "RouteTableId",
        );
        bench.refused(
            "vpc.DeleteRouteTable",
            &[("RouteTableId", &id)],
            "400 IncorrectRouteTableType",
        );
        for _ in 0..9 {
            bench.ok("vpc.CreateRouteTable", &[("VpcId", &vpc)]);
        }
        bench.refused(
            "vpc.CreateRouteTable",
            &[("VpcId", &vpc)],
            "400 QuotaExceeded",
        );
        bench.wait(2_000);
        bench.refused(
            "vpc.DeleteVpc",
            &[("VpcId", &vpc)],
            "400 DependencyViolation.RouteTable",
        );
    }
}
