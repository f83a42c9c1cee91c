//! `setpoint explain`: what a kind or a field takes, does and defaults to.

use clap::Args;
use setpoint_catalog::REGISTRY;
use setpoint_spec::explain;

use crate::error::Error;
use crate::exit::Exit;
use crate::ui;

/// Explain a kind or a field: its values, its default, what its change does
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// As in `instance`, `instance.system_disk.size`; without it, all kinds
    #[arg(value_name = "KIND[.FIELD]")]
    pub path: Option<String>,
}

/// Prints it.
///
/// # Errors
/// There is no such kind or field.
pub fn run(args: &ExplainArgs) -> Result<Exit, Error> {
    let schema = REGISTRY.schema();
    let Some(path) = &args.path else {
        let width = schema
            .kinds
            .iter()
            .map(|kind| kind.name.len())
            .max()
            .unwrap_or(0);
        ui::print(
            &schema
                .kinds
                .iter()
                .map(|kind| format!("{:width$}  {}\n", kind.name, kind.doc))
                .collect::<String>(),
        );
        return Ok(Exit::Done);
    };
    let told = explain::explain(&schema, path).map_err(|error| match error.split_once('\n') {
        Some((what, hint)) => Error::usage_hint(what, hint),
        None => Error::usage(error),
    })?;
    ui::print(&told);
    Ok(Exit::Done)
}
