//! Expands `count` and `for_each` to the members of an entry.

use super::val::Val;
use super::{Cx, Eval, Halt, Resolver};
use crate::address::Key;
use crate::diagnostic::Diagnostic;
use crate::schema::Type;
use crate::span::Span;
use crate::tree::{Data, Node};
use crate::value::Value;

/// The value of `each` for one member.
#[derive(Debug, Clone)]
pub(super) struct Each {
    pub(super) key: Key,
    pub(super) value: Val,
    /// Its position, for members of `count`; members of `for_each` have none, so that a new key
    /// does not change the others.
    pub(super) place: Option<u32>,
}

/// The largest number of members of one group.
pub(super) const MAX_MEMBERS: i64 = 100_000;

impl<'a> Resolver<'a> {
    /// Returns the members of a `count`.
    pub(super) fn count(&mut self, cx: Cx, node: &'a Node) -> Eval<Vec<Each>> {
        let ty = Type::Int {
            min: 0,
            max: MAX_MEMBERS,
            unit: "",
        };
        let n = match self.check_alone(cx, &ty, node)? {
            Val::Plain(Value::Int(n)) => u32::try_from(n).unwrap_or(0),
            other => return Err(self.not_known(cx, node.span, "count", &other)),
        };
        let each = |n: u32| Each {
            key: Key::Index(n),
            value: Val::Plain(Value::Int(i64::from(n))),
            place: Some(n),
        };
        Ok((0..n).map(each).collect())
    }

    /// Returns the members of a `for_each`.
    pub(super) fn for_each(&mut self, cx: Cx, node: &'a Node) -> Eval<Vec<Each>> {
        let val = match &node.data {
            Data::Scalar(scalar)
                if cx.expressions && !crate::expr::has_expression(&scalar.text) =>
            {
                self.named(cx, node.span, &scalar.text)?
            }
            _ => self.free(cx, node)?,
        };
        let mut members: Vec<Each> = Vec::new();
        let span_of = |at: usize| match &node.data {
            Data::List(items) => items.get(at).map_or(node.span, |item| item.span),
            Data::Map(pairs) => pairs.get(at).map_or(node.span, |pair| pair.at),
            _ => node.span,
        };
        match val {
            Val::Group(group) => {
                members.extend(group.members.iter().map(|(key, member)| Each {
                    key: key.clone(),
                    value: member.clone(),
                    place: None,
                }));
            }
            Val::Map(map) => {
                // The map is sorted by key, so members do not depend on positions in the file.
                for (at, (key, value)) in map.into_iter().enumerate() {
                    let span = node.pair(&key).map_or(span_of(at), |pair| pair.at);
                    members.push(Each {
                        key: self.key(cx, span, &key)?,
                        value,
                        place: None,
                    });
                }
            }
            Val::List(items) => {
                for (at, item) in items.into_iter().enumerate() {
                    members.push(self.list_member(cx, span_of(at), item, &members)?);
                }
            }
            Val::Resource(address) => {
                let message = format!("`{address}` is one resource, not a group");
                return Err(self.fail(
                    cx,
                    Diagnostic::error("wrong-type", node.span, message)
                        .hint("`for_each` takes a list, a map or a group"),
                ));
            }
            other => return Err(self.not_known(cx, node.span, "for_each", &other)),
        }
        Ok(members)
    }

    fn list_member(&mut self, cx: Cx, span: Span, item: Val, before: &[Each]) -> Eval<Each> {
        let text = match &item {
            Val::Plain(Value::Text(text)) => text.clone(),
            Val::Plain(Value::Int(n)) => n.to_string().into(),
            Val::Plain(Value::Secret(_)) => {
                return Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "secret",
                        span,
                        "a secret cannot be a key, because addresses are shown",
                    ),
                ));
            }
            other => return Err(self.not_known(cx, span, "for_each", other)),
        };
        let key = self.key(cx, span, &text)?;
        if before.iter().any(|each| each.key == key) {
            return Err(self.fail(
                cx,
                Diagnostic::error(
                    "duplicate-key",
                    span,
                    format!("the key `{key}` is given twice"),
                ),
            ));
        }
        Ok(Each {
            key,
            value: Val::text(text),
            place: None,
        })
    }

    fn key(&mut self, cx: Cx, span: Span, text: &str) -> Eval<Key> {
        let wrong = Diagnostic::error("name", span, format!("`{text}` is not a valid key"));
        Key::parse(text).ok_or_else(|| {
            self.fail(
                cx,
                wrong.hint("a key must be a letter or digit, then letters, digits, `.`, `_` and `-`, at most 40"),
            )
        })
    }

    /// Reports a value that is not known at plan, or has the wrong type for `count`, `for_each` or
    /// `enabled`.
    pub(super) fn not_known(&mut self, cx: Cx, span: Span, what: &str, val: &Val) -> Halt {
        let diagnostic = match val.unknown() {
            Some(unknown) => {
                let diagnostic = Diagnostic::error(
                    "not-known",
                    span,
                    format!(
                        "`{unknown}` is known only after apply, but `{what}` must be known at plan"
                    ),
                );
                match unknown.split_once(['[', '.']) {
                    Some((group, _)) if matches!(what, "count" | "for_each") => diagnostic.hint(
                        format!("write `for_each: {group}` for one resource per member"),
                    ),
                    _ => diagnostic,
                }
            }
            None => {
                let wanted = if what == "for_each" {
                    "a list of texts, a map or a group"
                } else {
                    "a whole number"
                };
                Diagnostic::error(
                    "wrong-type",
                    span,
                    format!("`{what}` must be {wanted}, not {}", val.noun()),
                )
            }
        };
        self.fail(cx, diagnostic)
    }
}
