//! `setpoint completions`: a completion script for a shell.

use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use setpoint_catalog::REGISTRY;
use setpoint_spec::explain;

use crate::args::Cli;
use crate::exit::Exit;
use crate::ui;

/// Print a completion script for a shell
///
/// For example, for bash:
/// setpoint completions bash > ~/.local/share/bash-completion/completions/setpoint
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// Runs the command.
pub fn run(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    let mut cli = with_words(Cli::command());
    clap_complete::generate(args.shell, &mut cli, "setpoint", &mut script);
    ui::print(&String::from_utf8_lossy(&script));
    Exit::Done
}

/// The command line with the words of `explain`, which the command itself takes as a text, so that
/// an unknown word gets its own error.
fn with_words(cli: Command) -> Command {
    let is_plain = |word: &String| {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        word.chars().all(is_plain)
    };
    let words = explain::words(&REGISTRY.schema());
    let words: Vec<String> = words.into_iter().filter(is_plain).collect();
    cli.mut_subcommand("explain", |explain| {
        explain.mut_arg("word", |word| {
            word.value_parser(PossibleValuesParser::new(words))
        })
    })
}
