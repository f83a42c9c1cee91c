//! What every entry of `resources` may say beside its kind's fields, and what people bring from elsewhere.

use crate::diagnostic::Diagnostic;
use crate::schema::{FieldDef, KindDef, Schema, Type, Unset};
use crate::span::Span;
use crate::suggest;

const fn field(name: &'static str, ty: Type, doc: &'static str) -> FieldDef {
    FieldDef {
        name,
        ty,
        required: false,
        unset: Unset::Unmanaged,
        late: false,
        change: "none",
        doc,
    }
}

const TEXT: Type = Type::Text { min: 1, max: 256 };

/// Keys of every resource's entry, in the order of the docs.
pub const ENTRY: &[FieldDef] = &[
    field(
        "name",
        Type::Text { min: 1, max: 128 },
        "Display name at the API; made from stack and address if not given.",
    ),
    field(
        "description",
        Type::Text { min: 2, max: 256 },
        "What it is for.",
    ),
    field(
        "tags",
        Type::Map(&Type::Text { min: 0, max: 128 }),
        "At most 17; authoritative once any tag is declared.",
    ),
    field(
        "resource_group",
        TEXT,
        "Id of the resource group, `rg-…`; moved in place.",
    ),
    field(
        "timeouts",
        Type::Struct(TIMEOUTS),
        "Time limits; the kind's own by default.",
    ),
    field(
        "count",
        Type::Int {
            min: 0,
            max: 100_000,
            unit: "",
        },
        "So many members, `NAME[0]`, `NAME[1]`, …; known at plan.",
    ),
    field(
        "for_each",
        TEXT,
        "A list, map or group: one member for each; known at plan.",
    ),
    field("enabled", Type::Bool, "`false`: not in this stack."),
    field(
        "after",
        Type::List(&TEXT),
        "Names that must be ready first: order without data.",
    ),
    field(
        "adopt",
        TEXT,
        "Id of a live thing to own instead of creating one.",
    ),
    field(
        "lifecycle",
        Type::Struct(LIFECYCLE),
        "How it may be changed and deleted.",
    ),
];

/// Members of `timeouts`.
pub const TIMEOUTS: &[FieldDef] = &[
    field("create", Type::Duration, "For creating it."),
    field("update", Type::Duration, "For changing it."),
    field("delete", Type::Duration, "For deleting it."),
];

/// Members of `lifecycle`.
pub const LIFECYCLE: &[FieldDef] = &[
    field(
        "protect",
        Type::Bool,
        "No delete, replace or rebuild; the stack's `protect` by default.",
    ),
    field(
        "on_delete",
        Type::Enum(&["delete", "keep"]),
        "`keep`: destroy leaves it, still tagged.",
    ),
    field(
        "snapshot_before",
        Type::List(&Type::Enum(&["rebuild", "replace", "delete"])),
        "Take a snapshot before these.",
    ),
    field(
        "create_before_destroy",
        Type::Bool,
        "The successor comes first.",
    ),
    field(
        "ignore",
        Type::List(&TEXT),
        "Fields whose differences are not acted on.",
    ),
    field(
        "additive",
        Type::List(&Type::Enum(&["ingress", "egress", "tags"])),
        "Added to, never taken from.",
    ),
    field(
        "on_image_change",
        Type::Enum(&["rebuild", "replace"]),
        "What another image does.",
    ),
    field(
        "on_user_data_change",
        Type::Enum(&["keep", "store", "replace", "run"]),
        "What other user data does.",
    ),
    field(
        "max_unavailable",
        TEXT,
        "How many members may be interrupted at once: `1`, `25%`, `all`.",
    ),
];

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
    let bare = foreign_name(text);
    if let Some(name) = names.iter().find(|name| **name == bare) {
        return diagnostic.hint(format!("write `{name}`"));
    }
    if bare.ends_with("_attachment") || bare.ends_with("_association") || bare.ends_with("_rule") {
        return diagnostic
            .hint("one owner for a fact: rules stand in their security group, an attachment in `attach_to` of what is attached");
    }
    match suggest::nearest(&bare, names.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint(format!("types: {}", names.join(", "))),
    }
}

/// `alicloud_ecs_disk`, `ALIYUN::ECS::Instance` as our names would have them.
fn foreign_name(text: &str) -> String {
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
    let bare = bare.strip_prefix("ecs_").unwrap_or(bare);
    match bare {
        "v_switch" | "subnet" => "vswitch".to_owned(),
        "network" => "vpc".to_owned(),
        "server" | "vm" | "ecs" => "instance".to_owned(),
        "cms_alarm" | "alarm" | "cms_metric_rule" => "metric_alarm".to_owned(),
        "eip_address" => "eip".to_owned(),
        "ssh_key_pair" | "keypair" => "key_pair".to_owned(),
        other => other.to_owned(),
    }
}
