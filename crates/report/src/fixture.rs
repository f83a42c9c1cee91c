//! Plans written by hand, for the tests of every format.

use std::collections::BTreeMap;

use setpoint_openapi::action::{Action, ecs, vpc};
use setpoint_plan::change::{Change, ChangeAction, FieldChange, Reason, ReplaceOrder};
use setpoint_plan::desired::Desired;
use setpoint_plan::held::{Held, HeldWhy};
use setpoint_plan::kind::{Effect, Site};
use setpoint_plan::live::{Cost, Live};
use setpoint_plan::ownership::{Guard, Owner};
use setpoint_plan::plan::{Half, Plan, PlanStep, PlannedOutput, StepId};
use setpoint_plan::procedure::{Args, Call, Cond, Step, Wait, minutes, seconds};
use setpoint_plan::report::{Note, NoteKind, Report};
use setpoint_plan::{Address, Lifecycle, Location, Map, Secret, Value};
use setpoint_spec::stack::Timeouts;

pub(crate) fn address(text: &str) -> Address {
    text.parse().expect("a valid address")
}

pub(crate) fn map(entries: &[(&str, Value)]) -> Map {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

pub(crate) fn id_of(text: &str) -> Value {
    Value::reference(&address(text), "id")
}

fn site() -> Site {
    Site {
        account: "1234567890123456".to_owned(),
        region: "cn-beijing".to_owned(),
    }
}

fn place(file: &str, line: usize, column: usize) -> Location {
    Location {
        file: file.to_owned(),
        line,
        column,
    }
}

pub(crate) fn want(at: &str, kind: &'static str, attrs: &[(&str, Value)]) -> Desired {
    Desired {
        address: address(at),
        kind,
        attrs: map(attrs),
        initial: Map::new(),
        tags: None,
        guard: Guard::default(),
        lifecycle: Lifecycle::default(),
        released: Vec::new(),
        resource_group: None,
        after: Vec::new(),
        adopt: None,
        timeouts: Timeouts::default(),
        at: place("stack.yaml", 1, 3),
        field_at: BTreeMap::new(),
    }
}

pub(crate) fn live(at: &str, kind: &'static str, id: &str, attrs: &[(&str, Value)]) -> Live {
    let owner = Owner {
        stack: "shop/prod".to_owned(),
        address: address(at),
        guard: Guard::default(),
    };
    let (id, attrs) = (id.to_owned(), map(attrs));
    Live {
        kind,
        id,
        site: site(),
        owner: Some(owner),
        tags: BTreeMap::new(),
        attrs,
        uses: Vec::new(),
    }
}

pub(crate) fn change(at: &str, kind: &'static str, action: ChangeAction) -> Change {
    let reason = match action {
        ChangeAction::Create => Reason::NotThere,
        ChangeAction::Delete | ChangeAction::Keep => Reason::Destroy,
        _ => Reason::Differs,
    };
    Change {
        address: address(at),
        kind,
        action,
        reason,
        fields: Vec::new(),
        effect: Effect::None,
        loses: None,
        before: None,
        after: None,
        order: ReplaceOrder::DeleteFirst,
    }
}

pub(crate) fn field(attr: &str, before: Value, after: Value, effect: Effect) -> FieldChange {
    let verb = if effect == Effect::Replace {
        None
    } else {
        Some("change")
    };
    FieldChange {
        attr: attr.to_owned(),
        before,
        after,
        verb,
        effect,
        at: Some(place("stack.yaml", 28, 9)),
    }
}

pub(crate) fn created(at: &str, kind: &'static str, attrs: &[(&str, Value)]) -> Change {
    Change {
        after: Some(want(at, kind, attrs)),
        ..change(at, kind, ChangeAction::Create)
    }
}

pub(crate) fn updated(at: &str, kind: &'static str, id: &str, fields: Vec<FieldChange>) -> Change {
    let effect = fields
        .iter()
        .map(|field| field.effect)
        .max()
        .unwrap_or_default();
    let (before, after) = (Some(live(at, kind, id, &[])), Some(want(at, kind, &[])));
    Change {
        effect,
        fields,
        before,
        after,
        ..change(at, kind, ChangeAction::Update)
    }
}

pub(crate) fn deleted(at: &str, kind: &'static str, id: &str) -> Change {
    Change {
        before: Some(live(at, kind, id, &[])),
        ..change(at, kind, ChangeAction::Delete)
    }
}

pub(crate) fn plan(changes: Vec<Change>) -> Plan {
    let cost = Cost {
        listings: 7,
        lookups: 1,
        details: 1,
        other: 0,
    };
    let (outputs, held, steps) = (BTreeMap::new(), Vec::new(), Vec::new());
    Plan {
        stack: "shop/prod".to_owned(),
        site: site(),
        changes,
        steps,
        outputs,
        held,
        cost,
        n_live: 23,
    }
}

/// Adds a step to a plan; gives its index.
pub(crate) fn add(
    plan: &mut Plan,
    change: usize,
    half: Half,
    step: Step,
    after: &[usize],
) -> usize {
    let one = &plan.changes[change];
    plan.steps.push(PlanStep {
        address: one.address.clone(),
        kind: one.kind,
        change,
        half,
        step,
        live_id: one.before.as_ref().map(|live| live.id.clone()),
        after: after.iter().copied().map(StepId).collect(),
        pivot: true,
        incarnation: 0,
    });
    plan.steps.len() - 1
}

pub(crate) fn call(api: &'static Action, args: Args) -> Step {
    Step::call(Call::new(api, args))
}

pub(crate) fn wait(status: &str, typical: u64) -> Step {
    Step::wait(Wait::own(
        Cond::is("status", status),
        seconds(typical),
        minutes(10),
    ))
}

fn rule(protocol: &str, port: &str, peer: (&str, Value), why: Option<&str>) -> Value {
    let mut rule = map(&[
        ("protocol", protocol.into()),
        ("port", port.into()),
        ("policy", "accept".into()),
        ("priority", Value::Int(1)),
        peer,
    ]);
    rule.extend(why.map(|why| ("description".to_owned(), Value::text(why))));
    Value::Map(rule)
}

/// A stop, a change and a start of an instance; gives the last step.
fn restart(plan: &mut Plan, change: usize, after: &[usize], inside: &'static Action) -> usize {
    let id = || {
        vec![(
            "InstanceId",
            Value::text(
                plan.changes[change]
                    .before
                    .as_ref()
                    .map(|live| live.id.clone())
                    .unwrap_or_default(),
            ),
        )]
    };
    let (stop, middle, start) = (
        call(&ecs::STOP_INSTANCE, id()),
        call(inside, id()),
        call(&ecs::START_INSTANCE, id()),
    );
    let opener = add(plan, change, Half::Up, stop, after);
    let stopped = add(plan, change, Half::Up, wait("Stopped", 20), &[opener]);
    let changed = add(plan, change, Half::Up, middle, &[stopped]);
    let started = add(
        plan,
        change,
        Half::Up,
        Step {
            closes: Some(opener),
            ..start
        },
        &[changed],
    );
    add(
        plan,
        change,
        Half::Up,
        Step {
            closes: Some(opener),
            ..wait("Running", 35)
        },
        &[started],
    )
}

/// The plan of the guide: three restarts in turn, a rebuild that loses data, a rule that gives way to another.
pub(crate) fn shop() -> (Plan, Report) {
    let web = |n: usize| {
        let mut kind = field(
            "instance_type",
            "ecs.c7.large".into(),
            "ecs.c7.xlarge".into(),
            Effect::Restart,
        );
        kind.at = Some(place("env/prod.yaml", 5, 24));
        let disk = field(
            "system_disk.size",
            Value::Int(40),
            Value::Int(60),
            Effect::None,
        );
        updated(
            &format!("web[{n}]"),
            "instance",
            &format!("i-2zeweb{n}"),
            vec![kind, disk],
        )
    };
    let image = field(
        "image",
        "aliyun_3_x64_20G_alibase_20240528.vhd".into(),
        "ubuntu_24_04_x64_20G_alibase_20251030.vhd".into(),
        Effect::Rebuild,
    );
    let mut db = updated("db", "instance", "i-2zedb", vec![image]);
    db.loses = Some("system disk d-2zeh…k1, 40 GiB".to_owned());
    if let Some(want) = &mut db.after {
        want.lifecycle.snapshot_before = vec!["rebuild".to_owned()];
    }
    let old = rule("tcp", "5432/5432", ("cidr", "10.0.0.0/8".into()), None);
    let ssh = rule("tcp", "22/22", ("cidr", "10.1.0.0/16".into()), Some("SSH"));
    let new = rule(
        "tcp",
        "5432/5432",
        ("group", "sg-2zeweb".into()),
        Some("PostgreSQL"),
    );
    let rules = field(
        "ingress",
        Value::List(vec![ssh.clone(), old]),
        Value::List(vec![ssh, new]),
        Effect::None,
    );
    let mut sg = change("web-sg", "security_group", ChangeAction::NoOp);
    sg.before = Some(live("web-sg", "security_group", "sg-2zeweb", &[]));
    let mut plan = plan(vec![
        db,
        updated("db-sg", "security_group", "sg-2zedb", vec![rules]),
        web(0),
        web(1),
        web(2),
        sg,
    ]);
    restart(&mut plan, 0, &[], &ecs::REPLACE_SYSTEM_DISK);
    let mut last = Vec::new();
    for change in 2..5 {
        last = vec![restart(
            &mut plan,
            change,
            &last,
            &ecs::MODIFY_INSTANCE_SPEC,
        )];
    }
    plan.held.push(Held {
        address: Some(address("db")),
        why: HeldWhy::DataLoss("system disk d-2zeh…k1, 40 GiB".to_owned()),
        allowed_by: None,
    });
    (plan, Report::default())
}

/// A stack that is made from nothing.
pub(crate) fn fresh() -> (Plan, Report) {
    let web = rule("tcp", "80/80", ("cidr", "0.0.0.0/0".into()), Some("Web"));
    let app = |n: i64| {
        let attrs = [
            ("instance_type", "ecs.c7.large".into()),
            ("name", Value::text(format!("web-{n:02}"))),
            ("password", Value::Secret(Secret::new("hunter22"))),
            ("security_groups", Value::List(vec![id_of("web-sg")])),
            ("system_disk.size", Value::Int(40)),
            (
                "user_data",
                Value::text("#!/bin/sh\n".to_owned() + &"echo hello\n".repeat(200)),
            ),
            ("vswitch", id_of("subnet")),
        ];
        let mut one = created(&format!("app[{n}]"), "instance", &attrs);
        if let Some(want) = &mut one.after {
            want.tags = Some(map(&[("App", "shop".into()), ("Env", "prod".into())]));
        }
        one
    };
    let net = created("net", "vpc", &[("cidr_block", "172.16.0.0/12".into())]);
    let sg = created(
        "web-sg",
        "security_group",
        &[
            ("egress", Value::List(Vec::new())),
            ("ingress", Value::List(vec![web])),
            ("vpc", id_of("net")),
        ],
    );
    let subnet = created(
        "subnet",
        "vswitch",
        &[
            ("cidr_block", "172.16.1.0/24".into()),
            ("vpc", id_of("net")),
            ("zone", "cn-beijing-h".into()),
        ],
    );
    let mut plan = plan(vec![app(0), app(1), net, subnet, sg]);
    plan.n_live = 0;
    let made = add(
        &mut plan,
        2,
        Half::Up,
        call(
            &vpc::CREATE_VPC,
            vec![("CidrBlock", "172.16.0.0/12".into())],
        ),
        &[],
    );
    let there = add(&mut plan, 2, Half::Up, wait("Available", 5), &[made]);
    let args = vec![
        ("CidrBlock", "172.16.1.0/24".into()),
        ("VpcId", id_of("net")),
        ("ZoneId", "cn-beijing-h".into()),
    ];
    let subnet = add(
        &mut plan,
        3,
        Half::Up,
        call(&vpc::CREATE_VSWITCH, args),
        &[there],
    );
    let group = add(
        &mut plan,
        4,
        Half::Up,
        call(&ecs::CREATE_SECURITY_GROUP, vec![("VpcId", id_of("net"))]),
        &[there],
    );
    for n in 0..2 {
        let args = vec![
            ("InstanceType", "ecs.c7.large".into()),
            ("Password", Value::Secret(Secret::new("hunter22"))),
            ("SecurityGroupIds", Value::List(vec![id_of("web-sg")])),
            ("VSwitchId", id_of("subnet")),
        ];
        let run = add(
            &mut plan,
            n,
            Half::Up,
            call(&ecs::RUN_INSTANCES, args),
            &[subnet, group],
        );
        add(&mut plan, n, Half::Up, wait("Running", 35), &[run]);
    }
    let output = |value, secret| PlannedOutput {
        value,
        secret,
        description: None,
    };
    plan.outputs.insert(
        "ip".to_owned(),
        output(Value::reference(&address("app[0]"), "public_ip"), false),
    );
    (
        plan,
        Report {
            notes: vec![Note {
                address: None,
                what: NoteKind::Spec("`debug` is disabled".to_owned()),
            }],
        },
    )
}

/// A destroy: machines with their disks, a disk that stays, a VSwitch that the cloud will not give up.
pub(crate) fn destroy() -> (Plan, Report) {
    let web = |n: usize| Change {
        loses: Some("its system disk".to_owned()),
        ..deleted(&format!("web[{n}]"), "instance", &format!("i-2zeweb{n}"))
    };
    let mut data = deleted("data", "disk", "d-2zeb7q");
    data.action = ChangeAction::Keep;
    if let Some(owner) = data.before.as_mut().and_then(|live| live.owner.as_mut()) {
        owner.guard.keep = true;
    }
    let changes = vec![
        data,
        deleted("net", "vpc", "vpc-2ze1"),
        deleted("private[h]", "vswitch", "vsw-2ze1"),
        web(0),
        web(1),
    ];
    let user = NoteKind::Undeletable {
        why: "eni-2ze4 of lb-2ze9 is in it".to_owned(),
    };
    let note = |text: &str, what| Note {
        address: Some(address(text)),
        what,
    };
    (
        plan(changes),
        Report {
            notes: vec![note("data", NoteKind::Kept), note("private[h]", user)],
        },
    )
}

/// Replacements and smaller things: forced by a field, asked for, by a parent; tags; a secret; lists.
pub(crate) fn mixed() -> (Plan, Report) {
    let replace = |at: &str, kind, id: &str, fields, reason, order| {
        let action = ChangeAction::Replace;
        Change {
            action,
            reason,
            order,
            effect: Effect::Replace,
            ..updated(at, kind, id, fields)
        }
    };
    let zone = field(
        "zone",
        "cn-beijing-h".into(),
        "cn-beijing-k".into(),
        Effect::Replace,
    );
    let forced = Reason::FieldForcesReplacement {
        field: "zone".to_owned(),
    };
    let subnet = replace(
        "subnet",
        "vswitch",
        "vsw-2ze1",
        vec![zone],
        forced,
        ReplaceOrder::CreateFirst,
    );
    let vswitch = field(
        "vswitch",
        "vsw-2ze1".into(),
        id_of("subnet"),
        Effect::Replace,
    );
    let by_parent = Reason::ParentReplaced {
        parent: address("subnet"),
    };
    let mut app = replace(
        "app",
        "instance",
        "i-2zeapp",
        vec![vswitch],
        by_parent,
        ReplaceOrder::DeleteFirst,
    );
    app.loses = Some("system disk d-1, 40 GiB".to_owned());
    let list = |names: &[&str]| Value::List(names.iter().map(|name| Value::text(*name)).collect());
    let peers = field(
        "contact_groups",
        list(&["a", "b", "c", "d"]),
        list(&["a", "c", "d", "e"]),
        Effect::None,
    );
    let secret = field(
        "webhook",
        "https://h/?t=hunter22".into(),
        Value::Secret(Secret::new("hunter22")),
        Effect::None,
    );
    let alarm = updated("cpu", "metric_alarm", "cpu-1", vec![peers, secret]);
    let mut net = updated("net", "vpc", "vpc-2ze1", Vec::new());
    net.reason = Reason::TagsDiffer;
    if let Some(live) = &mut net.before {
        live.tags = [
            ("Env".to_owned(), "dev".to_owned()),
            ("Old".to_owned(), "x".to_owned()),
        ]
        .into();
    }
    let mut plan = plan(vec![
        app,
        alarm,
        net,
        subnet,
        deleted("gone", "eip", "eip-2ze1"),
    ]);
    let tag =
        |key: &str, value: &str| Value::Map(map(&[("Key", key.into()), ("Value", value.into())]));
    let id = || ("ResourceId", Value::List(vec!["vpc-2ze1".into()]));
    let args = vec![
        ("ResourceType", "VPC".into()),
        id(),
        ("TagKey", list(&["Old"])),
    ];
    add(
        &mut plan,
        2,
        Half::Up,
        call(&vpc::UN_TAG_RESOURCES, args),
        &[],
    );
    let args = vec![
        ("ResourceType", "VPC".into()),
        id(),
        (
            "Tag",
            Value::List(vec![tag("Env", "prod"), tag("setpoint:guard", "keep")]),
        ),
    ];
    add(
        &mut plan,
        2,
        Half::Up,
        call(&vpc::TAG_RESOURCES, args),
        &[0],
    );
    let note = Note {
        address: Some(address("app")),
        what: NoteKind::UsedAtCreationOnly {
            field: "user_data".to_owned(),
        },
    };
    (plan, Report { notes: vec![note] })
}
