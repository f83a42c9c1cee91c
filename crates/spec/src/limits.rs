//! What a stack may grow to: a small file can ask for a lot, so what it becomes is bounded too.
//!
//! The bounds of the text itself stand in [`crate::tree`] and [`crate::expr`]. Sizes are estimates
//! of the memory that values take: their text, [`CELL`] bytes for each value and [`MAP`] for each
//! map. They are counted while a stack is resolved, before anything larger is built, so a file is
//! refused in moments.

use crate::diagnostic::Diagnostic;
use crate::resolve::val::Val;
use crate::span::Span;
use crate::value::Value;

/// Most resources and module instances of a stack, members of groups included.
pub const MEMBERS_MAX: usize = 40_000;
/// Most members that the `after` of all resources names together.
pub const AFTER_MAX: usize = 250_000;
/// Most bytes of one text that expressions make: 1 MiB.
pub const TEXT_MAX: usize = 1 << 20;
/// Most items of one list that expressions make.
pub const ITEMS_MAX: usize = 100_000;
/// Most bytes of all values that the expressions of a stack give: 64 MiB.
pub const EXPRESSIONS_MAX: usize = 64 << 20;
/// Most bytes that an expression and those that it waits for hold while they are evaluated: 64 MiB.
pub const RUNNING_MAX: usize = 64 << 20;
/// Most bytes that all expressions of a stack together make on the way to their values: 512 MiB.
pub const WORK_MAX: usize = 512 << 20;
/// Most bytes of all fields of a stack's resources: 192 MiB.
pub const FIELDS_MAX: usize = 192 << 20;
/// Most findings that are reported; the rest is counted.
pub const FINDINGS_MAX: usize = 200;
/// What a value takes beside its text, in bytes.
const CELL: usize = 64;
/// What a map takes beside its entries, in bytes: a tree has room for eleven from the first one on.
const MAP: usize = 1_000;
/// What a reference takes beside its names, in bytes.
pub(crate) const REFERENCE: usize = 128;

/// How much has been made so far of what a stack may hold.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    /// Bytes that expressions gave.
    expressions: usize,
    /// Bytes that the expressions under way hold.
    pub(crate) running: usize,
    /// Bytes that expressions made on their way.
    work: usize,
    /// Bytes of the fields of resources.
    fields: usize,
    /// Addresses in `after`.
    after: usize,
}

impl Spent {
    /// Counts what an expression gave.
    ///
    /// # Errors
    /// Says which limit is passed.
    pub(crate) fn expression(&mut self, bytes: usize) -> Result<(), String> {
        self.expressions = self.expressions.saturating_add(bytes);
        if self.expressions > EXPRESSIONS_MAX {
            let most = mib(EXPRESSIONS_MAX);
            return Err(format!(
                "the expressions of the stack give more than {most}"
            ));
        }
        Ok(())
    }

    /// Counts what an expression makes on its way to its value.
    ///
    /// # Errors
    /// Says which limit is passed.
    pub(crate) fn step(&mut self, bytes: usize) -> Result<(), String> {
        self.running = self.running.saturating_add(bytes);
        self.work = self.work.saturating_add(bytes);
        if self.running > RUNNING_MAX {
            let most = mib(RUNNING_MAX);
            return Err(format!(
                "the expression takes more than {most} on the way to its value"
            ));
        }
        if self.work > WORK_MAX {
            let most = mib(WORK_MAX);
            return Err(format!(
                "the expressions of the stack take more than {most} in all"
            ));
        }
        Ok(())
    }

    /// Counts what a resource holds: its fields, and the addresses that it comes after.
    ///
    /// # Errors
    /// Says which limit is passed.
    pub(crate) fn resource<'v>(
        &mut self,
        fields: impl Iterator<Item = &'v Value>,
        after: usize,
    ) -> Result<(), String> {
        self.fields = self.fields.saturating_add(fields.map(size_of).sum());
        self.after = self.after.saturating_add(after);
        if self.fields > FIELDS_MAX {
            let most = mib(FIELDS_MAX);
            return Err(format!(
                "the fields of the stack's resources take more than {most}"
            ));
        }
        check_after(self.after)
    }
}

/// Checks how many resources `after` names.
///
/// # Errors
/// There are more than [`AFTER_MAX`].
pub(crate) fn check_after(count: usize) -> Result<(), String> {
    if count > AFTER_MAX {
        return Err(format!(
            "`after` names more than {AFTER_MAX} resources in the whole stack"
        ));
    }
    Ok(())
}

/// Checks the length of a list that an expression makes.
///
/// # Errors
/// It is longer than [`ITEMS_MAX`].
pub(crate) fn check_items(count: usize) -> Result<(), String> {
    if count > ITEMS_MAX {
        return Err(format!("the list has more than {ITEMS_MAX} items"));
    }
    Ok(())
}

/// Checks the length of a text that an expression makes.
///
/// # Errors
/// It is longer than [`TEXT_MAX`].
pub(crate) fn check_text(bytes: usize) -> Result<(), String> {
    if bytes > TEXT_MAX {
        return Err(format!("the text has more than {}", mib(TEXT_MAX)));
    }
    Ok(())
}

/// The finding for a limit that is passed.
pub(crate) fn too_large(span: Span, why: String) -> Diagnostic {
    Diagnostic::error("too-large", span, why)
        .hint("the limits of a stack are in docs/limits.md; split the stack")
}

/// The bytes of a text, or of what stands for a part of one.
pub(crate) fn text_len(piece: &Value) -> usize {
    match piece {
        Value::Text(text) | Value::Decimal(text) => text.len(),
        Value::Secret(secret) => secret.expose().len(),
        Value::Concat(parts) => parts.iter().map(text_len).sum(),
        Value::Encode(_, inner) => text_len(inner),
        Value::Ref(_) => REFERENCE,
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::List(_) | Value::Map(_) => 0,
    }
}

/// The bytes that a value takes.
pub(crate) fn size_of(value: &Value) -> usize {
    match value {
        Value::List(items) => CELL + items.iter().map(size_of).sum::<usize>(),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| key.len() + size_of(value));
            MAP + entries.sum::<usize>()
        }
        scalar => CELL + text_len(scalar),
    }
}

/// The bytes that a value takes once a field holds it: a group becomes a list of its members.
pub(crate) fn size_of_val(val: &Val) -> usize {
    match val {
        Val::Plain(value) | Val::Outside(value) => size_of(value),
        Val::List(items) => CELL + items.iter().map(size_of_val).sum::<usize>(),
        Val::Map(map) => {
            let entries = map.iter().map(|(key, val)| key.len() + size_of_val(val));
            MAP + entries.sum::<usize>()
        }
        Val::Resource(_) | Val::Module(_) | Val::Alias(_) => REFERENCE,
        Val::Group(group) => group.members.len() * REFERENCE,
    }
}

fn mib(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}
