//! The tag actions of ECS. A key pair is identified by its name.

use std::collections::BTreeMap;

use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::key_pair;
use crate::refusal::Refusal;
use crate::tags::{self, Bases, Search, Taggable};
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("TagResources", tag_resources),
    ("UntagResources", untag_resources),
    ("ListTagResources", list_tag_resources),
    ("AddTags", add_tags),
    ("RemoveTags", remove_tags),
    ("DescribeTags", describe_tags),
    ("JoinResourceGroup", join_group),
];

/// The types that can be tagged.
pub(crate) const KINDS: [&str; 13] = [
    "instance",
    "disk",
    "snapshot",
    "image",
    "securitygroup",
    "eni",
    "keypair",
    "launchtemplate",
    "snapshotpolicy",
    "command",
    "invocation",
    "snapshotgroup",
    "prefixlist",
];

const TAGGABLE: Taggable = Taggable {
    max_ids: 50,
    page: 50,
    knows: |kind| KINDS.contains(&kind),
    find,
    search,
};

fn tag_resources(world: &mut World, call: &Call<'_>) -> Answer {
    tags::tag(world, call, &TAGGABLE)
}

fn untag_resources(world: &mut World, call: &Call<'_>) -> Answer {
    tags::untag(world, call, &TAGGABLE)
}

fn list_tag_resources(world: &mut World, call: &Call<'_>) -> Answer {
    tags::list(world, call, &TAGGABLE)
}

/// The resource that one of the older actions names.
fn one<'a, 'b>(world: &'a mut World, call: &Call<'b>) -> Result<(&'b str, &'a mut Base), Refusal> {
    let (region, kind, id) = (
        call.region_needed()?,
        call.need("ResourceType")?,
        call.need("ResourceId")?,
    );
    if !KINDS.contains(&kind) {
        return Err(Refusal::absent(
            "InvalidResourceType.NotFound",
            "The ResourceType provided does not exist.",
        ));
    }
    let base = find(world, kind, region, id);
    Ok((
        id,
        base.ok_or_else(|| {
            Refusal::absent(
                "InvalidResourceId.NotFound",
                format!("The specified ResourceId {id} does not exist."),
            )
        })?,
    ))
}

/// The older form of TagResources, for one resource.
fn add_tags(world: &mut World, call: &Call<'_>) -> Answer {
    let tags = tags::of_create(call)?;
    if tags.is_empty() {
        return Err(Refusal::absent(
            "MissingParameter.Tags",
            "The parameter - Tags should not be null.",
        ));
    }
    let (id, base) = one(world, call)?;
    base.tags.extend(tags);
    if base.tags.len() > 20 {
        return Err(Refusal::denied(
            "QuotaExceed.Tags",
            format!("The quota of tags on {id} is exceeded."),
        ));
    }
    done()
}

/// Removes keys; a key with a value is removed only if the resource has that value.
fn remove_tags(world: &mut World, call: &Call<'_>) -> Answer {
    let filter = tags::Filter::of(call)?;
    let (_, base) = one(world, call)?;
    for (key, value) in filter.pairs() {
        if value
            .as_ref()
            .is_none_or(|value| value.is_empty() || base.tags.get(key) == Some(value))
        {
            base.tags.remove(key);
        }
    }
    done()
}

/// The types that DescribeTags counts: the field of its answer, and the type.
const COUNTED: [(&str, &str); 9] = [
    ("Instance", "instance"),
    ("Disk", "disk"),
    ("Snapshot", "snapshot"),
    ("Image", "image"),
    ("Securitygroup", "securitygroup"),
    ("Eni", "eni"),
    ("KeyPair", "keypair"),
    ("LaunchTemplate", "launchtemplate"),
    ("SnapshotPolicy", "snapshotpolicy"),
];

/// How many resources have a tag, key and value, by the field of their type.
type Counts<'a> = BTreeMap<(&'a str, &'a str), BTreeMap<&'static str, usize>>;

/// Tags with the number of resources of each type that have them.
fn describe_tags(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Category"]);
    let filter = tags::Filter::of(call)?;
    let wanted = |key: &str, value: &str| {
        filter
            .pairs()
            .iter()
            .all(|(k, v)| k == key && v.as_ref().is_none_or(|v| v == value))
    };
    let counts = counts(world, call)?;
    let rows: Vec<(Base, serde_json::Value)> = counts
        .into_iter()
        .filter(|((key, value), _)| wanted(key, value))
        .map(|((key, value), of)| {
            let count = |field: &str| json!(of.get(field).copied().unwrap_or(0));
            let counted: serde_json::Map<String, serde_json::Value> = COUNTED
                .iter()
                .map(|(field, _)| ((*field).to_owned(), count(field)))
                .collect();
            let body = json!({"TagKey": key, "TagValue": value, "ResourceTypeCount": counted});
            // A tag is paged like a resource, so it gets an identity of its own.
            let identity = Base {
                id: format!("{key}/{value}"),
                ..Base::default()
            };
            (identity, body)
        })
        .collect();
    let rows = page::newest_first(rows.iter(), |(base, _)| base);
    let page = page::numbered(call, rows, 100)?;
    let list: Vec<&serde_json::Value> = page.items.iter().map(|(_, body)| body).collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "Tags": {"Tag": list},
    }))
}

/// Counts the tags of the resources that the call asks for, by type and id.
fn counts<'a>(world: &'a World, call: &Call<'_>) -> Result<Counts<'a>, Refusal> {
    let region = call.region_needed()?;
    let (kind, id) = (call.given("ResourceType"), call.given("ResourceId"));
    let no_filter = tags::Filter::default();
    let every = Search {
        region,
        tags: &no_filter,
        from: None,
    };
    let mut counts = Counts::new();
    let fields = COUNTED.iter();
    for (field, name) in fields.filter(|(_, name)| kind.is_none_or(|kind| kind == *name)) {
        let found = search(world, name, &every);
        for base in found.filter(|base| id.is_none_or(|id| id == base.id)) {
            for (key, value) in &base.tags {
                let of_tag = counts.entry((key, value)).or_default();
                *of_tag.entry(*field).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

/// Resource groups are not simulated: every id of the right form counts as one.
fn join_group(world: &mut World, call: &Call<'_>) -> Answer {
    let group = call.need("ResourceGroupId")?;
    if !group.starts_with("rg-") {
        return Err(Refusal::absent(
            "InvalidResourceGroup.NotFound",
            "The specified ResourceGroupId does not exist.",
        ));
    }
    let (_, base) = one(world, call)?;
    if base.resource_group == group {
        return Err(Refusal::denied(
            "InvalidResourceGroup.Duplicate",
            "The resource is in the resource group already.",
        ));
    }
    group.clone_into(&mut base.resource_group);
    done()
}

/// The resource of a type with an id, for a change.
pub(crate) fn find<'a>(
    world: &'a mut World,
    kind: &str,
    region: &str,
    id: &str,
) -> Option<&'a mut Base> {
    let tables = &mut world.tables;
    let base = match kind {
        "instance" => tables.instances.get_mut(id).map(|row| &mut row.base),
        "disk" => tables.disks.get_mut(id).map(|row| &mut row.base),
        "securitygroup" => tables.security_groups.get_mut(id).map(|row| &mut row.base),
        "eni" => tables
            .network_interfaces
            .get_mut(id)
            .map(|row| &mut row.base),
        "snapshot" => tables.snapshots.get_mut(id).map(|row| &mut row.base),
        "image" => tables.images.get_mut(id).map(|row| &mut row.base),
        "launchtemplate" => tables.launch_templates.get_mut(id).map(|row| &mut row.base),
        "snapshotpolicy" => tables
            .auto_snapshot_policies
            .get_mut(id)
            .map(|row| &mut row.base),
        "command" => tables.commands.get_mut(id).map(|row| &mut row.base),
        "invocation" => tables.invocations.get_mut(id).map(|row| &mut row.base),
        "snapshotgroup" => tables.snapshot_groups.get_mut(id).map(|row| &mut row.base),
        "prefixlist" => tables.prefix_lists.get_mut(id).map(|row| &mut row.base),
        _ => tables
            .key_pairs
            .get_mut(&key_pair::row_id(region, id))
            .map(|row| &mut row.base),
    };
    base.filter(|base| base.region == region && !base.released)
}

/// The resources of a type that a search finds, in the order of listings.
pub(crate) fn search<'a>(world: &'a World, kind: &str, search: &Search<'_>) -> Bases<'a> {
    let tables = &world.tables;
    match kind {
        "instance" => tags::search(world, &tables.instances, search),
        "disk" => tags::search(world, &tables.disks, search),
        "securitygroup" => tags::search(world, &tables.security_groups, search),
        "eni" => tags::search(world, &tables.network_interfaces, search),
        "snapshot" => tags::search(world, &tables.snapshots, search),
        "image" => tags::search(world, &tables.images, search),
        "launchtemplate" => tags::search(world, &tables.launch_templates, search),
        "snapshotpolicy" => tags::search(world, &tables.auto_snapshot_policies, search),
        "command" => tags::search(world, &tables.commands, search),
        "invocation" => tags::search(world, &tables.invocations, search),
        "snapshotgroup" => tags::search(world, &tables.snapshot_groups, search),
        "prefixlist" => tags::search(world, &tables.prefix_lists, search),
        _ => {
            let (created_ms, name) = search.from.unzip();
            let key = name.map(|name| key_pair::row_id(search.region, name));
            let from = created_ms.zip(key.as_deref());
            tags::search_from(world, &tables.key_pairs, search, from)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn the_older_actions_tag_one_resource() {
        let mut bench = Bench::new();
        bench.ok("ecs.CreateKeyPair", &[("KeyPairName", "ops")]);
        let on = [("ResourceType", "keypair"), ("ResourceId", "ops")];
        bench.ok(
            "ecs.AddTags",
            &[on[0], on[1], ("Tag.1.Key", "a"), ("Tag.1.Value", "1")],
        );
        let seen = bench.ok("ecs.DescribeTags", &[]);
        assert_eq!(
            (
                &seen["TotalCount"],
                &seen["Tags"]["Tag"][0]["ResourceTypeCount"]["KeyPair"]
            ),
            (&1.into(), &1.into())
        );
        bench.ok(
            "ecs.RemoveTags",
            &[on[0], on[1], ("Tag.1.Key", "a"), ("Tag.1.Value", "2")],
        );
        assert_eq!(
            bench.ok("ecs.DescribeTags", &[("Tag.1.Key", "a")])["TotalCount"],
            1,
            "another value stays"
        );
        bench.ok("ecs.RemoveTags", &[on[0], on[1], ("Tag.1.Key", "a")]);
        assert_eq!(bench.ok("ecs.DescribeTags", &[])["TotalCount"], 0);
        bench.refused(
            "ecs.AddTags",
            &[("ResourceType", "ship"), on[1], ("Tag.1.Key", "a")],
            "404 InvalidResourceType.NotFound",
        );
    }

    #[test]
    fn a_resource_group_is_joined_once() {
        let mut bench = Bench::new();
        bench.ok("ecs.CreateKeyPair", &[("KeyPairName", "ops")]);
        let join = [
            ("ResourceType", "keypair"),
            ("ResourceId", "ops"),
            ("ResourceGroupId", "rg-other"),
        ];
        bench.ok("ecs.JoinResourceGroup", &join);
        bench.refused(
            "ecs.JoinResourceGroup",
            &join,
            "403 InvalidResourceGroup.Duplicate",
        );
        assert_eq!(
            bench.ok("ecs.DescribeKeyPairs", &[("ResourceGroupId", "rg-other")])["TotalCount"],
            1
        );
        bench.refused(
            "ecs.JoinResourceGroup",
            &[join[0], join[1], ("ResourceGroupId", "none")],
            "404 InvalidResourceGroup.NotFound",
        );
    }
}
