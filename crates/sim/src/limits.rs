//! Rate limits: how often an account may call an action, by region.
//!
//! Calls are counted in consecutive windows, of a minute for most actions. A call that is throttled
//! in minute T is accepted in minute T+1. The counts are kept in memory. [`documented`] has the
//! published limits; actions without a published limit have none.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use setpoint_openapi::action::{self, Action};
use setpoint_openapi::product::Product;

use crate::params::Params;
use crate::profile::Quotas;
use crate::refusal::{Refusal, Throttle};

/// The limits of an account: rates, and numbers of resources. This is the form of a file for
/// `--quotas`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The rates. The first one that names an action applies to it.
    pub rates: Vec<Rate>,
    /// The numbers of resources.
    pub counts: Quotas,
}

impl Limits {
    /// The published limits.
    #[must_use]
    pub fn documented() -> Self {
        Self {
            rates: documented(),
            counts: Quotas::default(),
        }
    }

    /// Parses a file for `--quotas`. Its rates come before the published ones.
    ///
    /// # Errors
    /// If the text is not such a file, names an unknown product or action, or has a rate that
    /// admits no call.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let mut limits: Self = serde_json::from_slice(text)?;
        for rate in &limits.rates {
            rate.check().map_err(serde_json::Error::custom)?;
        }
        limits.rates.extend(documented());
        Ok(limits)
    }

    /// No rates, and none of the quotas that [`Quotas::boundless`] lifts.
    #[must_use]
    pub fn none() -> Self {
        Self {
            rates: Vec::new(),
            counts: Quotas::boundless(),
        }
    }
}

/// How often some actions may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The code of the product, for example `ecs`.
    pub product: String,
    /// The actions, each with a count of its own; `*` for all actions of the product.
    pub actions: Vec<String>,
    /// The number of calls in a window.
    pub calls: u64,
    /// The length of a window, in seconds.
    #[serde(default = "minute")]
    pub seconds: u32,
    /// Whether the actions share one count.
    #[serde(default)]
    pub shared: bool,
    /// Whether each region has its own count; otherwise the whole account has one.
    #[serde(default = "yes")]
    pub by_region: bool,
    /// A parameter whose value says for how many calls one call counts.
    #[serde(default)]
    pub weight: Option<String>,
}

impl Rate {
    fn check(&self) -> Result<(), String> {
        let product = Product::ALL
            .into_iter()
            .find(|product| product.code() == self.product);
        let product = product.ok_or_else(|| format!("there is no product `{}`", self.product))?;
        if let Some(name) = self
            .actions
            .iter()
            .find(|name| *name != "*" && action::find(product, name).is_none())
        {
            return Err(format!("`{product}` has no action `{name}`"));
        }
        if self.calls == 0 || self.seconds == 0 {
            Err("`calls` and `seconds` must be above 0".to_owned())
        } else {
            Ok(())
        }
    }
}

fn minute() -> u32 {
    60
}

fn yes() -> bool {
    true
}

/// The published rates.
#[must_use]
pub fn documented() -> Vec<Rate> {
    let rate = |product: &str, actions: &[&str], calls, seconds| Rate {
        product: product.to_owned(),
        actions: actions.iter().map(|name| (*name).to_owned()).collect(),
        calls,
        seconds,
        shared: false,
        by_region: true,
        weight: None,
    };
    vec![
        rate(
            "vpc",
            &["AllocateEipAddress", "AssociateEipAddress"],
            120,
            60,
        ),
        rate(
            "vpc",
            &["DescribeEipAddresses", "ReleaseEipAddress", "DescribeZones"],
            600,
            60,
        ),
        rate(
            "vpc",
            &["CreateVSwitch", "ModifyVSwitchAttribute", "TagResources"],
            300,
            60,
        ),
        rate("vpc", &["DescribeNetworkAcls"], 30, 60),
        // 5,000 instances a minute, over both actions.
        Rate {
            shared: true,
            weight: Some("Amount".to_owned()),
            ..rate("ecs", &["RunInstances", "CreateInstance"], 5_000, 60)
        },
        Rate {
            by_region: false,
            ..rate(
                "cms",
                &[
                    "DescribeMetricLast",
                    "DescribeMetricList",
                    "DescribeMetricData",
                    "DescribeMetricTop",
                ],
                50,
                1,
            )
        },
        Rate {
            by_region: false,
            ..rate("cms", &["*"], 20, 1)
        },
        Rate {
            by_region: false,
            ..rate("sts", &["AssumeRole"], 100, 1)
        },
    ]
}

/// The counts of the current windows.
#[derive(Debug, Default)]
pub(crate) struct Meters(BTreeMap<(String, String), Window>);

/// The parts of a call that rates depend on.
pub(crate) struct Asked<'a> {
    pub(crate) action: &'a Action,
    pub(crate) region: &'a str,
    pub(crate) params: &'a Params,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    number: i64,
    used: u64,
}

impl Meters {
    /// Counts a call.
    ///
    /// # Errors
    /// `Throttling.User` if the window is full. A throttled call does not count.
    pub(crate) fn admit(
        &mut self,
        rates: &[Rate],
        asked: &Asked<'_>,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        let Asked {
            action,
            region,
            params,
        } = asked;
        let named = |rate: &&Rate| {
            rate.product == action.product.code()
                && rate
                    .actions
                    .iter()
                    .any(|name| name == "*" || name == action.name)
        };
        let Some(rate) = rates.iter().find(named) else {
            return Ok(());
        };
        let length_ms = i64::from(rate.seconds.max(1)) * 1000;
        let number = now_ms.div_euclid(length_ms);
        let counted = if rate.shared {
            rate.actions.first().map_or("", String::as_str)
        } else {
            action.name
        };
        let key = (
            format!("{}/{counted}", rate.product),
            if rate.by_region {
                (*region).to_owned()
            } else {
                String::new()
            },
        );
        let window = self.0.entry(key).or_insert(Window { number, used: 0 });
        if window.number != number {
            *window = Window { number, used: 0 };
        }
        let weight = rate
            .weight
            .as_deref()
            .and_then(|name| params.get(name)?.parse().ok())
            .unwrap_or(1);
        if window.used.saturating_add(weight) > rate.calls {
            let throttle = Throttle {
                limit: rate.calls,
                wait_ms: (number + 1) * length_ms - now_ms,
            };
            return Err(Refusal::throttled(throttle));
        }
        window.used += weight;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use setpoint_openapi::action::find;
    use setpoint_openapi::product::Product;

    use super::*;

    fn admit(
        meters: &mut Meters,
        action: (Product, &str),
        region: &str,
        amount: &str,
        now_ms: i64,
    ) -> Option<i64> {
        let action = find(action.0, action.1).expect("a published action");
        let params = Params::from_pairs([("Amount".to_owned(), amount.to_owned())]);
        let refused = meters
            .admit(
                &documented(),
                &Asked {
                    action,
                    region,
                    params: &params,
                },
                now_ms,
            )
            .err()?;
        assert_eq!(
            (refused.status, refused.code.as_ref()),
            (400, "Throttling.User")
        );
        refused.throttle.map(|throttle| throttle.wait_ms)
    }

    #[test]
    fn a_full_minute_is_over_at_the_next() {
        let mut meters = Meters::default();
        let create = (Product::Vpc, "CreateVSwitch");
        for _ in 0..300 {
            assert_eq!(admit(&mut meters, create, "cn-beijing", "1", 60_000), None);
        }
        assert_eq!(
            admit(&mut meters, create, "cn-beijing", "1", 119_000),
            Some(1_000)
        );
        assert_eq!(
            admit(&mut meters, create, "cn-hangzhou", "1", 119_000),
            None,
            "each region has its own count"
        );
        assert_eq!(
            admit(
                &mut meters,
                (Product::Vpc, "TagResources"),
                "cn-beijing",
                "1",
                119_000
            ),
            None,
            "so has each action"
        );
        assert_eq!(admit(&mut meters, create, "cn-beijing", "1", 120_000), None);
    }

    #[test]
    fn machines_count_by_their_amount_and_by_both_actions() {
        let mut meters = Meters::default();
        for _ in 0..50 {
            assert_eq!(
                admit(
                    &mut meters,
                    (Product::Ecs, "RunInstances"),
                    "cn-beijing",
                    "100",
                    0
                ),
                None
            );
        }
        assert_eq!(
            admit(
                &mut meters,
                (Product::Ecs, "CreateInstance"),
                "cn-beijing",
                "1",
                0
            ),
            Some(60_000)
        );
    }

    #[test]
    fn monitoring_counts_by_the_second_and_for_the_account() {
        let mut meters = Meters::default();
        for n in 0..20 {
            let region = if n % 2 == 0 {
                "cn-beijing"
            } else {
                "cn-hangzhou"
            };
            assert_eq!(
                admit(
                    &mut meters,
                    (Product::Cms, "PutResourceMetricRule"),
                    region,
                    "1",
                    0
                ),
                None
            );
        }
        assert_eq!(
            admit(
                &mut meters,
                (Product::Cms, "PutResourceMetricRule"),
                "cn-beijing",
                "1",
                999
            ),
            Some(1)
        );
        assert_eq!(
            admit(
                &mut meters,
                (Product::Cms, "PutResourceMetricRule"),
                "cn-beijing",
                "1",
                1_000
            ),
            None
        );
    }

    #[test]
    fn a_file_names_what_it_changes() {
        let text = r#"{"rates": [{"product": "ecs", "actions": ["*"], "calls": 2}], "counts": {"vpcs": 1}}"#;
        let limits: Limits = serde_json::from_str(text).expect("a file of limits");
        assert_eq!(
            (limits.rates[0].seconds, limits.rates[0].by_region),
            (60, true)
        );
        assert_eq!((limits.counts.vpcs, limits.counts.vswitches), (1, 150));
        assert!(serde_json::from_str::<Limits>(r#"{"rate": []}"#).is_err());
    }
}
