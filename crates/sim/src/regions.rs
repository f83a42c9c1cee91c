//! Regions and zones. The region ids are the cloud's. Each region has the zones `a` to `l`, as the
//! larger ones do.

/// A region.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) id: &'static str,
    pub(crate) local_name: &'static str,
    zones: &'static [&'static str],
}

const TWELVE: &[&str] = &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
const THREE: &[&str] = &["a", "b", "c"];

/// Every region that the simulator knows.
pub(crate) const ALL: &[Region] = &[
    Region {
        id: "cn-qingdao",
        local_name: "华北1（青岛）",
        zones: THREE,
    },
    Region {
        id: "cn-beijing",
        local_name: "华北2（北京）",
        zones: TWELVE,
    },
    Region {
        id: "cn-zhangjiakou",
        local_name: "华北3（张家口）",
        zones: THREE,
    },
    Region {
        id: "cn-hangzhou",
        local_name: "华东1（杭州）",
        zones: TWELVE,
    },
    Region {
        id: "cn-shanghai",
        local_name: "华东2（上海）",
        zones: TWELVE,
    },
    Region {
        id: "cn-shenzhen",
        local_name: "华南1（深圳）",
        zones: TWELVE,
    },
    Region {
        id: "cn-chengdu",
        local_name: "西南1（成都）",
        zones: THREE,
    },
    Region {
        id: "cn-hongkong",
        local_name: "中国香港",
        zones: THREE,
    },
    Region {
        id: "ap-northeast-1",
        local_name: "日本（东京）",
        zones: THREE,
    },
    Region {
        id: "ap-southeast-1",
        local_name: "新加坡",
        zones: THREE,
    },
    Region {
        id: "us-east-1",
        local_name: "美国（弗吉尼亚）",
        zones: THREE,
    },
    Region {
        id: "us-west-1",
        local_name: "美国（硅谷）",
        zones: THREE,
    },
    Region {
        id: "eu-central-1",
        local_name: "德国（法兰克福）",
        zones: THREE,
    },
];

impl Region {
    /// The zone ids: `cn-beijing-h`, or without the hyphen if the region's id ends in a digit, as
    /// `eu-central-1a`.
    pub(crate) fn zones(&self) -> impl Iterator<Item = String> {
        let joint = if self.id.ends_with(|last: char| last.is_ascii_digit()) {
            ""
        } else {
            "-"
        };
        self.zones
            .iter()
            .map(move |letter| format!("{}{joint}{letter}", self.id))
    }

    pub(crate) fn has_zone(&self, zone: &str) -> bool {
        self.zones().any(|known| known == zone)
    }
}

/// Whether a region has this zone.
pub(crate) fn is_zone(zone: &str) -> bool {
    ALL.iter().any(|region| region.has_zone(zone))
}

/// The region with this id.
pub(crate) fn find(id: &str) -> Option<&'static Region> {
    ALL.iter().find(|region| region.id == id)
}

/// The region in a host name, as in `ecs.cn-beijing.aliyuncs.com` and
/// `ecs-cn-hangzhou.aliyuncs.com`.
pub(crate) fn of_host(host: &str) -> Option<&'static str> {
    let host = host.split(':').next().unwrap_or_default();
    let prefix = host.strip_suffix(".aliyuncs.com")?;
    ALL.iter().map(|region| region.id).find(|id| {
        let before = prefix.strip_suffix(id);
        before.is_some_and(|before| before.ends_with('.') || before.ends_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_their_region() {
        for (host, region) in [
            ("ecs.cn-beijing.aliyuncs.com", Some("cn-beijing")),
            ("ecs-cn-hangzhou.aliyuncs.com", Some("cn-hangzhou")),
            ("vpc-vpc.us-east-1.aliyuncs.com:443", Some("us-east-1")),
            ("sts.aliyuncs.com", None),
            ("127.0.0.1:8080", None),
        ] {
            assert_eq!(of_host(host), region, "{host}");
        }
    }

    #[test]
    fn zones_are_written_as_the_cloud_does() {
        assert!(find("cn-beijing").expect("known").has_zone("cn-beijing-h"));
        assert!(
            find("eu-central-1")
                .expect("known")
                .has_zone("eu-central-1a")
        );
    }
}
