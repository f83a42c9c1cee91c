//! Compares a desired resource with its live row, field by field, and decides how each difference
//! is acted on.
//!
//! Invariant: every difference that is reported is acted on by apply, and none is dropped silently:
//! a difference that is not acted on becomes a note.

use std::collections::BTreeMap;
use std::sync::Arc;

use wildmatch::WildMatch;

use crate::change::FieldChange;
use crate::desired::Desired;
use crate::effect::Effect;
use crate::field::{Field, Judged, OnChange, Verdict};
use crate::kind::{Kind, Refusal};
use crate::live::Live;
use crate::ownership::{self, Guard};
use crate::report::NoteKind;
use crate::update::{At, Update};
use crate::{Address, Map, Text, Value};

/// The differences of one resource.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Fields that are acted on.
    pub fields: Vec<FieldDiff>,
    /// Tags that are set, with their values.
    pub tags_set: Map,
    /// Tags that are removed.
    pub tags_unset: Vec<String>,
    /// The new words of the guard tag, if it is written.
    pub guard: Option<Guard>,
    /// Whether the ownership tags are written again, because the resource moved or is adopted.
    pub retag: bool,
    /// What was noticed and not acted on.
    pub notes: Vec<NoteKind>,
    /// Differences that cannot be acted on.
    pub refusals: Vec<Refusal>,
    /// Attributes that differ and have no row in the kind's table, which is a bug of the kind.
    pub unknown: Vec<String>,
}

/// A field that differs and is acted on.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDiff {
    /// The difference, for people.
    pub change: FieldChange,
    /// How it is acted on.
    pub how: How,
}

/// How a difference is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// In place, by this update.
    Update(&'static Update),
    /// By replacing the resource.
    Replace,
}

impl Diff {
    /// Returns the guard mark that the resource carries until this change has succeeded.
    #[must_use]
    pub fn mark(&self) -> Option<&'static str> {
        self.all_updates().find_map(|update| update.mark)
    }

    /// Returns the guard marks that the change removes only because the file does not ask for them
    /// any more. It leaves out the mark of a window, which the change closes, and the mark of a
    /// readiness check that the change makes, which the check removes.
    #[must_use]
    pub fn lifted(&self, kind: &Kind, live: &Live) -> Vec<String> {
        let (Some(guard), Some(owner)) = (&self.guard, &live.owner) else {
            return Vec::new();
        };
        let is_lifted = |mark: &&String| {
            let mark = mark.as_str();
            !guard.has(mark) && kind.window_mark != Some(mark) && self.mark() != Some(mark)
        };
        owner
            .guard
            .marks
            .iter()
            .filter(is_lifted)
            .cloned()
            .collect()
    }

    /// Iterates over the updates of its fields, in the order of attributes; an update can occur
    /// several times.
    pub fn all_updates(&self) -> impl Iterator<Item = &'static Update> + '_ {
        self.fields.iter().filter_map(|field| match field.how {
            How::Update(update) => Some(update),
            How::Replace => None,
        })
    }

    /// Returns whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.tags_set.is_empty()
            && self.tags_unset.is_empty()
            && self.guard.is_none()
            && !self.retag
    }

    /// Returns the first field that forces a replacement.
    #[must_use]
    pub fn forces_replacement(&self) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.how == How::Replace)
            .map(|field| field.change.attr.as_str())
    }

    /// Returns the merged effects of all fields.
    #[must_use]
    pub fn effect(&self) -> Effect {
        Effect::merged(self.fields.iter().map(|field| field.change.effect))
    }

    /// Returns the updates at these positions, each once, in the order of the kind's table.
    #[must_use]
    pub fn updates(&self, kind: &'static Kind, places: &[At]) -> Vec<&'static Update> {
        let mut updates: Vec<&'static Update> = Vec::new();
        for field in self.in_table_order(kind) {
            if let How::Update(update) = field.how
                && places.contains(&update.at)
                && !updates.contains(&update)
            {
                updates.push(update);
            }
        }
        updates
    }

    fn in_table_order(&self, kind: &'static Kind) -> Vec<&FieldDiff> {
        let table = kind.rows();
        let place = |field: &&FieldDiff| {
            let row = kind.row(&field.change.attr);
            table
                .iter()
                .position(|other| row.is_some_and(|row| std::ptr::eq(row, other.field)))
        };
        let mut fields: Vec<&FieldDiff> = self.fields.iter().collect();
        fields.sort_by_key(place);
        fields
    }
}

/// The two resources that are compared, and what judgements may use.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The kind.
    pub kind: &'static Kind,
    /// The desired resource, with references resolved as far as possible. A reference that is left
    /// counts as a difference.
    pub want: &'a Desired,
    /// The live row.
    pub live: &'a Live,
    /// Every desired resource with its references unresolved, to find the target of a value.
    pub all: &'a BTreeMap<Address, Desired>,
    /// The same resources with references resolved as far as possible, for judgements that use the
    /// target.
    pub resolved: &'a BTreeMap<Address, Arc<Desired>>,
    /// Rows outside the stack, by the key of their look-up.
    pub named: &'a BTreeMap<String, Vec<Live>>,
    /// Globs of tag keys that are left alone.
    pub ignore_tags: &'a [String],
}

/// Returns the differences between the two resources.
#[must_use]
pub fn diff(sides: Sides<'_>) -> Diff {
    let mut found = Diff::default();
    for (attr, value) in &sides.want.attrs {
        compare_field(sides, attr, value, &mut found);
    }
    if sides.kind.tag_api.is_some() {
        compare_tags(sides.want, sides.live, sides.ignore_tags, &mut found);
        compare_guard(sides, &mut found);
    }
    found
}

/// Compares the guard words; the tag is written if they differ. A row of the first version, which
/// does not name its kind, gets the name with the next write of its tags.
fn compare_guard(sides: Sides<'_>, found: &mut Diff) {
    let guard = desired_guard(sides, found);
    let owner = sides.live.owner.as_ref();
    let current = owner.map(|owner| owner.guard.clone()).unwrap_or_default();
    let differs = guard != current || found.mark().is_some();
    let writes_tags = !found.tags_set.is_empty() || !found.tags_unset.is_empty();
    let lacks_kind = owner.is_some_and(|owner| owner.guard.kind.is_none());
    if differs || (writes_tags && lacks_kind) {
        found.guard = Some(Guard {
            kind: Some(sides.kind.name.to_owned()),
            ..guard
        });
    }
}

fn compare_field(sides: Sides<'_>, attr: &str, value: &Value, found: &mut Diff) {
    let Sides {
        kind, want, live, ..
    } = sides;
    let current = live.attr(attr);
    if is_same(value, &current) {
        return;
    }
    let Some(field) = kind.row(attr) else {
        found.unknown.push(attr.to_owned());
        return;
    };
    let change = |update, effect| FieldChange {
        attr: attr.to_owned(),
        before: current.clone(),
        after: value.clone(),
        update,
        effect,
        at: Some(want.location(attr).clone()),
    };
    match verdict(sides, field, attr, value, &current) {
        Verdict::Same => {}
        Verdict::CreationOnly => found.notes.push(NoteKind::UsedAtCreationOnly {
            field: attr.to_owned(),
        }),
        Verdict::Note(text) => found.notes.push(NoteKind::Remark(text)),
        Verdict::Update(update) => found.fields.push(FieldDiff {
            change: change(Some(update), effect_on(sides, update, update.effect)),
            how: How::Update(update),
        }),
        Verdict::UpdateWith(update, effect) => found.fields.push(FieldDiff {
            change: change(Some(update), effect_on(sides, update, effect)),
            how: How::Update(update),
        }),
        Verdict::Replace => found.fields.push(FieldDiff {
            change: change(None, Effect::REPLACE),
            how: How::Replace,
        }),
        Verdict::Refuse(what, hint) => found.refusals.push(Refusal {
            attr: attr.to_owned(),
            what,
            hint,
        }),
    }
}

/// Returns the effect of an update on the resource as it is. An update that needs it stopped does
/// not interrupt a resource at rest, but a rebuild wipes the disk of a stopped machine as well.
fn effect_on(sides: Sides<'_>, update: &Update, effect: Effect) -> Effect {
    let rests = update.at == At::Stopped && (sides.kind.is_at_rest)(sides.live);
    if rests && effect < Effect::REBUILD {
        effect.at_rest()
    } else {
        effect
    }
}

fn verdict(sides: Sides<'_>, field: &Field, attr: &str, value: &Value, current: &Value) -> Verdict {
    match field.change {
        OnChange::Never | OnChange::Part | OnChange::Members => Verdict::Same,
        OnChange::Replace => Verdict::Replace,
        OnChange::CreateOnly => Verdict::CreationOnly,
        OnChange::Update(update) => Verdict::Update(update),
        OnChange::Judge(judge, _) => {
            let first = sides.all.get(&sides.want.address);
            let named = first.and_then(|first| first.attrs.get(attr));
            let target = named.and_then(|first| {
                let reference = *first.refs().first()?;
                sides.resolved.get(&reference.address).map(Arc::as_ref)
            });
            let is_meant = |live: &&Live| Some(live.id.as_str()) == value.as_text();
            let outside = sides.named.values().flatten().find(is_meant);
            judge(&Judged {
                want: value,
                live: current,
                desired: sides.want,
                row: sides.live,
                target,
                all: sides.all,
                outside,
            })
        }
    }
}

/// Returns whether the values are equal. A secret is compared by its text.
fn is_same(want: &Value, live: &Value) -> bool {
    match (want, live) {
        (Value::Secret(secret), Value::Text(text)) => secret.expose() == text,
        _ => want == live,
    }
}

/// Removes the fields that `lifecycle.ignore` names from the desired resource, so that they are
/// neither compared nor sent. Returns a note for each that differs.
pub fn drop_ignored(want: &mut Desired, live: &Live) -> Vec<NoteKind> {
    let ignored = want.terms.lifecycle.ignore.clone();
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
            field: attr.to_string(),
        })
        .collect();
    want.attrs.retain(|attr, _| !is_ignored(attr));
    if is_ignored("tags") {
        want.tags = None;
    }
    notes
}

fn compare_tags(want: &Desired, live: &Live, ignore: &[String], found: &mut Diff) {
    let Some(tags) = &want.tags else { return };
    for (key, value) in tags {
        let is_set = |live: &Text| value.as_text() == Some(live);
        if !live.tags.get(key).is_some_and(is_set) {
            found.tags_set.insert(key.clone(), value.clone());
        }
    }
    let additive = want
        .terms
        .lifecycle
        .additive
        .iter()
        .any(|name| name == "tags");
    let foreign = |key: &&Text| {
        !tags.contains_key(key) && !ownership::is_reserved_key(key) && !matches_any(key, ignore)
    };
    if !additive {
        found.tags_unset = live
            .tags
            .keys()
            .filter(foreign)
            .map(Text::to_string)
            .collect();
    }
}

/// Returns whether one of the globs matches the key.
fn matches_any(key: &str, globs: &[String]) -> bool {
    globs.iter().any(|glob| glob_match(glob, key))
}

/// Returns whether the text matches the glob: `*` stands for any run of characters, `?` for one.
#[must_use]
pub fn glob_match(glob: &str, text: &str) -> bool {
    WildMatch::new(glob).matches(text)
}

/// Returns the guard words that a live resource should carry: those that the file decides, and
/// those that were written when it was created. The mark of a window is removed, since the change
/// closes the window. The mark of a readiness check is removed if the change makes the check, or if
/// the desired resource does not carry the mark. Words that this version does not know are kept.
fn desired_guard(sides: Sides<'_>, found: &Diff) -> Guard {
    let Sides {
        kind, want, live, ..
    } = sides;
    let owner = live.owner.as_ref();
    let mut guard = owner.map(|owner| owner.guard.clone()).unwrap_or_default();
    (guard.protect, guard.keep) = (want.guard.protect, want.guard.keep);
    if let Some(mark) = kind.window_mark {
        guard = guard.without(mark);
    }
    if let Some(mark) = kind.pending_mark {
        let is_asked = found.mark() == Some(mark);
        if is_asked || !want.guard.has(mark) {
            guard = guard.without(mark);
        }
    }
    for key in found.all_updates().filter_map(|update| update.digest) {
        match want.guard.digests.get(key) {
            Some(digest) => guard.digests.insert(key.to_owned(), digest.clone()),
            None => guard.digests.remove(key),
        };
    }
    guard
}

#[cfg(test)]
mod tests;
