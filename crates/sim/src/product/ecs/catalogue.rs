//! What can be ordered where: regions, zones, available resources, possible modifications,
//! recommended types, and the categories of disks.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk::{self, Disk};
use crate::product::ecs::instance::{self, Instance};
use crate::product::ecs::instance_type::{self, InstanceType, every, whole};
use crate::product::ecs::price;
use crate::refusal::Refusal;
use crate::regions;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeAvailableResource", describe_available),
    ("DescribeResourcesModification", describe_modification),
    ("DescribeRecommendInstanceType", describe_recommended),
    ("DescribeRegions", describe_regions),
    ("DescribeZones", describe_zones),
];

/// The smallest and the largest size, in GiB.
type Bounds = (i64, i64);

/// Disk categories with their bounds as system disk and as data disk.
pub(crate) const DISKS: &[(&str, Bounds, Bounds)] = &[
    ("cloud_efficiency", (20, 2048), (20, 32_768)),
    ("cloud_ssd", (20, 2048), (20, 32_768)),
    ("cloud_essd", (1, 2048), (1, 65_536)),
    ("cloud_auto", (1, 2048), (1, 65_536)),
    ("cloud_essd_entry", (20, 2048), (10, 32_768)),
    ("cloud", (20, 500), (5, 2_000)),
];

fn describe_available(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (zone, instance_type) = (call.given("ZoneId"), call.given("InstanceType"));
    let (cores, memory) = (call.int("Cores")?, whole(call, "Memory")?);
    let (system_category, data_category) = (
        call.given("SystemDiskCategory"),
        call.given("DataDiskCategory"),
    );
    call.harmless(&[
        "InstanceChargeType",
        "IoOptimized",
        "NetworkCategory",
        "ResourceType",
        "Scope",
        "SpotDuration",
        "SpotStrategy",
    ]);
    let destination = call.need("DestinationResource")?;
    let disks = |system: bool, wanted: Option<&str>| -> Vec<Value> {
        let fits = |name: &str| wanted.is_none_or(|wanted| wanted == name);
        let lines = DISKS.iter().filter(|(name, _, _)| fits(name));
        lines
            .map(|(name, of_system, of_data)| {
                supported(name, true, Some(if system { *of_system } else { *of_data }))
            })
            .collect()
    };
    let zones = regions::find(region)
        .into_iter()
        .flat_map(|region| region.zones())
        .filter(|id| zone.is_none_or(|zone| zone == id));
    let mut available = Vec::new();
    for zone in zones {
        let resources = match destination {
            "InstanceType" => every()
                .filter(|kind| instance_type.is_none_or(|wanted| wanted == kind.id))
                .filter(|kind| {
                    cores.is_none_or(|cores| cores == kind.cpu)
                        && memory.is_none_or(|memory| memory == kind.memory_gib)
                })
                .map(|kind| supported(&kind.id, world.in_stock(&zone, &kind.id), None))
                .collect(),
            "SystemDisk" => disks(true, system_category),
            "DataDisk" => disks(false, data_category),
            "Zone" => vec![supported(&zone, true, None)],
            "Network" => vec![supported("vpc", true, None)],
            "IoOptimized" => vec![supported("optimized", true, None)],
            _ => return Err(Refusal::invalid("DestinationResource")),
        };
        let of_type = json!({
            "Type": destination,
            "SupportedResources": {"SupportedResource": resources},
        });
        available.push(json!({
            "RegionId": region, "ZoneId": zone, "Status": "Available",
            "StatusCategory": "WithStock",
            "AvailableResources": {"AvailableResource": [of_type]},
        }));
    }
    Ok(json!({ "AvailableZones": { "AvailableZone": available } }))
}

fn supported(value: &str, in_stock: bool, bounds: Option<Bounds>) -> Value {
    let (status, category) = if in_stock {
        ("Available", "WithStock")
    } else {
        ("SoldOut", "WithoutStock")
    };
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
    let zones = region.into_iter().flat_map(|region| region.zones());
    let zones = zones.map(|zone| {
        let stocked = |id: &&String| verbose && world.in_stock(&zone, id);
        let types: Vec<&String> = every().map(|kind| &kind.id).filter(stocked).collect();
        json!({
            "ZoneId": zone, "LocalName": zone, "ZoneType": "AvailabilityZone",
            "AvailableResourceCreation": {
                "ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"],
            },
            "AvailableDiskCategories": {"DiskCategories": categories},
            "AvailableInstanceTypes": {"InstanceTypes": types},
            "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
            "AvailableVolumeCategories": {"VolumeCategories": []},
            "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
        })
    });
    Ok(json!({ "Zones": { "Zone": zones.collect::<Vec<_>>() } }))
}

/// Types that an instance can change to, or categories that its system disk can change to.
fn describe_modification(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["OperationType", "Conditions.1"]);
    call.only("MigrateAcrossZone", "false")?;
    let id = call.need("ResourceId")?;
    let destination = call.need("DestinationResource")?;
    let (zone, region, resources) = if id.starts_with("d-") {
        let disk = disk::find(world, call, id)?;
        (
            disk.zone.clone(),
            disk.base.region.clone(),
            categories(disk),
        )
    } else {
        let machine = instance::find(world, call, id)?;
        let resources = match destination {
            "InstanceType" => targets(world, call, machine)?,
            "SystemDisk" => disk::of_instance(world, id)
                .filter(|disk| disk.system)
                .flat_map(categories)
                .collect(),
            _ => return Err(Refusal::invalid("DestinationResource")),
        };
        (machine.zone.clone(), machine.base.region.clone(), resources)
    };
    Ok(json!({"AvailableZones": {"AvailableZone": [{
        "RegionId": region, "ZoneId": zone, "Status": "Available", "StatusCategory": "WithStock",
        "AvailableResources": {"AvailableResource": [{
            "Type": destination,
            "SupportedResources": {"SupportedResource": resources},
            "ConditionSupportedResources": {"ConditionSupportedResource": []},
        }]},
    }]}}))
}

/// Whether an instance of one type can change to another: both have the same architecture and no
/// local disks.
pub(crate) fn can_become(from: &InstanceType, to: &InstanceType) -> bool {
    from.architecture == to.architecture
        && from.id != to.id
        && from.local_disks().0 == 0
        && to.local_disks().0 == 0
}

fn targets(world: &World, call: &Call<'_>, machine: &Instance) -> Result<Vec<Value>, Refusal> {
    let from = instance_type::find(&machine.instance_type)?;
    let (wanted, cores, memory) = (
        call.given("InstanceType"),
        call.int("Cores")?,
        whole(call, "Memory")?,
    );
    let fits = |kind: &&InstanceType| {
        can_become(from, kind)
            && wanted.is_none_or(|wanted| wanted == kind.id)
            && cores.is_none_or(|cores| cores == kind.cpu)
            && memory.is_none_or(|memory| memory == kind.memory_gib)
    };
    Ok(every()
        .filter(fits)
        .map(|kind| supported(&kind.id, world.in_stock(&machine.zone, &kind.id), None))
        .collect())
}

/// Categories that a disk can change to.
fn categories(disk: &Disk) -> Vec<Value> {
    let lines = DISKS
        .iter()
        .filter(|(name, _, _)| disk::change::may_become(disk, name));
    lines
        .map(|(name, of_system, of_data)| {
            let bounds = if disk.system { *of_system } else { *of_data };
            supported(name, true, Some(bounds))
        })
        .collect()
}

/// Types similar to the named one, or with the requested cores and memory, best first.
fn describe_recommended(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("NetworkType", "vpc")?;
    call.only("IoOptimized", "optimized")?;
    call.harmless(&["Scene", "SystemDiskCategory", "ZoneMatchMode"]);
    let region = call.region_needed()?;
    let (charge, spot) = (
        call.given("InstanceChargeType").unwrap_or("PostPaid"),
        call.given("SpotStrategy").unwrap_or("NoSpot"),
    );
    let like = call
        .given("InstanceType")
        .map(instance_type::find)
        .transpose()?;
    let (cores, memory) = (
        call.int("Cores")?.or(like.map(|kind| kind.cpu)),
        whole(call, "Memory")?.or(like.map(|kind| kind.memory_gib)),
    );
    let (Some(cores), Some(memory)) = (cores, memory) else {
        return Err(Refusal::missing("InstanceType"));
    };
    let (families, level, most) = (
        call.list("InstanceTypeFamily"),
        call.given("InstanceFamilyLevel"),
        call.decimal("MaxPrice")?,
    );
    let zones: Vec<String> = regions::find(region)
        .into_iter()
        .flat_map(|region| region.zones())
        .collect();
    let zone = call
        .given("ZoneId")
        .or(zones.first().map(String::as_str))
        .unwrap_or_default();
    let mut fitting: Vec<&InstanceType> = every()
        .filter(|kind| {
            kind.cpu == cores && kind.memory_gib == memory && world.in_stock(zone, &kind.id)
        })
        .filter(|kind| like.is_none_or(|like| like.architecture == kind.architecture))
        .filter(|kind| families.is_empty() || families.contains(&kind.family))
        .filter(|kind| level.is_none_or(|level| level == kind.level()))
        .filter(|kind| most.is_none_or(|most| price::hourly(kind, region) <= most))
        .collect();
    if call.given("PriorityStrategy") == Some("PriceFirst") {
        fitting.sort_by(|a, b| price::hourly(a, region).total_cmp(&price::hourly(b, region)));
    } else {
        fitting.sort_by(|a, b| b.generation.cmp(a.generation).then_with(|| a.id.cmp(&b.id)));
    }
    let rows: Vec<Value> = fitting
        .iter()
        .take(10)
        .enumerate()
        .map(|(number, kind)| {
            json!({
                "Priority": number + 1, "RegionId": region, "ZoneId": zone, "NetworkType": "vpc",
                "CommodityCode": "ecs",
                "InstanceChargeType": charge, "SpotStrategy": spot, "Scene": "CREATE",
                "InstanceType": {
                    "InstanceType": kind.id, "InstanceTypeFamily": kind.family,
                    "Generation": kind.generation,
                    "Cores": kind.cpu, "Memory": kind.memory_gib * 1024,
                    "SupportIoOptimized": "optimized",
                },
                "Zones": {"zone": [{"ZoneNo": zone, "NetworkTypes": {"NetworkType": ["vpc"]}}]},
            })
        })
        .collect();
    Ok(json!({ "Data": { "RecommendInstanceType": rows } }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn stock_shows_where_it_is_asked_for() {
        let mut bench = Bench::new();
        bench.world.set_stock("cn-beijing-h", "ecs.c7.large", false);
        let pairs = [
            ("DestinationResource", "InstanceType"),
            ("ZoneId", "cn-beijing-h"),
            ("InstanceType", "ecs.c7.large"),
        ];
        let answer = bench.ok("ecs.DescribeAvailableResource", &pairs);
        let resource = &answer["AvailableZones"]["AvailableZone"][0]["AvailableResources"]["AvailableResource"]
            [0];
        assert_eq!(
            resource["SupportedResources"]["SupportedResource"][0]["StatusCategory"],
            "WithoutStock"
        );
    }

    #[test]
    fn a_machine_may_become_its_like() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        let pairs = [
            ("ResourceId", id.as_str()),
            ("DestinationResource", "InstanceType"),
            ("Cores", "4"),
            ("Memory", "8"),
        ];
        let zone = bench.ok("ecs.DescribeResourcesModification", &pairs)["AvailableZones"]["AvailableZone"][0].clone();
        let rows = zone["AvailableResources"]["AvailableResource"][0]["SupportedResources"]["SupportedResource"].clone();
        let ids: Vec<&str> = rows
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|row| row["Value"].as_str())
            .collect();
        assert!(
            ids.contains(&"ecs.c7.xlarge") && !ids.contains(&"ecs.c8y.xlarge"),
            "{ids:?}"
        );
    }

    #[test]
    fn what_is_out_of_stock_is_not_recommended() {
        let mut bench = Bench::new();
        let pairs = [
            ("NetworkType", "vpc"),
            ("InstanceType", "ecs.c7.large"),
            ("ZoneId", "cn-beijing-h"),
            ("PriorityStrategy", "PriceFirst"),
        ];
        let best = |bench: &mut Bench| {
            bench.ok("ecs.DescribeRecommendInstanceType", &pairs)["Data"]["RecommendInstanceType"]
                [0]["InstanceType"]["InstanceType"]
                .clone()
        };
        let first = best(&mut bench);
        bench
            .world
            .set_stock("cn-beijing-h", first.as_str().unwrap(), false);
        assert_ne!(best(&mut bench), first);
    }
}
