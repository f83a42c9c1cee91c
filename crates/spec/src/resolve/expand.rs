//! Expands entries to members: `enabled`, groups, and the scopes of modules.

use std::rc::Rc;

use super::each::Each;
use super::resource::append_after;
use super::val::{Group, MemberId, Val};
use super::{Cx, Eval, Halt, Member, Resolver, ScopeId};
use crate::address::{ADDRESS_MAX, Address};
use crate::diagnostic::Diagnostic;
use crate::limits::MEMBERS_MAX;
use crate::parse::{Entry, What};
use crate::schema::Type;
use crate::suggest;
use crate::value::Value;

impl<'a> Resolver<'a> {
    /// Returns the value of a name of a scope: a resource, a module, or a group of these.
    pub(super) fn expand(&mut self, scope: ScopeId, name: &'a str) -> Eval<Val> {
        let cx = Cx {
            scope,
            member: None,
            expressions: true,
        };
        let Some(entry) = self.scopes[scope.0].names.get(name).copied() else {
            return Err(Halt::Reported);
        };
        let address = match &self.scopes[scope.0].prefix {
            Some(prefix) => Address::root(name).below(prefix),
            None => Address::root(name),
        };
        if !self.enabled(cx, entry)? {
            return Err(Halt::Off(address.to_string()));
        }
        match &entry.what {
            What::Unclear | What::Module { file: None, .. } => return Err(Halt::Reported),
            What::Module { .. } => self.check_inputs(cx, entry)?,
            What::Resource(_) => {}
        }
        let each = match (entry.pair("count"), entry.pair("for_each")) {
            (None, None) => return self.member(scope, entry, address, None),
            (Some(count), None) => self.count(cx, &count.value)?,
            (None, Some(each)) => self.for_each(cx, &each.value)?,
            (Some(count), Some(each)) => {
                let diagnostic = Diagnostic::error(
                    "count-and-for-each",
                    each.at,
                    "an entry cannot have both `count` and `for_each`",
                );
                return Err(self.fail(cx, diagnostic.label(count.at, "`count` is here")));
            }
        };
        let members = each.into_iter().map(|each| {
            let key = each.key.clone();
            self.member(scope, entry, address.member(key.clone()), Some(each))
                .map(|val| (key, val))
        });
        let members = members.collect::<Eval<Vec<_>>>()?;
        Ok(Val::Group(Rc::new(Group {
            address: address.clone(),
            members,
        })))
    }

    fn enabled(&mut self, cx: Cx, entry: &'a Entry) -> Eval<bool> {
        let Some(node) = entry.get("enabled") else {
            return Ok(true);
        };
        match self.check_alone(cx, &Type::Bool, node)? {
            Val::Plain(Value::Bool(enabled)) => Ok(enabled),
            other => Err(self.not_known(cx, node.span, "enabled", &other)),
        }
    }

    fn member(
        &mut self,
        scope: ScopeId,
        entry: &'a Entry,
        address: Address,
        each: Option<Each>,
    ) -> Eval<Val> {
        let cx = Cx {
            scope,
            member: None,
            expressions: true,
        };
        if address.to_string().chars().count() > ADDRESS_MAX && self.scopes[scope.0].alias.is_none()
        {
            let message =
                format!("the address `{address}` is longer than {ADDRESS_MAX} characters");
            return Err(self.fail(
                cx,
                Diagnostic::error("name", entry.at, message).hint("shorten names or keys"),
            ));
        }
        self.stop_if_full()?;
        let message = || format!("the stack has more than {MEMBERS_MAX} resources and modules");
        let fits = self.members.len() < MEMBERS_MAX;
        self.within_stack(cx, entry.at, fits.then_some(()).ok_or_else(message))?;
        let id = MemberId(self.members.len());
        self.members.push(Member {
            address: address.clone(),
            scope,
            entry,
            each,
            inside: None,
        });
        match entry.what {
            What::Resource(_) => {
                self.by_address.insert(address.clone(), id);
                Ok(Val::Resource(address))
            }
            What::Module {
                file: Some(file), ..
            } => {
                let inside = self.add_scope(file, None);
                self.open_module(scope, id, inside)?;
                Ok(Val::Module(id))
            }
            What::Module { file: None, .. } | What::Unclear => Err(Halt::Reported),
        }
    }

    /// Passes tags, protection and order into the scope of a module.
    fn open_module(&mut self, outside: ScopeId, id: MemberId, inside: ScopeId) -> Eval<()> {
        let (entry, address) = (self.members[id.0].entry, self.members[id.0].address.clone());
        let cx = Cx {
            scope: outside,
            member: Some(id),
            expressions: true,
        };
        self.members[id.0].inside = Some(inside);
        let alias = self.scopes[outside.0].alias.clone();
        let inherited = self.scopes[outside.0].tags.clone();
        let tags = self.merged_tags(cx, inherited, entry.get("tags"))?;
        let mut terms = self.scopes[outside.0].terms.clone();
        append_after(&mut terms, self.after(cx, entry)?);
        let scope = &mut self.scopes[inside.0];
        (scope.prefix, scope.module, scope.alias) = (Some(address), Some((outside, id)), alias);
        (scope.tags, scope.terms) = (tags, terms);
        Ok(())
    }

    /// Checks that the `with` of an entry sets the required variables of the module, and no unknown
    /// ones.
    fn check_inputs(&mut self, cx: Cx, entry: &'a Entry) -> Eval<()> {
        let What::Module {
            file: Some(file), ..
        } = entry.what
        else {
            return Ok(());
        };
        let file = self.world.file(file);
        let with = entry.pair("with");
        if let Some(pair) = with
            && !crate::parse::shape_fits(
                &pair.value,
                crate::parse::Shape::Map,
                "with",
                &mut self.found,
            )
        {
            return Err(Halt::Reported);
        }
        let given = with.map_or(&[][..], |pair| pair.value.pairs());
        let mut result = Ok(());
        for pair in given {
            if !file.vars.iter().any(|decl| decl.name == pair.key) {
                let hint =
                    suggest::hint(&pair.key, file.vars.iter().map(|decl| decl.name.as_str()));
                let message = format!("the module {} has no variable `{}`", file.path, pair.key);
                result = Err(self.fail(
                    cx,
                    Diagnostic::error("unknown-variable", pair.at, message).maybe_hint(hint),
                ));
            }
        }
        let missing: Vec<&str> = file
            .vars
            .iter()
            .filter(|decl| {
                decl.default.is_none() && !given.iter().any(|pair| pair.key == decl.name)
            })
            .map(|decl| decl.name.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "the module {} needs {}",
                file.path,
                suggest::listing(&missing)
            );
            let hint = format!("write `with: {{{}: …}}`", missing.join(": …, "));
            result = Err(self.fail(
                cx,
                Diagnostic::error(
                    "missing-variable",
                    with.map_or(entry.at, |pair| pair.at),
                    message,
                )
                .hint(hint),
            ));
        }
        result
    }
}
