//! The traffic that a rule applies to, read from parameters and compared: the identity of the rule.

use std::net::Ipv6Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Fields};
use crate::product::ecs::prefix_list;
use crate::product::ecs::security_group::SecurityGroup;
use crate::refusal::Refusal;
use crate::world::World;

/// The traffic of a rule: its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) direction: Direction,
    /// Upper case, but `ICMPv6`.
    pub(super) protocol: String,
    pub(super) ports: String,
    pub(super) source_ports: String,
    pub(super) accept: bool,
    pub(super) priority: u8,
    /// The other end: source of ingress, destination of egress.
    pub(super) peer: Peer,
    /// The own end, which only rules with five parts name.
    pub(super) near: Option<String>,
}

/// The other end of the traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Peer {
    V4(String),
    V6(String),
    Group(String),
    PrefixList(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    /// The prefix of the other end's parameters.
    pub(super) fn far(self) -> &'static str {
        if self == Self::Ingress {
            "Source"
        } else {
            "Dest"
        }
    }

    pub(super) fn near(self) -> &'static str {
        if self == Self::Ingress {
            "Dest"
        } else {
            "Source"
        }
    }
}

pub(super) fn read_flow(
    world: &World,
    group: &SecurityGroup,
    fields: &Fields<'_>,
    direction: Direction,
) -> Result<Flow, Refusal> {
    let protocol = read_protocol(fields.need("IpProtocol")?)?;
    let ports = read_ports(&protocol, fields.need("PortRange")?)?;
    let source_ports = match fields.given("SourcePortRange") {
        None => "-1/-1".to_owned(),
        Some(text) => read_ports(&protocol, text)?,
    };
    if !matches!(
        fields.given("NicType"),
        None | Some("internet" | "intranet")
    ) {
        return Err(Refusal::bad(
            "InvalidNicType.ValueNotSupported",
            "The specified NicType does not exist.",
        ));
    }
    let (accept, priority) = (read_policy(fields)?, read_priority(fields)?);
    let peer = read_peer(world, group, fields, direction)?;
    let near = near_end(fields, direction)?;
    Ok(Flow {
        direction,
        protocol,
        ports,
        source_ports,
        accept,
        priority,
        peer,
        near,
    })
}

/// The old traffic, overridden by the parameters of the call. The kind of the other end does not
/// change.
pub(super) fn changed_flow(
    world: &World,
    group: &SecurityGroup,
    call: &Call<'_>,
    old: &Flow,
) -> Result<Flow, Refusal> {
    let direction = old.direction;
    let mut flow = old.clone();
    if let Some(text) = call.given("IpProtocol") {
        flow.protocol = read_protocol(text)?;
    }
    flow.ports = read_ports(
        &flow.protocol,
        call.given("PortRange").unwrap_or(&old.ports),
    )?;
    if let Some(text) = call.given("SourcePortRange") {
        flow.source_ports = read_ports(&flow.protocol, text)?;
    }
    if call.given("Policy").is_some() {
        flow.accept = read_policy(call)?;
    }
    if call.given("Priority").is_some() {
        flow.priority = read_priority(call)?;
    }
    call.only("NicType", "intranet")?;
    match read_peer(world, group, call, direction) {
        Ok(peer) if std::mem::discriminant(&peer) == std::mem::discriminant(&old.peer) => {
            flow.peer = peer
        }
        Ok(_) => {
            return Err(Refusal::bad(
                "InvalidParameter.Conflict",
                "The type of the authorization object cannot be changed.",
            ));
        }
        Err(refusal) if refusal.code.starts_with("MissingParameter.") => {}
        Err(refusal) => return Err(refusal),
    }
    if let Some(near) = near_end(call, direction)? {
        flow.near = Some(near);
    }
    Ok(flow)
}

fn read_protocol(text: &str) -> Result<String, Refusal> {
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "TCP" | "UDP" | "ICMP" | "GRE" | "ALL" => Ok(upper),
        "ICMPV6" => Ok("ICMPv6".to_owned()),
        _ => Err(Refusal::bad(
            "InvalidIpProtocol.ValueNotSupported",
            "The parameter IpProtocol must be tcp, udp, icmp, icmpv6, gre or all.",
        )),
    }
}

fn read_ports(protocol: &str, text: &str) -> Result<String, Refusal> {
    if !matches!(protocol, "TCP" | "UDP") {
        let fits = text == "-1/-1";
        let refusal = || {
            Refusal::bad(
                "OperationDenied",
                format!("The port range of {protocol} must be -1/-1."),
            )
        };
        return fits.then(|| text.to_owned()).ok_or_else(refusal);
    }
    let range = text
        .split_once('/')
        .and_then(|(from, to)| Some((from.parse::<u16>().ok()?, to.parse::<u16>().ok()?)));
    match range {
        Some((from, to)) if from >= 1 && from <= to => Ok(format!("{from}/{to}")),
        _ => Err(Refusal::bad(
            "InvalidIpProtocol.Malformed",
            format!("The port range {text} of {protocol} is not valid."),
        )),
    }
}

fn read_policy(fields: &Fields<'_>) -> Result<bool, Refusal> {
    match fields.given("Policy") {
        None => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("accept") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("drop") => Ok(false),
        Some(_) => Err(Refusal::bad(
            "InvalidPolicy.Malformed",
            "The specified parameter \"Policy\" is not valid.",
        )),
    }
}

fn read_priority(fields: &Fields<'_>) -> Result<u8, Refusal> {
    let Some(text) = fields.given("Priority") else {
        return Ok(1);
    };
    let number: i64 = text.parse().map_err(|_| {
        Refusal::bad(
            "InvalidPriority.Malformed",
            "The specified parameter \"Priority\" is not valid.",
        )
    })?;
    let in_range = u8::try_from(number)
        .ok()
        .filter(|number| (1..=100).contains(number));
    in_range.ok_or_else(|| {
        Refusal::bad(
            "InvalidPriority.ValueNotSupported",
            "The specified Priority must be 1 to 100.",
        )
    })
}

/// If several other ends are given, the block wins over the group, and the group over the prefix
/// list.
fn read_peer(
    world: &World,
    group: &SecurityGroup,
    fields: &Fields<'_>,
    direction: Direction,
) -> Result<Peer, Refusal> {
    let far = direction.far();
    let named = |suffix: &str| fields.given(&format!("{far}{suffix}"));
    let (v4, v6) = (named("CidrIp"), fields.given(&format!("Ipv6{far}CidrIp")));
    let (peer_group, owner) = (
        named("GroupId"),
        named("GroupOwnerId").or_else(|| named("GroupOwnerAccount")),
    );
    if let Some(text) = v4 {
        return v4_block(text).map(Peer::V4).ok_or_else(|| malformed(far));
    }
    if let Some(text) = v6 {
        return v6_block(text).map(Peer::V6).ok_or_else(|| malformed(far));
    }
    if let Some(id) = peer_group {
        let ours = owner.is_none_or(|owner| owner == world.account.id);
        return check_peer_group(world, group, id, far).and_then(|peer| {
            if ours {
                Ok(peer)
            } else {
                Err(no_such_peer(far, id))
            }
        });
    }
    match named("PrefixListId") {
        Some(id) if prefix_list::is_in(world, &group.base.region, id) => {
            Ok(Peer::PrefixList(id.to_owned()))
        }
        Some(id) => Err(Refusal::absent(
            "InvalidPrefixListId.NotFound",
            format!("The specified prefix list {id} was not found."),
        )),
        None => Err(Refusal::bad(
            format!("MissingParameter.{far}"),
            format!("One of the {far} parameters must be given."),
        )),
    }
}

fn malformed(far: &str) -> Refusal {
    Refusal::bad(
        format!("Invalid{far}CidrIp.Malformed"),
        format!("The specified parameter {far}CidrIp is not valid."),
    )
}

fn no_such_peer(far: &str, id: &str) -> Refusal {
    Refusal::absent(
        format!("Invalid{far}GroupId.NotFound"),
        format!("The specified {far}GroupId {id} does not exist."),
    )
}

fn check_peer_group(
    world: &World,
    group: &SecurityGroup,
    id: &str,
    far: &str,
) -> Result<Peer, Refusal> {
    if id == group.base.id {
        return Err(Refusal::denied(
            "InvalidParamter.Conflict",
            format!("The {far}GroupId must not be the group itself."),
        ));
    }
    let peer = world
        .tables
        .security_groups
        .get(id)
        .filter(|peer| !peer.base.released && peer.base.region == group.base.region);
    let peer = peer.ok_or_else(|| no_such_peer(far, id))?;
    if peer.vpc != group.vpc || group.enterprise || peer.enterprise {
        let message = format!("The {far}GroupId must be a normal group of the same VPC.");
        return Err(Refusal::bad(
            format!("Invalid{far}GroupId.Mismatch"),
            message,
        ));
    }
    Ok(Peer::Group(id.to_owned()))
}

fn near_end(fields: &Fields<'_>, direction: Direction) -> Result<Option<String>, Refusal> {
    let near = direction.near();
    let (v4, v6) = (
        fields.given(&format!("{near}CidrIp")),
        fields.given(&format!("Ipv6{near}CidrIp")),
    );
    let block = match (v4, v6) {
        (Some(text), _) => v4_block(text),
        (None, Some(text)) => v6_block(text),
        (None, None) => return Ok(None),
    };
    block.map(Some).ok_or_else(|| malformed(near))
}

/// A block, or a single address, which keeps its form; host bits are cleared.
fn v4_block(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
        return Some(address.to_string());
    }
    text.parse::<Ipv4Net>()
        .ok()
        .map(|net| net.trunc().to_string())
}

fn v6_block(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some(address.to_string());
    }
    text.parse::<Ipv6Net>()
        .ok()
        .map(|net| net.trunc().to_string())
}

/// An address and its block of one address are the same traffic.
pub(super) fn same(a: &Flow, b: &Flow) -> bool {
    let bare = |text: &str| {
        text.strip_suffix("/32")
            .or_else(|| text.strip_suffix("/128"))
            .unwrap_or(text)
            .to_owned()
    };
    let peer = |flow: &Flow| match &flow.peer {
        Peer::V4(text) | Peer::V6(text) => bare(text),
        Peer::Group(id) | Peer::PrefixList(id) => id.clone(),
    };
    let plain = |flow: &Flow| Flow {
        peer: Peer::Group(peer(flow)),
        near: flow.near.as_deref().map(bare),
        ..flow.clone()
    };
    plain(a) == plain(b)
}
