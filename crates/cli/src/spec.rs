//! Loads specs with the environment, the variables and the time of this run.

use setpoint_catalog::REGISTRY;
use setpoint_spec::diagnostic::{Diagnostic, RenderOptions, render_text};
use setpoint_spec::loader::{FsLoader, Loader};
use setpoint_spec::source::Sources;
use setpoint_spec::stack::Stack;
use setpoint_spec::{Input, LoadFailure, LoadFailureKind};

use crate::args::ValueArgs;
use crate::command::Cx;
use crate::error::{BadSpec, Error, Usage};
use crate::ui;

/// A valid stack.
#[derive(Debug)]
pub struct Spec {
    /// The stack.
    pub stack: Stack,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// Every text that was read.
    pub sources: Sources,
    /// Its file, as it was typed.
    pub file: String,
}

/// The loader of files on this machine.
#[must_use]
pub fn loader() -> FsLoader {
    FsLoader
}

/// The chosen environment, from the option or the variable.
#[must_use]
pub fn environment(values: &ValueArgs, cx: &Cx) -> Option<String> {
    values.env.clone().or_else(|| cx.env.environment())
}

/// Loads a stack for the chosen environment.
///
/// # Errors
/// All findings at once.
pub fn load(file: &str, values: &ValueArgs, cx: &Cx) -> Result<Spec, Error> {
    load_as(file, environment(values, cx).as_deref(), values, cx)
}

/// Loads a stack for an environment, or for none.
///
/// # Errors
/// All findings at once.
pub fn load_as(
    file: &str,
    environment: Option<&str>,
    values: &ValueArgs,
    cx: &Cx,
) -> Result<Spec, Error> {
    let vars = values
        .vars
        .iter()
        .map(|text| pair(text))
        .collect::<Result<_, _>>()?;
    let given = Given {
        environment,
        vars,
        var_files: values.var_files.clone(),
        env: &|name| cx.env.get(name),
    };
    load_from(&FsLoader, file, given, cx)
}

/// The inputs that a run gives to a stack.
pub struct Given<'a> {
    /// The environment.
    pub environment: Option<&'a str>,
    /// Variables by name.
    pub vars: Vec<(String, String)>,
    /// Files of variables.
    pub var_files: Vec<String>,
    /// The process environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// Loads a stack through a loader.
///
/// # Errors
/// All findings at once.
pub fn load_from(
    loader: &dyn Loader,
    file: &str,
    given: Given<'_>,
    cx: &Cx,
) -> Result<Spec, Error> {
    let input = Input {
        path: file,
        environment: given.environment,
        var_files: given.var_files,
        vars: given.vars,
        env: given.env,
        today: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        home: cx.env.home(),
    };
    let loaded = setpoint_spec::load(&REGISTRY.schema(), loader, &input).map_err(failed)?;
    Ok(Spec {
        stack: loaded.stack,
        warnings: loaded.warnings,
        sources: loaded.sources,
        file: file.to_owned(),
    })
}

fn pair(text: &str) -> Result<(String, String), Error> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err(Error::usage_hint(
            format!("`--var {text}` must be NAME=VALUE"),
            "For example:  --var size=large",
        )),
    }
}

fn failed(failure: LoadFailure) -> Error {
    match (failure.kind, failure.diagnostics.as_slice()) {
        (LoadFailureKind::Usage, [one]) => Error::Usage(Usage {
            what: one.message.clone(),
            hint: one.hint.clone(),
        }),
        _ => Error::Spec(Box::new(BadSpec {
            diagnostics: failure.diagnostics,
            sources: failure.sources,
        })),
    }
}

/// The names of a stack's environments; empty if it has none.
///
/// # Errors
/// The file itself is invalid.
pub fn environments(file: &str) -> Result<Vec<String>, Error> {
    setpoint_spec::environments(&FsLoader, file).map_err(failed)
}

impl Spec {
    /// Compares `--region` with the stack's own region.
    ///
    /// # Errors
    /// They differ. The option is a safeguard and never overrides the stack.
    pub fn check_region(&self, asked: Option<&str>) -> Result<(), Error> {
        match asked {
            Some(asked) if asked != self.stack.region => Err(Error::Region {
                asked: asked.to_owned(),
                region: self.stack.region.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Prints the warnings to stderr.
    pub fn warn(&self, cx: &Cx) {
        let style = cx.terminal.err;
        ui::say(&render_text(
            &self.warnings,
            &self.sources,
            RenderOptions {
                width: style.width,
                color: style.color,
            },
        ));
    }
}
