//! Progress of the plans of the fixture, event by event.

use expect_test::{Expect, expect};
use setpoint_openapi::action::ecs;
use setpoint_plan::procedure::{Act, Step};
use setpoint_plan::{Secret, Value};

use super::*;
use crate::fixture::{add, call, created, fresh, plan, shop, wait};
use crate::line::width;

const fn s(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn tally(done: usize) -> Tally {
    Tally {
        done,
        total: 20,
        calls: 19,
        throttled: 0,
    }
}

/// Feeds events one second apart. Returns all plain lines.
fn feed(model: &mut Model, events: &[Event]) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, event) in (0_u64..).zip(events) {
        lines.extend(model.on(event, tally(at as usize / 2), s(at)));
    }
    lines
}

fn started(step: usize) -> Event {
    Event::Started { step: StepId(step) }
}

fn done(step: usize, id: Option<&str>) -> Event {
    Event::Done {
        step: StepId(step),
        id: id.map(ToOwned::to_owned),
    }
}

/// The plan of the guide some time after its start.
fn running() -> Model {
    let mut model = Model::new(&shop().0);
    let looked = Event::Looked {
        step: StepId(6),
        status: Some("Stopping".to_owned()),
    };
    feed(
        &mut model,
        &[
            started(0),
            done(0, None),
            started(1),
            started(5),
            done(5, None),
            started(6),
            looked,
        ],
    );
    model
}

#[track_caller]
fn check(model: &Model, (columns, height): (usize, usize), expected: &Expect) {
    let lines = model.table(s(31), &Style::plain(columns), height);
    assert!(
        lines.len() <= height && lines.iter().all(|line| width(line) <= columns),
        "{lines:?}"
    );
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn the_table_shows_running_and_waiting_jobs() {
    check(
        &running(),
        (80, 20),
        &expect![[r#"
          db      until Stopped                                  0:31  usually 0:55
          web[0]  until Stopped             Stopping             0:28  usually 0:55
          web[1]  waits                     for web[0], in turn
          web[2]  waits                     for web[1], in turn
        3 of 20 steps · 19 calls, 0 throttled · about 2 min left · Ctrl-C stops cleanly
    "#]],
    );
}

#[test]
fn a_small_terminal() {
    check(
        &running(),
        (40, 4),
        &expect![[r#"
          db      until Stopped   0:31
          web[0]  until Stopped   0:28
          … and 2 waiting
        3 of 20 steps · 19 calls, 0 throttled ·…
    "#]],
    );
}

#[test]
fn plain_lines_from_start_to_end() {
    let mut model = Model::new(&fresh().0);
    let events = [
        started(0),
        done(0, None),
        started(1),
        done(1, Some("vpc-2ze1")),
        started(2),
        Event::Failed { step: StepId(2) },
    ];
    let mut lines = feed(&mut model, &events);
    lines.extend(feed(
        &mut model,
        &[Event::Skipped { step: StepId(4) }, started(3)],
    ));
    lines.extend(model.tick(s(9)));
    lines.extend(model.tick(s(12)));
    lines.extend(model.tick(s(13)));
    lines.extend(model.on(&Event::Stopping, tally(4), s(14)));
    expect![[r#"
        net: Creating...
        net: Creation complete after 3s [id=vpc-2ze1]
        subnet: Creating...
        subnet: Creation failed after 1s
        web-sg: Creating...
        web-sg: Still creating... [11s elapsed]
        Stopping: waiting for the running calls; no new step starts.
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn updates_name_their_id() {
    let mut model = Model::new(&shop().0);
    let lines = feed(
        &mut model,
        &[
            started(0),
            done(0, None),
            done(1, None),
            done(2, None),
            done(3, None),
            done(4, None),
            done(4, None),
        ],
    );
    expect![[r#"
        db: Modifying... [id=i-2zedb]
        db: Modifications complete after 5s [id=i-2zedb]
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn the_next_rung_is_named() {
    let mut given = plan(vec![created("web[1]", "instance", &[])]);
    let secret = || ("Password", Value::Secret(Secret::new("hunter22")));
    let mut step = call(
        &ecs::RUN_INSTANCES,
        vec![("InstanceType", "ecs.c7.large".into()), secret()],
    );
    if let Step {
        act: Act::Call(call),
        ..
    } = &mut step
    {
        call.rungs
            .push(vec![("InstanceType", "ecs.c7a.large".into()), secret()]);
    }
    add(&mut given, 0, setpoint_plan::plan::Half::Up, step, &[]);
    add(
        &mut given,
        0,
        setpoint_plan::plan::Half::Up,
        wait("Running", 30),
        &[0],
    );
    let mut model = Model::new(&given);
    let fell = |code: &str, rung| Event::Fell {
        step: StepId(0),
        code: code.to_owned(),
        rung,
    };
    let again = |why: &str| Event::Again {
        step: StepId(0),
        why: why.to_owned(),
        after: s(5),
    };
    let events = [
        started(0),
        fell("OperationDenied.NoStock", 1),
        fell("Odd", 7),
        again("Throttling.User"),
        again("IncorrectVpcStatus"),
    ];
    let lines = feed(&mut model, &events);
    expect![[r#"
        web[1]: Creating...
        web[1]: ecs.c7.large has no stock, taking ecs.c7a.large (next in the list)
        web[1]: refused (Odd), trying the next in the list
        web[1]: IncorrectVpcStatus, trying again in 5s
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn the_remaining_time_is_the_longest_path() {
    let model = Model::new(&shop().0);
    // Three restarts in turn, 20 s and 35 s of waits each.
    assert_eq!(model.left(s(0)), s(165));
    assert_eq!(
        model.clone().at_speed(10.0).left(s(0)),
        Duration::from_millis(16_500)
    );
}

#[test]
fn every_size_and_every_event_works() {
    let mut model = running();
    for step in [0, 19, 99] {
        let step = StepId(step);
        let events = [
            Event::Skipped { step },
            Event::Failed { step },
            Event::Fell {
                step,
                code: String::new(),
                rung: 0,
            },
            Event::Done { step, id: None },
        ];
        feed(&mut model, &events);
    }
    for columns in 0..90 {
        for height in 0..8 {
            let style = Style {
                color: true,
                width: columns,
            };
            assert!(model.table(s(40), &style, height).len() <= height);
        }
    }
}
