//! The document of a plan: the JSON that `plan --format json` and saved plans show.
//!
//! It keeps the field names of Terraform's `show -json`, so that policies written for Terraform
//! work on it. It adds effects, losses, reasons, the write calls, held changes and the order of the
//! steps, which Terraform's format does not have. [`FORMAT_VERSION`] is the version of Terraform's
//! format whose names it keeps. New fields of our own do not raise it; removing a field or changing
//! its meaning raises the first number. Invariant: it contains no secret; see [`Secrets`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod build;
mod values;
mod words;

pub use build::to_document;
pub use values::{SENSITIVE, Secrets, sensitive_by_name};
pub use words::{cond_words, held_words, note_words, reason_words};

/// The version of the document format.
pub const FORMAT_VERSION: &str = "1.2";

/// The document of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanDocument {
    /// [`FORMAT_VERSION`].
    pub format_version: String,
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: String,
    /// The region of the stack.
    pub region: String,
    /// The account's id, 16 digits.
    pub account: String,
    /// The number of live resources that the stack owns.
    pub live_resources: usize,
    /// The number of resources that the plan touches.
    pub summary: SummaryDocument,
    /// The most severe interruption: `none`, `brief`, `restart`, `stop`, `rebuild`, `replace`.
    pub effect: String,
    /// Whether data is lost.
    pub data_loss: bool,
    /// The change of each resource, in the order of [`Plan::changes`](crate::plan::Plan::changes).
    pub resource_changes: Vec<ResourceChange>,
    /// The change of each output, by name.
    pub output_changes: BTreeMap<String, ChangeDocument>,
    /// Changes with a loss that the edit does not name, whether something allows them or not.
    pub held: Vec<HeldDocument>,
    /// What the planner noticed and did not act on.
    pub notes: Vec<NoteDocument>,
    /// The number of read calls that the observation took.
    pub cost: CostDocument,
    /// The steps, in an order in which they can run.
    pub steps: Vec<StepDocument>,
}

/// The number of resources that a plan touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryDocument {
    /// Created, replacements included.
    pub add: usize,
    /// Updated in place, adopted or forgotten.
    pub change: usize,
    /// Deleted, replacements included.
    pub destroy: usize,
    /// Kept, although the spec or a destroy would delete them.
    pub kept: usize,
}

/// The change of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// Its address.
    pub address: String,
    /// The address it had before, if it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<String>,
    /// The module that contains it, if it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_address: Option<String>,
    /// Always `managed`.
    pub mode: String,
    /// The name of its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The last name in its address.
    pub name: String,
    /// The key of the last name: a number or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Json>,
    /// The state before and after.
    pub change: ChangeDocument,
    /// The reason in Terraform's words, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
    /// The reason in our words.
    pub reason: ReasonDocument,
    /// The interruption of running resources, in the words of [`PlanDocument::effect`].
    pub effect: String,
    /// What is lost for good: `data`, `identity`, `address`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loss: Vec<String>,
    /// How it changes the bill: `commitment`, `refund`, `price`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<String>,
    /// The data that is lost, as one line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_loss: Option<String>,
    /// Why it is held and what allows it; absent if it is not held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldDocument>,
    /// The fields that differ.
    pub fields: Vec<FieldDocument>,
    /// The write calls that are made for it.
    pub calls: Vec<CallDocument>,
}

/// The state before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeDocument {
    /// `no-op`, `create`, `update`, `delete` or `forget`; both parts of a replacement, in their
    /// order.
    pub actions: Vec<String>,
    /// The live attributes, or null.
    pub before: Json,
    /// The desired attributes without unknown values; null if the resource is deleted.
    pub after: Json,
    /// True wherever a value is known only after apply.
    pub after_unknown: Json,
    /// True wherever a value in `before` is sensitive.
    pub before_sensitive: Json,
    /// True wherever a value in `after` is sensitive.
    pub after_sensitive: Json,
    /// The paths of the fields that force a replacement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace_paths: Vec<Vec<Json>>,
    /// The live resource that is adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importing: Option<ImportDocument>,
}

/// A live resource that is adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportDocument {
    /// The id of the live resource.
    pub id: String,
}

/// Why a change is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonDocument {
    /// The reason as one word: `not_there`, `differs`, `parent_replaced`, ….
    pub what: String,
    /// The field, address or id that the reason names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDocument {
    /// The name of the attribute, dotted.
    pub attr: String,
    /// The live value.
    pub before: Json,
    /// The desired value. An unknown value is written `{"ref": "app.id"}`.
    pub after: Json,
    /// The interruption of running resources.
    pub effect: String,
    /// Whether it forces a replacement.
    pub forces_replacement: bool,
    /// `file:line:column` in the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A write call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallDocument {
    /// The index of its step in [`PlanDocument::steps`].
    pub order: usize,
    /// The product: `ecs`, `vpc`, ….
    pub product: String,
    /// The name of the action.
    pub action: String,
    /// Its parameters; structures are not flattened. An unknown value is written
    /// `{"ref": "app.id"}`.
    pub parameters: BTreeMap<String, Json>,
    /// Further sets of parameters, tried in turn if the first is refused because stock is lacking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<BTreeMap<String, Json>>,
}

/// A step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDocument {
    /// Its index, from 0.
    pub order: usize,
    /// The address of the resource.
    pub address: String,
    /// `up` creates or changes the resource, `down` deletes it.
    pub half: String,
    /// `call`, `wait` or `local`.
    pub act: String,
    /// The action of a call, the condition of a wait, or a description of a local act.
    pub what: String,
    /// The usual duration of a wait, in seconds; 0 for other acts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub typical_seconds: u64,
    /// The step that opened the window that this one closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<usize>,
    /// The steps that must be done before it starts.
    pub after: Vec<usize>,
}

/// A held change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDocument {
    /// The address of the resource; absent for the bulk rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `data_loss`, `replacement` or `bulk`.
    pub why: String,
    /// The reason in words for people.
    pub what: String,
    /// What allows it: `allow`, `--allow-data-loss`, `--allow-bulk` or `destroy`; absent if nothing
    /// does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<String>,
    /// The reason that an `allow:` entry gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_because: Option<String>,
}

/// An observation that the planner did not act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteDocument {
    /// The address that it concerns; absent for the stack as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The kind of note, as one word.
    pub what: String,
    /// The note in words for people.
    pub text: String,
}

/// The read calls that an observation took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostDocument {
    /// Pages of listings.
    pub listings: usize,
    /// Look-ups from the spec.
    pub lookups: usize,
    /// Reads of single resources, for values that no listing carries.
    pub details: usize,
    /// Reads of the caller's identity, and calls that prove an empty listing.
    pub other: usize,
    /// The sum of all calls.
    pub total: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests;
