//! `prefix_list`: named address blocks for rules of security groups. Invariant: a list that a rule
//! names cannot be deleted.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::cidr;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreatePrefixList", create),
    ("ModifyPrefixList", modify),
    ("DeletePrefixList", delete),
    ("DescribePrefixLists", describe),
    ("DescribePrefixListAttributes", describe_attributes),
    ("DescribePrefixListAssociations", describe_associations),
];

/// A prefix list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PrefixList {
    pub(crate) base: Base,
    /// `IPv4` or `IPv6`.
    family: String,
    max_entries: i64,
    /// Block and description.
    entries: BTreeMap<String, String>,
}

impl Row for PrefixList {
    const KIND: &'static str = "prefix_list";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

/// Whether a list of this id is in a region.
pub(crate) fn is_in(world: &World, region: &str, id: &str) -> bool {
    world
        .tables
        .prefix_lists
        .get(id)
        .is_some_and(|list| list.base.region == region)
}

/// Groups with a rule that names a list.
fn users<'a>(world: &'a World, id: &'a str) -> impl Iterator<Item = &'a str> {
    let groups = world
        .tables
        .security_groups
        .values()
        .filter(|group| !group.base.released);
    groups
        .filter(move |group| {
            group
                .rules
                .iter()
                .any(|rule| rule.peer_prefix_list() == Some(id))
        })
        .map(|group| group.base.id.as_str())
}

fn find<'a>(world: &'a World, call: &Call<'_>, id: &str) -> Result<&'a PrefixList, Refusal> {
    let list = world
        .tables
        .prefix_lists
        .get(id)
        .filter(|list| call.in_region(&list.base.region));
    list.ok_or_else(|| {
        Refusal::absent(
            "InvalidPrefixListId.NotFound",
            format!("The specified prefix list {id} does not exist."),
        )
    })
}

fn texts<'a>(call: &Call<'a>) -> Result<(Option<&'a str>, Option<&'a str>), Refusal> {
    let (name, description) = (call.given("PrefixListName"), call.text("Description"));
    let reserved =
        |name: &str| name.starts_with("com.aliyun") || name.starts_with("com.alibabacloud");
    if name.is_some_and(|name| !names::is_name(name, 2, 128, ":_.-") || reserved(name)) {
        return Err(Refusal::bad(
            "InvalidPrefixListName.Malformed",
            "The specified prefix list name is not valid.",
        ));
    }
    if description.is_some_and(|text| !text.is_empty() && !names::is_text(text, 2, 256)) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    Ok((name, description))
}

/// A block of the list's family, with its network address.
fn check_block(text: &str, family: &str) -> Result<(), Refusal> {
    let sixth = || {
        let (address, length) = text.split_once('/')?;
        address.parse::<Ipv6Addr>().ok()?;
        length.parse::<u8>().ok().filter(|length| *length <= 128)
    };
    let fits = if family == "IPv4" {
        cidr::exact(text).is_some()
    } else {
        sixth().is_some()
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::bad(
            "InvalidCidr.Malformed",
            format!("The specified block {text} is not valid."),
        ))
    }
}

fn add(
    entries: &mut BTreeMap<String, String>,
    call: &Call<'_>,
    list: &str,
    family: &str,
) -> Result<(), Refusal> {
    for row in call.rows(list) {
        let block = row.need("Cidr")?;
        check_block(block, family)?;
        if entries
            .insert(
                block.to_owned(),
                row.given("Description").unwrap_or_default().to_owned(),
            )
            .is_some()
        {
            return Err(Refusal::bad(
                "InvalidCidr.Duplicated",
                format!("The block {block} is in the list already."),
            ));
        }
    }
    Ok(())
}

fn require_room(entries: &BTreeMap<String, String>, most: i64) -> Result<(), Refusal> {
    if entries.len() > usize::try_from(most).unwrap_or_default() {
        return Err(Refusal::denied(
            "QuotaExceed.PrefixListEntry",
            "The number of entries exceeds MaxEntries.",
        ));
    }
    Ok(())
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let family = call.need("AddressFamily")?;
    if !matches!(family, "IPv4" | "IPv6") {
        return Err(Refusal::invalid("AddressFamily"));
    }
    let max_entries = call
        .int("MaxEntries")?
        .ok_or_else(|| Refusal::missing("MaxEntries"))?;
    if !(1..=200).contains(&max_entries) {
        return Err(Refusal::invalid("MaxEntries"));
    }
    let (_, description) = texts(call)?;
    let name = call.need("PrefixListName")?;
    if world
        .tables
        .prefix_lists
        .values()
        .filter(|list| list.base.region == region)
        .count()
        >= world.options.quotas.prefix_lists
    {
        return Err(Refusal::denied(
            "QuotaExceed.PrefixList",
            "The maximum number of prefix lists in the region is reached.",
        ));
    }
    let mut entries = BTreeMap::new();
    add(&mut entries, call, "Entry", family)?;
    require_room(&entries, max_entries)?;
    let mut base = world.new_base("pl", region);
    (base.name, base.description, base.tags) = (
        name.to_owned(),
        description.unwrap_or_default().to_owned(),
        tags::of_create(call)?,
    );
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    world.tables.prefix_lists.insert(
        &id,
        PrefixList {
            base,
            family: family.to_owned(),
            max_entries,
            entries,
        },
    );
    Ok(json!({ "PrefixListId": id }))
}

/// Entries are removed first, then added.
fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("PrefixListId")?;
    let (name, description) = texts(call)?;
    let held = find(world, call, id)?;
    let (mut entries, family, most) = (held.entries.clone(), held.family.clone(), held.max_entries);
    for row in call.rows("RemoveEntry") {
        let block = row.need("Cidr")?;
        if entries.remove(block).is_none() {
            return Err(Refusal::absent(
                "InvalidCidr.NotFound",
                format!("The block {block} is not in the list."),
            ));
        }
    }
    add(&mut entries, call, "AddEntry", &family)?;
    require_room(&entries, most)?;
    let Some(list) = world.tables.prefix_lists.get_mut(id) else {
        return done();
    };
    list.entries = entries;
    if let Some(name) = name {
        name.clone_into(&mut list.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut list.base.description);
    }
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("PrefixListId")?;
    find(world, call, id)?;
    if let Some(user) = users(world, id).next() {
        let message = format!("The prefix list is named by a rule of the security group {user}.");
        return Err(Refusal::denied("DependencyViolation", message));
    }
    world.tables.prefix_lists.remove(id);
    done()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, name, family) = (
        call.list("PrefixListId"),
        call.given("PrefixListName"),
        call.given("AddressFamily"),
    );
    let (group, filter) = (call.given("ResourceGroupId"), tags::Filter::of(call)?);
    let rows = world
        .shown(&world.tables.prefix_lists, !ids.is_empty())
        .filter(|row| {
            row.base.region == region
                && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
                && name.is_none_or(|name| names::like(name, &row.base.name))
                && family.is_none_or(|family| family == row.family)
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let page = page::tokened(call, rows, |row| &row.base, (10, 1, 100))?;
    let lists: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "PrefixListId": row.base.id, "PrefixListName": row.base.name,
                "Description": row.base.description,
                "AddressFamily": row.family, "MaxEntries": row.max_entries,
                "AssociationCount": users(world, &row.base.id).count(),
                "CreationTime": Timestamp(row.base.created_ms).seconds(),
                "ResourceGroupId": row.base.resource_group,
                "Tags": tags::tag_key_list(&row.base.tags),
            })
        })
        .collect();
    Ok(json!({"NextToken": page.next, "PrefixLists": {"PrefixList": lists}}))
}

fn describe_attributes(world: &mut World, call: &Call<'_>) -> Answer {
    let row = find(world, call, call.need("PrefixListId")?)?;
    let entries: Vec<Value> = row
        .entries
        .iter()
        .map(|(block, text)| json!({"Cidr": block, "Description": text}))
        .collect();
    Ok(json!({
        "PrefixListId": row.base.id, "PrefixListName": row.base.name,
        "Description": row.base.description,
        "AddressFamily": row.family, "MaxEntries": row.max_entries, "Entries": {"Entry": entries},
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
    }))
}

fn describe_associations(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["MaxResults", "NextToken"]);
    let id = call.need("PrefixListId")?;
    find(world, call, id)?;
    let rows: Vec<Value> = users(world, id)
        .map(|group| json!({"ResourceId": group, "ResourceType": "securitygroup"}))
        .collect();
    Ok(json!({"NextToken": "", "PrefixListAssociations": {"PrefixListAssociation": rows}}))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    const OFFICES: [(&str, &str); 4] = [
        ("PrefixListName", "offices"),
        ("AddressFamily", "IPv4"),
        ("MaxEntries", "2"),
        ("Entry.1.Cidr", "10.1.0.0/16"),
    ];

    #[test]
    fn a_prefix_list_lives() {
        let mut bench = Bench::new();
        let base = OFFICES;
        bench.refused(
            "ecs.CreatePrefixList",
            &[base[0], base[1], base[2], ("Entry.1.Cidr", "10.1.0.1/16")],
            "400 InvalidCidr.Malformed",
        );
        let id = text(&bench.ok("ecs.CreatePrefixList", &base), "PrefixListId");
        let on = |name: &'static str, value: &'static str| {
            [("PrefixListId", id.as_str()), (name, value)]
        };
        bench.ok(
            "ecs.ModifyPrefixList",
            &on("AddEntry.1.Cidr", "10.2.0.0/16"),
        );
        bench.refused(
            "ecs.ModifyPrefixList",
            &on("AddEntry.1.Cidr", "10.3.0.0/16"),
            "403 QuotaExceed.PrefixListEntry",
        );
        bench.ok(
            "ecs.ModifyPrefixList",
            &on("RemoveEntry.1.Cidr", "10.1.0.0/16"),
        );
        let seen = bench.ok("ecs.DescribePrefixListAttributes", &[("PrefixListId", &id)]);
        assert_eq!(
            seen["Entries"]["Entry"],
            serde_json::json!([{"Cidr": "10.2.0.0/16", "Description": ""}])
        );
        assert_eq!(
            bench.ok("ecs.DescribePrefixLists", &[("PrefixListName", "off*")])["PrefixLists"]["PrefixList"]
                [0]["MaxEntries"],
            2
        );
    }

    #[test]
    fn a_prefix_list_in_use_stays() {
        let mut bench = Bench::new();
        let id = text(&bench.ok("ecs.CreatePrefixList", &OFFICES), "PrefixListId");
        let vpc = bench.vpc();
        let group = bench.group(&vpc);
        let rule = [
            ("SecurityGroupId", group.as_str()),
            ("Permissions.1.IpProtocol", "tcp"),
            ("Permissions.1.PortRange", "443/443"),
            ("Permissions.1.SourcePrefixListId", id.as_str()),
        ];
        bench.ok("ecs.AuthorizeSecurityGroup", &rule);
        let rules = bench.ok(
            "ecs.DescribeSecurityGroupAttribute",
            &[("SecurityGroupId", &group)],
        );
        assert_eq!(
            rules["Permissions"]["Permission"][0]["SourcePrefixListName"],
            "offices"
        );
        let users = bench.ok(
            "ecs.DescribePrefixListAssociations",
            &[("PrefixListId", &id)],
        );
        assert_eq!(
            users["PrefixListAssociations"]["PrefixListAssociation"][0]["ResourceId"],
            serde_json::json!(group)
        );
        bench.refused(
            "ecs.DeletePrefixList",
            &[("PrefixListId", &id)],
            "403 DependencyViolation",
        );
        bench.ok("ecs.RevokeSecurityGroup", &rule);
        bench.ok("ecs.DeletePrefixList", &[("PrefixListId", &id)]);
        bench.refused(
            "ecs.DeletePrefixList",
            &[("PrefixListId", &id)],
            "404 InvalidPrefixListId.NotFound",
        );
    }
}
