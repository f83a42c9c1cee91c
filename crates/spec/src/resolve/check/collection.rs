//! Checks lists, maps and structures against the types of the schema.

use std::collections::BTreeMap;

use super::{In, InEntry, Trail};
use crate::diagnostic::Diagnostic;
use crate::resolve::val::Val;
use crate::resolve::{Cx, Eval, Halt, Resolver};
use crate::schema::{FieldDef, Type};
use crate::span::Span;
use crate::suggest;
use crate::tree::{Data, Node};
use crate::value::Value;

impl<'a> Resolver<'a> {
    /// Returns the items of a list.
    pub(in crate::resolve) fn items(&mut self, cx: Cx, input: In<'a>) -> Eval<Vec<In<'a>>> {
        match self.evaluated(cx, input)? {
            In::Node(Node {
                data: Data::List(items),
                ..
            }) => Ok(items.iter().map(In::Node).collect()),
            In::Val(Val::List(items), span) => {
                Ok(items.into_iter().map(|item| In::Val(item, span)).collect())
            }
            In::Val(group @ Val::Group(_), span) => Ok(vec![In::Val(group, span)]),
            In::Node(Node {
                data: Data::Bad, ..
            }) => Err(Halt::Reported),
            other => {
                let diagnostic = Diagnostic::error(
                    "wrong-type",
                    other.span(),
                    format!("this must be a list, not {}", other.noun()),
                );
                let said = self.sources.text(other.span()).to_owned();
                let short =
                    !said.contains('\n') && !said.is_empty() && !matches!(other, In::Val(..));
                Err(self.fail(
                    cx,
                    diagnostic.maybe_hint(short.then(|| format!("write `[{said}]`"))),
                ))
            }
        }
    }

    /// Returns the entries of a map.
    pub(in crate::resolve) fn entries(
        &mut self,
        cx: Cx,
        input: In<'a>,
        wanted: &str,
    ) -> Eval<Vec<InEntry<'a>>> {
        match self.evaluated(cx, input)? {
            In::Node(Node {
                data: Data::Map(pairs),
                ..
            }) => Ok(pairs
                .iter()
                .map(|pair| (pair.key.clone(), pair.at, In::Node(&pair.value)))
                .collect()),
            In::Val(Val::Map(map), span) => Ok(map
                .into_iter()
                .map(|(key, val)| (key, span, In::Val(val, span)))
                .collect()),
            In::Node(Node {
                data: Data::Bad, ..
            }) => Err(Halt::Reported),
            other => {
                let message = format!("this must be {wanted}, not {}", other.noun());
                Err(self.fail(cx, Diagnostic::error("wrong-type", other.span(), message)))
            }
        }
    }

    pub(super) fn list(
        &mut self,
        cx: Cx,
        of: &Type,
        input: In<'a>,
        trail: &mut Trail,
    ) -> Eval<Val> {
        let mut values: Vec<Val> = Vec::new();
        let mut failed = false;
        for item in self.items(cx, input)? {
            let span = item.span();
            let before = trail.enter(&values.len().to_string());
            let read = match of {
                Type::Ref(kind) => {
                    trail.mark(span);
                    self.references(cx, kind, item)
                }
                of => self.check(cx, of, item, trail).map(|val| vec![val]),
            };
            trail.leave(before);
            match read {
                Ok(read) => values.extend(read),
                Err(Halt::Off(name)) => self.left_out(span, &name),
                Err(Halt::Reported) => failed = true,
            }
        }
        if failed {
            Err(Halt::Reported)
        } else {
            Ok(Val::List(values))
        }
    }

    pub(super) fn rows(
        &mut self,
        cx: Cx,
        fields: &'static [FieldDef],
        input: In<'a>,
        trail: &mut Trail,
    ) -> Eval<Val> {
        if let In::Node(Node {
            data: Data::Scalar(_),
            span,
        }) = &input
        {
            let diagnostic = Diagnostic::error(
                "wrong-type",
                *span,
                "this must be a list of maps, not a single value",
            );
            return Err(self.fail(cx, diagnostic.hint("to have none, leave the line out")));
        }
        self.list(cx, &Type::Struct(fields), input, trail)
    }

    pub(super) fn map(&mut self, cx: Cx, of: &Type, input: In<'a>, trail: &mut Trail) -> Eval<Val> {
        let mut values = BTreeMap::new();
        let mut result = Ok(());
        for (key, _, value) in self.entries(cx, input, "a map")? {
            let before = trail.enter(&key);
            match self.check(cx, of, value, trail) {
                Ok(val) => {
                    values.insert(key, val);
                }
                Err(halt) => result = Err(halt),
            }
            trail.leave(before);
        }
        result.map(|()| Val::Map(values))
    }

    /// Checks a structure: its members are known, required ones are set, and each has its type.
    pub(in crate::resolve) fn structure(
        &mut self,
        cx: Cx,
        fields: &[&'static FieldDef],
        input: In<'a>,
        trail: &mut Trail,
    ) -> Eval<Val> {
        let span = input.span();
        let mut values = BTreeMap::new();
        let mut result = Ok(());
        for (key, at, value) in self.entries(cx, input, "a map")? {
            let Some(field) = fields.iter().find(|field| field.name == key) else {
                let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let hint = suggest::hint(&key, names);
                result = Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "unknown-field",
                        at,
                        format!("`{key}` is not a valid key here"),
                    )
                    .maybe_hint(hint),
                ));
                continue;
            };
            let before = trail.enter(&key);
            match self.check(cx, &field.ty, value, trail) {
                Ok(val) => {
                    values.insert(key, val);
                }
                Err(halt) => {
                    values.insert(key, Val::Plain(Value::Null));
                    result = result.and(Err(halt));
                }
            }
            trail.leave(before);
        }
        let missing: Vec<&str> = fields
            .iter()
            .filter(|field| field.required && !values.contains_key(field.name))
            .map(|field| field.name)
            .collect();
        if !missing.is_empty() {
            let span = self.short(span);
            return Err(self.fail(
                cx,
                Diagnostic::error(
                    "missing-field",
                    span,
                    format!("{} must be set here", suggest::listing(&missing)),
                ),
            ));
        }
        result.map(|()| Val::Map(values))
    }

    /// Shortens a span of several lines to the first.
    fn short(&self, span: Span) -> Span {
        let first = self.sources.text(span).find('\n');
        first.map_or(span, |len| span.part(0, len))
    }

    pub(super) fn named_rows(
        &mut self,
        cx: Cx,
        fields: &'static [FieldDef],
        input: In<'a>,
        trail: &mut Trail,
    ) -> Eval<Val> {
        let mut values = BTreeMap::new();
        let mut result = Ok(());
        for (key, at, value) in self.entries(cx, input, "a map of names")? {
            if let Err(wrong) = self.cx.schema.check_name(&key, "a name") {
                result = Err(self.wrong(cx, "name", at, wrong));
            }
            let before = trail.enter(&key);
            match self.check(cx, &Type::Struct(fields), value, trail) {
                Ok(val) => {
                    values.insert(key, val);
                }
                Err(halt) => result = result.and(Err(halt)),
            }
            trail.leave(before);
        }
        result.map(|()| Val::Map(values))
    }
}
