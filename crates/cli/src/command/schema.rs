//! `setpoint schema`: the JSON Schema of stack files.

use clap::Args;
use setpoint_catalog::REGISTRY;
use setpoint_spec::json_schema;

use crate::exit::Exit;
use crate::ui;

/// Print the JSON Schema of stack files, for editors
///
/// `setpoint init` writes it to .setpoint/stack.schema.json. After an update of setpoint, write it
/// again: setpoint schema > .setpoint/stack.schema.json
#[derive(Debug, Args)]
pub struct SchemaArgs {}

/// Runs the command.
pub fn run(_: &SchemaArgs) -> Exit {
    ui::print(&text());
    Exit::Done
}

/// The schema as text.
pub(crate) fn text() -> String {
    format!("{:#}\n", json_schema::schema(&REGISTRY.schema()))
}
