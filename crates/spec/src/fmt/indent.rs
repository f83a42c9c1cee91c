//! Indentation and blank lines. The depth in the tree gives the column of each line that begins a
//! key or an item; the lines that continue it move by the same distance.

use std::collections::BTreeMap;

use crate::tree::{Data, Node, Style};

/// The columns of one level.
const STEP: usize = 2;

/// The new position of a line.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// A comment, a blank line, or a line that no node covers.
    Free,
    /// Begins a key or an item, which moves to this column.
    Begins(usize),
    /// Continues a key or an item and moves by the same distance.
    GoesOn(usize),
    /// A line of a block text, which moves from one column to another.
    Content { old: usize, new: usize },
}

struct Layout<'t> {
    text: &'t str,
    starts: Vec<usize>,
    lines: Vec<Line>,
    /// The spaces between a dash and its content, by line, as byte ranges of the line.
    gaps: BTreeMap<usize, Vec<(usize, usize)>>,
}

/// Returns the text with the new indentation.
pub(super) fn lay(text: &str, tree: &Node) -> String {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let lines = vec![Line::Free; starts.len()];
    let mut layout = Layout {
        text,
        starts,
        lines,
        gaps: BTreeMap::new(),
    };
    layout.block(tree, 0);
    layout.write()
}

impl<'t> Layout<'t> {
    fn line_of(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    fn line(&self, line: usize) -> &'t str {
        let end = self
            .starts
            .get(line + 1)
            .map_or(self.text.len(), |next| next - 1);
        self.text.get(self.starts[line]..end).unwrap_or("")
    }

    fn old_column(&self, line: usize) -> usize {
        let text = self.line(line);
        text.len() - text.trim_start_matches(' ').len()
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text[node.span.range()].starts_with(['[', '{'])
    }

    /// Marks a line as the beginning of a key or item, if only spaces precede it.
    fn begins(&mut self, offset: usize, column: usize) {
        let line = self.line_of(offset);
        if self.text[self.starts[line]..offset]
            .trim_start_matches(' ')
            .is_empty()
        {
            self.lines[line] = Line::Begins(column);
        }
    }

    /// Visits a node in block style whose keys or items begin at a column.
    fn block(&mut self, node: &Node, column: usize) {
        match &node.data {
            Data::Map(pairs) if !self.is_flow(node) => {
                for pair in pairs {
                    self.begins(pair.at.start as usize, column);
                    self.value(&pair.value, column, self.line_of(pair.at.start as usize));
                }
            }
            Data::List(items) if !self.is_flow(node) => {
                for item in items {
                    let start = item.span.start as usize;
                    let before = self.text[..start].trim_end_matches([' ', '\n']);
                    if !before.ends_with('-') {
                        // There is a comment between the dash and its content.
                        continue;
                    }
                    let dash = before.len() - 1;
                    self.begins(dash, column);
                    let line = self.line_of(dash);
                    if self.line_of(start) == line {
                        self.gaps
                            .entry(line)
                            .or_default()
                            .push((dash + 1 - self.starts[line], start - self.starts[line]));
                        self.value(item, column, line);
                        self.block(item, column + STEP);
                    } else {
                        self.value(item, column, line);
                    }
                }
            }
            _ => {}
        }
    }

    /// Visits the value of a key or item that begins on a line, at a given column.
    fn value(&mut self, node: &Node, column: usize, line: usize) {
        let (first, last) = (
            self.line_of(node.span.start as usize),
            self.line_of((node.span.end as usize).max(node.span.start as usize + 1) - 1),
        );
        let is_block = matches!(node.data, Data::Map(_) | Data::List(_)) && !self.is_flow(node);
        if is_block {
            if first > line {
                self.block(node, column + STEP);
            }
            return;
        }
        if first > line {
            self.begins(node.span.start as usize, column + STEP);
        }
        match &node.data {
            Data::Scalar(scalar) if scalar.style == Style::Block => {
                self.block_text(node, column, (first, last))
            }
            _ => (first + 1..=last).for_each(|at| self.lines[at] = Line::GoesOn(first)),
        }
    }

    fn block_text(&mut self, node: &Node, column: usize, (header, last): (usize, usize)) {
        let mark = &self.text[node.span.start as usize..];
        let head = mark.lines().next().unwrap_or("");
        let first = (header + 1..=last)
            .find(|line| !self.line(*line).trim().is_empty())
            .unwrap_or(header + 1);
        let explicit = head.chars().take(3).any(|c| c.is_ascii_digit());
        let old = self.old_column(first.min(self.lines.len() - 1));
        let new = if explicit {
            (old + column).saturating_sub(self.owner_column(header))
        } else {
            column + STEP
        };
        let mut end = last;
        if head.starts_with("|+") || head.starts_with(">+") {
            while end + 1 < self.lines.len() && self.line(end + 1).trim().is_empty() {
                end += 1;
            }
        }
        (header + 1..=end).for_each(|line| self.lines[line] = Line::Content { old, new });
    }

    /// The column, before formatting, of the key or item that a line begins with.
    fn owner_column(&self, line: usize) -> usize {
        let text = self.line(line);
        text.len() - text.trim_start_matches([' ', '-']).len()
    }

    fn write(&self) -> String {
        let mut out = String::new();
        let mut blank = true;
        for at in 0..self.lines.len() {
            let text = self.line(at);
            if text.trim().is_empty()
                && !matches!(self.lines[at], Line::GoesOn(_) | Line::Content { .. })
            {
                if !blank {
                    out.push('\n');
                }
                blank = true;
                continue;
            }
            blank = false;
            out.push_str(&self.one(at));
            out.push('\n');
        }
        let kept = out.trim_end_matches('\n').len();
        let ends_in_content = self
            .lines
            .last()
            .is_some_and(|line| matches!(line, Line::Content { .. }));
        if !ends_in_content {
            out.truncate(kept);
            out.push('\n');
        }
        out
    }

    fn one(&self, at: usize) -> String {
        let text = self.line(at);
        match self.lines[at] {
            Line::Begins(column) => format!("{}{}", " ".repeat(column), self.squeezed(at).trim()),
            Line::GoesOn(_) if text.trim().is_empty() => String::new(),
            Line::GoesOn(owner) => {
                let shift = self.new_column(owner) as isize - self.old_column(owner) as isize;
                let column = (self.old_column(at) as isize + shift).max(0) as usize;
                format!("{}{}", " ".repeat(column), text.trim())
            }
            Line::Content { old, new } => match text.get(old..) {
                Some(rest) if !text.trim().is_empty() || !rest.is_empty() => {
                    let lead = self.old_column(at).min(old);
                    format!("{}{}", " ".repeat(new), &text[lead..])
                }
                _ => String::new(),
            },
            Line::Free => format!("{}{}", " ".repeat(self.comment_column(at)), text.trim()),
        }
    }

    /// Returns a line with one space after each of its dashes.
    fn squeezed(&self, at: usize) -> String {
        let text = self.line(at);
        let mut out = String::new();
        let mut from = 0;
        for (start, end) in self.gaps.get(&at).into_iter().flatten() {
            out.push_str(&text[from..*start]);
            out.push(' ');
            from = *end;
        }
        out.push_str(&text[from..]);
        out
    }

    fn new_column(&self, at: usize) -> usize {
        match self.lines[at] {
            Line::Begins(column) => column,
            _ => self.old_column(at),
        }
    }

    /// A comment moves with the line below it, or with a line above it that began in the same
    /// column.
    fn comment_column(&self, at: usize) -> usize {
        let own = self.old_column(at);
        let begins = |line: &usize| matches!(self.lines[*line], Line::Begins(_));
        let below = (at + 1..self.lines.len()).find(begins);
        if let Some(below) = below.filter(|below| self.old_column(*below) == own) {
            return self.new_column(below);
        }
        let mut bound = usize::MAX;
        let mut nearest = None;
        for line in (0..at).rev().filter(begins) {
            let old = self.old_column(line);
            if old == own {
                return self.new_column(line);
            }
            if old < bound {
                bound = old;
                nearest = nearest.or(Some(line));
            }
            if old < own {
                break;
            }
        }
        // The comment is indented more than the lines around it, so it moves with the line above.
        nearest.map_or(own, |line| {
            (own + self.new_column(line)).saturating_sub(self.old_column(line))
        })
    }
}
