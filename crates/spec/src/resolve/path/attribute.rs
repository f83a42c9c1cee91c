//! Attributes and fields of a resource at the end of a path.

use super::walk::Move;
use crate::address::Address;
use crate::common;
use crate::diagnostic::Diagnostic;
use crate::expr::{Range, Step, StepData};
use crate::outside;
use crate::resolve::text::Anchor;
use crate::resolve::val::Val;
use crate::resolve::{Cx, Eval, Halt, Resolver, SlotId};
use crate::schema::{self, KindDef};
use crate::span::Span;
use crate::suggest;
use crate::value::Value;

impl Resolver<'_> {
    /// Returns an attribute or field of a resource: its value if the spec sets it, or a reference
    /// that is known after apply.
    pub(super) fn attribute(
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
                                "`{}` is one resource; `[*]` is valid only for a group",
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
                "`{}` is one resource and has no member `{key}`",
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
                diagnostic.hint("add the `file` of the other stack under `stacks`"),
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

    /// Returns a part of a field's value, if the spec sets it.
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
                    "besides its fields, the attributes are {}",
                    suggest::listing(&attributes)
                ))
            }
        };
        self.fail(
            cx,
            Diagnostic::error("unknown-attribute", at, message).maybe_hint(hint),
        )
    }
}
