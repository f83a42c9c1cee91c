//! ListTagKeys and ListTagValues: the keys and values in use in a region.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::tag::arn;
use crate::refusal::Refusal;
use crate::tags::Filter;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("ListTagKeys", keys), ("ListTagValues", values)];

fn keys(world: &mut World, call: &Call<'_>) -> Answer {
    let category = call.given("Category").unwrap_or("all").to_lowercase();
    let all = texts(world, call, "TagFilter.Key", |base| {
        base.tags.keys().cloned().collect()
    })?;
    let all = if category == "system" {
        Vec::new()
    } else {
        all
    };
    let (shown, next) = paged(call, &all)?;
    let shown: Vec<Value> = shown
        .into_iter()
        .map(|key| json!({"Key": key, "Category": "custom", "Description": ""}))
        .collect();
    Ok(json!({"NextToken": next, "Keys": {"Key": shown}}))
}

fn values(world: &mut World, call: &Call<'_>) -> Answer {
    let key = call.need("Key")?;
    let all = texts(world, call, "TagFilter.Value", |base| {
        base.tags.get(key).cloned().into_iter().collect()
    })?;
    let (shown, next) = paged(call, &all)?;
    Ok(json!({"NextToken": next, "Values": {"Value": shown}}))
}

/// The texts of the resources of the requested type, each once.
fn texts(
    world: &World,
    call: &Call<'_>,
    filter: &str,
    of: impl Fn(&Base) -> Vec<String>,
) -> Result<Vec<(Base, String)>, Refusal> {
    call.only("QueryType", "ResourceTag")?;
    let (kind, wanted) = (call.given("ResourceType"), call.given(filter));
    let prefix = match call.given("FuzzyType").unwrap_or("EQUAL") {
        "EQUAL" => false,
        "PREFIX" => true,
        _ => return Err(Refusal::invalid("FuzzyType")),
    };
    let fits = |text: &String| {
        wanted.is_none_or(|wanted| {
            if prefix {
                text.starts_with(wanted)
            } else {
                text == wanted
            }
        })
    };
    let no_filter = Filter::default();
    let found: BTreeSet<String> = arn::all(world, call.region_needed()?, &no_filter, None)
        .filter(|named| kind.is_none_or(|kind| kind == named.type_name()))
        .flat_map(|named| of(named.base))
        .filter(fits)
        .collect();
    Ok(found
        .into_iter()
        .map(|text| {
            (
                Base {
                    id: text.clone(),
                    ..Base::default()
                },
                text,
            )
        })
        .collect())
}

fn paged<'a>(
    call: &Call<'_>,
    all: &'a [(Base, String)],
) -> Result<(Vec<&'a str>, String), Refusal> {
    let size = call.int("PageSize")?.unwrap_or(50).clamp(1, 1_000);
    let page = page::tokened_by(call, size, all.iter().collect(), |(base, _)| base)?;
    Ok((
        page.items.iter().map(|(_, text)| text.as_str()).collect(),
        page.next,
    ))
}
