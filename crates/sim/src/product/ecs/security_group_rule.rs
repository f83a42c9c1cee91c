//! Rules of security groups: they allow or drop traffic, in or out.
//!
//! Adding an existing rule succeeds and changes nothing; the answer has no rule ids. Two rules are
//! the same if they differ only in their descriptions. Invariant: no two rules of a group are the
//! same.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::security_group;
use crate::refusal::Refusal;
use crate::world::{World, done};

mod flow;

use self::flow::{Direction, Flow, Peer, changed_flow, read_flow, same};

pub(crate) const ACTIONS: Actions = &[
    ("AuthorizeSecurityGroup", |world, call| {
        authorize(world, call, Direction::Ingress)
    }),
    ("AuthorizeSecurityGroupEgress", |world, call| {
        authorize(world, call, Direction::Egress)
    }),
    ("RevokeSecurityGroup", |world, call| {
        revoke(world, call, Direction::Ingress)
    }),
    ("RevokeSecurityGroupEgress", |world, call| {
        revoke(world, call, Direction::Egress)
    }),
    ("ModifySecurityGroupRule", |world, call| {
        modify(world, call, Direction::Ingress)
    }),
    ("ModifySecurityGroupEgressRule", |world, call| {
        modify(world, call, Direction::Egress)
    }),
    ("DescribeSecurityGroupAttribute", describe),
];

/// A rule of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    id: String,
    created_ms: i64,
    description: String,
    flow: Flow,
}

impl Rule {
    /// The other group that the rule names.
    pub(crate) fn peer_group(&self) -> Option<&str> {
        match &self.flow.peer {
            Peer::Group(id) => Some(id),
            Peer::V4(_) | Peer::V6(_) | Peer::PrefixList(_) => None,
        }
    }

    /// The prefix list that the rule names.
    pub(crate) fn peer_prefix_list(&self) -> Option<&str> {
        if let Peer::PrefixList(id) = &self.flow.peer {
            Some(id)
        } else {
            None
        }
    }
}

fn authorize(world: &mut World, call: &Call<'_>, direction: Direction) -> Answer {
    let id = call.need("SecurityGroupId")?;
    let group = security_group::find(world, call, id)?;
    let mut wanted = Vec::new();
    for fields in permissions(call)? {
        wanted.push((
            read_flow(world, group, &fields, direction)?,
            read_description(&fields)?,
        ));
    }
    let quotas = world.options.quotas.clone();
    for (flow, description) in wanted {
        let group = security_group::find(world, call, id)?;
        if group.rules.iter().any(|rule| same(&rule.flow, &flow)) {
            continue;
        }
        let same_way = group
            .rules
            .iter()
            .filter(|rule| rule.flow.direction == direction)
            .count();
        let to_groups = group
            .rules
            .iter()
            .filter(|rule| rule.peer_group().is_some())
            .count();
        if same_way >= quotas.rules
            || (matches!(flow.peer, Peer::Group(_)) && to_groups >= quotas.group_rules)
        {
            return Err(Refusal::denied(
                "AuthorizationLimitExceed",
                "The limit of authorization records in the security group reaches.",
            ));
        }
        let (rule_id, created_ms) = (
            world.next_id("sgr", &group.base.region.clone()),
            world.now_ms(),
        );
        let rule = Rule {
            id: rule_id,
            created_ms,
            description: description.unwrap_or_default(),
            flow,
        };
        security_group::find_mut(world, call, id)?.rules.push(rule);
    }
    done()
}

/// The rows of `Permissions`, or the flat parameters of a single rule.
fn permissions<'a>(call: &Call<'a>) -> Result<Vec<Fields<'a>>, Refusal> {
    let rows = call.rows("Permissions");
    if rows.len() > 100 {
        return Err(Refusal::invalid("Permissions"));
    }
    Ok(if rows.is_empty() {
        vec![(**call).clone()]
    } else {
        rows
    })
}

fn read_description(fields: &Fields<'_>) -> Result<Option<String>, Refusal> {
    let text = fields.text("Description");
    if text.is_some_and(|text| !text.is_empty() && !names::is_text(text, 1, 512)) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified rule description is not valid.",
        ));
    }
    Ok(text.map(str::to_owned))
}

fn revoke(world: &mut World, call: &Call<'_>, direction: Direction) -> Answer {
    let id = call.need("SecurityGroupId")?;
    let group = security_group::find(world, call, id)?;
    let rule_ids = call.list("SecurityGroupRuleId");
    let mut gone: Vec<String> = Vec::new();
    if rule_ids.is_empty() {
        for fields in permissions(call)? {
            let flow = read_flow(world, group, &fields, direction)?;
            read_description(&fields)?;
            let rule = group
                .rules
                .iter()
                .find(|rule| same(&rule.flow, &flow))
                .ok_or_else(not_there)?;
            gone.push(rule.id.clone());
        }
    } else {
        if rule_ids.len() > 100 {
            return Err(Refusal::invalid("SecurityGroupRuleId"));
        }
        if call.any("Permissions") || call.any("IpProtocol") {
            return Err(Refusal::bad(
                "InvalidParameter.Conflict",
                "SecurityGroupRuleId and Permissions exclude each other.",
            ));
        }
        for rule_id in rule_ids {
            let found = group
                .rules
                .iter()
                .find(|rule| rule.id == rule_id && rule.flow.direction == direction);
            gone.push(found.ok_or_else(not_there)?.id.clone());
        }
    }
    security_group::find_mut(world, call, id)?
        .rules
        .retain(|rule| !gone.contains(&rule.id));
    done()
}

fn not_there() -> Refusal {
    Refusal::bad(
        "InvalidSecurityGroupRule.RuleNotExist",
        "The specified rule does not exist.",
    )
}

fn modify(world: &mut World, call: &Call<'_>, direction: Direction) -> Answer {
    let id = call.need("SecurityGroupId")?;
    let group = security_group::find(world, call, id)?;
    let description = read_description(call)?;
    let Some(rule_id) = call.given("SecurityGroupRuleId") else {
        // Without an id the other parameters identify the rule, and only its description changes.
        let flow = read_flow(world, group, call, direction)?;
        let rule_id = group
            .rules
            .iter()
            .find(|rule| same(&rule.flow, &flow))
            .map(|rule| rule.id.clone())
            .ok_or_else(no_such_rule)?;
        let rule = rule_mut(world, call, &rule_id)?;
        rule.description = description.unwrap_or_default();
        return done();
    };
    let old = group
        .rules
        .iter()
        .find(|rule| rule.id == rule_id && rule.flow.direction == direction)
        .ok_or_else(no_such_rule)?;
    let flow = changed_flow(world, group, call, &old.flow)?;
    if group
        .rules
        .iter()
        .any(|rule| rule.id != rule_id && same(&rule.flow, &flow))
    {
        return Err(Refusal::bad(
            "InvalidSecurityGroupRule.RuleExist",
            "Another rule of the group is already like this.",
        ));
    }
    let rule = rule_mut(world, call, rule_id)?;
    rule.flow = flow;
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        rule.description = description;
    }
    done()
}

fn rule_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    rule_id: &str,
) -> Result<&'a mut Rule, Refusal> {
    let group = security_group::find_mut(world, call, call.need("SecurityGroupId")?)?;
    group
        .rules
        .iter_mut()
        .find(|rule| rule.id == rule_id)
        .ok_or_else(no_such_rule)
}

fn no_such_rule() -> Refusal {
    Refusal::absent(
        "SecurityGroupRule.NotFound",
        "The specified security group rule was not found.",
    )
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("SecurityGroupId")?;
    let group = security_group::find(world, call, id)?;
    call.harmless(&["NicType", "Attribute"]);
    let direction = match call.given("Direction") {
        None | Some("all") => None,
        Some("ingress") => Some(Direction::Ingress),
        Some("egress") => Some(Direction::Egress),
        Some(_) => return Err(Refusal::invalid("Direction")),
    };
    // Rules are paged like resources, in the order of their numbers.
    let rows: Vec<(Base, &Rule)> = group
        .rules
        .iter()
        .filter(|rule| direction.is_none_or(|direction| direction == rule.flow.direction))
        .map(|rule| {
            (
                Base {
                    id: rule.id.clone(),
                    created_ms: rule.created_ms,
                    ..Base::default()
                },
                rule,
            )
        })
        .collect();
    let sorted = page::newest_first(rows.iter(), |(base, _)| base);
    let page = page::tokened(call, sorted, |(base, _)| base, (500, 10, 1000))?;
    let permissions: Vec<Value> = page
        .items
        .iter()
        .map(|(_, rule)| permission(world, rule))
        .collect();
    Ok(json!({
        "RegionId": group.base.region,
        "SecurityGroupId": id,
        "SecurityGroupName": group.base.name,
        "Description": group.base.description,
        "VpcId": group.vpc,
        "InnerAccessPolicy": group.inner_policy,
        "Permissions": {"Permission": permissions},
        "SnapshotPolicyIds": {"SnapshotPolicyId": []},
        "NextToken": page.next,
    }))
}

fn permission(world: &World, rule: &Rule) -> Value {
    let flow = &rule.flow;
    let mut body = json!({
        "SecurityGroupRuleId": rule.id,
        "Direction": if flow.direction == Direction::Ingress { "ingress" } else { "egress" },
        "IpProtocol": flow.protocol,
        "PortRange": flow.ports,
        "SourcePortRange": flow.source_ports,
        "Policy": if flow.accept { "Accept" } else { "Drop" },
        "Priority": flow.priority.to_string(),
        "NicType": "intranet",
        "Description": rule.description,
        "CreateTime": Timestamp(rule.created_ms).seconds(),
        "PortRangeListId": "",
        "PortRangeListName": "",
    });
    for end in ["Source", "Dest"] {
        for suffix in [
            "CidrIp",
            "GroupId",
            "GroupName",
            "GroupOwnerAccount",
            "PrefixListId",
            "PrefixListName",
        ] {
            body[format!("{end}{suffix}")] = json!("");
        }
        body[format!("Ipv6{end}CidrIp")] = json!("");
    }
    let far = flow.direction.far();
    match &flow.peer {
        Peer::V4(block) => body[format!("{far}CidrIp")] = json!(block),
        Peer::V6(block) => body[format!("Ipv6{far}CidrIp")] = json!(block),
        Peer::Group(id) => {
            body[format!("{far}GroupId")] = json!(id);
            let name = world
                .tables
                .security_groups
                .get(id)
                .map(|group| group.base.name.as_str());
            body[format!("{far}GroupName")] = json!(name.unwrap_or_default());
        }
        Peer::PrefixList(id) => {
            body[format!("{far}PrefixListId")] = json!(id);
            let name = world
                .tables
                .prefix_lists
                .get(id)
                .map(|list| list.base.name.as_str());
            body[format!("{far}PrefixListName")] = json!(name.unwrap_or_default());
        }
    }
    if let Some(near) = &flow.near {
        let v6 = if near.contains(':') { "Ipv6" } else { "" };
        body[format!("{v6}{}CidrIp", flow.direction.near())] = json!(near);
    }
    body
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    /// A VPC with two groups.
    fn groups() -> (Bench, String, String) {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (a, b) = (bench.group(&vpc), bench.group(&vpc));
        (bench, a, b)
    }

    fn rules(bench: &mut Bench, group: &str) -> Vec<serde_json::Value> {
        let answer = bench.ok(
            "ecs.DescribeSecurityGroupAttribute",
            &[("SecurityGroupId", group)],
        );
        answer["Permissions"]["Permission"]
            .as_array()
            .expect("a list")
            .clone()
    }

    #[test]
    fn a_duplicate_is_a_success_and_changes_nothing() {
        let (mut bench, group, _) = groups();
        let rule = |name: &'static str, value: &'static str| {
            [
                ("SecurityGroupId", group.as_str()),
                ("Permissions.1.IpProtocol", "tcp"),
                ("Permissions.1.PortRange", "22/22"),
                (name, value),
            ]
        };
        bench.ok(
            "ecs.AuthorizeSecurityGroup",
            &rule("Permissions.1.SourceCidrIp", "203.0.113.50/32"),
        );
        bench.ok(
            "ecs.AuthorizeSecurityGroup",
            &rule("Permissions.1.SourceCidrIp", "203.0.113.50"),
        );
        let listed = rules(&mut bench, &group);
        assert_eq!(listed.len(), 1);
        let of = |name: &str| listed[0][name].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            [
                of("IpProtocol"),
                of("PortRange"),
                of("Policy"),
                of("Priority"),
                of("NicType"),
                of("Direction"),
                of("DestCidrIp")
            ],
            ["TCP", "22/22", "Accept", "1", "intranet", "ingress", ""]
        );
        assert!(of("SecurityGroupRuleId").starts_with("sgr-"));
    }

    #[test]
    fn malformed_rules() {
        let (mut bench, group, other) = groups();
        for (protocol, ports, source, expected) in [
            (
                "tcp",
                "0/22",
                "0.0.0.0/0",
                "400 InvalidIpProtocol.Malformed",
            ),
            (
                "tcp",
                "-1/-1",
                "0.0.0.0/0",
                "400 InvalidIpProtocol.Malformed",
            ),
            ("icmp", "22/22", "0.0.0.0/0", "400 OperationDenied"),
            (
                "carrier-pigeon",
                "1/1",
                "0.0.0.0/0",
                "400 InvalidIpProtocol.ValueNotSupported",
            ),
            (
                "tcp",
                "22/22",
                "nowhere",
                "400 InvalidSourceCidrIp.Malformed",
            ),
            ("tcp", "22/22", "", "400 MissingParameter.Source"),
        ] {
            let pairs = [
                ("SecurityGroupId", group.as_str()),
                ("IpProtocol", protocol),
                ("PortRange", ports),
                ("SourceCidrIp", source),
            ];
            bench.refused("ecs.AuthorizeSecurityGroup", &pairs, expected);
        }
        for (peer, expected) in [
            (group.as_str(), "403 InvalidParamter.Conflict"),
            ("sg-none", "404 InvalidSourceGroupId.NotFound"),
            (other.as_str(), ""),
        ] {
            let pairs = [
                ("SecurityGroupId", group.as_str()),
                ("IpProtocol", "all"),
                ("PortRange", "-1/-1"),
                ("SourceGroupId", peer),
            ];
            let refusal = bench
                .call("ecs.AuthorizeSecurityGroup", &pairs)
                .err()
                .unwrap_or_default();
            assert_eq!(refusal, expected, "{peer}");
        }
    }

    #[test]
    fn one_bad_row_stops_them_all() {
        let (mut bench, group, _) = groups();
        let pairs = [
            ("SecurityGroupId", group.as_str()),
            ("Permissions.1.IpProtocol", "tcp"),
            ("Permissions.1.PortRange", "80/80"),
            ("Permissions.1.SourceCidrIp", "0.0.0.0/0"),
            ("Permissions.2.IpProtocol", "tcp"),
            ("Permissions.2.PortRange", "443/80"),
            ("Permissions.2.SourceCidrIp", "0.0.0.0/0"),
        ];
        bench.refused(
            "ecs.AuthorizeSecurityGroup",
            &pairs,
            "400 InvalidIpProtocol.Malformed",
        );
        assert!(rules(&mut bench, &group).is_empty());
    }

    #[test]
    fn a_referenced_group_stays() {
        let (mut bench, a, b) = groups();
        let rule = [
            ("SecurityGroupId", a.as_str()),
            ("IpProtocol", "tcp"),
            ("PortRange", "80/80"),
            ("DestGroupId", b.as_str()),
        ];
        bench.ok("ecs.AuthorizeSecurityGroupEgress", &rule);
        bench.refused(
            "ecs.DeleteSecurityGroup",
            &[("SecurityGroupId", &b)],
            "403 DependencyViolation",
        );
        let references = bench.ok(
            "ecs.DescribeSecurityGroupReferences",
            &[("SecurityGroupId.1", &b)],
        );
        let first = &references["SecurityGroupReferences"]["SecurityGroupReference"][0];
        assert_eq!(
            first["ReferencingSecurityGroups"]["ReferencingSecurityGroup"][0]["SecurityGroupId"],
            a.as_str()
        );
        let listed = rules(&mut bench, &a);
        let reworded = [
            ("SecurityGroupId", a.as_str()),
            (
                "SecurityGroupRuleId",
                listed[0]["SecurityGroupRuleId"]
                    .as_str()
                    .unwrap_or_default(),
            ),
        ];
        bench.ok(
            "ecs.ModifySecurityGroupEgressRule",
            &[reworded[0], reworded[1], ("Description", "to b")],
        );
        bench.ok("ecs.RevokeSecurityGroupEgress", &rule);
        bench.ok("ecs.DeleteSecurityGroup", &[("SecurityGroupId", &b)]);
    }

    #[test]
    fn revoking_what_is_not_there() {
        let (mut bench, group, _) = groups();
        let rule = [
            ("SecurityGroupId", group.as_str()),
            ("IpProtocol", "tcp"),
            ("PortRange", "80/80"),
            ("SourceCidrIp", "0.0.0.0/0"),
        ];
        bench.refused(
            "ecs.RevokeSecurityGroup",
            &rule,
            "400 InvalidSecurityGroupRule.RuleNotExist",
        );
        bench.ok("ecs.AuthorizeSecurityGroup", &rule);
        let id = text(&rules(&mut bench, &group)[0], "SecurityGroupRuleId");
        let by_id = [
            ("SecurityGroupId", group.as_str()),
            ("SecurityGroupRuleId.1", id.as_str()),
        ];
        bench.refused(
            "ecs.RevokeSecurityGroupEgress",
            &by_id,
            "400 InvalidSecurityGroupRule.RuleNotExist",
        );
        bench.ok("ecs.RevokeSecurityGroup", &by_id);
        bench.refused(
            "ecs.RevokeSecurityGroup",
            &by_id,
            "400 InvalidSecurityGroupRule.RuleNotExist",
        );
    }

    #[test]
    fn a_rule_changes_but_not_its_kind() {
        let (mut bench, group, other) = groups();
        let rule = [
            ("SecurityGroupId", group.as_str()),
            ("IpProtocol", "tcp"),
            ("PortRange", "80/80"),
            ("SourceCidrIp", "0.0.0.0/0"),
        ];
        bench.ok("ecs.AuthorizeSecurityGroup", &rule);
        let id = text(&rules(&mut bench, &group)[0], "SecurityGroupRuleId");
        let with = |name: &'static str, value: String| {
            vec![
                ("SecurityGroupId", group.clone()),
                ("SecurityGroupRuleId", id.clone()),
                (name, value),
            ]
        };
        let mut modify = |pairs: Vec<(&'static str, String)>| {
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
            bench
                .call("ecs.ModifySecurityGroupRule", &pairs)
                .map(|_| ())
        };
        assert_eq!(modify(with("PortRange", "443/443".to_owned())), Ok(()));
        assert_eq!(modify(with("Description", "web".to_owned())), Ok(()));
        assert_eq!(
            modify(with("SourceGroupId", other)),
            Err("400 InvalidParameter.Conflict".to_owned())
        );
        let listed = rules(&mut bench, &group);
        assert_eq!(
            (&listed[0]["PortRange"], &listed[0]["Description"]),
            (&"443/443".into(), &"web".into())
        );
        let unknown = [
            ("SecurityGroupId", group.as_str()),
            ("SecurityGroupRuleId", "sgr-none"),
        ];
        bench.refused(
            "ecs.ModifySecurityGroupRule",
            &unknown,
            "404 SecurityGroupRule.NotFound",
        );
    }

    #[test]
    fn two_hundred_rules_each_way() {
        let (mut bench, group, _) = groups();
        for port in 1..=200 {
            let ports = format!("{port}/{port}");
            let pairs = [
                ("SecurityGroupId", group.as_str()),
                ("IpProtocol", "tcp"),
                ("PortRange", &ports),
                ("SourceCidrIp", "10.0.0.0/8"),
            ];
            bench.ok("ecs.AuthorizeSecurityGroup", &pairs);
        }
        let more = [
            ("SecurityGroupId", group.as_str()),
            ("IpProtocol", "udp"),
            ("PortRange", "1/1"),
            ("SourceCidrIp", "10.0.0.0/8"),
        ];
        bench.refused(
            "ecs.AuthorizeSecurityGroup",
            &more,
            "403 AuthorizationLimitExceed",
        );
    }
}
