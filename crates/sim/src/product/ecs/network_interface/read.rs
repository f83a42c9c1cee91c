//! DescribeNetworkInterfaces and DescribeNetworkInterfaceAttribute.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::listing::Scope;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::network_interface::{self, NetworkInterface, row};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeNetworkInterfaces", describe),
    ("DescribeNetworkInterfaceAttribute", describe_attribute),
];

/// The filters of the listing.
struct Filter<'a> {
    ids: Vec<&'a str>,
    private: Vec<&'a str>,
    ipv6: Vec<&'a str>,
    group: Option<&'a str>,
    /// An id that all matching interfaces refer to.
    on: Option<&'a str>,
    vpc: Option<&'a str>,
    name: Option<&'a str>,
    /// Each compares one text with one attribute.
    texts: Vec<(&'a str, String)>,
    managed: Option<bool>,
    tags: tags::Filter,
}

fn filter<'a>(call: &Call<'a>) -> Result<Filter<'a>, Refusal> {
    let ids = call.list("NetworkInterfaceId");
    if ids.len() > 100 {
        return Err(Refusal::invalid("NetworkInterfaceId"));
    }
    let names = [
        "VSwitchId",
        "InstanceId",
        "Type",
        "Status",
        "PrimaryIpAddress",
        "ResourceGroupId",
    ];
    Ok(Filter {
        ids,
        private: call.list("PrivateIpAddress"),
        ipv6: call.list("Ipv6Address"),
        group: call.given("SecurityGroupId"),
        on: ["InstanceId", "SecurityGroupId", "VSwitchId"]
            .into_iter()
            .find_map(|name| call.given(name)),
        vpc: call.given("VpcId"),
        name: call.given("NetworkInterfaceName"),
        texts: names
            .into_iter()
            .filter_map(|name| call.given(name).map(|value| (value, name.to_owned())))
            .collect(),
        managed: call.flag("ServiceManaged")?,
        tags: tags::Filter::of(call)?,
    })
}

impl Filter<'_> {
    /// Whether the tags are the only filter.
    fn only_tags(&self) -> bool {
        let lists = !self.ids.is_empty()
            || !self.private.is_empty()
            || !self.ipv6.is_empty()
            || !self.texts.is_empty();
        !lists
            && self.group.is_none()
            && self.vpc.is_none()
            && self.name.is_none()
            && self.managed != Some(true)
    }

    fn fits(&self, world: &World, eni: &NetworkInterface) -> bool {
        let text = |name: &str| match name {
            "VSwitchId" => eni.vswitch.clone(),
            "InstanceId" => eni.instance.clone(),
            "Type" => eni.kind().to_owned(),
            "Status" => eni.state().to_owned(),
            "PrimaryIpAddress" => eni.address.to_string(),
            _ => eni.base.resource_group.clone(),
        };
        let has_address = |wanted: &&str| eni.addresses().any(|held| held.to_string() == **wanted);
        // The filter by group finds secondary interfaces only.
        let in_group = |id: &str| {
            eni.secondary.is_some() && eni.security_groups.iter().any(|group| group == id)
        };
        let subnet = world.tables.vswitches.get(&eni.vswitch);
        let in_vpc = |vpc: &str| subnet.is_some_and(|subnet| subnet.vpc == vpc);
        (self.ids.is_empty() || self.ids.contains(&eni.base.id.as_str()))
            && self
                .texts
                .iter()
                .all(|(wanted, name)| *wanted == text(name))
            && self
                .name
                .is_none_or(|name| names::like(name, &eni.base.name))
            && self.private.iter().all(has_address)
            && self.ipv6.iter().all(|wanted| eni.has_ipv6(wanted))
            && self.group.is_none_or(in_group)
            && self.vpc.is_none_or(in_vpc)
            && self.managed != Some(true)
            && self.tags.fits(&eni.base.tags)
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let filter = filter(call)?;
    let interfaces = &world.tables.network_interfaces;
    let scope = if !filter.ids.is_empty() {
        Scope::Few(world.shown_by_id(interfaces, &filter.ids).collect())
    } else if let Some(on) = filter.on {
        Scope::Few(world.shown_on(interfaces, on).collect())
    } else {
        Scope::Region(world.listing(interfaces, region, &filter.tags, filter.only_tags()))
    };
    let fits = |eni: &NetworkInterface| eni.base.region == region && filter.fits(world, eni);
    let most = filter.tags.most(world);
    let list =
        |items: &[&NetworkInterface]| world.pieces.rows(items, |eni| row::attached(world, eni));
    if page::by_token(call) {
        let page = page::tokened_of(call, &scope, fits, (10, 10, 500), most)?;
        return Ok(json!({
            "NextToken": page.next,
            "NetworkInterfaceSets": {"NetworkInterfaceSet": list(&page.items)},
        }));
    }
    let page = page::numbered_of(call, &scope, fits, 100, most)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "NetworkInterfaceSets": {"NetworkInterfaceSet": list(&page.items)},
    }))
}

fn describe_attribute(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Attribute"]);
    let id = call.need("NetworkInterfaceId")?;
    let eni = network_interface::find(world, call, id)?;
    let mut body = serde_json::to_value(row::attached(world, eni))
        .expect("a row is plain data with text keys");
    body["ConnectionTrackingConfiguration"] =
        json!({"TcpEstablishedTimeout": 910, "TcpClosedAndTimeWaitTimeout": 3, "UdpTimeout": 30});
    Ok(body)
}
