//! `setpoint destroy`: takes away all that a stack owns.

use clap::Args;
use setpoint_report::outcome::Verb;

use crate::args::{CloudArgs, FormatArgs, ValueArgs};
use crate::command::Cx;
use crate::command::apply::{PerformArgs, Run, type_name};
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::{self, Asked, Subject};
use crate::{files, spec, wiring};

/// Take away everything that a stack owns
///
/// In reverse order. What is protected holds the whole command; what says `on_delete: keep` stays,
/// still tagged.
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// The stack's file, or the folder that holds its stack.yaml [default: ./stack.yaml]
    #[arg(value_name = "STACK", conflicts_with = "name")]
    pub path: Option<String>,
    /// The same as STACK
    #[arg(short, long, value_name = "STACK", conflicts_with_all = ["path", "name"])]
    pub file: Option<String>,
    /// The stack's name, when its file is gone; with --region, and --env if it had environments
    #[arg(long = "stack", value_name = "NAME", requires = "region")]
    pub name: Option<String>,
    /// The environment and the variables.
    #[command(flatten)]
    pub values: ValueArgs,
    /// Do not ask
    #[arg(long, visible_alias = "auto-approve")]
    pub yes: bool,
    /// How the plan is carried out.
    #[command(flatten)]
    pub perform: PerformArgs,
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which cloud.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

/// Destroys.
///
/// # Errors
/// Nothing was destroyed.
pub fn run(args: DestroyArgs, cx: &Cx) -> Result<Exit, Error> {
    if !args.yes && !cx.terminal.interactive {
        return Err(Error::NoTerminal { verb: "destroy" });
    }
    args.perform.check()?;
    let subject = subject(&args, cx)?;
    let cloud = wiring::connect(&args.cloud, cx)?;
    let asked = Asked {
        destroy: true,
        ..Asked::default()
    };
    wiring::runtime()?.block_on(async {
        let seen = operate::see_for(&cloud, &subject, true).await?;
        let planned = operate::plan(&subject, seen, &asked)?;
        let run = Run {
            verb: Verb::Destroy,
            subject: &subject,
            planned: &planned,
            perform: &args.perform,
            format: args.format.chosen(),
        };
        run.show(cx);
        if !args.yes && !planned.plan.is_empty() {
            type_name(
                &planned.plan.stack,
                &format!("This destroys {}.", planned.plan.stack),
                cx.terminal,
            )?;
        }
        run.perform(&cloud, cx).await
    })
}

fn subject(args: &DestroyArgs, cx: &Cx) -> Result<Subject, Error> {
    if let (Some(name), Some(region)) = (&args.name, &args.cloud.region) {
        let environment = args.values.env.clone().or_else(|| cx.env.environment());
        let stack = environment.map_or_else(
            || name.clone(),
            |environment| format!("{name}/{environment}"),
        );
        return Ok(Subject::Gone {
            stack,
            region: region.clone(),
        });
    }
    let file = files::choose(
        &spec::loader(),
        args.path.as_deref().or(args.file.as_deref()),
    )?;
    let spec = spec::load(&file, &args.values, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    Ok(Subject::Spec(Box::new(spec)))
}
