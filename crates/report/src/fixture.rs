//! Hand-written plans for the tests of all formats, and the functions that build them.

mod destroy;
mod fresh;
mod mixed;
mod shop;

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_openapi::action::Action;
use setpoint_plan::change::{Change, ChangeAction, FieldChange, Reason, ReplaceOrder};
use setpoint_plan::desired::Desired;
use setpoint_plan::effect::Effect;
use setpoint_plan::kind::Site;
use setpoint_plan::live::{Cost, Live, Tags};
use setpoint_plan::ownership::{Guard, Owner};
use setpoint_plan::plan::{Half, Plan, PlanStep, StepId};
use setpoint_plan::procedure::{Args, Call, Cond, Step, Wait, minutes, seconds};
use setpoint_plan::update::Update;
use setpoint_plan::{Address, Location, Map, Value};

pub(crate) use self::destroy::destroy;
pub(crate) use self::fresh::fresh;
pub(crate) use self::mixed::mixed;
pub(crate) use self::shop::shop;

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
        file: file.into(),
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
        terms: Arc::default(),
        at: place("stack.yaml", 1, 3),
        field_at: Arc::default(),
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
        copied: false,
        owner: Some(owner),
        tags: Tags::new(),
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
        effect: Effect::NONE,
        loses: None,
        before: None,
        after: None,
        lifted: Vec::new(),
        order: ReplaceOrder::DeleteFirst,
        is_down: false,
    }
}

pub(crate) fn field(attr: &str, before: Value, after: Value, effect: Effect) -> FieldChange {
    static UPDATE: Update = Update::online("attributes", |_| Vec::new());
    let update = (effect != Effect::REPLACE).then_some(&UPDATE);
    FieldChange {
        attr: attr.to_owned(),
        before,
        after,
        update,
        effect,
        at: Some(place("stack.yaml", 28, 9)),
    }
}

pub(crate) fn created(at: &str, kind: &'static str, attrs: &[(&str, Value)]) -> Change {
    Change {
        after: Some(want(at, kind, attrs).into()),
        ..change(at, kind, ChangeAction::Create)
    }
}

pub(crate) fn updated(at: &str, kind: &'static str, id: &str, fields: Vec<FieldChange>) -> Change {
    let effect = fields
        .iter()
        .map(|field| field.effect)
        .max()
        .unwrap_or_default();
    let (before, after) = (live(at, kind, id, &[]), want(at, kind, &[]));
    Change {
        effect,
        fields,
        before: Some(before.into()),
        after: Some(after.into()),
        ..change(at, kind, ChangeAction::Update)
    }
}

pub(crate) fn deleted(at: &str, kind: &'static str, id: &str) -> Change {
    Change {
        before: Some(live(at, kind, id, &[]).into()),
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
        now: 0,
        changes,
        steps,
        outputs,
        held,
        cost,
        n_live: 23,
    }
}

/// Adds a step to a plan and returns its index.
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

/// Returns a rule of a security group that accepts a peer.
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
