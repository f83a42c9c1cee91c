//! The JSON Schema of the real kinds: it accepts the example stacks and the starter, and refuses
//! unknown fields.

use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use setpoint_catalog::{REGISTRY, starter};
use setpoint_spec::json_schema;

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource("stack.json", json_schema::schema(&REGISTRY.schema()))
        .expect("a resource");
    let index = compiler
        .compile("stack.json", &mut schemas)
        .unwrap_or_else(|error| panic!("not a JSON Schema: {error:#}"));
    (schemas, index)
}

/// Returns the stack files of `specs/`.
fn examples() -> Vec<PathBuf> {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs");
    let folders = std::fs::read_dir(specs).expect("the examples are there");
    folders
        .map(|entry| entry.expect("it can be listed").path().join("stack.yaml"))
        .filter(|path| path.exists())
        .collect()
}

#[test]
fn the_examples_pass() {
    let (schemas, index) = compiled();
    let paths = examples();
    assert!(paths.len() >= 3, "{paths:?}");
    let mut files = vec![("the starter".to_owned(), starter::text())];
    files.extend(paths.iter().map(|path| {
        let text = std::fs::read_to_string(path).expect("it is UTF-8");
        (path.display().to_string(), text)
    }));
    for (name, file) in files {
        let value: Value = serde_yaml::from_str(&file).expect("YAML");
        if let Err(error) = schemas.validate(&value, index) {
            panic!("{name}: {error:#}");
        }
        // The same file with a field that the kind does not have.
        let wrong = file.replace("type: vpc\n", "type: vpc\n    cidr: 10.0.0.0/16\n");
        if wrong != file {
            let value: Value = serde_yaml::from_str(&wrong).expect("YAML");
            assert!(schemas.validate(&value, index).is_err(), "{name}");
        }
    }
}
