//! What several kinds share: makers of table rows, tags in calls, names, filters, and reading of rows.

use std::collections::BTreeMap;

use setpoint_openapi::json::{Node, Odd};
use setpoint_plan::desired::Desired;
use setpoint_plan::kind::{At, Change, Cx, Effect, Rule, Site};
use setpoint_plan::live::Live;
use setpoint_plan::ownership;
use setpoint_plan::procedure::{Anchor, Args, Step};
use setpoint_plan::{Address, Map, Value};
use setpoint_spec::schema::{AttrDef, FieldDef, Type, Unset};

/// A field that is not managed when it is not given.
pub(crate) const fn field(
    name: &'static str,
    ty: Type,
    change: &'static str,
    doc: &'static str,
) -> FieldDef {
    FieldDef {
        name,
        ty,
        required: false,
        unset: Unset::Unmanaged,
        late: false,
        change,
        doc,
    }
}

/// The same field, required.
pub(crate) const fn required(mut field: FieldDef) -> FieldDef {
    field.required = true;
    field
}

/// The same field, with what is sent at creation when it is not given.
pub(crate) const fn or(mut field: FieldDef, default: &'static str) -> FieldDef {
    field.unset = Unset::Default(default);
    field
}

/// The same field, closed: none are wanted when it is not given.
pub(crate) const fn closed(mut field: FieldDef) -> FieldDef {
    field.unset = Unset::Closed;
    field
}

/// The same field, whose references bind once both ends exist.
pub(crate) const fn late(mut field: FieldDef) -> FieldDef {
    field.late = true;
    field
}

/// An attribute that is no field.
pub(crate) const fn attr(name: &'static str, doc: &'static str) -> AttrDef {
    AttrDef { name, doc }
}

/// A rule: an attribute, the create call's parameter, what a difference leads to.
pub(crate) const fn rule(attr: &'static str, param: &'static str, change: Change) -> Rule {
    Rule {
        attr,
        param,
        change,
        leave: None,
    }
}

/// Changed in place while everything runs.
pub(crate) const fn online(verb: &'static str) -> Change {
    Change::Update {
        verb,
        effect: Effect::None,
        at: At::Before,
    }
}

/// Changed in place while the machine is stopped.
pub(crate) const fn stopped(verb: &'static str) -> Change {
    Change::Update {
        verb,
        effect: Effect::Restart,
        at: At::Stopped,
    }
}

/// The create call's parameters: every attribute of the rules that has a parameter and a value.
pub(crate) fn params(rules: &[Rule], want: &Desired) -> Args {
    let given = |rule: &Rule| Some((rule.param, want.get(rule.attr)?.clone()));
    rules
        .iter()
        .filter(|rule| !rule.param.is_empty())
        .filter_map(given)
        .collect()
}

/// The parameters of a changed subset: the attributes of one verb, those that the kind wants to send.
pub(crate) fn params_of(rules: &[Rule], attrs: &[&str], want: &Desired) -> Args {
    let named = |rule: &&Rule| attrs.contains(&rule.attr);
    let given = |rule: &Rule| Some((rule.param, want.attrs.get(rule.attr)?.clone()));
    rules.iter().filter(named).filter_map(given).collect()
}

/// `Tag.N` of a create call: ownership and the spec's own tags, in the order of keys.
pub(crate) fn own_tags(cx: &Cx<'_>, want: &Desired) -> (&'static str, Value) {
    let mut tags: BTreeMap<String, Value> =
        ownership::tags_for(cx.stack, &want.address, &want.guard)
            .into_iter()
            .map(|(key, value)| (key, Value::Text(value)))
            .collect();
    tags.extend(
        want.tags
            .iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    (
        "Tag",
        Value::List(
            tags.into_iter()
                .map(|(key, value)| pair("Key", &key, value))
                .collect(),
        ),
    )
}

fn pair(name: &str, key: &str, value: Value) -> Value {
    Value::Map(
        [
            (name.to_owned(), Value::text(key)),
            ("Value".to_owned(), value),
        ]
        .into(),
    )
}

/// The filter of a listing: everything that carries this stack's tag.
pub(crate) fn stack_filter(stack: &str) -> Args {
    vec![(
        "Tag",
        Value::List(vec![pair("Key", ownership::STACK, Value::text(stack))]),
    )]
}

/// The filter of a look-up by `tags`.
pub(crate) fn tags_filter(tags: &Map) -> Args {
    vec![(
        "Tag",
        Value::List(
            tags.iter()
                .map(|(key, value)| pair("Key", key, value.clone()))
                .collect(),
        ),
    )]
}

/// The filter of a look-up in braces: by `tags`, or by `name` through this parameter.
pub(crate) fn find_filter(by: &Map, name_param: &'static str) -> Option<Args> {
    match (by.get("tags"), by.get("name")) {
        (Some(Value::Map(tags)), _) => Some(tags_filter(tags)),
        (None, Some(name)) => Some(vec![(name_param, name.clone())]),
        _ => None,
    }
}

/// The display name of a resource that gives none: stack and address, other characters turned to `-`.
pub(crate) fn display_name(stack: &str, address: &Address, max: usize) -> String {
    let plain = format!("{stack}-{address}")
        .replace(['/', '.', '['], "-")
        .replace([']', '_'], "");
    if plain.chars().count() <= max {
        return plain;
    }
    let hash = digest(&plain);
    let kept: String = plain.chars().take(max - 9).collect();
    format!("{kept}-{}", &hash[..8])
}

/// Hexadecimal SHA-256 of a text.
pub(crate) fn digest(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Puts the name at creation where the spec gives none.
pub(crate) fn name_at_creation(cx: &Cx<'_>, want: &mut Desired, max: usize) {
    if !want.attrs.contains_key("name") {
        let name = display_name(cx.stack, &want.address, max);
        want.initial.insert("name".to_owned(), Value::Text(name));
    }
}

/// Puts a value at creation where the spec gives none.
pub(crate) fn default_to(want: &mut Desired, attr: &str, value: impl Into<Value>) {
    if !want.attrs.contains_key(attr) {
        want.initial.insert(attr.to_owned(), value.into());
    }
}

/// The reference to the resource itself: known once it is made.
pub(crate) fn own_id(want: &Desired) -> Value {
    Value::reference(&want.address, "id")
}

/// A live row with its tags split into owner and the rest.
pub(crate) fn live(
    kind: &'static str,
    site: &Site,
    id: String,
    tags: BTreeMap<String, String>,
    attrs: Map,
) -> Live {
    Live {
        kind,
        id,
        site: site.clone(),
        owner: None,
        tags: BTreeMap::new(),
        attrs,
        uses: Vec::new(),
    }
    .with_tags(tags)
}

/// The tags of a row, whose key and value go by these names.
///
/// # Errors
/// `Tags.Tag` is not a list.
pub(crate) fn read_tags(
    row: Node<'_>,
    key: &str,
    value: &str,
) -> Result<BTreeMap<String, String>, Odd> {
    let all = row.try_list("Tags.Tag")?.unwrap_or_default();
    Ok(all
        .into_iter()
        .map(|tag| (tag.text(key), tag.text(value)))
        .collect())
}

/// A row's own id; a row without one is none.
///
/// # Errors
/// The id is missing or empty.
pub(crate) fn read_id(row: Node<'_>, name: &str) -> Result<String, Odd> {
    let id = row.text(name);
    if id.is_empty() {
        Err(Odd {
            what: format!("a row without `{name}`"),
        })
    } else {
        Ok(id)
    }
}

/// The rows of a listing. A listing without its wrapper, and without a count that says zero, is no empty listing.
///
/// # Errors
/// The wrapper is missing or holds no list.
pub(crate) fn rows<'a>(
    body: &'a setpoint_openapi::json::Json,
    path: &str,
) -> Result<Vec<Node<'a>>, Odd> {
    match body.try_list(path)? {
        Some(rows) => Ok(rows),
        None if body.int("TotalCount") == Some(0) => Ok(Vec::new()),
        None => Err(Odd {
            what: format!("an answer without `{path}`"),
        }),
    }
}

/// Copies texts of a row into attributes, where they are there and not empty.
pub(crate) fn texts(row: Node<'_>, names: &[(&str, &str)]) -> Map {
    let read = |(attr, param): &(&str, &str)| {
        let text = row.text(param);
        (!text.is_empty()).then(|| ((*attr).to_owned(), Value::Text(text)))
    };
    names.iter().filter_map(read).collect()
}

/// The same step, satisfied with ids being known: for references that bind late.
pub(crate) fn when_known(step: Step) -> Step {
    step.needing(Anchor::Known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_api() {
        let address: Address = "web[eu].app_x[0]".parse().expect("valid");
        assert_eq!(
            display_name("shop/prod", &address, 128),
            "shop-prod-web-eu-appx-0"
        );
        let long = display_name(&"s".repeat(200), &address, 64);
        assert_eq!(long.len(), 64);
    }
}
