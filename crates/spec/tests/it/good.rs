//! The example stacks resolve to the expected resources.

use std::path::Path;

use expect_test::expect_file;
use setpoint_spec::view;

use crate::support::{folder, rendered, run_in, testdata};

/// Loads an example and compares its view with the file beside the examples.
#[track_caller]
fn check(stack: &str, environment: Option<&str>, vars: &[(&str, &str)]) {
    let loader = folder(&testdata().join("good"));
    let env = |name: &str| (name == "RUNNER_TOKEN").then(|| "hunter2".to_owned());
    let shown = match run_in(&loader, stack, environment, vars, &env) {
        Ok(loaded) => view::render(&loaded.stack),
        Err(failure) => rendered(&failure),
    };
    assert!(!shown.contains("hunter2"), "a secret is shown");
    let name = environment.map_or(stack.to_owned(), |environment| {
        format!("{stack}-{environment}")
    });
    expect_file![Path::new(&testdata()).join(format!("good/{name}.txt"))].assert_eq(&shown);
}

#[test]
fn the_example_stacks() {
    check("production-app", None, &[]);
    check("three-tier", None, &[("office_cidr", "203.0.113.50/32")]);
    check("ci-runners", None, &[]);
    check("dev-box", None, &[]);
    check("orders-db", None, &[]);
    check("shop", Some("dev"), &[]);
    check("shop", Some("prod"), &[]);
    check("network", Some("prod"), &[]);
    check("blue-green", None, &[]);
    check("blue-green", None, &[]);
    check("legacy", None, &[]);
}
