//! From the arguments to the exit code: parses them, runs the command, reports its error.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Format, double_dashes};
use crate::command::Cx;
use crate::env::Env;
use crate::error::Error;
use crate::exit::Exit;
use crate::log;
use crate::tips;
use crate::ui::{self, Terminal};

/// Runs the command that the arguments name; `args` begins with the program's own name.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let args = double_dashes(args);
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&tips::retold(error, &args)).into(),
    };
    let cx = Cx {
        env,
        terminal: Terminal::of_process(cli.global.no_color, env),
    };
    let format = cli.command.format();
    let level = cli.global.log.or_else(|| env.log());
    level
        .map_or(Ok(()), |level| log::start(&level))
        .and_then(|()| cli.command.run(&cx))
        .unwrap_or_else(|error| failed(&error, format, &cx))
        .into()
}

/// Help and version are results; anything else is a wrong command line.
fn not_parsed(error: &clap::Error) -> Exit {
    // As with every other output, a reader that is gone is not an error.
    drop(error.print());
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}

fn failed(error: &Error, format: Format, cx: &Cx) -> Exit {
    if format == Format::Json {
        ui::print(&format!("{:#}\n", error.json()));
    }
    ui::say(&error.text(&cx.terminal.err));
    Exit::of(error)
}
