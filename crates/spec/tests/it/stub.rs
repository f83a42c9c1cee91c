//! A stub of the catalogue: the tables of the kinds that the example stacks use.

use setpoint_spec::common;
use setpoint_spec::naming::{self, ForeignKind, LookUpKey, Naming, PeerRole};
use setpoint_spec::schema::{
    AttrDef, CheckCx, FieldDef, KindDef, NameRule, Problem, Schema, Type, Unset,
};
use setpoint_spec::types;
use setpoint_spec::value::Value;

pub(crate) const SCHEMA: Schema = Schema {
    kinds: &[
        &AUTO_SNAPSHOT_POLICY,
        &DISK,
        &EIP,
        &INSTANCE,
        &KEY_PAIR,
        &METRIC_ALARM,
        &NAT_GATEWAY,
        &SECURITY_GROUP,
        &SNAT_ENTRY,
        &VPC,
        &VSWITCH,
    ],
    foreign: &[
        foreign("deployment_set", Naming::ids(&["ds"])),
        foreign("launch_template", Naming::ids(&["lt"])),
        foreign("network_interface", Naming::ids(&["eni"])),
        foreign(
            "prefix_list",
            Naming {
                peer: Some(PeerRole::Peer {
                    key: "prefix_list",
                    own: "",
                }),
                ..Naming::ids(&["pl"])
            },
        ),
        foreign("route_table", Naming::ids(&["vtb"])),
        foreign("snapshot", Naming::ids(&["s"])),
        foreign("alarm_contact_group", Naming::BY_NAME),
        foreign("image", IMAGE),
    ],
};

const fn foreign(name: &'static str, naming: Naming) -> ForeignKind {
    ForeignKind { name, naming }
}

const IMAGE: Naming = Naming {
    id_suffixes: &[".vhd"],
    look_up: &[
        naming::ID,
        naming::NAME,
        naming::TAGS,
        LookUpKey::finding("family"),
        LookUpKey::finding("os_name"),
        LookUpKey::beside("owner", TEXT),
        LookUpKey::beside("architecture", TEXT),
        LookUpKey::beside("follow", Type::Bool),
    ],
    outside: "an image family is `{family: NAME}`, an image `{name: NAME}` or its id",
    ..Naming::ids(&["m"])
};

/// The naming of a kind whose attribute is a block or an address.
const fn address_in(attr: &'static str, naming: Naming) -> Naming {
    Naming {
        peer: Some(PeerRole::Address(attr)),
        ..naming
    }
}

const TEXT: Type = Type::Text { min: 1, max: 256 };
const GIB: Type = Type::Int {
    min: 1,
    max: 65_536,
    unit: "GiB",
};
const LEVEL: Type = Type::Enum(&["PL0", "PL1", "PL2", "PL3"]);
const CATEGORY: Type = Type::Enum(&["cloud_essd", "cloud_auto", "cloud_efficiency", "cloud_ssd"]);
const PERCENT: Type = Type::Int {
    min: 0,
    max: 100,
    unit: "Mbit/s",
};
const NAME: NameRule = NameRule {
    param: "Name",
    min: 2,
    max: 128,
    change: "replace",
};
const SHORT_NAME: NameRule = NameRule {
    param: "Name",
    min: 1,
    max: 128,
    change: "none",
};

const fn opt(name: &'static str, ty: Type) -> FieldDef {
    FieldDef::new(name, ty, "A field.")
}

const fn req(name: &'static str, ty: Type) -> FieldDef {
    FieldDef {
        required: true,
        ..opt(name, ty)
    }
}

const fn closed(name: &'static str, ty: Type) -> FieldDef {
    FieldDef {
        unset: Unset::Closed,
        ..opt(name, ty)
    }
}

const fn late(field: FieldDef) -> FieldDef {
    FieldDef {
        late: true,
        ..field
    }
}

const fn def(name: &'static str, ty: Type, default: &'static str) -> FieldDef {
    FieldDef {
        unset: Unset::Default(default),
        ..opt(name, ty)
    }
}

const fn attr(name: &'static str) -> AttrDef {
    AttrDef {
        name,
        doc: "An attribute.",
    }
}

const fn kind(
    name: &'static str,
    fields: &'static [FieldDef],
    attributes: &'static [AttrDef],
) -> KindDef {
    KindDef {
        attributes,
        name_rule: NAME,
        ..KindDef::new(name, "A kind.", fields)
    }
}

static VPC: KindDef = KindDef {
    name_rule: SHORT_NAME,
    naming: address_in("cidr_block", Naming::ids(&["vpc"])),
    ..kind(
        "vpc",
        &[
            req("cidr_block", Type::Cidr { min: 8, max: 28 }),
            opt(
                "secondary_cidr_blocks",
                Type::List(&Type::Cidr { min: 8, max: 28 }),
            ),
            def("enable_ipv6", Type::Bool, "false"),
        ],
        &[attr("router_id"), attr("route_table_id")],
    )
};

static VSWITCH: KindDef = KindDef {
    name_rule: SHORT_NAME,
    naming: address_in("cidr_block", Naming::ids(&["vsw"])),
    check: check_vswitch,
    ..kind(
        "vswitch",
        &[
            req("vpc", Type::Ref("vpc")),
            req("zone", Type::Zone),
            req("cidr_block", Type::Cidr { min: 16, max: 29 }),
        ],
        &[attr("available_ip_address_count")],
    )
};

static SECURITY_GROUP: KindDef = KindDef {
    naming: Naming {
        peer: Some(PeerRole::Peer {
            key: "group",
            own: "members of one group reach each other by `inner_access_policy: Accept`",
        }),
        ..Naming::ids(&["sg"])
    },
    lifecycle: &[common::additive(&Type::Enum(&[
        "ingress", "egress", "tags",
    ]))],
    check: check_security_group,
    ..kind(
        "security_group",
        &[
            req("vpc", Type::Ref("vpc")),
            def(
                "security_group_type",
                Type::Enum(&["normal", "enterprise"]),
                "normal",
            ),
            closed("ingress", Type::Rows(INGRESS)),
            closed("egress", Type::Rows(EGRESS)),
            opt("inner_access_policy", Type::Enum(&["Accept", "Drop"])),
        ],
        &[],
    )
};

const PROTOCOL: FieldDef = def(
    "protocol",
    Type::Enum(&["tcp", "udp", "icmp", "icmpv6", "gre", "all"]),
    "tcp",
);
const POLICY: FieldDef = def("policy", Type::Enum(&["accept", "drop"]), "accept");
const PRIORITY: FieldDef = def(
    "priority",
    Type::Int {
        min: 1,
        max: 100,
        unit: "",
    },
    "1",
);
const DESCRIPTION: FieldDef = opt("description", Type::Text { min: 1, max: 512 });
const INGRESS: &[FieldDef] = &[
    PROTOCOL,
    opt("port", Type::Ports),
    late(req("source", Type::Peers("security_group|prefix_list"))),
    POLICY,
    PRIORITY,
    DESCRIPTION,
];
const EGRESS: &[FieldDef] = &[
    PROTOCOL,
    opt("port", Type::Ports),
    late(req("dest", Type::Peers("security_group|prefix_list"))),
    POLICY,
    PRIORITY,
    DESCRIPTION,
];

static KEY_PAIR: KindDef = KindDef {
    naming: Naming::BY_NAME,
    one_of: &[&["public_key", "private_key_file"]],
    ..kind(
        "key_pair",
        &[
            opt(
                "public_key",
                Type::Content {
                    max: 4096,
                    with: false,
                },
            ),
            opt("private_key_file", Type::Path),
        ],
        &[attr("fingerprint")],
    )
};

static INSTANCE: KindDef = KindDef {
    naming: Naming {
        synonyms: &["server", "vm", "ecs"],
        ..address_in("private_ip", Naming::ids(&["i"]))
    },
    lifecycle: &[
        FieldDef::new(
            "on_image_change",
            Type::Enum(&["rebuild", "replace"]),
            "What another image does.",
        ),
        FieldDef::new(
            "on_user_data_change",
            Type::Enum(&["keep", "store", "replace"]),
            "What other user data does.",
        ),
    ],
    one_of: &[
        &["instance_type", "instance_types"],
        &["vswitch", "vswitches"],
    ],
    hints: &[
        ("vpc_id", "its VPC follows from `vswitch`"),
        ("vpc", "its VPC follows from `vswitch`"),
        ("key_name", "write `key_pair`"),
        ("eip", "write `attach_to` in the `eip`"),
    ],
    ..kind(
        "instance",
        INSTANCE_FIELDS,
        &[
            attr("public_ip"),
            attr("zone"),
            attr("image_id"),
            attr("system_disk.id"),
            attr("data_disks.NAME.id"),
        ],
    )
};

const INSTANCE_FIELDS: &[FieldDef] = &[
    opt("instance_type", TEXT),
    opt("instance_types", Type::List(&TEXT)),
    req("image", Type::Ref("image")),
    opt("vswitch", Type::Ref("vswitch")),
    opt("vswitches", Type::List(&Type::Ref("vswitch"))),
    req("security_groups", Type::List(&Type::Ref("security_group"))),
    opt("private_ip", Type::Ip),
    opt("key_pair", Type::Ref("key_pair")),
    opt("host_name", Type::Text { min: 2, max: 64 }),
    opt("password", Type::Secret),
    closed(
        "internet",
        Type::Struct(&[
            opt("max_bandwidth_out", PERCENT),
            opt("max_bandwidth_in", PERCENT),
            opt(
                "charge_type",
                Type::Enum(&["PayByTraffic", "PayByBandwidth"]),
            ),
        ]),
    ),
    opt(
        "system_disk",
        Type::Struct(&[
            opt("size", GIB),
            def("category", CATEGORY, "cloud_essd"),
            def("performance_level", LEVEL, "PL0"),
            opt("encrypted", Type::Bool),
            opt("auto_snapshot_policy", Type::Ref("auto_snapshot_policy")),
        ]),
    ),
    opt(
        "data_disks",
        Type::Named(&[
            req("size", GIB),
            def("category", CATEGORY, "cloud_essd"),
            def("performance_level", LEVEL, "PL1"),
            opt("snapshot", Type::Ref("snapshot")),
        ]),
    ),
    opt(
        "user_data",
        Type::Content {
            max: 32 * 1024,
            with: true,
        },
    ),
    opt(
        "charge",
        Type::Struct(&[
            opt("type", Type::Enum(&["PostPaid", "PrePaid", "Spot"])),
            opt(
                "period",
                Type::Int {
                    min: 1,
                    max: 60,
                    unit: "",
                },
            ),
            opt("period_unit", Type::Enum(&["Week", "Month", "Year"])),
            opt("auto_renew", Type::Bool),
            opt("price_limit", Type::Number),
            opt("interruption", Type::Enum(&["Terminate", "Stop"])),
            opt("fallback", Type::Enum(&["PostPaid"])),
        ]),
    ),
    opt(
        "power",
        Type::WordOr(
            &["running", "stopped", "unmanaged"],
            &Type::Struct(&[
                req("running", Type::TimeSpan),
                opt("days", TEXT),
                opt("time_zone", TEXT),
            ]),
        ),
    ),
    opt("deletion_protection", Type::Bool),
    opt("auto_release_time", TEXT),
    opt(
        "ready",
        Type::Struct(&[
            opt("cloud_init", Type::Bool),
            opt(
                "http",
                Type::Struct(&[
                    req(
                        "port",
                        Type::Int {
                            min: 1,
                            max: 65_535,
                            unit: "",
                        },
                    ),
                    opt("path", TEXT),
                ]),
            ),
            opt("command", TEXT),
            opt("timeout", Type::Duration),
        ]),
    ),
];

static DISK: KindDef = KindDef {
    naming: Naming::ids(&["d"]),
    one_of: &[&["size", "snapshot"]],
    ..kind(
        "disk",
        &[
            opt("size", GIB),
            opt("snapshot", Type::Ref("snapshot")),
            def("category", CATEGORY, "cloud_essd"),
            def("performance_level", LEVEL, "PL1"),
            opt("zone", Type::Zone),
            late(closed("attach_to", Type::Ref("instance"))),
            opt("auto_snapshot_policy", Type::Ref("auto_snapshot_policy")),
        ],
        &[attr("serial_number")],
    )
};

static EIP: KindDef = KindDef {
    naming: Naming {
        parts: &[(
            "eip_association",
            "one owner for a fact: rules stand in their security group, an attachment in \
             `attach_to` of what is attached",
        )],
        ..address_in("ip_address", Naming::ids(&["eip"]))
    },
    ..kind(
        "eip",
        &[
            def(
                "bandwidth",
                Type::Int {
                    min: 1,
                    max: 500,
                    unit: "Mbit/s",
                },
                "5",
            ),
            def(
                "internet_charge_type",
                Type::Enum(&["PayByBandwidth", "PayByTraffic"]),
                "PayByBandwidth",
            ),
            FieldDef {
                gives: "public_ip",
                ..late(closed(
                    "attach_to",
                    Type::Ref("instance|network_interface|nat_gateway"),
                ))
            },
        ],
        &[attr("ip_address")],
    )
};

static AUTO_SNAPSHOT_POLICY: KindDef = KindDef {
    naming: Naming::ids(&["sp"]),
    ..kind(
        "auto_snapshot_policy",
        &[
            req(
                "time_points",
                Type::List(&Type::Int {
                    min: 0,
                    max: 23,
                    unit: "hour",
                }),
            ),
            req(
                "repeat_weekdays",
                Type::WordOr(
                    &["daily"],
                    &Type::List(&Type::Enum(&[
                        "mon", "tue", "wed", "thu", "fri", "sat", "sun",
                    ])),
                ),
            ),
            req(
                "retention_days",
                Type::Int {
                    min: -1,
                    max: 65_536,
                    unit: "days",
                },
            ),
        ],
        &[],
    )
};

const LIMIT: Type = Type::Struct(&[
    req("statistics", TEXT),
    req("threshold", Type::Number),
    def("comparison_operator", TEXT, "GreaterThanThreshold"),
    def(
        "times",
        Type::Int {
            min: 1,
            max: 100,
            unit: "",
        },
        "3",
    ),
]);

static METRIC_ALARM: KindDef = KindDef {
    taggable: false,
    one_of: &[&["instances", "resources"]],
    any_of: &[&["critical", "warn", "info"]],
    ..kind(
        "metric_alarm",
        &[
            req("metric", TEXT),
            def("namespace", TEXT, "acs_ecs_dashboard"),
            opt("instances", Type::List(&Type::Ref("instance"))),
            opt("resources", Type::List(&Type::Map(&TEXT))),
            req(
                "contact_groups",
                Type::List(&Type::Ref("alarm_contact_group")),
            ),
            opt("critical", LIMIT),
            opt("warn", LIMIT),
            opt("info", LIMIT),
            opt("period", Type::Duration),
            opt("labels", Type::Map(&TEXT)),
            def("active", Type::Bool, "true"),
        ],
        &[],
    )
};

static NAT_GATEWAY: KindDef = KindDef {
    naming: Naming::ids(&["ngw"]),
    ..kind(
        "nat_gateway",
        &[
            req("vpc", Type::Ref("vpc")),
            req("vswitch", Type::Ref("vswitch")),
        ],
        &[],
    )
};

static SNAT_ENTRY: KindDef = KindDef {
    taggable: false,
    ..kind(
        "snat_entry",
        &[
            req("nat_gateway", Type::Ref("nat_gateway")),
            req("source", Type::Ref("vswitch")),
            req("eips", Type::List(&Type::Ref("eip"))),
        ],
        &[],
    )
};

/// The block must be inside that of the VPC and overlap no other block of the same VPC.
fn check_vswitch(cx: &CheckCx<'_>) -> Vec<Problem> {
    let vpc_of = |fields: &setpoint_spec::value::Map| match fields.get("vpc") {
        Some(Value::Ref(reference)) => Some(reference.address.clone()),
        _ => None,
    };
    let block = |fields: &setpoint_spec::value::Map| {
        fields
            .get("cidr_block")
            .and_then(Value::as_text)
            .and_then(|text| types::block(text).ok())
    };
    let problem = |message: String| Problem {
        path: "cidr_block".to_owned(),
        message,
        hint: None,
    };
    let (Some(vpc), Some(own)) = (vpc_of(cx.fields()), block(cx.fields())) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if let Some(outer) = cx
        .all
        .get(&vpc)
        .and_then(|resource| block(&resource.fields))
        && !outer.contains(&own)
    {
        problems.push(problem(format!(
            "{own} lies outside its VPC `{vpc}`, which is {outer}"
        )));
    }
    let before = cx
        .all
        .iter()
        .take_while(|(address, _)| **address != cx.resource.address);
    for (address, other) in before.filter(|(_, other)| {
        other.kind.name == "vswitch" && vpc_of(&other.fields).as_ref() == Some(&vpc)
    }) {
        if let Some(block) = block(&other.fields)
            && (block.contains(&own) || own.contains(&block))
        {
            problems.push(problem(format!("{own} overlaps {block} of `{address}`")));
        }
    }
    problems
}

/// Ports are for tcp and udp only.
fn check_security_group(cx: &CheckCx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for direction in ["ingress", "egress"] {
        let rows = cx
            .fields()
            .get(direction)
            .and_then(Value::as_list)
            .unwrap_or_default();
        for (at, row) in rows.iter().filter_map(Value::as_map).enumerate() {
            let protocol = row
                .get("protocol")
                .and_then(Value::as_text)
                .unwrap_or("tcp");
            let wants = matches!(protocol, "tcp" | "udp");
            let message = match (wants, row.contains_key("port")) {
                (true, false) => format!("a {protocol} rule needs its `port`"),
                (false, true) => format!("{protocol} has no ports"),
                _ => continue,
            };
            problems.push(Problem {
                path: format!("{direction}.{at}.port"),
                message,
                hint: None,
            });
        }
    }
    problems
}
