//! `network_interface`: so far only the primary interface that each instance has.
//!
//! It holds the instance's private address and its security groups, and outlives the instance by the late release: that
//! is why a VSwitch or a group cannot be deleted the moment its last instance has gone.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::cidr;
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

/// A network interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkInterface {
    pub(crate) base: Base,
    pub(crate) due_ms: Option<i64>,
    pub(crate) instance: String,
    pub(crate) vswitch: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) mac: String,
    pub(crate) security_groups: Vec<String>,
}

impl Row for NetworkInterface {
    const KIND: &'static str = "network_interface";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        "InUse"
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    /// The late release is over.
    fn step(world: &mut World, id: &str) {
        world.tables.network_interfaces.remove(id);
    }
}

impl NetworkInterface {
    /// As DescribeInstances shows it; the primary address only on demand.
    pub(crate) fn listed(&self, with_primary_address: bool) -> Value {
        let mut body = json!({
            "NetworkInterfaceId": self.base.id,
            "Type": "Primary",
            "MacAddress": self.mac,
            "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": self.address.to_string(), "Primary": true}]},
            "Ipv6Sets": {"Ipv6Set": []},
            "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
            "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        });
        if with_primary_address {
            body["PrimaryIpAddress"] = json!(self.address.to_string());
        }
        body
    }
}

/// A MAC address of the range that the cloud uses.
pub(crate) fn new_mac(world: &mut World) -> String {
    let bytes = world.next_bytes("mac");
    format!("00:16:3e:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2])
}

/// The address that was asked for, or any free one of the VSwitch.
pub(crate) fn claim_address(world: &mut World, vswitch: &str, block: Ipv4Net, wanted: Option<&str>) -> Result<Ipv4Addr, Refusal> {
    let taken = vswitch::taken(world, vswitch);
    if let Some(text) = wanted {
        let malformed = || Refusal::bad("InvalidPrivateIpAddress.Malformed", "Specified private IP address is malformed.");
        let address: Ipv4Addr = text.parse().map_err(|_| malformed())?;
        if !cidr::is_usable(block, address) {
            return Err(Refusal::bad("InvalidPrivateIpAddress", "Specified private IP address is not in the CIDR block of the VSwitch."));
        }
        if taken.contains(&address) {
            return Err(Refusal::bad("InvalidPrivateIpAddress.Duplicated", "Specified private IP address is duplicated."));
        }
        return Ok(address);
    }
    let count = cidr::usable(block);
    let start = u32::try_from(world.next_u64("address") % u64::from(count.max(1))).unwrap_or_default();
    let free = (0..count).map(|n| cidr::usable_at(block, (start + n) % count)).find(|address| !taken.contains(address));
    free.ok_or_else(|| Refusal::denied("InvalidVSwitchId.IpNotEnough", "The specified VSwitch does not have enough IP addresses."))
}
