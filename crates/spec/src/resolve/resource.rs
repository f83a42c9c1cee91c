//! Resolves one member to a [`Resource`]: fields, tags, lifecycle, order.

mod after;
mod lifecycle;
mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{In, Trail};
use super::val::{MemberId, Val};
use super::{Cx, Eval, Halt, Resolver, Slot, SlotId};
use crate::address::Address;
use crate::common;
use crate::diagnostic::Diagnostic;
use crate::parse::{Entry, What};
use crate::schema::{CheckCx, FieldDef, KindDef, Type, Unset};
use crate::span::Span;
use crate::stack::{Places, Resource, Terms, Timeouts};
use crate::suggest;
use crate::tree::{Data, Node, Pair};
use crate::value::{Map, Value};

const TEXT: Type = Type::Text { min: 1, max: 256 };
impl<'a> Resolver<'a> {
    /// Evaluates and checks one field of a member.
    pub(super) fn field(&mut self, member: MemberId, name: &'a str) -> Eval<Val> {
        let (entry, scope) = (self.members[member.0].entry, self.members[member.0].scope);
        let cx = Cx {
            scope,
            member: Some(member),
            expressions: true,
        };
        let (What::Resource(kind), Some(pair)) = (&entry.what, entry.pair(name)) else {
            return Err(Halt::Reported);
        };
        let field = kind
            .field(name)
            .or_else(|| common::ENTRY.iter().find(|field| field.name == name));
        let Some(field) = field else {
            return Err(Halt::Reported);
        };
        if is_released(field, &pair.value) {
            return Ok(Val::Plain(Value::Null));
        }
        let mut trail = Trail::at(name);
        let value = self.check(cx, &field.ty, In::Node(&pair.value), &mut trail);
        self.spots
            .entry(member)
            .or_default()
            .append(&mut trail.spots);
        let val = value?;
        if name == "name" {
            self.check_display_name(cx, kind, pair.value.span, &val)?;
        }
        Ok(val)
    }

    fn check_display_name(&mut self, cx: Cx, kind: &KindDef, span: Span, val: &Val) -> Eval<()> {
        let rule = kind.name_rule;
        if val.has_secret() {
            return Err(self.fail(
                cx,
                Diagnostic::error(
                    "secret",
                    span,
                    "a name cannot hold a secret, because names are shown",
                ),
            ));
        }
        let Val::Plain(Value::Text(text)) = val else {
            return Ok(());
        };
        let len = text.chars().count();
        let hint = format!(
            "{} must have {} to {} characters and begin with a letter, not with `http://` or \
             `https://`",
            rule.param, rule.min, rule.max
        );
        let message = if !(rule.min..=rule.max).contains(&len) {
            if len == 1 {
                "the name has one character".to_owned()
            } else {
                format!("the name has {len} characters")
            }
        } else if !text.starts_with(char::is_alphabetic) {
            format!("the name `{text}` does not begin with a letter")
        } else if text.starts_with("http://") || text.starts_with("https://") {
            format!("the name `{text}` begins like a URL")
        } else {
            return Ok(());
        };
        Err(self.fail(cx, Diagnostic::error("bad-name", span, message).hint(hint)))
    }

    /// Resolves the resource of a member; `None` if it has an error.
    pub(super) fn resource(&mut self, member: MemberId) -> Option<Resource> {
        let (entry, scope) = (self.members[member.0].entry, self.members[member.0].scope);
        let What::Resource(kind) = entry.what else {
            return None;
        };
        let cx = Cx {
            scope,
            member: Some(member),
            expressions: true,
        };
        let before = self.found.len();
        let mut resource = self.bare_resource(member, kind);
        self.required(cx, kind, entry);
        let mut failed = false;
        for pair in &entry.body {
            failed |= self.entry_key(cx, member, pair, &mut resource).is_err();
        }
        let inherited = self.scopes[scope.0].tags.clone();
        if kind.taggable || entry.get("tags").is_some() {
            match self.merged_tags(cx, inherited, entry.get("tags")) {
                Ok(tags) => resource.tags = tags,
                Err(_) => failed = true,
            }
        }
        self.misplaced(cx, kind, entry);
        match self.after(cx, entry) {
            Ok(own) => append_after(&mut resource.terms, own),
            Err(_) => failed = true,
        }
        let errors = self.found[before..]
            .iter()
            .any(|found| found.severity == crate::diagnostic::Severity::Error);
        resource.field_at = Arc::new(self.locations(member));
        if failed || errors {
            None
        } else {
            Some(resource)
        }
    }

    /// Creates the resource of a member before the keys of its entry are read.
    fn bare_resource(&self, member: MemberId, kind: &'static KindDef) -> Resource {
        let member = &self.members[member.0];
        Resource {
            address: member.address.clone(),
            kind,
            fields: Map::new(),
            tags: None,
            terms: self.scopes[member.scope.0].terms.clone(),
            number: member.each.as_ref().and_then(|each| each.place),
            at: self.sources.location(member.entry.at),
            field_at: Arc::default(),
        }
    }

    /// Reports tags and a description on a kind that cannot have them.
    fn misplaced(&mut self, cx: Cx, kind: &KindDef, entry: &Entry) {
        if let Some(pair) = entry.pair("tags").filter(|_| !kind.taggable) {
            self.fail(
                cx,
                Diagnostic::error(
                    "misplaced-key",
                    pair.at,
                    format!("{} cannot have tags at the API", suggest::a(kind.name)),
                ),
            );
        }
        if let Some(pair) = entry
            .pair("description")
            .filter(|_| !kind.described && kind.field("description").is_none())
        {
            let message = format!(
                "{} cannot have a description at the API",
                suggest::a(kind.name)
            );
            self.fail(
                cx,
                Diagnostic::error("misplaced-key", pair.at, message)
                    .hint("write a comment instead"),
            );
        }
    }

    fn locations(&mut self, member: MemberId) -> Places {
        let spots = self.spots.remove(&member).unwrap_or_default();
        spots
            .into_iter()
            .map(|(path, span)| (path, self.sources.location(span)))
            .collect()
    }

    fn required(&mut self, cx: Cx, kind: &KindDef, entry: &Entry) {
        // A misspelt field is reported as unknown and not also as missing.
        let names: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
        let meant = |name: &str| {
            entry.body.iter().any(|pair| {
                !names.contains(&pair.key.as_str())
                    && suggest::nearest(&pair.key, names.iter().copied()) == Some(name)
            })
        };
        for field in kind
            .fields
            .iter()
            .filter(|field| field.required && entry.get(field.name).is_none() && !meant(field.name))
        {
            let diagnostic = Diagnostic::error(
                "missing-field",
                entry.at,
                format!("{} needs `{}`", suggest::a(kind.name), field.name),
            );
            self.fail(cx, diagnostic.hint(field.doc));
        }
        for names in kind.one_of {
            let given: Vec<&Pair> = names.iter().filter_map(|name| entry.pair(name)).collect();
            match given.as_slice() {
                [_] => {}
                [] => {
                    let diagnostic = Diagnostic::error(
                        "missing-field",
                        entry.at,
                        format!(
                            "{} needs one of {}",
                            suggest::a(kind.name),
                            suggest::listing(names)
                        ),
                    );
                    self.fail(cx, diagnostic);
                }
                [first, second, ..] => {
                    let message =
                        format!("`{}` and `{}` cannot both be set", first.key, second.key);
                    self.fail(
                        cx,
                        Diagnostic::error("exclusive-fields", second.at, message)
                            .label(first.at, "the other one is here"),
                    );
                }
            }
        }
        for names in kind.any_of {
            if !names.iter().any(|name| entry.get(name).is_some()) {
                let message = format!(
                    "{} needs at least one of {}",
                    suggest::a(kind.name),
                    suggest::listing(names)
                );
                self.fail(cx, Diagnostic::error("missing-field", entry.at, message));
            }
        }
    }

    /// Adds one key of an entry to the resource.
    fn entry_key(
        &mut self,
        cx: Cx,
        member: MemberId,
        pair: &'a Pair,
        resource: &mut Resource,
    ) -> Eval<()> {
        let key = pair.key.as_str();
        match key {
            "tags" | "after" | "count" | "for_each" | "enabled" => Ok(()),
            "resource_group" => {
                Arc::make_mut(&mut resource.terms).resource_group =
                    Some(self.entry_text(cx, pair)?);
                Ok(())
            }
            "adopt" => {
                let id = self.entry_text(cx, pair)?;
                let other = self.cx.schema.id_kind(&id);
                if let Some(kind) = other.filter(|kind| *kind != resource.kind.name) {
                    let message = format!(
                        "`{id}` is the id of {}, but this is {}",
                        suggest::a(kind),
                        suggest::a(resource.kind.name)
                    );
                    return Err(self.fail(
                        cx,
                        Diagnostic::error("wrong-kind", pair.value.span, message),
                    ));
                }
                Arc::make_mut(&mut resource.terms).adopt = Some(id);
                Ok(())
            }
            "timeouts" => {
                let members: Vec<&FieldDef> = common::TIMEOUTS.iter().collect();
                let map = self.entry_struct(cx, pair, &members)?;
                let seconds = |name: &str| {
                    map.get(name)
                        .and_then(Value::as_int)
                        .and_then(|n| u64::try_from(n).ok())
                };
                Arc::make_mut(&mut resource.terms).timeouts = Timeouts {
                    create: seconds("create"),
                    update: seconds("update"),
                    delete: seconds("delete"),
                };
                Ok(())
            }
            "lifecycle" => {
                let lifecycle = self.lifecycle(cx, pair, resource)?;
                Arc::make_mut(&mut resource.terms).lifecycle = lifecycle;
                Ok(())
            }
            _ => {
                let known =
                    matches!(key, "name" | "description") || resource.kind.field(key).is_some();
                if !known {
                    return Err(Halt::Reported);
                }
                let val = match self.field_once(cx, member, pair) {
                    Err(Halt::Off(name)) => return Err(self.off_alone(cx, pair.value.span, &name)),
                    other => other?,
                };
                self.put_field(cx, pair, val, resource)
            }
        }
    }

    /// Evaluates a field for its own resource. Most fields are used only once, so the slot is not
    /// kept unless another value has demanded the field before; a later demand computes it again.
    fn field_once(&mut self, cx: Cx, member: MemberId, pair: &'a Pair) -> Eval<Val> {
        let id = SlotId::Field(member, &pair.key);
        if self.slots.contains_key(&id) {
            return self.demand(cx, id, pair.value.span);
        }
        self.slots.insert(id, Slot::Running);
        self.chain.push(id);
        let result = self.field(member, &pair.key);
        self.chain.pop();
        self.slots.remove(&id);
        result
    }

    fn put_field(&mut self, cx: Cx, pair: &Pair, val: Val, resource: &mut Resource) -> Eval<()> {
        match val.into_value() {
            Some(Value::Null) => Arc::make_mut(&mut resource.terms)
                .released
                .push(pair.key.clone()),
            Some(value) => {
                resource.fields.insert(pair.key.clone(), value);
            }
            None => {
                let message = format!("`{}` cannot hold a module or another stack", pair.key);
                return Err(self.fail(
                    cx,
                    Diagnostic::error("wrong-type", pair.value.span, message),
                ));
            }
        }
        Ok(())
    }

    /// Reads a text of an entry that must be known at plan.
    fn entry_text(&mut self, cx: Cx, pair: &'a Pair) -> Eval<String> {
        match self.check_alone(cx, &TEXT, &pair.value)? {
            Val::Plain(Value::Text(text)) => Ok(text.to_string()),
            other => {
                let message = match other.unknown() {
                    Some(unknown) => format!(
                        "`{unknown}` is known only after apply, but `{}` must be known at plan",
                        pair.key
                    ),
                    None => format!("`{}` cannot be secret", pair.key),
                };
                Err(self.fail(cx, Diagnostic::error("not-known", pair.value.span, message)))
            }
        }
    }

    fn entry_struct(&mut self, cx: Cx, pair: &'a Pair, members: &[&'static FieldDef]) -> Eval<Map> {
        let val = self.check_structure(cx, members, &pair.value)?;
        match val.into_value() {
            Some(Value::Map(map)) => Ok(map),
            _ => Err(Halt::Reported),
        }
    }

    /// Runs the checks of each kind over its whole entries.
    pub(super) fn check_kinds(&mut self, resources: &BTreeMap<Address, Resource>) {
        let region = self.region.clone().unwrap_or_default();
        for (address, resource) in resources {
            let cx = CheckCx {
                resource,
                all: resources,
                region: &region,
            };
            for problem in (resource.kind.check)(&cx) {
                let Some(member) = self.by_address.get(address).copied() else {
                    continue;
                };
                let diagnostic =
                    Diagnostic::error("check", self.spot(member, &problem.path), problem.message);
                self.found.push(
                    diagnostic
                        .maybe_hint(problem.hint)
                        .within(address.to_string()),
                );
            }
        }
    }

    /// Returns the span of a dotted path of a member, or of the nearest part that exists.
    pub(super) fn spot(&self, member: MemberId, path: &str) -> Span {
        let entry = self.members[member.0].entry;
        let mut parts = path.split('.');
        let Some(pair) = parts.next().and_then(|first| entry.pair(first)) else {
            return entry.at;
        };
        let mut node = &pair.value;
        for part in parts {
            let inner = match &node.data {
                Data::List(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => node.get(part),
            };
            let Some(inner) = inner else { break };
            node = inner;
        }
        node.span
    }
}

/// Whether the word `unmanaged` releases a closed field.
fn is_released(field: &FieldDef, node: &Node) -> bool {
    field.unset == Unset::Closed && node.text() == Some("unmanaged")
}

/// Adds to what a resource waits for. Terms that are not changed stay shared.
pub(super) fn append_after(terms: &mut Arc<Terms>, after: Vec<Address>) {
    if !after.is_empty() {
        Arc::make_mut(terms).after.extend(after);
    }
}
