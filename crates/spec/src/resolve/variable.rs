//! Evaluates variables: reads the value with the highest precedence as the declared type, and
//! checks its constraints.

use std::collections::BTreeMap;

use super::check::{In, Trail};
use super::val::Val;
use super::{Cx, Eval, Halt, Resolver, ScopeId, SlotId};
use crate::diagnostic::Diagnostic;
use crate::schema::Type;
use crate::span::Span;
use crate::suggest;
use crate::tree::{Data, Node};
use crate::value::{Secret, Value};
use crate::vars::{VarDecl, VarType};

const TEXT: Type = Type::Text {
    min: 0,
    max: crate::tree::MAX_SCALAR,
};

impl<'a> Resolver<'a> {
    /// Evaluates every variable of a scope, so that all missing and wrong values are reported at
    /// once.
    pub(super) fn all_variables(&mut self, scope: ScopeId) {
        let file = self.scopes[scope.0].file;
        for decl in &file.vars {
            let cx = Cx {
                scope,
                member: None,
                expressions: true,
            };
            if let Err(Halt::Off(name)) = self.demand(cx, SlotId::Var(scope, &decl.name), decl.at) {
                self.off_alone(cx, decl.at, &name);
            }
        }
        if !self.missing.is_empty() && scope == super::ROOT {
            let missing = std::mem::take(&mut self.missing);
            let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
            let (verb, them) = match names.len() {
                1 => ("has", "it"),
                _ => ("have", "them"),
            };
            let message = format!("{} {verb} no value", suggest::listing(&names));
            let hint = format!(
                "set {them} with `--var {}=…`, SETPOINT_VAR_{}, `--var-file`, an environment, or \
                 a default",
                names[0], names[0]
            );
            let mut diagnostic =
                Diagnostic::error("missing-variable", missing[0].1, message).hint(hint);
            for (_, span) in missing.iter().skip(1) {
                diagnostic = diagnostic.label(*span, "no value");
            }
            self.found.push(diagnostic);
        }
    }

    /// Reports a reference, outside a list, to a resource that is not enabled.
    pub(super) fn off_alone(&mut self, cx: Cx, span: Span, name: &str) -> Halt {
        let diagnostic = Diagnostic::error(
            "disabled-reference",
            span,
            format!("`{name}` is not in this stack (`enabled: false`)"),
        );
        self.fail(
            cx,
            diagnostic.hint("only an item of a list may refer to it, and is then left out"),
        )
    }

    /// Evaluates one variable.
    pub(super) fn variable(&mut self, scope: ScopeId, name: &'a str) -> Eval<Val> {
        let file = self.scopes[scope.0].file;
        let Some(decl) = file.vars.iter().find(|decl| decl.name == name) else {
            return Err(Halt::Reported);
        };
        let here = Cx {
            scope,
            member: None,
            expressions: false,
        };
        let (cx, node) = match (
            self.scopes[scope.0].module,
            self.scopes[scope.0]
                .given
                .and_then(|given| given.values.get(name)),
        ) {
            (Some((outside, member)), _) => {
                let with = self.members[member.0]
                    .entry
                    .get("with")
                    .and_then(|with| with.get(name));
                (
                    with.map_or(here, |_| Cx {
                        scope: outside,
                        member: Some(member),
                        expressions: true,
                    }),
                    with.or(decl.default.as_ref()),
                )
            }
            (None, Some(given)) => (
                Cx {
                    expressions: given.expressions,
                    ..here
                },
                Some(&given.node),
            ),
            (None, None) => (here, decl.default.as_ref()),
        };
        let Some(node) = node else {
            self.missing.push((name.to_owned(), decl.at));
            return Err(Halt::Reported);
        };
        let before = self.found.len();
        let read = self
            .var_value(cx, &decl.ty, In::Node(node))
            .and_then(|val| self.constrain(cx, decl, node.span, val));
        if decl.secret && self.found.len() > before {
            // The diagnostics would show the secret value or its line.
            self.found.truncate(before);
            let message = format!(
                "the value of the secret variable `{name}` is not {} that its declaration accepts",
                suggest::a(&decl.ty.name())
            );
            return Err(self.fail(here, Diagnostic::error("wrong-type", decl.at, message)));
        }
        Ok(if decl.secret { secret(read?) } else { read? })
    }

    fn var_value(&mut self, cx: Cx, ty: &VarType, input: In<'a>) -> Eval<Val> {
        let mut trail = Trail::default();
        let scalar = match ty {
            VarType::Text => TEXT,
            VarType::Int => Type::Int {
                min: i64::MIN,
                max: i64::MAX,
                unit: "",
            },
            VarType::Number => Type::Number,
            VarType::Bool => Type::Bool,
            VarType::Cidr => Type::Cidr { min: 0, max: 128 },
            VarType::Ip => Type::Ip,
            VarType::Duration => return self.duration_text(cx, input),
            VarType::Zone => Type::Zone,
            VarType::Ref(kind) => Type::Ref(kind.name),
            VarType::Port => return self.port_text(cx, input),
            VarType::Any => {
                return match input {
                    In::Node(node) => self.free(cx, node),
                    In::Val(val, _) => Ok(val),
                };
            }
            VarType::List(of) => return self.var_list(cx, of, input),
            VarType::Map(of) => return self.var_map(cx, of, input),
        };
        self.check(cx, &scalar, input, &mut trail)
    }

    fn var_list(&mut self, cx: Cx, of: &VarType, input: In<'a>) -> Eval<Val> {
        let mut values = Vec::new();
        for item in self.items(cx, input)? {
            let span = item.span();
            let read = match of {
                VarType::Ref(kind) => self.references(cx, kind.name, item),
                of => self.var_value(cx, of, item).map(|val| vec![val]),
            };
            match read {
                Ok(read) => values.extend(read),
                Err(Halt::Off(name)) => self.left_out(span, &name),
                Err(Halt::Reported) => return Err(Halt::Reported),
            }
        }
        Ok(Val::List(values))
    }

    fn var_map(&mut self, cx: Cx, of: &VarType, input: In<'a>) -> Eval<Val> {
        let entries = self.entries(cx, input, "a map")?;
        let read = entries
            .into_iter()
            .map(|(key, _, value)| Ok((key, self.var_value(cx, of, value)?)));
        Ok(Val::Map(read.collect::<Eval<BTreeMap<_, _>>>()?))
    }

    /// Reads a port and keeps its written form, which fields of type port accept and which is
    /// readable in a text.
    fn port_text(&mut self, cx: Cx, input: In<'a>) -> Eval<Val> {
        let span = input.span();
        let ports = self.check(cx, &Type::Ports, input, &mut Trail::default())?;
        match ports {
            Val::List(items) => match items.as_slice() {
                [Val::Plain(Value::Text(pair))] => {
                    let (from, to) = pair.split_once('/').unwrap_or((pair, pair));
                    Ok(if from == to {
                        Val::Plain(Value::Int(from.parse().unwrap_or_default()))
                    } else {
                        Val::text(format!("{from}-{to}"))
                    })
                }
                _ => Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "wrong-type",
                        span,
                        "a variable of type `port` must hold one port or one range",
                    )
                    .hint("write `type: list(port)` for several"),
                )),
            },
            other => Ok(other),
        }
    }

    /// Reads a duration and keeps its unit, for the same reason.
    fn duration_text(&mut self, cx: Cx, input: In<'a>) -> Eval<Val> {
        Ok(
            match self.check(cx, &Type::Duration, input, &mut Trail::default())? {
                Val::Plain(Value::Int(seconds)) => Val::text(crate::types::duration_text(
                    u64::try_from(seconds).unwrap_or_default(),
                )),
                other => other,
            },
        )
    }

    fn constrain(&mut self, cx: Cx, decl: &'a VarDecl, span: Span, val: Val) -> Eval<Val> {
        if let Val::Plain(Value::Text(text)) = &val
            && let Some((regex, at)) = &decl.pattern
            && !regex.is_match(text)
        {
            let message = format!("the value of `{}` does not match its `pattern`", decl.name);
            return Err(self.fail(
                cx,
                Diagnostic::error("out-of-range", span, message).label(*at, "the pattern"),
            ));
        }
        if let Val::Plain(Value::Int(_) | Value::Decimal(_)) = &val {
            self.bounds(cx, decl, span, &val)?;
        }
        if decl.one_of.is_empty() {
            return Ok(val);
        }
        let mut allowed = Vec::new();
        for node in &decl.one_of {
            allowed.push(self.var_value(
                Cx {
                    expressions: false,
                    ..cx
                },
                &decl.ty,
                In::Node(node),
            )?);
        }
        if allowed.contains(&val) {
            return Ok(val);
        }
        let words: Vec<&str> = decl.one_of.iter().filter_map(Node::text).collect();
        let message = format!(
            "the value of `{}` must be one of {}",
            decl.name,
            suggest::listing(&words)
        );
        Err(self.fail(cx, Diagnostic::error("out-of-range", span, message)))
    }

    fn bounds(&mut self, cx: Cx, decl: &'a VarDecl, span: Span, val: &Val) -> Eval<()> {
        let number = match val {
            Val::Plain(Value::Int(n)) => n.to_string(),
            Val::Plain(Value::Decimal(text)) => text.to_string(),
            _ => return Ok(()),
        };
        // The bounds are whole numbers, so a comparison as floating point is exact up to 2^53.
        let value: f64 = number.parse().unwrap_or(f64::NAN);
        let below = decl
            .min
            .filter(|(min, _)| value < *min as f64)
            .map(|(min, at)| (at, format!("below its `min` {min}")));
        let above = decl
            .max
            .filter(|(max, _)| value > *max as f64)
            .map(|(max, at)| (at, format!("above its `max` {max}")));
        match below.or(above) {
            None => Ok(()),
            Some((at, why)) => {
                let message = format!("the value {number} of `{}` is {why}", decl.name);
                Err(self.fail(
                    cx,
                    Diagnostic::error("out-of-range", span, message).label(at, "the bound"),
                ))
            }
        }
    }
}

/// Marks every scalar of a value as secret.
fn secret(val: Val) -> Val {
    match val {
        Val::Plain(Value::Text(text) | Value::Decimal(text)) => {
            Val::Plain(Value::Secret(Secret::new(text)))
        }
        Val::Plain(Value::Int(n)) => Val::Plain(Value::Secret(Secret::new(n.to_string()))),
        Val::Plain(Value::Bool(b)) => Val::Plain(Value::Secret(Secret::new(b.to_string()))),
        Val::List(items) => Val::List(items.into_iter().map(secret).collect()),
        Val::Map(map) => Val::Map(
            map.into_iter()
                .map(|(key, val)| (key, secret(val)))
                .collect(),
        ),
        other => other,
    }
}

impl<'a> In<'a> {
    /// Whether it is a node with an error that was reported.
    pub(super) fn is_bad(&self) -> bool {
        matches!(
            self,
            In::Node(Node {
                data: Data::Bad,
                ..
            })
        )
    }
}
