//! The machine as a table: for each state and each event, the commands and the next state.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::Expect;
use setpoint_plan::plan::Plan;

use super::{Command, Input, Machine, Settings, State, Ticket};

mod driver;
mod plans;
mod table;

use driver::Driver;

/// A state of a step, and the effect of events in it.
struct Case {
    /// The name of the state.
    state: &'static str,
    plan: fn() -> Plan,
    /// The step that the case is about.
    step: usize,
    /// The age of the plan's observation, in seconds.
    observed_before: u64,
    /// The events that lead to the state.
    path: &'static [&'static str],
    /// The events to test, each on a new machine. A comma separates the events of a sequence.
    events: &'static [&'static str],
    /// For each event, the commands and the next state.
    follows: Expect,
}

/// Defines the name of each state, and the events that its cases must cover.
macro_rules! states {
    ($($state:pat => $name:literal: $events:expr,)*) => {
        fn name(state: &State) -> &'static str {
            match state {
                $($state => $name,)*
            }
        }

        const STATES: &[(&str, &[&str])] = &[$(($name, $events),)*];
    };
}

const OVER: &[&str] = &["late", "tick", "interrupt"];
const LOOKS: &[&str] = &["row", "no row", "blind", "tick", "interrupt"];

states! {
    State::Blocked => "Blocked": &["ok", "!", "lost", "tick", "interrupt"],
    State::Ready => "Ready": &["ok", "!", "tick", "interrupt"],
    State::Rechecking { .. } => "Rechecking": LOOKS,
    State::Sent => "Sent": &["ok", "!", "lost", "unsent", "damaged", "tick", "interrupt"],
    State::Pausing { .. } => "Pausing": &["late", "tick", "+", "interrupt"],
    State::Verifying { .. } => "Verifying": LOOKS,
    State::Searching { .. } => "Searching": LOOKS,
    State::Judging { .. } => "Judging": LOOKS,
    State::Waiting { .. } => "Waiting": LOOKS,
    State::Acting => "Acting": &["acted", "not acted", "tick", "interrupt"],
    State::Done => "Done": OVER,
    State::Closed => "Closed": OVER,
    State::Failed => "Failed": OVER,
    State::Skipped => "Skipped": OVER,
}

/// Returns a driver whose step is in the state of the case.
fn ready(case: &Case) -> Driver {
    let mut driver = Driver::new((case.plan)(), case.step, case.observed_before);
    driver.event("tick");
    for event in case.path {
        driver.event(event);
    }
    driver
}

#[test]
fn each_event_gives_the_commands_and_state_of_the_table() {
    for case in table::cases() {
        let mut text = String::new();
        for events in case.events {
            let mut driver = ready(case);
            assert_eq!(name(driver.state()), case.state, "{:?}", case.path);
            let each = events.split(", ");
            let told: Vec<String> = each.map(|event| driver.event(event)).collect();
            text.extend([format!(
                "{events} → {} → {}\n",
                told.join("; "),
                driver.shown()
            )]);
        }
        case.follows.assert_eq(&text);
    }
}

#[test]
fn every_state_has_cases_for_its_required_events() {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in table::cases() {
        found.entry(case.state).or_default().extend(case.events);
    }
    let known: BTreeSet<&str> = STATES.iter().map(|(name, _)| *name).collect();
    assert_eq!(found.keys().copied().collect::<BTreeSet<_>>(), known);
    for (name, needed) in STATES {
        for event in *needed {
            let has_it = found[name].iter().any(|found| found.starts_with(event));
            assert!(has_it, "{name} has no case for `{event}`");
        }
    }
}
