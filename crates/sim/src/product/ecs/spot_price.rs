//! Spot prices: DescribeSpotPriceHistory, DescribeSpotAdvice.
//!
//! A price is a function of type, zone and hour: it varies around 15 % of the pay-as-you-go price.
//! [`Options::spot_prices`](crate::profile::Options) overrides it.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::ids;
use crate::product::Actions;
use crate::product::ecs::instance_type::{self, InstanceType, every, whole};
use crate::product::ecs::price::{self, rounded};
use crate::refusal::Refusal;
use crate::regions;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeSpotPriceHistory", describe_history),
    ("DescribeSpotAdvice", describe_advice),
];

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The most rows of one answer.
const PAGE: usize = 1000;

/// A number from 0 to 99, a function of a text.
fn percent(world: &World, text: &str) -> u32 {
    u32::try_from(ids::draw_u64(world.seed(), text, 0) % 100).unwrap_or_default()
}

/// The average share of the pay-as-you-go price, by family.
fn share(kind: &InstanceType) -> f64 {
    match kind.family {
        family if family.starts_with("ecs.gn") => 0.30,
        family if family.ends_with('6') => 0.18,
        _ => 0.15,
    }
}

/// CNY an hour at a moment.
fn at(world: &World, kind: &InstanceType, region: &str, zone: &str, moment_ms: i64) -> f64 {
    if let Some(told) = world.options.spot_prices.get(&kind.id) {
        return *told;
    }
    let hour = moment_ms.div_euclid(HOUR_MS);
    let wobble = f64::from(percent(world, &format!("spot/{zone}/{}/{hour}", kind.id))) / 1000.0;
    let price = price::hourly(kind, region) * share(kind) * (0.95 + wobble);
    (price * 1000.0).round() / 1000.0
}

/// CNY an hour now.
pub(crate) fn current(world: &World, kind: &InstanceType, region: &str, zone: &str) -> f64 {
    at(world, kind, region, zone, world.now_ms())
}

fn time(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    call.given(name)
        .map(|text| {
            Timestamp::parse(text)
                .map(|moment| moment.0)
                .ok_or_else(|| Refusal::invalid(name))
        })
        .transpose()
}

/// One price for each hour and zone, newest first: of the last three hours, or since the given
/// start, at most thirty days.
fn describe_history(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("NetworkType", "vpc")?;
    call.only("IoOptimized", "optimized")?;
    call.harmless(&["OSType", "SpotDuration"]);
    let region = call.region_needed()?;
    let kind = instance_type::find(call.need("InstanceType")?)?;
    let end = time(call, "EndTime")?
        .unwrap_or_else(|| world.now_ms())
        .min(world.now_ms());
    let start = time(call, "StartTime")?.unwrap_or(end - 3 * HOUR_MS);
    if start > end || end - start > 30 * DAY_MS {
        return Err(Refusal::invalid("StartTime"));
    }
    let zones: Vec<String> = regions::find(region)
        .into_iter()
        .flat_map(|region| region.zones())
        .collect();
    let zones: Vec<&String> = zones
        .iter()
        .filter(|zone| call.given("ZoneId").is_none_or(|wanted| wanted == *zone))
        .collect();
    let offset = usize::try_from(call.int("Offset")?.unwrap_or(0))
        .map_err(|_| Refusal::invalid("Offset"))?;
    let hours: Vec<i64> = (start.div_euclid(HOUR_MS)..=end.div_euclid(HOUR_MS))
        .rev()
        .collect();
    let total = hours.len() * zones.len();
    let original = price::hourly(kind, region);
    let rows: Vec<Value> = hours
        .iter()
        .flat_map(|hour| zones.iter().map(move |zone| (hour * HOUR_MS, *zone)))
        .skip(offset)
        .take(PAGE)
        .map(|(moment, zone)| {
            json!({
                "ZoneId": zone, "InstanceType": kind.id, "NetworkType": "vpc",
                "IoOptimized": "optimized",
                "Timestamp": Timestamp(moment).seconds(), "OriginPrice": original,
                "SpotPrice": at(world, kind, region, zone, moment),
            })
        })
        .collect();
    let next = offset + rows.len();
    Ok(json!({
        "Currency": "CNY", "NextOffset": if next < total { next } else { 0 },
        "SpotPrices": {"SpotPriceType": rows},
    }))
}

/// Discount and interruption rate of each type in each zone.
fn describe_advice(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, family, level) = (
        call.list("InstanceTypes"),
        call.given("InstanceTypeFamily"),
        call.given("InstanceFamilyLevel"),
    );
    let (cores, memory) = (call.int("Cores")?, whole(call, "Memory")?);
    let (least_cores, least_memory) = (call.int("MinCores")?, whole(call, "MinMemory")?);
    let (card, cards) = (call.given("GpuSpec"), call.int("GpuAmount")?);
    let wanted: Vec<&InstanceType> = every()
        .filter(|kind| {
            (ids.is_empty() || ids.contains(&kind.id.as_str()))
                && family.is_none_or(|family| family == kind.family)
                && level.is_none_or(|level| level == kind.level())
                && cores.is_none_or(|cores| cores == kind.cpu)
                && memory.is_none_or(|memory| memory == kind.memory_gib)
                && least_cores.is_none_or(|cores| cores <= kind.cpu)
                && least_memory.is_none_or(|memory| memory <= kind.memory_gib)
                && card.is_none_or(|card| card == kind.gpus().1)
                && cards.is_none_or(|cards| cards == kind.gpus().0)
        })
        .collect();
    let zones = regions::find(region)
        .into_iter()
        .flat_map(|region| region.zones());
    let rows: Vec<Value> = zones
        .filter(|zone| call.given("ZoneId").is_none_or(|wanted| wanted == zone))
        .map(|zone| {
            let resources: Vec<Value> = wanted
                .iter()
                .filter(|kind| world.in_stock(&zone, &kind.id))
                .map(|kind| advice(world, kind, region, &zone))
                .collect();
            json!({"ZoneId": zone, "AvailableSpotResources": {"AvailableSpotResource": resources}})
        })
        .collect();
    Ok(json!({"RegionId": region, "AvailableSpotZones": {"AvailableSpotZone": rows}}))
}

fn advice(world: &World, kind: &InstanceType, region: &str, zone: &str) -> Value {
    let rate = f64::from(percent(world, &format!("interruption/{zone}/{}", kind.id))) / 10.0;
    let words = if rate < 3.0 {
        "0-3%"
    } else if rate < 5.0 {
        "3-5%"
    } else {
        "5-10%"
    };
    let share = current(world, kind, region, zone) / price::hourly(kind, region);
    // The field has the spot price in percent of the pay-as-you-go price.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a share of a price is between 0 and 1"
    )]
    let discount = (share * 100.0).round() as i64;
    json!({
        "InstanceType": kind.id, "AverageSpotDiscount": discount, "InterruptionRate": rounded(rate),
        "InterruptRateDesc": words,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn history_and_price_agree() {
        let mut bench = Bench::new();
        let pairs = [
            ("NetworkType", "vpc"),
            ("InstanceType", "ecs.c7.large"),
            ("ZoneId", "cn-beijing-h"),
        ];
        let history = bench.ok("ecs.DescribeSpotPriceHistory", &pairs);
        let rows = history["SpotPrices"]["SpotPriceType"]
            .as_array()
            .expect("a list")
            .clone();
        assert_eq!((rows.len(), history["NextOffset"].as_i64()), (4, Some(0)));
        let spot = [
            ("InstanceType", "ecs.c7.large"),
            ("SpotStrategy", "SpotAsPriceGo"),
            ("ZoneId", "cn-beijing-h"),
        ];
        let price =
            bench.ok("ecs.DescribePrice", &spot)["PriceInfo"]["Price"]["DetailInfos"]["DetailInfo"]
                [0]["TradePrice"]
                .clone();
        assert_eq!(rows[0]["SpotPrice"], price);
    }

    #[test]
    fn a_month_of_history_has_pages() {
        let mut bench = Bench::new();
        let pairs = [
            ("NetworkType", "vpc"),
            ("InstanceType", "ecs.c7.large"),
            ("StartTime", "2025-12-25T00:00:00Z"),
        ];
        let first = bench.ok("ecs.DescribeSpotPriceHistory", &pairs);
        assert_eq!(
            (
                first["NextOffset"].as_i64(),
                first["SpotPrices"]["SpotPriceType"]
                    .as_array()
                    .map(Vec::len)
            ),
            (Some(1000), Some(1000))
        );
        let rest = bench.ok(
            "ecs.DescribeSpotPriceHistory",
            &[&pairs[..], &[("Offset", "2000")]].concat(),
        );
        assert_eq!(rest["NextOffset"], 0);
        let advice = bench.ok(
            "ecs.DescribeSpotAdvice",
            &[
                ("InstanceTypes.1", "ecs.c7.large"),
                ("ZoneId", "cn-beijing-h"),
            ],
        );
        assert_eq!(
            advice["AvailableSpotZones"]["AvailableSpotZone"][0]["AvailableSpotResources"]["AvailableSpotResource"]
                [0]["InstanceType"],
            "ecs.c7.large"
        );
    }
}
