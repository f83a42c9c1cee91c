//! Offline checks of a VSwitch against its VPC and its neighbours.

use setpoint_plan::claim::Claim;
use setpoint_plan::{Map, Value};
use setpoint_spec::schema::{CheckCx, Problem};

use super::VSWITCH;

/// Checks that the block is inside a block of its VPC and overlaps no neighbour, and that the IPv6
/// number is free. Blocks that are not known yet are not checked.
pub(super) fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    [check_block(cx), check_ipv6(cx)].concat()
}

/// Checks that the IPv6 number is unique within the VPC, and that the VPC has an IPv6 block.
fn check_ipv6(cx: &CheckCx<'_>) -> Vec<Problem> {
    let problem = |message: String, hint: String| Problem {
        path: "ipv6_cidr_block".to_owned(),
        message,
        hint: Some(hint),
    };
    let (Some(own), Some(Value::Ref(vpc))) = (number(cx.fields()), cx.fields().get("vpc")) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if cx.all.get(&vpc.address).is_some_and(|network| {
        matches!(
            network.fields.get("enable_ipv6"),
            None | Some(Value::Bool(false))
        )
    }) {
        let name = &vpc.address;
        problems.push(problem(
            format!("its VPC `{name}` has no IPv6 block"),
            format!("write `enable_ipv6: true` in `{name}`"),
        ));
    }
    let before = cx
        .all
        .values()
        .filter(|other| other.kind.name == VSWITCH.name && other.address < cx.resource.address);
    let mut in_vpc = before.filter(|other| other.fields.get("vpc") == cx.fields().get("vpc"));
    if let Some(other) = in_vpc.find(|other| number(&other.fields) == Some(own)) {
        problems.push(problem(
            format!(
                "{own} is already the number of `{}` in the same VPC",
                other.address
            ),
            "choose another number, 0 to 255".to_owned(),
        ));
    }
    problems
}

fn number(fields: &Map) -> Option<i64> {
    fields.get("ipv6_cidr_block").and_then(Value::as_int)
}

/// Checks that the block is inside a block of its VPC and overlaps no other VSwitch. Of two that
/// overlap, only the one with the later address gets the problem.
fn check_block(cx: &CheckCx<'_>) -> Vec<Problem> {
    let problem = |message: String, hint: &str| Problem {
        path: "cidr_block".to_owned(),
        message,
        hint: Some(hint.to_owned()),
    };
    let (Some(own), Some(Value::Ref(vpc))) = (block(cx.fields()), cx.fields().get("vpc")) else {
        return Vec::new();
    };
    let Some(network) = cx.all.get(&vpc.address) else {
        return Vec::new();
    };
    let mut blocks: Vec<ipnet::IpNet> = block(&network.fields).into_iter().collect();
    let more = network
        .fields
        .get("secondary_cidr_blocks")
        .and_then(Value::as_list)
        .unwrap_or_default();
    blocks.extend(
        more.iter()
            .filter_map(Value::as_text)
            .filter_map(|text| text.parse::<ipnet::IpNet>().ok()),
    );
    let mut problems = Vec::new();
    if !blocks.is_empty() && !blocks.iter().any(|outer| outer.contains(&own)) {
        let outer: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        problems.push(problem(
            format!(
                "{own} is not inside its VPC `{}` ({})",
                vpc.address,
                outer.join(", ")
            ),
            "choose a block inside it",
        ));
    }
    let neighbours = cx
        .all
        .values()
        .filter(|other| other.kind.name == VSWITCH.name && other.address < cx.resource.address);
    for other in neighbours.filter(|other| other.fields.get("vpc") == cx.fields().get("vpc")) {
        let Some(theirs) = block(&other.fields) else {
            continue;
        };
        if theirs.contains(&own) || own.contains(&theirs) {
            problems.push(problem(
                format!(
                    "{own} overlaps {theirs} of `{}` in the same VPC",
                    other.address
                ),
                "choose a block that does not overlap it",
            ));
        }
    }
    problems
}

fn block(fields: &Map) -> Option<ipnet::IpNet> {
    fields
        .get("cidr_block")
        .and_then(Value::as_text)
        .and_then(|text| text.parse().ok())
}

/// Returns the exclusive values of a VSwitch: its block and its IPv6 number, within its VPC.
pub(super) fn claims(of: &dyn Fn(&str) -> Value) -> Vec<Claim> {
    let block = Claim::block("cidr_block", of("vpc"), &of("cidr_block"));
    let number = Claim::number("ipv6_cidr_block", of("vpc"), &of("ipv6_cidr_block"));
    block.into_iter().chain(number).collect()
}
