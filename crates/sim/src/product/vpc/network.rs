//! `vpc`: a private network with its address blocks.
//!
//! Pending (2 s) → Available; a change of blocks and a deletion pass through Pending. A VPC has a
//! virtual router and a system route table, created and deleted with it. Invariant: blocks of one
//! VPC do not overlap.

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::cidr;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::vpc::{ipv6, label, route_table};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateVpc", create),
    ("DescribeVpcs", describe),
    ("DescribeVpcAttribute", describe_attribute),
    ("ModifyVpcAttribute", modify),
    ("DeleteVpc", delete),
];

/// A VPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) base: Base,
    pub(crate) state: State,
    pub(crate) due_ms: Option<i64>,
    pub(crate) cidr_block: Ipv4Net,
    pub(crate) secondary: Vec<Ipv4Net>,
    user_cidrs: Vec<String>,
    pub(crate) vrouter: String,
    pub(crate) route_table: String,
    dns_hostname: bool,
    pub(crate) is_default: bool,
    #[serde(default)]
    pub(crate) ipv6: Option<Ipv6Net>,
}

/// The state of a VPC. The API shows all but `Available` as `Pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Pending,
    Available,
    Deleting,
}

impl Row for Vpc {
    const KIND: &'static str = "vpc";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        if self.state == State::Available {
            "Available"
        } else {
            "Pending"
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    fn step(world: &mut World, id: &str) {
        let Some(vpc) = world.tables.vpcs.get_mut(id) else {
            return;
        };
        vpc.due_ms = None;
        match vpc.state {
            State::Pending | State::Available => vpc.state = State::Available,
            State::Deleting => {
                let table = vpc.route_table.clone();
                world.tables.vpcs.remove(id);
                world.tables.route_tables.remove(&table);
            }
        }
    }
}

impl Vpc {
    /// Makes the VPC Pending for some time.
    pub(crate) fn pend(&mut self, until_ms: i64) {
        self.state = State::Pending;
        self.due_ms = Some(until_ms);
    }

    /// The primary block and all secondary ones.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Ipv4Net> {
        std::iter::once(self.cidr_block).chain(self.secondary.iter().copied())
    }

    pub(crate) fn require_available(&self, code: &'static str) -> Result<(), Refusal> {
        match self.state {
            State::Available => Ok(()),
            _ => Err(Refusal::bad(
                code,
                format!(
                    "Current VPC status does not support this operation: {} is Pending.",
                    self.base.id
                ),
            )),
        }
    }
}

/// The VPC that a call names.
pub(crate) fn find<'a>(world: &'a World, call: &Call<'_>, id: &str) -> Result<&'a Vpc, Refusal> {
    let vpc = world
        .tables
        .vpcs
        .get(id)
        .filter(|vpc| !vpc.base.released && call.in_region(&vpc.base.region));
    vpc.ok_or_else(|| {
        Refusal::absent(
            "InvalidVpcId.NotFound",
            format!("Specified VPC {id} does not exist."),
        )
    })
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("Ipv6Isp", "BGP")?;
    let ipv6 = call.flag("EnableIpv6")?.unwrap_or(false);
    let cidr_block = primary_block(call.given("CidrBlock").unwrap_or("172.16.0.0/12"))?;
    let (name, description) = texts(call)?;
    let tags = tags::of_create(call)?;
    let user_cidrs: Vec<String> = call
        .given("UserCidr")
        .map(|list| list.split(',').map(str::to_owned).collect())
        .unwrap_or_default();
    if user_cidrs.len() > 3 {
        return Err(Refusal::bad(
            "InvalidUserCidr.Quota",
            "The user CIDR quota is exceeded.",
        ));
    }
    if user_cidrs.iter().any(|block| cidr::exact(block).is_none()) {
        return Err(Refusal::bad(
            "InvalidUserCidr.Malformed",
            "The specified user CIDR is malformed.",
        ));
    }
    let id = make(world, region, cidr_block)?;
    let dns_hostname = call.flag("EnableDnsHostname")?.unwrap_or(false);
    ipv6::switch(world, &id, ipv6)?;
    let vpc = world
        .tables
        .vpcs
        .get_mut(&id)
        .expect("the VPC was just made");
    (vpc.base.name, vpc.base.description, vpc.base.tags) = (
        name.unwrap_or_default(),
        description.unwrap_or_default(),
        tags,
    );
    (vpc.user_cidrs, vpc.dns_hostname) = (user_cidrs, dns_hostname);
    label::put_group(call, &mut vpc.base);
    Ok(json!({
        "VpcId": id, "VRouterId": vpc.vrouter, "RouteTableId": vpc.route_table,
        "ResourceGroupId": vpc.base.resource_group,
    }))
}

/// Creates a VPC with its router and system route table, if the quota allows; returns its id.
pub(crate) fn make(
    world: &mut World,
    region: &str,
    cidr_block: Ipv4Net,
) -> Result<String, Refusal> {
    let here = world
        .tables
        .vpcs
        .values()
        .filter(|vpc| vpc.base.region == region)
        .count();
    if here >= world.options.quotas.vpcs {
        return Err(Refusal::bad(
            "QuotaExceeded.Vpc",
            "The number of VPCs exceeds the quota in this region.",
        ));
    }
    let base = world.new_base("vpc", region);
    let vrouter = world.next_id("vrt", region);
    let route_table = route_table::make_system(world, &base, &vrouter);
    let due_ms = Some(world.now_ms() + world.options.profile.vpc_create_ms);
    let id = base.id.clone();
    let vpc = Vpc {
        base,
        state: State::Pending,
        due_ms,
        cidr_block,
        secondary: Vec::new(),
        user_cidrs: Vec::new(),
        vrouter,
        route_table,
        dns_hostname: false,
        is_default: false,
        ipv6: None,
    };
    world.tables.vpcs.insert(&id, vpc);
    Ok(id)
}

/// Parses a block that a VPC may have: without host bits, 8 to 28 bits long, not reserved.
pub(crate) fn primary_block(text: &str) -> Result<Ipv4Net, Refusal> {
    let block = cidr::exact(text)
        .filter(|net| (8..=28).contains(&net.prefix_len()) && !cidr::forbidden(*net));
    block.ok_or_else(|| {
        Refusal::bad(
            "InvalidCidrBlock.Malformed",
            format!("Specified CIDR block {text} is not valid."),
        )
    })
}

fn texts(call: &Call<'_>) -> Result<(Option<String>, Option<String>), Refusal> {
    let name = call.text("VpcName").map(str::to_owned);
    if name
        .as_deref()
        .is_some_and(|name| !name.is_empty() && !names::is_text(name, 1, 128))
    {
        return Err(Refusal::bad(
            "InvalidVpcName.Malformed",
            "Specified VPC name is not valid.",
        ));
    }
    let description = call.text("Description").map(str::to_owned);
    if description
        .as_deref()
        .is_some_and(|text| !text.is_empty() && !names::is_text(text, 1, 256))
    {
        return Err(Refusal::bad(
            "InvalidVpcDiscription.Malformed",
            "Specified VPC description is not valid.",
        ));
    }
    Ok((name, description))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let ids: Option<Vec<&str>> = call
        .given("VpcId")
        .map(|list| list.split(',').map(str::trim).collect());
    if ids.as_ref().is_some_and(|ids| ids.len() > 20) {
        return Err(Refusal::invalid("VpcId"));
    }
    let (name, group, is_default) = (
        call.given("VpcName"),
        call.given("ResourceGroupId"),
        call.flag("IsDefault")?,
    );
    let (owner, ipv6) = (call.int("VpcOwnerId")?, call.flag("EnableIpv6")?);
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.vpcs, ids.is_some())
        .filter(|vpc| {
            vpc.base.region == region
                && ids
                    .as_ref()
                    .is_none_or(|ids| ids.contains(&vpc.base.id.as_str()))
                && name.is_none_or(|name| name == vpc.base.name)
                && group.is_none_or(|group| group == vpc.base.resource_group)
                && is_default.is_none_or(|is_default| is_default == vpc.is_default)
                && ipv6.is_none_or(|ipv6| ipv6 == vpc.ipv6.is_some())
                && owner.is_none_or(|owner| owner == world.account.number())
                && filter.fits(&vpc.base.tags)
        });
    let page = page::numbered(call, page::newest_first(rows, |vpc| &vpc.base), 50)?;
    let vpcs: Vec<Value> = page.items.iter().map(|vpc| listed(world, vpc)).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "Vpcs": {"Vpc": vpcs},
    }))
}

/// The fields that listing and attribute read share.
fn common(world: &World, vpc: &Vpc) -> Value {
    let vswitches = page::newest_first(
        world
            .shown(&world.tables.vswitches, true)
            .filter(|vswitch| vswitch.vpc == vpc.base.id),
        |vswitch| &vswitch.base,
    );
    let ids: Vec<&str> = vswitches
        .iter()
        .take(300)
        .map(|vswitch| vswitch.base.id.as_str())
        .collect();
    let ipv6_blocks: Vec<Value> = vpc
        .ipv6
        .iter()
        .map(|block| json!({"Ipv6CidrBlock": block.to_string(), "Ipv6Isp": "BGP"}))
        .collect();
    let secondary: Vec<String> = vpc.secondary.iter().map(ToString::to_string).collect();
    json!({
        "VpcId": vpc.base.id,
        "VpcName": vpc.base.name,
        "Description": vpc.base.description,
        "CidrBlock": vpc.cidr_block.to_string(),
        "RegionId": vpc.base.region,
        "ResourceGroupId": vpc.base.resource_group,
        "VRouterId": vpc.vrouter,
        "Status": vpc.state(),
        "CreationTime": Timestamp(vpc.base.created_ms).seconds(),
        "IsDefault": vpc.is_default,
        "VSwitchIds": {"VSwitchId": ids},
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": secondary},
        "UserCidrs": {"UserCidr": vpc.user_cidrs},
        "Tags": tags::key_list(&vpc.base.tags),
        "OwnerId": world.account.number(),
        "EnabledIpv6": vpc.ipv6.is_some(),
        "Ipv6CidrBlock": ipv6::text(vpc.ipv6),
        "Ipv6CidrBlocks": {"Ipv6CidrBlock": ipv6_blocks},
        "DhcpOptionsSetId": "",
        "DhcpOptionsSetStatus": "",
        "DnsHostnameStatus": if vpc.dns_hostname { "ENABLED" } else { "DISABLED" },
    })
}

fn listed(world: &World, vpc: &Vpc) -> Value {
    let mut body = common(world, vpc);
    let custom = world
        .shown(&world.tables.route_tables, true)
        .filter(|table| table.vpc == vpc.base.id && table.custom);
    let tables: Vec<&str> = std::iter::once(vpc.route_table.as_str())
        .chain(custom.map(|table| table.base.id.as_str()))
        .collect();
    let gateways = world
        .shown(&world.tables.nat_gateways, true)
        .filter(|gateway| gateway.vpc == vpc.base.id);
    let gateways: Vec<&str> = gateways.map(|gateway| gateway.base.id.as_str()).collect();
    body["RouterTableIds"] = json!({ "RouterTableIds": tables });
    body["NatGatewayIds"] = json!({ "NatGatewayIds": gateways });
    body["CenStatus"] = json!("");
    body
}

fn describe_attribute(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("IsDefault", "false")?;
    let id = call.need("VpcId")?;
    find(world, call, id)?;
    let shown = world
        .shown(&world.tables.vpcs, true)
        .find(|vpc| vpc.base.id == id);
    let vpc = shown
        .ok_or_else(|| Refusal::absent("InvalidVpcId.NotFound", "Specified VPC does not exist."))?;
    let mut body = common(world, vpc);
    let vswitches = body["VSwitchIds"]["VSwitchId"]
        .as_array()
        .map_or(0, Vec::len);
    body["AssociatedCens"] = json!({"AssociatedCen": []});
    body["CloudResources"] = json!({"CloudResourceSetType": [
        {"ResourceType": "VSwitch", "ResourceCount": vswitches},
        {"ResourceType": "VRouter", "ResourceCount": 1},
    ]});
    body["ClassicLinkEnabled"] = json!(false);
    body["Ipv4GatewayId"] = json!("");
    body["SupportIpv4Gateway"] = json!(true);
    Ok(body)
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("Ipv6Isp", "BGP")?;
    let id = call.need("VpcId")?;
    let vpc = find(world, call, id)?;
    let (name, description) = texts(call)?;
    let (block, dns_hostname) = (
        call.given("CidrBlock").map(primary_block).transpose()?,
        call.flag("EnableDnsHostname")?,
    );
    let ipv6 = call.flag("EnableIPv6")?;
    if name.is_none()
        && description.is_none()
        && block.is_none()
        && dns_hostname.is_none()
        && ipv6.is_none()
    {
        return Err(Refusal::missing("VpcName"));
    }
    vpc.require_available("IncorrectVpcStatus")?;
    if let Some(block) = block {
        check_new_primary(world, vpc, block)?;
    }
    let switched = ipv6.map_or(Ok(false), |on| ipv6::switch(world, id, on))?;
    let until = world.now_ms() + world.options.profile.vpc_update_ms;
    let vpc = world
        .tables
        .vpcs
        .get_mut(id)
        .expect("the VPC was just found");
    if let Some(name) = name {
        vpc.base.name = name;
    }
    if let Some(description) = description {
        vpc.base.description = description;
    }
    vpc.dns_hostname = dns_hostname.unwrap_or(vpc.dns_hostname);
    if let Some(block) = block {
        vpc.cidr_block = block;
    }
    if block.is_some() || switched {
        vpc.pend(until);
    }
    done()
}

/// All VSwitches must be inside of a new primary block, and it must not overlap a secondary one.
fn check_new_primary(world: &World, vpc: &Vpc, block: Ipv4Net) -> Result<(), Refusal> {
    if vpc
        .secondary
        .iter()
        .any(|other| cidr::overlap(*other, block))
    {
        return Err(Refusal::bad(
            "OperationDenied.CidrConflictWithExistCidr",
            "The CIDR block conflicts with an existing one.",
        ));
    }
    let outside = |vswitch: &Ipv4Net| {
        !block.contains(vswitch) && !vpc.secondary.iter().any(|other| other.contains(vswitch))
    };
    let mut inside_vpc = world
        .tables
        .vswitches
        .values()
        .filter(|vswitch| vswitch.vpc == vpc.base.id)
        .map(|vswitch| vswitch.cidr_block);
    match inside_vpc.find(outside) {
        Some(used) => Err(Refusal::bad(
            "OperationFailed.CidrInUse",
            format!("The VSwitch block {used} is outside the new block."),
        )),
        None => Ok(()),
    }
}

/// Refuses the deletion of a VPC with dependent resources.
fn require_empty(world: &World, id: &str) -> Result<(), Refusal> {
    // Resources that listings no longer show still count: the cloud releases them late.
    if world
        .tables
        .vswitches
        .values()
        .any(|vswitch| vswitch.vpc == id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.VSwitch",
            "There is still VSwitch under VPC.",
        ));
    }
    if world
        .tables
        .security_groups
        .values()
        .any(|group| group.vpc == id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.SecurityGroup",
            "There is still SecurityGroup under VPC.",
        ));
    }
    if world
        .tables
        .nat_gateways
        .values()
        .any(|gateway| gateway.vpc == id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.NatGateway",
            "There is still NatGateway under VPC.",
        ));
    }
    if world
        .tables
        .route_entries
        .values()
        .any(|entry| entry.vpc == id)
    {
        return Err(Refusal::bad(
            "DependencyViolation.RouteEntry",
            "There is still RouteEntry under VPC.",
        ));
    }
    if world
        .tables
        .route_tables
        .values()
        .any(|table| table.vpc == id && table.custom)
    {
        return Err(Refusal::bad(
            "DependencyViolation.RouteTable",
            "There is still RouteTable under VPC.",
        ));
    }
    if world.tables.network_acls.values().any(|acl| acl.vpc == id) {
        return Err(Refusal::bad(
            "DependencyViolation",
            "There is still NetworkAcl under VPC.",
        ));
    }
    Ok(())
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["ForceDelete"]);
    let id = call.need("VpcId")?;
    let vpc = find(world, call, id)?;
    vpc.require_available("IncorrectVpcStatus")?;
    require_empty(world, id)?;
    let due_ms = Some(world.now_ms() + world.options.profile.vpc_delete_ms);
    let vpc = world
        .tables
        .vpcs
        .get_mut(id)
        .expect("the VPC was just found");
    (vpc.state, vpc.due_ms) = (State::Deleting, due_ms);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_vpc_lives() {
        let mut bench = Bench::new();
        let made = bench.ok(
            "vpc.CreateVpc",
            &[
                ("CidrBlock", "10.0.0.0/16"),
                ("VpcName", "net"),
                ("Tag.1.Key", "a"),
                ("Tag.1.Value", "b"),
            ],
        );
        let id = text(&made, "VpcId");
        let list = |bench: &mut Bench| {
            bench.ok("vpc.DescribeVpcs", &[("VpcId", &id)])["Vpcs"]["Vpc"].clone()
        };
        assert_eq!(list(&mut bench)[0]["Status"], "Pending");
        bench.refused("vpc.DeleteVpc", &[("VpcId", &id)], "400 IncorrectVpcStatus");
        bench.wait(2_000);
        let row = list(&mut bench)[0].clone();
        assert_eq!(
            (&row["Status"], &row["CidrBlock"], &row["VpcName"]),
            (&"Available".into(), &"10.0.0.0/16".into(), &"net".into())
        );
        assert_eq!(row["Tags"]["Tag"][0]["Key"], "a");
        let tables = bench.ok("vpc.DescribeRouteTableList", &[("VpcId", &id)]);
        assert_eq!(
            tables["RouterTableList"]["RouterTableListType"][0]["RouteTableId"],
            made["RouteTableId"]
        );
        assert_eq!(
            text(
                &bench.ok("vpc.DescribeVpcAttribute", &[("VpcId", &id)]),
                "Status"
            ),
            "Available"
        );
        bench.ok("vpc.DeleteVpc", &[("VpcId", &id)]);
        bench.wait(2_000);
        assert_eq!(list(&mut bench).as_array().map(Vec::len), Some(0));
        bench.refused(
            "vpc.DescribeVpcAttribute",
            &[("VpcId", &id)],
            "404 InvalidVpcId.NotFound",
        );
        assert!(
            bench.world.resources().is_empty(),
            "the route table goes too"
        );
    }

    #[test]
    fn blocks_of_a_vpc() {
        let mut bench = Bench::new();
        for (block, expected) in [
            ("10.0.0.1/16", "400 InvalidCidrBlock.Malformed"),
            ("10.0.0.0/29", "400 InvalidCidrBlock.Malformed"),
            ("100.64.0.0/16", "400 InvalidCidrBlock.Malformed"),
            ("nonsense", "400 InvalidCidrBlock.Malformed"),
        ] {
            bench.refused("vpc.CreateVpc", &[("CidrBlock", block)], expected);
        }
        bench.refused(
            "vpc.CreateVpc",
            &[("Ipv4IpamPoolId", "ipam-pool-1")],
            "400 Simulator.NotModelled",
        );
        bench.refused(
            "vpc.CreateVpc",
            &[("VpcName", "http://x")],
            "400 InvalidVpcName.Malformed",
        );
    }

    #[test]
    fn secondary_blocks_and_another_primary_one() {
        let mut bench = Bench::new();
        let id = text(
            &bench.ok("vpc.CreateVpc", &[("CidrBlock", "10.0.0.0/16")]),
            "VpcId",
        );
        let second = [
            ("VpcId", id.as_str()),
            ("SecondaryCidrBlock", "10.1.0.0/16"),
        ];
        bench.refused(
            "vpc.AssociateVpcCidrBlock",
            &second,
            "400 IncorrectStatus.Vpc",
        );
        bench.wait(2_000);
        bench.ok("vpc.AssociateVpcCidrBlock", &second);
        bench.wait(1_000);
        bench.refused(
            "vpc.AssociateVpcCidrBlock",
            &second,
            "400 OperationDenied.CidrConflictWithExistCidr",
        );
        bench.vswitch(&id, "10.1.1.0/24");
        bench.refused(
            "vpc.UnassociateVpcCidrBlock",
            &second,
            "400 OperationFailed.CidrInUse",
        );
        bench.ok(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &id), ("CidrBlock", "10.2.0.0/16")],
        );
        bench.wait(1_000);
        bench.vswitch(&id, "10.2.1.0/24");
        bench.refused(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &id), ("CidrBlock", "10.3.0.0/16")],
            "400 OperationFailed.CidrInUse",
        );
        bench.refused(
            "vpc.ModifyVpcAttribute",
            &[("VpcId", &id)],
            "400 MissingParameter",
        );
    }

    #[test]
    fn quota_and_pages() {
        let mut bench = Bench::new();
        for _ in 0..10 {
            bench.ok("vpc.CreateVpc", &[]);
        }
        bench.refused("vpc.CreateVpc", &[], "400 QuotaExceeded.Vpc");
        let page = bench.ok(
            "vpc.DescribeVpcs",
            &[("PageSize", "4"), ("PageNumber", "3")],
        );
        assert_eq!(
            (
                page["TotalCount"].as_i64(),
                page["Vpcs"]["Vpc"].as_array().map(Vec::len)
            ),
            (Some(10), Some(2))
        );
        let beyond = bench.ok("vpc.DescribeVpcs", &[("PageNumber", "9")]);
        assert_eq!(beyond["Vpcs"]["Vpc"].as_array().map(Vec::len), Some(0));
        bench.refused(
            "vpc.DescribeVpcs",
            &[("PageSize", "51")],
            "400 InvalidParameter",
        );
    }
}
