//! Tags: their limits, the filter of listings, and the three tag actions that ECS and VPC share.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::page;
use crate::params::Params;
use crate::refusal::Refusal;
use crate::table::{Row, Table};
use crate::world::{World, done};

/// The most tags of a resource, and the most pairs of a filter.
const MAX: usize = 20;

/// A product's part of the tag actions: its limits, and how to find its resources.
pub(crate) struct Taggable {
    /// The most resources in one call.
    pub(crate) max_ids: usize,
    /// The most rows in one page of ListTagResources.
    pub(crate) page: i64,
    /// Whether the product has this type.
    pub(crate) knows: fn(kind: &str) -> bool,
    /// The resource of a type with an id, for a change.
    pub(crate) find: for<'a> fn(
        world: &'a mut World,
        kind: &str,
        region: &str,
        id: &str,
    ) -> Option<&'a mut Base>,
    /// The resources of a type that a search finds, in the order of listings.
    pub(crate) search: for<'a> fn(world: &'a World, kind: &str, search: &Search<'_>) -> Bases<'a>,
}

/// What a tag action looks for among the resources of a type.
pub(crate) struct Search<'a> {
    pub(crate) region: &'a str,
    pub(crate) tags: &'a Filter,
    /// Where to start: creation time in milliseconds and id of the first resource; `None` starts
    /// at the newest one.
    pub(crate) from: Option<(i64, &'a str)>,
}

/// Resources in the order of listings: newest first, then by id.
pub(crate) type Bases<'a> = Box<dyn Iterator<Item = &'a Base> + 'a>;

/// Searches a table whose rows are stored under their ids.
///
/// A search that names a tag reads the rows with that tag only.
pub(crate) fn search<'a, T: Row>(
    world: &World,
    table: &'a Table<T>,
    search: &Search<'_>,
) -> Bases<'a> {
    search_from(world, table, search, search.from)
}

/// As [`search`], for a table with other keys: `from` has the key of the first row.
pub(crate) fn search_from<'a, T: Row>(
    world: &World,
    table: &'a Table<T>,
    search: &Search<'_>,
    from: Option<(i64, &str)>,
) -> Bases<'a> {
    let listing = world.listing(table, search.region, search.tags, true);
    let rows = listing.from(from);
    let tags = search.tags.clone();
    let bases = rows.filter_map(Row::base);
    Box::new(bases.filter(move |base| tags.fits(&base.tags)))
}

/// The tags in a create call: `Tag.N.Key`, `Tag.N.Value`.
///
/// # Errors
/// If there are too many, or one is malformed or repeated.
pub(crate) fn of_create(call: &Call<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    given(call, "Tag")
}

/// As [`of_create`], under another name of the list.
///
/// # Errors
/// As [`of_create`].
pub(crate) fn given(call: &Call<'_>, list: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for row in call.rows(list) {
        let (key, value) = pair(&row);
        let key = key.ok_or_else(|| malformed("InvalidTagKey.Malformed", "key"))?;
        check_key(key)?;
        let value = value.unwrap_or_default();
        check_value(value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Refusal::bad(
                "Duplicate.TagKey",
                "The Tag.N.Key contains a duplicate key.",
            ));
        }
    }
    if tags.len() > MAX {
        return Err(Refusal::bad(
            "NumberExceed.Tags",
            "The maximum number of Tags is exceeded.",
        ));
    }
    Ok(tags)
}

/// Key and value of a pair. Some actions of ECS still accept the members in lower case.
fn pair<'a>(row: &Fields<'a>) -> (Option<&'a str>, Option<&'a str>) {
    (
        row.given("Key").or_else(|| row.given("key")),
        row.text("Value").or_else(|| row.text("value")),
    )
}

fn check_key(key: &str) -> Result<(), Refusal> {
    let reserved = key.starts_with("aliyun")
        || key.starts_with("acs:")
        || key.contains("http://")
        || key.contains("https://");
    if reserved || key.chars().count() > 128 {
        Err(malformed("InvalidTagKey.Malformed", "key"))
    } else {
        Ok(())
    }
}

fn check_value(value: &str) -> Result<(), Refusal> {
    let link = value.contains("http://") || value.contains("https://");
    if link || value.chars().count() > 128 {
        Err(malformed("InvalidTagValue.Malformed", "value"))
    } else {
        Ok(())
    }
}

/// Refuses `[` and `]` in the value of any tag, however the action writes its tags.
///
/// # Errors
/// `InvalidTagValue.Malformed`.
pub(crate) fn refuse_brackets(params: &Params) -> Result<(), Refusal> {
    let of_tag =
        |name: &str| name.starts_with("Tag.") && name.to_ascii_lowercase().ends_with(".value");
    let bracketed = |text: &str| text.contains(['[', ']']);
    // The tag service and the parameter store take a JSON object.
    let object = params
        .get("Tags")
        .and_then(|text| serde_json::from_str::<BTreeMap<String, Value>>(text).ok())
        .unwrap_or_default();
    let found = params
        .iter()
        .any(|(name, value)| of_tag(name) && bracketed(value))
        || object
            .values()
            .any(|value| value.as_str().is_some_and(bracketed));
    if found {
        Err(malformed("InvalidTagValue.Malformed", "value"))
    } else {
        Ok(())
    }
}

fn malformed(code: &'static str, what: &str) -> Refusal {
    Refusal::bad(code, format!("The specified tag {what} is not valid."))
}

/// The tag filter of a listing: all pairs must match; a key without a value matches any value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter(Vec<(String, Option<String>)>);

impl Filter {
    /// The filter in `Tag.N.Key` and `Tag.N.Value`.
    ///
    /// # Errors
    /// If there are more than 20 pairs, or a value has no key.
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        Self::under(call, "Tag")
    }

    /// As [`Filter::of`], under another name of the list.
    ///
    /// # Errors
    /// As [`Filter::of`].
    pub(crate) fn under(call: &Call<'_>, list: &str) -> Result<Self, Refusal> {
        let mut wanted = Vec::new();
        for row in call.rows(list) {
            match pair(&row) {
                (Some(key), value) => wanted.push((key.to_owned(), value.map(str::to_owned))),
                (None, Some(_)) => {
                    return Err(Refusal::bad(
                        "InvalidTag.Mismatch",
                        "The specified Tag.n.Key and Tag.n.Value are not match.",
                    ));
                }
                (None, None) => {}
            }
        }
        if wanted.len() > MAX {
            return Err(Refusal::bad(
                "InvalidTagCount",
                "The specified tags are beyond the permitted range.",
            ));
        }
        Ok(Self(wanted))
    }

    /// A filter for all of these tags.
    pub(crate) fn exactly(tags: BTreeMap<String, String>) -> Self {
        let pairs = tags.into_iter();
        Self(pairs.map(|(key, value)| (key, Some(value))).collect())
    }

    /// The pairs of the filter.
    pub(crate) fn pairs(&self) -> &[(String, Option<String>)] {
        &self.0
    }

    /// How many resources a listing of ECS with this filter shows at most.
    ///
    /// The texts of ECS's parameters `Tag.N.Key` say that up to 1,000 resources are returned if
    /// tags are given. Which 1,000 is not documented; here it is the first of the listing's order.
    pub(crate) fn most(&self, world: &World) -> usize {
        if self.0.is_empty() {
            usize::MAX
        } else {
            world.options.quotas.tag_filter_matches
        }
    }

    /// The rows that a listing of ECS with this filter shows, see [`Filter::most`].
    pub(crate) fn cut<'a, T>(&self, world: &World, mut rows: Vec<&'a T>) -> Vec<&'a T> {
        rows.truncate(self.most(world));
        rows
    }

    /// Whether a resource has all of the tags.
    pub(crate) fn fits(&self, tags: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|(key, value)| {
            tags.get(key)
                .is_some_and(|held| value.as_ref().is_none_or(|value| value == held))
        })
    }
}

/// `[{"TagKey", "TagValue"}]`, the form of ECS, written without an intermediate value.
pub(crate) struct KeyList<'a>(pub(crate) &'a BTreeMap<String, String>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pair<'a> {
    tag_key: &'a str,
    tag_value: &'a str,
}

impl Serialize for KeyList<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(
            self.0
                .iter()
                .map(|(tag_key, tag_value)| Pair { tag_key, tag_value }),
        )
    }
}

/// `{"Tag": [{"TagKey", "TagValue"}]}`, the form of ECS.
pub(crate) fn tag_key_list(tags: &BTreeMap<String, String>) -> Value {
    json!({
        "Tag": tags.iter().map(|(key, value)| json!({
            "TagKey": key, "TagValue": value,
        })).collect::<Vec<_>>(),
    })
}

/// `{"Tag": [{"Key", "Value"}]}`, the form of VPC.
pub(crate) fn key_list(tags: &BTreeMap<String, String>) -> Value {
    json!({
        "Tag": tags.iter().map(|(key, value)| json!({
            "Key": key, "Value": value,
        })).collect::<Vec<_>>(),
    })
}

/// TagResources: adds tags, or replaces the values of existing keys.
pub(crate) fn tag(world: &mut World, call: &Call<'_>, product: &Taggable) -> Answer {
    let (kind, region, ids) = targets(call, product)?;
    let tags = of_create(call)?;
    if tags.is_empty() {
        return Err(Refusal::absent(
            "MissingParameter.Tags",
            "The parameter - Tags should not be null.",
        ));
    }
    for id in ids {
        let base = (product.find)(world, kind, region, id).ok_or_else(|| not_found(id))?;
        base.tags.extend(tags.clone());
        if base.tags.len() > MAX {
            return Err(Refusal::denied(
                "QuotaExceed.Tags",
                format!("The quota of tags on {id} is exceeded."),
            ));
        }
    }
    done()
}

/// UntagResources: removes keys, or all of them with `All=true` and no key.
pub(crate) fn untag(world: &mut World, call: &Call<'_>, product: &Taggable) -> Answer {
    let (kind, region, ids) = targets(call, product)?;
    let keys = call.list("TagKey");
    let all = call.flag("All")?.unwrap_or(false);
    if keys.is_empty() && !all {
        return Err(Refusal::absent(
            "MissingParameter.Tags",
            "The parameter - TagKey should not be null.",
        ));
    }
    if keys.len() > MAX {
        return Err(Refusal::bad(
            "NumberExceed.Tags",
            "The maximum number of Tags is exceeded.",
        ));
    }
    for id in ids {
        let base = (product.find)(world, kind, region, id).ok_or_else(|| not_found(id))?;
        if keys.is_empty() {
            base.tags.clear();
        }
        for key in &keys {
            base.tags.remove(*key);
        }
    }
    done()
}

/// ListTagResources: one row for each resource and key.
pub(crate) fn list(world: &World, call: &Call<'_>, product: &Taggable) -> Answer {
    let kind = kind_of(call, product)?;
    let region = call.region_needed()?;
    let ids = call.list("ResourceId");
    let filter = Filter::of(call)?;
    if ids.is_empty() && filter.0.is_empty() {
        return Err(Refusal::bad(
            "MissingParameter",
            "One of ResourceId.N and Tag.N must be given.",
        ));
    }
    if ids.len() > product.max_ids {
        return Err(Refusal::bad(
            "NumberExceed.ResourceIds",
            "The maximum number of ResourceIds is exceeded.",
        ));
    }
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    let after = page::after(call)?;
    let from = after.as_ref().map(|after| {
        let id = after.id.split_once('/').map_or("", |(id, _)| id);
        (after.created_ms, id)
    });
    let search = Search {
        region,
        tags: &filter,
        from,
    };
    let chosen = (product.search)(world, kind, &search)
        .filter(|base| ids.is_empty() || ids.contains(base.id.as_str()));
    let size = call.int("MaxResults")?.unwrap_or(product.page);
    let size = usize::try_from(size.clamp(1, product.page)).unwrap_or_default();
    let rows = chosen.flat_map(|base| base.tags.iter().map(move |tag| (base, tag)));
    let mut rows: Vec<(Base, Value)> = rows
        .map(|(base, (key, value))| {
            let row = json!({
                "ResourceId": base.id, "ResourceType": kind, "TagKey": key, "TagValue": value,
            });
            (row_identity(base, key), row)
        })
        .filter(|(at, _)| after.as_ref().is_none_or(|after| page::follows(at, after)))
        .take(size + 1)
        .collect();
    let next = page::cut_to_size(&mut rows, size, |(at, _)| at);
    let shown: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    Ok(json!({ "NextToken": next, "TagResources": { "TagResource": shown } }))
}

/// The identity of a row of ListTagResources, which is paged like a resource.
fn row_identity(base: &Base, key: &str) -> Base {
    Base {
        id: format!("{}/{key}", base.id),
        created_ms: base.created_ms,
        ..Base::default()
    }
}

fn targets<'a>(
    call: &Call<'a>,
    product: &Taggable,
) -> Result<(&'a str, &'a str, Vec<&'a str>), Refusal> {
    let kind = kind_of(call, product)?;
    let ids = call.list("ResourceId");
    if ids.len() > product.max_ids {
        return Err(Refusal::bad(
            "NumberExceed.ResourceIds",
            "The maximum number of ResourceIds is exceeded.",
        ));
    }
    Ok((kind, call.region_needed()?, ids))
}

fn kind_of<'a>(call: &Call<'a>, product: &Taggable) -> Result<&'a str, Refusal> {
    let kind = call.need("ResourceType")?;
    if (product.knows)(kind) {
        Ok(kind)
    } else {
        Err(Refusal::absent(
            "InvalidResourceType.NotFound",
            "The ResourceType provided does not exist in our records.",
        ))
    }
}

fn not_found(id: &str) -> Refusal {
    Refusal::absent(
        "InvalidResourceId.NotFound",
        format!("The specified ResourceId {id} does not exist."),
    )
}

#[cfg(test)]
mod many;

#[cfg(test)]
mod tests {
    use crate::profile::Options;
    use crate::testing::Bench;

    #[test]
    fn tags_are_added_overwritten_and_taken_off() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let on = [("ResourceType", "VPC"), ("ResourceId.1", vpc.as_str())];
        bench.ok(
            "vpc.TagResources",
            &[
                on[0],
                on[1],
                ("Tag.1.Key", "a"),
                ("Tag.1.Value", "1"),
                ("Tag.2.Key", "b"),
            ],
        );
        bench.ok(
            "vpc.TagResources",
            &[on[0], on[1], ("Tag.1.Key", "a"), ("Tag.1.Value", "2")],
        );
        let rows = bench.ok("vpc.ListTagResources", &on);
        let rows = rows["TagResources"]["TagResource"]
            .as_array()
            .expect("a list")
            .clone();
        let pairs: Vec<_> = rows
            .iter()
            .map(|row| (row["TagKey"].as_str(), row["TagValue"].as_str()))
            .collect();
        assert_eq!(pairs, [(Some("a"), Some("2")), (Some("b"), Some(""))]);
        bench.ok("vpc.UnTagResources", &[on[0], on[1], ("TagKey.1", "a")]);
        bench.ok("vpc.UnTagResources", &[on[0], on[1], ("All", "true")]);
        assert_eq!(
            bench.ok("vpc.DescribeVpcs", &[])["Vpcs"]["Vpc"][0]["Tags"]["Tag"]
                .as_array()
                .map(Vec::len),
            Some(0)
        );
    }

    #[test]
    fn what_cannot_be_tagged() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        for (tag, expected) in [
            ("acs:x", "400 InvalidTagKey.Malformed"),
            ("aliyun", "400 InvalidTagKey.Malformed"),
        ] {
            bench.refused(
                "vpc.TagResources",
                &[
                    ("ResourceType", "VPC"),
                    ("ResourceId.1", &vpc),
                    ("Tag.1.Key", tag),
                ],
                expected,
            );
        }
        bench.refused(
            "vpc.TagResources",
            &[
                ("ResourceType", "Vpc"),
                ("ResourceId.1", &vpc),
                ("Tag.1.Key", "a"),
            ],
            "404 InvalidResourceType.NotFound",
        );
        bench.refused(
            "vpc.TagResources",
            &[
                ("ResourceType", "VPC"),
                ("ResourceId.1", "vpc-x"),
                ("Tag.1.Key", "a"),
            ],
            "404 InvalidResourceId.NotFound",
        );
    }

    #[test]
    fn at_most_twenty() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        for n in 0..21 {
            let key = format!("k{n}");
            let pairs = [
                ("ResourceType", "VPC"),
                ("ResourceId.1", vpc.as_str()),
                ("Tag.1.Key", key.as_str()),
            ];
            let expected = if n < 20 { "" } else { "403 QuotaExceed.Tags" };
            assert_eq!(
                bench
                    .call("vpc.TagResources", &pairs)
                    .err()
                    .unwrap_or_default(),
                expected
            );
        }
        assert_eq!(
            bench.ok("vpc.DescribeVpcs", &[])["Vpcs"]["Vpc"][0]["Tags"]["Tag"]
                .as_array()
                .map(Vec::len),
            Some(20)
        );
    }

    #[test]
    fn ecs_spells_its_actions_in_its_own_way() {
        let mut bench = Bench::new();
        bench.ok("ecs.CreateKeyPair", &[("KeyPairName", "ops")]);
        let on = [("ResourceType", "keypair"), ("ResourceId.1", "ops")];
        bench.ok(
            "ecs.TagResources",
            &[on[0], on[1], ("Tag.1.Key", "a"), ("Tag.1.Value", "1")],
        );
        assert_eq!(
            bench.ok("ecs.DescribeKeyPairs", &[("Tag.1.Key", "a")])["TotalCount"],
            1
        );
        bench.ok("ecs.UntagResources", &[on[0], on[1], ("TagKey.1", "a")]);
        assert_eq!(
            bench.ok("ecs.DescribeKeyPairs", &[("Tag.1.Key", "a")])["TotalCount"],
            0
        );
    }

    #[test]
    fn brackets_in_values_are_a_switch() {
        for refused in [false, true] {
            let mut bench = Bench::with(Options {
                tag_values_refuse_brackets: refused,
                ..Options::default()
            });
            let pairs = [("Tag.1.Key", "setpoint:address"), ("Tag.1.Value", "web[0]")];
            let got = bench
                .call("vpc.CreateVpc", &pairs)
                .err()
                .unwrap_or_default();
            assert_eq!(
                got,
                if refused {
                    "400 InvalidTagValue.Malformed"
                } else {
                    ""
                }
            );
            let wide = [
                ("Name", "p"),
                ("Type", "String"),
                ("Value", "[1]"),
                ("Tags", r#"{"a": "[x]"}"#),
            ];
            assert_eq!(bench.call("oos.CreateParameter", &wide).is_err(), refused);
            // Keys and filters are not stored values.
            bench.ok(
                "vpc.CreateVpc",
                &[("Tag.1.Key", "a[0]"), ("Tag.1.Value", "x")],
            );
            assert_eq!(
                bench.ok("vpc.DescribeVpcs", &pairs)["TotalCount"],
                i32::from(!refused)
            );
        }
    }
}
