//! The instance types as a table: families, sizes, and the limits of a size.
//!
//! Numbers of vCPUs, memory, bandwidth, interfaces and addresses follow the published tables of the
//! 6th and 7th generation. Families without an entry of their own use the numbers of a similar one.

use crate::product::ecs::instance_type::Architecture::{self, Arm, X86};

/// One family of regular sizes.
pub(super) struct Family {
    pub(super) id: &'static str,
    pub(super) architecture: Architecture,
    /// GiB for each vCPU.
    pub(super) ratio: i64,
    pub(super) generation: &'static str,
    pub(super) sizes: Sizes,
    pub(super) category: &'static str,
    pub(super) processor: &'static str,
}

/// Sizes of a family: the name after the dot, and its vCPUs.
pub(super) type Sizes = &'static [(&'static str, i64)];

const SIXTH: Sizes = &[
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("3xlarge", 12),
    ("4xlarge", 16),
    ("6xlarge", 24),
    ("8xlarge", 32),
    ("13xlarge", 52),
    ("26xlarge", 104),
];
const SEVENTH: Sizes = &[
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("3xlarge", 12),
    ("4xlarge", 16),
    ("6xlarge", 24),
    ("8xlarge", 32),
    ("16xlarge", 64),
    ("32xlarge", 128),
];
const EIGHTH: Sizes = &[
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("3xlarge", 12),
    ("4xlarge", 16),
    ("6xlarge", 24),
    ("8xlarge", 32),
    ("12xlarge", 48),
    ("16xlarge", 64),
    ("24xlarge", 96),
    ("48xlarge", 192),
];
const EVEN: Sizes = &[
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("8xlarge", 32),
    ("16xlarge", 64),
    ("32xlarge", 128),
];

const GENERAL: &str = "General-purpose";
const COMPUTE: &str = "Compute-optimized";
const MEMORY: &str = "Memory-optimized";

const CASCADE: &str = "Intel(R) Xeon(R) Platinum 8269CY";
const ICE: &str = "Intel(R) Xeon(R) Platinum 8369B";
const SAPPHIRE: &str = "Intel(R) Xeon(R) Platinum 8475B";
const ROME: &str = "AMD EPYC 7H12";
const MILAN: &str = "AMD EPYC 7T83";
const GENOA: &str = "AMD EPYC 9T24";
const YITIAN: &str = "YITIAN 710";

const fn family(
    id: &'static str,
    architecture: Architecture,
    ratio: i64,
    (generation, sizes): (&'static str, Sizes),
    processor: &'static str,
) -> Family {
    let category = match ratio {
        2 => COMPUTE,
        4 => GENERAL,
        _ => MEMORY,
    };
    Family {
        id,
        architecture,
        ratio,
        generation,
        sizes,
        category,
        processor,
    }
}

/// Families whose sizes are regular.
pub(super) const FAMILIES: &[Family] = &[
    family("ecs.c6", X86, 2, ("ecs-6", SIXTH), CASCADE),
    family("ecs.g6", X86, 4, ("ecs-6", SIXTH), CASCADE),
    family("ecs.r6", X86, 8, ("ecs-6", SIXTH), CASCADE),
    family("ecs.c6a", X86, 2, ("ecs-6", EVEN), ROME),
    family("ecs.g6a", X86, 4, ("ecs-6", EVEN), ROME),
    family("ecs.r6a", X86, 8, ("ecs-6", EVEN), ROME),
    family("ecs.c7", X86, 2, ("ecs-7", SEVENTH), ICE),
    family("ecs.g7", X86, 4, ("ecs-7", SEVENTH), ICE),
    family("ecs.r7", X86, 8, ("ecs-7", SEVENTH), ICE),
    family("ecs.c7a", X86, 2, ("ecs-7", EVEN), MILAN),
    family("ecs.g7a", X86, 4, ("ecs-7", EVEN), MILAN),
    family("ecs.r7a", X86, 8, ("ecs-7", EVEN), MILAN),
    family("ecs.c8i", X86, 2, ("ecs-8", EIGHTH), SAPPHIRE),
    family("ecs.g8i", X86, 4, ("ecs-8", EIGHTH), SAPPHIRE),
    family("ecs.r8i", X86, 8, ("ecs-8", EIGHTH), SAPPHIRE),
    family("ecs.c8a", X86, 2, ("ecs-8", EIGHTH), GENOA),
    family("ecs.g8a", X86, 4, ("ecs-8", EIGHTH), GENOA),
    family("ecs.r8a", X86, 8, ("ecs-8", EIGHTH), GENOA),
    family("ecs.c8y", Arm, 2, ("ecs-8", EVEN), YITIAN),
    family("ecs.g8y", Arm, 4, ("ecs-8", EVEN), YITIAN),
    family("ecs.r8y", Arm, 8, ("ecs-8", EVEN), YITIAN),
];

/// A type with a name or numbers of its own.
pub(super) struct Named {
    pub(super) id: &'static str,
    pub(super) family: &'static str,
    pub(super) cpu: i64,
    pub(super) memory_gib: i64,
    pub(super) extra: Extra,
}

/// The special attributes of a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extra {
    None,
    /// Credits per hour, and credits at the start.
    Burstable(i64, i64),
    /// Name of the card, how many, GiB of one.
    Gpu(&'static str, i64, f64),
    /// Category of local disks, how many, GiB of one.
    Local(&'static str, i64, i64),
    /// A whole machine.
    Metal,
}

const fn named(
    id: &'static str,
    family: &'static str,
    cpu: i64,
    memory_gib: i64,
    extra: Extra,
) -> Named {
    Named {
        id,
        family,
        cpu,
        memory_gib,
        extra,
    }
}

/// Types that do not follow the sizes of a family.
pub(super) const NAMED: &[Named] = &[
    named(
        "ecs.t5-lc1m1.small",
        "ecs.t5",
        1,
        1,
        Extra::Burstable(6, 30),
    ),
    named(
        "ecs.t5-lc1m2.small",
        "ecs.t5",
        1,
        2,
        Extra::Burstable(6, 30),
    ),
    named(
        "ecs.t5-lc1m2.large",
        "ecs.t5",
        2,
        4,
        Extra::Burstable(12, 60),
    ),
    named(
        "ecs.t5-lc1m4.large",
        "ecs.t5",
        2,
        8,
        Extra::Burstable(12, 60),
    ),
    named(
        "ecs.t5-c1m1.large",
        "ecs.t5",
        2,
        2,
        Extra::Burstable(18, 60),
    ),
    named(
        "ecs.t5-c1m2.large",
        "ecs.t5",
        2,
        4,
        Extra::Burstable(18, 60),
    ),
    named(
        "ecs.t5-c1m4.large",
        "ecs.t5",
        2,
        8,
        Extra::Burstable(18, 60),
    ),
    named("ecs.t6-c4m1.large", "ecs.t6", 2, 1, Extra::Burstable(6, 60)),
    named(
        "ecs.t6-c2m1.large",
        "ecs.t6",
        2,
        1,
        Extra::Burstable(12, 60),
    ),
    named(
        "ecs.t6-c1m1.large",
        "ecs.t6",
        2,
        2,
        Extra::Burstable(24, 60),
    ),
    named(
        "ecs.t6-c1m2.large",
        "ecs.t6",
        2,
        4,
        Extra::Burstable(24, 60),
    ),
    named(
        "ecs.t6-c1m4.large",
        "ecs.t6",
        2,
        8,
        Extra::Burstable(36, 60),
    ),
    named(
        "ecs.t6-c1m4.xlarge",
        "ecs.t6",
        4,
        16,
        Extra::Burstable(96, 120),
    ),
    named("ecs.e-c1m1.large", "ecs.e", 2, 2, Extra::None),
    named("ecs.e-c1m2.large", "ecs.e", 2, 4, Extra::None),
    named("ecs.e-c1m4.large", "ecs.e", 2, 8, Extra::None),
    named("ecs.e-c1m2.xlarge", "ecs.e", 4, 8, Extra::None),
    named("ecs.e-c1m4.xlarge", "ecs.e", 4, 16, Extra::None),
    named("ecs.u1-c1m1.large", "ecs.u1", 2, 2, Extra::None),
    named("ecs.u1-c1m2.large", "ecs.u1", 2, 4, Extra::None),
    named("ecs.u1-c1m4.large", "ecs.u1", 2, 8, Extra::None),
    named("ecs.u1-c1m2.xlarge", "ecs.u1", 4, 8, Extra::None),
    named("ecs.u1-c1m4.xlarge", "ecs.u1", 4, 16, Extra::None),
    named("ecs.u1-c1m4.2xlarge", "ecs.u1", 8, 32, Extra::None),
    named(
        "ecs.gn6v-c8g1.2xlarge",
        "ecs.gn6v",
        8,
        32,
        Extra::Gpu("NVIDIA V100", 1, 16.0),
    ),
    named(
        "ecs.gn6v-c8g1.8xlarge",
        "ecs.gn6v",
        32,
        128,
        Extra::Gpu("NVIDIA V100", 4, 16.0),
    ),
    named(
        "ecs.gn6v-c8g1.16xlarge",
        "ecs.gn6v",
        64,
        256,
        Extra::Gpu("NVIDIA V100", 8, 16.0),
    ),
    named(
        "ecs.gn7-c12g1.3xlarge",
        "ecs.gn7",
        12,
        94,
        Extra::Gpu("NVIDIA A100", 1, 40.0),
    ),
    named(
        "ecs.gn7-c13g1.13xlarge",
        "ecs.gn7",
        52,
        378,
        Extra::Gpu("NVIDIA A100", 4, 40.0),
    ),
    named(
        "ecs.gn7-c13g1.26xlarge",
        "ecs.gn7",
        104,
        756,
        Extra::Gpu("NVIDIA A100", 8, 40.0),
    ),
    named(
        "ecs.gn7i-c8g1.2xlarge",
        "ecs.gn7i",
        8,
        30,
        Extra::Gpu("NVIDIA A10", 1, 24.0),
    ),
    named(
        "ecs.gn7i-c16g1.4xlarge",
        "ecs.gn7i",
        16,
        60,
        Extra::Gpu("NVIDIA A10", 1, 24.0),
    ),
    named(
        "ecs.gn7i-c32g1.8xlarge",
        "ecs.gn7i",
        32,
        188,
        Extra::Gpu("NVIDIA A10", 1, 24.0),
    ),
    named(
        "ecs.gn7i-c32g1.16xlarge",
        "ecs.gn7i",
        64,
        376,
        Extra::Gpu("NVIDIA A10", 2, 24.0),
    ),
    named(
        "ecs.i2.xlarge",
        "ecs.i2",
        4,
        32,
        Extra::Local("local_ssd_pro", 1, 894),
    ),
    named(
        "ecs.i2.2xlarge",
        "ecs.i2",
        8,
        64,
        Extra::Local("local_ssd_pro", 1, 1788),
    ),
    named(
        "ecs.i2.4xlarge",
        "ecs.i2",
        16,
        128,
        Extra::Local("local_ssd_pro", 2, 1788),
    ),
    named(
        "ecs.i3.xlarge",
        "ecs.i3",
        4,
        32,
        Extra::Local("local_ssd_pro", 1, 960),
    ),
    named(
        "ecs.i3.2xlarge",
        "ecs.i3",
        8,
        64,
        Extra::Local("local_ssd_pro", 1, 1920),
    ),
    named(
        "ecs.i3.4xlarge",
        "ecs.i3",
        16,
        128,
        Extra::Local("local_ssd_pro", 2, 1920),
    ),
    named(
        "ecs.i4.large",
        "ecs.i4",
        2,
        16,
        Extra::Local("local_ssd_pro", 1, 479),
    ),
    named(
        "ecs.i4.xlarge",
        "ecs.i4",
        4,
        32,
        Extra::Local("local_ssd_pro", 1, 959),
    ),
    named(
        "ecs.i4.2xlarge",
        "ecs.i4",
        8,
        64,
        Extra::Local("local_ssd_pro", 1, 1919),
    ),
    named(
        "ecs.i4.4xlarge",
        "ecs.i4",
        16,
        128,
        Extra::Local("local_ssd_pro", 1, 3837),
    ),
    named("ecs.ebmc6.26xlarge", "ecs.ebmc6", 104, 192, Extra::Metal),
    named("ecs.ebmg6.26xlarge", "ecs.ebmg6", 104, 384, Extra::Metal),
    named("ecs.ebmr6.26xlarge", "ecs.ebmr6", 104, 768, Extra::Metal),
    named("ecs.ebmc7.32xlarge", "ecs.ebmc7", 128, 256, Extra::Metal),
    named("ecs.ebmg7.32xlarge", "ecs.ebmg7", 128, 512, Extra::Metal),
    named("ecs.ebmr7.32xlarge", "ecs.ebmr7", 128, 1024, Extra::Metal),
    named("ecs.ebmc7a.64xlarge", "ecs.ebmc7a", 256, 512, Extra::Metal),
    named("ecs.ebmg7a.64xlarge", "ecs.ebmg7a", 256, 1024, Extra::Metal),
];

/// The limits of an instance of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Network interfaces, the primary one counted.
    pub(crate) interfaces: i64,
    /// Private addresses of one interface, the primary one counted.
    pub(crate) addresses: i64,
    /// Disks, the system disk counted.
    pub(crate) disks: i64,
    /// Guaranteed bandwidth in Kbit/s, one way.
    pub(crate) bandwidth_kbit: i64,
    /// Packets per second.
    pub(crate) packets: i64,
    pub(crate) queues: i64,
}

const fn limits(
    interfaces: i64,
    addresses: i64,
    disks: i64,
    bandwidth_kbit: i64,
    packets: i64,
) -> Limits {
    Limits {
        interfaces,
        addresses,
        disks,
        bandwidth_kbit,
        packets,
        queues: 2,
    }
}

/// The smallest number of vCPUs that a line is for, and the line.
type Line = (i64, Limits);

const OF_SIXTH: &[Line] = &[
    (1, limits(2, 2, 17, 500_000, 100_000)),
    (2, limits(2, 6, 17, 1_000_000, 300_000)),
    (4, limits(3, 10, 17, 1_500_000, 500_000)),
    (8, limits(4, 10, 17, 2_500_000, 800_000)),
    (12, limits(6, 10, 17, 4_000_000, 900_000)),
    (16, limits(8, 20, 17, 5_000_000, 1_000_000)),
    (24, limits(8, 20, 17, 7_500_000, 1_500_000)),
    (32, limits(8, 20, 33, 10_000_000, 2_000_000)),
    (52, limits(7, 20, 33, 12_500_000, 3_000_000)),
    (104, limits(15, 20, 33, 25_000_000, 6_000_000)),
];

const OF_SEVENTH: &[Line] = &[
    (1, limits(2, 2, 17, 1_000_000, 300_000)),
    (2, limits(3, 6, 17, 2_000_000, 900_000)),
    (4, limits(4, 15, 17, 3_000_000, 1_000_000)),
    (8, limits(4, 15, 17, 5_000_000, 1_600_000)),
    (12, limits(8, 15, 17, 8_000_000, 2_400_000)),
    (16, limits(8, 30, 17, 10_000_000, 3_000_000)),
    (24, limits(8, 30, 17, 12_000_000, 4_500_000)),
    (32, limits(8, 30, 33, 16_000_000, 6_000_000)),
    (64, limits(8, 30, 33, 32_000_000, 12_000_000)),
    (128, limits(15, 30, 33, 64_000_000, 24_000_000)),
];

/// The limits of an instance with this number of vCPUs.
pub(super) fn limits_of(generation: &str, cpu: i64) -> Limits {
    let lines = if generation == "ecs-6" {
        OF_SIXTH
    } else {
        OF_SEVENTH
    };
    let line = lines
        .iter()
        .rev()
        .find(|(least, _)| *least <= cpu)
        .unwrap_or(&lines[0]);
    Limits {
        queues: (cpu / 2).clamp(2, 32),
        ..line.1
    }
}
