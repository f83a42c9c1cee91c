//! Resolves `existing` and `stacks`: resources that this stack uses but does not own.

use std::collections::BTreeMap;

use super::TOP;
use crate::common;
use crate::diagnostic::Diagnostic;
use crate::outside;
use crate::parse::{Shape, literal, shape_fits};
use crate::resolve::Resolver;
use crate::resolve::val::Val;
use crate::stack::{Existing, Stack, StackLink};
use crate::suggest;
use crate::tree::{Node, Pair};
use crate::value::{Map, Value};

/// The keys of an entry of `stacks`.
const LINK: &[&str] = &["stack", "environment", "region", "file"];

impl<'a> Resolver<'a> {
    /// Resolves both sections.
    pub(in crate::resolve) fn existing(&mut self, stack: &mut Stack) {
        for pair in self.world.files[0].pairs("existing") {
            if let Some(existing) = self.existing_entry(pair) {
                self.outside_kinds
                    .insert(outside::existing(&pair.key), existing.kind);
                stack.existing.insert(pair.key.clone(), existing);
            }
        }
        self.links(stack);
    }

    fn existing_entry(&mut self, pair: &'a Pair) -> Option<Existing> {
        if !shape_fits(&pair.value, Shape::Map, &pair.key, &mut self.found) {
            return None;
        }
        let Some(kind) = pair.value.pair("type") else {
            let diagnostic = Diagnostic::error(
                "missing-type",
                pair.at,
                format!("`{}` has no `type`", pair.key),
            );
            self.found.push(
                diagnostic.hint("write `{type: KIND, id: …}`, or `name` or `tags` instead of `id`"),
            );
            return None;
        };
        let text = literal(&kind.value, "type", &mut self.found)?;
        let Some(kind) = self.cx.schema.kind(text) else {
            self.found
                .push(common::unknown_kind(self.cx.schema, text, kind.value.span));
            return None;
        };
        let rest: Vec<Pair> = pair
            .value
            .pairs()
            .iter()
            .filter(|pair| pair.key != "type")
            .cloned()
            .collect();
        let by = self.existing_by(kind.name, pair, &rest)?;
        Some(Existing {
            kind,
            by,
            at: self.sources.location(pair.at),
        })
    }

    fn existing_by(&mut self, kind: &str, pair: &'a Pair, rest: &[Pair]) -> Option<Map> {
        let keys = self.cx.schema.naming(kind).look_up;
        let mut by = Map::new();
        for pair in pair.value.pairs().iter().filter(|pair| pair.key != "type") {
            let Some(key) = keys.iter().find(|key| key.name == pair.key) else {
                let hint = suggest::hint(&pair.key, keys.iter().map(|key| key.name));
                let message = format!("an existing {kind} cannot be looked up by `{}`", pair.key);
                self.found
                    .push(Diagnostic::error("unknown-field", pair.at, message).maybe_hint(hint));
                continue;
            };
            let value = self
                .check_alone(TOP, &key.ty, &pair.value)
                .ok()
                .and_then(Val::into_value)?;
            if !value.is_known() || value.has_secret() {
                self.found.push(Diagnostic::error(
                    "not-known",
                    pair.value.span,
                    "`existing` is resolved at plan time and can only use values known then",
                ));
                return None;
            }
            by.insert(pair.key.clone(), value);
        }
        if let Some(Value::Text(id)) = by.get("id")
            && let Some(other) = self.cx.schema.id_kind(id).filter(|other| *other != kind)
        {
            let span = pair.value.get("id").map_or(pair.at, |node| node.span);
            self.found.push(Diagnostic::error(
                "wrong-kind",
                span,
                format!(
                    "`{id}` is the id of {}, not of {}",
                    suggest::a(other),
                    suggest::a(kind)
                ),
            ));
        }
        if rest.is_empty() {
            let diagnostic = Diagnostic::error(
                "missing-field",
                pair.at,
                format!("`{}` has no property to search by", pair.key),
            );
            self.found
                .push(diagnostic.hint("add `id`, `name` or `tags`; exactly one must match"));
        }
        (!by.is_empty()).then_some(by)
    }

    /// Evaluates the environments of all links, by alias. An entry without `stack` is reported when
    /// it is resolved.
    pub(super) fn link_environments(&mut self) -> BTreeMap<String, Option<String>> {
        let names_stack = |pair: &&Pair| pair.value.get("stack").and_then(Node::text).is_some();
        let file = &self.world.files[0];
        let links = file.pairs("stacks").iter().filter(names_stack);
        links
            .map(|pair| {
                let node = pair.value.get("environment");
                let environment = node.and_then(|node| self.known_text(node, "environment"));
                (pair.key.clone(), environment)
            })
            .collect()
    }

    fn links(&mut self, stack: &mut Stack) {
        for pair in self.world.files[0].pairs("stacks") {
            if let Some(link) = self.link_entry(pair) {
                stack.stacks.insert(pair.key.clone(), link);
            }
        }
    }

    fn link_entry(&mut self, pair: &'a Pair) -> Option<StackLink> {
        if !shape_fits(&pair.value, Shape::Map, &pair.key, &mut self.found) {
            return None;
        }
        for member in pair.value.pairs() {
            if !LINK.contains(&member.key.as_str()) {
                let hint = suggest::hint(&member.key, LINK.iter().copied());
                self.found.push(
                    Diagnostic::error(
                        "unknown-field",
                        member.at,
                        format!(
                            "`{}` is not a valid key of an entry of `stacks`",
                            member.key
                        ),
                    )
                    .maybe_hint(hint),
                );
            }
        }
        let get = |key: &str| pair.value.get(key);
        let Some(name) = get("stack") else {
            self.found.push(Diagnostic::error(
                "missing-field",
                pair.at,
                format!("`{}` has no `stack`", pair.key),
            ));
            return None;
        };
        let stack = literal(name, "stack", &mut self.found)?.to_owned();
        let environment = self.environments.get(&pair.key).cloned().flatten();
        let region = get("region").and_then(|node| self.region_of(node));
        let file = get("file")
            .and_then(|node| literal(node, "file", &mut self.found))
            .map(str::to_owned);
        if let Some(far) = self.links.get(&pair.key) {
            let far = self.scopes[far.0].file;
            if far.name.value != stack {
                let message = format!(
                    "{} holds the stack `{}`, not `{stack}`",
                    far.path, far.name.value
                );
                self.found
                    .push(Diagnostic::error("wrong-stack", name.span, message));
            }
        }
        Some(StackLink {
            stack,
            environment,
            region,
            file,
            at: self.sources.location(pair.at),
        })
    }
}
