//! Saved plans: files that `apply` compares with a fresh plan, and never executes.
//!
//! The file holds the inputs of the plan (spec sources, variables that are not secret, options),
//! marks of the live resources that it touches, the plan for people and programs, and a hash of the
//! answer. `apply FILE` plans again from the same inputs and applies that fresh plan if and only if
//! it equals the saved one, so that an edited file can do no harm. Invariants: the file holds no
//! secret; an error names everything that changed since.

mod mark;
mod moved;
mod restore;

use serde::{Deserialize, Serialize};
use setpoint_plan::document::{self, PlanDocument};
use setpoint_spec::loader::{FsLoader, LoadError, Loader as _};
use setpoint_spec::source::{Role, Source};
use sha2::{Digest as _, Sha256};

use crate::args::{AllowArgs, ValueArgs};
use crate::disk;
use crate::error::Error;
use crate::operate::{Asked, Planned, Seen};
use crate::spec::Spec;
pub use mark::Mark;
pub use moved::Moved;
pub use restore::spec_of;

/// The file's format. Versions of setpoint refuse each other's files.
const FORMAT: &str = "setpoint-plan";

/// The number of characters at the start of a file by which a saved plan is recognised.
const HEAD: usize = 200;

/// A plan on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// `setpoint-plan`.
    pub format: String,
    /// The version of setpoint that made it: another one may plan differently.
    pub setpoint_version: String,
    /// The time of creation, in UTC.
    pub created_at: String,
    /// The inputs of the plan.
    pub inputs: Inputs,
    /// The live resources that the plan touches, as they were.
    pub live: Vec<Mark>,
    /// The plan for readers; nothing is applied from it.
    pub view: PlanDocument,
    /// SHA-256 over the steps and their reasons.
    pub answer: String,
}

/// The inputs of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The stack's file.
    pub file: String,
    /// The environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Files of variables; only their digests are saved, since they may hold secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub var_files: Vec<String>,
    /// Every text that was read.
    pub sources: Vec<SavedSource>,
    /// Whether everything is destroyed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub destroy: bool,
    /// Addresses or globs of `--target`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// Addresses or globs of `--replace`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<String>,
    /// Addresses or globs of `--allow-data-loss`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_data_loss: Vec<String>,
    /// `--allow-bulk`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_bulk: bool,
}

/// One text that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSource {
    /// A path as it was typed, `--var NAME`, or the name of an environment variable.
    pub name: String,
    /// `spec`, `var_file`, `content` or `given`.
    pub role: String,
    /// SHA-256 of the text.
    pub sha256: String,
    /// The text, of specs and of variables that are not secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl SavedPlan {
    /// The saved form of a plan.
    #[must_use]
    pub fn new(spec: &Spec, values: &ValueArgs, asked: &Asked, planned: &Planned) -> Self {
        let view = document::to_document(&planned.plan, &planned.report);
        Self {
            format: FORMAT.to_owned(),
            setpoint_version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: jiff::Timestamp::from_second(planned.plan.now)
                .unwrap_or_default()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            inputs: Inputs {
                file: spec.file.clone(),
                environment: spec.stack.environment.clone(),
                var_files: values.var_files.clone(),
                sources: spec.sources.iter().map(saved_source).collect(),
                destroy: asked.destroy,
                targets: asked.targets.clone(),
                replace: asked.replace.clone(),
                allow_data_loss: asked.allow.allow_data_loss.clone(),
                allow_bulk: asked.allow.allow_bulk,
            },
            live: mark::touched(planned),
            answer: answer(&view),
            view,
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("texts, numbers and lists are JSON");
        format!("{text}\n")
    }

    /// Reads a saved plan; `None` if the path is a stack or a folder, or does not exist.
    ///
    /// # Errors
    /// The file is a saved plan that cannot be used.
    pub fn read_if_one(path: &str) -> Result<Option<Self>, Error> {
        let bytes = match FsLoader.read(path, disk::PLAN_MAX) {
            Ok(bytes) => bytes,
            Err(LoadError::TooLarge { .. }) => {
                return disk::read_bytes(path, disk::PLAN_MAX).map(|_| None);
            }
            Err(_) => return Ok(None),
        };
        let text = String::from_utf8_lossy(&bytes);
        // A stack may be JSON too. The format is the first key, so a damaged plan is recognised.
        let head: String = text.chars().take(HEAD).collect();
        if !head.starts_with('{') || !head.contains("\"format\"") || !head.contains(FORMAT) {
            return Ok(None);
        }
        let bad = |why: String| Error::BadPlanFile {
            path: path.to_owned(),
            why,
        };
        let named: Named =
            serde_json::from_str(&text).map_err(|error| bad(format!("it is damaged: {error}")))?;
        let ours = env!("CARGO_PKG_VERSION");
        if named.setpoint_version != ours {
            return Err(bad(format!(
                "it was made by setpoint {}, and this is setpoint {ours}, which may plan \
                 differently",
                named.setpoint_version
            )));
        }
        let plan: Self =
            serde_json::from_str(&text).map_err(|error| bad(format!("it is damaged: {error}")))?;
        plan.altered().map_or(Ok(Some(plan)), |part| {
            Err(bad(format!(
                "it was altered: {part} does not match its hash"
            )))
        })
    }

    /// A part that does not match the file's hashes. Nothing is applied from it, but somebody may
    /// have reviewed it.
    fn altered(&self) -> Option<String> {
        let moved = |source: &&SavedSource| {
            source
                .text
                .as_ref()
                .is_some_and(|text| digest(text.as_bytes()) != source.sha256)
        };
        match self.inputs.sources.iter().find(moved) {
            Some(source) => Some(format!("`{}`", source.name)),
            None => (answer(&self.view) != self.answer).then(|| "the plan".to_owned()),
        }
    }

    /// The stack's file.
    #[must_use]
    pub fn stack_file(&self) -> &str {
        &self.inputs.file
    }

    /// The options of the plan.
    #[must_use]
    pub fn asked(&self) -> Asked {
        let Inputs {
            destroy,
            targets,
            replace,
            allow_data_loss,
            allow_bulk,
            ..
        } = self.inputs.clone();
        Asked {
            destroy,
            targets,
            replace,
            allow: AllowArgs {
                allow_data_loss,
                allow_bulk,
            },
        }
    }

    /// Compares the live state with the one that the plan was made from.
    ///
    /// # Errors
    /// The account or a live resource differs.
    pub fn check_live(&self, seen: &Seen) -> Result<(), Error> {
        let site = &seen.intent.site;
        if self.view.account != site.account {
            return Err(Error::Stale(vec![Moved::Account {
                was: self.view.account.clone(),
                is: site.account.clone(),
            }]));
        }
        let listed = mark::listed(&seen.snapshot);
        let moved = self.live.iter().filter_map(|mark| mark.moved(&listed));
        stale_if(moved.collect())
    }

    /// Compares a fresh plan with the saved one.
    ///
    /// # Errors
    /// They differ.
    pub fn check_answer(&self, planned: &Planned) -> Result<(), Error> {
        let view = document::to_document(&planned.plan, &planned.report);
        let (saved, fresh) = (answer(&self.view), answer(&view));
        if saved != self.answer {
            return Err(Error::Stale(vec![Moved::View]));
        }
        stale_if(if saved == fresh {
            Vec::new()
        } else {
            moved::between(&self.view, &view)
        })
    }
}

/// The part that every version of the format has.
#[derive(Deserialize)]
struct Named {
    setpoint_version: String,
}

fn stale_if(moved: Vec<Moved>) -> Result<(), Error> {
    if moved.is_empty() {
        Ok(())
    } else {
        Err(Error::Stale(moved))
    }
}

fn saved_source(source: &Source) -> SavedSource {
    let (role, open) = match source.role {
        Role::Spec => ("spec", true),
        Role::Given => ("given", true),
        Role::VarFile => ("var_file", false),
        Role::Content => ("content", false),
    };
    let text = open.then(|| source.text.clone());
    SavedSource {
        name: source.name.to_string(),
        role: role.to_owned(),
        sha256: digest(source.text.as_bytes()),
        text,
    }
}

/// SHA-256 in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// The hash of a plan's actions and reasons. It leaves out values that change by themselves, such
/// as a status.
fn answer(view: &PlanDocument) -> String {
    let changes: Vec<_> = view
        .resource_changes
        .iter()
        .map(|one| {
            (
                &one.address,
                &one.change.actions,
                &one.reason,
                &one.effect,
                &one.data_loss,
                &one.held,
                &one.calls,
            )
        })
        .collect();
    let outputs: Vec<&String> = view.output_changes.keys().collect();
    let all = (
        &view.stack,
        &view.region,
        &view.account,
        changes,
        &view.steps,
        &view.held,
        outputs,
    );
    digest(
        serde_json::to_string(&all)
            .expect("texts, numbers and lists are JSON")
            .as_bytes(),
    )
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
