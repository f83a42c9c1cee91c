//! Limits on the size of a resolved stack. A small file can describe a very large stack, so its
//! growth is bounded as well as its text.
//!
//! The limits of the text are in [`crate::tree`] and [`crate::expr`]. Sizes are estimates of
//! memory: the bytes of the text, plus [`CELL`] bytes for each value, [`MAP`] for each map and
//! [`REFERENCE`] for each reference. They are counted during resolution, before a value is built,
//! so that an oversized file is refused quickly and without using the memory. `docs/limits.md`
//! lists the limits; a test compares it with these constants.

use crate::diagnostic::Diagnostic;
use crate::resolve::val::Val;
use crate::span::Span;
use crate::value::Value;

/// Resources and module instances of a stack, members of groups included.
pub const MEMBERS_MAX: usize = 40_000;
/// Resources that `after` names, summed over all resources.
pub const AFTER_MAX: usize = 250_000;
/// Bytes of one text that expressions produce: 1 MiB.
pub const TEXT_MAX: usize = 1 << 20;
/// Items of one list that expressions produce.
pub const ITEMS_MAX: usize = 100_000;
/// Bytes of the values of all expressions of a stack: 64 MiB.
pub const EXPRESSIONS_MAX: usize = 64 << 20;
/// Bytes held during the evaluation of an expression and of those that it depends on: 64 MiB.
pub const RUNNING_MAX: usize = 64 << 20;
/// Bytes of all intermediate results of the expressions of a stack: 512 MiB.
pub const WORK_MAX: usize = 512 << 20;
/// Bytes of all fields of a stack's resources: 192 MiB.
pub const FIELDS_MAX: usize = 192 << 20;
/// Diagnostics that are reported; the others are counted.
pub const FINDINGS_MAX: usize = 200;
/// The size of a value without its text, in bytes.
const CELL: usize = 64;
/// The size of a map without its entries, in bytes: the first node of a B-tree has room for eleven.
const MAP: usize = 1_000;
/// The size of a reference, in bytes.
pub(crate) const REFERENCE: usize = 128;

/// The sizes counted so far.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    /// Bytes of the values of expressions.
    expressions: usize,
    /// Bytes held by the expressions that are being evaluated.
    pub(crate) running: usize,
    /// Bytes of intermediate results.
    work: usize,
    /// Bytes of the fields of resources.
    fields: usize,
    /// Resources that `after` names.
    after: usize,
}

impl Spent {
    /// Counts the value of an expression.
    ///
    /// # Errors
    /// The limit that is exceeded, as a sentence.
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

    /// Counts an intermediate result of an expression.
    ///
    /// # Errors
    /// The limit that is exceeded, as a sentence.
    pub(crate) fn step(&mut self, bytes: usize) -> Result<(), String> {
        self.running = self.running.saturating_add(bytes);
        self.work = self.work.saturating_add(bytes);
        if self.running > RUNNING_MAX {
            let most = mib(RUNNING_MAX);
            return Err(format!(
                "the expression takes more than {most} during its evaluation"
            ));
        }
        if self.work > WORK_MAX {
            let most = mib(WORK_MAX);
            return Err(format!(
                "the expressions of the stack take more than {most} in total"
            ));
        }
        Ok(())
    }

    /// Counts a resource: its fields, and the number of resources that its `after` names.
    ///
    /// # Errors
    /// The limit that is exceeded, as a sentence.
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

/// Checks the number of resources that `after` names.
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

/// Checks the length of a list that an expression produces.
///
/// # Errors
/// It is longer than [`ITEMS_MAX`].
pub(crate) fn check_items(count: usize) -> Result<(), String> {
    if count > ITEMS_MAX {
        return Err(format!("the list has more than {ITEMS_MAX} items"));
    }
    Ok(())
}

/// Checks the length of a text that an expression produces, in bytes.
///
/// # Errors
/// It is longer than [`TEXT_MAX`].
pub(crate) fn check_text(bytes: usize) -> Result<(), String> {
    if bytes > TEXT_MAX {
        return Err(format!("the text has more than {}", mib(TEXT_MAX)));
    }
    Ok(())
}

/// The diagnostic for a limit that is exceeded.
pub(crate) fn too_large(span: Span, why: String) -> Diagnostic {
    Diagnostic::error("too-large", span, why)
        .hint("the limits of a stack are in docs/limits.md; split the stack")
}

/// The bytes of a value as part of a text; 0 for values that are not texts.
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

/// The size of a value in bytes.
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

/// The size in bytes that a value has in a field, where a group becomes a list of its members.
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
