//! Checks values against the types of the schema and converts them to their canonical form.
//!
//! The input is either a node of the tree, whose text has not been interpreted yet, or a value that
//! an expression gave. Texts are interpreted by the type of the field, so `80` is a number for a
//! port and a text for a tag.

mod collection;

use super::val::{Val, as_piece};
use super::{Cx, Eval, Halt, Resolver};
use crate::diagnostic::Diagnostic;
use crate::parse::unquoted;
use crate::schema::{FieldDef, Type};
use crate::span::Span;
use crate::suggest;
use crate::tree::{self, Data, Node, Style};
use crate::types::{self, Wrong};
use crate::value::{Secret, Value};

/// An input of a check: a node as written, or the value of an expression.
#[derive(Debug, Clone)]
pub(super) enum In<'a> {
    Node(&'a Node),
    Val(Val, Span),
}

impl In<'_> {
    pub(super) fn span(&self) -> Span {
        match self {
            In::Node(node) => node.span,
            In::Val(_, span) => *span,
        }
    }

    pub(super) fn noun(&self) -> &'static str {
        match self {
            In::Node(node) => node.noun(),
            In::Val(val, _) => val.noun(),
        }
    }
}

/// The path of the field that is being checked, and the spans of its parts.
#[derive(Debug, Default)]
pub(super) struct Trail {
    path: String,
    pub(super) spots: Vec<(String, Span)>,
}

impl Trail {
    pub(super) fn at(name: &str) -> Self {
        Self {
            path: name.to_owned(),
            spots: Vec::new(),
        }
    }

    /// Enters a part of the path; pass the result to [`Self::leave`].
    pub(super) fn enter(&mut self, part: &str) -> usize {
        let before = self.path.len();
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(part);
        before
    }

    pub(super) fn leave(&mut self, before: usize) {
        self.path.truncate(before);
    }

    fn mark(&mut self, span: Span) {
        self.spots.push((self.path.clone(), span));
    }
}

/// A scalar before it is interpreted.
enum Single<'a> {
    /// A known text, and its style if it is from a file.
    Known(std::borrow::Cow<'a, str>, Option<Style>),
    /// A value that is known only after apply, or secret.
    Other(Value),
}

/// An entry of a map: the key, its span, the value.
pub(super) type InEntry<'a> = (String, Span, In<'a>);

impl<'a> Resolver<'a> {
    /// Checks a value and returns its canonical form.
    pub(super) fn check(
        &mut self,
        cx: Cx,
        ty: &Type,
        input: In<'a>,
        trail: &mut Trail,
    ) -> Eval<Val> {
        trail.mark(input.span());
        // Texts with `with` belong to shells and configuration files, which have a `${…}` of their
        // own.
        let input = if matches!(ty, Type::Content { with: true, .. }) {
            input
        } else {
            self.evaluated(cx, input)?
        };
        if input.is_bad() {
            return Err(Halt::Reported);
        }
        match ty {
            Type::Ports => self.ports(cx, input),
            Type::Peers(kinds) => self.peers(cx, kinds, input),
            Type::Ref(kind) => self.reference(cx, kind, input),
            Type::List(of) => self.list(cx, of, input, trail),
            Type::Map(of) => self.map(cx, of, input, trail),
            Type::Struct(fields) => {
                let members: Vec<&FieldDef> = fields.iter().collect();
                self.structure(cx, &members, input, trail)
            }
            Type::Rows(fields) => self.rows(cx, fields, input, trail),
            Type::Named(fields) => self.named_rows(cx, fields, input, trail),
            Type::WordOr(words, other) => self.word_or(cx, (words, other), input, trail),
            Type::Content { max, with } => self.content(cx, (*max, *with), input),
            scalar => self.scalar(cx, scalar, input),
        }
    }

    /// Checks a value whose parts need no spans, such as `count` and `enabled`.
    pub(super) fn check_alone(&mut self, cx: Cx, ty: &Type, node: &'a Node) -> Eval<Val> {
        match self.check(cx, ty, In::Node(node), &mut Trail::default()) {
            Err(Halt::Off(name)) => Err(self.off_alone(cx, node.span, &name)),
            other => other,
        }
    }

    /// Checks a structure whose parts need no spans, such as `lifecycle`.
    pub(super) fn check_structure(
        &mut self,
        cx: Cx,
        members: &[&'static FieldDef],
        node: &'a Node,
    ) -> Eval<Val> {
        let input = self.evaluated(cx, In::Node(node))?;
        if input.is_bad() {
            return Err(Halt::Reported);
        }
        match self.structure(cx, members, input, &mut Trail::default()) {
            Err(Halt::Off(name)) => Err(self.off_alone(cx, node.span, &name)),
            other => other,
        }
    }

    fn single(&mut self, cx: Cx, input: &In<'a>, wanted: &str) -> Eval<Single<'a>> {
        let found = match input {
            In::Node(Node {
                data: Data::Scalar(scalar),
                ..
            }) => {
                return Ok(Single::Known(
                    scalar.text.as_str().into(),
                    Some(scalar.style),
                ));
            }
            In::Val(Val::Plain(Value::Text(text)), _) => {
                return Ok(Single::Known(text.to_string().into(), None));
            }
            In::Val(Val::Plain(value), _) => as_piece(value.clone()),
            _ => None,
        };
        match found {
            Some(Value::Text(text)) => Ok(Single::Known(text.to_string().into(), None)),
            Some(other) => Ok(Single::Other(other)),
            None => {
                let diagnostic = Diagnostic::error(
                    "wrong-type",
                    input.span(),
                    format!("this must be {wanted}, not {}", input.noun()),
                );
                let hint = match input {
                    In::Val(Val::Resource(_), span) => {
                        let said = self
                            .sources
                            .text(*span)
                            .trim_matches(['"', '\''])
                            .trim_end_matches('}')
                            .to_owned();
                        said.starts_with("${")
                            .then(|| format!("write `{said}.id}}`, or another attribute"))
                    }
                    _ => None,
                };
                Err(self.fail(cx, diagnostic.maybe_hint(hint)))
            }
        }
    }

    fn scalar(&mut self, cx: Cx, ty: &Type, input: In<'a>) -> Eval<Val> {
        let span = input.span();
        let (text, style) = match self.single(cx, &input, noun(ty))? {
            Single::Known(text, style) => (text, style),
            Single::Other(value) => return self.unknown(cx, ty, value, span),
        };
        if style == Some(Style::Quoted)
            && matches!(ty, Type::Bool | Type::Int { .. } | Type::Number)
        {
            let diagnostic = Diagnostic::error(
                "wrong-type",
                span,
                format!("this must be {}, not a text in quotes", noun(ty)),
            );
            return Err(self.fail(
                cx,
                diagnostic.hint(format!("write `{text}` without quotes")),
            ));
        }
        if style == Some(Style::Plain)
            && matches!(ty, Type::Text { .. } | Type::Secret | Type::Path)
            && let Some(read) = tree::reading(&text)
        {
            return Err(self.fail(cx, unquoted(span, &text, &read)));
        }
        let value = match ty {
            Type::Text { min, max } => length(&text, *min, *max).map(|()| Value::text(text)),
            Type::Path => self.local_path(span, &text).map(Value::text),
            Type::Secret => Ok(Value::Secret(Secret::new(text))),
            Type::Bool => types::boolean(&text).map(Value::Bool),
            Type::Int { min, max, unit } => types::integer(&text, *min, *max, unit).map(Value::Int),
            Type::Number => types::decimal(&text).map(|number| Value::Decimal(number.into())),
            Type::Cidr { min, max } => types::cidr(&text, *min, *max).map(Value::text),
            Type::Ip => types::ip(&text).map(Value::text),
            Type::Duration => types::duration(&text)
                .map(|seconds| Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX))),
            Type::TimeSpan => types::time_span(&text).map(Value::text),
            Type::Zone => self.zone(&text).map(|()| Value::text(text)),
            Type::Enum(words) => types::enum_word(&text, words).map(Value::text),
            _ => Err(Wrong::new("the field does not take a single value")),
        };
        value
            .map(Val::Plain)
            .map_err(|wrong| self.wrong(cx, code(ty), span, wrong))
    }

    fn zone(&self, text: &str) -> Result<(), Wrong> {
        match &self.region {
            Some(region) => types::zone(text, region),
            None => Ok(()),
        }
    }

    /// Checks a value that is known only after apply, or secret.
    fn unknown(&mut self, cx: Cx, ty: &Type, value: Value, span: Span) -> Eval<Val> {
        if value.has_secret()
            && !matches!(ty, Type::Text { .. } | Type::Secret | Type::Content { .. })
        {
            return Err(self.fail(
                cx,
                Diagnostic::error("secret", span, format!("a secret cannot be {}", noun(ty))),
            ));
        }
        if matches!(ty, Type::Cidr { .. } | Type::Zone | Type::Path)
            && let Some(reference) = value.refs().first()
        {
            let message = format!(
                "`{}.{}` is known only after apply, but {} must be known at plan",
                reference.address,
                reference.attr,
                noun(ty)
            );
            return Err(self.fail(cx, Diagnostic::error("not-known", span, message)));
        }
        match (ty, value) {
            (Type::Secret, Value::Text(text)) => Ok(Val::Plain(Value::Secret(Secret::new(text)))),
            (_, value) => Ok(Val::Plain(value)),
        }
    }

    fn word_or(
        &mut self,
        cx: Cx,
        (words, other): (&[&'static str], &'static Type),
        input: In<'a>,
        trail: &mut Trail,
    ) -> Eval<Val> {
        let text = match &input {
            In::Node(node) => node.text(),
            In::Val(Val::Plain(Value::Text(text)), _) => Some(text.as_str()),
            In::Val(..) => None,
        };
        let Some(text) = text else {
            return self.check(cx, other, input, trail);
        };
        if let Ok(word) = types::enum_word(text, words) {
            return Ok(Val::text(word));
        }
        let structured = matches!(
            other,
            Type::Struct(_) | Type::Map(_) | Type::List(_) | Type::Rows(_) | Type::Named(_)
        );
        let slip = words.iter().any(|word| word.eq_ignore_ascii_case(text))
            || suggest::nearest(text, words.iter().copied()).is_some();
        match types::enum_word(text, words) {
            Err(wrong) if structured || slip => {
                Err(self.wrong(cx, "unknown-word", input.span(), wrong))
            }
            _ => self.check(cx, other, input, trail),
        }
    }

    fn ports(&mut self, cx: Cx, input: In<'a>) -> Eval<Val> {
        let items = match &input {
            In::Node(Node {
                data: Data::List(_),
                ..
            })
            | In::Val(Val::List(_), _) => self.items(cx, input)?,
            _ => vec![input],
        };
        let mut ports = Vec::new();
        for item in items {
            let item = self.evaluated(cx, item)?;
            let span = item.span();
            match self.single(cx, &item, "a port")? {
                Single::Known(text, _) => {
                    let pair = types::port(&text)
                        .map_err(|wrong| self.wrong(cx, "bad-port", span, wrong))?;
                    ports.push(Val::text(pair));
                }
                Single::Other(Value::Secret(_)) => {
                    return Err(self.fail(
                        cx,
                        Diagnostic::error("secret", span, "a secret cannot be a port"),
                    ));
                }
                Single::Other(unknown) => {
                    ports.push(Val::Plain(super::val::concat(vec![
                        unknown.clone(),
                        Value::text("/"),
                        unknown,
                    ])));
                }
            }
        }
        Ok(Val::List(ports))
    }
}

/// The values of a type, for messages.
fn noun(ty: &Type) -> &'static str {
    match ty {
        Type::Text { .. } | Type::Secret => "a text",
        Type::Bool => "`true` or `false`",
        Type::Int { .. } => "a whole number",
        Type::Number => "a number",
        Type::Cidr { .. } => "a CIDR block",
        Type::Ip => "an IP address",
        Type::Duration => "a duration",
        Type::Zone => "a zone",
        Type::TimeSpan => "a time span",
        Type::Enum(_) => "one of the field's words",
        Type::Path => "a path",
        _ => "a value",
    }
}

fn code(ty: &Type) -> &'static str {
    match ty {
        Type::Cidr { .. } => "bad-cidr",
        Type::Ip => "bad-ip",
        Type::Duration => "bad-duration",
        Type::Zone => "bad-zone",
        Type::TimeSpan => "bad-time",
        Type::Enum(_) => "unknown-word",
        _ => "wrong-value",
    }
}

fn length(text: &str, min: usize, max: usize) -> Result<(), Wrong> {
    let len = text.chars().count();
    if (min..=max).contains(&len) {
        return Ok(());
    }
    let hint = if min == 0 {
        format!("write at most {max} characters")
    } else {
        format!("write {min} to {max} characters")
    };
    let message = match len {
        0 => "the text is empty".to_owned(),
        1 => "the text has one character".to_owned(),
        len => format!("the text has {len} characters"),
    };
    Err(Wrong::new(message).hint(hint))
}
