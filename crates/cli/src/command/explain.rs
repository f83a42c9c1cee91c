//! `setpoint explain`: what a kind, a field or a construct of the language means.

use clap::Args;
use setpoint_catalog::REGISTRY;
use setpoint_spec::explain;

use super::Cx;
use crate::error::Error;
use crate::exit::Exit;
use crate::ui;

/// Explain a kind, a field or a construct of the language
///
/// A kind or a field: its values, its default and the effect of a change. A construct: a section, a
/// key or a function of stack files, with an example.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// As in `instance`, `instance.system_disk.size`, `vars`, `lifecycle.protect`, `cidr_subnet`;
    /// without it, the list of all
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
}

/// Prints the explanation, or the list of kinds and constructs.
///
/// # Errors
/// The word is not a kind, a field or a construct.
pub fn run(args: &ExplainArgs, cx: &Cx) -> Result<Exit, Error> {
    let schema = REGISTRY.schema();
    let width = cx.terminal.out.width;
    let text = match &args.word {
        None => explain::overview(&schema, width),
        Some(word) => explain::explain(&schema, word, width).map_err(refusal)?,
    };
    ui::print(&text);
    Ok(Exit::Done)
}

fn refusal(error: String) -> Error {
    match error.split_once('\n') {
        Some((what, hint)) => Error::usage_hint(what, hint),
        None => Error::usage(error),
    }
}
