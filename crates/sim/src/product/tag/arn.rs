//! Resource names: `arn:acs:PRODUCT:REGION:ACCOUNT:TYPE/ID`. Region and account may be `*`, for the
//! caller's own.

use crate::base::Base;
use crate::product::{ecs, vpc};
use crate::refusal::Refusal;
use crate::tags::{Filter, Search};
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

impl<'a> Arn<'a> {
    /// Parses a resource name.
    ///
    /// # Errors
    /// `InvalidParameter.ResourceARN` if the text does not have the form of one.
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

    /// The resource for a change, if it belongs to the region and the account.
    pub(crate) fn find<'w>(&self, world: &'w mut World, region: &str) -> Option<&'w mut Base> {
        let here = (self.region == "*" || self.region == region)
            && (self.account == "*" || self.account == world.account.id);
        if !here {
            return None;
        }
        let kind = self.kind.to_lowercase();
        match self.product {
            "ecs" => ecs::tag::KINDS
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

    /// Whether the name stands for this resource of an account.
    pub(crate) fn means(&self, named: &Named<'_>, account: &str) -> bool {
        self.product == named.product
            && self.kind.eq_ignore_ascii_case(named.kind)
            && self.id == named.id()
            && (self.region == "*" || self.region == named.base.region)
            && (self.account == "*" || self.account == account)
    }
}

/// A resource with tags, with product and type in the words of its product's own tag actions.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    product: &'static str,
    kind: &'static str,
    pub(crate) base: &'a Base,
}

impl Named<'_> {
    /// The id in the resource name; key pairs are named by their names.
    fn id(&self) -> &str {
        let name = &self.base.name;
        if self.kind == "keypair" && !name.is_empty() {
            name
        } else {
            &self.base.id
        }
    }

    /// `arn:acs:PRODUCT:REGION:ACCOUNT:TYPE/ID`.
    pub(crate) fn arn(&self, account: &str) -> String {
        let (product, region) = (self.product, &self.base.region);
        let (kind, id) = (self.kind.to_lowercase(), self.id());
        format!("arn:acs:{product}:{region}:{account}:{kind}/{id}")
    }

    /// The type as the tag service writes it: `ALIYUN::VPC::EIP`.
    pub(crate) fn type_name(&self) -> String {
        let (product, kind) = (self.product.to_uppercase(), self.kind.to_uppercase());
        format!("ALIYUN::{product}::{kind}")
    }

    /// Identity for paging: the type, which comes first in the order of pages, and the id.
    pub(crate) fn identity(&self) -> Base {
        Base {
            id: format!("{}/{}/{}", self.product, self.kind, self.base.id),
            created_ms: self.base.created_ms,
            ..Base::default()
        }
    }
}

/// Every type with tags, as product and type, in the order of pages.
fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let ecs = ecs::tag::KINDS.iter().map(|kind| ("ecs", *kind));
    let vpc = vpc::tag::KINDS.iter().map(|kind| ("vpc", *kind));
    ecs.chain(vpc)
}

/// Resources of a region that have tags and fit a filter: type by type, newest first.
///
/// `from` is the [`Named::identity`] of the first one, `None` starts at the first type. What comes
/// before it is not looked at, so that all pages together cost as much as one list of everything.
pub(crate) fn all<'a>(
    world: &'a World,
    region: &'a str,
    tags: &'a Filter,
    from: Option<&'a Base>,
) -> impl Iterator<Item = Named<'a>> {
    let mut parts = from.map_or("", |from| from.id.as_str()).splitn(3, '/');
    let first = (parts.next(), parts.next());
    let id = parts.next();
    let start = from.map(|from| from.created_ms).zip(id);
    let is_first = move |(product, kind): (&str, &str)| first == (Some(product), Some(kind));
    kinds()
        .skip_while(move |kind| start.is_some() && !is_first(*kind))
        .flat_map(move |(product, kind)| {
            let search = Search {
                region,
                tags,
                from: start.filter(|_| is_first((product, kind))),
            };
            let found = match product {
                "ecs" => ecs::tag::search(world, kind, &search),
                _ => vpc::tag::search(world, kind, &search),
            };
            found.map(move |base| Named {
                product,
                kind,
                base,
            })
        })
        .filter(|named| !named.base.tags.is_empty())
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
        let base = Base {
            id: "i-1".to_owned(),
            region: "cn-beijing".to_owned(),
            ..Base::default()
        };
        let named = Named {
            product: "ecs",
            kind: "instance",
            base: &base,
        };
        assert_eq!(
            named.arn("1234"),
            "arn:acs:ecs:cn-beijing:1234:instance/i-1"
        );
        for (text, expected) in [
            ("arn:acs:ecs:*:*:instance/i-1", true),
            ("arn:acs:ecs:cn-beijing:1234:instance/i-1", true),
            ("arn:acs:ecs:cn-beijing:*:instance/i-2", false),
            ("arn:acs:ecs:cn-hangzhou:*:instance/i-1", false),
            ("arn:acs:ecs:*:99:instance/i-1", false),
            ("arn:acs:ecs:*:*:disk/i-1", false),
        ] {
            let arn = Arn::parse(text).expect("well-formed");
            assert_eq!(arn.means(&named, "1234"), expected, "{text}");
        }
    }
}
