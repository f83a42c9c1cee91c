//! One case for every row and picture of `docs/ordering.md`, with stub kinds.

use std::collections::BTreeSet;

use expect_test::Expect;

use crate::fixtures::world::{faults, shown, world};

/// A case of the page: the live state, the desired state, and the plan.
struct Case {
    /// Its names on the page, without `#`.
    rows: &'static [&'static str],
    before: &'static [&'static str],
    after: &'static [&'static str],
    plan: Expect,
}

mod cases;

use cases::cases;

#[test]
fn every_row_of_the_page_gives_its_plan() {
    for case in cases() {
        case.plan.assert_eq(&shown(case.before, case.after));
    }
}

#[test]
fn every_plan_of_the_page_keeps_the_invariants() {
    for case in cases() {
        if let Ok((plan, _)) = world(case.before, case.after).plan() {
            assert_eq!(faults(&plan), [], "{:?}", case.rows);
        }
    }
}

#[test]
fn every_row_of_the_page_has_a_case() {
    let page = include_str!("../../../../docs/ordering.md");
    let is_row = |word: &&str| word.starts_with(|first: char| first.is_ascii_lowercase());
    let name = |text: &'static str| {
        let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        &text[..end.unwrap_or(text.len())]
    };
    let on_page: BTreeSet<&str> = page.split('#').skip(1).filter(is_row).map(name).collect();
    let tested: BTreeSet<&str> = cases().flat_map(|case| case.rows).copied().collect();
    // The page uses `#up` as its example of a name. Without this check, a wrong pattern would find
    // no names at all and pass.
    assert!(on_page.contains("up"));
    assert_eq!(on_page, tested);
}
