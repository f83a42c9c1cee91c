//! `setpoint destroy`: deletes everything that a stack owns.

use clap::Args;
use setpoint_report::outcome::Verb;

use crate::args::{CloudArgs, FormatArgs, ValueArgs};
use crate::command::Cx;
use crate::command::apply::{PerformArgs, Run, type_name};
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::{self, Asked, Subject};
use crate::{files, owners, spec, wiring};

/// Delete everything that a stack owns
///
/// Deletes resources before the ones that they depend on. A protected resource blocks the whole
/// command. A resource with `on_delete: keep` is not deleted and keeps its ownership tags.
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// The stack's file, or the folder that holds its stack.yaml [default: ./stack.yaml]
    #[arg(value_name = "STACK", conflicts_with = "name")]
    pub path: Option<String>,
    /// The same as STACK
    #[arg(short, long, value_name = "STACK", conflicts_with_all = ["path", "name"])]
    pub file: Option<String>,
    /// The stack's name, if its file no longer exists; needs --region, and --env if the stack had
    /// environments
    #[arg(long = "stack", value_name = "NAME", requires = "region")]
    pub name: Option<String>,
    /// The environment and the variables.
    #[command(flatten)]
    pub values: ValueArgs,
    /// Skip the confirmation
    #[arg(long, visible_alias = "auto-approve")]
    pub yes: bool,
    /// Options of the run.
    #[command(flatten)]
    pub perform: PerformArgs,
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
    /// The cloud.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

/// Runs the command.
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
        if planned.plan.n_live == 0 {
            owners::note_environments(&cloud, &subject, &planned.plan.stack).await;
        }
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
    Ok(Subject::of(spec))
}
