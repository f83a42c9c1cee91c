//! `vswitch`: a subnet of a VPC in one zone.
//!
//! Calls: CreateVSwitch, ModifyVSwitchAttribute, DeleteVSwitch; DescribeVSwitches. States: Pending → Available. Blocks
//! /16–/29 inside one of the VPC's, apart from its other VSwitches; 150 a VPC. One creation or deletion at a time per
//! VPC: two at once are refused, hence the lock.

use setpoint_openapi::action::vpc as api;
use setpoint_openapi::json::{Json, Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{
    Change, Cx, Found, Kind, Proof, Query, Refusal, Row, Rule, Site, TagApi,
};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Args, Call, Codes, Cond, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::{Map, Value};
use setpoint_spec::schema::{CheckCx, KindDef, NameRule, Problem, Type};

use crate::shared::{
    attr, field, find_filter, live, name_at_creation, online, own_tags, params, params_of, read_id,
    read_tags, required, rows, rule, stack_filter, texts,
};

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct VSwitch;

/// Its table.
pub static DEF: KindDef = KindDef {
    name: "vswitch",
    doc: "A subnet of a VPC in one zone.",
    fields: &[
        required(field(
            "vpc",
            Type::Ref("vpc"),
            "replace",
            "The VPC it lies in.",
        )),
        required(field("zone", Type::Zone, "replace", "The zone it lies in.")),
        required(field(
            "cidr_block",
            Type::Cidr { min: 16, max: 29 },
            "replace",
            "IPv4 block, /16 to /29, inside one of its VPC's.",
        )),
        field(
            "ipv6_cidr_block",
            Type::Int {
                min: 0,
                max: 255,
                unit: "",
            },
            "none",
            "Last byte of its IPv6 /64; its VPC must have IPv6 enabled. Another number gives the old block back first; without a line it keeps the one it has.",
        ),
    ],
    attributes: &[attr(
        "available_ip_address_count",
        "How many addresses are free.",
    )],
    one_of: &[],
    any_of: &[],
    taggable: true,
    described: true,
    name_rule: NameRule {
        param: "VSwitchName",
        min: 1,
        max: 128,
    },
    hints: &[
        ("vpc_id", "`vpc`"),
        ("zone_id", "`zone`"),
        ("availability_zone", "`zone`"),
        ("vswitch_name", "`name`"),
    ],
    check,
};

static RULES: &[Rule] = &[
    rule("name", "VSwitchName", online("attribute")),
    rule("description", "Description", online("attribute")),
    rule("vpc", "VpcId", Change::Replace),
    rule("zone", "ZoneId", Change::Replace),
    rule("cidr_block", "CidrBlock", Change::Replace),
    rule("ipv6_cidr_block", "Ipv6CidrBlock", online("ipv6")),
];

const GONE: Codes = &["InvalidVSwitchId.NotFound", "InvalidVswitchID.NotFound"];
/// Another VSwitch or route of the VPC is being changed, or the VPC itself.
const BUSY: Retry = &[(
    &[
        "IncorrectVSwitchStatus",
        "IncorrectVpcStatus",
        "IncorrectRouteEntryStatus",
        "TaskConflict",
        "OperationConflict",
        "IncorrectStatus",
        "IncorrectStatus.VSwitch",
        "OperationFailed.DistibuteLock",
    ],
    Window::For(minutes(5)),
)];
/// Addresses of deleted instances are given back late.
const LINGERS: Retry = &[
    (
        &[
            "DependencyViolation",
            "DependencyViolation.NetworkInterface",
        ],
        Window::AfterRelease(minutes(10)),
    ),
    (
        &[
            "IncorrectVSwitchStatus",
            "IncorrectRouteEntryStatus",
            "OperationDenied.OtherSubnetProcessing",
            "TaskConflict",
            "OperationConflict",
        ],
        Window::For(minutes(5)),
    ),
];

/// Its block lies inside its VPC's and apart from the blocks of its neighbours; checked where both ends are known.
fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    [check_block(cx), check_ipv6(cx)].concat()
}

/// Its number is its own, and its VPC has a block to number.
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
            format!("its VPC `{name}` has no IPv6"),
            format!("write `enable_ipv6: true` in `{name}`"),
        ));
    }
    let before = cx
        .all
        .values()
        .filter(|other| other.kind.name == DEF.name && other.address < cx.resource.address);
    let mut in_vpc = before.filter(|other| other.fields.get("vpc") == cx.fields().get("vpc"));
    if let Some(other) = in_vpc.find(|other| number(&other.fields) == Some(own)) {
        problems.push(problem(
            format!("{own} is the number of `{}` in the same VPC", other.address),
            "choose another, 0 to 255".to_owned(),
        ));
    }
    problems
}

fn number(fields: &Map) -> Option<i64> {
    fields.get("ipv6_cidr_block").and_then(Value::as_int)
}

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
        .filter(|other| other.kind.name == DEF.name && other.address < cx.resource.address);
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
                "choose a block apart from it",
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

/// Pages of its listing, of the API's greatest size.
const ROWS: Listing = Listing {
    style: Style::Number { size: 50 },
    rows: "VSwitches.VSwitch",
    id: "VSwitchId",
};

impl Kind for VSwitch {
    fn def(&self) -> &'static KindDef {
        &DEF
    }

    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn tag_api(&self) -> Option<TagApi> {
        Some(TagApi {
            tag: &api::TAG_RESOURCES,
            untag: &api::UN_TAG_RESOURCES,
            resource_type: "VSWITCH",
        })
    }

    fn list(&self, site: &Site, stack: &str) -> Query {
        listing(site, stack_filter(stack))
    }

    /// `VSwitchId` takes a single id.
    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query> {
        ids.iter()
            .map(|id| listing(site, vec![("VSwitchId", Value::text(id))]))
            .collect()
    }

    fn find(&self, site: &Site, by: &Map) -> Option<Query> {
        find_filter(by, "VSwitchName").map(|filter| listing(site, filter))
    }

    fn desire(
        &self,
        cx: &Cx<'_>,
        _found: &Found,
        _live: Option<&Live>,
        want: &mut Desired,
    ) -> Result<(), Refusal> {
        name_at_creation(cx, want, 128);
        Ok(())
    }

    fn decode(&self, _view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
        rows(body, ROWS.rows)?
            .into_iter()
            .map(|row| decode_row(site, row).map(Row::Live))
            .collect()
    }

    /// Old and new may be there at once only if their blocks are apart.
    fn coexist(&self, old: &Live, new: &Desired) -> bool {
        let net = |value: Option<&Value>| {
            value
                .and_then(Value::as_text)
                .and_then(|text| text.parse::<ipnet::IpNet>().ok())
        };
        let same_vpc = old.attrs.get("vpc") == new.attrs.get("vpc");
        match (
            net(old.attrs.get("cidr_block")),
            net(new.attrs.get("cidr_block")),
        ) {
            (Some(old), Some(new)) => !same_vpc || !(old.contains(&new) || new.contains(&old)),
            _ => true,
        }
    }

    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure {
        let lock = want.attrs.get("vpc").cloned().unwrap_or(Value::Null);
        let mut args = params(RULES, want);
        args.push(own_tags(cx, want));
        let call = Call {
            retry: BUSY,
            ..Call::create(&api::CREATE_VSWITCH, args, &[("id", "VSwitchId")])
        };
        Procedure::ending_at_pivot(vec![
            Step::call(call).locked(lock.clone()),
            available().locked(lock),
        ])
    }

    fn update(&self, verb: &str, _cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
        if verb == "attribute" {
            return modify(live, params_of(RULES, &["name", "description"], want)).into();
        }
        let switch = |on: bool| ("EnableIPv6", Value::Bool(on));
        // The number that it has is given back before it takes another.
        let off = (live.attr("ipv6_cidr_block") != Value::Null)
            .then(|| modify(live, vec![switch(false)]));
        let on = modify(
            live,
            [
                vec![switch(true)],
                params_of(RULES, &["ipv6_cidr_block"], want),
            ]
            .concat(),
        );
        off.into_iter().flatten().chain(on).collect()
    }

    fn delete(&self, _cx: &Cx<'_>, live: &Live) -> Procedure {
        let lock = live.attr("vpc");
        let args = vec![("VSwitchId", Value::text(&live.id))];
        let call = Call {
            done_on: GONE,
            retry: LINGERS,
            ..Call::new(&api::DELETE_VSWITCH, args)
        };
        let steps = vec![
            Step::call(call).locked(lock.clone()),
            Step::wait(Wait::gone(seconds(3), minutes(10))).locked(lock),
        ];
        Procedure::ending_at_pivot(steps)
    }
}

fn listing(site: &Site, args: Args) -> Query {
    Query {
        kind: DEF.name,
        view: "list",
        site: site.clone(),
        api: &api::DESCRIBE_VSWITCHES,
        args,
        listing: ROWS,
        proof: Proof::DryRun,
    }
}

/// Changes it, and waits until it is at rest again.
fn modify(live: &Live, args: Args) -> [Step; 2] {
    let args = [vec![("VSwitchId", Value::text(&live.id))], args].concat();
    [
        Step::call(Call {
            retry: BUSY,
            ..Call::new(&api::MODIFY_VSWITCH_ATTRIBUTE, args)
        }),
        available(),
    ]
}

fn available() -> Step {
    Step::wait(Wait::own(
        Cond::is("status", "Available"),
        seconds(4),
        minutes(5),
    ))
}

fn decode_row(site: &Site, row: Node<'_>) -> Result<Live, Odd> {
    let mut attrs = texts(
        row,
        &[
            ("name", "VSwitchName"),
            ("description", "Description"),
            ("cidr_block", "CidrBlock"),
            ("status", "Status"),
            ("vpc", "VpcId"),
            ("zone", "ZoneId"),
        ],
    );
    if let Some(n) = row.int("AvailableIpAddressCount") {
        attrs.insert("available_ip_address_count".to_owned(), Value::Int(n));
    }
    if let Some(last) = last_byte(&row.text("Ipv6CidrBlock")) {
        attrs.insert("ipv6_cidr_block".to_owned(), Value::Int(last));
    }
    let vpc = row.text("VpcId");
    let mut found = live(
        DEF.name,
        site,
        read_id(row, "VSwitchId")?,
        read_tags(row, "Key", "Value")?,
        attrs,
    );
    found.uses.push(("vpc", vpc));
    Ok(found)
}

/// The last byte of the /64's network part: `2408:4005:3a8:6c01::/64` gives 1.
fn last_byte(block: &str) -> Option<i64> {
    let block: ipnet::Ipv6Net = block.parse().ok()?;
    Some(block.network().octets()[7].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_ipv6_block() {
        for (block, expected) in [
            ("2408:4005:3a8:6c01::/64", Some(1)),
            ("2408:4005:3a8:6cff::/64", Some(255)),
            ("2408:4005:3a8::/64", Some(0)),
            ("2408:4005:0:12::/64", Some(0x12)),
            ("", None),
        ] {
            assert_eq!(last_byte(block), expected, "{block}");
        }
    }
}
