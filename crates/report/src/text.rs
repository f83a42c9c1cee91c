//! A plan as text for a terminal: header, items with their rows, notes, summary, effect, held
//! changes.
//!
//! The first lines of all items share their columns. Text without room wraps or moves to the next
//! line; only places in the spec are dropped.

use std::fmt::Write as _;

use setpoint_plan::plan::Plan;
use setpoint_plan::report::Report;

use crate::line::{Line, width, wrap};
use crate::style::{Label, Style};
use crate::view::{self, Header, Item, PlanView};

mod call;
mod drift;
mod row;

pub use call::calls;
pub use drift::drift;

/// The widest column of item names.
const NAME_MAX: usize = 28;

/// Renders a plan.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, header: &Header, style: &Style) -> String {
    page(&view::plan(plan, report, header), style)
}

/// Renders a plan from its view.
#[must_use]
pub fn page(view: &PlanView, style: &Style) -> String {
    let mut out = String::new();
    put(&mut out, style, Label::Dim, 0, &view.header);
    let columns = Columns::of(view, style);
    let mut is_bare = false;
    for item in &view.items {
        // Adjacent items without rows form a list; all other items have blank lines around them.
        if !(is_bare && item.rows.is_empty()) {
            out.push('\n');
        }
        is_bare = item.rows.is_empty();
        head(&mut out, item, &columns, style);
        row::rows(&mut out, &item.rows, columns.mark + 5, style);
    }
    if !view.items.is_empty() {
        out.push('\n');
    }
    if !view.outputs.is_empty() {
        put(&mut out, style, Label::Strong, 0, "Outputs:");
    }
    for (name, value) in &view.outputs {
        put(
            &mut out,
            style,
            Label::Plain,
            2,
            &format!("{name} = {value}"),
        );
    }
    if !view.outputs.is_empty() {
        out.push('\n');
    }
    for note in &view.notes {
        put(&mut out, style, Label::Warning, 0, &format!("Note: {note}"));
    }
    put(
        &mut out,
        style,
        if view.is_empty {
            Label::Good
        } else {
            Label::Strong
        },
        0,
        &view.summary,
    );
    for (label, text) in view.effect.iter().chain(&view.held) {
        put(&mut out, style, *label, 0, text);
    }
    put(&mut out, style, Label::Dim, 0, &view.reads);
    out
}

/// The widths of the columns of first lines.
struct Columns {
    mark: usize,
    name: usize,
    kind: usize,
    verb: usize,
}

impl Columns {
    fn of(view: &PlanView, style: &Style) -> Self {
        let mark = view
            .items
            .iter()
            .map(|item| width(item.mark))
            .max()
            .unwrap_or(1);
        let limit = NAME_MAX.min(style.width / 3);
        let name = view
            .items
            .iter()
            .map(|item| width(&item.name))
            .filter(|n| *n <= limit)
            .max()
            .unwrap_or(0);
        let widest = |of: fn(&Item) -> &str| {
            let each = view.items.iter().map(|item| width(of(item)));
            each.max().unwrap_or(0)
        };
        let verb = widest(|item| item.verb);
        let kind = widest(|item| item.kind);
        Self {
            mark,
            name,
            kind,
            verb,
        }
    }
}

/// Writes the first line of an item; words without room follow below it.
fn head(out: &mut String, item: &Item, columns: &Columns, style: &Style) {
    let mut line = Line::indented(if style.width < 20 { 0 } else { 2 });
    line.push(item.label, format!("{:>1$}", item.mark, columns.mark));
    line.push(Label::Plain, " ");
    let start = line.width();
    line.push(Label::Strong, item.name.as_str());
    line.pad_to(start + columns.name);
    line.push(Label::Plain, "  ");
    let kind = line.width();
    line.push(Label::Dim, item.kind);
    line.pad_to(kind + columns.kind);
    line.push(Label::Plain, "  ");
    let verb = line.width();
    line.push(item.label, item.verb);
    if line.width() > style.width {
        // The name and the verb do not fit on one line, so each has its own.
        put(
            out,
            style,
            Label::Strong,
            0,
            &format!("{} {}  {}", item.mark, item.name, item.kind),
        );
        put(out, style, item.label, start, item.verb);
        line = Line::indented(start);
    } else {
        line.pad_to(verb + columns.verb);
        line.push(Label::Plain, "  ");
    }
    let mut at_start = line.width() <= start;
    for (label, word) in &item.words {
        if line.width() + width(word) > style.width && !at_start {
            end(out, &line, style);
            line = Line::indented(start + 2);
        }
        if line.width() + width(word) > style.width {
            put(out, style, *label, start + 2, word);
            continue;
        }
        line.push(*label, word.as_str());
        line.push(Label::Plain, "  ");
        at_start = false;
    }
    end(out, &line, style);
}

/// Writes a line, unless it is empty.
fn end(out: &mut String, line: &Line, style: &Style) {
    let text = line.render(style);
    if !text.is_empty() {
        out.push_str(&text);
        out.push('\n');
    }
}

/// Writes a sentence, wrapped, with each line indented.
pub(crate) fn put(out: &mut String, style: &Style, label: Label, indent: usize, text: &str) {
    let indent = indent.min(style.width / 2);
    for part in wrap(text, style.width.saturating_sub(indent)) {
        let _infallible = writeln!(out, "{:indent$}{}", "", style.paint(label, part.trim_end()));
    }
}

#[cfg(test)]
mod tests;
