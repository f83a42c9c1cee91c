//! Plans and drift as text.

use std::time::Duration;

use expect_test::{Expect, expect};
use setpoint_plan::Value;
use setpoint_plan::change::{Change, ChangeAction};
use setpoint_plan::effect::Effect;
use setpoint_plan::plan::Plan;
use setpoint_plan::report::{Note, NoteKind, Report};
use setpoint_spec::schema::{FieldDef, KindDef, Schema, Type};

use crate::fixture::{change, created, destroy, field, fresh, live, mixed, plan, shop, updated};
use crate::line::width;
use crate::style::Style;
use crate::view::Header;

/// Returns the header of a plan for the whole stack, without a schema.
fn header() -> Header {
    Header {
        elapsed: None,
        schema: None::<Schema>,
        destroy: false,
        is_partial: false,
    }
}

#[track_caller]
fn check((plan, report): (Plan, Report), columns: usize, expected: &Expect) {
    let header = Header {
        elapsed: Some(Duration::from_millis(800)),
        ..header()
    };
    let text = super::plan(&plan, &report, &header, &Style::plain(columns));
    expected.assert_eq(&text);
    assert!(
        text.lines().all(|line| width(line) <= columns),
        "wider than {columns}: {text}"
    );
}

#[test]
fn the_guide_plan() {
    check(
        shop(),
        80,
        &expect![[r#"
            shop/prod · cn-beijing · account 1234…3456 · 23 live resources, 0.8 s

              ~ db         instance        update in-place  REBUILD  DATA LOSS  about 1 min
                  ~ image  aliyun_3_x64_20G_alibase_20240528.vhd
                        -> ubuntu_24_04_x64_20G_alibase_20251030.vhd  stack.yaml:28:9
                    lost: system disk d-2zeh…k1, 40 GiB    stays: id and private IP
                    snapshot first: yes (lifecycle.snapshot_before)

              ~ db-sg      security_group  update in-place
                  + ingress tcp 5432 from web-sg      "PostgreSQL"    stack.yaml:28:9
                  - ingress tcp 5432 from 10.0.0.0/8  closed last, no gap

              ~ web[0..2]  instance        update in-place  RESTART
                  about 1 min, one at a time
                  ~ instance_type     ecs.c7.large -> ecs.c7.xlarge  env/prod.yaml:5:24
                  ~ system_disk.size  40 -> 60                       online, no restart

            Plan: 0 to add, 5 to change, 0 to destroy.
            Effect: 3 restarts (2 of 3 web stay up), 1 rebuild. Data loss: db.
            Held: db. In a pipeline: an `allow:` entry, or --allow-data-loss db
            Read with 9 calls: 7 listings, 1 look-up, 1 detail.
        "#]],
    );
}

#[test]
fn the_guide_plan_on_a_narrow_terminal() {
    check(
        shop(),
        40,
        &expect![[r#"
            shop/prod · cn-beijing · account
            1234…3456 · 23 live resources, 0.8 s

            ~ db  instance
                update in-place
                REBUILD  DATA LOSS  about 1 min
                  ~ image  aliyun_3_x64_20G_alibase_
                           20240528.vhd
                        -> ubuntu_24_04_x64_20G_alib
                           ase_20251030.vhd
                    lost: system disk d-2zeh…k1, 40
                    GiB    stays: id and private IP
                    snapshot first: yes
                    (lifecycle.snapshot_before)

            ~ db-sg  security_group
                update in-place
                  + ingress tcp 5432 from web-sg
                      "PostgreSQL"
                  - ingress tcp 5432 from 10.0.0.0/8
                      closed last, no gap

            ~ web[0..2]  instance
                update in-place
                RESTART  about 1 min, one at a time
                  ~ instance_type
                      ecs.c7.large -> ecs.c7.xlarge
                  ~ system_disk.size  40 -> 60
                      online, no restart

            Plan: 0 to add, 5 to change, 0 to
            destroy.
            Effect: 3 restarts (2 of 3 web stay up),
            1 rebuild. Data loss: db.
            Held: db. In a pipeline: an `allow:`
            entry, or --allow-data-loss db
            Read with 9 calls: 7 listings, 1
            look-up, 1 detail.
        "#]],
    );
}

/// Members that are replaced together are not replaced one at a time.
#[test]
fn members_that_go_together_say_so() {
    let (plan, _) = shop();
    let notes = (0..3).map(|n| Note {
        address: format!("web[{n}]").parse().ok(),
        what: NoteKind::Together,
    });
    let report = Report {
        notes: notes.collect(),
    };
    let text = super::plan(&plan, &report, &header(), &Style::plain(100));
    assert!(text.contains("RESTART  about 1 min, together"), "{text}");
    assert!(!text.contains("one at a time"), "{text}");
}

/// An output that needs a resource which the plan leaves out is not known after apply either.
#[test]
fn an_output_names_what_it_waits_for() {
    let (mut plan, report) = fresh();
    plan.steps
        .retain(|step| step.address.to_string() != "app[0]");
    let text = super::plan(&plan, &report, &header(), &Style::plain(80));
    assert!(
        text.contains("ip = (not known yet: needs app[0].public_ip)"),
        "{text}"
    );
}

#[test]
fn a_new_stack() {
    check(
        fresh(),
        80,
        &expect![[r#"
            shop/prod · cn-beijing · account 1234…3456 · 0 live resources, 0.8 s

              + app[0..1]  instance        create
                  + instance_type     ecs.c7.large
                  + name              web-00 | web-01
                  + password          (sensitive value)
                  + security_groups   [web-sg] (known after apply)
                  + system_disk.size  40
                  + user_data         2.2 KiB, sha256 25b32758411a
                  + vswitch           subnet (known after apply)
                  + tags              {App: shop, Env: prod}

              + net        vpc             create
                  + cidr_block  172.16.0.0/12

              + subnet     vswitch         create
                  + cidr_block  172.16.1.0/24
                  + vpc         net (known after apply)
                  + zone        cn-beijing-h

              + web-sg     security_group  create
                  + vpc  net (known after apply)
                  + ingress tcp 80 from 0.0.0.0/0  "Web"

            Outputs:
              ip = (known after apply)

            Note: `debug` is disabled
            Plan: 5 to add, 0 to change, 0 to destroy.
            Read with 9 calls: 7 listings, 1 look-up, 1 detail.
        "#]],
    );
}

#[test]
fn replacements_tags_lists_and_secrets() {
    check(
        mixed(),
        80,
        &expect![[r#"
            shop/prod · cn-beijing · account 1234…3456 · 23 live resources, 0.8 s

              -/+ app     instance      destroy, then create  REPLACE  DATA LOSS
                    ~ vswitch  vsw-2ze1 -> subnet (known after apply)  # forces replacement
                      lost: system disk d-1, 40 GiB
                      because subnet is replaced
                      note: `user_data` differs, but is used at creation only: nothing is
                      done

                ~ cpu     metric_alarm  update in-place
                    + contact_groups  e                  stack.yaml:28:9
                    - contact_groups  b
                    ~ webhook         (sensitive value)  stack.yaml:28:9

                ~ net     vpc           update in-place
                    ~ tags
                        - Old  x
                        ~ Env  dev -> prod

              +/- subnet  vswitch       create, then destroy  REPLACE
                    ~ zone  cn-beijing-h -> cn-beijing-k  # forces replacement

                - gone    eip           destroy               eip-2ze1

            Plan: 2 to add, 2 to change, 3 to destroy.
            Effect: 2 replacements. Data loss: app.
            Read with 9 calls: 7 listings, 1 look-up, 1 detail.
        "#]],
    );
}

#[test]
fn a_destroy() {
    check(
        destroy(),
        80,
        &expect![[r#"
            shop/prod · cn-beijing · account 1234…3456 · 23 live resources, 0.8 s

              ! data        disk      kept     d-2zeb7q  (on_delete: keep)
              - net         vpc       destroy  vpc-2ze1

              - private[h]  vswitch   destroy  vsw-2ze1
                    note: eni-2ze4 of lb-2ze9 is in it

              - web[0..1]   instance  destroy  DATA LOSS
                    lost: its system disk

            Plan: 0 to add, 0 to change, 4 to destroy. 1 kept.
            Data loss: web[0..1].
            Read with 9 calls: 7 listings, 1 look-up, 1 detail.
        "#]],
    );
}

#[test]
fn a_public_address_that_may_go() {
    let out = field(
        "internet.max_bandwidth_out",
        Value::Int(5),
        Value::Int(0),
        Effect::BRIEF.risking_public_address(),
    );
    check(
        (
            plan(vec![updated("web", "instance", "i-2ze1", vec![out])]),
            Report::default(),
        ),
        80,
        &expect![[r#"
            shop/prod · cn-beijing · account 1234…3456 · 23 live resources, 0.8 s

              ~ web  instance  update in-place  BRIEF  removed from a running resource
                  ~ internet.max_bandwidth_out  5 -> 0  stack.yaml:28:9
                    may be lost: its public address

            Plan: 0 to add, 1 to change, 0 to destroy.
            Effect: 1 brief interruption. Public address may be lost: web.
            Read with 9 calls: 7 listings, 1 look-up, 1 detail.
        "#]],
    );
}

#[test]
fn no_changes() {
    use setpoint_plan::change::ChangeAction;
    check(
        (
            plan(vec![change("net", "vpc", ChangeAction::NoOp)]),
            Report::default(),
        ),
        80,
        &expect![[r#"
            shop/prod · cn-beijing · account 1234…3456 · 23 live resources, 0.8 s
            No changes. Your infrastructure matches the configuration.
            Read with 9 calls: 7 listings, 1 look-up, 1 detail.
        "#]],
    );
}

#[test]
fn calls_in_their_order() {
    expect![[r#"
        5 write calls:
          1  vpc CreateVpc  net
               CidrBlock = 172.16.0.0/12
          2  vpc CreateVSwitch  subnet  after 1
               CidrBlock = 172.16.1.0/24
               VpcId = ${net.id}
               ZoneId = cn-beijing-h
          3  ecs CreateSecurityGroup  web-sg  after 1
               VpcId = ${net.id}
          4  ecs RunInstances  app[0]  after 2, 3
               InstanceType = ecs.c7.large
               Password = (sensitive value)
               SecurityGroupIds = [${web-sg.id}]
               VSwitchId = ${subnet.id}
          5  ecs RunInstances  app[1]  after 2, 3
               InstanceType = ecs.c7.large
               Password = (sensitive value)
               SecurityGroupIds = [${web-sg.id}]
               VSwitchId = ${subnet.id}
    "#]]
    .assert_eq(&super::calls(&fresh().0));
}

#[test]
fn units_and_secret_fields_come_from_the_schema() {
    static DISK: &[FieldDef] = &[typed(
        "size",
        Type::Int {
            min: 1,
            max: 9,
            unit: "GiB",
        },
    )];
    static KIND: KindDef = KindDef {
        name: "instance",
        fields: &[
            typed("data_disks", Type::Named(DISK)),
            typed("pin", Type::Secret),
            typed("system_disk", Type::Struct(DISK)),
        ],
        ..NOTHING
    };
    static KINDS: [&KindDef; 1] = [&KIND];
    let fields = vec![
        field("data_disks.data.size", 100.into(), 200.into(), Effect::NONE),
        field("pin", "1234".into(), "5678".into(), Effect::NONE),
        field("system_disk.size", 40.into(), 60.into(), Effect::NONE),
    ];
    let plan = plan(vec![updated("app", "instance", "i-1", fields)]);
    let header = Header {
        elapsed: None,
        schema: Some(Schema {
            kinds: &KINDS,
            foreign: &[],
        }),
        destroy: false,
        is_partial: false,
    };
    let text = super::plan(&plan, &Report::default(), &header, &Style::plain(80));
    let shown: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("      "))
        .map(str::trim_start)
        .collect();
    expect![[r#"
              ~ data_disks.data.size  100 -> 200 GiB     stack.yaml:28:9
              ~ pin                   (sensitive value)  stack.yaml:28:9
              ~ system_disk.size      40 -> 60 GiB       stack.yaml:28:9"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn price_changes_name_their_resources() {
    let priced =
        |from: i64, to: i64| vec![field("size", from.into(), to.into(), Effect::NONE.priced())];
    let mut data = updated("data", "disk", "d-1", priced(40, 60));
    data.effect = Effect::NONE.priced();
    let mut big = updated("big", "disk", "d-2", priced(40, 60));
    big.effect = Effect::BRIEF.priced();
    let said = |changes: Vec<Change>| {
        let text = super::plan(
            &plan(changes),
            &Report::default(),
            &header(),
            &Style::plain(120),
        );
        let line = text.lines().find(|line| line.starts_with("Effect:"));
        line.unwrap_or_default().to_owned()
    };
    let free = updated(
        "name",
        "disk",
        "d-3",
        vec![field("name", "a".into(), "b".into(), Effect::NONE)],
    );
    assert_eq!(
        said(vec![free.clone()]),
        "Effect: no running resource is interrupted."
    );
    assert_eq!(
        said(vec![free, data.clone()]),
        "Effect: no running resource is interrupted. Price changes: data."
    );
    assert_eq!(
        said(vec![big, data]),
        "Effect: 1 brief interruption. Price changes: big, data."
    );
}

#[test]
fn a_plan_for_targets_claims_nothing_about_the_rest() {
    for (destroy, is_partial, said) in [
        (
            false,
            false,
            "No changes. Your infrastructure matches the configuration.",
        ),
        (
            false,
            true,
            "No changes to the targets. The rest of the stack was not compared.",
        ),
        (true, true, "Nothing to destroy among the targets."),
    ] {
        let header = Header {
            destroy,
            is_partial,
            ..header()
        };
        let text = super::plan(
            &plan(Vec::new()),
            &Report::default(),
            &header,
            &Style::plain(120),
        );
        assert!(text.lines().any(|line| line == said), "{text}");
    }
}

#[test]
fn only_references_are_shown_by_address() {
    // The id of a key pair is its name, which may equal the value of a plain text field by chance.
    static REFERENCE: KindDef = KindDef {
        name: "instance",
        fields: &[
            typed("key_pair", Type::Ref("key_pair")),
            typed("more", Type::List(&Type::Ref("key_pair"))),
            typed("vswitch", Type::Ref("vswitch")),
        ],
        ..NOTHING
    };
    static KINDS: [&KindDef; 1] = [&REFERENCE];
    let key = Value::text("team-key");
    let gone = Change {
        before: Some(live("key", "key_pair", "team-key", &[]).into()),
        ..change("key", "key_pair", ChangeAction::Delete)
    };
    let attrs = [
        ("host_name", key.clone()),
        ("key_pair", key.clone()),
        ("more", Value::List(vec![key.clone(), "other".into()])),
        ("name", key.clone()),
        ("vswitch", key),
    ];
    let plan = plan(vec![created("app", "instance", &attrs), gone]);
    let header = Header {
        elapsed: None,
        schema: Some(Schema {
            kinds: &KINDS,
            foreign: &[],
        }),
        destroy: false,
        is_partial: false,
    };
    let text = super::plan(&plan, &Report::default(), &header, &Style::plain(80));
    let shown: Vec<&str> = text
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("+ ") && !line.contains("app"))
        .collect();
    expect![[r#"
        + host_name  team-key
        + key_pair   key
        + more       [key, other]
        + name       team-key
        + vswitch    team-key"#]]
    .assert_eq(&shown.join("\n"));
}

const fn typed(name: &'static str, ty: Type) -> FieldDef {
    FieldDef::new(name, ty, "A field.")
}

/// A kind without fields.
const NOTHING: KindDef = KindDef::new("nothing", "A kind.", &[]);

#[test]
fn drift_describes_the_live_side() {
    let of = |(plan, report): (Plan, Report), columns| {
        super::drift(&plan, &report, &Header::default(), &Style::plain(columns))
    };
    expect![[r#"
        shop/prod: 5 of 23 resources differ from the spec
          db         ~ image  spec ubuntu_24_04_x64_20G_alibase_20251030.vhd, live
                     aliyun_3_x64_20G_alibase_20240528.vhd
          db-sg      - ingress tcp 5432 from web-sg  missing
                     + ingress tcp 5432 from 10.0.0.0/8  not in the spec
          web[0..2]  ~ instance_type  spec ecs.c7.xlarge, live ecs.c7.large
                     ~ system_disk.size  spec 60, live 40
    "#]]
    .assert_eq(&of(shop(), 80));
    expect![[r#"
        shop/prod: 5 of 23 resources differ from the spec
          app     ~ vswitch  spec subnet (known after apply), live
                  vsw-2ze1
          cpu     - contact_groups  spec e, live nothing
                  + contact_groups  live b, spec nothing
                  ~ webhook  (sensitive value)
          net     + tags.Old  live x, spec nothing
                  ~ tags.Env  spec prod, live dev
          subnet  ~ zone  spec cn-beijing-k, live cn-beijing-h
          gone    + eip: exists, but is not in the spec
    "#]]
    .assert_eq(&of(mixed(), 60));
    let nothing = (
        plan(vec![change("net", "vpc", ChangeAction::NoOp)]),
        Report::default(),
    );
    assert_eq!(
        of(nothing, 80),
        "shop/prod: nothing differs from the spec\n"
    );
}

#[test]
fn every_width_works_and_no_secret_is_shown() {
    for columns in 0..120 {
        for (plan, report) in [shop(), fresh(), mixed(), destroy()] {
            let text = super::plan(
                &plan,
                &report,
                &Header::default(),
                &Style {
                    color: true,
                    width: columns,
                },
            );
            assert!(!text.contains("hunter22"), "{text}");
        }
    }
    assert!(!super::calls(&fresh().0).contains("hunter22"));
}

#[test]
fn colours_do_not_change_the_text() {
    let (plan, report) = shop();
    let of = |color| {
        super::plan(
            &plan,
            &report,
            &Header::default(),
            &Style { color, width: 80 },
        )
    };
    let colored = of(true);
    let bare: String = colored
        .split('\u{1b}')
        .enumerate()
        .map(|(at, part)| {
            if at == 0 {
                part
            } else {
                part.split_once('m').map_or("", |(_, rest)| rest)
            }
        })
        .collect();
    assert!(colored.contains("\u{1b}["));
    assert_eq!(bare, of(false));
}

/// An effect on another axis, here a changed price, does not hide the interruption.
#[test]
fn interruptions_are_counted_whatever_they_cost() {
    for (effect, expected) in [
        (Effect::RESTART.priced(), "Effect: 1 restart."),
        (Effect::STOP, "Effect: 1 stop."),
        (Effect::BRIEF.priced(), "Effect: 1 brief interruption."),
    ] {
        let fields = vec![field("instance_type", "a".into(), "b".into(), effect)];
        let plan = plan(vec![updated("app", "instance", "i-1", fields)]);
        let header = Header {
            elapsed: None,
            schema: None,
            destroy: false,
            is_partial: false,
        };
        let text = super::plan(&plan, &Report::default(), &header, &Style::plain(80));
        assert!(text.contains(expected), "{text}");
    }
}
