//! The metrics that rules may watch. Source: the published list of each product's metrics.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::cms::success;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeMetricMetaList", describe)];

/// A metric of a namespace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metric {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) statistics: &'static str,
    /// The shortest period, in seconds; others are its multiples.
    pub(crate) period: i64,
    dimensions: &'static str,
    pub(crate) unit: &'static str,
}

/// Namespace, statistics, period, dimensions, unit, names.
type Line = (
    &'static str,
    &'static str,
    i64,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const ECS: &str = "acs_ecs_dashboard";
const USUAL: &str = "Average,Minimum,Maximum";
const INSTANCE: &str = "userId,instanceId";
const DEVICE: &str = "userId,instanceId,device";

const LINES: &[Line] = &[
    (
        ECS,
        USUAL,
        60,
        INSTANCE,
        "%",
        &[
            "CPUUtilization",
            "InternetOutRate_Percent",
            "VPC_PublicIP_InternetOutRate_Percent",
        ],
    ),
    (
        ECS,
        USUAL,
        60,
        INSTANCE,
        "Byte/s",
        &["DiskReadBPS", "DiskWriteBPS"],
    ),
    (
        ECS,
        USUAL,
        60,
        INSTANCE,
        "Count/s",
        &["DiskReadIOPS", "DiskWriteIOPS"],
    ),
    (
        ECS,
        USUAL,
        60,
        INSTANCE,
        "bit/s",
        &[
            "IntranetInRate",
            "IntranetOutRate",
            "InternetInRate",
            "InternetOutRate",
        ],
    ),
    (
        ECS,
        "Average,Minimum,Maximum,Sum",
        60,
        INSTANCE,
        "Byte",
        &["IntranetIn", "IntranetOut", "InternetIn", "InternetOut"],
    ),
    (
        ECS,
        USUAL,
        60,
        "userId,instanceId,ip",
        "bit/s",
        &[
            "VPC_PublicIP_InternetInRate",
            "VPC_PublicIP_InternetOutRate",
        ],
    ),
    (
        ECS,
        "Maximum",
        60,
        INSTANCE,
        "Count",
        &["concurrentConnections"],
    ),
    (
        ECS,
        "Maximum",
        60,
        INSTANCE,
        "Count/s",
        &["packetInDropRates", "packetOutDropRates"],
    ),
    (
        ECS,
        USUAL,
        15,
        INSTANCE,
        "%",
        &[
            "cpu_total",
            "cpu_idle",
            "cpu_system",
            "cpu_user",
            "cpu_wait",
            "cpu_other",
        ],
    ),
    (
        ECS,
        USUAL,
        15,
        INSTANCE,
        "",
        &[
            "load_1m",
            "load_5m",
            "load_15m",
            "load_per_core_1m",
            "load_per_core_5m",
            "load_per_core_15m",
        ],
    ),
    (
        ECS,
        USUAL,
        15,
        INSTANCE,
        "%",
        &["memory_usedutilization", "memory_freeutilization"],
    ),
    (
        ECS,
        USUAL,
        15,
        INSTANCE,
        "Byte",
        &[
            "memory_totalspace",
            "memory_usedspace",
            "memory_freespace",
            "memory_actualusedspace",
        ],
    ),
    (
        ECS,
        USUAL,
        15,
        DEVICE,
        "%",
        &["diskusage_utilization", "fs_inodeutilization"],
    ),
    (
        ECS,
        USUAL,
        15,
        DEVICE,
        "Byte",
        &[
            "diskusage_used",
            "diskusage_free",
            "diskusage_avail",
            "diskusage_total",
        ],
    ),
    (
        ECS,
        USUAL,
        15,
        DEVICE,
        "Byte/s",
        &["disk_readbytes", "disk_writebytes"],
    ),
    (
        ECS,
        USUAL,
        15,
        DEVICE,
        "Count/s",
        &["disk_readiops", "disk_writeiops"],
    ),
    (
        ECS,
        USUAL,
        15,
        DEVICE,
        "bit/s",
        &["networkin_rate", "networkout_rate"],
    ),
    (
        ECS,
        USUAL,
        15,
        "userId,instanceId,state",
        "Count",
        &["net_tcpconnection"],
    ),
    (
        ECS,
        "Average",
        15,
        "userId,instanceId,processName",
        "Count",
        &["process.number"],
    ),
    (
        "acs_vpc_eip",
        "Value",
        60,
        INSTANCE,
        "bit/s",
        &["net_rx.rate", "net_tx.rate"],
    ),
    (
        "acs_vpc_eip",
        "Value",
        60,
        INSTANCE,
        "Count/s",
        &["net_rxPkgs.rate", "net_txPkgs.rate"],
    ),
    (
        "acs_vpc_eip",
        USUAL,
        60,
        INSTANCE,
        "%",
        &["net_in.rate_percentage", "net_out.rate_percentage"],
    ),
    (
        "acs_nat_gateway",
        "Maximum",
        60,
        INSTANCE,
        "Count",
        &["SnatConnection"],
    ),
    (
        "acs_nat_gateway",
        "Value",
        60,
        INSTANCE,
        "Count",
        &["SessionActiveConnection", "SessionNewConnection"],
    ),
    (
        "acs_slb_dashboard",
        USUAL,
        60,
        "userId,instanceId",
        "Count/s",
        &["InstanceQps", "InstanceActiveConnection"],
    ),
];

fn every() -> impl Iterator<Item = Metric> {
    LINES
        .iter()
        .flat_map(|(namespace, statistics, period, dimensions, unit, names)| {
            names.iter().map(|name| Metric {
                namespace,
                name,
                statistics,
                period: *period,
                dimensions,
                unit,
            })
        })
}

/// The metric of this namespace and name.
pub(crate) fn find(namespace: &str, name: &str) -> Option<Metric> {
    every().find(|metric| metric.namespace == namespace && metric.name == name)
}

fn describe(_world: &mut World, call: &Call<'_>) -> Answer {
    let (namespace, name) = (call.given("Namespace"), call.given("MetricName"));
    let number = call.int("PageNumber")?.unwrap_or(1).max(1);
    let size = call.int("PageSize")?.unwrap_or(30).clamp(1, 10_000);
    let fits = |metric: &Metric| {
        namespace.is_none_or(|namespace| namespace == metric.namespace)
            && name.is_none_or(|name| name == metric.name)
    };
    let metrics: Vec<Metric> = every().filter(fits).collect();
    let skip = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let shown = metrics
        .iter()
        .skip(skip)
        .take(usize::try_from(size).unwrap_or_default());
    let resources: Vec<Value> = shown
        .map(|metric| {
            let periods: Vec<String> = [1, 4, 5, 15, 60]
                .iter()
                .map(|factor| (factor * metric.period).to_string())
                .collect();
            json!({
                "Namespace": metric.namespace, "MetricName": metric.name,
                "Description": metric.name,
                "Statistics": metric.statistics, "Dimensions": metric.dimensions,
                "Unit": metric.unit,
                "Periods": periods.join(","), "Labels": "[]",
            })
        })
        .collect();
    success(json!({"TotalCount": metrics.len().to_string(), "Resources": {"Resource": resources}}))
}
