//! `security_group`: a set of instances and the flows that they accept.
//!
//! A group has no states and can be used at once. A call takes at most 100 rules, a direction holds
//! at most 200. Rule ids appear only in the answers of describe actions, not in the answer that
//! creates a rule. Creating a duplicate rule succeeds without effect, so a create can be repeated.
//!
//! Invariant: a flow that both the old and the new spec allow is open at every moment: rules are
//! added, then descriptions changed, then rules revoked.
//!
//! Sources: CreateSecurityGroup, ModifySecurityGroupAttribute, ModifySecurityGroupPolicy,
//! `AuthorizeSecurityGroup[Egress]`, `ModifySecurityGroup[Egress]Rule`,
//! `RevokeSecurityGroup[Egress]`, DeleteSecurityGroup, DescribeSecurityGroups,
//! DescribeSecurityGroupAttribute (ECS 2014-05-26).

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Json, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::decode::{TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::field::Field;
use setpoint_plan::kind::{Cx, Found, Kind, Refusal, Row};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{Args, Call, Codes, Procedure, Retry, Step, Window, minutes};
use setpoint_plan::update::Update;
use setpoint_plan::view::{Decode, Fixed, Ids, Proof, Query, Reading, View};
use setpoint_plan::{Action, Map, Value};
use setpoint_spec::common;
use setpoint_spec::naming::{Naming, PeerRole};
use setpoint_spec::schema::Type;

use crate::instance;
use crate::shared::{name_at_creation, need_rows, own_id, own_tags, params, some_text};

mod rules;
mod swap;

use rules::{expand, judge, read_rule};
use swap::{add, swap, take};

/// The kind.
pub static SECURITY_GROUP: Kind = Kind {
    doc: "A stateful firewall for the network interfaces of its instances.",
    hints: &[
        ("vpc_id", "`vpc`"),
        ("rules", "`ingress` and `egress`"),
        ("security_group_rule", RULES_STAND_IN_IT),
    ],
    naming: Naming {
        parts: &[("security_group_rule", RULES_STAND_IN_IT)],
        peer: Some(PeerRole::Peer {
            key: "group",
            own: "members of one group can reach each other with `inner_access_policy: Accept`",
        }),
        ..Naming::ids(&["sg"])
    },
    lifecycle: &[common::additive(&Type::Enum(&[
        "ingress", "egress", "tags",
    ]))],
    check: rules::check,
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16}
other: {type: vpc, cidr_block: 10.0.0.0/16}
it: {type: security_group, vpc: net}
",
    tag_api: Some(instance::tag_api("securitygroup")),
    tag_names: TagNames::Prefixed,
    first_version: true,
    desire,
    details,
    ..Kind::new("security_group", FIELDS, &LIST, create, delete)
};

/// The hint for those who look for rules as resources of their own.
const RULES_STAND_IN_IT: &str = "write rules in the group, under `ingress` and `egress`";

static FIELDS: &[Field] = &[
    Field::display_name("SecurityGroupName", 2, 128)
        .at_uncaptured("SecurityGroupName")
        .update(&ATTRIBUTES)
        .samples("first", "second"),
    Field::description()
        .at_uncaptured("Description")
        .update(&ATTRIBUTES)
        .samples("One group", "Another one"),
    Field::new(
        "vpc",
        Type::Ref("vpc"),
        "The VPC that the group belongs to.",
    )
    .required()
    .param("VpcId")
    .at("VpcId")
    .replace()
    .samples("net", "other"),
    Field::new(
        "security_group_type",
        Type::Enum(&["normal", "enterprise"]),
        "`normal`: egress is open unless a rule drops it. `enterprise`: egress is closed, and \
         rules cannot refer to groups.",
    )
    .param("SecurityGroupType")
    .at_uncaptured("SecurityGroupType")
    .replace()
    .samples("normal", "enterprise"),
    Field::new(
        "inner_access_policy",
        Type::Enum(&["Accept", "Drop"]),
        "Whether members of a normal group can reach each other without a rule.",
    )
    .update(&POLICY)
    .samples("Accept", "Drop"),
    Field::rows(
        "ingress",
        INGRESS,
        "Inbound rules. Without a rule, no inbound flow is allowed.",
    )
    .closed()
    .late()
    .judge(|judged| judge(judged, "ingress", &INGRESS_RULES), "none")
    .samples(
        "[{port: 443, source: 0.0.0.0/0}]",
        "[{port: [80, 443], source: 10.0.0.0/8, description: Web}]",
    ),
    Field::rows(
        "egress",
        EGRESS,
        "Outbound rules, in addition to the default of the type.",
    )
    .closed()
    .late()
    .judge(|judged| judge(judged, "egress", &EGRESS_RULES), "none")
    .samples(
        "[{port: 443, dest: 0.0.0.0/0}]",
        "[{protocol: all, dest: 10.0.0.0/8, policy: drop}]",
    ),
];

/// The kinds that a rule may name as its source or destination.
const PEERS: &str = "security_group|prefix_list";

/// Returns the fields of a rule with the field of its peer. `with_peer` completes the samples to a
/// valid rule.
const fn rule(peer: Field, with_peer: &'static str) -> [Field; 6] {
    [
        Field::new(
            "protocol",
            Type::Enum(&["tcp", "udp", "icmp", "icmpv6", "gre", "all"]),
            "Protocol.",
        )
        .or("tcp")
        .samples("tcp", "udp")
        .given(with_peer),
        Field::new(
            "port",
            Type::Ports,
            "Port, range such as `8000-9000`, or a list; required for tcp and udp, not allowed \
             otherwise.",
        )
        .samples("443", "[80, 8000-9000]")
        .given(with_peer),
        peer.required()
            .samples("10.0.0.0/8", "[192.168.0.0/16, 172.16.0.1]")
            .given("port: 443"),
        Field::new(
            "policy",
            Type::Enum(&["accept", "drop"]),
            "Whether the rule accepts or drops the flow.",
        )
        .or("accept")
        .samples("accept", "drop")
        .given(with_peer),
        Field::new(
            "priority",
            Type::Int {
                min: 1,
                max: 100,
                unit: "",
            },
            "1 is the highest; at equal priority, drop wins.",
        )
        .or("1")
        .samples("1", "50")
        .given(with_peer),
        Field::new(
            "description",
            Type::Text { min: 1, max: 512 },
            "Reason for the rule.",
        )
        .samples("Web", "Web and health checks")
        .given(with_peer),
    ]
}

static INGRESS: &[Field] = &rule(
    Field::new(
        "source",
        Type::Peers(PEERS),
        "Source of the flow: CIDR block, IP address, security group, prefix list, or a list of \
         them.",
    ),
    "port: 443, source: 10.0.0.0/8",
);
static EGRESS: &[Field] = &rule(
    Field::new(
        "dest",
        Type::Peers(PEERS),
        "Destination of the flow: CIDR block, IP address, security group, prefix list, or a list \
         of them.",
    ),
    "port: 443, dest: 10.0.0.0/8",
);

/// Changes the name and the description with one call.
static ATTRIBUTES: Update = Update::online("attributes", |change| {
    let args = change.params(&ATTRIBUTES);
    vec![on(
        &change.id(),
        &api::MODIFY_SECURITY_GROUP_ATTRIBUTE,
        args,
    )]
});
/// Changes whether members can reach each other.
static POLICY: Update = Update::online("policy", |change| {
    vec![set_policy(
        &change.id(),
        &change.wanted("inner_access_policy"),
    )]
});
/// Changes the inbound rules.
static INGRESS_RULES: Update = Update::online("ingress", |change| swap(&WAYS[0], change));
/// Changes the outbound rules.
static EGRESS_RULES: Update = Update::online("egress", |change| swap(&WAYS[1], change));

static LIST: View = View {
    ids: Ids::Json("SecurityGroupIds", 100),
    named: "SecurityGroupName",
    grouped: "ResourceGroupId",
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_SECURITY_GROUPS,
        Listing {
            style: Style::Token { size: 100 },
            rows: "SecurityGroups.SecurityGroup",
            id: "SecurityGroupId",
        },
        Decode::Rows(plain),
    )
};

/// The rules of one group and its policy, which the listing does not show.
static RULES: View = View {
    fixed: &[("Direction", Fixed::Text("all"))],
    ..View::new(
        "rules",
        &api::DESCRIBE_SECURITY_GROUP_ATTRIBUTE,
        Listing {
            style: Style::Token { size: 1000 },
            rows: "Permissions.Permission",
            id: "SecurityGroupRuleId",
        },
        Decode::Page(decode_rules),
    )
};

/// A direction of flows: its field, and the actions that change its rules.
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
/// The VPC is `Pending` for some seconds after a change of its own.
const VPC_BUSY: Retry = &[(&["IncorrectVpcStatus"], Window::For(minutes(2)))];
/// The interfaces of deleted instances are released late. The official Terraform provider retries
/// for 10 minutes too.
const LINGERS: Retry = &[(&["DependencyViolation"], Window::AfterRelease(minutes(10)))];

/// Completes the rules. A direction without rules in the spec must have none, unless it is declared
/// `unmanaged`: a rule that was added by hand is removed.
fn desire(cx: &Cx<'_>, _: &Found, _: Option<&Live>, want: &mut Desired) -> Result<(), Refusal> {
    name_at_creation(cx, want, 128);
    for way in &WAYS {
        let rules = want.attrs.get(way.field).map(expand);
        let is_released = want.terms.released.iter().any(|name| name == way.field);
        if let Some(rules) = rules.or((!is_released).then(|| Value::List(Vec::new()))) {
            want.attrs.insert(way.field.to_owned(), rules);
        }
    }
    Ok(())
}

/// Returns the query for the rules and the policy; none if the spec manages neither.
fn details(want: Option<&Desired>, live: &Live, _: &Found) -> Vec<Query> {
    let is_unmanaged = |want: &Desired| {
        let is_released = |way: &Way| want.terms.released.iter().any(|name| name == way.field);
        WAYS.iter().all(is_released) && !want.attrs.contains_key("inner_access_policy")
    };
    if want.is_some_and(is_unmanaged) {
        return Vec::new();
    }
    let args = vec![("SecurityGroupId", Value::text(&live.id))];
    vec![RULES.query(&SECURITY_GROUP, &live.site, args)]
}

/// Creates the group, then sets its policy and adds its rules. The API takes none of them at
/// creation.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let mut args = params(&SECURITY_GROUP, want);
    args.push(own_tags(cx, want));
    let id = own_id(want);
    let yields = &[("id", "SecurityGroupId")];
    let call = Call::create(&api::CREATE_SECURITY_GROUP, args, yields);
    let mut steps = vec![Step::call(Call {
        retry: VPC_BUSY,
        ..call
    })];
    let policy = want.attrs.get("inner_access_policy");
    steps.extend(policy.map(|policy| set_policy(&id, policy)));
    for way in &WAYS {
        steps.extend(add(way, &id, rules_of(want.attrs.get(way.field))));
    }
    // The pivot is the last step, so that instances join the group only when its rules are in
    // force.
    Procedure::ending_at_pivot(steps)
}

/// Deletes the group after revoking its rules that refer to groups. Two groups that refer to each
/// other could not be deleted otherwise: both revoke these rules, up to the pivot, before either is
/// deleted.
fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let id = Value::text(&live.id);
    let names_a_group = |rule: &&Map| rule.contains_key("group");
    let revoke = |way: &Way| {
        let rules = rules_of(live.attrs.get(way.field)).filter(names_a_group);
        take(way, &id, rules, &[])
    };
    let mut steps: Vec<Step> = WAYS.iter().flat_map(revoke).collect();
    let pivot = steps.len().saturating_sub(1);
    let args = vec![("SecurityGroupId", id)];
    steps.push(Step::call(Call {
        done_on: GROUP_GONE,
        retry: LINGERS,
        ..Call::new(&api::DELETE_SECURITY_GROUP, args)
    }));
    Procedure { steps, pivot }
}

/// Decodes the rules of a group as details of it, sorted, with the groups that they refer to.
fn decode_rules(_: &Reading<'_>, page: &Json) -> Result<Vec<Row>, Odd> {
    let root = page.root();
    let (mut ingress, mut egress) = (Vec::new(), Vec::new());
    let mut uses = Vec::new();
    for row in need_rows(page, "Permissions.Permission")? {
        let direction = row.need_text("Direction")?;
        match direction.as_str() {
            "ingress" => ingress.push(read_rule(row, "ingress")?),
            "egress" => egress.push(read_rule(row, "egress")?),
            _ => {
                return Err(Odd {
                    what: "`Direction` is neither ingress nor egress".to_owned(),
                });
            }
        }
        for path in ["SourceGroupId", "DestGroupId"] {
            let group = some_text(row, path)?;
            uses.extend(group.map(|group| (SECURITY_GROUP.name, group)));
        }
    }
    ingress.sort();
    egress.sort();
    let mut attrs: Map = [
        ("ingress".to_owned(), Value::List(ingress)),
        ("egress".to_owned(), Value::List(egress)),
    ]
    .into();
    if let Some(policy) = some_text(root, "InnerAccessPolicy")? {
        attrs.insert("inner_access_policy".to_owned(), Value::text(policy));
    }
    let id = root.need_text("SecurityGroupId")?;
    Ok(vec![Row::Detail { id, attrs, uses }])
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
