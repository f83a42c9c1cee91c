//! Reads of instances: DescribeInstances, DescribeInstanceStatus, DescribeInstanceAttribute,
//! DescribeUserData.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::listing::Scope;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::{self, Instance, row};
use crate::product::ecs::network_interface;
use crate::refusal::Refusal;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInstances", describe),
    ("DescribeInstanceStatus", describe_status),
    ("DescribeInstanceAttribute", describe_attribute),
    ("DescribeUserData", describe_user_data),
];

/// Reads a text of an instance that a filter compares.
type TextOf = fn(&Instance) -> &str;

/// The filters of a listing.
struct Filter<'a> {
    ids: Option<Vec<String>>,
    private: Option<Vec<String>>,
    public: Option<Vec<String>>,
    ipv6: Vec<&'a str>,
    /// Filters that compare one text with one attribute.
    texts: Vec<(&'a str, TextOf)>,
    name: Option<&'a str>,
    group: Option<&'a str>,
    key_pair: Option<&'a str>,
    /// An id that the primary interfaces of all matching instances refer to.
    on: Option<&'a str>,
    tags: tags::Filter,
}

fn filter<'a>(call: &Call<'a>) -> Result<Filter<'a>, Refusal> {
    let ids = call.json_list("InstanceIds", "InvalidInstanceIds.Malformed")?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::bad(
            "InvalidParameter",
            "The number of InstanceIds must be at most 100.",
        ));
    }
    call.only("InstanceNetworkType", "vpc")?;
    call.only("IoOptimized", "true")?;
    call.only("DeviceAvailable", "true")?;
    call.harmless(&["NeedSaleCycle"]);
    let mut texts: Vec<(&'a str, TextOf)> = Vec::new();
    let mut compare =
        |name: &str, of: TextOf| texts.extend(call.given(name).map(|text| (text, of)));
    compare("Status", |row| row.state.name());
    compare("VpcId", |row| &row.vpc);
    compare("VSwitchId", |row| &row.vswitch);
    compare("ZoneId", |row| &row.zone);
    compare("InstanceType", |row| &row.instance_type);
    compare("InstanceTypeFamily", |row| row::family(&row.instance_type));
    compare("InstanceChargeType", |row| &row.charge_type);
    compare("InternetChargeType", |row| &row.internet.charge_type);
    compare("ImageId", |row| &row.image);
    compare("ResourceGroupId", |row| &row.base.resource_group);
    compare("HttpEndpoint", |row| &row.metadata.endpoint);
    compare("HttpTokens", |row| &row.metadata.tokens);
    compare("LockReason", |row| &row.extras.lock);
    compare("DeploymentSetId", |row| &row.extras.deployment_set);
    if call.given("Status").is_some_and(|status| {
        !["Pending", "Starting", "Running", "Stopping", "Stopped"].contains(&status)
    }) {
        return Err(Refusal::absent(
            "InvalidStatus.NotFound",
            "The specified Status does not exist.",
        ));
    }
    Ok(Filter {
        ids,
        private: call.json_list("PrivateIpAddresses", "InvalidParameter")?,
        public: call.json_list("PublicIpAddresses", "InvalidParameter")?,
        ipv6: call.list("Ipv6Address"),
        texts,
        name: call.given("InstanceName"),
        group: call.given("SecurityGroupId"),
        key_pair: call.given("KeyPairName"),
        on: call
            .given("SecurityGroupId")
            .or_else(|| call.given("VSwitchId")),
        tags: tags::Filter::of(call)?,
    })
}

impl Filter<'_> {
    /// Whether the tags are the only filter.
    fn only_tags(&self) -> bool {
        let lists = self.ids.is_some()
            || self.private.is_some()
            || self.public.is_some()
            || !self.ipv6.is_empty();
        !lists
            && self.texts.is_empty()
            && self.name.is_none()
            && self.group.is_none()
            && self.key_pair.is_none()
    }

    /// Whether one of the addresses is on an interface of the machine.
    fn has_ipv6(&self, world: &World, row: &Instance) -> bool {
        let held = network_interface::of_instance(world, &row.base.id);
        self.ipv6
            .iter()
            .any(|wanted| held.iter().any(|eni| eni.has_ipv6(wanted)))
    }

    fn fits(&self, world: &World, row: &Instance) -> bool {
        let address = || {
            world
                .tables
                .network_interfaces
                .get(&row.interface)
                .map(|eni| eni.address.to_string())
                .unwrap_or_default()
        };
        let holds = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|one| one == value))
        };
        holds(&self.ids, &row.base.id)
            && self.texts.iter().all(|(text, of)| *text == of(row))
            && self
                .name
                .is_none_or(|name| names::like(name, &row.base.name))
            && self
                .key_pair
                .is_none_or(|name| names::like(name, &row.key_pair))
            && self
                .group
                .is_none_or(|id| instance::groups(world, row).iter().any(|group| group == id))
            && (self.private.is_none() || holds(&self.private, &address()))
            && (self.ipv6.is_empty() || self.has_ipv6(world, row))
            && (self.public.is_none()
                || row
                    .internet
                    .address
                    .as_deref()
                    .is_some_and(|address| holds(&self.public, address)))
            && self.tags.fits(&row.base.tags)
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let filter = filter(call)?;
    let more = call.list("AdditionalAttributes");
    let instances = &world.tables.instances;
    let scope = match (&filter.ids, filter.on) {
        (Some(ids), _) => Scope::Few(world.shown_by_id(instances, ids).collect()),
        // The index of primary interfaces finds the instances.
        (None, Some(on)) => {
            let primary = world
                .shown_on(&world.tables.network_interfaces, on)
                .filter(|eni| eni.secondary.is_none());
            Scope::Few(
                primary
                    .filter_map(|eni| instances.get(&eni.instance))
                    .filter(|row| world.lists(*row))
                    .collect(),
            )
        }
        (None, None) => {
            Scope::Region(world.listing(instances, region, &filter.tags, filter.only_tags()))
        }
    };
    // A row of a changing instance depends on the time and must not be kept.
    let keep = |row: &Instance| more.is_empty() && row.stale.is_none();
    let list = |items: &[&Instance]| {
        world.pieces.list(
            items,
            |row| &row.base.id,
            keep,
            |row| row::listed(world, row, &more),
        )
    };
    let fits = |row: &Instance| row.base.region == region && filter.fits(world, row);
    let most = filter.tags.most(world);
    if page::by_token(call) {
        let page = page::tokened_of(call, &scope, fits, (10, 10, 100), most)?;
        return Ok(json!({"NextToken": page.next, "Instances": {"Instance": list(&page.items)}}));
    }
    let page = page::numbered_of(call, &scope, fits, 100, most)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "Instances": {"Instance": list(&page.items)},
    }))
}

fn describe_status(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["ClusterId"]);
    let (ids, zone) = (call.list("InstanceId"), call.given("ZoneId"));
    if ids.len() > 100 {
        return Err(Refusal::bad(
            "InvalidParameter",
            "The number of InstanceId must be at most 100.",
        ));
    }
    let instances = &world.tables.instances;
    let scope = if ids.is_empty() {
        Scope::Region(world.listing(instances, region, &tags::Filter::default(), zone.is_none()))
    } else {
        Scope::Few(world.shown_by_id(instances, &ids).collect())
    };
    let fits =
        |row: &Instance| row.base.region == region && zone.is_none_or(|zone| zone == row.zone);
    let page = page::numbered_of(call, &scope, fits, 50, usize::MAX)?;
    let statuses: Vec<Value> = page
        .items
        .iter()
        .map(|row| json!({"InstanceId": row.base.id, "Status": row.state.name()}))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "InstanceStatuses": {"InstanceStatus": statuses},
    }))
}

/// The instance of a read by id, which the read lag may hide.
fn shown<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Instance, Refusal> {
    let id = call.need("InstanceId")?;
    let found = world
        .shown_by_id(&world.tables.instances, &[id])
        .find(|row| call.in_region(&row.base.region));
    found.ok_or_else(|| instance::not_found(id))
}

fn describe_attribute(world: &mut World, call: &Call<'_>) -> Answer {
    let row = shown(world, call)?;
    let mut body = row::attribute(world, row);
    body["IoOptimized"] = json!("optimized");
    body["EnableJumboFrame"] = json!(row.jumbo_frame);
    body["EnableNetworkEncryption"] = json!(false);
    body["NetworkOptions"] = json!({
        "EnableJumboFrame": row.jumbo_frame, "EnableNetworkEncryption": false,
        "BandwidthWeighting": "",
    });
    body["EipAddress"] = json!(row::EipAddress::of(world, row, false));
    body["DedicatedHostAttribute"] = json!({"DedicatedHostId": "", "DedicatedHostName": ""});
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
        let (id, vswitch, group) = bench.machine(&[
            ("InstanceName", "web-1"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ]);
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
            assert_eq!(
                bench.ok("ecs.DescribeInstances", &[(name, value)])["TotalCount"],
                found,
                "{name} {value}"
            );
        }
        let ids = format!("[\"{id}\"]");
        for (ids, found) in [(ids.as_str(), 1), ("[\"i-none\"]", 0)] {
            let page = bench.ok(
                "ecs.DescribeInstances",
                &[("InstanceIds", ids), ("MaxResults", "50")],
            );
            assert_eq!(
                page["Instances"]["Instance"].as_array().map(Vec::len),
                Some(found),
                "by token and by id"
            );
        }
        bench.refused(
            "ecs.DescribeInstances",
            &[("Status", "Sleeping")],
            "404 InvalidStatus.NotFound",
        );
        bench.refused(
            "ecs.DescribeInstances",
            &[("InstanceIds", "i-1")],
            "400 InvalidInstanceIds.Malformed",
        );
        bench.refused(
            "ecs.DescribeInstances",
            &[("HpcClusterId", "hpc-1")],
            "400 Simulator.NotModelled",
        );
        bench.refused(
            "ecs.DescribeInstances",
            &[("DryRun", "true")],
            "400 DryRunOperation",
        );
        assert_eq!(
            bench.ok("ecs.DescribeInstanceStatus", &[("InstanceId.1", &id)])["TotalCount"],
            1
        );
        bench.ok("ecs.DescribeInstanceAttribute", &[("InstanceId", &id)]);
        bench.refused(
            "ecs.DescribeInstanceAttribute",
            &[("InstanceId", "i-none")],
            "404 InvalidInstanceId.NotFound",
        );
    }

    #[test]
    fn lags_hide_what_is_new() {
        let mut bench = Bench::new();
        bench.world.options.list_lag_ms = 6_000;
        let (id, _, _) = bench.machine(&[]);
        assert_eq!(bench.ok("ecs.DescribeInstances", &[])["TotalCount"], 0);
        assert!(
            !bench.instance(&id).is_null(),
            "a read by id has a lag of its own"
        );
        bench.world.options.read_lag_ms = 3_000;
        assert!(bench.instance(&id).is_null());
        bench.refused(
            "ecs.DescribeUserData",
            &[("InstanceId", &id)],
            "404 InvalidInstanceId.NotFound",
        );
        bench.wait(3_000);
        assert!(!bench.instance(&id).is_null());
        bench.wait(3_000);
        assert_eq!(bench.ok("ecs.DescribeInstances", &[])["TotalCount"], 1);
    }
}
