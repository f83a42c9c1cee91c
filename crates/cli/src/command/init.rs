//! `setpoint init`: a commented starter stack, and the schema that editors complete from.

use clap::Args;
use setpoint_catalog::starter;
use setpoint_spec::loader::{Entry, FsLoader, Loader as _, join};

use crate::command::schema;
use crate::error::Error;
use crate::exit::Exit;
use crate::{disk, files, ui};

/// Write a starter stack with comments
///
/// Writes stack.yaml, and .setpoint/stack.schema.json for completion in editors. Does not
/// overwrite an existing stack.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder to write into
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: String,
}

/// Runs the command.
///
/// # Errors
/// The folder has a stack already, or cannot be written.
pub fn run(args: &InitArgs) -> Result<Exit, Error> {
    if let Some(there) = files::NAMES
        .iter()
        .map(|name| join(&args.folder, name))
        .find(|path| FsLoader.look(path) != Entry::Missing)
    {
        return Err(Error::usage_hint(
            format!("`{there}` already exists, and init does not overwrite a stack"),
            "To check it:  setpoint validate",
        ));
    }
    let stack = join(&args.folder, "stack.yaml");
    disk::create(&stack, &starter::text())?;
    ui::print(&format!(
        "{:36} a network and one server, with comments\n",
        format!("Wrote {stack}")
    ));
    let schema = join(&args.folder, starter::SCHEMA_PATH);
    disk::ignore_cache(&args.folder)?;
    disk::replace(&schema, &schema::text())?;
    ui::print(&format!(
        "{:36} completion in your editor\n",
        format!("Wrote {schema}")
    ));
    ui::print("Try it without an account:  setpoint apply --sim\n");
    Ok(Exit::Done)
}
