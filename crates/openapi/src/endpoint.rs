//! The endpoint of a product in a region.
//!
//! Host names follow one rule with a few exceptions, which this file lists from the published
//! tables. An override address for all products serves simulators, proxies and private links.
//! Invariant: a host name is built only from a valid region id.

use crate::product::Product;

/// A scheme and a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `https`, or `http` if the override says so.
    pub scheme: &'static str,
    /// The host, with the port if it is not the default of the scheme.
    pub host: String,
}

/// Maps product and region to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoints {
    /// The address for every product and region, if set.
    single: Option<Endpoint>,
    /// Whether to use the hosts inside of a VPC (`ecs-vpc.<region>.aliyuncs.com`).
    within_vpc: bool,
}

/// Reasons why there is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The override is not a valid address.
    #[error("endpoint `{text}` is not of the form `http://HOST[:PORT]` or `https://HOST[:PORT]`")]
    BadUrl {
        /// The given text.
        text: String,
    },
    /// The region is not a valid id.
    #[error("region `{region}` is not a region id such as `cn-hangzhou`")]
    BadRegion {
        /// The given text.
        region: String,
    },
}

impl Endpoints {
    /// The public endpoints.
    #[must_use]
    pub fn public() -> Self {
        Self::default()
    }

    /// The endpoints that only instances in a VPC can reach.
    #[must_use]
    pub fn within_vpc() -> Self {
        Self {
            single: None,
            within_vpc: true,
        }
    }

    /// One address for every product and region, for example `http://127.0.0.1:1234`. A bare
    /// `HOST[:PORT]` means https.
    ///
    /// # Errors
    ///
    /// If the text has another scheme, a path, user information, or no host.
    pub fn single(url: &str) -> Result<Self, EndpointError> {
        let bad = || EndpointError::BadUrl {
            text: url.to_owned(),
        };
        let (scheme, rest) = match url.trim().split_once("://") {
            Some(("http", rest)) => ("http", rest),
            Some(("https", rest)) => ("https", rest),
            Some(_) => return Err(bad()),
            None => ("https", url.trim()),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        // Clients leave the default port out of `Host`, so it must not be signed either.
        let host = host
            .strip_suffix(if scheme == "http" { ":80" } else { ":443" })
            .unwrap_or(host);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        let bare_v6 = host.ends_with(']');
        let port = host
            .rsplit_once(':')
            .filter(|_| !bare_v6)
            .map(|(_, port)| port);
        let bad_port = port.is_some_and(|port| port.parse::<u16>().is_err());
        if host.is_empty() || host.starts_with(':') || bad_port || !host.chars().all(allowed) {
            return Err(bad());
        }
        Ok(Self {
            single: Some(Endpoint {
                scheme,
                host: host.to_ascii_lowercase(),
            }),
            within_vpc: false,
        })
    }

    /// The endpoint of a product in a region.
    ///
    /// # Errors
    ///
    /// If the region's name is not made of lower-case letters, digits and hyphens.
    pub fn of(&self, product: Product, region: &str) -> Result<Endpoint, EndpointError> {
        let well_formed = !region.is_empty()
            && region
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !well_formed {
            return Err(EndpointError::BadRegion {
                region: region.to_owned(),
            });
        }
        if let Some(endpoint) = &self.single {
            return Ok(endpoint.clone());
        }
        let host = if self.within_vpc {
            vpc_host(product, region)
        } else {
            public_host(product, region)
        };
        Ok(Endpoint {
            scheme: "https",
            host,
        })
    }
}

fn public_host(product: Product, region: &str) -> String {
    match (product, region) {
        (Product::Ecs, "cn-hangzhou" | "us-west-1") => "ecs-cn-hangzhou.aliyuncs.com".to_owned(),
        (Product::Ecs, "us-east-1") => "ecs.aliyuncs.com".to_owned(),
        (Product::Sts, _) => "sts.aliyuncs.com".to_owned(),
        (Product::Location, _) => "location-readonly.aliyuncs.com".to_owned(),
        (
            Product::Tag,
            "cn-hangzhou" | "cn-beijing" | "cn-shanghai" | "cn-shenzhen" | "cn-qingdao"
            | "cn-hongkong" | "ap-southeast-1" | "us-east-1" | "us-west-1",
        ) => "tag.aliyuncs.com".to_owned(),
        _ => format!("{}.{region}.aliyuncs.com", prefix(product)),
    }
}

fn vpc_host(product: Product, region: &str) -> String {
    format!("{}-vpc.{region}.aliyuncs.com", prefix(product))
}

/// CloudMonitor's hosts are called `metrics` instead of `cms`.
fn prefix(product: Product) -> &'static str {
    if product == Product::Cms {
        "metrics"
    } else {
        product.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(endpoints: &Endpoints, product: Product, region: &str, expected: &str) {
        let endpoint = endpoints.of(product, region).unwrap();
        assert_eq!(format!("{}://{}", endpoint.scheme, endpoint.host), expected);
    }

    #[test]
    fn hosts_follow_the_rule_and_its_exceptions() {
        let public = Endpoints::public();
        check(
            &public,
            Product::Ecs,
            "cn-beijing",
            "https://ecs.cn-beijing.aliyuncs.com",
        );
        check(
            &public,
            Product::Ecs,
            "cn-hangzhou",
            "https://ecs-cn-hangzhou.aliyuncs.com",
        );
        check(
            &public,
            Product::Ecs,
            "us-east-1",
            "https://ecs.aliyuncs.com",
        );
        check(
            &public,
            Product::Vpc,
            "cn-hangzhou",
            "https://vpc.cn-hangzhou.aliyuncs.com",
        );
        check(
            &public,
            Product::Cms,
            "cn-hangzhou",
            "https://metrics.cn-hangzhou.aliyuncs.com",
        );
        check(
            &public,
            Product::Oos,
            "eu-central-1",
            "https://oos.eu-central-1.aliyuncs.com",
        );
        check(
            &public,
            Product::Sts,
            "eu-central-1",
            "https://sts.aliyuncs.com",
        );
        check(
            &public,
            Product::Tag,
            "cn-hongkong",
            "https://tag.aliyuncs.com",
        );
        check(
            &public,
            Product::Tag,
            "eu-west-1",
            "https://tag.eu-west-1.aliyuncs.com",
        );
        check(
            &Endpoints::within_vpc(),
            Product::Cms,
            "cn-beijing",
            "https://metrics-vpc.cn-beijing.aliyuncs.com",
        );
    }

    #[test]
    fn one_address_serves_all() {
        let single = Endpoints::single("http://127.0.0.1:1234/").unwrap();
        check(&single, Product::Ecs, "cn-beijing", "http://127.0.0.1:1234");
        check(&single, Product::Sts, "us-east-1", "http://127.0.0.1:1234");
        check(
            &Endpoints::single("https://ecs.example.com:443").unwrap(),
            Product::Vpc,
            "cn-beijing",
            "https://ecs.example.com",
        );
        check(
            &Endpoints::single("http://[::1]:443").unwrap(),
            Product::Vpc,
            "cn-beijing",
            "http://[::1]:443",
        );
        check(
            &Endpoints::single("ECS.example.com").unwrap(),
            Product::Vpc,
            "cn-beijing",
            "https://ecs.example.com",
        );
        for bad in [
            "",
            "ftp://a",
            "http://",
            "http://a/b",
            "http://u@a",
            "http://a?b",
            ":80",
        ] {
            assert!(Endpoints::single(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_cannot_smuggle_a_host() {
        for bad in [
            "",
            "evil.com/",
            "cn_beijing",
            "CN-BEIJING",
            "cn-beijing.evil",
        ] {
            assert!(Endpoints::public().of(Product::Ecs, bad).is_err(), "{bad}");
        }
    }
}
