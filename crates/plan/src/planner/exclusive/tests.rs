//! Plans of a kind that has nothing but exclusive values: a name, and a number that changes in place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::page::{Listing, Style};
use setpoint_spec::schema::Type;

use crate::claim::Claim;
use crate::decode;
use crate::desired::Desired;
use crate::effect::Effect;
use crate::field::Field;
use crate::fixtures::{address, live, site, want};
use crate::kind::Kind;
use crate::live::{Live, Snapshot};
use crate::ownership::{Guard, Owner};
use crate::plan::{Half, Plan};
use crate::planner::{Intent, Options, PlanError, plan};
use crate::procedure::{Call, Procedure, Step};
use crate::registry::Registry;
use crate::update::Update;
use crate::view::{Decode, View};
use crate::{Map, Value};

static SLOT: Kind = Kind {
    doc: "Something with a name and a number.",
    claims: |of| {
        let name = Claim::name("name", Value::Null, &of("name"));
        let number = Claim::number("number", "home".into(), &of("number"));
        name.into_iter().chain(number).collect()
    },
    ..Kind::new(
        "slot",
        FIELDS,
        &LIST,
        |_, _| Procedure::ending_at_pivot(call()),
        |_, _| Procedure::ending_at_pivot(call()),
    )
};

static FIELDS: &[Field] = &[
    Field::new("name", Type::Text { min: 1, max: 9 }, "Its name.").replace(),
    Field::new(
        "number",
        Type::Int {
            min: 0,
            max: 9,
            unit: "",
        },
        "Its number.",
    )
    .update(&NUMBER),
];

static NUMBER: Update = Update::online("number", |_| call()).effect(Effect::RESTART);

static LIST: View = View::new(
    "list",
    &api::DESCRIBE_KEY_PAIRS,
    Listing {
        style: Style::One,
        rows: "Slots",
        id: "Id",
    },
    Decode::Rows(decode::plain),
);

static KINDS: &[&Kind] = &[&SLOT];
static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(KINDS, &[]));

fn call() -> Vec<Step> {
    vec![Step::call(Call::new(&api::DELETE_KEY_PAIRS, Vec::new()))]
}

/// An address, a name and a number.
type Entry = (&'static str, &'static str, i64);

fn attrs(entry: &Entry) -> [(&'static str, Value); 2] {
    [("name", entry.1.into()), ("number", Value::Int(entry.2))]
}

fn planned(before: &[Entry], after: &[Entry]) -> Result<Plan, Vec<PlanError>> {
    let row = |entry: &Entry| Live {
        kind: SLOT.name,
        id: format!("id-{}", entry.0),
        owner: Some(Owner {
            stack: "shop".to_owned(),
            address: address(entry.0),
            guard: Guard::default(),
        }),
        ..live(&attrs(entry))
    };
    let desired = |entry: &Entry| Desired {
        kind: SLOT.name,
        tags: None,
        initial: Map::new(),
        ..want(entry.0, &attrs(entry))
    };
    let intent = Intent {
        desired: after
            .iter()
            .map(|entry| (address(entry.0), desired(entry)))
            .collect::<BTreeMap<_, _>>(),
        ..Intent::without_spec("shop", site())
    };
    let snapshot = Snapshot {
        live: before.iter().map(row).collect(),
        ..Snapshot::default()
    };
    plan(&REGISTRY, &intent, &snapshot, &Options::default()).map(|(plan, _)| plan)
}

/// The edges between changes: `-a > +b` if `b` is created after `a` was deleted.
fn edges(plan: &Plan) -> BTreeSet<String> {
    let name = |at: usize| {
        let step = &plan.steps[at];
        let change = &plan.changes[step.change];
        let mark = match step.half {
            Half::Down => "-",
            Half::Up if change.creates() => "+",
            Half::Up => "~",
        };
        format!("{mark}{}", step.address)
    };
    let of_step = |at: usize| {
        let after = plan.steps[at].after.iter();
        after.map(move |from| format!("{} > {}", name(from.0), name(at)))
    };
    (0..plan.steps.len()).flat_map(of_step).collect()
}

#[track_caller]
fn check(before: &[Entry], after: &[Entry], expected: &[&str]) {
    let plan = planned(before, after).expect("there is a plan");
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(edges(&plan), expected);
}

#[test]
fn what_gives_up_goes_before_what_takes() {
    // Nothing is taken: nothing waits.
    check(&[("a", "x", 1)], &[("b", "y", 2)], &[]);
    // A deleted row, of another or of the same address.
    check(&[("a", "x", 1)], &[("b", "x", 2)], &["-a > +b"]);
    check(&[("a", "x", 1)], &[("a", "y", 1)], &["-a > +a"]);
    // A replaced one.
    let before = [("a", "x", 1), ("b", "y", 2)];
    let after = [("a", "y", 1), ("b", "z", 2)];
    check(&before, &after, &["-a > +a", "-b > +b", "-b > +a"]);
    let swapped = [("a", "y", 1), ("b", "x", 2)];
    let expected = ["-a > +a", "-a > +b", "-b > +a", "-b > +b"];
    check(&before, &swapped, &expected);
    // One that is changed in place.
    let after = [("a", "x", 2), ("b", "y", 3)];
    check(&before, &after, &["~b > ~a"]);
    let after = [("a", "x", 3), ("c", "z", 1)];
    check(&[("a", "x", 1)], &after, &["~a > +c"]);
}

#[test]
fn turns_follow_what_gives_up() {
    let before = [("a[0]", "x", 1), ("a[1]", "y", 2), ("a[2]", "z", 3)];
    let natural = [("a[0]", "x", 4), ("a[1]", "y", 5), ("a[2]", "z", 6)];
    check(&before, &natural, &["~a[0] > ~a[1]", "~a[1] > ~a[2]"]);
    let shifted = [("a[0]", "x", 2), ("a[1]", "y", 3), ("a[2]", "z", 4)];
    check(&before, &shifted, &["~a[1] > ~a[0]", "~a[2] > ~a[1]"]);
    let mixed = [("a[0]", "x", 3), ("a[1]", "y", 7), ("a[2]", "z", 8)];
    check(&before, &mixed, &["~a[1] > ~a[2]", "~a[2] > ~a[0]"]);
}

#[test]
fn what_has_no_order_or_stays_is_refused() {
    for (before, after, expected) in [
        (
            vec![("a", "x", 1), ("b", "y", 2)],
            vec![("a", "x", 2), ("b", "y", 1)],
            "`a` needs the number 2 before `b` (id-b) can give it up",
        ),
        (
            vec![("a", "x", 1)],
            vec![("a", "x", 1), ("b", "y", 1)],
            "`b` needs the number 1, but `a` (id-a) has it and keeps it",
        ),
        (
            vec![],
            vec![("a", "x", 1), ("b", "x", 2)],
            "`a` and `b` cannot both have the name `x`",
        ),
    ] {
        let errors = planned(&before, &after).expect_err("there is no plan");
        let texts: Vec<&str> = errors.iter().map(|error| error.what.as_str()).collect();
        assert_eq!(texts, [expected]);
    }
}
