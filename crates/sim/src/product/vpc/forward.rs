//! `forward_entry`: forwards a port of a public address to a private address.
//!
//! Pending (2 s) → Available → Modifying → Available → Deleting → deleted; one entry of a table
//! changes at a time. Invariant: no two entries of a table share protocol, public address and port,
//! nor protocol, private address and port.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::vpc::eip::State as EipState;
use crate::product::vpc::nat::{self, NatGateway};
use crate::product::vpc::phase::{self, Phase};
use crate::product::vpc::snat;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateForwardEntry", create),
    ("DescribeForwardTableEntries", describe),
    ("ModifyForwardEntry", modify),
    ("DeleteForwardEntry", delete),
];

/// One entry of a forward table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ForwardEntry {
    base: Base,
    phase: Phase,
    pub(crate) table: String,
    gateway: String,
    vpc: String,
    way: Way,
}

/// The two ends of the traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Way {
    /// In lower case, as it is read back.
    protocol: String,
    external_ip: String,
    external_port: String,
    internal_ip: String,
    internal_port: String,
}

impl Row for ForwardEntry {
    const KIND: &'static str = "forward_entry";

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
        phase::settle(&mut world.tables.forward_entries, id, |row| &mut row.phase);
    }
}

/// Whether an entry uses a public address.
pub(crate) fn uses(world: &World, address: &str) -> bool {
    world
        .tables
        .forward_entries
        .values()
        .any(|row| row.way.external_ip == address)
}

/// Whether an entry leads to a private address of a VPC.
pub(crate) fn has_target(world: &World, vpc: &str, address: &str) -> bool {
    world
        .tables
        .forward_entries
        .values()
        .any(|row| row.vpc == vpc && row.way.internal_ip == address)
}

/// Removes the entries that use a public address.
pub(crate) fn forget(world: &mut World, address: &str) {
    forget_if(world, |row| row.way.external_ip == address);
}

/// Removes the entries of a table.
pub(crate) fn forget_table(world: &mut World, table: &str) {
    forget_if(world, |row| row.table == table);
}

fn forget_if(world: &mut World, goes: impl Fn(&ForwardEntry) -> bool) {
    let ids: Vec<String> = world
        .tables
        .forward_entries
        .values()
        .filter(|row| goes(row))
        .map(|row| row.base.id.clone())
        .collect();
    for id in ids {
        world.tables.forward_entries.remove(&id);
    }
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let table = call.need("ForwardTableId")?;
    let gateway = nat::of_table(world, call, table, "InvalidForwardTableId.NotFound")?;
    gateway.phase.require_available("IncorrectStatus.NATGW")?;
    require_quiet(world, table)?;
    let way = Way {
        protocol: call.need("IpProtocol")?.to_lowercase(),
        external_ip: call.need("ExternalIp")?.to_owned(),
        external_port: port(call.need("ExternalPort")?),
        internal_ip: call.need("InternalIp")?.to_owned(),
        internal_port: port(call.need("InternalPort")?),
    };
    check(world, call, gateway, &way, None)?;
    let name = name(call)?.unwrap_or_default();
    if world
        .tables
        .forward_entries
        .values()
        .filter(|row| row.table == table)
        .count()
        >= world.options.quotas.forward_entries
    {
        return Err(Refusal::bad(
            "QuotaExceeded",
            "The number of forward entries exceeds the quota of this table.",
        ));
    }
    let (gateway, vpc, region) = (
        gateway.base.id.clone(),
        gateway.vpc.clone(),
        gateway.base.region.clone(),
    );
    let mut base = world.new_base("fwd", &region);
    name.clone_into(&mut base.name);
    let id = base.id.clone();
    let phase = Phase::Pending(world.now_ms() + world.options.profile.entry_ms);
    world.tables.forward_entries.insert(
        &id,
        ForwardEntry {
            base,
            phase,
            table: table.to_owned(),
            gateway,
            vpc,
            way,
        },
    );
    Ok(json!({ "ForwardEntryId": id }))
}

/// `Any` in any case is `any`; everything else stays as it is.
fn port(text: &str) -> String {
    if text.eq_ignore_ascii_case("any") {
        "any".to_owned()
    } else {
        text.to_owned()
    }
}

/// Only one entry of a table can change at a time.
fn require_quiet(world: &World, table: &str) -> Result<(), Refusal> {
    let busy = |row: &&ForwardEntry| {
        row.table == table && matches!(row.phase, Phase::Pending(_) | Phase::Modifying(_))
    };
    match world.tables.forward_entries.values().find(busy) {
        Some(row) => Err(Refusal::bad(
            "IncorretForwardEntryStatus",
            format!("The entry {} is {}.", row.base.id, row.state()),
        )),
        None => Ok(()),
    }
}

/// Checks all rules for an entry, ignoring the entry that it replaces.
fn check(
    world: &World,
    call: &Call<'_>,
    gateway: &NatGateway,
    way: &Way,
    own: Option<&str>,
) -> Result<(), Refusal> {
    check_ports(way)?;
    let bound = |eip: &&crate::product::vpc::eip::Eip| {
        eip.address == way.external_ip && eip.is_at(&gateway.base.id)
    };
    if !world
        .tables
        .eips
        .values()
        .find(bound)
        .is_some_and(|eip| eip.state == EipState::InUse)
    {
        return Err(Refusal::bad(
            "InvalidIp.NotInNatgw",
            "The external address is not bound to the NAT gateway.",
        ));
    }
    let inside: Ipv4Addr = way
        .internal_ip
        .parse()
        .map_err(|_| Refusal::invalid("InternalIp"))?;
    let vpc = world.tables.vpcs.get(&gateway.vpc);
    if !vpc.is_some_and(|vpc| vpc.blocks().any(|block| block.contains(&inside))) {
        return Err(Refusal::bad(
            "Forbidden.DestnationIpOutOfVpcCIDR",
            "The internal address is outside the VPC.",
        ));
    }
    let held = |eip: &crate::product::vpc::eip::Eip| {
        eip.target.as_ref().is_some_and(|at| {
            at.kind == "EcsInstance"
                && at.vpc == gateway.vpc
                && at.private_address == way.internal_ip
        })
    };
    if world.tables.eips.values().any(held) {
        return Err(Refusal::bad(
            "Forbindden",
            "The target instance has an EIP.",
        ));
    }
    if snat::uses(world, &way.external_ip) && !call.flag("PortBreak")?.unwrap_or(false) {
        return Err(Refusal::bad(
            "Forbidden.ExternalIp.UsedInSnatTable",
            "The external address is used by an SNAT entry.",
        ));
    }
    let clash = |row: &&ForwardEntry| {
        let same = row.way.protocol == way.protocol;
        let outside =
            row.way.external_ip == way.external_ip && row.way.external_port == way.external_port;
        let inside =
            row.way.internal_ip == way.internal_ip && row.way.internal_port == way.internal_port;
        row.table == gateway.forward_table
            && own != Some(row.base.id.as_str())
            && same
            && (outside || inside)
    };
    match world.tables.forward_entries.values().find(clash) {
        Some(row) => Err(Refusal::bad(
            "InvalidParameter",
            format!("The entry {} has the same ports.", row.base.id),
        )),
        None => Ok(()),
    }
}

/// One port, or ranges of equal size on both sides, or `any` on both with the protocol `any`.
fn check_ports(way: &Way) -> Result<(), Refusal> {
    if !["tcp", "udp", "any"].contains(&way.protocol.as_str()) {
        return Err(Refusal::invalid("IpProtocol"));
    }
    let any = [
        way.protocol.as_str(),
        &way.external_port,
        &way.internal_port,
    ]
    .map(|text| text == "any");
    if any[0] && any[1] && any[2] {
        return Ok(());
    }
    let outer = width(&way.external_port).ok_or_else(|| Refusal::invalid("ExternalPort"))?;
    let inner = width(&way.internal_port).ok_or_else(|| Refusal::invalid("InternalPort"))?;
    if outer == inner {
        Ok(())
    } else {
        Err(Refusal::invalid("InternalPort"))
    }
}

/// The number of ports in `22` or `10/20`.
fn width(text: &str) -> Option<u16> {
    let (from, to) = text.split_once('/').unwrap_or((text, text));
    let (from, to): (u16, u16) = (from.parse().ok()?, to.parse().ok()?);
    (from > 0).then(|| to.checked_sub(from)).flatten()
}

fn name<'a>(call: &Call<'a>) -> Result<Option<&'a str>, Refusal> {
    let name = call.text("ForwardEntryName");
    if name.is_some_and(|name| !name.is_empty() && !names::is_text(name, 2, 128)) {
        return Err(Refusal::invalid("ForwardEntryName"));
    }
    Ok(name)
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, table, gateway) = (
        call.given("ForwardEntryId"),
        call.given("ForwardTableId"),
        call.given("NatGatewayId"),
    );
    let (protocol, name) = (
        call.given("IpProtocol").map(str::to_lowercase),
        call.given("ForwardEntryName"),
    );
    let (external_ip, external_port) = (
        call.given("ExternalIp"),
        call.given("ExternalPort").map(port),
    );
    let (internal_ip, internal_port) = (
        call.given("InternalIp"),
        call.given("InternalPort").map(port),
    );
    let rows = world
        .shown(&world.tables.forward_entries, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && table.is_none_or(|table| table == row.table)
                && gateway.is_none_or(|gateway| gateway == row.gateway)
                && protocol
                    .as_ref()
                    .is_none_or(|protocol| *protocol == row.way.protocol)
                && name.is_none_or(|name| name == row.base.name)
                && external_ip.is_none_or(|ip| ip == row.way.external_ip)
                && external_port
                    .as_ref()
                    .is_none_or(|port| *port == row.way.external_port)
                && internal_ip.is_none_or(|ip| ip == row.way.internal_ip)
                && internal_port
                    .as_ref()
                    .is_none_or(|port| *port == row.way.internal_port)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let rows: Vec<Value> = page.items.iter().map(|row| listed(row)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "ForwardTableEntries": {"ForwardTableEntry": rows},
    }))
}

fn listed(row: &ForwardEntry) -> Value {
    json!({
        "ForwardEntryId": row.base.id, "ForwardEntryName": row.base.name,
        "ForwardTableId": row.table,
        "NatGatewayId": row.gateway, "Status": row.state(), "IpProtocol": row.way.protocol,
        "ExternalIp": row.way.external_ip, "ExternalPort": row.way.external_port,
        "InternalIp": row.way.internal_ip, "InternalPort": row.way.internal_port,
    })
}

fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
) -> Result<(&'a ForwardEntry, &'a NatGateway), Refusal> {
    let table = call.need("ForwardTableId")?;
    let gateway = nat::of_table(world, call, table, "InvalidForwardTableId.NotFound")?;
    let row = world
        .tables
        .forward_entries
        .get(call.need("ForwardEntryId")?)
        .filter(|row| row.table == table);
    let row = row.ok_or_else(|| {
        Refusal::absent(
            "InvalidForwardEntryId.NotFound",
            "The specified forward entry does not exist.",
        )
    })?;
    row.phase.require_available("IncorretForwardEntryStatus")?;
    gateway.phase.require_available("IncorrectStatus.NATGW")?;
    Ok((row, gateway))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let (row, gateway) = find(world, call)?;
    let mut way = row.way.clone();
    let mut put = |name: &str, field: fn(&mut Way) -> &mut String| {
        if let Some(text) = call.given(name) {
            *field(&mut way) = port(text);
        }
    };
    put("IpProtocol", |way| &mut way.protocol);
    put("ExternalIp", |way| &mut way.external_ip);
    put("ExternalPort", |way| &mut way.external_port);
    put("InternalIp", |way| &mut way.internal_ip);
    put("InternalPort", |way| &mut way.internal_port);
    way.protocol = way.protocol.to_lowercase();
    check(world, call, gateway, &way, Some(&row.base.id))?;
    let name = name(call)?;
    let (id, until) = (
        row.base.id.clone(),
        world.now_ms() + world.options.profile.entry_ms,
    );
    let row = world
        .tables
        .forward_entries
        .get_mut(&id)
        .expect("the entry was just found");
    if let Some(name) = name {
        name.clone_into(&mut row.base.name);
    }
    (row.way, row.phase) = (way, Phase::Modifying(until));
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = find(world, call)?.0.base.id.clone();
    let until = world.now_ms() + world.options.profile.entry_ms;
    let row = world
        .tables
        .forward_entries
        .get_mut(&id)
        .expect("the entry was just found");
    row.phase = Phase::Deleting(until);
    done()
}
