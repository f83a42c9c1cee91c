//! `security_group`: a set of instances and the flows they accept.
//!
//! Calls: CreateSecurityGroup, ModifySecurityGroupAttribute, ModifySecurityGroupPolicy, Authorize…, Modify…Rule,
//! RevokeSecurityGroup[Egress], DeleteSecurityGroup; DescribeSecurityGroups, DescribeSecurityGroupAttribute. No states:
//! usable at once. 100 rules a call, 200 a direction. Rule ids come only from a describe; a duplicate rule is a success.
//! Invariant: a flow that both specs allow is open at every moment: add, then reword, then take away.

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Json, Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{
    Change, Cx, Found, Kind, Proof, Query, Refusal, Row, Rule, Site, TagApi,
};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{Args, Call, Codes, Procedure, Retry, Step, Window, minutes};
use setpoint_plan::{Action, Map, Value, args};
use setpoint_spec::schema::{FieldDef, KindDef, NameRule, Type};

use crate::shared::{
    closed, field, find_filter, late, live, name_at_creation, online, own_id, own_tags, params,
    params_of, read_id, read_tags, required, rows, rule, stack_filter, texts,
};

mod rules;
mod swap;

use rules::{expand, judge, read_rule};
use swap::{add, swap, take};

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct SecurityGroup;

/// What a rule may say, but for its peer.
const PROTOCOL: FieldDef = field(
    "protocol",
    Type::Enum(&["tcp", "udp", "icmp", "icmpv6", "gre", "all"]),
    "none",
    "Protocol; tcp if not given.",
);
const PORT: FieldDef = field(
    "port",
    Type::Ports,
    "none",
    "Port, range `8000-9000`, or a list; required for tcp and udp, refused otherwise.",
);
const POLICY: FieldDef = field(
    "policy",
    Type::Enum(&["accept", "drop"]),
    "none",
    "What is done with the flow; accept if not given.",
);
const PRIORITY: FieldDef = field(
    "priority",
    Type::Int {
        min: 1,
        max: 100,
        unit: "",
    },
    "none",
    "1 is the highest, and the default; at equal priority drop wins.",
);
const WHY: FieldDef = field(
    "description",
    Type::Text { min: 1, max: 512 },
    "none",
    "Why the flow is there; changed in place.",
);

static INGRESS: &[FieldDef] = &[
    PROTOCOL,
    PORT,
    required(field(
        "source",
        Type::Peers,
        "none",
        "Where flows come from: CIDR, address, security group, prefix list, or a list.",
    )),
    POLICY,
    PRIORITY,
    WHY,
];
static EGRESS: &[FieldDef] = &[
    PROTOCOL,
    PORT,
    required(field(
        "dest",
        Type::Peers,
        "none",
        "Where flows go to: CIDR, address, security group, prefix list, or a list.",
    )),
    POLICY,
    PRIORITY,
    WHY,
];

/// Its table.
pub static DEF: KindDef = KindDef {
    name: "security_group",
    doc: "A stateful firewall at the interfaces of its instances.",
    fields: &[
        required(field(
            "vpc",
            Type::Ref("vpc"),
            "replace",
            "The VPC it belongs to.",
        )),
        field(
            "security_group_type",
            Type::Enum(&["normal", "enterprise"]),
            "replace",
            "normal: egress open unless ruled; enterprise: closed, and no references to groups.",
        ),
        closed(late(field(
            "ingress",
            Type::Rows(INGRESS),
            "none",
            "Flows in. Only what a line opens is open.",
        ))),
        closed(late(field(
            "egress",
            Type::Rows(EGRESS),
            "none",
            "Flows out, beside the type's own default.",
        ))),
        field(
            "inner_access_policy",
            Type::Enum(&["Accept", "Drop"]),
            "none",
            "Whether members of a normal group reach each other without a rule.",
        ),
    ],
    attributes: &[],
    one_of: &[],
    any_of: &[],
    taggable: true,
    described: true,
    name_rule: NameRule {
        param: "SecurityGroupName",
        min: 2,
        max: 128,
    },
    hints: &[
        ("vpc_id", "`vpc`"),
        ("rules", "`ingress` and `egress`"),
        (
            "security_group_rule",
            "rules stand in the group: `ingress` and `egress`",
        ),
    ],
    check: rules::check,
};

static RULES: &[Rule] = &[
    rule("name", "SecurityGroupName", online("attribute")),
    rule("description", "Description", online("attribute")),
    rule("vpc", "VpcId", Change::Replace),
    rule("security_group_type", "SecurityGroupType", Change::Replace),
    rule("inner_access_policy", "", online("policy")),
    rule(
        "ingress",
        "",
        Change::Judge(|judged| judge(judged, "ingress")),
    ),
    rule(
        "egress",
        "",
        Change::Judge(|judged| judge(judged, "egress")),
    ),
];

/// One direction of flows and its actions.
struct Way {
    field: &'static str,
    add: &'static Action,
    reword: &'static Action,
    take: &'static Action,
}

static WAYS: [Way; 2] = [
    Way {
        field: "ingress",
        add: &api::AUTHORIZE_SECURITY_GROUP,
        reword: &api::MODIFY_SECURITY_GROUP_RULE,
        take: &api::REVOKE_SECURITY_GROUP,
    },
    Way {
        field: "egress",
        add: &api::AUTHORIZE_SECURITY_GROUP_EGRESS,
        reword: &api::MODIFY_SECURITY_GROUP_EGRESS_RULE,
        take: &api::REVOKE_SECURITY_GROUP_EGRESS,
    },
];

const GROUP_GONE: Codes = &["InvalidSecurityGroupId.NotFound"];
/// The VPC is Pending for some seconds after a change of its own.
const VPC_BUSY: Retry = &[(&["IncorrectVpcStatus"], Window::For(minutes(2)))];
/// Interfaces of deleted instances linger; ten minutes is what long-lived clients allow.
const LINGERS: Retry = &[(&["DependencyViolation"], Window::AfterRelease(minutes(10)))];

/// Pages of its listing, of the API's greatest size.
const ROWS: Listing = Listing {
    style: Style::Token { size: 100 },
    rows: "SecurityGroups.SecurityGroup",
    id: "SecurityGroupId",
};

impl Kind for SecurityGroup {
    fn def(&self) -> &'static KindDef {
        &DEF
    }

    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn tag_api(&self) -> Option<TagApi> {
        Some(TagApi {
            tag: &api::TAG_RESOURCES,
            untag: &api::UNTAG_RESOURCES,
            resource_type: "securitygroup",
        })
    }

    fn list(&self, site: &Site, stack: &str) -> Query {
        listing(site, stack_filter(stack))
    }

    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query> {
        ids.chunks(100)
            .map(|some| listing(site, vec![("SecurityGroupIds", args::json_list(some))]))
            .collect()
    }

    fn find(&self, site: &Site, by: &Map) -> Option<Query> {
        find_filter(by, "SecurityGroupName").map(|filter| listing(site, filter))
    }

    fn desire(
        &self,
        cx: &Cx<'_>,
        _found: &Found,
        _live: Option<&Live>,
        want: &mut Desired,
    ) -> Result<(), Refusal> {
        name_at_creation(cx, want, 128);
        for way in &WAYS {
            match want.attrs.get(way.field) {
                Some(rows) => {
                    let expanded = expand(rows);
                    want.attrs.insert(way.field.to_owned(), expanded);
                }
                None if want.released.iter().any(|name| name == way.field) => {}
                None => {
                    want.attrs
                        .insert(way.field.to_owned(), Value::List(Vec::new()));
                }
            }
        }
        Ok(())
    }

    fn details(&self, want: Option<&Desired>, live: &Live, _found: &Found) -> Vec<Query> {
        let is_released =
            |want: &Desired, name: &str| want.released.iter().any(|released| released == name);
        let needless = |want: &Desired| {
            WAYS.iter().all(|way| is_released(want, way.field))
                && !want.attrs.contains_key("inner_access_policy")
        };
        if want.is_some_and(needless) {
            return Vec::new();
        }
        let args = vec![
            ("SecurityGroupId", Value::text(&live.id)),
            ("Direction", Value::text("all")),
        ];
        vec![Query {
            kind: DEF.name,
            view: "rules",
            site: live.site.clone(),
            api: &api::DESCRIBE_SECURITY_GROUP_ATTRIBUTE,
            args,
            listing: Listing {
                style: Style::Token { size: 1000 },
                rows: "Permissions.Permission",
                id: "SecurityGroupRuleId",
            },
            proof: Proof::Refused,
        }]
    }

    fn decode(&self, view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
        if view == "rules" {
            return decode_rules(body).map(|row| vec![row]);
        }
        rows(body, ROWS.rows)?
            .into_iter()
            .map(|row| decode_row(site, row).map(Row::Live))
            .collect()
    }

    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure {
        let mut args = params(RULES, want);
        args.push(own_tags(cx, want));
        let id = own_id(want);
        let create = Call {
            retry: VPC_BUSY,
            ..Call::create(
                &api::CREATE_SECURITY_GROUP,
                args,
                &[("id", "SecurityGroupId")],
            )
        };
        let mut steps = vec![Step::call(create)];
        steps.extend(
            want.attrs
                .get("inner_access_policy")
                .map(|policy| set_policy(&id, policy)),
        );
        for way in &WAYS {
            steps.extend(add(way, &id, rules_of(want.attrs.get(way.field))));
        }
        // Whoever joins the group finds its rules in force.
        Procedure::ending_at_pivot(steps)
    }

    fn update(&self, verb: &str, _cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
        let id = Value::text(&live.id);
        match verb {
            "attribute" => {
                let args = params_of(RULES, &["name", "description"], want);
                vec![on(&id, &api::MODIFY_SECURITY_GROUP_ATTRIBUTE, args)]
            }
            "policy" => want
                .attrs
                .get("inner_access_policy")
                .map(|policy| set_policy(&id, policy))
                .into_iter()
                .collect(),
            _ => WAYS
                .iter()
                .filter(|way| way.field == verb)
                .flat_map(|way| swap(way, &id, want, live))
                .collect(),
        }
    }

    fn delete(&self, _cx: &Cx<'_>, live: &Live) -> Procedure {
        // Two groups that name each other both refuse to go: first the naming rules, on both sides (the pivot), then the
        // groups.
        let id = Value::text(&live.id);
        let names_a_group = |rule: &&Map| rule.contains_key("group");
        let naming = |way: &Way| {
            take(
                way,
                &id,
                rules_of(live.attrs.get(way.field)).filter(names_a_group),
            )
        };
        let mut steps: Vec<Step> = WAYS.iter().flat_map(naming).collect();
        let pivot = steps.len().saturating_sub(1);
        let call = Call {
            done_on: GROUP_GONE,
            retry: LINGERS,
            ..Call::new(&api::DELETE_SECURITY_GROUP, vec![("SecurityGroupId", id)])
        };
        steps.push(Step::call(call));
        Procedure { steps, pivot }
    }
}

fn listing(site: &Site, args: Args) -> Query {
    Query {
        kind: DEF.name,
        view: "list",
        site: site.clone(),
        api: &api::DESCRIBE_SECURITY_GROUPS,
        args,
        listing: ROWS,
        proof: Proof::DryRun,
    }
}

fn decode_row(site: &Site, row: Node<'_>) -> Result<Live, Odd> {
    let attrs = texts(
        row,
        &[
            ("name", "SecurityGroupName"),
            ("description", "Description"),
            ("vpc", "VpcId"),
            ("security_group_type", "SecurityGroupType"),
        ],
    );
    let vpc = row.text("VpcId");
    let mut found = live(
        DEF.name,
        site,
        read_id(row, "SecurityGroupId")?,
        read_tags(row, "TagKey", "TagValue")?,
        attrs,
    );
    found.uses.push(("vpc", vpc));
    Ok(found)
}

fn decode_rules(body: &Json) -> Result<Row, Odd> {
    let all = body
        .try_list("Permissions.Permission")?
        .ok_or_else(|| Odd {
            what: "an answer without `Permissions`".to_owned(),
        })?;
    let of = |way: &str| {
        let mut rules: Vec<Value> = all
            .iter()
            .filter(|row| row.text("Direction") == way)
            .map(|row| read_rule(*row, way))
            .collect();
        rules.sort();
        Value::List(rules)
    };
    let named = all
        .iter()
        .flat_map(|row| [row.text("SourceGroupId"), row.text("DestGroupId")])
        .filter(|group| !group.is_empty());
    let uses = named.map(|group| (DEF.name, group)).collect();
    let mut attrs: Map = [
        ("ingress".to_owned(), of("ingress")),
        ("egress".to_owned(), of("egress")),
    ]
    .into();
    let policy = body.text("InnerAccessPolicy");
    if !policy.is_empty() {
        attrs.insert("inner_access_policy".to_owned(), Value::Text(policy));
    }
    Ok(Row::Detail {
        id: body.text("SecurityGroupId"),
        attrs,
        uses,
    })
}

fn rules_of(value: Option<&Value>) -> impl Iterator<Item = &Map> {
    value
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_map)
}

fn set_policy(id: &Value, policy: &Value) -> Step {
    on(
        id,
        &api::MODIFY_SECURITY_GROUP_POLICY,
        vec![("InnerAccessPolicy", policy.clone())],
    )
}

fn on(id: &Value, action: &'static Action, args: Args) -> Step {
    Step::call(Call::new(
        action,
        [vec![("SecurityGroupId", id.clone())], args].concat(),
    ))
}
