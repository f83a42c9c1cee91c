//! `setpoint output`: the outputs of a stack, read from the cloud.

use clap::Args;
use setpoint_report::failure::FailureView;
use setpoint_report::outputs::{self, Output, Outputs, Reveal};

use crate::args::{CloudArgs, Format, ValueArgs};
use crate::command::Cx;
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::{self, Asked, Subject};
use crate::{files, spec, ui, wiring};

/// Print a stack's outputs, read live from the cloud
///
/// Without NAME, prints all outputs and hides secret values. With NAME, prints that output even if
/// it is secret.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// The name of an output
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The stack's file, or the folder that holds its stack.yaml [default: ./stack.yaml]
    #[arg(short, long, value_name = "STACK")]
    pub file: Option<String>,
    /// The environment and the variables.
    #[command(flatten)]
    pub values: ValueArgs,
    /// Print JSON in the form of `terraform output -json`
    #[arg(long, conflicts_with = "raw")]
    pub json: bool,
    /// Print only the value, without quotes or a line break
    #[arg(long, requires = "name")]
    pub raw: bool,
    /// The cloud.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

impl OutputArgs {
    /// The chosen format.
    #[must_use]
    pub fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Text
        }
    }
}

/// Runs the command.
///
/// # Errors
/// The cloud cannot be read, or there is no such output.
pub fn run(args: OutputArgs, cx: &Cx) -> Result<Exit, Error> {
    let file = files::choose(&spec::loader(), args.file.as_deref())?;
    let spec = spec::load(&file, &args.values, cx)?;
    spec.check_region(args.cloud.region.as_deref())?;
    if let Some(name) = args
        .name
        .as_ref()
        .filter(|name| !spec.stack.outputs.contains_key(*name))
    {
        let known: Vec<&str> = spec.stack.outputs.keys().map(String::as_str).collect();
        let hint = if known.is_empty() {
            "The stack has no outputs.".to_owned()
        } else {
            format!("Outputs: {}", known.join(", "))
        };
        return Err(Error::usage_hint(
            format!("{file} has no output `{name}`"),
            hint,
        ));
    }
    let cloud = wiring::connect(&args.cloud, cx)?;
    let subject = Subject::of(spec);
    let seen = wiring::runtime()?.block_on(operate::see_or_note(&cloud, &subject))?;
    let planned = operate::plan(&subject, seen, &Asked::default())?;
    let all: Outputs = planned
        .plan
        .outputs
        .iter()
        .map(|(name, planned)| (name.clone(), Output::from(planned)))
        .collect();
    ui::print(&view(&args, &all)?);
    Ok(Exit::Done)
}

fn view(args: &OutputArgs, all: &Outputs) -> Result<String, Error> {
    let Some((name, output)) = args.name.as_ref().and_then(|name| all.get_key_value(name)) else {
        return Ok(if args.json {
            outputs::json(all, Reveal::Shown)
        } else {
            outputs::text(all)
        });
    };
    if args.json {
        let value = outputs::json(&[(name.clone(), output.clone())].into(), Reveal::Shown);
        let parsed: serde_json::Value = serde_json::from_str(&value).unwrap_or_default();
        return Ok(format!("{:#}\n", parsed[name]["value"]));
    }
    match outputs::raw(output) {
        Some(text) if args.raw => Ok(text),
        Some(text) => Ok(format!("{text}\n")),
        None if args.raw && !output.value.is_known() => Err(unknown(name)),
        None if args.raw => Err(Error::usage_hint(
            format!("`{name}` is a list or a map; --raw prints single values"),
            "To print the whole value:  --json",
        )),
        None => Ok(outputs::text(&[(name.clone(), output.clone())].into())),
    }
}

/// The error for an output without a value, which a program must not take for one.
fn unknown(name: &str) -> Error {
    Error::Observe(Box::new(FailureView {
        message: format!("the output `{name}` has no value yet"),
        hint: Some("It is known after apply. To apply the stack:  setpoint apply".to_owned()),
        ..FailureView::default()
    }))
}
