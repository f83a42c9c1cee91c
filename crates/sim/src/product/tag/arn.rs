//! Resource names: `arn:acs:PRODUCT:REGION:ACCOUNT:TYPE/ID`. Region and account may be `*`, for the caller's own.

use crate::base::Base;
use crate::product::{ecs, vpc};
use crate::refusal::Refusal;
use crate::world::World;

/// A resource by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    product: &'a str,
    region: &'a str,
    account: &'a str,
    kind: &'a str,
    id: &'a str,
}

/// The types of each product under the names that its own tag actions use.
const ECS: [&str; 5] = ["instance", "disk", "securitygroup", "eni", "keypair"];

impl<'a> Arn<'a> {
    /// Reads a name.
    ///
    /// # Errors
    /// `InvalidParameter.ResourceARN` for what is not of the form.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Refusal> {
        let malformed = || {
            Refusal::bad(
                "InvalidParameter.ResourceARN",
                format!("The resource name {text} is not valid."),
            )
        };
        let rest = text
            .strip_prefix("arn:acs:")
            .or_else(|| text.strip_prefix("acs:"))
            .ok_or_else(malformed)?;
        let parts: Vec<&str> = rest.splitn(4, ':').collect();
        let [product, region, account, resource] = parts[..] else {
            return Err(malformed());
        };
        let (kind, id) = resource.split_once('/').ok_or_else(malformed)?;
        Ok(Self {
            product,
            region,
            account,
            kind,
            id,
        })
    }

    /// The resource itself, to be changed, if it is one of the region and the account.
    pub(crate) fn find<'w>(&self, world: &'w mut World, region: &str) -> Option<&'w mut Base> {
        let here = (self.region == "*" || self.region == region)
            && (self.account == "*" || self.account == world.account.id);
        if !here {
            return None;
        }
        let kind = self.kind.to_lowercase();
        match self.product {
            "ecs" => ECS
                .contains(&kind.as_str())
                .then(|| ecs::tag::find(world, &kind, region, self.id))
                .flatten(),
            "vpc" => {
                let kind = kind.to_uppercase();
                vpc::tag::KINDS
                    .contains(&kind.as_str())
                    .then(|| vpc::tag::find(world, &kind, region, self.id))
                    .flatten()
            }
            _ => None,
        }
    }

    /// Whether the name means this resource.
    pub(crate) fn means(&self, full: &str) -> bool {
        Arn::parse(full).is_ok_and(|other| {
            self.product == other.product
                && self.kind.eq_ignore_ascii_case(other.kind)
                && self.id == other.id
                && (self.region == "*" || self.region == other.region)
                && (self.account == "*" || self.account == other.account)
        })
    }
}

/// Everything with tags in a region: type as `ALIYUN::VPC::EIP`, name, what it has.
pub(crate) fn all<'a>(world: &'a World, region: &str) -> Vec<(String, String, &'a Base)> {
    let mut found = Vec::new();
    let account = &world.account.id;
    let ecs = ECS.iter().flat_map(|kind| {
        ecs::tag::all(world, kind, region)
            .into_iter()
            .map(move |base| ("ecs", *kind, base))
    });
    let vpc = vpc::tag::KINDS.iter().flat_map(|kind| {
        vpc::tag::all(world, kind, region)
            .into_iter()
            .map(move |base| ("vpc", *kind, base))
    });
    for (product, kind, base) in ecs.chain(vpc).filter(|(_, _, base)| !base.tags.is_empty()) {
        let id = if kind == "keypair" {
            &base.name
        } else {
            &base.id
        };
        let id = if id.is_empty() { &base.id } else { id };
        let name = format!(
            "arn:acs:{product}:{region}:{account}:{}/{id}",
            kind.to_lowercase()
        );
        found.push((
            format!(
                "ALIYUN::{}::{}",
                product.to_uppercase(),
                kind.to_uppercase()
            ),
            name,
            base,
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for (text, good) in [
            ("arn:acs:vpc:cn-beijing:1234:vpc/vpc-1", true),
            ("arn:acs:ecs:*:*:instance/i-1", true),
            ("arn:acs:ecs:cn-beijing:1234", false),
            ("arn:acs:ecs:cn-beijing:1234:instance", false),
            ("arn:aws:ecs:cn-beijing:1234:instance/i-1", false),
        ] {
            assert_eq!(Arn::parse(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn stars_mean_anything() {
        let star = Arn::parse("arn:acs:ecs:*:*:instance/i-1").expect("well-formed");
        assert!(star.means("arn:acs:ecs:cn-beijing:1234:instance/i-1"));
        assert!(!star.means("arn:acs:ecs:cn-beijing:1234:instance/i-2"));
    }
}
