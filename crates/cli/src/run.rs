//! From the arguments to the exit code: parse, run the command, say what went wrong.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::{Cli, Format, Global, double_dashes};
use crate::command::Cx;
use crate::env::Env;
use crate::error::Error;
use crate::exit::Exit;
use crate::ui::{self, Terminal};

/// Runs the command that the arguments name; `args` begins with the program's own name.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let cli = match Cli::try_parse_from(double_dashes(args)) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error).into(),
    };
    let cx = Cx {
        env,
        terminal: Terminal::of_process(cli.global.no_color, env),
    };
    let format = cli.command.format();
    let result = log_to_stderr(&cli.global, env).and_then(|()| cli.command.run(&cx));
    result
        .unwrap_or_else(|error| failed(&error, format, &cx))
        .into()
}

/// Help and version are results; anything else is a wrong command line.
fn not_parsed(error: &clap::Error) -> Exit {
    // Like every other output: whoever read is gone, so nobody misses it.
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

fn log_to_stderr(global: &Global, env: Env) -> Result<(), Error> {
    let Some(level) = global.log.clone().or_else(|| env.log()) else {
        return Ok(());
    };
    let filter = filter(&level).ok_or_else(|| {
        Error::usage_hint(
            format!("`--log {level}` is no level"),
            "Levels: off, error, warn, info, debug, trace; or target=level, …",
        )
    })?;
    let color = std::io::stderr().is_terminal() && !global.no_color && !env.no_color();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(color);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
    Ok(())
}

/// A level, or levels by target. A single word that is not a level would be read as a target, and
/// nothing would be logged.
fn filter(text: &str) -> Option<Targets> {
    let known = text.contains('=') || text.parse::<LevelFilter>().is_ok();
    if known { text.parse().ok() } else { None }
}
