//! Code that several kinds share: parameters and tags of create calls, names, decoding, judgements,
//! and common steps.

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

/// Returns the parameters of a create call: every attribute of the table that has a parameter and a
/// value.
pub(crate) fn params(kind: &Kind, want: &Desired) -> Args {
    kind.rows()
        .into_iter()
        .filter(|row| !row.field.param.is_empty())
        .filter_map(|row| Some((row.field.param, want.get(&row.attr)?.clone())))
        .collect()
}

/// Returns `Tag.N` of a create call: the ownership tags and the tags of the spec, sorted by key.
/// The order is stable because a repeated call with the same token must have the same parameters.
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

/// Returns the display name of a resource without `name`: stack and address, with `-` as the only
/// separator. A longer name is cut to `max` characters and ends with a hash, so that it stays
/// unique.
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

/// Returns the SHA-256 of a text in hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    use sha2::Digest as _;
    base16ct::lower::encode_string(&sha2::Sha256::digest(text.as_bytes()))
}

/// Sets the name at creation if the spec gives none. The name is not managed afterwards.
pub(crate) fn name_at_creation(cx: &Cx<'_>, want: &mut Desired, max: usize) {
    if !want.attrs.contains_key("name") {
        let name = display_name(cx.stack, &want.address, max);
        want.initial.insert("name".to_owned(), Value::text(name));
    }
}

/// Sets the value of an attribute at creation if the spec gives none. It is not managed afterwards.
pub(crate) fn default_to(want: &mut Desired, attr: &str, value: impl Into<Value>) {
    if !want.attrs.contains_key(attr) {
        want.initial.insert(attr.to_owned(), value.into());
    }
}

/// Returns a reference to the id of the resource itself, which is known once the resource is
/// created.
pub(crate) fn own_id(want: &Desired) -> Value {
    Value::reference(&want.address, "id")
}

/// Sorts lists whose order has no meaning, so that only a different content is a difference.
pub(crate) fn sort_lists(want: &mut Desired, names: &[&str]) {
    for name in names {
        if let Some(Value::List(items)) = want.attrs.get_mut(*name) {
            items.sort();
        }
    }
}

/// Returns a wait until the resource itself has this status. `typical` is in seconds, `within`, the
/// time-out, in minutes.
pub(crate) fn state(state: &str, typical: u64, within: u64) -> Step {
    let until = Cond::is("status", state);
    Step::wait(Wait::own(until, seconds(typical), minutes(within)))
}

/// Returns the rows of a page at a path, for decoders of whole pages.
///
/// # Errors
/// The answer does not contain the list.
pub(crate) fn need_rows<'a>(
    page: &'a setpoint_openapi::json::Json,
    path: &str,
) -> Result<Vec<Node<'a>>, Odd> {
    page.root().need_list(path)
}

/// Returns the text at a path, or `None` if it is absent or empty.
///
/// # Errors
/// The value is of another type.
pub(crate) fn some_text(row: Node<'_>, path: &str) -> Result<Option<String>, Odd> {
    Ok(row.may_text(path)?.filter(|text| !text.is_empty()))
}

/// Inserts the text at a path into a map, unless it is absent or empty.
///
/// # Errors
/// The value is of another type.
pub(crate) fn put_text(map: &mut Map, name: &str, row: Node<'_>, path: &str) -> Result<(), Odd> {
    if let Some(text) = some_text(row, path)? {
        map.insert(name.to_owned(), Value::text(text));
    }
    Ok(())
}

/// Returns the text at a path as an attribute, or `None` if it is absent or empty.
///
/// # Errors
/// The value is of another type.
pub(crate) fn text_or_none(row: Node<'_>, path: &str) -> Result<Option<Value>, Odd> {
    Ok(some_text(row, path)?.map(Value::text))
}

/// Judges a change of the performance level of a disk. The API refuses to lower a level to PL0, and
/// each level has a least size; `size` is the attribute with the size of the disk.
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

/// Returns the steps with these locks; `Null` is no lock. Every step names all locks and so takes
/// them together: two changes that need the same locks cannot deadlock.
pub(crate) fn locked_all(steps: Vec<Step>, locks: &[&Value]) -> Vec<Step> {
    let locked = |step: Step| {
        let named = locks.iter().filter(|lock| ***lock != Value::Null);
        named.fold(step, |step, lock| step.locked((*lock).clone()))
    };
    steps.into_iter().map(locked).collect()
}

/// Returns the step with its need lowered to the ids of its references, for references that bind
/// late.
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
