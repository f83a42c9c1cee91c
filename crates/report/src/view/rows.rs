//! The rows below a change: attributes, differences, losses, the reason, and notes.

use std::collections::BTreeMap;

use setpoint_plan::change::{Change, ChangeAction, FieldChange, Reason};
use setpoint_plan::document::{SENSITIVE, note_words};
use setpoint_plan::effect::{Interruption, Loss};
use setpoint_plan::ownership::GUARD;
use setpoint_plan::plan::Plan;
use setpoint_plan::procedure::Args;
use setpoint_plan::report::NoteKind;
use setpoint_plan::{Map, Text, Value};

use super::values::Values;
use super::{Row, rules};
use crate::style::Label;
use crate::words::place;

/// Lists of at most this many plain items are shown whole on both sides; of all others, only added
/// and removed items are shown.
const WHOLE_LIST_MAX: usize = 3;

/// The data from which the rows of one change are made.
pub(super) struct Source<'a> {
    pub(super) plan: &'a Plan,
    /// The index of the change in the plan.
    pub(super) at: usize,
    pub(super) values: &'a Values<'a>,
    /// The notes of the report about the resource.
    pub(super) notes: Vec<&'a NoteKind>,
}

impl<'a> Source<'a> {
    fn change(&self) -> &'a Change {
        &self.plan.changes[self.at]
    }

    /// Returns all rows, in their order.
    pub(super) fn rows(&self) -> Vec<Row> {
        let change = self.change();
        let mut rows = match change.action {
            ChangeAction::Create => self.created(),
            ChangeAction::Update | ChangeAction::Adopt | ChangeAction::Replace => self.changed(),
            ChangeAction::Delete
            | ChangeAction::Keep
            | ChangeAction::Forget
            | ChangeAction::NoOp => Vec::new(),
        };
        rows.extend(self.consequences());
        rows.extend(reason_line(change).map(|text| Row::remark(Label::Dim, text)));
        let noted = self
            .notes
            .iter()
            .filter(|note| !matches!(note, NoteKind::Kept));
        rows.extend(
            noted.map(|note| Row::remark(Label::Warning, format!("note: {}", note_words(note).1))),
        );
        rows
    }

    /// Returns the attributes, tags and rules of a new resource; empty values are left out.
    fn created(&self) -> Vec<Row> {
        let change = self.change();
        let Some(want) = &change.after else {
            return Vec::new();
        };
        // The text that is sent tells more than the digest that is compared.
        let mut attrs: BTreeMap<&Text, &Value> = want.attrs.iter().collect();
        attrs.extend(&want.initial);
        let mut rows: Vec<Row> = Vec::new();
        let mut rule_rows = Vec::new();
        for (name, value) in attrs {
            if rules::are_rules(value) {
                rule_rows.extend(rules::created(name, value, self.values));
            } else if !is_nothing(value) {
                rows.push(self.set(name, value));
            }
        }
        if let Some(tags) = want.tags.as_ref().filter(|tags| !tags.is_empty()) {
            rows.push(self.set("tags", &Value::Map(tags.clone())));
        }
        rows.extend(rule_rows);
        rows
    }

    /// Returns the row of an attribute of a new resource.
    fn set(&self, name: &str, value: &Value) -> Row {
        let kind = self.change().kind;
        let shown = if self.values.hides(kind, name, &[value]) {
            SENSITIVE.to_owned()
        } else {
            self.with_unit(name, self.values.shown_by_name(kind, name, value))
        };
        Row::set("+", Label::Create, name, shown)
    }

    fn with_unit(&self, attr: &str, shown: String) -> String {
        let unit = self.values.unit(self.change().kind, attr);
        if unit.is_empty() {
            shown
        } else {
            format!("{shown} {unit}")
        }
    }

    /// Returns the fields, tags and guard words that differ.
    fn changed(&self) -> Vec<Row> {
        let change = self.change();
        let mut rows: Vec<Row> = change
            .fields
            .iter()
            .flat_map(|field| self.field(field))
            .collect();
        rows.extend(self.tags());
        rows.extend(guard_rows(change));
        rows
    }

    /// Returns the rows of one field. A field that changes online beside a restart says so in place
    /// of its place in the spec; a removed value has no place.
    fn field(&self, field: &FieldChange) -> Vec<Row> {
        let change = self.change();
        let at = field.at.as_ref().map(place);
        let additive = change
            .after
            .as_ref()
            .is_some_and(|want| want.terms.lifecycle.additive.contains(&field.attr));
        let hidden = self
            .values
            .hides(change.kind, &field.attr, &[&field.before, &field.after]);
        let mut rows = if hidden {
            vec![Row::set(
                "~",
                Label::Update,
                &field.attr,
                SENSITIVE.to_owned(),
            )]
        } else if rules::are_rules(&field.before) || rules::are_rules(&field.after) {
            rules::changed(
                &field.attr,
                &field.before,
                &field.after,
                self.values,
                additive,
            )
        } else {
            self.difference(&field.attr, &field.before, &field.after)
        };
        let forces = change.action == ChangeAction::Replace && field.update.is_none();
        let online = field.effect.interrupts == Interruption::None
            && change.effect.interrupts >= Interruption::Restart
            && change.action == ChangeAction::Update;
        for row in &mut rows {
            row.forces = forces;
            if online && row.remark.is_none() {
                row.remark = Some("online, no restart".to_owned());
            } else if row.mark != "-" {
                row.at.clone_from(&at);
            }
        }
        rows
    }

    /// Returns the difference of two values that are not sensitive.
    fn difference(&self, attr: &str, before: &Value, after: &Value) -> Vec<Row> {
        match (before, after) {
            (Value::List(old), Value::List(new))
                if old.len().max(new.len()) > WHOLE_LIST_MAX
                    || old.iter().chain(new).any(is_structure) =>
            {
                let come = new
                    .iter()
                    .filter(|item| !old.contains(item))
                    .map(|item| Row::set("+", Label::Create, attr, self.values.shown(item)));
                let go = old
                    .iter()
                    .filter(|item| !new.contains(item))
                    .map(|item| Row::set("-", Label::Delete, attr, self.values.shown(item)));
                let rows: Vec<Row> = come.chain(go).collect();
                if rows.is_empty() {
                    vec![Row::set(
                        "~",
                        Label::Update,
                        attr,
                        "in another order".to_owned(),
                    )]
                } else {
                    rows
                }
            }
            (Value::Map(old), Value::Map(new)) => self.map_difference(attr, old, new),
            (before, after) if is_nothing(before) => {
                vec![Row::set(
                    "+",
                    Label::Create,
                    attr,
                    self.with_unit(attr, self.values.shown(after)),
                )]
            }
            (before, after) if is_nothing(after) => {
                vec![Row::set(
                    "-",
                    Label::Delete,
                    attr,
                    self.with_unit(attr, self.values.shown(before)),
                )]
            }
            (before, after) => {
                let after = self.with_unit(attr, self.values.shown(after));
                vec![Row::change(
                    "~",
                    Label::Update,
                    attr,
                    self.values.shown(before),
                    after,
                )]
            }
        }
    }

    /// Returns the rows of the keys that differ, as `attr.key`.
    fn map_difference(&self, attr: &str, old: &Map, new: &Map) -> Vec<Row> {
        let keys: std::collections::BTreeSet<&Text> = old.keys().chain(new.keys()).collect();
        let side = |map: &Map, key: &str| map.get(key).cloned().unwrap_or(Value::Null);
        let differing = keys.into_iter().filter(|key| old.get(key) != new.get(key));
        differing
            .flat_map(|key| {
                self.difference(&format!("{attr}.{key}"), &side(old, key), &side(new, key))
            })
            .collect()
    }

    /// Returns the tag differences, read from the tag calls of the plan: nothing else shows which
    /// tags the plan leaves alone.
    fn tags(&self) -> Vec<Row> {
        let live = self.change().before.as_ref();
        let calls = self
            .plan
            .steps
            .iter()
            .filter(|step| step.change == self.at)
            .filter_map(|step| step.step.as_call());
        let mut rows = Vec::new();
        for args in calls
            .filter_map(|call| call.rungs.first())
            .filter(|args| argument(args, "ResourceType").is_some())
        {
            for (key, value) in set_tags(args) {
                let before = live
                    .and_then(|live| live.tags.get(key))
                    .map_or(Value::Null, |tag| Value::Text(tag.clone()));
                let attr = format!("tags.{key}");
                let hidden = self.values.hides("", &attr, &[value, &before]);
                rows.extend(if hidden {
                    vec![Row::set("~", Label::Update, &attr, SENSITIVE.to_owned())]
                } else {
                    self.difference(&attr, &before, value)
                });
            }
            for key in argument(args, "TagKey")
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(Value::as_text)
            {
                let before = live.and_then(|live| live.tags.get(key));
                rows.extend(before.map(|before| {
                    Row::set(
                        "-",
                        Label::Delete,
                        &format!("tags.{key}"),
                        self.values.shown(&Value::Text(before.clone())),
                    )
                }));
            }
        }
        rows
    }

    /// Returns what is lost, what stays, and whether a snapshot is taken first.
    fn consequences(&self) -> Vec<Row> {
        let change = self.change();
        let mut rows = Vec::new();
        if let Some(lost) = &change.loses {
            let stays = if change.effect.interrupts == Interruption::Rebuild {
                "    stays: id and private IP"
            } else {
                ""
            };
            rows.push(Row::remark(
                Label::Danger,
                format!("lost: {}{stays}", crate::words::clean(lost)),
            ));
        }
        if change.action == ChangeAction::Update {
            let lost = change.effect.loses.addresses();
            rows.extend(
                lost.map(|(which, loss)| Row::remark(Label::Warning, lost_address(which, loss))),
            );
        }
        let word = if change.action == ChangeAction::Delete {
            "delete"
        } else {
            change.effect.word()
        };
        let snapshots = change.after.as_ref().is_some_and(|want| {
            want.terms
                .lifecycle
                .snapshot_before
                .iter()
                .any(|name| name == word)
        });
        if snapshots {
            rows.push(Row::remark(
                Label::Plain,
                "snapshot first: yes (lifecycle.snapshot_before)".to_owned(),
            ));
        }
        rows
    }
}

fn is_structure(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn argument<'a>(args: &'a Args, name: &str) -> Option<&'a Value> {
    args.iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn lost_address(which: &str, loss: Loss) -> String {
    match loss {
        Loss::No => format!("stays: its {which} address"),
        Loss::Possible => format!("may be lost: its {which} address"),
        Loss::Certain => format!("lost: its {which} address"),
    }
}

/// Returns the tags that a `TagResources` call sets, without those of Setpoint.
fn set_tags(args: &Args) -> Vec<(&str, &Value)> {
    let pairs = argument(args, "Tag")
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_map);
    let pair = |map: &'_ Map| {
        map.get("Key")
            .and_then(Value::as_text)
            .map(ToOwned::to_owned)
    };
    let own = |key: &str| key.starts_with("setpoint:") || key == GUARD;
    pairs
        .filter(|map| pair(map).is_some_and(|key| !own(&key)))
        .filter_map(|map| Some((map.get("Key")?.as_text()?, map.get("Value")?)))
        .collect()
}

/// Returns the differences of `protect` and `on_delete`, which the guard tag stores, and the marks
/// that the change lifts.
fn guard_rows(change: &Change) -> Vec<Row> {
    let (Some(want), Some(live)) = (&change.after, &change.before) else {
        return Vec::new();
    };
    let Some(owner) = &live.owner else {
        return Vec::new();
    };
    let word = |keep: bool| if keep { "keep" } else { "delete" }.to_owned();
    let mut rows = Vec::new();
    if want.guard.protect != owner.guard.protect {
        let (before, after) = (
            owner.guard.protect.to_string(),
            want.guard.protect.to_string(),
        );
        rows.push(Row::change(
            "~",
            Label::Update,
            "lifecycle.protect",
            before,
            after,
        ));
    }
    if want.guard.keep != owner.guard.keep {
        rows.push(Row::change(
            "~",
            Label::Update,
            "lifecycle.on_delete",
            word(owner.guard.keep),
            word(want.guard.keep),
        ));
    }
    rows.extend(change.lifted.iter().map(|mark| {
        let (set, lifted) = ("set".to_owned(), "lifted".to_owned());
        Row::change("~", Label::Update, mark, set, lifted)
    }));
    rows
}

/// Returns the reason for a change; `None` if the rows above already show it.
fn reason_line(change: &Change) -> Option<String> {
    Some(match &change.reason {
        Reason::AdoptAsked { id } => format!("takes over {id} (adopt)"),
        Reason::ParentReplaced { parent } => format!("because {parent} is replaced"),
        Reason::ParentCannotCoexist { parent } => {
            format!(
                "because {parent} is replaced, and the old and the new one cannot exist at once"
            )
        }
        Reason::ReplaceAsked => "because --replace names it".to_owned(),
        Reason::Superseded => "left over from a replacement that was interrupted".to_owned(),
        Reason::OtherKind => "the spec now has another kind under this address".to_owned(),
        Reason::StoodOn { by } => format!("kept, because {by} is kept and depends on it"),
        Reason::LeftStopped => {
            "an earlier run stopped it and ended before it was up again".to_owned()
        }
        Reason::Moved { from } => format!("moved from {from}"),
        Reason::NotInSpec if change.action == ChangeAction::Delete => {
            "no longer in the spec".to_owned()
        }
        Reason::NotThere
        | Reason::Differs
        | Reason::TagsDiffer
        | Reason::FieldForcesReplacement { .. }
        | Reason::NotInSpec
        | Reason::Destroy
        | Reason::ForgetAsked
        | Reason::Matches => return None,
    })
}
