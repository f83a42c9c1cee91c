//! What a plan says, worked out once for every format: items with marks, words and lines, and the
//! sentences at its end.

use std::time::Duration;

use setpoint_plan::document::{SENSITIVE, note_words};
use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;
use setpoint_spec::schema::Schema;

use crate::style::Label;
use crate::words;

mod items;
mod rows;
mod rules;
mod sentences;
mod time;
pub(crate) mod values;

pub(crate) use time::usual;

/// The line of a plan without changes.
pub const NO_CHANGES: &str = "No changes. Your infrastructure matches the configuration.";

/// What a plan for some targets without changes says: it promises nothing about the rest.
pub const NO_CHANGES_TO_TARGETS: &str =
    "No changes to the targets. The rest of the stack was not compared.";

/// What a plan does not know of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Header {
    /// How long reading and planning took; not shown if unknown.
    pub elapsed: Option<Duration>,
    /// The kinds' tables, for units and secret fields.
    pub schema: Option<Schema>,
    /// Whether the plan is to take everything away.
    pub destroy: bool,
    /// Whether only some addresses were asked for.
    pub is_partial: bool,
}

/// A plan in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanView {
    /// Stack, region, account, what was read.
    pub header: String,
    /// What changes, one entry for equal changes of a group's members.
    pub items: Vec<Item>,
    /// What was noticed about resources that have no item, and about the stack.
    pub notes: Vec<String>,
    /// Outputs and their values to be; none if nothing about them can change.
    pub outputs: Vec<(String, String)>,
    /// `Plan: …`, or [`NO_CHANGES`].
    pub summary: String,
    /// Whether nothing changes.
    pub is_empty: bool,
    /// What it does to what runs.
    pub effect: Option<(Label, String)>,
    /// What is held or let through, with the way out.
    pub held: Vec<(Label, String)>,
    /// What reading the cloud cost.
    pub reads: String,
}

/// One change, or equal changes of several members of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `+ ~ -/+ +/- - ! x`.
    pub mark: &'static str,
    /// What it means.
    pub label: Label,
    /// `app`, or `web[0..2]`.
    pub name: String,
    /// The kind's name.
    pub kind: &'static str,
    /// `create`, `update in-place`, ….
    pub verb: &'static str,
    /// Words beside the verb: kind, effect, loss, duration.
    pub words: Vec<(Label, String)>,
    /// The lines below.
    pub rows: Vec<Row>,
}

/// One line below a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `+ ~ -`, or empty for a remark.
    pub mark: &'static str,
    /// What it means.
    pub label: Label,
    /// What it says.
    pub what: What,
    /// Whether it forces a replacement.
    pub forces: bool,
    /// A word beside it that must not get lost.
    pub remark: Option<String>,
    /// Where the spec says so; left out where there is no room.
    pub at: Option<String>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An attribute has another value.
    Change {
        /// The attribute.
        name: String,
        /// The old value.
        before: String,
        /// The new one.
        after: String,
    },
    /// An attribute is there or goes.
    Set {
        /// The attribute.
        name: String,
        /// Its value.
        value: String,
    },
    /// A sentence.
    Line(String),
}

impl Row {
    /// An attribute with another value.
    pub(crate) fn change(
        mark: &'static str,
        label: Label,
        name: &str,
        before: String,
        after: String,
    ) -> Self {
        Self::new(
            mark,
            label,
            What::Change {
                name: name.to_owned(),
                before,
                after,
            },
        )
    }

    /// An attribute that is there or goes.
    pub(crate) fn set(mark: &'static str, label: Label, name: &str, value: String) -> Self {
        Self::new(
            mark,
            label,
            What::Set {
                name: name.to_owned(),
                value,
            },
        )
    }

    /// A sentence under a mark.
    pub(crate) fn line(mark: &'static str, label: Label, text: String) -> Self {
        Self::new(mark, label, What::Line(text))
    }

    /// A sentence without a mark.
    pub(crate) fn remark(label: Label, text: String) -> Self {
        Self::new("", label, What::Line(text))
    }

    fn new(mark: &'static str, label: Label, what: What) -> Self {
        Self {
            mark,
            label,
            what,
            forces: false,
            remark: None,
            at: None,
        }
    }

    /// The line as one text, without its mark.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = match &self.what {
            What::Change {
                name,
                before,
                after,
            } => format!("{name}  {before} -> {after}"),
            What::Set { name, value } => format!("{name}  {value}"),
            What::Line(text) => text.clone(),
        };
        if self.forces {
            text.push_str("  # forces replacement");
        }
        for beside in self.remark.iter().chain(&self.at) {
            text.push_str("    ");
            text.push_str(beside);
        }
        text
    }
}

/// A plan and its report in words.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, header: &Header) -> PlanView {
    let values = values::Values::of_plan(plan, header.schema);
    let items = items::items(plan, report, &values);
    let noted =
        |address: &setpoint_plan::Address| plan.change(address).is_some_and(items::is_shown);
    let rest = report
        .notes
        .iter()
        .filter(|note| !note.address.as_ref().is_some_and(noted));
    let notes = rest.map(|note| {
        let text = note_words(&note.what).1;
        note.address.as_ref().map_or_else(
            || words::clean(&text),
            |address| format!("{address}: {}", words::clean(&text)),
        )
    });
    PlanView {
        header: sentences::header(plan, header),
        notes: notes.collect(),
        summary: sentences::summary(plan, header),
        is_empty: plan.is_empty(),
        outputs: outputs(plan, &values),
        effect: sentences::effect(plan),
        held: sentences::held(plan),
        reads: sentences::reads(plan.cost),
        items,
    }
}

/// Outputs are told of where apply decides their values, or makes the stack.
fn outputs(plan: &Plan, values: &values::Values<'_>) -> Vec<(String, String)> {
    let is_told = plan.n_live == 0 || plan.outputs.values().any(|output| !output.value.is_known());
    let shown = |output: &setpoint_plan::plan::PlannedOutput| match &output.value {
        _ if output.secret => SENSITIVE.to_owned(),
        value if value.is_known() => values.shown(value),
        _ => values::UNKNOWN.to_owned(),
    };
    let told = plan.outputs.iter().filter(|_| is_told && !plan.is_empty());
    told.map(|(name, output)| (name.clone(), shown(output)))
        .collect()
}
