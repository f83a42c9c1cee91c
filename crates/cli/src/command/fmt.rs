//! `setpoint fmt`: one canonical layout, so that a review shows only changes of content.

use std::io::Read as _;

use clap::Args;
use setpoint_catalog::REGISTRY;
use setpoint_spec::loader::{Entry, FsLoader, Loader as _};
use setpoint_spec::source::{Role, Sources};

use crate::command::Cx;
use crate::error::{BadSpec, Error};
use crate::exit::Exit;
use crate::{disk, files, spec, ui};

/// Format stack files in place
///
/// Keeps comments, the order of keys, and flow or block style. Prints the names of the files that
/// it changed.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Files, or folders that hold a stack.yaml; `-` formats stdin to stdout [default:
    /// ./stack.yaml]
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Change nothing; list unformatted files and exit with code 3 if there are any
    #[arg(long)]
    pub check: bool,
    /// Format every stack, module and environment file below the folder
    #[arg(long)]
    pub all: bool,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read, parsed or written.
pub fn run(args: &FmtArgs, cx: &Cx) -> Result<Exit, Error> {
    if args.paths.iter().any(|path| path == "-") {
        return stdin(args);
    }
    let mut worst = Exit::Done;
    for path in chosen(args)? {
        let exit = one(&path, args.check).unwrap_or_else(|error| {
            ui::say(&error.text(&cx.terminal.err));
            Exit::of(&error)
        });
        worst = worst.worse(exit);
    }
    Ok(worst)
}

fn chosen(args: &FmtArgs) -> Result<Vec<String>, Error> {
    let named: Vec<Option<&str>> = if args.paths.is_empty() {
        vec![None]
    } else {
        args.paths.iter().map(|path| Some(path.as_str())).collect()
    };
    if !args.all {
        return Ok(named
            .into_iter()
            .map(|path| files::choose(&spec::loader(), path))
            .collect::<Result<_, _>>()?);
    }
    let mut found = Vec::new();
    for path in named {
        let path = path.unwrap_or(".");
        match FsLoader.look(path) {
            Entry::Folder => found.extend(files::spec_files(&FsLoader, path)),
            Entry::File | Entry::Other | Entry::Missing => {
                found.push(files::choose(&FsLoader, Some(path))?)
            }
        }
    }
    if found.is_empty() {
        Err(Error::usage(
            "no stack, module or environment file in this folder or below it",
        ))
    } else {
        Ok(found)
    }
}

fn one(path: &str, check: bool) -> Result<Exit, Error> {
    let text = disk::read(path)?;
    let formatted = format(path, &text)?;
    if formatted == text {
        return Ok(Exit::Done);
    }
    ui::print(&format!("{path}\n"));
    if check {
        return Ok(Exit::Refused);
    }
    disk::replace(path, &formatted)?;
    Ok(Exit::Done)
}

fn stdin(args: &FmtArgs) -> Result<Exit, Error> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|source| Error::reading("stdin", source))?;
    let formatted = format("stdin", &text)?;
    if args.check {
        return Ok(if formatted == text {
            Exit::Done
        } else {
            Exit::Refused
        });
    }
    ui::print(&formatted);
    Ok(Exit::Done)
}

fn format(name: &str, text: &str) -> Result<String, Error> {
    setpoint_spec::fmt::format(text, &REGISTRY.schema()).map_err(|diagnostics| {
        let mut sources = Sources::default();
        sources.add(name, text.to_owned(), Role::Spec);
        Error::Spec(Box::new(BadSpec {
            diagnostics,
            sources,
        }))
    })
}
