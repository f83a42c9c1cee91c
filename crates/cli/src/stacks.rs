//! `--all`: every stack file below a folder, in the order of their `stacks:` links.

use std::collections::{BTreeMap, BTreeSet};

use setpoint_spec::loader::{FsLoader, Loader, join, parent};
use setpoint_spec::source::{Role, Sources};
use setpoint_spec::tree::{self, Node};

use crate::error::Error;
use crate::files;

/// The part of a stack file that `--all` needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Head {
    name: Option<String>,
    /// The files of the stacks that it links to.
    links: Vec<String>,
}

/// Every stack file below a folder, linked stacks before those that link to them.
///
/// # Errors
/// There is none, or two have the same name.
pub fn all(folder: Option<&str>) -> Result<Vec<String>, Error> {
    let folder = folder.unwrap_or(".");
    let found = files::below(&FsLoader, folder);
    if found.is_empty() {
        return Err(Error::usage(format!(
            "no stack file in `{folder}` or below it"
        )));
    }
    let heads: BTreeMap<String, Head> = found
        .iter()
        .map(|path| (path.clone(), head(&FsLoader, path)))
        .collect();
    one_name_each(&heads)?;
    Ok(linked_first(&heads))
}

fn one_name_each(heads: &BTreeMap<String, Head>) -> Result<(), Error> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, head) in heads {
        let Some(name) = &head.name else { continue };
        if let Some(other) = seen.insert(name, path) {
            return Err(Error::usage_hint(
                format!("`{other}` and `{path}` both describe the stack `{name}`"),
                "A stack has one file: rename one of the stacks.",
            ));
        }
    }
    Ok(())
}

/// The name and the links of a file; empty if it cannot be read, which loading it reports.
fn head(loader: &dyn Loader, path: &str) -> Head {
    let Ok(Ok(text)) = loader.read(path, tree::MAX_BYTES).map(String::from_utf8) else {
        return Head::default();
    };
    let mut sources = Sources::default();
    let file = sources.add(path, text, Role::Spec);
    let (Some(root), _) = tree::read(file, &sources) else {
        return Head::default();
    };
    let text_of = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let links = root.get("stacks").map_or(&[][..], Node::pairs).iter();
    let links = links
        .filter_map(|pair| text_of(&pair.value, "file"))
        .map(|file| join(parent(path), &file));
    Head {
        name: text_of(&root, "stack"),
        links: links.collect(),
    }
}

/// Depth first, by name. A cycle of links is cut where it is found: the order is a convenience,
/// since links read the live state of the other stack.
fn linked_first(heads: &BTreeMap<String, Head>) -> Vec<String> {
    let mut order = Vec::new();
    let mut met = BTreeSet::new();
    for path in heads.keys() {
        visit(heads, path, &mut met, &mut order);
    }
    order
}

fn visit(
    heads: &BTreeMap<String, Head>,
    path: &str,
    met: &mut BTreeSet<String>,
    order: &mut Vec<String>,
) {
    let Some(head) = heads.get(path) else { return };
    if !met.insert(path.to_owned()) {
        return;
    }
    for link in &head.links {
        visit(heads, link, met, order);
    }
    order.push(path.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(files: &[(&str, &str, &[&str])]) -> BTreeMap<String, Head> {
        let head = |name: &str, links: &[&str]| Head {
            name: Some(name.to_owned()),
            links: links.iter().map(|l| (*l).to_owned()).collect(),
        };
        files
            .iter()
            .map(|(path, name, links)| ((*path).to_owned(), head(name, links)))
            .collect()
    }

    #[test]
    fn linked_stacks_come_first() {
        let all = heads(&[
            ("a/stack.yaml", "a", &["z/stack.yaml"]),
            ("m/stack.yaml", "m", &[]),
            ("z/stack.yaml", "z", &["a/stack.yaml"]),
        ]);
        assert_eq!(
            linked_first(&all),
            ["z/stack.yaml", "a/stack.yaml", "m/stack.yaml"]
        );
    }

    #[test]
    fn two_files_with_one_name_are_refused() {
        assert!(one_name_each(&heads(&[("a", "shop", &[]), ("b", "net", &[])])).is_ok());
        assert!(one_name_each(&heads(&[("a", "shop", &[]), ("b", "shop", &[])])).is_err());
    }
}
