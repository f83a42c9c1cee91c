//! `route_entry`: the next hops of a destination in a route table.
//!
//! Pending (2 s) → Available → Modifying → Available → Deleting → deleted. One change of routes or
//! VSwitches of a VPC at a time. System entries (VSwitch blocks, 100.64.0.0/10) are not stored but
//! derived. Invariant: the destinations of a table differ.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::cidr;
use crate::product::Actions;
use crate::product::vpc::label::Labels;
use crate::product::vpc::phase::{self, Phase};
use crate::product::vpc::route_table::{self, RouteTable};
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) mod read;

pub(crate) const ACTIONS: Actions = &[
    ("CreateRouteEntry", create),
    ("CreateRouteEntries", create_batch),
    ("ModifyRouteEntry", modify),
    ("DeleteRouteEntry", delete),
    ("DescribeRouteEntryList", read::list),
    ("DescribeRouteTables", read::tables),
];

/// A custom entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteEntry {
    pub(crate) base: Base,
    pub(crate) phase: Phase,
    pub(crate) table: String,
    pub(crate) vpc: String,
    pub(crate) destination: Ipv4Net,
    hops: Vec<Hop>,
    changed_ms: i64,
}

/// One next hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hop {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) weight: i64,
}

impl Row for RouteEntry {
    const KIND: &'static str = "route_entry";

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
        phase::settle(&mut world.tables.route_entries, id, |row| &mut row.phase);
    }
}

/// Adds the default route of the first internet NAT gateway of a VPC, unless the system table has
/// one.
pub(crate) fn add_default(world: &mut World, vpc: &str, gateway: &str) {
    let destination = Ipv4Net::default();
    let Some(table) = route_table::system_of(world, vpc) else {
        return;
    };
    let (id, region) = (table.base.id.clone(), table.base.region.clone());
    if world
        .tables
        .route_entries
        .values()
        .any(|row| row.table == id && row.destination == destination)
    {
        return;
    }
    let hop = Hop {
        id: gateway.to_owned(),
        kind: "NatGateway".to_owned(),
        weight: 0,
    };
    let base = world.new_base("rte", &region);
    put(
        world,
        RouteEntry {
            base,
            phase: Phase::Available,
            table: id,
            vpc: vpc.to_owned(),
            destination,
            hops: vec![hop],
            changed_ms: 0,
        },
    );
}

/// Removes the entries whose only next hop was this resource.
pub(crate) fn forget_hop(world: &mut World, hop: &str) {
    let lost = |row: &&RouteEntry| row.hops.iter().all(|one| one.id == hop);
    let ids: Vec<String> = world
        .tables
        .route_entries
        .values()
        .filter(lost)
        .map(|row| row.base.id.clone())
        .collect();
    for id in ids {
        world.tables.route_entries.remove(&id);
    }
}

fn put(world: &mut World, mut row: RouteEntry) -> String {
    row.changed_ms = world.now_ms();
    let id = row.base.id.clone();
    world.tables.route_entries.insert(&id, row);
    id
}

/// Checks that no route or VSwitch of the VPC is being changed.
pub(crate) fn require_turn(world: &World, vpc: &str) -> Result<(), Refusal> {
    use vswitch::State::{Creating, Deleting};
    if world
        .tables
        .vswitches
        .values()
        .any(|row| row.vpc == vpc && matches!(row.state, Creating | Deleting))
    {
        return Err(Refusal::bad(
            "IncorrectVSwitchStatus",
            "A VSwitch of the VPC is being created or deleted.",
        ));
    }
    require_routes_at_rest(world, vpc)
}

/// Checks that no route of the VPC is being changed.
pub(crate) fn require_routes_at_rest(world: &World, vpc: &str) -> Result<(), Refusal> {
    match world
        .tables
        .route_entries
        .values()
        .find(|row| row.vpc == vpc && row.phase != Phase::Available)
    {
        Some(row) => Err(Refusal::bad(
            "IncorrectRouteEntryStatus",
            format!("The route entry {} is {}.", row.base.id, row.state()),
        )),
        None => Ok(()),
    }
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let table = route_table::find(world, call, call.need("RouteTableId")?)?;
    table.phase.require_available("IncorrectRouteTableStatus")?;
    require_turn(world, &table.vpc)?;
    let labels = Labels::of(call, "RouteEntryName")?;
    let destination = destination(call.need("DestinationCidrBlock")?)?;
    let hops = hops(call)?;
    check(world, table, destination, &hops)?;
    let (table, vpc, region) = (
        table.base.id.clone(),
        table.vpc.clone(),
        table.base.region.clone(),
    );
    let mut base = world.new_base("rte", &region);
    labels.put(&mut base);
    let phase = Phase::Pending(world.now_ms() + world.options.profile.entry_ms);
    let id = put(
        world,
        RouteEntry {
            base,
            phase,
            table,
            vpc,
            destination,
            hops,
            changed_ms: 0,
        },
    );
    Ok(json!({ "RouteEntryId": id }))
}

/// The rows of a batch succeed or fail one by one, and do not wait for each other.
fn create_batch(world: &mut World, call: &Call<'_>) -> Answer {
    let rows = call.rows("RouteEntries");
    if rows.len() > 50 {
        return Err(Refusal::invalid("RouteEntries"));
    }
    if let Some(row) = rows.first() {
        let table = route_table::find(world, call, row.need("RouteTableId")?)?;
        require_turn(world, &table.vpc)?;
    }
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    for row in &rows {
        match create_one(world, call, row) {
            Ok(id) => made.push(id),
            Err(refusal) => failed.push(json!({
                "DstCidrBlock": row.text("DstCidrBlock").unwrap_or_default(),
                "NextHop": row.text("NextHop").unwrap_or_default(),
                "FailedCode": refusal.code, "FailedMessage": refusal.message,
            })),
        }
    }
    Ok(json!({
        "SuccessCount": made.len(), "FailedCount": failed.len(), "RouteEntryIds": made,
        "FailedRouteEntries": failed,
    }))
}

fn create_one(world: &mut World, call: &Call<'_>, row: &Fields<'_>) -> Result<String, Refusal> {
    row.only("IpVersion", "4")?;
    let hop = Hop {
        id: row.need("NextHop")?.to_owned(),
        kind: row.need("NextHopType")?.to_owned(),
        weight: 0,
    };
    let (name, description) = (
        row.text("Name").unwrap_or_default(),
        row.text("Description").unwrap_or_default(),
    );
    let table = route_table::find(world, call, row.need("RouteTableId")?)?;
    table.phase.require_available("IncorrectRouteTableStatus")?;
    let destination = destination(row.need("DstCidrBlock")?)?;
    check(world, table, destination, std::slice::from_ref(&hop))?;
    let (table, vpc, region) = (
        table.base.id.clone(),
        table.vpc.clone(),
        table.base.region.clone(),
    );
    let mut base = world.new_base("rte", &region);
    (base.name, base.description) = (name.to_owned(), description.to_owned());
    let phase = Phase::Pending(world.now_ms() + world.options.profile.entry_ms);
    Ok(put(
        world,
        RouteEntry {
            base,
            phase,
            table,
            vpc,
            destination,
            hops: vec![hop],
            changed_ms: 0,
        },
    ))
}

/// A bare address means its /32.
fn destination(text: &str) -> Result<Ipv4Net, Refusal> {
    let whole = if text.contains('/') {
        text.to_owned()
    } else {
        format!("{text}/32")
    };
    let block = cidr::exact(&whole).filter(|block| !service_range().contains(block));
    block.ok_or_else(|| {
        Refusal::bad(
            "InvalidCidrBlock.Malformed",
            format!("The destination {text} is not valid."),
        )
    })
}

/// The range of the cloud's own services, which every table has as a system entry.
fn service_range() -> Ipv4Net {
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10)
}

/// One next hop by type and id, or several of `NextHopList`.
fn hops(call: &Call<'_>) -> Result<Vec<Hop>, Refusal> {
    let rows = call.rows("NextHopList");
    let kind = call.given("NextHopType").unwrap_or("Instance");
    if rows.is_empty() {
        return Ok(vec![Hop {
            id: call.need("NextHopId")?.to_owned(),
            kind: kind.to_owned(),
            weight: 0,
        }]);
    }
    let hop = |row: &Fields<'_>| {
        let kind = row.given("NextHopType").unwrap_or(kind).to_owned();
        Ok(Hop {
            id: row.need("NextHopId")?.to_owned(),
            kind,
            weight: row.int("Weight")?.unwrap_or(100),
        })
    };
    rows.iter().map(hop).collect()
}

fn check(
    world: &World,
    table: &RouteTable,
    destination: Ipv4Net,
    hops: &[Hop],
) -> Result<(), Refusal> {
    for hop in hops {
        check_hop(world, &table.vpc, hop)?;
    }
    let rows = || {
        world
            .tables
            .route_entries
            .values()
            .filter(|row| row.table == table.base.id)
    };
    if rows().any(|row| row.destination == destination) {
        return Err(Refusal::bad(
            "RouterEntryConflict.Duplicated",
            "The table has an entry for the destination.",
        ));
    }
    let inside = |row: &vswitch::VSwitch| {
        row.vpc == table.vpc && !row.base.released && row.cidr_block.contains(&destination)
    };
    if world.tables.vswitches.values().any(inside) {
        return Err(Refusal::bad(
            "InvalidCIDRBlock.Duplicate",
            "The destination lies in the block of a VSwitch.",
        ));
    }
    if rows().count() >= world.options.quotas.route_entries {
        return Err(Refusal::bad(
            "QuotaExceeded",
            "The number of custom entries exceeds the quota of this route table.",
        ));
    }
    Ok(())
}

fn check_hop(world: &World, vpc: &str, hop: &Hop) -> Result<(), Refusal> {
    let tables = &world.tables;
    let there = match hop.kind.as_str() {
        "Instance" => tables
            .instances
            .get(&hop.id)
            .is_some_and(|row| row.vpc == vpc && !row.base.released),
        "NatGateway" => tables
            .nat_gateways
            .get(&hop.id)
            .is_some_and(|row| row.vpc == vpc && !row.base.released),
        "NetworkInterface" => {
            let vswitch = tables
                .network_interfaces
                .get(&hop.id)
                .and_then(|row| tables.vswitches.get(&row.vswitch));
            vswitch.is_some_and(|vswitch| vswitch.vpc == vpc)
        }
        _ => return Err(Refusal::not_modelled("NextHopType")),
    };
    if there {
        Ok(())
    } else {
        Err(Refusal::absent(
            "InvalidNextHopId.NotFound",
            format!("The next hop {} does not exist.", hop.id),
        ))
    }
}

/// The entry that a call names by id, or by table and destination.
fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a RouteEntry, Refusal> {
    let absent = || {
        Refusal::bad(
            "InvalidRouteEntry.NotFound",
            "The specified route entry does not exist.",
        )
    };
    if let Some(id) = call.given("RouteEntryId") {
        let row = world
            .tables
            .route_entries
            .get(id)
            .filter(|row| call.in_region(&row.base.region))
            .ok_or_else(absent)?;
        call.only("RouteTableId", &row.table)?;
        call.only("DestinationCidrBlock", &row.destination.to_string())?;
        return Ok(row);
    }
    let table = route_table::find(world, call, call.need("RouteTableId")?)?;
    let wanted = destination(call.need("DestinationCidrBlock")?)?;
    if world
        .tables
        .vswitches
        .values()
        .any(|row| row.vpc == table.vpc && row.cidr_block == wanted)
    {
        return Err(Refusal::bad(
            "OperationDenied",
            "A system entry cannot be changed.",
        ));
    }
    let row = world
        .tables
        .route_entries
        .values()
        .find(|row| row.table == table.base.id && row.destination == wanted);
    row.ok_or_else(absent)
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let row = find(world, call)?;
    row.phase.require_available("IncorrectRouteEntryStatus")?;
    require_turn(world, &row.vpc)?;
    let labels = Labels::of(call, "RouteEntryName")?;
    let hop = match (call.given("NewNextHopId"), call.given("NewNextHopType")) {
        (Some(id), kind) => Some(Hop {
            id: id.to_owned(),
            kind: kind.unwrap_or("Instance").to_owned(),
            weight: 0,
        }),
        (None, Some(_)) => return Err(Refusal::missing("NewNextHopId")),
        (None, None) => None,
    };
    if let Some(hop) = &hop {
        check_hop(world, &row.vpc, hop)?;
    }
    let (id, now) = (row.base.id.clone(), world.now_ms());
    let until = now + world.options.profile.entry_ms;
    let row = world
        .tables
        .route_entries
        .get_mut(&id)
        .expect("the entry was just found");
    labels.put(&mut row.base);
    row.changed_ms = now;
    if let Some(hop) = hop {
        (row.hops, row.phase) = (vec![hop], Phase::Modifying(until));
    }
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let row = find(world, call)?;
    let named = call
        .given("NextHopId")
        .is_none_or(|id| row.hops.iter().any(|hop| hop.id == id));
    let listed = call.rows("NextHopList");
    let all = listed.iter().all(|one| {
        call.harmless(&["NextHopType"]);
        let _kind = one.given("NextHopType");
        one.given("NextHopId")
            .is_some_and(|id| row.hops.iter().any(|hop| hop.id == id))
    });
    if !named || !all {
        return Err(Refusal::bad(
            "InvalidRouteEntry.NotFound",
            "The entry has no such next hop.",
        ));
    }
    row.phase.require_available("IncorrectRouteEntryStatus")?;
    require_turn(world, &row.vpc)?;
    let (id, until) = (
        row.base.id.clone(),
        world.now_ms() + world.options.profile.entry_ms,
    );
    let row = world
        .tables
        .route_entries
        .get_mut(&id)
        .expect("the entry was just found");
    row.phase = Phase::Deleting(until);
    done()
}

/// The entry as reads have it.
pub(super) fn hop_list(hops: &[Hop]) -> Vec<Value> {
    hops.iter()
        .map(|hop| {
            json!({
                "NextHopId": hop.id, "NextHopType": hop.kind, "Enabled": 1, "Weight": hop.weight,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
