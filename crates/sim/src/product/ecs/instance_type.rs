//! Instance types: found by id, listed by DescribeInstanceTypes and DescribeInstanceTypeFamilies.
//! The data is in `table`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance_type::table::{Extra, FAMILIES, NAMED, Named};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) use crate::product::ecs::instance_type::table::Limits;

mod table;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeInstanceTypes", describe),
    ("DescribeInstanceTypeFamilies", describe_families),
];

/// The architecture of an instance's processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    X86,
    Arm,
}

impl Architecture {
    /// The name in images and DescribeInstanceTypes.
    pub(crate) fn image_name(self) -> &'static str {
        if self == Self::X86 { "x86_64" } else { "arm64" }
    }

    fn type_name(self) -> &'static str {
        if self == Self::X86 { "X86" } else { "ARM" }
    }
}

/// One instance type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InstanceType {
    pub(crate) id: String,
    pub(crate) family: &'static str,
    pub(crate) architecture: Architecture,
    pub(crate) cpu: i64,
    pub(crate) memory_gib: i64,
    pub(crate) burstable: bool,
    pub(crate) limits: Limits,
    pub(crate) generation: &'static str,
    category: &'static str,
    processor: &'static str,
    extra: Extra,
}

impl InstanceType {
    /// Number and name of its graphics cards.
    pub(crate) fn gpus(&self) -> (i64, &'static str) {
        if let Extra::Gpu(name, amount, _) = self.extra {
            (amount, name)
        } else {
            (0, "")
        }
    }

    /// Number of its local disks and GiB of each.
    pub(crate) fn local_disks(&self) -> (i64, i64) {
        if let Extra::Local(_, amount, gib) = self.extra {
            (amount, gib)
        } else {
            (0, 0)
        }
    }

    /// `EnterpriseLevel`, `EntryLevel` or `CreditEntryLevel`.
    pub(crate) fn level(&self) -> &'static str {
        match self.extra {
            Extra::Burstable(..) => "CreditEntryLevel",
            _ if matches!(self.family, "ecs.e" | "ecs.u1") => "EntryLevel",
            _ => "EnterpriseLevel",
        }
    }
}

/// All types by id, built once because every instance looks its type up often.
static TYPES: LazyLock<BTreeMap<String, InstanceType>> =
    LazyLock::new(|| computed().map(|kind| (kind.id.clone(), kind)).collect());

/// Every type, by id.
pub(crate) fn every() -> impl Iterator<Item = &'static InstanceType> {
    TYPES.values()
}

fn computed() -> impl Iterator<Item = InstanceType> {
    let regular = FAMILIES.iter().flat_map(|family| {
        family.sizes.iter().map(move |(size, cpu)| InstanceType {
            id: format!("{}.{size}", family.id),
            family: family.id,
            architecture: family.architecture,
            cpu: *cpu,
            memory_gib: cpu * family.ratio,
            burstable: false,
            limits: table::limits_of(family.generation, *cpu),
            generation: family.generation,
            category: family.category,
            processor: family.processor,
            extra: Extra::None,
        })
    });
    regular.chain(NAMED.iter().map(named))
}

fn named(line: &Named) -> InstanceType {
    let generation = if line.family.contains(['7', '4']) {
        "ecs-7"
    } else {
        "ecs-6"
    };
    let category = match line.extra {
        Extra::None | Extra::Burstable(..) => "Shared",
        Extra::Gpu(..) => "Heterogeneous-computing",
        Extra::Local(..) => "Local-SSDs",
        Extra::Metal => "ECS-bare-metal",
    };
    let burstable = matches!(line.extra, Extra::Burstable(..));
    InstanceType {
        id: line.id.to_owned(),
        family: line.family,
        architecture: Architecture::X86,
        cpu: line.cpu,
        memory_gib: line.memory_gib,
        burstable,
        limits: table::limits_of(generation, line.cpu),
        generation,
        category,
        processor: if generation == "ecs-7" {
            "Intel(R) Xeon(R) Platinum 8369B"
        } else {
            "Intel(R) Xeon(R) Platinum 8269CY"
        },
        extra: line.extra,
    }
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
    let both = |one: &str, many: &str| -> Vec<&str> {
        call.list(many).into_iter().chain(call.given(one)).collect()
    };
    let families = both("InstanceTypeFamily", "InstanceTypeFamilies");
    let architectures = both("CpuArchitecture", "CpuArchitectures");
    let categories = both("InstanceCategory", "InstanceCategories");
    let cards = both("GPUSpec", "GpuSpecs");
    let processors = both("PhysicalProcessorModel", "PhysicalProcessorModels");
    let level = call.given("InstanceFamilyLevel");
    call.harmless(&["AdditionalAttributes.1", "MaxResults"]);
    call.only("NvmeSupport", "supported")?;
    let holds = |wanted: &[&str], value: &str| wanted.is_empty() || wanted.contains(&value);
    let bounds = bounds(call)?;
    let types: Vec<Value> = every()
        .filter(|kind| {
            holds(&ids, &kind.id)
                && holds(&families, kind.family)
                && holds(&architectures, kind.architecture.type_name())
                && holds(&categories, kind.category)
                && holds(&cards, kind.gpus().1)
                && holds(&processors, kind.processor)
                && level.is_none_or(|level| level == kind.level())
                && bounds.iter().all(|bound| bound.fits(kind))
        })
        .map(body)
        .collect();
    Ok(json!({"NextToken": "", "InstanceTypes": {"InstanceType": types}}))
}

/// A number of a type with the minimum and the maximum that a call asks for.
struct Bound {
    of: fn(&InstanceType) -> i64,
    least: Option<i64>,
    most: Option<i64>,
}

impl Bound {
    fn fits(&self, kind: &InstanceType) -> bool {
        let value = (self.of)(kind);
        self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }
}

fn bounds(call: &Call<'_>) -> Result<Vec<Bound>, Refusal> {
    let of_least = |name: &str, of: fn(&InstanceType) -> i64| -> Result<Bound, Refusal> {
        Ok(Bound {
            of,
            least: call.int(name)?,
            most: None,
        })
    };
    Ok(vec![
        Bound {
            of: |kind| kind.cpu,
            least: call.int("MinimumCpuCoreCount")?,
            most: call.int("MaximumCpuCoreCount")?,
        },
        Bound {
            of: |kind| kind.memory_gib,
            least: whole(call, "MinimumMemorySize")?,
            most: whole(call, "MaximumMemorySize")?,
        },
        Bound {
            of: |kind| kind.gpus().0,
            least: call.int("MinimumGPUAmount")?,
            most: call.int("MaximumGPUAmount")?,
        },
        of_least("MinimumEniQuantity", |kind| kind.limits.interfaces)?,
        of_least("MinimumEniPrivateIpAddressQuantity", |kind| {
            kind.limits.addresses
        })?,
        of_least("MinimumDiskQuantity", |kind| kind.limits.disks)?,
        of_least("MinimumInstanceBandwidthRx", |kind| {
            kind.limits.bandwidth_kbit
        })?,
        of_least("MinimumInstanceBandwidthTx", |kind| {
            kind.limits.bandwidth_kbit
        })?,
        of_least("MinimumInstancePpsRx", |kind| kind.limits.packets)?,
        of_least("MinimumInstancePpsTx", |kind| kind.limits.packets)?,
        of_least("MinimumLocalStorageAmount", |kind| kind.local_disks().0)?,
        of_least("MinimumLocalStorageCapacity", |kind| kind.local_disks().1)?,
    ])
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "sizes in GiB are small whole numbers"
)]
pub(crate) fn whole(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    Ok(call.decimal(name)?.map(|gib| gib as i64))
}

fn body(kind: &InstanceType) -> Value {
    let limits = &kind.limits;
    let (cards, card) = kind.gpus();
    let (local_disks, local_gib) = kind.local_disks();
    let (credit, first_credit) = if let Extra::Burstable(hourly, first) = kind.extra {
        (hourly, first)
    } else {
        (0, 0)
    };
    let threads = if kind.architecture == Architecture::X86 {
        2
    } else {
        1
    };
    json!({
        "InstanceTypeId": kind.id,
        "InstanceTypeFamily": kind.family,
        "InstanceFamilyLevel": kind.level(),
        "InstanceCategory": kind.category,
        "CpuArchitecture": kind.architecture.type_name(),
        "CpuCoreCount": kind.cpu,
        "CpuOptions": {"Core": (kind.cpu / threads).max(1), "ThreadsPerCore": threads},
        "MemorySize": kind.memory_gib,
        "PhysicalProcessorModel": kind.processor,
        "GPUAmount": cards,
        "GPUSpec": card,
        "GPUMemorySize": if let Extra::Gpu(_, _, gib) = kind.extra { gib } else { 0.0 },
        "EniQuantity": limits.interfaces,
        "EniTotalQuantity": limits.interfaces,
        "EniTrunkSupported": false,
        "EniPrivateIpAddressQuantity": limits.addresses,
        "EniIpv6AddressQuantity": limits.addresses,
        "EriQuantity": 0,
        "PrimaryEniQueueNumber": limits.queues,
        "SecondaryEniQueueNumber": limits.queues,
        "MaximumQueueNumberPerEni": limits.queues,
        "TotalEniQueueQuantity": limits.queues * limits.interfaces,
        "InstanceBandwidthRx": limits.bandwidth_kbit,
        "InstanceBandwidthTx": limits.bandwidth_kbit,
        "InstancePpsRx": limits.packets,
        "InstancePpsTx": limits.packets,
        "DiskQuantity": limits.disks,
        "NvmeSupport": if kind.generation == "ecs-6" { "unsupported" } else { "supported" },
        "JumboFrameSupport": kind.generation != "ecs-6",
        "LocalStorageCategory": if let Extra::Local(category, _, _) = kind.extra { category } else { "" },
        "LocalStorageAmount": local_disks,
        "LocalStorageCapacity": local_gib,
        "BaselineCredit": credit,
        "InitialCredit": first_credit,
    })
}

fn describe_families(_world: &mut World, call: &Call<'_>) -> Answer {
    let generation = call.given("Generation");
    let mut families: Vec<(&str, &str)> =
        every().map(|kind| (kind.family, kind.generation)).collect();
    families.dedup();
    families.retain(|(_, of)| generation.is_none_or(|wanted| wanted == *of));
    let families: Vec<Value> = families
        .into_iter()
        .map(|(family, generation)| {
            json!({
                "InstanceTypeFamilyId": family, "Generation": generation,
            })
        })
        .collect();
    Ok(json!({ "InstanceTypeFamilies": { "InstanceTypeFamily": families } }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn catalogues_answer_in_their_shapes() {
        let mut bench = Bench::new();
        let types = bench.ok(
            "ecs.DescribeInstanceTypes",
            &[("InstanceTypes.1", "ecs.c7.large")],
        );
        let row = &types["InstanceTypes"]["InstanceType"][0];
        assert_eq!(
            (
                &row["CpuCoreCount"],
                &row["MemorySize"],
                &row["CpuArchitecture"]
            ),
            (&2.into(), &4.into(), &"X86".into())
        );
        bench.ok("ecs.DescribeInstanceTypeFamilies", &[]);
        bench.ok("ecs.DescribeRegions", &[]);
        bench.ok("ecs.DescribeZones", &[]);
        bench.ok("vpc.DescribeRegions", &[]);
        bench.ok("vpc.DescribeZones", &[]);
        bench.ok("sts.GetCallerIdentity", &[]);
    }
}
