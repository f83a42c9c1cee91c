//! `setpoint show`: the live resources of a stack, or its desired state after all merging.

use clap::Args;
use setpoint_report::show;
use setpoint_spec::address::Address;
use setpoint_spec::stack::Stack;
use setpoint_spec::view;

use crate::addresses;
use crate::args::{CloudArgs, Format, FormatArgs, ValueArgs};
use crate::command::Cx;
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::{self, Seen, Subject};
use crate::{files, spec, ui, wiring};

/// Show the live resources of a stack
///
/// Without ADDR, lists all resources. With ADDR, shows the resource's managed fields and the live
/// settings that the stack does not manage.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The address of a resource, or a glob
    #[arg(value_name = "ADDR")]
    pub address: Option<String>,
    /// Print the desired state after environments, defaults and variables, without reading the
    /// cloud
    #[arg(long)]
    pub rendered: bool,
    /// The stack's file, or the folder that holds its stack.yaml [default: ./stack.yaml]
    #[arg(short, long, value_name = "STACK")]
    pub file: Option<String>,
    /// The environment and the variables.
    #[command(flatten)]
    pub values: ValueArgs,
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
/// The cloud cannot be read, or there is no such resource.
pub fn run(args: ShowArgs, cx: &Cx) -> Result<Exit, Error> {
    let file = files::choose(&spec::loader(), args.file.as_deref())?;
    let spec = spec::load(&file, &args.values, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    if args.rendered {
        ui::print(&rendered(&spec.stack, args.address)?);
        return Ok(Exit::Done);
    }
    let cloud = wiring::connect(&args.cloud, cx)?;
    let subject = Subject::of(spec);
    let seen = wiring::runtime()?.block_on(operate::see_or_note(&cloud, &subject))?;
    let text = args.format.chosen() == Format::Text;
    let Some(pattern) = args.address else {
        ui::print(&if text {
            show::list(&seen.snapshot.live, &cx.terminal.out)
        } else {
            show::list_json(&seen.snapshot.live)
        });
        return Ok(Exit::Done);
    };
    let known: Vec<_> = seen.snapshot.addresses().into_iter().collect();
    for address in live(&pattern, &known, &seen)? {
        let want = seen.intent.desired.get(&address);
        for live in seen.snapshot.at(&address) {
            ui::print(&if text {
                show::resource(live, want, &cx.terminal.out)
            } else {
                show::resource_json(live, want)
            });
        }
    }
    Ok(Exit::Done)
}

/// The live addresses that a pattern matches.
fn live(pattern: &str, known: &[Address], seen: &Seen) -> Result<Vec<Address>, Error> {
    addresses::select("show", &[pattern.to_owned()], known).map_err(|_| {
        let names: Vec<String> = known.iter().map(ToString::to_string).collect();
        let desired: Vec<Address> = seen.intent.desired.keys().cloned().collect();
        let is_desired = addresses::select("show", &[pattern.to_owned()], &desired).is_ok();
        let hint = match (is_desired, names.is_empty()) {
            (true, _) => "It is in the stack's file only. To create it:  setpoint apply".to_owned(),
            (false, true) => "The stack has no live resources.".to_owned(),
            (false, false) => format!("Live resources: {}", names.join(", ")),
        };
        let stack = &seen.intent.stack;
        Error::usage_hint(
            format!("`show {pattern}` matches no live resource of {stack}"),
            hint,
        )
    })
}

fn rendered(stack: &Stack, pattern: Option<String>) -> Result<String, Error> {
    let Some(pattern) = pattern else {
        return Ok(view::render(stack));
    };
    let known: Vec<_> = stack.resources.keys().cloned().collect();
    let chosen = addresses::select("show", &[pattern], &known)?;
    Ok(chosen
        .iter()
        .filter_map(|address| stack.resources.get(address))
        .map(view::resource)
        .collect())
}
