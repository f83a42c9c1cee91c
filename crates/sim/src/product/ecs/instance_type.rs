//! Instance types: a modest table of families, sizes computed from it. Numbers of interfaces and addresses follow the
//! published tables roughly and are the same for all families.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::regions;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInstanceTypes", describe),
    ("DescribeInstanceTypeFamilies", describe_families),
    ("DescribeAvailableResource", describe_available),
    ("DescribeRegions", describe_regions),
    ("DescribeZones", describe_zones),
];

/// What a machine's processor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    X86,
    Arm,
}

impl Architecture {
    /// As images and DescribeInstanceTypes name it.
    pub(crate) fn image_name(self) -> &'static str {
        if self == Self::X86 { "x86_64" } else { "arm64" }
    }

    fn type_name(self) -> &'static str {
        if self == Self::X86 { "X86" } else { "ARM" }
    }
}

/// One instance type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstanceType {
    pub(crate) id: String,
    pub(crate) family: &'static str,
    pub(crate) architecture: Architecture,
    pub(crate) cpu: i64,
    pub(crate) memory_gib: i64,
    pub(crate) burstable: bool,
    generation: &'static str,
}

/// Family, architecture, GiB for each vCPU, generation.
const FAMILIES: &[(&str, Architecture, i64, &str)] = &[
    ("ecs.c6", Architecture::X86, 2, "ecs-6"),
    ("ecs.g6", Architecture::X86, 4, "ecs-6"),
    ("ecs.r6", Architecture::X86, 8, "ecs-6"),
    ("ecs.c7", Architecture::X86, 2, "ecs-7"),
    ("ecs.g7", Architecture::X86, 4, "ecs-7"),
    ("ecs.r7", Architecture::X86, 8, "ecs-7"),
    ("ecs.c8i", Architecture::X86, 2, "ecs-8"),
    ("ecs.g8i", Architecture::X86, 4, "ecs-8"),
    ("ecs.r8i", Architecture::X86, 8, "ecs-8"),
    ("ecs.c8y", Architecture::Arm, 2, "ecs-8"),
    ("ecs.g8y", Architecture::Arm, 4, "ecs-8"),
    ("ecs.c8a", Architecture::X86, 2, "ecs-8"),
    ("ecs.g8a", Architecture::X86, 4, "ecs-8"),
];

const SIZES: &[(&str, i64)] = &[("large", 2), ("xlarge", 4), ("2xlarge", 8), ("3xlarge", 12), ("4xlarge", 16), ("8xlarge", 32)];

/// Types whose names carry their numbers: id, family, vCPU, GiB, burstable.
const NAMED: &[(&str, &str, i64, i64, bool)] = &[
    ("ecs.t6-c1m1.large", "ecs.t6", 2, 2, true),
    ("ecs.t6-c1m2.large", "ecs.t6", 2, 4, true),
    ("ecs.t6-c1m4.large", "ecs.t6", 2, 8, true),
    ("ecs.t5-lc1m2.small", "ecs.t5", 1, 2, true),
    ("ecs.e-c1m1.large", "ecs.e", 2, 2, false),
    ("ecs.e-c1m2.large", "ecs.e", 2, 4, false),
    ("ecs.e-c1m4.large", "ecs.e", 2, 8, false),
    ("ecs.e-c1m2.xlarge", "ecs.e", 4, 8, false),
    ("ecs.u1-c1m1.large", "ecs.u1", 2, 2, false),
    ("ecs.u1-c1m2.large", "ecs.u1", 2, 4, false),
    ("ecs.u1-c1m2.xlarge", "ecs.u1", 4, 8, false),
    ("ecs.u1-c1m4.xlarge", "ecs.u1", 4, 16, false),
];

/// Every type by id, made once: machines look theirs up all the time.
static TYPES: LazyLock<BTreeMap<String, InstanceType>> = LazyLock::new(|| computed().map(|kind| (kind.id.clone(), kind)).collect());

/// Every type, by id.
fn every() -> impl Iterator<Item = &'static InstanceType> {
    TYPES.values()
}

fn computed() -> impl Iterator<Item = InstanceType> {
    let regular = FAMILIES.iter().flat_map(|(family, architecture, ratio, generation)| {
        SIZES.iter().map(move |(size, cpu)| InstanceType {
            id: format!("{family}.{size}"),
            family,
            architecture: *architecture,
            cpu: *cpu,
            memory_gib: cpu * ratio,
            burstable: false,
            generation,
        })
    });
    let named = NAMED.iter().map(|(id, family, cpu, memory, burstable)| InstanceType {
        id: (*id).to_owned(),
        family,
        architecture: Architecture::X86,
        cpu: *cpu,
        memory_gib: *memory,
        burstable: *burstable,
        generation: "ecs-6",
    });
    regular.chain(named)
}

/// The type of this id.
pub(crate) fn find(id: &str) -> Result<&'static InstanceType, Refusal> {
    TYPES.get(id).ok_or_else(|| {
        Refusal::bad(
            "InvalidInstanceType.ValueNotSupported",
            format!("The specified InstanceType {id} does not exist or is not authorized."),
        )
    })
}

fn describe(_world: &mut World, call: &Call<'_>) -> Answer {
    let ids = call.list("InstanceTypes");
    let mut families = call.list("InstanceTypeFamilies");
    families.extend(call.given("InstanceTypeFamily"));
    let mut architectures = call.list("CpuArchitectures");
    architectures.extend(call.given("CpuArchitecture"));
    call.harmless(&["AdditionalAttributes.1", "MaxResults"]);
    let bounds = [
        (call.int("MinimumCpuCoreCount")?, call.int("MaximumCpuCoreCount")?),
        (whole(call, "MinimumMemorySize")?, whole(call, "MaximumMemorySize")?),
    ];
    let within =
        |value: i64, (min, max): (Option<i64>, Option<i64>)| min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max);
    let types: Vec<Value> = every()
        .filter(|kind| {
            (ids.is_empty() || ids.contains(&kind.id.as_str()))
                && (families.is_empty() || families.contains(&kind.family))
                && (architectures.is_empty() || architectures.contains(&kind.architecture.type_name()))
                && within(kind.cpu, bounds[0])
                && within(kind.memory_gib, bounds[1])
        })
        .map(body)
        .collect();
    Ok(json!({"NextToken": "", "InstanceTypes": {"InstanceType": types}}))
}

#[expect(clippy::cast_possible_truncation, reason = "sizes in GiB are small whole numbers")]
fn whole(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    Ok(call.decimal(name)?.map(|gib| gib as i64))
}

fn body(kind: &InstanceType) -> Value {
    let interfaces = if kind.cpu <= 4 { 3 } else { 8 };
    json!({
        "InstanceTypeId": kind.id,
        "InstanceTypeFamily": kind.family,
        "InstanceFamilyLevel": if kind.burstable { "CreditEntryLevel" } else { "EnterpriseLevel" },
        "InstanceCategory": "General-purpose",
        "CpuArchitecture": kind.architecture.type_name(),
        "CpuCoreCount": kind.cpu,
        "MemorySize": kind.memory_gib,
        "GPUAmount": 0,
        "GPUSpec": "",
        "EniQuantity": interfaces,
        "EniPrivateIpAddressQuantity": 10,
        "EniIpv6AddressQuantity": 10,
        "DiskQuantity": 17,
        "NvmeSupport": "required",
        "LocalStorageCategory": "",
        "BaselineCredit": if kind.burstable { 10 } else { 0 },
        "InitialCredit": if kind.burstable { 60 } else { 0 },
    })
}

fn describe_families(_world: &mut World, call: &Call<'_>) -> Answer {
    let generation = call.given("Generation");
    let mut families: Vec<(&str, &str)> = every().map(|kind| (kind.family, kind.generation)).collect();
    families.dedup();
    families.retain(|(_, of)| generation.is_none_or(|wanted| wanted == *of));
    let families: Vec<Value> =
        families.into_iter().map(|(family, generation)| json!({"InstanceTypeFamilyId": family, "Generation": generation})).collect();
    Ok(json!({ "InstanceTypeFamilies": { "InstanceTypeFamily": families } }))
}

/// The least and the most, in GiB.
type Bounds = (i64, i64);

/// Disk categories with their bounds as system disk and as data disk.
pub(crate) const DISKS: &[(&str, Bounds, Bounds)] = &[
    ("cloud_efficiency", (20, 2048), (20, 32_768)),
    ("cloud_ssd", (20, 2048), (20, 32_768)),
    ("cloud_essd", (1, 2048), (1, 65_536)),
    ("cloud_auto", (1, 2048), (1, 65_536)),
    ("cloud_essd_entry", (20, 2048), (10, 32_768)),
];

fn describe_available(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (zone, instance_type) = (call.given("ZoneId"), call.given("InstanceType"));
    let (cores, memory) = (call.int("Cores")?, whole(call, "Memory")?);
    let (system_category, data_category) = (call.given("SystemDiskCategory"), call.given("DataDiskCategory"));
    call.harmless(&["InstanceChargeType", "IoOptimized", "NetworkCategory", "ResourceType", "Scope", "SpotDuration", "SpotStrategy"]);
    let destination = call.need("DestinationResource")?;
    let disks = |system: bool, wanted: Option<&str>| -> Vec<Value> {
        let fits = |name: &str| wanted.is_none_or(|wanted| wanted == name);
        let lines = DISKS.iter().filter(|(name, _, _)| fits(name));
        lines.map(|(name, of_system, of_data)| supported(name, true, Some(if system { *of_system } else { *of_data }))).collect()
    };
    let zones = regions::find(region).into_iter().flat_map(|region| region.zones()).filter(|id| zone.is_none_or(|zone| zone == id));
    let mut available = Vec::new();
    for zone in zones {
        let resources = match destination {
            "InstanceType" => every()
                .filter(|kind| instance_type.is_none_or(|wanted| wanted == kind.id))
                .filter(|kind| cores.is_none_or(|cores| cores == kind.cpu) && memory.is_none_or(|memory| memory == kind.memory_gib))
                .map(|kind| supported(&kind.id, world.in_stock(&zone, &kind.id), None))
                .collect(),
            "SystemDisk" => disks(true, system_category),
            "DataDisk" => disks(false, data_category),
            "Zone" => vec![supported(&zone, true, None)],
            "Network" => vec![supported("vpc", true, None)],
            "IoOptimized" => vec![supported("optimized", true, None)],
            _ => return Err(Refusal::invalid("DestinationResource")),
        };
        available.push(json!({
            "RegionId": region, "ZoneId": zone, "Status": "Available", "StatusCategory": "WithStock",
            "AvailableResources": {"AvailableResource": [{"Type": destination, "SupportedResources": {"SupportedResource": resources}}]},
        }));
    }
    Ok(json!({ "AvailableZones": { "AvailableZone": available } }))
}

fn supported(value: &str, in_stock: bool, bounds: Option<Bounds>) -> Value {
    let (status, category) = if in_stock { ("Available", "WithStock") } else { ("SoldOut", "WithoutStock") };
    let mut body = json!({"Value": value, "Status": status, "StatusCategory": category});
    if let Some((min, max)) = bounds {
        (body["Min"], body["Max"], body["Unit"]) = (json!(min), json!(max), json!("GiB"));
    }
    body
}

fn describe_regions(_world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["InstanceChargeType", "ResourceType"]);
    let regions = regions::ALL.iter().map(|region| {
        json!({
            "RegionId": region.id, "LocalName": region.local_name, "Status": "available",
            "RegionEndpoint": format!("ecs.{}.aliyuncs.com", region.id),
        })
    });
    Ok(json!({ "Regions": { "Region": regions.collect::<Vec<_>>() } }))
}

fn describe_zones(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["InstanceChargeType", "SpotStrategy"]);
    let verbose = call.flag("Verbose")?.unwrap_or(true);
    let region = regions::find(call.region_needed()?);
    let categories: Vec<&str> = DISKS.iter().map(|(name, _, _)| *name).collect();
    let zones = region.into_iter().flat_map(|region| region.zones()).map(|zone| {
        let types: Vec<&String> = every().map(|kind| &kind.id).filter(|id| verbose && world.in_stock(&zone, id)).collect();
        json!({
            "ZoneId": zone, "LocalName": zone, "ZoneType": "AvailabilityZone",
            "AvailableResourceCreation": {"ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"]},
            "AvailableDiskCategories": {"DiskCategories": categories},
            "AvailableInstanceTypes": {"InstanceTypes": types},
            "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
            "AvailableVolumeCategories": {"VolumeCategories": []},
            "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
        })
    });
    Ok(json!({ "Zones": { "Zone": zones.collect::<Vec<_>>() } }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn catalogues_answer_in_their_shapes() {
        let mut bench = Bench::new();
        let types = bench.ok("ecs.DescribeInstanceTypes", &[("InstanceTypes.1", "ecs.c7.large")]);
        let row = &types["InstanceTypes"]["InstanceType"][0];
        assert_eq!((&row["CpuCoreCount"], &row["MemorySize"], &row["CpuArchitecture"]), (&2.into(), &4.into(), &"X86".into()));
        bench.ok("ecs.DescribeInstanceTypeFamilies", &[]);
        bench.ok("ecs.DescribeRegions", &[]);
        bench.ok("ecs.DescribeZones", &[]);
        bench.ok("vpc.DescribeRegions", &[]);
        bench.ok("vpc.DescribeZones", &[]);
        bench.ok("sts.GetCallerIdentity", &[]);
    }

    #[test]
    fn stock_shows_where_it_is_asked_for() {
        let mut bench = Bench::new();
        bench.world.set_stock("cn-beijing-h", "ecs.c7.large", false);
        let pairs = [("DestinationResource", "InstanceType"), ("ZoneId", "cn-beijing-h"), ("InstanceType", "ecs.c7.large")];
        let answer = bench.ok("ecs.DescribeAvailableResource", &pairs);
        let resource = &answer["AvailableZones"]["AvailableZone"][0]["AvailableResources"]["AvailableResource"][0];
        assert_eq!(resource["SupportedResources"]["SupportedResource"][0]["StatusCategory"], "WithoutStock");
    }
}
