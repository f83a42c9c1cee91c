//! `docs/cli.md`, generated from the same tables as the help; a test compares the file with it.

use clap::{Arg, Command, CommandFactory as _};

use crate::args::{Cli, EXIT_CODES};
use crate::env::VARIABLES;

/// The whole page in Markdown.
#[must_use]
pub fn cli_reference() -> String {
    let mut root = Cli::command();
    root.build();
    let commands = root
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    let sections: String = commands
        .map(|command| section(command, "setpoint"))
        .collect();
    let variables: String = VARIABLES
        .iter()
        .map(|(name, what)| format!("| `{name}` | {what} |\n"))
        .collect();
    let codes: String = EXIT_CODES.lines().skip(1).map(code_row).collect();
    format!(
        "{HEAD}{sections}## Environment variables\n\n| variable | meaning |\n| --- | --- |\n{variables}\n\
         ## Exit codes\n\n| code | meaning |\n| --- | --- |\n{codes}"
    )
}

fn code_row(line: &str) -> String {
    let (code, what) = line.trim().split_once(' ').unwrap_or((line, ""));
    format!("| {code} | {} |\n", what.trim())
}

const HEAD: &str = "\
<!-- Generated from the command's own tables: UPDATE_EXPECT=1 cargo test -p setpoint -->

# The command line

`setpoint <command> [STACK] [options]`: STACK (or `-f`) is a stack file or a folder that holds one,
by default `./stack.yaml`. The result is printed to stdout; progress, questions and logs go to
stderr. Long flags may be written with one dash (`-out`, `-auto-approve`). Every command takes
`--log LEVEL` (see [troubleshooting](troubleshooting.md)) and `--no-color`.

";

fn section(command: &Command, before: &str) -> String {
    let name = format!("{before} {}", command.get_name());
    let subs: Vec<&Command> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .collect();
    if !subs.is_empty() {
        return subs.into_iter().map(|sub| section(sub, &name)).collect();
    }
    let about = command
        .get_long_about()
        .or_else(|| command.get_about())
        .map(ToString::to_string)
        .unwrap_or_default();
    let rows: Vec<String> = command
        .get_arguments()
        .filter(|arg| !is_everywhere(arg))
        .map(row)
        .collect();
    let table = if rows.is_empty() {
        String::new()
    } else {
        format!("| | |\n| --- | --- |\n{}\n", rows.concat())
    };
    format!(
        "## {name}\n\n{about}\n\n    {}\n\n{table}",
        usage(command, &name)
    )
}

/// Whether an option belongs to every command; those are described once, at the top.
fn is_everywhere(arg: &Arg) -> bool {
    arg.is_hide_set() || arg.is_global_set() || arg.get_id() == "help"
}

fn usage(command: &Command, name: &str) -> String {
    let positional = |arg: &Arg| {
        let value = spelling(arg);
        if arg.is_required_set() {
            value
        } else {
            format!("[{value}]")
        }
    };
    let words = command.get_positionals().map(positional);
    [name.to_owned()]
        .into_iter()
        .chain(words)
        .chain(["[options]".to_owned()])
        .collect::<Vec<_>>()
        .join(" ")
}

fn row(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let choices = if values.is_empty() || !arg.get_action().takes_values() {
        String::new()
    } else {
        format!(": {}", values.join(", "))
    };
    let default: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let default = if default.is_empty() || !arg.get_action().takes_values() {
        String::new()
    } else {
        format!(" [default: {}]", default.join(" "))
    };
    let aliases: Vec<String> = arg
        .get_visible_aliases()
        .into_iter()
        .flatten()
        .map(|alias| format!(", `--{alias}`"))
        .collect();
    format!(
        "| `{}`{} | {}{choices}{default} |\n",
        spelling(arg),
        aliases.concat(),
        help.replace('|', "\\|")
    )
}

fn spelling(arg: &Arg) -> String {
    let value = arg
        .get_value_names()
        .map(|names| names.join(" "))
        .filter(|_| arg.get_action().takes_values());
    let optional = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    match (short.or_else(|| long.clone()), value) {
        (None, value) => value.unwrap_or_default(),
        (Some(flag), _) if arg.get_short().is_some() && long.is_some() => {
            format!(
                "{flag}, {} {}",
                long.unwrap_or_default(),
                arg.get_value_names()
                    .map(|names| names.join(" "))
                    .unwrap_or_default()
            )
        }
        (Some(flag), Some(value)) if optional => format!("{flag}[={value}]"),
        (Some(flag), Some(value)) => format!("{flag} {value}"),
        (Some(flag), None) => flag,
    }
}
