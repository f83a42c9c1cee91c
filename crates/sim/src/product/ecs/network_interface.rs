//! `network_interface`: the primary interface of each instance, and secondary ones.
//!
//! Available at once → Attaching (2 s) → InUse → Detaching → Available → Deleting (1 s) → deleted.
//! An interface holds its private addresses and its security groups. A primary one is released some
//! time after its instance, which is why a VSwitch or a group cannot be deleted as soon as its last
//! instance is gone.
//!
//! Invariant: an interface that is attached to an instance is not Available; no two interfaces of a
//! VSwitch share an address.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::call::Call;
use crate::cidr;
use crate::product::vpc::{eip, vswitch};
use crate::refusal::Refusal;
use crate::shape::{Wrap, empty};
use crate::table::Row;
use crate::world::World;

pub(crate) mod address;
pub(crate) mod attach;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod ipv6;
pub(crate) mod read;
pub(crate) mod row;

/// A network interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkInterface {
    pub(crate) base: Base,
    pub(crate) due_ms: Option<i64>,
    /// Empty if it is not attached.
    pub(crate) instance: String,
    pub(crate) vswitch: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) mac: String,
    pub(crate) security_groups: Vec<String>,
    #[serde(default)]
    pub(crate) state: State,
    /// `None`: the primary interface of its instance.
    #[serde(default)]
    pub(crate) secondary: Option<Secondary>,
    #[serde(default)]
    pub(crate) more_addresses: Vec<Ipv4Addr>,
    #[serde(default)]
    pub(crate) ipv6: Vec<Ipv6>,
}

/// An IPv6 address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ipv6 {
    /// `ipv6-…`
    pub(crate) id: String,
    pub(crate) address: Ipv6Addr,
    pub(crate) since_ms: i64,
}

/// The attributes of a secondary interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secondary {
    /// Deleted with its instance.
    pub(crate) delete_on_release: bool,
    pub(crate) source_dest_check: bool,
    /// 0: the number that the instance type has.
    pub(crate) queues: i64,
    /// Position among the instance's interfaces, from 1; 0 while it is not attached.
    pub(crate) device_index: i64,
}

/// The state of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum State {
    Available,
    Attaching,
    #[default]
    InUse,
    Detaching,
    Deleting,
}

/// An interface as a row of DescribeInstances shows it; fields in the order of their bytes.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listed<'a> {
    ipv4_prefix_sets: Wrap<[(); 0]>,
    ipv6_prefix_sets: Wrap<[(); 0]>,
    ipv6_sets: Wrap<Vec<Ipv6Set>>,
    mac_address: &'a str,
    network_interface_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_ip_address: Option<Ipv4Addr>,
    private_ip_sets: Wrap<Vec<AddressSet>>,
    r#type: &'static str,
}

/// An IPv6 address of an interface, as the API writes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Ipv6Set {
    ipv6_address: Ipv6Addr,
}

/// A private address of an interface, as the API writes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddressSet {
    primary: bool,
    private_ip_address: Ipv4Addr,
}

impl Row for NetworkInterface {
    const KIND: &'static str = "network_interface";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        match self.state {
            State::Available => "Available",
            State::Attaching => "Attaching",
            State::InUse => "InUse",
            State::Detaching => "Detaching",
            State::Deleting => "Deleting",
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    fn links(&self) -> Vec<&str> {
        let of = [self.instance.as_str(), self.vswitch.as_str()];
        of.into_iter()
            .chain(self.security_groups.iter().map(String::as_str))
            .collect()
    }

    fn step(world: &mut World, id: &str) {
        let Some(eni) = world.tables.network_interfaces.get_mut(id) else {
            return;
        };
        eni.due_ms = None;
        match eni.state {
            // The late release is complete.
            _ if eni.base.released => {
                world.tables.network_interfaces.remove(id);
            }
            State::Deleting => {
                world.tables.network_interfaces.remove(id);
            }
            State::Attaching => eni.state = State::InUse,
            State::Detaching => eni.free(),
            State::Available | State::InUse => {}
        }
    }
}

impl NetworkInterface {
    /// Every private address, the primary one first.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + use<'_> {
        std::iter::once(self.address).chain(self.more_addresses.iter().copied())
    }

    /// `{"PrivateIpSet": […]}`.
    pub(crate) fn address_sets(&self) -> Wrap<Vec<AddressSet>> {
        let sets = self
            .addresses()
            .enumerate()
            .map(|(number, address)| AddressSet {
                primary: number == 0,
                private_ip_address: address,
            });
        Wrap("PrivateIpSet", sets.collect())
    }

    /// Whether one of its IPv6 addresses has this text.
    pub(crate) fn has_ipv6(&self, text: &str) -> bool {
        self.ipv6
            .iter()
            .any(|held| text.parse() == Ok(held.address))
    }

    /// `{"Ipv6Set": […]}`.
    pub(crate) fn ipv6_sets(&self) -> Wrap<Vec<Ipv6Set>> {
        Wrap(
            "Ipv6Set",
            self.ipv6
                .iter()
                .map(|held| Ipv6Set {
                    ipv6_address: held.address,
                })
                .collect(),
        )
    }

    /// `Primary` or `Secondary`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.secondary.is_some() {
            "Secondary"
        } else {
            "Primary"
        }
    }

    /// Detaches the interface.
    pub(crate) fn free(&mut self) {
        self.state = State::Available;
        self.due_ms = None;
        self.instance.clear();
        if let Some(secondary) = &mut self.secondary {
            secondary.device_index = 0;
        }
    }

    /// Refuses the action unless the interface is in one of these states.
    pub(crate) fn require(&self, states: &[State]) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            return Ok(());
        }
        let message = format!(
            "The current status of {} ({}) does not support this operation.",
            self.base.id,
            self.state()
        );
        Err(Refusal::bad("InvalidOperation.InvalidEniState", message))
    }

    /// The row in DescribeInstances, with the primary address only on request.
    pub(crate) fn listed(&self, with_primary_address: bool) -> Listed<'_> {
        Listed {
            ipv4_prefix_sets: empty("Ipv4PrefixSet"),
            ipv6_prefix_sets: empty("Ipv6PrefixSet"),
            ipv6_sets: self.ipv6_sets(),
            mac_address: &self.mac,
            network_interface_id: &self.base.id,
            primary_ip_address: with_primary_address.then_some(self.address),
            private_ip_sets: self.address_sets(),
            r#type: self.kind(),
        }
    }
}

/// The interface that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a NetworkInterface, Refusal> {
    let eni = world
        .tables
        .network_interfaces
        .get(id)
        .filter(|eni| !eni.base.released && call.in_region(&eni.base.region));
    eni.ok_or_else(|| {
        Refusal::absent(
            "InvalidEniId.NotFound",
            format!("The specified network interface {id} does not exist."),
        )
    })
}

/// The interface that a call names, for a change.
pub(crate) fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut NetworkInterface, Refusal> {
    find(world, call, id)?;
    Ok(world
        .tables
        .network_interfaces
        .get_mut(id)
        .expect("the interface was just found"))
}

/// The interfaces of an instance, the primary one first.
pub(crate) fn of_instance<'a>(world: &'a World, instance: &'a str) -> Vec<&'a NetworkInterface> {
    let mut found: Vec<&NetworkInterface> =
        world.tables.network_interfaces.linked(instance).collect();
    found.sort_by_key(|eni| {
        eni.secondary
            .as_ref()
            .map_or(0, |secondary| secondary.device_index)
    });
    found
}

/// Releases the interfaces of a deleted instance at a later moment; those that are not deleted with
/// it are detached. EIPs of the deleted ones are free.
pub(crate) fn let_go(world: &mut World, instance: &str, until_ms: i64) {
    let ids: Vec<String> = of_instance(world, instance)
        .into_iter()
        .map(|eni| eni.base.id.clone())
        .collect();
    for id in ids {
        let Some(eni) = world.tables.network_interfaces.get_mut(&id) else {
            continue;
        };
        if eni
            .secondary
            .as_ref()
            .is_some_and(|secondary| !secondary.delete_on_release)
        {
            eni.free();
        } else {
            eni.base.released = true;
            eni.due_ms = Some(until_ms);
            eip::let_go(world, &id);
        }
    }
}

/// A MAC address of the range that the cloud uses.
pub(crate) fn new_mac(world: &mut World) -> String {
    let bytes = world.next_bytes("mac");
    format!(
        "00:16:3e:{:02x}:{:02x}:{:02x}",
        bytes[0], bytes[1], bytes[2]
    )
}

/// The requested address, or any free one of the VSwitch.
pub(crate) fn claim_address(
    world: &mut World,
    vswitch: &str,
    block: Ipv4Net,
    wanted: Option<&str>,
) -> Result<Ipv4Addr, Refusal> {
    let taken = vswitch::taken(world, vswitch);
    if let Some(text) = wanted {
        let malformed = || {
            Refusal::bad(
                "InvalidPrivateIpAddress.Malformed",
                "Specified private IP address is malformed.",
            )
        };
        let address: Ipv4Addr = text.parse().map_err(|_| malformed())?;
        if !cidr::is_usable(block, address) {
            return Err(Refusal::bad(
                "InvalidPrivateIpAddress",
                "Specified private IP address is not in the CIDR block of the VSwitch.",
            ));
        }
        if taken.contains(&address) {
            return Err(Refusal::bad(
                "InvalidPrivateIpAddress.Duplicated",
                "Specified private IP address is duplicated.",
            ));
        }
        return Ok(address);
    }
    let count = cidr::usable(block);
    let start =
        u32::try_from(world.next_u64("address") % u64::from(count.max(1))).unwrap_or_default();
    let free = (0..count)
        .map(|n| cidr::usable_at(block, (start + n) % count))
        .find(|address| !taken.contains(address));
    free.ok_or_else(|| {
        Refusal::denied(
            "InvalidVSwitchId.IpNotEnough",
            "The specified VSwitch does not have enough IP addresses.",
        )
    })
}
