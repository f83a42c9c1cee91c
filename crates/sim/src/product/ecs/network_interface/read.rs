//! DescribeNetworkInterfaces and DescribeNetworkInterfaceAttribute.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::network_interface::{self, NetworkInterface, State};
use crate::product::vpc::vswitch::VSwitch;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeNetworkInterfaces", describe), ("DescribeNetworkInterfaceAttribute", describe_attribute)];

/// The filters of the listing.
struct Filter<'a> {
    ids: Vec<&'a str>,
    private: Vec<&'a str>,
    group: Option<&'a str>,
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
    let names = ["VSwitchId", "InstanceId", "Type", "Status", "PrimaryIpAddress", "ResourceGroupId"];
    Ok(Filter {
        ids,
        private: call.list("PrivateIpAddress"),
        group: call.given("SecurityGroupId"),
        vpc: call.given("VpcId"),
        name: call.given("NetworkInterfaceName"),
        texts: names.into_iter().filter_map(|name| call.given(name).map(|value| (value, name.to_owned()))).collect(),
        managed: call.flag("ServiceManaged")?,
        tags: tags::Filter::of(call)?,
    })
}

impl Filter<'_> {
    fn fits(&self, world: &World, eni: &NetworkInterface) -> bool {
        let text = |name: &str| match name {
            "VSwitchId" => eni.vswitch.clone(),
            "InstanceId" => eni.instance.clone(),
            "Type" => eni.kind().to_owned(),
            "Status" => eni.state().to_owned(),
            "PrimaryIpAddress" => eni.address.to_string(),
            _ => eni.base.resource_group.clone(),
        };
        (self.ids.is_empty() || self.ids.contains(&eni.base.id.as_str()))
            && self.texts.iter().all(|(wanted, name)| *wanted == text(name))
            && self.name.is_none_or(|name| names::like(name, &eni.base.name))
            && self.private.iter().all(|wanted| eni.addresses().any(|held| held.to_string() == *wanted))
            // This filter finds interfaces that someone made, not primary ones.
            && self.group.is_none_or(|id| eni.secondary.is_some() && eni.security_groups.iter().any(|group| group == id))
            && self.vpc.is_none_or(|vpc| subnet(world, eni).is_some_and(|subnet| subnet.vpc == vpc))
            && self.managed != Some(true)
            && self.tags.fits(&eni.base.tags)
    }
}

fn subnet<'a>(world: &'a World, eni: &NetworkInterface) -> Option<&'a VSwitch> {
    world.tables.vswitches.get(&eni.vswitch)
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let filter = filter(call)?;
    let rows = world
        .shown(&world.tables.network_interfaces, !filter.ids.is_empty())
        .filter(|eni| eni.base.region == region && filter.fits(world, eni));
    let rows = page::newest_first(rows, |eni| &eni.base);
    let list = |items: Vec<&NetworkInterface>| -> Vec<Value> { items.into_iter().map(|eni| attached(world, eni)).collect() };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |eni| &eni.base, (10, 10, 500))?;
        return Ok(json!({"NextToken": page.next, "NetworkInterfaceSets": {"NetworkInterfaceSet": list(page.items)}}));
    }
    let page = page::numbered(call, rows, 100)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total, "NextToken": "",
        "NetworkInterfaceSets": {"NetworkInterfaceSet": list(page.items)},
    }))
}

fn attached(world: &World, eni: &NetworkInterface) -> Value {
    let mut body = listed(world, eni);
    if !eni.instance.is_empty() && eni.state != State::Available {
        let index = eni.secondary.as_ref().map_or(0, |secondary| secondary.device_index);
        body["Attachment"] =
            json!({"InstanceId": eni.instance, "DeviceIndex": index, "NetworkCardIndex": 0, "TrunkNetworkInterfaceId": ""});
    }
    body
}

/// What listings and the answer of CreateNetworkInterface have in common, and a little more.
pub(crate) fn listed(world: &World, eni: &NetworkInterface) -> Value {
    let subnet = subnet(world, eni);
    let secondary = eni.secondary.as_ref();
    json!({
        "NetworkInterfaceId": eni.base.id,
        "NetworkInterfaceName": eni.base.name,
        "Description": eni.base.description,
        "Status": eni.state(),
        "Type": eni.kind(),
        "InstanceId": eni.instance,
        "MacAddress": eni.mac,
        "OwnerId": world.account.id,
        "PrivateIpAddress": eni.address.to_string(),
        "PrivateIpSets": eni.address_sets(),
        "Ipv6Sets": {"Ipv6Set": []},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        "SecurityGroupIds": {"SecurityGroupId": eni.security_groups},
        "VSwitchId": eni.vswitch,
        "VpcId": subnet.map_or("", |subnet| &subnet.vpc),
        "ZoneId": subnet.map_or("", |subnet| &subnet.zone),
        "QueueNumber": secondary.map_or(2, |secondary| secondary.queues),
        "NetworkInterfaceTrafficMode": "Standard",
        "SourceDestCheck": secondary.is_some_and(|secondary| secondary.source_dest_check),
        "DeleteOnRelease": secondary.is_none_or(|secondary| secondary.delete_on_release),
        "ServiceManaged": false,
        "CreationTime": Timestamp(eni.base.created_ms).seconds(),
        "ResourceGroupId": eni.base.resource_group,
        "Tags": tags::tag_key_list(&eni.base.tags),
    })
}

fn describe_attribute(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Attribute"]);
    let id = call.need("NetworkInterfaceId")?;
    let eni = network_interface::find(world, call, id)?;
    let mut body = attached(world, eni);
    body["ConnectionTrackingConfiguration"] = json!({"TcpEstablishedTimeout": 910, "TcpClosedAndTimeWaitTimeout": 3, "UdpTimeout": 30});
    Ok(body)
}
