//! Builds the document of a plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::change::{Change, ChangeAction, FieldChange, Reason, ReplaceOrder};
use crate::held::{Held, HeldWhy};
use crate::live::Live;
use crate::plan::{Half, Plan, PlanStep, PlannedOutput};
use crate::procedure::{Act, Args, Call, Local};
use crate::report::{Note, Report};
use crate::{Key, Map, Value};

use super::values::{Side, sensitive_by_name, spelled};
use super::words::{allowance_words, cond_words, held_words, note_words, reason_words};
use super::{
    CallDocument, ChangeDocument, CostDocument, FORMAT_VERSION, FieldDocument, HeldDocument,
    ImportDocument, NoteDocument, PlanDocument, ReasonDocument, ResourceChange, Secrets,
    StepDocument, SummaryDocument,
};

/// Returns the document of a plan and its report.
#[must_use]
pub fn to_document(plan: &Plan, report: &Report) -> PlanDocument {
    let secrets = Secrets::of(plan);
    let summary = plan.summary();
    let cost = plan.cost;
    PlanDocument {
        format_version: FORMAT_VERSION.to_owned(),
        stack: plan.stack.clone(),
        region: plan.site.region.clone(),
        account: plan.site.account.clone(),
        live_resources: plan.n_live,
        summary: SummaryDocument {
            add: summary.add,
            change: summary.change,
            destroy: summary.destroy,
            kept: summary.kept,
        },
        effect: plan.effect().word().to_owned(),
        data_loss: plan.changes.iter().any(|change| change.effect.loses.data),
        resource_changes: (0..plan.changes.len())
            .map(|at| resource_change(plan, at, &secrets))
            .collect(),
        output_changes: plan
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), output_change(plan, output, &secrets)))
            .collect(),
        held: plan.held.iter().map(held_document).collect(),
        notes: report.notes.iter().map(note_document).collect(),
        cost: CostDocument {
            listings: cost.listings,
            lookups: cost.lookups,
            details: cost.details,
            other: cost.other,
            total: cost.total(),
        },
        steps: plan
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| step_document(at, step))
            .collect(),
    }
}

fn resource_change(plan: &Plan, at: usize, secrets: &Secrets) -> ResourceChange {
    let change = &plan.changes[at];
    let (what, of) = reason_words(&change.reason);
    let segments = change.address.segments();
    let (module, last) = segments.split_at(segments.len().saturating_sub(1));
    let printed = change.address.to_string();
    let module_address = printed.rsplit_once(&format!(
        ".{}",
        last.first().map_or("", |last| last.name.as_str())
    ));
    let calls = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.change == at);
    ResourceChange {
        address: printed.clone(),
        previous_address: match &change.reason {
            Reason::Moved { from } => Some(from.to_string()),
            _ => None,
        },
        module_address: module_address
            .filter(|_| !module.is_empty())
            .map(|(module, _)| module.to_owned()),
        mode: "managed".to_owned(),
        kind: change.kind.to_owned(),
        name: last
            .first()
            .map(|last| last.name.clone())
            .unwrap_or_default(),
        index: change.address.key().map(|key| match key {
            Key::Index(n) => Json::from(*n),
            Key::Text(text) => Json::from(text.as_str()),
        }),
        change: change_document(change, secrets),
        action_reason: action_reason(&change.reason).map(ToOwned::to_owned),
        reason: ReasonDocument {
            what: what.to_owned(),
            of,
        },
        effect: change.effect.word().to_owned(),
        loss: change.effect.loses.words().map(str::to_owned).collect(),
        money: change.effect.pays.words().map(str::to_owned).collect(),
        data_loss: change.loses.clone().filter(|_| change.effect.loses.data),
        held: plan
            .held
            .iter()
            .find(|held| held.address.as_ref() == Some(&change.address) && change.is_change())
            .map(held_document),
        fields: change
            .fields
            .iter()
            .map(|field| field_document(change, field, secrets))
            .collect(),
        calls: calls
            .filter_map(|(order, step)| {
                step.step
                    .as_call()
                    .map(|call| call_document(order, call, secrets))
            })
            .collect(),
    }
}

/// Returns Terraform's word for a reason, if it has one.
fn action_reason(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::FieldForcesReplacement { .. } => Some("replace_because_cannot_update"),
        Reason::ParentReplaced { .. } | Reason::ParentCannotCoexist { .. } => {
            Some("replace_by_triggers")
        }
        Reason::ReplaceAsked => Some("replace_by_request"),
        Reason::NotInSpec => Some("delete_because_no_resource_config"),
        Reason::NotThere
        | Reason::AdoptAsked { .. }
        | Reason::Differs
        | Reason::TagsDiffer
        | Reason::Destroy
        | Reason::Superseded
        | Reason::OtherKind
        | Reason::StoodOn { .. }
        | Reason::LeftStopped
        | Reason::Moved { .. }
        | Reason::ForgetAsked
        | Reason::Matches => None,
    }
}

fn actions(action: ChangeAction, order: ReplaceOrder) -> Vec<String> {
    let words: &[&str] = match (action, order) {
        (ChangeAction::Create, _) => &["create"],
        (ChangeAction::Update | ChangeAction::Adopt, _) => &["update"],
        (ChangeAction::Replace, ReplaceOrder::DeleteFirst) => &["delete", "create"],
        (ChangeAction::Replace, ReplaceOrder::CreateFirst) => &["create", "delete"],
        (ChangeAction::Delete, _) => &["delete"],
        (ChangeAction::Forget, _) => &["forget"],
        (ChangeAction::Keep | ChangeAction::NoOp, _) => &["no-op"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn change_document(change: &Change, secrets: &Secrets) -> ChangeDocument {
    let before = change.before.as_deref().map(live_attrs);
    let after = after_attrs(change, before.as_ref());
    let hidden = hidden_attrs(before.as_ref(), after.as_ref(), secrets);
    let side = |attrs: Option<&Map>| {
        attrs.map_or_else(Side::absent, |attrs| {
            Side::of_attrs(attrs, &hidden, secrets)
        })
    };
    let (before, after) = (side(before.as_ref()), side(after.as_ref()));
    let forcing = change.fields.iter().filter(|field| forces(change, field));
    ChangeDocument {
        actions: actions(change.action, change.order),
        before: before.values,
        after: after.values,
        after_unknown: after.unknown,
        before_sensitive: before.sensitive,
        after_sensitive: after.sensitive,
        replace_paths: forcing
            .map(|field| field.attr.split('.').map(Json::from).collect())
            .collect(),
        importing: match &change.reason {
            Reason::AdoptAsked { id } => Some(ImportDocument { id: id.clone() }),
            _ => None,
        },
    }
}

/// Returns whether a field's difference forces the replacement of its resource: no update changes
/// it in place.
fn forces(change: &Change, field: &FieldChange) -> bool {
    change.action == ChangeAction::Replace && field.update.is_none()
}

fn live_attrs(live: &Live) -> Map {
    let mut attrs = live.attrs.clone();
    attrs.insert("id".to_owned(), Value::text(&live.id));
    if !live.tags.is_empty() {
        let tags = live
            .tags
            .iter()
            .map(|(key, value)| (key.clone(), Value::Text(value.clone())));
        attrs.insert("tags".to_owned(), Value::Map(tags.collect()));
    }
    attrs
}

/// Returns the desired attributes. An existing resource keeps the live values of attributes that
/// the spec does not manage. A new one has whole texts where digests are compared.
fn after_attrs(change: &Change, before: Option<&Map>) -> Option<Map> {
    let Some(want) = change.after.as_ref() else {
        let stays = change.action == ChangeAction::Keep || change.action == ChangeAction::NoOp;
        return before.filter(|_| stays).cloned();
    };
    let mut attrs = match before {
        Some(before) if !change.creates() => before.clone(),
        _ => [("id".to_owned(), Value::reference(&change.address, "id"))].into(),
    };
    attrs.extend(want.attrs.clone());
    if change.creates() {
        attrs.extend(want.initial.clone());
    }
    if let Some(tags) = &want.tags {
        attrs.insert("tags".to_owned(), Value::Map(tags.clone()));
    }
    Some(attrs)
}

/// Returns the attributes that are hidden. An attribute that is sensitive on one side is hidden on
/// both, since the old value of a secret is a secret too.
fn hidden_attrs(before: Option<&Map>, after: Option<&Map>, secrets: &Secrets) -> BTreeSet<String> {
    let sides = before.into_iter().chain(after).flatten();
    sides
        .filter(|(name, value)| sensitive_by_name(name) || secrets.are_in_value(value))
        .map(|(name, _)| name.to_string())
        .collect()
}

fn field_document(change: &Change, field: &FieldChange, secrets: &Secrets) -> FieldDocument {
    let hidden = sensitive_by_name(&field.attr)
        || secrets.are_in_value(&field.before)
        || secrets.are_in_value(&field.after);
    let shown = |value: &Value| match value {
        Value::Null => Json::Null,
        _ if hidden => Json::from(super::SENSITIVE),
        _ => spelled(value, secrets),
    };
    FieldDocument {
        attr: field.attr.clone(),
        before: shown(&field.before),
        after: shown(&field.after),
        effect: field.effect.word().to_owned(),
        forces_replacement: forces(change, field),
        at: field
            .at
            .as_ref()
            .map(|at| format!("{}:{}:{}", at.file, at.line, at.column)),
    }
}

fn call_document(order: usize, call: &Call, secrets: &Secrets) -> CallDocument {
    let params = |args: &Args| {
        args.iter()
            .map(|(name, value)| ((*name).to_owned(), param(name, value, secrets)))
            .collect()
    };
    let mut rungs = call.rungs.iter().map(params);
    CallDocument {
        order,
        product: call.api.product.code().to_owned(),
        action: call.api.name.to_owned(),
        parameters: rungs.next().unwrap_or_else(BTreeMap::new),
        alternatives: rungs.collect(),
    }
}

fn param(name: &str, value: &Value, secrets: &Secrets) -> Json {
    if name.to_ascii_lowercase().ends_with("password") {
        Json::from(super::SENSITIVE)
    } else {
        spelled(value, secrets)
    }
}

/// Returns the change of an output. Its previous value is not recorded, so it counts as changed if
/// anything in the plan changes.
fn output_change(plan: &Plan, output: &PlannedOutput, secrets: &Secrets) -> ChangeDocument {
    let secret = output.secret || secrets.are_in_value(&output.value);
    let after = Side::of_value(&output.value, secret, secrets);
    let (action, before) = match plan.n_live {
        _ if plan.is_empty() => ("no-op", after.values.clone()),
        0 => ("create", Json::Null),
        _ => ("update", Json::Null),
    };
    ChangeDocument {
        actions: vec![action.to_owned()],
        before,
        after: after.values,
        after_unknown: after.unknown,
        before_sensitive: after.sensitive.clone(),
        after_sensitive: after.sensitive,
        replace_paths: Vec::new(),
        importing: None,
    }
}

fn held_document(held: &Held) -> HeldDocument {
    let (why, what) = held_words(&held.why);
    let allowed = held.allowed_by.as_ref().map(allowance_words);
    debug_assert!(
        held.address.is_some() || matches!(held.why, HeldWhy::Bulk { .. }),
        "only the bulk rule has no address"
    );
    HeldDocument {
        address: held.address.as_ref().map(ToString::to_string),
        why: why.to_owned(),
        what,
        allowed_by: allowed.as_ref().map(|(word, _)| (*word).to_owned()),
        allowed_because: allowed.and_then(|(_, reason)| reason),
    }
}

fn note_document(note: &Note) -> NoteDocument {
    let (what, text) = note_words(&note.what);
    NoteDocument {
        address: note.address.as_ref().map(ToString::to_string),
        what: what.to_owned(),
        text,
    }
}

fn step_document(order: usize, step: &PlanStep) -> StepDocument {
    let (act, what, typical_seconds) = match &step.step.act {
        Act::Call(call) => ("call", call.api.name.to_owned(), 0),
        Act::Wait(wait) => ("wait", cond_words(&wait.until), wait.typical.as_secs()),
        Act::Local(Local::SshKey { path, .. }) => {
            ("local", format!("make an SSH key pair in {path}"), 0)
        }
    };
    StepDocument {
        order,
        address: step.address.to_string(),
        half: if step.half == Half::Up { "up" } else { "down" }.to_owned(),
        act: act.to_owned(),
        what,
        typical_seconds,
        closes: step.step.closes,
        after: step.after.iter().map(|id| id.0).collect(),
    }
}
