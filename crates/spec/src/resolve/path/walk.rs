//! Follows the steps of a path: members of groups, items of lists, keys of maps, outputs of
//! modules, resources of other stacks.

use std::collections::BTreeMap;

use crate::address::{Address, Key};
use crate::diagnostic::Diagnostic;
use crate::expr::{Step, StepData};
use crate::outside;
use crate::resolve::text::Anchor;
use crate::resolve::val::{Group, MemberId, Val};
use crate::resolve::{Cx, Eval, Halt, Resolver, SlotId};
use crate::span::Span;
use crate::suggest;
use crate::value::Value;

/// A step whose key is evaluated.
pub(super) enum Move {
    Name(String),
    Key(String),
    All,
}

impl Resolver<'_> {
    /// Follows the steps of a path from a value.
    pub(super) fn walk(
        &mut self,
        cx: Cx,
        mut val: Val,
        steps: &[Step],
        anchor: Anchor,
    ) -> Eval<Val> {
        for (at, step) in steps.iter().enumerate() {
            let rest = &steps[at..];
            if let Val::Resource(address) = &val
                && !self.is_far_group(address, step)
            {
                let address = address.clone();
                return self.attribute(cx, &address, rest, anchor);
            }
            let key = self.step(cx, step, anchor)?;
            if matches!(key, Move::All) {
                let at = anchor.at(&step.range);
                let items = self.all_of(cx, &val, at)?;
                self.spend_items(cx, items.len(), at)?;
                let walked = items
                    .into_iter()
                    .map(|item| self.walk(cx, item, &rest[1..], anchor));
                return Ok(Val::List(walked.collect::<Eval<Vec<_>>>()?));
            }
            val = self.one_step(cx, val, key, anchor.at(&step.range))?;
        }
        Ok(val)
    }

    /// Whether a step selects a member of a group of another stack whose file is not given.
    fn is_far_group(&self, address: &Address, step: &Step) -> bool {
        outside::is_outside(address)
            && address.key().is_none()
            && !self.by_address.contains_key(address)
            && matches!(step.data, StepData::Key(_) | StepData::Computed(_))
    }

    pub(super) fn step(&mut self, cx: Cx, step: &Step, anchor: Anchor) -> Eval<Move> {
        Ok(match &step.data {
            StepData::Name(name) => Move::Name(name.clone()),
            StepData::Key(key) => Move::Key(key.clone()),
            StepData::All => Move::All,
            StepData::Computed(expr) => {
                let span = anchor.at(&expr.range);
                match self.eval(cx, expr, anchor)? {
                    Val::Plain(Value::Text(text)) => Move::Key(text.to_string()),
                    Val::Plain(Value::Int(n)) => Move::Key(n.to_string()),
                    other => return Err(self.not_a_key(cx, span, &other)),
                }
            }
        })
    }

    fn not_a_key(&mut self, cx: Cx, span: Span, val: &Val) -> Halt {
        let message = match val.unknown() {
            Some(unknown) => {
                format!("`{unknown}` is known only after apply, but a key must be known at plan")
            }
            None if val.has_secret() => "a secret cannot be a key".to_owned(),
            None => format!("a key must be a text or a whole number, not {}", val.noun()),
        };
        self.fail(cx, Diagnostic::error("wrong-type", span, message))
    }

    fn all_of(&mut self, cx: Cx, val: &Val, at: Span) -> Eval<Vec<Val>> {
        match val {
            Val::Group(group) => Ok(group
                .members
                .iter()
                .map(|(_, member)| member.clone())
                .collect()),
            Val::List(items) => Ok(items.clone()),
            Val::Map(map) => Ok(map.values().cloned().collect()),
            other => Err(self.fail(
                cx,
                Diagnostic::error(
                    "wrong-type",
                    at,
                    format!(
                        "`[*]` is valid only for groups, lists and maps, not for {}",
                        other.noun()
                    ),
                ),
            )),
        }
    }

    fn one_step(&mut self, cx: Cx, val: Val, key: Move, at: Span) -> Eval<Val> {
        match (val, key) {
            (Val::Group(group), Move::Key(key)) => self.member_of(cx, &group, &key, at),
            (Val::Group(group), Move::Name(name)) => {
                Err(self.group_attribute(cx, &group, &name, at))
            }
            (Val::List(items), Move::Key(key)) => self.item_at(cx, &items, &key, at),
            (Val::List(_), Move::Name(name)) => Err(self.fail(
                cx,
                Diagnostic::error("wrong-type", at, format!("a list has no `{name}`"))
                    .hint("write `[0]` for the first item, `[*]` for all items"),
            )),
            (Val::Map(map), Move::Name(key) | Move::Key(key)) => self.value_at(cx, &map, &key, at),
            (Val::Resource(address), Move::Key(key)) if outside::is_outside(&address) => {
                match Key::parse(&key) {
                    Some(key) => Ok(Val::Resource(address.member(key))),
                    None => Err(self.fail(
                        cx,
                        Diagnostic::error(
                            "unknown-member",
                            at,
                            format!("`{key}` is not a valid key"),
                        ),
                    )),
                }
            }
            (Val::Module(member), Move::Name(name)) => self.module_output(cx, member, &name, at),
            (Val::Alias(alias), Move::Name(name)) => self.far_name(cx, &alias, &name, at),
            (val, Move::Name(key) | Move::Key(key)) => {
                let diagnostic =
                    Diagnostic::error("wrong-type", at, format!("{} has no `{key}`", val.noun()));
                let hint = matches!(val, Val::Outside(_)).then(|| {
                    "to read attributes of an external resource, declare it under `existing`"
                        .to_owned()
                });
                Err(self.fail(cx, diagnostic.maybe_hint(hint)))
            }
            (_, Move::All) => Err(Halt::Reported),
        }
    }

    /// Returns the member of a group with a key.
    fn member_of(&mut self, cx: Cx, group: &Group, key: &str, at: Span) -> Eval<Val> {
        let found =
            Key::parse(key).and_then(|key| group.members.iter().find(|(known, _)| *known == key));
        if let Some((_, member)) = found {
            return Ok(member.clone());
        }
        let keys: Vec<String> = group
            .members
            .iter()
            .map(|(key, _)| key.to_string())
            .collect();
        let hint = suggest::hint(key, keys.iter().map(String::as_str));
        Err(self.fail(
            cx,
            Diagnostic::error(
                "unknown-member",
                at,
                format!("`{}` has no member `{key}`", group.address),
            )
            .maybe_hint(hint),
        ))
    }

    /// Reports an attribute of a group; only its members have attributes.
    fn group_attribute(&mut self, cx: Cx, group: &Group, name: &str, at: Span) -> Halt {
        let key = group
            .members
            .first()
            .map_or("KEY".to_owned(), |(key, _)| key.to_string());
        let said = &group.address;
        let diagnostic = Diagnostic::error(
            "group-attribute",
            at,
            format!("`{said}` is a group and has no attribute `{name}`"),
        );
        self.fail(
            cx,
            diagnostic.hint(format!(
                "write `{said}[{key}].{name}` for one member, `{said}[*].{name}` for a list of all"
            )),
        )
    }

    /// Returns the item of a list at an index.
    fn item_at(&mut self, cx: Cx, items: &[Val], key: &str, at: Span) -> Eval<Val> {
        match key.parse::<usize>().ok().and_then(|n| items.get(n)) {
            Some(item) => Ok(item.clone()),
            None => Err(self.fail(
                cx,
                Diagnostic::error(
                    "unknown-member",
                    at,
                    format!(
                        "the list has no item `{key}`; its length is {}",
                        items.len()
                    ),
                ),
            )),
        }
    }

    /// Returns the value of a map under a key.
    fn value_at(&mut self, cx: Cx, map: &BTreeMap<String, Val>, key: &str, at: Span) -> Eval<Val> {
        match map.get(key) {
            Some(val) => Ok(val.clone()),
            None => {
                let hint = suggest::hint(key, map.keys().map(String::as_str));
                Err(self.fail(
                    cx,
                    Diagnostic::error("unknown-member", at, format!("the map has no `{key}`"))
                        .maybe_hint(hint),
                ))
            }
        }
    }

    fn module_output(&mut self, cx: Cx, member: MemberId, name: &str, at: Span) -> Eval<Val> {
        let Some(inside) = self.members[member.0].inside else {
            return Err(Halt::Reported);
        };
        let scope = &self.scopes[inside.0];
        let file = scope.file;
        if let Some(pair) = file.pairs("outputs").iter().find(|pair| pair.key == name) {
            return self.demand(cx, SlotId::Output(inside, &pair.key), at);
        }
        let private = scope.names.contains_key(name);
        let message = if private {
            format!("`{name}` is private to the module {}", file.path)
        } else {
            format!("the module {} has no output `{name}`", file.path)
        };
        let outputs = file.pairs("outputs").iter().map(|pair| pair.key.as_str());
        let hint = if private {
            Some(format!(
                "add `outputs: {{{name}: \"${{{name}}}\"}}` to the module"
            ))
        } else {
            suggest::hint(name, outputs)
        };
        Err(self.fail(
            cx,
            Diagnostic::error("unknown-output", at, message).maybe_hint(hint),
        ))
    }

    /// Returns a resource of another stack; if its file is given, the name is checked.
    fn far_name(&mut self, cx: Cx, alias: &str, name: &str, at: Span) -> Eval<Val> {
        let address = Address::root(name).below(&outside::stack(alias));
        let Some(scope) = self.links.get(alias).copied() else {
            if !crate::address::is_name(name) {
                return Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "unknown-reference",
                        at,
                        format!("`{name}` is not a valid name"),
                    ),
                ));
            }
            return Ok(Val::Resource(address));
        };
        let file = self.scopes[scope.0].file;
        let Some(entry) = self.scopes[scope.0].names.get(name).copied() else {
            let message = format!(
                "the stack `{}` ({}) has no `{name}`",
                file.name.value, file.path
            );
            let hint = suggest::hint(name, self.scopes[scope.0].names.keys().copied());
            return Err(self.fail(
                cx,
                Diagnostic::error("unknown-reference", at, message).maybe_hint(hint),
            ));
        };
        let before = (self.found.len(), self.missing.len());
        let found = self.demand(cx, SlotId::Name(scope, &entry.name), at);
        if found == Err(Halt::Reported) {
            // The values of that stack's variables are not known here, so its members are found in
            // the cloud.
            self.found.truncate(before.0);
            self.missing.truncate(before.1);
            if let crate::parse::What::Resource(kind) = entry.what {
                self.outside_kinds.insert(address.clone(), kind);
            }
            return Ok(Val::Resource(address));
        }
        found
    }
}
