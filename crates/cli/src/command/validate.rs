//! `setpoint validate`: every check of a stack that needs neither credentials nor a network.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value as Json, json};
use setpoint_report::style::Label;
use setpoint_spec::diagnostic::{
    Diagnostic, RenderOptions, Severity, TOO_MANY, render_text, to_json,
};
use setpoint_spec::source::Sources;

use crate::args::{Format, FormatArgs, StackArgs};
use crate::command::Cx;
use crate::error::Error;
use crate::exit::Exit;
use crate::{files, spec, stacks, ui};

/// Check a stack without credentials and without a network
///
/// Reports all errors at once, each with its place and a correction. Without --env, checks every
/// environment.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The stack.
    #[command(flatten)]
    pub stack: StackArgs,
    /// Check every stack file below the folder
    #[arg(long)]
    pub all: bool,
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// The result for one stack and one environment.
struct Finding {
    /// `stack.yaml`, or `stack.yaml (prod)`.
    what: String,
    /// A summary of the stack, if it is valid.
    right: Option<String>,
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

/// Runs the command.
///
/// # Errors
/// There is no stack to check.
pub fn run(args: &ValidateArgs, cx: &Cx) -> Result<Exit, Error> {
    let files = if args.all {
        stacks::all(args.stack.named())?
    } else {
        vec![files::choose(&spec::loader(), args.stack.named())?]
    };
    let mut findings = Vec::new();
    for file in files {
        findings.extend(check(&file, args, cx)?);
    }
    match args.format.chosen() {
        Format::Text => text(&findings, cx),
        Format::Json => ui::print(&format!("{:#}\n", to_json_document(&findings))),
    }
    Ok(if findings.iter().all(|one| one.right.is_some()) {
        Exit::Done
    } else {
        Exit::Error
    })
}

/// Checks one file; gives one finding for each environment.
fn check(file: &str, args: &ValidateArgs, cx: &Cx) -> Result<Vec<Finding>, Error> {
    let chosen = spec::environment(&args.stack.values, cx);
    let environments: Vec<Option<String>> = match spec::environments(file) {
        // Loading the file reports why it cannot be read.
        Err(_) => vec![chosen],
        Ok(known) if known.is_empty() => vec![chosen.filter(|_| !args.all)],
        Ok(known) if chosen.is_none() => known.into_iter().map(Some).collect(),
        Ok(_) => vec![chosen],
    };
    environments
        .iter()
        .map(|environment| check_one(file, environment.as_deref(), args, cx))
        .collect()
}

fn check_one(
    file: &str,
    environment: Option<&str>,
    args: &ValidateArgs,
    cx: &Cx,
) -> Result<Finding, Error> {
    let what = environment.map_or_else(
        || file.to_owned(),
        |environment| format!("{file} ({environment})"),
    );
    match spec::load_as(file, environment, &args.stack.values, cx) {
        Ok(spec) => {
            let n = spec.stack.resources.len();
            let right = format!(
                "{} · {} · {n} resource{}",
                spec.stack.identity(),
                spec.stack.region,
                if n == 1 { "" } else { "s" }
            );
            Ok(Finding {
                what,
                right: Some(right),
                diagnostics: spec.warnings,
                sources: spec.sources,
            })
        }
        Err(Error::Spec(bad)) => Ok(Finding {
            what,
            right: None,
            diagnostics: bad.diagnostics,
            sources: bad.sources,
        }),
        Err(other) => Err(other),
    }
}

fn text(findings: &[Finding], cx: &Cx) {
    let mut shown = BTreeSet::new();
    for one in findings {
        let n_repeated = say_new(one, &mut shown, cx);
        let out = cx.terminal.out;
        ui::print(&match &one.right {
            Some(right) => format!(
                "{} {} is valid: {right}\n",
                out.paint(Label::Good, "Success!"),
                one.what
            ),
            None => format!(
                "{}: {}{}\n",
                one.what,
                how_many(&one.diagnostics),
                above(n_repeated, one.diagnostics.len())
            ),
        });
    }
}

/// Prints the findings that were not shown yet: environments share most of their lines, and
/// therefore most of their findings. Returns the number of the others.
fn say_new(one: &Finding, shown: &mut BTreeSet<String>, cx: &Cx) -> usize {
    let options = RenderOptions {
        width: cx.terminal.err.width,
        color: cx.terminal.err.color,
    };
    let mut n_repeated = 0;
    for diagnostic in &one.diagnostics {
        let text = render_text(std::slice::from_ref(diagnostic), &one.sources, options);
        if shown.contains(&text) {
            n_repeated += 1;
        } else {
            ui::say(&text);
            shown.insert(text);
        }
    }
    n_repeated
}

/// Where the findings are that are not printed again.
fn above(n_repeated: usize, n_all: usize) -> String {
    match n_repeated {
        0 => String::new(),
        n if n == n_all => ", shown above".to_owned(),
        n => format!(", {n} of them shown above"),
    }
}

/// `3 errors`, or `more than 200 errors` if not all are shown.
fn how_many(diagnostics: &[Diagnostic]) -> String {
    let is_cut = diagnostics.iter().any(|one| one.code == TOO_MANY);
    let n = errors(diagnostics) - usize::from(is_cut);
    let more = if is_cut { "more than " } else { "" };
    format!("{more}{}", counted(n, "error"))
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .count()
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The names of Terraform's `validate -json`, with our diagnostics.
fn to_json_document(findings: &[Finding]) -> Json {
    let mut diagnostics = Vec::new();
    for one in findings {
        let Json::Array(items) = to_json(&one.diagnostics, &one.sources) else {
            continue;
        };
        // Environments share most of their lines, and therefore most of their findings.
        for item in items {
            if !diagnostics.contains(&item) {
                diagnostics.push(item);
            }
        }
    }
    let n_errors = diagnostics
        .iter()
        .filter(|one| one["severity"] == "error")
        .count();
    let stacks: Vec<Json> = findings
        .iter()
        .map(|one| json!({"file": one.what, "valid": one.right.is_some()}))
        .collect();
    json!({
        "format_version": "1.0",
        "valid": findings.iter().all(|one| one.right.is_some()),
        "error_count": n_errors,
        "warning_count": diagnostics.len() - n_errors,
        "stacks": stacks,
        "diagnostics": diagnostics,
    })
}
