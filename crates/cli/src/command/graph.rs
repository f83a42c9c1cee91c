//! `setpoint graph`: the dependencies between resources, from the stack's file alone.

use clap::{Args, ValueEnum};
use setpoint_report::graph;

use crate::args::StackArgs;
use crate::command::Cx;
use crate::error::Error;
use crate::exit::Exit;
use crate::{files, spec, ui};

/// Print the dependency graph of a stack's resources
///
/// Reads the stack's file only. For a picture: setpoint graph --format svg > stack.svg
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// The stack.
    #[command(flatten)]
    pub stack: StackArgs,
    /// The output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: GraphFormat,
}

/// The output format of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum GraphFormat {
    /// For Graphviz.
    #[default]
    Dot,
    /// For Markdown.
    Mermaid,
    /// A picture.
    Svg,
}

/// Runs the command.
///
/// # Errors
/// The spec has errors.
pub fn run(args: &GraphArgs, cx: &Cx) -> Result<Exit, Error> {
    let file = files::choose(&spec::loader(), args.stack.named())?;
    let spec = spec::load(&file, &args.stack.values, cx)?;
    let graph = graph::of_stack(&spec.stack);
    ui::print(&match args.format {
        GraphFormat::Dot => graph::dot(&graph),
        GraphFormat::Mermaid => graph::mermaid(&graph),
        GraphFormat::Svg => graph::svg(&graph),
    });
    Ok(Exit::Done)
}
