//! The published actions that the simulator performs, and how deeply.
//!
//! `docs/simulator.md` has a table of it; a test compares the two.

use setpoint_openapi::action::{self, Action};
use setpoint_openapi::product::Product;

use crate::product;

/// How deeply an action is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// It creates, changes or reads resources with a life of their own.
    Life,
    /// It answers from a fixed table, or as an account without such resources.
    Report,
    /// It is refused with `Simulator.NotModelled`.
    Refused,
}

impl Depth {
    /// The word in the documentation.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Life => "life",
            Self::Report => "report",
            Self::Refused => "refused",
        }
    }
}

/// Performed actions that only report, by product.
const REPORTS: &[(Product, &[&str])] = &[
    (
        Product::Ecs,
        &[
            "DescribeAccountAttributes",
            "DescribeAvailableResource",
            "DescribeDiskMonitorData",
            "DescribeImageSupportInstanceTypes",
            "DescribeInstanceModificationPrice",
            "DescribeInstanceMonitorData",
            "DescribeInstanceTypeFamilies",
            "DescribeInstanceTypes",
            "DescribePrice",
            "DescribeRecommendInstanceType",
            "DescribeRegions",
            "DescribeRenewalPrice",
            "DescribeResourcesModification",
            "DescribeSnapshotPackage",
            "DescribeSpotAdvice",
            "DescribeSpotPriceHistory",
            "DescribeZones",
            "GetInstanceConsoleOutput",
            "GetInstanceScreenshot",
            "ModifyInstanceVncPasswd",
        ],
    ),
    (
        Product::Vpc,
        &[
            "DescribeHighDefinitionMonitorLogAttribute",
            "DescribeRegions",
            "DescribeZones",
            "ModifyNatGatewaySpec",
        ],
    ),
    (
        Product::Cms,
        &[
            "DescribeAlertHistoryList",
            "DescribeMetricMetaList",
            "DescribeMonitorGroupInstances",
            "DescribeMonitorGroups",
            "DescribeSystemEventAttribute",
            "InstallMonitoringAgent",
            "ModifyMetricRuleTemplate",
        ],
    ),
    (Product::Oos, &["GetSecretParameter", "GetSecretParameters"]),
    (Product::Location, &["DescribeEndpoints"]),
];

/// How deeply an action is simulated.
#[must_use]
pub fn depth(action: &Action) -> Depth {
    let reports = |(product, names): &(Product, &[&str])| {
        *product == action.product && names.contains(&action.name)
    };
    if product::handler(action).is_none() {
        Depth::Refused
    } else if REPORTS.iter().any(reports) {
        Depth::Report
    } else {
        Depth::Life
    }
}

/// All published actions with their depth, by product and name.
pub fn all() -> impl Iterator<Item = (&'static Action, Depth)> {
    Product::ALL
        .into_iter()
        .flat_map(action::table)
        .map(|action| (*action, depth(action)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reports_is_in_the_tables() {
        for (product, names) in REPORTS {
            for name in *names {
                assert!(
                    action::find(*product, name).is_some() || *product == Product::Ecs,
                    "{product} has no {name}"
                );
            }
        }
    }
}
