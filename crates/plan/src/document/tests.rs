//! Hand-written plans and their documents.

use expect_test::{Expect, expect};
use setpoint_openapi::action::ecs;

use super::{PlanDocument, to_document};
use crate::change::{ChangeAction, FieldChange, Reason};
use crate::effect::Effect;
use crate::fixtures::{address, change, live, place, plan, step, want};
use crate::held::{Allowance, Held, HeldWhy};
use crate::plan::{Plan, PlannedOutput};
use crate::procedure::{Call, Cond, Step, Wait, minutes, seconds};
use crate::report::{Note, NoteKind, Report};
use crate::{Secret, Value};

/// A creation with a secret password and secret user data, whose VSwitch does not exist yet.
fn creating() -> Plan {
    let secret = Value::Secret(Secret::new("hunter22"));
    let attrs = [
        ("password", secret.clone()),
        ("vswitch", Value::reference(&address("net"), "id")),
        (
            "security_groups",
            Value::List(vec!["sg-1".into(), Value::reference(&address("web"), "id")]),
        ),
        ("system_disk.size", Value::Int(40)),
        (
            "user_data",
            Value::Concat(vec![
                "token=".into(),
                secret.clone(),
                Value::reference(&address("db"), "private_ip"),
            ]),
        ),
    ];
    let args = vec![
        ("Password", secret),
        ("VSwitchId", Value::reference(&address("net"), "id")),
        (
            "HostName",
            Value::Concat(vec!["h-".into(), Value::reference(&address("net"), "id")]),
        ),
        ("UserData", Value::text("#!/bin/sh\necho hunter22")),
    ];
    let mut app = change("web[eu].app[0]", ChangeAction::Create, Reason::NotThere);
    app.after = Some(want("web[eu].app[0]", &attrs).into());
    let wait = Step::wait(Wait::own(
        Cond::is("status", "Running"),
        seconds(45),
        minutes(10),
    ));
    let steps = vec![
        step(
            0,
            "web[eu].app[0]",
            Step::call(Call::create(&ecs::RUN_INSTANCES, args, &[])),
            &[],
        ),
        step(0, "web[eu].app[0]", wait, &[0]),
    ];
    let mut plan = plan(vec![app], steps);
    let output = |value, secret| PlannedOutput {
        value,
        secret,
        description: None,
    };
    plan.outputs.insert(
        "ip".to_owned(),
        output(Value::reference(&address("app"), "public_ip"), false),
    );
    plan.outputs
        .insert("pass".to_owned(), output("plain-but-secret".into(), true));
    plan
}

fn replacing() -> Plan {
    let mut app = change(
        "app",
        ChangeAction::Replace,
        Reason::FieldForcesReplacement {
            field: "system_disk.encrypted".to_owned(),
        },
    );
    app.before = Some(
        live(&[
            ("system_disk.encrypted", Value::Bool(false)),
            ("zone", "cn-beijing-h".into()),
        ])
        .into(),
    );
    app.after = Some(want("app", &[("system_disk.encrypted", Value::Bool(true))]).into());
    app.loses = Some("system disk d-1, 40 GiB".to_owned());
    app.effect = Effect::REPLACE;
    app.fields.push(FieldChange {
        attr: "system_disk.encrypted".to_owned(),
        before: Value::Bool(false),
        after: Value::Bool(true),
        update: None,
        effect: Effect::REPLACE,
        at: Some(place()),
    });
    let mut plan = plan(vec![app], Vec::new());
    let allowed_by = Some(Allowance::Entry {
        reason: "audit".to_owned(),
    });
    plan.held.push(Held {
        address: Some(address("app")),
        why: HeldWhy::DataLoss("system disk d-1, 40 GiB".to_owned()),
        allowed_by,
    });
    plan
}

#[track_caller]
fn check(what: impl serde::Serialize, expected: &Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(&what).expect("plain data"));
}

#[test]
fn a_creation_shows_unknown_values_and_hides_secrets() {
    let document = to_document(&creating(), &Report::default());
    let one = &document.resource_changes[0];
    check(
        (&one.module_address, &one.name, &one.index, &one.change),
        &expect![[r#"
        [
          "web[eu]",
          "app",
          0,
          {
            "actions": [
              "create"
            ],
            "before": null,
            "after": {
              "name": "shop-app",
              "password": "(sensitive value)",
              "security_groups": [
                "sg-1",
                null
              ],
              "system_disk": {
                "size": 40
              },
              "tags": {
                "Env": "prod"
              }
            },
            "after_unknown": {
              "id": true,
              "security_groups": [
                false,
                true
              ],
              "user_data": true,
              "vswitch": true
            },
            "before_sensitive": false,
            "after_sensitive": {
              "password": true,
              "user_data": true
            }
          }
        ]"#]],
    );
}

#[test]
fn references_in_calls_are_written_out() {
    let document = to_document(&creating(), &Report::default());
    check(
        (&document.resource_changes[0].calls, &document.steps),
        &expect![[r#"
        [
          [
            {
              "order": 0,
              "product": "ecs",
              "action": "RunInstances",
              "parameters": {
                "HostName": {
                  "concat": [
                    "h-",
                    {
                      "ref": "net.id"
                    }
                  ]
                },
                "Password": "(sensitive value)",
                "UserData": "(sensitive value)",
                "VSwitchId": {
                  "ref": "net.id"
                }
              }
            }
          ],
          [
            {
              "order": 0,
              "address": "web[eu].app[0]",
              "half": "up",
              "act": "call",
              "what": "RunInstances",
              "after": []
            },
            {
              "order": 1,
              "address": "web[eu].app[0]",
              "half": "up",
              "act": "wait",
              "what": "status is Running",
              "typical_seconds": 45,
              "after": [
                0
              ]
            }
          ]
        ]"#]],
    );
}

#[test]
fn a_replacement_names_its_paths_and_its_allowance() {
    let document = to_document(&replacing(), &Report::default());
    let one = &document.resource_changes[0];
    check(
        (&one.change, &one.action_reason, &one.fields, &one.held),
        &expect![[r#"
        [
          {
            "actions": [
              "delete",
              "create"
            ],
            "before": {
              "id": "i-2zeabc",
              "system_disk": {
                "encrypted": false
              },
              "zone": "cn-beijing-h"
            },
            "after": {
              "name": "shop-app",
              "system_disk": {
                "encrypted": true
              },
              "tags": {
                "Env": "prod"
              }
            },
            "after_unknown": {
              "id": true
            },
            "before_sensitive": {},
            "after_sensitive": {},
            "replace_paths": [
              [
                "system_disk",
                "encrypted"
              ]
            ]
          },
          "replace_because_cannot_update",
          [
            {
              "attr": "system_disk.encrypted",
              "before": false,
              "after": true,
              "effect": "replace",
              "forces_replacement": true,
              "at": "stack.yaml:5:24"
            }
          ],
          {
            "address": "app",
            "why": "data_loss",
            "what": "system disk d-1, 40 GiB",
            "allowed_by": "allow",
            "allowed_because": "audit"
          }
        ]"#]],
    );
}

#[test]
fn outputs_are_unknown_or_sensitive() {
    let document = to_document(&creating(), &Report::default());
    let shown: Vec<_> = document
        .output_changes
        .values()
        .map(|one| {
            (
                &one.actions,
                &one.after,
                &one.after_unknown,
                &one.after_sensitive,
            )
        })
        .collect();
    expect![[r#"[[["update"],null,true,false],[["update"],"(sensitive value)",false,true]]"#]]
        .assert_eq(&serde_json::to_string(&shown).expect("plain data"));
}

#[test]
fn an_update_keeps_unmanaged_attributes() {
    let mut app = change("app", ChangeAction::Update, Reason::Differs);
    app.before = Some(
        live(&[
            ("instance_type", "ecs.c7.large".into()),
            ("zone", "cn-beijing-h".into()),
        ])
        .into(),
    );
    app.after = Some(want("app", &[("instance_type", "ecs.c7.xlarge".into())]).into());
    let document = to_document(&plan(vec![app], Vec::new()), &Report::default());
    expect![[r#"{"id":"i-2zeabc","instance_type":"ecs.c7.xlarge","tags":{"Env":"prod"},"zone":"cn-beijing-h"}"#]]
        .assert_eq(&document.resource_changes[0].change.after.to_string());
}

#[test]
fn it_contains_no_secret_and_survives_serde() {
    for plan in [creating(), replacing()] {
        let note = Note {
            address: None,
            what: NoteKind::Spec("`db` is disabled".to_owned()),
        };
        let document = to_document(&plan, &Report { notes: vec![note] });
        let text = serde_json::to_string(&document).expect("plain data");
        assert!(
            !text.contains("hunter22") && !text.contains("plain-but-secret"),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<PlanDocument>(&text).expect("its own text"),
            document
        );
    }
}
