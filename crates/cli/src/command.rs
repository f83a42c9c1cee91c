//! The commands, one file each: a struct of arguments whose doc comment is the help, and a `run`
//! that reads the input, does the work and prints the result.

pub mod apply;
pub mod completions;
pub mod destroy;
pub mod explain;
pub mod fmt;
pub mod graph;
pub mod init;
pub mod output;
pub mod plan;
pub mod schema;
pub mod show;
pub mod sim;
pub mod validate;
pub mod version;

use clap::Subcommand;

use crate::args::Format;
use crate::env::Env;
use crate::error::Error;
use crate::exit::Exit;
use crate::ui::Terminal;

/// The context of a command.
#[derive(Debug, Clone, Copy)]
pub struct Cx {
    /// The environment variables.
    pub env: Env,
    /// The terminal.
    pub terminal: Terminal,
}

/// The command to run.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the doc comment of each args struct is the help of its command"
)]
pub enum Command {
    Init(init::InitArgs),
    Validate(validate::ValidateArgs),
    Fmt(fmt::FmtArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Destroy(destroy::DestroyArgs),
    Output(output::OutputArgs),
    Show(show::ShowArgs),
    Graph(graph::GraphArgs),
    Schema(schema::SchemaArgs),
    Explain(explain::ExplainArgs),
    Sim(sim::SimArgs),
    Completions(completions::CompletionsArgs),
    Version(version::VersionArgs),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// The error that ended the command early.
    pub fn run(self, cx: &Cx) -> Result<Exit, Error> {
        match self {
            Self::Init(args) => init::run(&args),
            Self::Validate(args) => validate::run(&args, cx),
            Self::Fmt(args) => fmt::run(&args, cx),
            Self::Plan(args) => plan::run(args, cx),
            Self::Apply(args) => apply::run(args, cx),
            Self::Destroy(args) => destroy::run(args, cx),
            Self::Output(args) => output::run(args, cx),
            Self::Show(args) => show::run(args, cx),
            Self::Graph(args) => graph::run(&args, cx),
            Self::Schema(args) => Ok(schema::run(&args)),
            Self::Explain(args) => explain::run(&args, cx),
            Self::Sim(args) => sim::run(&args),
            Self::Completions(args) => Ok(completions::run(&args)),
            Self::Version(args) => Ok(version::run(&args)),
        }
    }

    /// The format of the result; errors are printed in the same one.
    #[must_use]
    pub fn format(&self) -> Format {
        match self {
            Self::Validate(args) => args.format.chosen(),
            Self::Plan(args) => args.error_format(),
            Self::Apply(args) => args.format.chosen(),
            Self::Destroy(args) => args.format.chosen(),
            Self::Output(args) => args.format(),
            Self::Show(args) => args.format.chosen(),
            Self::Explain(args) => args.format.chosen(),
            Self::Version(args) => args.format.chosen(),
            Self::Init(_)
            | Self::Fmt(_)
            | Self::Graph(_)
            | Self::Schema(_)
            | Self::Sim(_)
            | Self::Completions(_) => Format::Text,
        }
    }
}
