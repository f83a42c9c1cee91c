//! A plan as a document: what `plan --format json` and saved plans show.
//!
//! It keeps the field names of Terraform's `show -json`, so that policies written for that run on
//! it, and adds what this plan knows beside: effects, losses, reasons, the write calls, held steps,
//! the order. [`FORMAT_VERSION`] is the version of Terraform's format whose names it keeps; new
//! fields of our own do not raise it, a field that goes or changes its meaning raises the first
//! number. Invariant: no secret is in it; see [`Secrets`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod build;
mod values;
mod words;

pub use build::to_document;
pub use values::{SENSITIVE, Secrets, sensitive_by_name};
pub use words::{cond_words, held_words, note_words, reason_words};

/// The version of the format.
pub const FORMAT_VERSION: &str = "1.2";

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanDocument {
    /// [`FORMAT_VERSION`].
    pub format_version: String,
    /// The stack's identity: `stack` or `stack/environment`.
    pub stack: String,
    /// The region.
    pub region: String,
    /// The account's id, 16 digits.
    pub account: String,
    /// How many live resources the stack owns.
    pub live_resources: usize,
    /// How many resources the plan touches.
    pub summary: SummaryDocument,
    /// The most severe interruption: `none`, `brief`, `restart`, `stop`, `rebuild`, `replace`.
    pub effect: String,
    /// Whether data goes.
    pub data_loss: bool,
    /// What becomes of each resource.
    pub resource_changes: Vec<ResourceChange>,
    /// What becomes of each output.
    pub output_changes: BTreeMap<String, ChangeDocument>,
    /// What waits for more than a plain yes.
    pub held: Vec<HeldDocument>,
    /// What was noticed and not acted on.
    pub notes: Vec<NoteDocument>,
    /// What reading the cloud cost.
    pub cost: CostDocument,
    /// The steps, in an order in which they may run.
    pub steps: Vec<StepDocument>,
}

/// How many resources a plan touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryDocument {
    /// Made, replacements included.
    pub add: usize,
    /// Changed in place.
    pub change: usize,
    /// Taken away, replacements included.
    pub destroy: usize,
    /// Kept back.
    pub kept: usize,
}

/// What becomes of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// Its address.
    pub address: String,
    /// The address it had before, if it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<String>,
    /// The module it stands in, if it stands in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_address: Option<String>,
    /// Always `managed`.
    pub mode: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The last name of its address.
    pub name: String,
    /// The key of the last name: a number or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Json>,
    /// Before and after.
    pub change: ChangeDocument,
    /// Why, in Terraform's words, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
    /// Why, in ours.
    pub reason: ReasonDocument,
    /// What it does to what runs.
    pub effect: String,
    /// What does not come back: `data`, `identity`, `address`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loss: Vec<String>,
    /// What it does to the bill: `commitment`, `refund`, `price`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<String>,
    /// What is lost, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_loss: Option<String>,
    /// Whether it is held, and by what it is let through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldDocument>,
    /// Which fields differ.
    pub fields: Vec<FieldDocument>,
    /// The write calls that are made for it.
    pub calls: Vec<CallDocument>,
}

/// Before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeDocument {
    /// `no-op`, `create`, `update`, `delete`, `forget`; two for a replacement, in their order.
    pub actions: Vec<String>,
    /// The live attributes, or null.
    pub before: Json,
    /// The attributes to be, without what is not known yet; null for what goes.
    pub after: Json,
    /// True wherever a value is known after apply only.
    pub after_unknown: Json,
    /// True wherever a value before is sensitive.
    pub before_sensitive: Json,
    /// True wherever a value after is sensitive.
    pub after_sensitive: Json,
    /// Paths of the fields that force a replacement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace_paths: Vec<Vec<Json>>,
    /// The live thing that is taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importing: Option<ImportDocument>,
}

/// A live thing that is taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportDocument {
    /// Its id.
    pub id: String,
}

/// Why a change is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonDocument {
    /// The reason as one word: `not_there`, `differs`, `parent_replaced`, ….
    pub what: String,
    /// The field, address or id it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDocument {
    /// The attribute, dotted.
    pub attr: String,
    /// The live value.
    pub before: Json,
    /// The wanted value; what is not known yet as `{"ref": "app.id"}`.
    pub after: Json,
    /// What it does to what runs.
    pub effect: String,
    /// Whether it forces a replacement.
    pub forces_replacement: bool,
    /// `file:line:column` in the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// One write call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallDocument {
    /// Index of its step in [`PlanDocument::steps`].
    pub order: usize,
    /// The product: `ecs`, `vpc`, ….
    pub product: String,
    /// The action.
    pub action: String,
    /// Its parameters, structures not flattened; what is not known yet as `{"ref": "app.id"}`.
    pub parameters: BTreeMap<String, Json>,
    /// Parameters tried one after another if the first are refused for want of stock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<BTreeMap<String, Json>>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDocument {
    /// Its place, from 0.
    pub order: usize,
    /// The resource.
    pub address: String,
    /// `up` makes or changes, `down` takes away.
    pub half: String,
    /// `call`, `wait` or `local`.
    pub act: String,
    /// The action of a call, the condition of a wait, or what is done here.
    pub what: String,
    /// How long a wait usually takes, in seconds; 0 for the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub typical_seconds: u64,
    /// The step that opened the window which this one closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<usize>,
    /// The steps that must be done first.
    pub after: Vec<usize>,
}

/// A held change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDocument {
    /// The resource; absent for the bulk rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `data_loss`, `replacement` or `bulk`.
    pub why: String,
    /// The same for people.
    pub what: String,
    /// What lets it through: `allow`, `--allow-data-loss`, `--allow-bulk` or `destroy`; absent if
    /// it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<String>,
    /// The reason that an `allow:` entry gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_because: Option<String>,
}

/// One thing noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteDocument {
    /// What it is about; absent for the stack as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it is, as one word.
    pub what: String,
    /// The same for people.
    pub text: String,
}

/// The read calls that were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostDocument {
    /// Pages of listings.
    pub listings: usize,
    /// Look-ups from the spec.
    pub lookups: usize,
    /// Reads of single resources.
    pub details: usize,
    /// The caller's identity, and questions that prove an empty listing.
    pub other: usize,
    /// All together.
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
