//! Resolves `after` to the addresses that must be ready first.

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::parse::Entry;
use crate::resolve::check::In;
use crate::resolve::val::Val;
use crate::resolve::{Cx, Eval, Halt, Resolver, SlotId};
use crate::span::Span;

impl<'a> Resolver<'a> {
    /// Returns the addresses that the `after` of an entry names, groups and modules expanded.
    pub(in crate::resolve) fn after(&mut self, cx: Cx, entry: &'a Entry) -> Eval<Vec<Address>> {
        let Some(node) = entry.get("after") else {
            return Ok(Vec::new());
        };
        let mut addresses = Vec::new();
        let mut failed = false;
        for item in self.items(cx, In::Node(node))? {
            let span = item.span();
            match self.after_item(cx, item) {
                Ok(found) => {
                    addresses.extend(found);
                    self.within(cx, span, limits::check_after(addresses.len()))?;
                }
                Err(Halt::Off(name)) => self.left_out(span, &name),
                Err(Halt::Reported) => failed = true,
            }
        }
        if failed {
            Err(Halt::Reported)
        } else {
            Ok(addresses)
        }
    }

    fn after_item(&mut self, cx: Cx, item: In<'a>) -> Eval<Vec<Address>> {
        let span = item.span();
        let val = match self.evaluated(cx, item)? {
            In::Node(node) => match node.text() {
                Some(text) => self.named(cx, span, text)?,
                None => {
                    return Err(self.fail(
                        cx,
                        Diagnostic::error(
                            "wrong-type",
                            span,
                            format!("this must be a name, not {}", node.noun()),
                        ),
                    ));
                }
            },
            In::Val(val, _) => val,
        };
        self.ready_first(cx, span, &val)
    }

    fn ready_first(&mut self, cx: Cx, span: Span, val: &Val) -> Eval<Vec<Address>> {
        match val {
            Val::Resource(address) if !crate::outside::is_outside(address) => {
                Ok(vec![address.clone()])
            }
            Val::Group(group) => {
                let members = group
                    .members
                    .iter()
                    .map(|(_, member)| self.ready_first(cx, span, member));
                Ok(members.collect::<Eval<Vec<_>>>()?.concat())
            }
            Val::Module(member) => {
                let Some(inside) = self.members[member.0].inside else {
                    return Ok(Vec::new());
                };
                let file = self.scopes[inside.0].file;
                let mut found = Vec::new();
                for entry in &file.resources {
                    match self.demand(cx, SlotId::Name(inside, &entry.name), span) {
                        Ok(val) => found.extend(self.ready_first(cx, span, &val)?),
                        Err(Halt::Off(_)) => {}
                        Err(Halt::Reported) => return Err(Halt::Reported),
                    }
                }
                Ok(found)
            }
            other => {
                let message = format!(
                    "`after` must name resources of this stack, not {}",
                    other.noun()
                );
                Err(self.fail(cx, Diagnostic::error("wrong-kind", span, message)))
            }
        }
    }
}
