//! References to resources: a name, a member of a group, an expression, an id, or a look-up.
//!
//! The kind of the target is checked wherever it is known.

use super::check::In;
use super::val::Val;
use super::{Cx, Eval, Halt, Resolver};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::outside::said;
use crate::parse::What;
use crate::span::Span;
use crate::suggest;
use crate::tree::{Data, Node};
use crate::value::{Map, Value};

impl<'a> Resolver<'a> {
    /// Resolves one reference. `kinds` may list several kinds, separated by `|`.
    pub(super) fn reference(&mut self, cx: Cx, kinds: &str, input: In<'a>) -> Eval<Val> {
        let span = input.span();
        match self.any_reference(cx, kinds, input)? {
            Val::Group(group) => {
                let example = group
                    .members
                    .first()
                    .map_or("KEY".to_owned(), |(key, _)| key.to_string());
                let message = format!(
                    "`{}` is a group; this field takes one resource",
                    group.address
                );
                Err(self.fail(
                    cx,
                    Diagnostic::error("group-reference", span, message)
                        .hint(format!("write `{}[{example}]`", group.address)),
                ))
            }
            val => Ok(val),
        }
    }

    /// Resolves an item of a list of references; the name of a group stands for all its members.
    pub(super) fn references(&mut self, cx: Cx, kinds: &str, input: In<'a>) -> Eval<Vec<Val>> {
        Ok(match self.any_reference(cx, kinds, input)? {
            Val::Group(group) => group
                .members
                .iter()
                .map(|(_, member)| member.clone())
                .collect(),
            val => vec![val],
        })
    }

    fn any_reference(&mut self, cx: Cx, kinds: &str, input: In<'a>) -> Eval<Val> {
        let span = input.span();
        match self.evaluated(cx, input)? {
            In::Node(node) => match &node.data {
                Data::Scalar(scalar) => match self.cx.schema.id_kind(&scalar.text) {
                    Some(kind) if wants(kinds, kind) => {
                        Ok(Val::Outside(Value::text(scalar.text.as_str())))
                    }
                    Some(kind) => {
                        let message = format!(
                            "`{}` is the id of {}; this field takes {}",
                            scalar.text,
                            suggest::a(kind),
                            words(kinds)
                        );
                        Err(self.fail(cx, Diagnostic::error("wrong-kind", span, message)))
                    }
                    None => {
                        let val = self.known_name(cx, kinds, node, &scalar.text)?;
                        self.of_kind(cx, kinds, val, span)
                    }
                },
                Data::Map(_) => self.look_up(cx, kinds, node),
                Data::Bad | Data::Null => Err(Halt::Reported),
                Data::List(_) => {
                    let message = format!("this must be {}, not a list", words(kinds));
                    Err(self.fail(cx, Diagnostic::error("wrong-type", span, message)))
                }
            },
            In::Val(val, span) => self.of_kind(cx, kinds, val, span),
        }
    }

    /// Resolves a bare word. If no entry has this name, the hint shows the form for external
    /// resources.
    fn known_name(&mut self, cx: Cx, kinds: &str, node: &Node, text: &str) -> Eval<Val> {
        if text.parse::<Address>().is_ok() {
            let form = self.outside_form(kinds, text);
            let before = self.found.len();
            let named = self.named(cx, node.span, text);
            if named == Err(Halt::Reported)
                && let [only] = &mut self.found[before..]
                && only.code == "unknown-reference"
                && only.hint.as_ref().is_none_or(|hint| {
                    !hint.starts_with("did you mean") && !hint.starts_with("a module")
                })
            {
                only.hint = Some(
                    only.hint
                        .take()
                        .map_or(form.clone(), |hint| format!("{hint}\n{form}")),
                );
            }
            return named;
        }
        let diagnostic = Diagnostic::error(
            "unknown-reference",
            node.span,
            format!("`{text}` is neither a valid name nor an id"),
        );
        Err(self.fail(cx, diagnostic.hint(self.outside_form(kinds, text))))
    }

    /// Checks that a value is a reference to one of the kinds.
    fn of_kind(&mut self, cx: Cx, kinds: &str, val: Val, span: Span) -> Eval<Val> {
        match val {
            Val::Resource(address) => {
                self.right_kind(cx, kinds, &address, span)?;
                Ok(Val::Resource(address))
            }
            Val::Plain(Value::Ref(reference)) if reference.attr == "id" => {
                self.right_kind(cx, kinds, &reference.address, span)?;
                Ok(Val::Resource(reference.address))
            }
            Val::Group(group) => {
                for (_, member) in &group.members {
                    if let Val::Resource(address) = member {
                        self.right_kind(cx, kinds, address, span)?;
                    }
                }
                match group.members.first() {
                    Some((_, Val::Module(_))) => {
                        Err(self.module_reference(cx, &group.address, span))
                    }
                    _ => Ok(Val::Group(group)),
                }
            }
            Val::Outside(value) => Ok(Val::Outside(value)),
            Val::Map(map) => Ok(Val::Outside(
                Val::Map(map).into_value().ok_or(Halt::Reported)?,
            )),
            Val::Module(member) => {
                let address = self.members[member.0].address.clone();
                Err(self.module_reference(cx, &address, span))
            }
            other => Err(self.not_a_resource(cx, kinds, &other, span)),
        }
    }

    /// Reports a value that is not a reference to a resource, with the form to write.
    pub(super) fn not_a_resource(&mut self, cx: Cx, kinds: &str, val: &Val, span: Span) -> Halt {
        let wrong_kind = |message: String| Diagnostic::error("wrong-kind", span, message);
        let diagnostic = match val {
            Val::Alias(alias) => wrong_kind(format!(
                "`{alias}` is another stack; this field takes {}",
                words(kinds)
            ))
            .hint(format!("write `{alias}.NAME`")),
            Val::Plain(Value::Ref(reference)) => wrong_kind(format!(
                "`{}.{}` is an attribute; this field takes {} itself",
                said(&reference.address),
                reference.attr,
                words(kinds)
            ))
            .hint(format!("write `{}`", said(&reference.address))),
            Val::Plain(Value::Text(_)) => {
                let kind = kinds.split('|').next().unwrap_or(kinds);
                let hint = if self.sources.text(span).contains("vars.") {
                    format!(
                        "declare the variable with `type: {kind}`; then its value may be a name, \
                         an id or a look-up"
                    )
                } else {
                    "write the name itself, or `${NAME}`".to_owned()
                };
                wrong_kind("this expression must give a resource, not a text".to_owned()).hint(hint)
            }
            other => {
                let message = format!("this must be {}, not {}", words(kinds), other.noun());
                Diagnostic::error("wrong-type", span, message)
            }
        };
        self.fail(cx, diagnostic)
    }

    fn module_reference(&mut self, cx: Cx, address: &Address, span: Span) -> Halt {
        let outputs = self.scopes[cx.scope.0]
            .names
            .get(
                address
                    .segments()
                    .last()
                    .map_or("", |last| last.name.as_str()),
            )
            .and_then(|entry| match entry.what {
                What::Module {
                    file: Some(file), ..
                } => Some(self.world.file(file)),
                _ => None,
            });
        let outputs: Vec<&str> = outputs.map_or(Vec::new(), |file| {
            file.pairs("outputs")
                .iter()
                .map(|pair| pair.key.as_str())
                .collect()
        });
        let hint = if outputs.is_empty() {
            None
        } else {
            Some(format!(
                "its outputs are {}; write `{address}.{}`",
                suggest::listing(&outputs),
                outputs[0]
            ))
        };
        self.fail(
            cx,
            Diagnostic::error(
                "wrong-kind",
                span,
                format!("`{address}` is a module; only its outputs can be referred to"),
            )
            .maybe_hint(hint),
        )
    }

    fn right_kind(&mut self, cx: Cx, kinds: &str, address: &Address, span: Span) -> Eval<()> {
        match self.kind_of(address) {
            Some(kind) if !wants(kinds, kind.name) => {
                let message = format!(
                    "`{}` is {}; this field takes {}",
                    said(address),
                    suggest::a(kind.name),
                    words(kinds)
                );
                let names: Vec<&str> = self.of_kinds(cx, kinds);
                let hint = match names.len() {
                    0 => None,
                    1..=6 => Some(format!("this stack has {}", suggest::listing(&names))),
                    _ => None,
                };
                Err(self.fail(
                    cx,
                    Diagnostic::error("wrong-kind", span, message).maybe_hint(hint),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Returns the names of entries of these kinds in a scope.
    fn of_kinds(&self, cx: Cx, kinds: &str) -> Vec<&'a str> {
        let scope = &self.scopes[cx.scope.0];
        let fits = |what: &What| matches!(what, What::Resource(kind) if wants(kinds, kind.name));
        scope
            .names
            .iter()
            .filter(|(_, entry)| fits(&entry.what))
            .map(|(name, _)| *name)
            .collect()
    }

    /// Reads a look-up: `{id: …}`, `{name: …}`, `{tags: {…}}`, and the other keys of the kind.
    pub(super) fn look_up(&mut self, cx: Cx, kinds: &str, node: &'a Node) -> Eval<Val> {
        let keys = self.cx.schema.naming(kinds).look_up;
        let mut by = Map::new();
        let mut result = Ok(());
        for pair in node.pairs() {
            let Some(key) = keys.iter().find(|key| key.name == pair.key) else {
                let hint = suggest::hint(&pair.key, keys.iter().map(|key| key.name));
                let message = format!("{} cannot be looked up by `{}`", words(kinds), pair.key);
                result = Err(self.fail(
                    cx,
                    Diagnostic::error("unknown-field", pair.at, message).maybe_hint(hint),
                ));
                continue;
            };
            match self.check_alone(cx, &key.ty, &pair.value) {
                Ok(val) => {
                    by.extend(val.into_value().map(|value| (pair.key.clone(), value)));
                }
                Err(halt) => result = Err(halt),
            }
        }
        result?;
        let finding = keys.iter().filter(|key| key.finds).map(|key| key.name);
        if !finding.clone().any(|name| by.contains_key(name)) {
            let message = "the look-up names no property to search by";
            return Err(self.fail(
                cx,
                Diagnostic::error("missing-field", node.span, message).hint(format!(
                    "add one of {}",
                    suggest::listing(&finding.collect::<Vec<_>>())
                )),
            ));
        }
        Ok(Val::Outside(Value::Map(by)))
    }

    /// Returns the hint for a resource of a kind outside the stack.
    fn outside_form(&self, kinds: &str, text: &str) -> String {
        let form = self.cx.schema.naming(kinds).outside;
        if text.contains(['"', '\n']) {
            form.to_owned()
        } else {
            form.replace("NAME", text)
        }
    }
}

pub(super) fn wants(kinds: &str, kind: &str) -> bool {
    kinds.split('|').any(|wanted| wanted == kind)
}

/// Lists kinds for messages.
fn words(kinds: &str) -> String {
    kinds
        .split('|')
        .map(suggest::a)
        .collect::<Vec<_>>()
        .join(" or ")
}
