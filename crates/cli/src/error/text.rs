//! The texts of errors: the error, then the next step.

use serde_json::{Value as Json, json};
use setpoint_plan::held::{Held, HeldWhy};
use setpoint_report::failure::{self, FailureView};
use setpoint_report::style::{Label, Style};
use setpoint_spec::diagnostic::{RenderOptions, render_text, to_json};

use super::{Error, Refused};
use crate::exit::Exit;
use crate::files::NotFound;
use crate::saved::Moved;

/// The greatest number of resources in a message.
const NAMED_MAX: usize = 8;

/// The text of an error: one sentence, then lines with the next step.
struct Words {
    what: String,
    lines: Vec<String>,
}

impl Error {
    /// The error for a terminal, with a newline at its end.
    #[must_use]
    pub fn text(&self, style: &Style) -> String {
        match self {
            Self::Spec(bad) => {
                let options = RenderOptions {
                    width: style.width,
                    color: style.color,
                };
                render_text(&bad.diagnostics, &bad.sources, options)
            }
            Self::Observe(failure) => failure::render(failure, style),
            Self::Plan(refused) if protected_stack(refused).is_none() => failures(refused)
                .iter()
                .map(|one| failure::render(one, style))
                .collect(),
            _ => plain(&words(self), style),
        }
    }

    /// The error for programs.
    #[must_use]
    pub fn json(&self) -> Json {
        let words = words(self);
        let mut body = json!({"exit_code": Exit::of(self).code(), "message": words.what, "details": words.lines});
        match self {
            Self::Spec(bad) => body["diagnostics"] = to_json(&bad.diagnostics, &bad.sources),
            Self::Observe(failure) => {
                body["action"] = json!(failure.action);
                body["code"] = json!(failure.code);
                body["http_status"] = json!(failure.http_status);
                body["request_id"] = json!(failure.request_id);
            }
            Self::Plan(refused) => {
                let one = |error: &setpoint_plan::planner::PlanError| json!({"address": error.address.as_ref().map(ToString::to_string), "message": error.what, "hint": error.hint});
                body["refused"] = refused.errors.iter().map(one).collect();
            }
            Self::Stale(moved) => body["moved"] = moved.iter().map(ToString::to_string).collect(),
            _ => {}
        }
        json!({"format_version": "1.0", "error": body})
    }
}

fn plain(words: &Words, style: &Style) -> String {
    let head = format!(
        "{} {}\n",
        style.paint(Label::Frame, "Error:"),
        style.paint(Label::Strong, &words.what)
    );
    let lines = words
        .lines
        .iter()
        .map(|line| format!("  {line}").trim_end().to_owned() + "\n");
    std::iter::once(head).chain(lines).collect()
}

fn one(what: impl Into<String>, lines: &[&str]) -> Words {
    Words {
        what: what.into(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn words(error: &Error) -> Words {
    match error {
        Error::Usage(usage) => {
            Words { what: usage.what.clone(), lines: usage.hint.iter().flat_map(|hint| hint.lines()).map(str::to_owned).collect() }
        }
        Error::NoStackFile(error) => no_stack_file(error),
        Error::Region { asked, region } => one(
            format!("--region {asked} is not the stack's region, {region}"),
            &["The region is set by the stack's file or its environment: leave --region out, or change the file."],
        ),
        Error::NoTerminal { verb } => one(
            format!("{verb} needs confirmation, but there is no terminal"),
            &["To run without confirmation, pass --yes. Nothing was read or changed."],
        ),
        Error::Spec(bad) => one(spec_count(bad.diagnostics.len()), &[]),
        Error::File { path, verb, source } => one(format!("`{path}` cannot be {verb}: {source}"), &[]),
        Error::Credentials { error, looked } => credentials(&error.to_string(), looked),
        Error::Setup(why) => one(why.clone(), &[]),
        Error::Sim { in_use: true, why } => {
            one(why.clone(), &["Wait until that process ends, or use another folder: --sim=DIR, or --data DIR for a server."])
        }
        Error::Sim { in_use: false, why } => one(
            format!("the simulated cloud cannot be opened: {why}"),
            &["To start with an empty one, delete its folder, or use another one: --sim=DIR, or --data DIR for a server."],
        ),
        Error::Account { pinned, actual } => one(
            format!("the stack belongs to account {pinned}, but the credentials belong to {actual}"),
            &["Nothing was read. Use the credentials of that account (--profile), or change `account:`."],
        ),
        Error::Observe(failure) => one(failure.message.clone(), &[]),
        Error::Plan(refused) => {
            protected_stack(refused).unwrap_or_else(|| one(refused.errors.first().map_or("no plan can be made", |error| &error.what), &[]))
        }
        Error::Faults(faults) => Words {
            what: "internal error: the plan violates an invariant, so it is not applied; please report it".to_owned(),
            lines: faults.iter().map(ToString::to_string).collect(),
        },
        Error::Held(held) => held_words(held),
        Error::BadPlanFile { path, why } => {
            one(format!("`{path}` cannot be applied: {why}"), &["Make a new plan:  setpoint plan --out FILE"])
        }
        Error::Stale(moved) => stale(moved),
        Error::Declined => one("not confirmed; nothing was changed", &[]),
        Error::Interrupted => {
            one("interrupted; calls that were running may still take effect", &["Run the same command again: it reads the cloud and continues."])
        }
    }
}

fn spec_count(n: usize) -> String {
    if n == 1 {
        "the spec has an error".to_owned()
    } else {
        format!("the spec has {n} errors")
    }
}

fn no_stack_file(error: &NotFound) -> Words {
    let what = error.to_string();
    match error {
        NotFound::NoneIn { others, .. } if others.is_empty() => one(
            what,
            &[
                "To write a new one:  setpoint init",
                "To use another file:  setpoint plan PATH",
            ],
        ),
        NotFound::NoneIn { others, .. } => {
            let named = others.iter().map(|path| format!("  {path}"));
            Words {
                what,
                lines: std::iter::once("Stack files found:".to_owned())
                    .chain(named)
                    .collect(),
            }
        }
        NotFound::Both { .. } => one(what, &["Keep one of them."]),
        NotFound::Missing { .. } | NotFound::Odd { .. } => one(what, &[]),
    }
}

fn credentials(error: &str, looked: &[String]) -> Words {
    let mut lines: Vec<String> = Vec::new();
    if !looked.is_empty() {
        lines.push("Searched:".to_owned());
        lines.extend(looked.iter().map(|place| format!("  {place}")));
    }
    lines.push("To work without an account, use the simulated cloud:  --sim".to_owned());
    Words {
        what: error.to_owned(),
        lines,
    }
}

fn held_words(held: &[Held]) -> Words {
    let it = if held.len() == 1 { "it" } else { "them" };
    let mut lines: Vec<String> = held.iter().map(held_line).collect();
    let flags: Vec<String> = held.iter().map(flag).collect();
    lines.push(format!("To allow {it} once:  {}", flags.join(" ")));
    let (entries, names): (Vec<String>, Vec<String>) = held.iter().filter_map(entry).unzip();
    if !entries.is_empty() {
        let it_is = if entries.len() == 1 {
            "it is"
        } else {
            "they are"
        };
        lines.push(format!(
            "To allow {} in the stack's file, where {it_is} reviewed:",
            names.join(", ")
        ));
        lines.push("  allow:".to_owned());
        lines.extend(entries);
    }
    lines.extend(held.iter().filter_map(no_entry));
    lines.push("Nothing was changed.".to_owned());
    Words {
        what: "the plan holds steps that --yes does not cover".to_owned(),
        lines,
    }
}

/// The flag that allows the step, quoted where shells would expand its brackets.
fn flag(held: &Held) -> String {
    match held.address.as_ref().map(ToString::to_string) {
        Some(address) if address.contains('[') => format!("--allow-data-loss '{address}'"),
        Some(address) => format!("--allow-data-loss {address}"),
        None => "--allow-bulk".to_owned(),
    }
}

/// The entry of `allow:` that allows the step, ready to be copied, and the address in it.
fn entry(held: &Held) -> Option<(String, String)> {
    let address = held.address.as_ref()?.to_string();
    let effect = if matches!(held.why, HeldWhy::Replacement) {
        "replace"
    } else {
        "data_loss"
    };
    let entry = format!(
        "    - {{address: \"{address}\", effect: {effect}, reason: WHY, until: YYYY-MM-DD}}"
    );
    Some((entry, address))
}

/// The sentence for a hold that no entry of `allow:` covers.
fn no_entry(held: &Held) -> Option<String> {
    let HeldWhy::Bulk { going, living } = held.why else {
        return None;
    };
    Some(format!(
        "No entry covers deleting or replacing {going} of {living} live resources: \
         that needs --allow-bulk."
    ))
}

/// One held change, for people.
pub(crate) fn held_line(held: &Held) -> String {
    let what = match &held.why {
        HeldWhy::DataLoss(lost) => format!("loses data: {lost}"),
        HeldWhy::Replacement => "is replaced and loses its identity".to_owned(),
        HeldWhy::Bulk { going, living } => {
            format!("{going} of {living} live resources are deleted or replaced")
        }
    };
    match &held.address {
        Some(address) => format!("{address}  {what}"),
        None => what,
    }
}

/// The text of a destroy that only protection blocks: one error, not one for each resource.
fn protected_stack(refused: &Refused) -> Option<Words> {
    let (stack, n_live) = refused
        .destroy
        .as_ref()
        .filter(|_| refused.is_protection())?;
    // A resource may be protected twice, by its entry and at the API.
    let mut names: Vec<String> = refused
        .errors
        .iter()
        .filter_map(|error| error.address.as_ref())
        .map(ToString::to_string)
        .collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED_MAX);
    let listed = names
        .iter()
        .take(NAMED_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let carry = match (names.len(), *n_live) {
        (1, 1) => format!("Its only resource is protected: {listed}"),
        (1, n) => format!("1 of {n} resources is protected: {listed}"),
        (n, all) => format!("{n} of {all} resources are protected: {listed}{rest}"),
    };
    let lift = "To destroy it, set `protect: false`, apply, then destroy.".to_owned();
    Some(Words {
        what: format!("{stack} is protected; nothing was destroyed"),
        lines: vec![carry, lift],
    })
}

fn stale(moved: &[Moved]) -> Words {
    let mut lines: Vec<String> = moved.iter().map(ToString::to_string).collect();
    lines.push(
        "Nothing was changed. Make a new plan and review it:  setpoint plan --out FILE".to_owned(),
    );
    Words {
        what: "the saved plan is stale".to_owned(),
        lines,
    }
}

fn failures(refused: &Refused) -> Vec<FailureView> {
    let excerpts = refused.excerpts.iter().chain(std::iter::repeat(&None));
    let one = |(error, at): (&setpoint_plan::planner::PlanError, &Option<_>)| FailureView {
        message: error.what.clone(),
        address: error.address.clone(),
        at: at.clone(),
        hint: error.hint.clone(),
        ..FailureView::default()
    };
    refused.errors.iter().zip(excerpts).map(one).collect()
}
