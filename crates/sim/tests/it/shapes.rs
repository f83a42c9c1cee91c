//! The file of answer shapes equals the published API descriptions.
//!
//! `SETPOINT_REFERENCE` names a folder with `openapi/<product>.json`; without it this test reports
//! that it is skipped. For a new action, add `"Name": null` to the file and run once with
//! `UPDATE_EXPECT=1`.

use std::path::PathBuf;

use serde_json::{Map, Value};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../testdata/sim/response-shapes.json"
);

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "reads the reference that a developer points to, and may rewrite the fixture"
)]
fn shapes_are_the_published_ones() {
    let Some(reference) = std::env::var_os("SETPOINT_REFERENCE") else {
        eprintln!("skipped: SETPOINT_REFERENCE is not set");
        return;
    };
    let held = std::fs::read_to_string(FILE).expect("the file of shapes");
    let products: Map<String, Value> =
        serde_json::from_str(&held).expect("the file of shapes is JSON");
    let mut published = Vec::new();
    for (product, actions) in &products {
        let path = PathBuf::from(&reference)
            .join("openapi")
            .join(format!("{product}.json"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let described: Value = serde_json::from_str(&text).expect("the description is JSON");
        let lines: Vec<String> = actions
            .as_object()
            .expect("actions by name")
            .keys()
            .map(|name| format!("  \"{name}\": {}", described["actions"][name]["response"]))
            .collect();
        published.push(format!("\"{product}\": {{\n{}\n}}", lines.join(",\n")));
    }
    let published = format!("{{\n{}\n}}\n", published.join(",\n"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(FILE, &published).expect("the file of shapes can be written");
    }
    assert!(
        published == held,
        "{FILE} is not what the descriptions say; UPDATE_EXPECT=1 rewrites it"
    );
}
