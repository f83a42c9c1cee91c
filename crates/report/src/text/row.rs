//! The lines below an item: names, values and what stands beside them, each in its column.

use crate::line::{Line, width, wrap};
use crate::style::{Label, Style};
use crate::view::{Row, What};

use super::put;

/// A value column narrower than this is given up: values go below their names.
const VALUE_MIN: usize = 20;
/// Below this width places in the spec are left out.
const PLACES_FROM: usize = 60;

/// The columns of one item's lines.
struct Columns {
    indent: usize,
    /// Width of the names.
    name: usize,
    /// Width of the values that something stands beside.
    value: usize,
    /// Width of the sentences that something stands beside.
    sentence: usize,
    /// Width of remarks that a place stands beside.
    remark: usize,
}

/// Writes the lines.
pub(super) fn rows(out: &mut String, rows: &[Row], indent: usize, style: &Style) {
    let columns = Columns::of(rows, indent.min(style.width / 4), style);
    for row in rows {
        match &row.what {
            What::Line(text) if row.mark.is_empty() => put(out, style, row.label, columns.indent + 2, text),
            What::Line(text) => sentence(out, row, text, &columns, style),
            What::Set { name, value } => named(out, row, name, &[value], &columns, style),
            What::Change { name, before, after } => named(out, row, name, &[before, after], &columns, style),
        }
    }
}

fn one_line(row: &Row, sides: &[&String]) -> String {
    let text = sides.iter().map(|side| side.as_str()).collect::<Vec<_>>().join(" -> ");
    if row.forces { format!("{text}  # forces replacement") } else { text }
}

fn value_of(row: &Row) -> Option<String> {
    match &row.what {
        What::Set { value, .. } => Some(one_line(row, &[value])),
        What::Change { before, after, .. } => Some(one_line(row, &[before, after])),
        What::Line(_) => None,
    }
}

fn shows_place(row: &Row, style: &Style) -> bool {
    row.at.is_some() && style.width >= PLACES_FROM
}

/// Columns that what stands beside a line takes.
fn side_width(row: &Row, remark: usize, style: &Style) -> usize {
    let place = row.at.as_deref().filter(|_| shows_place(row, style)).map_or(0, width);
    match (&row.remark, place) {
        (None, place) => place,
        (Some(text), 0) => width(text),
        (Some(_), place) => remark + 4 + place,
    }
}

impl Columns {
    fn of(rows: &[Row], indent: usize, style: &Style) -> Self {
        let name_of = |row: &Row| match &row.what {
            What::Set { name, .. } | What::Change { name, .. } => width(name),
            What::Line(_) => 0,
        };
        let name = rows.iter().map(name_of).filter(|n| *n <= style.width / 3).max().unwrap_or(0);
        let remark = rows.iter().filter(|row| row.at.is_some()).filter_map(|row| row.remark.as_deref()).map(width).max().unwrap_or(0);
        let mut columns = Self { indent, name, value: 0, sentence: 0, remark };
        let start = columns.value_start();
        for row in rows {
            let side = side_width(row, remark, style);
            if side == 0 {
                continue;
            }
            match (&row.what, value_of(row)) {
                (What::Line(text), _) if indent + 2 + width(text) + 2 + side <= style.width => {
                    columns.sentence = columns.sentence.max(width(text));
                }
                (_, Some(value)) if start + width(&value) + 2 + side <= style.width => {
                    columns.value = columns.value.max(width(&value));
                }
                _ => {}
            }
        }
        columns
    }

    fn value_start(&self) -> usize {
        self.indent + 2 + self.name + 2
    }
}

/// A sentence under a mark: a rule.
fn sentence(out: &mut String, row: &Row, text: &str, columns: &Columns, style: &Style) {
    let mut line = Line::indented(columns.indent);
    line.push(row.label, format!("{} ", row.mark));
    let start = line.width();
    let mut parts = wrap(text, style.width.saturating_sub(start)).into_iter();
    let first = parts.next().unwrap_or_default();
    line.push(Label::Plain, first);
    for part in parts {
        super::end(out, &line, style);
        line = Line::indented(start + 2);
        line.push(Label::Plain, part);
    }
    beside(out, line, row, start + columns.sentence + 2, columns, style);
}

/// An attribute with its value or its two values.
fn named(out: &mut String, row: &Row, name: &str, sides: &[&String], columns: &Columns, style: &Style) {
    let mut line = Line::indented(columns.indent);
    line.push(row.label, format!("{} ", row.mark));
    line.push(Label::Plain, name);
    let start = columns.value_start();
    let room = style.width.saturating_sub(start);
    let whole = one_line(row, sides);
    if room < VALUE_MIN || line.width() > start.saturating_sub(2) {
        let fits = line.width() + 2 + width(&whole) <= style.width;
        if fits {
            line.push(Label::Plain, "  ");
            push_value(&mut line, row, sides);
        } else {
            let below = (columns.indent + 4).min(style.width / 2);
            let text = wrap(&whole, style.width.saturating_sub(below));
            super::end(out, &line, style);
            line = Line::default();
            for (at, part) in text.iter().enumerate() {
                line = Line::indented(below);
                line.push(Label::Plain, part.as_str());
                if at + 1 < text.len() {
                    super::end(out, &line, style);
                }
            }
        }
        beside(out, line, row, 0, columns, style);
        return;
    }
    line.pad_to(start);
    if width(&whole) <= room {
        push_value(&mut line, row, sides);
    } else {
        line = in_several_lines(out, line, row, sides, (start, room), style);
    }
    beside(out, line, row, start + columns.value + 2, columns, style);
}

fn push_value(line: &mut Line, row: &Row, sides: &[&String]) {
    for (at, side) in sides.iter().enumerate() {
        if at > 0 {
            line.push(Label::Dim, " -> ");
        }
        line.push(Label::Plain, side.as_str());
    }
    if row.forces {
        line.push(Label::Danger, "  # forces replacement");
    }
}

/// The old value, and below it the new one, its arrow hanging out to the left. Gives the last line.
fn in_several_lines(out: &mut String, first: Line, row: &Row, sides: &[&String], (start, room): (usize, usize), style: &Style) -> Line {
    let mut line = first;
    for (at, side) in sides.iter().enumerate() {
        let mut text = (*side).clone();
        if row.forces && at + 1 == sides.len() {
            text.push_str("  # forces replacement");
        }
        for (nth, part) in wrap(&text, room).into_iter().enumerate() {
            if at > 0 || nth > 0 {
                super::end(out, &line, style);
                line = Line::indented(if at > 0 && nth == 0 { start - 3 } else { start });
                if at > 0 && nth == 0 {
                    line.push(Label::Dim, "-> ");
                }
            }
            line.push(Label::Plain, part);
        }
    }
    line
}

/// Ends a line with what stands beside it: a remark goes below where there is no room, a place is left out.
fn beside(out: &mut String, mut line: Line, row: &Row, column: usize, columns: &Columns, style: &Style) {
    let column = column.max(line.width() + 2);
    let place = row.at.as_deref().filter(|_| shows_place(row, style));
    let remark_fits = row.remark.as_deref().is_none_or(|remark| column + width(remark) <= style.width);
    if let Some(remark) = row.remark.as_deref() {
        if remark_fits {
            line.pad_to(column);
            line.push(Label::Plain, remark);
        } else {
            super::end(out, &line, style);
            put(out, style, Label::Plain, columns.indent + 4, remark);
            return;
        }
    }
    let place_column = if row.remark.is_some() { (column + columns.remark + 4).max(line.width() + 2) } else { column };
    if let Some(place) = place.filter(|place| place_column + width(place) <= style.width) {
        line.pad_to(place_column);
        line.push(Label::Dim, place);
    }
    super::end(out, &line, style);
}
