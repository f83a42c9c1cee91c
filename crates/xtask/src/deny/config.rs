//! The part of `deny.toml` that is checked here.

use std::error::Error;

use toml_edit::{Document, Item};

/// The rules.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// The platforms whose dependencies count.
    pub(crate) targets: Vec<String>,
    /// Allowed licences, as SPDX writes them.
    pub(crate) licenses: Vec<String>,
    /// Names of crates that may not be in the tree.
    pub(crate) banned: Vec<String>,
    /// Crates that may exist beside another version of themselves.
    pub(crate) skip: Vec<Spec>,
    /// Crates that may, together with all their dependencies.
    pub(crate) skip_tree: Vec<Spec>,
    /// Indexes of registries that packages may come from.
    pub(crate) registries: Vec<String>,
    /// Git repositories that packages may come from.
    pub(crate) git: Vec<String>,
}

/// A crate by name, and by the beginning of its version where one is given: `hashbrown@0.15`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The name.
    pub(crate) name: String,
    /// The beginning of the version; empty for every version.
    pub(crate) version: String,
}

impl Config {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// It is not TOML, or it weakens a rule that is always applied here.
    pub(crate) fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let document = Document::parse(text)?;
        let root = document.as_item();
        for (section, key) in [
            ("bans", "multiple-versions"),
            ("bans", "wildcards"),
            ("sources", "unknown-registry"),
            ("sources", "unknown-git"),
        ] {
            let value = find(root, section, key).and_then(Item::as_str);
            if value != Some("deny") {
                return Err(format!("deny.toml: `{section}.{key}` must be \"deny\"").into());
            }
        }
        let specs = |key| {
            crates(root, key)
                .iter()
                .map(|text| Spec::parse(text))
                .collect()
        };
        Ok(Self {
            targets: texts(root, "graph", "targets"),
            licenses: texts(root, "licenses", "allow"),
            banned: crates(root, "deny"),
            skip: specs("skip"),
            skip_tree: specs("skip-tree"),
            registries: texts(root, "sources", "allow-registry"),
            git: texts(root, "sources", "allow-git"),
        })
    }
}

impl Spec {
    fn parse(text: &str) -> Self {
        let (name, version) = text.split_once('@').unwrap_or((text, ""));
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
        }
    }

    /// Whether it means this package.
    pub(crate) fn means(&self, name: &str, version: &str) -> bool {
        let rest = version.strip_prefix(&self.version);
        let is_whole = |rest: &str| {
            self.version.is_empty() || rest.is_empty() || rest.starts_with(['.', '+', '-'])
        };
        self.name == name && rest.is_some_and(is_whole)
    }
}

fn find<'a>(root: &'a Item, section: &str, key: &str) -> Option<&'a Item> {
    root.get(section)?.get(key)
}

/// A list of texts; empty if it is missing.
fn texts(root: &Item, section: &str, key: &str) -> Vec<String> {
    let list = find(root, section, key).and_then(Item::as_array);
    let values = list.into_iter().flatten();
    values
        .filter_map(|value| value.as_str().map(ToOwned::to_owned))
        .collect()
}

/// The crates of a list of `{ crate = "…", reason = "…" }` in `[bans]`.
fn crates(root: &Item, key: &str) -> Vec<String> {
    let list = find(root, "bans", key).and_then(Item::as_array);
    let entries = list
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_inline_table());
    let names = entries.filter_map(|entry| entry.get("crate")?.as_str());
    names.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_tree_is_read() {
        let text = std::fs::read_to_string(crate::root().join("deny.toml")).expect("a text");
        let config = Config::parse(&text).expect("valid rules");
        assert!(
            config
                .targets
                .contains(&"x86_64-unknown-linux-gnu".to_owned())
        );
        assert!(config.licenses.contains(&"Apache-2.0".to_owned()));
        assert!(config.banned.contains(&"openssl-sys".to_owned()));
        assert_eq!(config.registries.len(), 1);
        assert_eq!(config.git, Vec::<String>::new());
    }

    #[test]
    fn a_weaker_rule_is_refused() {
        let error = Config::parse("[bans]\nmultiple-versions = \"warn\"\n").expect_err("too weak");
        let expected = "deny.toml: `bans.multiple-versions` must be \"deny\"";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_crate_is_meant_by_the_beginning_of_its_version() {
        let spec = Spec::parse("ssh-key@0.6");
        assert!(spec.means("ssh-key", "0.6.7"));
        assert!(!spec.means("ssh-key", "0.61.0") && !spec.means("ssh", "0.6.7"));
        assert!(Spec::parse("ssh-key").means("ssh-key", "1.0.0"));
    }
}
