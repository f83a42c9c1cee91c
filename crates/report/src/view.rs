//! The words of a plan, independent of the output format: items with marks, words and rows, and the
//! sentences around them.
//!
//! [`plan`] builds a [`PlanView`]; the text, Markdown and HTML formats only lay it out. Items are
//! in the order of the plan's changes, and equal changes of adjacent members of a group share one
//! item.
//!
//! Invariant: a value that is a secret or contains one, or whose field or name marks it as
//! sensitive, reads `(sensitive value)`.

use std::collections::BTreeSet;
use std::time::Duration;

use setpoint_plan::document::{SENSITIVE, note_words};
use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;
use setpoint_plan::{Address, Value};
use setpoint_spec::schema::Schema;

use crate::style::Label;
use crate::{outputs, words};

mod items;
mod rows;
mod rules;
mod sentences;
mod time;
pub(crate) mod values;

pub(crate) use time::usual;

/// The summary of a plan without changes.
pub const NO_CHANGES: &str = "No changes. Your infrastructure matches the configuration.";

/// The summary of a plan for some targets without changes. It claims nothing about the rest of the
/// stack, which was not compared.
pub const NO_CHANGES_TO_TARGETS: &str =
    "No changes to the targets. The rest of the stack was not compared.";

/// Facts that a view needs and that the plan itself does not hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Header {
    /// How long reading and planning took; left out of the header if `None`.
    pub elapsed: Option<Duration>,
    /// The schema of the kinds, from which units, secret fields and the targets of references are
    /// read.
    pub schema: Option<Schema>,
    /// Whether the plan is that of a `destroy`.
    pub destroy: bool,
    /// Whether the plan is limited to some addresses.
    pub is_partial: bool,
}

/// A plan in words, independent of the output format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanView {
    /// Stack, region, account (its id shortened), number of live resources, and the elapsed time.
    pub header: String,
    /// The changes, in the order of the plan; equal changes of adjacent group members share one
    /// item.
    pub items: Vec<Item>,
    /// Notes about the stack, and about resources that have no item.
    pub notes: Vec<String>,
    /// Outputs with their planned values; empty unless the plan creates the stack or an output is
    /// known only after apply.
    pub outputs: Vec<(String, String)>,
    /// `Plan: …`, or the sentence for a plan without changes, such as [`NO_CHANGES`].
    pub summary: String,
    /// Whether the plan has no changes.
    pub is_empty: bool,
    /// Interruptions, data losses and payments; `None` if no live resource is interrupted, loses
    /// data or changes in place.
    pub effect: Option<(Label, String)>,
    /// Held steps with the way to allow them, and allowed ones.
    pub held: Vec<(Label, String)>,
    /// The number of API calls that reading the live state took, by type.
    pub reads: String,
}

/// One change, or equal changes of several group members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// One of `+`, `~`, `-/+`, `+/-`, `-`, `!` (kept) and `x` (forgotten).
    pub mark: &'static str,
    /// The meaning of the mark and the verb, for colours.
    pub label: Label,
    /// `app`, or `web[0..2]`.
    pub name: String,
    /// The kind's name.
    pub kind: &'static str,
    /// `create`, `update in-place`, ….
    pub verb: &'static str,
    /// Words beside the verb: the id of a deleted resource, the effect, data loss, and the usual
    /// duration.
    pub words: Vec<(Label, String)>,
    /// The rows below.
    pub rows: Vec<Row>,
}

/// One row below a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `+`, `~` or `-`; empty for a remark.
    pub mark: &'static str,
    /// The meaning of the row, for colours.
    pub label: Label,
    /// The content.
    pub what: What,
    /// Whether this difference forces a replacement.
    pub forces: bool,
    /// A remark beside the row. It is never dropped: without room it moves to the next line.
    pub remark: Option<String>,
    /// The place in the spec, `file:line:column`; dropped if there is no room.
    pub at: Option<String>,
}

/// The content of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An attribute with an old and a new value.
    Change {
        /// The attribute.
        name: String,
        /// The old value.
        before: String,
        /// The new value.
        after: String,
    },
    /// An attribute with one text: it is added or removed, or its values are not shown.
    Set {
        /// The attribute.
        name: String,
        /// Its value, or the text in place of it.
        value: String,
    },
    /// A sentence.
    Line(String),
}

impl Row {
    /// Creates a row for an attribute with an old and a new value.
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

    /// Creates a row for an attribute with one text.
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

    /// Creates a row for a sentence with a mark.
    pub(crate) fn line(mark: &'static str, label: Label, text: String) -> Self {
        Self::new(mark, label, What::Line(text))
    }

    /// Creates a row for a sentence without a mark.
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

    /// Returns the row as one line without its mark: the content, the note on a replacement, the
    /// remark and the place.
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

/// Builds the view of a plan and of the notes in its report.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, header: &Header) -> PlanView {
    let values = values::Values::of_plan(plan, header.schema);
    let items = items::items(plan, report, &values);
    let noted = |address: &Address| plan.change(address).is_some_and(items::is_shown);
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

/// Returns the outputs with their planned values, if the plan has changes and either creates the
/// stack or leaves an output unknown until apply. A plan that is limited to targets may leave an
/// output unknown even then.
fn outputs(plan: &Plan, values: &values::Values<'_>) -> Vec<(String, String)> {
    let is_told = plan.n_live == 0 || plan.outputs.values().any(|output| !output.value.is_known());
    let changed: BTreeSet<&Address> = plan.steps.iter().map(|step| &step.address).collect();
    let comes = |value: &Value| {
        let mut refs = value.refs().into_iter();
        refs.all(|one| changed.contains(&one.address))
    };
    let shown = |output: &setpoint_plan::plan::PlannedOutput| match &output.value {
        _ if output.secret => SENSITIVE.to_owned(),
        value if value.is_known() => values.shown(value),
        value if comes(value) => values::UNKNOWN.to_owned(),
        value => outputs::missing(value),
    };
    let told = plan.outputs.iter().filter(|_| is_told && !plan.is_empty());
    told.map(|(name, output)| (name.clone(), shown(output)))
        .collect()
}
