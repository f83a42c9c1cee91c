//! A stub kind, and plans for it. Each plan can bring the machine to some of its states.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::LazyLock;

use setpoint_openapi::action::ecs;
use setpoint_openapi::action::vpc as api;
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::change::{Change, ChangeAction, Reason, ReplaceOrder};
use setpoint_plan::decode;
use setpoint_plan::desired::Desired;
use setpoint_plan::effect::Effect;
use setpoint_plan::field::Field;
use setpoint_plan::kind::{Kind, Site};
use setpoint_plan::live::{Cost, Live, Tags};
use setpoint_plan::ownership::{Guard, Owner};
use setpoint_plan::plan::{Half, Plan, PlanStep, StepId};
use setpoint_plan::procedure::{
    Absent, Act, Call, Cond, Each, ItemForm, Local, Look, Procedure, Retry, Step, Token, Wait,
    Window, minutes, seconds,
};
use setpoint_plan::registry::Registry;
use setpoint_plan::update::Update;
use setpoint_plan::view::{Decode, Ids, Proof, View};
use setpoint_plan::{Address, Location, Map, Value};
use setpoint_spec::schema::Type;

pub(super) static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(KINDS, &[]));

static KINDS: &[&Kind] = &[&THING];

static THING: Kind = Kind::new(
    "thing",
    &[Field::new("label", Type::Text { min: 1, max: 9 }, "A label.").update(&LABEL)],
    &LIST,
    |_, _| Procedure::default(),
    |_, _| Procedure::default(),
);

static LABEL: Update = Update::online("label", |_| Vec::new());

static LIST: View = View {
    ids: Ids::One("VpcId"),
    proof: Proof::DryRun,
    ..View::new(
        "list",
        &api::DESCRIBE_VPCS,
        Listing {
            style: Style::Number { size: 50 },
            rows: "Vpcs.Vpc",
            id: "VpcId",
        },
        Decode::Rows(decode::plain),
    )
};

fn address(text: &str) -> Address {
    text.parse().expect("a valid address")
}

fn site() -> Site {
    Site {
        account: "1234567890123456".to_owned(),
        region: "cn-beijing".to_owned(),
    }
}

fn map(attrs: &[(&str, &str)]) -> Map {
    let pairs = attrs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::text(*value)));
    pairs.collect()
}

/// Returns a live row under this address.
pub(super) fn row(at: &str, id: &str, attrs: &[(&str, &str)]) -> Live {
    Live {
        kind: "thing",
        id: id.to_owned(),
        site: site(),
        owner: Some(Owner {
            stack: "shop".to_owned(),
            address: address(at),
            guard: Guard::default(),
        }),
        copied: false,
        tags: Tags::new(),
        attrs: map(attrs),
        uses: Vec::new(),
    }
}

fn want(at: &str) -> Desired {
    Desired {
        address: address(at),
        kind: "thing",
        attrs: map(&[("label", "new")]),
        initial: Map::new(),
        tags: None,
        guard: Guard::default(),
        terms: Arc::default(),
        at: Location {
            file: "stack.yaml".into(),
            line: 1,
            column: 1,
        },
        field_at: Arc::default(),
    }
}

fn change(at: &str, action: ChangeAction) -> Change {
    let is_new = action == ChangeAction::Create;
    let id = format!("vpc-{at}");
    Change {
        address: address(at),
        kind: "thing",
        action,
        reason: if is_new {
            Reason::NotThere
        } else {
            Reason::Differs
        },
        fields: Vec::new(),
        effect: Effect::NONE,
        loses: None,
        before: (!is_new).then(|| row(at, &id, &[("label", "old")]).into()),
        after: (action != ChangeAction::Delete).then(|| want(at).into()),
        lifted: Vec::new(),
        order: ReplaceOrder::DeleteFirst,
        is_down: false,
    }
}

/// Returns a step of the change, with the given predecessors.
fn step(change: &(usize, &Change), act: Step, after: &[usize]) -> PlanStep {
    let (at, change) = *change;
    PlanStep {
        address: change.address.clone(),
        kind: "thing",
        change: at,
        half: if change.after.is_none() {
            Half::Down
        } else {
            Half::Up
        },
        step: act,
        live_id: change.before.as_ref().map(|live| live.id.clone()),
        after: after.iter().copied().map(StepId).collect(),
        pivot: true,
        incarnation: 0,
    }
}

fn plan(changes: &[&Change], steps: Vec<PlanStep>) -> Plan {
    Plan {
        stack: "shop".to_owned(),
        site: site(),
        now: 0,
        changes: changes.iter().map(|change| (*change).clone()).collect(),
        steps,
        outputs: BTreeMap::new(),
        held: Vec::new(),
        cost: Cost::default(),
        n_live: 0,
    }
}

const BUSY: Retry = &[(&["Busy"], Window::For(seconds(60)))];

fn modify() -> Call {
    let args = vec![
        ("AllocationId", "vpc-a".into()),
        ("InstanceId", "i-1".into()),
    ];
    Call {
        done_on: &["AlreadySo"],
        retry: BUSY,
        ..Call::new(&api::ASSOCIATE_EIP_ADDRESS, args)
    }
}

fn waits(state: &str) -> Wait {
    Wait::own(Cond::is("status", state), seconds(10), minutes(5))
}

/// Creates `a`, by a call with two rungs, and waits for it.
pub(super) fn create() -> Plan {
    let a = change("a", ChangeAction::Create);
    let rung = |name: &str| vec![("VpcName", Value::text(name))];
    let call = Call {
        rungs: vec![rung("first"), rung("second")],
        fall_on: &["NoStock"],
        retry: BUSY,
        ..Call::create(&api::CREATE_VPC, Vec::new(), &[("id", "VpcId")])
    };
    assert_eq!(call.token, Token::Create, "the action takes a token");
    let steps = vec![
        step(&(0, &a), Step::call(call), &[]),
        step(&(0, &a), Step::wait(waits("Available")), &[0]),
    ];
    plan(&[&a], steps)
}

/// Updates `a` by two calls in sequence.
pub(super) fn update() -> Plan {
    let a = change("a", ChangeAction::Update);
    let calls = [(modify(), vec![]), (modify(), vec![0])];
    let steps = calls.map(|(call, after)| step(&(0, &a), Step::call(call), &after));
    plan(&[&a], steps.into())
}

/// Updates `a` by a call with a goal.
pub(super) fn with_goal() -> Plan {
    let a = change("a", ChangeAction::Update);
    let call = Call {
        goal: Some(Cond::is("label", "new")),
        look_on: &["Ambiguous"],
        ..modify()
    };
    plan(&[&a], vec![step(&(0, &a), Step::call(call), &[])])
}

/// Deletes `a` and waits until it is gone.
pub(super) fn delete() -> Plan {
    let a = change("a", ChangeAction::Delete);
    let call = Call::new(&api::DELETE_VPC, vec![("VpcId", "vpc-a".into())]);
    let gone = Wait::gone(seconds(10), minutes(5));
    let steps = vec![
        step(&(0, &a), Step::call(call), &[]),
        step(&(0, &a), Step::wait(gone), &[0]),
    ];
    plan(&[&a], steps)
}

/// Deletes `a` and `b` by calls that can be batched.
pub(super) fn batch() -> Plan {
    let changes = ["a", "b"].map(|name| change(name, ChangeAction::Delete));
    let delete = |at: usize| {
        let id = changes[at].before.as_ref().map(|live| live.id.as_str());
        let each = Each {
            item: "InstanceId",
            max: 10,
            form: ItemForm::Indexed,
            results: None,
        };
        let call = Call {
            each: Some(each),
            done_on: &["AlreadySo"],
            ..Call::new(
                &ecs::DELETE_INSTANCES,
                vec![("InstanceId", id.into_iter().collect::<String>().into())],
            )
        };
        step(&(at, &changes[at]), Step::call(call), &[])
    };
    plan(&[&changes[0], &changes[1]], vec![delete(0), delete(1)])
}

/// Updates `a` and `b` under one lock.
pub(super) fn locked() -> Plan {
    let changes = ["a", "b"].map(|name| change(name, ChangeAction::Update));
    let locked = |at: usize| {
        let call = Step::call(modify()).locked("lock".into());
        step(&(at, &changes[at]), call, &[])
    };
    plan(&[&changes[0], &changes[1]], vec![locked(0), locked(1)])
}

/// Waits for a state of `a`: `Fault` rules the state out, and `Stopped` undoes it.
pub(super) fn wait() -> Plan {
    let a = change("a", ChangeAction::Update);
    let wait = Wait {
        never: Some(Cond::is("status", "Fault")),
        undone: Some(Cond::is("status", "Stopped")),
        ..waits("Running")
    };
    let steps = vec![
        step(&(0, &a), Step::wait(wait), &[]),
        step(&(0, &a), Step::call(modify()), &[0]),
    ];
    plan(&[&a], steps)
}

/// Waits for `a` with a query of its own, and fails if the answer is empty.
pub(super) fn ask() -> Plan {
    let a = change("a", ChangeAction::Update);
    let query = LIST.query(&THING, &site(), Vec::new());
    let wait = Wait {
        look: Look::Ask(query),
        absent: Absent::Fails,
        ..waits("Running")
    };
    plan(&[&a], vec![step(&(0, &a), Step::wait(wait), &[])])
}

/// Stops `a` (0, 1), updates it (2) and starts it (3, 4); then updates `b` (5).
pub(super) fn window() -> Plan {
    let [a, b] = ["a", "b"].map(|name| change(name, ChangeAction::Update));
    let closing = |step: Step| Step {
        closes: Some(0),
        ..step
    };
    let steps = vec![
        step(&(0, &a), Step::call(modify()), &[]),
        step(&(0, &a), Step::wait(waits("Stopped")), &[0]),
        step(&(0, &a), Step::call(modify()), &[1]),
        step(&(0, &a), closing(Step::call(modify())), &[2]),
        step(&(0, &a), closing(Step::wait(waits("Running"))), &[3]),
        step(&(1, &b), Step::call(modify()), &[4]),
    ];
    plan(&[&a, &b], steps)
}

/// Creates a key pair on this machine, then updates `a`.
pub(super) fn local() -> Plan {
    let a = change("a", ChangeAction::Update);
    let path = "key".to_owned();
    let steps = vec![
        step(
            &(0, &a),
            Step::new(Act::Local(Local::SshKey {
                path,
                public: "public_key",
            })),
            &[],
        ),
        step(&(0, &a), Step::call(modify()), &[0]),
    ];
    plan(&[&a], steps)
}
