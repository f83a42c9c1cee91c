//! The properties of the rows that must hold after every call and every pause.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use super::rows::{Rows, is_seen, list};

/// One property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    /// A row with a VPC names an existing one: a deleted VPC contains nothing.
    LivesInALivingVpc,
    /// Instances, interfaces and NAT gateways are in an existing VSwitch of their own VPC.
    StandsInALivingVSwitch,
    /// No address is used twice in a VSwitch, and each is in its block and is not one of the four
    /// reserved ones.
    AddressesAreUsedOnce,
    /// IPv6 blocks of VSwitches are different parts of their VPC's; each address is in the block of
    /// its VSwitch and exists once.
    Ipv6IsApart,
    /// VSwitches of a VPC are inside of its blocks and do not overlap.
    BlocksAreApart,
    /// A public address exists once.
    PublicAddressesExistOnce,
    /// An attached disk names an existing instance, a free one names none.
    DisksAndMachinesAgree,
    /// Every instance has exactly one system disk, except during its replacement, and no device
    /// name twice.
    OneSystemDisk,
    /// Every instance has a primary interface that names it. An interface in use names an existing
    /// instance.
    InterfacesAndMachinesAgree,
    /// An EIP is bound to an existing resource, and no private address has two EIPs.
    AddressesAreBoundToTheLiving,
    /// SNAT and forward entries belong to an existing NAT gateway and use addresses that are bound
    /// to it.
    EntriesBelongToALivingGateway,
    /// Routes and bound VSwitches belong to an existing route table of the same VPC.
    RoutesBelongToALivingTable,
    /// The network ACL of a VSwitch exists, in the same VPC.
    AclsAreThere,
    /// The security groups of an interface exist, in its VPC, and every interface has one.
    GroupsAreThere,
    /// The groups and prefix lists in rules exist.
    PeersAreThere,
    /// The key pair and the deployment set of an instance exist.
    CompanionsAreThere,
    /// The policy of a disk and the group of a snapshot exist.
    CareIsThere,
    /// The snapshots of an image exist.
    SnapshotsOfImagesAreThere,
    /// Members of contact groups, targets of rules and bandwidth packages of EIPs exist.
    MembersAreThere,
    /// No change of state is overdue.
    NothingIsOverdue,
}

impl Property {
    /// All properties, in the order of their checks.
    pub(crate) const ALL: [Self; 20] = [
        Self::LivesInALivingVpc,
        Self::StandsInALivingVSwitch,
        Self::AddressesAreUsedOnce,
        Self::Ipv6IsApart,
        Self::BlocksAreApart,
        Self::PublicAddressesExistOnce,
        Self::DisksAndMachinesAgree,
        Self::OneSystemDisk,
        Self::InterfacesAndMachinesAgree,
        Self::AddressesAreBoundToTheLiving,
        Self::EntriesBelongToALivingGateway,
        Self::RoutesBelongToALivingTable,
        Self::AclsAreThere,
        Self::GroupsAreThere,
        Self::PeersAreThere,
        Self::CompanionsAreThere,
        Self::CareIsThere,
        Self::SnapshotsOfImagesAreThere,
        Self::MembersAreThere,
        Self::NothingIsOverdue,
    ];

    /// The violation, if there is one.
    pub(crate) fn broken(self, rows: &Rows, now_ms: i64) -> Option<String> {
        match self {
            Self::LivesInALivingVpc => lives_in_a_living_vpc(rows),
            Self::StandsInALivingVSwitch => stands_in_a_living_vswitch(rows),
            Self::AddressesAreUsedOnce => addresses_are_used_once(rows),
            Self::Ipv6IsApart => ipv6_is_apart(rows),
            Self::BlocksAreApart => blocks_are_apart(rows),
            Self::PublicAddressesExistOnce => public_addresses_exist_once(rows),
            Self::DisksAndMachinesAgree => disks_and_machines_agree(rows),
            Self::OneSystemDisk => one_system_disk(rows),
            Self::InterfacesAndMachinesAgree => interfaces_and_machines_agree(rows),
            Self::AddressesAreBoundToTheLiving => addresses_are_bound_to_the_living(rows),
            Self::EntriesBelongToALivingGateway => entries_belong_to_a_living_gateway(rows),
            Self::RoutesBelongToALivingTable => routes_belong_to_a_living_table(rows),
            Self::AclsAreThere => acls_are_there(rows),
            Self::GroupsAreThere => groups_are_there(rows),
            Self::PeersAreThere => peers_are_there(rows),
            Self::CompanionsAreThere => companions_are_there(rows),
            Self::CareIsThere => care_is_there(rows),
            Self::SnapshotsOfImagesAreThere => snapshots_of_images_are_there(rows),
            Self::MembersAreThere => members_are_there(rows),
            Self::NothingIsOverdue => nothing_is_overdue(rows, now_ms),
        }
    }
}

/// A field of a row as text, empty if it has none.
fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

/// The first violation by a visible row of a kind.
fn first<'a>(
    rows: &'a Rows,
    kind: &str,
    mut check: impl FnMut(&'a str, &'a Value) -> Option<String>,
) -> Option<String> {
    let mut seen = rows.kind(kind).iter().filter(|(_, row)| is_seen(row));
    seen.find_map(|(key, row)| check(key, row).map(|wrong| format!("{kind} {key} {wrong}")))
}

/// The resource that a row names must exist.
fn there(rows: &Rows, kind: &str, id: &str) -> Option<String> {
    rows.living(kind, id)
        .is_none()
        .then(|| format!("names the {kind} `{id}`, which is not there"))
}

/// The system's route table is deleted with its VPC, a moment after the call.
fn lives_in_a_living_vpc(rows: &Rows) -> Option<String> {
    rows.iter()
        .filter(|(_, _, row)| is_seen(row))
        .find_map(|(kind, key, row)| {
            let vpc = row["vpc"].as_str().filter(|vpc| !vpc.is_empty())?;
            let wrong = there(rows, "vpc", vpc).or_else(|| {
                (!kind.starts_with("route_") && rows.kind("vpc")[vpc]["state"] == "Deleting")
                    .then(|| "lives on".to_owned())
            });
            wrong.map(|wrong| format!("{kind} {key} {wrong}"))
        })
}

fn stands_in_a_living_vswitch(rows: &Rows) -> Option<String> {
    ["instance", "network_interface", "nat_gateway"]
        .into_iter()
        .find_map(|kind| {
            first(rows, kind, |_, row| {
                let vswitch = rows.living("vswitch", text(row, "vswitch"));
                let Some(vswitch) = vswitch else {
                    return there(rows, "vswitch", text(row, "vswitch"));
                };
                let vpc = row["vpc"].as_str().unwrap_or_else(|| text(vswitch, "vpc"));
                (text(vswitch, "vpc") != vpc)
                    .then(|| "is in another VPC than its VSwitch".to_owned())
            })
        })
}

/// First and last address of a block.
fn bounds(block: &str) -> (u32, u32) {
    let (address, length) = block.split_once('/').expect("a block has a length");
    let address: Ipv4Addr = address.parse().expect("rows hold addresses");
    let length: u32 = length.parse().expect("rows hold lengths");
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or_default();
    let begin = address.to_bits() & mask;
    (begin, begin | !mask)
}

/// The addresses in use in a VSwitch, with their users. A released resource uses its address for
/// some time.
pub(crate) fn taken(rows: &Rows, vswitch: &str) -> Vec<(Ipv4Addr, String)> {
    let mut taken = Vec::new();
    for (key, row) in rows
        .kind("network_interface")
        .iter()
        .filter(|(_, row)| text(row, "vswitch") == vswitch)
    {
        let all = std::iter::once(text(row, "address")).chain(list(&row["more_addresses"]));
        taken.extend(
            all.map(|address| (address.parse().expect("rows hold addresses"), key.clone())),
        );
    }
    for (key, row) in rows
        .kind("nat_gateway")
        .iter()
        .filter(|(_, row)| text(row, "vswitch") == vswitch)
    {
        taken.push((
            text(row, "private_address")
                .parse()
                .expect("rows hold addresses"),
            key.clone(),
        ));
    }
    taken
}

fn addresses_are_used_once(rows: &Rows) -> Option<String> {
    rows.kind("vswitch").iter().find_map(|(key, row)| {
        let (begin, end) = bounds(text(row, "cidr_block"));
        let mut seen = BTreeSet::new();
        taken(rows, key).into_iter().find_map(|(address, holder)| {
            let bits = address.to_bits();
            if bits <= begin || bits > end - 3 {
                return Some(format!(
                    "{holder} has {address}, which is not free in {}",
                    text(row, "cidr_block")
                ));
            }
            (!seen.insert(address)).then(|| format!("{address} of {holder} is used twice in {key}"))
        })
    })
}

/// The network part of an IPv6 block or address, down to a bit.
fn ipv6_prefix(text: &str, bits: u32) -> u128 {
    let address: Ipv6Addr = text
        .split('/')
        .next()
        .unwrap_or_default()
        .parse()
        .expect("rows hold addresses");
    address.to_bits() >> (128 - bits)
}

fn ipv6_is_apart(rows: &Rows) -> Option<String> {
    let mut blocks = BTreeSet::new();
    let networks = first(rows, "vpc", |_, row| {
        row["ipv6"]
            .as_str()
            .filter(|block| !blocks.insert(*block))
            .map(|block| format!("shares {block}"))
    });
    let mut blocks = BTreeSet::new();
    let subnets = || {
        first(rows, "vswitch", |_, row| {
            let block = row["ipv6"].as_str()?;
            let Some(whole) = rows.kind("vpc")[text(row, "vpc")]["ipv6"].as_str() else {
                return Some("has IPv6, its VPC has not".to_owned());
            };
            let inside = ipv6_prefix(block, 56) == ipv6_prefix(whole, 56);
            (!inside || !blocks.insert(block))
                .then(|| format!("has {block}, taken or outside of {whole}"))
        })
    };
    let mut addresses = BTreeSet::new();
    let held = || {
        first(rows, "network_interface", |_, row| {
            let block = rows
                .living("vswitch", text(row, "vswitch"))
                .and_then(|subnet| subnet["ipv6"].as_str());
            row["ipv6"]
                .as_array()
                .into_iter()
                .flatten()
                .find_map(|one| {
                    let address = text(one, "address");
                    let inside = block
                        .is_some_and(|block| ipv6_prefix(block, 64) == ipv6_prefix(address, 64));
                    (!inside || !addresses.insert(address))
                        .then(|| format!("has {address}, taken or outside of {block:?}"))
                })
        })
    };
    networks.or_else(subnets).or_else(held)
}

fn blocks_are_apart(rows: &Rows) -> Option<String> {
    first(rows, "vpc", |vpc, row| {
        let mut whole: Vec<(u32, u32)> = vec![bounds(text(row, "cidr_block"))];
        whole.extend(list(&row["secondary"]).map(bounds));
        let inside = rows
            .kind("vswitch")
            .values()
            .filter(|one| is_seen(one) && text(one, "vpc") == vpc);
        let mut blocks: Vec<(u32, u32)> =
            inside.map(|one| bounds(text(one, "cidr_block"))).collect();
        blocks.sort_unstable();
        let overlap = blocks.windows(2).any(|two| two[0].1 >= two[1].0);
        let outside = blocks
            .iter()
            .any(|block| !whole.iter().any(|all| all.0 <= block.0 && block.1 <= all.1));
        (overlap || outside).then(|| format!("has blocks {blocks:?} in {whole:?}"))
    })
}

fn public_addresses_exist_once(rows: &Rows) -> Option<String> {
    let eips = rows
        .kind("eip")
        .values()
        .filter(|row| is_seen(row))
        .map(|row| text(row, "address"));
    let own = rows
        .kind("instance")
        .values()
        .filter(|row| is_seen(row))
        .filter_map(|row| row["internet"]["address"].as_str());
    let mut seen = BTreeSet::new();
    eips.chain(own)
        .find(|address| !seen.insert(*address))
        .map(|address| format!("{address} exists twice"))
}

fn disks_and_machines_agree(rows: &Rows) -> Option<String> {
    first(rows, "disk", |_, row| {
        let (state, instance) = (text(row, "state"), text(row, "instance"));
        match state {
            "Available" | "Deleting" => {
                (!instance.is_empty()).then(|| format!("is {state} and names {instance}"))
            }
            "Creating" => None,
            _ => {
                let machine = there(rows, "instance", instance);
                let zone = || {
                    rows.living("instance", instance)
                        .is_some_and(|machine| machine["zone"] != row["zone"])
                };
                machine.or_else(|| zone().then(|| "is in another zone than its machine".to_owned()))
            }
        }
    })
}

fn one_system_disk(rows: &Rows) -> Option<String> {
    first(rows, "instance", |id, _| {
        let disks: Vec<&Value> = rows
            .kind("disk")
            .values()
            .filter(|row| is_seen(row) && text(row, "instance") == id)
            .collect();
        let systems = disks.iter().filter(|row| row["system"] == true).count();
        let mut devices = BTreeSet::new();
        if let Some(twice) = disks
            .iter()
            .find(|row| !devices.insert(text(&row["spec"], "device")))
        {
            return Some(format!("has {} twice", text(&twice["spec"], "device")));
        }
        (systems > 1).then(|| format!("has {systems} system disks"))
    })
}

fn interfaces_and_machines_agree(rows: &Rows) -> Option<String> {
    let machines = first(rows, "instance", |id, row| {
        let interface = text(row, "interface");
        let Some(eni) = rows.living("network_interface", interface) else {
            return there(rows, "network_interface", interface);
        };
        let agree = text(eni, "instance") == id
            && eni["vswitch"] == row["vswitch"]
            && eni["secondary"].is_null();
        (!agree).then(|| format!("and its interface {eni} do not agree"))
    });
    machines.or_else(|| {
        first(rows, "network_interface", |_, row| {
            match (text(row, "state"), text(row, "instance")) {
                ("Available" | "Deleting", "") => None,
                (state @ ("Available" | "Deleting"), instance) => {
                    Some(format!("is {state} and names {instance}"))
                }
                (_, instance) => there(rows, "instance", instance),
            }
        })
    })
}

fn addresses_are_bound_to_the_living(rows: &Rows) -> Option<String> {
    let mut places = BTreeSet::new();
    first(rows, "eip", |_, row| {
        let (state, target) = (text(row, "state"), &row["target"]);
        if target.is_null() {
            return ["Associating", "InUse"]
                .contains(&state)
                .then(|| format!("is {state} on nothing"));
        }
        if ["Available", "Releasing"].contains(&state) {
            return Some(format!("is {state} and names {target}"));
        }
        let kind = match text(target, "kind") {
            "EcsInstance" => "instance",
            "NetworkInterface" => "network_interface",
            "Nat" => "nat_gateway",
            other => return Some(format!("is bound to a {other}")),
        };
        // An address that is being released may exist longer than the resource that it was bound
        // to.
        let gone = if state == "Unassociating" {
            None
        } else {
            there(rows, kind, text(target, "id"))
        };
        let place = (
            text(target, "id").to_owned(),
            text(target, "private_address").to_owned(),
        );
        gone.or_else(|| {
            (kind != "nat_gateway" && !places.insert(place))
                .then(|| format!("is the second on {target}"))
        })
    })
}

fn entries_belong_to_a_living_gateway(rows: &Rows) -> Option<String> {
    let bound = |gateway: &str, address: &str| {
        rows.kind("eip")
            .values()
            .any(|eip| text(eip, "address") == address && text(&eip["target"], "id") == gateway)
            || rows.living("nat_gateway", gateway).is_some_and(|row| {
                text(row, "private_address") == address || row["network_type"] == "intranet"
            })
    };
    let belongs = |row: &Value, table: &str, addresses: Vec<&str>| {
        let gateway = text(row, "gateway");
        let Some(owner) = rows.living("nat_gateway", gateway) else {
            return there(rows, "nat_gateway", gateway);
        };
        if owner[table] != row["table"] {
            return Some("stands in a table of another gateway".to_owned());
        }
        addresses
            .into_iter()
            .find(|address| !bound(gateway, address))
            .map(|address| format!("uses {address}, not bound to {gateway}"))
    };
    let snat = first(rows, "snat_entry", |_, row| {
        belongs(row, "snat_table", list(&row["addresses"]).collect())
    });
    snat.or_else(|| {
        first(rows, "forward_entry", |_, row| {
            belongs(row, "forward_table", vec![text(&row["way"], "external_ip")])
        })
    })
}

fn routes_belong_to_a_living_table(rows: &Rows) -> Option<String> {
    let entries = first(rows, "route_entry", |_, row| {
        same_vpc(rows, row, "route_table", text(row, "table"))
    });
    entries
        .or_else(|| {
            first(rows, "vswitch", |_, row| {
                same_vpc(rows, row, "route_table", text(row, "route_table"))
            })
        })
        .or_else(|| {
            let mut targets = BTreeSet::new();
            first(rows, "route_entry", |_, row| {
                let twice = !targets.insert((
                    text(row, "table").to_owned(),
                    text(row, "destination").to_owned(),
                ));
                twice.then(|| format!("leads to {} a second time", row["destination"]))
            })
        })
}

fn same_vpc(rows: &Rows, row: &Value, kind: &str, id: &str) -> Option<String> {
    let Some(other) = rows.living(kind, id) else {
        return there(rows, kind, id);
    };
    (other["vpc"] != row["vpc"]).then(|| format!("names {id} of another VPC"))
}

fn acls_are_there(rows: &Rows) -> Option<String> {
    first(rows, "vswitch", |_, row| {
        let acl = text(row, "network_acl");
        if acl.is_empty() {
            None
        } else {
            same_vpc(rows, row, "network_acl", acl)
        }
    })
}

fn groups_are_there(rows: &Rows) -> Option<String> {
    first(rows, "network_interface", |_, row| {
        let vpc = &rows.kind("vswitch").get(text(row, "vswitch"))?["vpc"];
        let mut groups = list(&row["security_groups"]).peekable();
        if groups.peek().is_none() {
            return Some("is in no group".to_owned());
        }
        groups.find_map(|id| match rows.living("security_group", id) {
            None => there(rows, "security_group", id),
            Some(group) => (group["vpc"] != *vpc).then(|| format!("is in {id} of another VPC")),
        })
    })
}

fn peers_are_there(rows: &Rows) -> Option<String> {
    first(rows, "security_group", |_, row| {
        row["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .find_map(|rule| {
                let peer = &rule["flow"]["peer"];
                let group = peer["Group"]
                    .as_str()
                    .and_then(|id| there(rows, "security_group", id));
                group.or_else(|| {
                    peer["PrefixList"]
                        .as_str()
                        .and_then(|id| there(rows, "prefix_list", id))
                })
            })
    })
}

fn companions_are_there(rows: &Rows) -> Option<String> {
    first(rows, "instance", |_, row| {
        let key = Some(text(row, "key_pair")).filter(|name| !name.is_empty());
        let region = text(&row["base"], "region");
        let key = key.and_then(|name| there(rows, "key_pair", &format!("{region}/{name}")));
        let set = Some(text(&row["extras"], "deployment_set")).filter(|id| !id.is_empty());
        key.or_else(|| set.and_then(|id| there(rows, "deployment_set", id)))
    })
}

fn care_is_there(rows: &Rows) -> Option<String> {
    let policies = first(rows, "disk", |_, row| {
        Some(text(row, "policy"))
            .filter(|id| !id.is_empty())
            .and_then(|id| there(rows, "auto_snapshot_policy", id))
    });
    policies.or_else(|| {
        first(rows, "snapshot", |_, row| {
            Some(text(row, "group"))
                .filter(|id| !id.is_empty())
                .and_then(|id| there(rows, "snapshot_group", id))
        })
    })
}

fn snapshots_of_images_are_there(rows: &Rows) -> Option<String> {
    first(rows, "image", |_, row| {
        let mappings = row["custom"]["mappings"].as_array().into_iter().flatten();
        mappings
            .map(|one| text(one, "snapshot"))
            .filter(|id| !id.is_empty())
            .find_map(|id| there(rows, "snapshot", id))
    })
}

fn members_are_there(rows: &Rows) -> Option<String> {
    let contacts = first(rows, "alarm_contact_group", |_, row| {
        list(&row["members"]).find_map(|name| there(rows, "alarm_contact", name))
    });
    let packages = || {
        first(rows, "eip", |_, row| {
            row["package"]
                .as_str()
                .and_then(|id| there(rows, "bandwidth_package", id))
        })
    };
    let targets = || {
        let mut filled = rows
            .kind("metric_alarm_targets")
            .iter()
            .filter(|(_, row)| row.as_array().is_some_and(|list| !list.is_empty()));
        filled.find_map(|(rule, _)| there(rows, "metric_alarm", rule))
    };
    contacts.or_else(packages).or_else(targets)
}

fn nothing_is_overdue(rows: &Rows, now_ms: i64) -> Option<String> {
    rows.iter().find_map(|(kind, key, row)| {
        let phase = || {
            row["phase"]
                .as_object()
                .and_then(|phase| phase.values().next())
                .and_then(Value::as_i64)
        };
        let due = row["due_ms"].as_i64().or_else(phase)?;
        (due < now_ms).then(|| format!("{kind} {key} was due at {due}, now is {now_ms}: {row}"))
    })
}
