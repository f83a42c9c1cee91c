//! Reads of machines: DescribeInstances, DescribeInstanceStatus, DescribeInstanceAttribute, DescribeUserData.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::{self, Instance};
use crate::product::ecs::instance_type;
use crate::product::ecs::network_interface::{self, NetworkInterface};
use crate::product::vpc::eip;
use crate::refusal::Refusal;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInstances", describe),
    ("DescribeInstanceStatus", describe_status),
    ("DescribeInstanceAttribute", describe_attribute),
    ("DescribeUserData", describe_user_data),
];

/// What pay-as-you-go machines show as their end: a moment far away, which is none.
const NO_EXPIRY: &str = "2099-12-31T15:59Z";

/// A text of a machine, for a filter to compare with.
type TextOf = fn(&Instance) -> &str;

/// The filters of a listing.
struct Filter<'a> {
    ids: Option<Vec<String>>,
    private: Option<Vec<String>>,
    public: Option<Vec<String>>,
    /// Filters that compare one text with one attribute.
    texts: Vec<(&'a str, TextOf)>,
    name: Option<&'a str>,
    group: Option<&'a str>,
    key_pair: Option<&'a str>,
    tags: tags::Filter,
}

fn filter<'a>(call: &Call<'a>) -> Result<Filter<'a>, Refusal> {
    let ids = call.json_list("InstanceIds", "InvalidInstanceIds.Malformed")?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::bad("InvalidParameter", "The number of InstanceIds must be at most 100."));
    }
    call.only("InstanceNetworkType", "vpc")?;
    call.only("IoOptimized", "true")?;
    call.only("DeviceAvailable", "true")?;
    call.harmless(&["NeedSaleCycle"]);
    let mut texts: Vec<(&'a str, TextOf)> = Vec::new();
    let mut compare = |name: &str, of: TextOf| texts.extend(call.given(name).map(|text| (text, of)));
    compare("Status", |row| row.state.name());
    compare("VpcId", |row| &row.vpc);
    compare("VSwitchId", |row| &row.vswitch);
    compare("ZoneId", |row| &row.zone);
    compare("InstanceType", |row| &row.instance_type);
    compare("InstanceTypeFamily", |row| family(&row.instance_type));
    compare("InstanceChargeType", |row| &row.charge_type);
    compare("InternetChargeType", |row| &row.internet.charge_type);
    compare("ImageId", |row| &row.image);
    compare("ResourceGroupId", |row| &row.base.resource_group);
    compare("HttpEndpoint", |row| &row.metadata.endpoint);
    compare("HttpTokens", |row| &row.metadata.tokens);
    compare("LockReason", |row| &row.extras.lock);
    compare("DeploymentSetId", |row| &row.extras.deployment_set);
    if call.given("Status").is_some_and(|status| !["Pending", "Starting", "Running", "Stopping", "Stopped"].contains(&status)) {
        return Err(Refusal::absent("InvalidStatus.NotFound", "The specified Status does not exist."));
    }
    Ok(Filter {
        ids,
        private: call.json_list("PrivateIpAddresses", "InvalidParameter")?,
        public: call.json_list("PublicIpAddresses", "InvalidParameter")?,
        texts,
        name: call.given("InstanceName"),
        group: call.given("SecurityGroupId"),
        key_pair: call.given("KeyPairName"),
        tags: tags::Filter::of(call)?,
    })
}

/// `ecs.c7` of `ecs.c7.large`.
fn family(instance_type: &str) -> &str {
    instance_type::find(instance_type).map_or("", |kind| kind.family)
}

impl Filter<'_> {
    /// Whether nothing but the tags decides.
    fn only_tags(&self) -> bool {
        let lists = self.ids.is_some() || self.private.is_some() || self.public.is_some();
        !lists && self.texts.is_empty() && self.name.is_none() && self.group.is_none() && self.key_pair.is_none()
    }

    fn fits(&self, world: &World, row: &Instance) -> bool {
        let address = || interface(world, row).map(|eni| eni.address.to_string()).unwrap_or_default();
        let holds = |list: &Option<Vec<String>>, value: &str| list.as_ref().is_none_or(|list| list.iter().any(|one| one == value));
        holds(&self.ids, &row.base.id)
            && self.texts.iter().all(|(text, of)| *text == of(row))
            && self.name.is_none_or(|name| names::like(name, &row.base.name))
            && self.key_pair.is_none_or(|name| names::like(name, &row.key_pair))
            && self.group.is_none_or(|id| instance::groups(world, row).iter().any(|group| group == id))
            && (self.private.is_none() || holds(&self.private, &address()))
            && (self.public.is_none() || row.internet.address.as_deref().is_some_and(|address| holds(&self.public, address)))
            && self.tags.fits(&row.base.tags)
    }
}

fn interface<'a>(world: &'a World, row: &Instance) -> Option<&'a NetworkInterface> {
    world.tables.network_interfaces.get(&row.interface)
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let filter = filter(call)?;
    let more = call.list("AdditionalAttributes");
    // What a row shows of a change under way depends on the moment alone.
    let keep = |row: &&Instance| more.is_empty() && row.stale.is_none();
    let list = |items: &[&Instance]| world.pieces.list(items, |row| &row.base.id, keep, |row| listed(world, row, &more));
    let fits = |row: &Instance| row.base.region == region && filter.fits(world, row);
    if let Some(ids) = &filter.ids {
        let rows = page::newest_first(world.shown_by_id(&world.tables.instances, ids).filter(|row| fits(row)), |row| &row.base);
        if page::by_token(call) {
            let page = page::tokened(call, rows, |row| &row.base, (10, 10, 100))?;
            return Ok(json!({"NextToken": page.next, "Instances": {"Instance": list(&page.items)}}));
        }
        let page = page::numbered(call, rows, 100)?;
        return Ok(numbered(&page, &list(&page.items)));
    }
    let listing = world.listing(&world.tables.instances, region, &filter.tags);
    if page::by_token(call) {
        let page = page::tokened_of(call, &listing, fits, (10, 10, 100))?;
        return Ok(json!({"NextToken": page.next, "Instances": {"Instance": list(&page.items)}}));
    }
    let page = page::numbered_of(call, &listing, (!filter.only_tags()).then_some(fits), 100)?;
    Ok(numbered(&page, &list(&page.items)))
}

fn numbered(page: &page::Numbered<'_, Instance>, rows: &Value) -> Value {
    json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total, "NextToken": "",
        "Instances": {"Instance": rows},
    })
}

/// What the listing and DescribeInstanceAttribute have in common.
fn common(world: &World, row: &Instance) -> Value {
    let stale = row.stale.as_ref().filter(|stale| world.now_ms() < stale.until_ms);
    let instance_type = stale.map_or(&row.instance_type, |stale| &stale.instance_type);
    let bandwidth_out = stale.map_or(row.internet.bandwidth_out, |stale| stale.bandwidth_out);
    let kind = instance_type::find(instance_type).ok();
    let private = interface(world, row).map(|eni| eni.address.to_string());
    json!({
        "InstanceId": row.base.id,
        "InstanceName": row.base.name,
        "Description": row.base.description,
        "HostName": row.host_name,
        "SerialNumber": row.serial,
        "Status": row.state.name(),
        "StoppedMode": row.stopped_mode,
        "RegionId": row.base.region,
        "ZoneId": row.zone,
        "ClusterId": "",
        "InstanceType": instance_type,
        "Cpu": kind.as_ref().map_or(0, |kind| kind.cpu),
        "Memory": kind.as_ref().map_or(0, |kind| kind.memory_gib * 1024),
        "ImageId": row.image,
        "InstanceNetworkType": "vpc",
        "VlanId": "",
        "InnerIpAddress": {"IpAddress": []},
        "PublicIpAddress": {"IpAddress": row.internet.address.iter().collect::<Vec<_>>()},
        "VpcAttributes": {
            "VpcId": row.vpc, "VSwitchId": row.vswitch, "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": private.iter().collect::<Vec<_>>()},
        },
        "SecurityGroupIds": {"SecurityGroupId": instance::groups(world, row)},
        "InternetChargeType": row.internet.charge_type,
        "InternetMaxBandwidthIn": row.internet.bandwidth_in,
        "InternetMaxBandwidthOut": bandwidth_out,
        "InstanceChargeType": row.charge_type,
        "CreditSpecification": row.credit,
        "CreationTime": Timestamp(row.base.created_ms).minutes(),
        "ExpiredTime": row.extras.expires_ms.map_or_else(|| NO_EXPIRY.to_owned(), |at| Timestamp(at).minutes()),
        "OperationLocks": {"LockReason": row.locks()},
    })
}

/// The public address that is bound to the machine, with empty fields if there is none.
fn eip_address(world: &World, row: &Instance, in_list: bool) -> Value {
    let eip = eip::of_instance(world, &row.base.id);
    let mut body = json!({
        "AllocationId": eip.map(|eip| eip.base.id.as_str()).unwrap_or_default(),
        "IpAddress": eip.map(|eip| eip.address.as_str()).unwrap_or_default(),
        "InternetChargeType": eip.map(|eip| eip.internet_charge_type.as_str()).unwrap_or_default(),
        "Bandwidth": eip.map_or(0, |eip| eip.bandwidth),
    });
    if in_list {
        body["IsSupportUnassociate"] = json!(eip.is_some());
    }
    body
}

fn listed(world: &World, row: &Instance, more: &[&str]) -> Value {
    let mut body = common(world, row);
    let primary_address = more.contains(&"NETWORK_PRIMARY_ENI_IP");
    let interfaces: Vec<Value> =
        network_interface::of_instance(world, &row.base.id).into_iter().map(|eni| eni.listed(primary_address)).collect();
    let kind = instance_type::find(body["InstanceType"].as_str().unwrap_or_default()).ok();
    let rest = json!({
        "InstanceTypeFamily": family(body["InstanceType"].as_str().unwrap_or_default()),
        "GPUAmount": kind.map_or(0, |kind| kind.gpus().0),
        "GPUSpec": kind.map_or("", |kind| kind.gpus().1),
        "OSType": row.os_type,
        "OSName": row.os_name,
        "OSNameEn": row.os_name.replace('位', "bit"),
        "IoOptimized": true,
        "NetworkInterfaces": {"NetworkInterface": interfaces},
        "RdmaIpAddress": {"IpAddress": []},
        "EipAddress": eip_address(world, row, true),
        "StartTime": row.started_ms.map_or_else(String::new, |at| Timestamp(at).minutes()),
        "AutoReleaseTime": row.auto_release_ms.map_or_else(String::new, |at| Timestamp(at).minutes()),
        "SpotStrategy": row.spot.strategy,
        "SpotPriceLimit": row.spot.price_limit,
        "SpotDuration": row.spot.duration,
        "SpotInterruptionBehavior": row.spot.interruption,
        "DeletionProtection": row.deletion_protection,
        "Recyclable": false,
        "DeviceAvailable": true,
        "SaleCycle": "",
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "KeyPairName": row.key_pair,
        "DeploymentSetId": row.extras.deployment_set,
        "DeploymentSetGroupNo": row.extras.deployment_group,
        "HpcClusterId": "",
        "ISP": "",
        "ResourceGroupId": row.base.resource_group,
        "DedicatedHostAttribute": {"DedicatedHostId": "", "DedicatedHostName": "", "DedicatedHostClusterId": ""},
        "DedicatedInstanceAttribute": {"Tenancy": "", "Affinity": ""},
        "EcsCapacityReservationAttr": {"CapacityReservationId": "", "CapacityReservationPreference": ""},
        "CpuOptions": {"CoreCount": body["Cpu"].as_i64().unwrap_or(0) / 2, "ThreadsPerCore": 2, "Numa": "ON"},
        "HibernationOptions": {"Configured": false},
        "Tags": tags::tag_key_list(&row.base.tags),
    });
    merge(&mut body, rest);
    if more.contains(&"META_OPTIONS") {
        body["MetadataOptions"] = json!({
            "HttpEndpoint": row.metadata.endpoint, "HttpTokens": row.metadata.tokens,
            "HttpPutResponseHopLimit": row.metadata.hop_limit, "InstanceMetadataTags": row.metadata.tags,
        });
    }
    if more.contains(&"LOGIN_AS_NON_ROOT") {
        body["ImageOptions"] = json!({"LoginAsNonRoot": row.login_as_non_root});
    }
    body
}

fn merge(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

fn describe_status(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["ClusterId"]);
    let (ids, zone) = (call.list("InstanceId"), call.given("ZoneId"));
    if ids.len() > 100 {
        return Err(Refusal::bad("InvalidParameter", "The number of InstanceId must be at most 100."));
    }
    let rows = world.shown(&world.tables.instances, !ids.is_empty()).filter(|row| {
        row.base.region == region && (ids.is_empty() || ids.contains(&row.base.id.as_str())) && zone.is_none_or(|zone| zone == row.zone)
    });
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 50)?;
    let statuses: Vec<Value> = page.items.iter().map(|row| json!({"InstanceId": row.base.id, "Status": row.state.name()})).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "InstanceStatuses": {"InstanceStatus": statuses},
    }))
}

/// The machine of a read by id, which a lag may hide.
fn shown<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Instance, Refusal> {
    let id = call.need("InstanceId")?;
    let found = world.shown(&world.tables.instances, true).find(|row| row.base.id == id && call.in_region(&row.base.region));
    found.ok_or_else(|| instance::not_found(id))
}

fn describe_attribute(world: &mut World, call: &Call<'_>) -> Answer {
    let row = shown(world, call)?;
    let mut body = common(world, row);
    let rest = json!({
        "IoOptimized": "optimized",
        "EnableJumboFrame": row.jumbo_frame,
        "EnableNetworkEncryption": false,
        "NetworkOptions": {"EnableJumboFrame": row.jumbo_frame, "EnableNetworkEncryption": false, "BandwidthWeighting": ""},
        "EipAddress": eip_address(world, row, false),
        "DedicatedHostAttribute": {"DedicatedHostId": "", "DedicatedHostName": ""},
    });
    merge(&mut body, rest);
    Ok(body)
}

fn describe_user_data(world: &mut World, call: &Call<'_>) -> Answer {
    let row = shown(world, call)?;
    Ok(json!({"InstanceId": row.base.id, "RegionId": row.base.region, "UserData": row.user_data}))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn filters() {
        let mut bench = Bench::new();
        let (id, vswitch, group) = bench.machine(&[("InstanceName", "web-1"), ("Tag.1.Key", "k"), ("Tag.1.Value", "v")]);
        for (name, value, found) in [
            ("VSwitchId", vswitch.as_str(), 1),
            ("SecurityGroupId", group.as_str(), 1),
            ("SecurityGroupId", "sg-none", 0),
            ("InstanceName", "web*", 1),
            ("InstanceName", "web", 0),
            ("Status", "Pending", 1),
            ("Status", "Running", 0),
            ("InstanceTypeFamily", "ecs.c7", 1),
            ("Tag.1.Key", "k", 1),
            ("Tag.1.Key", "other", 0),
            ("InstanceIds", "[]", 0),
            ("InstanceIds", "[\"i-none\"]", 0),
        ] {
            assert_eq!(bench.ok("ecs.DescribeInstances", &[(name, value)])["TotalCount"], found, "{name} {value}");
        }
        let ids = format!("[\"{id}\"]");
        for (ids, found) in [(ids.as_str(), 1), ("[\"i-none\"]", 0)] {
            let page = bench.ok("ecs.DescribeInstances", &[("InstanceIds", ids), ("MaxResults", "50")]);
            assert_eq!(page["Instances"]["Instance"].as_array().map(Vec::len), Some(found), "by token and by id");
        }
        bench.refused("ecs.DescribeInstances", &[("Status", "Sleeping")], "404 InvalidStatus.NotFound");
        bench.refused("ecs.DescribeInstances", &[("InstanceIds", "i-1")], "400 InvalidInstanceIds.Malformed");
        bench.refused("ecs.DescribeInstances", &[("HpcClusterId", "hpc-1")], "400 Simulator.NotModelled");
        bench.refused("ecs.DescribeInstances", &[("DryRun", "true")], "400 DryRunOperation");
        assert_eq!(bench.ok("ecs.DescribeInstanceStatus", &[("InstanceId.1", &id)])["TotalCount"], 1);
        bench.ok("ecs.DescribeInstanceAttribute", &[("InstanceId", &id)]);
        bench.refused("ecs.DescribeInstanceAttribute", &[("InstanceId", "i-none")], "404 InvalidInstanceId.NotFound");
    }

    #[test]
    fn lags_hide_what_is_new() {
        let mut bench = Bench::new();
        bench.world.options.list_lag_ms = 6_000;
        let (id, _, _) = bench.machine(&[]);
        assert_eq!(bench.ok("ecs.DescribeInstances", &[])["TotalCount"], 0);
        assert!(!bench.instance(&id).is_null(), "a read by id has a lag of its own");
        bench.world.options.read_lag_ms = 3_000;
        assert!(bench.instance(&id).is_null());
        bench.refused("ecs.DescribeUserData", &[("InstanceId", &id)], "404 InvalidInstanceId.NotFound");
        bench.wait(3_000);
        assert!(!bench.instance(&id).is_null());
        bench.wait(3_000);
        assert_eq!(bench.ok("ecs.DescribeInstances", &[])["TotalCount"], 1);
    }
}
