//! Code that several kinds share: parameters of calls, tags in calls, names, and common steps.

use setpoint_openapi::json::{Node, Odd};
use setpoint_plan::desired::Desired;
use setpoint_plan::field::{Judged, Verdict};
use setpoint_plan::kind::{Cx, Kind};
use setpoint_plan::ownership;
use setpoint_plan::procedure::{Anchor, Args, Cond, Step, Wait, minutes, seconds};
use setpoint_plan::update::Update;
use setpoint_plan::view::pair;
use setpoint_plan::{Address, Map, Value};

use crate::disk;

/// The create call's parameters: every attribute of the table that has a parameter and a value.
pub(crate) fn params(kind: &Kind, want: &Desired) -> Args {
    kind.rows()
        .into_iter()
        .filter(|row| !row.field.param.is_empty())
        .filter_map(|row| Some((row.field.param, want.get(&row.attr)?.clone())))
        .collect()
}

/// `Tag.N` of a create call: ownership and the spec's own tags, in the order of keys.
pub(crate) fn own_tags(cx: &Cx<'_>, want: &Desired) -> (&'static str, Value) {
    let mut tags: Map = ownership::tags_for(cx.stack, &want.address, &want.guard)
        .into_iter()
        .map(|(key, value)| (key, Value::text(value)))
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
                .map(|(key, value)| pair(&key, value))
                .collect(),
        ),
    )
}

/// The display name of a resource without `name`: stack and address, with `-` for other characters.
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
    base16ct::lower::encode_string(&sha2::Sha256::digest(text.as_bytes()))
}

/// Sets the name at creation if the spec gives none.
pub(crate) fn name_at_creation(cx: &Cx<'_>, want: &mut Desired, max: usize) {
    if !want.attrs.contains_key("name") {
        let name = display_name(cx.stack, &want.address, max);
        want.initial.insert("name".to_owned(), Value::text(name));
    }
}

/// Sets a value at creation if the spec gives none.
pub(crate) fn default_to(want: &mut Desired, attr: &str, value: impl Into<Value>) {
    if !want.attrs.contains_key(attr) {
        want.initial.insert(attr.to_owned(), value.into());
    }
}

/// The reference to the resource itself; known once the resource is created.
pub(crate) fn own_id(want: &Desired) -> Value {
    Value::reference(&want.address, "id")
}

/// Sorts the members of lists whose order has no meaning.
pub(crate) fn sort_lists(want: &mut Desired, names: &[&str]) {
    for name in names {
        if let Some(Value::List(items)) = want.attrs.get_mut(*name) {
            items.sort();
        }
    }
}

/// Waits until the resource's own row shows this state.
pub(crate) fn state(state: &str, typical: u64, within: u64) -> Step {
    let until = Cond::is("status", state);
    Step::wait(Wait::own(until, seconds(typical), minutes(within)))
}

/// The rows of a page under this path, for decoders of whole pages.
///
/// # Errors
/// The answer does not hold the list.
pub(crate) fn need_rows<'a>(
    page: &'a setpoint_openapi::json::Json,
    path: &str,
) -> Result<Vec<Node<'a>>, Odd> {
    page.root().need_list(path)
}

/// A text that is present and not empty.
///
/// # Errors
/// The value is of another type.
pub(crate) fn some_text(row: Node<'_>, path: &str) -> Result<Option<String>, Odd> {
    Ok(row.may_text(path)?.filter(|text| !text.is_empty()))
}

/// Puts a text into a map, if it is present and not empty.
///
/// # Errors
/// The value is of another type.
pub(crate) fn put_text(map: &mut Map, name: &str, row: Node<'_>, path: &str) -> Result<(), Odd> {
    if let Some(text) = some_text(row, path)? {
        map.insert(name.to_owned(), Value::text(text));
    }
    Ok(())
}

/// A text as an attribute; nothing if it is absent or empty.
///
/// # Errors
/// The value is of another type.
pub(crate) fn text_or_none(row: Node<'_>, path: &str) -> Result<Option<Value>, Odd> {
    Ok(some_text(row, path)?.map(Value::text))
}

/// Judges the performance level of a disk, which cannot go down to PL0 and needs a size. `size` is
/// the attribute that holds it.
pub(crate) fn level(judged: &Judged<'_>, size: &str, update: &'static Update) -> Verdict {
    if *judged.want == Value::text("PL0") && *judged.live != Value::Null {
        return Verdict::Refuse(
            "the performance level of a disk cannot be lowered to PL0".to_owned(),
            Some("keep the present level, or write PL1".to_owned()),
        );
    }
    let wanted = judged.desired.attrs.get(size).and_then(Value::as_int);
    let size = wanted.or_else(|| judged.row.attr(size).as_int());
    let level = judged.want.as_text().unwrap_or_default();
    let (_, least, _) = disk::bounds("cloud_essd", level);
    if let Some(size) = size.filter(|size| *size < least) {
        return Verdict::Refuse(
            format!("a {level} disk must have at least {least} GiB, and this one has {size} GiB"),
            Some(format!("also write `size: {least}`, or keep the level")),
        );
    }
    Verdict::Update(update)
}

/// The steps with these locks, if there are any. Every step names all locks and takes them
/// together, so that two changes cannot wait for each other.
pub(crate) fn locked_all(steps: Vec<Step>, locks: &[&Value]) -> Vec<Step> {
    let locked = |step: Step| {
        let named = locks.iter().filter(|lock| ***lock != Value::Null);
        named.fold(step, |step, lock| step.locked((*lock).clone()))
    };
    steps.into_iter().map(locked).collect()
}

/// The same step, which needs only the ids of its references: for references that bind late.
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
