//! `network_acl`: the traffic that may enter and leave VSwitches.
//!
//! Modifying (2 s) → Available. A list of entries is replaced as a whole. Bound VSwitches are
//! `BINDING` until the ACL is Available. Page numbers and totals of the listing are texts.
//! Invariant: a VSwitch is bound to one ACL at most.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::page;
use crate::product::Actions;
use crate::product::vpc::label::Labels;
use crate::product::vpc::phase::{self, Phase};
use crate::product::vpc::{network, vswitch};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateNetworkAcl", create),
    ("DescribeNetworkAcls", describe),
    ("DescribeNetworkAclAttributes", describe_attributes),
    ("ModifyNetworkAclAttributes", modify),
    ("UpdateNetworkAclEntries", update),
    ("AssociateNetworkAcl", |world, call| bind(world, call, true)),
    ("UnassociateNetworkAcl", |world, call| {
        bind(world, call, false)
    }),
    ("DeleteNetworkAcl", delete),
];

/// A network ACL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkAcl {
    pub(crate) base: Base,
    phase: Phase,
    pub(crate) vpc: String,
    ingress: Vec<Entry>,
    egress: Vec<Entry>,
}

/// One entry of either direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    id: String,
    name: String,
    description: String,
    policy: String,
    protocol: String,
    port: String,
    /// The source of ingress, the destination of egress.
    block: String,
}

impl Row for NetworkAcl {
    const KIND: &'static str = "network_acl";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        if self.phase == Phase::Available {
            "Available"
        } else {
            "Modifying"
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.phase.due_ms()
    }

    fn step(world: &mut World, id: &str) {
        phase::settle(&mut world.tables.network_acls, id, |row| &mut row.phase);
    }
}

fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a NetworkAcl, Refusal> {
    let id = call.need("NetworkAclId")?;
    let acl = world
        .tables
        .network_acls
        .get(id)
        .filter(|row| call.in_region(&row.base.region));
    acl.ok_or_else(|| {
        Refusal::absent(
            "InvalidNetworkAcl.NotFound",
            format!("The specified network ACL {id} does not exist."),
        )
    })
}

/// The ACL that a call changes, which must be Available.
fn at_rest(world: &World, call: &Call<'_>) -> Result<String, Refusal> {
    let acl = find(world, call)?;
    acl.phase.require_available("IncorrectStatus.NetworkAcl")?;
    Ok(acl.base.id.clone())
}

/// Makes an ACL Modifying for some time.
fn change<'a>(world: &'a mut World, id: &str) -> &'a mut NetworkAcl {
    let until = world.now_ms() + world.options.profile.entry_ms;
    let acl = world
        .tables
        .network_acls
        .get_mut(id)
        .expect("the ACL was just found");
    acl.phase = Phase::Modifying(until);
    acl
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let vpc = network::find(world, call, call.need("VpcId")?)?;
    vpc.require_available("IncorrectVpcStatus")?;
    let (vpc, region) = (vpc.base.id.clone(), vpc.base.region.clone());
    let labels = Labels::of(call, "NetworkAclName")?;
    let tags = tags::of_create(call)?;
    let mut base = world.new_base("nacl", &region);
    labels.put(&mut base);
    base.tags = tags;
    let id = base.id.clone();
    let phase = Phase::Modifying(world.now_ms() + world.options.profile.entry_ms);
    let all = |world: &mut World| {
        vec![Entry {
            id: world.next_id("nae", &region),
            ..Entry::all()
        }]
    };
    let (ingress, egress) = (all(world), all(world));
    let acl = NetworkAcl {
        base,
        phase,
        vpc,
        ingress,
        egress,
    };
    // The answer of the create call has fewer fields than reads.
    let mut shown = listed(world, &acl);
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("OwnerId");
        fields.remove("Tags");
        strip(fields, "IngressAclEntries", "IngressAclEntry");
        strip(fields, "EgressAclEntries", "EgressAclEntry");
    }
    world.tables.network_acls.insert(&id, acl);
    Ok(json!({"NetworkAclId": id, "NetworkAclAttribute": shown}))
}

fn strip(fields: &mut Map<String, Value>, list: &str, element: &str) {
    for entry in fields[list][element]
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        entry.remove("EntryType");
        entry.remove("IpVersion");
    }
}

impl Entry {
    /// The entries of a new ACL in either direction.
    fn all() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            description: String::new(),
            policy: "accept".to_owned(),
            protocol: "all".to_owned(),
            port: "-1/-1".to_owned(),
            block: "0.0.0.0/0".to_owned(),
        }
    }

    fn listed(&self, block: &str) -> Value {
        let mut body = json!({
            "NetworkAclEntryId": self.id, "NetworkAclEntryName": self.name,
            "Description": self.description,
            "Policy": self.policy, "Protocol": self.protocol, "Port": self.port,
            "EntryType": "custom", "IpVersion": "IPV4",
        });
        body[block] = json!(self.block);
        body
    }
}

fn listed(world: &World, acl: &NetworkAcl) -> Value {
    let status = if acl.phase == Phase::Available {
        "BINDED"
    } else {
        "BINDING"
    };
    let bound = world
        .shown(&world.tables.vswitches, true)
        .filter(|row| row.network_acl == acl.base.id);
    let resources: Vec<Value> = bound
        .map(|row| json!({"ResourceId": row.base.id, "ResourceType": "VSwitch", "Status": status}))
        .collect();
    let ingress: Vec<Value> = acl
        .ingress
        .iter()
        .map(|entry| entry.listed("SourceCidrIp"))
        .collect();
    let egress: Vec<Value> = acl
        .egress
        .iter()
        .map(|entry| entry.listed("DestinationCidrIp"))
        .collect();
    json!({
        "NetworkAclId": acl.base.id,
        "NetworkAclName": acl.base.name,
        "Description": acl.base.description,
        "VpcId": acl.vpc,
        "RegionId": acl.base.region,
        "Status": acl.state(),
        "CreationTime": Timestamp(acl.base.created_ms).seconds(),
        "OwnerId": world.account.number(),
        "Resources": {"Resource": resources},
        "IngressAclEntries": {"IngressAclEntry": ingress},
        "EgressAclEntries": {"EgressAclEntry": egress},
        "Tags": tags::key_list(&acl.base.tags),
    })
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (id, name, vpc) = (
        call.given("NetworkAclId"),
        call.given("NetworkAclName"),
        call.given("VpcId"),
    );
    call.only("ResourceType", "VSwitch")?;
    let bound = call.given("ResourceId");
    let has = |row: &NetworkAcl, id: &str| {
        world
            .tables
            .vswitches
            .get(id)
            .is_some_and(|vswitch| vswitch.network_acl == row.base.id)
    };
    let filter = tags::Filter::under(call, "Tags")?;
    let rows = world
        .shown(&world.tables.network_acls, id.is_some())
        .filter(|row| {
            row.base.region == region
                && id.is_none_or(|id| id == row.base.id)
                && name.is_none_or(|name| name == row.base.name)
                && vpc.is_none_or(|vpc| vpc == row.vpc)
                && bound.is_none_or(|bound| has(row, bound))
                && filter.fits(&row.base.tags)
        });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let rows: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    Ok(json!({
        "PageNumber": page.number.to_string(), "PageSize": page.size.to_string(),
        "TotalCount": page.total.to_string(),
        "NetworkAcls": {"NetworkAcl": rows},
    }))
}

fn describe_attributes(world: &mut World, call: &Call<'_>) -> Answer {
    Ok(json!({"NetworkAclAttribute": listed(world, find(world, call)?)}))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let labels = Labels::of(call, "NetworkAclName")?;
    let id = at_rest(world, call)?;
    labels.put(&mut change(world, &id).base);
    done()
}

/// A direction is replaced only if its flag is set.
fn update(world: &mut World, call: &Call<'_>) -> Answer {
    let id = at_rest(world, call)?;
    let ingress = entries(world, call, "Ingress", "SourceCidrIp")?;
    let egress = entries(world, call, "Egress", "DestinationCidrIp")?;
    let acl = change(world, &id);
    if let Some(ingress) = ingress {
        acl.ingress = ingress;
    }
    if let Some(egress) = egress {
        acl.egress = egress;
    }
    done()
}

fn entries(
    world: &mut World,
    call: &Call<'_>,
    direction: &str,
    block: &str,
) -> Result<Option<Vec<Entry>>, Refusal> {
    if call.flag(&format!("Update{direction}AclEntries"))? != Some(true) {
        return Ok(None);
    }
    let region = call.region_needed()?;
    let rows = call.rows(&format!("{direction}AclEntries"));
    rows.iter()
        .map(|row| entry(world, region, row, block))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn entry(world: &mut World, region: &str, row: &Fields<'_>, block: &str) -> Result<Entry, Refusal> {
    row.only("EntryType", "custom")?;
    row.only("IpVersion", "IPV4")?;
    let (policy, protocol) = (
        row.need("Policy")?.to_lowercase(),
        row.need("Protocol")?.to_lowercase(),
    );
    if !["accept", "drop"].contains(&policy.as_str()) {
        return Err(Refusal::invalid("Policy"));
    }
    if !["icmp", "gre", "tcp", "udp", "all"].contains(&protocol.as_str()) {
        return Err(Refusal::invalid("Protocol"));
    }
    let range = row.need(block)?;
    if range.parse::<ipnet::Ipv4Net>().is_err() {
        return Err(Refusal::invalid(block));
    }
    let id = row
        .given("NetworkAclEntryId")
        .map_or_else(|| world.next_id("nae", region), str::to_owned);
    let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
    let (name, description, port) = (
        text("NetworkAclEntryName"),
        text("Description"),
        row.need("Port")?.to_owned(),
    );
    Ok(Entry {
        id,
        name,
        description,
        policy,
        protocol,
        port,
        block: range.to_owned(),
    })
}

fn bind(world: &mut World, call: &Call<'_>, on: bool) -> Answer {
    let id = at_rest(world, call)?;
    let vpc = find(world, call)?.vpc.clone();
    for row in call.rows("Resource") {
        if row.need("ResourceType")? != "VSwitch" {
            return Err(Refusal::invalid("ResourceType"));
        }
        let target = row.need("ResourceId")?;
        let vswitch = vswitch::find(world, call, target)?;
        if vswitch.vpc != vpc {
            return Err(Refusal::bad(
                "InvalidParameter.Mismatch",
                "The VSwitch belongs to another VPC.",
            ));
        }
        let fits = if on {
            vswitch.network_acl.is_empty()
        } else {
            vswitch.network_acl == id
        };
        if !fits {
            let code = if on {
                "NetworkAclExistBinding"
            } else {
                "ResourceNotAssociatedAcl"
            };
            return Err(Refusal::bad(
                code,
                "The binding of the VSwitch does not allow this.",
            ));
        }
        let vswitch = world
            .tables
            .vswitches
            .get_mut(target)
            .expect("the VSwitch was just found");
        vswitch.network_acl = if on { id.clone() } else { String::new() };
    }
    change(world, &id);
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = at_rest(world, call)?;
    if world
        .tables
        .vswitches
        .values()
        .any(|row| row.network_acl == id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.VSwitch",
            "The network ACL is still bound to a VSwitch.",
        ));
    }
    let until = world.now_ms() + world.options.profile.entry_ms;
    change(world, &id).phase = Phase::Deleting(until);
    done()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::testing::{Bench, text};

    fn attributes(bench: &mut Bench, id: (&str, &str)) -> Value {
        bench.ok("vpc.DescribeNetworkAclAttributes", &[id])["NetworkAclAttribute"].clone()
    }

    #[test]
    fn an_acl_lives() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let vswitch = bench.vswitch(&vpc, "172.16.1.0/24");
        let made = bench.ok(
            "vpc.CreateNetworkAcl",
            &[("VpcId", &vpc), ("NetworkAclName", "door")],
        );
        let id = text(&made, "NetworkAclId");
        let on = [
            ("NetworkAclId", id.as_str()),
            ("Resource.1.ResourceType", "VSwitch"),
            ("Resource.1.ResourceId", vswitch.as_str()),
        ];
        bench.refused(
            "vpc.AssociateNetworkAcl",
            &on,
            "400 IncorrectStatus.NetworkAcl",
        );
        bench.wait(2_000);
        bench.ok("vpc.AssociateNetworkAcl", &on);
        assert_eq!(
            attributes(&mut bench, on[0])["Resources"]["Resource"][0]["Status"],
            "BINDING"
        );
        bench.wait(2_000);
        bench.refused(
            "vpc.DeleteVSwitch",
            &[("VSwitchId", &vswitch)],
            "400 DependencyViolation.NetworkAcl",
        );
        bench.refused(
            "vpc.DeleteNetworkAcl",
            &on[..1],
            "400 DependencyViolation.VSwitch",
        );
        bench.wait(2_000);
        bench.ok(
            "vpc.ModifyNetworkAclAttributes",
            &[on[0], ("NetworkAclName", "gate")],
        );
        let listed = bench.ok(
            "vpc.DescribeNetworkAcls",
            &[("NetworkAclName", "gate"), ("ResourceId", &vswitch)],
        );
        assert_eq!(listed["TotalCount"], "1");
        bench.wait(2_000);
        bench.refused(
            "vpc.DeleteVpc",
            &[("VpcId", &vpc)],
            "400 DependencyViolation.VSwitch",
        );
        bench.ok("vpc.UnassociateNetworkAcl", &on);
        bench.wait(2_000);
        bench.refused(
            "vpc.UnassociateNetworkAcl",
            &on,
            "400 ResourceNotAssociatedAcl",
        );
        bench.ok("vpc.DeleteNetworkAcl", &on[..1]);
        bench.wait(2_000);
        bench.refused(
            "vpc.DescribeNetworkAclAttributes",
            &on[..1],
            "404 InvalidNetworkAcl.NotFound",
        );
    }

    #[test]
    fn rules_of_one_direction_are_replaced() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let made = bench.ok("vpc.CreateNetworkAcl", &[("VpcId", &vpc)]);
        let id = text(&made, "NetworkAclId");
        let id = ("NetworkAclId", id.as_str());
        bench.wait(2_000);
        let rule = [
            id,
            ("UpdateIngressAclEntries", "true"),
            ("IngressAclEntries.1.Policy", "drop"),
            ("IngressAclEntries.1.Protocol", "tcp"),
            ("IngressAclEntries.1.Port", "22/22"),
            ("IngressAclEntries.1.SourceCidrIp", "0.0.0.0/0"),
        ];
        bench.ok("vpc.UpdateNetworkAclEntries", &rule);
        let row = attributes(&mut bench, id);
        assert_eq!(
            (
                &row["Status"],
                &row["IngressAclEntries"]["IngressAclEntry"][0]["Policy"]
            ),
            (&"Modifying".into(), &"drop".into())
        );
        assert_eq!(
            row["EgressAclEntries"]["EgressAclEntry"][0]["Policy"], "accept",
            "the other direction stays"
        );
    }
}
