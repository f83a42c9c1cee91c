//! The products whose actions the table holds, with the version each is called at.
//!
//! Source: the service directory of the OpenAPI (product code and version per action).

use std::fmt;

/// One product of the OpenAPI at one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// Elastic Compute Service: instances, disks, images, security groups, key pairs.
    Ecs,
    /// Virtual Private Cloud: networks, VSwitches, EIPs, NAT gateways, route tables.
    Vpc,
    /// CloudMonitor: metrics and alert rules.
    Cms,
    /// Security Token Service: caller identity and temporary credentials.
    Sts,
    /// Operation Orchestration Service: here only its parameter store.
    Oos,
    /// The tag service, across products.
    Tag,
    /// The location service: which host serves a product in a region.
    Location,
}

impl Product {
    /// Every product, in a fixed order.
    pub const ALL: [Self; 7] = [
        Self::Ecs,
        Self::Vpc,
        Self::Cms,
        Self::Sts,
        Self::Oos,
        Self::Tag,
        Self::Location,
    ];

    /// The product code as it stands in endpoints and RAM policies: `ecs`, `vpc`, `cms`, …
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Vpc => "vpc",
            Self::Cms => "cms",
            Self::Sts => "sts",
            Self::Oos => "oos",
            Self::Tag => "tag",
            Self::Location => "location",
        }
    }

    /// The API version, for example `2014-05-26`.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Ecs => "2014-05-26",
            Self::Vpc => "2016-04-28",
            Self::Cms => "2019-01-01",
            Self::Sts => "2015-04-01",
            Self::Oos => "2019-06-01",
            Self::Tag => "2018-08-28",
            Self::Location => "2015-06-12",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
