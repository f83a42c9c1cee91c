//! What differs between a wanted resource and a live one, field by field, and what each difference leads to.
//!
//! Invariant: no difference is reported that apply would not act on, and none is passed over in silence: what is not
//! acted on becomes a note.

use std::collections::BTreeMap;

use crate::change::FieldChange;
use crate::desired::Desired;
use crate::kind::{At, Change, Effect, Judged, Kind, Refusal, Rule, Verdict};
use crate::live::Live;
use crate::ownership::{self, Guard};
use crate::report::NoteKind;
use crate::{Address, Value};

/// The differences of one resource.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Fields that are acted on.
    pub fields: Vec<FieldDiff>,
    /// Tags that are set, with their values.
    pub tags_set: BTreeMap<String, Value>,
    /// Tags that are taken away.
    pub tags_unset: Vec<String>,
    /// The guard tag's new words, if they change.
    pub guard: Option<Guard>,
    /// Whether the ownership tags are written anew: it moved, or is adopted.
    pub retag: bool,
    /// What was noticed and not acted on.
    pub notes: Vec<NoteKind>,
    /// What cannot be done.
    pub refusals: Vec<Refusal>,
}

/// One field that is acted on.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDiff {
    /// For people.
    pub change: FieldChange,
    /// How.
    pub how: How,
}

/// How a difference is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By this verb, at this place.
    Verb(&'static str, At),
    /// By replacing the resource.
    Replace,
}

impl Diff {
    /// Whether it asks, at its end, whether the resource is ready.
    #[must_use]
    pub fn asks_ready(&self) -> bool {
        self.fields
            .iter()
            .any(|field| field.change.attr == ownership::READY)
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.tags_set.is_empty()
            && self.tags_unset.is_empty()
            && self.guard.is_none()
            && !self.retag
    }

    /// The first field that forces a replacement.
    #[must_use]
    pub fn forces_replacement(&self) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.how == How::Replace)
            .map(|field| field.change.attr.as_str())
    }

    /// The most severe effect.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.fields
            .iter()
            .map(|field| field.change.effect)
            .max()
            .unwrap_or_default()
    }

    /// The verbs at a place, each once, in the order of the kind's rules.
    #[must_use]
    pub fn verbs(&self, kind: &dyn Kind, place: At) -> Vec<&'static str> {
        let mut verbs: Vec<&'static str> = Vec::new();
        for rule in kind.rules() {
            let found = self
                .fields
                .iter()
                .find(|field| field.change.attr == rule.attr);
            if let Some(How::Verb(verb, at)) = found.map(|field| field.how)
                && at == place
                && !verbs.contains(&verb)
            {
                verbs.push(verb);
            }
        }
        verbs
    }
}

/// What a comparison looks at.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The kind.
    pub kind: &'static dyn Kind,
    /// What is wanted, references resolved as far as they can be; one that is left counts as different.
    pub want: &'a Desired,
    /// What is there.
    pub live: &'a Live,
    /// Every wanted resource, references unresolved: what a value refers to.
    pub all: &'a BTreeMap<Address, Desired>,
    /// The same with references resolved as far as they can be, for judgements over what a value refers to.
    pub resolved: &'a BTreeMap<Address, Desired>,
    /// What was found outside the stack, by the key of its look-up.
    pub named: &'a BTreeMap<String, Vec<Live>>,
    /// Globs of tag keys that are left alone.
    pub ignore_tags: &'a [String],
}

/// The differences.
#[must_use]
pub fn diff(sides: Sides<'_>) -> Diff {
    let mut found = Diff::default();
    for (attr, value) in &sides.want.attrs {
        compare_field(sides, attr, value, &mut found);
    }
    if sides.kind.tag_api().is_some() {
        compare_tags(sides.want, sides.live, sides.ignore_tags, &mut found);
        let mut guard = wanted_guard(sides.want, sides.live);
        // What is asked about its readiness in this change is ready at its end, or the change has failed.
        let asked = found.asks_ready();
        guard.unready &= !asked;
        let current = sides
            .live
            .owner
            .as_ref()
            .map(|owner| owner.guard.clone())
            .unwrap_or_default();
        found.guard = (asked || guard != current).then_some(guard);
    }
    found
}

fn compare_field(sides: Sides<'_>, attr: &str, value: &Value, found: &mut Diff) {
    let Sides {
        kind, want, live, ..
    } = sides;
    let current = live.attr(attr);
    if is_same(value, &current) {
        return;
    }
    let Some(rule) = kind.rule(attr) else { return };
    let verdict = verdict(sides, rule, value, &current);
    let field = |verb, effect| FieldChange {
        attr: attr.to_owned(),
        before: current.clone(),
        after: value.clone(),
        verb,
        effect,
        at: Some(want.location(attr).clone()),
    };
    match verdict {
        Verdict::Same => {}
        Verdict::Note(text) if text.is_empty() => found.notes.push(NoteKind::UsedAtCreationOnly {
            field: attr.to_owned(),
        }),
        Verdict::Note(text) => found.notes.push(NoteKind::Remark(text)),
        Verdict::Update { verb, effect, at } => {
            // What is stopped needs no restart; a rebuild wipes its disk all the same.
            let effect = if effect == Effect::Restart && at == At::Stopped && is_stopped(live) {
                Effect::None
            } else {
                effect
            };
            found.fields.push(FieldDiff {
                change: field(Some(verb), effect),
                how: How::Verb(verb, at),
            });
        }
        Verdict::Replace => found.fields.push(FieldDiff {
            change: field(None, Effect::Replace),
            how: How::Replace,
        }),
        Verdict::Refuse(what) => found.refusals.push(Refusal {
            attr: attr.to_owned(),
            what,
            hint: None,
        }),
    }
}

fn verdict(sides: Sides<'_>, rule: &Rule, value: &Value, current: &Value) -> Verdict {
    match rule.change {
        Change::Replace => Verdict::Replace,
        Change::CreateOnly => Verdict::Note(String::new()),
        Change::Update { verb, effect, at } => Verdict::Update { verb, effect, at },
        Change::Judge(judge) => {
            let named = sides
                .all
                .get(&sides.want.address)
                .and_then(|raw| raw.attrs.get(rule.attr));
            let target = named.and_then(|raw| {
                raw.refs()
                    .first()
                    .and_then(|reference| sides.resolved.get(&reference.address))
            });
            let is_meant = |live: &&Live| Some(live.id.as_str()) == value.as_text();
            let outside = sides.named.values().flatten().find(is_meant);
            judge(&Judged {
                want: value,
                live: current,
                desired: sides.want,
                row: sides.live,
                target,
                outside,
            })
        }
    }
}

/// A secret is compared as what it is.
fn is_same(want: &Value, live: &Value) -> bool {
    match (want, live) {
        (Value::Secret(secret), Value::Text(text)) => secret.expose() == text,
        _ => want == live,
    }
}

/// Takes what `lifecycle.ignore` names out of what is wanted, so that nothing is compared and nothing sent; notes what
/// would have differed.
pub fn drop_ignored(want: &mut Desired, live: &Live) -> Vec<NoteKind> {
    let ignored = want.lifecycle.ignore.clone();
    let is_ignored = |attr: &str| {
        ignored
            .iter()
            .any(|name| name == attr || attr.starts_with(&format!("{name}.")))
    };
    let differing = want
        .attrs
        .iter()
        .filter(|(attr, value)| is_ignored(attr) && !is_same(value, &live.attr(attr)));
    let notes = differing
        .map(|(attr, _)| NoteKind::Ignored {
            field: attr.clone(),
        })
        .collect();
    want.attrs.retain(|attr, _| !is_ignored(attr));
    if is_ignored("tags") {
        want.tags = None;
    }
    notes
}

/// A stopped machine needs no restart.
fn is_stopped(live: &Live) -> bool {
    live.attr("status") == Value::text("Stopped")
}

fn compare_tags(want: &Desired, live: &Live, ignore: &[String], found: &mut Diff) {
    let Some(tags) = &want.tags else { return };
    for (key, value) in tags {
        if live.tags.get(key).map(Value::text).as_ref() != Some(value) {
            found.tags_set.insert(key.clone(), value.clone());
        }
    }
    let additive = want.lifecycle.additive.iter().any(|name| name == "tags");
    let foreign = |key: &&String| {
        !tags.contains_key(*key) && !ownership::is_reserved_key(key) && !matches_any(key, ignore)
    };
    if !additive {
        found.tags_unset = live.tags.keys().filter(foreign).cloned().collect();
    }
}

/// Glob match with `*` and `?`.
fn matches_any(key: &str, globs: &[String]) -> bool {
    globs.iter().any(|glob| glob_match(glob, key))
}

/// Whether the text matches the glob: `*` stands for any run of characters, `?` for one.
#[must_use]
pub fn glob_match(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut g, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        if g < glob.len() && (glob[g] == '?' || (glob[g] != '*' && glob[g] == text[t])) {
            g += 1;
            t += 1;
        } else if g < glob.len() && glob[g] == '*' {
            back = Some((g + 1, t));
            g += 1;
        } else if let Some((after_star, taken)) = back {
            g = after_star;
            t = taken + 1;
            back = Some((after_star, taken + 1));
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

/// The guard words a live resource should carry: what the spec says, and what must be kept from its making. The digest
/// of user data moves only where a change of them is stored.
fn wanted_guard(want: &Desired, live: &Live) -> Guard {
    let current = live
        .owner
        .as_ref()
        .map(|owner| owner.guard.clone())
        .unwrap_or_default();
    let stores = want.lifecycle.on_user_data_change.as_deref() == Some("store");
    let user_data = if stores {
        want.guard.user_data.clone()
    } else {
        current.user_data.clone()
    };
    let unready = current.unready && want.guard.unready;
    Guard {
        protect: want.guard.protect,
        keep: want.guard.keep,
        restarting: false,
        unready,
        user_data,
        ..current
    }
}

#[cfg(test)]
mod tests {
    use super::glob_match;

    #[test]
    fn globs_match() {
        for (glob, text, expected) in [
            ("finops:*", "finops:owner", true),
            ("finops:*", "owner", false),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
        ] {
            assert_eq!(glob_match(glob, text), expected, "{glob} {text}");
        }
    }
}
