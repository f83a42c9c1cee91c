//! Paths: from a name, step by step, to a value, a resource, an attribute, an output.

use super::text::Anchor;
use super::val::{MemberId, Val};
use super::{Cx, Eval, Halt, Resolver, ScopeId, SlotId};
use crate::address::{Address, Key};
use crate::common;
use crate::diagnostic::Diagnostic;
use crate::expr::{Path, Range, Step, StepData};
use crate::outside;
use crate::schema::{self, KindDef};
use crate::span::Span;
use crate::suggest;
use crate::value::Value;

/// One step with its key known.
enum Move {
    Name(String),
    Key(String),
    All,
}

impl<'a> Resolver<'a> {
    /// The value that a bare name or member's address means: `net`, `public[h]`, `network.net`, `blue.sg`.
    pub(super) fn named(&mut self, cx: Cx, span: Span, text: &str) -> Eval<Val> {
        let anchor = Anchor::new(&self.sources, span, text);
        let address = match text.parse::<Address>() {
            Ok(address) => address,
            Err(bad) => {
                return Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "unknown-reference",
                        span,
                        format!("`{text}` is no name of this stack"),
                    )
                    .hint(bad.why),
                ));
            }
        };
        let whole = 0..text.len();
        let mut steps = Vec::new();
        for (at, segment) in address.segments().iter().enumerate() {
            if at > 0 {
                steps.push(Step {
                    data: StepData::Name(segment.name.clone()),
                    range: whole.clone(),
                });
            }
            if let Some(key) = &segment.key {
                steps.push(Step {
                    data: StepData::Key(key.to_string()),
                    range: whole.clone(),
                });
            }
        }
        let root = address
            .segments()
            .first()
            .map_or(String::new(), |first| first.name.clone());
        self.path(
            cx,
            &Path {
                root,
                root_range: whole,
                steps,
            },
            anchor,
        )
    }

    /// The value of a path.
    pub(super) fn path(&mut self, cx: Cx, path: &Path, anchor: Anchor) -> Eval<Val> {
        let at = anchor.at(&path.root_range);
        match path.root.as_str() {
            "vars" => {
                let Some(Step {
                    data: StepData::Name(name),
                    range,
                }) = path.steps.first()
                else {
                    return Err(self.fail(
                        cx,
                        Diagnostic::error(
                            "unknown-variable",
                            at,
                            "a variable's name should follow: `vars.NAME`",
                        ),
                    ));
                };
                let val = self.variable_named(cx, name, anchor.at(range))?;
                self.walk(cx, val, &path.steps[1..], anchor)
            }
            "each" => {
                let val = self.each(cx, path, anchor)?;
                self.walk(cx, val, &path.steps[1..], anchor)
            }
            "env" | "stack" | "region" | "account" => {
                let val = self.text_root(cx, &path.root, at)?;
                self.walk(cx, val, &path.steps, anchor)
            }
            _ => {
                let val = self.name(cx, path, at)?;
                self.walk(cx, val, &path.steps, anchor)
            }
        }
    }

    fn variable_named(&mut self, cx: Cx, name: &str, at: Span) -> Eval<Val> {
        let file = self.scopes[cx.scope.0].file;
        match file.vars.iter().find(|decl| decl.name == name) {
            Some(decl) => self.demand(cx, SlotId::Var(cx.scope, &decl.name), at),
            None => {
                let hint = suggest::hint(name, file.vars.iter().map(|decl| decl.name.as_str()));
                let hint = hint.or_else(|| Some("declare it under `vars`".to_owned()));
                Err(self.fail(
                    cx,
                    Diagnostic::error(
                        "unknown-variable",
                        at,
                        format!("there is no variable `{name}`"),
                    )
                    .maybe_hint(hint),
                ))
            }
        }
    }

    fn each(&mut self, cx: Cx, path: &Path, anchor: Anchor) -> Eval<Val> {
        let at = anchor.at(&(path.root_range.start
            ..path
                .steps
                .first()
                .map_or(path.root_range.end, |step| step.range.end)));
        let Some(each) = cx
            .member
            .and_then(|member| self.members[member.0].each.clone())
        else {
            let diagnostic =
                Diagnostic::error("each-outside", at, "`each` has a meaning in groups only");
            return Err(self.fail(
                cx,
                diagnostic.hint("the entry has neither `count` nor `for_each`"),
            ));
        };
        let name = match path.steps.first().map(|step| &step.data) {
            Some(StepData::Name(name)) => name.as_str(),
            _ => "",
        };
        let place = |add: u32| {
            each.place
                .map(|place| Val::Plain(Value::Int(i64::from(place) + i64::from(add))))
        };
        let val = match name {
            "key" => Some(Val::text(each.key.to_string())),
            "value" => Some(each.value.clone()),
            "index" => place(0),
            "number" => place(1),
            _ => {
                let diagnostic = Diagnostic::error(
                    "each-outside",
                    at,
                    "`each` has `key`, `value`, `index` and `number`",
                );
                return Err(self.fail(cx, diagnostic));
            }
        };
        val.ok_or_else(|| {
            let diagnostic = Diagnostic::error(
                "each-outside",
                at,
                format!("`each.{name}` is for `count` alone"),
            );
            self.fail(
                cx,
                diagnostic
                    .hint("members of `for_each` must not depend on their place; use `each.key`"),
            )
        })
    }

    fn text_root(&mut self, cx: Cx, name: &str, at: Span) -> Eval<Val> {
        let scope = &self.scopes[cx.scope.0];
        let value = match name {
            "env" if scope.module.is_some() => {
                let diagnostic =
                    Diagnostic::error("unknown-reference", at, "`env` does not reach into modules");
                return Err(self.fail(cx, diagnostic.hint("declare a variable in the module and give it with `with: {env: \"${env}\"}`")));
            }
            "env" => scope.file.environment.clone(),
            "stack" => self.world.files.first().map(|file| file.name.value.clone()),
            "region" => self.region.clone(),
            _ => self.account.clone(),
        };
        value.map(Val::text).ok_or_else(|| {
            let message = match name {
                "env" => "this stack has no environments",
                "account" => "this stack pins no `account`",
                _ => "the region cannot depend on itself",
            };
            self.fail(cx, Diagnostic::error("unknown-reference", at, message))
        })
    }

    /// What a first name means in a scope.
    fn name(&mut self, cx: Cx, path: &Path, at: Span) -> Eval<Val> {
        let name = path.root.as_str();
        let scope = &self.scopes[cx.scope.0];
        if let Some(entry) = scope.names.get(name) {
            return self.demand(cx, SlotId::Name(cx.scope, &entry.name), at);
        }
        let file = scope.file;
        if file.pairs("existing").iter().any(|pair| pair.key == name) {
            let prefix = scope.alias.as_ref().map(|alias| outside::stack(alias));
            let address = outside::existing(name);
            return Ok(Val::Resource(
                prefix.map_or(address.clone(), |prefix| address.below(&prefix)),
            ));
        }
        if file.pairs("stacks").iter().any(|pair| pair.key == name) && scope.alias.is_none() {
            return Ok(Val::Alias(name.to_owned()));
        }
        let sections = ["existing", "stacks"]
            .into_iter()
            .flat_map(|key| file.pairs(key))
            .map(|pair| pair.key.as_str());
        let names: Vec<&str> = scope.names.keys().copied().chain(sections).collect();
        let diagnostic =
            Diagnostic::error("unknown-reference", at, format!("no resource `{name}`"));
        let in_module = scope.module.is_some();
        let hint = match suggest::nearest(name, names.iter().copied()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if file.vars.iter().any(|decl| decl.name == name) => {
                Some(format!("the variable is `${{vars.{name}}}`"))
            }
            None if in_module => Some(
                "a module sees its own resources only; other things come in through its `vars`"
                    .to_owned(),
            ),
            None => foreign_reference(path, &names).or_else(|| suggest::hint(name, names)),
        };
        Err(self.fail(cx, diagnostic.maybe_hint(hint)))
    }

    /// Goes the steps of a path from a value.
    fn walk(&mut self, cx: Cx, mut val: Val, steps: &[Step], anchor: Anchor) -> Eval<Val> {
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
                let items = self.all_of(cx, &val, anchor.at(&step.range))?;
                let walked = items
                    .into_iter()
                    .map(|item| self.walk(cx, item, &rest[1..], anchor));
                return Ok(Val::List(walked.collect::<Eval<Vec<_>>>()?));
            }
            val = self.one_step(cx, val, key, anchor.at(&step.range))?;
        }
        Ok(val)
    }

    /// Whether a step picks a member of a group of another stack whose file is not at hand.
    fn is_far_group(&self, address: &Address, step: &Step) -> bool {
        outside::is_outside(address)
            && address.key().is_none()
            && !self.by_address.contains_key(address)
            && matches!(step.data, StepData::Key(_) | StepData::Computed(_))
    }

    fn step(&mut self, cx: Cx, step: &Step, anchor: Anchor) -> Eval<Move> {
        Ok(match &step.data {
            StepData::Name(name) => Move::Name(name.clone()),
            StepData::Key(key) => Move::Key(key.clone()),
            StepData::All => Move::All,
            StepData::Computed(expr) => {
                let span = anchor.at(&expr.range);
                match self.eval(cx, expr, anchor)? {
                    Val::Plain(Value::Text(text)) => Move::Key(text),
                    Val::Plain(Value::Int(n)) => Move::Key(n.to_string()),
                    other => return Err(self.not_a_key(cx, span, &other)),
                }
            }
        })
    }

    fn not_a_key(&mut self, cx: Cx, span: Span, val: &Val) -> Halt {
        let message = match val.unknown() {
            Some(unknown) => {
                format!("`{unknown}` is known after apply only, and a key must be known at plan")
            }
            None if val.has_secret() => "a secret cannot be a key".to_owned(),
            None => format!("a key is a text or a whole number, this is {}", val.noun()),
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
                        "`[*]` is for groups, lists and maps; this is {}",
                        other.noun()
                    ),
                ),
            )),
        }
    }

    fn one_step(&mut self, cx: Cx, val: Val, key: Move, at: Span) -> Eval<Val> {
        match (val, key) {
            (Val::Group(group), Move::Key(key)) => {
                let found = Key::parse(&key)
                    .and_then(|key| group.members.iter().find(|(known, _)| *known == key));
                if let Some((_, member)) = found {
                    return Ok(member.clone());
                }
                let keys: Vec<String> = group
                    .members
                    .iter()
                    .map(|(key, _)| key.to_string())
                    .collect();
                let hint = suggest::hint(&key, keys.iter().map(String::as_str));
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
            (Val::Group(group), Move::Name(name)) => {
                let key = group
                    .members
                    .first()
                    .map_or("KEY".to_owned(), |(key, _)| key.to_string());
                let said = &group.address;
                let diagnostic = Diagnostic::error(
                    "group-attribute",
                    at,
                    format!("`{said}` is a group of {}", group.members.len()),
                );
                Err(self.fail(
                    cx,
                    diagnostic.hint(format!(
                        "write `{said}[{key}].{name}` for one, `{said}[*].{name}` for a list of all"
                    )),
                ))
            }
            (Val::List(items), Move::Key(key)) => {
                match key.parse::<usize>().ok().and_then(|n| items.get(n)) {
                    Some(item) => Ok(item.clone()),
                    None => Err(self.fail(
                        cx,
                        Diagnostic::error(
                            "unknown-member",
                            at,
                            format!("the list has {} items, none at `{key}`", items.len()),
                        ),
                    )),
                }
            }
            (Val::List(_), Move::Name(name)) => Err(self.fail(
                cx,
                Diagnostic::error("wrong-type", at, format!("a list has no `{name}`"))
                    .hint("write `[0]` for one item, `[*]` for all"),
            )),
            (Val::Map(map), Move::Name(key) | Move::Key(key)) => match map.get(&key) {
                Some(val) => Ok(val.clone()),
                None => {
                    let hint = suggest::hint(&key, map.keys().map(String::as_str));
                    Err(self.fail(
                        cx,
                        Diagnostic::error("unknown-member", at, format!("the map has no `{key}`"))
                            .maybe_hint(hint),
                    ))
                }
            },
            (Val::Resource(address), Move::Key(key)) if outside::is_outside(&address) => {
                match Key::parse(&key) {
                    Some(key) => Ok(Val::Resource(address.member(key))),
                    None => Err(self.fail(
                        cx,
                        Diagnostic::error("unknown-member", at, format!("`{key}` cannot be a key")),
                    )),
                }
            }
            (Val::Module(member), Move::Name(name)) => self.module_output(cx, member, &name, at),
            (Val::Alias(alias), Move::Name(name)) => self.far_name(cx, &alias, &name, at),
            (val, Move::Name(key) | Move::Key(key)) => {
                let diagnostic =
                    Diagnostic::error("wrong-type", at, format!("{} has no `{key}`", val.noun()));
                let hint = matches!(val, Val::Outside(_)).then(|| {
                    "to read attributes of what lies outside, declare it under `existing`"
                        .to_owned()
                });
                Err(self.fail(cx, diagnostic.maybe_hint(hint)))
            }
            (_, Move::All) => Err(Halt::Reported),
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

    /// A resource of another stack; its file, if given, says what there is.
    fn far_name(&mut self, cx: Cx, alias: &str, name: &str, at: Span) -> Eval<Val> {
        let address = Address::root(name).below(&outside::stack(alias));
        let Some(scope) = self.links.get(alias).copied() else {
            if !crate::address::is_name(name) {
                return Err(self.fail(
                    cx,
                    Diagnostic::error("unknown-reference", at, format!("`{name}` is no name")),
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
            // What that stack is given at its own plan is not known here; its members are found live.
            self.found.truncate(before.0);
            self.missing.truncate(before.1);
            if let crate::parse::What::Resource(kind) = entry.what {
                self.outside_kinds.insert(address.clone(), kind);
            }
            return Ok(Val::Resource(address));
        }
        found
    }

    /// An attribute or field of a resource: known now if the spec says it, else after apply.
    fn attribute(
        &mut self,
        cx: Cx,
        address: &Address,
        steps: &[Step],
        anchor: Anchor,
    ) -> Eval<Val> {
        let range: Range = steps.first().map_or(0, |step| step.range.start)
            ..steps.last().map_or(0, |step| step.range.end);
        let at = anchor.at(&range);
        let mut names = Vec::new();
        for step in steps {
            match self.step(cx, step, anchor)? {
                Move::Name(name) | Move::Key(name) => names.push(name),
                Move::All => {
                    return Err(self.fail(
                        cx,
                        Diagnostic::error(
                            "wrong-type",
                            at,
                            format!(
                                "`{}` is one resource; `[*]` is for groups",
                                outside::said(address)
                            ),
                        ),
                    ));
                }
            }
        }
        if let (Some(key), Some(StepData::Key(_) | StepData::Computed(_))) =
            (names.first(), steps.first().map(|step| &step.data))
        {
            let message = format!(
                "`{}` is one resource, it has no member `{key}`",
                outside::said(address)
            );
            return Err(self.fail(cx, Diagnostic::error("unknown-member", at, message)));
        }
        let dotted = names.join(".");
        let Some(kind) = self.kind_of(address) else {
            if dotted == "id" {
                return Ok(Val::Plain(Value::reference(address, "id")));
            }
            let diagnostic = Diagnostic::error(
                "unknown-attribute",
                at,
                format!(
                    "attributes of `{}` are not known here",
                    outside::said(address)
                ),
            );
            return Err(self.fail(
                cx,
                diagnostic.hint(
                    "give the other stack's `file` under `stacks`; typed references need none",
                ),
            ));
        };
        if let Some(member) = self.by_address.get(address).copied()
            && !outside::is_outside(address)
            && let Some(pair) = self.members[member.0].entry.pair(&names[0])
            && (kind.field(&names[0]).is_some()
                || matches!(names[0].as_str(), "name" | "description"))
        {
            let val = self.demand(cx, SlotId::Field(member, &pair.key), at)?;
            if let Some(found) = self.dig(cx, &val, &steps[1..], anchor)? {
                return Ok(found);
            }
        }
        if schema::attribute_exists(kind, &names) {
            return Ok(Val::Plain(Value::reference(address, &dotted)));
        }
        Err(self.unknown_attribute(cx, kind, &names, at))
    }

    /// A part of a field's value, if the spec says it.
    fn dig(&mut self, cx: Cx, val: &Val, steps: &[Step], anchor: Anchor) -> Eval<Option<Val>> {
        let Some(step) = steps.first() else {
            return Ok(Some(val.clone()));
        };
        match (val, &step.data) {
            (Val::Map(map), StepData::Name(name) | StepData::Key(name)) => match map.get(name) {
                Some(inner) => self.dig(cx, &inner.clone(), &steps[1..], anchor),
                None => Ok(None),
            },
            (Val::Resource(_) | Val::List(_), _) => {
                self.walk(cx, val.clone(), steps, anchor).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn unknown_attribute(&mut self, cx: Cx, kind: &KindDef, names: &[String], at: Span) -> Halt {
        let known = kind
            .fields
            .iter()
            .map(|field| field.name)
            .chain(kind.attributes.iter().map(|attr| attr.name))
            .chain(["id", "name"]);
        let message = format!("`{}` has no attribute `{}`", kind.name, names.join("."));
        let hint = match suggest::nearest(&names[0], known.clone()) {
            Some(near) if near != names[0] => Some(format!("did you mean `{near}`?")),
            _ if common::is_entry_key(&names[0]) => None,
            _ => {
                let attributes: Vec<&str> = ["id"]
                    .into_iter()
                    .chain(kind.attributes.iter().map(|attr| attr.name))
                    .collect();
                Some(format!(
                    "beside its fields it has {}",
                    suggest::listing(&attributes)
                ))
            }
        };
        self.fail(
            cx,
            Diagnostic::error("unknown-attribute", at, message).maybe_hint(hint),
        )
    }

    /// The output of a module, as its file says it.
    pub(super) fn output(&mut self, scope: ScopeId, name: &'a str) -> Eval<Val> {
        let cx = Cx {
            scope,
            member: None,
            expressions: true,
        };
        let file = self.scopes[scope.0].file;
        let Some(pair) = file.pairs("outputs").iter().find(|pair| pair.key == name) else {
            return Err(Halt::Reported);
        };
        self.free(cx, super::top::output_value(&pair.value))
    }
}

/// `alicloud_vpc.net.id`: people bring their references along.
fn foreign_reference(path: &Path, names: &[&str]) -> Option<String> {
    let hint = match path.root.as_str() {
        "var" | "local" => "write `${vars.NAME}`",
        "count" => "write `${each.index}`",
        "module" => "write `${NAME.OUTPUT}` with the module entry's own name",
        "data" => "declare it under `existing` and write `${NAME.ATTRIBUTE}`",
        root if root.starts_with("alicloud_") => {
            let own = path.steps.first().and_then(|step| match &step.data {
                StepData::Name(name) => names.iter().find(|known| *known == name),
                _ => None,
            });
            return Some(
                own.map_or("resources have one name: `${NAME}`".to_owned(), |own| {
                    format!("`{own}` is one: `${{{own}}}`")
                }),
            );
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
