//! `setpoint completions`: a completion script for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

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
    clap_complete::generate(args.shell, &mut Cli::command(), "setpoint", &mut script);
    ui::print(&String::from_utf8_lossy(&script));
    Exit::Done
}
