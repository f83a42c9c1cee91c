//! `snat_entry`: the public addresses by which instances of a VPC reach the internet.
//!
//! Pending (2 s) → Available → Deleting → deleted. Invariant: a table has one entry for each
//! source, and the addresses of an entry were bound to the table's gateway at its creation.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::cidr;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::vpc::eip::State as EipState;
use crate::product::vpc::nat::{self, NatGateway};
use crate::product::vpc::phase::{self, Phase};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateSnatEntry", create),
    ("DescribeSnatTableEntries", describe),
    ("ModifySnatEntry", modify),
    ("DeleteSnatEntry", delete),
];

/// One entry of an SNAT table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SnatEntry {
    base: Base,
    phase: Phase,
    pub(crate) table: String,
    gateway: String,
    addresses: Vec<String>,
    source_cidr: String,
    pub(crate) source_vswitch: String,
    affinity: i64,
}

impl Row for SnatEntry {
    const KIND: &'static str = "snat_entry";

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
        phase::settle(&mut world.tables.snat_entries, id, |row| &mut row.phase);
    }
}

/// Whether an entry uses a public address.
pub(crate) fn uses(world: &World, address: &str) -> bool {
    world
        .tables
        .snat_entries
        .values()
        .any(|row| row.addresses.iter().any(|one| one == address))
}

/// Removes the entries that use a public address.
pub(crate) fn forget(world: &mut World, address: &str) {
    forget_if(world, |row| row.addresses.iter().any(|one| one == address));
}

/// Removes the entries of a table.
pub(crate) fn forget_table(world: &mut World, table: &str) {
    forget_if(world, |row| row.table == table);
}

fn forget_if(world: &mut World, goes: impl Fn(&SnatEntry) -> bool) {
    let ids: Vec<String> = world
        .tables
        .snat_entries
        .values()
        .filter(|row| goes(row))
        .map(|row| row.base.id.clone())
        .collect();
    for id in ids {
        world.tables.snat_entries.remove(&id);
    }
}

/// The addresses in a list with commas, each bound to the gateway.
fn addresses(world: &World, gateway: &NatGateway, list: &str) -> Result<Vec<String>, Refusal> {
    let mut addresses = Vec::new();
    for address in list.split(',').map(str::trim) {
        require_bound(world, &gateway.base.id, address)?;
        addresses.push(address.to_owned());
    }
    Ok(addresses)
}

/// Checks that the gateway has an EIP: it learns of a new binding late.
fn require_bound(world: &World, gateway: &str, address: &str) -> Result<(), Refusal> {
    let eip = world
        .tables
        .eips
        .values()
        .find(|eip| eip.address == address);
    let eip = eip.ok_or_else(|| {
        Refusal::absent(
            "InvalidSnatIp.NotFound",
            format!("The address {address} does not exist."),
        )
    })?;
    match eip.state {
        EipState::InUse if eip.is_at(gateway) => Ok(()),
        EipState::Associating if eip.is_at(gateway) => Err(Refusal::bad(
            "OperationUnsupported.EipInBinding",
            format!("The address {address} is being bound."),
        )),
        _ => Err(Refusal::bad(
            "EIP_NOT_IN_GATEWAY",
            format!("The address {address} is not bound to the NAT gateway."),
        )),
    }
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let table = call.need("SnatTableId")?;
    let gateway = nat::of_table(world, call, table, "InvalidSnatTableId.NotFound")?;
    gateway.phase.require_available("IncorrectStatus.NATGW")?;
    let addresses = addresses(world, gateway, call.need("SnatIp")?)?;
    let (source_cidr, source_vswitch) = source(world, call, gateway)?;
    let name = name(call)?.unwrap_or_default();
    let affinity = affinity(call)?.unwrap_or(0);
    let (gateway, region) = (gateway.base.id.clone(), gateway.base.region.clone());
    let mut base = world.new_base("snat", &region);
    name.clone_into(&mut base.name);
    let id = base.id.clone();
    let phase = Phase::Pending(world.now_ms() + world.options.profile.entry_ms);
    let row = SnatEntry {
        base,
        phase,
        table: table.to_owned(),
        gateway,
        addresses,
        source_cidr,
        source_vswitch,
        affinity,
    };
    world.tables.snat_entries.insert(&id, row);
    Ok(json!({ "SnatEntryId": id }))
}

/// The source as (block, VSwitch): exactly one is given, and no other entry of the table has it.
fn source(
    world: &World,
    call: &Call<'_>,
    gateway: &NatGateway,
) -> Result<(String, String), Refusal> {
    let rows = || {
        world
            .tables
            .snat_entries
            .values()
            .filter(|row| row.table == gateway.snat_table)
    };
    match (call.given("SourceCIDR"), call.given("SourceVSwitchId")) {
        (None, None) => Err(Refusal::missing("SourceVSwitchId")),
        (Some(_), Some(_)) => Err(Refusal::invalid("SourceCIDR")),
        (Some(text), None) => {
            let block = cidr::exact(text).ok_or_else(|| Refusal::invalid("SourceCIDR"))?;
            if rows().any(|row| row.source_cidr == block.to_string()) {
                return Err(Refusal::bad(
                    "OperationUnsupported.CidrConflict",
                    "Another entry has the same source.",
                ));
            }
            Ok((block.to_string(), String::new()))
        }
        (None, Some(id)) => {
            let vswitch = world
                .tables
                .vswitches
                .get(id)
                .filter(|row| row.vpc == gateway.vpc && !row.base.released);
            let vswitch = vswitch.ok_or_else(|| {
                Refusal::absent(
                    "InvalidVSwitchId.NotFound",
                    "The specified VSwitch does not exist.",
                )
            })?;
            if rows().any(|row| row.source_vswitch == id) {
                return Err(Refusal::bad(
                    "Forbidden.SourceVSwitchId.Duplicated",
                    "Another entry has the same VSwitch.",
                ));
            }
            Ok((vswitch.cidr_block.to_string(), id.to_owned()))
        }
    }
}

fn name<'a>(call: &Call<'a>) -> Result<Option<&'a str>, Refusal> {
    let name = call.text("SnatEntryName");
    if name.is_some_and(|name| !name.is_empty() && !names::is_text(name, 2, 128)) {
        return Err(Refusal::invalid("SnatEntryName"));
    }
    Ok(name)
}

fn affinity(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    let value = call.int("EipAffinity")?;
    if value.is_none_or(|value| (0..=1).contains(&value)) {
        Ok(value)
    } else {
        Err(Refusal::invalid("EipAffinity"))
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, table, gateway) = (
        call.given("SnatEntryId"),
        call.given("SnatTableId"),
        call.given("NatGatewayId"),
    );
    let (source, vswitch) = (call.given("SourceCIDR"), call.given("SourceVSwitchId"));
    let (address, name) = (call.given("SnatIp"), call.given("SnatEntryName"));
    let rows = world
        .shown(&world.tables.snat_entries, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && table.is_none_or(|table| table == row.table)
                && gateway.is_none_or(|gateway| gateway == row.gateway)
                && source.is_none_or(|source| source == row.source_cidr)
                && vswitch.is_none_or(|vswitch| vswitch == row.source_vswitch)
                && address.is_none_or(|address| row.addresses.iter().any(|one| one == address))
                && name.is_none_or(|name| name == row.base.name)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "SnatEntryId": row.base.id, "SnatTableId": row.table,
                "SnatIp": row.addresses.join(","),
                "SourceCIDR": row.source_cidr, "SourceVSwitchId": row.source_vswitch,
                "SnatEntryName": row.base.name,
                "Status": row.state(), "NatGatewayId": row.gateway,
                "EipAffinity": row.affinity.to_string(),
                "NetworkInterfaceId": "",
            })
        })
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "SnatTableEntries": {"SnatTableEntry": rows},
    }))
}

fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<(&'a SnatEntry, &'a NatGateway), Refusal> {
    let table = call.need("SnatTableId")?;
    let gateway = nat::of_table(world, call, table, "InvalidSnatTableId.NotFound")?;
    let row = world
        .tables
        .snat_entries
        .get(call.need("SnatEntryId")?)
        .filter(|row| row.table == table);
    let row = row.ok_or_else(|| {
        Refusal::absent(
            "InvalidSnatEntryId.NotFound",
            "The specified SNAT entry does not exist.",
        )
    })?;
    row.phase.require_available("IncorretSnatEntryStatus")?;
    gateway.phase.require_available("IncorrectStatus.NATGW")?;
    Ok((row, gateway))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let (row, gateway) = find(world, call)?;
    let addresses = call
        .given("SnatIp")
        .map(|list| addresses(world, gateway, list))
        .transpose()?;
    let (name, affinity) = (name(call)?, affinity(call)?);
    let (id, until) = (
        row.base.id.clone(),
        world.now_ms() + world.options.profile.entry_ms,
    );
    let row = world
        .tables
        .snat_entries
        .get_mut(&id)
        .expect("the entry was just found");
    if let Some(addresses) = addresses {
        row.addresses = addresses;
    }
    if let Some(name) = name {
        name.clone_into(&mut row.base.name);
    }
    row.affinity = affinity.unwrap_or(row.affinity);
    row.phase = Phase::Modifying(until);
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = find(world, call)?.0.base.id.clone();
    let until = world.now_ms() + world.options.profile.entry_ms;
    let row = world
        .tables
        .snat_entries
        .get_mut(&id)
        .expect("the entry was just found");
    row.phase = Phase::Deleting(until);
    done()
}
