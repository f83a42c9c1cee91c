//! Rules of a security group in their canonical form, and conversions to and from it.
//!
//! A canonical rule is one flow, as a map: `protocol`, `port` (`from/to`, or `-1/-1` if ports do
//! not apply), `policy`, `priority`, and exactly one of `cidr`, `group` and `prefix_list`. These
//! members are its identity. It may also have a `description` and, if it is live, an `id`.

use std::collections::BTreeMap;

use setpoint_openapi::json::{Node, Odd};
use setpoint_plan::field::{Judged, Verdict};
use setpoint_plan::update::Update;
use setpoint_plan::{Map, Value};
use setpoint_spec::schema::{CheckCx, Problem};

use crate::shared::{put_text, some_text};

/// Returns the members that identify a flow; the description is not one of them.
pub(super) fn key(rule: &Map) -> Vec<Option<&Value>> {
    [
        "protocol",
        "port",
        "cidr",
        "group",
        "prefix_list",
        "policy",
        "priority",
    ]
    .iter()
    .map(|name| rule.get(name))
    .collect()
}

/// Returns the rows of a spec as canonical rules: one for each port and peer, sorted, each flow
/// once. If a flow is written both with and without a description, it has that description.
pub(super) fn expand(rows: &Value) -> Value {
    let mut rules: Vec<Map> = rows
        .as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_map)
        .flat_map(expand_row)
        .collect();
    let text = |rule: &Map| rule.get("description").cloned();
    rules.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| text(b).cmp(&text(a))));
    rules.dedup_by(|a, b| key(a) == key(b));
    Value::List(rules.into_iter().map(Value::Map).collect())
}

/// Returns the canonical rules of one row, with the defaults of absent members.
fn expand_row(row: &Map) -> Vec<Map> {
    let any_port = [Value::text("-1/-1")];
    let ports = row
        .get("port")
        .and_then(Value::as_list)
        .unwrap_or(&any_port);
    let peers = row
        .get("source")
        .or_else(|| row.get("dest"))
        .and_then(Value::as_list)
        .unwrap_or_default();
    let mut rules = Vec::new();
    for port in ports {
        for peer in peers.iter().filter_map(Value::as_map) {
            let mut rule: Map = peer.clone();
            rule.insert(
                "protocol".to_owned(),
                row.get("protocol")
                    .cloned()
                    .unwrap_or_else(|| Value::text("tcp")),
            );
            rule.insert("port".to_owned(), port.clone());
            rule.insert(
                "policy".to_owned(),
                row.get("policy")
                    .cloned()
                    .unwrap_or_else(|| Value::text("accept")),
            );
            rule.insert(
                "priority".to_owned(),
                row.get("priority").cloned().unwrap_or(Value::Int(1)),
            );
            if let Some(text) = row.get("description") {
                rule.insert("description".to_owned(), text.clone());
            }
            rules.push(rule);
        }
    }
    rules
}

/// Returns a live permission as a canonical rule with its id. In the answer, members that a rule
/// does not have are absent or empty, and protocols and policies begin with capitals.
pub(super) fn read_rule(row: Node<'_>, way: &str) -> Result<Value, Odd> {
    let side = if way == "ingress" { "Source" } else { "Dest" };
    let mut rule = Map::new();
    let lower = |path: &str| {
        row.need_text(path)
            .map(|text| Value::text(text.to_lowercase()))
    };
    rule.insert("protocol".to_owned(), lower("IpProtocol")?);
    rule.insert("policy".to_owned(), lower("Policy")?);
    rule.insert("port".to_owned(), Value::text(row.need_text("PortRange")?));
    rule.insert(
        "priority".to_owned(),
        Value::Int(row.need_int_text("Priority")?),
    );
    put_text(&mut rule, "description", row, "Description")?;
    put_text(&mut rule, "id", row, "SecurityGroupRuleId")?;
    put_text(&mut rule, "group", row, &format!("{side}GroupId"))?;
    put_text(
        &mut rule,
        "prefix_list",
        row,
        &format!("{side}PrefixListId"),
    )?;
    let v4 = some_text(row, &format!("{side}CidrIp"))?;
    let v6 = some_text(row, &format!("Ipv6{side}CidrIp"))?;
    let block = v4.or(v6).map(|text| canonical_block(&text));
    rule.extend(block.map(|block| ("cidr".to_owned(), Value::text(block))));
    if !["cidr", "group", "prefix_list"]
        .iter()
        .any(|peer| rule.contains_key(peer))
    {
        return Err(Odd {
            what: format!("a rule without a `{side}…` peer"),
        });
    }
    Ok(Value::Map(rule))
}

/// Returns a block without host bits; a bare address is a block of one. The API accepts both forms,
/// and it is not known in which form it returns them.
fn canonical_block(text: &str) -> String {
    let bare = || {
        text.parse::<std::net::IpAddr>()
            .map(ipnet::IpNet::from)
            .ok()
    };
    let block = text.parse::<ipnet::IpNet>().ok().or_else(bare);
    block.map_or_else(|| text.to_owned(), |block| block.trunc().to_string())
}

/// Returns a canonical rule as an item of `Permissions`.
pub(super) fn permission(rule: &Map, way: &str) -> Map {
    let side = if way == "ingress" { "Source" } else { "Dest" };
    let is_v6 = rule
        .get("cidr")
        .and_then(Value::as_text)
        .is_some_and(|text| text.contains(':'));
    let mut sent = Map::new();
    let mut put = |param: String, name: &str| {
        if let Some(value) = rule.get(name) {
            sent.insert(param, value.clone());
        }
    };
    put("IpProtocol".to_owned(), "protocol");
    put("PortRange".to_owned(), "port");
    put("Policy".to_owned(), "policy");
    put("Priority".to_owned(), "priority");
    put("Description".to_owned(), "description");
    put(format!("{side}GroupId"), "group");
    put(format!("{side}PrefixListId"), "prefix_list");
    put(
        if is_v6 {
            format!("Ipv6{side}CidrIp")
        } else {
            format!("{side}CidrIp")
        },
        "cidr",
    );
    sent
}

/// Judges the rules of one direction: they differ if their flows do, or a description that the spec
/// gives. In an additive direction, additional live rules are no difference.
pub(super) fn judge(judged: &Judged<'_>, way: &str, update: &'static Update) -> Verdict {
    let side = |value: &Value| {
        value
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_map)
            .cloned()
            .collect::<Vec<Map>>()
    };
    let (want, live) = (side(judged.want), side(judged.live));
    let additive = judged
        .desired
        .terms
        .lifecycle
        .additive
        .iter()
        .any(|name| name == way);
    let found = |rule: &Map| live.iter().find(|other| key(other) == key(rule));
    let kept = |rule: &Map| {
        found(rule).is_some_and(|other| {
            rule.get("description")
                .is_none_or(|text| other.get("description") == Some(text))
        })
    };
    let stale = live
        .iter()
        .any(|rule| want.iter().all(|other| key(other) != key(rule)));
    if want.iter().all(kept) && (additive || !stale) {
        return Verdict::Same;
    }
    Verdict::Update(update)
}

/// Returns whether two rules of one direction with the same policy may apply to the same packet;
/// true if that is not known.
pub(super) fn may_meet(a: &Map, b: &Map) -> bool {
    let text = |rule: &Map, name: &str| {
        rule.get(name)
            .and_then(Value::as_text)
            .map(ToOwned::to_owned)
    };
    let (a_protocol, b_protocol) = (text(a, "protocol"), text(b, "protocol"));
    let is_all = |protocol: &Option<String>| protocol.as_deref() == Some("all");
    let protocols = a_protocol == b_protocol || is_all(&a_protocol) || is_all(&b_protocol);
    let ports = match (
        text(a, "port").and_then(|ports| span(&ports)),
        text(b, "port").and_then(|ports| span(&ports)),
    ) {
        (Some((a_from, a_to)), Some((b_from, b_to))) => a_from <= b_to && b_from <= a_to,
        _ => true,
    };
    let net = |rule: &Map| text(rule, "cidr").and_then(|block| block.parse::<ipnet::IpNet>().ok());
    let peers = match (net(a), net(b)) {
        (Some(a), Some(b)) => a.contains(&b) || b.contains(&a),
        _ => true,
    };
    a.get("policy") == b.get("policy") && protocols && ports && peers
}

/// Returns the first and the last port; `None` if ports do not apply.
fn span(ports: &str) -> Option<(u16, u16)> {
    let (from, to) = ports.split_once('/')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// Checks the rules of a group: ports fit their protocol, no rule refers to its own group, an
/// enterprise group refers to no group, and no flow has two descriptions.
pub(super) fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let enterprise = cx
        .fields()
        .get("security_group_type")
        .and_then(Value::as_text)
        == Some("enterprise");
    for (way, peer) in [("ingress", "source"), ("egress", "dest")] {
        let rows = cx
            .fields()
            .get(way)
            .and_then(Value::as_list)
            .unwrap_or_default();
        for (at, row) in rows.iter().filter_map(Value::as_map).enumerate() {
            problems.extend(check_ports(row, &format!("{way}.{at}")));
            let groups = row
                .get(peer)
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter();
            for group in groups.filter_map(|one| one.as_map().and_then(|one| one.get("group"))) {
                problems.extend(check_group(
                    cx,
                    group,
                    enterprise,
                    &format!("{way}.{at}.{peer}"),
                ));
            }
        }
        problems.extend(check_twice(rows, way));
    }
    problems
}

/// Checks that no flow has two descriptions: the API keeps one, so every apply would change it.
fn check_twice(rows: &[Value], way: &str) -> Vec<Problem> {
    let mut first: BTreeMap<Vec<Option<Value>>, (usize, Value)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for rule in row.as_map().map(expand_row).unwrap_or_default() {
            let Some(text) = rule.get("description").cloned() else {
                continue;
            };
            let flow = key(&rule).into_iter().map(|part| part.cloned()).collect();
            let (earlier, said) = first.entry(flow).or_insert_with(|| (at, text.clone()));
            if *said != text
                && problems
                    .last()
                    .is_none_or(|problem: &Problem| problem.path != format!("{way}.{at}"))
            {
                problems.push(Problem {
                    path: format!("{way}.{at}"),
                    message: format!(
                        "`{way}.{at}` is the same flow as `{way}.{earlier}`, with another \
                         description"
                    ),
                    hint: Some(
                        "a flow can have only one description: keep one of the two rules"
                            .to_owned(),
                    ),
                });
            }
        }
    }
    problems
}

/// Checks that a tcp or udp rule has ports and no other rule has any.
fn check_ports(row: &Map, path: &str) -> Option<Problem> {
    let protocol = row
        .get("protocol")
        .and_then(Value::as_text)
        .unwrap_or("tcp");
    let has_ports = matches!(protocol, "tcp" | "udp");
    let (path, message, hint) = match (has_ports, row.contains_key("port")) {
        (true, false) => (
            path.to_owned(),
            format!("a {protocol} rule needs a port"),
            "for example `port: 443` or `port: 1-65535`",
        ),
        (false, true) => (
            format!("{path}.port"),
            format!("{protocol} rules cannot have a port"),
            "leave `port` out",
        ),
        _ => return None,
    };
    Some(Problem {
        path,
        message,
        hint: Some(hint.to_owned()),
    })
}

/// Checks a group that a rule refers to: the API refuses the own group, and any group in an
/// enterprise group.
fn check_group(cx: &CheckCx<'_>, group: &Value, enterprise: bool, path: &str) -> Option<Problem> {
    let own = matches!(group, Value::Ref(reference) if reference.address == cx.resource.address);
    let (message, hint) = if own {
        (
            "a rule cannot refer to its own group".to_owned(),
            "members of a normal group can reach each other by default (`inner_access_policy`)",
        )
    } else if enterprise {
        (
            "rules of an enterprise group cannot refer to groups".to_owned(),
            "use a CIDR block or a prefix list",
        )
    } else {
        return None;
    };
    Some(Problem {
        path: path.to_owned(),
        message,
        hint: Some(hint.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(entries: &[(&str, Value)]) -> Map {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn one_row_becomes_a_rule_for_each_port_and_peer() {
        let peers =
            ["0.0.0.0/0", "10.0.0.0/8"].map(|block| Value::Map(row(&[("cidr", block.into())])));
        let ports = ["80/80", "443/443"].map(Value::from);
        let rows = Value::List(vec![Value::Map(row(&[
            ("port", Value::List(ports.into())),
            ("source", Value::List(peers.into())),
        ]))]);
        assert_eq!(expand(&rows).as_list().map(<[Value]>::len), Some(4));
    }

    #[test]
    fn live_blocks_are_masked() {
        assert_eq!(canonical_block("203.0.113.50"), "203.0.113.50/32");
        assert_eq!(canonical_block("10.1.2.3/8"), "10.0.0.0/8");
    }
}
