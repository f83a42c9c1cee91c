//! Drift: the differences of a plan, described from the side of the cloud.
//!
//! A plan says what it will do; drift says how the live state differs from the spec. The marks are
//! therefore reversed: a value that the plan would add is missing (`-`), and one that it would
//! remove is extra (`+`).

use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;

use super::put;
use crate::line::width;
use crate::style::{Label, Style};
use crate::view::{self, Header, Item, Row, What};
use crate::words::{count, took};

/// Renders the differences from the spec, resource by resource. Kept resources are left out.
#[must_use]
pub fn drift(plan: &Plan, report: &Report, header: &Header, style: &Style) -> String {
    let view = view::plan(plan, report, header);
    let n = plan
        .changes
        .iter()
        .filter(|change| change.is_change())
        .count();
    let elapsed = header
        .elapsed
        .map(|time| format!(", {}", took(time)))
        .unwrap_or_default();
    let mut out = String::new();
    if n == 0 {
        put(
            &mut out,
            style,
            Label::Good,
            0,
            &format!("{}: nothing differs from the spec{elapsed}", plan.stack),
        );
        return out;
    }
    let verb = if n == 1 { "differs" } else { "differ" };
    let of = count(plan.n_live.max(n), "resource");
    put(
        &mut out,
        style,
        Label::Strong,
        0,
        &format!("{}: {n} of {of} {verb} from the spec{elapsed}", plan.stack),
    );
    let name = view
        .items
        .iter()
        .map(|item| width(&item.name))
        .max()
        .unwrap_or(0)
        .min(style.width / 3);
    for item in view.items.iter().filter(|item| item.verb != "kept") {
        for (at, (label, text)) in lines(item).iter().enumerate() {
            let first = if at == 0 { item.name.as_str() } else { "" };
            if width(first) > name {
                put(&mut out, style, Label::Strong, 2, first);
            }
            let shown = if width(first) > name { "" } else { first };
            let indent = format!("{shown:name$}");
            hanging(&mut out, style, &indent, *label, text);
        }
    }
    out
}

/// Writes a text to the right of a name, wrapped in its own column.
fn hanging(out: &mut String, style: &Style, name: &str, label: Label, text: &str) {
    let start = 2 + width(name) + 2;
    for (at, part) in crate::line::wrap(text, style.width.saturating_sub(start))
        .into_iter()
        .enumerate()
    {
        let mut line = crate::line::Line::indented(2);
        line.push(Label::Strong, if at == 0 { name } else { "" });
        line.pad_to(start);
        line.push(label, part);
        super::end(out, &line, style);
    }
}

/// Returns the lines of an item. A resource that only one side has is one line.
fn lines(item: &Item) -> Vec<(Label, String)> {
    match item.verb {
        "create" => vec![(
            Label::Delete,
            format!("- {}: in the spec, but does not exist", item.kind),
        )],
        "destroy" => vec![(
            Label::Create,
            format!("+ {}: exists, but is not in the spec", item.kind),
        )],
        _ => {
            let found: Vec<(Label, String)> = item.rows.iter().filter_map(line).collect();
            if found.is_empty() {
                vec![(Label::Update, format!("~ {}", item.verb))]
            } else {
                found
            }
        }
    }
}

/// Returns a row of a plan as drift, with the mark reversed; `None` for a remark.
fn line(row: &Row) -> Option<(Label, String)> {
    Some(match (&row.what, row.mark) {
        (_, "") => return None,
        (
            What::Change {
                name,
                before,
                after,
            },
            _,
        ) => (
            Label::Update,
            format!("~ {name}  spec {after}, live {before}"),
        ),
        (What::Set { name, value }, "+") => (
            Label::Delete,
            format!("- {name}  spec {value}, live nothing"),
        ),
        (What::Set { name, value }, "-") => (
            Label::Create,
            format!("+ {name}  live {value}, spec nothing"),
        ),
        (What::Set { name, value }, _) => (Label::Update, format!("~ {name}  {value}")),
        (What::Line(text), "+") => (Label::Delete, format!("- {text}  missing")),
        (What::Line(text), "-") => (Label::Create, format!("+ {text}  not in the spec")),
        (What::Line(text), mark) => (Label::Update, format!("{mark} {text}")),
    })
}
