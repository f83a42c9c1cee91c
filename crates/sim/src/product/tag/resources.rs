//! TagResources, UntagResources and ListTagResources across products.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::tag::arn::{self, Arn, Named};
use crate::refusal::Refusal;
use crate::tags::Filter;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("TagResources", tag),
    ("UntagResources", untag),
    ("ListTagResources", list),
];

/// The most tags of one resource.
const MAX: usize = 20;

fn names<'a>(call: &Call<'a>) -> Result<Vec<&'a str>, Refusal> {
    let names = call.list("ResourceARN");
    if names.len() > 50 {
        return Err(Refusal::bad(
            "NumberExceed.ResourceARN",
            "More than 50 resource names.",
        ));
    }
    Ok(names)
}

/// A JSON object of one to ten texts, none of them empty.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let invalid = || {
        Refusal::bad(
            "InvalidParameter.Tags",
            "The tags are not a JSON object of one to ten texts.",
        )
    };
    let pairs: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| invalid())?;
    let within = |text: &String| (1..=128).contains(&text.chars().count());
    let reserved = |key: &String| key.starts_with("aliyun") || key.starts_with("acs:");
    let fits = (1..=10).contains(&pairs.len())
        && pairs
            .iter()
            .all(|(key, value)| within(key) && within(value) && !reserved(key));
    if fits { Ok(pairs) } else { Err(invalid()) }
}

fn tag(world: &mut World, call: &Call<'_>) -> Answer {
    let pairs = pairs(call.need("Tags")?)?;
    each(world, call, |base| {
        let mut tags = base.tags.clone();
        tags.extend(pairs.clone());
        if tags.len() > MAX {
            return Err(Refusal::denied(
                "QuotaExceed.Tags",
                "The quota of tags on the resource is exceeded.",
            ));
        }
        base.tags = tags;
        Ok(())
    })
}

fn untag(world: &mut World, call: &Call<'_>) -> Answer {
    let keys = call.list("TagKey");
    if keys.len() > 10 {
        return Err(Refusal::bad(
            "NumberExceed.TagKey",
            "More than 10 tag keys.",
        ));
    }
    each(world, call, |base| {
        keys.iter().for_each(|key| drop(base.tags.remove(*key)));
        Ok(())
    })
}

/// Changes each resource; the answer lists the failures.
fn each(
    world: &mut World,
    call: &Call<'_>,
    mut change: impl FnMut(&mut Base) -> Result<(), Refusal>,
) -> Answer {
    let region = call.region_needed()?;
    let mut failed = Vec::new();
    for name in names(call)? {
        let found = Arn::parse(name).and_then(|arn| {
            let base = arn.find(world, region);
            base.ok_or_else(|| {
                Refusal::absent(
                    "InvalidResourceId.NotFound",
                    "The specified ResourceIds are not found in our records.",
                )
            })
        });
        if let Err(refusal) = found.and_then(&mut change) {
            failed.push(json!({
                "ResourceARN": name, "Result": {"Code": refusal.code, "Message": refusal.message},
            }));
        }
    }
    Ok(json!({"FailedResources": {"FailedResource": failed}}))
}

/// Lists of this product have no wrapper.
fn list(world: &mut World, call: &Call<'_>) -> Answer {
    let (world, region) = (&*world, call.region_needed()?);
    let arns = names(call)?
        .into_iter()
        .map(Arn::parse)
        .collect::<Result<Vec<_>, _>>()?;
    let wanted = call.given("Tags").map(pairs).transpose()?;
    let filter = Filter::exactly(wanted.unwrap_or_default());
    let category = call.given("Category").unwrap_or("All").to_lowercase();
    let size = call.int("PageSize")?.unwrap_or(50).clamp(1, 1_000);
    let size = usize::try_from(size).unwrap_or_default();
    let after = page::after(call)?;
    let account = &world.account.id;
    let means = |named: &Named<'_>| arns.iter().any(|arn| arn.means(named, account));
    let is_new = |named: &Named<'_>| {
        let after = after.as_ref();
        after.is_none_or(|after| named.identity() != *after)
    };
    let mut found: Vec<(Base, Named<'_>)> = arn::all(world, region, &filter, after.as_ref())
        // The simulator has no system tags.
        .filter(|_| category != "system")
        .filter(|named| arns.is_empty() || means(named))
        .filter(is_new)
        .take(size + 1)
        .map(|named| (named.identity(), named))
        .collect();
    let next = page::cut_to_size(&mut found, size, |(identity, _)| identity);
    let shown: Vec<Value> = found.iter().map(|(_, named)| row(named, account)).collect();
    Ok(json!({"NextToken": next, "TagResources": shown}))
}

fn row(named: &Named<'_>, account: &str) -> Value {
    let tags = named.base.tags.iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({"Category": "Custom", "Key": key, "Value": value}))
        .collect();
    json!({"ResourceARN": named.arn(account), "Tags": tags})
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn several_products_in_one_call_with_partial_failure() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let group = bench.group(&vpc);
        let account = bench.world.account().id.clone();
        let vpc = format!("arn:acs:vpc:cn-beijing:{account}:vpc/{vpc}");
        let group = format!("arn:acs:ecs:*:*:securitygroup/{group}");
        let on = [
            ("ResourceARN.1", vpc.as_str()),
            ("ResourceARN.2", group.as_str()),
            ("ResourceARN.3", "arn:acs:vpc:*:*:vpc/vpc-none"),
            ("ResourceARN.4", "nonsense"),
        ];
        let tagged = bench.ok(
            "tag.TagResources",
            &[&on[..], &[("Tags", "{\"stack\":\"app\"}")]].concat(),
        );
        let failed = tagged["FailedResources"]["FailedResource"]
            .as_array()
            .expect("a list")
            .clone();
        let codes: Vec<String> = failed
            .iter()
            .map(|one| text(&one["Result"], "Code"))
            .collect();
        assert_eq!(
            codes,
            ["InvalidResourceId.NotFound", "InvalidParameter.ResourceARN"]
        );
        let found = bench.ok("tag.ListTagResources", &[("Tags", "{\"stack\":\"app\"}")]);
        assert_eq!(found["TagResources"].as_array().map(Vec::len), Some(2));
        let first = bench.ok("tag.ListTagResources", &[("PageSize", "1")]);
        let rest = bench.ok(
            "tag.ListTagResources",
            &[("PageSize", "1"), ("NextToken", &text(&first, "NextToken"))],
        );
        assert_eq!(text(&rest, "NextToken"), "");
        assert_eq!(
            bench.ok("tag.ListTagResources", &on[..1])["TagResources"][0]["ResourceARN"],
            vpc.as_str()
        );
        assert_eq!(
            bench.ok("tag.ListTagKeys", &[])["Keys"]["Key"][0]["Key"],
            "stack"
        );
        assert_eq!(
            bench.ok("tag.ListTagValues", &[("Key", "stack")])["Values"]["Value"][0],
            "app"
        );
        bench.ok("tag.UntagResources", &[on[0], on[1], ("TagKey.1", "stack")]);
        assert_eq!(
            bench.ok("tag.ListTagResources", &[])["TagResources"]
                .as_array()
                .map(Vec::len),
            Some(0)
        );
    }

    #[test]
    fn values_must_not_be_empty() {
        let mut bench = Bench::new();
        let on = [("ResourceARN.1", "arn:acs:vpc:*:*:vpc/vpc-1")];
        for tags in ["{\"a\":\"\"}", "{}", "a=b", "{\"acs:x\":\"1\"}"] {
            bench.refused(
                "tag.TagResources",
                &[on[0], ("Tags", tags)],
                "400 InvalidParameter.Tags",
            );
        }
    }
}
