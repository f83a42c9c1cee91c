//! `setpoint plan`: reads the cloud and prints the changes that apply would make.

use clap::{Args, ValueEnum};
use setpoint_report::{html, json, markdown, text};

use crate::args::{AllowArgs, CloudArgs, Format, StackArgs};
use crate::command::Cx;
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::{self, Asked, Planned, Subject};
use crate::saved::SavedPlan;
use crate::spec::{self, Spec};
use crate::{disk, files, stacks, ui, wiring};

/// Show the changes that apply would make
///
/// Reads the stack and the cloud and changes nothing. `+` create, `~` update in place, `-/+` destroy,
/// then create, `+/-` create, then destroy, `-` destroy, `!` kept, `x` no longer owned. Each change shows its impact on running resources: a restart, a rebuild,
/// or data that is lost.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The stack.
    #[command(flatten)]
    pub stack: StackArgs,
    /// Plan every stack file below the folder, linked stacks first
    #[arg(long, conflicts_with_all = ["out", "target", "replace", "calls"])]
    pub all: bool,
    /// Save the plan to FILE, for `setpoint apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// The output format
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        conflicts_with = "json"
    )]
    pub format: PlanFormat,
    /// The same as --format json
    #[arg(long)]
    pub json: bool,
    /// Exit with code 2 if changes are pending
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Also print every write call that apply would make
    #[arg(long)]
    pub calls: bool,
    /// Limits to some resources.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Plan destroying the whole stack
    #[arg(long, conflicts_with = "replace")]
    pub destroy: bool,
    /// Allowances for held steps.
    #[command(flatten)]
    pub allow: AllowArgs,
    /// The cloud.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

/// Limits a plan to parts of a stack.
#[derive(Debug, Clone, Default, Args)]
pub struct ScopeArgs {
    /// Limit the plan to this resource and its dependencies; repeatable, accepts globs
    #[arg(long, value_name = "ADDR")]
    pub target: Vec<String>,
    /// Replace this resource even if nothing differs; repeatable, accepts globs
    #[arg(long, value_name = "ADDR")]
    pub replace: Vec<String>,
}

/// The output format of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PlanFormat {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs, with the names of Terraform's `show -json` and more.
    Json,
    /// Markdown for a comment on a pull request.
    Markdown,
    /// One self-contained HTML page.
    Html,
}

impl PlanArgs {
    fn format(&self) -> PlanFormat {
        if self.json {
            PlanFormat::Json
        } else {
            self.format
        }
    }

    /// The format of errors.
    #[must_use]
    pub fn error_format(&self) -> Format {
        if self.format() == PlanFormat::Json {
            Format::Json
        } else {
            Format::Text
        }
    }

    fn asked(&self) -> Asked {
        Asked {
            destroy: self.destroy,
            targets: self.scope.target.clone(),
            replace: self.scope.replace.clone(),
            allow: self.allow.clone(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// No plan could be made.
pub fn run(args: PlanArgs, cx: &Cx) -> Result<Exit, Error> {
    args.out.as_deref().map_or(Ok(()), disk::check_folder)?;
    if !args.all {
        let file = files::choose(&spec::loader(), args.stack.named())?;
        return one(&args, &file, cx);
    }
    let stacks = stacks::all(args.stack.named())?;
    let mut worst = Exit::Done;
    for file in stacks {
        let exit = one(&args, &file, cx).unwrap_or_else(|error| {
            ui::say(&error.text(&cx.terminal.err));
            Exit::of(&error)
        });
        worst = worst.worse(exit);
    }
    Ok(worst)
}

fn one(args: &PlanArgs, file: &str, cx: &Cx) -> Result<Exit, Error> {
    let values = &args.stack.values;
    // With `--all`, `--env` applies to the stacks that have environments.
    let plain = args.all && spec::environments(file).is_ok_and(|known| known.is_empty());
    let environment = spec::environment(values, cx).filter(|_| !plain);
    let spec = spec::load_as(file, environment.as_deref(), values, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    spec.warn(cx);
    let cloud = wiring::connect(&args.cloud, cx)?;
    let subject = Subject::of(spec);
    let asked = args.asked();
    let seen = wiring::runtime()?.block_on(operate::see(&cloud, &subject))?;
    let planned = operate::plan(&subject, seen, &asked)?;
    if let (Some(out), Subject::Spec { spec, .. }) = (&args.out, &subject) {
        save(out, spec, args, &asked, &planned)?;
    }
    ui::print(&view(args, &planned, cx));
    Ok(if args.detailed_exitcode && !planned.plan.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

fn view(args: &PlanArgs, planned: &Planned, cx: &Cx) -> String {
    let (plan, report, header) = (&planned.plan, &planned.report, planned.header());
    match args.format() {
        PlanFormat::Json => json::plan(plan, report),
        PlanFormat::Markdown => markdown::plan(plan, report, &header),
        PlanFormat::Html => html::plan(plan, report, &header),
        PlanFormat::Text if args.calls => format!(
            "{}\n{}",
            text::plan(plan, report, &header, &cx.terminal.out),
            text::calls(plan)
        ),
        PlanFormat::Text => text::plan(plan, report, &header, &cx.terminal.out),
    }
}

fn save(
    out: &str,
    spec: &Spec,
    args: &PlanArgs,
    asked: &Asked,
    planned: &Planned,
) -> Result<(), Error> {
    let saved = SavedPlan::new(spec, &args.stack.values, asked, planned);
    disk::replace(out, &saved.to_json())?;
    let cloud = args.cloud.words();
    ui::say(&format!(
        "Saved the plan. To apply exactly this plan:  setpoint apply {out}{cloud}\n"
    ));
    Ok(())
}
