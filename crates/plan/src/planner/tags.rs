//! The calls that set and take away tags, the guard tag among them.

use std::collections::BTreeMap;

use crate::diff::Diff;
use crate::kind::TagApi;
use crate::ownership::{self, Guard};
use crate::procedure::{Call, Step};
use crate::{Map, Text, Value};

/// The steps that bring a resource's tags to what the diff says. `owner` is written with the same
/// call where it changes, so that the resource is never without one.
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
    // What goes first makes room for what comes: a resource takes 20 tags.
    let untag = (!unset.is_empty()).then(|| untag(api, id, &unset));
    let tag = (!set.is_empty()).then(|| tag(api, id, &set));
    untag.into_iter().chain(tag).collect()
}

/// The call that gives a resource these tags.
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

/// The call that takes these tags away.
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

/// The step that writes a guard tag as it is to be: for kinds whose windows mark themselves.
#[must_use]
pub fn guard_step(api: &TagApi, id: &Value, guard: &Guard) -> Step {
    let words = guard.encode();
    if words.is_empty() {
        untag(api, id, &[ownership::GUARD.to_owned()])
    } else {
        tag(api, id, &[(ownership::GUARD, Value::text(words))].into())
    }
}

/// The step by which a stack lets go of a resource for good.
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
