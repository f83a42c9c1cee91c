//! Long random sequences of valid and invalid calls and pauses, over all resources with states.
//! After each step every [`Property`](property::Property) must hold, and one listing is read page
//! by page.
//!
//! `SETPOINT_SEQUENCES` is the number of sequences of each kind; `.ci/run` asks for more than an
//! ordinary run. They are the same in every run, unless `SETPOINT_SEED` changes. A failure prints
//! the calls as lines for a plain test.

mod draw;
mod edges;
mod generic;
mod property;
mod reads;
mod rows;
mod run;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use setpoint_sim::profile::Profile;

use draw::{Sent, Spoil, Step};
use rows::Rows;
use run::{Begin, Run};

/// How many sequences of each kind are in every run of the tests.
const SEQUENCES: u32 = 100;

#[expect(
    clippy::disallowed_methods,
    reason = "how long to go on, and where to begin, is for whoever runs the tests to say"
)]
fn asked(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

fn runner() -> TestRunner {
    let cases = asked("SETPOINT_SEQUENCES", SEQUENCES);
    let rng_seed = RngSeed::Fixed(asked("SETPOINT_SEED", 0).into());
    TestRunner::new(Config {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    })
}

fn lines() -> Vec<&'static str> {
    vocabulary::CALLS
        .lines()
        .filter(|line| !line.is_empty())
        .collect()
}

/// Half of the sequences let states last, the others do not; one in eight begins with nothing, two
/// with a machine only.
fn begin(steps: &[Step]) -> Run {
    let dice = steps.first().map_or(0, |step| step.dice);
    let profile = if dice.is_multiple_of(2) {
        Profile::fast()
    } else {
        Profile::instant()
    };
    let begin = match (dice / 2) % 8 {
        0 => Begin::Nothing,
        1 | 2 => Begin::Machine,
        _ => Begin::Furnished,
    };
    Run::new(profile, begin)
}

/// Goes through a sequence; an error says after which calls what was wrong.
fn go(steps: &[Step], call: impl Fn(&Step, &Rows) -> Sent) -> Result<Vec<run::Came>, String> {
    let mut run = begin(steps);
    let mut came = Vec::new();
    let result =
        steps
            .iter()
            .filter(|step| step.taken)
            .enumerate()
            .try_for_each(|(n, step)| {
                let sent = call(step, &run.rows);
                let outcome = catch_unwind(AssertUnwindSafe(|| run.step(step, &sent)));
                came.push(outcome.unwrap_or_else(|_| {
                    Err("the simulator panicked, as written above".to_owned())
                })?);
                reads::check(
                    &mut run,
                    n + usize::try_from(step.dice % 1_000).unwrap_or_default(),
                )
            });
    let result = result
        .and_then(|()| run.stores())
        .and_then(|()| run.pass(4 * 3_600_000))
        .and_then(|()| run.stores());
    result.map_err(|wrong| {
        let calls: Vec<String> = run
            .said
            .iter()
            .map(|sent| format!("    {sent:?},"))
            .collect();
        format!(
            "{wrong}\nat {} ms after\n{}",
            run.now_ms(),
            calls.join("\n")
        )
    })?;
    Ok(came)
}

fn explore(lines: usize, call: impl Fn(&Step, &Rows) -> Sent) {
    let result = runner().run(&draw::steps(lines), |steps| {
        let came = go(&steps, &call).map_err(TestCaseError::fail)?;
        // A second run costs as much as the first, so a part of them must do.
        if steps[0].dice.is_multiple_of(16)
            && go(&steps, &call).map_err(TestCaseError::fail)? != came
        {
            return Err(TestCaseError::fail("two runs differ"));
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("{}", why.message()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn whatever_is_called_everything_holds() {
    let lines = lines();
    explore(lines.len(), |step, rows| draw::call(step, &lines, rows));
}

#[test]
fn any_action_with_any_parameters() {
    explore(usize::MAX, generic::call);
}

/// The vocabulary is worth nothing if its lines cannot succeed.
#[test]
fn every_line_succeeds_sooner_or_later() {
    let lines = lines();
    let mut succeeded = BTreeSet::new();
    let mut refused: BTreeMap<usize, BTreeMap<String, u32>> = BTreeMap::new();
    let mut dice = draw::Dice::new(1);
    for _ in 0..300 {
        let step = |dice: &mut draw::Dice| Step {
            line: dice.below(lines.len()),
            dice: dice.below(usize::MAX) as u64,
            wait_ms: [0, 4_000, 20_000, 70_000][dice.below(4)],
            spoil: Spoil::Nothing,
            taken: true,
        };
        // What is done at once cannot be cancelled.
        let profile = Profile {
            image_copy_ms: 600_000,
            ..Profile::instant()
        };
        let mut run = Run::new(profile, Begin::Furnished);
        for _ in 0..80 {
            let step = step(&mut dice);
            let sent = draw::call(&step, &lines, &run.rows);
            let came = run
                .step(&step, &sent)
                .unwrap_or_else(|wrong| panic!("{wrong} after {:?}", run.said.last()));
            if came.status == 200 {
                succeeded.insert(step.line);
            } else {
                *refused
                    .entry(step.line)
                    .or_default()
                    .entry(came.body["Code"].to_string())
                    .or_default() += 1;
            }
        }
        if succeeded.len() == lines.len() {
            return;
        }
    }
    let never = lines
        .iter()
        .enumerate()
        .filter(|(n, _)| !succeeded.contains(n));
    let never: Vec<String> = never
        .map(|(n, line)| format!("{line}\n    {:?}", refused.get(&n)))
        .collect();
    assert!(never.is_empty(), "never answered:\n{}", never.join("\n"));
}
