//! `setpoint version`: works without a stack, a configuration and a network.

use clap::Args;
use serde_json::json;

use crate::args::{Format, FormatArgs};
use crate::exit::Exit;
use crate::ui;

/// Print the version
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Runs the command.
pub fn run(args: &VersionArgs) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    let platform = format!("{}_{}", std::env::consts::OS, std::env::consts::ARCH);
    ui::print(&match args.format.chosen() {
        Format::Text => format!("setpoint {version}\n"),
        Format::Json => format!("{:#}\n", json!({"version": version, "platform": platform})),
    });
    Exit::Done
}
