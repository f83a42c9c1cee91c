//! The calls that set and remove tags, including the guard tag.

use std::collections::BTreeMap;

use crate::diff::Diff;
use crate::kind::TagApi;
use crate::ownership::{self, Guard};
use crate::procedure::{Call, Step};
use crate::{Map, Text, Value};

/// Returns the steps that change a resource's tags as the diff says. `owner` is written with the
/// same call where it changes, so that the resource always has an owner.
pub(crate) fn steps(
    api: &TagApi,
    id: &Value,
    diff: &Diff,
    owner: &BTreeMap<String, String>,
) -> Vec<Step> {
    let mut set: Map = diff.tags_set.clone();
    let mut unset: Vec<String> = diff.tags_unset.clone();
    if diff.retag {
        set.extend(
            owner
                .iter()
                .map(|(key, value)| (key.clone(), Value::text(value))),
        );
    }
    match diff.guard.as_ref().map(Guard::encode) {
        Some(words) if words.is_empty() => unset.push(ownership::GUARD.to_owned()),
        Some(words) => {
            set.insert(ownership::GUARD, Value::text(words));
        }
        None => {}
    }
    // A resource takes at most 20 tags, so tags are removed before others are set.
    let untag = (!unset.is_empty()).then(|| untag(api, id, &unset));
    let tag = (!set.is_empty()).then(|| tag(api, id, &set));
    untag.into_iter().chain(tag).collect()
}

/// Returns the call that sets these tags.
pub(crate) fn tag(api: &TagApi, id: &Value, tags: &Map) -> Step {
    let pair = |(key, value): (&Text, &Value)| {
        Value::Map([("Key", Value::text(key.clone())), ("Value", value.clone())].into())
    };
    let args = vec![
        ("ResourceType", Value::text(api.resource_type)),
        ("ResourceId", Value::List(vec![id.clone()])),
        ("Tag", Value::List(tags.iter().map(pair).collect())),
    ];
    Step::call(Call::new(api.tag, args))
}

/// Returns the call that removes the tags with these keys.
pub(crate) fn untag(api: &TagApi, id: &Value, keys: &[String]) -> Step {
    let args = vec![
        ("ResourceType", Value::text(api.resource_type)),
        ("ResourceId", Value::List(vec![id.clone()])),
        (
            "TagKey",
            Value::List(keys.iter().map(Value::text).collect()),
        ),
    ];
    Step::call(Call::new(api.untag, args))
}

/// Returns the step that writes this guard tag, for kinds whose windows set marks.
#[must_use]
pub fn guard_step(api: &TagApi, id: &Value, guard: &Guard) -> Step {
    let words = guard.encode();
    if words.is_empty() {
        untag(api, id, &[ownership::GUARD.to_owned()])
    } else {
        tag(api, id, &[(ownership::GUARD, Value::text(words))].into())
    }
}

/// Returns the step by which a stack stops owning a resource.
pub(crate) fn forget_step(api: &TagApi, id: &Value) -> Step {
    untag(
        api,
        id,
        &[
            ownership::STACK.to_owned(),
            ownership::ADDRESS.to_owned(),
            ownership::GUARD.to_owned(),
        ],
    )
}
