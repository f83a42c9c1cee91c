//! `vpc`: a private network of one region.
//!
//! Calls: CreateVpc, ModifyVpcAttribute, Associate/UnassociateVpcCidrBlock, DeleteVpc; DescribeVpcs. States: Pending →
//! Available, and Pending again for some seconds after a change of blocks. 10 VPCs a region; blocks /8–/28.
//! Invariant: nothing is created in a VPC that is not Available.

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
use setpoint_spec::schema::{KindDef, NameRule, Type, no_check};

use crate::shared::{
    attr, default_to, field, find_filter, live, name_at_creation, online, or, own_tags, params,
    params_of, read_id, read_tags, required, rows, rule, stack_filter, texts,
};

mod blocks;

/// The kind.
#[derive(Debug, Clone, Copy)]
pub struct Vpc;

/// Any block that a VPC may have.
const BLOCK: Type = Type::Cidr { min: 8, max: 28 };

/// Its table.
pub static DEF: KindDef = KindDef {
    name: "vpc",
    doc: "A private network of one region.",
    fields: &[
        required(field(
            "cidr_block",
            BLOCK,
            "none",
            "IPv4 block, /8 to /28. Shrinking is refused while addresses outside are in use.",
        )),
        field(
            "secondary_cidr_blocks",
            Type::List(&BLOCK),
            "none",
            "Further IPv4 blocks, up to 5, each apart from the others.",
        ),
        or(
            field(
                "enable_ipv6",
                Type::Bool,
                "none",
                "Whether it has an IPv6 block. Refused to be switched off while a VSwitch has a part of it.",
            ),
            "false",
        ),
        field(
            "enable_dns_hostname",
            Type::Bool,
            "none",
            "Whether instances get DNS host names.",
        ),
        field(
            "user_cidrs",
            Type::List(&BLOCK),
            "replace",
            "Blocks outside RFC 1918 that are treated as private, up to 3.",
        ),
    ],
    attributes: &[
        attr("router_id", "Id of its virtual router."),
        attr("route_table_id", "Id of its system route table."),
        attr("ipv6_cidr_block", "Its IPv6 block, where it has one."),
    ],
    one_of: &[],
    any_of: &[],
    taggable: true,
    described: true,
    name_rule: NameRule {
        param: "VpcName",
        min: 1,
        max: 128,
    },
    hints: &[
        ("region", "the stack's `region` holds for all of it"),
        ("vpc_name", "`name`"),
        ("cidr", "`cidr_block`"),
    ],
    check: no_check,
};

static RULES: &[Rule] = &[
    rule("name", "VpcName", online("attribute")),
    rule("description", "Description", online("attribute")),
    rule("cidr_block", "CidrBlock", online("block")),
    rule("enable_ipv6", "EnableIpv6", online("ipv6")),
    rule(
        "enable_dns_hostname",
        "EnableDnsHostname",
        online("attribute"),
    ),
    rule("secondary_cidr_blocks", "", Change::Judge(blocks::judge)),
    rule(blocks::TAKEN, "", Change::Judge(blocks::judge_taken)),
    rule("user_cidrs", "", Change::Replace),
];

const GONE: Codes = &[
    "InvalidVpcId.NotFound",
    "InvalidVpcID.NotFound",
    "Forbidden.VpcNotFound",
    "InvalidResource.NotFound",
];
/// The VPC is Pending for some seconds after a change of its own.
const BUSY: Retry = &[(
    &[
        "IncorrectVpcStatus",
        "IncorrectStatus",
        "IncorrectStatus.Vpc",
        "OperationConflict",
        "TaskConflict",
        "SystemBusy",
    ],
    Window::For(minutes(5)),
)];
/// Its children are gone from lists before they are gone from it.
const LINGERS: Retry = &[
    (
        &[
            "DependencyViolation.VSwitch",
            "DependencyViolation.SecurityGroup",
        ],
        Window::AfterRelease(minutes(2)),
    ),
    (&["IncorrectVpcStatus"], Window::For(minutes(2))),
];

/// Pages of its listing, of the API's greatest size.
const ROWS: Listing = Listing {
    style: Style::Number { size: 50 },
    rows: "Vpcs.Vpc",
    id: "VpcId",
};

impl Kind for Vpc {
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
            resource_type: "VPC",
        })
    }

    fn list(&self, site: &Site, stack: &str) -> Query {
        listing(site, stack_filter(stack))
    }

    fn poll(&self, site: &Site, ids: &[String]) -> Vec<Query> {
        ids.chunks(20)
            .map(|some| listing(site, vec![("VpcId", Value::text(some.join(",")))]))
            .collect()
    }

    fn find(&self, site: &Site, by: &Map) -> Option<Query> {
        find_filter(by, "VpcName").map(|filter| listing(site, filter))
    }

    fn desire(
        &self,
        cx: &Cx<'_>,
        _found: &Found,
        live: Option<&Live>,
        want: &mut Desired,
    ) -> Result<(), Refusal> {
        name_at_creation(cx, want, 128);
        default_to(want, "enable_ipv6", false);
        for list in ["secondary_cidr_blocks", "user_cidrs"] {
            if let Some(Value::List(blocks)) = want.attrs.get_mut(list) {
                blocks.sort();
            }
        }
        blocks::name_taken(live, want);
        Ok(())
    }

    fn decode(&self, _view: &str, site: &Site, body: &Json) -> Result<Vec<Row>, Odd> {
        rows(body, ROWS.rows)?
            .into_iter()
            .map(|row| decode_row(site, row).map(Row::Live))
            .collect()
    }

    fn create(&self, cx: &Cx<'_>, want: &Desired) -> Procedure {
        let mut args = params(RULES, want);
        if let Some(Value::List(blocks)) = want.attrs.get("user_cidrs") {
            let blocks: Vec<&str> = blocks.iter().filter_map(Value::as_text).collect();
            args.push(("UserCidr", Value::Text(blocks.join(","))));
        }
        args.push(own_tags(cx, want));
        let yields = &[
            ("id", "VpcId"),
            ("route_table_id", "RouteTableId"),
            ("router_id", "VRouterId"),
        ];
        let mut steps = vec![
            Step::call(Call {
                retry: BUSY,
                ..Call::create(&api::CREATE_VPC, args, yields)
            }),
            available(),
        ];
        steps.extend(blocks::add(&crate::shared::own_id(want), want, None));
        Procedure::ending_at_pivot(steps)
    }

    fn update(&self, verb: &str, _cx: &Cx<'_>, want: &Desired, live: &Live) -> Vec<Step> {
        let id = Value::text(&live.id);
        match verb {
            "attribute" => vec![modify(
                &id,
                params_of(RULES, &["name", "description", "enable_dns_hostname"], want),
            )],
            "block" => vec![
                modify(&id, params_of(RULES, &["cidr_block"], want)),
                available(),
            ],
            // The create call spells it `EnableIpv6`, this one `EnableIPv6`.
            "ipv6" => {
                vec![
                    modify(
                        &id,
                        want.attrs
                            .get("enable_ipv6")
                            .map(|on| ("EnableIPv6", on.clone()))
                            .into_iter()
                            .collect(),
                    ),
                    available(),
                ]
            }
            "add_blocks" => blocks::add(&id, want, Some(live)),
            _ => blocks::take(&id, want, live),
        }
    }

    fn delete(&self, _cx: &Cx<'_>, live: &Live) -> Procedure {
        let args = vec![("VpcId", Value::text(&live.id))];
        let call = Call {
            done_on: GONE,
            retry: LINGERS,
            ..Call::new(&api::DELETE_VPC, args)
        };
        Procedure::ending_at_pivot(vec![
            Step::call(call),
            Step::wait(Wait::gone(seconds(2), minutes(5))),
        ])
    }
}

fn listing(site: &Site, args: Args) -> Query {
    Query {
        kind: DEF.name,
        view: "list",
        site: site.clone(),
        api: &api::DESCRIBE_VPCS,
        args,
        listing: ROWS,
        proof: Proof::DryRun,
    }
}

fn available() -> Step {
    Step::wait(Wait::own(
        Cond::is("status", "Available"),
        seconds(3),
        minutes(10),
    ))
}

fn modify(id: &Value, args: Args) -> Step {
    let args = [vec![("VpcId", id.clone())], args].concat();
    Step::call(Call {
        retry: blocks::TAKING,
        ..Call::new(&api::MODIFY_VPC_ATTRIBUTE, args)
    })
}

fn decode_row(site: &Site, row: Node<'_>) -> Result<Live, Odd> {
    let mut attrs = texts(
        row,
        &[
            ("name", "VpcName"),
            ("description", "Description"),
            ("cidr_block", "CidrBlock"),
            ("status", "Status"),
            ("router_id", "VRouterId"),
            ("ipv6_cidr_block", "Ipv6CidrBlock"),
        ],
    );
    attrs.insert(
        "enable_ipv6".to_owned(),
        Value::Bool(row.bool("EnabledIpv6").unwrap_or(false)),
    );
    attrs.insert(
        "enable_dns_hostname".to_owned(),
        Value::Bool(row.text("DnsHostnameStatus") == "ENABLED"),
    );
    let sorted = |path: &str| {
        let mut all: Vec<Value> = row.strings(path).into_iter().map(Value::Text).collect();
        all.sort();
        Value::List(all)
    };
    attrs.insert(
        "secondary_cidr_blocks".to_owned(),
        sorted("SecondaryCidrBlocks.SecondaryCidrBlock"),
    );
    attrs.insert("user_cidrs".to_owned(), sorted("UserCidrs.UserCidr"));
    if let Some(table) = row
        .strings("RouterTableIds.RouterTableIds")
        .into_iter()
        .next()
    {
        attrs.insert("route_table_id".to_owned(), Value::Text(table));
    }
    Ok(live(
        DEF.name,
        site,
        read_id(row, "VpcId")?,
        read_tags(row, "Key", "Value")?,
        attrs,
    ))
}
