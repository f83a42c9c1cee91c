//! What every entry of `resources` may say beside its kind's fields, and what people bring from
//! elsewhere.

use crate::diagnostic::Diagnostic;
use crate::schema::{FieldDef, KindDef, Schema, Type};
use crate::span::Span;
use crate::suggest;

const TEXT: Type = Type::Text { min: 1, max: 256 };

/// Keys of every resource's entry, in the order of the docs.
pub const ENTRY: &[FieldDef] = &[
    FieldDef::new(
        "name",
        Type::Text { min: 1, max: 128 },
        "Display name at the API; made from stack and address if not given.",
    ),
    FieldDef::new(
        "description",
        Type::Text { min: 2, max: 256 },
        "What it is for.",
    ),
    FieldDef::new(
        "tags",
        Type::Map(&Type::Text { min: 0, max: 128 }),
        "At most 17; authoritative once any tag is declared.",
    ),
    FieldDef::new(
        "resource_group",
        TEXT,
        "Id of the resource group, `rg-…`; moved in place.",
    ),
    FieldDef::new(
        "timeouts",
        Type::Struct(TIMEOUTS),
        "Time limits; the kind's own by default.",
    ),
    FieldDef::new(
        "count",
        Type::Int {
            min: 0,
            max: 100_000,
            unit: "",
        },
        "So many members, `NAME[0]`, `NAME[1]`, …; known at plan.",
    ),
    FieldDef::new(
        "for_each",
        TEXT,
        "A list, map or group: one member for each; known at plan.",
    ),
    FieldDef::new("enabled", Type::Bool, "`false`: not in this stack."),
    FieldDef::new(
        "after",
        Type::List(&TEXT),
        "Names that must be ready first: order without data.",
    ),
    FieldDef::new(
        "adopt",
        TEXT,
        "Id of a live thing to own instead of creating one.",
    ),
    FieldDef::new(
        "lifecycle",
        Type::Struct(LIFECYCLE),
        "How it may be changed and deleted.",
    ),
];

/// Members of `timeouts`.
pub const TIMEOUTS: &[FieldDef] = &[
    FieldDef::new("create", Type::Duration, "For creating it."),
    FieldDef::new("update", Type::Duration, "For changing it."),
    FieldDef::new("delete", Type::Duration, "For deleting it."),
];

/// Members of `lifecycle` that every kind has; a kind's own stand in its [`KindDef::lifecycle`].
pub const LIFECYCLE: &[FieldDef] = &[
    FieldDef::new(
        "protect",
        Type::Bool,
        "No delete, replace or rebuild; the stack's `protect` by default.",
    ),
    FieldDef::new(
        "on_delete",
        Type::Enum(&["delete", "keep"]),
        "`keep`: destroy leaves it, still tagged.",
    ),
    FieldDef::new(
        "snapshot_before",
        Type::List(&Type::Enum(&["rebuild", "replace", "delete"])),
        "Take a snapshot before these.",
    ),
    FieldDef::new(
        "create_before_destroy",
        Type::Bool,
        "The successor comes first.",
    ),
    FieldDef::new(
        "ignore",
        Type::List(&TEXT),
        "Fields whose differences are not acted on.",
    ),
    additive(&Type::Enum(&["tags"])),
    FieldDef::new(
        "max_unavailable",
        TEXT,
        "How many members may be interrupted at once: `1`, `25%`, `all`.",
    ),
];

/// The member `additive` of `lifecycle`, for a kind whose fields of these names may be added to
/// only.
#[must_use]
pub const fn additive(names: &'static Type) -> FieldDef {
    FieldDef::new("additive", Type::List(names), "Added to, never taken from.")
}

/// The members of a kind's `lifecycle`. The kind's own come last, but for those that stand in the
/// place of a common one.
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

/// Keys of a module's entry.
pub const MODULE_KEYS: &[&str] = &[
    "use", "with", "tags", "after", "count", "for_each", "enabled",
];

/// Keys that `defaults` cannot set.
pub const NO_DEFAULT: &[&str] = &[
    "type", "use", "name", "count", "for_each", "enabled", "adopt", "after",
];

/// Keys that people bring from elsewhere, for every kind.
const HINTS: &[(&str, &str)] = &[
    (
        "depends_on",
        "write `after: [NAME]`; references make their own order",
    ),
    (
        "DependsOn",
        "write `after: [NAME]`; references make their own order",
    ),
    ("provider", "a stack has one account and one region"),
    ("region", "a stack has one region; it stands at the top"),
    ("Type", "write `type`"),
    (
        "Properties",
        "fields stand beside `type`, without a level of their own",
    ),
    (
        "properties",
        "fields stand beside `type`, without a level of their own",
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
        "to own what exists write `adopt: ID`; to use it, `existing`",
    ),
    ("tag", "write `tags`"),
];

/// Whether a key may stand in every resource's entry.
#[must_use]
pub fn is_entry_key(key: &str) -> bool {
    ENTRY.iter().any(|field| field.name == key)
}

/// The finding for a field that a kind does not have.
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

/// The finding for a kind that there is not.
pub(crate) fn unknown_kind(schema: &Schema, text: &str, at: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-type", at, format!("there is no type `{text}`"));
    let names: Vec<&str> = schema.kinds.iter().map(|kind| kind.name).collect();
    let bare = bare_name(text);
    match schema.kind_called(&bare) {
        Some(name) if schema.kind(name).is_some() => {
            return diagnostic.hint(format!("write `{name}`"));
        }
        Some(name) => {
            let message = format!("`{name}` is not managed by this version");
            return diagnostic.hint(format!("{message}; types: {}", names.join(", ")));
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
        return diagnostic
            .hint("one owner for a fact: it is a field of the resource it belongs to");
    }
    match suggest::nearest(&bare, names.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint(format!("types: {}", names.join(", "))),
    }
}

/// `alicloud_ecs_disk`, `ALIYUN::ECS::Instance` in the spelling of our names, without the vendor.
fn bare_name(text: &str) -> String {
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
