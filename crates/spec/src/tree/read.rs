//! Builds the tree from the events of the YAML parser, and checks the rules of the subset and the
//! limits.
//!
//! Open lists and maps are on an explicit stack, so nesting cannot overflow the call stack, and
//! reading stops at the first limit that is exceeded. The cost is linear in the size of the file.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::{
    Data, MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR, Node, Pair, Scalar, Style, guard, mistake,
    plain,
};
use crate::diagnostic::Diagnostic;
use crate::schema::{FieldDef, Schema, Type, Unset};
use crate::source::Sources;
use crate::span::{FileId, Span};

/// Reads the text of a file into a tree, and returns it with the diagnostics. There is no tree if
/// the text is empty, not valid YAML, or exceeds a limit.
pub fn read(file: FileId, sources: &Sources) -> (Option<Node>, Vec<Diagnostic>) {
    let Some(source) = sources.get(file) else {
        return (None, Vec::new());
    };
    let text = source.text.as_str();
    let whole = Span::new(file, 0, 0);
    if text.len() > MAX_BYTES {
        return (
            None,
            vec![Diagnostic::error(
                "too-large",
                whole,
                "the file is larger than 16 MiB",
            )],
        );
    }
    let mut found = guard::characters(file, text);
    found.extend(guard::directives(file, sources));
    if !found.is_empty() {
        return (None, found);
    }
    let mut builder = Builder::new(file, text);
    let root = builder.run();
    let tabs = guard::tabs(file, sources, &builder.long_scalars);
    if tabs.is_empty() || root.is_some() {
        found.append(&mut builder.found);
    }
    // If tabs caused the error, further messages of the scanner would only distract.
    found.extend(tabs);
    if root.is_none() && found.is_empty() {
        found.push(
            Diagnostic::error("empty", whole, "the file is empty")
                .hint("begin the file with `stack: NAME`; `setpoint init` writes a first stack"),
        );
    }
    (root, found)
}

/// A list or map that is still open.
enum Frame {
    List {
        start: usize,
        items: Vec<Node>,
    },
    Map {
        start: usize,
        pairs: Vec<Pair>,
        key: Option<(String, Span)>,
    },
}

struct Builder<'t> {
    file: FileId,
    text: &'t str,
    frames: Vec<Frame>,
    nodes: usize,
    root: Option<Node>,
    found: Vec<Diagnostic>,
    /// Scalars of several lines, in order; tabs in their lines are content.
    long_scalars: Vec<Span>,
    cursor: Cursor,
}

/// The position of the last marker, from which the search for the next one starts.
#[derive(Default)]
struct Cursor {
    line: usize,
    column: usize,
    offset: usize,
    line_starts: Vec<u32>,
}

/// Reading cannot continue; the error was reported.
struct Stop;

impl<'t> Builder<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        let after_breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at as u32 + 1);
        let cursor = Cursor {
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
            ..Cursor::default()
        };
        Self {
            file,
            text,
            frames: Vec::new(),
            nodes: 0,
            root: None,
            found: Vec::new(),
            long_scalars: Vec::new(),
            cursor,
        }
    }

    fn run(&mut self) -> Option<Node> {
        let mut documents = 0;
        for event in Parser::new_from_str(self.text) {
            let (event, span) = match event {
                Ok(found) => found,
                Err(error) => {
                    let at = self.offset(error.marker()).min(self.text.len());
                    self.found
                        .push(mistake::explain(self.file, self.text, at, error.info()));
                    return None;
                }
            };
            if let Event::DocumentStart(_) = event {
                documents += 1;
                if documents > 1 {
                    let at = self.offset(&span.start);
                    let marker = Span::new(self.file, at, (at + 3).min(self.text.len()));
                    self.found.push(
                        Diagnostic::error(
                            "yaml-documents",
                            marker,
                            "the file holds a second YAML document",
                        )
                        .hint("move the second document to a file of its own"),
                    );
                    break;
                }
            }
            if self.event(event, &span).is_err() {
                return None;
            }
        }
        self.root.take()
    }

    /// Returns the byte of a marker. Markers mostly move forward, so with the cursor the total cost
    /// is linear.
    fn offset(&mut self, marker: &Marker) -> usize {
        let cursor = &mut self.cursor;
        if cursor.line != marker.line() || cursor.column > marker.col() {
            let start = cursor
                .line_starts
                .get(marker.line().saturating_sub(1))
                .map_or(self.text.len(), |start| *start as usize);
            (cursor.line, cursor.column, cursor.offset) = (marker.line(), 0, start);
        }
        let ahead = marker.col() - cursor.column;
        let rest = &self.text[cursor.offset..];
        let step = rest
            .char_indices()
            .nth(ahead)
            .map_or(rest.len(), |(at, _)| at);
        cursor.column = marker.col();
        cursor.offset += step;
        cursor.offset
    }

    fn event(&mut self, event: Event<'_>, span: &saphyr_parser::Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let (start, end) = (self.offset(&span.start), self.offset(&span.end));
                let clean = self.clean(start, anchor, tag.is_some())?;
                self.scalar(&text, style, Span::new(self.file, start, end), clean)
            }
            Event::SequenceStart(anchor, tag) => {
                let start = self.offset(&span.start);
                self.clean(start, anchor, tag.is_some())?;
                self.open(
                    Frame::List {
                        start,
                        items: Vec::new(),
                    },
                    start,
                )
            }
            Event::MappingStart(anchor, tag) => {
                let start = self.offset(&span.start);
                self.clean(start, anchor, tag.is_some())?;
                self.open(
                    Frame::Map {
                        start,
                        pairs: Vec::with_capacity(8),
                        key: None,
                    },
                    start,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let end = self.offset(&span.end);
                self.close(end)
            }
            Event::Alias(_) => {
                let (start, end) = (self.offset(&span.start), self.offset(&span.end));
                let span = Span::new(self.file, start, end);
                self.found.push(
                    Diagnostic::error("yaml-alias", span, "YAML aliases are not supported")
                        .hint("use `defaults`, `vars`, `for_each` or a module"),
                );
                self.add(Node {
                    span,
                    data: Data::Bad,
                })
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    /// Reports the tag and the anchor of a node; true if it has neither.
    fn clean(&mut self, start: usize, anchor: usize, tag: bool) -> Result<bool, Stop> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.stop(
                start,
                "the file holds more than 1,000,000 values",
                "split the stack",
            );
        }
        if anchor > 0 {
            let span = self.mark_before(start, '&');
            self.found.push(
                Diagnostic::error("yaml-anchor", span, "YAML anchors are not supported")
                    .hint("use `defaults`, `vars`, `for_each` or a module"),
            );
        }
        if tag {
            let span = self.mark_before(start, '!');
            let tag = self.text.get(span.range()).unwrap_or("!");
            let hint = "write a reference as `${net.id}`, and other values without a tag";
            self.found.push(
                Diagnostic::error(
                    "yaml-tag",
                    span,
                    format!("YAML tags such as `{tag}` are not supported"),
                )
                .hint(hint),
            );
        }
        Ok(anchor == 0 && !tag)
    }

    /// Returns the span of the word that begins with a mark, at or shortly before a byte.
    fn mark_before(&self, at: usize, mark: char) -> Span {
        let before = &self.text[..at];
        let start = if self.text[at..].starts_with(mark) {
            at
        } else {
            before.rfind(mark).unwrap_or(at)
        };
        let len = self.text[start..]
            .find([' ', '\n', '\r', ',', ']', '}'])
            .unwrap_or(self.text.len() - start);
        Span::new(self.file, start, start + len)
    }

    fn stop<T>(&mut self, at: usize, message: &str, hint: &str) -> Result<T, Stop> {
        self.found.push(
            Diagnostic::error("too-large", Span::new(self.file, at, at + 1), message).hint(hint),
        );
        Err(Stop)
    }

    fn open(&mut self, frame: Frame, start: usize) -> Result<(), Stop> {
        if self.frames.len() >= MAX_DEPTH {
            return self.stop(
                start,
                "lists and maps are nested more than 64 deep",
                "look for a bracket that is not closed",
            );
        }
        self.frames.push(frame);
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Stop> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let (start, data) = match frame {
            Frame::List { start, items } => (start, Data::List(items)),
            Frame::Map { start, pairs, .. } => {
                let mut pairs = self.without_doubles(pairs);
                pairs.shrink_to_fit();
                (start, Data::Map(pairs))
            }
        };
        // The parser reports the end of a block at the next token; spaces and comments before it
        // are not part of the block.
        let last = match &data {
            Data::List(items) => items.last().map(|item| item.span.end as usize),
            Data::Map(pairs) => pairs
                .last()
                .map(|pair| pair.value.span.end.max(pair.at.end) as usize),
            _ => None,
        };
        let flow =
            self.text[..end].ends_with([']', '}']) && self.text[start..].starts_with(['[', '{']);
        let end = if flow { end } else { last.unwrap_or(end) };
        self.add(Node {
            span: Span::new(self.file, start, end),
            data,
        })
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        span: Span,
        clean: bool,
    ) -> Result<(), Stop> {
        if text.len() > MAX_SCALAR {
            return self.stop(
                span.start as usize,
                "the value is longer than 1 MiB",
                "move long texts to a file: `{file: PATH}`",
            );
        }
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let span = self.trimmed(span, style);
        if self.text[span.range()].contains('\n') {
            self.long_scalars.push(span);
        }
        if style == Style::Quoted
            && let Some(c) = text.chars().find(|c| guard::is_refused(*c))
        {
            let message = format!(
                "the escape gives the character U+{:04X}, which is not allowed in a spec",
                u32::from(c)
            );
            self.found
                .push(Diagnostic::error("character", span, message).hint("remove it"));
        }
        if style == Style::Block && text.trim().is_empty() {
            let hint = "remove the line, or write `\"\"` for an empty text";
            self.found.push(
                Diagnostic::error("empty-block", span, "the block text has no lines").hint(hint),
            );
        }
        let null = style == Style::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
        let data = match (clean, null) {
            (false, _) => Data::Bad,
            (true, true) => Data::Null,
            (true, false) => Data::Scalar(Scalar {
                text: text.to_owned(),
                style,
            }),
        };
        self.add(Node { span, data })
    }

    /// Removes trailing white space from the span of a plain or block scalar.
    fn trimmed(&self, span: Span, style: Style) -> Span {
        if style == Style::Quoted {
            return span;
        }
        let kept = self.text[span.range()].trim_end().len();
        let start = if style == Style::Block {
            self.header(span.start as usize)
        } else {
            span.start
        };
        Span {
            start,
            end: span.start + kept as u32,
            ..span
        }
    }

    /// Returns the position of the `|` or `>` of a block text whose content begins at a byte.
    fn header(&self, content: usize) -> u32 {
        let before = self.text[..content].trim_end();
        let line_start = before.rfind('\n').map_or(0, |nl| nl + 1);
        let line = &before[line_start..];
        let bare = line
            .find(" #")
            .map_or(line, |comment| &line[..comment])
            .trim_end();
        let head = bare.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
        let start = if head.ends_with(['|', '>']) {
            line_start + head.len() - 1
        } else {
            content
        };
        start as u32
    }

    /// Adds a finished node to the open list or map, or makes it the root.
    fn add(&mut self, node: Node) -> Result<(), Stop> {
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map {
                pairs, key: slot, ..
            }) => match slot.take() {
                Some((key, at)) => pairs.push(Pair {
                    key,
                    at,
                    value: node,
                }),
                None => {
                    let (key, at) = (node.text().unwrap_or("").to_owned(), node.span);
                    *slot = Some((key, at));
                    self.check_key(&node);
                }
            },
        }
        Ok(())
    }

    fn check_key(&mut self, node: &Node) {
        let finding = match &node.data {
            Data::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<" => {
                Diagnostic::error("yaml-merge", node.span, "YAML merge keys are not supported")
                    .hint("use `defaults`, `vars`, `for_each` or a module")
            }
            Data::Scalar(scalar)
                if scalar.style == Style::Plain && plain::is_not_text(&scalar.text) =>
            {
                let read = plain::reading(&scalar.text)
                    .unwrap_or_else(|| "a number or a boolean".to_owned());
                let hint = format!(
                    "write \"{}\": other YAML tools read {read} here",
                    scalar.text
                );
                Diagnostic::error(
                    "key-not-text",
                    node.span,
                    format!("the key `{}` must be quoted", scalar.text),
                )
                .hint(hint)
            }
            Data::Scalar(scalar) if scalar.text.contains('\n') => {
                Diagnostic::error("key-not-text", node.span, "a key must be on one line")
            }
            Data::Scalar(_) | Data::Bad | Data::Null
                if self.is_explicit(node.span.start as usize) =>
            {
                Diagnostic::error(
                    "key-not-text",
                    node.span,
                    "a key after `?` is not supported",
                )
                .hint("write it as `key: value`")
            }
            Data::Scalar(_) | Data::Bad => return,
            Data::Null => Diagnostic::error(
                "key-not-text",
                node.span,
                "the key before the `:` is missing",
            ),
            Data::List(_) | Data::Map(_) => Diagnostic::error(
                "key-not-text",
                node.span,
                format!("a key must be a text, not {}", node.noun()),
            ),
        };
        self.found.push(finding);
    }

    /// Whether a key has a `?` before it, on its line or alone on the line above.
    fn is_explicit(&self, start: usize) -> bool {
        let before = self.text[..start].trim_end();
        let Some(lead) = before.strip_suffix('?') else {
            return false;
        };
        let line = lead.rfind('\n').map_or(lead, |nl| &lead[nl + 1..]);
        let same_line = !self.text[before.len()..start].contains('\n');
        let alone = line.trim_matches([' ', '-', '?']).is_empty();
        alone || (same_line && line.ends_with([' ', '{', '[', ',']))
    }

    /// Reports duplicate keys and keeps the first of each; refused keys are removed.
    fn without_doubles(&mut self, mut pairs: Vec<Pair>) -> Vec<Pair> {
        for (first, second) in doubles(&pairs) {
            let (one, two) = (&pairs[first], &pairs[second]);
            if !two.key.is_empty() {
                let message = format!("the key `{}` is given twice", two.key);
                let hint = "remove one of them: tools differ on which one wins";
                self.found.push(
                    Diagnostic::error("duplicate-key", two.at, message)
                        .label(one.at, "first given here")
                        .hint(hint),
                );
            }
            pairs[second].key.clear();
        }
        let refused = |pair: &Pair| {
            pair.key.is_empty()
                || pair.key == "<<"
                || (pair.value.data == Data::Null && plain::is_not_text(&pair.key))
        };
        pairs.retain(|pair| !refused(pair));
        pairs
    }
}

/// Returns the indexes of duplicate keys: the first and the repeated one. Small maps, which are
/// most, are compared directly.
fn doubles(pairs: &[Pair]) -> Vec<(usize, usize)> {
    const SMALL: usize = 12;
    if pairs.len() <= SMALL {
        let first = |at: usize| (0..at).find(|before| pairs[*before].key == pairs[at].key);
        return (1..pairs.len())
            .filter_map(|at| first(at).map(|first| (first, at)))
            .collect();
    }
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| (&pairs[*a].key, a).cmp(&(&pairs[*b].key, b)));
    let mut found = Vec::new();
    let mut first = 0;
    for at in 1..order.len() {
        if pairs[order[first]].key == pairs[order[at]].key {
            found.push((order[first], order[at]));
        } else {
            first = at;
        }
    }
    found.sort_unstable();
    found
}

/// Reports nulls outside overlays and replaces them by [`Data::Bad`]. An empty value must not have
/// a meaning.
pub(crate) fn refuse_nulls(
    schema: &Schema,
    node: &mut Node,
    key: Option<(&str, Span)>,
    found: &mut Vec<Diagnostic>,
) {
    match &mut node.data {
        Data::Null => {
            let span = if node.span.range().is_empty() {
                key.map_or(node.span, |(_, at)| at)
            } else {
                node.span
            };
            let (message, hint) = match key {
                // An empty list of rules is either intended or forgotten.
                Some((key, _)) if is_closed_list(schema, key) => (
                    format!("`{key}` is empty"),
                    "remove the line to have no rules, or write the rules",
                ),
                Some((key, _)) => (
                    format!("`{key}` has no value"),
                    "remove the line, or write the value; an empty text is `\"\"`",
                ),
                None => (
                    "the item is empty".to_owned(),
                    "remove the line, or write the item",
                ),
            };
            found.push(Diagnostic::error("empty-value", span, message).hint(hint));
            node.data = Data::Bad;
        }
        Data::List(items) => items
            .iter_mut()
            .for_each(|item| refuse_nulls(schema, item, None, found)),
        Data::Map(pairs) => pairs.iter_mut().for_each(|pair| {
            let key = Some((pair.key.as_str(), pair.at));
            refuse_nulls(schema, &mut pair.value, key, found);
        }),
        Data::Scalar(_) | Data::Bad => {}
    }
}

/// Whether a key is, in some kind, a closed list of structures.
fn is_closed_list(schema: &Schema, key: &str) -> bool {
    let is_closed_list =
        |field: &FieldDef| field.unset == Unset::Closed && matches!(field.ty, Type::Rows(_));
    schema
        .fields()
        .any(|field| field.name == key && is_closed_list(field))
}
