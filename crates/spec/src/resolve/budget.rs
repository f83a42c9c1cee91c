//! Counts the size of a stack during resolution, see [`crate::limits`].

use super::val::{MemberId, Val};
use super::{Cx, Eval, Halt, Resolver};
use crate::limits;
use crate::span::Span;
use crate::stack::Resource;

impl Resolver<'_> {
    /// Reports an exceeded limit of one value.
    pub(super) fn within(&mut self, cx: Cx, at: Span, result: Result<(), String>) -> Eval<()> {
        result.map_err(|why| self.fail(cx, limits::too_large(at, why)))
    }

    /// Reports an exceeded limit of the whole stack; nothing is evaluated after it.
    pub(super) fn within_stack(
        &mut self,
        cx: Cx,
        at: Span,
        result: Result<(), String>,
    ) -> Eval<()> {
        self.is_full |= result.is_err();
        self.within(cx, at, result)
    }

    /// Ends an evaluation at once if a limit of the whole stack was exceeded before.
    pub(super) fn stop_if_full(&self) -> Eval<()> {
        if self.is_full {
            Err(Halt::Reported)
        } else {
            Ok(())
        }
    }

    /// Counts the items that `[*]` gives.
    pub(super) fn spend_items(&mut self, cx: Cx, count: usize, at: Span) -> Eval<()> {
        let result = limits::check_items(count);
        self.within(cx, at, result)?;
        let result = self
            .spent
            .step(count * limits::size_of_val(&Val::Alias(String::new())));
        self.within(cx, at, result)
    }

    /// Counts the value of a part of an expression.
    pub(super) fn spend(&mut self, cx: Cx, val: Val, at: Span) -> Eval<Val> {
        let result = self.spent.step(limits::size_of_val(&val));
        self.within_stack(cx, at, result)?;
        Ok(val)
    }

    /// Counts the value of a whole expression.
    pub(super) fn keep(&mut self, cx: Cx, val: Val, at: Span) -> Eval<Val> {
        let result = self.spent.expression(limits::size_of_val(&val));
        self.within_stack(cx, at, result)?;
        Ok(val)
    }

    /// Counts a resource. Once a limit is exceeded, no further resource is resolved.
    pub(super) fn keep_resource(&mut self, member: MemberId, resource: &Resource) {
        let fields = resource.fields.values();
        if let Err(why) = self.spent.resource(fields, resource.terms.after.len()) {
            let at = self.members[member.0].entry.at;
            self.found.push(limits::too_large(at, why));
            self.is_full = true;
        }
    }
}
