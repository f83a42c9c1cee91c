//! The outcome of an apply or a destroy: completed, failed and unfinished resources, and how to
//! continue.
//!
//! The first line gives the counts, the second one the time and the calls. An incomplete run then
//! lists its failed, unfinished and not started resources; resources that wait for the same
//! failures share a line. An apply ends with the outputs.

use std::time::Duration;

use serde_json::json;

use setpoint_plan::Address;
use setpoint_plan::plan::Summary;

use crate::json::pretty;
use crate::line::{Line, wrap};
use crate::outputs::{self, Outputs, Reveal};
use crate::style::{Label, Style};
use crate::text::put;
use crate::words::{self, clean, count, took};

/// The next step after a run that did not finish.
const GO_ON: &str =
    "Nothing is lost and nothing is locked. To continue, run the same command again.";

/// The result of a run.
#[derive(Debug, Clone, Default)]
pub struct OutcomeView {
    /// The command.
    pub verb: Verb,
    /// The number of completed resources, by type of change.
    pub summary: Summary,
    /// Resources that failed.
    pub failed: Vec<Failed>,
    /// Resources that were not started or not finished.
    pub not_started: Vec<NotStarted>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// The time from the first to the last step.
    pub elapsed: Duration,
    /// The number of calls, including reads and retries.
    pub calls: usize,
    /// The number of throttled calls.
    pub throttled: usize,
    /// Machines that were down, each with the duration.
    pub down: Vec<(Address, Duration)>,
    /// The outputs, as far as they are known.
    pub outputs: Outputs,
    /// Kinds that could not be listed, each with the permission that listing needs.
    pub unlisted: Vec<(String, String)>,
}

/// The command that was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verb {
    /// `apply`.
    #[default]
    Apply,
    /// `destroy`.
    Destroy,
}

/// A resource that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The resource.
    pub address: Address,
    /// The error. Text output shows its first line only.
    pub message: String,
    /// Whether it is unknown if the cloud carried out its call, since no answer arrived.
    pub unknown: bool,
}

/// A resource that was not started, or not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// The resource.
    pub address: Address,
    /// Whether some of its steps had started.
    pub begun: bool,
    /// The failed resources that it waits for; empty if an interruption is the reason.
    pub needs: Vec<Address>,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Destroy => "Destroy",
        }
    }
}

impl OutcomeView {
    /// Returns whether the run finished everything.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.not_started.is_empty() && !self.interrupted
    }
}

/// Renders the outcome as the last lines of a run.
#[must_use]
pub fn text(outcome: &OutcomeView, style: &Style) -> String {
    let mut out = String::new();
    let label = if outcome.is_complete() {
        Label::Good
    } else {
        Label::Danger
    };
    put(&mut out, style, label, 0, &first_line(outcome));
    put(&mut out, style, Label::Dim, 0, &second_line(outcome));
    if !outcome.is_complete() {
        unfinished(&mut out, outcome, style);
    }
    if !outcome.outputs.is_empty() && outcome.verb == Verb::Apply {
        out.push('\n');
        put(&mut out, style, Label::Strong, 0, "Outputs:");
        out.push_str(&outputs::text(&outcome.outputs));
    }
    out
}

/// Returns the first line: `Apply complete! Resources: 0 added, 5 changed, 0 destroyed.` A destroy
/// that could not list a kind does not claim to be complete.
fn first_line(outcome: &OutcomeView) -> String {
    let Summary {
        add,
        change,
        destroy,
        kept,
    } = outcome.summary;
    let verb = outcome.verb.word();
    let mut done = match outcome.verb {
        Verb::Apply => vec![
            format!("{add} added"),
            format!("{change} changed"),
            format!("{destroy} destroyed"),
        ],
        Verb::Destroy => vec![format!("{destroy} destroyed")],
    };
    if kept > 0 {
        done.push(format!("{kept} kept"));
    }
    let done = done.join(", ");
    if outcome.is_complete() && outcome.verb == Verb::Destroy && !outcome.unlisted.is_empty() {
        let kinds = outcome.unlisted.iter();
        let kinds: Vec<String> = kinds
            .map(|(kind, permission)| format!("{kind} (needs {permission})"))
            .collect();
        let kinds = kinds.join(", ");
        return format!("Destroyed what could be listed: {done}. Not looked at: {kinds}.");
    }
    if outcome.is_complete() {
        return format!("{verb} complete! Resources: {done}.");
    }
    let word = if outcome.interrupted {
        "interrupted"
    } else {
        "incomplete"
    };
    let mut left = Vec::new();
    if !outcome.failed.is_empty() {
        left.push(format!("{} failed", outcome.failed.len()));
    }
    let begun = outcome.not_started.iter().filter(|one| one.begun).count();
    for (n, word) in [
        (begun, "unfinished"),
        (outcome.not_started.len() - begun, "not started"),
    ] {
        if n > 0 {
            left.push(format!("{n} {word}"));
        }
    }
    let left = if left.is_empty() {
        String::new()
    } else {
        format!(" {}.", left.join(", "))
    };
    format!("{verb} {word}: {done}.{left}")
}

/// Returns the second line: `3 min 12 s · 44 calls · down: web[0] 58 s`.
fn second_line(outcome: &OutcomeView) -> String {
    let mut parts = vec![took(outcome.elapsed), count(outcome.calls, "call")];
    if outcome.throttled > 0 {
        parts.push(format!("{} throttled", outcome.throttled));
    }
    if !outcome.down.is_empty() {
        let each: Vec<String> = outcome
            .down
            .iter()
            .map(|(address, time)| format!("{address} {}", down_time(*time)))
            .collect();
        parts.push(format!("down: {}", each.join(", ")));
    }
    parts.join(" · ")
}

/// Returns a down time, in seconds if it is shorter than 10 minutes, so that down times are easy to
/// compare.
fn down_time(time: Duration) -> String {
    if time.as_secs() < 600 {
        format!("{} s", time.as_secs())
    } else {
        took(time)
    }
}

/// Writes the failed, unfinished and not started resources, and how to continue.
fn unfinished(out: &mut String, outcome: &OutcomeView, style: &Style) {
    for failed in &outcome.failed {
        // The complete message was shown when the step failed.
        let first = failed.message.lines().next().unwrap_or_default();
        entry(
            out,
            style,
            ("failed", Label::Danger),
            &failed.address.to_string(),
            &clean(first),
        );
    }
    for (begun, word) in [(true, "unfinished"), (false, "not started")] {
        let left: Vec<&NotStarted> = outcome
            .not_started
            .iter()
            .filter(|one| one.begun == begun)
            .collect();
        for same in left.chunk_by(|one, other| one.needs == other.needs) {
            let names = words::names(&same.iter().map(|one| &one.address).collect::<Vec<_>>());
            let needs = words::names(&same[0].needs.iter().collect::<Vec<_>>());
            let needs = if needs.is_empty() {
                needs
            } else {
                format!("{} {needs}", if same.len() == 1 { "needs" } else { "need" })
            };
            entry(out, style, (word, Label::Warning), &names, &needs);
        }
    }
    if outcome.failed.iter().any(|failed| failed.unknown) {
        put(
            out,
            style,
            Label::Plain,
            0,
            "A call got no answer. The next run checks whether it took effect before it changes \
             anything.",
        );
    }
    put(out, style, Label::Plain, 0, GO_ON);
}

/// Writes `  failed       web[1]      why`, wrapped within its column.
fn entry(out: &mut String, style: &Style, (word, label): (&str, Label), names: &str, beside: &str) {
    const COLUMN: usize = 15;
    let text = if beside.is_empty() {
        names.to_owned()
    } else {
        format!("{names}      {beside}")
    };
    if style.width < 2 * COLUMN {
        put(out, style, label, 0, word);
        put(out, style, Label::Plain, 2, &text);
        return;
    }
    for (at, part) in wrap(&text, style.width - COLUMN).iter().enumerate() {
        let mut line = Line::indented(2);
        if at == 0 {
            line.push(label, word);
        }
        line.pad_to(COLUMN);
        line.push(Label::Plain, part.as_str());
        out.push_str(&line.render(style));
        out.push('\n');
    }
}

/// Returns the outcome as indented JSON, for reports and pipelines. Secret outputs are hidden.
#[must_use]
pub fn json(outcome: &OutcomeView) -> String {
    let Summary {
        add,
        change,
        destroy,
        kept,
    } = outcome.summary;
    let failed = |one: &Failed| {
        json!({
            "address": one.address.to_string(),
            "message": one.message,
            "unknown": one.unknown,
        })
    };
    let names = |all: &[Address]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let waiting = |one: &NotStarted| {
        json!({
            "address": one.address.to_string(),
            "begun": one.begun,
            "needs": names(&one.needs),
        })
    };
    let down: serde_json::Map<String, serde_json::Value> = outcome
        .down
        .iter()
        .map(|(address, time)| (address.to_string(), json!(time.as_secs_f64())))
        .collect();
    pretty(&json!({
        "format_version": "1.0",
        "verb": outcome.verb.word().to_ascii_lowercase(),
        "complete": outcome.is_complete(),
        "interrupted": outcome.interrupted,
        "summary": { "added": add, "changed": change, "destroyed": destroy, "kept": kept },
        "failed": outcome.failed.iter().map(failed).collect::<Vec<_>>(),
        "not_started": outcome.not_started.iter().map(waiting).collect::<Vec<_>>(),
        "elapsed_seconds": outcome.elapsed.as_secs_f64(),
        "calls": outcome.calls,
        "throttled": outcome.throttled,
        "unlisted": outcome
            .unlisted
            .iter()
            .map(|(kind, permission)| json!({ "kind": kind, "permission": permission }))
            .collect::<Vec<_>>(),
        "down_seconds": down,
        "outputs": outputs::to_json(&outcome.outputs, Reveal::Hidden),
    }))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::address;
    use crate::outputs::Output;

    #[track_caller]
    fn check(outcome: &OutcomeView, width: usize, expected: &Expect) {
        expected.assert_eq(&text(outcome, &Style::plain(width)));
    }

    #[test]
    fn a_destroy_that_could_not_list_a_kind_does_not_claim_to_be_complete() {
        let outcome = OutcomeView {
            verb: Verb::Destroy,
            summary: Summary {
                destroy: 2,
                ..Summary::default()
            },
            unlisted: vec![("vpc".to_owned(), "vpc:DescribeVpcs".to_owned())],
            ..OutcomeView::default()
        };
        check(
            &outcome,
            100,
            &expect![[r#"
                Destroyed what could be listed: 2 destroyed. Not looked at: vpc (needs vpc:DescribeVpcs).
                0.0 s · 0 calls
            "#]],
        );
    }

    fn cut_short() -> OutcomeView {
        let waiting = |text| NotStarted {
            address: address(text),
            begun: false,
            needs: vec![address("web[1]")],
        };
        let message = "ecs.c7.large is out of stock in cn-beijing-h".to_owned();
        OutcomeView {
            summary: Summary {
                add: 6,
                ..Summary::default()
            },
            failed: vec![Failed {
                address: address("web[1]"),
                message,
                unknown: false,
            }],
            not_started: vec![waiting("web-ip[1]"), waiting("cpu-high[1]")],
            elapsed: Duration::from_secs(48),
            calls: 21,
            throttled: 1,
            ..OutcomeView::default()
        }
    }

    #[test]
    fn complete() {
        let seconds = Duration::from_secs;
        let down = [("web[0]", 58), ("web[1]", 55), ("web[2]", 61), ("db", 124)]
            .map(|(text, n)| (address(text), seconds(n)))
            .into();
        let output = |value: &str, secret| Output {
            value: value.into(),
            secret,
        };
        let outputs = [
            ("ip".to_owned(), output("47.94.10.9", false)),
            ("pass".to_owned(), output("opensesame", true)),
        ]
        .into();
        let summary = Summary {
            change: 5,
            ..Summary::default()
        };
        let outcome = OutcomeView {
            summary,
            elapsed: seconds(192),
            calls: 44,
            down,
            outputs,
            ..OutcomeView::default()
        };
        check(
            &outcome,
            80,
            &expect![[r#"
            Apply complete! Resources: 0 added, 5 changed, 0 destroyed.
            3 min 12 s · 44 calls · down: web[0] 58 s, web[1] 55 s, web[2] 61 s, db 124 s

            Outputs:
            ip = "47.94.10.9"
            pass = (sensitive value)
        "#]],
        );
        assert!(!json(&outcome).contains("opensesame"));
    }

    #[test]
    fn incomplete() {
        check(
            &cut_short(),
            80,
            &expect![[r#"
                Apply incomplete: 6 added, 0 changed, 0 destroyed. 1 failed, 2 not started.
                48 s · 21 calls · 1 throttled
                  failed       web[1]      ecs.c7.large is out of stock in cn-beijing-h
                  not started  web-ip[1], cpu-high[1]      need web[1]
                Nothing is lost and nothing is locked. To continue, run the same command again.
            "#]],
        );
        check(
            &cut_short(),
            40,
            &expect![[r#"
                Apply incomplete: 6 added, 0 changed, 0
                destroyed. 1 failed, 2 not started.
                48 s · 21 calls · 1 throttled
                  failed       web[1]      ecs.c7.large
                               is out of stock in
                               cn-beijing-h
                  not started  web-ip[1], cpu-high[1]
                               need web[1]
                Nothing is lost and nothing is locked.
                To continue, run the same command again.
            "#]],
        );
    }

    #[test]
    fn interrupted_and_unknown() {
        let mut outcome = OutcomeView {
            interrupted: true,
            verb: Verb::Destroy,
            ..cut_short()
        };
        outcome.failed[0].unknown = true;
        outcome
            .not_started
            .iter_mut()
            .for_each(|one| one.needs.clear());
        for name in ["db[2]", "db[1]"] {
            outcome.not_started.push(NotStarted {
                address: address(name),
                begun: true,
                needs: Vec::new(),
            });
        }
        outcome.summary = Summary {
            destroy: 4,
            kept: 1,
            ..Summary::default()
        };
        check(
            &outcome,
            80,
            &expect![[r#"
                Destroy interrupted: 4 destroyed, 1 kept. 1 failed, 2 unfinished, 2 not started.
                48 s · 21 calls · 1 throttled
                  failed       web[1]      ecs.c7.large is out of stock in cn-beijing-h
                  unfinished   db[1..2]
                  not started  web-ip[1], cpu-high[1]
                A call got no answer. The next run checks whether it took effect before it
                changes anything.
                Nothing is lost and nothing is locked. To continue, run the same command again.
            "#]],
        );
    }

    #[test]
    fn as_json() {
        expect![[r#"
            {
              "calls": 21,
              "complete": false,
              "down_seconds": {},
              "elapsed_seconds": 48.0,
              "failed": [
                {
                  "address": "web[1]",
                  "message": "ecs.c7.large is out of stock in cn-beijing-h",
                  "unknown": false
                }
              ],
              "format_version": "1.0",
              "interrupted": false,
              "not_started": [
                {
                  "address": "web-ip[1]",
                  "begun": false,
                  "needs": [
                    "web[1]"
                  ]
                },
                {
                  "address": "cpu-high[1]",
                  "begun": false,
                  "needs": [
                    "web[1]"
                  ]
                }
              ],
              "outputs": {},
              "summary": {
                "added": 6,
                "changed": 0,
                "destroyed": 0,
                "kept": 0
              },
              "throttled": 1,
              "unlisted": [],
              "verb": "apply"
            }
        "#]]
        .assert_eq(&json(&cut_short()));
    }

    #[test]
    fn every_width_works() {
        for width in 0..50 {
            let _text = text(&cut_short(), &Style { color: true, width });
        }
    }
}
