//! An error in its frame: message, place in the spec, call, code, status, RequestId, and a hint.
//!
//! The hint comes from the caller or, for an error code of the API, from the table of [`advice()`].
//! Columns are counted as a terminal counts them, so that the underline fits wide characters too.

use setpoint_plan::Address;
use setpoint_spec::stack::Location;

use crate::line::{Line, cut, width, wrap};
use crate::style::{Label, Style};
use crate::words::clean;

mod advice;

pub use advice::advice;

/// The data of an error message. Absent fields are left out of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureView {
    /// The error: one sentence without a full stop. Further lines, such as the output of a command,
    /// are printed below it.
    pub message: String,
    /// The resource that failed.
    pub address: Option<Address>,
    /// The action of the API, such as `RunInstances`.
    pub action: Option<String>,
    /// The error code of the API, such as `OperationDenied.NoStock`.
    pub code: Option<String>,
    /// The HTTP status of the answer.
    pub http_status: Option<u16>,
    /// The RequestId of the answer, which support asks for.
    pub request_id: Option<String>,
    /// The number of the last try, from 1; 0 if it is not known. Shown from 2 on.
    pub attempt: u32,
    /// The place in the spec.
    pub at: Option<Excerpt>,
    /// Further sentences, such as what was already done.
    pub remarks: Vec<String>,
    /// What to do next; if `None`, the table of codes decides.
    pub hint: Option<String>,
}

/// A place in a spec, with the text of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The place.
    pub location: Location,
    /// The text of the line; empty if it is not available.
    pub text: String,
}

/// Renders an error in its frame, wrapped to the style's width.
#[must_use]
pub fn render(failure: &FailureView, style: &Style) -> String {
    let mut frame = Frame {
        out: String::new(),
        style: *style,
    };
    frame.edge("╷");
    frame.title(&failure.message);
    match (&failure.at, &failure.address) {
        (Some(at), address) => frame.excerpt(at, address.as_ref()),
        (None, Some(address)) => frame.text(2, &format!("in {address}")),
        (None, None) => {}
    }
    let sentences: Vec<String> = call_sentence(failure)
        .into_iter()
        .chain(failure.remarks.iter().map(|remark| clean(remark)))
        .collect();
    if !sentences.is_empty() {
        frame.text(0, &sentences.join(" "));
    }
    if let Some(hint) = failure
        .hint
        .as_deref()
        .or_else(|| failure.code.as_deref().and_then(advice))
    {
        frame.text(0, &clean(hint));
    }
    frame.edge("╵");
    frame.out
}

/// Returns the sentence about the call:
/// `RunInstances: OperationDenied.NoStock (403), RequestId 4A1C-77, after 3 tries.`
fn call_sentence(failure: &FailureView) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let status = failure
        .http_status
        .map(|status| format!(" ({status})"))
        .unwrap_or_default();
    match (&failure.action, &failure.code) {
        (Some(action), Some(code)) => parts.push(format!("{action}: {}{status}", clean(code))),
        (Some(action), None) => parts.push(format!("{action}{status}")),
        (None, Some(code)) => parts.push(format!("{}{status}", clean(code))),
        (None, None) => {}
    }
    parts.extend(
        failure
            .request_id
            .as_ref()
            .map(|id| format!("RequestId {}", clean(id))),
    );
    if failure.attempt > 1 {
        parts.push(format!("after {} tries", failure.attempt));
    }
    (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
}

/// A frame under construction.
struct Frame {
    out: String,
    style: Style,
}

impl Frame {
    /// Writes the first or the last line of the frame.
    fn edge(&mut self, corner: &str) {
        self.out.push_str(&self.style.paint(Label::Frame, corner));
        self.out.push('\n');
    }

    /// Returns the number of columns inside the frame.
    fn room(&self) -> usize {
        self.style.width.saturating_sub(2).max(1)
    }

    fn line(&mut self, line: &Line) {
        let text = line.render(&self.style);
        let gap = if text.is_empty() { "" } else { " " };
        self.out.push_str(&self.style.paint(Label::Frame, "│"));
        self.out.push_str(gap);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    /// Writes a paragraph, wrapped and indented.
    fn text(&mut self, indent: usize, text: &str) {
        let indent = indent.min(self.room() / 4);
        for part in wrap(text, self.room() - indent) {
            let mut line = Line::indented(indent);
            line.push(Label::Plain, part);
            self.line(&line);
        }
    }

    /// Writes the message: its first line as the title, further lines indented below it.
    fn title(&mut self, message: &str) {
        let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
        for (at, part) in wrap(&format!("Error: {}", clean(first)), self.room())
            .into_iter()
            .enumerate()
        {
            let mut line = Line::default();
            match part.strip_prefix("Error:") {
                Some(rest) if at == 0 => {
                    line.push(Label::Danger, "Error:");
                    line.push(Label::Strong, rest);
                }
                _ => line.push(Label::Strong, part),
            }
            self.line(&line);
        }
        for line in rest.lines() {
            self.text(4, &clean(line));
        }
    }

    /// Writes the file and the number of the line, then its text with the value underlined.
    fn excerpt(&mut self, at: &Excerpt, address: Option<&Address>) {
        let within = address
            .map(|address| format!(", in {address}"))
            .unwrap_or_default();
        let colon = if at.text.is_empty() { "" } else { ":" };
        self.text(
            2,
            &format!(
                "on {} line {}{within}{colon}",
                clean(&at.location.file),
                at.location.line
            ),
        );
        if at.text.is_empty() {
            return;
        }
        let number = at.location.line.to_string();
        let room = self.room().saturating_sub(number.len() + 5).max(1);
        let marked = Marked::of(at);
        let mut line = Line::indented(2);
        line.push(Label::Dim, format!("{number} │ "));
        line.push(Label::Plain, cut(&marked.text, room));
        self.line(&line);
        if marked.start + 1 < room {
            let mut under = Line::indented(2 + number.len());
            under.push(Label::Dim, " │ ");
            under.push(Label::Plain, " ".repeat(marked.start));
            under.push(
                Label::Danger,
                "^".repeat(marked.length.min(room - marked.start)),
            );
            self.line(&under);
        }
    }
}

/// A line of a spec and the columns to underline.
struct Marked {
    text: String,
    start: usize,
    length: usize,
}

impl Marked {
    /// Finds the value at the column of the place, and measures its start and its length in columns
    /// of the terminal.
    fn of(at: &Excerpt) -> Self {
        let line = at.text.trim_end().replace('\t', " ");
        let skip = at
            .location
            .column
            .saturating_sub(1)
            .min(line.chars().count());
        let before: String = line.chars().take(skip).collect();
        let rest: String = line.chars().skip(skip).collect();
        Self {
            start: width(&clean(&before)),
            length: width(&clean(value_at(&rest))).max(1),
            text: clean(&line),
        }
    }
}

/// Returns the value at the start of a text: a quoted one up to its closing quote, a plain one up
/// to a comment, a comma or a bracket.
fn value_at(text: &str) -> &str {
    let ends: &[&str] = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            return text[1..].find(quote).map_or(text, |end| &text[..end + 2]);
        }
        Some('[' | '{') => &[" #"],
        _ => &[" #", ", ", "}", "]"],
    };
    let end = ends
        .iter()
        .filter_map(|end| text.find(end))
        .min()
        .unwrap_or(text.len());
    text[..end].trim_end()
}

#[cfg(test)]
mod tests;
