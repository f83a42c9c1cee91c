//! A row of DescribeInstances, written to JSON without an intermediate value: a page has a hundred
//! of them with some seventy fields each.
//!
//! DescribeInstanceAttribute shows the fields in [`ATTRIBUTE`]. Invariant: fields are in the order
//! of their bytes, so that the text is equal to that of a `Value`; a test checks it.

use serde::Serialize;
use serde_json::Value;
use setpoint_openapi::timestamp::Timestamp;

use crate::product::ecs::instance::extras::Lock;
use crate::product::ecs::instance::{self, Instance};
use crate::product::ecs::instance_type;
use crate::product::ecs::network_interface::{self, Listed as Interface};
use crate::product::vpc::eip;
use crate::shape::{Blank, List, Wrap, empty};
use crate::tags::KeyList;
use crate::world::World;

/// The end of pay-as-you-go instances, a time in the far future that has no meaning.
const NO_EXPIRY: &str = "2099-12-31T15:59Z";

/// The fields that DescribeInstanceAttribute has in common with the listing.
pub(crate) const ATTRIBUTE: &[&str] = &[
    "ClusterId",
    "Cpu",
    "CreationTime",
    "CreditSpecification",
    "Description",
    "ExpiredTime",
    "HostName",
    "ImageId",
    "InnerIpAddress",
    "InstanceChargeType",
    "InstanceId",
    "InstanceName",
    "InstanceNetworkType",
    "InstanceType",
    "InternetChargeType",
    "InternetMaxBandwidthIn",
    "InternetMaxBandwidthOut",
    "Memory",
    "OperationLocks",
    "PublicIpAddress",
    "RegionId",
    "SecurityGroupIds",
    "SerialNumber",
    "Status",
    "StoppedMode",
    "VlanId",
    "VpcAttributes",
    "ZoneId",
];

/// A machine as DescribeInstances shows it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listed<'a> {
    auto_release_time: String,
    cluster_id: &'static str,
    cpu: i64,
    cpu_options: CpuOptions,
    creation_time: String,
    credit_specification: &'a str,
    dedicated_host_attribute: Blank,
    dedicated_instance_attribute: Blank,
    deletion_protection: bool,
    deployment_set_group_no: i64,
    deployment_set_id: &'a str,
    description: &'a str,
    device_available: bool,
    ecs_capacity_reservation_attr: Blank,
    eip_address: EipAddress<'a>,
    expired_time: String,
    #[serde(rename = "GPUAmount")]
    gpu_amount: i64,
    #[serde(rename = "GPUSpec")]
    gpu_spec: &'static str,
    hibernation_options: Wrap<bool>,
    host_name: &'a str,
    hpc_cluster_id: &'static str,
    #[serde(rename = "ISP")]
    isp: &'static str,
    image_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_options: Option<Wrap<bool>>,
    inner_ip_address: Wrap<[(); 0]>,
    instance_charge_type: &'a str,
    instance_id: &'a str,
    instance_name: &'a str,
    instance_network_type: &'static str,
    instance_type: &'a str,
    instance_type_family: &'static str,
    internet_charge_type: &'a str,
    internet_max_bandwidth_in: i64,
    internet_max_bandwidth_out: i64,
    io_optimized: bool,
    key_pair_name: &'a str,
    local_storage_amount: i64,
    local_storage_capacity: i64,
    memory: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_options: Option<MetadataOptions<'a>>,
    network_interfaces: Wrap<Vec<Interface<'a>>>,
    #[serde(rename = "OSName")]
    os_name: &'a str,
    #[serde(rename = "OSNameEn")]
    os_name_en: String,
    #[serde(rename = "OSType")]
    os_type: &'a str,
    operation_locks: Wrap<Vec<Lock<'a>>>,
    public_ip_address: Wrap<List<std::option::Iter<'a, String>>>,
    rdma_ip_address: Wrap<[(); 0]>,
    recyclable: bool,
    region_id: &'a str,
    resource_group_id: &'a str,
    sale_cycle: &'static str,
    security_group_ids: Wrap<&'a [String]>,
    serial_number: &'a str,
    spot_duration: i64,
    spot_interruption_behavior: &'a str,
    spot_price_limit: f64,
    spot_strategy: &'a str,
    start_time: String,
    status: &'static str,
    stopped_mode: &'a str,
    tags: Wrap<KeyList<'a>>,
    vlan_id: &'static str,
    vpc_attributes: VpcAttributes<'a>,
    zone_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CpuOptions {
    core_count: i64,
    numa: &'static str,
    threads_per_core: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetadataOptions<'a> {
    http_endpoint: &'a str,
    http_put_response_hop_limit: i64,
    http_tokens: &'a str,
    instance_metadata_tags: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VpcAttributes<'a> {
    nat_ip_address: &'static str,
    private_ip_address: Wrap<Vec<std::net::Ipv4Addr>>,
    v_switch_id: &'a str,
    vpc_id: &'a str,
}

/// The EIP of an instance; its fields are empty without one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EipAddress<'a> {
    allocation_id: &'a str,
    bandwidth: i64,
    internet_charge_type: &'a str,
    ip_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_support_unassociate: Option<bool>,
}

impl<'a> EipAddress<'a> {
    /// As listings show it, or as DescribeInstanceAttribute does.
    pub(crate) fn of(world: &'a World, row: &'a Instance, in_list: bool) -> Self {
        let eip = eip::of_instance(world, &row.base.id);
        Self {
            allocation_id: eip.map(|eip| eip.base.id.as_str()).unwrap_or_default(),
            bandwidth: eip.map_or(0, |eip| eip.bandwidth),
            internet_charge_type: eip
                .map(|eip| eip.internet_charge_type.as_str())
                .unwrap_or_default(),
            ip_address: eip.map(|eip| eip.address.as_str()).unwrap_or_default(),
            is_support_unassociate: in_list.then_some(eip.is_some()),
        }
    }
}

/// `ecs.c7` of `ecs.c7.large`.
pub(crate) fn family(instance_type: &str) -> &'static str {
    instance_type::find(instance_type).map_or("", |kind| kind.family)
}

/// The row of an instance, with the additional attributes of the call.
#[expect(clippy::too_many_lines, reason = "one line a field")]
pub(crate) fn listed<'a>(world: &'a World, row: &'a Instance, more: &[&str]) -> Listed<'a> {
    let stale = row
        .stale
        .as_ref()
        .filter(|stale| world.now_ms() < stale.until_ms);
    let instance_type = stale.map_or(&row.instance_type, |stale| &stale.instance_type);
    let kind = instance_type::find(instance_type).ok();
    let cpu = kind.map_or(0, |kind| kind.cpu);
    let (gpu_amount, gpu_spec) = kind.map_or((0, ""), instance_type::InstanceType::gpus);
    let minutes = |at: Option<i64>| at.map_or_else(String::new, |at| Timestamp(at).minutes());
    let with_primary = more.contains(&"NETWORK_PRIMARY_ENI_IP");
    let interfaces = network_interface::of_instance(world, &row.base.id)
        .into_iter()
        .map(|eni| eni.listed(with_primary));
    let primary = world.tables.network_interfaces.get(&row.interface);
    Listed {
        auto_release_time: minutes(row.auto_release_ms),
        cluster_id: "",
        cpu,
        cpu_options: CpuOptions {
            core_count: cpu / 2,
            numa: "ON",
            threads_per_core: 2,
        },
        creation_time: Timestamp(row.base.created_ms).minutes(),
        credit_specification: &row.credit,
        dedicated_host_attribute: Blank(&[
            "DedicatedHostClusterId",
            "DedicatedHostId",
            "DedicatedHostName",
        ]),
        dedicated_instance_attribute: Blank(&["Affinity", "Tenancy"]),
        deletion_protection: row.deletion_protection,
        deployment_set_group_no: row.extras.deployment_group,
        deployment_set_id: &row.extras.deployment_set,
        description: &row.base.description,
        device_available: true,
        ecs_capacity_reservation_attr: Blank(&[
            "CapacityReservationId",
            "CapacityReservationPreference",
        ]),
        eip_address: EipAddress::of(world, row, true),
        expired_time: row
            .extras
            .expires_ms
            .map_or_else(|| NO_EXPIRY.to_owned(), |at| Timestamp(at).minutes()),
        gpu_amount,
        gpu_spec,
        hibernation_options: Wrap("Configured", false),
        host_name: &row.host_name,
        hpc_cluster_id: "",
        isp: "",
        image_id: &row.image,
        image_options: more
            .contains(&"LOGIN_AS_NON_ROOT")
            .then_some(Wrap("LoginAsNonRoot", row.login_as_non_root)),
        inner_ip_address: empty("IpAddress"),
        instance_charge_type: &row.charge_type,
        instance_id: &row.base.id,
        instance_name: &row.base.name,
        instance_network_type: "vpc",
        instance_type,
        instance_type_family: kind.map_or("", |kind| kind.family),
        internet_charge_type: &row.internet.charge_type,
        internet_max_bandwidth_in: row.internet.bandwidth_in,
        internet_max_bandwidth_out: stale
            .map_or(row.internet.bandwidth_out, |stale| stale.bandwidth_out),
        io_optimized: true,
        key_pair_name: &row.key_pair,
        local_storage_amount: 0,
        local_storage_capacity: 0,
        memory: kind.map_or(0, |kind| kind.memory_gib * 1024),
        metadata_options: more.contains(&"META_OPTIONS").then(|| metadata(row)),
        network_interfaces: Wrap("NetworkInterface", interfaces.collect()),
        os_name: &row.os_name,
        os_name_en: row.os_name.replace('位', "bit"),
        os_type: &row.os_type,
        operation_locks: Wrap("LockReason", row.locks()),
        public_ip_address: Wrap("IpAddress", List(row.internet.address.iter())),
        rdma_ip_address: empty("IpAddress"),
        recyclable: false,
        region_id: &row.base.region,
        resource_group_id: row.base.listed_group(),
        sale_cycle: "",
        security_group_ids: Wrap("SecurityGroupId", instance::groups(world, row)),
        serial_number: &row.serial,
        spot_duration: row.spot.duration,
        spot_interruption_behavior: &row.spot.interruption,
        spot_price_limit: row.spot.price_limit,
        spot_strategy: &row.spot.strategy,
        start_time: minutes(row.started_ms),
        status: row.state.name(),
        stopped_mode: &row.stopped_mode,
        tags: Wrap("Tag", KeyList(&row.base.tags)),
        vlan_id: "",
        vpc_attributes: VpcAttributes {
            nat_ip_address: "",
            private_ip_address: Wrap("IpAddress", primary.iter().map(|eni| eni.address).collect()),
            v_switch_id: &row.vswitch,
            vpc_id: &row.vpc,
        },
        zone_id: &row.zone,
    }
}

fn metadata(row: &Instance) -> MetadataOptions<'_> {
    MetadataOptions {
        http_endpoint: &row.metadata.endpoint,
        http_put_response_hop_limit: row.metadata.hop_limit,
        http_tokens: &row.metadata.tokens,
        instance_metadata_tags: &row.metadata.tags,
    }
}

/// The fields that DescribeInstanceAttribute shows of the row.
pub(crate) fn attribute(world: &World, row: &Instance) -> Value {
    let mut body =
        serde_json::to_value(listed(world, row, &[])).expect("a row is plain data with text keys");
    if let Value::Object(fields) = &mut body {
        fields.retain(|name, _| ATTRIBUTE.contains(&name.as_str()));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::assert_in_order;
    use crate::testing::Bench;

    #[test]
    fn fields_stand_in_the_order_of_their_bytes() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "\"v\""),
            ("Description", "a\u{1}<&>é"),
        ]);
        let row = bench.world.tables.instances.get(&id).expect("just made");
        assert_in_order(&listed(
            &bench.world,
            row,
            &[
                "META_OPTIONS",
                "LOGIN_AS_NON_ROOT",
                "NETWORK_PRIMARY_ENI_IP",
            ],
        ));
        let shown = attribute(&bench.world, row);
        assert!(
            ATTRIBUTE.is_sorted() && ATTRIBUTE.iter().all(|name| !shown[*name].is_null()),
            "{shown}"
        );
    }
}
