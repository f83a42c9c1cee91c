//! The tag actions of VPC. The one that removes tags is spelt `UnTagResources`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::tags::{self, Bases, Search, Taggable};
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("TagResources", tag_resources),
    ("UnTagResources", untag_resources),
    ("ListTagResources", list_tag_resources),
    ("DescribeTags", describe_tags),
];

/// The types that can be tagged, with their exact case.
pub(crate) const KINDS: [&str; 7] = [
    "VPC",
    "VSWITCH",
    "ROUTETABLE",
    "EIP",
    "NATGATEWAY",
    "COMMONBANDWIDTHPACKAGE",
    "NETWORKACL",
];

const TAGGABLE: Taggable = Taggable {
    max_ids: 20,
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

/// The resource of a type with an id, for a change.
pub(crate) fn find<'a>(
    world: &'a mut World,
    kind: &str,
    region: &str,
    id: &str,
) -> Option<&'a mut Base> {
    let tables = &mut world.tables;
    let base = match kind {
        "VPC" => tables.vpcs.get_mut(id).map(|row| &mut row.base),
        "VSWITCH" => tables.vswitches.get_mut(id).map(|row| &mut row.base),
        "EIP" => tables.eips.get_mut(id).map(|row| &mut row.base),
        "NATGATEWAY" => tables.nat_gateways.get_mut(id).map(|row| &mut row.base),
        "COMMONBANDWIDTHPACKAGE" => tables
            .bandwidth_packages
            .get_mut(id)
            .map(|row| &mut row.base),
        "NETWORKACL" => tables.network_acls.get_mut(id).map(|row| &mut row.base),
        _ => tables.route_tables.get_mut(id).map(|row| &mut row.base),
    };
    base.filter(|base| base.region == region && !base.released)
}

/// The resources of a type that a search finds, in the order of listings.
pub(crate) fn search<'a>(world: &'a World, kind: &str, search: &Search<'_>) -> Bases<'a> {
    let tables = &world.tables;
    match kind {
        "VPC" => tags::search(world, &tables.vpcs, search),
        "VSWITCH" => tags::search(world, &tables.vswitches, search),
        "EIP" => tags::search(world, &tables.eips, search),
        "NATGATEWAY" => tags::search(world, &tables.nat_gateways, search),
        "COMMONBANDWIDTHPACKAGE" => tags::search(world, &tables.bandwidth_packages, search),
        "NETWORKACL" => tags::search(world, &tables.network_acls, search),
        _ => tags::search(world, &tables.route_tables, search),
    }
}

/// The pairs of key and value in use, each once.
fn describe_tags(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let kinds: Vec<&str> = match call.given("ResourceType") {
        Some(kind) if KINDS.contains(&kind) => vec![kind],
        Some(_) => {
            return Err(Refusal::absent(
                "InvalidResourceType.NotFound",
                "The ResourceType does not exist.",
            ));
        }
        None => KINDS.to_vec(),
    };
    let (ids, filter) = (call.list("ResourceId"), tags::Filter::of(call)?);
    let size = call.int("MaxResult")?.unwrap_or(50).clamp(1, 50);
    let wanted = Search {
        region,
        tags: &filter,
        from: None,
    };
    let found = kinds.iter().flat_map(|kind| search(world, kind, &wanted));
    let chosen = found.filter(|base| ids.is_empty() || ids.contains(&base.id.as_str()));
    let pairs: BTreeSet<_> = chosen.flat_map(|base| base.tags.iter()).collect();
    // A pair is paged like a resource, so it gets an identity of its own.
    let rows: Vec<(Base, Value)> = pairs
        .into_iter()
        .map(|(key, value)| {
            (
                Base {
                    id: format!("{key}/{value}"),
                    ..Base::default()
                },
                json!({"TagKey": key, "TagValue": value}),
            )
        })
        .collect();
    let sorted = page::newest_first(rows.iter(), |(base, _)| base);
    let page = page::tokened_by(call, size, sorted, |(base, _)| base)?;
    let shown: Vec<&Value> = page.items.iter().map(|(_, row)| row).collect();
    Ok(json!({"NextToken": page.next, "TagResources": {"TagResource": shown}}))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn every_kind_takes_tags() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let vswitch = bench.vswitch(&vpc, "172.16.1.0/24");
        let mut made = vec![("VPC", vpc.clone()), ("VSWITCH", vswitch.clone())];
        for (kind, action, field, pairs) in [
            ("EIP", "vpc.AllocateEipAddress", "AllocationId", vec![]),
            (
                "NATGATEWAY",
                "vpc.CreateNatGateway",
                "NatGatewayId",
                vec![("VpcId", vpc.as_str()), ("VSwitchId", vswitch.as_str())],
            ),
            (
                "COMMONBANDWIDTHPACKAGE",
                "vpc.CreateCommonBandwidthPackage",
                "BandwidthPackageId",
                vec![("Bandwidth", "5")],
            ),
            (
                "NETWORKACL",
                "vpc.CreateNetworkAcl",
                "NetworkAclId",
                vec![("VpcId", vpc.as_str())],
            ),
            (
                "ROUTETABLE",
                "vpc.CreateRouteTable",
                "RouteTableId",
                vec![("VpcId", vpc.as_str())],
            ),
        ] {
            made.push((kind, text(&bench.ok(action, &pairs), field)));
        }
        for (kind, id) in made {
            let tag = [
                ("ResourceType", kind),
                ("ResourceId.1", id.as_str()),
                ("Tag.1.Key", "k"),
                ("Tag.1.Value", kind),
            ];
            bench.ok("vpc.TagResources", &tag);
            let rows = bench.ok("vpc.ListTagResources", &tag[..2]);
            assert_eq!(rows["TagResources"]["TagResource"][0]["TagValue"], kind);
            let used = bench.ok("vpc.DescribeTags", &tag[..1]);
            assert_eq!(used["TagResources"]["TagResource"][0]["TagValue"], kind);
        }
        let all = bench.ok("vpc.DescribeTags", &[("MaxResult", "3")]);
        assert_eq!(
            (
                all["TagResources"]["TagResource"].as_array().map(Vec::len),
                text(&all, "NextToken").is_empty()
            ),
            (Some(3), false)
        );
    }
}
