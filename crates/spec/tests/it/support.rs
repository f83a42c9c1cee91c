//! Loads test stacks from memory or from `testdata/spec`.

use std::path::{Path, PathBuf};

use setpoint_spec::diagnostic::{RenderOptions, render_text};
use setpoint_spec::loader::{Loader, MemoryLoader};
use setpoint_spec::{Input, LoadFailure, Loaded, load};

use crate::stub::SCHEMA;

/// The folder of spec test data.
pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/spec")
}

/// Reads every file below a folder into a file system in memory whose root is that folder.
pub(crate) fn folder(path: &Path) -> MemoryLoader {
    let mut loader = MemoryLoader::new("/w").file(".setpoint.yaml", "");
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path_of = entry.expect("it can be listed").path();
            if path_of.is_dir() {
                folders.push(path_of);
            } else {
                let name = path_of
                    .strip_prefix(path)
                    .expect("it is below")
                    .to_str()
                    .expect("it is UTF-8")
                    .to_owned();
                loader = loader.file(&name, std::fs::read(&path_of).expect("it can be read"));
            }
        }
    }
    loader
}

/// Loads a stack as a command would, with values for variables and without a process environment.
pub(crate) fn run(
    loader: &dyn Loader,
    path: &str,
    environment: Option<&str>,
    vars: &[(&str, &str)],
) -> Result<Loaded, LoadFailure> {
    run_in(loader, path, environment, vars, &|_| None)
}

/// Loads a stack with a process environment.
pub(crate) fn run_in(
    loader: &dyn Loader,
    path: &str,
    environment: Option<&str>,
    vars: &[(&str, &str)],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, LoadFailure> {
    let vars = vars
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let input = Input {
        path,
        environment,
        var_files: Vec::new(),
        vars,
        env,
        today: "2026-11-25".to_owned(),
        home: Some("/home/ops".to_owned()),
    };
    load(&SCHEMA, loader, &input)
}

/// Loads one file from memory.
pub(crate) fn text(spec: &str) -> Result<Loaded, LoadFailure> {
    run(
        &MemoryLoader::new("/w").file("stack.yaml", spec),
        "stack.yaml",
        None,
        &[],
    )
}

/// Renders a failure as a terminal shows it.
pub(crate) fn rendered(failure: &LoadFailure) -> String {
    render_text(
        &failure.diagnostics,
        &failure.sources,
        RenderOptions::default(),
    )
}
