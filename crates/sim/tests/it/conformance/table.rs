//! The table of actions in `docs/simulator.md` must equal the code. `UPDATE_EXPECT=1` rewrites it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use setpoint_sim::coverage::{self, Depth};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/simulator.md");
const BEGIN: &str = "<!-- actions: written by the conformance test -->\n";
const END: &str = "<!-- end of actions -->\n";

/// Texts of the crate's sources and tests, under the name of their module.
#[expect(
    clippy::disallowed_methods,
    reason = "reads the crate's own sources, to see which tests call an action"
)]
fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        let entries = std::fs::read_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root)
                    .expect("inside")
                    .with_extension("")
                    .display()
                    .to_string();
                let text = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                found.insert(name, text);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    // Code that products share has its tests beside it, above the products' folder.
    walk(&root.join("src"), &root.join("src"), &mut found);
    let mut found = found
        .into_iter()
        .map(|(name, text)| (name.trim_start_matches("product/").to_owned(), text))
        .collect();
    walk(&root.join("tests/it"), &root.join("tests"), &mut found);
    found
}

/// The tests that call an action by name, at most two: those of its own module first.
fn tested_by(sources: &BTreeMap<String, String>, product: &str, action: &str) -> String {
    let call = format!("\"{product}.{action}\"");
    let own = format!("{product}/");
    let mut places: Vec<&str> = sources
        .iter()
        .filter(|(_, text)| text.contains(&call))
        .map(|(name, _)| name.as_str())
        .collect();
    places.sort_by_key(|name| !name.starts_with(&own));
    places.truncate(2);
    if places.is_empty() {
        "contract only".to_owned()
    } else {
        places.join(", ")
    }
}

fn table() -> String {
    let sources = sources();
    let mut out =
        String::from("| product | action | depth | tested by |\n| --- | --- | --- | --- |\n");
    for (action, depth) in coverage::all() {
        let (product, name) = (action.product, action.name);
        let tests = if depth == Depth::Refused {
            String::new()
        } else {
            tested_by(&sources, product.code(), name)
        };
        writeln!(out, "| {product} | {name} | {} | {tests} |", depth.name())
            .expect("writing to a text cannot fail");
    }
    out
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "compares a document of the project, and may rewrite it"
)]
fn the_table_of_actions_is_current() {
    let held = std::fs::read_to_string(DOCUMENT).expect("the document");
    let (before, rest) = held
        .split_once(BEGIN)
        .expect("the document has the mark where the table begins");
    let (_, after) = rest
        .split_once(END)
        .expect("the document has the mark where the table ends");
    let current = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOCUMENT, &current).expect("the document can be written");
        return;
    }
    assert!(
        current == held,
        "{DOCUMENT} is not what the code does; UPDATE_EXPECT=1 rewrites its table"
    );
}
