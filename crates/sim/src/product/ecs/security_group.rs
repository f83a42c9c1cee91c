//! `security_group`: a set of interfaces and the traffic that they accept.
//!
//! A group has no states: it is usable at once, and gone from reads at once when it is deleted; it
//! prevents the deletion of its VPC for 5 s more. Its rules are in `security_group_rule`.
//! Invariant: a group that an interface or another group's rule names cannot be deleted.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::security_group_rule::Rule;
use crate::product::vpc::network;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateSecurityGroup", create),
    ("DescribeSecurityGroups", describe),
    ("DescribeSecurityGroupReferences", describe_references),
    ("ModifySecurityGroupAttribute", modify),
    ("ModifySecurityGroupPolicy", modify_policy),
    ("DeleteSecurityGroup", delete),
];

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) base: Base,
    pub(crate) vpc: String,
    pub(crate) enterprise: bool,
    /// `Accept` or `Drop`: traffic between members.
    pub(crate) inner_policy: String,
    pub(crate) rules: Vec<Rule>,
    due_ms: Option<i64>,
}

impl Row for SecurityGroup {
    const KIND: &'static str = "security_group";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    /// The late release is complete.
    fn step(world: &mut World, id: &str) {
        world.tables.security_groups.remove(id);
    }
}

/// The group that a call names.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a SecurityGroup, Refusal> {
    let group = world
        .tables
        .security_groups
        .get(id)
        .filter(|group| !group.base.released && call.in_region(&group.base.region));
    group.ok_or_else(|| not_found(id))
}

pub(crate) fn not_found(id: &str) -> Refusal {
    Refusal::absent(
        "InvalidSecurityGroupId.NotFound",
        format!("The specified SecurityGroupId {id} does not exist."),
    )
}

/// The group that a call names, for a change.
pub(crate) fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut SecurityGroup, Refusal> {
    find(world, call, id)?;
    Ok(world
        .tables
        .security_groups
        .get_mut(id)
        .expect("the group was just found"))
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("ServiceManaged", "false")?;
    // Classic networks are closed to new accounts, hence this answer to a missing VPC.
    let vpc_id = call.given("VpcId").ok_or_else(|| {
        Refusal::denied(
            "InvalidVpcId.NotFound",
            "The specified VpcId does not exist.",
        )
    })?;
    let vpc = network::find(world, call, vpc_id)?;
    vpc.require_available("IncorrectVpcStatus")?;
    let (name, description) = texts(call)?;
    let enterprise = match call.given("SecurityGroupType") {
        None | Some("normal") => false,
        Some("enterprise") => true,
        Some(_) => return Err(Refusal::invalid("SecurityGroupType")),
    };
    let tags = tags::of_create(call)?;
    let here = world
        .tables
        .security_groups
        .values()
        .filter(|group| group.base.region == region && !group.base.released)
        .count();
    if here >= world.options.quotas.security_groups {
        return Err(Refusal::denied(
            "QuotaExceed.SecurityGroup",
            "The maximum number of security groups in the region is reached.",
        ));
    }
    let mut base = world.new_base("sg", region);
    (base.name, base.description, base.tags) = (
        name.unwrap_or_default(),
        description.unwrap_or_default(),
        tags,
    );
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    let inner_policy = if enterprise { "Drop" } else { "Accept" }.to_owned();
    let group = SecurityGroup {
        base,
        vpc: vpc_id.to_owned(),
        enterprise,
        inner_policy,
        rules: Vec::new(),
        due_ms: None,
    };
    world.tables.security_groups.insert(&id, group);
    Ok(json!({ "SecurityGroupId": id }))
}

fn texts(call: &Call<'_>) -> Result<(Option<String>, Option<String>), Refusal> {
    let name = call.text("SecurityGroupName").map(str::to_owned);
    if name
        .as_deref()
        .is_some_and(|name| !name.is_empty() && !names::is_name(name, 2, 128, ":_.-"))
    {
        return Err(Refusal::bad(
            "InvalidSecurityGroupName.Malformed",
            "The specified security group name is not valid.",
        ));
    }
    let description = call.text("Description").map(str::to_owned);
    if description
        .as_deref()
        .is_some_and(|text| !text.is_empty() && !names::is_text(text, 2, 256))
    {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    Ok((name, description))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let mut ids = call.json_list("SecurityGroupIds", "InvalidParameter")?;
    if let Some(id) = call.given("SecurityGroupId") {
        ids.get_or_insert_default().push(id.to_owned());
    }
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::invalid("SecurityGroupIds"));
    }
    let (name, vpc, group) = (
        call.given("SecurityGroupName"),
        call.given("VpcId"),
        call.given("ResourceGroupId"),
    );
    let fuzzy = call.flag("FuzzyQuery")?.unwrap_or(false);
    let (kind, managed) = (
        call.given("SecurityGroupType"),
        call.flag("ServiceManaged")?,
    );
    call.only("NetworkType", "vpc")?;
    let counted = call.flag("IsQueryEcsCount")?.unwrap_or(false);
    let filter = tags::Filter::of(call)?;
    let named = |held: &str| {
        name.is_none_or(|name| {
            if fuzzy {
                held.contains(name)
            } else {
                names::like(name, held)
            }
        })
    };
    let rows = world
        .shown(&world.tables.security_groups, ids.is_some())
        .filter(|row| {
            row.base.region == region
                && ids.as_ref().is_none_or(|ids| ids.contains(&row.base.id))
                && named(&row.base.name)
                && vpc.is_none_or(|vpc| vpc == row.vpc)
                && group.is_none_or(|group| group == row.base.resource_group)
                && kind.is_none_or(|kind| kind == row.kind())
                && managed != Some(true)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let list = |items: Vec<&SecurityGroup>| -> Vec<Value> {
        items
            .into_iter()
            .map(|row| listed(world, row, counted))
            .collect()
    };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |row| &row.base, (10, 1, 100))?;
        return Ok(json!({
            "RegionId": region, "NextToken": page.next,
            "SecurityGroups": {"SecurityGroup": list(page.items)},
        }));
    }
    let page = page::numbered(call, rows, 100)?;
    Ok(json!({
        "RegionId": region, "PageNumber": page.number, "PageSize": page.size,
        "TotalCount": page.total, "NextToken": page.next(),
        "SecurityGroups": {"SecurityGroup": list(page.items)},
    }))
}

impl SecurityGroup {
    fn kind(&self) -> &'static str {
        if self.enterprise {
            "enterprise"
        } else {
            "normal"
        }
    }
}

fn listed(world: &World, row: &SecurityGroup, counted: bool) -> Value {
    let (members, room) = if counted {
        let members = members(world, &row.base.id);
        let most = world.options.quotas.addresses_of_group;
        (members, most.saturating_sub(members))
    } else {
        (0, 0)
    };
    let of_groups = row.rules.iter().filter(|rule| rule.peer_group().is_some());
    json!({
        "SecurityGroupId": row.base.id,
        "SecurityGroupName": row.base.name,
        "Description": row.base.description,
        "VpcId": row.vpc,
        "SecurityGroupType": row.kind(),
        "ResourceGroupId": row.base.resource_group,
        "CreationTime": Timestamp(row.base.created_ms).seconds(),
        "EcsCount": members,
        "AvailableInstanceAmount": room,
        "RuleCount": row.rules.len(),
        "GroupToGroupRuleCount": of_groups.count(),
        "ServiceManaged": false,
        "Tags": tags::tag_key_list(&row.base.tags),
    })
}

/// The interfaces of a group, including those that are being released.
pub(crate) fn members(world: &World, id: &str) -> usize {
    world.tables.network_interfaces.linked(id).count()
}

/// Other groups with a rule that names this one.
fn referencing<'a>(world: &'a World, id: &'a str) -> impl Iterator<Item = &'a str> {
    world
        .tables
        .security_groups
        .values()
        .filter(move |other| {
            !other.base.released
                && other.base.id != id
                && other.rules.iter().any(|rule| rule.peer_group() == Some(id))
        })
        .map(|other| other.base.id.as_str())
}

fn describe_references(world: &mut World, call: &Call<'_>) -> Answer {
    let ids = call.list("SecurityGroupId");
    if ids.len() > 10 {
        return Err(Refusal::invalid("SecurityGroupId"));
    }
    let mut references = Vec::new();
    for id in ids {
        find(world, call, id)?;
        let from: Vec<Value> = referencing(world, id)
            .map(|other| json!({"SecurityGroupId": other, "AliUid": world.account.id}))
            .collect();
        if !from.is_empty() {
            references.push(json!({
                "SecurityGroupId": id,
                "ReferencingSecurityGroups": {"ReferencingSecurityGroup": from},
            }));
        }
    }
    Ok(json!({ "SecurityGroupReferences": { "SecurityGroupReference": references } }))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let (name, description) = texts(call)?;
    let group = find_mut(world, call, call.need("SecurityGroupId")?)?;
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        group.base.name = name;
    }
    if let Some(description) = description {
        group.base.description = description;
    }
    done()
}

fn modify_policy(world: &mut World, call: &Call<'_>) -> Answer {
    let group = find_mut(world, call, call.need("SecurityGroupId")?)?;
    let policy = match call.need("InnerAccessPolicy")? {
        text if text.eq_ignore_ascii_case("accept") => "Accept",
        text if text.eq_ignore_ascii_case("drop") => "Drop",
        _ => {
            return Err(Refusal::bad(
                "InvalidPolicy.Malformed",
                "The specified InnerAccessPolicy is not valid.",
            ));
        }
    };
    if group.enterprise {
        return Err(Refusal::denied(
            "InvalidOperation.SecurityGroupType",
            "The policy of an enterprise security group cannot be changed.",
        ));
    }
    policy.clone_into(&mut group.inner_policy);
    done()
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("SecurityGroupId")?;
    find(world, call, id)?;
    if members(world, id) > 0 {
        return Err(Refusal::denied(
            "DependencyViolation",
            "There is still instance(s) in the specified security group.",
        ));
    }
    if let Some(other) = referencing(world, id).next() {
        return Err(Refusal::denied(
            "DependencyViolation",
            format!("The specified security group is referenced by a rule of {other}."),
        ));
    }
    let due_ms = Some(world.now_ms() + world.options.profile.late_release_ms);
    let group = find_mut(world, call, id)?;
    (group.base.released, group.due_ms) = (true, due_ms);
    group.rules.clear();
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_group_lives_and_is_released_late() {
        let mut bench = Bench::new();
        bench.refused(
            "ecs.CreateSecurityGroup",
            &[("SecurityGroupName", "web")],
            "403 InvalidVpcId.NotFound",
        );
        let vpc = bench.vpc();
        let tagged = [
            ("VpcId", vpc.as_str()),
            ("SecurityGroupName", "web"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ];
        let id = text(
            &bench.ok("ecs.CreateSecurityGroup", &tagged),
            "SecurityGroupId",
        );
        let found = bench.ok("ecs.DescribeSecurityGroups", &[("Tag.1.Key", "k")])["SecurityGroups"]
            ["SecurityGroup"]
            .clone();
        assert_eq!(
            (
                &found[0]["SecurityGroupId"],
                &found[0]["Tags"]["Tag"][0]["TagKey"]
            ),
            (&id.clone().into(), &"k".into())
        );
        bench.refused(
            "vpc.DeleteVpc",
            &[("VpcId", &vpc)],
            "400 DependencyViolation.SecurityGroup",
        );
        bench.ok("ecs.DeleteSecurityGroup", &[("SecurityGroupId", &id)]);
        bench.refused(
            "ecs.DeleteSecurityGroup",
            &[("SecurityGroupId", &id)],
            "404 InvalidSecurityGroupId.NotFound",
        );
        bench.refused(
            "vpc.DeleteVpc",
            &[("VpcId", &vpc)],
            "400 DependencyViolation.SecurityGroup",
        );
        bench.wait(5_000);
        bench.ok("vpc.DeleteVpc", &[("VpcId", &vpc)]);
    }

    #[test]
    fn pages_by_token_neither_repeat_nor_skip() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        for _ in 0..7 {
            bench.group(&vpc);
            bench.wait(1_000);
        }
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let pairs = [("MaxResults", "3"), ("NextToken", token.as_str())];
            let page = bench.ok("ecs.DescribeSecurityGroups", &pairs);
            assert!(page.get("TotalCount").is_none());
            for row in page["SecurityGroups"]["SecurityGroup"]
                .as_array()
                .expect("a list")
            {
                seen.push(text(row, "SecurityGroupId"));
            }
            // A group created between two pages must not repeat others on the next page.
            bench.group(&vpc);
            token = text(&page, "NextToken");
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), 7);
        seen.dedup();
        assert_eq!(seen.len(), 7);
    }

    #[test]
    fn what_changes_in_place() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let id = bench.group(&vpc);
        bench.ok(
            "ecs.ModifySecurityGroupAttribute",
            &[
                ("SecurityGroupId", &id),
                ("SecurityGroupName", "new"),
                ("Description", "better"),
            ],
        );
        bench.ok(
            "ecs.ModifySecurityGroupPolicy",
            &[("SecurityGroupId", &id), ("InnerAccessPolicy", "drop")],
        );
        let seen = bench.ok(
            "ecs.DescribeSecurityGroupAttribute",
            &[("SecurityGroupId", &id)],
        );
        let of = |name: &str| text(&seen, name);
        assert_eq!(
            [
                of("SecurityGroupName"),
                of("Description"),
                of("InnerAccessPolicy")
            ],
            ["new", "better", "Drop"]
        );
        bench.refused(
            "ecs.ModifySecurityGroupAttribute",
            &[("SecurityGroupId", &id), ("SecurityGroupName", "1")],
            "400 InvalidSecurityGroupName.Malformed",
        );
    }
}
