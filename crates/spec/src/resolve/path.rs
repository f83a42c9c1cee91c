//! Evaluates paths of expressions, such as `vars.size`, `app[0].private_ip` and `blue.group`.
//!
//! The first name selects a value: a variable, `each`, `env`, an entry, a module, an external
//! resource or another stack. `walk` then follows the steps.

mod attribute;
mod walk;

use super::text::Anchor;
use super::val::Val;
use super::{Cx, Eval, Halt, Resolver, ScopeId, SlotId};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::expr::{Path, Step, StepData};
use crate::outside;
use crate::span::Span;
use crate::suggest;
use crate::value::Value;

impl<'a> Resolver<'a> {
    /// Returns the value of a bare name or address: `net`, `public[h]`, `network.net`, `blue.sg`.
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
                        format!("`{text}` is not a valid name"),
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

    /// Evaluates a path.
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
                            "the name of the variable is missing: write `vars.NAME`",
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
                        format!("the variable `{name}` is not declared"),
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
                Diagnostic::error("each-outside", at, "`each` is valid only in a group");
            return Err(self.fail(
                cx,
                diagnostic.hint("add `count` or `for_each` to the entry"),
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
                format!("`each.{name}` is valid only with `count`"),
            );
            self.fail(cx, diagnostic.hint("with `for_each`, write `each.key`"))
        })
    }

    fn text_root(&mut self, cx: Cx, name: &str, at: Span) -> Eval<Val> {
        let scope = &self.scopes[cx.scope.0];
        let value = match name {
            "env" if scope.module.is_some() => {
                let diagnostic = Diagnostic::error(
                    "unknown-reference",
                    at,
                    "`env` is not valid inside a module",
                );
                return Err(self.fail(cx, diagnostic.hint("declare a variable in the module and pass it with `with: {env: \"${env}\"}`")));
            }
            "env" => scope.file.environment.clone(),
            "stack" => self.world.files.first().map(|file| file.name.value.clone()),
            "region" => self.region.clone(),
            _ => self.account.clone(),
        };
        value.map(Val::text).ok_or_else(|| {
            let message = match name {
                "env" => "this stack has no environments",
                "account" => "this stack sets no `account`",
                _ => "the region cannot depend on itself",
            };
            self.fail(cx, Diagnostic::error("unknown-reference", at, message))
        })
    }

    /// Returns the value of the first name of a path in a scope.
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
        let diagnostic = Diagnostic::error(
            "unknown-reference",
            at,
            format!("no resource has the name `{name}`"),
        );
        let in_module = scope.module.is_some();
        let hint = match suggest::nearest(name, names.iter().copied()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if file.vars.iter().any(|decl| decl.name == name) => {
                Some(format!("write `${{vars.{name}}}` for the variable"))
            }
            None if in_module => Some(
                "a module can refer only to its own resources; pass others with its `vars`"
                    .to_owned(),
            ),
            None => foreign_reference(path, &names).or_else(|| suggest::hint(name, names)),
        };
        Err(self.fail(cx, diagnostic.maybe_hint(hint)))
    }

    /// Evaluates an output of a module.
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

/// Returns the hint for a reference in the syntax of another tool, such as `alicloud_vpc.net.id`.
fn foreign_reference(path: &Path, names: &[&str]) -> Option<String> {
    let hint = match path.root.as_str() {
        "var" | "local" => "write `${vars.NAME}`",
        "count" => "write `${each.index}`",
        "module" => "write `${NAME.OUTPUT}` with the name of the module's entry",
        "data" => "declare it under `existing` and write `${NAME.ATTRIBUTE}`",
        root if root.starts_with("alicloud_") => {
            let own = path.steps.first().and_then(|step| match &step.data {
                StepData::Name(name) => names.iter().find(|known| *known == name),
                _ => None,
            });
            return Some(
                own.map_or("write `${NAME}`, without the kind".to_owned(), |own| {
                    format!("write `${{{own}}}`, without the kind")
                }),
            );
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
