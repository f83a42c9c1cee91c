//! The keys that entries of every kind take (`name`, `tags`, `lifecycle`, …), and hints for keys
//! and kinds of other tools.

use crate::diagnostic::Diagnostic;
use crate::schema::{FieldDef, KindDef, Schema, Type};
use crate::span::Span;
use crate::suggest;

const TEXT: Type = Type::Text { min: 1, max: 256 };

/// The keys that every resource takes, in the order of the docs.
pub const ENTRY: &[FieldDef] = &[
    FieldDef::new(
        "name",
        Type::Text { min: 1, max: 128 },
        "The display name at the API; made from the stack and the address if unset.",
    ),
    FieldDef::new(
        "description",
        Type::Text { min: 2, max: 256 },
        "A text for readers, stored at the API.",
    ),
    FieldDef::new(
        "tags",
        Type::Map(&Type::Text { min: 0, max: 128 }),
        "At most 17; once any tag is declared, other tags are removed.",
    ),
    FieldDef::new(
        "resource_group",
        TEXT,
        "The id of the resource group, `rg-…`; this version refuses it.",
    ),
    FieldDef::new(
        "timeouts",
        Type::Struct(TIMEOUTS),
        "Time limits for each wait; the kind's own by default.",
    ),
    FieldDef::new(
        "count",
        Type::Int {
            min: 0,
            max: 100_000,
            unit: "",
        },
        "The number of members, `NAME[0]`, `NAME[1]`, …; must be known at plan.",
    ),
    FieldDef::new(
        "for_each",
        TEXT,
        "A list, map or group that gives one member each; must be known at plan.",
    ),
    FieldDef::new(
        "enabled",
        Type::Bool,
        "`false` leaves the resource out of the stack.",
    ),
    FieldDef::new(
        "after",
        Type::List(&TEXT),
        "Names of resources that must be ready first.",
    ),
    FieldDef::new(
        "adopt",
        TEXT,
        "The id of an existing resource to take over.",
    ),
    FieldDef::new(
        "lifecycle",
        Type::Struct(LIFECYCLE),
        "Limits on changing and deleting the resource.",
    ),
];

/// The members of `timeouts`.
pub const TIMEOUTS: &[FieldDef] = &[
    FieldDef::new(
        "create",
        Type::Duration,
        "Time limit for creating the resource.",
    ),
    FieldDef::new(
        "update",
        Type::Duration,
        "Time limit for changing the resource.",
    ),
    FieldDef::new(
        "delete",
        Type::Duration,
        "Time limit for deleting the resource.",
    ),
];

/// The members of `lifecycle` that every kind has; [`KindDef::lifecycle`] holds those of one kind.
pub const LIFECYCLE: &[FieldDef] = &[
    FieldDef::new(
        "protect",
        Type::Bool,
        "Refuses to delete, replace or rebuild; the stack's `protect` by default.",
    ),
    FieldDef::new(
        "on_delete",
        Type::Enum(&["delete", "keep"]),
        "`keep`: the resource stays and keeps its tags.",
    ),
    FieldDef::new(
        "snapshot_before",
        Type::List(&Type::Enum(&["rebuild", "replace", "delete"])),
        "Steps that a snapshot precedes; this version refuses it.",
    ),
    FieldDef::new(
        "create_before_destroy",
        Type::Bool,
        "A replacement creates the new resource first.",
    ),
    FieldDef::new(
        "ignore",
        Type::List(&TEXT),
        "Fields whose differences are not corrected.",
    ),
    additive(&Type::Enum(&["tags"])),
    FieldDef::new(
        "max_unavailable",
        TEXT,
        "How many members may be interrupted at once: `1`, `25%`, `all`.",
    ),
];

/// The member `additive` of `lifecycle` for a kind; `names` is the type of its items, an
/// enumeration of the fields that support it.
#[must_use]
pub const fn additive(names: &'static Type) -> FieldDef {
    FieldDef::new(
        "additive",
        Type::List(names),
        "Fields to which Setpoint only adds.",
    )
}

/// Returns the members of a kind's `lifecycle`: the common ones, each replaced if the kind has one
/// of the same name, then those that only the kind has.
#[must_use]
pub fn lifecycle(kind: &KindDef) -> Vec<&'static FieldDef> {
    let own = |name: &str| kind.lifecycle.iter().find(|field| field.name == name);
    let is_common = |name: &str| LIFECYCLE.iter().any(|field| field.name == name);
    let common = LIFECYCLE
        .iter()
        .map(|field| own(field.name).unwrap_or(field));
    let further = kind.lifecycle.iter().filter(|field| !is_common(field.name));
    common.chain(further).collect()
}

/// The keys of an entry that uses a module.
pub const MODULE_KEYS: &[&str] = &[
    "use", "with", "tags", "after", "count", "for_each", "enabled",
];

/// The keys that `defaults` cannot set.
pub const NO_DEFAULT: &[&str] = &[
    "type", "use", "name", "count", "for_each", "enabled", "adopt", "after",
];

/// Keys of other tools, each with the hint that replaces it.
const HINTS: &[(&str, &str)] = &[
    (
        "depends_on",
        "write `after: [NAME]`; references order the steps by themselves",
    ),
    (
        "DependsOn",
        "write `after: [NAME]`; references order the steps by themselves",
    ),
    ("provider", "a stack has one account and one region"),
    (
        "region",
        "a stack has one region; set it at the top of the file",
    ),
    ("Type", "write `type`"),
    (
        "Properties",
        "write the fields beside `type`, without a level of their own",
    ),
    (
        "properties",
        "write the fields beside `type`, without a level of their own",
    ),
    ("prevent_destroy", "write `lifecycle: {protect: true}`"),
    ("protect", "write `lifecycle: {protect: true}`"),
    ("ignore_changes", "write `lifecycle: {ignore: [FIELD]}`"),
    ("count_index", "write `${each.index}`"),
    ("foreach", "write `for_each`"),
    ("if", "write `enabled`"),
    ("when", "write `enabled`"),
    (
        "id",
        "to own an existing resource, write `adopt: ID`; to use it, `existing`",
    ),
    ("tag", "write `tags`"),
];

/// Whether every resource takes this key.
#[must_use]
pub fn is_entry_key(key: &str) -> bool {
    ENTRY.iter().any(|field| field.name == key)
}

/// The diagnostic for a field that a kind does not have.
pub(crate) fn unknown_field(kind: &KindDef, key: &str, at: Span) -> Diagnostic {
    let known = kind.hints.iter().find(|(name, _)| *name == key);
    if let Some((_, hint)) = known {
        return Diagnostic::error(
            "unknown-field",
            at,
            format!("`{}` has no `{key}`: {hint}", kind.name),
        );
    }
    let diagnostic = Diagnostic::error(
        "unknown-field",
        at,
        format!("`{}` has no `{key}`", kind.name),
    );
    if let Some((_, hint)) = HINTS.iter().find(|(name, _)| *name == key) {
        return diagnostic.hint(*hint);
    }
    let names: Vec<&str> = kind
        .fields
        .iter()
        .chain(ENTRY)
        .map(|field| field.name)
        .collect();
    match suggest::nearest(key, names.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint(format!("`setpoint explain {}` lists its fields", kind.name)),
    }
}

/// The diagnostic for a kind that does not exist.
pub(crate) fn unknown_kind(schema: &Schema, text: &str, at: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        "unknown-type",
        at,
        format!("`{text}` is not a kind of resource"),
    );
    let names: Vec<&str> = schema.kinds.iter().map(|kind| kind.name).collect();
    let bare = bare_name(text);
    match schema.kind_called(&bare) {
        Some(name) if schema.kind(name).is_some() => {
            return diagnostic.hint(format!("write `{name}`"));
        }
        Some(name) => {
            let message = format!("`{name}` is not managed by this version");
            return diagnostic.hint(format!("{message}; kinds: {}", names.join(", ")));
        }
        None => {}
    }
    if let Some(hint) = schema.part_hint(&bare) {
        return diagnostic.hint(hint);
    }
    if ["_attachment", "_association", "_rule"]
        .iter()
        .any(|end| bare.ends_with(end))
    {
        return diagnostic.hint("this is a field of the resource it belongs to");
    }
    match suggest::nearest(&bare, names.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint(format!("kinds: {}", names.join(", "))),
    }
}

/// Turns a type of another tool into our spelling, without the vendor: `alicloud_ecs_disk` and
/// `ALIYUN::ECS::Disk` both become `disk`.
pub(crate) fn bare_name(text: &str) -> String {
    let last = text.rsplit("::").next().unwrap_or(text);
    let mut snake = String::new();
    for c in last.chars() {
        if c.is_ascii_uppercase()
            && !snake.is_empty()
            && !snake.ends_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && last != last.to_uppercase()
        {
            snake.push('_');
        }
        snake.push(c);
    }
    let snake = snake.to_lowercase().replace('-', "_");
    let bare = snake.strip_prefix("alicloud_").unwrap_or(&snake);
    bare.strip_prefix("ecs_").unwrap_or(bare).to_owned()
}
