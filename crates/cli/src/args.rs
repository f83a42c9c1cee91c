//! The command line as structs that clap fills; their doc comments are the help.
//!
//! People from Terraform type long flags with one dash (`-out`, `-auto-approve`); [`double_dashes`]
//! adds the second dash before clap parses them. Invariant: nothing here reads a file, the
//! environment or the terminal.

use std::ffi::OsString;

use clap::{Args, CommandFactory as _, Parser, ValueEnum};

use crate::command::Command;

/// Declarative desired state for Alibaba Cloud
///
/// Describe a stack in stack.yaml. `setpoint plan` shows the changes that would bring the cloud to
/// that state, and `setpoint apply` makes them. There is no state file: the resources that a stack
/// owns are read from the cloud on every run.
#[derive(Debug, Parser)]
#[command(name = "setpoint", version, propagate_version = false, arg_required_else_help = true, after_long_help = EXIT_CODES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The end of `--help`; a test compares it with [`crate::exit::Exit`].
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done, or no changes
  1    error
  2    with --detailed-exitcode: changes are pending
  3    refused: held steps, protected resources, or unformatted files (fmt --check)
  4    locked by another run
  5    the saved plan is stale
  6    partly applied: run the same command again
  64   usage error: the command line is wrong, or it needs an answer and has no terminal
  130  interrupted";

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Log to stderr at this level: error, warn, info, debug (every API call) or trace [env:
    /// SETPOINT_LOG]
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Everywhere")]
    pub log: Option<String>,
    /// Print without colours, as with NO_COLOR set or where the output is not a terminal
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub no_color: bool,
}

/// The stack, its environment and its variables.
#[derive(Debug, Clone, Default, Args)]
pub struct StackArgs {
    /// The stack's file, or the folder that holds its stack.yaml [default: ./stack.yaml]
    #[arg(value_name = "STACK")]
    pub stack: Option<String>,
    /// The same as STACK
    #[arg(short, long, value_name = "STACK", conflicts_with = "stack")]
    pub file: Option<String>,
    /// The environment and the variables.
    #[command(flatten)]
    pub values: ValueArgs,
}

/// The environment and the variables of a stack.
#[derive(Debug, Clone, Default, Args)]
pub struct ValueArgs {
    /// The environment, for a stack that declares environments [env: SETPOINT_ENV]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Set a variable; repeatable [env: SETPOINT_VAR_name]
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,
    /// A YAML or JSON file with values of variables; repeatable, later files override earlier ones
    #[arg(long = "var-file", value_name = "FILE")]
    pub var_files: Vec<String>,
}

/// The cloud and the credentials.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cloud")]
pub struct CloudArgs {
    /// Use the built-in simulated cloud, stored in DIR; needs no account [default DIR:
    /// .setpoint/sim]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, conflicts_with = "endpoint")]
    pub sim: Option<Option<String>>,
    /// How many times faster than real time the simulated cloud runs [default: 20 with --sim,
    /// else 1]
    #[arg(long, value_name = "N")]
    pub sim_speed: Option<f64>,
    /// Send every API call to this address [env: SETPOINT_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Fail unless this is the stack's region; with --stack, the region to search
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile of the aliyun CLI whose credentials are used [env: ALIBABA_CLOUD_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

impl CloudArgs {
    /// The options that choose the cloud, as they are typed, each after a blank. Credentials are
    /// not among them.
    #[must_use]
    pub fn words(&self) -> String {
        let sim = self.sim.as_ref().map(|dir| match dir {
            Some(dir) => format!(" --sim={dir}"),
            None => " --sim".to_owned(),
        });
        let endpoint = self.endpoint.as_ref();
        let endpoint = endpoint.map(|url| format!(" --endpoint {url}"));
        sim.into_iter().chain(endpoint).collect()
    }
}

const HELD_STEPS: &str = "Held steps";

/// Flags that allow held steps.
#[derive(Debug, Clone, Default, Args)]
pub struct AllowArgs {
    /// Allow ADDR to lose data or to be replaced; repeatable, accepts globs
    #[arg(long, value_name = "ADDR", help_heading = HELD_STEPS)]
    pub allow_data_loss: Vec<String>,
    /// Allow deleting or replacing more than half of the stack's resources
    #[arg(long, help_heading = HELD_STEPS)]
    pub allow_bulk: bool,
}

/// Text or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The choice between text and JSON.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct FormatArgs {
    /// The output format
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        conflicts_with = "json"
    )]
    pub format: Format,
    /// The same as --format json
    #[arg(long)]
    pub json: bool,
}

impl FormatArgs {
    /// The chosen format.
    #[must_use]
    pub fn chosen(self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

impl StackArgs {
    /// The stack that was named, as an argument or with `--file`.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.stack.as_deref().or(self.file.as_deref())
    }
}

/// Gives the second dash to known long flags that were typed with one.
///
/// Flags of one letter, clusters of them and everything after `--` stay as they are.
#[must_use]
pub fn double_dashes(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let longs = long_flags();
    let mut plain = false;
    let fix = |arg: OsString| {
        plain |= arg == "--";
        let Some(rest) = arg
            .to_str()
            .and_then(|text| text.strip_prefix('-'))
            .filter(|_| !plain)
        else {
            return arg;
        };
        let name = rest.split('=').next().unwrap_or(rest);
        if longs.iter().any(|long| long == name) {
            OsString::from(format!("--{rest}"))
        } else {
            arg
        }
    };
    args.into_iter().map(fix).collect()
}

/// The names and aliases of all long flags of all commands. Names of one letter are left out: with
/// one dash they are short flags.
fn long_flags() -> Vec<String> {
    let mut names = vec!["help".to_owned(), "version".to_owned()];
    collect_longs(&Cli::command(), &mut names);
    names.retain(|name| name.len() > 1);
    names
}

fn collect_longs(command: &clap::Command, names: &mut Vec<String>) {
    for arg in command.get_arguments() {
        names.extend(
            arg.get_long_and_visible_aliases()
                .into_iter()
                .flatten()
                .map(ToOwned::to_owned),
        );
        names.extend(
            arg.get_all_aliases()
                .into_iter()
                .flatten()
                .map(ToOwned::to_owned),
        );
    }
    command
        .get_subcommands()
        .for_each(|sub| collect_longs(sub, names));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &[&str], expected: &[&str]) {
        let got = double_dashes(typed.iter().map(OsString::from));
        assert_eq!(got, expected.iter().map(OsString::from).collect::<Vec<_>>());
    }

    #[test]
    fn clap_accepts_the_tables() {
        Cli::command().debug_assert();
    }

    #[test]
    fn long_flags_may_have_one_dash() {
        check(
            &["plan", "-out=p.json", "-detailed-exitcode"],
            &["plan", "--out=p.json", "--detailed-exitcode"],
        );
        check(
            &["apply", "-auto-approve", "-var", "a=1"],
            &["apply", "--auto-approve", "--var", "a=1"],
        );
        check(
            &["plan", "-f", "x", "-h", "-V", "-"],
            &["plan", "-f", "x", "-h", "-V", "-"],
        );
        check(&["plan", "--", "-out"], &["plan", "--", "-out"]);
        check(
            &["plan", "-fstack.yaml", "-1"],
            &["plan", "-fstack.yaml", "-1"],
        );
    }
}
