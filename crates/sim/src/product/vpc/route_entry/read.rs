//! DescribeRouteEntryList, and the older DescribeRouteTables: custom entries as kept, system
//! entries as derived.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::vpc::phase::Phase;
use crate::product::vpc::route_entry::{Hop, RouteEntry, hop_list, service_range};
use crate::product::vpc::route_table::{self, RouteTable};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

/// One entry of either kind.
struct Shown {
    row: RouteEntry,
    kind: &'static str,
}

/// The entries of a table: those of the system first made, first the VSwitches'.
fn of_table(world: &World, table: &RouteTable) -> Vec<Shown> {
    let custom = world
        .shown(&world.tables.route_entries, true)
        .filter(|row| row.table == table.base.id);
    let mut all: Vec<Shown> = custom
        .map(|row| Shown {
            row: row.clone(),
            kind: "Custom",
        })
        .collect();
    let system = |name: &str, created_ms: i64, destination| RouteEntry {
        base: Base {
            id: format!("rte-{name}"),
            region: table.base.region.clone(),
            created_ms,
            ..Base::default()
        },
        phase: Phase::Available,
        table: table.base.id.clone(),
        vpc: table.vpc.clone(),
        destination,
        hops: Vec::new(),
        changed_ms: created_ms,
    };
    for vswitch in world
        .shown(&world.tables.vswitches, true)
        .filter(|row| row.vpc == table.vpc)
    {
        let name = vswitch.base.id.trim_start_matches("vsw-");
        all.push(Shown {
            row: system(name, vswitch.base.created_ms, vswitch.cidr_block),
            kind: "System",
        });
    }
    let name = format!("{}s", table.base.id.trim_start_matches("vtb-"));
    all.push(Shown {
        row: system(&name, table.base.created_ms, service_range()),
        kind: "System",
    });
    all
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, name) = (call.given("RouteEntryId"), call.given("RouteEntryName"));
    let (kind, destination) = (
        call.given("RouteEntryType"),
        call.given("DestinationCidrBlock"),
    );
    let (hop, hop_kind) = (call.given("NextHopId"), call.given("NextHopType"));
    call.only("IpVersion", "IPv4")?;
    let size = call.int("MaxResult")?.unwrap_or(10);
    if !(1..=100).contains(&size) {
        return Err(Refusal::invalid("MaxResult"));
    }
    let table = world
        .tables
        .route_tables
        .get(call.need("RouteTableId")?)
        .filter(|table| table.base.region == region);
    let all = table
        .map(|table| of_table(world, table))
        .unwrap_or_default();
    let fits = |shown: &&Shown| {
        let hops: &[Hop] = &shown.row.hops;
        id.is_none_or(|id| id == shown.row.base.id)
            && name.is_none_or(|name| name == shown.row.base.name)
            && kind.is_none_or(|kind| kind == shown.kind)
            && destination.is_none_or(|block| block == shown.row.destination.to_string())
            && hop.is_none_or(|id| hops.iter().any(|hop| hop.id == id))
            && hop_kind.is_none_or(|kind| hops.iter().any(|hop| hop.kind == kind))
    };
    let rows = page::newest_first(all.iter().filter(fits), |shown| &shown.row.base);
    let total = rows.len();
    let page = page::tokened_by(call, size, rows, |shown| &shown.row.base)?;
    let entries: Vec<Value> = page.items.iter().map(|shown| listed(shown)).collect();
    Ok(json!({"NextToken": page.next, "TotalCount": total, "RouteEntrys": {"RouteEntry": entries}}))
}

fn listed(shown: &Shown) -> Value {
    let Shown { row, kind } = shown;
    json!({
        "RouteEntryId": row.base.id,
        "RouteEntryName": row.base.name,
        "Description": row.base.description,
        "DestinationCidrBlock": row.destination.to_string(),
        "RouteTableId": row.table,
        "Status": row.state(),
        "Type": kind,
        "Origin": "RouteTable",
        "IpVersion": "IPv4",
        "ServiceType": if row.destination == service_range() { "Service" } else { "" },
        "GmtModified": Timestamp(row.changed_ms).seconds(),
        "NextHops": {"NextHop": hop_list(&row.hops)},
    })
}

pub(super) fn tables(world: &mut World, call: &Call<'_>) -> Answer {
    let (id, router, name) = (
        call.given("RouteTableId"),
        call.given("VRouterId"),
        call.given("RouteTableName"),
    );
    let (other_router, group) = (call.given("RouterId"), call.given("ResourceGroupId"));
    call.only("RouterType", "VRouter")?;
    call.harmless(&["Type"]);
    let rows = world
        .shown(&world.tables.route_tables, id.is_some())
        .filter(|table| {
            call.in_region(&table.base.region)
                && id.is_none_or(|id| id == table.base.id)
                && router
                    .or(other_router)
                    .is_none_or(|router| router == table.router)
                && name.is_none_or(|name| name == table.base.name)
                && group.is_none_or(|group| group == table.base.resource_group)
        });
    let page = page::numbered(call, page::newest_first(rows, |table| &table.base), 50)?;
    let tables: Vec<Value> = page
        .items
        .iter()
        .map(|table| old_form(world, table))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "RouteTables": {"RouteTable": tables},
    }))
}

fn old_form(world: &World, table: &RouteTable) -> Value {
    let entries: Vec<Value> = of_table(world, table)
        .iter()
        .map(|Shown { row, kind }| {
            let first = row.hops.first();
            json!({
                "RouteTableId": row.table, "RouteEntryId": row.base.id,
                "RouteEntryName": row.base.name,
                "Description": row.base.description,
                "DestinationCidrBlock": row.destination.to_string(), "Type": kind,
                "Status": row.state(),
                "InstanceId": first.map(|hop| hop.id.as_str()).unwrap_or_default(),
                "NextHopType": first.map_or("local", |hop| hop.kind.as_str()),
                "NextHops": {"NextHop": hop_list(&row.hops)},
            })
        })
        .collect();
    json!({
        "RouteTableId": table.base.id, "RouteTableType": table.kind(), "VRouterId": table.router,
        "Status": table.state(),
        "CreationTime": Timestamp(table.base.created_ms).seconds(),
        "ResourceGroupId": table.base.resource_group,
        "VSwitchIds": {"VSwitchId": route_table::vswitches_of(world, &table.base.id)},
        "RouteEntrys": {"RouteEntry": entries},
    })
}
