//! The rows below an item, with names, values, remarks and places in columns.
//!
//! Members of a structure that differ together are written below the name of the structure, with
//! columns of their own. A value without room goes below its name, and the new value below the old
//! one; a remark without room goes to the next line; a place without room is dropped.

use crate::line::{Line, width, wrap};
use crate::style::{Label, Style};
use crate::view::{Row, What};

use super::put;

/// The narrowest column of values; with less room, values go below their names.
const VALUE_MIN: usize = 20;
/// The narrowest terminal on which places in the spec are shown.
const PLACES_FROM: usize = 60;
/// The number of spaces between a remark and a place.
const PLACE_GAP: usize = 4;
/// The additional indentation of the members of a structure.
const MEMBER_INDENT: usize = 4;
/// The note beside a difference that forces a replacement.
const FORCES: &str = "  # forces replacement";
/// The arrow before a new value that is on a line of its own.
const ARROW: &str = "-> ";

/// The columns of the rows of one item or structure.
#[derive(Clone, Copy)]
struct Columns {
    indent: usize,
    /// The width of names.
    name: usize,
    /// The width of values that have a remark or a place beside them.
    value: usize,
    /// The width of sentences that have a remark or a place beside them.
    sentence: usize,
    /// The width of remarks that have a place beside them.
    remark: usize,
}

/// Writes the rows; members of a structure that differ together are written below its name.
pub(super) fn rows(out: &mut String, rows: &[Row], indent: usize, style: &Style) {
    let indent = indent.min(style.width / 4);
    let sections = sections(rows);
    let alone: Vec<Row> = sections
        .iter()
        .filter(|section| section.len() == 1)
        .flat_map(|section| section.iter().cloned())
        .collect();
    let columns = Columns::of(&alone, indent, style);
    for section in sections {
        if let [row] = section {
            plain(out, std::slice::from_ref(row), columns, style);
            continue;
        }
        let (mark, label) = mark(section);
        let mut head = Line::indented(indent);
        head.push(label, format!("{mark} "));
        head.push(Label::Plain, prefix(&section[0]).unwrap_or_default());
        super::end(out, &head, style);
        let members: Vec<Row> = section.iter().map(without_prefix).collect();
        let columns = Columns::of(&members, indent + MEMBER_INDENT, style);
        plain(out, &members, columns, style);
    }
}

/// Splits rows into sections: a single row, or adjacent members of one structure.
fn sections(rows: &[Row]) -> Vec<&[Row]> {
    let mut sections = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let (section, behind) = rest.split_at(structure(rest));
        sections.push(section);
        rest = behind;
    }
    sections
}

/// Returns how many rows, from the first one on, are members of the same structure.
fn structure(rows: &[Row]) -> usize {
    let Some(first) = prefix(&rows[0]) else {
        return 1;
    };
    let belongs = |row: &&Row| prefix(row) == Some(first);
    rows.iter().take_while(belongs).count()
}

/// Returns the mark of a structure: that of its members if they agree, otherwise `~`.
fn mark(members: &[Row]) -> (&'static str, Label) {
    let first = &members[0];
    if members.iter().all(|row| row.mark == first.mark) {
        (first.mark, first.label)
    } else {
        ("~", Label::Update)
    }
}

fn name_of(row: &Row) -> Option<&String> {
    match &row.what {
        What::Set { name, .. } | What::Change { name, .. } => Some(name),
        What::Line(_) => None,
    }
}

/// Returns the structure that the attribute of a row is a member of.
fn prefix(row: &Row) -> Option<&str> {
    let (structure, _) = name_of(row)?.split_once('.')?;
    Some(structure)
}

fn without_prefix(row: &Row) -> Row {
    let mut row = row.clone();
    if let What::Set { name, .. } | What::Change { name, .. } = &mut row.what
        && let Some((_, member)) = name.split_once('.')
    {
        *name = member.to_owned();
    }
    row
}

/// Writes rows that share their columns.
fn plain(out: &mut String, rows: &[Row], columns: Columns, style: &Style) {
    let mut writer = Writer {
        out,
        columns,
        style,
    };
    for row in rows {
        match &row.what {
            What::Line(text) if row.mark.is_empty() => put(
                writer.out,
                style,
                row.label,
                writer.columns.indent + 2,
                text,
            ),
            What::Line(text) => writer.sentence(row, text),
            What::Set { name, value } => writer.named(row, name, &[value]),
            What::Change {
                name,
                before,
                after,
            } => writer.named(row, name, &[before, after]),
        }
    }
}

/// Returns the values of a row, and the note on a replacement, as one line.
fn one_line(row: &Row, sides: &[&String]) -> String {
    let text = sides
        .iter()
        .map(|side| side.as_str())
        .collect::<Vec<_>>()
        .join(" -> ");
    if row.forces {
        format!("{text}{FORCES}")
    } else {
        text
    }
}

fn value_of(row: &Row) -> Option<String> {
    match &row.what {
        What::Set { value, .. } => Some(one_line(row, &[value])),
        What::Change { before, after, .. } => Some(one_line(row, &[before, after])),
        What::Line(_) => None,
    }
}

/// Returns the place to show beside a row; `None` on a narrow terminal.
fn place<'a>(row: &'a Row, style: &Style) -> Option<&'a str> {
    row.at.as_deref().filter(|_| style.width >= PLACES_FROM)
}

/// Returns the number of columns that the remark and the place beside a row take.
fn side_width(row: &Row, remark: usize, style: &Style) -> usize {
    match (&row.remark, place(row, style).map(width)) {
        (None, place) => place.unwrap_or(0),
        (Some(text), None) => width(text),
        (Some(_), Some(place)) => remark + PLACE_GAP + place,
    }
}

impl Columns {
    /// Measures rows. Names wider than two fifths of the terminal do not widen their column, nor do
    /// values and sentences that would leave no room beside them.
    fn of(rows: &[Row], indent: usize, style: &Style) -> Self {
        let name = rows
            .iter()
            .map(|row| name_of(row).map_or(0, |name| width(name)))
            .filter(|n| *n <= style.width * 2 / 5)
            .max()
            .unwrap_or(0);
        let remark = rows
            .iter()
            .filter(|row| row.at.is_some())
            .filter_map(|row| row.remark.as_deref())
            .map(width)
            .max()
            .unwrap_or(0);
        let mut columns = Self {
            indent,
            name,
            value: 0,
            sentence: 0,
            remark,
        };
        let start = columns.value_start();
        for row in rows {
            let side = side_width(row, remark, style);
            match (&row.what, value_of(row)) {
                _ if side == 0 => {}
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

/// Writes rows into a text.
struct Writer<'a> {
    out: &'a mut String,
    columns: Columns,
    style: &'a Style,
}

impl Writer<'_> {
    fn end(&mut self, line: &Line) {
        super::end(self.out, line, self.style);
    }

    /// Returns a line with the mark of a row.
    fn begin(&self, row: &Row) -> Line {
        let mut line = Line::indented(self.columns.indent);
        line.push(row.label, format!("{} ", row.mark));
        line
    }

    /// Writes a sentence with a mark, such as a rule.
    fn sentence(&mut self, row: &Row, text: &str) {
        let mut line = self.begin(row);
        let start = line.width();
        let mut parts = wrap(text, self.style.width.saturating_sub(start)).into_iter();
        line.push(Label::Plain, parts.next().unwrap_or_default());
        for part in parts {
            self.end(&line);
            line = Line::indented(start + 2);
            line.push(Label::Plain, part);
        }
        self.beside(line, row, start + self.columns.sentence + 2);
    }

    /// Writes an attribute with its value, or with its old and new value.
    fn named(&mut self, row: &Row, name: &str, sides: &[&String]) {
        let mut line = self.begin(row);
        line.push(Label::Plain, name);
        let start = self.columns.value_start();
        let room = self.style.width.saturating_sub(start);
        let whole = width(&one_line(row, sides));
        if room < VALUE_MIN || line.width() + 2 > start {
            let line = if line.width() + 2 + whole <= self.style.width {
                line.push(Label::Plain, "  ");
                with_value(line, row, sides)
            } else {
                self.below(&line, &one_line(row, sides))
            };
            self.beside(line, row, 0);
            return;
        }
        line.pad_to(start);
        let line = if whole <= room {
            with_value(line, row, sides)
        } else {
            self.in_several_lines(line, row, sides)
        };
        self.beside(line, row, start + self.columns.value + 2);
    }

    /// Writes a value below its name. Returns the last line, which is not written yet.
    fn below(&mut self, name: &Line, value: &str) -> Line {
        let indent = (self.columns.indent + 4).min(self.style.width / 2);
        let mut last = name.clone();
        for part in wrap(value, self.style.width.saturating_sub(indent)) {
            self.end(&last);
            last = Line::indented(indent);
            last.push(Label::Plain, part);
        }
        last
    }

    /// Writes the old value and below it the new one, with the arrow to the left of the column.
    /// Returns the last line, which is not written yet.
    fn in_several_lines(&mut self, first: Line, row: &Row, sides: &[&String]) -> Line {
        let start = self.columns.value_start();
        let mut line = first;
        for (at, side) in sides.iter().enumerate() {
            let is_last = at + 1 == sides.len();
            let text = if row.forces && is_last {
                format!("{side}{FORCES}")
            } else {
                (*side).clone()
            };
            for (nth, part) in wrap(&text, self.style.width.saturating_sub(start))
                .into_iter()
                .enumerate()
            {
                let has_arrow = at > 0 && nth == 0;
                if at > 0 || nth > 0 {
                    self.end(&line);
                    line = Line::indented(if has_arrow {
                        start - ARROW.len()
                    } else {
                        start
                    });
                }
                if has_arrow {
                    line.push(Label::Dim, ARROW);
                }
                line.push(Label::Plain, part);
            }
        }
        line
    }

    /// Writes a line with the remark and the place of its row. Without room, the remark goes to the
    /// next line and the place is dropped.
    fn beside(&mut self, mut line: Line, row: &Row, column: usize) {
        let column = column.max(line.width() + 2);
        let mut place_column = column;
        if let Some(remark) = row.remark.as_deref() {
            if column + width(remark) > self.style.width {
                self.end(&line);
                put(
                    self.out,
                    self.style,
                    Label::Plain,
                    self.columns.indent + 4,
                    remark,
                );
                return;
            }
            line.pad_to(column);
            line.push(Label::Plain, remark);
            place_column = (column + self.columns.remark + PLACE_GAP).max(line.width() + 2);
        }
        if let Some(place) =
            place(row, self.style).filter(|place| place_column + width(place) <= self.style.width)
        {
            line.pad_to(place_column);
            line.push(Label::Dim, place);
        }
        self.end(&line);
    }
}

/// Returns the line with its value, or with the old and the new one.
fn with_value(mut line: Line, row: &Row, sides: &[&String]) -> Line {
    for (at, side) in sides.iter().enumerate() {
        if at > 0 {
            line.push(Label::Dim, " -> ");
        }
        line.push(Label::Plain, side.as_str());
    }
    if row.forces {
        line.push(Label::Danger, FORCES);
    }
    line
}
