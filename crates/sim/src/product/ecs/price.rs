//! Prices of orders, renewals and modifications, all from one small model.
//!
//! The model: a vCPU and a GiB of memory have a price per hour, multiplied by a factor of the
//! family and one of the region; graphics cards and local disks are added. It is calibrated so that
//! ecs.c7.large in cn-beijing has its real price: 0.68 CNY an hour, 415 a month, 310 a month for a
//! year, 245 a month for three years. The other prices are scaled from it and not looked up.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Fields};
use crate::product::Actions;
use crate::product::ecs::disk;
use crate::product::ecs::instance;
use crate::product::ecs::instance_type::{self, InstanceType};
use crate::product::ecs::spot_price;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribePrice", describe),
    ("DescribeRenewalPrice", describe_renewal),
    ("DescribeInstanceModificationPrice", describe_modification),
];

/// CNY an hour of one vCPU and of one GiB of memory, in the family with the factor 1.
const VCPU: f64 = 0.24;
const GIB: f64 = 0.05;

/// The price of a month in hours of pay-as-you-go: for one month, for a year, for three years.
const MONTHS: [(i64, f64); 3] = [(1, 415.0 / 0.68), (12, 310.0 / 0.68), (36, 245.0 / 0.68)];

/// The price of a disk's month in hours.
const DISK_MONTH: f64 = 480.0;

/// The factor of a family, compared with the 7th generation.
fn weight(family: &str) -> f64 {
    match family {
        "ecs.t5" => 0.40,
        "ecs.t6" | "ecs.e" => 0.45,
        "ecs.u1" => 0.72,
        "ecs.c6a" | "ecs.g6a" | "ecs.r6a" => 0.80,
        "ecs.c8y" | "ecs.g8y" | "ecs.r8y" => 0.78,
        "ecs.c7a" | "ecs.g7a" | "ecs.r7a" => 0.88,
        "ecs.c6" | "ecs.g6" | "ecs.r6" => 0.92,
        "ecs.c8a" | "ecs.g8a" | "ecs.r8a" => 0.94,
        "ecs.c8i" | "ecs.g8i" | "ecs.r8i" => 1.06,
        _ => 1.0,
    }
}

/// The factor of a region.
fn region_weight(region: &str) -> f64 {
    match region {
        "cn-zhangjiakou" | "cn-chengdu" => 0.9,
        region if region == "cn-hongkong" || region.starts_with("ap-") => 1.4,
        region if region.starts_with("us-") => 1.2,
        region if region.starts_with("eu-") => 1.35,
        _ => 1.0,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of vCPUs, GiB and months are small"
)]
fn float(number: i64) -> f64 {
    number as f64
}

/// Rounds to six digits after the point, the most that prices are shown with.
pub(crate) fn rounded(price: f64) -> f64 {
    (price * 1e6).round() / 1e6
}

/// CNY an hour of a pay-as-you-go instance, without disks and bandwidth.
pub(crate) fn hourly(kind: &InstanceType, region: &str) -> f64 {
    let (cards, card) = kind.gpus();
    let per_card = match card {
        "NVIDIA V100" => 22.0,
        "NVIDIA A100" => 30.0,
        "" => 0.0,
        _ => 8.5,
    };
    let (disks, gib) = kind.local_disks();
    let base = (VCPU * float(kind.cpu) + GIB * float(kind.memory_gib)) * weight(kind.family);
    rounded((base + float(cards) * per_card + float(disks * gib) * 0.0004) * region_weight(region))
}

/// CNY an hour of one GiB of a disk.
fn disk_hourly(category: &str, level: &str) -> f64 {
    match (category, level) {
        ("cloud_essd", "PL0") | ("cloud_auto", _) => 0.00105,
        ("cloud_essd", "PL2") => 0.0042,
        ("cloud_essd", "PL3") => 0.0084,
        ("cloud_essd" | "cloud_ssd", _) => 0.0021,
        ("cloud_essd_entry", _) => 0.0008,
        _ => 0.00073,
    }
}

/// CNY an hour of a fixed bandwidth: the first five Mbit/s are cheap.
fn bandwidth_hourly(mbit: i64) -> f64 {
    float(mbit.min(5)) * 0.063 + float((mbit - 5).max(0)) * 0.248
}

/// The term that is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    /// 0: by the hour.
    months: i64,
    weeks: i64,
}

impl Term {
    fn of(call: &Call<'_>, usual: &str) -> Result<Self, Refusal> {
        let period = call.int("Period")?.unwrap_or(1);
        let unit = call.given("PriceUnit").unwrap_or(usual);
        if !(1..=60).contains(&period) {
            return Err(Refusal::invalid("Period"));
        }
        match unit {
            "Hour" if period == 1 => Ok(Self {
                months: 0,
                weeks: 0,
            }),
            "Week" => Ok(Self {
                months: 0,
                weeks: period,
            }),
            "Month" => Ok(Self {
                months: period,
                weeks: 0,
            }),
            "Year" if period <= 5 => Ok(Self {
                months: period * 12,
                weeks: 0,
            }),
            _ => Err(Refusal::invalid("PriceUnit")),
        }
    }

    /// The list price and the discounted price of a term, from a price per hour.
    fn price(self, hourly: f64, hours: f64, discounts: bool) -> (f64, f64) {
        if self.weeks > 0 {
            let price = hourly * hours * 0.3 * float(self.weeks);
            return (price, price);
        }
        if self.months == 0 {
            return (hourly, hourly);
        }
        let listed = hourly * hours * float(self.months);
        let of_term = MONTHS
            .iter()
            .rev()
            .find(|(months, _)| *months <= self.months)
            .map_or(1.0, |(_, hours)| hours / MONTHS[0].1);
        (listed, if discounts { listed * of_term } else { listed })
    }
}

/// One item of a price: its name, list price, discounted price.
struct Item {
    resource: &'static str,
    listed: f64,
    paid: f64,
}

fn disk_item(
    fields: &Fields<'_>,
    resource: &'static str,
    term: Term,
    usual: i64,
) -> Result<Option<Item>, Refusal> {
    let category = fields.given("Category");
    let size = fields.size("Size")?;
    let level = fields.given("PerformanceLevel").unwrap_or("PL1");
    if category.is_none() && size.is_none() && resource == "dataDisk" {
        return Ok(None);
    }
    let hourly =
        disk_hourly(category.unwrap_or("cloud_efficiency"), level) * float(size.unwrap_or(usual));
    let (listed, paid) = term.price(hourly, DISK_MONTH, true);
    Ok(Some(Item {
        resource,
        listed,
        paid,
    }))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&[
        "ImageId",
        "IoOptimized",
        "InstanceNetworkType",
        "Platform",
        "Isp",
        "SpotDuration",
        "Scope",
        "OfferingType",
    ]);
    let term = Term::of(call, "Hour")?;
    let amount = call.int("Amount")?.unwrap_or(1);
    if !(1..=1000).contains(&amount) {
        return Err(Refusal::invalid("Amount"));
    }
    let mut items = Vec::new();
    match call.given("ResourceType").unwrap_or("instance") {
        "instance" => {
            let kind = instance_type::find(call.need("InstanceType")?)?;
            items.push(machine_item(world, call, kind, region, term)?);
            items.push(Item {
                resource: "image",
                listed: 0.0,
                paid: 0.0,
            });
            items.extend(disk_item(
                &call.part("SystemDisk."),
                "systemDisk",
                term,
                40,
            )?);
            items.extend(bandwidth_item(call, term)?);
        }
        "disk" => {}
        "bandwidth" => items.extend(bandwidth_item(call, term)?),
        _ => return Err(Refusal::not_modelled("ResourceType")),
    }
    for fields in call.rows("DataDisk") {
        items.extend(disk_item(&fields, "dataDisk", term, 20)?);
    }
    if items.is_empty() {
        return Err(Refusal::bad(
            "PriceNotFound",
            "There is no price for what was asked for.",
        ));
    }
    Ok(body(&items, amount))
}

fn machine_item(
    world: &World,
    call: &Call<'_>,
    kind: &InstanceType,
    region: &str,
    term: Term,
) -> Result<Item, Refusal> {
    let hour = hourly(kind, region);
    match call.given("SpotStrategy").unwrap_or("NoSpot") {
        "NoSpot" => {
            call.harmless(&["ZoneId"]);
            let (listed, paid) = term.price(hour, MONTHS[0].1, true);
            Ok(Item {
                resource: "instanceType",
                listed,
                paid,
            })
        }
        "SpotAsPriceGo" | "SpotWithPriceLimit"
            if term
                == (Term {
                    months: 0,
                    weeks: 0,
                }) =>
        {
            let zone = call
                .given("ZoneId")
                .map_or_else(|| format!("{region}-a"), str::to_owned);
            Ok(Item {
                resource: "instanceType",
                listed: hour,
                paid: spot_price::current(world, kind, region, &zone),
            })
        }
        _ => Err(Refusal::bad(
            "InvalidSpotStrategy",
            "The specified SpotStrategy is not valid.",
        )),
    }
}

/// Bandwidth by traffic costs nothing without traffic.
fn bandwidth_item(call: &Call<'_>, term: Term) -> Result<Option<Item>, Refusal> {
    let mbit = call.int("InternetMaxBandwidthOut")?.unwrap_or(0);
    if !(0..=100).contains(&mbit) {
        return Err(Refusal::invalid("InternetMaxBandwidthOut"));
    }
    let by_traffic = call.given("InternetChargeType").unwrap_or("PayByTraffic") == "PayByTraffic";
    if mbit == 0 {
        return Ok(None);
    }
    let hourly = if by_traffic {
        0.0
    } else {
        bandwidth_hourly(mbit)
    };
    let (listed, paid) = term.price(hourly, 365.0, false);
    Ok(Some(Item {
        resource: "bandwidth",
        listed,
        paid,
    }))
}

fn body(items: &[Item], amount: i64) -> Value {
    let line = |listed: f64, paid: f64| {
        (
            rounded(listed * float(amount)),
            rounded(paid * float(amount)),
        )
    };
    let details: Vec<Value> = items
        .iter()
        .map(|item| {
            let (listed, paid) = line(item.listed, item.paid);
            json!({
                "Resource": item.resource, "OriginalPrice": listed, "TradePrice": paid,
                "DiscountPrice": rounded(listed - paid),
                "SubRules": {"Rule": []},
            })
        })
        .collect();
    let (listed, paid) = line(
        items.iter().map(|item| item.listed).sum(),
        items.iter().map(|item| item.paid).sum(),
    );
    json!({"PriceInfo": {
        "Price": {
            "Currency": "CNY", "OriginalPrice": listed, "TradePrice": paid,
            "DiscountPrice": rounded(listed - paid),
            "DetailInfos": {"DetailInfo": details},
        },
        "Rules": {"Rule": []},
    }})
}

/// The price of renewing a subscription.
fn describe_renewal(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("ResourceType", "instance")?;
    let term = Term::of(call, "Month")?;
    let machine = instance::find(world, call, call.need("ResourceId")?)?;
    if machine.charge_type != "PrePaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "The operation is not permitted for a pay-as-you-go instance.",
        ));
    }
    let kind = instance_type::find(&machine.instance_type)?;
    let (listed, paid) = term.price(hourly(kind, &machine.base.region), MONTHS[0].1, true);
    let mut items = vec![Item {
        resource: "instanceType",
        listed,
        paid,
    }];
    for disk in disk::of_instance(world, &machine.base.id) {
        let hour = disk_hourly(&disk.spec.category, &disk.spec.performance_level)
            * float(disk.spec.size_gib);
        let (listed, paid) = term.price(hour, DISK_MONTH, true);
        items.push(Item {
            resource: if disk.system {
                "systemDisk"
            } else {
                "dataDisk"
            },
            listed,
            paid,
        });
    }
    Ok(body(&items, 1))
}

/// The price of an hour after a change, minus that before it.
fn describe_modification(world: &mut World, call: &Call<'_>) -> Answer {
    let machine = instance::find(world, call, call.need("InstanceId")?)?;
    let region = machine.base.region.as_str();
    let term = Term {
        months: i64::from(machine.charge_type == "PrePaid"),
        weeks: 0,
    };
    let mut items = Vec::new();
    if let Some(kind) = call.given("InstanceType") {
        let more = hourly(instance_type::find(kind)?, region)
            - hourly(instance_type::find(&machine.instance_type)?, region);
        let (listed, paid) = term.price(more, MONTHS[0].1, true);
        items.push(Item {
            resource: "instanceType",
            listed,
            paid,
        });
    }
    for fields in call.rows("DataDisk") {
        items.extend(disk_item(&fields, "dataDisk", term, 20)?);
    }
    if items.is_empty() {
        return Err(Refusal::missing("InstanceType"));
    }
    Ok(body(&items, 1))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    fn price(bench: &mut Bench, pairs: &[(&str, &str)]) -> serde_json::Value {
        bench.ok("ecs.DescribePrice", pairs)["PriceInfo"]["Price"].clone()
    }

    fn of_machine(bench: &mut Bench, more: &[(&str, &str)]) -> f64 {
        let pairs = [&[("InstanceType", "ecs.c7.large")], more].concat();
        price(bench, &pairs)["DetailInfos"]["DetailInfo"][0]["TradePrice"]
            .as_f64()
            .expect("a number")
    }

    #[test]
    fn the_machine_that_all_others_are_measured_by() {
        let mut bench = Bench::new();
        for (more, expected) in [
            (&[][..], 0.68),
            (&[("PriceUnit", "Month")][..], 415.0),
            (&[("PriceUnit", "Year")][..], 310.0 * 12.0),
            (&[("PriceUnit", "Year"), ("Period", "3")][..], 245.0 * 36.0),
            (&[("Amount", "3")][..], 2.04),
        ] {
            assert_eq!(of_machine(&mut bench, more), expected, "{more:?}");
        }
        let spot = of_machine(
            &mut bench,
            &[
                ("SpotStrategy", "SpotAsPriceGo"),
                ("ZoneId", "cn-beijing-h"),
            ],
        );
        assert!((0.09..0.115).contains(&spot), "{spot}");
    }

    #[test]
    fn parts_add_up_and_grow() {
        let mut bench = Bench::new();
        let small = price(
            &mut bench,
            &[
                ("InstanceType", "ecs.g7.large"),
                ("SystemDisk.Category", "cloud_essd"),
                ("SystemDisk.Size", "40"),
            ],
        );
        let sum: f64 = small["DetailInfos"]["DetailInfo"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|row| row["TradePrice"].as_f64())
            .sum();
        assert!((sum - small["TradePrice"].as_f64().expect("a number")).abs() < 1e-6);
        let bigger = [
            ("InstanceType", "ecs.g7.xlarge"),
            ("InternetMaxBandwidthOut", "5"),
            ("InternetChargeType", "PayByBandwidth"),
        ];
        assert!(price(&mut bench, &bigger)["TradePrice"].as_f64() > small["TradePrice"].as_f64());
        let disk = price(
            &mut bench,
            &[
                ("ResourceType", "disk"),
                ("DataDisk.1.Category", "cloud_essd"),
                ("DataDisk.1.Size", "100"),
                ("PriceUnit", "Month"),
            ],
        );
        assert_eq!(disk["TradePrice"], 100.8);
        bench.refused(
            "ecs.DescribePrice",
            &[("ResourceType", "disk")],
            "400 PriceNotFound",
        );
    }

    #[test]
    fn a_change_costs_the_difference() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        let answer = bench.ok(
            "ecs.DescribeInstanceModificationPrice",
            &[("InstanceId", &id), ("InstanceType", "ecs.c7.xlarge")],
        );
        assert_eq!(answer["PriceInfo"]["Price"]["TradePrice"], 0.68);
        bench.refused(
            "ecs.DescribeRenewalPrice",
            &[("ResourceId", &id)],
            "403 ChargeTypeViolation",
        );
    }
}
