//! `setpoint plan`: reads the cloud and says what apply would do.

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

/// Show what apply would do, without doing it
///
/// Reads the stack and the cloud; changes nothing. `-` goes, `+` comes, `~` changes in place, `-/+`
/// is replaced. Next to each stands what it does to what runs: a restart, a rebuild, data that is
/// lost.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Which stack.
    #[command(flatten)]
    pub stack: StackArgs,
    /// Plan every stack file below the folder, in the order of their links
    #[arg(long, conflicts_with_all = ["out", "target", "replace", "calls"])]
    pub all: bool,
    /// Save the plan, for `setpoint apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// How to print the plan
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
    /// Exit with 2 if changes are pending
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Print every write call that apply would make, too
    #[arg(long)]
    pub calls: bool,
    /// What is looked at.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Plan the end of the whole stack
    #[arg(long, conflicts_with = "replace")]
    pub destroy: bool,
    /// What is let through.
    #[command(flatten)]
    pub allow: AllowArgs,
    /// Which cloud.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

/// Parts of a stack.
#[derive(Debug, Clone, Default, Args)]
pub struct ScopeArgs {
    /// Only this resource and what it needs; repeatable, globs work
    #[arg(long, value_name = "ADDR")]
    pub target: Vec<String>,
    /// Replace this resource though nothing differs; repeatable, globs work
    #[arg(long, value_name = "ADDR")]
    pub replace: Vec<String>,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: the names of Terraform's `show -json`, and more.
    Json,
    /// For a comment under a pull request.
    Markdown,
    /// One page that needs nothing beside it.
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

    /// In which format errors are said.
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

/// Plans.
///
/// # Errors
/// There is no plan.
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
    // Among many stacks `--env` is for those that have environments.
    let plain = args.all && spec::environments(file).is_ok_and(|known| known.is_empty());
    let environment = spec::environment(values, cx).filter(|_| !plain);
    let spec = spec::load_as(file, environment.as_deref(), values, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    spec.warn(cx);
    let cloud = wiring::connect(&args.cloud, cx)?;
    let subject = Subject::Spec(Box::new(spec));
    let asked = args.asked();
    let seen = wiring::runtime()?.block_on(operate::see(&cloud, &subject))?;
    let planned = operate::plan(&subject, seen, &asked)?;
    if let (Some(out), Subject::Spec(spec)) = (&args.out, &subject) {
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
    ui::say(&format!(
        "Saved the plan. To perform exactly this:  setpoint apply {out}\n"
    ));
    Ok(())
}
