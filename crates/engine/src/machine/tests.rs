//! The machine as a table: in which state, at which event, which commands and which state follow.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::Expect;
use setpoint_plan::plan::Plan;

use super::{Command, Input, Machine, Settings, State, Ticket};

mod driver;
mod plans;
mod table;

use driver::Driver;

/// A state of a step, and what follows from each event.
struct Case {
    /// The state's name.
    state: &'static str,
    plan: fn() -> Plan,
    /// The step that is looked at.
    step: usize,
    /// How old the plan's observation is, in seconds.
    observed_before: u64,
    /// The events that lead to the state.
    path: &'static [&'static str],
    /// Events, each for a machine of its own; several in a row are separated by commas.
    events: &'static [&'static str],
    /// For each event the commands and the next state.
    follows: Expect,
}

/// Names every state, and says which events its cases must have.
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

/// A machine in the state of a case.
fn ready(case: &Case) -> Driver {
    let mut driver = Driver::new((case.plan)(), case.step, case.observed_before);
    driver.event("tick");
    for event in case.path {
        driver.event(event);
    }
    driver
}

#[test]
fn each_event_has_its_commands_and_its_next_state() {
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
fn every_state_has_its_events() {
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
