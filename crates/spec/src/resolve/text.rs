//! Evaluates texts with expressions, and values of fields that have no type, such as outputs.

use std::collections::BTreeMap;

use super::check::In;
use super::val::{Val, as_piece, concat};
use super::{Cx, Eval, Halt, Resolver};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, Expr, ExprData, Part, functions};
use crate::limits;
use crate::parse::unquoted;
use crate::source::Sources;
use crate::span::Span;
use crate::suggest;
use crate::tree::{self, Data, Node, Style};
use crate::types;
use crate::value::Value;

/// The position of the text of an expression in its file.
#[derive(Clone, Copy)]
pub(super) struct Anchor {
    span: Span,
    /// The bytes from the start of the span to the text, if the text is in the file unchanged.
    lead: Option<usize>,
}

impl Anchor {
    /// Finds the position of a text under a span. A text with escapes or folded lines has no exact
    /// positions.
    pub(super) fn new(sources: &Sources, span: Span, text: &str) -> Self {
        let raw = sources.text(span);
        let lead = [0, 1]
            .into_iter()
            .find(|lead| raw.get(*lead..).is_some_and(|rest| rest.starts_with(text)));
        Self { span, lead }
    }

    /// Returns the span of a part of the text.
    pub(super) fn at(&self, range: &expr::Range) -> Span {
        match self.lead {
            Some(lead) => self
                .span
                .part(lead + range.start, lead + range.end.max(range.start + 1)),
            None => self.span,
        }
    }
}

impl<'a> Resolver<'a> {
    /// Evaluates a node whose text has expressions; returns any other input unchanged.
    pub(super) fn evaluated(&mut self, cx: Cx, input: In<'a>) -> Eval<In<'a>> {
        let In::Node(node) = input else {
            return Ok(input);
        };
        match &node.data {
            Data::Bad => Err(Halt::Reported),
            Data::Scalar(scalar) if cx.expressions && expr::has_expression(&scalar.text) => {
                let val = self.template(cx, node.span, &scalar.text)?;
                Ok(In::Val(val, node.span))
            }
            _ => Ok(In::Node(node)),
        }
    }

    /// Evaluates a text with expressions. A single `${…}` keeps its type; inside a longer text, the
    /// values must be scalars.
    pub(super) fn template(&mut self, cx: Cx, span: Span, text: &str) -> Eval<Val> {
        self.stop_if_full()?;
        let running = self.spent.running;
        let val = self.template_within(cx, span, text);
        self.spent.running = running;
        self.keep(cx, val?, span)
    }

    fn template_within(&mut self, cx: Cx, span: Span, text: &str) -> Eval<Val> {
        let anchor = Anchor::new(&self.sources, span, text);
        let template = match expr::parse(text) {
            Ok(template) => template,
            Err(mistake) => {
                let diagnostic =
                    Diagnostic::error("expression", anchor.at(&mistake.range), mistake.message);
                return Err(self.fail(cx, diagnostic.maybe_hint(mistake.hint)));
            }
        };
        if let Some(single) = template.single() {
            return self.eval(cx, single, anchor);
        }
        let (mut pieces, mut bytes) = (Vec::new(), 0);
        for part in &template.parts {
            let piece = match part {
                Part::Literal(text) => Value::text(text.as_str()),
                Part::Expr(expr) => {
                    let val = self.eval(cx, expr, anchor)?;
                    self.piece(cx, val, anchor.at(&expr.range))?
                }
            };
            bytes += limits::text_len(&piece);
            self.within(cx, span, limits::check_text(bytes))?;
            pieces.push(piece);
        }
        Ok(Val::Plain(concat(pieces)))
    }

    /// Converts a value to a part of a longer text.
    pub(super) fn piece(&mut self, cx: Cx, val: Val, span: Span) -> Eval<Value> {
        let (noun, said) = (val.noun(), self.sources.text(span).to_owned());
        let hint = match &val {
            Val::Resource(_) => Some(format!("write `${{{said}.id}}`, or another attribute")),
            Val::List(_) => Some(format!("write `${{join(', ', {said})}}`")),
            _ => None,
        };
        let piece = match val {
            Val::Plain(value) => as_piece(value),
            _ => None,
        };
        let wrong = Diagnostic::error(
            "wrong-type",
            span,
            format!("{noun} cannot be part of a text"),
        )
        .maybe_hint(hint);
        piece.ok_or_else(|| self.fail(cx, wrong))
    }

    /// Evaluates an expression.
    pub(super) fn eval(&mut self, cx: Cx, expr: &Expr, anchor: Anchor) -> Eval<Val> {
        self.evals += 1;
        let result = self.eval_one(cx, expr, anchor);
        self.evals -= 1;
        self.spend(cx, result?, anchor.at(&expr.range))
    }

    fn eval_one(&mut self, cx: Cx, expr: &Expr, anchor: Anchor) -> Eval<Val> {
        match &expr.data {
            ExprData::Text(text) => Ok(Val::text(text.clone())),
            ExprData::Int(n) => Ok(Val::Plain(Value::Int(*n))),
            ExprData::Bool(b) => Ok(Val::Plain(Value::Bool(*b))),
            ExprData::Path(path) => self.path(cx, path, anchor),
            ExprData::Call { name, args } => self.call(cx, name, (args, &expr.range), anchor),
        }
    }

    fn unknown_function(&mut self, cx: Cx, name: &str, span: Span) -> Halt {
        let names = functions::NAMES.iter().map(|(name, _)| *name);
        let hint = function_hint(name).or_else(|| suggest::hint(name, names));
        let message = format!("`{name}` is not a function");
        self.fail(
            cx,
            Diagnostic::error("unknown-function", span, message).maybe_hint(hint),
        )
    }

    /// Calls a function. This frame is kept small, because nested calls use the call stack.
    fn call(
        &mut self,
        cx: Cx,
        name: &str,
        (args, range): (&[Expr], &expr::Range),
        anchor: Anchor,
    ) -> Eval<Val> {
        if !functions::NAMES.iter().any(|(known, _)| *known == name) {
            return Err(self.unknown_function(
                cx,
                name,
                anchor.at(&(range.start..range.start + name.len())),
            ));
        }
        let mut vals = Vec::with_capacity(args.len());
        for arg in args {
            vals.push(self.eval(cx, arg, anchor)?);
        }
        self.call_with(cx, name, vals, (args, range, anchor))
    }

    fn call_with(
        &mut self,
        cx: Cx,
        name: &str,
        vals: Vec<Val>,
        (args, range, anchor): (&[Expr], &expr::Range, Anchor),
    ) -> Eval<Val> {
        let secret = vals.iter().any(Val::has_secret);
        let unknown = vals
            .iter()
            .position(|val| val.unknown().is_some())
            .map(|at| anchor.at(&args[at].range));
        match functions::call(name, vals) {
            Ok(val) => Ok(functions::keep_secret(val, secret)),
            Err(message) => {
                let diagnostic = match unknown.filter(|_| message.contains("after apply")) {
                    Some(span) => after_apply(span, self.sources.text(span)),
                    None => Diagnostic::error("function", anchor.at(range), message),
                };
                Err(self.fail(cx, diagnostic))
            }
        }
    }

    /// Evaluates a value without a type: a text, number or boolean that all YAML tools read alike,
    /// or a list or map of these.
    pub(super) fn free(&mut self, cx: Cx, node: &'a Node) -> Eval<Val> {
        match &node.data {
            Data::Bad | Data::Null => Err(Halt::Reported),
            Data::List(items) => {
                let mut values = Vec::new();
                for item in items {
                    match self.free(cx, item) {
                        Ok(val) => values.push(val),
                        Err(Halt::Off(name)) => self.left_out(item.span, &name),
                        Err(Halt::Reported) => return Err(Halt::Reported),
                    }
                }
                Ok(Val::List(values))
            }
            Data::Map(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|pair| Ok((pair.key.clone(), self.free(cx, &pair.value)?)));
                Ok(Val::Map(pairs.collect::<Eval<BTreeMap<_, _>>>()?))
            }
            Data::Scalar(scalar) => match self.evaluated(cx, In::Node(node))? {
                In::Val(val, _) => Ok(val),
                In::Node(_) if scalar.style == Style::Plain => match plain(&scalar.text) {
                    Ok(val) => Ok(val),
                    Err(read) => Err(self.fail(cx, unquoted(node.span, &scalar.text, &read))),
                },
                In::Node(_) => Ok(Val::text(scalar.text.clone())),
            },
        }
    }

    /// Notes an item of a list that was removed because its target is not enabled.
    pub(super) fn left_out(&mut self, span: Span, name: &str) {
        let at = self.sources.location(span);
        self.notes.push(format!(
            "{}:{}: left out, since {name} is not in this stack (`enabled: false`)",
            at.file, at.line
        ));
    }
}

/// Reads a plain scalar as YAML 1.1 and 1.2 do. The error is the value that another tool would
/// read, if they differ.
fn plain(text: &str) -> Result<Val, String> {
    if let Some(read) = tree::reading(text) {
        return Err(read);
    }
    Ok(match text {
        "true" => Val::Plain(Value::Bool(true)),
        "false" => Val::Plain(Value::Bool(false)),
        text => match (
            types::integer(text, i64::MIN, i64::MAX, ""),
            types::decimal(text),
        ) {
            (Ok(n), _) => Val::Plain(Value::Int(n)),
            (_, Ok(decimal)) => Val::Plain(Value::Decimal(decimal.into())),
            _ => Val::text(text),
        },
    })
}

/// The diagnostic for an argument that must be known at plan.
fn after_apply(span: Span, said: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        "not-known",
        span,
        format!("`{said}` is known only after apply"),
    );
    match said.split_once("[*]") {
        Some((group, _)) => diagnostic.hint(format!(
            "use `length({group})`, or `for_each: {group}` for one resource per member"
        )),
        None => diagnostic
            .hint("only `join`, `concat` and `at` take values that are known only after apply"),
    }
}

/// Returns the hint for a function of another tool.
fn function_hint(name: &str) -> Option<String> {
    let hint = match name {
        "file" | "templatefile" => "write `{file: PATH}`, with `with: {…}` for values",
        "env" | "getenv" => "declare a variable with `from_env: NAME`",
        "base64" | "base64encode" | "Base64Encode" => {
            "leave it out: Setpoint encodes values where the API needs it"
        }
        "cidrsubnet" => "write `cidr_subnet(block, new_bits, n)`",
        "cidrhost" => "write `cidr_host(block, n)`",
        "element" => "write `at(list, n)`",
        "format" => "write the text with `${…}` in it; `pad(n, width)` gives leading zeros",
        "lookup" => "write `vars.map[key]`",
        "flatten" => "write `concat(lists…)`",
        "count" | "len" | "size" => "write `length(x)`",
        "if" | "coalesce" | "try" => {
            "expressions have no conditions; use environments and variables"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
