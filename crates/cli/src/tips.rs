//! Tips for unknown options, in place of those of clap.
//!
//! clap compares an unknown option with those of one command, and otherwise advises to pass it as a
//! value after `--`, which no command of ours has a use for. Invariant: a tip names only options
//! that exist, each with the commands that have it.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _, Error};
use setpoint_spec::suggest;

use crate::args::Cli;

/// The error with its tips replaced, if it is about an unknown option of a command.
#[must_use]
pub(crate) fn retold(error: Error, args: &[OsString]) -> Error {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    if error.kind() != ErrorKind::UnknownArgument || !unknown.starts_with('-') {
        return error;
    }
    let mut root = Cli::command();
    root.build();
    let command = command_of(&root, args, unknown);
    if command.get_name() == root.get_name() {
        return error;
    }
    let typed = as_typed(unknown, args);
    let name = typed.trim_start_matches('-');
    let others = others_with(&root, name);
    let own = longs(command);
    let near = suggest::nearest(name, own.iter().map(String::as_str));
    let mut told = Error::new(ErrorKind::UnknownArgument).with_cmd(command);
    let usage = command.clone().render_usage();
    told.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    let shown = if near.is_some() { typed } else { unknown };
    told.insert(
        ContextKind::InvalidArg,
        ContextValue::String(shown.to_owned()),
    );
    if !others.is_empty() {
        let tip = format!(
            "{} has no '{typed}'; these commands have it: {}",
            short_name(command),
            others.join(", ")
        );
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        told.insert(ContextKind::Suggested, tips);
    } else if let Some(near) = near {
        let near = ContextValue::String(format!("--{near}"));
        told.insert(ContextKind::SuggestedArg, near);
    }
    told
}

/// The command that the arguments before the unknown one name.
fn command_of<'c>(root: &'c Command, args: &[OsString], unknown: &str) -> &'c Command {
    let words = args.iter().skip(1).filter_map(|arg| arg.to_str());
    let before = words.take_while(|word| !word.starts_with(unknown));
    before.fold(root, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    })
}

/// The whole word of which clap names only the first letter: `-evn` for `-e`.
fn as_typed<'a>(unknown: &'a str, args: &'a [OsString]) -> &'a str {
    let is_letter = unknown.chars().count() == 2;
    let words = args.iter().filter_map(|arg| arg.to_str());
    words
        .filter(|word| is_letter && word.starts_with(unknown))
        .map(|word| word.split('=').next().unwrap_or(word))
        .next()
        .unwrap_or(unknown)
}

/// The names and aliases of a command's long options.
fn longs(command: &Command) -> Vec<String> {
    let names = command.get_arguments().flat_map(names_of);
    names.map(str::to_owned).collect()
}

fn names_of(arg: &Arg) -> Vec<&str> {
    arg.get_long_and_visible_aliases().unwrap_or_default()
}

/// The commands below this one that have a long option.
fn others_with(command: &Command, long: &str) -> Vec<String> {
    let has_it = longs(command).iter().any(|name| name == long);
    let own = has_it.then(|| short_name(command));
    let below = command
        .get_subcommands()
        .flat_map(|sub| others_with(sub, long));
    own.into_iter().chain(below).collect()
}

/// `sim serve` for `setpoint sim serve`.
fn short_name(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    name.trim_start_matches("setpoint ").to_owned()
}
