//! Plans of a kind that consists of exclusive values: a name, which forces a replacement, and a
//! number, which is changed in place.

use std::collections::BTreeSet;

use crate::fixtures::world::world;
use crate::plan::{Half, Plan};
use crate::planner::{PlanError, PlanErrorClass};

/// An address, a name and a number.
type Entry = (&'static str, &'static str, i64);

fn planned(before: &[Entry], after: &[Entry]) -> Result<Plan, Vec<PlanError>> {
    let line =
        |(address, name, number): &Entry| format!("{address} key name={name} number={number}");
    let [before, after] = [before, after].map(|side| side.iter().map(line).collect::<Vec<_>>());
    let [before, after] =
        [&before, &after].map(|side| side.iter().map(String::as_str).collect::<Vec<_>>());
    world(&before, &after).plan().map(|(plan, _)| plan)
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
fn a_value_is_released_before_it_is_taken() {
    // No value is taken, so nothing waits.
    check(&[("a", "x", 1)], &[("b", "y", 2)], &[]);
    // The value is held by a deleted row, of another address or of the same one.
    check(&[("a", "x", 1)], &[("b", "x", 2)], &["-a > +b"]);
    check(&[("a", "x", 1)], &[("a", "y", 1)], &["-a > +a"]);
    // It is held by a replaced row.
    let before = [("a", "x", 1), ("b", "y", 2)];
    let after = [("a", "y", 1), ("b", "z", 2)];
    check(&before, &after, &["-a > +a", "-b > +b", "-b > +a"]);
    let swapped = [("a", "y", 1), ("b", "x", 2)];
    let expected = ["-a > +a", "-a > +b", "-b > +a", "-b > +b"];
    check(&before, &swapped, &expected);
    // It is held by a row that is updated in place.
    let after = [("a", "x", 2), ("b", "y", 3)];
    check(&before, &after, &["~b > ~a"]);
    let after = [("a", "x", 3), ("c", "z", 1)];
    check(&[("a", "x", 1)], &after, &["~a > +c"]);
}

#[test]
fn turns_follow_released_values() {
    let before = [("a[0]", "x", 1), ("a[1]", "y", 2), ("a[2]", "z", 3)];
    let natural = [("a[0]", "x", 4), ("a[1]", "y", 5), ("a[2]", "z", 6)];
    check(&before, &natural, &["~a[0] > ~a[1]", "~a[1] > ~a[2]"]);
    let shifted = [("a[0]", "x", 2), ("a[1]", "y", 3), ("a[2]", "z", 4)];
    check(&before, &shifted, &["~a[1] > ~a[0]", "~a[2] > ~a[1]"]);
    let mixed = [("a[0]", "x", 3), ("a[1]", "y", 7), ("a[2]", "z", 8)];
    check(&before, &mixed, &["~a[1] > ~a[2]", "~a[2] > ~a[0]"]);
}

#[test]
fn cycles_and_values_that_stay_are_refused() {
    for (before, after, class, expected) in [
        (
            vec![("a", "x", 1), ("b", "y", 2)],
            vec![("a", "x", 2), ("b", "y", 1)],
            PlanErrorClass::Cycle,
            "`a` needs the number 2 before `b` (id-b) can give it up",
        ),
        (
            vec![("a", "x", 1)],
            vec![("a", "x", 1), ("b", "y", 1)],
            PlanErrorClass::Refused,
            "`b` needs the number 1, but `a` (id-a) has it and keeps it",
        ),
        (
            vec![],
            vec![("a", "x", 1), ("b", "x", 2)],
            PlanErrorClass::Refused,
            "`a` and `b` cannot both have the name `x`",
        ),
    ] {
        let errors = planned(&before, &after).expect_err("there is no plan");
        let shown = |error: &PlanError| (error.class, error.what.clone());
        let shown: Vec<_> = errors.iter().map(shown).collect();
        assert_eq!(shown, [(class, expected.to_owned())]);
    }
}
